"""Whether a Matroska or WebM has all of its bytes: FFmpeg reads what is left and says nothing.

After RFC 8794 (EBML) and RFC 9559: behind its head, one segment says how long it is, or, of what
was recorded while it was sent, that nobody knew.
"""

import io
from typing import BinaryIO, Final

_HEAD: Final = b"\x1a\x45\xdf\xa3"
_SEGMENT: Final = b"\x18\x53\x80\x67"
_LONGEST: Final = 8
"""Bytes of a number at most."""
_LOOKED: Final = 4096
"""Bytes at the beginning that are looked at; the head has about 40."""


def ends_early(stream: BinaryIO) -> bool:
    """Say whether a Matroska is shorter than it says; its position changes."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    data = stream.read(_LOOKED)
    if data[:4] != _HEAD:
        return False
    length, start = _number(data, 4)
    at = start + (length or 0)
    if length is None or data[at : at + 4] != _SEGMENT:
        return False
    length, start = _number(data, at + 4)
    return length is not None and start + length > size


def _number(data: bytes, at: int) -> tuple[int | None, int]:
    """Return a number and where what follows it begins; None where it is not known."""
    width = _LONGEST + 1 - data[at].bit_length() if data[at : at + 1] else _LONGEST + 1
    if width > _LONGEST or at + width > len(data):
        return None, at
    value = int.from_bytes(data[at : at + width], "big") & ((1 << 7 * width) - 1)
    return (None if value == (1 << 7 * width) - 1 else value), at + width
