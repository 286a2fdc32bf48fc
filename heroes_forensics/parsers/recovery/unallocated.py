"""What is carved of a volume: of the free space of a file system, or of a range without one."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap, Listing, Place, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.guard import Guard
from heroes_forensics.parsers.recovery import carved
from heroes_forensics.parsers.recovery.allocation import Allocation
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace, Numbers
from heroes_forensics.parsers.recovery.prefixes import Prefixes
from heroes_forensics.parsers.recovery.search import Begun, Carved, search
from heroes_forensics.parsers.recovery.window import SECTOR

KIND: Final = "unallocated"
"""Of a volume that is a range of the medium without a file system."""
NO_SWEEP: Final = "not applicable"
"""What a search of free space says of tables of the file system."""


def carve(  # noqa: PLR0913 - what is asked of a search
    reader: Reader,
    extents: Sequence[Extent] | tuple[Numbers, Numbers],
    beat: Callable[[], None] = lambda: None,
    *,
    left_out: int = 0,
    prefixes: Prefixes | None = None,
    end: int | None = None,
) -> Iterator[Entry | Gap | Listing]:
    """Yield what is found in ranges of a volume, gaps, and a count last.

    Args:
        reader: the volume.
        extents: where it holds nothing.
        beat: called now and then, to show that the search moves.
        left_out: bytes that were looked at before and hold nothing to be found.
        prefixes: what known files begin with, where that is looked for, too.
        end: byte offset of what is volume slack; none of it, when not given.
    """
    space = FreeSpace(reader, extents)
    count = 0
    for each in search(space, beat, prefixes):
        if isinstance(each, Begun):
            yield carved.begun(space.extents(each.offset, SECTOR))
            count += 1
            continue
        if isinstance(each, Carved):
            where = space.extents(each.offset, each.found.size)
            behind = end is not None and where[0].start >= end
            place = Place.VOLUME_SLACK if behind else Place.UNALLOCATED
            yield carved.entry(where, each.found, place)
            count += 1
            continue
        if each.unread:
            yield Gap("", "unallocated.unreadable", {"bytes": each.unread})
        if each.limit:
            left = space.size - each.bytes
            yield Gap("", "unallocated.limit", {"bytes": left, "entries": count})
        blocks = {"searched": each.bytes - each.unread + left_out, "unread": each.unread}
        yield Listing(entries=count, sweep=NO_SWEEP, blocks=blocks)


def blocks_of(allocation: Allocation, size: int) -> dict[str, int]:
    """Return the block equation of a volume, in bytes.

    Args:
        allocation: its bitmap.
        size: bytes of the volume that there are.
    """
    starts, lengths = allocation.free(size)
    slack = max(0, size - allocation.end)
    unallocated = int(lengths.sum()) - slack
    structures = min(allocation.first, size)
    covered = max(0, min(allocation.end, size) - structures)
    del starts
    return {
        "volume": size,
        "structures": structures,
        "allocated": covered - unallocated,
        "unallocated": unallocated,
        "volume_slack": slack,
    }


class UnallocatedRange:
    """A range of the medium without a file system: all of it is free; satisfies `FileSystem`."""

    kind = KIND
    times: TimeBasis = {}  # noqa: RUF012 - nothing is recorded here, and nobody changes it

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.prefixes: Prefixes | None = None
        """What known files begin with, where that is looked for, too."""

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield what is carved of it."""
        return self.entries_around(Guard())

    def entries_around(self, guard: Guard) -> Iterator[Entry | Gap | Listing]:
        """Yield the same, and show that it moves."""
        size = self._reader.size
        space = [Extent(0, size)] if size else []
        for each in carve(self._reader, space, lambda: guard.at(0, 0), prefixes=self.prefixes):
            if isinstance(each, Listing):
                blocks = {"volume": size, "unallocated": size, **each.blocks}
                yield Listing(entries=each.entries, sweep="not available", blocks=blocks)
            else:
                yield each

    def open(self, handle: bytes) -> Reader:
        """Open what was carved, by its handle."""
        return carved.CarvedStream(self._reader, handle)

    def close(self) -> None:
        """Leave the reader open: its owner closes it."""


def open_range(reader: Reader) -> UnallocatedRange:
    """Take a range of the medium that holds no file system."""
    return UnallocatedRange(reader)


def why_not(error: EvidenceError | OSError | MemoryError) -> str:
    """Return the code of the gap that free space is which was not found."""
    return str(getattr(error, "code", "unallocated.unreadable"))
