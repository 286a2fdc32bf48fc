"""Beginnings of known files: what a set lists of their first 512 bytes, and what begins so.

A worker that searches free space gets eight bytes of each listed digest and says which sectors
agree (`parsers.recovery.prefixes`); here the whole digest is looked at. Pictures that one program
wrote in one size often begin alike, so that a beginning is a lead and never a match of content.
"""

import os
from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import Rows
from heroes_forensics.hashsets.known import BEGINNING
from heroes_forensics.pipelines.sets import distances
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.hashsets.hset import HashSetFile
    from heroes_forensics.model import JSON
    from heroes_forensics.pipelines.sets.run_sets import Sets

BYTES: Final = 512
"""So many of a file."""
GRADE: Final = "same-beginning"
FACT: Final = "prefix"
"""What the facts of such a match hold: how many bytes were compared, and how many entries agree."""
_WIDTH: Final = 16
_WORDS: Final = np.dtype("<u8")

_SIDES: Final[tuple[Literal["left"], Literal["right"]]] = ("left", "right")

Words = npt.NDArray[np.uint64]


class _Listed(NamedTuple):
    """What one set lists, ordered by the first words of its digests."""

    digests: Words
    """Two words each."""
    records: npt.NDArray[np.int64]

    def of(self, digest: bytes) -> npt.NDArray[np.int64]:
        """Return the records with a digest, the first one first."""
        first, second = np.frombuffer(digest, _WORDS)
        start, end = (np.searchsorted(self.digests[:, 0], first, side) for side in _SIDES)
        here = slice(int(start), int(end))
        return np.sort(self.records[here][self.digests[here, 1] == second])


class Prefixes:
    """What the sets of one run list of beginnings."""

    def __init__(self, sets: "Sets", left_out: Collection[str]) -> None:
        """Unseal them.

        Args:
            sets: of the run.
            left_out: kinds of sets that are not looked for, since they make no finding.

        Raises:
            HashSetError: they are not what was written.
            StoppedError: there is no memory for them.
        """
        self._sets = sets
        self._of: dict[int, _Listed] = {}
        """By position of the set."""
        for index, (record, file) in enumerate(sets.opened):
            if record.header.kind not in left_out and BEGINNING in record.header.values:
                self._of[index] = _read(file)
        keys = [listed.digests[:, 0] for listed in self._of.values()]
        found = np.unique(np.concatenate(keys)) if keys else np.zeros(0, _WORDS)
        self.count = len(found)
        """How many there are to look for."""
        self.descriptor = distances.sealed(found.tobytes()) if len(found) else -1

    def match(self, rows: Rows, known: Collection[tuple[int, int, int]]) -> list[MatchRow]:
        """Return what sectors begin: of each set the first entry that lists them.

        Args:
            rows: `CONTENT` of sectors that a worker named.
            known: item, row number of the set and record of matches that say more.
        """
        numbers = [number for number, *_ in self._sets.numbers()]
        found = []
        for row in rows[(rows["digested"] == 1) & (rows["bytes_read"] == BYTES)]:
            item = int(row["id"])
            for index, listed in self._of.items():
                records = listed.of(bytes(row["md5"]))
                if not len(records) or (item, numbers[index], int(records[0])) in known:
                    continue
                match = self._sets.listed(index, int(records[0]), item)
                prefix: JSON = {"bytes": BYTES, "entries": len(records)}
                facts = {**match.facts, "algorithms": [BEGINNING], FACT: prefix}
                found.append(replace(match, grade=GRADE, facts=facts))
        return found

    def close(self) -> None:
        """Let go of the memory."""
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1
        self._of.clear()


def _read(file: "HashSetFile") -> _Listed:
    digests, records = [np.zeros((0, 2), _WORDS)], [np.zeros(0, np.int64)]
    for piece in file.values(BEGINNING):
        fits = piece.length == _WIDTH
        whole = np.frombuffer(piece.data, np.uint8)[np.repeat(fits, piece.length)]
        digests.append(np.frombuffer(whole.tobytes(), _WORDS).reshape(-1, 2))
        records.append(piece.record[fits])
    found, numbers = np.concatenate(digests), np.concatenate(records)
    order = np.argsort(found[:, 0], kind="stable")
    return _Listed(found[order], numbers[order])
