"""Frames of Zstandard and LZ4 that are to be skipped: what they hold nobody sees who expands them.

The two formats have them in common (RFC 8878 3.1.2, "LZ4 Frame Format Description" 1.6). They stand
in front of, between and behind other frames, of which only lengths are read (RFC 8878 3.1.1).
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.lz4 import frame_end
from heroes_forensics.parsers.reading.readers import ConcatReader, RangeReader

ZSTD: Final = b"\x28\xb5\x2f\xfd"
_SKIPPED: Final = struct.Struct("<B3sI")
_MARK, _FIRST = b"\x2a\x4d\x18", range(0x50, 0x60)
MOST_STEPS: Final = 1 << 18
"""Blocks and frames that are walked over at most."""
_DICTIONARY: Final = (0, 1, 2, 4)
_CONTENT: Final = (0, 2, 4, 8)
"""Bytes of the numbers in the header of a frame, by the two bits that say so."""
_SINGLE, _CHECKSUM = 0x20, 4
_LAST, _RLE = 1, 1


class TooManyError(Exception):
    """There are more blocks than are walked over."""


def is_one(head: bytes) -> bool:
    """Tell whether bytes begin like such a frame."""
    return head[1:4] == _MARK and head[0] in _FIRST


def kind_behind(reader: Reader) -> str:
    """Return the type of the first other frame: ``zstd`` or ``lz4``; the first where there is none.

    Raises:
        OSError: the lengths cannot be read.
    """
    at = 0
    for _ in range(MOST_STEPS):
        head = reader.pread(at, _SKIPPED.size)
        if len(head) < _SKIPPED.size or not is_one(head):
            return "lz4" if frame_end(reader, at) != at else "zstd"
        at += _SKIPPED.size + _SKIPPED.unpack(head)[2]
    return "zstd"


def without(reader: Reader) -> Reader:
    """Return a stream without such frames: libarchive ends at one that is long, and says nothing.

    Raises:
        OSError: the lengths cannot be read, or there are more frames than are walked over.
    """
    parts, at = [], 0
    try:
        for start, end in skipped(reader):
            parts.append(RangeReader(reader, at, start - _SKIPPED.size - at))
            at = end
    except TooManyError as error:
        raise OSError("too many frames") from error
    if not parts:
        return reader
    parts.append(RangeReader(reader, at, reader.size - at))
    return ConcatReader([part for part in parts if part.size > 0])


def skipped(reader: Reader) -> Iterator[tuple[int, int]]:
    """Yield where the content of each such frame begins and ends, up to what is no frame.

    Raises:
        OSError: the lengths cannot be read.
        TooManyError: there are more than `MOST_STEPS`.
    """
    at = 0
    for _ in range(MOST_STEPS):
        head = reader.pread(at, _SKIPPED.size)
        if len(head) == _SKIPPED.size and is_one(head):
            start = at + _SKIPPED.size
            at = start + _SKIPPED.unpack(head)[2]
            yield start, min(at, reader.size)
            continue
        end = _zstd_end(reader, at) if head.startswith(ZSTD) else frame_end(reader, at)
        if end <= at:
            return
        at = end
    raise TooManyError


def _zstd_end(reader: Reader, at: int) -> int:
    """Return the offset behind a frame of Zstandard; -1 where it is cut off."""
    head = reader.pread(at, 5)
    if len(head) <= len(ZSTD):
        return -1
    said = head[4]
    is_single = bool(said & _SINGLE)
    at += len(head) + _DICTIONARY[said & 3] + (not is_single)
    at += _CONTENT[said >> 6] or is_single
    for _ in range(MOST_STEPS):
        block = int.from_bytes(reader.pread(at, 3), "little")
        at += 3 + (1 if block >> 1 & 3 == _RLE else block >> 3)
        if at > reader.size:
            return -1
        if block & _LAST:
            return at + 4 * bool(said & _CHECKSUM)
    raise TooManyError
