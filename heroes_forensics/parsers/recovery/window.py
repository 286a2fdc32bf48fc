"""A candidate and what follows it: what the walkers of the formats read from."""

from collections.abc import Callable
from typing import Final, NamedTuple, Protocol

SECTOR: Final = 512
"""Bytes; where a candidate begins, and what is looked at as one piece."""

_PIECE: Final = 1 << 16


class Found(NamedTuple):
    """What a walker says of a candidate."""

    size: int
    """Bytes from its first byte to the end that its structure names, or to where that breaks."""
    whole: bool
    """False for a fragment: the structure breaks off."""
    checked: bool = True
    """Whether its content was followed, and not only its length taken from a header: else a
    candidate that lies around other files is no more than a fragment."""


class Bytes(Protocol):
    """What a window looks into."""

    @property
    def size(self) -> int:
        """Bytes in all."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Read; short at the end alone."""
        ...


class SpentError(Exception):
    """The walkers have read as much as they may."""


class Budget:
    """How many bytes the walkers of one volume may read in all."""

    def __init__(self, size: int, beat: Callable[[], None] = lambda: None) -> None:
        self.left = size
        self._beat = beat

    def spend(self, size: int) -> None:
        """Take note that so many bytes are read.

        Raises:
            SpentError: there were fewer left.
        """
        self._beat()
        self.left -= size
        if self.left < 0:
            raise SpentError


class Window:
    """The bytes from a candidate on, read piece by piece."""

    def __init__(self, space: Bytes, start: int, budget: Budget, limit: int) -> None:
        self._space = space
        self._start = start
        self._budget = budget
        self.size = max(0, min(space.size - start, limit))
        self._at = 0
        self._piece = b""

    def read(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset`` of the candidate; fewer at its end alone.

        Raises:
            OSError: they cannot be read.
            SpentError: the walkers have read as much as they may.
        """
        length = min(length, self.size - offset)
        if length <= 0:
            return b""
        inside = offset - self._at
        if inside >= 0 and inside + length <= len(self._piece):
            return self._piece[inside : inside + length]
        if length >= _PIECE:
            self._budget.spend(length)
            return self._space.read(self._start + offset, length)
        self._at = offset - offset % SECTOR
        size = min(_PIECE + SECTOR, self.size - self._at)
        self._budget.spend(size)
        self._piece = self._space.read(self._start + self._at, size)
        inside = offset - self._at
        return self._piece[inside : inside + length]

    def number(self, offset: int, width: int, order: "str" = "big") -> int:
        """Return an unsigned number; -1 where the window ends before it."""
        data = self.read(offset, width)
        if len(data) < width:
            return -1
        return int.from_bytes(data, "big" if order == "big" else "little")
