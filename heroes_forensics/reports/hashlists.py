"""Lists of digests and of places, one for each category, in the forms that other programs import.

All of them name listed material by its digest: they are made only for a named recipient.
"""

import csv
import io
import re
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from typing import Final

from heroes_forensics.reports.csv import inert
from heroes_forensics.reports.disclosed import Disclosed, usable

NO_CATEGORY: Final = "none"
_OTHER: Final = "other-"
_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}")
_KDB: Final = """
CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE, sha1 BINARY(20),
 sha2_256 BINARY(32));
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(name, hash_id));
CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL,
 PRIMARY KEY(comment, hash_id));
CREATE INDEX md5_index ON hashes(md5);
INSERT INTO db_properties VALUES ('Schema Version', '1');
"""
"""The hash database of The Sleuth Kit, as its own source makes one."""

PLACES: Final = (
    "finding", "exhibit", "source", "locator", "first_byte", "sector_512", "size", "type",
    "allocated", "grade", "set", "edition", "category", "command",
)  # fmt: skip


def by_category(rows: Iterable[Disclosed]) -> dict[str, list[Disclosed]]:
    """Group rows by what their files are called after: category and scheme, in safe letters.

    Codes come from the supplier of a set, so one that is no plain word, or would share its name
    with another, gets a number instead.
    """
    groups: dict[str, list[Disclosed]] = {}
    names: dict[tuple[str, str], str] = {}
    odd = 0
    for row in sorted(rows, key=lambda row: row.finding.number):
        category = row.finding.category
        key = (category.scheme, category.code)
        if key not in names:
            name = "-".join(part for part in key if part) or NO_CATEGORY
            taken = {each.lower() for each in names.values()}  # as some disks take names
            plain = _PLAIN.fullmatch(name) and (name != NO_CATEGORY or key == ("", ""))
            if not plain or name.lower() in taken or name.lower().startswith(_OTHER):
                odd += 1
                name = f"{_OTHER}{odd}"
            names[key] = name
        groups.setdefault(names[key], []).append(row)
    return dict(sorted(groups.items()))


def _md5(rows: Iterable[Disclosed]) -> list[str]:
    return sorted({row.md5.hex() for row in usable(rows)})


def bare(rows: Sequence[Disclosed]) -> bytes:
    """Return one MD5 a line and nothing else."""
    return "".join(f"{text}\n" for text in _md5(rows)).encode()


def with_mark(rows: Sequence[Disclosed]) -> bytes:
    """Return the same after a byte order mark, as Griffeye writes its lists."""
    return b"\xef\xbb\xbf" + bare(rows)


def x_ways(rows: Sequence[Disclosed]) -> bytes:
    """Return the text list of X-Ways: the algorithm, then one digest a line."""
    return "".join(f"{text}\r\n" for text in ["MD5", *_md5(rows)]).encode()


def kdb(rows: Sequence[Disclosed]) -> bytes:
    """Return a hash database of The Sleuth Kit and Autopsy (``.kdb``)."""
    # Files can be made that share an MD5: then the database, which keeps it once, says no more.
    alike: dict[bytes, set[tuple[bytes, bytes]]] = {}
    for row in usable(rows):
        alike.setdefault(row.md5, set()).add((row.sha1, row.sha256))
    found = [
        (md5, *(next(iter(others)) if len(others) == 1 else (None, None)))
        for md5, others in sorted(alike.items())
    ]
    with closing(sqlite3.connect(":memory:")) as database:
        database.executescript(_KDB)
        database.executemany("INSERT INTO hashes (md5, sha1, sha2_256) VALUES (?, ?, ?)", found)
        database.commit()
        return database.serialize()


def places(rows: Sequence[Disclosed]) -> bytes:
    """Return where each finding lies, as CSV; without a digest and without a name."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(PLACES)
    for row in rows:
        finding = row.finding
        first = row.first_byte
        writer.writerow(
            [
                finding.number,
                inert(finding.exhibit),
                inert(finding.source),
                inert(finding.locator),
                "" if first is None else first,
                "" if first is None else first // 512,
                finding.size,
                finding.type,
                "yes" if finding.allocated else "no",
                finding.grade,
                inert(finding.set_name),
                inert(finding.edition),
                inert(finding.category.code),
                inert(row.command),
            ]
        )
    return text.getvalue().encode()
