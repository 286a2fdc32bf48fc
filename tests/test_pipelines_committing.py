from pathlib import Path

import pytest
from scans import DEMO, scanned

from heroes_forensics.custody import chain
from heroes_forensics.frames import Status
from heroes_forensics.model import GAP_CODES
from heroes_forensics.pipelines.runs.committing import inventory_rows
from heroes_forensics.store import columns, queries
from heroes_forensics.store.database import Database

OUTCOMES = {
    "done": ("EX-1/1", "p2048", "12-1-5-128-0", 17, Status.DONE, "", bytes(32)),
    "a gap": ("EX-1/1", "p0", "m@0x1f40", -1, Status.GAP, "stream.short", None),
    "never read": ("EX-1/1", "root", "d:3/17/2", 0, 0, "", None),
    "a key no reader of ours gives": ("EX-1/1", 'p"\\\n\x7f\u2028', "1", 0, 1, "", None),
}


@pytest.mark.parametrize("outcome", OUTCOMES.values(), ids=OUTCOMES)
def test_a_row_of_the_inventory_is_canonical(
    outcome: tuple[str, str, str, int, int, str, bytes | None],
) -> None:
    source, volume, locator, size, status, gap, sha256 = outcome
    wanted = {
        "locator": f"{source}/{volume}/{locator}",
        "size": size,
        "status": Status(status).name.lower() if status else "not-reached",
        "gap": gap,
        "sha256": sha256.hex() if sha256 else None,
    }
    position = GAP_CODES.index(gap)
    block = columns.Outcomes(
        source, volume, (locator,), (size,), (status or None,), (position,), (sha256,)
    )
    assert inventory_rows(block) == [chain.canonical(wanted) + b"\n"]


def test_outcomes_are_those_of_the_items(tmp_path: Path) -> None:
    scanned(tmp_path / "case", DEMO)
    database = Database.open(tmp_path / "case" / "case.db", read_only=True)
    try:
        wanted = [
            (item.full_locator, item.size, item.status, item.gap, item.sha256)
            for item in queries.items(database)
        ]
        found = [
            (f"{source}/{volume}/{locator}", size, status or 0, GAP_CODES[gap or 0], sha256)
            for source, volume, *found in columns.outcomes(database, 1)
            for locator, size, status, gap, sha256 in zip(*found, strict=True)
        ]
    finally:
        database.close()
    assert found == wanted
    assert len(found) > 10
