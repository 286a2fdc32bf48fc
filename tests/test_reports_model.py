import json
from dataclasses import fields, replace
from typing import Any

import jsonschema
import pytest
from report_example import EXAMPLES, FINDINGS, RICH

from heroes_forensics.reports import json as report_json
from heroes_forensics.reports.findings import Finding, counted, one_in
from heroes_forensics.reports.model import Report
from heroes_forensics.reports.record import Record, percent
from heroes_forensics.reports.verdict import counts_as_match


def valid(document: object) -> None:
    jsonschema.Draft202012Validator(report_json.schema()).validate(document)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_report_fits_its_schema(name: str) -> None:
    report, _ = EXAMPLES[name]
    valid(json.loads(report_json.render(report)))


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(report_json.schema())


BROKEN = {
    "a field too many": {"surprise": 1},
    "a digest that is none": {"content_sha256": "abc"},
    "a version of nought": {"version": 0},
    "a time without a zone": {"issued": "2024-05-06T09:48:30"},
    "another policy": {"names": "loud"},
}


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_what_is_no_report_does_not_fit(change: dict[str, object]) -> None:
    document = json.loads(report_json.render(RICH)) | change
    with pytest.raises(jsonschema.ValidationError):
        valid(document)


def test_no_part_of_the_schema_is_open() -> None:
    parts: list[Any] = [report_json.schema(), *report_json.schema()["$defs"].values()]  # type: ignore[attr-defined]
    assert all(part["additionalProperties"] is False for part in parts)
    assert all(sorted(part["properties"]) == part["required"] for part in parts)


def test_a_finding_has_no_field_for_a_name_or_a_digest() -> None:
    names = {field.name for field in fields(Finding)}
    assert not {name for name in names if "path" in name or "md5" in name or "sha" in name}


def test_a_value_that_is_not_plain_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        replace(RICH, number=b"1").to_json()  # type: ignore[arg-type]


def test_text_in_a_field_for_fixed_words_is_made_inert_too() -> None:
    assert replace(FINDINGS[0], type="\x1b[2J\u202e").to_json()["type"] == r"\x1b[2J\u202e"


def test_every_record_is_frozen() -> None:
    assert issubclass(Report, Record)
    with pytest.raises(AttributeError):
        RICH.number = "2"  # type: ignore[misc]


def test_findings_are_counted_by_what_they_rest_on_and_conflicts_come_last() -> None:
    rows = counted(FINDINGS)
    assert [(row.kind, row.grade, row.count) for row in rows] == [
        ("notable", "same-sha1-and-size", 1),
        ("notable", "size-conflict", 1),
        ("notable", "same-md5", 1),
        ("notable", "candidate-a", 2),
        ("notable", "candidate-b", 1),
        ("notable", "lead", 1),
        ("watch", "same-content", 1),
        ("notable", "digest-conflict", 1),
    ]
    assert sum(row.count for row in rows if counts_as_match(row)) == 6


def test_alike_findings_are_one_row() -> None:
    first = FINDINGS[0]
    rows = counted([first, replace(first, number="F-000009"), replace(first, status="withdrawn")])
    assert [row.count for row in rows] == [2]


@pytest.mark.parametrize(
    ("part", "whole", "expected"),
    [
        (0, 0, "0.0"),
        (0, 7, "0.0"),
        (7, 7, "100.0"),
        (999_999, 1_000_000, "99.9"),
        (10**18 - 1, 10**18, "99.9"),
        (1, 3, "33.3"),
        (8, 7, "100.0"),
    ],
)
def test_a_share_is_rounded_towards_zero(part: int, whole: int, expected: str) -> None:
    assert percent(part, whole) == expected


@pytest.mark.parametrize(
    ("expected", "odds"),
    [
        ("", 0),
        ("0.1", 0),
        ("2.5", 0),
        ("0.011", 90),
        ("0.00017", 5_800),
        ("0.000000000015", 66_000_000_000),
        ("1.5e-11", 66_000_000_000),
        ("nan", 0),
        ("a word", 0),
    ],
)
def test_rare_chances_are_told_as_one_in_so_many(expected: str, odds: int) -> None:
    assert one_in(expected) == odds
