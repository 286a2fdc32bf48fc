"""Comparing the rows of a case with the digests its ledger holds of them."""

import json
from collections.abc import Iterator
from typing import Any

from heroes_forensics.store.database import Database
from heroes_forensics.store.records import rows_digest


def problems(database: Database, ledger: bytes) -> Iterator[str]:
    """Yield what does not fit: ledger lines of table and file, rows of each unit.

    Args:
        database: the case database, opened read-only.
        ledger: the bytes of ``ledger.jsonl``.
    """
    stored = b"".join(line for (line,) in database.rows("SELECT line FROM ledger ORDER BY seq"))
    if stored != ledger:
        yield "the ledger in the case database differs from ledger.jsonl"
    signed: dict[int, str] = {}
    for line in ledger.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        if isinstance(event, dict) and event.get("type") == "unit.completed":
            body: Any = event.get("body")
            signed[body["unit"]] = body["rows_sha256"]
    for number, digest in database.rows("SELECT id, rows_sha256 FROM unit ORDER BY id"):
        if signed.pop(number, None) != digest.hex():
            yield f"unit {number} is not the one its ledger event states"
        elif unit_digest(database, number) != digest:
            yield f"rows of unit {number} were changed after it was closed"
    if signed:
        yield f"{len(signed)} units of the ledger are missing"


def unit_digest(database: Database, unit: int) -> bytes:
    """Digest the rows of one unit as `records` did when it was closed."""

    def rows() -> Iterator[tuple[Any, ...]]:
        yield from database.rows(
            "SELECT id, volume_id, unit_id, kind, flags, place, owner, size, first_offset, times,"
            " locator, handle, path FROM item WHERE unit_id=? ORDER BY id",
            (unit,),
        )
        yield from database.rows(
            "SELECT c.item_id, c.unit_id, c.status, c.gap, c.type, c.bytes_read, c.md5, c.sha1,"
            " c.sha256 FROM content c WHERE c.unit_id=? ORDER BY c.item_id",
            (unit,),
        )

    return rows_digest(rows())
