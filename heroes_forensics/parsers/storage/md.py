"""Linux md arrays: which members belong together, and the bytes of what they make up.

RAID 0 with zones of unequal members, RAID 1, 4, 5, 6, 10 and linear. What one member cannot
give, a mirror or the parity gives; what nobody gives is an error, never zeros. Arithmetic:
``drivers/md/raid0.c``, ``raid5.c`` and ``md-linear.c`` of the Linux kernel; of RAID 6 and 10,
`heroes_forensics.parsers.storage.md_raid6` and `heroes_forensics.parsers.storage.md_raid10`.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import in_pieces
from heroes_forensics.parsers.storage import md_raid6
from heroes_forensics.parsers.storage.doubts import Reliable
from heroes_forensics.parsers.storage.md_raid10 import Copies, copies
from heroes_forensics.parsers.storage.md_superblock import (
    MAX_MEMBERS,
    SECTOR,
    Superblock,
    superblock,
)

LEVELS: Final = {
    -1: "linear",
    0: "raid0",
    1: "raid1",
    4: "raid4",
    5: "raid5",
    6: "raid6",
    10: "raid10",
}
"""What is read."""
NAMES: Final = LEVELS
_PARITY: Final = {4: 1, 5: 1, 6: 2}
"""By level, how many members may be missing."""
_MIRRORED: Final = 10
_LAYOUTS: Final = 6
"""Of RAID 5: asymmetric and symmetric to the left and to the right, all parity first or last."""
_ORIGINAL, _ALTERNATE = 1, 2
"""Layouts of RAID 0 with members of several sizes."""


@dataclass(frozen=True, slots=True)
class Geometry:
    """How an array is laid over its members. Sizes are in bytes."""

    level: int
    layout: int
    chunk: int
    disks: int
    size: int
    """Of the whole array."""
    sizes: tuple[int, ...]
    """What each place gives; 0 where its member is not there and the level does not say."""


def current(members: Sequence[Superblock]) -> dict[int, int]:
    """Return which members make up the array as it was last: place to position in ``members``.

    Those that were left behind (an older count of events), spares, those that failed or that were
    still being filled are not among them.
    """
    if not members:
        return {}
    newest = max(members, key=lambda one: one.events)
    found: dict[int, int] = {}
    for position, one in enumerate(members):
        # The kernel takes a member that is one event behind: the last write did not reach it.
        is_fresh = one.events + 1 >= newest.events and one.rebuilt
        known = newest.roles[one.number] if one.number < len(newest.roles) else -1
        if is_fresh and 0 <= one.role < newest.disks and known == one.role:
            found.setdefault(one.role, position)
    return found


def is_complete(newest: Superblock, places: Mapping[int, int]) -> bool:
    """Say whether the members that are there give all bytes of the array."""
    missing = newest.disks - len(places)
    if newest.level == 1:
        return bool(places)
    if newest.level == _MIRRORED:
        plan = _copies(newest)
        return plan is not None and plan.is_there(set(places))
    return missing <= _PARITY.get(newest.level, 0)


def _copies(newest: Superblock) -> Copies | None:
    chunk = newest.chunk * SECTOR
    return copies(newest.layout, newest.disks, chunk, newest.used * SECTOR)


def hindrance(members: Sequence[Superblock], places: Mapping[int, int]) -> str:
    """Return in one word why the array is not read; empty when it is."""
    newest = max(members, key=lambda one: one.events)
    if newest.hindrance or newest.level not in LEVELS:
        return newest.hindrance or "level"
    if not _PARITY.get(newest.level, 0) < newest.disks <= MAX_MEMBERS:
        return "members"
    if newest.level in {0, _MIRRORED, *_PARITY} and not 0 < newest.chunk <= 1 << 22:
        return "chunk"
    return "" if _is_laid_out(newest, members, places) else "layout"


def _is_laid_out(
    newest: Superblock, members: Sequence[Superblock], places: Mapping[int, int]
) -> bool:
    """Tell whether the layout is one that is read."""
    if newest.level == 5:  # noqa: PLR2004 (RAID 5)
        return 0 <= newest.layout < _LAYOUTS
    if newest.level == 6:  # noqa: PLR2004 (RAID 6)
        return newest.layout in md_raid6.LAYOUTS
    if newest.level == _MIRRORED:
        return _copies(newest) is not None
    sizes = {size for size in _sizes(newest, members, places) if size}
    return newest.level != 0 or len(sizes) < 2 or newest.layout in {_ORIGINAL, _ALTERNATE}  # noqa: PLR2004


def geometry(members: Sequence[Superblock], places: Mapping[int, int]) -> Geometry:
    """Return how the array is laid out; `hindrance` said that it can be read."""
    newest = max(members, key=lambda one: one.events)
    sizes = _sizes(newest, members, places)
    lost = _PARITY.get(newest.level, newest.disks - 1)
    size = sum(sizes) if newest.level <= 0 else (newest.disks - lost) * sizes[0]
    if newest.level == _MIRRORED and (plan := _copies(newest)) is not None:
        size = plan.size
    layout = 5 if newest.level == 4 else newest.layout  # noqa: PLR2004 (RAID 4: parity last)
    return Geometry(newest.level, layout, newest.chunk * SECTOR, newest.disks, size, sizes)


def _sizes(
    newest: Superblock, members: Sequence[Superblock], places: Mapping[int, int]
) -> tuple[int, ...]:
    rounded = newest.chunk if newest.level != 1 and newest.chunk else 1
    if newest.level > 0:
        return (newest.used // rounded * rounded * SECTOR,) * newest.disks
    found = [members[places[role]].length if role in places else 0 for role in range(newest.disks)]
    return tuple(length // rounded * rounded * SECTOR for length in found)


def opened(readers: Sequence[Reader]) -> "Array":
    """Put an array together from its members.

    Raises:
        OSError: one has no superblock, or together they are not the array.
    """
    blocks = [found for one in readers if (found := superblock(one)) is not None]
    if len(blocks) < len(readers) or not blocks:
        raise OSError("a member of the array has no superblock")
    places = current(blocks)
    newest = max(blocks, key=lambda one: one.events)
    if hindrance(blocks, places) or not is_complete(newest, places):
        raise OSError("the array cannot be put together")
    members = {
        role: Member(readers[position], blocks[position]) for role, position in places.items()
    }
    return Array(geometry(blocks, places), members)


class Member:
    """The data of one member; what it is known not to have right is an error."""

    def __init__(self, inner: Reader, block: Superblock) -> None:
        self._inner = Reliable(inner)
        self._start = block.start * SECTOR
        self._bad = sorted((at * SECTOR, count * SECTOR) for at, count in block.bad)

    def pread(self, offset: int, length: int) -> bytes:
        """Read all of it, or fail.

        Raises:
            OSError: the medium ends, cannot be read or cannot be relied on, or the array had these
                sectors on its list of bad blocks.
        """
        offset += self._start
        if any(at < offset + length and offset < at + count for at, count in self._bad):
            raise OSError("the array knew these sectors to be bad")
        data = self._inner.pread(offset, length)
        if len(data) < length:
            raise OSError("a member of the array ends before its data do")
        return data


class Array:
    """The bytes of an array, put together as they are read."""

    def __init__(self, plan: Geometry, members: Mapping[int, Member]) -> None:
        """Take the members by place; a missing one has none."""
        self._plan = plan
        self._members = dict(members)

    @property
    def size(self) -> int:
        """Length of the array, bytes."""
        return self._plan.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across members.

        Raises:
            OSError: a member is needed that is missing or cannot be read, and no other has it.
        """
        return in_pieces(self._piece, offset, length, size=self.size)

    def _piece(self, offset: int, length: int) -> bytes:
        """Read what lies in one run on one member, at least a byte."""
        plan = self._plan
        if plan.level == 1:
            return self._mirrored(((role, offset) for role in sorted(self._members)), length)
        if plan.level == _MIRRORED:
            return self._copied(offset, length)
        if plan.level == 6:  # noqa: PLR2004 (RAID 6)
            return self._with_two_parities(offset, length)
        if plan.level in _PARITY:
            return self._with_parity(offset, length)
        role, at, run = _striped(plan, offset) if plan.level == 0 else _linear(plan, offset)
        return self._of(role, at, min(length, run))

    def _of(self, role: int, offset: int, length: int) -> bytes:
        member = self._members.get(role)
        if member is None:
            raise OSError("a member of the array is missing")
        return member.pread(offset, length)

    def _mirrored(self, places: Iterable[tuple[int, int]], length: int) -> bytes:
        failure: OSError | None = None
        for role, offset in places:
            try:
                return self._of(role, offset, length)
            except OSError as error:
                failure = error
        raise failure or OSError("no member of the array is there")

    def _copied(self, offset: int, length: int) -> bytes:
        plan = self._plan
        laid = copies(plan.layout, plan.disks, plan.chunk, plan.sizes[0])
        if laid is None:  # `hindrance` said otherwise
            raise OSError("the layout of the array is not read")
        number, within = divmod(offset, plan.chunk)
        places = ((role, at + within) for role, at in laid.places(number))
        return self._mirrored(places, min(length, plan.chunk - within))

    def _with_two_parities(self, offset: int, length: int) -> bytes:
        plan = self._plan
        number, within = divmod(offset, plan.chunk)
        row, data = divmod(number, plan.disks - 2)
        stripe = md_raid6.stripe_of(plan.layout, plan.disks, row)
        role = stripe.data[data]
        at = row * plan.chunk + within
        length = min(length, plan.chunk - within)
        with suppress(OSError):
            return self._of(role, at, length)
        have: dict[int, bytes] = {}
        for other in range(plan.disks):
            if other != role:
                with suppress(OSError):
                    have[other] = self._of(other, at, length)
        return md_raid6.recovered(stripe, role, have, length)

    def _with_parity(self, offset: int, length: int) -> bytes:
        plan = self._plan
        number, within = divmod(offset, plan.chunk)
        stripe, data = divmod(number, plan.disks - 1)
        role = _place(plan, stripe, data)
        at = stripe * plan.chunk + within
        length = min(length, plan.chunk - within)
        with suppress(OSError):
            return self._of(role, at, length)
        total = 0
        for other in range(plan.disks):
            if other != role:
                total ^= int.from_bytes(self._of(other, at, length), "big")
        return total.to_bytes(length, "big")

    def close(self) -> None:
        """Leave the members open: they were handed in."""


def _place(plan: Geometry, stripe: int, data: int) -> int:
    """Return the place of chunk ``data`` of a stripe (``raid5_compute_sector``)."""
    last = plan.disks - 1
    if plan.layout >= 4:  # noqa: PLR2004 (4: all parity first, 5: last)
        return data + 1 if plan.layout == 4 else data  # noqa: PLR2004
    parity = stripe % plan.disks if plan.layout & 1 else last - stripe % plan.disks
    if plan.layout >= 2:  # noqa: PLR2004 (2 and 3 are symmetric)
        return (parity + 1 + data) % plan.disks
    return data + 1 if data >= parity else data


def _linear(plan: Geometry, offset: int) -> tuple[int, int, int]:
    """Return place, offset there, and how far that goes."""
    for role, size in enumerate(plan.sizes):
        if offset < size:
            return role, offset, size - offset
        offset -= size
    raise OSError("beyond the end of the array")


def _striped(plan: Geometry, offset: int) -> tuple[int, int, int]:
    """Return the same for RAID 0: a zone is what the members that are long enough share."""
    start, base = 0, 0
    for top in sorted({size for size in plan.sizes if size}):
        roles = [role for role, size in enumerate(plan.sizes) if size >= top]
        end = start + (top - base) * len(roles)
        if offset < end:
            chunk, within = divmod(offset - start, plan.chunk)
            counted = offset // plan.chunk if plan.layout == _ORIGINAL else chunk
            at = base + chunk // len(roles) * plan.chunk + within
            return roles[counted % len(roles)], at, plan.chunk - within
        start, base = end, top
    raise OSError("beyond the end of the array")
