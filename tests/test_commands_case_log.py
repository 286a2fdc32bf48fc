"""The data protection log, and what people note: commands, report, CSV; nothing from evidence."""

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cli_runner import here
from scans import DEMO, NOTABLE

from heroes_forensics.pipelines.acts import acting
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.report import processing
from heroes_forensics.reports.csv import PROCESSING_COLUMNS
from heroes_forensics.reports.processing import ACTIONS

AUTHORITY = {
    "kind": "warrant", "reference": "Gs 221/24", "issued_by": "Court X",
    "valid_from": "2024-01-01", "scope_text": "all media",
}  # fmt: skip
DIGEST = "ab" * 32
ACTS: dict[str, dict[str, Any]] = {
    "sealed.opened": {
        "run": "00000000-0000-4000-8000-000000000001", "findings": ["F-000001"], "what": "paths",
        "justification": "review", "legal_basis": "G-1",
    },
    "data.consulted": {"what": "F-000001", "justification": "training"},
    "disclosure.made": {
        "recipient": "A. Example", "organisation": "=Court", "findings": ["F-000001"],
        "fields": ["hash"], "disclosure_sha256": DIGEST, "legal_basis": "G-2",
        "justification": "trial",
    },
    "export.made": {"format": "vics", "recipient": "B", "file_sha256": DIGEST},
    "data.combined": {"sources": ["case 2"], "purpose": "same device"},
    "data.erased": {
        "what": "sealed data", "method": "keys destroyed", "retention_rule": "10 years",
        "remaining_commitments": True,
    },
    "record.corrected": {"seq": 1, "reason": "wrong"},
}  # fmt: skip


@pytest.fixture
def case(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "case"
    given = [f"--authority={name}={value}" for name, value in AUTHORITY.items()]
    ran = here(capsys, "scan", str(DEMO), "--case", str(folder), "--set", str(NOTABLE), "-q",
               "--no-perceptual", "--examiner", "ex-031", *given)  # fmt: skip
    assert ran.code == 0
    return folder


def test_every_act_is_told_with_who_why_and_on_which_basis(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for kind, body in ACTS.items():
        acting.act(case, kind, body, person="ex-044")
    rows: list[Any] = here(capsys, "case", "log", str(case), "--json").rows()
    assert {row["action"] for row in rows} == set(ACTIONS)
    assert {row["type"] for row in rows} == {"processing"}
    by_type = {(row["event_type"], row["action"]): row for row in rows}
    scan = by_type["run.started", "collection"]
    assert (scan["who"], scan["who_is"], scan["of"]) == ("ex-031", "person", ["EX-1/1"])
    assert (scan["legal_basis"], scan["legal_basis_from"]) == ("Gs 221/24", "act")
    assert by_type["run.started", "combination"]["of"]
    assert by_type["case.unlocked", "consultation"]["who_is"] == "software"
    opened = by_type["sealed.opened", "consultation"]
    assert (opened["who"], opened["reason"], opened["legal_basis"]) == ("ex-044", "review", "G-1")
    made = by_type["disclosure.made", "disclosure"]
    assert (made["recipient"], made["legal_basis_from"]) == ("A. Example, =Court", "act")
    combined = by_type["data.combined", "combination"]
    assert (combined["legal_basis"], combined["legal_basis_from"]) == ("Gs 221/24", "authority")
    text = here(capsys, "case", "log", str(case), "--action", "disclosure").out
    assert "2 acts on record" in text
    assert "A. Example, =Court" in text


def test_the_table_is_inert_and_the_report_has_the_same_rows(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    acting.act(case, "data.consulted", {"what": "=1+1", "justification": "a,b"}, person="ex-044")
    out = here(capsys, "case", "log", str(case), "--csv").out
    header, *rows = list(csv.reader(io.StringIO(out)))
    assert tuple(header) == PROCESSING_COLUMNS
    assert rows[-1][6] == "'=1+1"
    assert rows[-1][8] == "a,b"
    assert here(capsys, "report", str(case)).code == 0
    report = json.loads((case / "custody/report/report.json").read_text())
    assert [str(row["seq"]) for row in report["processing"]] == [row[0] for row in rows]
    page = (case / "custody/report/report.html").read_text()
    assert "Data protection log" in page
    assert "NO LEGAL BASIS" not in page


def test_a_case_without_a_legal_basis_says_so(tmp_path: Path) -> None:
    cases.create(tmp_path / "case")
    acting.act(tmp_path / "case", "data.consulted", {"what": "x", "justification": "y"})
    (row,) = processing.of_case(tmp_path / "case")
    assert (row.legal_basis, row.legal_basis_from) == ("", "none")


SAID = {
    "note": (["--quality", "deviation", "--text", "verified afterwards"], "quality.noted"),
    "clock": (
        ["--source", "radio clock", "--offset-ms", "-350", "--uncertainty-ms", "500"],
        "clock.checked",
    ),
    "consulted": (["--what", "F-12", "--justification", "review"], "data.consulted"),
    "combined": (["--source", "case 2", "--purpose", "same device"], "data.combined"),
}


@pytest.mark.parametrize("verb", SAID)
def test_what_a_person_says_is_recorded_and_in_the_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    folder = tmp_path / "case"
    cases.create(folder, examiner="ex-031")
    options, kind = SAID[verb]
    ran = here(capsys, "case", verb, str(folder), *options, "--json")
    (row,) = ran.rows()
    assert (ran.code, row["kind"]) in {(0, kind), (0, "deviation")}
    line = (folder / "custody/ledger.jsonl").read_text().splitlines()[-2]
    event = json.loads(line)
    assert (event["type"], event["actor"]) == (kind, {"id": "ex-031", "kind": "person"})
    assert here(capsys, "report", str(folder)).code == 0
    report = json.loads((folder / "custody/report/report.json").read_text())
    assert kind in {act["type"] for act in report["acts"]}
    assert "no names of victims" in here(capsys, "case", verb, "--help").out.replace(
        "\n  ", " "
    ) or (verb == "clock")


@pytest.mark.parametrize("verb", ["note", "consulted"])
def test_an_entry_that_says_nothing_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    cases.create(tmp_path / "case")
    options = [" " if each in {"verified afterwards", "F-12"} else each for each in SAID[verb][0]]
    assert here(capsys, "case", verb, str(tmp_path / "case"), *options).code == 2


def test_the_log_is_one_form_at_a_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert here(capsys, "case", "log", str(tmp_path), "--csv", "--json").code == 2
    assert here(capsys, "case", "log", str(tmp_path)).code == 2


def test_many_findings_of_one_act_are_named_by_first_last_and_number() -> None:
    """None is left out, and no field is pushed out by them."""
    many = [f"F-{number:06d}" for number in (*range(1, 121), 200, 201, *range(300, 304))]
    rule = processing.RULES["disclosure.made"]
    assert processing._texts({"findings": many, "fields": ["size"]}, rule.of) == [  # noqa: SLF001
        "size", "F-000001\u2013F-000120 (120)", "F-000200", "F-000201",
        "F-000300\u2013F-000303 (4)",
    ]  # fmt: skip
