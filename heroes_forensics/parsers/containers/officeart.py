"""Pictures that Office keeps in its own records (MS-ODRAW): where they lie among other bytes.

A picture is a record of the kind ``OfficeArtBlip``: what it is stands in its first four bytes, and
how long it is in the next. Tables elsewhere in a document say which of them a page shows; here the
bytes are searched for the records themselves, so that a picture that no table names any more, as
old versions of a saved document have them, is found like the others.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.parsers.containers.bitmap import HEADERS

PLAIN, DEFLATED, BITMAP = 0, 1, 2
"""How a picture is kept: as the file it was, packed as zlib packs, or as a bitmap without the
header that a file has."""

_KINDS: Final[dict[int, tuple[str, frozenset[int]]]] = {
    0xF01A: ("emf", frozenset({0x3D4})),
    0xF01B: ("wmf", frozenset({0x216})),
    0xF01C: ("pict", frozenset({0x542})),
    0xF01D: ("jpg", frozenset({0x46A, 0x6E2})),
    0xF01E: ("png", frozenset({0x6E0})),
    0xF01F: ("bmp", frozenset({0x7A8})),
    0xF029: ("tif", frozenset({0x6E4})),
    0xF02A: ("jpg", frozenset({0x46A, 0x6E2})),
}
"""By type of record: how its file ends, and its instances where one digest stands before the
picture; where two stand there, the instance is one more."""
_TYPE: Final = re.compile(rb"[\x1a-\x1f)*]\xf0")
_RECORD: Final = struct.Struct("<HHI")
_DIGEST: Final = 16
_METAFILE: Final = struct.Struct("<I24xIBB")
"""Bytes when expanded, bytes as kept, whether it is packed, and a constant."""
_PACKED, _NOT_PACKED, _FILTER = 0, 0xFE, 0xFE
_BITMAPS: Final = tuple(size.to_bytes(4, "little") for size in HEADERS)
_BEGIN: Final = {b"\xff\xd8": "jpg", b"\x89PNG": "png", b"GIF8": "gif", b"II": "tif", b"MM": "tif"}
"""How pictures begin that are kept as files: records for PNG hold GIF, too."""
_METAFILES: Final = frozenset({"emf", "wmf", "pict"})


class Held(NamedTuple):
    """Something that lies among other bytes."""

    start: int
    """Offset of its first byte."""
    size: int
    """Bytes as kept, as it states them."""
    form: int
    """`PLAIN`, `DEFLATED` or `BITMAP`."""
    name: bytes
    """What it is called there, or how its file ends, with a dot."""
    expanded: int = 0
    """Bytes when it is expanded, of what is packed."""


def pictures(data: bytes) -> Iterator[Held]:
    """Yield the pictures among bytes in their order; one may state more than there is."""
    at = 2
    while (hit := _TYPE.search(data, at)) is not None:
        start = hit.start() - 2
        at = hit.start() + 1
        if start + _RECORD.size > len(data):
            return
        piece = _picture(data, start)
        if piece is not None:
            yield piece
            end = piece.start + piece.size
            at = end + 2 if end <= len(data) else piece.start


def _picture(data: bytes, start: int) -> Held | None:
    """Return the picture whose record begins at an offset; None where none does."""
    version, number, size = _RECORD.unpack_from(data, start)
    ending, instances = _KINDS[number]
    digests = 1 if version >> 4 in instances else 2 if (version >> 4) - 1 in instances else 0
    if version & 0xF or not digests:
        return None
    at = start + _RECORD.size
    end = at + size
    at += _DIGEST * digests
    if ending not in _METAFILES:
        return _file(data, at + 1, end, ending)  # behind a byte that says nothing
    if at + _METAFILE.size > min(end, len(data)):
        return None
    expanded, kept, packed, constant = _METAFILE.unpack_from(data, at)
    at += _METAFILE.size
    if packed not in {_PACKED, _NOT_PACKED} or constant != _FILTER or not 0 < kept <= end - at:
        return None
    form = DEFLATED if packed == _PACKED else PLAIN
    return Held(at, kept, form, f".{ending}".encode(), expanded)


def _file(data: bytes, at: int, end: int, ending: str) -> Held | None:
    """Return a picture that is kept as a file, or as a bitmap without its header."""
    if ending == "bmp":
        is_one = at < end and data.startswith(_BITMAPS, at)
        return Held(at, end - at, BITMAP, b".bmp") if is_one else None
    begins = (found for magic, found in _BEGIN.items() if at < end and data.startswith(magic, at))
    ending = next(begins, "")
    return Held(at, end - at, PLAIN, f".{ending}".encode()) if ending else None
