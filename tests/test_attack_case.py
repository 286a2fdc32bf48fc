"""A process that ends while it makes a case: the folder can be used again, and nothing alarms."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from cli_runner import process
from scans import folder, scanned

from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.pipelines.case import cases, folders
from heroes_forensics.pipelines.checks import verifying

# Ends hard at the N-th call that puts something on the disk, as a power cut would.
_CUT = """
import os, sys
from pathlib import Path
from heroes_forensics import durable
from heroes_forensics.pipelines.case import cases
left = int(sys.argv[2])
def counted(function):
    def call(*arguments, **more):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return function(*arguments, **more)
    return call
for name in ("_write", "_fsync", "_replace"):
    setattr(durable, name, counted(getattr(durable, name)))
os.open = counted(os.open)
cases.create(Path(sys.argv[1]))
"""


def test_a_case_cut_off_while_it_is_made_can_be_made_again(tmp_path: Path) -> None:
    codes = set()
    for step in (1, 4, 8, 12, 17, 23, 90):
        case = tmp_path / str(step)
        done = subprocess.run(  # our own interpreter and text
            [sys.executable, "-c", _CUT, str(case), str(step)], env=os.environ, check=False
        )
        codes.add(done.returncode)
        if not folders.exists(case) and case.exists() and (case / "custody").exists():
            with pytest.raises(EvidenceError):
                verifying.verify(case)
        if not folders.exists(case):
            cases.create(case)
        assert verifying.verify(case)["exit_code"] in {0, 7}
    assert codes == {0, 9}


def test_a_record_without_its_database_is_not_taken_for_an_unfinished_case(tmp_path: Path) -> None:
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"a": b"a"}))
    (tmp_path / "case" / folders.DATABASE).unlink()
    with pytest.raises(UsageError):
        cases.create(tmp_path / "case")
    assert verifying.verify(tmp_path / "case" / folders.BUNDLE)["exit_code"] in {0, 7}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger SET line = replace(line, 'complete', 'partial')",
        "UPDATE ledger SET line = 5 WHERE seq = 1",
        "UPDATE unit SET rows_sha256 = 'text'",
        "UPDATE unit SET rows_sha256 = 7",
        "UPDATE content SET md5 = 1.5, status = 'x'",
        "UPDATE item SET size = 'large', path = 3",
    ],
)
def test_rows_of_other_types_are_a_finding_of_the_verifier(statement: str, tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}))
    with closing(sqlite3.connect(case / folders.DATABASE)) as database:
        assert database.execute(statement).rowcount
        database.commit()
    found = verifying.verify(case)
    assert found["exit_code"] == 6
    assert "case.db" in str(found["headline"])


def test_a_case_without_its_ledger_file_does_not_verify(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}))
    (case / folders.BUNDLE / "ledger.jsonl").unlink()
    assert verifying.verify(case)["exit_code"] == 6


PLACES = {
    "a pipe for a checkpoint": ("checkpoints", "it is no regular file"),
    "a link for a key": ("keys/ledger.pem", "it is a link"),
    "a ledger without end": ("ledger.jsonl", "longer than what the case database recorded"),
}


@pytest.mark.parametrize(("name", "said"), PLACES.values(), ids=PLACES)
def test_a_record_with_a_pipe_or_a_link_in_it_is_not_written_to_and_not_waited_for(
    name: str, said: str, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    cases.create(case)
    path = case / "custody" / name
    before = (case / "custody" / "ledger.jsonl").read_bytes()
    match name:
        case "checkpoints":
            os.mkfifo(path / "00000001.txt")
        case "keys/ledger.pem":
            path.unlink()
            path.symlink_to("/dev/zero")
        case _:
            os.truncate(path, 8 << 30)
    ended = process("case", "exhibit", str(case), "E-1", "--field", "make=x")
    assert ended.code == 6
    assert said in ended.err
    if name == "ledger.jsonl":
        os.truncate(path, len(before))
    assert path.is_dir() or (case / "custody" / "ledger.jsonl").read_bytes() == before


def test_keys_of_a_record_are_written_anew(tmp_path: Path) -> None:
    case = tmp_path / "case"
    cases.create(case)
    path = case / "custody" / "keys" / "ledger.pem"
    before = path.read_bytes()
    path.write_bytes(b"-----BEGIN PUBLIC KEY-----\nof somebody else\n")
    cases.set_exhibit(case, "E-1", {"make": "x"})
    assert path.read_bytes() == before
