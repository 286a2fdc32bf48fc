"""A new edition of a set made of an earlier one: what is kept of it, in the order of its file.

Nothing of the earlier edition is unsealed but the facts of its records: its digests are sealed
under a key of the set, so that sorted columns of two editions can be merged as they are. Memory
does not grow with the earlier edition, but for what is taken away from it.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets.columns import DIGEST_ROW
from heroes_forensics.hashsets.hset import HashSetFile, Indexes
from heroes_forensics.hashsets.known import ALGORITHMS, Algorithm
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.values import NO_RECORD, Earlier, Values
from heroes_forensics.model import JSON

_AT_ONCE: Final = 1 << 17
"""Records that are unsealed at once."""
_FACTS: Final = ("size", "flags")


class Base:
    """An opened edition, from which a new one is made.

    Args:
        file: stays open as long as this is used, and belongs to the caller.
    """

    def __init__(self, file: HashSetFile) -> None:
        self.file = file
        self._gone: list[Indexes] = []
        self._removed: Indexes = np.empty(0, np.int64)
        self._highest = -1
        self.missed = 0
        """Removals that fit no record."""

    def remove(self, rows: Rows) -> None:
        """Take records away: those that agree with a row in every digest that both have.

        Args:
            rows: of `heroes_forensics.frames.KNOWN`.
        """
        query, record, agreed = self._agreements(rows)
        both = rows["has"][query] & self.file.records(record)["has"]
        fits = agreed == both
        self._gone.append(np.unique(record[fits]))
        self.missed += len(rows) - len(np.unique(query[fits]))

    def settle(self) -> None:
        """Say that nothing more is taken away."""
        self._removed = np.unique(np.concatenate([*self._gone, self._removed]))

    @property
    def removed(self) -> int:
        """How many records were taken away, once that is settled."""
        return len(self._removed)

    @property
    def kept(self) -> int:
        """How many records stay."""
        return len(self.file) - self.removed

    def moved(self, rows: Indexes) -> Indexes:
        """Return where records stand in the new file, `NO_RECORD` for one that is gone."""
        at = np.searchsorted(self._removed, rows)
        places = rows - at
        if self.removed:
            gone = self._removed[np.minimum(at, self.removed - 1)] == rows
            places[gone] = NO_RECORD
        return places

    def holds(
        self, rows: Rows, category: npt.NDArray[np.int64], series: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """Tell which rows say what a record says that stays; one with other values never does."""
        query, record, agreed = self._agreements(rows)
        there = self.file.records(record)
        mine = rows[query]
        equal = (agreed == there["has"]) & (agreed == mine["has"]) & (mine["values"] == 0)
        for name in _FACTS:
            equal &= there[name] == mine[name]
        equal &= (there["category"] == category[query]) & (there["series"] == series[query])
        equal &= self.moved(record) != NO_RECORD
        held = np.zeros(len(rows), np.bool_)
        held[query[equal]] = True
        return held

    def _agreements(self, rows: Rows) -> tuple[Indexes, Indexes, npt.NDArray[np.uint8]]:
        """Return (row, record, bits of the digests that agree), each pair once."""
        pairs: list[Indexes] = []
        bits: list[npt.NDArray[np.uint8]] = []
        for algorithm in ALGORITHMS:
            has = np.flatnonzero(rows["has"] & algorithm.bit)
            query, record = self.file.lookup(algorithm.name, rows[algorithm.name][has])
            pairs.append(has[query] << 32 | record)
            bits.append(np.full(len(query), algorithm.bit, np.uint8))
        unique, place = np.unique(np.concatenate(pairs), return_inverse=True)
        agreed = np.zeros(len(unique), np.uint8)
        np.bitwise_or.at(agreed, place, np.concatenate(bits))
        return unique >> 32, unique & NO_RECORD, agreed

    def highest(self) -> int:
        """Return the highest number of a record, also of one that is gone."""
        if self._highest < 0:
            self._highest = max(
                int(self.file.records(rows)["record"].max()) for rows in self._all_rows()
            )
        return self._highest

    def _all_rows(self) -> Iterator[Indexes]:
        for start in range(0, len(self.file), _AT_ONCE):
            yield np.arange(start, min(start + _AT_ONCE, len(self.file)), dtype=np.int64)

    def records(self) -> Iterator[Rows]:
        """Yield the records that stay, in their order."""
        for rows in self._all_rows():
            records = self.file.records(rows)
            yield records[self.moved(rows) != NO_RECORD]

    def count(self, algorithm: Algorithm) -> int:
        """Return how many digests of an algorithm stay."""
        has = self.file.records(self._removed)["has"] & algorithm.bit
        return self.file.header.digests.get(algorithm.name, 0) - int(np.count_nonzero(has))

    def digests(self, algorithm: Algorithm, low: int, high: int) -> Rows:
        """Return the digests that stay whose keys lie from ``low`` to before ``high``, sorted."""
        key, rest, meta = self.file.sealed(algorithm.name)
        if not len(key):
            return np.empty(0, DIGEST_ROW[algorithm.name])
        first = int(np.searchsorted(key, np.uint64(low)))
        last = int(np.searchsorted(key, np.uint64(high - 1), side="right"))
        record = meta[first:last].astype(np.int64)
        place = self.moved(record)
        stays = np.flatnonzero(place != NO_RECORD)
        rows: Rows = np.zeros(len(stays), DIGEST_ROW[algorithm.name])
        rows["key"] = key[first:last][stays]
        width = algorithm.width - 8
        rows["rest"] = np.ascontiguousarray(rest[first:last][stays]).view(f"V{width}").ravel()
        rows["meta"] = place[stays]
        if len(self.file.categories) > 1:
            rows["category"] = self.file.records(record[stays])["category"]
        return rows

    def all_values(self) -> Earlier:
        """Return what gives the values that stay, by kind."""
        return {kind: partial(self._values, kind) for kind in self.file.header.values}

    def _values(self, kind: str) -> Iterator[Values]:
        """Yield the values of one kind that stay, with the places of their records."""
        for piece in self.file.values(kind):
            place = self.moved(piece.record)
            stays = place != NO_RECORD
            inside = np.repeat(stays, piece.length)
            data = np.frombuffer(piece.data, np.uint8)[inside].tobytes()
            yield Values(place[stays], piece.quality[stays], piece.length[stays], data)

    def probes(self, most: int) -> list[tuple[str, str]]:
        """Return planted rows whose records stay, ``most`` at most.

        Raises:
            HashSetError: one of them is not found.
        """
        kept = []
        for name, text in self.file.planted:
            digest = np.frombuffer(bytes.fromhex(text), np.uint8).reshape(1, -1)
            record = self.file.lookup(name, digest)[1]
            if not len(record):
                raise HashSetError("the edition that is built on failed its look-up test")
            if (self.moved(record) != NO_RECORD).any():
                kept.append((name, text))
        return kept[:: -(-len(kept) // most) or 1]


def built_on(base: Base, earlier: Header, header: Header, report: JSON) -> Header:
    """Say what a new edition is made of; it is of the kind and the categories of the earlier.

    Raises:
        HashSetError: nothing of the earlier edition would be left.
    """
    base.settle()
    if not base.kept and base.removed:
        raise HashSetError("nothing of the set would be left", hint="retire it instead")
    made: JSON = {
        "edition": earlier.edition,
        "file": earlier.file,
        "source_sha256": earlier.source_sha256,
        "records": earlier.records,
        "removed": base.removed,
        "removals_not_found": base.missed,
        "numbers_after": base.highest(),
    }
    report["built_on"] = made
    return replace(
        header,
        built_on=made,
        kind_stated=earlier.kind_stated,
        profile=earlier.profile,
        categorised=header.categorised or earlier.categorised,
    )
