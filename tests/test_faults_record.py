"""Faults of a record and its database, on a case of a real scan (docs/faults.md, 14 to 19)."""

import os
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from cli_runner import process
from hypothesis import given
from hypothesis import strategies as st
from scans import demo_scan, folder, scanned

from heroes_forensics import durable
from heroes_forensics.custody import ledger
from heroes_forensics.errors import CustodyError
from heroes_forensics.pipelines.case import cases, folders, locking
from heroes_forensics.pipelines.checks import verifying

LEDGER = Path(folders.BUNDLE) / "ledger.jsonl"
CUTS = 1000
FLIPS = 40
LARGE = 1 << 16
"""Bytes: a lock or an index of a log is smaller."""


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a case with findings; tests work on copies."""
    home = tmp_path_factory.mktemp("sound")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HEROES_HOME", str(home / "home"))
        demo_scan(home / "case")
    return home / "case"


@pytest.fixture
def case(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(
        "HEROES_HOME", str(shutil.copytree(sound.parent / "home", tmp_path / "home"))
    )
    return shutil.copytree(sound, tmp_path / "case")


def opened(case: Path) -> None:
    with cases.opened(case):
        pass


def everything(case: Path) -> dict[str, bytes]:
    """Return every file of a case but its lock, and what SQLite keeps beside it while it looks."""
    passing = {locking.LOCK, f"{folders.DATABASE}-shm", f"{folders.DATABASE}-wal"}
    return {
        str(path.relative_to(case)): path.read_bytes()
        for path in case.rglob("*")
        if path.is_file() and (path.name not in passing or path.stat().st_size > LARGE)
    }


def lines_of(case: Path) -> list[bytes]:
    with closing(sqlite3.connect(f"file:{case / folders.DATABASE}?mode=ro", uri=True)) as database:
        return [line for (line,) in database.execute("SELECT line FROM ledger ORDER BY seq")]


# ---- 14: cut ---------------------------------------------------------------------------------


def test_a_ledger_cut_anywhere_is_rebuilt_from_the_table(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every byte of the last two records, and at a thousand places before them."""
    monkeypatch.setattr(durable, "_fsync", lambda _: None)
    lines = lines_of(sound)
    whole, path = (sound / LEDGER).read_bytes(), tmp_path / "ledger.jsonl"
    assert whole == b"".join(lines)
    tail = len(whole) - len(lines[-1]) - len(lines[-2])
    offsets = [*range(tail, len(whole)), *random.Random(14).sample(range(tail), CUTS)]  # noqa: S311 - places, no secret
    for offset in offsets:
        path.write_bytes(whole[:offset])
        ledger.project(path, lines)
        assert path.read_bytes() == whole, offset


def test_a_case_whose_ledger_was_cut_is_whole_once_it_is_opened(case: Path) -> None:
    whole = (case / LEDGER).read_bytes()
    size = len(whole)
    for offset in (0, 1, size // 3, size - 700, size - 1):
        (case / LEDGER).write_bytes(whole[:offset])
        opened(case)
        assert (case / LEDGER).read_bytes() == whole
    assert verifying.verify(case)["exit_code"] == 7


@given(st.data())
def test_any_prefix_with_any_zeros_behind_it_is_rebuilt(sound: Path, data: st.DataObject) -> None:
    """What a power cut leaves: the beginning, then nothing, or zeros to the next block."""
    lines = lines_of(sound)
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    torn = len(next(line for line in _from(lines, cut))) if cut < len(whole) else 0
    zeros = data.draw(st.integers(0, torn))
    path = sound.parent / "prefix.jsonl"
    path.write_bytes(whole[:cut] + bytes(zeros))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(durable, "_fsync", lambda _: None)
        ledger.project(path, lines)
    assert path.read_bytes() == whole


def _from(lines: list[bytes], offset: int) -> list[bytes]:
    """Return what is left of the lines behind an offset, the first of them cut."""
    left = []
    for line in lines:
        if offset < len(line):
            left.append(line[max(offset, 0) :])
        offset -= len(line)
    return left


# ---- 15: changed -----------------------------------------------------------------------------


def test_one_bit_flipped_anywhere_in_the_ledger_is_found_and_named(case: Path) -> None:
    whole = (case / LEDGER).read_bytes()
    draw = random.Random(15)  # noqa: S311 - places, no secret
    starts = [0]
    for line in whole.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for _ in range(FLIPS):
        offset, bit = draw.randrange(len(whole)), draw.randrange(8)
        spoiled = bytearray(whole)
        spoiled[offset] ^= 1 << bit
        (case / LEDGER).write_bytes(spoiled)
        found = verifying.verify(case)
        assert found["exit_code"] == 6, (offset, bit)
        number = sum(start <= offset for start in starts)
        places = {str(row["where"]) for row in found["problems"]}  # type: ignore[attr-defined]
        near = {
            f"ledger.jsonl line {number + step}" for step in (0, 1)
        }  # a cut line end spoils the next
        if number == len(starts) - 1:
            near.add("ledger.jsonl")  # no line follows that could tell: the manifest does
        assert places & near, (offset, bit, places)


def test_a_case_whose_ledger_was_changed_is_not_written_to(case: Path) -> None:
    whole = (case / LEDGER).read_bytes()
    (case / LEDGER).write_bytes(whole.replace(b'"triage"', b'"Triage"').replace(b"demo", b"dem0"))
    before = everything(case)
    with pytest.raises(CustodyError):
        opened(case)
    assert everything(case) == before


# ---- 16: longer, or of another case ------------------------------------------------------------


def test_the_ledger_of_another_case_is_an_alarm_and_stays(case: Path, tmp_path: Path) -> None:
    scanned(tmp_path / "other", folder(tmp_path / "evidence", {"a": b"a"}))
    shutil.copyfile(tmp_path / "other" / LEDGER, case / LEDGER)
    before = everything(case)
    done = process("report", str(case))
    assert done.code == 6, done.err
    assert everything(case) == before
    assert process("verify", str(case)).code == 6


def test_a_ledger_with_more_lines_than_the_table_is_an_alarm_and_stays(case: Path) -> None:
    last = (case / LEDGER).read_bytes().splitlines(keepends=True)[-1]
    with (case / LEDGER).open("ab") as stream:
        stream.write(last)
    before = everything(case)
    done = process("report", str(case))
    assert done.code == 6, done.err
    assert everything(case) == before


# ---- 18: an older copy -------------------------------------------------------------------------


def test_an_older_database_does_not_pass_for_the_newer_one(case: Path, tmp_path: Path) -> None:
    older = tmp_path / "older.db"
    shutil.copyfile(case / folders.DATABASE, older)
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}), exhibit="EX-2")
    shutil.copyfile(older, case / folders.DATABASE)
    before = everything(case)
    assert process("verify", str(case)).code == 6
    done = process("report", str(case))
    assert done.code == 6, done.err
    assert everything(case) == before


def test_a_whole_case_put_back_to_an_older_state_is_a_rollback(case: Path, tmp_path: Path) -> None:
    """Consistent in itself; the high-water mark of this home remembers more."""
    older = shutil.copytree(case, tmp_path / "older")
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}), exhibit="EX-2")
    shutil.rmtree(case)
    shutil.copytree(older, case)
    found = verifying.verify(case)
    assert found["exit_code"] == 6
    assert "rollback" in {row["code"] for row in found["problems"]}  # type: ignore[attr-defined]


# ---- 19: what was added to the database ----------------------------------------------------------

ADDED = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON item BEGIN DELETE FROM match; END",
    "a view": "CREATE VIEW extra AS SELECT 1",
    "a view in the place of a table": "ALTER TABLE gap RENAME TO gone;"
    " CREATE VIEW gap AS SELECT * FROM gone WHERE 0",
    "a table": "CREATE TABLE extra (a)",
    "an index": "CREATE INDEX once ON item (kind, size)",
    "a column": "ALTER TABLE item ADD COLUMN extra",
    "a generated column": "ALTER TABLE item ADD COLUMN e GENERATED ALWAYS AS (size + 1)",
}


@pytest.mark.parametrize("change", ADDED)
def test_whatever_is_added_to_the_database_is_refused(change: str, case: Path) -> None:
    with closing(sqlite3.connect(case / folders.DATABASE)) as database:
        database.executescript(ADDED[change])
        database.commit()
    before = everything(case)
    with pytest.raises(CustodyError, match="tables"):
        opened(case)
    assert everything(case) == before
    assert verifying.verify(case)["exit_code"] == 6


def test_the_untouched_case_is_sound(case: Path) -> None:
    opened(case)
    assert verifying.verify(case)["exit_code"] == 7
    assert os.listdir(case)  # noqa: PTH208 - what the other tests spoil is there
