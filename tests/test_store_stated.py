"""Facts of a case and of its runs that somebody edited: said by the verifier, never signed."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from scans import folder, scanned

from heroes_forensics import cli
from heroes_forensics.errors import CustodyError
from heroes_forensics.pipelines.acts import reviewing
from heroes_forensics.pipelines.case import folders
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.pipelines.report import reporting


def _edited(case: Path, statement: str) -> None:
    with closing(sqlite3.connect(case / folders.DATABASE)) as database:
        assert database.execute(statement).rowcount
        database.commit()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case in a home of its own, which reports may be added to."""
    case = tmp_path_factory.mktemp("stated") / "case"
    said = {"serial": "SN-1", "Own field": "x"}
    scanned(case, folder(case.parent / "evidence", {"a": b"a"}), exhibit_fields=said)
    return case


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_fact SET value = '\"other\"' WHERE name = 'reference'",
        "UPDATE case_fact SET value = '\"other\"' WHERE name = 'examiner'",
        "UPDATE case_fact SET value = '\"clear\"' WHERE name = 'names'",
        "UPDATE case_fact SET value = '{\"kind\": \"warrant\"}' WHERE name = 'authority'",
        "UPDATE run SET config = replace(config, 'standard', 'triage')",
        "UPDATE run SET outcome = 'partial'",
        "UPDATE run SET facts = json_set(facts, '$.calibration', json('{\"record\": \"x\"}'))",
        "UPDATE run SET facts = json_set(facts, '$.isolation.level', 'A9')",
        "UPDATE report SET facts = '{\"files\": []}'",
        "UPDATE exhibit SET fields = json_set(fields, '$.serial', 'SN-2')",
        "UPDATE exhibit SET fields = json_set(fields, '$.make', 'Example')",
        "UPDATE exhibit SET fields = json_remove(fields, '$.\"Own field\"')",
    ],
)
def test_an_edited_fact_is_said_and_not_reported(
    statement: str, made: Path, tmp_path: Path
) -> None:
    case = tmp_path / "case"
    shutil.copytree(made, case)
    assert verifying.verify(case)["exit_code"] != CustodyError.exit_code
    _edited(case, statement)
    assert "database-mismatch" in str(verifying.verify(case)["problems"])
    with pytest.raises(CustodyError, match="does not fit its ledger"):
        reporting.report(case)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_fact SET value = 'x'",
        "UPDATE run SET facts = '7'",
        "UPDATE item SET times = x'ff'",
        "UPDATE volume SET listing = '{'",
    ],
)
def test_rows_of_another_form_are_no_bug_of_a_verb_that_reads(
    statement: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}))
    _edited(case, statement)
    codes = {cli.run(["status", str(case)]), cli.run(["inventory", str(case)])}
    assert CustodyError.exit_code in codes
    assert codes <= {0, CustodyError.exit_code}
    assert "does not fit its ledger" in capsys.readouterr().err


def test_a_record_without_its_ledger_is_an_alarm(tmp_path: Path) -> None:
    case = tmp_path / "case"
    scanned(case, folder(tmp_path / "evidence", {"a": b"a"}))
    (case / folders.BUNDLE / "ledger.jsonl").unlink()
    with pytest.raises(CustodyError, match="missing"):
        reviewing.review(case, "report 1", "agree", reviewer="ex-044")
