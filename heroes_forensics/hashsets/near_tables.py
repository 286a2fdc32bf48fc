"""Tables that find near hashes of 256 bits without reading every row, and miss none.

A hash is cut into 16 chunks of 16 bits, which stand in 8 pairs. Two hashes that differ in ``r``
bits differ in at most ``r // 8`` bits on at least one pair, and on one half of it in at most half
of that. So for each chunk there is a table of the rows by their value of it: a query looks at its
own value and at those that are one bit off (two, beyond 31 bits), and the other half of each pair,
kept beside the number of the row, sorts out nearly all of a bucket before any row is read.

Nothing here depends on what the rows are: the argument holds for every list. What does depend on
them is how much there is to look at, and `Tables.search` says so before it looks: a query that
would cost more than comparing all rows is left to `heroes_forensics.hashsets.near_rows`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.hashsets.near_rows import Hashes, Indexes

WIDTH: Final = 32
"""Bytes of a hash."""
CHUNKS: Final = 16
BITS: Final = 16
"""Of a chunk."""
VALUES: Final = 1 << BITS
PAIRS: Final = CHUNKS // 2
RADIUS: Final = PAIRS * 4 - 1
"""31 bits: within so many the authors of PDQ call two pictures alike."""
FURTHEST: Final = PAIRS * 6 - 1
"""The greatest radius: beyond 47 bits, values three bits off would have to be looked at."""
AT_ONCE: Final = 1 << 18
"""Rows of buckets, or buckets, that are looked at in one step."""

PROBE_COST: Final = 10
CANDIDATE_COST: Final = 12
"""What looking into one bucket, and at one row of it, costs in comparisons of a whole row. One that
is sorted out by its other half costs a third of it, one that is read twice as much."""


class Class(NamedTuple):
    """Buckets whose value is a certain number of bits off."""

    masks: npt.NDArray[np.uint16]
    limit: int
    """Bits in which the other half may differ."""


def _masks(off: int) -> npt.NDArray[np.uint16]:
    return np.array(
        [sum(1 << bit for bit in bits) for bits in combinations(range(BITS), off)], np.uint16
    )


_MASKS: Final = tuple(_masks(off) for off in range(3))


def classes(radius: int) -> list[Class]:
    """Return what has to be looked at so that nothing within a radius is missed."""
    budget = radius // PAIRS
    return [Class(_MASKS[off], budget - off) for off in range(budget // 2 + 1)]


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables of all chunks, over the same rows."""

    off: npt.NDArray[np.uint32]
    """Shape (16, 65537): where the rows of each value begin, for each chunk."""
    ids: npt.NDArray[np.uint32]
    """Shape (16, n): numbers of rows, by their value of the chunk."""
    partner: npt.NDArray[np.uint16]
    """Shape (16, n): what those rows have as the other half of the pair."""

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self.ids.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self.off.nbytes + self.ids.nbytes + self.partner.nbytes

    def sound(self) -> bool:
        """Tell whether no entry points outside: what was read from a file is asked this."""
        shapes = self.off.shape == (CHUNKS, VALUES + 1) and self.ids.shape == self.partner.shape
        return bool(
            shapes
            and self.ids.shape[0] == CHUNKS
            and (self.off[:, 0] == 0).all()
            and (self.off[:, -1] == self.count).all()
            and (self.off[:, 1:] >= self.off[:, :-1]).all()
            and (self.count == 0 or all(int(ids.max()) < self.count for ids in self.ids))
        )

    def search(self, queries: Hashes, radius: int) -> "Looked":
        """Prepare a look-up.

        Args:
            queries: shape (m, 32), at most `at_once` of the radius.
            radius: 0 to `FURTHEST`.
        """
        return Looked(self, queries, radius)


def at_once(radius: int) -> int:
    """Return how many queries are looked up together, so that memory stays bounded."""
    return max(1, AT_ONCE // (CHUNKS * sum(len(one.masks) for one in classes(radius))))


def built(rows: Hashes) -> Tables:
    """Build the tables of rows of shape (n, 32)."""
    count = len(rows)
    off = np.empty((CHUNKS, VALUES + 1), np.uint32)
    ids = np.empty((CHUNKS, count), np.uint32)
    partner = np.empty((CHUNKS, count), np.uint16)
    for chunk in range(CHUNKS):
        off[chunk], ids[chunk], partner[chunk] = table(rows, chunk)
    return Tables(off, ids, partner)


class Table(NamedTuple):
    """What `Tables` has of one chunk."""

    off: npt.NDArray[np.uint32]
    ids: npt.NDArray[np.uint32]
    partner: npt.NDArray[np.uint16]


def table(rows: Hashes, chunk: int) -> Table:
    """Build the table of one chunk; rows of equal value stand in their order."""
    halves = np.ascontiguousarray(rows).view("<u2")
    value = np.ascontiguousarray(halves[:, chunk])
    order = np.argsort(value, kind="stable")
    off = np.zeros(VALUES + 1, np.uint32)
    np.cumsum(np.bincount(value, minlength=VALUES), out=off[1:], dtype=np.uint32)
    partner = np.ascontiguousarray(halves[:, chunk ^ 1])[order].astype(np.uint16, copy=False)
    return Table(off, order.astype(np.uint32), partner)


class Looked:
    """A look-up of some queries: first what it would cost, then what it finds."""

    def __init__(self, tables: Tables, queries: Hashes, radius: int) -> None:
        self._tables = tables
        self._queries = len(queries)
        # By chunk, then by query: the table of one chunk stays in the cache.
        chunks = np.ascontiguousarray(np.ascontiguousarray(queries).view("<u2").T)
        self._partners = chunks.reshape(PAIRS, 2, -1)[:, ::-1].reshape(CHUNKS, -1)
        self._parts = [(one, *self._buckets(chunks, one.masks)) for one in classes(radius)]
        probes = sum(CHUNKS * len(one.masks) for one, _, _ in self._parts)
        candidates = sum(length.sum(axis=(0, 2)) for _, _, length in self._parts)
        self.cost: Indexes = CANDIDATE_COST * candidates + PROBE_COST * probes
        """Of each query, in comparisons of a whole row."""

    def _buckets(
        self, chunks: npt.NDArray[np.uint16], masks: npt.NDArray[np.uint16]
    ) -> tuple[Indexes, Indexes]:
        """Return where the buckets begin among the rows of all chunks, and their lengths.

        Both have the shape (chunks, queries, masks).
        """
        base = np.arange(CHUNKS, dtype=np.int64)[:, None, None]
        place = (chunks[:, :, None] ^ masks).astype(np.int64)
        place += base * (VALUES + 1)
        off = self._tables.off.ravel()
        start = off.take(place).astype(np.int64)
        length = off.take(place + 1).astype(np.int64)
        length -= start
        start += base * self._tables.count
        return start, length

    def leave(self, queries: Indexes) -> None:
        """Leave queries out: they are answered in another way."""
        for _, _, length in self._parts:
            length[:, queries] = 0

    def candidates(self) -> Iterator[tuple[Indexes, Indexes]]:
        """Yield (query, row) of what may be near: every pair that is, and few others.

        A pair comes once for each chunk by which it was found.
        """
        for one, start, length in self._parts:
            partners = np.repeat(self._partners.ravel(), len(one.masks))
            starts, lengths = start.ravel(), length.ravel()
            ends = np.cumsum(lengths)
            first = 0
            while first < len(ends):
                before = int(ends[first - 1]) if first else 0
                last = int(np.searchsorted(ends, before + AT_ONCE, side="right"))
                last = max(last, first + 1)
                part = slice(first, last)
                inner = ends[part] - before
                place, probe = _filtered(
                    self._tables.partner.ravel(),
                    _Buckets(starts[part], lengths[part], inner, partners[part]),
                    one.limit,
                )
                if len(place):
                    query = (probe + first) // len(one.masks) % self._queries
                    yield query, self._tables.ids.ravel()[place].astype(np.int64)
                first = last


class _Buckets(NamedTuple):
    """Some buckets in columns, one after the other."""

    start: Indexes
    length: Indexes
    end: Indexes
    """How many rows these buckets have up to each one's last."""
    partner: npt.NDArray[np.uint16]
    """What the query has as the other half."""


def _filtered(
    partner: npt.NDArray[np.uint16], buckets: _Buckets, limit: int
) -> tuple[Indexes, Indexes]:
    """Return places in the tables whose other half is near, and the bucket of each."""
    total = int(buckets.end[-1])
    place = np.repeat(buckets.start - (buckets.end - buckets.length), buckets.length)
    place += np.arange(total)
    other = partner.take(place)
    other ^= np.repeat(buckets.partner, buckets.length)
    near = np.flatnonzero(np.bitwise_count(other) <= limit)
    return place[near], np.searchsorted(buckets.end, near, side="right")


def anywhere(bits: int, distance: Indexes, draw: "np.random.Generator") -> npt.NDArray[np.bool_]:
    """Return for each distance so many bits, anywhere."""
    rank = np.argsort(draw.random((len(distance), bits)), axis=1)
    return rank < distance[:, None]


def through_one(draw: "np.random.Generator") -> npt.NDArray[np.bool_]:
    """Return `RADIUS` bits by which a row is found through one chunk alone: two for each chunk.

    All pairs of chunks but one differ in a bit too many, and that one has either none in the chunk
    and all in the other, or one in the chunk.
    """
    budget = RADIUS // PAIRS
    found = []
    for chunk in range(CHUNKS):
        for off in range(2):
            shares = np.zeros(CHUNKS, np.int64)
            shares[draw.integers(0, 2, PAIRS) + np.arange(0, CHUNKS, 2)] = budget + 1
            shares[chunk], shares[chunk ^ 1] = off, budget - off
            found.append(anywhere(BITS, shares, draw).ravel())
    return np.array(found)
