"""The report model: what was examined, how whole it was, and how its volumes were walked.

Nothing here holds a name from evidence or a digest of a file: only locators, counts and codes.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Final, Literal, Self

from heroes_forensics.model import Listing, Moment, TimeRule
from heroes_forensics.reports import moments
from heroes_forensics.reports.record import Count, Hex, Record, Says, Text, Utc, Word

DigestResult = Literal["match", "mismatch", "baseline", "unreadable", "partial", "not-verified"]
"""``baseline``: there was nothing to compare with, so this value is the first on record."""

DigestOrigin = Literal[
    "acquisition-log", "container", "label", "operator", "previous-event", "none"
]
"""Where the expected value comes from."""

SourceAlarm = Literal["mismatch", "unreadable", "partial", "changed"]
"""What page 1 says of a source: its digests differ from the expected ones; its media could not be
read for its digests, or in part; its files changed while it was examined."""

VolumeState = Literal[
    "examined", "in-part", "encrypted", "unsupported", "unknown", "damaged", "not-examined"
]
"""``in-part``: its listing broke off, and what it had given until then was examined."""


@dataclass(frozen=True, slots=True)
class Note(Record):
    """A fact about the state of something, in a fixed word and the words of the reader."""

    code: Word
    text: Text = ""
    """One English sentence, shown when the catalogue does not know the code."""


@dataclass(frozen=True, slots=True)
class Segment(Record):
    """One file of an image, as the operator's own storage names it."""

    name: Text
    size: Count
    sha256: Hex | None = None


@dataclass(frozen=True, slots=True)
class DigestCheck(Record):
    """One digest of the evidence as a whole, and what it was compared with."""

    algorithm: Word
    scope: Literal["media", "segment", "file"]
    result: DigestResult
    computed: Hex | None = None
    expected: Hex | None = None
    origin: DigestOrigin = "none"


@dataclass(frozen=True, slots=True)
class StatedDigest(Record):
    """A digest of the media that others state."""

    algorithm: Word
    value: Hex


@dataclass(frozen=True, slots=True)
class Acquisition(Record):
    """How an image was made, as the log of the imaging program or the image itself states it.

    Nothing of it was checked but digests and size. Names of people are left out.
    """

    stated_by: Literal["acquisition-log", "container"]
    program: Text
    version: Text = ""
    started: Text = ""
    """``YYYY-MM-DDThh:mm:ss`` by the clock of the imaging machine."""
    ended: Text = ""
    zone: Text = ""
    """``UTC``, or ``not stated``."""
    finished: bool | None = None
    """Whether the acquisition ended as it should; None: not stated."""
    size: Count | None = None
    """Bytes of the media; None: not stated."""
    bad_sectors: Count | None = None
    """Sectors that could not be read; None: not stated."""
    digests: tuple[StatedDigest, ...] = ()
    differs: tuple[Word, ...] = ()
    """What differs from what is known of the source: ``segments``, ``verified`` (the imager's own
    check), ``case-number``, ``evidence-number``, ``serial``."""
    log_sha256: Hex | None = None


@dataclass(frozen=True, slots=True)
class TimeColumn(Record):
    """How one of the four times of a file system is stored."""

    which: Literal["m", "a", "c", "b"]
    resolution_ns: Count
    zone: Word
    """``utc`` or ``local-unknown``; a stated zone of the exhibit by its own word."""


@dataclass(frozen=True, slots=True)
class FileTime(Record):
    """One time of a file as the file system stores it, moved to the calendar and nothing else."""

    which: Literal["m", "a", "c", "b"]
    text: Annotated[str, Says(r"^-?[0-9]{4,}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,9})?Z?$")]
    """With ``Z`` when the zone is UTC; without one when it is not known."""
    resolution_ns: Count
    zone: Word

    @classmethod
    def of(cls, which: Literal["m", "a", "c", "b"], moment: Moment, rule: TimeRule) -> Self:
        """Make one from what a parser gave; any 64-bit value has a calendar form."""
        return cls(which, moments.calendar(moment, rule), rule.resolution_ns, rule.zone)


@dataclass(frozen=True, slots=True)
class Equation(Record):
    """The entry equation: the lister's own count against what became of every entry.

    ``listed = recorded = digested + without_content + policy + gaps + not_reached`` and
    ``directories = directories_listed + directories_not_listed + directories_met_before``.
    """

    COMPUTED: ClassVar[tuple[str, ...]] = ("closes",)

    listed: Count = 0
    """Entries, counted where their names were read, before anything else knew of them."""
    recorded: Count = 0
    """Rows in the case database."""
    digested: Count = 0
    without_content: Count = 0
    """Directories, symbolic links, devices: there is nothing to digest."""
    policy: Count = 0
    """Left out because the profile said so before the run."""
    gaps: Count = 0
    """Not examined, or not whole, against the plan."""
    directories: Count = 0
    directories_listed: Count = 0
    directories_not_listed: Count = 0
    directories_met_before: Count = 0
    not_reached: Count = 0
    """Of an examination that was not finished: those that nothing is on record of yet."""

    @property
    def closes(self) -> bool:
        """Whether both equations hold."""
        examined = self.digested + self.without_content + self.policy + self.gaps + self.not_reached
        directories = (
            self.directories_listed + self.directories_not_listed + self.directories_met_before
        )
        return self.listed == self.recorded == examined and self.directories == directories

    @classmethod
    def of(  # noqa: PLR0913 # the terms of the equation
        cls,
        listing: Listing,
        *,
        recorded: int,
        digested: int,
        without_content: int,
        policy: int,
        gaps: int,
        not_reached: int = 0,
    ) -> Self:
        """Set what the lister counted against what the case database counted."""
        return cls(
            listed=listing.entries,
            recorded=recorded,
            digested=digested,
            without_content=without_content,
            policy=policy,
            gaps=gaps,
            not_reached=not_reached,
            directories=listing.directories,
            directories_listed=listing.directories_listed,
            directories_not_listed=listing.directories_not_listed,
            directories_met_before=listing.directories_met_before,
        )

    def __add__(self, other: "Equation") -> "Equation":
        """Add term by term; a sum closes only by chance when a part does not: check the parts."""
        return Equation(*(getattr(self, n) + getattr(other, n) for n in Equation.__slots__))


NO_ENTRIES: Final = Equation()


@dataclass(frozen=True, slots=True)
class Blocks(Record):
    """The block equation: where the bytes of volumes are, by bitmaps that were read for it."""

    COMPUTED: ClassVar[tuple[str, ...]] = ("closes",)

    volume: Count = 0
    """Of the volumes whose allocation is known."""
    structures: Count = 0
    """Before the first block: tables of FAT and exFAT, for example."""
    allocated: Count = 0
    """Blocks in use."""
    unallocated: Count = 0
    """Blocks in no use, and ranges of the medium that are in no file system."""
    volume_slack: Count = 0
    """Behind the last block."""
    searched: Count = 0
    """Of the last two, what was searched for pictures and films by their own structure."""
    unread: Count = 0
    """Of the last two, what could not be read."""
    items: Count = 0
    """Content of files and their streams, in blocks in use."""
    file_slack: Count = 0
    """Behind the end of a file, in blocks that are its own."""
    metadata: Count = 0
    """Structures of the file system: before the first block, directories, tables, maps."""
    unclaimed: Count = 0
    """In use by the bitmap, and nothing that was listed leads there."""
    unreadable: Count = 0
    """In a part that the image does not have, or that is damaged; in none of the other terms."""
    undivided: Count = 0
    """In use, of volumes where the last four were not told apart."""
    claimed_free: Count = 0
    """Unallocated by the bitmap, and content of a file in use."""
    slack_searched: Count = 0
    """Of the file slack, what was searched for pictures and films by their own structure."""

    @property
    def closes(self) -> bool:
        """Whether the parts are the whole, and no more was searched than there is."""
        free = self.unallocated + self.volume_slack
        used = self.structures + self.allocated
        parts = self.items + self.file_slack + self.metadata + self.unclaimed + self.undivided
        whole = self.volume == used + free + self.unreadable
        return whole and used == parts and self._no_more_searched(free)

    def _no_more_searched(self, free: int) -> bool:
        """Tell whether no more was searched than there is."""
        searched = self.searched + self.unread <= free + self.unreadable
        return searched and self.slack_searched <= self.file_slack

    def __add__(self, other: "Blocks") -> "Blocks":
        """Add term by term."""
        return Blocks(*(getattr(self, n) + getattr(other, n) for n in Blocks.__slots__))


NO_BLOCKS: Final = Blocks()


@dataclass(frozen=True, slots=True)
class Volume(Record):
    """One volume of a source and how it was walked."""

    key: Word
    """``p<start sector>`` and what follows; ``root`` for a folder or an archive."""
    file_system: Word
    """``ntfs``, ``fat16``, ``ext4``, ``zip`` ...; ``unknown`` when nothing was recognised."""
    offset: Count
    """Bytes from the start of the media."""
    size: Count
    state: VolumeState
    encryption: Word = "none"
    """``none``, ``unlocked``, or the name of what was not unlocked (``bitlocker``, ``luks``)."""
    sweep: Text = "not available"
    """Which finite table was searched for orphans, or why none was."""
    times: tuple[TimeColumn, ...] = ()
    equation: Equation = NO_ENTRIES
    listing_open: bool = False
    """The examination was not finished while it was listed: ``listed`` is then what is on record,
    and nobody knows yet how much more there is."""
    blocks: Blocks = NO_BLOCKS
    """All zero where its allocation is not known."""

    @property
    def is_opened(self) -> bool:
        """Whether its entries were listed, all of them or some."""
        return self.state in {"examined", "in-part"}


@dataclass(frozen=True, slots=True)
class Reading(Record):
    """One reading of the whole media of a source for its digests."""

    status: Word
    """``match``, ``mismatch``, ``baseline``, ``unreadable``, ``partial``."""
    time: Utc
    bytes_read: Count
    read_errors: Count
    zero_bytes: Count | None = None
    """None: not counted."""
    unread: tuple[Text, ...] = ()
    """Ranges in bytes, the first of them."""


@dataclass(frozen=True, slots=True)
class Source(Record):
    """One image, dump or folder of an exhibit."""

    label: Text
    """The first part of every locator."""
    format: Word
    """``ewf``, ``raw``, ``qcow2``, ``directory``, ``zip`` ..."""
    reader: Text
    """What read it, with its version."""
    size: Count
    """Bytes of the media."""
    declared_size: Count | None = None
    """What the container says its media is long, when it says so."""
    segments: tuple[Segment, ...] = ()
    digests: tuple[DigestCheck, ...] = ()
    acquisitions: tuple[Acquisition, ...] = ()
    """How it was made, by each that states it."""
    readings: tuple[Reading, ...] = ()
    mount_read_only: bool | None = None
    """Whether the medium was mounted read-only; None: not recorded."""
    account_may_write: bool | None = None
    """Whether the account that scanned could have written to it, by the rights of its files."""
    alarms: tuple[SourceAlarm, ...] = ()
    health: tuple[Note, ...] = ()
    volumes: tuple[Volume, ...] = ()
