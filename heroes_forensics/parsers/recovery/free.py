"""Free space: the ranges of a volume that no file holds, as one run of bytes.

Whoever writes to a volume fills free blocks in their order and leaves out those in use: so a
picture that lies around an allocated file is in one piece here.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.base import Reader

Numbers = npt.NDArray[np.int64]


class Extent(NamedTuple):
    """A range of a volume, in bytes."""

    start: int
    length: int


def extents_of(starts: Numbers, lengths: Numbers) -> list[Extent]:
    """Return ranges given as two columns."""
    return [Extent(*pair) for pair in zip(starts.tolist(), lengths.tolist(), strict=True)]


class FreeSpace:
    """Ranges of a reader, read as if they followed one another."""

    def __init__(self, reader: Reader, extents: Sequence[Extent] | tuple[Numbers, Numbers]) -> None:
        """Take the volume and its ranges: ascending, disjoint, none of them empty."""
        self._reader = reader
        pairs = extents if isinstance(extents, tuple) else list(zip(*extents, strict=True))
        starts, lengths = pairs or ((), ())
        self._starts: Numbers = np.asarray(starts, dtype=np.int64)
        self._ends: Numbers = np.cumsum(np.asarray(lengths, dtype=np.int64))
        self.size = int(self._ends[-1]) if len(self._ends) else 0

    def extents(self, offset: int, length: int) -> list[Extent]:
        """Return where in the volume a stretch of the free space lies."""
        found: list[Extent] = []
        index = int(np.searchsorted(self._ends, offset, side="right"))
        length = min(length, self.size - offset)
        while length > 0:
            end = int(self._ends[index])
            begin = int(self._ends[index - 1]) if index else 0
            part = min(length, end - offset)
            found.append(Extent(int(self._starts[index]) + offset - begin, part))
            offset, length, index = offset + part, length - part, index + 1
        return found

    def read(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes; fewer at the end alone.

        Raises:
            OSError: some of them exist and cannot be read.
        """
        extents = self.extents(offset, length)
        parts = [self._reader.pread(extent.start, extent.length) for extent in extents]
        for part, extent in zip(parts, extents, strict=True):
            if len(part) != extent.length:
                raise OSError("the volume ends before its own end")
        return parts[0] if len(parts) == 1 else b"".join(parts)
