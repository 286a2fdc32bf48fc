"""Rows that decoders and expanders give: perceptual values, containers, and their members.

They are written in the transaction of their unit and returned as stored, for its digest. A
perceptual value stands here only sealed, whatever the case's policy for names is.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import TIER_1, Container, Picture, Rows, tasks
from heroes_forensics.model import GAP_CODES, JSON
from heroes_forensics.store import perceptual_values
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import ITEM

SealValues = Callable[[Sequence[tuple[int, bytes]]], list[bytes]]
"""(Item id, values) pairs in; what is stored of each out, in their order."""

TABLES: Final = ("perceptual", "container")
PICTURE: Final = "picture"
"""Kind of the containers that are pictures and films: one row each, also where it holds nothing."""
_COUNTED: Final = {"perceptual": "", "container": f" AND (t.kind <> '{PICTURE}' OR t.gap > 0)"}
_PERCEPTUAL: Final = (
    "INSERT INTO perceptual (item_id, unit_id, status, gap, width, height, frames,"
    " milliseconds, hashed, algorithm, quality, value, compared)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
)
_CONTAINER: Final = (
    "INSERT INTO container (item_id, unit_id, status, gap, kind, depth, listed, directories,"
    " expanded, time_basis) VALUES (?,?,?,?,?,?,?,?,?,?)"
)


class ContainerRow(NamedTuple):
    """One container as stored."""

    item_id: int
    status: int
    """One of `frames.Container`."""
    gap: int
    """The position in `model.GAP_CODES`."""
    kind: str = ""
    """``zip``, ``tar``; empty when it was not opened."""
    depth: int = 0
    listed: int = 0
    directories: int = 0
    expanded: int = 0
    times: JSON = {}  # noqa: RUF012 - never changed
    """`model.TimeBasis` of its members, as lists."""


class Seen(NamedTuple):
    """What decoders gave of the pictures of one unit."""

    rows: Rows
    """`frames.PERCEPTUAL`, with item ids in ``id``, each once."""
    hashes: Rows
    """`frames.HASHES` of the same items, those of an item together and in their order."""
    compared: Mapping[int, int] = {}
    """By item, how many of them were compared; none where there was nothing to compare with."""


def pictures(
    database: Database, unit: int, seen: Seen, algorithm: str, seal: SealValues
) -> list[tuple[Any, ...]]:
    """Insert pictures in the order of their items; return what was stored.

    Of their values those of tier 1 are kept: what later sets are compared with.

    Args:
        database: inside a transaction.
        unit: the unit they belong to.
        seen: what decoders gave.
        algorithm: what the values are, with its version.
        seal: seals values under the case key.
    """
    hashes = seen.hashes[seen.hashes["view"] < TIER_1]
    numbers, starts = np.unique(hashes["id"], return_index=True)
    kept = dict(zip(numbers.tolist(), np.split(hashes, starts[1:]), strict=False))
    packed = [(number, perceptual_values.packed(rows)) for number, rows in sorted(kept.items())]
    values = dict(zip(sorted(kept), seal(packed), strict=True))
    stored = [
        (
            number,
            unit,
            *row,
            algorithm if number in kept else "",
            int(kept[number]["quality"].max()) if number in kept else None,
            values.get(number),
            seen.compared.get(number),
        )
        for number, *row in sorted(seen.rows.tolist())
    ]
    database.many(_PERCEPTUAL, stored)
    return stored


def whole(stored: Sequence[tuple[Any, ...]]) -> list[int]:
    """Return the items of stored pictures that were decoded whole."""
    return [row[0] for row in stored if row[2] == Picture.DONE]


def containers(
    database: Database, unit: int, rows: Sequence[ContainerRow]
) -> list[tuple[Any, ...]]:
    """Insert containers in the order of their items; return what was stored."""
    stored = [
        (
            *(row.item_id, unit, int(row.status), row.gap, row.kind, row.depth),
            *(row.listed, row.directories, row.expanded),
            json.dumps(row.times, sort_keys=True, separators=(",", ":")),
        )
        for row in sorted(rows, key=lambda row: row.item_id)
    ]
    database.many(_CONTAINER, stored)
    return stored


def members(database: Database, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert members of containers: whole rows of the table ``item``, in their order."""
    database.append(ITEM, rows)


class Counts(NamedTuple):
    """How pictures or containers ended: how many, by status and by code of gap."""

    by_status: dict[int, int]
    by_gap: dict[int, int]


def counted(database: Database, table: str, *, run: int | None = None) -> Counts:
    """Count the rows of ``perceptual`` or ``container``, of the case or of one run.

    A picture that was looked into counts among the pictures; among the containers it is only where
    it could not be opened.
    """
    if table not in TABLES:
        raise ValueError(table)
    by_status: dict[int, int] = {}
    by_gap: dict[int, int] = {}
    for status, gap, count in database.rows(
        f"SELECT t.status, t.gap, count(*) FROM {table} t JOIN unit u ON u.id = t.unit_id"  # noqa: S608 - checked above
        f" WHERE (?1 IS NULL OR u.run_id = ?1){_COUNTED[table]} GROUP BY t.status, t.gap",
        (run,),
    ):
        by_status[status] = by_status.get(status, 0) + count
        if gap:
            by_gap[gap] = by_gap.get(gap, 0) + count
    return Counts(by_status, by_gap)


def totals(database: Database, *, run: int | None = None) -> dict[str, int]:
    """Sum up pictures, containers and members, of the case or of one run, in plain words."""
    pictures = counted(database, "perceptual", run=run).by_status
    kept = counted(database, "container", run=run).by_status
    return {
        "pictures_decoded": pictures.get(Picture.DONE, 0),
        "pictures_in_part": pictures.get(Picture.PARTIAL, 0),
        "pictures_not_decoded": pictures.get(Picture.GAP, 0),
        "pictures_known": pictures.get(Picture.KNOWN_GOOD, 0) + pictures.get(Picture.MATCHED, 0),
        "pictures_left_out": pictures.get(Picture.POLICY, 0),
        "containers_opened": kept.get(Container.DONE, 0),
        "containers_in_part": kept.get(Container.GAP, 0),
        "containers_known": kept.get(Container.KNOWN_GOOD, 0),
        "containers_left_out": kept.get(Container.POLICY, 0),
        "members": int(
            database.value(
                "SELECT coalesce(sum(c.listed), 0) FROM container c"
                " JOIN unit u ON u.id = c.unit_id WHERE ?1 IS NULL OR u.run_id = ?1",
                (run,),
            )
        ),
    }


def values_of(
    database: Database, open_value: Callable[[int, bytes], bytes]
) -> Iterator[tuple[int, tuple[int, int, int], str, Rows]]:
    """Open what is kept of every picture and film that has values.

    Yields:
        Item id, width and height in pixels and milliseconds, algorithm, `frames.HASHES` rows.

    Raises:
        EvidenceError: what is stored has a form that this version does not know.
    """
    for number, *sizes, algorithm, sealed in database.rows(
        "SELECT item_id, width, height, milliseconds, algorithm, value FROM perceptual"
        " WHERE value IS NOT NULL ORDER BY item_id"
    ):
        values = perceptual_values.unpacked(number, open_value(number, sealed))
        width, height, milliseconds = sizes
        yield number, (width, height, milliseconds), algorithm, values


def picture_lines(database: Database, volume: int, prefix: str) -> Iterator[bytes]:
    """Yield what `content_sha256` takes of the pictures of a volume, by locator.

    The values are not in it, nor how many there are: their last bit may depend on how a processor
    rounds, where a picture has no structure. The ledger's digest of the unit covers them as stored.
    """
    for locator, status, gap, *numbers in database.rows(
        "SELECT i.locator, p.status, p.gap, p.width, p.height, p.frames, p.milliseconds"
        " FROM perceptual p JOIN item i ON i.id = p.item_id"
        " WHERE i.volume_id=? ORDER BY i.locator, p.status, p.gap",
        (volume,),
    ):
        yield _line("picture", f"{prefix}/{locator}", status, GAP_CODES[gap], *numbers)


def container_lines(database: Database, volume: int, prefix: str) -> Iterator[bytes]:
    """Yield what `content_sha256` takes of the containers of a volume, by locator."""
    for locator, status, gap, *rest in database.rows(
        "SELECT i.locator, c.status, c.gap, c.kind, c.depth, c.listed, c.directories, c.expanded"
        " FROM container c JOIN item i ON i.id = c.item_id"
        " WHERE i.volume_id=? ORDER BY i.locator, c.status, c.gap",
        (volume,),
    ):
        yield _line("container", f"{prefix}/{locator}", status, GAP_CODES[gap], *rest)


def _line(kind: str, *fields: object) -> bytes:
    return ("\t".join((kind, *map(str, fields))) + "\n").encode()


def gaps(database: Database) -> Iterator[tuple[str, str, JSON, bytes]]:
    """Yield (whole locator, code, facts, path) of each gap of a picture or container not reduced.

    The path is as it is stored: sealed, but under the policy ``clear``.
    """
    for source, volume, locator, gap, listed, expanded, path in database.rows(
        "SELECT s.label, v.key, i.locator, c.gap, c.listed, c.expanded, i.path FROM container c"
        " JOIN item i ON i.id = c.item_id JOIN volume v ON v.id = i.volume_id"
        " JOIN source s ON s.id = v.source_id WHERE c.gap > 0 AND i.times != X''"
        " ORDER BY c.item_id"
    ):
        detail: JSON = {"listed": listed, "expanded": expanded}
        yield f"{source}/{volume}/{locator}", GAP_CODES[gap], detail, path
    for source, volume, locator, gap, content, width, height, frames, path in database.rows(
        "SELECT s.label, v.key, i.locator, p.gap, coalesce(c.type, 0), p.width, p.height,"
        " p.frames, i.path FROM perceptual p LEFT JOIN content c ON c.item_id = p.item_id"
        " JOIN item i ON i.id = p.item_id JOIN volume v ON v.id = i.volume_id"
        " JOIN source s ON s.id = v.source_id WHERE p.gap > 0 AND i.times != X''"
        " ORDER BY p.item_id"
    ):
        known = {"width": width, "height": height, "frames": frames}
        detail = {name: value for name, value in known.items() if value}
        detail["content_type"] = TYPES[content].name
        yield f"{source}/{volume}/{locator}", GAP_CODES[gap], detail, path


class Unopened(NamedTuple):
    """One item that may hold more, was read, and of which nothing says what it holds."""

    volume: int
    file_system: str
    """Of the volume, as its lister names it."""
    type: int
    """The position in `filetype.TYPES`."""
    size: int
    """Bytes that were read of it."""
    task: Rows
    """One `TASK` row."""


def unopened(database: Database, source: int, kinds: Sequence[int]) -> Iterator[Unopened]:
    """Yield each item of a source that was read and has no row of a container.

    What was looked into and holds nothing has one: this is what is left after an interruption.

    Args:
        database: the case.
        source: its row.
        kinds: positions in `filetype.TYPES` of what is opened.
    """
    # One pass over the contents for all types, each asked for its container before its item.
    for volume, system, kind, size, *task in database.rows(
        "SELECT i.volume_id, coalesce(v.file_system, ''), c.type, c.bytes_read, i.id, i.kind,"  # noqa: S608 - numbers
        " i.flags, i.size, i.handle FROM content c JOIN item i ON i.id = c.item_id"
        " JOIN volume v ON v.id = i.volume_id"
        f" WHERE c.status=1 AND c.type IN ({','.join(str(int(kind)) for kind in kinds)})"
        " AND NOT EXISTS (SELECT 1 FROM container o WHERE o.item_id = c.item_id)"
        " AND i.parent IS NULL AND v.source_id=? ORDER BY c.item_id",
        (source,),
    ):
        yield Unopened(volume, system, kind, size, tasks([tuple(task)]))


class Members(NamedTuple):
    """What the expanders of a volume counted themselves, all containers together."""

    listed: int
    directories: int


def members_of(database: Database, volume: int) -> Members:
    """Sum what was counted inside the containers of a volume."""
    ((listed, directories),) = database.rows(
        "SELECT coalesce(sum(c.listed), 0), coalesce(sum(c.directories), 0) FROM container c"
        " JOIN item i ON i.id = c.item_id WHERE +i.volume_id=?",  # not by the index of places
        (volume,),
    )
    return Members(listed, directories)


class Opened(NamedTuple):
    """What is needed to show the members of one container."""

    locator: str
    """Within its volume."""
    times: JSON
    """`model.TimeBasis` of its members, as lists."""


def opened(database: Database) -> dict[int, Opened]:
    """Return the containers that were opened, by item."""
    return {
        number: Opened(locator, json.loads(basis))
        for number, locator, basis in database.rows(
            "SELECT c.item_id, i.locator, c.time_basis FROM container c"
            " JOIN item i ON i.id = c.item_id WHERE c.listed > 0"
        )
    }


class Unaccounted(NamedTuple):
    """A container of which another number of members is on record than was counted."""

    item_id: int
    volume: int
    locator: str
    listed: int
    stored: int


def unaccounted(database: Database) -> Iterator[Unaccounted]:
    """Yield the containers whose own equation does not close."""
    for row in database.rows(
        "SELECT c.item_id, i.volume_id, i.locator, c.listed, coalesce(m.stored, 0)"
        " FROM container c JOIN item i ON i.id = c.item_id LEFT JOIN (SELECT parent,"
        " count(*) AS stored FROM item WHERE parent IS NOT NULL GROUP BY parent) m"
        " ON m.parent = c.item_id WHERE c.listed <> coalesce(m.stored, 0) ORDER BY c.item_id"
    ):
        yield Unaccounted(*row)
