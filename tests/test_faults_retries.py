"""What is tried once more after a worker ended, and what is given up: docs/faults.md, Processes."""

import json
from collections import Counter
from pathlib import Path

import pytest
import worker_faults
from scans import Noted, folder, scanned

from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines.checks import verifying, views
from heroes_forensics.pipelines.workers import supervisor
from heroes_forensics.pipelines.workers.breaker import BREAKER_DEATHS
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE

OTHERS = 40


@pytest.fixture(autouse=True)
def faulty_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))
    monkeypatch.setattr(supervisor, "STALL_SECONDS", 3.0)


def evidence(root: Path, *words: str) -> Path:
    files = {f"{n:03}": b"%d" % n for n in range(OTHERS)}
    for number, word in enumerate(words):
        files[f"{number * 7:03}-{word}"] = worker_faults.stream(word, str(number))
    return folder(root, files)


def attempts(case: Path) -> Counter[tuple[str, int]]:
    """Count the attempts that the ledger says ended, by cause and number."""
    lines = (case / "custody/ledger.jsonl").read_text().splitlines()
    bodies = [json.loads(line) for line in lines]
    return Counter(
        (row["body"]["cause"], row["body"]["attempt"])
        for row in bodies
        if row["type"] == "attempt.ended"
    )


# word -> cause in the ledger, gap
ENDINGS = {
    "segv": ("signal-sigsegv", "worker.died"),
    "memory": ("memory", "worker.memory"),
    "sleep": ("timeout", "worker.timeout"),
    "bug": ("failed", "stream.unreadable"),
    "foreign-id": ("protocol", "worker.protocol"),
    "trailing-byte": ("protocol", "worker.protocol"),
}


@pytest.mark.parametrize("word", ENDINGS)
def test_a_stream_that_ends_its_worker_twice_is_the_only_gap(word: str, tmp_path: Path) -> None:
    cause, gap = ENDINGS[word]
    watch = Noted()
    result = scanned(tmp_path / "case", evidence(tmp_path / "in", word), watch=watch)
    counts = attempts(tmp_path / "case")
    assert {key[0] for key in counts} == {cause}
    assert [row["code"] for row in views.gaps(tmp_path / "case")] == [gap]
    assert (result.counts["digested"], result.counts["closes"]) == (OTHERS, True)
    assert result.exit_code == 3
    # Once with all the others, once alone; what is wrong in a batch may be about any of its rows.
    halvings = range(5, 8) if cause == "protocol" else range(1, 2)
    assert counts.pop((cause, 1)) in halvings
    assert counts == {(cause, 2): 1}
    assert verifying.verify(tmp_path / "case")["exit_code"] == 7
    assert any("ZeroDivisionError at worker_faults.py" in note for note in watch.notes) == (
        word == "bug"
    )


def test_many_streams_that_end_workers_cost_no_other(tmp_path: Path) -> None:
    words = ["segv", "exit", "abort", "segv", "bug"]
    result = scanned(tmp_path / "case", evidence(tmp_path / "in", *words), workers=2)
    assert result.counts["gaps"] == len(words)
    assert result.counts["digested"] == OTHERS
    assert result.counts["closes"]


def test_a_page_that_lies_costs_time_and_nothing_else(tmp_path: Path) -> None:
    """The worker says that it was about the first stream of its unit whenever it dies."""
    result = scanned(tmp_path / "case", evidence(tmp_path / "in", "lie", "lie"))
    assert [row["code"] for row in views.gaps(tmp_path / "case")] == ["worker.died"] * 2
    assert (result.counts["digested"], result.counts["closes"]) == (OTHERS, True)


def test_any_number_of_streams_that_end_workers_is_the_evidence_and_not_the_machine(
    tmp_path: Path,
) -> None:
    """A worker that only has to count lives: so the run goes on."""
    words = ["abort"] * (BREAKER_DEATHS + 5)
    result = scanned(tmp_path / "case", evidence(tmp_path / "in", *words), workers=1)
    assert result.counts["gaps"] == len(words)
    assert result.counts["digested"] == OTHERS
    assert result.exit_code == 3


def test_workers_that_end_whatever_they_do_stop_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(BROKEN)
    monkeypatch.setenv(FAULTS_VARIABLE, str(broken))
    with pytest.raises(StoppedError, match="only had to count") as caught:
        scanned(tmp_path / "case", evidence(tmp_path / "in"))
    assert caught.value.exit_code == 5


BROKEN = """
import os
from heroes_forensics.pipelines.work import units
for kind in ("content", "canary"):
    units.UNITS[kind] = lambda session, unit: os.abort()
"""
"""A machine on which nothing that reads or counts works."""


def test_a_run_under_test_faults_says_so(tmp_path: Path) -> None:
    scanned(tmp_path / "case", folder(tmp_path / "in", {"a": b"1"}))
    (config,) = (tmp_path / "case/custody").rglob("config.yaml")
    assert json.loads(config.read_bytes())["test_faults"] is True
