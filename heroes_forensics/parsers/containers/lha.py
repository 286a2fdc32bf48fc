"""LHA archives (``.lzh``, ``.lha``) with headers of level 0 to 3.

Members that are stored are read in place, those packed with ``-lh5-``, ``-lh6-`` and ``-lh7-`` by
libarchive, which also compares their CRC-16; older methods are ``stream.unsupported``. Locators
are ``m@`` and the offset of the header.
"""

import struct
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
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import fields_of, opening
from heroes_forensics.parsers.containers.zip_records import dos_moment
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.decompression import ExpandedReader
from heroes_forensics.parsers.reading.libarchive import Entries
from heroes_forensics.parsers.reading.readers import RangeReader, exactly

_BASE: Final = struct.Struct("<5sIIIBB")
"""Method, bytes packed and unpacked, time, attribute, level; behind two bytes."""
_BASE_BYTES: Final = 2 + _BASE.size
_MOST_HEADER: Final = 1 << 16
_MOST_EXTRA: Final = 64
"""Extended headers of one member."""
_STORED: Final = frozenset({b"-lh0-", b"-lz4-"})
_PACKED: Final = frozenset({b"-lh5-", b"-lh6-", b"-lh7-"})
_DIRECTORY: Final = b"-lhd-"
_NAME, _FOLDER, _SIZES, _UNIX_TIME = 1, 2, 0x42, 0x54
_UNIX_LEVEL: Final = 2
"""From this level on the time is in seconds since 1970."""
_HANDLE: Final = struct.Struct("<QQQIB")
"""Offset of the content, its bytes packed and unpacked, which member, how it is kept."""
_READ, _UNPACKED, _OTHER = 0, 1, 2


class _Header(NamedTuple):
    method: bytes
    packed: int
    size: int
    time: Moment | None
    name: bytes
    data: int
    """Offset of the content."""


def open_lha(reader: Reader) -> "LhaFileSystem":
    """Open an archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the archive"):
        found = _header(reader, 0)
    if found is None:
        raise EvidenceError("this is no LHA archive")
    return LhaFileSystem(reader)


class LhaFileSystem:
    """Lists and opens the members of one archive."""

    kind: Final = "lha"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._contents = Entries(reader, ("lha",))
        self.left = ""
        """Code of the gap, once something was met that is no archive any more; else empty."""

    @property
    def times(self) -> TimeBasis:
        """The time of modification: of DOS, or in seconds of UTC, as the header has it."""
        return {"m": TimeRule(2_000_000_000, "local-unknown")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members in the order they lie."""
        yield from counted(self._found(), sweep="not applicable: every header is visited")

    def _found(self) -> Iterator[Entry | Gap]:
        at, number = 0, 0
        while at < self._reader.size:
            try:
                if self._reader.pread(at, 1) == b"\0":
                    return
                header = _header(self._reader, at)
            except OSError:
                header = None
            if header is None:
                yield Gap(f"m@{at:#x}", "source.damaged", {"header": "damaged"})
                return
            yield _entry(at, header, number)
            at = header.data + header.packed
            number += 1

    def open(self, handle: bytes) -> Reader:
        """Open a member.

        Raises:
            OSError: this is not a handle of this parser.
            UnsupportedError: ``stream.unsupported``.
        """
        start, packed, size, number, how = fields_of(_HANDLE, handle)
        if how == _READ:
            return RangeReader(self._reader, start, packed)
        if how == _OTHER:
            raise UnsupportedError("packed by another method", code="stream.unsupported")
        whole = RangeReader(self._reader, 0, self._reader.size)
        return ExpandedReader(whole, lambda _: self._contents.expander(number), size, -1)

    def close(self) -> None:
        """Let go of what unpacks; the reader stays open, it was handed in."""
        self._contents.close()


def _header(reader: Reader, at: int) -> _Header | None:
    """Return a header; None where this is none."""
    head = reader.pread(at, _BASE_BYTES)
    if len(head) < _BASE_BYTES or head[2:4] != b"-l" or head[6:7] != b"-":
        return None
    method, packed, size, time, _, level = _BASE.unpack_from(head, 2)
    if level < 2:  # noqa: PLR2004 - the two old levels
        return _old(reader, at, (head[0], method, packed, size, time, level))
    if level == 2:  # noqa: PLR2004
        length, width = int.from_bytes(head[:2], "little"), 2
        first = at + _BASE_BYTES + 3  # CRC-16, system
    elif level == 3:  # noqa: PLR2004
        rest = exactly(reader, at + _BASE_BYTES + 3, 4)
        length, width = int.from_bytes(rest, "little"), 4
        first = at + _BASE_BYTES + 3 + 4
    else:
        return None
    if not _BASE_BYTES < length <= _MOST_HEADER:
        return None
    extra = _extras(reader, first, width, at + length)
    return _made(method, (packed, size), Moment(time, 0), b"", extra, at + length)


def _old(reader: Reader, at: int, fields: tuple[int, bytes, int, int, int, int]) -> _Header | None:
    length, method, packed, size, time, level = fields
    data = reader.pread(at, 2 + length)
    if len(data) < 2 + length or length <= _BASE.size or sum(data[2:]) & 0xFF != data[1]:
        return None
    name = data[_BASE_BYTES + 1 : _BASE_BYTES + 1 + data[_BASE_BYTES]]
    start = at + 2 + length
    extra: dict[int, bytes] = {}
    if level:
        extra, end = _chain(reader, start - 2, 2, start + packed)
        packed -= end - start
        start = end
    moment = dos_moment(time >> 16, time & 0xFFFF)
    return _made(method, (packed, size), moment, name, extra, start)


def _extras(reader: Reader, at: int, width: int, end: int) -> dict[int, bytes]:
    return _chain(reader, at, width, end)[0]


def _chain(reader: Reader, at: int, width: int, end: int) -> tuple[dict[int, bytes], int]:
    """Return extended headers by kind, and where they end.

    Args:
        reader: the archive.
        at: offset of the length of the first.
        width: bytes of a length.
        end: where they end at the latest.

    Raises:
        OSError: they are cut off, or there are too many.
    """
    found: dict[int, bytes] = {}
    length = int.from_bytes(exactly(reader, at, width), "little")
    at += width
    for _ in range(_MOST_EXTRA):
        if not length:
            return found, at
        if length < width + 1 or length > _MOST_HEADER or at + length > end:
            break
        data = exactly(reader, at, length)
        found.setdefault(data[0], data[1:-width])
        length = int.from_bytes(data[-width:], "little")
        at += len(data)
    raise OSError("a header is damaged")


def _made(  # noqa: PLR0913, PLR0917 - what a header says, whatever its level
    method: bytes,
    sizes: tuple[int, int],
    time: Moment | None,
    name: bytes,
    extra: dict[int, bytes],
    data: int,
) -> _Header | None:
    packed, size = sizes
    if len(extra.get(_SIZES, b"")) >= 16:  # noqa: PLR2004 - two of 8 bytes
        packed, size = struct.unpack_from("<QQ", extra[_SIZES])
    if len(extra.get(_UNIX_TIME, b"")) >= 4:  # noqa: PLR2004
        time = Moment(int.from_bytes(extra[_UNIX_TIME][:4], "little"), 0)
    name = extra.get(_NAME, name)
    folder = extra.get(_FOLDER, b"").replace(b"\xff", b"/")
    name = (folder + name).replace(b"\\", b"/")
    if packed < 0 or max(packed, size) >= 1 << 63:
        return None
    return _Header(method, packed, size, time, name.partition(b"\0")[0], data)


def _entry(at: int, header: _Header, number: int) -> Entry:
    is_directory = header.method == _DIRECTORY
    how = _READ if header.method in _STORED | {_DIRECTORY} else _OTHER
    how = _UNPACKED if header.method in _PACKED else how
    path = member_path(header.name, directory=is_directory)
    flags = EntryFlag.ALLOCATED
    if how != _READ:
        flags |= EntryFlag.COMPRESSED
    return Entry(
        locator=f"m@{at:#x}",
        kind=EntryKind.DIRECTORY if is_directory else EntryKind.FILE,
        flags=flags,
        path=path or f"$member-{at:#x}".encode(),
        size=0 if is_directory else header.size,
        handle=_HANDLE.pack(header.data, header.packed, header.size, number, how),
        times=(header.time, None, None, None),
        first_offset=header.data,
        place=place_of(path, allocated=True),
    )
