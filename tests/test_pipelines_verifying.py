import sqlite3
from pathlib import Path

import pytest

from heroes_forensics.errors import CaseBusyError, UsageError
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.checks import verifying


@pytest.fixture
def case(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    cases.create(folder)
    return folder


def test_a_case_that_is_being_written_is_busy_and_no_alarm(case: Path) -> None:
    with cases.opened(case), pytest.raises(CaseBusyError, match="in use by process"):
        verifying.verify(case)
    assert verifying.verify(case)["exit_code"] == 7


def test_a_case_of_a_newer_program_is_no_alarm(case: Path) -> None:
    with sqlite3.connect(case / "case.db") as database:
        database.execute("PRAGMA user_version=99")
    database.close()
    with pytest.raises(UsageError, match="schema 99"):
        verifying.verify(case)
