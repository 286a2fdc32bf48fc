"""Workers that crash, hang, lie or shout, through whole scans: docs/faults.md, Processes."""

import ast
import os
import signal
from itertools import pairwise
from pathlib import Path

import pytest
import worker_faults
from cli_runner import process
from corpus import ROOT
from scans import Noted, demo_scan, folder, scanned

from heroes_forensics.errors import HeroesError, StoppedError
from heroes_forensics.pipelines.case.watch import Progress
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import run
from heroes_forensics.pipelines.runs.request import ScanResult
from heroes_forensics.pipelines.workers.breaker import BREAKER_DEATHS
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor

FILES = 40


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let streams that ask for it do harm in the workers that read them."""
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers that move nothing be ended after two seconds."""
    defaults = Supervisor.__init__.__kwdefaults__
    assert defaults
    monkeypatch.setitem(defaults, "stall_seconds", 2.0)


def spoiled(home: Path, word: str) -> ScanResult:
    """Scan a folder of which one file has a fault."""
    files = {f"{n:03}": b"%d" % n for n in range(FILES)} | {"017": worker_faults.stream(word)}
    return scanned(home / "case", folder(home / "evidence", files))


def causes(case: Path) -> set[str]:
    """Return why workers ended, by the ledger."""
    text = (case / "custody/ledger.jsonl").read_text()
    return {part.split('"')[0] for part in text.split('"cause":"')[1:]}


def gaps(case: Path) -> list[str]:
    return [str(row["code"]) for row in views.gaps(case)]


DEATHS = {
    "segv": ("signal-sigsegv", "worker.died"),
    "abort": ("signal-sigabrt", "worker.died"),
    "exit": ("exit-3", "worker.died"),
    "kill": ("signal-sigkill", "worker.died"),
    "memory": ("memory", "worker.memory"),
    "bug": ("failed", "stream.unreadable"),
}
"""The cause on record and the gap."""


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("word", DEATHS)
def test_a_worker_that_ends_costs_the_one_stream_it_was_about(word: str, tmp_path: Path) -> None:
    cause, code = DEATHS[word]
    result = spoiled(tmp_path, word)
    assert result.exit_code == 3
    assert result.counts["closes"]
    assert result.counts["digested"] == FILES - 1
    assert gaps(tmp_path / "case") == [code]
    assert causes(tmp_path / "case") == {cause}


@pytest.mark.usefixtures("faulty", "impatient")
@pytest.mark.parametrize("word", ["sleep", "spin"])
def test_a_worker_that_moves_nothing_is_ended(word: str, tmp_path: Path) -> None:
    result = spoiled(tmp_path, word)
    assert result.exit_code == 3
    assert result.counts["digested"] == FILES - 1
    assert gaps(tmp_path / "case") == ["worker.timeout"]
    assert causes(tmp_path / "case") == {"timeout"}


@pytest.mark.usefixtures("faulty")
@pytest.mark.parametrize("word", [*worker_faults.SAID, "rights"])
def test_a_worker_that_says_what_no_worker_says_is_not_believed(word: str, tmp_path: Path) -> None:
    made = Path("/tmp/heroes-unpickled")  # noqa: S108 - what the pickle would make
    assert not made.exists()
    result = spoiled(tmp_path, word)
    assert not made.exists()
    assert result.exit_code == 3
    assert result.counts["closes"]
    assert result.counts["digested"] == FILES - 1
    assert gaps(tmp_path / "case") == ["worker.protocol"]
    assert causes(tmp_path / "case") == {"protocol"}


def test_the_pickle_would_have_made_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    import pickle  # noqa: PLC0415 - to show that the test above can fail

    called: list[str] = []
    monkeypatch.setattr(os, "system", called.append)
    pickle.loads(worker_faults.PICKLE)  # noqa: S301 - our own
    assert called == ["touch /tmp/heroes-unpickled"]


@pytest.mark.parametrize("name", ["pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"])
def test_nothing_that_unpickles_is_imported(name: str) -> None:
    for path in (ROOT / "heroes_forensics").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [each.name for each in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            elif isinstance(node, ast.Call):
                # numpy reads pickles where it is told to, and only there.
                assert "allow_pickle" not in {each.arg for each in node.keywords}, path.name
            assert not any(each.split(".")[0] == name for each in names), path.name


@pytest.mark.usefixtures("faulty")
def test_workers_that_all_end_stop_the_run(tmp_path: Path) -> None:
    """So many in a row mean that the machine is at fault, and not the evidence."""
    files = {f"{n:03}": worker_faults.stream("kill", str(n)) for n in range(BREAKER_DEATHS * 3)}
    with pytest.raises(StoppedError, match="in a row") as caught:
        scanned(tmp_path / "case", folder(tmp_path / "evidence", files))
    assert caught.value.hint


def children() -> dict[int, str]:
    """Return the command lines of the processes that this one has started."""
    found = {}
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            found[int(pid)] = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return found


@pytest.mark.usefixtures("faulty")
def test_what_is_read_again_is_counted_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "TICK_SECONDS", 0.0)
    files = {f"{n:03}": b"%d" % n for n in range(FILES)} | {"017": worker_faults.stream("segv")}
    files["016"] = bytes(17 << 20)  # rows of what comes before it are sent before it is read
    seen: list[Progress] = []
    result = scanned(
        tmp_path / "case",
        folder(tmp_path / "evidence", files),
        workers=1,
        watch=Noted(seen.append),
    )
    assert gaps(tmp_path / "case") == ["worker.died"]
    done = [progress.items_done for progress in seen]
    assert any(later < earlier for earlier, later in pairwise(done))  # taken back
    assert max(done) == seen[-1].items_done == seen[-1].items_total == result.counts["listed"]
    assert all(progress.bytes_done <= progress.bytes_total for progress in seen)
    sizes = sum(map(len, files.values()))
    assert sizes - len(files["017"]) == seen[-1].bytes_done


@pytest.mark.real_start
@pytest.mark.parametrize("times", [1, 2])
def test_a_zygote_that_is_killed_is_started_again(times: int, tmp_path: Path) -> None:
    reference = demo_scan(tmp_path / "reference")
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        zygotes = [pid for pid, command in children().items() if "zygote" in command]
        if progress.stage == "reading" and len(killed) < times and not set(zygotes) & set(killed):
            os.kill(zygotes[0], signal.SIGKILL)
            killed.append(zygotes[0])

    result = demo_scan(tmp_path / "case", watch=Noted(kill))
    assert killed
    assert result.exit_code == 0
    assert result.content_sha256 == reference.content_sha256


def test_what_a_worker_prints_reaches_nobody(tmp_path: Path) -> None:
    """A gigabyte of it, with the codes that move a cursor; see row 60."""
    files = {"a": b"a", "b": worker_faults.stream("shout"), "c": b"c"}
    evidence = folder(tmp_path / "evidence", files)
    environment = {FAULTS_VARIABLE: str(worker_faults.THIS)}
    done = process("scan", str(evidence), "--case", str(tmp_path / "case"), environment=environment)
    assert done.code == 0, done.err
    assert "\x1b" not in done.out + done.err
    assert "owned" not in done.out + done.err
    assert len(done.out + done.err) < 1 << 16


THREAD = """
import threading, time
threading.Thread(target=time.sleep, args=(600,), daemon=True).start()
"""


def test_a_second_thread_before_the_locks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Locks hold for the thread that takes them: one beside it would be free."""
    threaded = tmp_path / "threaded.py"
    threaded.write_text(THREAD)
    monkeypatch.setenv(FAULTS_VARIABLE, str(threaded))
    with pytest.raises(HeroesError, match="thread") as caught:
        scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"a"}))
    assert caught.value.exit_code == 1
    assert not (tmp_path / "case").exists()
