"""Handing the bytes of a stream to another worker: a sealed memfd, made here and checked there.

The worker that reads a stream writes it into an anonymous file, seals it so that nobody can change
it any more, and sends the descriptor. The coordinator passes it on after checking the seals and
the size; it never reads a byte of it.
"""

import fcntl
import os
import stat
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, Protocol

from heroes_forensics.frames import HAND_OVER_BYTES, Control
from heroes_forensics.pipelines.workers.credits import cost

if TYPE_CHECKING:
    from heroes_forensics.model import JSON

SEALS: Final = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


class Copy:
    """A stream on its way out: filled piece by piece, then sealed."""

    def __init__(self) -> None:
        flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
        self._descriptor = os.memfd_create("heroes-stream", flags)
        self.size = 0
        """Bytes written."""

    def write(self, data: bytes) -> None:
        """Append bytes.

        Raises:
            OSError: there is no memory for it.
        """
        view = memoryview(data)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self.size += len(data)

    def pread(self, offset: int, length: int) -> bytes:
        """Read back what was written."""
        length = max(0, min(length, self.size - offset))
        # An offset from metadata may be larger than the kernel takes.
        return os.pread(self._descriptor, length, offset) if length else b""

    def close(self) -> None:
        """Keep it: this is for who only reads."""

    def frames(self, item: int, uses: tuple[str, ...]) -> Iterator[Control]:
        """Seal what was written; each frame owns a descriptor of its own."""
        fcntl.fcntl(self._descriptor, fcntl.F_ADD_SEALS, SEALS)
        for use in uses[:-1]:
            body: JSON = {"item": item, "size": self.size, "use": use}
            yield Control("stream", body, (os.dup(self._descriptor),))
        last: JSON = {"item": item, "size": self.size, "use": uses[-1]}
        yield Control("stream", last, (self._descriptor,))

    def drop(self) -> None:
        """Give it up."""
        os.close(self._descriptor)


def is_sealed(descriptor: int, size: int) -> bool:
    """Say whether a descriptor is what it should be: sealed, regular, readable, of this size."""
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
        status = os.fstat(descriptor)
    except OSError:
        return False
    return (
        seals & SEALS == SEALS
        and mode in {os.O_RDONLY, os.O_RDWR}
        and stat.S_ISREG(status.st_mode)
        and status.st_size == size
        and 0 < size <= HAND_OVER_BYTES
    )


class Lender(Protocol):
    """Where more credit comes from: the worker's loop asks the coordinator."""

    def lend(self, use: str, size: int) -> int:
        """Wait until at least ``size`` bytes are given; return how many."""
        ...


class Allowance:
    """What the unit in work may still hand over."""

    def __init__(self, lender: Lender | None = None) -> None:
        self._lender = lender
        self._left: dict[str, int] = {}

    def begin(self, shares: dict[str, int]) -> None:
        """Start a unit with these shares."""
        self._left = dict(shares)

    def covers(self, use: str, size: int) -> bool:
        """Say whether a stream of ``size`` bytes can go without asking."""
        return self._lender is None or self._left.get(use, 0) >= cost(size)

    def spend(self, use: str, size: int) -> None:
        """Take what a stream needs, asking and waiting where it has to.

        Send everything that is finished before calling this without cover: what the coordinator
        waits for must not wait for the coordinator.
        """
        if self._lender is None:
            return
        if not self.covers(use, size):
            self._left[use] = 0
            self._left[use] = self._lender.lend(use, cost(size))
        self._left[use] -= cost(size)

    def give_back(self, use: str, size: int) -> None:
        """Keep for another stream what was taken for one that does not go."""
        if self._lender is not None:
            self._left[use] = self._left.get(use, 0) + cost(size)
