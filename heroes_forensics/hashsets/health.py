"""The health of a set at import: what its issuer should hear of before anybody relies on it.

Nothing here refuses or drops a record. A record that a known-good set lists too stays a match: a
known-good list never hides a notable one.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import KNOWN, Batch, Rows
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.known import ALGORITHMS, KNOWN_GOOD, NOTABLE
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.model import JSON

COMPARED: Final = 10_000_000
"""Records that are looked up in other sets; in larger sets the first so many."""
NAMED: Final = 20
"""Records of a contradiction that are named by their number in the file."""
JUMP: Final = 1.5
"""An edition that has so many times the records of the one before, or the reverse, is remarked."""
JUMP_LEAST: Final = 100
"""Smaller differences in records are no jump."""

_AT_ONCE: Final = 1 << 16


class Other(NamedTuple):
    """An edition of another set, opened."""

    header: Header
    file: HashSetFile


@dataclass(slots=True)
class _Shared:
    """What the set that is imported has in common with another one."""

    records: int = 0
    numbers: list[int] = field(default_factory=list)


class Health:
    """Looks at the records of a set as they are imported.

    Args:
        others: the newest edition in use of each other set.
    """

    def __init__(self, others: Iterable[Other] = ()) -> None:
        self._others = list(others)
        self._shared = [_Shared() for _ in self._others]
        self._held: list[Rows] = []
        self._waiting = 0
        self._compared = 0

    def look(self, batch: Batch) -> None:
        """Take a batch that was found to be well-formed; those of `KNOWN` rows are looked at."""
        if batch.kind != "known" or not self._others or self._compared + self._waiting >= COMPARED:
            return
        self._held.append(batch.rows)
        self._waiting += len(batch.rows)
        if self._waiting >= _AT_ONCE:
            self._compare()

    def _compare(self) -> None:
        if not self._held:
            return
        rows = np.concatenate(self._held).view(KNOWN)
        self._held, self._waiting = [], 0
        self._compared += len(rows)
        for other, shared in zip(self._others, self._shared, strict=True):
            hit = np.zeros(len(rows), np.bool_)
            for algorithm in ALGORITHMS:
                at = np.flatnonzero(rows["has"] & algorithm.bit)
                query, _ = other.file.lookup(algorithm.name, rows[algorithm.name][at])
                hit[at[query]] = True
            shared.records += int(np.count_nonzero(hit))
            room = NAMED - len(shared.numbers)
            shared.numbers += [int(number) for number in rows["record"][hit][:room]]

    def report(self, header: Header, report: JSON, before: Header | None) -> list[str]:
        """Add what was found to an import report.

        Args:
            header: of the finished set file.
            report: the import report; ``health`` is added.
            before: of the newest edition of the same set, if there is one.

        Returns:
            Warnings for whoever imports it.
        """
        self._compare()
        degenerate = sum(_int(report.get(name)) for name in ("empties", "constants"))
        warnings = []
        if degenerate:
            warnings.append(
                f"digests of nothing, or of one value all over, were dropped: {degenerate}"
            )
        if header.conflicts:
            warnings.append(f"{header.conflicts} digests are listed under more than one category")
        size: JSON = {"records": header.records}
        if before is not None:
            size |= {"before": before.records, "edition_before": before.edition}
            if _jumps(before.records, header.records):
                warnings.append(
                    f"it has {header.records} records, and edition {before.edition}"
                    f" has {before.records}"
                )
        shared = []
        for other, found in zip(self._others, self._shared, strict=True):
            if not found.records:
                continue
            against = {header.kind, other.header.kind} == {NOTABLE, KNOWN_GOOD}
            row: JSON = {
                "name": other.header.name,
                "edition": other.header.edition,
                "kind": other.header.kind,
                "records": found.records,
            }
            if against:
                row["numbers"] = found.numbers
                warnings.append(
                    f"{found.records} records are in the {other.header.kind} set"
                    f" {other.header.name} {other.header.edition} too"
                )
            shared.append(row)
        report["health"] = {
            "degenerate_digests": degenerate,
            "conflicting_categories": header.conflicts,
            "equal_records": header.merged + _int(report.get("repeats")),
            "size": size,
            "compared": self._compared,
            "in_other_sets": shared,
        }
        return warnings


def opened_others(stack: ExitStack, paths: Iterable[Path], set_key: bytes) -> Iterator[Other]:
    """Open set files until ``stack`` ends; one that cannot be opened is compared with by nobody.

    Args:
        stack: closes them.
        paths: of the files.
        set_key: the laboratory's set key.
    """
    for path in paths:
        with suppress(HashSetError, OSError):
            file = stack.enter_context(HashSetFile.open(path, set_key, verify=False))
            yield Other(file.header, file)


def _jumps(before: int, now: int) -> bool:
    few, many = sorted((before, now))
    return many - few >= JUMP_LEAST and many >= few * JUMP


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
