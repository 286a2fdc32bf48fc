"""The search: every sector of free space, for what begins like a picture or a film.

Sectors, because every file system begins files at one. What was followed to its end is stepped
over; of what is a fragment, only its first sector, for another file may begin within it.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.recovery.free import FreeSpace
from heroes_forensics.parsers.recovery.prefixes import Prefixes
from heroes_forensics.parsers.recovery.table import SIGNATURES, Signature
from heroes_forensics.parsers.recovery.window import SECTOR, Budget, Found, SpentError, Window

_STEP: Final = 4 << 20
_LEAST_BUDGET: Final = 1 << 30
_BUDGET: Final = 8
"""How many times the size of the free space the walkers may read."""
MOST: Final = 1_000_000
"""Items of one volume, and those of the step in which there are so many."""
_MASKS: Final = {2: 0xFFFF, 3: 0xFFFFFF, 4: 0xFFFFFFFF}

Sectors = npt.NDArray[np.uint32]


class Carved(NamedTuple):
    """One thing found."""

    offset: int
    """In the free space, bytes."""
    found: Found


class Begun(NamedTuple):
    """A sector that is listed as the first one of a known file."""

    offset: int
    """In the free space, bytes."""


class Searched(NamedTuple):
    """How far a search came; its last word."""

    bytes: int
    """Looked at."""
    unread: int
    """Bytes that could not be read."""
    limit: bool
    """Whether it ended before the space did."""


def search(
    space: FreeSpace,
    beat: Callable[[], None] = lambda: None,
    prefixes: Prefixes | None = None,
    budget: Budget | None = None,
) -> Iterator[Carved | Begun | Searched]:
    """Yield what is found, in the order of the space; `Searched` last.

    Args:
        space: what to look at; its ranges begin at sectors.
        beat: called now and then, to show that the search moves.
        prefixes: what known files begin with, where that is looked for, too.
        budget: what walkers may read, where it is not that of this space alone.
    """
    budget = budget or Budget(max(_LEAST_BUDGET, _BUDGET * space.size), beat)
    after = unread = count = 0
    for start in range(0, space.size, _STEP):
        if count >= MOST:
            yield Searched(start, unread, limit=True)
            return
        beat()
        length = min(_STEP, space.size - start)
        try:
            data = space.read(start, length)
        except OSError:
            data, lost = _around(space, start, length)
            unread += lost
        for at in prefixes.hits(data) if prefixes is not None else ():
            yield Begun(start + at)
            count += 1
        for at, signature in _candidates(data):
            if start + at < after:
                continue
            try:
                found = signature.walk(Window(space, start + at, budget, signature.limit))
            except OSError:
                continue
            except SpentError:
                yield Searched(start, unread, limit=True)
                return
            if found is None or found.size < SECTOR // 8:
                continue
            yield Carved(start + at, found)
            count += 1
            after = start + at + (found.size if found.whole else SECTOR)
    yield Searched(space.size, unread, limit=False)


def _around(space: FreeSpace, start: int, length: int) -> tuple[bytes, int]:
    """Read what can be read of a stretch: zeros in place of the rest, and how many they are."""
    parts: list[bytes] = []
    lost = 0
    for at in range(start, start + length, SECTOR):
        size = min(SECTOR, start + length - at)
        try:
            parts.append(space.read(at, size))
        except OSError:
            parts.append(bytes(size))
            lost += size
    return b"".join(parts), lost


def _candidates(data: bytes) -> list[tuple[int, Signature]]:
    """Return the sectors that begin like something, in their order."""
    whole = len(data) // SECTOR
    if not whole:
        return []
    words = np.frombuffer(data, dtype="<u4", count=whole * SECTOR // 4)
    heads = {0: words[:: SECTOR // 4], 4: words[1 :: SECTOR // 4]}
    found: list[tuple[int, Signature]] = []
    for signature in SIGNATURES:
        mask = _MASKS[len(signature.magic)]
        value = int.from_bytes(signature.magic, "little")
        hits = np.flatnonzero((heads[signature.offset] & np.uint32(mask)) == np.uint32(value))
        found += [(int(hit) * SECTOR, signature) for hit in hits]
    return sorted(found, key=lambda one: one[0])
