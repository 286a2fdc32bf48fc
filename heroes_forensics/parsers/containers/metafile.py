"""Drawings of Windows (EMF, WMF): the pictures that they draw.

A metafile is a list of records. Some draw a bitmap (``StretchDIBits`` and its like, MS-EMF 2.3.1,
MS-WMF 2.3.1), whose header and pixels stand in the record: it is a member, with the header of a
file in front, a **reconstruction** (`bitmap`). EMF+ (MS-EMFPLUS), which stands in comments, keeps
pictures as files: these, and metafiles in it, are members as they are. Pixels of EMF+ are not read.
Locators are ``m@`` and the offset of the bitmap or file.

A record that makes no sense, one that states a bitmap it does not have, and a list that does not
come to its last record are damage, a gap. What stands behind the last record is ``r@``.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.bitmap import HEADERS, file_header
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import PIECE, behind, fields_of, opening
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import RangeReader

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
_EMF_LAST: Final = 14
_ALIGNED: Final = 4
"""Bytes of which a record has a whole number: fewer are padding behind what it holds."""
_COMMENT: Final = 70
_PLUS: Final = b"EMF+"
_PLUS_RECORD: Final = struct.Struct("<HHII")
_OBJECT: Final = 0x4008
_IMAGE: Final = 5
_GOES_ON: Final = 0x8000
_IMAGE_BITMAP, _IMAGE_METAFILE = 1, 2
_AS_PIXELS, _AS_FILE = 0, 1
_BITMAP_FILE: Final = 28
"""Bytes before the file of a picture: version, kind, width, height, stride, format, kind."""
_METAFILE: Final = 16
"""Bytes before a metafile: version, kind, kind of metafile, length."""

_WMF_RECORD: Final = struct.Struct("<IH")
_WMF_BITMAPS: Final = {0x0940: 22, 0x0B41: 26, 0x0F43: 28, 0x0D33: 24, 0x0142: 10}
"""Records with a bitmap, and where it stands: ``DIBBitBlt``, ``DIBStretchBlt``, ``StretchDIB``,
``SetDIBToDev``, ``DIBCreatePatternBrush``."""
_WMF_LAST: Final = 0
_BARE: Final = frozenset({0x0940, 0x0B41})
"""Of these, those that also come without a bitmap: the upper half of the number says how many
words they have then, but for 3."""
_FILES: Final = frozenset({4, 5})
"""How a bitmap is packed that is a JPEG or a PNG."""


class _Found(NamedTuple):
    at: int
    parts: tuple[tuple[int, int], ...]
    """Offset and bytes of each part."""
    is_bitmap: bool
    before: int = 0
    """Bytes before the pixels, where they are known."""


@dataclass(slots=True)
class _Walk:
    """What was seen of a metafile."""

    data: bytes
    pictures: dict[int, _Found] = field(default_factory=dict)
    """By their offset."""
    end: int = 0
    """Offset of the first byte that belongs to no record."""
    damaged: int = -1
    """Offset of the first record that makes no sense; -1 where all do."""
    waiting: list[tuple[int, int]] = field(default_factory=list)
    """Parts of a picture of EMF+ that is not complete: offset and bytes of each."""
    have: int = 0
    """Bytes of these."""
    total: int = 0
    """And of all parts, as the first ones state."""

    def torn(self, at: int) -> None:
        """Note that something makes no sense, and where."""
        self.damaged = at if self.damaged < 0 else self.damaged

    def found(self, picture: _Found) -> None:
        """Keep a picture."""
        self.pictures[picture.at] = picture

    def fields(self, layout: struct.Struct, at: int) -> tuple[int, int]:
        """Return the two fields with which a record begins; zeros where it has no room."""
        if at + layout.size > len(self.data):
            return 0, 0
        first, second = layout.unpack_from(self.data, at)
        return first, second

    def goes_on(self, at: int, size: int, least: int) -> bool:
        """Tell whether a record of a size leads on; note where one does not, or is cut off."""
        if size < least or at + size > len(self.data):
            self.torn(at)
        return size >= least


def open_metafile(reader: Reader) -> "MetafileFileSystem":
    """Open a drawing; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the drawing"):
        data = reader.pread(0, min(reader.size, _MOST))
    if not data.startswith(_ENHANCED, _HEAD) and not data.startswith((_PLACEABLE, *_PLAIN)):
        raise EvidenceError("this is no metafile")
    return MetafileFileSystem(reader, data, BYTES if reader.size > _MOST else "")


class MetafileFileSystem:
    """Lists and opens the pictures of one metafile."""

    kind: Final = "metafile"

    def __init__(self, reader: Reader, data: bytes, left: str) -> None:
        self._reader = reader
        self._data = data
        self.left: Final = left
        """Code of what was not looked through; empty when everything was."""

    @property
    def times(self) -> TimeBasis:
        """None are stated."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the pictures in their order, and what stands behind the last record."""
        yield from counted(self._found(), sweep="what stands behind the last record")

    def _found(self) -> Iterator[Entry | Gap]:
        walk = self._walked
        for each in walk.pictures.values():
            yield self._entry(each)
        if self.left and walk.end + _EMF_RECORD.size > len(self._data):
            return  # they go on behind what was looked through
        if walk.damaged >= 0:
            yield Gap(f"r@{walk.damaged:#x}", "source.damaged", {"record": "damaged"})
        yield from behind(self._reader, walk.end)

    @cached_property
    def _walked(self) -> _Walk:
        """What the records say."""
        walk = _Walk(self._data)
        (_enhanced if self._data.startswith(_ENHANCED, _HEAD) else _plain)(walk)
        return walk

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
        """Open a picture, or what stands behind the last record.

        Raises:
            OSError: it is not there, or this is not a handle of this parser.
        """
        if len(handle) == PIECE.size:
            return RangeReader(self._reader, *fields_of(PIECE, handle))
        found = self._walked.pictures.get(fields_of(_HANDLE, handle)[0])
        if found is None:
            raise OSError("not a handle of this parser")
        parts = (self._data[start : start + size] for start, size in found.parts)
        return BytesReader(b"".join((self._header(found), *parts)))

    def close(self) -> None:
        """Let go of it."""
        self._data = b""


def _enhanced(walk: _Walk) -> None:
    """Walk through the records of an EMF."""
    at = number = 0
    while number != _EMF_LAST:
        number, size = walk.fields(_EMF_RECORD, at)
        if not walk.goes_on(at, size, _EMF_RECORD.size):
            break
        end = min(at + size, len(walk.data))
        if number in _EMF_BITMAPS:
            _drawn(walk, at, end, at + _EMF_BITMAPS[number])
        elif number == _COMMENT and walk.data.startswith(_PLUS, at + 12, end):
            stated = at + 12 + int.from_bytes(walk.data[at + 8 : at + 12], "little")
            if not 0 <= end - stated < _ALIGNED:
                walk.torn(at)
            _plus(walk, at + 16, min(end, stated))
        at = end
    walk.end = at
    if walk.waiting:
        walk.torn(walk.waiting[0][0])


def _drawn(walk: _Walk, start: int, end: int, places: int) -> None:
    """Keep the bitmap of a record between two offsets."""
    if places + _PLACES.size > end:
        walk.torn(start)
        return
    head, head_size, pixels, pixels_size = _PLACES.unpack_from(walk.data, places)
    head, pixels = start + head, start + pixels
    if not pixels_size:
        return  # it draws without one
    is_here = head + head_size <= end and pixels + pixels_size <= end
    if not is_here or not _is_header(walk.data, head, head_size):
        walk.torn(start)
    elif head_size >= _HEAD and walk.data[head + 16] in _FILES:
        walk.found(_Found(pixels, ((pixels, pixels_size),), is_bitmap=False))
    else:
        parts = ((head, head_size), (pixels, pixels_size))
        walk.found(_Found(head, parts, is_bitmap=True, before=head_size))


def _is_header(data: bytes, at: int, size: int) -> bool:
    """Tell whether the header of a bitmap stands at an offset, all of it."""
    length = int.from_bytes(data[at : at + 4], "little")
    return length in HEADERS and length <= size


def _plus(walk: _Walk, at: int, end: int) -> None:
    """Walk through records of EMF+; parts of a picture wait for the rest of it."""
    while at + _PLUS_RECORD.size <= end:
        number, flags, size, length = _PLUS_RECORD.unpack_from(walk.data, at)
        if size < _PLUS_RECORD.size or at + size > end or _PLUS_RECORD.size + length > size:
            walk.torn(at)
        if size < _PLUS_RECORD.size:
            return
        body, last = at + _PLUS_RECORD.size, min(at + size, end)
        if number == _OBJECT and flags >> 8 & 0x7F == _IMAGE:
            _part(walk, body, min(length, last - body), goes_on=bool(flags & _GOES_ON))
        at += size
    if at < end:
        walk.torn(at)


def _part(walk: _Walk, start: int, size: int, *, goes_on: bool) -> None:
    """Take one part of a picture of EMF+.

    How long all parts are together stands in front of each but the last one. Programs differ in
    what they call the last one (MS-EMFPLUS 2.3.5.1): it may say that it goes on, and the length may
    stand in front of it, too.
    """
    said = int.from_bytes(walk.data[start : start + min(size, 4)], "little")
    is_said = walk.have + size - 4 >= walk.total == said > 0
    if goes_on or is_said:
        walk.total = said
        start, size = start + 4, max(0, size - 4)
    walk.waiting.append((start, size))
    walk.have += size
    if not goes_on or walk.have >= walk.total > 0:
        _image(walk, tuple(walk.waiting))
        walk.waiting.clear()
        walk.have = walk.total = 0


def _image(walk: _Walk, parts: tuple[tuple[int, int], ...]) -> None:
    """Keep the file that an image of EMF+ is."""
    start, size = parts[0]
    head = walk.data[start : start + min(size, _BITMAP_FILE)]
    kind, form = int.from_bytes(head[4:8], "little"), int.from_bytes(head[24:28], "little")
    before = {_IMAGE_BITMAP: _BITMAP_FILE, _IMAGE_METAFILE: _METAFILE}.get(kind, 0)
    is_known = before and size > before
    if is_known and (kind != _IMAGE_BITMAP or form == _AS_FILE):
        whole = ((start + before, size - before), *parts[1:])
        walk.found(_Found(start + before, whole, is_bitmap=False))
    elif not is_known or form != _AS_PIXELS:
        walk.torn(start)


def _plain(walk: _Walk) -> None:
    """Walk through the records of a WMF."""
    at = (_BEHIND_PLACEABLE if walk.data.startswith(_PLACEABLE) else 0) + _WMF_HEADER
    at, function = min(at, len(walk.data)), -1
    while function != _WMF_LAST:
        words, function = walk.fields(_WMF_RECORD, at)
        if not walk.goes_on(at, 2 * words, _WMF_RECORD.size):
            break
        end = min(at + 2 * words, len(walk.data))
        is_bare = function in _BARE and words == (function >> 8) + 3
        if function in _WMF_BITMAPS and not is_bare:
            _kept(walk, at, at + _WMF_BITMAPS[function], end)
        at = end
    walk.end = at


def _kept(walk: _Walk, start: int, at: int, end: int) -> None:
    """Keep the bitmap that stands at an offset in a record between two others."""
    if at >= end or not _is_header(walk.data, at, end - at):
        walk.torn(start)
    elif end - at >= _HEAD:
        walk.found(_Found(at, ((at, end - at),), is_bitmap=True))
