"""Planted rows: digests of the set itself, looked up each time its file is opened.

A set that lost its order, its key or its table of buckets would find nothing and look as if
nothing were listed. So some of its own digests are kept in it, and have to be found.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import Rows
from heroes_forensics.hashsets.known import ALGORITHMS

PROBES: Final = 128
"""Planted rows chosen in one import at most; an edition made of an earlier one has both."""

Indexes = npt.NDArray[np.int64]
Lookup = Callable[[str, npt.NDArray[np.generic]], tuple[Indexes, Indexes]]


class Probes:
    """Chooses some digests of the set, to be looked up at every opening.

    Where they stood in the supplied file does not matter: sealed and sorted, they lie anywhere in
    the columns of their algorithm.
    """

    def __init__(self) -> None:
        self._stride = 1
        self._seen = 0
        self.rows: list[tuple[str, str]] = []
        """Algorithm and hex of each."""

    def look(self, rows: Rows) -> None:
        """Choose among rows of `heroes_forensics.frames.KNOWN`, not sealed yet."""
        rows = rows[rows["has"] != 0]
        first = -self._seen % self._stride
        for row in rows[first :: self._stride]:
            algorithm = next(item for item in reversed(ALGORITHMS) if row["has"] & item.bit)
            self.rows.append((algorithm.name, bytes(row[algorithm.name]).hex()))
            if len(self.rows) >= 2 * PROBES:
                break
        self._seen += len(rows)
        while len(self.rows) > PROBES:
            self.rows = self.rows[::2]
            self._stride *= 2


class ProbeResult(NamedTuple):
    """What the look-up of planted rows gave; anything but all and none means damage."""

    planted: int
    found: int
    false: int
    """Altered probes that were found all the same."""

    @property
    def passed(self) -> bool:
        """Tell whether every planted row was found and nothing else."""
        return self.found == self.planted and self.false == 0


def looked_up(lookup: Lookup, rows: list[tuple[str, str]]) -> ProbeResult:
    """Look planted rows up, and the same rows altered, which no set should have.

    Args:
        lookup: `heroes_forensics.hashsets.hset.HashSetFile.lookup` of the set.
        rows: algorithm and hex of each.
    """
    found = false = 0
    for row in ALGORITHMS:
        data = b"".join(bytes.fromhex(text) for name, text in rows if name == row.name)
        digests = np.frombuffer(data, np.uint8).reshape(-1, row.width)
        query, _ = lookup(row.name, digests)
        found += len(set(query.tolist()))
        altered = digests.copy()
        altered[:, -1] ^= 1
        altered[:, 0] ^= 128
        false += len(set(lookup(row.name, altered)[0].tolist()))
    return ProbeResult(len(rows), found, false)
