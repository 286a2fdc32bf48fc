"""The inventory of a case with what became of it, in columns of consecutive items."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.store.database import Database
from heroes_forensics.store.queries import volumes_of
from heroes_forensics.store.records import TIMES

ROWS: Final = 2048
"""The most items of one block: a full subtree of the inventory tree."""

_TIMES: Final = np.dtype([("seconds", "<i8", (4,)), ("nanoseconds", "<u4", (4,))])
_SELECT: Final = (
    "SELECT i.volume_id, i.parent, i.id, i.locator, i.kind, i.flags, i.place, i.size, i.times,"
    " i.owner, i.first_offset, c.status, c.gap, c.type, c.bytes_read, c.md5, c.sha1, c.sha256,"
    " {path} FROM item i LEFT JOIN content c ON c.item_id = i.id"
    " WHERE i.times != X''{where} ORDER BY i.id"
)
_OF_VOLUME: Final = " AND i.id BETWEEN ? AND ? AND +i.volume_id = ?"
"""By the ids, which are in order already: an index of the volume would have to be sorted first."""
_WITH_FINDINGS: Final = " AND i.id IN (SELECT item_id FROM match WHERE finding IS NOT NULL)"


class Columns(NamedTuple):
    """Items in the order of their ids, all of one volume and of one container or of none."""

    volume: int
    parent: int | None
    ids: tuple[int, ...]
    locators: tuple[str, ...]
    kinds: tuple[int, ...]
    flags: tuple[int, ...]
    places: tuple[int, ...]
    sizes: tuple[int, ...]
    seconds: npt.NDArray[np.int64]
    """One row an item: m, a, c, b."""
    nanoseconds: npt.NDArray[np.uint32]
    owners: tuple[int, ...]
    """-1 where none is recorded."""
    first_offsets: tuple[int, ...]
    """Bytes from the start of the volume; -1 where that is not known."""
    statuses: tuple[int | None, ...]
    """None, like all that follow, for an item that was never reached."""
    gaps: tuple[int | None, ...]
    types: tuple[int | None, ...]
    bytes_read: tuple[int | None, ...]
    md5: tuple[bytes | None, ...]
    sha1: tuple[bytes | None, ...]
    sha256: tuple[bytes | None, ...]
    paths: tuple[bytes, ...]
    """As stored; empty where they were not asked for."""


def blocks(database: Database, *, paths: bool = False) -> Iterator[Columns]:
    """Yield what `queries.items` does, in its order, in blocks of at most `ROWS`."""
    path = "i.path" if paths else "NULL"
    yield from _blocks(database.parts(_SELECT.format(path=path, where=""), size=ROWS), paths=paths)


def of_volume(
    database: Database, volume: int, *, paths: bool = False, with_findings: bool = False
) -> Iterator[Columns]:
    """Yield the items of one volume as `blocks` does; ``with_findings``: those with one alone."""
    first, last = next(
        database.rows("SELECT min(id), max(id) FROM item WHERE volume_id=?", (volume,))
    )
    if first is None:
        return
    where = _OF_VOLUME + (_WITH_FINDINGS if with_findings else "")
    sql = _SELECT.format(path="i.path" if paths else "NULL", where=where)
    yield from _blocks(database.parts(sql, (first, last, volume), size=ROWS), paths=paths)


def _blocks(parts: Iterator[list[tuple[Any, ...]]], *, paths: bool) -> Iterator[Columns]:
    for part in parts:
        for (volume, parent), found in _alike(part, 2):
            ids, locators, kinds, flags, places, sizes, times, *rest, names = found
            moments = _moments(times)
            yield Columns(
                *(volume, parent, ids, locators, kinds, flags, places, sizes),
                *(moments["seconds"], moments["nanoseconds"]),
                *(*rest, names if paths else ()),
            )


def _alike(
    part: list[tuple[Any, ...]], count: int
) -> Iterator[tuple[tuple[Any, ...], Sequence[tuple[Any, ...]]]]:
    """Yield the first values and the other columns of rows that stand together and share those."""
    columns = list(zip(*part, strict=True))
    first = part[0][:count]
    if all(column.count(each) == len(part) for column, each in zip(columns, first, strict=False)):
        yield first, columns[count:]  # as nearly always
        return
    for values, rows in groupby(part, itemgetter(slice(count))):
        yield values, list(zip(*rows, strict=True))[count:]


class Outcomes(NamedTuple):
    """How items of one volume ended, in the order of their ids: what the inventory tree holds."""

    source: str
    volume: str
    locators: tuple[str, ...]
    sizes: tuple[int, ...]
    statuses: tuple[int | None, ...]
    """`frames.Status`; None, like all that follow, when the item was never reached."""
    gaps: tuple[int | None, ...]
    """Positions in `queries.GAP_CODES`."""
    sha256: tuple[bytes | None, ...]


def outcomes(database: Database, run: int) -> Iterator[Outcomes]:
    """Yield how each item of the sources of a run ended, in the order of `queries.items`."""
    volumes = volumes_of(database, run)
    parts = database.parts(
        "SELECT i.volume_id, i.locator, i.size, c.status, c.gap, c.sha256 FROM item i"
        " LEFT JOIN content c ON c.item_id = i.id ORDER BY i.id",
        size=ROWS,
    )
    for part in parts:
        for (volume,), columns in _alike(part, 1):
            if volume in volumes:
                yield Outcomes(*volumes[volume], *columns)


def _moments(times: tuple[bytes, ...]) -> npt.NDArray[np.void]:
    return np.frombuffer(b"".join(times), dtype=_TIMES)


if _TIMES.itemsize != TIMES.size:
    raise AssertionError("the times of an item are stored in another form than they are read")
