"""The report of a case whose metadata lies."""

import sqlite3
from pathlib import Path

from scans import demo_scan

from heroes_forensics.model import MAX_SIZE
from heroes_forensics.pipelines.report_model import Builder
from heroes_forensics.store.database import Database


def test_sizes_whose_sum_no_integer_holds_are_reported(tmp_path: Path) -> None:
    case = tmp_path / "case"
    demo_scan(case)
    with sqlite3.connect(case / "case.db") as connection:
        connection.execute("UPDATE item SET size=?", (2**63 - 1,))
    connection.close()
    database = Database.open(case / "case.db", read_only=True)
    try:
        report = Builder(database, case / "custody").report(number=2, issued="2026-01-01T00:00:00Z")
    finally:
        database.close()
    assert report.exhibits[0].coverage.item_bytes == MAX_SIZE
