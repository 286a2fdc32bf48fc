import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from scans import folder

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.pipelines import sources, supervisor
from heroes_forensics.pipelines.supervisor import Death, Pool, Zygote


@pytest.fixture
def zygote() -> Iterator[Zygote]:
    with Zygote() as made:
        yield made


def units(*kinds: str) -> list[Unit]:
    return [Unit(number, kind, {}) for number, kind in enumerate(kinds, start=1)]


def outcomes(pool: Pool, waiting: list[Unit]) -> dict[int, Frame | Death]:
    last: dict[int, Frame | Death] = {}
    for unit, frame in pool.run(lambda: waiting.pop(0) if waiting else None):
        last[unit.id] = frame
    return last


def test_a_unit_that_fails_says_so_and_the_worker_goes_on(zygote: Zygote) -> None:
    with Pool(zygote, [], 1) as pool:
        last = outcomes(pool, units("no-such-kind", "no-such-kind"))
    assert len(last) == 2
    for frame in last.values():
        assert isinstance(frame, Control)
        assert frame.kind == "failed"
        assert frame.body["exit_code"] == 2


def test_a_failure_comes_back_in_its_own_class(zygote: Zygote, tmp_path: Path) -> None:
    path = tmp_path / "note.E01"
    path.write_bytes(b"not an image at all" * 100)
    with (
        pytest.raises(EvidenceError, match=r"note\.E01"),
        sources.opened(path, zygote, workers=1),
    ):
        pass


def test_a_worker_that_is_killed_is_a_death_with_its_signal(zygote: Zygote, tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {f"f{n}": os.urandom(100) for n in range(3000)})
    with sources.opened(evidence, zygote, workers=1) as opened:
        body = {**opened.body, "volume": opened.volumes[0]}
        waiting = [Unit(1, "inventory", body)]
        found: list[Frame | Death] = []
        for _, frame in opened.pool.run(lambda: waiting.pop() if waiting else None):
            if not found:
                (worker,) = opened.pool._workers  # noqa: SLF001 - the test plays the kernel
                os.kill(worker.pid, signal.SIGKILL)
            found.append(frame)
    last = found[-1]
    assert last == Death("signal-sigkill") or isinstance(last, Control)


def test_a_worker_that_says_nothing_is_ended(
    zygote: Zygote, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(supervisor, "STALL_SECONDS", 0.5)
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with sources.opened(evidence, zygote, workers=1) as opened:
        (worker,) = opened.pool._workers  # noqa: SLF001 - the test plays a hanging library
        os.kill(worker.pid, signal.SIGSTOP)
        waiting = [Unit(1, "inventory", {**opened.body, "volume": opened.volumes[0]})]
        found = list(opened.pool.run(lambda: waiting.pop() if waiting else None))
    assert [frame for _, frame in found] == [Death("timeout")]


def test_no_worker_outlives_the_supervisor(tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with Zygote() as made, sources.opened(evidence, made, workers=1) as opened:
        (worker,) = opened.pool._workers  # noqa: SLF001 - its number is what the test is about
        pid = worker.pid
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    pytest.fail("a worker is still there")


def test_workers_hold_no_key_and_no_path(zygote: Zygote, tmp_path: Path) -> None:
    evidence = folder(tmp_path / "evidence", {"f": b"x"})
    with sources.opened(evidence, zygote, workers=1) as opened:
        (worker,) = opened.pool._workers  # noqa: SLF001 - its environment is looked at
        environment = Path(f"/proc/{worker.pid}/environ").read_bytes()
        command = Path(f"/proc/{worker.pid}/cmdline").read_bytes()
    assert b"HEROES_HOME" not in environment
    assert str(tmp_path).encode() not in environment + command


def test_an_image_of_many_segments_reaches_the_worker(zygote: Zygote, tmp_path: Path) -> None:
    """More descriptors than one message carries (253)."""
    data = os.urandom(512)
    for number in range(600):
        (tmp_path / f"disk.{number:03}").write_bytes(data if number else boot_sector())
    with sources.opened(tmp_path / "disk.000", zygote, workers=2) as opened:
        assert opened.facts["size"] == 600 * 512
        assert opened.facts["format"] == "split-raw"


def boot_sector() -> bytes:
    """Return an MBR with one partition over the rest of the disk, type FAT16."""
    entry = (
        bytes([0, 0, 2, 0, 6, 0, 0, 0]) + (1).to_bytes(4, "little") + (599).to_bytes(4, "little")
    )
    return bytes(446) + entry + bytes(48) + b"\x55\xaa"
