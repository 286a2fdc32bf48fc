"""Items counted in one pass, by all that a report tells them apart by."""

from typing import Final, NamedTuple

from heroes_forensics.model import EntryFlag
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import IS_FIRST

_MEDIA_NAME: Final = int(EntryFlag.MEDIA_NAME)
_RADIX: Final = 2048
"""More than there are types or gaps."""
_KINDS: Final = 64
_STATUSES: Final = 64
"""More than there are of each: with these 67 million volumes fit into a number."""
_FLAGS: Final = 8

# One number to group by, as SQLite sorts rows of one column in half the time that seven take.
_SELECT: Final = (
    f"SELECT ((((i.volume_id * {_KINDS} + i.kind) * {_STATUSES} + coalesce(c.status, 0)) * {_RADIX}"  # noqa: S608 - our own numbers
    f" + coalesce(c.gap, 0)) * {_RADIX} + coalesce(c.type, 0)) * {_FLAGS}"
    f" + 4 * {IS_FIRST} + 2 * (i.flags & {_MEDIA_NAME} > 0) + (i.parent IS NOT NULL),"
    " count(*), total(max(i.size, 0)), total(c.bytes_read > 0)"
    " FROM item i LEFT JOIN content c ON c.item_id = i.id GROUP BY 1"
)


class Cell(NamedTuple):
    """Items of one volume that are alike in all of this."""

    volume: int
    kind: int
    status: int
    """`frames.Status`; 0 of what was never reached."""
    gap: int
    """Position in `model.GAP_CODES`."""
    type: int
    """Position in `filetype.TYPES`."""
    is_first: bool
    """Whether they are of the first lane."""
    names_media: bool
    is_member: bool
    items: int
    size: float
    """Bytes, by the metadata; floating, as sizes that metadata invents may exceed any integer."""
    read: int
    """How many of them have bytes that were read."""


def cells(database: Database) -> list[Cell]:
    """Count all items of a case."""
    found = []
    for number, items, size, read in database.rows(_SELECT):
        rest, flags = divmod(number, _FLAGS)
        rest, kind_of_content = divmod(rest, _RADIX)
        rest, gap = divmod(rest, _RADIX)
        rest, status = divmod(rest, _STATUSES)
        volume, kind = divmod(rest, _KINDS)
        is_first, names_media, is_member = flags & 4 > 0, flags & 2 > 0, flags & 1 > 0
        alike = (volume, kind, status, gap, kind_of_content, is_first, names_media, is_member)
        found.append(Cell(*alike, items, size, int(read)))
    return found
