"""Distances between perceptual hashes, every row with every query: exact, and slow on purpose.

The distance of two hashes is how many of their bits differ. Rows are taken a tile at a time, so
that the columns of a tile stay in the processor's cache while all queries go over them: about a
nanosecond a pair. What finds things faster (`heroes_forensics.hashsets.near`) is judged by this.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

TILE: Final = 1 << 14
"""Rows that are compared at once."""
_WORD: Final = 8
"""Bytes."""
_FIRST: Final = 2
"""Words that are compared first: of unrelated hashes some 64 of their 128 bits differ."""
_MANY: Final = 8
"""When one in so many rows is left, all are compared on rather than those alone."""

ROW_BITS: Final = 28
DISTANCE_BITS: Final = 9
"""Of a pair in one number, which orders pairs: query, distance, row."""

Hashes = npt.NDArray[np.uint8]
Indexes = npt.NDArray[np.int64]


def words(hashes: Hashes) -> npt.NDArray[np.uint64]:
    """Return hashes of shape (n, width) as (n, width / 8) words."""
    return np.ascontiguousarray(hashes).view(np.uint64)


def distances(left: npt.NDArray[np.uint64], right: npt.NDArray[np.uint64]) -> Indexes:
    """Return how many bits differ, row by row; words as `words` gives them."""
    counts = np.bitwise_count(left ^ right)
    total: Indexes = counts[:, 0].astype(np.int64)
    for column in counts.T[1:]:  # several times as fast as a sum over so short an axis
        total += column
    return total


def packed(query: Indexes, row: Indexes, distance: Indexes) -> npt.NDArray[np.uint64]:
    """Return pairs as one number each, which sorts by query, then by distance, then by row."""
    return ((query << DISTANCE_BITS | distance) << ROW_BITS | row).view(np.uint64)


def within(
    rows: Hashes, queries: Hashes, radius: int
) -> Iterator[tuple[Indexes, Indexes, Indexes]]:
    """Compare every query with every row.

    Args:
        rows: shape (n, width), of a width that 8 divides.
        queries: shape (m, width).
        radius: the greatest distance that is given.

    Yields:
        (query, row, distance) of one query and one tile, `TILE` pairs at most.
    """
    wanted = words(queries)
    per_row = wanted.shape[1]
    for start in range(0, len(rows), TILE):
        columns = np.ascontiguousarray(words(rows[start : start + TILE]).T)
        different = np.empty(columns.shape[1], np.uint64)
        for number, query in enumerate(wanted):
            bits = _differing(columns[:_FIRST], query, different)
            row = np.flatnonzero(bits <= radius)
            if not len(row):
                continue
            if per_row <= _FIRST:
                distance = bits[row].astype(np.int64)
            elif len(row) * _MANY > len(bits):
                bits = _differing(columns, query, different)
                row = np.flatnonzero(bits <= radius)
                distance = bits[row].astype(np.int64)
            else:
                distance = distances(columns[:, row].T, query)
                near = distance <= radius
                row, distance = row[near], distance[near]
            if len(row):
                yield np.full(len(row), number, np.int64), row + start, distance


def _differing(
    columns: npt.NDArray[np.uint64],
    query: npt.NDArray[np.uint64],
    different: npt.NDArray[np.uint64],
) -> npt.NDArray[np.uint8] | npt.NDArray[np.uint16]:
    """Return for each row how many bits of some words differ from a query's.

    Args:
        columns: shape (words, n).
        query: as many words, or more.
        different: n words to work in.
    """
    total: npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
    total = np.bitwise_count(np.bitwise_xor(columns[0], query[0], out=different))
    if len(columns) > _FIRST:
        total = total.astype(np.uint16)  # 256 bits can differ
    for column, word in zip(columns[1:], query[1:], strict=False):
        total += np.bitwise_count(np.bitwise_xor(column, word, out=different))
    return total
