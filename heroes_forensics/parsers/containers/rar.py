"""RAR archives: every member listed; those that are stored are read, the others by libarchive.

Both forms are listed, that of RAR 1.5 to 4 and that of RAR 5. libarchive unpacks what RAR 2.9 to 5
compressed; of older methods, solid archives before RAR 5 and filters that it does not know
the member is ``stream.unsupported``, and so is one of which a part lies in another
volume. What is encrypted is ``stream.encrypted``, and an archive whose headers are
encrypted ``container.encrypted``. Locators are ``m@`` and the offset of the header; CRC-32 are
checked.
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
    Moment,
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
from heroes_forensics.parsers.reading.readers import RangeReader

_MAGIC: Final = b"Rar!\x1a\x07"
_OLD: Final = struct.Struct("<HBHH")
_OLD_FILE: Final = struct.Struct("<IIBIIBBHI")
_MOST_HEADER: Final = 1 << 21
_HANDLE: Final = struct.Struct("<QQqBIq")
"""Offset and bytes of the content, CRC-32 or -1, how it is kept, which member, unpacked bytes."""
_READ, _PACKED, _ENCRYPTED, _APART = 0, 1, 2, 3
"""As it is, compressed, encrypted, in part in another volume."""
_STORE: Final = 0x30
_MAIN, _FILE, _END = 0x73, 0x74, 0x7B
_NEW_MAIN, _NEW_FILE, _NEW_ENCRYPTION, _NEW_END = 1, 2, 4, 5
_VOLUME: Final = 1
"""Of the archive: it is one of several."""


class _Member(NamedTuple):
    at: int
    name: bytes
    is_directory: bool
    size: int
    """-1 when not stated."""
    crc: int
    time: Moment | None
    data: int
    packed: int
    how: int


class _EncryptedError(Exception):
    """The headers that follow are encrypted."""


def open_rar(reader: Reader) -> "RarFileSystem":
    """Open an archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
        UnsupportedError: ``container.encrypted``, its headers are.
    """
    try:
        head = reader.pread(0, 8)
        if not head.startswith(_MAGIC) or head[6:7] not in {b"\0", b"\1"}:
            raise EvidenceError("this is no RAR archive")
        is_new = head[6:8] == b"\1\0"
        found = RarFileSystem(reader, is_new=is_new)
        next(found.members(), None)
    except _EncryptedError as error:
        raise UnsupportedError("the headers are encrypted", code="container.encrypted") from error
    except OSError as error:
        raise EvidenceError("the archive cannot be read") from error
    return found


class RarFileSystem:
    """Lists the members of one archive, and opens those that are stored."""

    kind: Final = "rar"

    def __init__(self, reader: Reader, *, is_new: bool) -> None:
        self._reader = reader
        self._is_new = is_new
        self._contents = Entries(reader, ("rar5" if is_new else "rar",))
        self.left = ""
        """Code of the gap, once it is known to be one part of several; else empty."""

    @property
    def times(self) -> TimeBasis:
        """Of RAR 5 in UTC, before it those of DOS."""
        zone = TimeRule(1_000_000_000, "utc") if self._is_new else None
        return {"m": zone or TimeRule(2_000_000_000, "local-unknown")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members in the order they lie."""
        yield from counted(self._found(), sweep="not applicable: every header is visited")

    def _found(self) -> Iterator[Entry | Gap]:
        try:
            for number, member in enumerate(self.members()):
                yield _entry(member, number)
        except (OSError, _EncryptedError):
            yield Gap("m@0x0", "source.damaged", {"header": "damaged"})

    def members(self) -> Iterator[_Member]:
        """Yield what the headers say.

        Raises:
            OSError: a header is damaged, or cannot be read.
            _EncryptedError: what follows is encrypted.
        """
        return self._new() if self._is_new else self._old()

    def _old(self) -> Iterator[_Member]:
        at = 7
        while len(head := self._reader.pread(at, _OLD.size)) == _OLD.size:
            crc, kind, flags, length = _OLD.unpack(head)
            data = self._reader.pread(at, length)
            if length < _OLD.size or len(data) < length:
                raise OSError("a header is damaged")
            if kind == _END:
                return
            if kind in {_MAIN, _FILE} and zlib.crc32(data[2:]) & 0xFFFF != crc:
                raise OSError("a header is damaged")
            if kind == _MAIN and flags & 0x80:
                raise _EncryptedError
            if kind == _MAIN and flags & _VOLUME:
                self.left = PART
            packed = int.from_bytes(data[7:11], "little") if flags & 0x8000 else 0
            if kind == _FILE:
                member = _old_member(at, data, flags)
                packed = member.packed
                yield member
            at += length + packed

    def _new(self) -> Iterator[_Member]:
        at = 8
        while head := self._reader.pread(at, 16):
            length, used = _number(head, 4)
            if not 0 < length <= _MOST_HEADER:
                raise OSError("a header is damaged")
            data = self._reader.pread(at, used + length)
            if len(data) < used + length or zlib.crc32(data[4:]) != int.from_bytes(
                data[:4], "little"
            ):
                raise OSError("a header is damaged")
            kind, spot = _number(data, used)
            flags, spot = _number(data, spot)
            extra, spot = _number(data, spot) if flags & 1 else (0, spot)
            packed, spot = _number(data, spot) if flags & 2 else (0, spot)
            if kind == _NEW_END:
                return
            if kind == _NEW_ENCRYPTION:
                raise _EncryptedError
            if kind == _NEW_MAIN and _number(data, spot)[0] & _VOLUME:
                self.left = PART
            if kind == _NEW_FILE:
                yield _new_member(at, data, spot, (flags, extra, packed))
            at += used + length + packed

    def open(self, handle: bytes) -> Reader:
        """Open a member.

        Raises:
            OSError: this is not a handle of this parser.
            UnsupportedError: ``stream.encrypted`` or ``stream.unsupported``.
        """
        start, size, crc, how, number, unpacked = fields_of(_HANDLE, handle)
        if how == _ENCRYPTED:
            raise UnsupportedError("the member is encrypted", code="stream.encrypted")
        if how == _APART:
            raise UnsupportedError("part of it lies in another volume", code="stream.unsupported")
        if how == _PACKED:
            whole = RangeReader(self._reader, 0, self._reader.size)
            made = lambda _: self._contents.expander(number)  # noqa: E731
            return ExpandedReader(whole, made, unpacked, crc)
        return StoredReader(RangeReader(self._reader, start, size), crc)

    def close(self) -> None:
        """Let go of what unpacks; the reader stays open, it was handed in."""
        self._contents.close()


def _number(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of RAR 5, 7 bits a byte, and the offset behind it."""
    value = 0
    for index, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80 and value < 1 << 63:  # noqa: PLR2004
            return value, at + index + 1
    raise OSError("a header is damaged")


def _old_member(at: int, data: bytes, flags: int) -> _Member:
    if len(data) < _OLD.size + _OLD_FILE.size:
        raise OSError("a header is damaged")
    fields = _OLD_FILE.unpack_from(data, _OLD.size)
    packed, size, _, crc, stamp, _, method, length, _ = fields
    spot = _OLD.size + _OLD_FILE.size
    if flags & 0x100:
        packed |= int.from_bytes(data[spot : spot + 4], "little") << 32
        size |= int.from_bytes(data[spot + 4 : spot + 8], "little") << 32
        spot += 8
    name = data[spot : spot + length]
    if flags & 0x200:
        name = _unicode(name)
    how = _APART if flags & 3 else _READ if method == _STORE else _PACKED
    how = _ENCRYPTED if flags & 4 else how
    is_directory = flags & 0xE0 == 0xE0  # noqa: PLR2004 - the window of a directory
    time = dos_moment(stamp >> 16, stamp & 0xFFFF)
    return _Member(
        at, name.replace(b"\\", b"/"), is_directory, size, crc, time, at + len(data), packed, how
    )


def _unicode(name: bytes) -> bytes:
    """Return a name of RAR 4 in UTF-8: behind its plain form the differences are packed."""
    plain, zero, packed = name.partition(b"\0")
    if not zero:
        return plain
    high, out = packed[:1], bytearray()
    at, flags, bits = 1, 0, 0
    while at < len(packed):
        if not bits:
            flags, bits, at = packed[at], 8, at + 1
        bits -= 2
        part = packed[at : at + 3]
        match flags >> bits & 3:
            case 0:
                out += part[:1] + b"\0"
                at += 1
            case 1:
                out += part[:1] + high
                at += 1
            case 2:
                out += part[:2]
                at += 2
            case _:
                count = (part[0] & 0x7F) + 2 if part else 0
                done = len(out) // 2
                run = plain[done : done + count]
                if part and part[0] & 0x80:
                    out += b"".join(bytes([byte + part[1] & 0xFF]) + high for byte in run)
                    at += 2
                else:
                    out += b"".join(bytes([byte]) + b"\0" for byte in run)
                    at += 1
    return bytes(out).decode("utf-16-le", "replace").encode()


def _new_member(at: int, data: bytes, spot: int, head: tuple[int, int, int]) -> _Member:
    flags, extra, packed = head
    about, spot = _number(data, spot)
    size, spot = _number(data, spot)
    _, spot = _number(data, spot)
    time, crc = None, -1
    if about & 2:
        time, spot = Moment(int.from_bytes(data[spot : spot + 4], "little"), 0), spot + 4
    if about & 4:
        crc, spot = int.from_bytes(data[spot : spot + 4], "little"), spot + 4
    method, spot = _number(data, spot)
    _, spot = _number(data, spot)
    length, spot = _number(data, spot)
    how = _APART if flags & 0x18 else _PACKED if method >> 7 & 7 else _READ
    if _is_encrypted(data[len(data) - extra :] if extra else b""):
        how = _ENCRYPTED
    name = data[spot : spot + length]
    stated = -1 if about & 8 else size
    return _Member(at, name, bool(about & 1), stated, crc, time, at + len(data), packed, how)


def _is_encrypted(extra: bytes) -> bool:
    at = 0
    while at < len(extra):
        length, spot = _number(extra, at)
        kind, _ = _number(extra, spot)
        if kind == 1:
            return True
        at = spot + max(1, length)
    return False


def _entry(member: _Member, number: int) -> Entry:
    path = member_path(member.name, directory=member.is_directory)
    kind = EntryKind.DIRECTORY if member.is_directory else EntryKind.FILE
    flags = EntryFlag.ALLOCATED
    if member.how in {_PACKED, _APART}:
        flags |= EntryFlag.COMPRESSED
    if member.how == _ENCRYPTED:
        flags |= EntryFlag.ENCRYPTED
    return Entry(
        locator=f"m@{member.at:#x}",
        kind=kind,
        flags=flags,
        path=path,
        size=0 if member.is_directory else member.size,
        handle=_HANDLE.pack(
            *(member.data, member.packed, member.crc, member.how, number, max(-1, member.size))
        ),
        times=(member.time, None, None, None),
        first_offset=member.data,
        place=place_of(path, allocated=True),
    )
