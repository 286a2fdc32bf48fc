"""The two lanes of a run: what is read first, and how far each of them has come.

First what looks like pictures and films by its name, is allocated and lies outside of system areas,
then all the rest. The names are not needed for that: the lister said what it saw in them.
"""

from collections.abc import Iterable
from operator import add
from typing import TYPE_CHECKING, Final, NamedTuple

from heroes_forensics.frames import Status
from heroes_forensics.model import HAS_CONTENT, EntryFlag, EntryKind, Place
from heroes_forensics.store.database import Database

if TYPE_CHECKING:
    from heroes_forensics.store.tally import Cell

LANES: Final = ("media", "rest")
"""In the order in which they are read."""

_FIRST: Final = int(EntryFlag.ALLOCATED | EntryFlag.MEDIA_NAME)
_LATER_PLACES: Final = (int(Place.SYSTEM), int(Place.UNALLOCATED))
IS_FIRST: Final = (
    f"(i.kind = {int(EntryKind.FILE)} AND i.flags & {_FIRST} = {_FIRST}"
    f" AND i.place NOT IN {_LATER_PLACES})"
)
"""SQL of an item ``i`` of the first lane."""
CONDITIONS: Final = (IS_FIRST, f"NOT {IS_FIRST}")
"""SQL of an item ``i``, by lane."""

RATIO: Final = 100
"""Times its own size that a container counts with for members that were not examined: more is not
expanded by the standard profile, and a size that is only stated must not rule what is said of
all."""
_KINDS: Final = tuple(sorted(int(kind) for kind in HAS_CONTENT))


class Lane(NamedTuple):
    """How far one lane has come: streams that have content, by the metadata."""

    name: str
    items: int
    ended: int
    """Examined, left out by policy, or a gap."""
    examined: int
    bytes: int
    """Of what a container states of members that were not read, no more than `RATIO` allows."""
    bytes_examined: int


def lanes(database: Database, cells: Iterable["Cell"], *, exhibit: int | None = None) -> list[Lane]:
    """Count both lanes, of the case or of one exhibit, in their order.

    Args:
        database: of the case.
        cells: `tally.cells` of its items, or of those of the exhibit.
        exhibit: its row.
    """
    found = {True: [0.0] * 5, False: [0.0] * 5}
    for cell in cells:
        if cell.kind in HAS_CONTENT and not cell.is_member:
            is_done = cell.status == Status.DONE
            ended, done = cell.items * (cell.status > 0), cell.items * is_done
            size = (cell.size, cell.size * is_done)
            found[cell.is_first] = list(
                map(add, found[cell.is_first], (cell.items, ended, done, *size))
            )
    for first, *row in database.rows(
        "SELECT first, sum(items), sum(ended), sum(examined), sum(done + CASE"  # noqa: S608 - our own numbers
        " WHEN container > 0 THEN min(rest, ?3 * container) ELSE rest END), sum(done)"
        f" FROM (SELECT {IS_FIRST} first, max(p.size) container, count(*) items,"
        " count(c.item_id) ended, total(c.status = ?2) examined,"
        " total(CASE WHEN c.status = ?2 THEN max(i.size, 0) END) done,"
        " total(CASE WHEN c.status = ?2 THEN 0 ELSE max(i.size, 0) END) rest"
        " FROM item i JOIN volume v ON v.id = +i.volume_id JOIN source s ON s.id = v.source_id"
        " LEFT JOIN content c ON c.item_id = i.id JOIN item p ON p.id = i.parent"
        f" WHERE i.kind IN {_KINDS} AND (?1 IS NULL OR s.exhibit_id = ?1)"
        " GROUP BY 1, i.parent) GROUP BY 1",
        (exhibit, int(Status.DONE), RATIO),
    ):
        found[bool(first)] = list(map(add, found[bool(first)], row))
    return [Lane(name, *map(int, found[name == LANES[0]])) for name in LANES]
