"""The report model: who, for whom, with which result; one value renders to every form.

A report says only what this model says. It is filled in by the pipeline from the case database
and the ledger, and turned into its plain form by `Report.to_json`; every renderer starts from
there, so that a report can be rendered again from ``report.json`` alone.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal

from heroes_forensics.reports.coverage import Coverage
from heroes_forensics.reports.devices import Device, Metadata
from heroes_forensics.reports.error_rates import ErrorRate
from heroes_forensics.reports.evidence import Note, Source
from heroes_forensics.reports.findings import (
    NOTHING_LEFT_OUT,
    Finding,
    LeftOut,
    MatchCount,
    SetKind,
)
from heroes_forensics.reports.inside import ExpandLimits
from heroes_forensics.reports.processing import Processing
from heroes_forensics.reports.record import (
    Count,
    Percent,
    Record,
    Says,
    Sha256,
    Text,
    Utc,
    Uuid,
    Word,
)
from heroes_forensics.reports.stated import DeclaredMethod, Laboratory, Stated

FORMAT: Final = "heroes-report/1"


Level = Literal["summary", "standard", "sealed"]
"""``summary``: without rows of findings. ``standard``: findings under pseudonyms. ``sealed``: with
names, for authorised recipients; such a report exists in encrypted form alone."""

VerdictWord = Literal["matches", "no-match", "not-examinable", "unfinished"]


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
    """As recorded, of any state up to this one: 0 none, 1 time stamp, 2 independent witness, paper
    or mail, 3 both."""


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
    recipients: Count | None = None
    """How many open what is sealed; None when that is not on record."""


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
class Fact(Record):
    """What is said of an exhibit in a field of the laboratory's own."""

    name: Text
    value: Text


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
    further: tuple[Fact, ...] = ()
    """Condition, storage, who handed it in: whatever else is stated."""
    matches: tuple[MatchCount, ...] = ()
    left_out: LeftOut = NOTHING_LEFT_OUT
    """What comes close, too, and is no finding of its own."""
    compared: tuple[Compared, ...] = ()
    """Empty: nothing of it was compared with any set."""
    sources: tuple[Source, ...] = ()
    metadata: Metadata | None = None
    """What its pictures and films say of their origin; None: nobody asked."""


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
class NearCount(Record):
    """Perceptual values of one algorithm in a set, and the self-test of their index."""

    algorithm: Word
    count: Count
    """Those that are compared."""
    below_quality: Count = 0
    """Those that are not, because of the quality that the set states."""
    probes: Probes | None = None
    """Planted close to listed values at all distances within the radius, and looked up again."""


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
    near: tuple[NearCount, ...] = ()
    """Perceptual values that pictures and films were compared with."""
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
class PluginUse(Record):
    """What a run asked of a plug-in of a licensed laboratory, and what came of it."""

    name: Text
    kind: Word
    version: Text
    """Of hash and rules, as it states it."""
    package: Text
    """Name and version of the package that it came with."""
    threshold: Count
    """Two values at most so far apart are of pictures that look alike, by its own measure."""
    made: Count = 0
    """Frames of pictures that it gave a value."""
    too_little: Count = 0
    """Frames that say too little, by its own rule."""
    failed: Count = 0
    """Frames for which it failed, or ended its decoder."""
    uncompared: Count = 0
    """Values that it failed to compare with all that is listed."""


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
    plugin: PluginUse | None = None
    """Looked at pictures, too, or compared values that it had made of them."""
    media_metadata: bool = False
    """Whether it was asked what pictures and films say of their origin."""
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
class ActField(Record):
    """One thing that is said of an act."""

    name: Word
    """As the ledger calls it."""
    value: Text


@dataclass(frozen=True, slots=True)
class Act(Record):
    """What a person did with evidence, sealed data or the record itself."""

    seq: Count
    time: Utc
    topic: Literal["custody", "data", "quality", "record"]
    type: Word
    actor: Text
    of: tuple[Text, ...] = ()
    """Exhibits, sources or findings."""
    fields: tuple[ActField, ...] = ()
    signed: tuple[Text, ...] = ()
    """Of those who have to sign it, who did before this report was made."""
    unsigned: tuple[Text, ...] = ()
    """Who did not."""


@dataclass(frozen=True, slots=True)
class Command(Record):
    """One command that checks the record; see `reports.checking`."""

    COMPUTED: ClassVar[tuple[str, ...]] = ("line",)

    purpose: Word
    systems: tuple[Literal["linux", "macos", "windows"], ...]
    lines: tuple[str, ...]
    """As they are printed: none is wider than paper."""

    @property
    def line(self) -> str:
        """The same on one line."""
        return " ".join(self.lines)


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
    distinct: Count | None = None
    """Contents that differ, by SHA-256, of all items digested; None: digests were dropped."""
    hash_sets: tuple[HashSet, ...] = ()
    findings: tuple[Finding, ...] = ()
    devices: tuple[Device, ...] = ()
    """That pictures and films of the case name, known again by tags."""
    runs: tuple[Run, ...] = ()
    environment: Environment | None = None
    checkpoint: Checkpoint | None = None
    acts: tuple[Act, ...] = ()
    """What people did, in order."""
    processing: tuple[Processing, ...] = ()
    """The data protection log: what was done with data, in order."""
    events: tuple[Event, ...] = ()
    commands: tuple[Command, ...] = ()
    error_rates: tuple[ErrorRate, ...] = ()
    """What is known of how often perceptual comparison errs, as the runs cite it."""
    limitations: tuple[Text, ...] = ()
    """Those of this case, beside the fixed ones of the catalogue."""
    replaces: Text = ""
    """Number of the report before this one; empty for the first."""
    level: Level = "standard"
    recipient: Text = ""
    """For whom a ``sealed`` report was made."""
    methods: tuple[DeclaredMethod, ...] = ()
    """Procedures and validations that the runs cite."""
    laboratory: Laboratory | None = None
    """None: nothing is stated of it."""
    stated: Stated | None = None
    """None: nothing is stated of the case beyond what the ledger has."""

    @property
    def format(self) -> Literal["heroes-report/1"]:
        """The version of this model."""
        return FORMAT

    @property
    def perceptual(self) -> Literal["not-performed", "not-compared", "compared"]:
        """Whether what pictures and films look like was compared.

        ``not-compared``: perceptual values were computed, and no hash set had any to compare
        them with. ``not-performed``: none was computed.
        """
        if not self.coverage.pictures.with_values:
            return "not-performed"
        return "compared" if any(each.near for each in self.hash_sets) else "not-compared"

    @property
    def coverage(self) -> Coverage:
        """Of all exhibits together."""
        return Coverage.total([exhibit.coverage for exhibit in self.exhibits])
