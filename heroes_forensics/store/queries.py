"""What is read back from a case: sums, rows in order, and the digest over all of them."""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np

from heroes_forensics.frames import HAND_OVER_BYTES, NO_TIME, Rows, Status
from heroes_forensics.frames import tasks as task_rows
from heroes_forensics.model import GAP_CODES, JSON, Moment, Times, is_policy
from heroes_forensics.store import derived, metadata
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import CONDITIONS
from heroes_forensics.store.records import TIMES
from heroes_forensics.store.tally import Cell

_LINES: Final = 2000
"""Rows of items that are digested, or compared, at once."""

"""``content.gap`` is a position in this."""


@dataclass(frozen=True, slots=True)
class Equation:
    """``entries listed = items done + policy skips + gaps``, for one volume or a sum of them."""

    listed: int
    """What the lister itself counted, and what was counted inside each container."""
    stored: int
    """Rows of the inventory."""
    digested: int
    no_content: int
    policy: int
    gaps: int
    directories: int
    directories_listed: int
    directories_not_listed: int
    directories_met_before: int

    @property
    def closes(self) -> bool:
        """Say whether every entry and every directory is accounted for."""
        ended = self.digested + self.no_content + self.policy + self.gaps
        walked = self.directories_listed + self.directories_not_listed + self.directories_met_before
        return self.listed == self.stored == ended and self.directories == walked


class Item(NamedTuple):
    """One row of the inventory with what its examination gave."""

    id: int
    exhibit: str
    source: str
    volume: str
    locator: str
    kind: int
    flags: int
    place: int
    owner: int
    size: int
    times: Times
    path: bytes
    """As stored: sealed, or plain under the policy ``clear``."""
    status: int
    gap: str
    type: int
    bytes_read: int
    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None
    parent: int | None
    """Id of the container that holds it; None for what a file system names."""

    @property
    def full_locator(self) -> str:
        """Source label, volume key and locator: what is printed everywhere."""
        return f"{self.source}/{self.volume}/{self.locator}"


_ITEMS: Final = """
SELECT i.id, e.label, s.label, v.key, i.locator, i.kind, i.flags, i.place, i.owner, i.size,
       i.times, i.path, coalesce(c.status, 0), coalesce(c.gap, 0), coalesce(c.type, 0),
       coalesce(c.bytes_read, 0), c.md5, c.sha1, c.sha256, i.parent
FROM item i JOIN volume v ON v.id = i.volume_id JOIN source s ON s.id = v.source_id
JOIN exhibit e ON e.id = s.exhibit_id LEFT JOIN content c ON c.item_id = i.id
"""


def unpacked_times(blob: bytes) -> Times:
    """Return the four times of a stored row."""
    values = TIMES.unpack(blob)
    found = [
        None if second == NO_TIME else Moment(second, nano)
        for second, nano in zip(values[:4], values[4:], strict=True)
    ]
    return (found[0], found[1], found[2], found[3])


def _item(row: tuple[Any, ...]) -> Item:
    times = unpacked_times(row[10])
    return Item._make((*row[:10], times, *row[11:13], GAP_CODES[row[13]], *row[14:]))


def items(database: Database, *, exhibit: str | None = None) -> Iterator[Item]:
    """Stream the inventory in the order in which it was stored, without what was reduced."""
    where = " WHERE i.times != X''" + (" AND e.label=?" if exhibit else "")
    values = (exhibit,) if exhibit else ()
    for row in database.rows(f"{_ITEMS}{where} ORDER BY i.id", values):
        yield _item(row)


def volumes_of(database: Database, run: int) -> dict[int, tuple[str, str]]:
    """Return source label and key of each volume of the sources a run examined, by its id."""
    return {
        number: (label, key)
        for number, label, key in database.rows(
            "SELECT v.id, s.label, v.key FROM volume v JOIN source s ON s.id = v.source_id"
            " JOIN run_source r ON r.source_id = s.id WHERE r.run_id=? ORDER BY v.id",
            (run,),
        )
    }


def item(database: Database, number: int) -> Item | None:
    """Return one item by its id."""
    for row in database.rows(f"{_ITEMS} WHERE i.id=?", (number,)):
        return _item(row)
    return None


def equation(database: Database, volume: int, cells: Iterable[Cell]) -> Equation:
    """Return both sides of the entry equation of one volume; ``cells`` count all items."""
    listing = json.loads(database.value("SELECT listing FROM volume WHERE id=?", (volume,)) or "{}")
    stored = 0
    ended: dict[str, int] = {"digested": 0, "no_content": 0, "policy": 0, "gaps": 0}
    names = {
        Status.DONE: "digested",
        Status.NO_CONTENT: "no_content",
        Status.POLICY: "policy",
        Status.GAP: "gaps",
    }
    for cell in cells:
        if cell.volume == volume:
            stored += cell.items
            if cell.status:
                ended[names[Status(cell.status)]] += cell.items
    members = derived.members_of(database, volume)
    return Equation(
        listed=listing.get("entries", 0) + members.listed,
        stored=stored,
        directories=listing.get("directories", 0) + members.directories,
        directories_listed=listing.get("directories_listed", 0) + members.directories,
        directories_not_listed=listing.get("directories_not_listed", 0),
        directories_met_before=listing.get("directories_met_before", 0),
        **ended,
    )


_SHA256: Final = 32
_DISTINCT: Final = "SELECT count(DISTINCT sha256) FROM content"


def distinct(database: Database) -> int | None:
    """Count the contents that differ, by SHA-256, of all items; None where digests were dropped."""
    if database.value("SELECT 1 FROM content WHERE sha256 = X'' LIMIT 1"):
        return None
    # SQLite would put them into a tree one by one. Sorted by their first 64 bits equal ones are
    # neighbours, unless others begin with the same bits.
    values = bytearray()
    lengths: set[int] = set()
    for part in database.parts("SELECT sha256 FROM content WHERE sha256 IS NOT NULL", size=_LINES):
        lengths.update([len(value) for (value,) in part])
        values += b"".join([value for (value,) in part])
    if not lengths <= {_SHA256}:  # somebody changed the case
        return int(database.value(_DISTINCT))
    digests = np.frombuffer(values, dtype=np.uint64).reshape(-1, 4)
    order = np.argsort(digests[:, 0])
    begins = digests[order, 0]
    again = np.flatnonzero(begins[1:] == begins[:-1])
    for start in range(0, len(again), _LINES):
        first = again[start : start + _LINES]
        if (digests[order[first]] != digests[order[first + 1]]).any():
            return int(database.value(_DISTINCT))
    return len(digests) - len(again)


def total(equations: Collection[Equation]) -> Equation:
    """Sum equations term by term; it closes when all of them do, up to sums that cancel."""
    names = Equation.__slots__
    return Equation(**{name: sum(getattr(each, name) for each in equations) for name in names})


def tasks(  # noqa: PLR0913 - which items, and how to cut them
    database: Database, volume: int, *, lane: int, after: int, limit: int, max_bytes: int
) -> Iterator[Rows]:
    """Cut what is to read of one volume, of the items numbered above ``after``, in disk order.

    Args:
        database: of the case.
        volume: its row.
        lane: position in `lanes.LANES`.
        after: items up to this one are left out.
        limit: items of one unit.
        max_bytes: of one unit.

    Yields:
        `TASK` rows, at most ``limit`` of them and ``max_bytes`` of content together. A stream too
        large to be handed over is a unit of its own: when it is a film, the unit is on record only
        when that is decoded, and the digests of others shall not wait for it.
    """
    waiting = task_rows([])
    for part in database.parts(
        "SELECT i.id, i.kind, i.flags, i.size, i.handle FROM item i"  # noqa: S608 - our own condition
        " LEFT JOIN content c ON c.item_id = i.id"
        f" WHERE i.id > ? AND i.volume_id=? AND c.item_id IS NULL AND {CONDITIONS[lane]}"
        " ORDER BY i.first_offset, i.id",
        (after, volume),
        size=limit,
    ):
        waiting = np.concatenate([waiting, task_rows(part)])
        while len(waiting) > (count := _first_unit(waiting, limit, max_bytes)) or count == limit:
            yield waiting[:count]
            waiting = waiting[count:]
    while len(waiting):
        count = _first_unit(waiting, limit, max_bytes)
        yield waiting[:count]
        waiting = waiting[count:]


def _first_unit(waiting: Rows, limit: int, max_bytes: int) -> int:
    """Return how many of the first `TASK` rows are a unit if no others follow them."""
    sizes = waiting["size"][:limit]
    large = np.flatnonzero(sizes > HAND_OVER_BYTES)
    count = int(large[0]) if len(large) else len(sizes)
    bytes_ = np.cumsum(np.clip(sizes[:count], 0, max_bytes + 1))
    count = int(np.searchsorted(bytes_, max_bytes, side="right"))
    return min(len(sizes), max(1, count))


def gap_counts(database: Database, *, run: int | None = None) -> dict[str, int]:
    """Count gaps by code, of the case or of one run: of items, and of volumes and directories.

    An item may have three: one of its content, one of what it looks like, one of what it holds.
    """
    counts = item_gap_counts(database, run=run)
    for table in derived.TABLES:
        for position, count in derived.counted(database, table, run=run).by_gap.items():
            code = GAP_CODES[position]
            counts[code] = counts.get(code, 0) + count
    for code, count in database.rows(
        "SELECT code, count(*) FROM gap WHERE ?1 IS NULL OR run_id = ?1 GROUP BY code", (run,)
    ):
        counts[code] = counts.get(code, 0) + count
    return counts


def item_gap_counts(database: Database, *, run: int | None = None) -> dict[str, int]:
    """Count the gaps that are items of their own, by code, of the case or of one run."""
    return {
        GAP_CODES[position]: count
        for position, count in database.rows(
            "SELECT c.gap, count(*) FROM content c JOIN unit u ON u.id = c.unit_id"
            " WHERE c.gap > 0 AND (?1 IS NULL OR u.run_id = ?1) GROUP BY c.gap",
            (run,),
        )
    }


def gap_offsets(database: Database, source: int, code: str) -> set[object]:
    """Return the offsets that the gaps of one kind of a source name in their details."""
    return {
        offset
        for (offset,) in database.rows(
            "SELECT json_extract(detail, '$.offset') FROM gap WHERE source_id=? AND code=?",
            (source, code),
        )
        if offset is not None
    }


def gap_details(database: Database, volume: int, code: str) -> list[JSON]:
    """Return the details of the gaps of one kind of a volume, in the order of recording."""
    return [
        json.loads(detail)
        for (detail,) in database.rows(
            "SELECT detail FROM gap WHERE volume_id=? AND code=? ORDER BY id", (volume, code)
        )
    ]


def unexpected(counts: dict[str, int]) -> int:
    """Sum the gaps that no profile announced."""
    return sum(count for code, count in counts.items() if not is_policy(code))


def content_sha256(database: Database) -> str:
    """Digest all that was found, in an order and form that do not depend on how it was found.

    Of a case that was reduced it is the value from before; once a further run has begun, a digest
    of that value, in a first line ``reduced``, and of what is on record still.

    Lines, each ended by LF, in bytewise order: ``container``, ``gap``, ``item``, ``metadata``
    (where it was asked for), ``picture`` and ``volume`` lines of fields separated by TAB. No times,
    attempts, ids or names. TAB sorts before every character of a locator, so going through volumes
    and locators in order is bytewise order.
    """
    reduced = database.facts().get("reduced")
    if not reduced:
        return _content(database, b"")
    before = str(reduced["content_sha256"])
    if database.value("SELECT max(id) FROM run") == reduced["last_run"]:
        return before
    return _content(database, f"reduced\t{before}\n".encode())


def _content(database: Database, first: bytes) -> str:
    digest = hashlib.sha256(first)
    volumes = sorted(
        (f"{label}/{key}".encode(), number, system or "", listing or "")
        for number, label, key, system, listing in database.rows(
            "SELECT v.id, s.label, v.key, v.file_system, v.listing"
            " FROM volume v JOIN source s ON s.id = v.source_id"
        )
    )
    in_order = sorted((name + b"/", number) for name, number, _, _ in volumes)
    for prefix, number in in_order:
        for line in derived.container_lines(database, number, prefix[:-1].decode()):
            digest.update(line)
    for line in _gap_lines(database):
        digest.update(line)
    matches = _match_texts(database)
    for prefix, number in in_order:
        for lines in _item_lines(database, number, prefix.decode(), matches):
            digest.update(lines)
    for lines_of in (metadata.lines, derived.picture_lines):
        for prefix, number in in_order:
            for line in lines_of(database, number, prefix[:-1].decode()):
                digest.update(line)
    for prefix, _, system, listing in sorted(volumes, key=lambda row: row[0] + b"\t"):
        digest.update(b"volume\t" + prefix + f"\t{system}\t{listing}\n".encode())
    return digest.hexdigest()


def _item_lines(
    database: Database, volume: int, prefix: str, matches: dict[int, str]
) -> Iterator[bytes]:
    """Yield the lines of the items of a volume in bytewise order, many at a time."""
    # The index knows locators and sizes. Where two items share both, which is not so in a case that
    # was never reduced, digests decide, and those SQLite has to sort.
    digests = database.value(
        "SELECT 1 FROM item WHERE volume_id=? GROUP BY locator, size HAVING count(*) > 1 LIMIT 1",
        (volume,),
    )
    parts = database.parts(
        "SELECT i.id, i.locator, i.size, c.status, c.gap, c.bytes_read, c.md5, c.sha1, c.sha256"  # noqa: S608 - our own order
        " FROM item i LEFT JOIN content c ON c.item_id = i.id"
        f" WHERE i.volume_id=? ORDER BY i.locator, i.size{', c.sha256' if digests else ''}",
        (volume,),
        size=_LINES,
    )
    for part in parts:
        yield "".join(
            [
                f"item\t{prefix}{locator}\t{size}\t{status or 0}\t{GAP_CODES[gap or 0]}"
                f"\t{bytes_read or 0}\t{'' if md5 is None else md5.hex()}"
                f"\t{'' if sha1 is None else sha1.hex()}"
                f"\t{'' if sha256 is None else sha256.hex()}\t{matches.get(number, '')}\n"
                for number, locator, size, status, gap, bytes_read, md5, sha1, sha256 in part
            ]
        ).encode()


def _gap_lines(database: Database) -> list[bytes]:
    return sorted(
        f"gap\t{place}\t{code}\t{detail}\n".encode()
        for place, code, detail in database.rows("SELECT place, code, detail FROM gap")
    )


def _match_texts(database: Database) -> dict[int, str]:
    found: dict[int, list[str]] = {}
    for number, source, record, grade in database.rows(
        "SELECT m.item_id, json_extract(h.facts, '$.source_sha256'), coalesce(r.record, m.record),"
        " coalesce(r.grade, m.grade) FROM match m LEFT JOIN restated r ON r.id ="
        " (SELECT max(id) FROM restated WHERE finding = m.finding)"
        " JOIN hashset h ON h.id = coalesce(r.hashset_id, m.hashset_id)"
        " WHERE coalesce(r.status, m.status) = 'current'"
    ):
        found.setdefault(number, []).append(f"{source}:{record}:{grade}")
    return {number: ",".join(sorted(texts)) for number, texts in found.items()}
