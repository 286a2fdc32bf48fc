"""What an export to a named recipient is made from: findings with the digests of their items.

Nothing else in `reports` holds digests of listed material. Names are there only when they were
opened for this export, with a justification on record.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from heroes_forensics.reports.findings import Finding

CONFLICTS: Final = frozenset({"size-conflict", "digest-conflict", "same-beginning"})
"""Grades of findings whose entry contradicts itself or the item, or of which the item is no more
than the beginning: in no list of digests."""


@dataclass(frozen=True, slots=True)
class Disclosed:
    """One finding and its item."""

    finding: Finding
    md5: bytes
    sha1: bytes
    sha256: bytes
    mime: str
    """By content, such as ``image/jpeg``; empty when unknown."""
    first_byte: int | None
    """Offset of the first byte in the media, where it is known."""
    algorithms: tuple[str, ...]
    """Those by which the entry agrees."""
    command: str
    """How The Sleuth Kit finds it, empty where it has no address for it."""
    path: str = ""
    """Whole path, opened for this export; empty: not opened."""


@dataclass(frozen=True, slots=True)
class ExportOf:
    """The case that an export is of."""

    reference: str
    organisation: str
    program: str
    version: str
    case_id: str
    """A GUID that stands for the export."""


def usable(rows: Iterable[Disclosed]) -> list[Disclosed]:
    """Leave out what no list of digests may say of an item: entries that contradict it."""
    return [row for row in rows if row.finding.grade not in CONFLICTS]
