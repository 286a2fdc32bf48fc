"""Cabinets of Windows (``.cab``): files of folders that are stored, or packed with MSZIP or LZX.

The form is that of Microsoft's "Cabinet File Format" (MS-CAB). Locators are ``m@`` and the offset
of the file's entry. LZX is unpacked by libarchive. Folders packed with Quantum are
``stream.unsupported``, and so are files that began in the cabinet before this one, or go on in the
next.
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
from heroes_forensics.parsers.containers.pieces import fields_of, opening
from heroes_forensics.parsers.containers.zip_records import dos_moment
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.decompression import ExpandedReader
from heroes_forensics.parsers.reading.libarchive import Entries
from heroes_forensics.parsers.reading.readers import RangeReader, exactly

_HEADER: Final = struct.Struct("<4s4xI4xI4xBBHHHHH")
_RESERVED: Final = struct.Struct("<HBB")
_FOLDER: Final = struct.Struct("<IHH")
_FILE: Final = struct.Struct("<IIHHHH")
_BLOCK: Final = struct.Struct("<IHH")
_PREVIOUS, _NEXT, _HAS_RESERVED = 1, 2, 4
_STORED, _MSZIP, _LZX = 0, 1, 3
_MOST_NAME: Final = 257
_UTF8: Final = 0x80
_WINDOW: Final = 1 << 15
_HANDLE: Final = struct.Struct("<IIHH")
"""Bytes of the file, where in the folder it begins, number of the folder, number of the file."""


class _Folder(NamedTuple):
    at: int
    blocks: int
    method: int


def open_cab(reader: Reader) -> "CabFileSystem":
    """Open a cabinet; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the cabinet"):
        data = reader.pread(0, _HEADER.size)
        if len(data) < _HEADER.size or not data.startswith(b"MSCF"):
            raise EvidenceError("this is no cabinet")
        _, _, files, _, _, folders, count, flags, _, _ = _HEADER.unpack(data)
        at = _HEADER.size
        header = folder = block = 0
        if flags & _HAS_RESERVED:
            header, folder, block = _RESERVED.unpack(exactly(reader, at, _RESERVED.size))
            at += _RESERVED.size + header
        for _ in range(2 * bool(flags & _PREVIOUS) + 2 * bool(flags & _NEXT)):
            at += len(_text(reader, at)) + 1
        found = []
        for _ in range(folders):
            found.append(_Folder(*_FOLDER.unpack(exactly(reader, at, _FOLDER.size))))
            at += _FOLDER.size + folder
    opened = CabFileSystem(reader, found, (files, count), block)
    opened.left = PART if flags & (_PREVIOUS | _NEXT) else ""
    return opened


def _text(reader: Reader, at: int) -> bytes:
    text, zero, _ = reader.pread(at, _MOST_NAME).partition(b"\0")
    if not zero:
        raise OSError("a name has no end")
    return text


class CabFileSystem:
    """Lists and opens the files of one cabinet."""

    kind: Final = "cab"

    def __init__(
        self, reader: Reader, folders: list[_Folder], files: tuple[int, int], reserved: int
    ) -> None:
        self._reader = reader
        self._folders = folders
        self._files, self._count = files
        self._reserved = reserved
        self._current: tuple[int, Reader] | None = None
        """The folder that was read last."""
        self._contents = Entries(reader, ("cab",))
        self.left = ""
        """Code of the gap of a cabinet that is one of several; else empty."""

    @property
    def times(self) -> TimeBasis:
        """Those of DOS."""
        return {"m": TimeRule(2_000_000_000, "local-unknown")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the files in the order of their entries."""
        yield from counted(self._found(), sweep="not applicable: every entry is visited")

    def _found(self) -> Iterator[Entry | Gap]:
        at = self._files
        for number in range(self._count):
            try:
                head = _FILE.unpack(exactly(self._reader, at, _FILE.size))
                name = _text(self._reader, at + _FILE.size)
            except OSError:
                yield Gap(f"m@{at:#x}", "source.damaged", {"entry": "damaged"})
                return
            size, offset, folder, date, time, attributes = head
            text = name.decode("utf-8" if attributes & _UTF8 else "cp1252", "surrogateescape")
            raw = text.encode("utf-8", "surrogateescape").replace(b"\\", b"/")
            path = member_path(raw, directory=False)
            known = self._folders[folder].at if folder < len(self._folders) else 0
            yield Entry(
                locator=f"m@{at:#x}",
                kind=EntryKind.FILE,
                flags=EntryFlag.ALLOCATED | EntryFlag.COMPRESSED,
                path=path,
                size=size,
                handle=_HANDLE.pack(size, offset, folder, number),
                times=(dos_moment(date, time), None, None, None),
                first_offset=known + offset,
                place=place_of(path, allocated=True),
            )
            at += _FILE.size + len(name) + 1

    def open(self, handle: bytes) -> Reader:
        """Open a file.

        Raises:
            OSError: this is not a handle of this parser.
            UnsupportedError: ``stream.unsupported``.
        """
        size, offset, number, file = fields_of(_HANDLE, handle)
        if number >= len(self._folders):
            raise UnsupportedError("part of it lies in another cabinet", code="stream.unsupported")
        folder = self._folders[number]
        if folder.method & 15 == _LZX:
            whole = RangeReader(self._reader, 0, self._reader.size)
            return ExpandedReader(whole, lambda _: self._contents.expander(file), size, -1)
        if folder.method & 15 not in {_STORED, _MSZIP}:
            raise UnsupportedError(
                "the folder is packed by another method", code="stream.unsupported"
            )
        if self._current is None or self._current[0] != number:
            blocks = RangeReader(self._reader, folder.at, max(0, self._reader.size - folder.at))
            made = ExpandedReader(
                blocks, lambda each: _Blocks(each, folder, self._reserved), -1, -1
            )
            self._current = number, made
        return RangeReader(self._current[1], offset, size)

    def close(self) -> None:
        """Let go of what unpacks; the reader stays open, it was handed in."""
        self._contents.close()


class _Blocks:
    """The blocks of a folder, each of at most 32 KiB unpacked."""

    def __init__(self, reader: Reader, folder: _Folder, reserved: int) -> None:
        self._reader = reader
        self._at = 0
        self._left = folder.blocks
        self._is_packed = folder.method & 15 == _MSZIP
        self._reserved = reserved
        self._window = b""
        """What was unpacked last: the next block refers to it."""
        self._ready = b""

    @property
    def finished(self) -> bool:
        """Whether every block was taken."""
        return not self._left and not self._ready

    def take(self, most: int) -> bytes:
        """Return the next bytes.

        Raises:
            OSError: a block is damaged.
        """
        while not self._ready and self._left:
            self._ready = self._block()
            self._left -= 1
        data, self._ready = self._ready[:most], self._ready[most:]
        return data

    def copy(self) -> None:
        """Say that there is none: what lies behind is expanded again."""

    def _block(self) -> bytes:
        head = exactly(self._reader, self._at, _BLOCK.size)
        _, packed, size = _BLOCK.unpack(head)
        self._at += _BLOCK.size + self._reserved
        data = exactly(self._reader, self._at, packed)
        self._at += packed
        if self._is_packed:
            if not data.startswith(b"CK"):
                raise OSError("a block is damaged")
            engine = zlib.decompressobj(-zlib.MAX_WBITS, zdict=self._window)
            try:
                data = engine.decompress(data[2:], size + 1)
            except zlib.error as error:
                raise OSError("a block is damaged") from error
            self._window = (self._window + data)[-_WINDOW:]
        if len(data) != size or size > _WINDOW:
            raise OSError("a block has another size than it states")
        return data
