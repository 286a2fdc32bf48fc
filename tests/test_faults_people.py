"""What people and their terminals do to a run (docs/faults.md, 50)."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from scans import DEMO, NOTABLE, folder

from heroes_forensics.pipelines.checks import verifying, views

HEROES = str(Path(sys.executable).with_name("heroes"))


def ledger(case: Path) -> list[dict[str, Any]]:
    path = case / "custody/ledger.jsonl"
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def types(case: Path) -> list[str]:
    return [event["type"] for event in ledger(case)]


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return evidence that takes a moment to read."""
    root = tmp_path_factory.mktemp("people") / "evidence"
    return folder(root, {f"{n:04}": os.urandom(1) * 400_000 for n in range(1200)})


@contextmanager
def scanning(case: Path, evidence: Path, *arguments: str, **options: Any) -> Iterator[Any]:  # noqa: ANN401 - those of `Popen`
    """Start a scan; give it once its first unit is on record; have it gone at the end."""
    streams: dict[str, Any] = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(
        [HEROES, "scan", str(evidence), "--case", str(case), "--quiet", *arguments],
        **{"stdin": subprocess.DEVNULL, **streams, **options},
    ) as process:
        try:
            for _ in range(3000):
                if "unit.completed" in types(case) or process.poll() is not None:
                    break
                time.sleep(0.02)
            assert "run.completed" not in types(case), "the evidence is too small for this test"
            yield process
        finally:
            process.kill()


def test_told_twice_a_run_ends_at_once(tmp_path: Path) -> None:
    """The stream that is being read would take minutes to its end."""
    evidence = tmp_path / "large"
    with evidence.open("wb") as stream:
        stream.truncate(60 << 30)
    case = tmp_path / "case"
    with scanning(case, evidence, "--verify", "off", "--as", "file") as process:
        process.send_signal(signal.SIGINT)
        time.sleep(3)
        assert process.poll() is None  # it drains
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 130
        assert process.stderr.read().splitlines()[-1] == b"error: interrupted"
    events = ledger(case)
    assert events[-1]["type"] == "run.interrupted"
    assert events[-1]["body"]["cause"] == "signal"
    assert "coverage.declared" not in types(case)
    assert not (case / "custody/report/report.html").exists()
    assert verifying.verify(case)["exit_code"] == 7
    assert views.unfinished(case)


def test_a_run_does_not_end_with_its_terminal(tmp_path: Path, evidence: Path) -> None:
    """The terminal goes away: the kernel says so (SIGHUP), and every write to it fails."""
    case = tmp_path / "case"
    master, slave = pty.openpty()
    try:
        terminal = {"stdin": slave, "stdout": slave, "stderr": slave, "start_new_session": True}
        with scanning(case, evidence, "--json", **terminal) as process:
            os.close(slave)
            os.close(master)
            process.send_signal(signal.SIGHUP)
            process.wait(timeout=120)
    finally:
        for descriptor in (master, slave):
            if os.path.exists(f"/proc/self/fd/{descriptor}"):  # noqa: PTH110 - a number
                os.close(descriptor)
    assert types(case)[-3:] == ["ledger.checkpointed", "report.issued", "ledger.checkpointed"]
    assert "run.completed" in types(case)
    assert not views.unfinished(case)


def test_a_reader_that_goes_away_stops_no_run(tmp_path: Path, evidence: Path) -> None:
    case = tmp_path / "case"
    with scanning(case, evidence, "--json", "--set", str(NOTABLE)) as process:
        process.stdout.close()
        assert process.wait(timeout=120) == 0
    assert "run.completed" in types(case)


def test_a_full_disk_behind_standard_output_stops_no_run(tmp_path: Path) -> None:
    case = tmp_path / "case"
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [HEROES, "scan", str(DEMO), "--case", str(case), "--json", "--set", str(NOTABLE)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
    assert done.returncode == 5
    assert b"cannot be written to standard output" in done.stderr
    assert "run.completed" in types(case)
    assert not views.unfinished(case)
