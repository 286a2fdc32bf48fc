import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from report_example import POOR, RICH

from heroes_forensics.commands.summary import algorithm, gap_text, headline, report_of, summary
from heroes_forensics.commands.words import finding
from heroes_forensics.errors import CustodyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from heroes_forensics.model import JSON


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


FORBIDDEN = ("clean", "negative", "tamper", "guilty", "court-proof", "green")


def exhibit_lines(label: str) -> list[str]:
    blocks = "\n".join(summary(RICH.to_json())).split("\n\n")
    return next(each for each in blocks if each.startswith(f"EXHIBIT {label}:")).splitlines()


def test_each_exhibit_begins_with_its_word() -> None:
    heads = [line for line in summary(RICH.to_json()) if line.startswith("EXHIBIT")]
    assert heads == [
        "EXHIBIT A-1: MATCHES",
        "EXHIBIT A-2: NO MATCH IN THE EXAMINED PART (100.0 % of bytes examined, 662 of",
        "EXHIBIT A-3: NOT EXAMINABLE (the volume is encrypted)",
        "EXHIBIT A-4: UNFINISHED (a run has not come to its end)",
    ]


@pytest.mark.parametrize("report", [RICH, POOR], ids=["rich", "poor"])
def test_the_wording_is_that_of_the_house(report: object) -> None:
    assert report in (RICH, POOR)
    text = "\n".join(summary((RICH if report is RICH else POOR).to_json()))
    assert "Material no body has listed yet cannot be found by this method" in text
    assert f"Perceptual comparison: {'not performed' if report is POOR else 'pictures'}" in text
    assert not [word for word in FORBIDDEN if word in text.lower()]
    assert max(map(len, text.splitlines())) <= 80


def test_no_digest_of_an_item_and_no_name_is_shown() -> None:
    text = "\n".join(summary(RICH.to_json()))
    assert not [word for word in text.split() if len(word) in (32, 40, 64) and word.isalnum()]


@pytest.mark.parametrize("label", ["A-3", "A-4"])
def test_nothing_found_is_not_said_of_what_was_not_examined(label: str) -> None:
    assert "No item with digests that agree" in "\n".join(exhibit_lines("A-2"))
    assert "No item with digests that agree" not in "\n".join(exhibit_lines(label))


def test_gaps_stand_beside_the_findings() -> None:
    lines = exhibit_lines("A-1")
    assert lines.index("  Not examined") - lines.index("  Found") < 15
    assert "       14  the content could not be read" in lines
    assert "             and 12 more: heroes inventory CASE --gaps" in lines
    assert lines.index("       14  the content could not be read") < next(
        number for number, line in enumerate(lines) if "left out by the profile" in line
    )


def test_each_exhibit_names_the_sets_it_was_compared_with() -> None:
    lines = " ".join(" ".join(exhibit_lines("A-1")).split())
    assert "Compared with National reference set, Example Central Office, edition 2024-04:" in lines
    assert "Case list 7" not in lines
    other = " ".join(" ".join(exhibit_lines("A-2")).split())
    assert "Case list 7, issuer not stated, edition not stated: watch list of the case" in other
    assert "only stick.raw" in other
    assert "  Compared with no hash set: nothing of it could be compared." in exhibit_lines("A-3")
    assert "COMPARED WITH" not in "\n".join(summary(RICH.to_json()))


@pytest.mark.parametrize(
    ("code", "by_profile"),
    [
        *(("picture.partial", False), ("film.partial", False), ("stream.reallocated", False)),
        ("policy.picture-type", True),
    ],
)
def test_no_profile_is_blamed_for_what_lacks_in_the_evidence(code: str, by_profile: bool) -> None:  # noqa: FBT001 # a parameter
    assert ("(by the profile)" in gap_text(code, policy=True)) is by_profile


def test_an_area_is_shown_once() -> None:
    lines = exhibit_lines("A-1")
    assert sum("encrypted" in line for line in lines) == 1
    assert [line for line in lines if "shadow copies" in line] == [
        "        2  shadow copies and snapshots, left out by the profile: whole areas"
    ]


def test_a_source_that_changed_is_said_before_what_was_found() -> None:
    lines = exhibit_lines("A-3")
    alarms = [number for number, line in enumerate(lines) if line.startswith("  ! ")]
    assert "DIFFER" in lines[alarms[0]]
    assert "CHANGED" in lines[alarms[1]]
    assert alarms[1] < lines.index("  Found")


def test_a_digest_that_differs_stands_out() -> None:
    assert "  Source backup.vhdx: SHA-256 MISMATCH (given by the operator)" in exhibit_lines("A-3")


def test_an_equation_that_does_not_close_is_said() -> None:
    report = RICH.to_json()
    assert "DOES NOT CLOSE" not in "\n".join(summary(report))
    exhibits = report["exhibits"]
    assert isinstance(exhibits, list)
    exhibits[1]["coverage"]["closes"] = False
    assert "THE EQUATION DOES NOT CLOSE" in "\n".join(summary(report))


def test_a_case_local_key_is_said() -> None:
    report = RICH.to_json()
    report["case"] = {"signer": {"kind": "case-local"}}
    assert "unsigned for outside purposes" in " ".join(summary(report))


def test_an_unknown_verdict_is_shown_as_it_is() -> None:
    verdict: Mapping[str, object] = {"word": "suspended", "reasons": ["because"]}
    assert headline(verdict) == "suspended (because)"


def test_an_empty_report_is_no_crash() -> None:
    assert list(summary({}))
    assert list(summary({"exhibits": [{}], "hash_sets": [{}]}))
    assert list(finding({}))


@pytest.mark.parametrize("number", range(6))
def test_findings_fit_the_screen(number: int) -> None:
    findings = RICH.to_json()["findings"]
    assert isinstance(findings, list)
    lines = list(finding(findings[number]))
    assert lines[0].startswith(f"F-00000{number + 1}  ")
    assert max(map(len, lines)) <= 80


def test_a_withdrawn_finding_says_so() -> None:
    findings = RICH.to_json()["findings"]
    assert isinstance(findings, list)
    assert "WITHDRAWN" in next(finding(findings[5]))


def test_the_report_is_found_beside_its_page(tmp_path: Path) -> None:
    assert report_of(tmp_path / "report.html") is None
    (tmp_path / "report.json").write_text(json.dumps({"format": "x"}))
    expected: JSON = {"format": "x"}
    assert report_of(tmp_path) == report_of(tmp_path / "report.html") == expected


def test_a_damaged_report_is_an_alarm(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text("{")
    with pytest.raises(CustodyError, match="damaged"):
        report_of(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"), [("md5", "MD5"), ("sha1", "SHA-1"), ("sha256", "SHA-256")]
)
def test_algorithms_by_their_names(name: str, text: str) -> None:
    assert algorithm(name) == text


def test_a_candidate_says_how_close_it_is() -> None:
    """A picture and a film, as the list of findings shows them."""
    rows = [row.to_json() for row in RICH.findings if row.near]
    picture, film, drawn, other = (" ".join(" ".join(finding(row)).split()) for row in rows)
    assert "PDQ, without its border: 14 bits differ, 31 are allowed" in picture
    assert "listed not stated; 11,274,880 comparisons" in picture
    assert "by chance, at most 1 in 5,800 such items has a false candidate" in picture
    assert "21 of 30 listed ones, at 0:01:01-0:01:12, 1:00:00-1:00:01" in film
    assert "drawn picture: forms, screens and icons of one kind look alike to this hash" in drawn
    assert "of photographs" not in drawn
    assert "how many false candidates to expect was not measured" in other
