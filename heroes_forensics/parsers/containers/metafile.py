"""Drawings of Windows (EMF, WMF): the pictures that they draw.

A metafile is a list of records. Some draw a bitmap (``StretchDIBits`` and its like, MS-EMF 2.3.1,
MS-WMF 2.3.1), whose header and pixels stand in the record: it is a member, with the header of a
file in front, a **reconstruction** (`bitmap`). EMF+ (MS-EMFPLUS), which stands in comments, keeps
pictures as files: these, and metafiles in it, are members as they are. Pixels of EMF+ are not read.
Locators are ``m@`` and the offset of the bitmap or file.
"""

import struct
from collections.abc import Iterator
from functools import cached_property
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.bitmap import HEADERS, file_header
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.memory import BytesReader
from heroes_forensics.parsers.containers.pieces import fields_of, opening

_MOST: Final = 256 << 20
"""Bytes of a metafile that are looked through: they are in memory then."""
_HANDLE: Final = struct.Struct("<Q")
_HEAD: Final = 40
_ENHANCED: Final = b" EMF"
_PLACEABLE: Final = b"\xd7\xcd\xc6\x9a"
_PLAIN: Final = (b"\1\0\x09\0", b"\2\0\x09\0")
_BEHIND_PLACEABLE: Final = 22
_WMF_HEADER: Final = 18

_EMF_RECORD: Final = struct.Struct("<II")
_EMF_BITMAPS: Final = {
    **dict.fromkeys((76, 77, 78, 114, 116), 84),
    **dict.fromkeys((80, 81), 48),
    **dict.fromkeys((93, 94), 16),
    79: 96,
}
"""Records with a bitmap, and where they say where its header and its pixels stand: ``BitBlt``,
``StretchBlt``, ``MaskBlt``, ``AlphaBlend``, ``TransparentBlt``; ``SetDIBitsToDevice`` and
``StretchDIBits``; brushes; ``PlgBlt``."""
_PLACES: Final = struct.Struct("<IIII")
_COMMENT: Final = 70
_PLUS: Final = b"EMF+"
_PLUS_RECORD: Final = struct.Struct("<HHII")
_OBJECT: Final = 0x4008
_IMAGE: Final = 5
_GOES_ON: Final = 0x8000
_IMAGE_BITMAP, _IMAGE_METAFILE = 1, 2
_AS_FILE: Final = 1
_BITMAP_FILE: Final = 28
"""Bytes before the file of a picture: version, kind, width, height, stride, format, kind."""
_METAFILE: Final = 16
"""Bytes before a metafile: version, kind, kind of metafile, length."""

_WMF_RECORD: Final = struct.Struct("<IH")
_WMF_BITMAPS: Final = {0x0940: 22, 0x0B41: 26, 0x0F43: 28, 0x0D33: 24, 0x0142: 10}
"""Records with a bitmap, and where it stands: ``DIBBitBlt``, ``DIBStretchBlt``, ``StretchDIB``,
``SetDIBToDev``, ``DIBCreatePatternBrush``."""
_FILES: Final = frozenset({4, 5})
"""How a bitmap is packed that is a JPEG or a PNG."""


class _Found(NamedTuple):
    at: int
    parts: tuple[tuple[int, int], ...]
    """Offset and bytes of each part."""
    is_bitmap: bool
    before: int = 0
    """Bytes before the pixels, where they are known."""


def open_metafile(reader: Reader) -> "MetafileFileSystem":
    """Open a drawing; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the drawing"):
        data = reader.pread(0, min(reader.size, _MOST))
    if not data.startswith(_ENHANCED, _HEAD) and not data.startswith((_PLACEABLE, *_PLAIN)):
        raise EvidenceError("this is no metafile")
    return MetafileFileSystem(data, BYTES if reader.size > _MOST else "")


class MetafileFileSystem:
    """Lists and opens the pictures of one metafile."""

    kind: Final = "metafile"

    def __init__(self, data: bytes, left: str) -> None:
        self._data = data
        self.left: Final = left
        """Code of what was not looked through; empty when everything was."""

    @property
    def times(self) -> TimeBasis:
        """None are stated."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the pictures in their order."""
        found = (self._entry(each) for each in self._pictures.values())
        yield from counted(found, sweep="not available: what is behind the last record")

    @cached_property
    def _pictures(self) -> dict[int, _Found]:
        """All pictures, by their offset."""
        walk = _enhanced if self._data.startswith(_ENHANCED, _HEAD) else _plain
        return {each.at: each for each in walk(self._data)}

    def _entry(self, found: _Found) -> Entry:
        size = sum(size for _, size in found.parts)
        return Entry(
            locator=f"m@{found.at:#x}",
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED,
            path=b"picture/%#x%s" % (found.at, b".bmp" if found.is_bitmap else b""),
            size=size + len(self._header(found)),
            handle=_HANDLE.pack(found.at),
            first_offset=found.at,
        )

    def _header(self, found: _Found) -> bytes:
        """Return what goes in front of a picture."""
        if not found.is_bitmap:
            return b""
        size = sum(size for _, size in found.parts)
        return file_header(self._data[found.at : found.at + _HEAD], size, found.before)

    def open(self, handle: bytes) -> Reader:
        """Open a picture.

        Raises:
            OSError: it is not there, or this is not a handle of this parser.
        """
        found = self._pictures.get(fields_of(_HANDLE, handle)[0])
        if found is None:
            raise OSError("not a handle of this parser")
        parts = (self._data[start : start + size] for start, size in found.parts)
        return BytesReader(b"".join((self._header(found), *parts)))

    def close(self) -> None:
        """Let go of it."""
        self._data = b""


def _enhanced(data: bytes) -> Iterator[_Found]:
    """Yield the pictures of an EMF."""
    at = 0
    waiting: list[tuple[int, int]] = []
    while at + _EMF_RECORD.size <= len(data):
        number, size = _EMF_RECORD.unpack_from(data, at)
        if size < _EMF_RECORD.size:
            return
        end = min(at + size, len(data))
        if number in _EMF_BITMAPS:
            yield from _drawn(data, at, end, at + _EMF_BITMAPS[number])
        elif number == _COMMENT and data.startswith(_PLUS, at + 12, end):
            length = int.from_bytes(data[at + 8 : at + 12], "little")
            yield from _plus(data, at + 16, min(end, at + 12 + length), waiting)
        at += size


def _drawn(data: bytes, start: int, end: int, places: int) -> Iterator[_Found]:
    """Yield the bitmap of a record between two offsets."""
    if places + _PLACES.size > end:
        return
    head, head_size, pixels, pixels_size = _PLACES.unpack_from(data, places)
    head, pixels = start + head, start + pixels
    if not pixels_size or head + head_size > end or pixels + pixels_size > end:
        return
    if not _is_header(data, head, head_size):
        return
    if data[head + 16] in _FILES and head_size >= _HEAD:
        yield _Found(pixels, ((pixels, pixels_size),), is_bitmap=False)
    else:
        parts = ((head, head_size), (pixels, pixels_size))
        yield _Found(head, parts, is_bitmap=True, before=head_size)


def _is_header(data: bytes, at: int, size: int) -> bool:
    """Tell whether the header of a bitmap stands at an offset, all of it."""
    length = int.from_bytes(data[at : at + 4], "little")
    return length in HEADERS and length <= size


def _plus(data: bytes, at: int, end: int, waiting: list[tuple[int, int]]) -> Iterator[_Found]:
    """Yield the pictures among the records of EMF+; parts of one wait for the rest of it."""
    while at + _PLUS_RECORD.size <= end:
        number, flags, size, length = _PLUS_RECORD.unpack_from(data, at)
        if size < _PLUS_RECORD.size:
            return
        body, last = at + _PLUS_RECORD.size, min(at + size, end)
        if number == _OBJECT and flags >> 8 & 0x7F == _IMAGE:
            skipped = 4 if flags & _GOES_ON else 0  # how long all parts are together
            part = (body + skipped, max(0, min(body + length, last) - body - skipped))
            waiting.append(part)
            if not flags & _GOES_ON:
                yield from _image(data, tuple(waiting))
                waiting.clear()
        at += size


def _image(data: bytes, parts: tuple[tuple[int, int], ...]) -> Iterator[_Found]:
    """Yield the file that an image of EMF+ is."""
    start, size = parts[0]
    head = data[start : start + min(size, _BITMAP_FILE)]
    kind = int.from_bytes(head[4:8], "little")
    is_file = kind == _IMAGE_BITMAP and int.from_bytes(head[24:28], "little") == _AS_FILE
    before = _BITMAP_FILE if is_file else _METAFILE if kind == _IMAGE_METAFILE else 0
    if before and size > before:
        yield _Found(start + before, ((start + before, size - before), *parts[1:]), is_bitmap=False)


def _plain(data: bytes) -> Iterator[_Found]:
    """Yield the pictures of a WMF."""
    at = (_BEHIND_PLACEABLE if data.startswith(_PLACEABLE) else 0) + _WMF_HEADER
    while at + _WMF_RECORD.size <= len(data):
        words, function = _WMF_RECORD.unpack_from(data, at)
        end = at + 2 * words
        if 2 * words < _WMF_RECORD.size:
            return
        start = at + _WMF_BITMAPS.get(function, 0)
        if function in _WMF_BITMAPS and start < min(end, len(data)):
            size = min(end, len(data)) - start
            if _is_header(data, start, size) and size >= _HEAD:
                yield _Found(start, ((start, size),), is_bitmap=True)
        at = end
