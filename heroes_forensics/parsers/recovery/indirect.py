"""Tables of blocks that lie in the middle of deleted files of ext2 and ext3.

These file systems keep the map of a larger file in blocks of its own, which lie where they are
first needed: behind the twelfth block of content, and again and again behind. Such a table names
the block behind itself, and those that follow. Without them, a file that was written in one go is
in one piece.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.recovery.free import Numbers

_STEP: Final = 4 << 20
KINDS: Final = frozenset({"ext2", "ext3"})


def without_tables(
    reader: Reader,
    free: tuple[Numbers, Numbers],
    block_size: int,
    beat: Callable[[], None] = lambda: None,
) -> tuple[Numbers, Numbers]:
    """Leave tables of blocks out of free space; what cannot be read stays in it.

    Args:
        reader: the volume.
        free: byte offsets and lengths of its free ranges.
        block_size: bytes.
        beat: called now and then, to show that the search moves.
    """
    tables: list[int] = []
    for start, length in zip(*(column.tolist() for column in free), strict=True):
        for at in range(start, start + length, _STEP):
            beat()
            size = min(_STEP, start + length - at) // block_size * block_size
            try:
                data = reader.pread(at, size)
            except OSError:
                continue
            tables += _tables(data, at // block_size, block_size)
    if not tables:
        return free
    holes = np.array(tables, dtype=np.int64) * block_size
    starts = np.concatenate([free[0], holes + block_size])
    ends = np.concatenate([free[0] + free[1], holes])
    starts, ends = np.sort(starts), np.sort(ends)
    keep = starts < ends
    return starts[keep], ends[keep] - starts[keep]


def _tables(data: bytes, first: int, block_size: int) -> list[int]:
    """Return the numbers of the blocks of a stretch that are tables."""
    count = len(data) // block_size
    if not count:
        return []
    words = np.frombuffer(data, dtype="<u4", count=count * block_size // 4)
    rows = words.reshape(count, block_size // 4)
    numbers = np.arange(first, first + count, dtype=np.int64)
    likely = np.flatnonzero(rows[:, 0].astype(np.int64) == numbers + 1)
    return [first + int(index) for index in likely if _is_table(rows[index].astype(np.int64))]


def _is_table(row: Numbers) -> bool:
    """Tell whether numbers rise, and then there are none."""
    used = int(np.count_nonzero(row))
    return bool((np.diff(row[:used]) > 0).all()) and not row[used:].any()
