"""RAID 10 of Linux md: which members hold a chunk, and where.

Copies lie near (side by side in one stripe), far (in another part of each member), or at an offset
(in the next stripe). Arithmetic: ``setup_geo`` and ``__raid10_find_phys`` of the Linux kernel
(``drivers/md/raid10.c``).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

_OFFSET: Final = 1 << 16
_SETS: Final = 17
"""Bits from here on: far copies within sets of members, which no program makes by default."""


class Copies(NamedTuple):
    """How copies are laid over the members."""

    disks: int
    near: int
    far: int
    is_offset: bool
    chunk: int
    stride: int
    """Between one far copy and the next, bytes."""
    size: int
    """Of the array, bytes."""

    def places(self, number: int) -> Iterator[tuple[int, int]]:
        """Yield member and offset there of each copy of a chunk."""
        stripe, role = divmod(number * self.near, self.disks)
        at = stripe * (self.far if self.is_offset else 1) * self.chunk
        for _ in range(self.near):
            yield from (
                ((role + copy * self.near) % self.disks, at + copy * self.stride)
                for copy in range(self.far)
            )
            role += 1
            if role == self.disks:
                role, at = 0, at + self.chunk  # one row, where copies are at an offset, too

    def is_there(self, roles: set[int]) -> bool:
        """Say whether these members hold a copy of every chunk."""
        return all(
            any(role in roles for role, _ in self.places(number)) for number in range(self.disks)
        )


def copies(layout: int, disks: int, chunk: int, used: int) -> Copies | None:
    """Return how an array lies; None where its layout is none that is read.

    Args:
        layout: as the superblock states it.
        disks: places of the array.
        chunk: bytes.
        used: bytes of each member.
    """
    near, far = layout & 0xFF, layout >> 8 & 0xFF
    if not near or not far or near * far > disks or layout >> _SETS or chunk <= 0:
        return None
    is_offset = bool(layout & _OFFSET)
    chunks = used // chunk // far * disks // near
    each = -(-chunks * near * far // disks)
    stride = 1 if is_offset else each // far
    return Copies(disks, near, far, is_offset, chunk, stride * chunk, chunks * chunk)
