"""The values of one kind in one set, opened: what is near a query, and whose it is."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.layout import Header, NearCounts
from heroes_forensics.hashsets.near import Near, NearIndex
from heroes_forensics.hashsets.near_file import Gathered, NearColumns, read
from heroes_forensics.hashsets.near_probes import tried
from heroes_forensics.hashsets.near_rows import Hashes, Indexes
from heroes_forensics.hashsets.pieces import PieceReader
from heroes_forensics.hashsets.values import Values
from heroes_forensics.model import JSON

EARLIER: Final = "pdq"
"""The one kind of near values that versions without near sections knew as such."""


class NearSet:
    """What `heroes_forensics.hashsets.hset.HashSetFile.near` gives.

    Args:
        algorithm: a row of `heroes_forensics.hashsets.known.PERCEPTUAL`.
        columns: as they were kept.
        counts: what became of the values.

    Raises:
        HashSetError: planted queries are not answered as they must be.
    """

    def __init__(self, algorithm: str, columns: NearColumns, counts: NearCounts) -> None:
        self.algorithm = algorithm
        self.counts = counts
        self._index = NearIndex(columns.rows, columns.quality, columns.tables)
        self._record = columns.record
        self._entries: Indexes | None = None
        self.probes = tried(self._index)
        """What planted queries gave when the set was opened."""
        if not self.probes.passed:
            raise HashSetError(f"the near values of the set failed their look-up test: {algorithm}")

    @property
    def count(self) -> int:
        """How many values are compared."""
        return self._index.count

    @property
    def bits(self) -> int:
        """Of a value."""
        return self._index.bits

    @property
    def quality(self) -> npt.NDArray[np.int8]:
        """Of each value, `heroes_forensics.hashsets.near.NO_QUALITY` where the list says none.

        A value whose stated quality is below the gate is not among them: ``counts`` says how many.
        """
        return self._index.quality

    @property
    def nbytes(self) -> int:
        """Bytes in memory."""
        return self._index.nbytes + self._record.nbytes

    def search(self, queries: Hashes, radius: int, nearest: int = 0) -> Near:
        """Find every value within a radius of each query: see `NearIndex.search`."""
        return self._index.search(queries, radius, nearest)

    def record(self, rows: Indexes) -> Indexes:
        """Return the record of each row that `search` named, for ``HashSetFile.records``."""
        return self._record[rows].astype(np.int64)

    def entries(self, records: Indexes) -> Indexes:
        """Return how many values each of these records has that are compared."""
        if self._entries is None:
            self._entries = np.bincount(self._record)
        return self._entries[records]

    def entries_of(self, record: int) -> Indexes:
        """Return which values are those of one record, rising."""
        return np.flatnonzero(self._record == record)

    def values_of(self, record: int) -> Hashes:
        """Return the values of one record, in the order of `entries_of`."""
        return self._index.rows[self.entries_of(record)]

    def facts(self) -> JSON:
        """Say what is compared, what is not, and what planted queries gave."""
        return {**asdict(self.counts), **self.probes._asdict()}


def opened(
    algorithm: str,
    header: Header,
    section: Callable[[str], PieceReader],
    values: Callable[[str], Iterator[Values]],
) -> NearSet | None:
    """Open the near values of one kind; what an earlier version wrote is made of its values.

    Args:
        algorithm: a row of `heroes_forensics.hashsets.known.PERCEPTUAL`.
        header: of the set.
        section: opens a section by its name.
        values: reads the values of a kind.

    Returns:
        None when the set has none.

    Raises:
        HashSetError: they are not what was written, or fail their test.
    """
    if algorithm in header.near:
        counts = header.near[algorithm]
        return NearSet(algorithm, read(algorithm, counts, header.records, section), counts)
    if algorithm != EARLIER or algorithm not in header.values:
        return None
    gathered = Gathered(algorithm)
    for piece in values(algorithm):
        gathered.take(piece.record, piece.quality, piece.length, piece.data)
    return NearSet(algorithm, gathered.columns(), gathered.counts())
