"""What changed between two editions of a set, without a single digest in the open.

Editions of one set share the keys under which their digests are sealed, so equal digests are equal
bytes in both files, in one order. They are compared as they lie there, a range of keys at a time.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets.hset import HashSetFile, SealedColumns
from heroes_forensics.hashsets.known import ALGORITHMS

AT_ONCE: Final = 1 << 19
"""Rows of the larger edition that are compared in one step."""

Numbers = npt.NDArray[np.int64]


class Difference(NamedTuple):
    """Digests of one algorithm, each counted once."""

    added: int
    removed: int
    kept: int
    recategorised: int
    """Kept, and listed under other categories than before."""


@dataclass(slots=True)
class _Codes:
    """Categories of both editions under common numbers."""

    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, file: HashSetFile) -> Numbers:
        """Return the common number of each category of a file."""
        return np.array(
            [self.numbers.setdefault(code, len(self.numbers)) for code in file.categories],
            np.int64,
        )


class _Side(NamedTuple):
    """Some rows of one edition."""

    file: HashSetFile
    columns: SealedColumns
    table: Numbers
    """The common number of each of its categories."""

    def cut(self, low: int, high: int | None) -> "_Side":
        """Return the rows whose key is in a range."""
        key = self.columns.key
        start = int(np.searchsorted(key, np.uint64(low)))
        end = len(key) if high is None else int(np.searchsorted(key, np.uint64(high)))
        part = slice(start, end)
        columns = SealedColumns(key[part], self.columns.rest[part], self.columns.meta[part])
        return self._replace(columns=columns)

    def digests(self) -> npt.NDArray[np.void]:
        """Return the sealed digests as one column of bytes."""
        rows, words = self.columns.rest.shape
        joined = np.empty((rows, 8 + 4 * words), np.uint8)
        joined[:, :8] = self.columns.key.view(np.uint8).reshape(rows, 8)
        joined[:, 8:] = (
            np.ascontiguousarray(self.columns.rest).view(np.uint8).reshape(rows, 4 * words)
        )
        return joined.view(f"V{joined.shape[1]}").ravel()

    def categories(self) -> Numbers:
        """Return the common number of the category of each row."""
        records = self.file.records(self.columns.meta.astype(np.int64))
        return self.table[records["category"].astype(np.int64)]


def compare(before: HashSetFile, after: HashSetFile) -> dict[str, Difference]:
    """Compare two editions of one set; memory does not grow with them.

    Args:
        before: the edition that the other one replaces.
        after: the other one.

    Returns:
        What changed, by algorithm; algorithms of which neither has a digest are missing.

    Raises:
        UsageError: they are editions of two sets, whose sealed digests say nothing of each other.
    """
    if before.header.id != after.header.id:
        names = " and ".join(
            f"{shown(each.header.name)} of {shown(each.header.issuer) or 'no issuer'}"
            for each in (before, after)
        )
        raise UsageError(
            f"only editions of one set can be compared, and these are of two: {names}",
            hint="a set is its name and its issuer: import the newer one again with both",
        )
    codes = _Codes()
    tables = (codes.of(before), codes.of(after))
    found = {}
    for row in ALGORITHMS:
        sides = (
            _Side(before, before.sealed(row.name), tables[0]),
            _Side(after, after.sealed(row.name), tables[1]),
        )
        if any(len(side.columns.key) for side in sides):
            parts = [
                _range(tuple(side.cut(low, high) for side in sides), len(codes.numbers))
                for low, high in _ranges([side.columns.key for side in sides])
            ]
            found[row.name] = Difference(*(sum(column) for column in zip(*parts, strict=True)))
    return found


def _ranges(keys: list[npt.NDArray[np.uint64]]) -> list[tuple[int, int | None]]:
    """Cut the keys into ranges of up to `AT_ONCE` rows; the last one has no end."""
    longer = max(keys, key=len)
    starts = [0, *(int(longer[at]) for at in range(AT_ONCE, len(longer), AT_ONCE))]
    starts = list(dict.fromkeys(starts))
    return list(zip(starts, [*starts[1:], None], strict=True))


def _range(sides: tuple["_Side", ...], codes: int) -> Difference:
    digests = [side.digests() for side in sides]
    _, number = np.unique(np.concatenate(digests), return_inverse=True)
    numbers: list[Numbers] = np.split(number.astype(np.int64), [len(digests[0])])
    old, new = (np.unique(each) for each in numbers)
    kept = np.intersect1d(old, new, assume_unique=True)
    before, after = (
        np.unique(each * codes + side.categories())
        for each, side in zip(numbers, sides, strict=True)
    )
    other = np.setxor1d(before, after, assume_unique=True) // codes
    return Difference(
        len(new) - len(kept),
        len(old) - len(kept),
        len(kept),
        len(np.intersect1d(kept, np.unique(other), assume_unique=True)),
    )
