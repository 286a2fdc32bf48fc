import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import worker_faults
from scans import folder

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.pipelines.workers.link import Link
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor

pytestmark = pytest.mark.real_start


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    with Supervisor() as made:
        yield made


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))


def units(*kinds: str) -> list[Unit]:
    return [Unit(number, kind, {}) for number, kind in enumerate(kinds, start=1)]


def run(crew: Crew, waiting: list[Unit]) -> list[tuple[Unit, Frame | Death]]:
    found = []
    for unit, frame, _ in crew.run(lambda: waiting.pop(0) if waiting else None):
        if not (isinstance(frame, Control) and frame.kind == "alive"):
            found.append((unit, frame))
    return found


def outcomes(crew: Crew, waiting: list[Unit]) -> dict[int, Frame | Death]:
    return {unit.id: frame for unit, frame in run(crew, waiting)}


def worker(evidence: Evidence) -> Link:
    """Return the one worker that looked at a source."""
    (link,) = evidence.crew.links
    return link


def inventory(evidence: Evidence, number: int = 1) -> Unit:
    return evidence.unit(number, "inventory", {"volume": evidence.volumes[0]})


def test_a_unit_that_fails_says_so_and_the_worker_goes_on(supervisor: Supervisor) -> None:
    with supervisor.crew("parser") as crew:
        last = outcomes(crew, units("no-such-kind", "no-such-kind"))
    assert len(last) == 2
    for frame in last.values():
        assert isinstance(frame, Control)
        assert frame.kind == "failed"
        assert frame.body["exit_code"] == 2


def test_a_failure_comes_back_in_its_own_class(supervisor: Supervisor, tmp_path: Path) -> None:
    path = tmp_path / "note.E01"
    path.write_bytes(b"not an image at all" * 100)
    with (
        pytest.raises(EvidenceError, match=r"note\.E01"),
        sources.opened(path, supervisor, workers=1),
    ):
        pass


def test_a_worker_that_is_killed_is_a_death_with_its_signal(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with sources.opened(evidence, supervisor, workers=1) as opened:
        link = worker(opened)
        os.kill(link.pid, signal.SIGKILL)  # before the coordinator has noticed
        found = run(opened.crew, [inventory(opened)])
    assert [frame for _, frame in found] == [Death("signal-sigkill")]


def test_a_worker_that_says_nothing_is_ended(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with (
        Supervisor(stall_seconds=0.5) as supervisor,
        sources.opened(evidence, supervisor, workers=1) as opened,
    ):
        os.kill(worker(opened).pid, signal.SIGSTOP)
        found = run(opened.crew, [inventory(opened)])
    assert [frame.cause for _, frame in found if isinstance(frame, Death)] == ["timeout"]


def test_a_worker_that_reads_nothing_holds_nobody_up(tmp_path: Path) -> None:
    """More than its socket takes waits on our side, and the other crew goes on."""
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with (
        Supervisor(stall_seconds=2) as supervisor,
        sources.opened(evidence, supervisor, workers=1) as opened,
        supervisor.crew("parser") as other,
    ):
        os.kill(worker(opened).pid, signal.SIGSTOP)
        stuck = [opened.unit(n, "inventory", {"filler": "x" * 60_000}) for n in range(1, 2)]
        opened.crew.next_unit = lambda: stuck.pop() if stuck else None
        link = worker(opened)
        for _ in range(20):
            link.send(Control("credit", {"unit": 0, "use": "x" * 60_000, "bytes": 0}))
        assert link.is_blocked
        last = outcomes(other, units(*["no-such-kind"] * 50))
        assert sorted(last) == list(range(1, 51))
        opened.crew.next_unit = None


def test_no_worker_outlives_the_supervisor(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with Supervisor() as made, sources.opened(evidence, made, workers=1) as opened:
        pid = worker(opened).pid
    gone(pid)


COORDINATOR = """
import os, sys, worker_units
from heroes_forensics.frames import Unit
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor
os.environ[FAULTS_VARIABLE] = str(worker_units.THIS)
wire.ANSWERS = wire.ANSWERS | worker_units.ANSWERS
units = [Unit(number, "test-linger", {"for": 600}) for number in range(4)]
with Supervisor() as supervisor, supervisor.crew("parser", workers=2) as crew:
    decoders = supervisor.crew("decoder", workers=2)
    crew.next_unit = decoders.next_unit = lambda: units.pop() if units else None
    for _ in supervisor.run():
        if not units:
            print(*[link.pid for each in (crew, decoders) for link in each.links], flush=True)
"""


def test_no_process_is_left_when_the_coordinator_is_killed() -> None:
    """Workers in the middle of a unit, idle ones, and what they were forked from."""
    with subprocess.Popen(
        [sys.executable, "-c", COORDINATOR],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
        text=True,
    ) as coordinator:
        assert coordinator.stdout is not None
        workers = [int(word) for word in coordinator.stdout.readline().split()]
        assert len(workers) == 4
        started = descendants(coordinator.pid)
        assert set(workers) < started
        coordinator.kill()
    for pid in started:
        gone(pid)


def descendants(pid: int) -> set[int]:
    """Return the processes that this one started, and those that they did."""
    found = set()
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            found |= {int(child)} | descendants(int(child))
    return found


def gone(pid: int) -> None:
    for _ in range(200):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    pytest.fail("a worker is still there")


def test_workers_hold_no_key_and_no_path(supervisor: Supervisor, tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with sources.opened(evidence, supervisor, workers=1) as opened:
        pid = worker(opened).pid
        environment = Path(f"/proc/{pid}/environ").read_bytes()
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    assert b"HEROES_HOME" not in environment
    assert str(tmp_path).encode() not in environment + command


def test_an_image_of_many_segments_reaches_the_worker(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    """More descriptors than one message carries (253)."""
    data = os.urandom(512)
    for number in range(600):
        (tmp_path / f"disk.{number:03}").write_bytes(data if number else boot_sector())
    with sources.opened(tmp_path / "disk.000", supervisor, workers=2) as opened:
        assert opened.facts["size"] == 600 * 512
        assert opened.facts["format"] == "split-raw"


def boot_sector() -> bytes:
    """Return an MBR with one partition over the rest of the disk, type FAT16."""
    entry = (
        bytes([0, 0, 2, 0, 6, 0, 0, 0]) + (1).to_bytes(4, "little") + (599).to_bytes(4, "little")
    )
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"
