"""IPED hash databases: SQLite with ``HASHES``, ``PROPERTIES`` and ``HASHES_PROPERTIES``.

Digests are bytes. Of the properties, ``status`` (``known``, ``alert``, ``pedo``) is the category,
``set`` names the sets a digest came from, and what names a kind of hash is kept as such; several
values of one are joined with ``|``. Source: the public code of IPED's HashDBTool.
"""

import sqlite3
from collections.abc import Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import sqlite_file, values
from heroes_forensics.hashsets.formats.base import (
    CATEGORY_LIMIT,
    SERIES_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
)
from heroes_forensics.hashsets.known import VALUE_KINDS

_TABLES: Final = ("HASHES", "PROPERTIES", "HASHES_PROPERTIES")
_OTHERS: Final = {"sha512": "sha512", "edonkey": "ed2k"}
_WIDTHS: Final = tuple(VALUE_KINDS[kind] for kind in _OTHERS.values())
_PROPERTIES: Final = "SELECT PROPERTY_ID, PROPERTY_NAME FROM PROPERTIES"
_PROPERTIES_LIMIT: Final = 1_000
_BETWEEN: Final = "|"
_VALUES_OF_ONE: Final = 1_000
"""Properties of one digest that are looked at."""


class Iped:
    """Reads a hash database of IPED."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to an SQLite file that describes the three tables."""
        return all(sqlite_file.names_table(head, table) for table in _TABLES)

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each row of ``HASHES``."""
        del options
        tally.numbering = "record"
        tally.scheme = "iped"
        yield from sqlite_file.rows(supplied, lambda base, work: _rows(base, work, tally))


def _rows(
    database: sqlite3.Connection, work: sqlite_file.Work, tally: Tally
) -> Iterator[Record | Rejected]:
    there = sqlite_file.columns_of(database, "HASHES")
    if not there & {*WIDTHS, *_OTHERS} or not all(
        sqlite_file.columns_of(database, table) for table in _TABLES
    ):
        raise HashSetError("the SQLite database is none of IPED: it has no such tables")
    names = _property_names(database, tally)
    wanted = ", ".join(f"h.{name}" if name in there else "NULL" for name in (*WIDTHS, *_OTHERS))
    # A LEFT JOIN goes through HASHES in its own order, so the properties of one digest come
    # together; those of IPED have an index, and where it is missing the limit on work ends it.
    query = (
        f"SELECT h.HASH_ID, p.PROPERTY_ID, p.VALUE, {wanted} FROM HASHES h"  # noqa: S608
        " LEFT JOIN HASHES_PROPERTIES p ON p.HASH_ID = h.HASH_ID"
    )
    rows = chain.from_iterable(sqlite_file.batches(database, work, query))
    for number, (_, group) in enumerate(groupby(rows, itemgetter(0)), start=1):
        first = next(group)
        told: dict[str, str] = {}
        for count, row in enumerate(chain((first,), group)):
            name = names.get(row[1], "")
            if count < _VALUES_OF_ONE and name and isinstance(row[2], bytes):
                told[name] = row[2].decode("utf-8", errors="replace")
        yield _record(number, first[3:], told, tally)


def _property_names(database: sqlite3.Connection, tally: Tally) -> dict[object, str]:
    """Return what is used of the properties, by number: ``status``, ``set`` or a kind of hash."""
    used = {}
    for number, name in database.execute(_PROPERTIES).fetchmany(_PROPERTIES_LIMIT):
        text = name.decode("utf-8", errors="replace") if isinstance(name, bytes) else ""
        plain = values.plain(text)
        if plain in ("status", "set"):
            used[number] = plain
        elif values.kind_of(text) in VALUE_KINDS:
            used[number] = values.kind_of(text)
        elif text:
            tally.unknown(text)
    return used


def _record(
    number: int, row: tuple[object, ...], told: dict[str, str], tally: Tally
) -> Record | Rejected:
    digests: list[bytes] = []
    for value, width in zip(row, (*WIDTHS.values(), *_WIDTHS), strict=True):
        if value is not None and (not isinstance(value, bytes) or len(value) not in (0, width)):
            return Rejected(number, "not-a-digest")
        digests.append(value or b"")
    md5, sha1, sha256, *rest = digests
    kinds = zip(_OTHERS.values(), rest, strict=True)
    others = [Value(kind, value) for kind, value in kinds if value]
    category, series = told.pop("status", "").strip(), told.pop("set", "").strip()
    if len(category.encode()) > CATEGORY_LIMIT:
        return Rejected(number, "bad-category")
    if len(series.encode()) > SERIES_LIMIT:
        tally.skipped["series-too-long"] += 1
        series = ""
    for kind, text in told.items():
        for piece in text.split(_BETWEEN, values.RECORD_VALUES):
            others.extend(values.read(kind, piece, tally))
    if not (md5 or sha1 or sha256):
        tally.skipped["no-digest"] += 1
    kept = tuple(others[: values.RECORD_VALUES])
    return Record(number, md5, sha1, sha256, category=category, series=series, values=kept)


IMPORTER: Final = Iped()
