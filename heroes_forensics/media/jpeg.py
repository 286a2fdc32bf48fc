"""What stands in a JPEG before its pixels: its kind of coding, and further pictures behind it.

Nothing is decoded here. After ITU-T T.81 (markers) and CIPA DC-007 (the multi-picture format, MPO:
cameras and telephones put further pictures behind the first one, and an index of them into it).
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from heroes_forensics.filetype.directories import MAX_PREVIEW, Tiff
from heroes_forensics.frames import PICTURE_FRAMES

MAX_SEGMENTS: Final = 4096
"""Segments before the pixels that are looked at: 256 MiB of metadata."""
MAX_EXIF: Final = 1 << 20
"""Bytes of Exif in a JPEG; the segments behind it are left."""
_START: Final = b"\xff\xd8"
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
"""Markers without a length."""
_END: Final = frozenset({0xD9, 0xDA})
"""End of the picture, start of the pixels."""
_DECODED: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Frames that libjpeg decodes: baseline, extended and progressive; not lossless ones."""
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_APP1: Final = 0xE1
_APP2: Final = 0xE2
_EXIF: Final = b"Exif\0\0"
_INDEX: Final = b"MPF\0"
_ENTRIES: Final = 0xB002
_ENTRY: Final = 16


def is_decodable(stream: BinaryIO) -> bool:
    """Say whether a JPEG is of a coding that is decoded: raw files hold lossless ones, too."""
    for marker, _, _ in _segments(stream):
        if marker in _FRAMES:
            return marker in _DECODED
    return False


def others(stream: BinaryIO) -> list[tuple[int, int]]:
    """Return (offset, bytes) of the pictures behind the first one, in the order of their index."""
    for marker, offset, length in _segments(stream):
        if marker != _APP2 or length < len(_INDEX):
            continue
        stream.seek(offset)
        if stream.read(len(_INDEX)) != _INDEX:
            continue
        start = offset + len(_INDEX)
        data = stream.read(min(length - len(_INDEX), 1 << 16))
        return list(_listed(stream, start, data))[: PICTURE_FRAMES - 1]
    return []


def exif(stream: BinaryIO) -> bytes:
    """Return the Exif of a JPEG, without the mark before it; empty without any.

    What is longer than a segment goes on in the next ones, each with the mark.
    """
    data = b""
    for marker, offset, length in _segments(stream):
        if marker == _APP1 and length > len(_EXIF) and len(data) < MAX_EXIF:
            stream.seek(offset)
            if stream.read(len(_EXIF)) == _EXIF:
                data += stream.read(length - len(_EXIF))
    return data


def _listed(stream: BinaryIO, start: int, data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the places that an index names and where a picture begins."""
    try:
        index = Tiff(io.BytesIO(data))
    except ValueError:
        return
    size = stream.seek(0, io.SEEK_END)
    seen = {0}
    for fields in index.all():
        field = fields.get(_ENTRIES)
        if field is None:
            continue
        for at in range(field.where, min(field.where + field.values, len(data)), _ENTRY):
            entry = data[at : at + _ENTRY]
            length, offset = index.number(entry[4:8]), index.number(entry[8:12])
            if not offset or start + offset in seen or not 0 < length <= MAX_PREVIEW:
                continue  # the first picture has offset 0
            seen.add(start + offset)
            stream.seek(start + offset)
            if start + offset < size and stream.read(2) == _START:
                yield start + offset, length


def _segments(stream: BinaryIO) -> Iterator[tuple[int, int, int]]:
    """Yield (marker, offset, bytes) of the segments before the pixels."""
    stream.seek(0)
    if stream.read(2) != _START:
        return
    position = 2
    for _ in range(MAX_SEGMENTS):
        stream.seek(position)
        head = stream.read(4)
        if len(head) < 4 or head[0] != 0xFF:  # noqa: PLR2004 - marker and length
            return
        marker = head[1]
        if marker == 0xFF or marker in _ALONE:  # noqa: PLR2004 - a byte that fills up
            position += 1 if marker == 0xFF else 2  # noqa: PLR2004
            continue
        if marker in _END:
            return
        length = int.from_bytes(head[2:4], "big")
        yield marker, position + 4, length - 2
        position += 2 + length
