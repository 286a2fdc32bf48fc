"""Rows of items and contents: stored as they came, many at a time, and digested as they stand."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from heroes_forensics.frames import CONTENT, Status, entry_batches
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Moment, Place
from heroes_forensics.store import integrity
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import ITEM, Records, RowsDigest

COUNT = 75
"""Not a multiple of the rows that go in at once."""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A case of one empty volume and one unit."""
    made = Database.create(tmp_path / "case.db", {})
    records = Records(made)
    with made.transaction():
        run = records.run("u", "2024-01-01T00:00:00Z", {}, {})
        source = records.source(records.exhibit("EX-1", {}), "EX-1/1", "p", "i", {})
        volume = records.volume(source, {"key": "p", "kind": "volume"}, "listing")
        records.unit(1, run, "inventory", volume)
    yield made
    made.close()


def _entries() -> list[Entry]:
    return [
        Entry(
            locator=f"i{number}",
            kind=EntryKind.FILE if number % 3 else EntryKind.DIRECTORY,
            flags=EntryFlag.ALLOCATED,
            path=b"x" * (number % 5) + bytes([number, 0xFF]),
            size=number - 1,
            handle=bytes(number % 64),
            times=(Moment(number, 5), None, Moment(-number, 0), None),
            owner=-1 if number % 2 else 1 << 40,
            first_offset=number * 512,
            place=Place.USER_FOLDER,
        )
        for number in range(COUNT)
    ]


def _contents() -> np.ndarray[tuple[int], np.dtype[np.void]]:
    """Contents out of order; some ended without digests."""
    rows = np.zeros(COUNT, dtype=CONTENT)
    rows["id"] = np.arange(COUNT, 0, -1)
    rows["status"], rows["digested"] = Status.DONE, 1
    rows["sha256"] = np.arange(COUNT, dtype="<u4").astype("V32")
    rows["status"][::7], rows["digested"][::7], rows["gap"][::7] = Status.GAP, 0, 3
    return rows


def test_rows_are_stored_as_they_came(database: Database) -> None:
    records = Records(database)
    entries = _entries()
    with database.transaction():
        (batch,) = entry_batches(entries)
        stored = records.items(1, 1, 1, batch, lambda rows: [name for _, name in rows])
        contents = records.contents(1, _contents())
    assert list(database.rows("SELECT * FROM item ORDER BY id")) == [
        (row[0], 1, 1, *row[3:]) for row in stored
    ]
    assert [row[0] for row in stored] == list(range(1, COUNT + 1))
    assert [row[10:13] for row in stored] == [
        (each.locator, each.handle, each.path) for each in entries
    ]
    assert [row[7] for row in stored] == [each.size for each in entries]
    assert list(database.rows("SELECT * FROM content ORDER BY item_id")) == contents
    without = [row for row in contents if row[2] == Status.GAP]
    assert len(without) == len(range(0, COUNT, 7))
    assert {row[-3:] for row in without} == {(None, None, None)}


def test_the_digest_of_rows_is_that_of_each_as_it_stands(database: Database) -> None:
    records, digest = Records(database), RowsDigest()
    with database.transaction():
        (batch,) = entry_batches(_entries())
        digest.table(records.items(1, 1, 1, batch, lambda rows: [name for _, name in rows]))
        digest.table(records.contents(1, _contents()))
    assert integrity.unit_digests(database) == {1: digest.value()}


def test_a_row_of_a_unit_that_is_not_on_record_is_refused(database: Database) -> None:
    rows = [(n, 1, 1, 1, 0, 0, -1, 0, -1, b"", "", b"", b"", None) for n in range(1, COUNT)]
    rows[20] = (*rows[20][:2], 2, *rows[20][3:])
    with pytest.raises(sqlite3.IntegrityError), database.transaction():
        database.append(ITEM, rows)
    assert database.value("SELECT count(*) FROM item") == 0
