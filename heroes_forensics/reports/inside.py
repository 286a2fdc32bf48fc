"""The report model, part three: what was examined inside files, which are pictures and containers.

Every picture and every container was digested as a file first; what is counted here comes on top
of that, and a gap of it takes nothing away from the comparison of the file itself.
"""

from dataclasses import dataclass
from typing import ClassVar, Final, Self

from heroes_forensics.reports.record import Count, Record


@dataclass(frozen=True, slots=True)
class Pictures(Record):
    """What became of the pictures and films, told by content, as pictures.

    ``seen`` is the sum of those that follow it up to ``other_types``, and ``not_tried``.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("not_tried",)

    seen: Count = 0
    decoded: Count = 0
    """Whole, as far as values are taken of them: up to 16 frames."""
    in_part: Count = 0
    """As far as their bytes, or a limit of frames, allowed; the gaps say which."""
    undecodable: Count = 0
    """A decoder refused them or ended over them: they have no perceptual values."""
    over_limit: Count = 0
    """Larger than a decoder may take."""
    known_good: Count = 0
    """Not decoded: on a list of known files."""
    matched: Count = 0
    """Not decoded: a digest on a list of listed material decided already."""
    other_types: Count = 0
    """Not decoded: of a type for which this version has no decoder."""
    compared: Count = 0
    """Of those decoded: a value of them was compared with one of a hash set at least."""
    not_matchable: Count = 0
    """Of those decoded: too small, or with too little structure, to be compared; films in which
    nothing is to be seen."""

    @property
    def not_tried(self) -> Count:
        """Content not read whole, or decoding not asked for, or not reached."""
        ended = self.decoded + self.in_part + self.undecodable + self.over_limit
        return max(0, self.seen - ended - self.known_good - self.matched - self.other_types)

    @property
    def with_values(self) -> int:
        """How many have perceptual values on record."""
        return self.decoded + self.in_part

    def __add__(self, other: "Pictures") -> Self:
        """Add term by term."""
        return type(self)(*(getattr(self, n) + getattr(other, n) for n in Pictures.__slots__))


@dataclass(frozen=True, slots=True)
class Containers(Record):
    """What became of the archives found inside the evidence, nested ones too.

    ``seen`` is the sum of those that follow it up to ``other_types``, and ``not_tried``.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("not_tried",)

    seen: Count = 0
    opened: Count = 0
    """To their end."""
    in_part: Count = 0
    """Some of their members are on record; a limit or damage left out the rest."""
    not_opened: Count = 0
    """Damaged, protected or over a limit from the start: no member is on record."""
    known_good: Count = 0
    """Not opened: on a list of known files."""
    by_profile: Count = 0
    """Not opened under the profile."""
    other_types: Count = 0
    """Of a type that this version does not open."""
    members: Count = 0
    """Entries listed in them; each is an entry of the equation as well."""
    members_digested: Count = 0
    members_over_limit: Count = 0
    """Listed and not read, because a limit of their container was reached."""

    @property
    def not_tried(self) -> Count:
        """Content not read whole, or not reached."""
        tried = self.opened + self.in_part + self.not_opened
        return max(0, self.seen - tried - self.known_good - self.by_profile - self.other_types)

    def __add__(self, other: "Containers") -> Self:
        """Add term by term."""
        return type(self)(*(getattr(self, n) + getattr(other, n) for n in Containers.__slots__))


NO_PICTURES: Final = Pictures()
NO_CONTAINERS: Final = Containers()


@dataclass(frozen=True, slots=True)
class ExpandLimits(Record):
    """How far a run opened each container found inside the evidence, with all nested in it."""

    ratio: Count
    """Times its own size that it may expand to; 16 MiB are always allowed."""
    bytes: Count
    members: Count
    nesting: Count
    """Containers one inside the other, the outermost included."""
