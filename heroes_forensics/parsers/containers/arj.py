"""ARJ archives: members that are stored, and those that its methods 1 to 3 packed.

The form is that of the "ARJ TECHNICAL INFORMATION" that comes with the program. Methods 1 to 3 are
those of LHA with a window of 26 KiB: libarchive unpacks them behind a header of LHA that is put in
front. Method 4 is ``stream.unsupported``, and so is what goes on in another volume; what is garbled
is ``stream.encrypted``. Locators are ``m@`` and the offset of the header; CRC-32 are checked.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import PART, Reader, UnsupportedError
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import fields_of
from heroes_forensics.parsers.containers.zip_records import dos_moment
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.decompression import ExpandedReader, StoredReader
from heroes_forensics.parsers.reading.libarchive import Entries
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import ConcatReader, RangeReader

_MAGIC: Final = b"\x60\xea"
_MOST_HEADER: Final = 2600
_FIELDS: Final = struct.Struct("<BBBBBBBBIIIIHHH")
"""Length of these fields, versions, system, flags, method, type, -, time, bytes packed and
unpacked, CRC-32, where the name begins, mode, host data."""
_MOST_EXTRA: Final = 16
_GARBLED, _GOES_ON, _CAME_FROM = 1, 4, 8
_STORED, _PACKED = 0, range(1, 4)
_FOLDER, _FILES = 3, range(2)
_HANDLE: Final = struct.Struct("<QIIIB")
"""Offset of the content, its bytes packed and unpacked, CRC-32, and how it is kept."""
_READ, _UNPACKED, _OTHER, _ENCRYPTED = 0, 1, 2, 3
_LHA: Final = struct.Struct("<BB5sIIIBBB1sH")
_LHA_BYTES: Final = 23
"""Bytes of the header that is put in front, behind its first two."""


class _Header(NamedTuple):
    flags: int
    method: int
    kind: int
    time: int
    packed: int
    size: int
    crc: int
    name: bytes
    data: int


def open_arj(reader: Reader) -> "ArjFileSystem":
    """Open an archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none, or its own header is damaged.
    """
    try:
        own = _header(reader, 0)
    except OSError as error:
        raise EvidenceError("this is no ARJ archive that can be read") from error
    if own is None:
        raise EvidenceError("the archive is empty")
    return ArjFileSystem(reader, own)


class ArjFileSystem:
    """Lists and opens the members of one archive."""

    kind: Final = "arj"

    def __init__(self, reader: Reader, own: _Header) -> None:
        self._reader = reader
        self._first = own.data
        self.left = PART if own.flags & _GOES_ON else ""
        """Code of the gap of an archive that is one of several; else empty."""

    @property
    def times(self) -> TimeBasis:
        """Those of DOS."""
        return {"m": TimeRule(2_000_000_000, "local-unknown")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members in the order they lie."""
        yield from counted(self._found(), sweep="not applicable: every header is visited")

    def _found(self) -> Iterator[Entry | Gap]:
        at = self._first
        while True:
            try:
                header = _header(self._reader, at)
            except OSError:
                yield Gap(f"m@{at:#x}", "source.damaged", {"header": "damaged"})
                return
            if header is None:
                return
            if header.flags & (_GOES_ON | _CAME_FROM):
                self.left = PART
            yield _entry(at, header)
            at = header.data + header.packed

    def open(self, handle: bytes) -> Reader:
        """Open a member.

        Raises:
            OSError: this is not a handle of this parser.
            UnsupportedError: ``stream.encrypted`` or ``stream.unsupported``.
        """
        start, packed, size, crc, how = fields_of(_HANDLE, handle)
        if how == _ENCRYPTED:
            raise UnsupportedError("the member is garbled", code="stream.encrypted")
        if how == _OTHER:
            raise UnsupportedError("packed by another method", code="stream.unsupported")
        stored = RangeReader(self._reader, start, packed)
        if how == _READ:
            return StoredReader(stored, crc)
        return ExpandedReader(stored, lambda each: _Unpacking(each, size), size, crc)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


class _Unpacking:
    """The one member of an archive of LHA that is made of a member."""

    def __init__(self, stored: Reader, size: int) -> None:
        name = b"x"
        rest = (b"-lh7-", stored.size, size, 0, 0x20, 0, len(name), name, 0)
        head = _LHA.pack(_LHA_BYTES, 0, *rest)
        head = head[:1] + bytes([sum(head[2:]) & 0xFF]) + head[2:]
        whole = ConcatReader([BytesReader(head), stored, BytesReader(b"\0")])
        self._inner = Entries(whole, ("lha",)).expander(0)
        self._left = size

    @property
    def finished(self) -> bool:
        """Whether all was given."""
        return not self._left

    def take(self, most: int) -> bytes:
        """Return the next bytes; the CRC-16 that was put in front is nobody's.

        Raises:
            OSError: they are damaged, or cannot be read.
            UnsupportedError: ``stream.unsupported``.
        """
        data = self._inner.take(min(most, self._left)) if self._left else b""
        self._left -= len(data)
        return data

    def copy(self) -> None:
        """Say that there is none: what lies behind is unpacked again."""


def _header(reader: Reader, at: int) -> _Header | None:
    """Return a header; None at the end of the archive.

    Raises:
        OSError: it is damaged, or cannot be read.
    """
    head = reader.pread(at, 4)
    length = int.from_bytes(head[2:], "little")
    if not head.startswith(_MAGIC) or length > _MOST_HEADER:
        raise OSError("a header is damaged")
    if not length:
        return None
    data = reader.pread(at + 4, length + 4)
    if len(data) < length + 4 or length < _FIELDS.size:
        raise OSError("a header is cut off")
    data, crc = data[:length], int.from_bytes(data[length:], "little")
    if zlib.crc32(data) != crc:
        raise OSError("a header is damaged")
    first, _, _, _, flags, method, kind, _, time, packed, size, own, _, _, _ = _FIELDS.unpack_from(
        data
    )
    name = data[first:].partition(b"\0")[0]
    behind = _extra_end(reader, at + 4 + length + 4)
    return _Header(flags, method, kind, time, packed, size, own, name, behind)


def _extra_end(reader: Reader, at: int) -> int:
    """Return the offset behind extended headers."""
    for _ in range(_MOST_EXTRA):
        length = reader.pread(at, 2)
        if len(length) < 2:  # noqa: PLR2004
            raise OSError("a header is cut off")
        at += 2
        if length == b"\0\0":
            return at
        at += int.from_bytes(length, "little") + 4  # and its CRC-32
    raise OSError("too many extended headers")


def _entry(at: int, header: _Header) -> Entry:
    how = _READ if header.method == _STORED else _UNPACKED if header.method in _PACKED else _OTHER
    if header.flags & (_GOES_ON | _CAME_FROM):
        how = _OTHER
    if header.flags & _GARBLED:
        how = _ENCRYPTED
    is_directory = header.kind == _FOLDER
    kind = EntryKind.FILE if header.kind in _FILES else EntryKind.OTHER
    kind = EntryKind.DIRECTORY if is_directory else kind
    path = member_path(header.name.replace(b"\\", b"/"), directory=is_directory)
    flags = EntryFlag.ALLOCATED
    if how != _READ:
        flags |= EntryFlag.ENCRYPTED if how == _ENCRYPTED else EntryFlag.COMPRESSED
    return Entry(
        locator=f"m@{at:#x}",
        kind=kind,
        flags=flags,
        path=path or f"$member-{at:#x}".encode(),
        size=header.size if kind == EntryKind.FILE else 0,
        handle=_HANDLE.pack(header.data, header.packed, header.size, header.crc, how),
        times=(dos_moment(header.time >> 16, header.time & 0xFFFF), None, None, None),
        first_offset=header.data,
        place=place_of(path, allocated=True),
    )
