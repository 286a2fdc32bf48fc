"""The table of formats in the documentation has the rows that the program has."""

import re

from corpus import ROOT

from heroes_forensics.hashsets.formats import IMPORTERS

PAGE = (ROOT / "docs" / "hashsets.md").read_text(encoding="utf-8")
COLUMNS = ["format", "versions", "recognised by", "sample", "independent check", "confidence"]


def table() -> list[list[str]]:
    lines = PAGE.partition("## Formats")[2].partition("\n## ")[0].splitlines()
    rows = [line.strip("|").split(" | ") for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows]


def test_the_table_of_formats_is_that_of_the_program() -> None:
    head, _, *rows = table()
    assert head == COLUMNS
    assert [row[0] for row in rows] == [f"`{row.name}`" for row in IMPORTERS]


def test_every_row_says_something_in_every_column() -> None:
    for row in table()[2:]:
        assert len(row) == len(COLUMNS), row[0]
        assert all(row), row[0]


def test_vics_is_not_called_certified() -> None:
    words = re.sub(r"\s+", " ", PAGE)
    assert "compatible with VICS files as observed in public implementations" in words
    assert "not certified by Project VIC" in words
