"""Which listed hashes lie within so many bits of each of many queries: all of them, always.

A perceptual hash of an altered picture differs from that of the known one in a few bits. What is
found here is what comparing every query with every row would find, whatever the rows are; only
how long it takes depends on them, and it is a small multiple of that comparison at worst.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets import near_compiled, near_rows, near_tables
from heroes_forensics.hashsets.near_compiled import WORTH, Asked
from heroes_forensics.hashsets.near_rows import DISTANCE_BITS, ROW_BITS, Hashes, Indexes
from heroes_forensics.hashsets.near_tables import FURTHEST, WIDTH, Tables

SMALL: Final = 10_000
"""Rows below which comparing all of them is as fast as tables are."""
SHORT: Final = 8
"""Bytes of a hash of 64 bits."""
SHORT_RADIUS: Final = 4
"""The greatest radius for hashes of 64 bits: at 10 everything matches a list of a million."""
NO_QUALITY: Final = -1
"""The list does not say how good the picture was to hash."""
MOST_ROWS: Final = 1 << 25
"""Rows of one index: 4.6 GB of memory."""
_MANY_QUERIES: Final = 1 << 16
"""Queries that are looked up together at most."""
_HELD: Final = 1 << 20
"""Hits that are held before the farther ones are let go."""


class Near(NamedTuple):
    """What a search found, in aligned columns: by query, then by distance, then by row."""

    query: Indexes
    row: Indexes
    distance: Indexes


class NearIndex:
    """An index of hashes of one width. What a search finds depends on no search before it.

    Args:
        rows: shape (n, 32), or (n, 8) for hashes of 64 bits; not copied.
        quality: of each row, 0 to 100, or `NO_QUALITY`.
        tables: those of the rows, when they were kept; else they are built where they help.
    """

    def __init__(
        self,
        rows: Hashes,
        quality: npt.NDArray[np.int8] | None = None,
        tables: Tables | None = None,
    ) -> None:
        if rows.dtype != np.uint8 or rows.ndim != 2 or rows.shape[1] not in (SHORT, WIDTH):  # noqa: PLR2004
            raise ValueError("rows are 32 or 8 bytes each")
        if len(rows) > MOST_ROWS:
            raise ValueError(f"an index has at most {MOST_ROWS} rows")
        self.rows = np.ascontiguousarray(rows)
        self.quality = np.full(len(rows), NO_QUALITY, np.int8) if quality is None else quality
        """Of each row; what is done with it is the caller's decision."""
        if len(self.quality) != len(rows):
            raise ValueError("there is a quality for each row")
        if tables is None and indexed(len(rows), rows.shape[1]):
            tables = near_tables.built(self.rows)
        if tables is not None and (rows.shape[1] != WIDTH or tables.count != len(rows)):
            raise ValueError("the tables are of other rows")
        self._tables = tables
        self._asked = 0

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    @property
    def bits(self) -> int:
        """Of a hash."""
        return 8 * int(self.rows.shape[1])

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        tables = self._tables.nbytes if self._tables else 0
        return self.rows.nbytes + self.quality.nbytes + tables

    def search(self, queries: Hashes, radius: int, nearest: int = 0) -> Near:
        """Find every row within a radius of each query.

        A query costs some three times what comparing it with every row costs at most, whatever the
        list is; up to 47 bits it costs far less unless the list is crafted. Memory does not grow
        with the rows or the queries, but with what is found.

        Args:
            queries: shape (m, 32); of an index of 64 bits the first 8 bytes count.
            radius: bits that may differ.
            nearest: how many rows of each query are given at most, the nearest ones, and of equal
                distance the first ones; 0 for all. With it, memory is bounded by m times this.

        Raises:
            UsageError: the radius is none that the hashes allow.
        """
        self._check(queries, radius, nearest)
        queries = np.ascontiguousarray(queries[:, : self.rows.shape[1]])
        through = self._tables if radius <= FURTHEST else None
        step = _MANY_QUERIES
        if through is not None:
            step = near_tables.at_once(radius)
        found = []
        for start in range(0, len(queries), step):
            part = queries[start : start + step]
            hits = _Hits(nearest)
            if through is None:
                self._compare(part, np.arange(len(part)), radius, hits)
            else:
                self._look(through, part, radius, hits)
            query, row, distance = hits.all()
            found.append(Near(query + start, row, distance))
        if len(found) == 1:
            return found[0]
        nothing = np.empty(0, np.int64)
        return (
            Near(*(np.concatenate([nothing, *column]) for column in zip(*found, strict=True)))
            if found
            else Near(nothing, nothing, nothing)
        )

    def compared(self, queries: Hashes, radius: int, nearest: int = 0) -> Near:
        """Find the same by comparing every row: the measure of `search`."""
        self._check(queries, radius, nearest)
        hits = _Hits(nearest)
        queries = np.ascontiguousarray(queries[:, : self.rows.shape[1]])
        self._compare(queries, np.arange(len(queries)), radius, hits)
        return hits.all()

    def _check(self, queries: Hashes, radius: int, nearest: int) -> None:
        if queries.dtype != np.uint8 or queries.ndim != 2 or queries.shape[1] < self.rows.shape[1]:  # noqa: PLR2004
            raise ValueError(f"a query has {self.rows.shape[1]} bytes")
        if nearest < 0:
            raise ValueError("nearest is a number of rows")
        most = SHORT_RADIUS if self.rows.shape[1] == SHORT else self.bits
        if not 0 <= radius <= most:
            raise UsageError(f"hashes of {self.bits} bits are compared within 0 to {most} bits")

    def _compare(self, queries: Hashes, numbers: Indexes, radius: int, hits: "_Hits") -> None:
        for query, row, distance in near_rows.within(self.rows, queries, radius):
            hits.add(numbers[query], row, distance)

    def _look(self, tables: Tables, queries: Hashes, radius: int, hits: "_Hits") -> None:
        self._asked += len(queries)
        search = near_compiled.prepared() if self._asked >= WORTH else None
        if search is not None:
            left = np.zeros(len(queries), np.uint8)
            for keys in search.pairs(tables, self.rows, Asked(queries, radius), left):
                hits.add_packed(keys)
            if left.any():
                self._compare(queries[left > 0], np.flatnonzero(left), radius, hits)
            return
        looked = tables.search(queries, radius)
        costly = np.flatnonzero(looked.cost > self.count)
        looked.leave(costly)
        if len(costly):
            self._compare(queries[costly], costly, radius, hits)
        mine, theirs = near_rows.words(queries), near_rows.words(self.rows)
        for query, row in looked.candidates():
            distance = near_rows.distances(mine.take(query, axis=0), theirs.take(row, axis=0))
            near = distance <= radius
            hits.add(query[near], row[near], distance[near])


class _Hits:
    """Collects pairs, each once, in their order.

    Args:
        nearest: how many of each query are kept, 0 for all.
    """

    def __init__(self, nearest: int) -> None:
        self._nearest = nearest
        self._keys: list[npt.NDArray[np.uint64]] = []
        self._held = 0

    def add(self, query: Indexes, row: Indexes, distance: Indexes) -> None:
        """Take pairs."""
        self.add_packed(near_rows.packed(query, row, distance))

    def add_packed(self, keys: npt.NDArray[np.uint64]) -> None:
        """Take pairs as `near_rows.packed` gives them."""
        self._keys.append(keys)
        self._held += len(keys)
        if self._nearest and self._held > _HELD:
            self._settle()

    def _settle(self) -> None:
        keys = np.concatenate([np.empty(0, np.uint64), *self._keys])
        keys.sort()  # several times as fast as np.unique
        first = np.ones(len(keys), np.bool_)
        np.not_equal(keys[1:], keys[:-1], out=first[1:])
        keys = keys[first]
        if self._nearest and len(keys):
            query = keys >> (ROW_BITS + DISTANCE_BITS)
            start = np.searchsorted(query, query)
            keys = keys[np.arange(len(keys)) - start < self._nearest]
        self._keys, self._held = [keys], 0

    def all(self) -> Near:
        """Return them."""
        self._settle()
        key = self._keys[0].view(np.int64)
        row = key & (1 << ROW_BITS) - 1
        distance = key >> ROW_BITS & (1 << DISTANCE_BITS) - 1
        return Near(key >> (ROW_BITS + DISTANCE_BITS), row, distance)


def indexed(count: int, width: int = WIDTH) -> bool:
    """Tell whether tables help: an index of so many rows has them."""
    return width == WIDTH and count >= SMALL
