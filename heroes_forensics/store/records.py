"""What a run writes: inventory rows, contents, gaps, matches, and the facts around them."""

import hashlib
import json
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby, islice, repeat
from typing import Any, Final

import numpy as np

from heroes_forensics.frames import ENTRY, Batch, Rows
from heroes_forensics.model import JSON, Gap, Listing
from heroes_forensics.store.database import Database

Seal = Callable[[Sequence[tuple[int, bytes]]], list[bytes]]
"""(Item id, plain name bytes) pairs in; what is stored of each out, in their order."""

TIMES: Final = struct.Struct("<4q4I")
"""The four times of an item: seconds, then nanoseconds."""


def _as_stored() -> np.dtype[np.void]:
    """Return `frames.ENTRY` with the four times as the bytes in which they are stored.

    They lie in one piece in a row, so that eight numbers an entry need not be taken apart.
    """
    fields = ENTRY.fields
    if fields is None:
        raise AssertionError("an entry has no columns")
    names, formats, offsets = [], [], []
    for name, (kind, offset, *_) in fields.items():
        if name == "nanoseconds":
            continue
        names.append("times" if name == "seconds" else name)
        formats.append(f"V{TIMES.size}" if name == "seconds" else kind)
        offsets.append(offset)
    return np.dtype(
        {"names": names, "formats": formats, "offsets": offsets, "itemsize": ENTRY.itemsize}
    )


_AS_STORED: Final = _as_stored()
_AS_THEY_CAME: Final = ("kind", "flags", "place", "owner", "size", "first_offset", "times")
"""Columns of it that stand together in a row of the table."""
_READ: Final = ("id", "status", "gap", "type", "bytes_read", "md5", "sha1", "sha256")
"""Columns of `frames.CONTENT` that are stored, in their order."""
ITEM: Final = (
    "INSERT INTO item (id, volume_id, unit_id, kind, flags, place, owner, size, first_offset,"
    " times, locator, handle, path, parent) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_CONTENT: Final = (
    "INSERT INTO content (item_id, unit_id, status, gap, type, bytes_read, md5, sha1, sha256)"
    " VALUES (?,?,?,?,?,?,?,?,?)"
)


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One match as stored."""

    item_id: int
    hashset_id: int
    record: int
    grade: str
    verdict: str
    facts: JSON
    makes_finding: bool


def _cut(area: bytes, starts: Sequence[int], lengths: Sequence[int]) -> list[bytes]:
    """Return the pieces of ``area`` that begin at ``starts``."""
    return [area[at : at + length] for at, length in zip(starts, lengths, strict=True)]


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


class Records:
    """Writers of one case database; each call belongs inside `Database.transaction`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def exhibit(self, label: str, fields: JSON) -> int:
        """Return the id of the exhibit called ``label``; made, or completed, when needed."""
        found = self._database.value("SELECT id FROM exhibit WHERE label=?", (label,))
        if found is None:
            return self._database.insert(
                "INSERT INTO exhibit (label, fields) VALUES (?, ?)", (label, _text(fields))
            )
        if fields:
            self._database.insert(
                "UPDATE exhibit SET fields=json_patch(fields, ?) WHERE id=?",
                (_text(fields), found),
            )
        return int(found)

    def source(self, exhibit: int, label: str, path: str, identity: str, facts: JSON) -> int:
        """Register one source of an exhibit; bytes of its path that are no text are escaped."""
        shown = path.encode("utf-8", "backslashreplace").decode()
        return self._database.insert(
            "INSERT INTO source (exhibit_id, label, path, identity, format, facts)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (exhibit, label, shown, identity, str(facts.get("format", "")), _text(facts)),
        )

    def run_source(self, run: int, source: int) -> None:
        """Record that a run examines a source."""
        self._database.insert(
            "INSERT INTO run_source (run_id, source_id) VALUES (?, ?)", (run, source)
        )

    def run(self, uuid: str, started: str, config: JSON, facts: JSON) -> int:
        """Open a run."""
        return self._database.insert(
            "INSERT INTO run (uuid, started, config, facts) VALUES (?, ?, ?, ?)",
            (uuid, started, _text(config), _text(facts)),
        )

    def run_ended(self, run: int, ended: str, outcome: str, facts: JSON) -> None:
        """Close a run."""
        self._database.insert(
            "UPDATE run SET ended=?, outcome=?,"
            " facts=json_patch(json_remove(facts, '$.counts'), ?) WHERE id=?",
            (ended, outcome, _text(facts), run),
        )

    def run_interrupted(self, run: int, ended: str | None) -> None:
        """Keep that a run was left before its end, at ``ended`` where anybody knows when."""
        self._database.insert(
            "UPDATE run SET ended=?, outcome='interrupted' WHERE id=?", (ended, run)
        )

    def run_resumed(self, run: int) -> None:
        """Take a run up again."""
        self._database.insert("UPDATE run SET ended=NULL, outcome=NULL WHERE id=?", (run,))

    def run_facts(self, run: int, facts: JSON) -> None:
        """Complete what is known of a run."""
        self._database.insert(
            "UPDATE run SET facts=json_patch(facts, ?) WHERE id=?", (_text(facts), run)
        )

    def volume(self, source: int, volume: JSON, state: str) -> int:
        """Register one volume of a source, as `parsers` describes it."""
        return self._database.insert(
            "INSERT INTO volume (source_id, key, kind, file_system, offset, size, spec, state)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                source,
                volume["key"],
                volume["kind"],
                volume.get("file_system"),
                volume.get("offset"),
                volume.get("size"),
                _text(volume),
                state,
            ),
        )

    def volume_left_out(self, volume: int) -> None:
        """Keep that a volume is a gap as a whole."""
        self._database.insert("UPDATE volume SET state='gap' WHERE id=?", (volume,))

    def volume_listed(
        self, volume: int, *, file_system: str, times: JSON, listing: Listing, state: str
    ) -> None:
        """Keep what the lister counted: the left side of the entry equation."""
        self._database.insert(
            "UPDATE volume SET file_system=?, time_basis=?, listing=?, state=? WHERE id=?",
            (file_system, _text(times), _text(asdict(listing)), state, volume),
        )

    def unit(self, number: int, run: int, kind: str, volume: int | None) -> None:
        """Announce a unit, before its rows are inserted."""
        self._database.insert(
            "INSERT INTO unit (id, run_id, kind, volume_id, items, gaps, rows_sha256)"
            " VALUES (?, ?, ?, ?, 0, 0, x'')",
            (number, run, kind, volume),
        )

    def unit_done(self, number: int, *, items: int, gaps: int, rows_sha256: bytes) -> None:
        """Close a unit with the digest of its rows."""
        self._database.insert(
            "UPDATE unit SET items=?, gaps=?, rows_sha256=? WHERE id=?",
            (items, gaps, rows_sha256, number),
        )

    def items(
        self, first_id: int, volume: int, unit: int, batch: Batch, seal: Seal
    ) -> list[tuple[Any, ...]]:
        """Insert the rows of one batch of entries with consecutive ids; return what was stored."""
        area, rows = batch.area, batch.rows.view(_AS_STORED)
        column = {name: rows[name].tolist() for name in _AS_STORED.names or ()}
        numbers = range(first_id, first_id + len(rows))
        locators = _cut(area, column["locator_offset"], column["locator_length"])
        names = _cut(area, column["path_offset"], column["path_length"])
        used = column["handle_length"]
        stored = list(
            zip(
                *(numbers, repeat(volume), repeat(unit), *(column[name] for name in _AS_THEY_CAME)),
                [each.decode("ascii") for each in locators],
                [handle[:end] for handle, end in zip(column["handle"], used, strict=True)],
                seal(list(zip(numbers, names, strict=True))),
                repeat(None),
                strict=False,  # some have no end
            )
        )
        self._database.append(ITEM, stored)
        return stored

    def contents(self, unit: int, rows: Rows) -> list[tuple[Any, ...]]:
        """Insert what reading gave, one row an item, in their order; return what was stored."""
        in_order = rows[np.argsort(rows["id"], kind="stable")]
        numbers, *rest, md5, sha1, sha256 = (in_order[name].tolist() for name in _READ)
        for position in np.flatnonzero(in_order["digested"] == 0).tolist():
            md5[position] = sha1[position] = sha256[position] = None
        stored = list(zip(numbers, repeat(unit), *rest, md5, sha1, sha256, strict=False))
        self.unread(stored)
        return stored

    def gap(self, run: int, gap: Gap, *, source: int | None, volume: int | None) -> None:
        """Record something that was not examined and is no item of its own."""
        self._database.insert(
            "INSERT INTO gap (run_id, source_id, volume_id, place, code, detail)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (run, source, volume, gap.where, gap.code, _text(gap.detail)),
        )

    def verification(self, run: int, source: int, status: str, facts: JSON) -> None:
        """Record the comparison of media digests with the expected ones."""
        self._database.insert(
            "INSERT INTO verification (run_id, source_id, status, facts) VALUES (?, ?, ?, ?)",
            (run, source, status, _text(facts)),
        )

    def hashset(self, run: int, uuid: str, edition: str, facts: JSON) -> int:
        """Record that a run used a set edition; return its id in this case."""
        found = self._database.value(
            "SELECT id FROM hashset WHERE uuid=? AND edition=?", (uuid, edition)
        )
        if found is None:
            found = self._database.insert(
                "INSERT INTO hashset (uuid, edition, facts) VALUES (?, ?, ?)",
                (uuid, edition, _text(facts)),
            )
        self._database.insert(
            "INSERT OR IGNORE INTO run_hashset (run_id, hashset_id) VALUES (?, ?)", (run, found)
        )
        return int(found)

    def unread(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Insert content rows as they stand: also those of items that are not read."""
        self._database.append(_CONTENT, rows)

    def matches(self, unit: int, rows: Sequence[MatchRow]) -> list[tuple[Any, ...]]:
        """Insert the matches of a unit; findings get the next numbers. Return what was stored.

        The last but one value of a stored row is the number of its finding, or None.
        """
        highest = int(self._database.value("SELECT max(finding) FROM match") or 0) if rows else 0
        stored: list[tuple[Any, ...]] = []
        for row in rows:
            highest += row.makes_finding
            stored.append(
                (
                    row.item_id,
                    row.hashset_id,
                    unit,
                    row.record,
                    row.grade,
                    row.verdict,
                    _text(row.facts),
                    highest if row.makes_finding else None,
                    "current",
                )
            )
        self._database.many(
            "INSERT INTO match (item_id, hashset_id, unit_id, record, grade, verdict, facts,"
            " finding, status) VALUES (?,?,?,?,?,?,?,?,?)",
            stored,
        )
        return stored

    def report(self, number: int, uuid: str, facts: JSON) -> None:
        """Record an issued report."""
        self._database.insert(
            "INSERT INTO report (number, uuid, facts) VALUES (?, ?, ?)",
            (number, uuid, _text(facts)),
        )

    def ledger(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Append ledger lines."""
        self._database.many("INSERT INTO ledger (seq, line) VALUES (?, ?)", rows)


class RowsDigest:
    """Digest of the stored values of a unit's rows, so that a later edit of a row shows.

    Each value is written with its type and length, in column order, so no two different rows
    give the same bytes.
    """

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def rows(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take in rows of whatever tables."""
        self._take(rows, _types)

    def table(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Take in rows that `Records` made of one table, items or contents.

        Of these the last value tells which of the others are missing.
        """
        self._take(rows, _is_short)

    def _take(self, rows: Iterable[tuple[Any, ...]], kind: Callable[..., object]) -> None:
        rows = iter(rows)
        while part := list(islice(rows, _DIGESTED_ROWS)):
            for _, found in groupby(part, kind):
                alike = list(found)
                self._digest.update(_alike(_types(alike[0]), alike))

    def value(self) -> bytes:
        """Return the digest of all that was taken in."""
        return self._digest.digest()


def rows_digest(rows: Iterable[tuple[Any, ...]]) -> bytes:
    """Return the `RowsDigest` of rows of whatever tables."""
    digest = RowsDigest()
    digest.rows(rows)
    return digest.value()


def _is_short(row: tuple[Any, ...]) -> bool:
    return row[-1] is None


def _types(row: tuple[Any, ...]) -> tuple[type, ...]:
    return tuple(map(type, row))


def _alike(types: tuple[type, ...], rows: Sequence[tuple[Any, ...]]) -> bytes:
    """Do what `row_bytes` does, for rows whose values have the same types, column by column.

    What is the same in all of them, such as the unit, is written once.
    """
    if not _FORMS.keys() >= set(types):
        return b"".join(map(row_bytes, rows))
    forms: list[bytes] = []
    values: list[Iterable[Any]] = []
    for kind, column in zip(types, zip(*rows, strict=True), strict=True):
        if column.count(column[0]) == len(rows):
            forms.append(row_bytes(column[:1])[1:-1].replace(b"%", b"%%"))
            continue
        forms.append(_FORMS[kind])
        if kind is int:
            values.append(column)
        else:
            data = [text.encode() for text in column] if kind is str else column
            values += [map(len, data), data]
    form = b"(" + b",".join(forms) + b")"
    if not values:
        return form % () * len(rows)
    return b"".join(map(form.__mod__, zip(*values, strict=True)))


_FORMS: Final = {int: b"i%d", bytes: b"b%d:%b", str: b"s%d:%b", type(None): b"n"}
_DIGESTED_ROWS: Final = 1000
"""Rows that are taken into a digest at once."""


def row_bytes(row: Iterable[Any]) -> bytes:
    """Return the bytes by which one row enters a digest."""
    parts: list[bytes] = []
    for value in row:
        if isinstance(value, bytes):
            parts.append(b"b%d:" % len(value) + value)
        elif isinstance(value, str):
            text = value.encode()
            parts.append(b"s%d:" % len(text) + text)
        elif value is None:
            parts.append(b"n")
        elif isinstance(value, int):
            parts.append(b"i%d" % value)
        else:  # no column of ours holds a fraction: whoever put one there changed the row
            parts.append(b"?")
    return b"(" + b",".join(parts) + b")"
