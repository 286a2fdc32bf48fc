"""What every interchange format offers, and what it is made from.

Items come block by block and are gone when they are written: a million of them is never held in
memory. What a recipient does not get is not in a block: no path that was not opened for this
export, no digest that is kept back. So a format cannot tell more than was decided elsewhere.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from heroes_forensics.model import TimeRule
from heroes_forensics.reports.base import ItemBlock
from heroes_forensics.reports.evidence import Source
from heroes_forensics.reports.findings import Finding
from heroes_forensics.reports.model import Report
from heroes_forensics.reports.moments import NO_TIME

Items = Literal["all", "findings"]
"""Every item of the case, or those with a finding of the kind that is handed on."""

Digests = Literal["all", "unlisted", "none"]
"""``unlisted``: those of items that no hash set lists, except as known to be harmless."""

LocalTimes = Literal["leave-out", "label"]
"""What becomes of times in local time of an unknown zone, in a format that knows UTC alone."""

WHICH: Final = ("m", "a", "c", "b")
ENDING: Final = {"m": "modified", "a": "accessed", "c": "changed", "b": "born"}
"""The four times of an item, in the order of the columns of a block."""

UNKNOWN_ZONE: Final = "local time, zone unknown"
"""How such a time is labelled wherever it stands among times in UTC."""

LEFT_OUT: Final = "times_in_local_time_left_out"
LABELLED: Final = "times_in_local_time_labelled"
BEYOND: Final = "times_beyond_the_calendar_left_out"
"""What is counted of times: the calendar of the formats has the years 1 to 9999."""

_UTC: Final = TimeRule(1, "utc")
_CALENDAR: Final = (-62_135_596_800, 253_402_300_799)
"""Seconds from the beginning of the year 1 to the end of the year 9999."""

_ADDRESS: Final = re.compile(
    r"([a-z0-9]+)/i([0-9]{1,20})(?:-([0-9]{1,10}))?/u([0-9]{1,20})(?:-[0-9]{1,10})?"
    r"/a([0-9]{1,10})-([0-9]{1,10})/n[0-9]{1,10}"
)
SLEUTH_KIT: Final = frozenset(
    {
        *("ntfs", "fat12", "fat16", "fat32", "exfat", "ext2", "ext3", "ext4", "hfsplus"),
        *("iso9660", "ufs1", "ufs2"),
    }
)
"""File systems whose addresses in a locator are those of The Sleuth Kit."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A block of items as it is handed on, with what the tables of a report do not need."""

    items: ItemBlock
    """Paths are empty where they were not opened, digests None where they are kept back. In
    ``matched`` stands, for each item, by what kinds of sets it is listed when its digests are kept
    back, and nothing for all others."""
    file_system: str
    holder: str
    """Whole locator of the container that holds the items; empty for what a file system names."""
    flags: Sequence[int]
    """Of `heroes_forensics.model.EntryFlag`."""
    owners: Sequence[int]
    """User id or pseudonym of the SID; -1 where none is recorded."""
    first_bytes: Sequence[int]
    """Offset of the first byte in the media; -1 where that is not known."""
    bytes_read: Sequence[int]
    """Also where there is no digest, as less was read than there should be."""
    findings: Mapping[int, tuple[Finding, ...]]
    """By position in the block: those that are handed on, in the order of their numbers."""

    def whole(self, position: int) -> str:
        """Return the whole locator of an item."""
        block = self.items
        return f"{block.source}/{block.volume}/{block.locators[position]}"


@dataclass(frozen=True, slots=True)
class Matter:
    """What an export is of, and how it was asked for."""

    program: str
    version: str
    ledger: str
    """UUID of the ledger; ids of what is exported are made from it, hence always the same."""
    names: bool
    """Whether names were opened."""
    local_times: LocalTimes
    report: Callable[[], Report]
    """Makes the report model of the case as it stands."""
    source: Source | None = None
    """What a file is of, where a format has a file for each source."""
    told: Counter[str] = field(default_factory=Counter)
    """What the writer of a format counts that people have to know."""


@dataclass(frozen=True, slots=True)
class Exporter:
    """A row of `reports.EXPORTS`: one format, all that there is to know of it."""

    file_name: str
    """With ``{source}`` in it where each source of the case has a file of its own."""
    write: Callable[[Matter, Iterable[Handed]], Iterator[bytes]]
    """Yield the file in pieces, in the order of the blocks."""
    items: tuple[Items, ...]
    """What it can be made of; the first is the default."""
    digests: Digests
    """The default."""

    @property
    def per_source(self) -> bool:
        """Whether each source has a file of its own."""
        return "{source}" in self.file_name


@dataclass(frozen=True, slots=True)
class Times:
    """One of the four times of a block, of the items that have it in a form that can be told."""

    which: str
    rule: TimeRule
    positions: list[int]
    """Of the items, in the block."""
    seconds: npt.NDArray[np.int64]
    nanoseconds: npt.NDArray[np.uint32]

    @property
    def is_local(self) -> bool:
        """Whether the zone is unknown, so that the time must be labelled."""
        return self.rule.zone != "utc"


def told_times(matter: Matter, block: ItemBlock) -> Iterator[Times]:
    """Yield the times of a block for a format that knows UTC alone, and count what it loses."""
    for column, which in enumerate(WHICH):
        rule = block.rules.get(which, _UTC)
        seconds = block.seconds[:, column]
        there = seconds != NO_TIME
        if rule.zone != "utc":
            if matter.local_times == "leave-out":
                matter.told[LEFT_OUT] += int(there.sum())
                continue
            matter.told[LABELLED] += int(there.sum())
        usual = there & (seconds >= _CALENDAR[0]) & (seconds <= _CALENDAR[1])
        matter.told[BEYOND] += int((there & ~usual).sum())
        positions = np.flatnonzero(usual)
        nanoseconds = block.nanoseconds[positions, column]
        yield Times(which, rule, positions.tolist(), seconds[positions], nanoseconds)


def address(locator: str) -> re.Match[str] | None:
    """Take the locator of what a file system names apart, where it has the usual form.

    Returns:
        A match whose groups are: kind of file system, address, sequence or None, address of the
        directory (0 for what none reaches), type and id of the attribute.
    """
    return _ADDRESS.fullmatch(locator)
