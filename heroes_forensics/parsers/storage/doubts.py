"""Which ranges of media cannot be relied on, and whether what was just read touches one.

A reader of an image container knows ranges that are missing, damaged, or filler that the imager
wrote in place of what it could not read. Whoever reads a stream through a file system asks
afterwards, with `Doubts.take`, whether the reading touched such a range.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import RangeReader

DAMAGED: Final = "damaged"
"""A chunk does not fit its checksum, or cannot be inflated."""
MISSING: Final = "missing"
"""The segment or the chunk table that held it is not there, or unusable."""
UNREADABLE: Final = "unreadable"
"""The file that holds it could not be read."""
FILLER: Final = "filler"
"""The imager could not read it either: the bytes are there, and were never on the medium."""
REASONS: Final = (DAMAGED, MISSING, UNREADABLE, FILLER)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One range of media that cannot be relied on."""

    offset: int
    """Of the media, bytes."""
    length: int
    reason: str
    """One of `REASONS`."""
    segment: int = 0
    """Number of the segment file from 1; 0 when that is not known."""
    chunk: int = -1
    """Number of its first chunk in the media, from 0; -1 when it is not counted in chunks."""

    def to_json(self) -> JSON:
        """Return it as the detail of a gap: numbers and one word."""
        found: JSON = {"offset": self.offset, "length": self.length, "reason": self.reason}
        if self.segment:
            found["segment"] = self.segment
        if self.chunk >= 0:
            found["chunk"] = self.chunk
        return found


class Doubts:
    """Ranges in order, none overlapping another; those touched since the last `take`."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._doubts: list[Doubt] = []
        self.touched: set[Doubt] = set()

    def __len__(self) -> int:
        """Return how many ranges are known."""
        return len(self._doubts)

    def add(self, doubt: Doubt) -> None:
        """Add a range; what is known of its bytes already stays as it is."""
        at = doubt.offset
        end = doubt.offset + doubt.length
        for known in [*self.within(doubt.offset, doubt.length), None]:
            until = end if known is None else known.offset
            if at < until:
                index = bisect_left(self._starts, at)
                self._starts.insert(index, at)
                self._doubts.insert(
                    index, Doubt(at, until - at, doubt.reason, doubt.segment, doubt.chunk)
                )
            if known is not None:
                at = max(at, known.offset + known.length)

    def within(self, offset: int, length: int) -> list[Doubt]:
        """Return the ranges that overlap ``length`` bytes at ``offset``."""
        first = max(0, bisect_right(self._starts, offset) - 1)
        last = bisect_left(self._starts, offset + length)
        return [doubt for doubt in self._doubts[first:last] if doubt.offset + doubt.length > offset]

    def touch(self, offset: int, length: int) -> None:
        """Remember that these bytes were read."""
        if self._doubts:
            self.touched.update(self.within(offset, length))

    def take(self) -> list[Doubt]:
        """Return what was touched since the last call, in the order of the media."""
        found = sorted(self.touched, key=lambda doubt: doubt.offset)
        self.touched = set()
        return found


def doubts_below(reader: Reader) -> tuple[Doubts, int] | None:
    """Return the doubts of the media a reader reads from, and its own offset in that media.

    None where there are none to ask, or where a layer between them moves bytes about.
    """
    base = 0
    while isinstance(reader, RangeReader):
        base += reader.offset
        reader = reader.inner
    doubts = getattr(reader, "doubts", None)
    return (doubts, base) if isinstance(doubts, Doubts) else None


class Reliable:
    """A reader that fails where the media below it cannot be relied on."""

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self._below = doubts_below(inner)

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read.

        Raises:
            OSError: it cannot be read, or what was read is missing, damaged or filler.
        """
        data = self._inner.pread(offset, length)
        if self._below is not None:
            doubts, base = self._below
            if doubts.within(base + offset, len(data)):
                raise OSError("the media cannot be relied on there")
        return data

    def close(self) -> None:
        """Leave the inner reader open: it was handed in."""


def absent_below(reader: Reader) -> list[tuple[int, int]]:
    """Return the ranges of a reader that the media cannot give, as starts and lengths.

    Those that are known by now: a chunk is known to be damaged when it was read. What lies behind
    the end of the media is one of them.
    """
    size = end = reader.size
    base, inner = 0, reader
    while isinstance(inner, RangeReader):
        base += inner.offset
        inner = inner.inner
        end = min(end, inner.size - base)
    end = max(0, end)
    found = [(end, size - end)] if end < size else []
    known = doubts_below(reader)
    for doubt in known[0].within(known[1], end) if known is not None else ():
        start = max(0, doubt.offset - base)
        found.append((start, min(end, doubt.offset + doubt.length - base) - start))
    return found
