"""A zip archive as a source: a device dump with hundreds of thousands of members.

The central directory is read in pieces and never kept; a member's handle holds what is needed
to read it without the directory. Nothing is written anywhere, so names like ``../../x`` are only
names. Beside what the directory names there are entries for members it leaves out (flag
``ORPHAN``) and for bytes that belong to no member (``$unaccounted``). What stands behind the end of
a compressed stream, within the length that is stated of it, is seen when it is read: `late`; so is
what stands in names and extra fields of local headers (`zip_margins`).

Locators are ``m@`` and the offset of the local header, ``m@0x1f40``; further directory records
of one header add ``.1``, ``.2``; bytes of no member are ``r@0x...``. What begins in another part
of an archive of several is ``p``, the number of that part and its place in the directory, ``p0.3``.
`Entry.first_offset` is that of the local header. The name is the raw one (see
`names.member_path`). Where names in the
local header and in the directory differ, the directory's counts.

As a source the archive has no expansion limit; memory does not depend on what it claims. Whether
a member's length and CRC-32 fit is known when its last byte was read. Not read: encrypted
members that no password that was given opens, and methods other than stored, deflate, bzip2, LZMA
and xz.
"""

import stat
import struct
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, partial
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    TimeRule,
    Times,
)
from heroes_forensics.parsers.base import PART, Reader, UnsupportedError
from heroes_forensics.parsers.containers import zip_margins, zip_records, zip_unlisted
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import (
    behind_zeros,
    fields_of,
    opening,
    unaccounted,
)
from heroes_forensics.parsers.containers.watched import Watched
from heroes_forensics.parsers.containers.zip_encryption import Locks, Opened, Sealed
from heroes_forensics.parsers.containers.zip_records import Directory, Member
from heroes_forensics.parsers.containers.zip_unlisted import Extents, Region
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.decompression import (
    ZIP_METHODS,
    ExpandedReader,
    StoredReader,
)
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import Secrets

_HANDLE: Final = struct.Struct("<BQQQqHH")
"""Form, offset, compressed size, size, CRC, method, flags."""
_MEMBER: Final = 1
_REGION: Final = 2
_APART: Final = 3
_NOT_KNOWN: Final = (1 << 64) - 1

_UNIX: Final = frozenset({3, 19})
"""Systems whose members keep a Unix mode in the upper half of their attributes (4.4.2)."""
_WINDOWS: Final = frozenset({0, 10, 14})
_DOS_DIRECTORY: Final = 0x10
_PATH_MAX: Final = 4096
"""What claims to be a link but is longer holds something else."""
_PACKED_NOTHING: Final = 64
"""Bytes that compressing and encrypting add to what is short: stored bytes beyond are content."""
_FIRST_LOOK: Final = 1 << 20
"""Bytes searched for a local header where there is no directory."""


def open_zip(reader: Reader, secrets: Secrets | None = None) -> "ZipFileSystem":
    """Open a zip archive; ``reader`` stays the caller's to close.

    Args:
        reader: the archive.
        secrets: what was given to open encrypted members.

    Raises:
        EvidenceError: this is no zip archive.
        UnsupportedError: it is one part of a split archive, and not the last.
    """
    with opening("the archive"):
        directory = zip_records.find_directory(reader)
        if directory is None:
            head = reader.pread(0, _FIRST_LOOK)
            if zip_records.LOCAL not in head:
                raise EvidenceError(
                    "this is not a zip archive", hint="there is neither a directory nor a member"
                )
    return ZipFileSystem(reader, directory, secrets or Secrets())


class _Survey(NamedTuple):
    """What a first pass over the central directory found."""

    extents: Extents
    members: int
    all_unix: bool
    """Every member has a modification time in UTC."""
    all_ntfs: bool
    """Every member has three times in UTC to 100 ns."""
    damaged: bool
    apart: int
    """Members that begin in another part."""
    margins: list[tuple[int, int, int]]
    """Offset of extra fields that are large, or before comments that are; bytes of both."""


class ZipFileSystem:
    """Lists and opens the members of one archive."""

    kind: Final = "zip"

    def __init__(self, reader: Reader, directory: Directory | None, secrets: Secrets) -> None:
        self._reader = reader
        self._locks = Locks(reader, secrets) if secrets else None
        self._directory = directory
        self._behind: set[tuple[int, int]] = set()
        """Bytes behind the end of compressed streams, within what is stated of them, and what does
        not belong into names and extra fields of local headers: spans."""

    def _is_here(self, member: Member) -> bool:
        """Tell whether a member begins in this part."""
        directory = self._directory
        here = directory is None or member.disk == directory.disk
        return here and member.offset >= 0

    @cached_property
    def _survey(self) -> _Survey:
        """Pass once over the directory: times, repeated offsets, bytes of no member."""
        extents = Extents()
        count = apart = 0
        all_unix = all_ntfs = True
        damaged = False
        margins: list[tuple[int, int, int]] = []
        if self._directory is not None:
            try:
                for member in zip_records.members(self._reader, self._directory):
                    if self._is_here(member):
                        extents.add(member)
                    else:
                        apart += 1
                    count += 1
                    if max(len(member.extra), member.comment) >= zip_margins.SMALL:
                        margins.append((member.margin, len(member.extra), member.comment))
                    all_unix = all_unix and zip_records.unix_time(member.extra) is not None
                    all_ntfs = all_ntfs and zip_records.ntfs_times(member.extra) is not None
            except (EvidenceError, OSError):
                damaged = True
        exact = (all_unix and count > 0, all_ntfs and count > 0)
        return _Survey(extents, count, *exact, damaged, apart, margins)

    @property
    def times(self) -> TimeBasis:
        """The exact times where every member has them, else those of DOS: one rule for all."""
        if self._survey.all_ntfs:
            return {name: TimeRule(100, "utc") for name in "mab"}
        if self._survey.all_unix:
            return {"m": TimeRule(1_000_000_000, "utc")}
        return {"m": TimeRule(2_000_000_000, "local-unknown")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members in the order of the directory, then what it does not name."""
        sweep = "local headers between the members of the directory"
        yield from counted(self._found(), sweep=sweep)

    def _found(self) -> Iterator[Entry | Gap]:
        directory = self._directory
        if directory is None:
            is_first = self._reader.pread(0, 4) == zip_records.DESCRIPTOR  # of several: 8.5.3
            detail: dict[str, object] = {"part": 1} if is_first else {"directory": "none"}
            code = PART if is_first else "source.truncated"
            yield Gap(_locator("m", self._reader.size), code, detail)
            region = Region(4 * is_first, self._reader.size)
            yield from self._unlisted(region, EntryFlag.ALLOCATED)
            return
        survey = self._survey
        yield from self._listed(directory, survey)
        if directory.disk or survey.apart:
            detail = {"part": directory.disk + 1, "apart": survey.apart}
            yield Gap(_locator("c", directory.start), PART, detail)
        stated = directory.members
        fits = survey.members == stated or (
            not directory.is_64 and survey.members & 0xFFFF == stated
        )
        if survey.damaged or not fits:
            detail = {"stated": stated, "found": survey.members}
            yield Gap(_locator("c", directory.start), "source.damaged", detail)
        try:
            for region in survey.extents.between(self._reader, directory):
                yield from self._unlisted(region, EntryFlag.ORPHAN)
            yield from map(_region, self._margins(directory, survey))
        except OSError:
            yield Gap(_locator("c", directory.start), "source.damaged", {"between": "members"})

    def _margins(self, directory: Directory, survey: _Survey) -> Iterator[Region]:
        """Yield what stands in comments and extra fields of the directory and does not belong."""
        for start, extra, comment in survey.margins:
            yield from zip_margins.of_extra(self._reader, start, extra)
            yield from zip_margins.of_comment(self._reader, start + extra, comment)
        start = directory.after - directory.comment
        yield from zip_margins.of_comment(self._reader, start, directory.comment)

    def _listed(self, directory: Directory, survey: _Survey) -> Iterator[Entry]:
        """Yield the members that the directory names."""
        repeated = survey.extents.repeated()
        ordinals: dict[int, int] = {}
        # What is damaged the survey met at the same place, and it is said there.
        with suppress(EvidenceError, OSError):
            for index, member in enumerate(zip_records.members(self._reader, directory)):
                if not self._is_here(member):
                    yield self._apart(member, index)
                    continue
                ordinal = 0
                if member.offset in repeated:
                    ordinal = ordinals.get(member.offset, 0)
                    ordinals[member.offset] = ordinal + 1
                yield self._entry(member, ordinal, EntryFlag.ALLOCATED)

    def _unlisted(self, region: Region, flags: EntryFlag) -> Iterator[Entry | Gap]:
        try:
            for found in zip_unlisted.follow(self._reader, region.start, region.end):
                if isinstance(found, Member):
                    yield self._entry(found, 0, flags)
                else:
                    yield _region(found)
        except OSError:
            yield Gap(_locator("r", region.start), "source.damaged")

    def _entry(self, member: Member, ordinal: int, flags: EntryFlag) -> Entry:
        kind = _kind(member)
        path = member_path(member.name, directory=kind == EntryKind.DIRECTORY)
        locator = _locator("m", member.offset)
        allocated = EntryFlag.ALLOCATED in flags
        return Entry(
            locator=f"{locator}.{ordinal}" if ordinal else locator,
            kind=kind,
            flags=flags | EntryFlag.COMPRESSED if member.method else flags,
            path=path,
            size=member.size if member.size < 1 << 63 else -1,
            handle=_HANDLE.pack(
                _MEMBER,
                member.offset & _NOT_KNOWN,
                member.compressed & _NOT_KNOWN,
                member.size & _NOT_KNOWN,
                member.crc,
                member.method,
                member.flags,
            ),
            times=self._times(member),
            owner=zip_records.owner(member.extra),
            first_offset=member.offset if member.offset < 1 << 63 else -1,
            place=place_of(path, allocated),
        )

    def _apart(self, member: Member, index: int) -> Entry:
        """Return a member of which at least the beginning is in another part."""
        entry = self._entry(member, 0, EntryFlag.ALLOCATED)
        handle = _HANDLE.pack(_APART, 0, 0, 0, -1, 0, 0)
        return entry._replace(locator=f"p{member.disk}.{index}", handle=handle, first_offset=-1)

    def _times(self, member: Member) -> Times:
        survey = self._survey
        if survey.all_ntfs and (three := zip_records.ntfs_times(member.extra)) is not None:
            return three[0], three[1], None, three[2]
        modified: Moment | None
        if survey.all_ntfs or survey.all_unix:
            modified = zip_records.unix_time(member.extra)
        else:
            modified = zip_records.dos_moment(member.date, member.time)
        return modified, None, None, None

    def open(self, handle: bytes) -> Reader:
        """Open the expanded stream of a member.

        Raises:
            OSError: it cannot be read.
            UnsupportedError: ``stream.encrypted``, ``stream.unsupported``, ``stream.short`` for
                a stored member without a stated end, ``stream.long`` for one whose stored bytes
                are more than stated.
        """
        form, offset, compressed, size, crc, method, flags = fields_of(_HANDLE, handle)
        if form == _REGION:
            return RangeReader(self._reader, offset, size)
        if form == _APART:
            raise UnsupportedError("it lies in another part", code="stream.unsupported")
        if form != _MEMBER:
            raise OSError("not a handle of this parser")
        stated = -1 if size == _NOT_KNOWN else size
        stored, method, crc = self._stored(offset, compressed, (flags, method, stated, crc))
        expander = ZIP_METHODS.get(method)
        if flags & zip_records.PATCH or (expander is None and method):
            raise UnsupportedError(
                "the member is stored by a method that is not read", code="stream.unsupported"
            )
        if expander is None:
            if stated < 0:
                raise UnsupportedError("the member is cut off", code="stream.short")
            if stored.size > size:
                raise UnsupportedError("the member is longer than stated", code="stream.long")
            return StoredReader(stored, crc)
        is_plain = not flags & zip_records.ENCRYPTED
        start = stored.offset if is_plain and isinstance(stored, RangeReader) else -1
        made = expander

        def watched(reader: Reader) -> Watched:
            return Watched(made(reader), partial(self._ended, start, compressed))

        found = ExpandedReader(stored, watched if start >= 0 else expander, stated, crc)
        if size == 0:
            found.pread(0, 0)
        return found

    def _ended(self, start: int, stated: int, taken: int) -> None:
        """Note what lies behind the end of a compressed stream."""
        if taken < stated and start + taken < self._reader.size:
            self._behind.add((start + taken, min(start + stated, self._reader.size)))

    def late(self) -> Iterator[Entry]:
        """Yield what was met when members were read: bytes behind the end of their streams.

        Raises:
            OSError: it cannot be read.
        """
        longest: dict[int, int] = {}  # several records may state other ends of one stream
        for start, end in self._behind:
            at = behind_zeros(self._reader, start, end)
            longest[at] = max(end, longest.get(at, 0))
        for at, end in sorted(longest.items()):
            if at < end:
                yield _region(Region(at, end))

    def _stored(self, offset: int, compressed: int, stated: tuple[int, int, int, int]) -> Opened:
        """Return the stored bytes of a member, decrypted where they are encrypted."""
        flags, method, size, crc = stated
        is_encrypted = flags & (zip_records.ENCRYPTED | zip_records.STRONG_ENCRYPTION)
        if is_encrypted and (self._locks is None or flags & zip_records.STRONG_ENCRYPTION):
            raise UnsupportedError("the member is encrypted", code="stream.encrypted")
        margin, extra = zip_records.local_margin(self._reader, offset)
        name = offset + zip_records.LOCAL_HEADER.size  # nobody shows it: the directory's counts
        for found in (
            *zip_margins.of_comment(self._reader, name, margin - name),
            *zip_margins.of_extra(self._reader, margin, extra),
        ):
            self._behind.add((found.start, found.end))
        start = margin + extra
        stored = RangeReader(self._reader, start, compressed)
        if is_encrypted and self._locks is not None:
            return self._locks.open(Sealed(offset, stored, method, size, crc))
        return Opened(stored, method, crc)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


def _locator(kind: str, offset: int) -> str:
    return f"{kind}@{offset:#x}"


def _kind(member: Member) -> EntryKind:
    """Tell what a member is; whatever it claims, one that holds content is examined."""
    is_empty = member.size == 0 and member.compressed <= _PACKED_NOTHING
    if member.name.endswith(b"/"):
        return EntryKind.DIRECTORY if is_empty else EntryKind.FILE
    kind = EntryKind.FILE
    if member.made_by in _UNIX:
        form = stat.S_IFMT(member.attributes >> 16)
        is_short = 0 < member.size <= _PATH_MAX >= member.compressed - _PACKED_NOTHING
        if form == stat.S_IFLNK and is_short:
            kind = EntryKind.SYMLINK
        elif form == stat.S_IFDIR and is_empty:
            kind = EntryKind.DIRECTORY
        elif form not in {0, stat.S_IFREG, stat.S_IFLNK} and is_empty:
            kind = EntryKind.OTHER
    elif member.made_by in _WINDOWS and member.attributes & _DOS_DIRECTORY and is_empty:
        kind = EntryKind.DIRECTORY
    return kind


def _region(region: Region) -> Entry:
    length = region.end - region.start
    handle = _HANDLE.pack(_REGION, region.start, length, length, -1, 0, 0)
    return unaccounted(region.start, region.end, handle)
