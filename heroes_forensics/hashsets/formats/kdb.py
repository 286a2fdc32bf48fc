"""The Sleuth Kit and Autopsy: hash databases ``.kdb``, in SQLite.

``hashes`` holds MD5, SHA-1 and SHA-256 as bytes; names and comments beside it are not read, and
whether the set is of notable or of known files is not in it. Source: the public code of The Sleuth
Kit; ``hfind -c`` makes such a file.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import sqlite_file
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
)

_COLUMNS: Final = {"md5": "md5", "sha1": "sha1", "sha2_256": "sha256"}
_SCHEMA: Final = "SELECT value FROM db_properties WHERE name = 'Schema Version' LIMIT 1"
_VERSION_DIGITS: Final = 9


class Kdb:
    """Reads a hash database of The Sleuth Kit."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to an SQLite file that describes ``db_properties`` and ``hashes``."""
        return sqlite_file.names_table(head, "db_properties") and sqlite_file.names_table(
            head, "hashes"
        )

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each row of ``hashes``."""
        del options
        tally.numbering = "record"
        yield from sqlite_file.rows(supplied, lambda base, work: _rows(base, work, tally))


def _rows(
    database: sqlite3.Connection, work: sqlite_file.Work, tally: Tally
) -> Iterator[Record | Rejected]:
    there = sqlite_file.columns_of(database, "hashes")
    if not there & set(_COLUMNS) or "value" not in sqlite_file.columns_of(
        database, "db_properties"
    ):
        raise HashSetError("the SQLite database is none of The Sleuth Kit: it has no such tables")
    version = database.execute(_SCHEMA).fetchone()
    text = version[0] if version and isinstance(version[0], bytes) else b""
    tally.version = text.decode() if text.isdigit() and len(text) <= _VERSION_DIGITS else ""
    if tally.version != "1":
        tally.warn("the database is not of schema version 1, and was read as if it were")
    names = ", ".join(name if name in there else "NULL" for name in _COLUMNS)
    number = 0
    for batch in sqlite_file.batches(database, work, f"SELECT {names} FROM hashes"):  # noqa: S608
        for row in batch:
            number += 1
            yield _record(number, row, tally)


def _record(number: int, row: tuple[object, ...], tally: Tally) -> Record | Rejected:
    digests = []
    for value, width in zip(row, WIDTHS.values(), strict=True):
        if value is not None and (not isinstance(value, bytes) or len(value) not in (0, width)):
            return Rejected(number, "not-a-digest")
        digests.append(value or b"")
    if not any(digests):
        tally.skipped["no-digest"] += 1
    md5, sha1, sha256 = digests
    return Record(number, md5, sha1, sha256)


IMPORTER: Final = Kdb()
