"""The content of a file of squashfs: blocks, holes, and a tail that lies with those of others."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.reading.readers import in_pieces

if TYPE_CHECKING:
    from heroes_forensics.parsers.recovery.free import Numbers

Sizes = npt.NDArray[np.uint32]
"""Of each block its bytes as stored, 0 for a hole."""
STORED: Final = 1 << 24
"""Mark of a size: the block is not compressed."""


def lengths_of(sizes: Sizes) -> "Numbers":
    """Return the sizes without marks."""
    return (sizes & np.uint32(STORED - 1)).astype(np.int64)


class SquashfsFile:
    """The content of a file as a `Reader`."""

    def __init__(  # noqa: PLR0913, PLR0917 - where blocks lie, and what reads them
        self,
        block: Callable[[int, int], bytes],
        block_size: int,
        sizes: Sizes,
        start: int,
        tail: tuple[int, int, int] | None,
        size: int,
    ) -> None:
        """Take the map of a file.

        Args:
            block: gives a block expanded, by its byte offset and its size with the mark.
            block_size: bytes of an expanded block.
            sizes: of the blocks, which lie one after the other.
            start: byte offset of the first.
            tail: offset and size of the block that holds the last bytes, and where in it they are.
            size: bytes.
        """
        lengths = lengths_of(sizes)
        self._starts: Numbers = np.cumsum(lengths) - lengths
        self._block, self._block_size = block, block_size
        self._sizes, self._start, self._tail, self._size = sizes, start, tail, size

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across blocks.

        Raises:
            OSError: a block is damaged, or shorter than it should be.
        """
        return in_pieces(self._piece, offset, length, size=self._size)

    def _piece(self, offset: int, length: int) -> bytes:
        index, inside = divmod(offset, self._block_size)
        return self._part(index)[inside : inside + length]

    def _part(self, index: int) -> bytes:
        wanted = min(self._block_size, self._size - index * self._block_size)
        if index < len(self._sizes) and not self._sizes[index]:
            return bytes(wanted)
        if index < len(self._sizes):
            at = self._start + int(self._starts[index])
            data = self._block(at, int(self._sizes[index]))
        elif self._tail is not None:
            start, size, inside = self._tail
            data = self._block(start, size)[inside : inside + wanted]
        else:
            raise OSError("a file has fewer blocks than its size needs")
        if len(data) != wanted:
            raise OSError("a block is not as long as it should be")
        return data

    def close(self) -> None:
        """Leave the volume open."""
