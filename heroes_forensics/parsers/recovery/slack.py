"""What lies in file slack: behind the end of files, in blocks that are theirs.

What was there before a file took its last block begins anywhere in it, and what somebody put there
begins right behind the end of the file. So every byte is looked at, for whole pictures. A stretch
that is long enough to hold what was deleted, blocks that were given to a file and never
written, is searched by sectors too, as free space is.
"""

from collections.abc import Callable, Iterator
from typing import Final

from heroes_forensics.model import Entry, Gap, Listing, Place
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.recovery import carved
from heroes_forensics.parsers.recovery.bytewise import SMALLEST, pictures_in
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace, Numbers
from heroes_forensics.parsers.recovery.search import Carved, Searched, search
from heroes_forensics.parsers.recovery.window import SECTOR, Budget, SpentError

MOST: Final = 100_000
"""Items of the slack of one volume."""
_LONG: Final = 64 << 10
"""Bytes from which on a stretch is searched by sectors too."""
_LEAST_BUDGET: Final = 64 << 20
_BUDGET: Final = 8
"""How many times the bytes of all slack may be read."""


def slack(
    reader: Reader, ranges: tuple[Numbers, Numbers], beat: Callable[[], None] = lambda: None
) -> Iterator[Entry | Gap | Listing]:
    """Yield what is found in stretches of a volume, each by itself, gaps, and a count last.

    Args:
        reader: the volume.
        ranges: starts and lengths, in bytes: ascending and disjoint.
        beat: called now and then, to show that the search moves.
    """
    total = int(ranges[1].sum())
    budget = Budget(max(_LEAST_BUDGET, _BUDGET * total), beat)
    count = searched = unread = 0
    for start, length in zip(ranges[0].tolist(), ranges[1].tolist(), strict=True):
        beat()
        try:
            for entry in _in_one(reader, Extent(start, length), budget, beat):
                yield entry
                count += 1
        except OSError:
            unread += length
        except SpentError:
            break
        else:
            searched += length
        if count >= MOST:
            break
    if unread:
        yield Gap("", "slack.unreadable", {"bytes": unread})
    if searched + unread < total:
        yield Gap("", "slack.limit", {"bytes": total - searched - unread, "entries": count})
    yield Listing(entries=count, blocks={"slack_searched": searched})


def _in_one(
    reader: Reader, extent: Extent, budget: Budget, beat: Callable[[], None]
) -> Iterator[Entry]:
    """Yield what is found in one stretch."""
    start, length = extent
    if length < SMALLEST:
        return
    seen: set[int] = set()
    inside = RangeReader(reader, start, length)
    for at, found in pictures_in(inside, beat, budget=budget, first=0):
        seen.add(start + at)
        yield carved.slack_entry(start + at, found.size)
    first = -(-start // SECTOR) * SECTOR
    if length < _LONG:
        return
    rest = Extent(first, start + length - first)
    for each in search(FreeSpace(reader, [rest]), beat, budget=budget):
        if isinstance(each, Searched):
            if each.limit:
                raise SpentError
        elif isinstance(each, Carved) and first + each.offset not in seen:
            where = Extent(first + each.offset, each.found.size)
            yield carved.entry([where], each.found, Place.FILE_SLACK)
