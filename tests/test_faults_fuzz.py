"""Mutated volumes, images and pictures: no crash of the coordinator, no entry lost, all verifies.

`fuzzing` looks for new ones; those that once failed are in ``mutants.json`` and stay.
"""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_server import Commands, Ended
from corpus import ROOT
from fuzzing import Fuzz
from mutation import Edit, Mutant, kept, mutant, smaller

ROUNDS = 2
SECONDS = 60 * float(os.environ.get("HEROES_ROUNDS", "100")) / 100
FIRST = 10_000
"""Where the long suite begins: rounds that the quick one does not have."""
FINE = Ended(0, "", "", 1.0, hung=False, killed=False, left=False)


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzz]:
    home = tmp_path_factory.mktemp("fuzz")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        with Commands(home) as commands:
            yield Fuzz(commands, home)


def told(found: list[tuple[Mutant, str]]) -> str:
    """Return what failed in a form that can be added to ``mutants.json``."""
    return "\n".join(str(each.row(fault)) for each, fault in found)


@pytest.mark.parametrize("number", range(ROUNDS))
def test_mutants_cost_no_run_and_no_record(number: int, fuzz: Fuzz) -> None:
    found = fuzz.round(number)
    assert not found, told(found)


@pytest.mark.slow
def test_a_minute_of_mutants_costs_no_run_and_no_record(fuzz: Fuzz) -> None:
    deadline, number = time.monotonic() + SECONDS, FIRST
    while time.monotonic() < deadline:
        found = fuzz.round(number)
        assert not found, told(found)
        number += 1
    assert fuzz.tally.mutants
    assert {0, 3} <= fuzz.tally.codes.keys()


def units(*options: str) -> subprocess.CompletedProcess[str]:
    """Let work functions loose on mutants, in a process of their own."""
    paths = os.pathsep.join(str(ROOT / name) for name in ("tests", "fixtures"))
    return subprocess.run(
        [sys.executable, "-m", "fuzzing_units", *options],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        check=False,
        text=True,
    )


def test_work_functions_let_no_error_out_and_miscount_nothing() -> None:
    done = units("--rounds", "6")
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 150 mutants" in done.stdout


@pytest.mark.slow
def test_work_functions_of_a_minute_of_mutants() -> None:
    done = units("--seconds", str(SECONDS), "--start", str(FIRST))
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_once_failed_does_not_fail_again(fuzz: Fuzz) -> None:
    """All of them that can be made here: those of the corpus need the corpus."""
    for row in kept():
        one = Mutant.of(row)
        if fuzz.has(one.base):
            assert not fuzz.fault_of(one), row["found"]


def test_what_once_failed_in_a_work_function_does_not_fail_again() -> None:
    """A scan gets over an error of a parser, at the cost of a directory; here it is a fault."""
    done = units("--kept")
    assert done.returncode == 0, done.stdout + done.stderr


# ---- the search itself can fail ---------------------------------------------------------------


@pytest.mark.parametrize(
    "ended",
    [
        FINE._replace(hung=True, code=-9),
        FINE._replace(code=-11),
        FINE._replace(code=1),
        FINE._replace(code=6),
        FINE._replace(left=True),
        FINE._replace(code=3, err="EX-1/1/p63: KeyError at tsk_walk.py:77"),
        FINE._replace(err="Traceback (most recent call last):"),
    ],
)
def test_each_bad_end_is_a_fault(ended: Ended, fuzz: Fuzz, tmp_path: Path) -> None:
    assert fuzz.judged(ended, tmp_path)


LOSSES = {
    "an entry": "DELETE FROM content WHERE item_id = 3",
    "a count": "UPDATE volume SET listing = json_set(listing, '$.entries', 999)",
    "a record": "UPDATE content SET bytes_read = bytes_read + 1",
}


@pytest.mark.parametrize("loss", LOSSES)
def test_each_loss_is_a_fault(loss: str, fuzz: Fuzz, tmp_path: Path) -> None:
    case = tmp_path / "case"
    source = tmp_path / "image.raw"
    source.write_bytes(fuzz.volumes["ext4"])
    ended = fuzz.scan(source, case)
    assert not fuzz.judged(ended, case)
    with sqlite3.connect(case / "case.db") as database:
        assert database.execute(LOSSES[loss]).rowcount
    assert fuzz.judged(ended, case)


def test_mutants_follow_from_their_number_alone(fuzz: Fuzz) -> None:
    data = fuzz.volumes["ext4"]
    one, again, other = (mutant("ext4", data, number) for number in (5, 5, 6))
    assert one == again != other
    assert one.apply(data) != data
    assert Mutant.of(one.row("nothing")) == one


def test_a_mutant_is_made_as_small_as_still_fails() -> None:
    edits = tuple(Edit(100 * n, bytes(range(n, n + 16))) for n in range(6))
    least = smaller(Mutant("x", edits, 5000), lambda one: one.apply(bytes(1000))[307] == 10)
    assert least == Mutant("x", (Edit(307, b"\x0a"),))
