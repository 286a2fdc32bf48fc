"""docs/faults.md is true: each row names tests that are there, and where they run."""

import ast
import re
from typing import NamedTuple

import pytest
from corpus import ROOT

PAGE = (ROOT / "docs" / "faults.md").read_text(encoding="utf-8")
ROWS = range(1, 61)
OPEN = {51, 52, 53, 54, 55}  # several machines: later
"""Rows that nothing tests yet. A number may only be taken out."""


class Row(NamedTuple):
    number: int
    tests: list[str]
    where: set[str]
    open: bool


def rows() -> list[Row]:
    found = []
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[0].isdecimal():
            number, _, _, tests, where = cells
            named = re.findall(r"`([\w/]+\.py::\w+)`", tests)
            places = set(re.findall(r"\w+", where))
            found.append(Row(int(number), named, places, tests.startswith("open")))
    return found


def functions(name: str) -> dict[str, bool]:
    """Return the tests of a file, and of each whether only the long suite runs it."""
    tree = ast.parse((ROOT / "tests" / name).read_text(encoding="utf-8"))
    whole = any(
        isinstance(node, ast.Assign)
        and ast.unparse(node.targets[0]) == "pytestmark"
        and "slow" in ast.unparse(node.value)
        for node in tree.body
    )
    return {
        node.name: whole or any("mark.slow" in ast.unparse(each) for each in node.decorator_list)
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_every_row_is_there_once() -> None:
    assert sorted(row.number for row in rows()) == list(ROWS)


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row.number))
def test_a_row_names_tests_that_exist_and_where_they_run(row: Row) -> None:
    assert row.open == (not row.tests)
    places = set()
    for test in row.tests:
        file, _, name = test.partition("::")
        there = functions(file)
        assert name in there, test
        places.add("faults" if there[name] else "test")
    assert row.where == places


def test_open_rows_are_those_that_are_known() -> None:
    assert {row.number for row in rows() if row.open} == OPEN
