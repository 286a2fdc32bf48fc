"""The data that flows: plain frozen values, no handles, no pixels.

Conventions: digests are `bytes` in memory and ``algorithm:hex`` in text; sizes are bytes; names
from evidence are `bytes`; `None` means "the format does not record it", while "it should be
there and could not be read" is a `Gap`. Words are those of docs/glossary.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Final, NamedTuple

JSON = dict[str, object]


@dataclass(frozen=True, slots=True)
class Digest:
    """The value of one hash algorithm over one stream."""

    algorithm: str
    """Name of a row of `heroes_forensics.hashing.ALGORITHMS`, e.g. ``"sha256"``."""

    value: bytes
    """Raw bytes, never hex; 32 of them for SHA-256."""

    def __str__(self) -> str:
        """Return ``algorithm:hex``, the only text form used in logs and reports."""
        return f"{self.algorithm}:{self.value.hex()}"


class EntryKind(IntEnum):
    """What a row of the inventory is."""

    FILE = 1
    """A stream of a regular file: main data, alternate data stream, fork."""
    DIRECTORY = 2
    SYMLINK = 3
    """Also reparse points: recorded, never followed."""
    OTHER = 4
    """Device, socket, pipe, whiteout: it has no content of its own."""
    METADATA = 5
    """A stream of the file system itself: ``$MFT``, journal, catalog."""
    VIRTUAL = 6
    """Made up by a reading library (``$MBR``, ``$FAT1``, ``$OrphanFiles``): no evidence."""


MAX_SIZE: Final = (1 << 53) - 1
"""Bytes: the largest size on record, and the largest integer that every JSON reader keeps exact.
Metadata that states more is damaged or a lie; its stream is a gap, as fewer bytes are there."""

HAS_CONTENT: Final = frozenset({EntryKind.FILE, EntryKind.METADATA})


class EntryFlag(IntFlag):
    """Facts about an entry that a report or another tool may need."""

    ALLOCATED = 1
    """Name and metadata are both in use."""
    ORPHAN = 2
    """Reached by no directory; found by the sweep of a finite table."""
    STREAM = 4
    """An alternate data stream, not the main data."""
    FORK = 8
    """A resource or other fork (HFS+, APFS)."""
    ENCRYPTED = 16
    """Stored encrypted by the file system (EFS): the digest is that of the stored bytes."""
    COMPRESSED = 32
    SPARSE = 64
    NOT_REUSED = 128
    """Deleted, and no block that it lay in is in use now."""
    REALLOCATED = 256
    """Deleted, and its metadata or clusters now serve another entry."""
    CYCLE = 512
    """A directory met before: recorded, not entered again."""
    HARD_LINK = 1024
    """A further name of a stream that has more than one."""
    RESIDENT = 2048
    """Content lies inside the metadata record; it has no cluster of its own."""
    MEDIA_NAME = 4096
    """The name ends as those of pictures and films do, which says nothing about the content."""
    FRAGMENT = 8192
    """Carved, and its structure breaks off: the rest of it lies elsewhere, or nowhere any more."""
    PARTLY_REUSED = 16384
    """Deleted, and some of the blocks that it lay in are in use now."""
    REUSED = 32768
    """Deleted, and all of the blocks that it lay in are in use now."""


def reuse_word(flags: int) -> str:
    """Say how sure the content of an entry is: whether its blocks serve other content since.

    Returns:
        ``not-reused``, ``in-part`` or ``reused``; ``unknown`` where nothing says it; nothing for
        what is in use.
    """
    if flags & EntryFlag.NOT_REUSED:
        return "not-reused"
    if flags & EntryFlag.PARTLY_REUSED:
        return "in-part"
    if flags & EntryFlag.REUSED:
        return "reused"
    return "" if flags & EntryFlag.ALLOCATED else "unknown"


REUSE_TEXTS: Final[dict[str, str]] = {
    "not-reused": "none of the blocks it lay in is in use again",
    "in-part": "some of the blocks it lay in are in use again: "
    "the content may belong to another file in part",
    "reused": "all of the blocks it lay in are in use again: "
    "the content may belong to another file",
    "unknown": "not known whether the blocks it lay in are in use again: "
    "the content may belong to another file",
}
"""What `reuse_word` says, in plain words; of content that was carved nobody knows whose it was."""


class Place(IntEnum):
    """What sealed findings can say about where an entry lay; computed from its path."""

    UNKNOWN = 0
    USER_FOLDER = 1
    DOWNLOADS = 2
    CAMERA_ROLL = 3
    MESSAGING_APP = 4
    BROWSER_CACHE = 5
    THUMBNAIL_STORE = 6
    RECYCLE_BIN = 7
    CLOUD_FOLDER = 8
    BACKUP = 9
    SYSTEM = 10
    UNALLOCATED = 11
    FILE_SLACK = 12
    """Behind the end of a file, in blocks that are its own."""
    VOLUME_SLACK = 13
    """Behind the last block of the file system."""


CARVED: Final = frozenset({"unallocated", "file-slack", "volume-slack"})
"""Words of the places where nobody knows whose content was carved."""


class Moment(NamedTuple):
    """One file time as stored, moved to the Unix epoch and nothing else."""

    seconds: int
    """Since 1970-01-01T00:00:00 in the zone basis that `TimeBasis` states."""
    nanoseconds: int


class TimeRule(NamedTuple):
    """How one of the four times of a file system is stored."""

    resolution_ns: int
    zone: str
    """``utc`` or ``local-unknown``."""


Times = tuple[Moment | None, Moment | None, Moment | None, Moment | None]
"""Modified, accessed, changed (metadata), born; None where the format has none or it is zero."""

TimeBasis = dict[str, TimeRule]
"""Keys ``m``, ``a``, ``c``, ``b``; one that is missing is not recorded by the file system."""


class Entry(NamedTuple):
    """One stream of one name, as the lister saw it, before anything was read."""

    locator: str
    """Where it is, without any name: printable ASCII, unique in its volume."""
    kind: EntryKind
    flags: EntryFlag
    path: bytes
    """Components joined with ``/``, raw bytes, no leading slash; ``:name`` ends a stream."""
    size: int
    """Bytes by the metadata; -1 when the format does not say."""
    handle: bytes
    """At most 64 bytes by which the same parser finds the stream again."""
    times: Times = (None, None, None, None)
    owner: int = -1
    """User id or pseudonym of the SID; -1 when not recorded."""
    first_offset: int = -1
    """Byte offset of the first block from the start of the volume's media; -1 unknown."""
    place: Place = Place.UNKNOWN


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that was not examined, and why. Never holds a name from evidence."""

    where: str
    """Locator, volume key or source label."""
    code: str
    """A key of `GAP_TEXTS`."""
    detail: JSON = field(default_factory=dict)
    """Numbers and fixed words only."""


GAP_TEXTS: Final[dict[str, str]] = {
    "source.truncated": "the image is shorter than it declares",
    "source.damaged": "part of the image cannot be read",
    "source.unsupported": "the container format is recognised but not supported",
    "volume.encrypted": "the volume is encrypted",
    "volume.unknown": "no supported file system was recognised",
    "volume.unsupported": "the file system is recognised but not supported",
    "volume.damaged": "the file system could not be opened",
    "volume.truncated": "the volume reaches beyond the end of the image",
    "volume.overlap": "the volume overlaps another one",
    "volume.limit": "more volumes than the limit allows",
    "snapshot.unreadable": "a shadow copy or snapshot could not be opened",
    "directory.unreadable": "a directory could not be listed to its end",
    "directory.depth": "a directory lies deeper than the limit",
    "entry.unreadable": "the metadata of an entry could not be read",
    "sweep.time-bound": "the search for orphans was stopped by its time limit",
    "stream.unreadable": "the content could not be read",
    "stream.short": "fewer bytes could be read than the metadata states",
    "stream.long": "more bytes were read than the metadata states",
    "stream.unallocated-tail": "content beyond the allocated runs has no bytes to read",
    "stream.encrypted": "the content is encrypted by its container",
    "stream.unsupported": "the content is stored by a method that is not supported",
    "stream.changed": "the content changed while it was examined",
    "stream.reallocated": "the clusters of this deleted entry serve other content now",
    "stream.checksum": "the stored checksum does not fit the content",
    "stream.limit": "the content is larger than the limit allows",
    "worker.died": "the worker process ended while it read this",
    "worker.timeout": "the worker process made no progress and was ended",
    "run.interrupted": "the run ended before this was examined",
    "policy.metadata": "metadata of the file system, left out by the profile",
    "policy.deleted": "deleted content, left out by the profile",
    "policy.excluded": "on the list of excluded content",
    "policy.snapshots": "shadow copies and snapshots, left out by the profile",
    "policy.reserved": "reserved by its type in the partition table, and it holds no file system",
    "sweep.unreadable": "a table of the file system could not be read to its end",
    "entry.name": "a name could not be kept exactly; what it names was examined",
    "directory.deleted": "a deleted directory could not be listed to its end",
    "listing.unaccounted": "entries or directories of the listing are not accounted for",
    "policy.swap": "swap space, which holds no files",
    "source.mismatch": "the image does not have the expected digest, and was not examined",
    "picture.undecodable": "the picture could not be decoded",
    "picture.partial": "the picture is cut off or damaged, and was decoded as far as it goes",
    "picture.limit": "the picture is larger than a decoder may take, and was not decoded whole",
    "decoder.died": "the decoder process ended on this picture or film",
    "decoder.timeout": "the decoder did not finish this picture or film in time and was ended",
    "decoder.memory": "the decoder reached its memory limit on this picture or film",
    "policy.picture-type": "a picture of a type that is not decoded",
    "container.damaged": "the container could not be opened, or not to its end",
    "container.ratio": "the container expands to more times its size than the limit allows"
    " (raise it with --expand-limit ratio=N)",
    "container.bytes": "the container expands to more bytes than the limit allows"
    " (raise it with --expand-limit bytes=N)",
    "container.members": "the container has more members than the limit allows"
    " (raise it with --expand-limit members=N)",
    "container.nesting": "the container is nested deeper than the limit allows"
    " (raise it with --expand-limit nesting=N)",
    "container.died": "the process that opened this container ended",
    "container.timeout": "the process that opened this container did not finish in time",
    "policy.container": "a container, not opened under the profile",
    "policy.container-type": "a container of a type that is not opened",
    "stream.unreliable": "the content touches a damaged or missing part of the image: that nothing "
    "matched is not decidable",
    "listing.unreliable": "structures of the file system lie in a damaged or missing part of the "
    "image: entries may be missing",
    "source.unread-sectors": "sectors that the imager could not read: the image holds filler in "
    "their place",
    "worker.memory": "the worker process reached its memory limit while it read this",
    "worker.protocol": "what the worker process sent about this was not valid",
    "listing.differs": "it was listed otherwise than before the interruption, and not to its end",
    "listing.died": "the worker process ended over this while it listed the volume",
    "film.undecodable": "the film could not be decoded",
    "film.partial": "the film is cut off or damaged, and was decoded as far as it goes",
    "film.limit": "the film is larger or longer than a decoder may take, and was not seen whole",
    "film.time": "the film takes longer to decode than its profile allows, and was not seen whole",
    "policy.film-type": "a film of a type that is not decoded",
    "stream.missing": "the backup names this file and does not hold it",
    "container.image": "disk images lie in this archive: they were digested as files, not examined",
    "container.beside": "other files lie beside the image in its archive: they were not examined"
    " (scan it again with --as zip or --as tar)",
    "container.encrypted": "the container is encrypted, and not even its entries could be listed",
    "container.unsupported": "the container is of a version or a kind that is not read",
    "policy.unallocated": "unallocated space of a file system whose allocation is not read: "
    "not searched",
    "unallocated.unreadable": "unallocated space could not be read, or not be told from what is in "
    "use",
    "unallocated.limit": "the search of unallocated space reached its limit and was not finished",
    "volume.incomplete": "members of an array or a volume group are missing or out of date",
    "volume.degraded": "an array was read without members that are missing or out of date",
    "policy.member": "part of an array or a volume group, examined as part of it",
    "blocks.unclaimed": "blocks in use that nothing listed leads to, or free ones that hold "
    "content of a file in use",
    "blocks.open": "the parts of the volume are not the whole of it",
    "blocks.undivided": "content, slack and metadata could not be told apart: there are too many "
    "pieces, or a table cannot be read",
    "slack.unreadable": "file slack could not be read",
    "slack.limit": "the search of file slack reached its limit and was not finished",
    "embedded.limit": "the search for pictures in the middle of this file reached its limit",
    "listing.broken": "the listing of the volume broke off: entries are missing",
    "container.part": "one part of an archive of several: what begins or goes on in other parts "
    "was not read",
    "volume.inner": "the encrypted volume was opened, but the file system in it could not be",
}
"""Code of each gap, and what it means. Cases and frames hold the position of a code: a new one goes
to the end, and none is ever moved or removed."""

GAP_CODES: Final = ("", *GAP_TEXTS)
"""Codes by the number that rows hold for them; 0 is no gap."""

GAP_NUMBERS: Final = {code: number for number, code in enumerate(GAP_CODES)}
"""The other way round."""


OVERWRITTEN: Final = frozenset({"stream.reallocated", "directory.deleted"})
"""What was deleted and has been overwritten since: every profile announces that it is examined
only as far as it is still there, and nearly every used medium has some."""


LIMITS: Final = ("container.ratio", "container.bytes", "container.members", "container.nesting")
"""Gaps that end with an option: they are listed first."""


def is_limit(code: str) -> bool:
    """Tell whether a gap of this code is a limit that was reached."""
    return code in LIMITS or code.endswith(".limit")


AS_FAR_AS_IT_GOES: Final = frozenset({"picture.partial", "film.partial"})
"""What lacks in the evidence itself: every profile announces that a picture or film that is cut off
is decoded as far as its bytes go."""


def is_policy(code: str) -> bool:
    """Tell whether a gap of this code was announced by the profile."""
    return code.startswith("policy.") or code in OVERWRITTEN or code in AS_FAR_AS_IT_GOES


BROKE_OFF: Final = "the listing broke off"
"""What stands for the sweep of a volume whose lister did not come to its end."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a lister counted by itself while it listed one volume: the equation's left side."""

    entries: int = 0
    """Entries given out, of any kind, counted where names are read."""
    directories: int = 0
    """Directory entries among them."""
    directories_listed: int = 0
    """Directories read to their end."""
    directories_not_listed: int = 0
    """Directories with a gap (unreadable, too deep)."""
    directories_met_before: int = 0
    """Further links to a directory already listed (cycles), deleted ones included."""
    sweep: str = "not available"
    """Which finite table was swept for orphans, or why none was."""
    blocks: dict[str, int] = field(default_factory=dict)
    """The block equation, as far as it is known: bytes by the names of `BLOCKS`."""


BLOCKS: Final = (
    "volume",
    "structures",
    "allocated",
    "unallocated",
    "volume_slack",
    "searched",
    "unread",
    "items",
    "file_slack",
    "metadata",
    "unclaimed",
    "unreadable",
    "claimed_free",
    "slack_searched",
)
"""Parts of a volume, in bytes: all of it; what lies before the first block; blocks in use, free
blocks, and what lies behind the last block, by the bitmap of the file system. Then what was
searched of the space that is in no use, and what of it could not be read. Of what is in use or lies
before the first block: content of files, the rest of their last blocks, structures of the file
system, and what nothing listed leads to. What the image does not have is in none of the others.
Last what is said to be free and holds content of files in use, which is unallocated, and what was
searched of file slack."""

_WHOLE: Final = ("structures", "allocated", "unallocated", "volume_slack", "unreadable")
_IN_USE: Final = ("items", "file_slack", "metadata", "unclaimed")


def blocks_close(blocks: Mapping[str, int]) -> bool:
    """Tell whether the parts of a volume are the whole, by the names of `BLOCKS`.

    What is in use is held against its own parts where these are known.
    """
    whole = blocks.get("volume", 0) == sum(blocks.get(name, 0) for name in _WHOLE)
    if "items" not in blocks:
        return whole
    used = blocks.get("structures", 0) + blocks.get("allocated", 0)
    return whole and used == sum(blocks.get(name, 0) for name in _IN_USE)
