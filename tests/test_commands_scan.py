import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runner import here
from report_example import RICH

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.watch import Progress, Watch
from heroes_forensics.pipelines.runs import scan as pipeline
from heroes_forensics.pipelines.runs.request import ScanRequest, ScanResult

FINDING: JSON = {
    "type": "finding",
    "state": "provisional",
    "finding": None,
    "locator": "EX-1/1/p2048/64-128-1",
    "grade": "same-md5",
    "set": "Example set",
    "category": "1",
}


def result(tmp_path: Path, **changes: Any) -> ScanResult:  # noqa: ANN401 # fields of the result
    facts: dict[str, Any] = {
        "case_dir": tmp_path / "case",
        "case": "c",
        "run": "r",
        "outcome": "complete",
        "counts": {"listed": 3},
        "findings": 0,
        "unexpected_gaps": 0,
        "integrity": {"EX-1/1": "match"},
        "report": None,
        "content_sha256": "00",
        "isolation": "A4",
        "exit_code": 0,
    }
    return ScanResult(**{**facts, **changes})


Ask = Callable[[ScanResult], list[ScanRequest]]


@pytest.fixture
def scanning(monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Stand in for the pipeline: take requests, show a little, give ``result``."""

    def prepare(given: ScanResult) -> list[ScanRequest]:
        asked: list[ScanRequest] = []

        def scan(request: ScanRequest, watch: Watch) -> ScanResult:
            asked.append(request)
            watch.progress(Progress("reading", 1, 3, 10, 30))
            watch.finding(FINDING)
            watch.note("a sentence")
            return given

        monkeypatch.setattr(pipeline, "scan", scan)
        return asked

    return prepare


def test_options_become_one_request(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scanning(result(tmp_path))
    ran = here(
        capsys,
        *(
            "scan",
            "a.E01",
            "b.raw",
            "--case",
            "C",
            "--exhibit",
            "E-2",
            "--exhibit-field",
            "make=A=B",
        ),
        *("--set", "national", "--set", "list.csv", "--set-kind", "watch", "--map", "Sum=md5"),
        *("--profile", "triage", "--verify", "before", "--expect", f"MD5:{'0A' * 16}"),
        *("--names", "clear", "--as", "image", "--accept-damaged", "--workers", "3"),
        *("--reference", "R", "--examiner", "X", "--no-perceptual", "--quiet"),
        *("--expand-limit", "ratio=500", "--expand-limit", "bytes=8G"),
    )
    assert ran.code == 0
    assert asked == [
        ScanRequest(
            case_dir=Path("C"),
            sources=(Path("a.E01"), Path("b.raw")),
            exhibit="E-2",
            exhibit_fields={"make": "A=B"},
            sets=("national", "list.csv"),
            set_options={"kind": "watch", "map": ["Sum=md5"]},
            profile="triage",
            verify="before",
            names="clear",
            expect=(f"md5:{'0a' * 16}",),
            workers=3,
            treat_as="image",
            accept_damaged=True,
            perceptual=False,
            expand_limits={"ratio": 500, "bytes": 8 << 30},
            reference="R",
            examiner="X",
        )
    ]


@pytest.mark.parametrize(
    "limit", ["ratio", "depth=3", "ratio=0", "ratio=-1", "bytes=8Q", "members=many", "ratio=1.5"]
)
def test_what_is_no_limit_is_a_mistake(
    limit: str, scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scanning(result(tmp_path))
    ran = here(capsys, "scan", "a.E01", "--case", "C", "--expand-limit", limit)
    assert (ran.code, asked) == (2, [])


def test_without_options_the_defaults_are_those_of_the_pipeline(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scanning(result(tmp_path))
    here(capsys, "scan", "a.E01", "--case", "C")
    assert asked == [ScanRequest(case_dir=Path("C"), sources=(Path("a.E01"),))]


# code of the pipeline, findings, unexpected gaps, --exit-code -> code of the program
CODES = [
    (0, 0, 0, False, 0),
    (0, 2, 0, False, 0),
    (3, 0, 1, False, 3),
    (3, 2, 1, False, 3),
    (0, 0, 0, True, 0),
    (0, 2, 0, True, 10),
    (3, 0, 1, True, 3),
    (3, 2, 1, True, 11),
    (6, 2, 1, True, 6),
    (130, 2, 1, True, 130),
    (130, 2, 1, False, 130),
]


@pytest.mark.parametrize("row", CODES, ids=str)
def test_exit_codes(
    row: tuple[int, int, int, bool, int],
    scanning: Ask,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, findings, gaps, asked_for, expected = row
    scanning(result(tmp_path, exit_code=code, findings=findings, unexpected_gaps=gaps))
    extra = ["--exit-code"] if asked_for else []
    ran = here(capsys, "scan", "a", "--case", "C", "--json", *extra)
    assert ran.code == expected
    assert ran.rows()[-1]["exit_code"] == expected


def test_stdout_is_the_result_and_stderr_the_progress(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanning(result(tmp_path))
    ran = here(capsys, "scan", "a", "--case", "C")
    assert "reading: 10 of 30 bytes, 1 of 3 items" in ran.err
    assert "provisional finding" in ran.err
    assert "a sentence" in ran.err
    assert "provisional" not in ran.out
    assert ran.out.endswith(f"Check:   heroes verify {tmp_path}/case\n")
    quiet = here(capsys, "scan", "a", "--case", "C", "--quiet")
    assert quiet == (0, ran.out, "")


def test_json_lines_come_as_things_happen(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanning(result(tmp_path, report=tmp_path / "report.html", notes=("n",)))
    rows = here(capsys, "scan", "a", "--case", "C", "--json").rows()
    assert [row["type"] for row in rows] == ["finding", "note", "scan"]
    assert rows[0] == FINDING
    assert rows[2] == {
        "type": "scan",
        "case": "c",
        "case_dir": f"{tmp_path}/case",
        "run": "r",
        "outcome": "complete",
        "cause": "",
        "exit_code": 0,
        "findings": 0,
        "unexpected_gaps": 0,
        "counts": {"listed": 3},
        "integrity": {"EX-1/1": "match"},
        "content_sha256": "00",
        "isolation": "A4",
        "report": f"{tmp_path}/report.html",
        "notes": ["n"],
    }


def test_the_summary_is_that_of_the_report(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "report.json").write_text(json.dumps(RICH.to_json()))
    scanning(result(tmp_path, report=tmp_path / "report.html", findings=5, notes=("set: old",)))
    ran = here(capsys, "scan", "a", "--case", "C", "--quiet")
    assert ran.out.startswith("EXHIBIT A-1: MATCHES\n")
    assert "Note: set: old\n" in ran.out
    assert "Run:     complete; 5 findings, 0 unexpected gaps\n" in ran.out
    assert f"Report:  {tmp_path}/report.html\n" in ran.out


@pytest.mark.parametrize(
    ("code", "cause", "text"),
    [
        (130, "signal", "INTERRUPTED: "),
        (3, "budget", "THE TIME IS USED UP: "),
        (6, "", "THE EVIDENCE DOES NOT VERIFY"),
    ],
)
def test_what_must_not_be_overlooked_is_said(  # noqa: PLR0913, PLR0917 - fixtures
    code: int,
    cause: str,
    text: str,
    scanning: Ask,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    scanning(result(tmp_path, exit_code=code, cause=cause))
    ran = here(capsys, "scan", "a", "--case", "C", "--quiet")
    assert ran.code == code
    assert text in ran.out


def test_a_case_folder_cannot_act_on_the_terminal(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    scanning(result(tmp_path, case_dir=Path("a\x1b[2J\u202eb\n")))
    ran = here(capsys, "scan", "a", "--case", "C", "--quiet")
    assert ran.out.splitlines()[-1] == r"Check:   heroes verify a\x1b[2J\u202eb\x0a"


def test_going_on_keeps_what_was_stated_apart_from_what_was_not(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scanning(result(tmp_path))
    ran = here(capsys, "scan", "--case", "C", "--resume", "--budget", "1h30m", "--verify", "during")
    assert ran.code == 0
    (request,) = asked
    assert (request.resume, request.budget, request.sources) == (True, 5400, ())
    assert request.stated == {"verify"}


def test_a_digest_may_name_its_source(
    scanning: Ask, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scanning(result(tmp_path))
    here(capsys, "scan", "a", "b", "--case", "C", "--expect", f"2:MD5:{'0A' * 16}")
    assert asked[0].expect == (f"2:md5:{'0a' * 16}",)
