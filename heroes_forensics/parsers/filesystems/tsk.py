"""NTFS, FAT, exFAT, ext2/3/4, HFS+, ISO 9660 and UFS, through The Sleuth Kit.

Locators are those of `heroes_forensics.parsers.filesystems.locators`.
"""

import struct
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

import pytsk3

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import JSON, Entry, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems import embedded
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.bitmaps import allocation
from heroes_forensics.parsers.filesystems.claims import Claims
from heroes_forensics.parsers.filesystems.equation import Parts, parts_of
from heroes_forensics.parsers.filesystems.exfat_lengths import Initialised, ValidLengths
from heroes_forensics.parsers.filesystems.ext_attributes import Attribute, Bare, attributes_of
from heroes_forensics.parsers.filesystems.ext_blocks import check_blocks
from heroes_forensics.parsers.filesystems.ext_inodes import (
    BlockMapStream,
    Layout,
    Mapped,
    layout_of,
    mapped_inodes,
    patches,
)
from heroes_forensics.parsers.filesystems.tsk_claims import own_claims
from heroes_forensics.parsers.filesystems.tsk_image import TskImage, steady_zone
from heroes_forensics.parsers.filesystems.tsk_stream import (
    ATTRIBUTE,
    MAPPED,
    NO_METADATA,
    SHOWN,
    Handle,
    LyingStream,
    Volume,
    check_holes,
    lies,
    open_stream,
)
from heroes_forensics.parsers.filesystems.tsk_sweep import SWEPT, sweep
from heroes_forensics.parsers.filesystems.tsk_walk import Walk
from heroes_forensics.parsers.guard import Guard
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.recovery import carved, indirect, unallocated
from heroes_forensics.parsers.recovery.allocation import Allocation
from heroes_forensics.parsers.recovery.prefixes import Prefixes
from heroes_forensics.parsers.recovery.slack import slack
from heroes_forensics.parsers.storage.doubts import Doubts, absent_below

if TYPE_CHECKING:
    from typing import Any

ORPHAN_SECONDS: Final = 60.0
_HFS_HEADER: Final = 1024
_HFS_PLUS: Final = frozenset({b"H+", b"HX"})


class TskFileSystem:
    """One volume opened with The Sleuth Kit; satisfies `FileSystem`."""

    def __init__(self, reader: Reader, kind: str, doubts: Doubts | None = None) -> None:
        self._reader = reader
        self._doubts = doubts
        self._image = TskImage(reader)
        self._fs: Any = _opened(self._image, kind)
        number = int(self._fs.info.ftype)
        if number not in t.KINDS:
            raise UnsupportedError("no supported file system", code="volume.unknown")
        self._kind = t.KINDS[number]
        self._volume = Volume(
            kind=self._kind,
            block_size=int(self._fs.info.block_size),
            size=reader.size,
            check_blocks=self._check_blocks if self._kind.startswith("ext") else None,
        )
        self._layout: Layout | None = None
        self._allocation: Allocation | None = None
        self._parts: Parts | None = None
        self._lengths: ValidLengths | None = None
        self._bare = Bare()
        if self._kind == "exfat":
            with suppress(OSError, EvidenceError):
                self._lengths = ValidLengths(reader)

    @property
    def kind(self) -> str:
        """Short lower-case name, e.g. ``ntfs``, ``fat16``, ``ext4``, ``hfsplus``."""
        return self._kind

    @property
    def times(self) -> TimeBasis:
        """How its four times are stored."""
        return t.TIMES[self._kind]

    @property
    def has_orphans(self) -> bool:
        """Whether `orphans` can find more than `entries`: FAT and exFAT."""
        return self._kind not in SWEPT

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the tree, then what a sweep of a finite table adds, then the counts."""
        return self.entries_around(Guard())

    def entries_around(self, guard: Guard) -> Iterator[Entry | Gap | Listing]:
        """Yield the same, saying where it is, and going around what it is told to."""
        mapped = self._hide_mapped()
        walk = Walk(self._fs, self._image, self._kind, guard)
        walk.entries.mapped = mapped
        walk.entries.held.allocation = self._allocated
        walk.entries.held.in_runs = self._is_in_runs()
        walk.entries.lengths = self._lengths
        if self._kind.startswith("ext"):
            walk.entries.attributes = self._attributes
            walk.entries.bare = self._bare.known
        yield from walk.tree()
        done = SWEPT.get(self._kind, "not available")
        try:
            yield from sweep(walk, self._reader)
        except (OSError, RuntimeError, struct.error):
            done = "not finished: the table cannot be read to its end"
            yield Gap(walk.root_locator, "sweep.unreadable", {})
        for each in self._equation(walk.entries.held.claims, mapped):
            if isinstance(each, Gap):
                yield each
            else:
                yield replace(walk.counts.listing(done), blocks=each)

    def _equation(
        self, claims: Claims, mapped: dict[int, Mapped]
    ) -> Iterator[Gap | dict[str, int]]:
        """Yield the block equation, empty where the allocation is not known, and its gaps."""
        try:
            blocks = self._allocated()
            whole = unallocated.blocks_of(blocks, self._reader.size)
        except (OSError, EvidenceError, MemoryError):
            yield {}
            return
        try:
            own_claims(self._kind, self._fs, self._reader, claims, mapped)
            absent = absent_below(self._reader)
            self._parts = parts_of(blocks, claims, self._reader.size, absent)
        except (OSError, RuntimeError, struct.error, MemoryError):
            self._parts = None
        if self._parts is None:
            yield Gap("", "blocks.undivided", {})
            yield whole
            return
        numbers = self._parts.numbers
        wrong: JSON = {
            name: numbers[name] for name in ("unclaimed", "claimed_free") if numbers[name]
        }
        if wrong:
            yield Gap("", "blocks.unclaimed", wrong)
        yield numbers

    def _is_in_runs(self) -> bool:
        """Tell whether streams are what lies at the addresses of their runs."""
        if self._kind != "hfsplus":
            return self._kind.startswith(t.LIE_IN_RUNS)
        with suppress(OSError):
            # Within a wrapper of HFS addresses do not begin with the volume.
            return self._reader.pread(_HFS_HEADER, 2) in _HFS_PLUS
        return False

    def _allocated(self) -> Allocation:
        """Return which blocks are in use.

        Raises:
            UnsupportedError: nothing is known of it on such a file system.
            OSError: it cannot be read.
        """
        if self._allocation is None:
            self._allocation = allocation(self._kind, self._fs, self._reader)
        return self._allocation

    def carve(
        self, beat: Callable[[], None], prefixes: Prefixes | None = None
    ) -> Iterator[Entry | Gap | Listing]:
        """Yield the pictures and films that lie in no file, in the middle of one, and behind one.

        Args:
            beat: called now and then, to show that the search moves.
            prefixes: what known files begin with, where that is looked for, too.
        """
        entries = 0
        blocks: dict[str, int] = {}
        free = self._carve_free(beat, prefixes)
        for each in chain(free, embedded.inside(self, beat), self._held(beat, prefixes)):
            if isinstance(each, Listing):
                blocks |= each.blocks
                continue
            entries += isinstance(each, Entry)
            yield each
        yield Listing(entries=entries, sweep=unallocated.NO_SWEEP, blocks=blocks)

    def _held(
        self, beat: Callable[[], None], prefixes: Prefixes | None
    ) -> Iterator[Entry | Gap | Listing]:
        """Yield what lies in file slack, and in blocks in use that nothing listed leads to.

        Which these are is known once the volume was listed.
        """
        parts = self._parts
        if parts is None:
            return
        yield from slack(self._reader, parts.ranges(parts.slack), beat)
        held = parts.ranges(parts.unclaimed)
        for each in unallocated.carve(self._reader, held, beat, prefixes=prefixes):
            if not isinstance(each, Listing):
                yield each

    def _carve_free(
        self, beat: Callable[[], None], prefixes: Prefixes | None
    ) -> Iterator[Entry | Gap | Listing]:
        """Yield what lies in free blocks."""
        try:
            blocks = self._allocated()
            free = blocks.free(self._reader.size)
        except (OSError, EvidenceError, MemoryError) as error:
            yield Gap("", unallocated.why_not(error), {})
            return
        size = int(free[1].sum())
        if self._kind in indirect.KINDS:
            free = indirect.without_tables(self._reader, free, blocks.block_size, beat)
        left_out = size - int(free[1].sum())
        yield from unallocated.carve(
            self._reader, free, beat, left_out=left_out, end=blocks.end, prefixes=prefixes
        )

    def orphans(self, seconds: float = ORPHAN_SECONDS) -> Iterator[Entry | Gap | Listing]:
        """Yield deleted entries of FAT and exFAT whose directory is gone, then the counts.

        The Sleuth Kit looks at every free cluster for what may be a directory entry; on a large
        volume that is long, and nothing but a failing read ends it. So this is apart from
        `entries`, and limited in time.

        Args:
            seconds: how long the search may take. When it is over nothing is given but a gap.
        """
        walk = Walk(self._fs, self._image, self._kind)
        walk.entries.held.allocation = self._allocated
        done = "free clusters"
        self._image.deadline = time.monotonic() + seconds
        try:
            if self.has_orphans:
                yield from walk.orphans_of(int(self._fs.info.last_inum))
        except TimeoutError:
            done = "not finished: time limit"
            yield Gap(walk.root_locator, "sweep.time-bound", {"seconds": int(seconds)})
        finally:
            self._image.deadline = None
        yield walk.counts.listing(done)

    def _hide_mapped(self) -> dict[int, Mapped]:
        """Keep The Sleuth Kit from the inodes that could hold it up for hours.

        Returns:
            Those inodes, by metadata address.
        """
        if not self._kind.startswith("ext"):
            return {}
        self._bare = Bare()
        mapped = mapped_inodes(self._reader, self._bare.look)
        if mapped:  # opened anew: the kit keeps what it has read
            self._image = TskImage(self._reader)
            self._image.show(patches(mapped))
            self._fs = _opened(self._image, self._kind)
        return mapped

    def open(self, handle: bytes) -> Reader:
        """Open the stream of an entry."""
        # Where some of the media is in doubt, whether a stream is rests on its metadata, too.
        if lies(handle) and not self._doubts and not self._image.doubtful:
            return LyingStream(self._reader, handle)
        if carved.is_carved(handle):
            return carved.CarvedStream(self._reader, handle)
        inside = carved.inside_of(handle)
        if inside is not None:
            start, length, outer = inside
            return RangeReader(self.open(outer), start, length)
        return self._by_metadata(Handle.unpack(handle))

    def _by_metadata(self, parts: Handle) -> Reader:
        if parts.flags & MAPPED:
            return self._open_mapped(parts)
        if parts.flags & ATTRIBUTE and not parts.flags & NO_METADATA:
            return self._open_attribute(parts)
        stream: Reader = open_stream(self._fs, parts, self._volume)
        if parts.flags & SHOWN and self._lengths is not None:
            return Initialised(stream, self._lengths.of(parts.address, parts.size))
        return stream

    def _check_blocks(self, address: int) -> None:
        check_blocks(self._reader, self._ext_layout(), address)

    def _ext_layout(self) -> Layout:
        if self._layout is None:
            self._layout = layout_of(self._reader)
        return self._layout

    def _attributes(self, address: int) -> tuple[list[Attribute], bool]:
        return attributes_of(self._reader, self._ext_layout(), address)

    def _open_attribute(self, handle: Handle) -> Reader:
        found = self._attributes(handle.address)[0]
        if handle.id >= len(found) or found[handle.id].size != handle.size:
            raise UnsupportedError("the attributes have changed", code="stream.changed")
        return RangeReader(self._reader, found[handle.id].offset, handle.size)

    def _open_mapped(self, handle: Handle) -> Reader:
        layout = self._ext_layout()
        offset = layout.offset_of(handle.address)
        stream = BlockMapStream(self._reader, offset, layout.block_size)
        if stream.size != handle.size:
            raise UnsupportedError("the size has changed", code="stream.changed")
        allocated = min(stream.allocated, self._reader.size)
        check_holes(stream.size, allocated, self._reader.size)
        check_blocks(self._reader, layout, handle.address)
        return stream

    def close(self) -> None:
        """Release the volume; the reader stays open."""
        self._fs = None


def _opened(image: TskImage, kind: str) -> "Any":  # noqa: ANN401
    """Open a volume as the first type that fits."""
    trouble: Exception | None = None
    for type_ in t.types_of(kind):
        try:
            return pytsk3.FS_Info(image, 0, type_)
        except (OSError, RuntimeError) as error:
            trouble = error
    raise UnsupportedError(
        "the file system could not be opened", code="volume.damaged"
    ) from trouble


def open_tsk(reader: Reader, kind: str = "", doubts: Doubts | None = None) -> TskFileSystem:
    """Open a volume.

    Args:
        reader: its bytes, from its first sector on.
        kind: what it is expected to be (``ntfs``, ``fat32``, ...); empty to detect.
        doubts: of the media that it lies on, where the reader does not show them.

    Raises:
        UnsupportedError: it cannot be opened as that.
    """
    steady_zone()
    return TskFileSystem(reader, kind, doubts)
