"""The report model: who, for whom, with which result; one value renders to every form.

A report says only what this model says. It is filled in by the pipeline from the case database
and the ledger, and turned into its plain form by `Report.to_json`; every renderer starts from
there, so that a report can be rendered again from ``report.json`` alone.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Final, Literal, get_args

from heroes_forensics.reports.coverage import Coverage, TypeClass
from heroes_forensics.reports.evidence import FileTime, Note, Source
from heroes_forensics.reports.inside import ExpandLimits
from heroes_forensics.reports.record import (
    Count,
    FindingNumber,
    Percent,
    Record,
    Says,
    Sha256,
    Text,
    Utc,
    Uuid,
    Word,
)

FORMAT: Final = "heroes-report/1"

SetKind = Literal["notable", "adult-intimate", "watch", "exclude", "known-good"]

VerdictWord = Literal["matches", "no-match", "not-examinable", "unfinished"]

ItemVerdict = Literal[
    "baseline_illegal", "nationally_illegal", "notable_other", "suspected", "comparison",
    "uncategorised", "non_pertinent", "known_good",
]  # fmt: skip
"""What a category means by its profile, most severe first."""

Grade = Literal[
    "same-content", "same-sha1-and-size", "same-sha1", "same-md5-and-size", "same-md5",
    "size-conflict", "digest-conflict",
]  # fmt: skip
"""What an exact match rests on. ``same-content``: SHA-256. ``same-md5``, ``same-sha1``: the set
states no size. ``size-conflict``: the digest agrees and the stated size does not.
``digest-conflict``: one digest agrees and another that the set states does not."""

FindingStatus = Literal["current", "provisional", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Program(Record):
    """What made the report."""

    name: Word
    version: Text
    sha256: Sha256 | None = None
    """Over the files of the installed package, when recorded."""


@dataclass(frozen=True, slots=True)
class Authority(Record):
    """The legal basis of the examination, as recorded."""

    kind: Text
    reference: Text
    issued_by: Text = ""
    valid_from: Text = ""
    valid_to: Text = ""
    scope: Text = ""


@dataclass(frozen=True, slots=True)
class Signer(Record):
    """Whose key signs the record."""

    kind: Literal["laboratory", "case-local"]
    """``case-local``: a key made for this case without a passphrase; the report says so."""
    laboratory: Text = ""
    key_sha256: Sha256 | None = None
    """Of the public key file, as anybody can compute it; None before there is a key."""


@dataclass(frozen=True, slots=True)
class Checkpoint(Record):
    """The last signed state of the ledger before this report."""

    size: Count
    root: Sha256
    origin: Text
    anchoring: Annotated[int, Says(minimum=0, maximum=3)] = 0
    """0 none, 1 time stamp, 2 independent witness or paper, 3 both."""


@dataclass(frozen=True, slots=True)
class Case(Record):
    """The case and the people who answer for it."""

    uuid: Uuid
    ledger: Uuid
    signer: Signer
    reference: Text = ""
    customer: Text = ""
    examiner: Text = ""
    """Staff identifier."""
    authority: Authority | None = None


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """The one line of page 1 about an exhibit; made by `reports.verdict.decide`."""

    word: VerdictWord
    percent_of_bytes: Percent
    media_comparable: Count
    """Pictures and films that could be compared with the hash sets."""
    media_seen: Count
    unfinished: bool = False
    """The examination was not finished, whatever the word is."""
    reasons: tuple[Word, ...] = ()
    """Why it is not examinable or not finished: codes of gaps, or of the catalogue."""


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
class Compared(Record):
    """A hash set with which sources of an exhibit were compared; see `HashSet` for the rest."""

    name: Text
    issuer: Text
    edition: Text
    kind: SetKind
    records: Count
    rejected: Count = 0
    signature: Word = "unsigned"
    state: Word = "active"
    """``active`` or ``disputed``."""
    sources: tuple[Text, ...] = ()
    """Labels of the sources of the exhibit of which content was compared with the set."""
    every_source: bool = True
    """Whether these are all sources of the exhibit."""


@dataclass(frozen=True, slots=True)
class Exhibit(Record):
    """One seized thing: its labels, its result, its sources."""

    label: Text
    verdict: Verdict
    coverage: Coverage
    description: Text = ""
    make: Text = ""
    model: Text = ""
    serial: Text = ""
    seal: Text = ""
    officer: Text = ""
    lims: Text = ""
    time_zone: Text = ""
    """Zone of its clock as stated by the operator; empty when not stated."""
    matches: tuple[MatchCount, ...] = ()
    compared: tuple[Compared, ...] = ()
    """Empty: nothing of it was compared with any set."""
    sources: tuple[Source, ...] = ()


@dataclass(frozen=True, slots=True)
class Probes(Record):
    """The self-test of a set's index: entries looked up again after loading."""

    tried: Count
    failed: Count


@dataclass(frozen=True, slots=True)
class AlgorithmCount(Record):
    """Digests of one algorithm in a set."""

    algorithm: Word
    count: Count


@dataclass(frozen=True, slots=True)
class HashSet(Record):
    """Known material that a run of the case used; `Exhibit.compared` says on what."""

    name: Text
    issuer: Text
    edition: Text
    kind: SetKind
    format: Word
    records: Count
    source_sha256: Sha256
    """Of the file as received."""
    digests: tuple[AlgorithmCount, ...] = ()
    not_compared: tuple[AlgorithmCount, ...] = ()
    """Values of other kinds that it lists, and that were compared with nothing."""
    rejected: Count = 0
    """Records of the file that could not be used."""
    signature: Word = "unsigned"
    """``verified``, ``unsigned``, ``failed``."""
    key_id: Text = ""
    """Of the key that signed it, when a signature was looked at."""
    signer: Text = ""
    """Whose key that is, by the laboratory's own list."""
    expires: Text = ""
    """The last date, or time, for which its publisher meant it."""
    allowed: tuple[Word, ...] = ()
    """What an operator allowed, without which it would have been refused."""
    state: Word = "active"
    """``active`` or ``disputed``, when it was last used."""
    reason: Text = ""
    """Why it is disputed."""
    profile: Text = ""
    """The category profile by which codes became verdicts."""
    profile_verified: bool = False
    probes: Probes | None = None
    authority: Text = ""
    """Of an ``exclude`` set."""


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
    listed_size: Count | None = None
    """The size that the set states, when it contradicts."""
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
class Attempt(Record):
    """One access that a locked worker tried and what came of it."""

    what: Word
    refused: bool


@dataclass(frozen=True, slots=True)
class Interruption(Record):
    """A run was left before its end, and perhaps taken up again."""

    cause: Word
    """``signal``, ``budget``, ``crash``, ``stopped``."""
    noted: Utc
    """When it was written down; a crash is, when somebody opens the case again."""
    resumed: Utc | None = None


@dataclass(frozen=True, slots=True)
class Run(Record):
    """One run of the program on the evidence."""

    uuid: Uuid
    purpose: Word
    started: Utc
    ended: Utc | None
    """None: it has no end on record."""
    outcome: Literal["complete", "partial", "failed", "interrupted"]
    profile: Word
    isolation: Word
    """The level reached, as measured: ``a4`` ... ``a1``, else ``not-measured``."""
    verify: Literal["before", "during", "later", "off"] = "during"
    workers: Count = 0
    interruptions: Count = 0
    breaks: tuple[Interruption, ...] = ()
    """Each of the interruptions, in order."""
    probes: tuple[Attempt, ...] = ()
    missing: tuple[Text, ...] = ()
    """Layers of the lock that the machine did not give, each with the kernel's word."""
    notes: tuple[Note, ...] = ()
    perceptual: bool = True
    """Whether pictures were to be decoded."""
    expand_limits: ExpandLimits | None = None
    """None: containers found inside the evidence were not opened."""


@dataclass(frozen=True, slots=True)
class Library(Record):
    """A library that took part, and its version."""

    name: Text
    version: Text


@dataclass(frozen=True, slots=True)
class Environment(Record):
    """The machine and the software."""

    host: Text
    """A reference of the laboratory, not a network name."""
    os: Text
    python: Text
    self_test: Literal["pass", "fail", "not-run"] = "not-run"
    libraries: tuple[Library, ...] = ()


@dataclass(frozen=True, slots=True)
class Event(Record):
    """One line of the ledger, in short."""

    seq: Count
    time: Utc
    type: Word
    actor: Text
    summary: Text = ""


@dataclass(frozen=True, slots=True)
class Command(Record):
    """One command that checks the record; see `reports.checking`."""

    purpose: Word
    systems: tuple[Literal["linux", "macos", "windows"], ...]
    line: str


@dataclass(frozen=True, slots=True)
class Report(Record):
    """Everything a report says."""

    COMPUTED: ClassVar[tuple[str, ...]] = ("format", "perceptual", "coverage")

    number: Text
    version: Annotated[int, Says(minimum=1)]
    issued: Utc
    program: Program
    case: Case
    names: Literal["sealed", "clear"]
    examined_from: Utc | None
    examined_to: Utc | None
    content_sha256: Sha256 | None
    """Over all item rows: equal results have this value in common."""
    exhibits: tuple[Exhibit, ...]
    hash_sets: tuple[HashSet, ...] = ()
    findings: tuple[Finding, ...] = ()
    runs: tuple[Run, ...] = ()
    environment: Environment | None = None
    checkpoint: Checkpoint | None = None
    events: tuple[Event, ...] = ()
    commands: tuple[Command, ...] = ()
    limitations: tuple[Text, ...] = ()
    """Those of this case, beside the fixed ones of the catalogue."""
    replaces: Text = ""
    """Number of the report before this one; empty for the first."""

    @property
    def format(self) -> Literal["heroes-report/1"]:
        """The version of this model."""
        return FORMAT

    @property
    def perceptual(self) -> Literal["not-performed", "not-compared"]:
        """Comparison of what pictures look like, which is not part of this version.

        ``not-compared``: perceptual values of pictures were computed, and compared with nothing.
        ``not-performed``: none was computed.
        """
        return "not-compared" if self.coverage.pictures.with_values else "not-performed"

    @property
    def coverage(self) -> Coverage:
        """Of all exhibits together."""
        return Coverage.total([exhibit.coverage for exhibit in self.exhibits])


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
