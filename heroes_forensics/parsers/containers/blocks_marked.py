"""Where the blocks of bzip2 and the frames of Zstandard lie: in order, without an index.

Sources: RFC 8878 and, of bzip2, which has no specification, its manual and source (``compress.c``).
"""

import struct
from collections.abc import Iterator
from functools import partial
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.blocks_model import (
    CUT,
    MOST,
    STEP,
    Piece,
    Pieces,
    itself,
    too_large,
)
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import RangeReader

_BLOCK, _END = 0x314159265359, 0x177245385090
_MARK_BITS, _CRC_BITS, _BZIP2_HEAD = 48, 32, 4
_MOST_BLOCK: Final = 2 << 20
"""Bytes of a block as stored: what 900,000 bytes at most cost with their tables."""
_WINDOW: Final = 4 << 20


def bzip2_blocks(reader: Reader) -> Pieces:
    """Find the blocks by their marks; a stream ends with a mark, too."""
    found = Pieces("bzip2")
    combined, wanted, begun = 0, _BZIP2_HEAD * 8, -1
    for at, mark in _marks(reader):
        if begun < 0 and at != wanted:
            break  # something else lies between two streams, or in place of the first block
        if begun >= 0:
            crc = _bits(reader, begun + _MARK_BITS, _CRC_BITS)
            combined = (combined << 1 | combined >> 31) & 0xFFFFFFFF ^ crc
            if at - begun > 8 * _MOST_BLOCK:
                break
            found.found.append(_bzip2_piece(reader, begun, at))
        begun = at if mark == _BLOCK else -1
        if mark == _END:
            if _bits(reader, at + _MARK_BITS, _CRC_BITS) != combined:
                found.fault = CUT  # a block of it is not there
            behind = (at + _MARK_BITS + _CRC_BITS + 7) // 8
            combined, wanted = 0, (behind + _BZIP2_HEAD) * 8
            found.end = behind
    if begun >= 0 or not found.end or any(reader.pread(found.end, STEP)):
        found.fault = CUT
    return found


def _marks(reader: Reader) -> Iterator[tuple[int, int]]:
    """Yield offset in bits and kind of each mark, in their order."""
    wanted = [(shift, mark, *_inner(mark, shift)) for shift in range(8) for mark in (_BLOCK, _END)]
    count = 0
    for start in range(0, reader.size, _WINDOW):
        window = reader.pread(start, _WINDOW + 7)
        here: list[tuple[int, int]] = []
        for shift, mark, needle, skip in wanted:
            at = window.find(needle)
            while at >= 0:
                first = at - skip
                whole = int.from_bytes(window[max(first, 0) : first + 7].ljust(7, b"\0"), "big")
                if 0 <= first < _WINDOW and whole >> 8 - shift & (1 << _MARK_BITS) - 1 == mark:
                    here.append(((start + first) * 8 + shift, mark))
                at = window.find(needle, at + 1)
        count += len(here)
        if count > MOST:
            raise too_large()
        yield from sorted(here)


def _inner(mark: int, shift: int) -> tuple[bytes, int]:
    """Return the whole bytes of a mark that begins at a bit, and how many lie before them."""
    shifted = (mark << 8 - shift).to_bytes(7, "big")
    return (shifted[:6], 0) if not shift else (shifted[1:6], 1)


def _bits(reader: Reader, at: int, count: int) -> int:
    first, last = at // 8, (at + count + 7) // 8
    data = reader.pread(first, last - first).ljust(last - first, b"\0")
    return int.from_bytes(data, "big") >> last * 8 - at - count & (1 << count) - 1


def _bzip2_piece(reader: Reader, at: int, end: int) -> Piece:
    """Return a block as a stream of its own, at the largest level: it reads all others."""

    def stored() -> Reader:
        block = _bits(reader, at, end - at)
        crc = _bits(reader, at + _MARK_BITS, _CRC_BITS)
        count = end - at + _MARK_BITS + _CRC_BITS
        value = (block << _MARK_BITS | _END) << _CRC_BITS | crc
        data = (value << -count % 8).to_bytes((count + 7) // 8, "big")
        return BytesReader(b"BZh9" + data)

    return Piece(-1, stored)


_ZSTD_MAGIC: Final = 0xFD2FB528
_SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)
_SINGLE, _CHECKSUM = 0x20, 4
_U32: Final = struct.Struct("<I")
_RLE, _RESERVED = 1, 3


def zstd_frames(reader: Reader) -> Pieces:
    """Find the frames by their headers and those of their blocks (RFC 8878, 3.1.1)."""
    found = Pieces("zstd")
    at = 0
    while at < reader.size:
        head = reader.pread(at, 18)
        magic = _U32.unpack(head[:4].ljust(4, b"\0"))[0]
        if magic in _SKIPPABLE:
            at += 8 + int.from_bytes(head[4:8], "little")
            found.fault = CUT if at > reader.size else ""
            continue
        if magic != _ZSTD_MAGIC:
            found.fault = CUT if any(reader.pread(at, STEP)) else ""
            break
        size, end = _zstd_frame(reader, at, head)
        stored = RangeReader(reader, at, (end if end >= 0 else reader.size) - at)
        found.found.append(Piece(size if end >= 0 else -1, partial(itself, stored)))
        if end < 0:
            found.fault = CUT
            break
        if len(found.found) > MOST:
            raise too_large()
        at = end
    return found


def _zstd_frame(reader: Reader, at: int, head: bytes) -> tuple[int, int]:
    """Return the stated size of a frame, or -1, and where it ends, or -1 where it is cut off."""
    if len(head) < 6:  # noqa: PLR2004 - a magic number, a descriptor, and what follows
        return -1, -1
    flags = head[4]
    place = 5 + (not flags & _SINGLE) + (0, 1, 2, 4)[flags & 3]
    width = (1 if flags & _SINGLE else 0, 2, 4, 8)[flags >> 6]
    stated = head[place : place + width]
    size = int.from_bytes(stated, "little") + (256 if width == 2 else 0)  # noqa: PLR2004
    at += place + width
    while len(block := reader.pread(at, 3)) == 3:  # noqa: PLR2004 - bytes of its header
        value = int.from_bytes(block, "little")
        kind, length = value >> 1 & 3, value >> 3
        if kind == _RESERVED:
            break
        at += 3 + (1 if kind == _RLE else length)
        if value & 1:
            at += 4 * bool(flags & _CHECKSUM)
            return (size if width else -1), (at if at <= reader.size else -1)
    return -1, -1
