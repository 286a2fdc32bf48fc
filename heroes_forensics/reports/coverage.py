"""The report model: how much was seen, of one exhibit or of all, and what was not.

Nothing here holds a name from evidence or a digest of a file: only locators, counts and codes.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Literal, Self, TypeVar

from heroes_forensics.reports.evidence import (
    NO_BLOCKS,
    NO_ENTRIES,
    Blocks,
    Equation,
    Source,
    Volume,
)
from heroes_forensics.reports.inside import NO_CONTAINERS, NO_PICTURES, Containers, Pictures
from heroes_forensics.reports.record import Count, Percent, Record, Text, Word, percent

TypeClass = Literal[
    "picture", "film", "sound", "document", "archive", "database", "mail", "program", "text",
    "other", "unknown",
]  # fmt: skip
"""What the content says it is; the extension says nothing."""


@dataclass(frozen=True, slots=True)
class GapGroup(Record):
    """All gaps of one code that are no whole areas."""

    code: Word
    """A key of `heroes_forensics.model.GAP_TEXTS`."""
    count: Count
    policy: bool
    """Announced by the profile before the run, hence no surprise."""
    text: Text = ""
    """In English; the catalogue has the other languages."""
    size: Count = 0
    """Bytes that were not examined for it, as far as the metadata says."""
    examples: tuple[Text, ...] = ()
    """Up to a few locators or volume keys."""
    about: Literal["content", "member", "picture", "container"] = "content"
    """What was not examined: bytes, those of a ``member`` for a limit of its container, or only
    what a ``picture`` looks like or a ``container`` holds, which was digested as a file."""


@dataclass(frozen=True, slots=True)
class Area(Record):
    """A whole area that was not examined: an encrypted volume, an unsupported file system.

    It is named here and counted in no group of gaps.
    """

    where: Text
    """Source label and volume key."""
    code: Word
    size: Count
    text: Text = ""
    policy: bool = False
    """Announced by the profile before the run: shadow copies, for example."""


@dataclass(frozen=True, slots=True)
class TypeCount(Record):
    """How many items of one class of content there are and what could be done with them."""

    type_class: TypeClass
    seen: Count
    comparable: Count
    """Those with a digest, so that they could be compared with the hash sets."""
    size: Count = 0
    misnamed: Count = 0
    """Pictures and films without the name of one, and other content with it."""


@dataclass(frozen=True, slots=True)
class LaneCount(Record):
    """How much of one lane was read; ``media`` is read before ``rest``."""

    COMPUTED: ClassVar[tuple[str, ...]] = ("percent_of_bytes",)

    name: Literal["media", "rest"]
    """``media``: allocated, named like a picture or film, outside of system areas."""
    streams: Count
    """Listed, with content."""
    examined: Count
    size: Count
    """Their bytes, by the metadata."""
    size_examined: Count

    @property
    def percent_of_bytes(self) -> Percent:
        """Share of their bytes that was examined."""
        return percent(self.size_examined, self.size)


def _is_unsearched(volume: Volume) -> bool:
    """Tell whether a volume that was opened may hold space in no use that was not searched."""
    blocks = volume.blocks
    free = blocks.unallocated + blocks.volume_slack
    return volume.is_opened and (not blocks.volume or blocks.searched < free)


_Row = TypeVar("_Row")

_EXAMPLES: Final = 5
"""Locators shown beside a group of gaps; all of them are in the inventory."""


def _merged_gaps(one: GapGroup, other: GapGroup) -> GapGroup:
    return replace(
        one,
        count=one.count + other.count,
        size=one.size + other.size,
        examples=(one.examples + other.examples)[:_EXAMPLES],
    )


def _merged_types(one: TypeCount, other: TypeCount) -> TypeCount:
    return replace(
        one,
        seen=one.seen + other.seen,
        comparable=one.comparable + other.comparable,
        size=one.size + other.size,
        misnamed=one.misnamed + other.misnamed,
    )


def _merged_lanes(one: LaneCount, other: LaneCount) -> LaneCount:
    return replace(
        one,
        streams=one.streams + other.streams,
        examined=one.examined + other.examined,
        size=one.size + other.size,
        size_examined=one.size_examined + other.size_examined,
    )


def _by(
    rows: Iterable[_Row], key: Callable[[_Row], str], merged: Callable[[_Row, _Row], _Row]
) -> tuple[_Row, ...]:
    """Merge the rows that have a key in common, in the order of the first of them."""
    found: dict[str, _Row] = {}
    for row in rows:
        name = key(row)
        found[name] = merged(found[name], row) if name in found else row
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class Coverage(Record):
    """How much was seen, of one exhibit or of all."""

    COMPUTED: ClassVar[tuple[str, ...]] = ("closes", "percent_of_bytes", "unallocated")

    equation: Equation = NO_ENTRIES
    parts_close: bool = True
    """Whether the equation of every single volume closes."""
    item_bytes: Count = 0
    """Logical bytes of all items listed."""
    item_bytes_examined: Count = 0
    volume_bytes: Count = 0
    """Bytes of all volumes, of those not opened too."""
    volume_bytes_not_opened: Count = 0
    types: tuple[TypeCount, ...] = ()
    gaps: tuple[GapGroup, ...] = ()
    areas: tuple[Area, ...] = ()
    lanes: tuple[LaneCount, ...] = ()
    listings_open: Count = 0
    """Volumes that were not listed to their end, in an examination that was not finished."""
    pictures: Pictures = NO_PICTURES
    containers: Containers = NO_CONTAINERS
    blocks: Blocks = NO_BLOCKS
    volumes_unsearched: Count = 0
    """Volumes examined of whose space in no use not all was searched."""

    @classmethod
    def of(  # noqa: PLR0913 # what the volumes themselves cannot say
        cls,
        sources: Iterable[Source],
        *,
        item_bytes: int,
        item_bytes_examined: int,
        types: tuple[TypeCount, ...] = (),
        gaps: tuple[GapGroup, ...] = (),
        areas: tuple[Area, ...] = (),
        lanes: tuple[LaneCount, ...] = (),
        pictures: Pictures = NO_PICTURES,
        containers: Containers = NO_CONTAINERS,
    ) -> Self:
        """Sum up the volumes of ``sources``; what they do not know is given."""
        volumes = [volume for source in sources for volume in source.volumes]
        blocks = sum((volume.blocks for volume in volumes), NO_BLOCKS)
        ranges = [volume for volume in volumes if volume.file_system == "unallocated"]
        volume_bytes = sum(volume.size for volume in volumes)
        return cls(
            equation=sum((volume.equation for volume in volumes), NO_ENTRIES),
            parts_close=all(volume.equation.closes for volume in volumes),
            item_bytes=item_bytes,
            item_bytes_examined=item_bytes_examined,
            volume_bytes=volume_bytes - sum(volume.size for volume in ranges),
            volume_bytes_not_opened=sum(v.size for v in volumes if not v.is_opened),
            types=types,
            gaps=gaps,
            areas=areas,
            lanes=lanes,
            listings_open=sum(volume.listing_open for volume in volumes),
            pictures=pictures,
            containers=containers,
            blocks=blocks,
            volumes_unsearched=sum(map(_is_unsearched, volumes)),
        )

    @classmethod
    def total(cls, parts: Sequence["Coverage"]) -> Self:
        """Sum up the coverage of several exhibits; gaps and types are merged by their code."""
        gaps = (row for part in parts for row in part.gaps)
        types = (row for part in parts for row in part.types)
        lanes = (row for part in parts for row in part.lanes)
        return cls(
            equation=sum((part.equation for part in parts), NO_ENTRIES),
            parts_close=all(part.closes for part in parts),
            item_bytes=sum(part.item_bytes for part in parts),
            item_bytes_examined=sum(part.item_bytes_examined for part in parts),
            volume_bytes=sum(part.volume_bytes for part in parts),
            volume_bytes_not_opened=sum(part.volume_bytes_not_opened for part in parts),
            types=_by(types, lambda row: row.type_class, _merged_types),
            gaps=_by(gaps, lambda row: f"{row.about} {row.code}", _merged_gaps),
            areas=tuple(area for part in parts for area in part.areas),
            lanes=_by(lanes, lambda row: row.name, _merged_lanes),
            listings_open=sum(part.listings_open for part in parts),
            pictures=sum((part.pictures for part in parts), NO_PICTURES),
            containers=sum((part.containers for part in parts), NO_CONTAINERS),
            blocks=sum((part.blocks for part in parts), NO_BLOCKS),
            volumes_unsearched=sum(part.volumes_unsearched for part in parts),
        )

    @property
    def closes(self) -> bool:
        """Whether every entry is accounted for."""
        return self.parts_close and self.equation.closes

    @property
    def percent_of_bytes(self) -> Percent:
        """Bytes of items examined, of the bytes of items listed plus of volumes not opened."""
        whole = self.item_bytes + self.volume_bytes_not_opened
        return percent(self.item_bytes_examined, whole)

    @property
    def unallocated(self) -> Literal["not-examined", "in-part", "searched"]:
        """How far free space was searched for pictures and films by their own structure."""
        if not self.blocks.searched:
            return "not-examined"
        return "in-part" if self.volumes_unsearched else "searched"

    @property
    def unexpected(self) -> int:
        """Gaps and whole areas that the profile did not announce."""
        groups = sum(group.count for group in self.gaps if not group.policy)
        return groups + sum(not area.policy for area in self.areas)

    def media(self) -> tuple[int, int]:
        """Return how many pictures and films were comparable, and how many were seen."""
        rows = [row for row in self.types if row.type_class in ("picture", "film")]
        return sum(row.comparable for row in rows), sum(row.seen for row in rows)
