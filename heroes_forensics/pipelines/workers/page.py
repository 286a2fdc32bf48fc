"""The progress page: one page of memory in which a worker says, without a message, where it is.

The worker writes it, the coordinator reads it. It costs an addition for each task and read, works
while a C library keeps the interpreter busy, and is still there after the worker has died. What it
says is a guess of a process that may be hostile: the coordinator checks each number against what
it asked for, and uses it to save work only, never to decide what is on record.
"""

import mmap
import os
import struct
from fcntl import F_ADD_SEALS, F_SEAL_GROW, F_SEAL_SEAL, F_SEAL_SHRINK, fcntl
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

SIZE: Final = mmap.PAGESIZE

_COUNT: Final = 0
_UNIT: Final = 1
_TASK: Final = 2
_ADDRESS: Final = 3
_PHASE: Final = 4
_FIELDS: Final = struct.Struct("<5Q")
OFTEN: Final = 256
_MASK: Final = (1 << 64) - 1


class Seen(NamedTuple):
    """What a page said at one moment."""

    moves: int
    """Rises with each task, each read of the medium, each entry listed."""
    unit: int
    task: int
    """Position of the task in work; no more than a claim."""
    address: int
    """Metadata address in work while a volume is listed."""
    phase: int


class Page:
    """The coordinator's side: makes the page and reads it."""

    def __init__(self) -> None:
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        self.descriptor = os.memfd_create("heroes-progress", flags)
        os.ftruncate(self.descriptor, SIZE)
        # A page that shrinks would end whoever reads it with SIGBUS.
        fcntl(self.descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
        self._map = mmap.mmap(self.descriptor, SIZE, prot=mmap.PROT_READ)

    def seen(self) -> Seen:
        """Read the page."""
        return Seen(*_FIELDS.unpack_from(self._map))

    def close(self) -> None:
        """Release the page; a worker keeps its own view."""
        self._map.close()
        os.close(self.descriptor)


class Progress:
    """The worker's side: where it is, written as it goes."""

    def __init__(self, descriptor: int | None = None) -> None:
        memory = mmap.mmap(-1, SIZE) if descriptor is None else mmap.mmap(descriptor, SIZE)
        self._words = memoryview(memory).cast("Q")
        self.often: Callable[[], object] | None = None
        """Called once in `OFTEN` moves."""

    def beat(self, amount: int = 0) -> None:
        """Say that something moved: a read came back, an entry was listed."""
        del amount
        words = self._words
        words[_COUNT] = moves = (words[_COUNT] + 1) & _MASK
        if not moves % OFTEN and self.often is not None:
            self.often()

    @property
    def index(self) -> int:
        """Position of the task in work."""
        return self._words[_TASK]

    def unit(self, number: int) -> None:
        """Begin a unit."""
        words = self._words
        words[_UNIT] = number
        words[_TASK] = words[_ADDRESS] = words[_PHASE] = 0
        words[_COUNT] = (words[_COUNT] + 1) & _MASK

    def task(self, index: int) -> None:
        """Begin the task at this position of the unit."""
        words = self._words
        words[_TASK] = index
        words[_COUNT] = (words[_COUNT] + 1) & _MASK

    def at(self, address: int, phase: int) -> None:
        """Say which metadata address is about to be opened, and how: see `parsers.guard`."""
        words = self._words
        words[_ADDRESS] = address & _MASK
        words[_PHASE] = phase
        words[_COUNT] = (words[_COUNT] + 1) & _MASK
