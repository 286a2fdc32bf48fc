"""Where the blocks of xz lie.

Source: "The .xz File Format" 1.2.1.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.blocks_model import (
    CUT,
    MOST,
    STEP,
    Piece,
    Pieces,
    too_large,
)
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import ConcatReader, RangeReader

_MAGIC: Final = b"\xfd7zXZ\0"
_HEAD, _FOOT = 12, 12
_MOST_INDEX: Final = 64 << 20
_CHECKS: Final = (0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64)
"""Bytes of the check behind each block, by its number."""
_HAS_STORED, _HAS_SIZE = 0x40, 0x80


def xz_blocks(reader: Reader) -> Pieces:
    """Find the blocks by the index behind them, or, where there is none, by their headers."""
    found = Pieces("xz")
    try:
        for head, at, unpadded, size in _indexed(reader):
            found.found.append(_piece(reader, head, at, unpadded, size))
            if len(found.found) > MOST:
                raise too_large()
    except _MissingError:
        found.found.clear()
    if found.found:
        return found
    found.fault = CUT
    for head, at, unpadded, size in _walked(reader):
        found.found.append(_piece(reader, head, at, unpadded, size))
        if len(found.found) > MOST:
            raise too_large()
    return found


def _indexed(reader: Reader) -> list[tuple[bytes, int, int, int]]:
    """Return head of the stream, offset, bytes and expanded bytes of each block, in their order."""
    streams: list[list[tuple[bytes, int, int, int]]] = []
    end = reader.size
    while end > 0:
        tail = reader.pread(max(0, end - STEP), min(end, STEP))
        padding = len(tail) - len(tail.rstrip(b"\0"))
        if padding >= 4:  # noqa: PLR2004 - padding is in whole fours
            end -= padding // 4 * 4
            continue
        foot = tail[-_FOOT:] if end >= _FOOT + _HEAD else b""
        start, blocks = _stream(reader, end, foot)
        streams.append(blocks)
        end = start
    return [block for blocks in reversed(streams) for block in blocks]


def _stream(reader: Reader, end: int, foot: bytes) -> tuple[int, list[tuple[bytes, int, int, int]]]:
    if foot[10:] != b"YZ" or zlib.crc32(foot[4:10]) != int.from_bytes(foot[:4], "little"):
        raise _MissingError
    length = (int.from_bytes(foot[4:8], "little") + 1) * 4
    if length > min(_MOST_INDEX, end - _FOOT - _HEAD):
        raise _MissingError
    index = reader.pread(end - _FOOT - length, length)
    crc = int.from_bytes(index[-4:], "little")
    if len(index) < length or index[0] or zlib.crc32(index[:-4]) != crc:
        raise _MissingError
    count, place = _varint(index, 1)
    if count > min(length // 2, MOST):
        raise _MissingError
    records: list[tuple[int, int]] = []
    for _ in range(count):
        unpadded, place = _varint(index, place)
        size, place = _varint(index, place)
        records.append((unpadded, size))
    at = end - _FOOT - length - sum(_padded(unpadded) for unpadded, _ in records)
    head = reader.pread(at - _HEAD, _HEAD) if at >= _HEAD else b""
    if not _is_head(head) or head[6:8] != foot[8:10]:
        raise _MissingError
    start = at - _HEAD
    blocks: list[tuple[bytes, int, int, int]] = []
    for unpadded, size in records:
        blocks.append((head, at, unpadded, size))
        at += _padded(unpadded)
    return start, blocks


def _is_head(head: bytes) -> bool:
    crc = int.from_bytes(head[8:12], "little")
    return head.startswith(_MAGIC) and len(head) == _HEAD and zlib.crc32(head[6:8]) == crc


def _walked(reader: Reader) -> Iterator[tuple[bytes, int, int, int]]:
    """Yield blocks of the first stream as far as their headers say how long they are.

    The last one is the one that is not there as a whole, or does not say it.
    """
    head = reader.pread(0, _HEAD)
    if not _is_head(head):
        return
    at = _HEAD
    while at < reader.size:
        length = (reader.pread(at, 1)[0] + 1) * 4
        block = reader.pread(at, length)
        if length == 4 or len(block) < length:  # noqa: PLR2004 - the index begins with a zero
            return
        if zlib.crc32(block[:-4]) != int.from_bytes(block[-4:], "little"):
            return
        unpadded = size = -1
        try:
            if block[1] & _HAS_STORED and block[1] & _HAS_SIZE:
                stored, place = _varint(block, 2)
                size, _ = _varint(block, place)
                unpadded = length + stored + _CHECKS[head[7] & 15]
        except _MissingError:
            return
        if unpadded < 0 or at + unpadded > reader.size:
            yield head, at, reader.size - at, -1
            return
        yield head, at, unpadded, size
        at += _padded(unpadded)


def _piece(reader: Reader, head: bytes, at: int, unpadded: int, size: int) -> Piece:
    """Return a block as a stream of its own: the library checks what the block is checked by."""

    def stored() -> Reader:
        block = RangeReader(reader, at, _padded(unpadded) if size >= 0 else unpadded)
        return ConcatReader((BytesReader(head), block, BytesReader(tail)))

    index = b"\0\1" + _as_varint(unpadded) + _as_varint(max(size, 0))
    index += bytes(-len(index) % 4)
    index += struct.pack("<I", zlib.crc32(index))
    foot = struct.pack("<I2s", len(index) // 4 - 1, head[6:8])
    tail = index + struct.pack("<I", zlib.crc32(foot)) + foot + b"YZ" if size >= 0 else b""
    return Piece(size, stored)


def _padded(length: int) -> int:
    return length + -length % 4


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 7 bits a byte (1.2 of the format), and where it ends."""
    value = 0
    for shift in range(0, 63, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - no byte follows
            return value, at
    raise _MissingError


def _as_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - 7 bits a byte
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


class _MissingError(Exception):
    """What should be here is not."""
