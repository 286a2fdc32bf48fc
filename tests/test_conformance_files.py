"""The table of every file of the corpus is what the committed results say, and can say less."""

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conformance import answers, kept, table, verdicts
from conformance.images import Corpus, Row
from conformance.results import HERE, Record, keep, load
from corpus import EVIDENCE, needs_evidence

RESULTS = load()


def test_the_page_is_made_of_the_results() -> None:
    assert table.PAGE.read_text("utf-8") == table.page(RESULTS)


def test_each_file_has_one_row_and_none_differs() -> None:
    rows = {name: verdicts.row(name, RESULTS) for name in RESULTS["files"]}
    page = table.PAGE.read_text("utf-8")
    for name in rows:
        assert page.count(f"| `{name}` |") == 1
    counts = Counter(row.verdict for row in rows.values())
    assert counts.total() >= 368
    assert not counts[verdicts.DIFFERENT]
    assert all(row.why for row in rows.values() if row.verdict in {verdicts.GAP, verdicts.SHORT})


@needs_evidence
def test_the_rows_are_those_of_the_corpus() -> None:
    assert EVIDENCE is not None
    assert RESULTS["files"] == Corpus(EVIDENCE).listed()


def test_results_are_those_of_what_is_expected_now() -> None:
    for row in json.loads((HERE / "kept.json").read_text("utf-8")):
        if "file" in row:
            known = [
                len(each["digests"])
                for each in json.loads((HERE / "kept.json").read_text("utf-8"))
                if each.get("file") == row["file"]
            ]
            compared = RESULTS["kept"][row["file"]]["compared"]
            assert [each["expected"] for each in compared] == known
    for row in json.loads((HERE / "answers.json").read_text("utf-8")):
        record = RESULTS["answers"][row["image"]]
        if "answers" in row:
            assert record["answers"] == len(row["answers"])
        else:
            assert record[f"nothing: {row['nothing']}"] == record["differences"] == 0
    for table_row in json.loads((HERE / "deleted.json").read_text("utf-8")):
        counts = RESULTS["comparison"][table_row["image"]]["counts"]
        assert counts.get("deleted files", 0) >= table_row["at_least"]


def test_families_have_a_negative_file() -> None:
    page = table.PAGE.read_text("utf-8")
    without = [
        part.partition("\n")[0]
        for part in page.split("\n## ")[1:]
        if not any(mark in part for mark in ("*negative*", "Negative images", "**refused**"))
    ]
    assert without == []


@pytest.mark.parametrize(
    ("name", "changes", "verdict"),
    [
        ("images/dftt/8-jpeg-search.zip", {"differences": 1}, verdicts.DIFFERENT),
        ("images/dftt/8-jpeg-search.zip", {}, verdicts.EQUAL),
        ("images/dftt/6-undel-fat.zip", {}, verdicts.EXCEPTIONS),
    ],
)
def test_a_difference_is_one_in_the_table(name: str, changes: dict[str, int], verdict: str) -> None:
    results: dict[str, Record] = deepcopy(RESULTS)
    for label in results["answers"]:
        if label.startswith(name):
            results["answers"][label] |= changes
    assert verdicts.row(name, results).verdict == verdict


FILE: Row = {"what": "members", "tools": ["a", "b"], "digests": ["1", "2"]}


def inside(*digests: str, findings: int = 2, **gaps: int) -> kept.Inside:
    return kept.Inside({}, set(digests), len(digests), 0, Counter(gaps), findings, len(digests))


@pytest.mark.parametrize(
    ("changes", "here", "fits"),
    [
        ({}, inside("1", "2", "3"), True),
        ({}, inside("1", findings=1), False),
        ({"missing": 1, "short": "why"}, inside("1", findings=1), True),
        ({"missing": 1, "short": "why"}, inside("1", "2"), False),
        ({}, inside("1", "2", findings=1), False),
        ({}, inside("1", "2", gap=1), False),
        ({"gap": {"gap": 1}}, inside("1", "2", gap=1), True),
        ({"digests": []}, inside(findings=0), True),
        ({"digests": []}, inside(findings=1), False),
    ],
)
def test_a_file_is_compared_on_digests_gaps_and_findings(
    changes: dict[str, Any], here: kept.Inside, *, fits: bool
) -> None:
    assert (kept.judge([FILE | changes], here)[1] == []) == fits


ITEM: Row = {"locator": "x", "md5": "1", "content_type": "jpeg", "allocated": False, "kind": "file"}
ANSWER: Row = {"answers": [{"what": "a", "md5": "1"}]}


@pytest.mark.parametrize(
    ("rows", "items", "findings", "fits"),
    [
        ([ANSWER], [ITEM], [ITEM], True),
        ([ANSWER], [ITEM], [], False),
        ([], [ITEM], [ITEM], False),
        ([{"nothing": "pictures"}], [ITEM], [], False),
        ([{"nothing": "pictures"}], [ITEM | {"content_type": "text"}], [], True),
        ([{"nothing": "deleted"}], [ITEM], [], False),
        ([{"nothing": "items"}], [], [], True),
    ],
)
def test_an_answer_is_a_finding_and_nothing_else_is(
    rows: list[Row], items: list[Row], findings: list[Row], *, fits: bool
) -> None:
    assert (answers.compare(rows, items, findings)[1] == []) == fits


def test_a_run_replaces_its_own_records_alone(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    keep("answers", {"a": {"found": 1}, "b": {"found": 2}}, path)
    keep("answers", {"b": {"found": 3}}, path)
    keep("kept", {"c": {}}, path)
    results = load(path)
    assert results["answers"] == {"a": {"found": 1}, "b": {"found": 3}}
    assert set(results["made"]) == {"answers", "kept"}
    assert all(
        set(each) == {"day", "revision", "python", "versions"} for each in results["made"].values()
    )
