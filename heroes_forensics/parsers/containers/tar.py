"""A tar archive as a source: a device dump of any length, read header by header.

Nothing is kept of the members, and nothing is written anywhere: names like ``../../x`` are only
names, links are never followed. Locators are ``m@`` and the offset of the member's first header
block (pax and GNU extension headers included), ``m@0x1f40``; `Entry.first_offset` is that of its
content. A handle holds where the content lies, so that reading needs no listing.

A hard link has no content of its own: it is recorded with the flag ``HARD_LINK``, its content is
examined under the name it points to (some pax archives store it again: then it is read). Sparse
members of all four GNU forms read with their holes.

Where a header is damaged there is a gap, and the next sound header with a POSIX or GNU signature
is searched (at any offset, for bytes may be missing). What lies between is an entry of its own
(``$unaccounted``), as is anything behind the end of the archive; an archive behind the end is
listed as well. Compressed archives cannot be read at any offset and are refused: unpack them
first.
"""

import struct
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Final

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
)
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers import tar_headers
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import behind_zeros, fields_of, opening, unaccounted
from heroes_forensics.parsers.containers.tar_headers import BLOCK, DamagedError, Member
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import RangeReader

_HANDLE: Final = struct.Struct("<BQQ")
"""Form, offset, length."""
_PLAIN: Final = 1
_SPARSE: Final = 2

_CHUNK: Final = 1 << 20
_MAGIC_AT: Final = 257
_PACKED: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"\x1f\x9d": "compress",
}
SPARSE_LIMIT: Final = 1 << 34
"""Bytes up to which holes are read as the zeros they stand for."""
SPARSE_RATIO: Final = 16
"""Beyond that, a member must be stored to at least one part in so many."""


def open_tar(reader: Reader) -> "TarFileSystem":
    """Open a tar archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is no tar archive.
        UnsupportedError: it is compressed.
    """
    with opening("the archive"):
        head = reader.pread(0, BLOCK)
    packed = next((name for magic, name in _PACKED.items() if head.startswith(magic)), None)
    if packed is not None:
        raise UnsupportedError(
            f"the archive is compressed with {packed}",
            code="source.unsupported",
            hint="unpack a copy to a plain tar file and scan that",
        )
    if head != tar_headers.ZEROS and not tar_headers.is_header(head):
        raise EvidenceError("this is not a tar archive", hint="its first header is not sound")
    return TarFileSystem(reader)


class TarFileSystem:
    """Lists and opens the members of one archive."""

    kind: Final = "tar"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @cached_property
    def _basis(self) -> TimeBasis:
        """Judge by the first member: a pax archive has fractions of seconds."""
        try:
            first = tar_headers.read_member(self._reader, 0, {})
        except (DamagedError, OSError):
            first = None
        if first is None or not first.is_pax:
            return {"m": TimeRule(1_000_000_000, "utc")}
        stated = {"m": first.mtime, "a": first.atime, "c": first.ctime, "b": first.born}
        return {name: TimeRule(1, "utc") for name, value in stated.items() if value is not None}

    @property
    def times(self) -> TimeBasis:
        """Those that the first member has."""
        return dict(self._basis)

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members in the order they lie."""
        yield from counted(self._found(), sweep="not applicable: every block is visited")

    def _found(self) -> Iterator[Entry | Gap]:
        reader = self._reader
        defaults: dict[bytes, bytes] = {}
        at = 0
        ended = False
        while at < reader.size:
            try:
                member = tar_headers.read_member(reader, at, defaults)
                if member is None and reader.pread(at, BLOCK) == tar_headers.ZEROS:
                    at += (behind_zeros(reader, at, reader.size) - at) // BLOCK * BLOCK or BLOCK
                    ended = True
                    continue
                if member is not None:
                    yield self.entry_of(member)
                    if member.end > reader.size:
                        missing = member.data + member.stored - reader.size
                        if missing > 0:
                            yield Gap(_locator("m", at), "source.truncated", {"missing": missing})
                    at = max(member.end, at + BLOCK)
                    ended = False
                    continue
            except DamagedError:
                pass
            except OSError:
                yield Gap(_locator("m", at), "source.damaged", {"read": "failed"})
            following = self._resync(at + 1)
            if not ended:  # what follows the end marker is no part of the archive, and no fault
                yield Gap(_locator("m", at), "source.damaged", {"bytes": following - at})
            yield unaccounted(at, following, _HANDLE.pack(_PLAIN, at, following - at))
            at = following

    def _resync(self, start: int) -> int:
        """Return the offset of the next sound header, the end of the source when there is none."""
        at = start
        while at < self._reader.size:
            try:
                data = self._reader.pread(at, _CHUNK + BLOCK)
            except OSError:
                at += BLOCK
                continue
            spot = data.find(b"ustar", _MAGIC_AT)
            while spot >= 0:
                begin = spot - _MAGIC_AT
                if tar_headers.is_header(data[begin : begin + BLOCK]):
                    return at + begin
                spot = data.find(b"ustar", spot + 1)
            at += _CHUNK
        return self._reader.size

    def entry_of(self, member: Member) -> Entry:
        """Return the entry of a member."""
        kind = _kind(member)
        flags = EntryFlag.ALLOCATED
        if member.kind == b"1":
            flags |= EntryFlag.HARD_LINK
        form, offset, length = _PLAIN, member.data, member.stored
        if member.sparse:
            flags |= EntryFlag.SPARSE
            form, offset, length = _SPARSE, member.start, member.size
        path = member_path(member.name, directory=kind == EntryKind.DIRECTORY)
        basis = self._basis
        return Entry(
            locator=_locator("m", member.start),
            kind=kind,
            flags=flags,
            path=path,
            size=member.size if 0 <= member.size < 1 << 63 else -1,
            handle=_HANDLE.pack(form, offset, length & (1 << 64) - 1),
            times=(
                _sane(member.mtime),
                _sane(member.atime) if "a" in basis else None,
                _sane(member.ctime) if "c" in basis else None,
                _sane(member.born) if "b" in basis else None,
            ),
            owner=member.uid if member.uid < 1 << 63 else -1,
            first_offset=member.data,
            place=place_of(path, allocated=True),
        )

    def open(self, handle: bytes) -> Reader:
        """Open the content of a member.

        Raises:
            OSError: it cannot be read, or its map of holes is damaged.
            UnsupportedError: ``stream.limit``, a huge file of which next to nothing is stored.
        """
        form, offset, length = fields_of(_HANDLE, handle)
        if form == _PLAIN:
            return RangeReader(self._reader, offset, length)
        if form != _SPARSE:
            raise OSError("not a handle of this parser")
        try:
            member = tar_headers.read_member(self._reader, offset, {})
        except DamagedError as error:
            raise OSError("the header of the member is damaged") from error
        if member is None or not member.sparse:
            raise OSError("not a handle of this parser")
        if member.size > SPARSE_LIMIT and member.stored * SPARSE_RATIO < member.size:
            raise UnsupportedError("the member is nearly all hole", code="stream.limit")
        return SparseReader(self._reader, member)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


class SparseReader:
    """A member with holes: stored pieces where its map says, zeros elsewhere."""

    def __init__(self, reader: Reader, member: Member) -> None:
        """Read the map.

        Raises:
            OSError: the map is damaged: pieces overlap, or reach beyond the file or its storage.
        """
        self._reader = reader
        self._size = member.size
        pairs, base = member.pairs, member.data
        if member.sparse == "1":
            pairs, base = _map_in_data(reader, member)
        self._starts: list[int] = []
        self._pieces: list[tuple[int, int]] = []
        last = 0
        for offset, length in pairs:
            if offset < last or length < 0 or offset + length > self._size:
                raise OSError("the map of a sparse member is damaged")
            last = offset + length
            if length:
                self._starts.append(offset)
                self._pieces.append((base, length))
            base += length
        if base > member.data + member.stored:
            raise OSError("the map of a sparse member is damaged")

    @property
    def size(self) -> int:
        """Length with its holes, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across pieces and holes; short where a stored piece is cut off."""
        length = max(0, min(length, self._size - offset))
        parts: list[bytes] = []
        while length > 0:
            index = bisect_right(self._starts, offset) - 1
            inside = offset - self._starts[index] if index >= 0 else 0
            if index >= 0 and inside < self._pieces[index][1]:
                base, stored = self._pieces[index]
                wanted = min(length, stored - inside)
                data = self._reader.pread(base + inside, wanted)
                if len(data) < wanted:
                    parts.append(data)
                    break
            else:
                following = self._starts[index + 1] if index + 1 < len(self._starts) else self._size
                data = bytes(min(length, following - offset))
            parts.append(data)
            offset += len(data)
            length -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Leave the archive open."""


def _map_in_data(reader: Reader, member: Member) -> tuple[list[tuple[int, int]], int]:
    """Read the map of pax 1.0, decimal lines before the content.

    Returns:
        The pairs, and the offset of the content, which begins at the next whole block.
    """
    text = reader.pread(member.data, min(member.stored, 1 << 16))
    count = _line(text, 0)[0]
    if count > tar_headers.MAX_PAIRS:
        raise OSError("the map of a sparse member is damaged")
    if count * 2 * 20 > len(text):  # longest possible: two numbers of 19 digits a piece
        text = reader.pread(member.data, min(member.stored, (count * 2 + 1) * 24))
    numbers: list[int] = []
    at = _line(text, 0)[1]
    for _ in range(2 * count):
        number, at = _line(text, at)
        numbers.append(number)
    pairs = list(zip(numbers[::2], numbers[1::2], strict=True))
    return pairs, member.data + tar_headers.padded(at)


def _line(text: bytes, at: int) -> tuple[int, int]:
    """Return the decimal number of the line at ``at`` and where the next line begins."""
    end = text.find(b"\n", at, at + 24)
    if end < 0 or not text[at:end].isdigit():
        raise OSError("the map of a sparse member is damaged")
    return int(text[at:end]), end + 1


def _kind(member: Member) -> EntryKind:
    """Tell what a member is; one that stores content is a file, whatever its name says."""
    kinds = {
        b"1": EntryKind.OTHER,
        b"2": EntryKind.SYMLINK,
        b"3": EntryKind.OTHER,
        b"4": EntryKind.OTHER,
        b"5": EntryKind.DIRECTORY,
        b"6": EntryKind.OTHER,
        b"D": EntryKind.DIRECTORY,
        b"V": EntryKind.OTHER,
    }
    if member.stored or member.size:
        return EntryKind.FILE
    if member.kind in b"0\0" and member.name.endswith(b"/"):
        return EntryKind.DIRECTORY
    return kinds.get(member.kind, EntryKind.FILE)


def _sane(moment: Moment | None) -> Moment | None:
    """Leave out what no clock ever said and no 64-bit column holds."""
    if moment is None or not -(1 << 62) < moment.seconds < 1 << 62:
        return None
    return moment


def _locator(kind: str, offset: int) -> str:
    return f"{kind}@{offset:#x}"
