"""NIST NSRL RDS version 3: an SQLite database, in its minimal and its full layout.

In the minimal layout ``FILE`` is a table; in the full one it is a view over ``METADATA``, which is
read instead because the view is much slower. No column is assumed: they are looked up. Rows of one
file in several packages follow one another, and are compared before they are read.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import sqlite_file
from heroes_forensics.hashsets.formats.base import (
    MAX_SIZE,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_hex,
)

_SIZE_COLUMNS: Final = ("file_size", "bytes", "size")


class NsrlSqlite:
    """Reads an RDS version 3 database."""

    nature = "known-good"

    def recognises(self, head: bytes) -> bool:
        """Say yes to an SQLite file; which tables it has shows when it is opened."""
        return head.startswith(sqlite_file.MAGIC)

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each row of the table of files."""
        del options
        tally.numbering = "record"
        yield from sqlite_file.rows(supplied, lambda base, work: _rows(base, work, tally))


class _Layout(NamedTuple):
    table: str
    columns: tuple[str, ...]
    """Of `WIDTHS`, in its order, as far as present."""
    size: str


def _rows(
    database: sqlite3.Connection, work: sqlite_file.Work, tally: Tally
) -> Iterator[Record | Rejected]:
    layout = _layout(database)
    tally.version = "3"
    tally.facts["table"] = layout.table
    names = [f'"{name}"' if name else "NULL" for name in (*layout.columns, layout.size)]
    # The names are columns that the database itself lists, compared with fixed words.
    query = f'SELECT {", ".join(names)} FROM "{layout.table}"'  # noqa: S608
    number = 0
    for batch in sqlite_file.batches(database, work, query):
        for row in batch:
            number += 1
            yield _record(number, row, layout, tally)


def _layout(database: sqlite3.Connection) -> _Layout:
    for table in ("METADATA", "FILE"):
        names = sqlite_file.columns_of(database, table)
        columns = tuple(name if name in names else "" for name in WIDTHS)
        if any(columns):
            size = next((name for name in _SIZE_COLUMNS if name in names), "")
            return _Layout(table, columns, size)
    hint = ""
    if sqlite_file.columns_of(database, "HASHES"):
        hint = "if it is of Autopsy or IPED, write it anew first: sqlite3 FILE VACUUM"
    raise HashSetError(
        "the SQLite database is no NSRL RDS version 3: neither METADATA nor FILE holds digests",
        hint=hint,
    )


def _record(
    number: int, row: tuple[object, ...], layout: _Layout, tally: Tally
) -> Record | Rejected:
    *texts, size = row
    values: dict[str, bytes] = {}
    for name, text in zip(layout.columns, texts, strict=True):
        if text is None or text == b"":
            continue
        value = from_hex(text.strip(), WIDTHS[name]) if isinstance(text, bytes) else None
        if value is None:
            return Rejected(number, "not-a-digest")
        values[name] = value
    if size is not None and (not isinstance(size, int) or not 0 <= size <= MAX_SIZE):
        return Rejected(number, "bad-size")
    if size == 0:
        tally.skipped["size-zero"] += 1
        return Record(number)
    if not values:
        tally.skipped["no-digest"] += 1
    return Record(number, size=-1 if size is None else size, **values)  # type: ignore[arg-type]


IMPORTER: Final = NsrlSqlite()
