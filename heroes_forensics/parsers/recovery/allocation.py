"""Which blocks of a volume are in use, by the file system's own bitmap, which we read ourselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.recovery.free import Numbers

Bits = npt.NDArray[np.uint8]

LIMIT: Final = 1 << 28
"""Bytes of a bitmap that are read: 8 TiB of blocks of 4 KiB."""
_SLICE: Final = 1 << 20
"""Bytes of a bitmap that are unpacked at once."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """The blocks of one volume."""

    block_size: int
    """Bytes."""
    first: int
    """Byte offset of the first block in the volume; what lies before are structures."""
    count: int
    """How many blocks there are."""
    bits: Bits
    """One bit a block, the lowest first; set where it is in use."""

    @property
    def end(self) -> int:
        """Byte offset behind the last block; what lies behind is volume slack."""
        return self.first + self.count * self.block_size

    def free(self, size: int) -> tuple[Numbers, Numbers]:
        """Return the ranges of blocks that are not in use, and what lies behind the last block.

        Args:
            size: bytes of the volume that there are; nothing beyond is given.
        """
        edges: list[Numbers] = []
        last = 1
        for start, used in self._unpacked():
            before = np.concatenate([np.array([last], dtype=np.uint8), used])
            edges.append(np.flatnonzero(before[1:] != before[:-1]).astype(np.int64) + start)
            last = int(used[-1]) if len(used) else last
        if not last:
            edges.append(np.array([self.count], dtype=np.int64))
        places: Numbers = np.concatenate(edges) if edges else np.zeros(0, dtype=np.int64)
        starts = self.first + places[::2] * self.block_size
        ends = self.first + places[1::2] * self.block_size
        if self.end < size:
            starts, ends = np.append(starts, self.end), np.append(ends, size)
        keep = starts < size
        starts, ends = starts[keep], np.minimum(ends[keep], size)
        return starts, ends - starts

    def in_use(self) -> int:
        """Count the blocks in use."""
        return sum(int(np.count_nonzero(used)) for _, used in self._unpacked())

    def taken(self, start: int, length: int) -> int:
        """Count the bytes of a range of the volume that lie in blocks in use."""
        begin = max(0, (start - self.first) // self.block_size)
        end = min(self.count, -(-(start + length - self.first) // self.block_size))
        if begin >= end or not length:
            return 0
        part = np.unpackbits(self.bits[begin // 8 : (end + 7) // 8], bitorder="little")
        used = part[begin % 8 : begin % 8 + end - begin]
        return int(np.count_nonzero(used)) * self.block_size

    def _unpacked(self) -> Iterator[tuple[int, Bits]]:
        """Yield the bits, one a byte, in pieces: the number of the first block, and they."""
        for start in range(0, -(-self.count // 8), _SLICE):
            used = np.unpackbits(self.bits[start : start + _SLICE], bitorder="little")
            yield start * 8, used[: self.count - start * 8]


def of_bytes(data: bytes, count: int, *, highest_first: bool = False) -> Bits:
    """Return a bitmap as it is on the medium in the form that `Allocation` has.

    Args:
        data: the bitmap.
        count: blocks that it has to say something about.
        highest_first: the highest bit of each byte is its first.

    Raises:
        OSError: it is too short.
    """
    need = -(-count // 8)
    if len(data) < need:
        raise OSError("the allocation bitmap is shorter than the volume")
    bits = np.frombuffer(data, dtype=np.uint8, count=need)
    if highest_first:
        bits = np.packbits(np.unpackbits(bits), bitorder="little")
    return bits
