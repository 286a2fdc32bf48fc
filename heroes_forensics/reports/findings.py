"""The report model: findings, with what each rests on, and how many are alike.

Nothing here holds a name from evidence or a digest of a file.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Final, Literal, get_args

from heroes_forensics.reports.coverage import TypeClass
from heroes_forensics.reports.evidence import FileTime
from heroes_forensics.reports.record import Count, FindingNumber, Record, Says, Text, Word

_RARE: Final = 0.1
_RAREST: Final = 1e-100


def one_in(expected: str) -> int:
    """Return N of "at most 1 in N" for a number below 0.1, two digits, rounded down; else 0.

    Args:
        expected: a number as text, as `Likeness.expected`.
    """
    try:
        chance = float(expected or 0)
    except ValueError:  # of a record from elsewhere
        return 0
    if not _RAREST < chance < _RARE:
        return 0
    number = Decimal(f"{1 / chance:.12g}")
    digits = number.adjusted() - 1
    return int(number.scaleb(-digits).to_integral_value(ROUND_DOWN).scaleb(digits))


SetKind = Literal["notable", "adult-intimate", "watch", "exclude", "known-good"]


ItemVerdict = Literal[
    "baseline_illegal", "nationally_illegal", "notable_other", "suspected", "comparison",
    "uncategorised", "non_pertinent", "known_good",
]  # fmt: skip
"""What a category means by its profile, most severe first."""


Grade = Literal[
    "same-content", "same-sha1-and-size", "same-sha1", "same-md5-and-size", "same-md5",
    "size-conflict", "digest-conflict", "candidate-a", "candidate-b", "lead", "same-beginning",
]  # fmt: skip
"""What a finding rests on. ``same-content``: SHA-256. ``same-md5``, ``same-sha1``: the set
states no size. ``size-conflict``: the digest agrees and the stated size does not.
``digest-conflict``: one digest agrees and another that the set states does not.
``candidate-a``, ``candidate-b``, ``lead``: it looks like what is listed, see `Likeness`.
``same-beginning``: a sector of free space is the first one of what is listed; no more of it was
compared."""

CANDIDATES: Final = frozenset[Grade]({"candidate-a", "candidate-b", "lead"})
"""Grades of findings by appearance: somebody has to confirm them."""


Reuse = Literal["", "not-reused", "in-part", "reused", "unknown"]
FindingStatus = Literal["current", "provisional", "withdrawn"]


@dataclass(frozen=True, slots=True)
class MatchCount(Record):
    """How many current findings of an exhibit are alike."""

    kind: SetKind
    grade: Grade
    verdict: ItemVerdict
    issuer: Text
    """Who lists them; the name of the set when it states no issuer."""
    code: Text
    """Category code as the supplier wrote it; empty when the set gives none."""
    scheme: Text
    region: Text
    count: Count


@dataclass(frozen=True, slots=True)
class Category(Record):
    """What the issuer's entry says, untouched, and what the profile makes of it."""

    verdict: ItemVerdict
    code: Text = ""
    label: Text = ""
    scheme: Text = ""
    region: Text = ""
    tags: tuple[Text, ...] = ()
    """Labels of other schemas that the profile gives the code, ``ucs:<version>:<label>``."""


@dataclass(frozen=True, slots=True)
class TimeRange(Record):
    """From one frame of a film to another, in milliseconds from its beginning."""

    start: Count
    end: Count


@dataclass(frozen=True, slots=True)
class FilmLikeness(Record):
    """By which of its frames a film comes close to a listed one."""

    frames: Count
    """Frames of the film that come close."""
    frames_of: Count
    """Those that were compared."""
    listed: Count
    """Different listed frames that they come close to."""
    listed_of: Count
    """Frames that the entry lists."""
    ranges: tuple[TimeRange, ...] = ()
    """Where in the film."""
    listed_ranges: tuple[TimeRange, ...] = ()
    """Where in the listed film; empty when the list gives no times."""


@dataclass(frozen=True, slots=True)
class Plugin(Record):
    """A plug-in of a licensed laboratory, by whose distance a picture comes close."""

    name: Text
    version: Text
    """Of hash and rules, as it states it."""
    package: Text
    """Name and version of the package that it came with."""


@dataclass(frozen=True, slots=True)
class Likeness(Record):
    """How close a picture or a film comes to a listed one; the values themselves stay sealed."""

    algorithm: Word
    view: Word
    """What of the picture came so close: as it is, trimmed, or a part of it."""
    distance: Count
    """Bits that differ; of a plug-in, what its own measure says."""
    radius: Count
    """How much it may be."""
    quality: Annotated[int, Says(minimum=0, maximum=100)] | None
    """How much structure the picture has, by the rule of the algorithm; None of a plug-in."""
    listed_quality: Annotated[int, Says(minimum=0, maximum=100)] | None
    """The same of the entry; None when the set does not state it."""
    tried: Count
    """Values of the picture that were compared with the set."""
    comparisons: Count
    """That, times the values in the set."""
    expected: Text = ""
    """At most so many false candidates are to be expected of so many comparisons; empty: the
    rate of this algorithm was not measured."""
    film: FilmLikeness | None = None
    """Of a film; the rest is of its frame that comes closest."""
    more: Count = 0
    """Further entries of the set that the same picture or film comes close to, beyond those that
    became findings."""
    more_at_least: bool = False
    """There may be more than these: of each value only the nearest entries were looked at."""
    drawn: bool = False
    """What came close is drawn and no photograph: forms, screens and icons of one kind look alike
    to the algorithm, and nobody knows how many false candidates to expect."""
    plugin: Plugin | None = None
    """Whose hash, distance and threshold it is by; None of those of this program."""


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """A match on an item: where, how sure, with whose entry. No name and no digest."""

    number: FindingNumber
    exhibit: Text
    source: Text
    locator: Text
    """Whole: source label, volume key, locator of the entry."""
    kind: SetKind
    grade: Grade
    set_name: Text
    issuer: Text
    edition: Text
    category: Category
    size: Annotated[int, Says(minimum=-1, maximum=2**53 - 1)]
    """Bytes; -1 when not known."""
    type: Word
    type_class: TypeClass
    place: Word
    allocated: bool = True
    reuse: Reuse = ""
    """How sure deleted content is: whether blocks that it lay in are in use now. Nothing for what
    is not deleted."""
    listed_size: Count | None = None
    """The size that the set states, when it contradicts."""
    near: Likeness | None = None
    """Of a candidate; None of an exact match."""
    device: Text = ""
    """Tag of the device, or else of the model, that its metadata names; empty without one."""
    victim_identified: bool | None = None
    """None: the set does not say."""
    offender_identified: bool | None = None
    times: tuple[FileTime, ...] = ()
    status: FindingStatus = "current"
    reason: Text = ""
    """Why it was withdrawn or is provisional."""
    not_in: Text = ""
    """The edition of the set, compared later, that does not list it any more: withdrawn."""


@dataclass(frozen=True, slots=True)
class LeftOut(Record):
    """Entries that pictures and films come close to, beyond those that became findings."""

    pictures: Count = 0
    """Pictures and films of which a set has such entries."""
    entries: Count = 0
    """Those entries; one counts once for each picture."""
    at_least: bool = False
    """There may be more: of each value only the nearest entries were looked at."""


NOTHING_LEFT_OUT: Final = LeftOut()


def left_out(findings: Iterable[Finding]) -> LeftOut:
    """Sum up what findings that are not withdrawn say was left out; give those of one exhibit."""
    of = {
        (each.locator, each.set_name, each.issuer, each.edition): each.near
        for each in findings
        if each.status != "withdrawn" and each.near is not None
    }
    told = {key: near for key, near in of.items() if near.more or near.more_at_least}
    return LeftOut(
        pictures=len({locator for locator, *_ in told}),
        entries=sum(near.more for near in told.values()),
        at_least=any(near.more_at_least for near in told.values()),
    )


def counted(findings: Iterable[Finding]) -> tuple[MatchCount, ...]:
    """Count findings that are not withdrawn, the gravest first; give those of one exhibit."""
    counts = Counter(
        MatchCount(
            kind=finding.kind,
            grade=finding.grade,
            verdict=finding.category.verdict,
            issuer=finding.issuer or finding.set_name,
            code=finding.category.code,
            scheme=finding.category.scheme,
            region=finding.category.region,
            count=0,
        )
        for finding in findings
        if finding.status != "withdrawn"
    )
    rows = (replace(row, count=count) for row, count in counts.items())
    return tuple(sorted(rows, key=_gravity))


_KINDS: Final = get_args(SetKind)


_VERDICTS: Final = get_args(ItemVerdict)


_GRADES: Final = get_args(Grade)


def _gravity(row: MatchCount) -> tuple[bool, int, int, int, str, str, str, str]:
    return (
        row.grade == "digest-conflict",
        _KINDS.index(row.kind),
        _VERDICTS.index(row.verdict),
        _GRADES.index(row.grade),
        row.issuer,
        row.scheme,
        row.region,
        row.code,
    )
