"""Frames: what a work function yields, and the fixed-width rows inside them.

A work function is a plain generator, ``run_unit(session, unit) -> Iterator[Frame]``, and knows
nothing of processes; `heroes_forensics.pipelines.workers.wire` moves frames between processes.
Control frames are JSON objects; batches are numpy rows of one named dtype plus one byte area
for what has no fixed width (locators, paths), addressed by (offset, length) columns.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.described import METADATA
from heroes_forensics.model import (
    JSON,
    MAX_SIZE,
    Entry,
    EntryFlag,
    EntryKind,
    Moment,
    Place,
)

MAX_FRAME: Final = 65536
"""Bytes of one message on the wire; the stock ``wmem_max`` refuses much larger ones."""

PATH_LIMIT: Final = 60_000
"""Bytes of a path that a frame surely takes; a longer one is cut, and the cut is a gap."""

HANDLE_BYTES: Final = 64

HAND_OVER_BYTES: Final = 64 << 20
"""A stream up to this size leaves a worker as a sealed memfd; a larger one is read by a proxy."""

MAX_UNIT_DESCRIPTORS: Final = 4
"""Descriptors that go with one unit."""

NO_TIME: Final = np.iinfo(np.int64).min

Rows = npt.NDArray[np.void]

ENTRY: Final = np.dtype(
    [
        ("kind", "u1"),
        ("place", "u1"),
        ("flags", "<u2"),
        ("owner", "<i8"),
        ("size", "<i8"),
        ("first_offset", "<i8"),
        ("seconds", "<i8", (4,)),
        ("nanoseconds", "<u4", (4,)),
        ("handle_length", "u1"),
        ("handle", "V64"),
        ("locator_offset", "<u4"),
        ("locator_length", "<u2"),
        ("path_offset", "<u4"),
        ("path_length", "<u4"),
    ]
)
"""One `Entry`; locator and path lie in the byte area."""

_ENTRY: Final = struct.Struct(f"<BBHqqq4q4IB{HANDLE_BYTES}sIHII").pack
"""A row of `ENTRY` as bytes: four times as fast as through a tuple."""

TASK: Final = np.dtype(
    [
        ("id", "<u8"),
        ("kind", "u1"),
        ("flags", "<u2"),
        ("size", "<i8"),
        ("handle_length", "u1"),
        ("handle", "V64"),
    ]
)
"""One stream to read: what a content unit is made of. ``id`` is echoed in `CONTENT`."""

_TASK: Final = struct.Struct(f"<QBHqB{HANDLE_BYTES}s").pack
"""A row of `TASK` as bytes."""

CONTENT: Final = np.dtype(
    [
        ("id", "<u8"),
        ("status", "u1"),
        ("digested", "u1"),
        ("gap", "<u2"),
        ("type", "<u2"),
        ("bytes_read", "<i8"),
        ("md5", "V16"),
        ("sha1", "V20"),
        ("sha256", "V32"),
    ]
)
"""What reading one stream gave. ``status`` is one of `Status`; ``digested`` is 1 when the three
digests are those of ``bytes_read`` bytes (also of a stream that came short); ``gap`` is 0 or
the position in `model.GAP_CODES`; ``type`` is the position in `filetype.TYPES`."""

KNOWN: Final = np.dtype(
    [
        ("has", "u1"),
        ("md5", "V16"),
        ("sha1", "V20"),
        ("sha256", "V32"),
        ("size", "<i8"),
        ("record", "<u8"),
        ("entry", "<i8"),
        ("flags", "<u2"),
        ("category_offset", "<u4"),
        ("category_length", "<u2"),
        ("series_offset", "<u4"),
        ("series_length", "<u2"),
        ("values", "<u2"),
    ]
)
"""One record of a known-material set. ``has`` bits: 1 MD5, 2 SHA-1, 4 SHA-256. ``size`` -1 when
absent. ``record`` is the line or the ordinal in the supplied file, from 1; ``entry`` the number
the supplier gave it (MediaID), -1 when absent. ``flags`` packs tri-states, two bits each
(0 absent, 1 false, 2 true). Category and series lie in the byte area as UTF-8; length 0 is
absent. ``values`` is how many rows of `VALUES` belong to it: they are sent before it, in the order
of the records."""

VALUES: Final = np.dtype(
    [
        ("record", "<u8"),
        ("quality", "<i2"),
        ("kind_offset", "<u4"),
        ("kind_length", "<u2"),
        ("value_offset", "<u4"),
        ("value_length", "<u2"),
    ]
)
"""One other value of a record of `KNOWN`: what kind (a word) and its bytes lie in the byte area;
``record`` as there; ``quality`` 0 to 100, -1 when not said."""


PICTURE_FRAMES: Final = 16
"""Frames of one picture that are hashed at most."""
MAX_PIXELS: Final = 100_000_000
"""Of one frame of a picture; a larger one is not decoded."""
VALUE_BYTES: Final = 32
"""Of one perceptual value on its way; shorter ones are filled up with zeros."""

PERCEPTUAL_ALGORITHMS: Final = ("pdq", "phash-64", "dhash-64")
"""What `HASHES` values are, by position; rows are only ever added at the end."""
ALGORITHM_BYTES: Final = (32, 8, 8)
"""Of the value of each of them."""

BLOCKS: Final = 2
RECTANGLES: Final = 16
MARGINS: Final = 30
TURNS: Final = 12
CROPS: Final = 20
VIEWS: Final = (
    "as-is",
    "trimmed",
    *(f"block-{number}" for number in range(1, BLOCKS + 1)),
    *(f"rectangle-{number}" for number in range(1, RECTANGLES + 1)),
    *(f"margin-{number}" for number in range(1, MARGINS + 1)),
    *(f"turned-{number}" for number in range(1, TURNS + 1)),
    *(f"crop-{number}" for number in range(1, CROPS + 1)),
)
"""How a picture was looked at, by position: as it is; with uniform borders cut off; the largest
block that empty lines leave (tier 1, always); parts of it that straight lines bound, the strongest
first; with margins added that a crop may have taken; turned (tier 2, in depth); what a crop leaves
of it (of reference files alone). What each is: `heroes_forensics.media.views`."""
TIER_1: Final = 2 + BLOCKS
"""Views below this position are always looked at, and their values are stored."""
ORIENTATIONS: Final = 8
"""Turns by 90 degrees and mirror images, in the order of `heroes_forensics.media.pdq`."""

_TIER_1_VALUES: Final = TIER_1 * ORIENTATIONS + 2
_DEEP: Final = len(VIEWS) - TIER_1 - CROPS
PICTURE_HASHES: Final = PICTURE_FRAMES * _TIER_1_VALUES + max(_DEEP, CROPS) * ORIENTATIONS
"""Rows of `HASHES` of one picture at most: PDQ of four views in eight orientations, phash and dhash
of each frame taken; and the deep views, or the crops, of one of them. With `VALUE_BYTES` each, it
is the most that a decoder can say about what a picture looks like."""
FILM_HASHES: Final = 1 << 16
"""Rows of `HASHES` of one film at most."""

PERCEPTUAL: Final = np.dtype(
    [
        ("id", "<u8"),
        ("status", "u1"),
        ("gap", "<u2"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("frames", "<u4"),
        ("milliseconds", "<u4"),
        ("hashed", "<u4"),
    ]
)
"""What decoding one picture or film gave: numbers of fixed width and nothing else. ``status`` is
one of `Picture`; ``gap`` as in `CONTENT`; ``frames`` those it has; ``milliseconds`` how long a film
is, 0 of a picture; ``hashed`` how many rows of `HASHES` belong to it: they are sent before it."""

HASHES: Final = np.dtype(
    [
        ("id", "<u8"),
        ("at", "<u4"),
        ("algorithm", "u1"),
        ("view", "u1"),
        ("orientation", "u1"),
        ("quality", "u1"),
        ("tones", "u1"),
        ("value", f"V{VALUE_BYTES}"),
    ]
)
"""One perceptual value. ``at`` is the position of the frame in a picture, milliseconds in a film;
``algorithm`` and ``view`` positions in `PERCEPTUAL_ALGORITHMS` and `VIEWS`; ``quality`` 0 to 100,
that of PDQ for all of a view; ``tones`` 0 to 100, few where the view is drawn and no photograph
(`heroes_forensics.media.tones`), for all of a view too. The rows of an item rise by
(at, algorithm, view, orientation), and none comes twice."""

PLUGIN_KINDS: Final = {"photodna": 144}
"""Values that a plug-in of a licensed laboratory may make, and their bytes."""

SUPPLIED: Final = np.dtype(
    [
        ("id", "<u8"),
        ("at", "<u4"),
        ("status", "u1"),
        ("value", f"V{max(PLUGIN_KINDS.values())}"),
    ]
)
"""What a plug-in gave for one frame of a picture, where a decoder was asked for it; ``status`` is
one of `Supplied`, and without a value all of it is zero. At most `PICTURE_FRAMES` a picture."""

PLUGIN_NEAREST: Final = 64
"""Listed values that a plug-in names for one of a picture at most: the nearest of those it got."""

DISTANCES: Final = np.dtype(
    [("query", "<u4"), ("status", "u1"), ("entry", "<u4"), ("distance", "<u4")]
)
"""How far a plug-in says that a value is from a listed one: positions among those it was given;
``status`` is one of `Distance`. Rows of a query are together, and the nearest comes first."""

CONTAINER: Final = np.dtype(
    [
        ("id", "<u8"),
        ("status", "u1"),
        ("gap", "<u2"),
        ("depth", "u1"),
        ("first", "<u8"),
        ("listed", "<u8"),
        ("directories", "<u8"),
        ("expanded", "<i8"),
    ]
)
"""What opening one container gave. ``id``: 0 for the one handed in, else 1 + the position of the
member that is a container; ``status`` one of `Container`; ``depth`` 1 for the one handed in;
``first`` the position of its first member among all of the unit, ``listed`` how many its lister
counted, ``directories`` those of them that are directories; ``expanded`` bytes of its members that
were read."""


MAX_EDITS: Final = 256
"""Edits that are made of one picture at most."""
EDIT_VALUES: Final = (TIER_1 + _DEEP) * ORIENTATIONS
"""Rows of `EDITED` of one edit at most: PDQ of every view of a picture, in eight orientations."""

MADE: Final = np.dtype(
    [
        ("id", "<u8"),
        ("edit", "<u2"),
        ("status", "u1"),
        ("width", "<u4"),
        ("height", "<u4"),
        ("values", "<u4"),
    ]
)
"""What one edit of a picture of the laboratory gave, where edits are measured. ``edit`` is the
position in `heroes_forensics.media.edits.listed.EDITS`, ``status`` one of `Made`, ``values`` how
many rows of `EDITED` belong to it: they are sent before it."""

EDITED: Final = np.dtype(
    [
        ("id", "<u8"),
        ("edit", "<u2"),
        ("view", "u1"),
        ("orientation", "u1"),
        ("quality", "u1"),
        ("tones", "u1"),
        ("value", f"V{VALUE_BYTES}"),
    ]
)
"""One PDQ value of an edited picture; fields as in `MADE` and `HASHES`. Rows of a picture rise by
(edit, view, orientation), and none comes twice."""


class Picture(IntEnum):
    """How the perceptual part of a picture ended."""

    DONE = 1
    PARTIAL = 2
    """Decoded as far as its bytes or a limit allowed: there are values, and a gap says so."""
    GAP = 3
    KNOWN_GOOD = 4
    """Not decoded: a set of known-good files has it."""
    MATCHED = 5
    """Not decoded: an exact match decided already."""
    POLICY = 6
    """Not decoded: of a type that the profile leaves out."""


class Distance(IntEnum):
    """What came of a value that a plug-in was to compare."""

    NEAR = 1
    FAILED = 2
    """It was not compared with all that was given: what was found of it is void."""


class Supplied(IntEnum):
    """What came of a frame that was given to a plug-in."""

    VALUE = 1
    NOTHING = 2
    """By its own rule the picture says too little."""
    FAILED = 3
    """It broke off, or gave something else than a value."""


class Made(IntEnum):
    """How making one edit of a picture ended."""

    DONE = 1
    FAILED = 2
    """It could not be made, or what it made could not be decoded."""


class Container(IntEnum):
    """How opening a container ended."""

    DONE = 1
    GAP = 2
    """Not opened, or not to its end; what was listed before is on record."""
    KNOWN_GOOD = 3
    """Not opened: a set of known-good files has it."""
    POLICY = 4
    """Not opened: the profile leaves it out."""


class Status(IntEnum):
    """How an item ended: the right side of the entry equation."""

    DONE = 1
    GAP = 2
    NO_CONTENT = 3
    """A directory, link or device: recorded, there is nothing to read."""
    POLICY = 4


ROW_TYPES: Final[dict[str, np.dtype[np.void]]] = {
    "entries": ENTRY,
    "tasks": TASK,
    "contents": CONTENT,
    "known": KNOWN,
    "values": VALUES,
    "perceptual": PERCEPTUAL,
    "containers": CONTAINER,
    "hashes": HASHES,
    "supplied": SUPPLIED,
    "edited": EDITED,
    "made": MADE,
    "distances": DISTANCES,
    "metadata": METADATA,
}


@dataclass(frozen=True, slots=True)
class Control:
    """A JSON frame: progress, a gap, the result of a unit."""

    kind: str
    body: JSON = field(default_factory=dict)
    descriptors: tuple[int, ...] = ()
    """Sent with the frame; the sender's own are closed when it has left (``stream`` only)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one of `ROW_TYPES`, and the byte area their offsets point into."""

    kind: str
    rows: Rows
    area: bytes = b""


Frame = Control | Batch


@dataclass(frozen=True, slots=True)
class Proxy:
    """One stream that a parser worker reads piece by piece for another worker."""

    crew: int
    """`heroes_forensics.pipelines.workers.crews.Crew.number` of the crew that holds the source."""
    body: JSON
    """As in the content unit of that stream: slots and volume."""
    task: Rows
    """One `TASK` row."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One slice of work for one worker."""

    id: int
    kind: str
    """A row of `heroes_forensics.pipelines.work.units.UNITS`."""
    body: JSON = field(default_factory=dict)
    tasks: Rows | None = None
    descriptors: tuple[int, ...] = ()
    """At most `MAX_UNIT_DESCRIPTORS`, sent with the unit. The worker gets copies: whoever made
    the unit keeps its own, can send them again, and closes them when the unit has ended for
    good."""
    seconds: float = 0.0
    """How long the unit may take; 0 leaves only the watch for a worker that does not move."""
    strain: int = 1
    """2 for what already ended one worker: it runs in a fresh worker that does nothing else,
    with so many times the memory and the time."""
    proxy: Proxy | None = None
    """A stream too large to be handed over, read through a parser while the unit runs. Its
    socket is the last descriptor the worker gets."""


def _moment(second: int, nanosecond: int) -> Moment | None:
    return None if second == NO_TIME else Moment(second, nanosecond)


def entry_batches(
    entries: Iterable[Entry],
    *,
    limit: int = MAX_FRAME - 1024,
    names_media: Callable[[bytes], bool] = lambda path: False,  # noqa: ARG005 - nothing is known
) -> Iterator[Batch]:
    """Pack entries into as few batches as fit ``limit`` bytes each.

    Files whose path ``names_media`` accepts get the flag `EntryFlag.MEDIA_NAME`.

    An entry larger than a frame by itself (a path of 64 KiB) has its path cut to what fits; the
    locator stays whole, so identity does not suffer.
    """
    rows = bytearray()
    area = bytearray()
    width = ENTRY.itemsize
    for text, kind, flags, path, size, handle, times, owner, first, place in entries:
        locator = text.encode("ascii")
        named_at = len(locator)
        length = len(path)
        if length > PATH_LIMIT or width + named_at + length > limit:
            path = path[: min(PATH_LIMIT, limit - width - named_at)]  # noqa: PLW2901 # is not sent
            length = len(path)
        start = len(area)
        if rows and len(rows) + start + width + named_at + length > limit:
            yield Batch("entries", np.frombuffer(bytes(rows), dtype=ENTRY), bytes(area))
            rows, area = bytearray(), bytearray()
            start = 0
        modified, accessed, changed, born = times
        m, mn = modified or _NO_MOMENT
        a, an = accessed or _NO_MOMENT
        c, cn = changed or _NO_MOMENT
        b, bn = born or _NO_MOMENT
        area += locator
        area += path
        named = kind == _FILE and names_media(path)
        rows += _ENTRY(
            kind,
            place,
            int(flags) | _MEDIA_NAME if named else flags,
            owner,
            min(size, MAX_SIZE),
            first,
            m,
            a,
            c,
            b,
            mn,
            an,
            cn,
            bn,
            len(handle),
            handle,
            start,
            named_at,
            start + named_at,
            length,
        )
    if rows:
        yield Batch("entries", np.frombuffer(bytes(rows), dtype=ENTRY), bytes(area))


_MEDIA_NAME: Final = int(EntryFlag.MEDIA_NAME)
_FILE: Final = EntryKind.FILE
_NO_MOMENT: Final = (NO_TIME, 0)


def entries_of(batch: Batch) -> Iterator[Entry]:
    """Unpack what `entry_batches` packed."""
    area = batch.area
    for row in batch.rows.tolist():
        (kind, place, flags, owner, size, first, seconds, nanos, n, handle, lo, ln, po, pn) = row
        times = tuple(_moment(int(s), int(ns)) for s, ns in zip(seconds, nanos, strict=True))
        yield Entry(
            locator=area[lo : lo + ln].decode("ascii"),
            kind=EntryKind(kind),
            flags=EntryFlag(flags),
            path=area[po : po + pn],
            size=size,
            handle=bytes(handle)[:n],
            times=(times[0], times[1], times[2], times[3]),
            owner=owner,
            first_offset=first,
            place=Place(place),
        )


def slices(rows: Rows, *, limit: int = MAX_FRAME - 1024) -> Iterator[Rows]:
    """Cut rows without a byte area into pieces that fit one frame each."""
    step = max(1, limit // rows.dtype.itemsize)
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def tasks(rows: Sequence[tuple[int, int, int, int, bytes]]) -> Rows:
    """Make `TASK` rows of (id, kind, flags, size, handle) tuples."""
    packed = [
        _TASK(number, kind, flags, size, len(handle), handle)
        for number, kind, flags, size, handle in rows
    ]
    return np.frombuffer(bytearray().join(packed), dtype=TASK)
