"""Comparing the rows of a case with the digests its ledger holds of them.

The rows of a unit (items, contents, matches, pictures, containers, metadata, findings looked at
again) are covered by its ``unit.completed``, or by the ``data.erased`` that emptied some of them;
what a run knows beside them (sources, volumes, gaps, verifications, sets) by its
``coverage.declared``; what the case says of itself and of its runs by the events of `stated`.
"""

import hashlib
import json
import sqlite3
import struct
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from heroes_forensics.store import stated
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import row_bytes, rows_digest

ALTERED: Final = (
    TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError,
    struct.error, sqlite3.Error,
)  # fmt: skip
"""What reading rows may raise that somebody edited: SQLite keeps any type in any column."""

FORM: Final = "its rows do not have the form in which heroes writes them"

_OF_UNITS: Final = {
    "item": "SELECT unit_id, id, volume_id, unit_id, kind, flags, place, owner, size,"
    " first_offset, times, locator, handle, path, parent FROM item ORDER BY id",
    "content": "SELECT unit_id, item_id, unit_id, status, gap, type, bytes_read, md5, sha1, sha256"
    " FROM content ORDER BY item_id",
    "match": "SELECT unit_id, item_id, hashset_id, unit_id, record, grade, verdict, facts, finding,"
    " status FROM match ORDER BY id",
    "perceptual": "SELECT unit_id, item_id, unit_id, status, gap, width, height, frames,"
    " milliseconds, hashed, algorithm, quality, value, compared FROM perceptual ORDER BY item_id",
    "container": "SELECT unit_id, item_id, unit_id, status, gap, kind, depth, listed, directories,"
    " expanded, time_basis FROM container ORDER BY item_id",
    "supplied": "SELECT unit_id, item_id, unit_id, plugin, made, too_little, failed, uncompared,"
    " value FROM supplied ORDER BY item_id",
    "media_metadata": "SELECT unit_id, item_id, unit_id, state, position, device, model, value"
    " FROM media_metadata ORDER BY item_id",
    "restated": "SELECT unit_id, unit_id, finding, hashset_id, record, grade, verdict, facts,"
    " status FROM restated ORDER BY id",
}
"""Rows as `records` digests them when it closes a unit; in front of each, the unit's number."""

_OF_RUN: Final = {
    "source": "SELECT s.* FROM source s JOIN run_source r ON r.source_id = s.id"
    " WHERE r.run_id=? ORDER BY s.id",
    "volume": "SELECT v.* FROM volume v JOIN run_source r ON r.source_id = v.source_id"
    " WHERE r.run_id=? ORDER BY v.id",
    "gap": "SELECT * FROM gap WHERE run_id=? ORDER BY id",
    "verification": "SELECT * FROM verification WHERE run_id=? ORDER BY id",
    "hashset": "SELECT h.* FROM hashset h JOIN run_hashset r ON r.hashset_id = h.id"
    " WHERE r.run_id=? ORDER BY h.id",
}


def problems(database: Database, ledger: bytes) -> Iterator[str]:
    """Yield what does not fit: ledger lines of table and file, rows of units and of runs.

    Args:
        database: the case database, opened read-only.
        ledger: the bytes of ``ledger.jsonl``; it may lack lines at its end.
    """
    stored = b"".join(line for (line,) in database.rows("SELECT line FROM ledger ORDER BY seq"))
    # A process that was killed leaves a file that is behind; the next one appends what it lacks.
    if not stored.startswith(ledger.rstrip(b"\0")):
        yield "the ledger in the case database differs from ledger.jsonl"
    strays = {row[0] for row in database.rows("PRAGMA foreign_key_check")}
    for table in sorted(strays):
        yield f"rows of the table {table} belong to nothing on record"
    units, runs = _signed(stored)
    found = unit_digests(database)
    for number, digest in database.rows("SELECT id, rows_sha256 FROM unit ORDER BY id"):
        if units.pop(number, None) != digest.hex():
            yield f"unit {number} is not the one its ledger event states"
        elif found.get(number, rows_digest([])) != digest:
            yield f"rows of unit {number} were changed after it was closed"
    if units:
        yield f"{len(units)} units of the ledger are missing"
    for number, uuid in database.rows("SELECT id, uuid FROM run ORDER BY id"):
        wanted = runs.pop(uuid, None)
        if wanted is not None and run_digest(database, number).hex() != wanted:
            yield f"sources, volumes, gaps or sets of run {number} were changed after its end"
    if runs:
        yield f"{len(runs)} runs of the ledger are missing"
    yield from stated.problems(database, stored)


def fault(database: Database, ledger: bytes) -> str:
    """Return the first thing that does not fit, in words; empty when all does."""
    try:
        return next(problems(database, ledger), "")
    except ALTERED:
        return FORM


def _signed(ledger: bytes) -> tuple[dict[int, str], dict[str, str]]:
    """Return the digests that events state: of units by number, of runs by UUID."""
    units: dict[int, str] = {}
    runs: dict[str, str] = {}
    for line in ledger.splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        body: Any = event.get("body") if isinstance(event, dict) else None
        if not isinstance(body, dict):
            continue
        if event["type"] == "run.resumed":
            runs.pop(body.get("run", ""), None)  # what it knew was not its last word
        elif event["type"] == "data.erased":
            units |= {each["unit"]: each["rows_sha256"] for each in body.get("units") or ()}
        elif not body.get("rows_sha256"):
            continue
        elif event["type"] == "unit.completed":
            units[body["unit"]] = body["rows_sha256"]
        elif event["type"] == "coverage.declared":
            runs[body["run"]] = body["rows_sha256"]
    return units, runs


def unit_digests(database: Database) -> dict[int, bytes]:
    """Digest the rows of every unit, in one pass over each table."""
    digests: dict[int, Any] = defaultdict(hashlib.sha256)
    for statement in _OF_UNITS.values():
        for unit, *row in database.rows(statement):
            digests[unit].update(row_bytes(row))
    return {unit: digest.digest() for unit, digest in digests.items()}


def run_digest(database: Database, run: int) -> bytes:
    """Digest what a run knows beside the rows of its units; final once the run is closed."""

    def rows() -> Iterator[tuple[Any, ...]]:
        for table, statement in _OF_RUN.items():
            yield (table,)
            yield from database.rows(statement, (run,))

    return rows_digest(rows())
