"""The content of a file of JFFS2: pieces by their versions, each compressed by itself."""

import zlib
from bisect import bisect_right
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.expand import expand
from heroes_forensics.parsers.filesystems.kept import Kept

_NONE, _ZERO, _RTIME, _ZLIB, _LZO = 0, 1, 2, 6, 7
_METHODS: Final = {_ZLIB: "gzip", _LZO: "lzo"}
_MOST: Final = 1 << 20
"""Bytes that a piece has at most, stored or expanded: it is a page, which is 4 to 64 KiB."""
_KEPT: Final = 32
_ONES: Final = 0xFFFFFFFF


class Piece(NamedTuple):
    """A node that holds part of a file."""

    version: int
    at: int
    """Offset of what it stores, in the volume, bytes."""
    offset: int
    """In the file, bytes."""
    length: int
    stored: int
    method: int
    checksum: int

    @property
    def is_hole(self) -> bool:
        """Whether it stands for zeros and holds nothing."""
        return self.method == _ZERO


class Jffs2File:
    """A file as a `Reader`."""

    def __init__(self, reader: Reader, pieces: list[Piece], size: int) -> None:
        """Lay the pieces over one another, the highest version on top."""
        self._reader = reader
        self._size = size
        self._starts: list[int] = [0]
        self._tops: list[Piece | None] = [None]
        for piece in sorted(pieces):
            self._lay(piece)
        self._whole: Kept[Piece, bytes] = Kept(_KEPT)

    def _lay(self, piece: Piece) -> None:
        """Replace what is under a piece; what was there goes on behind its end."""
        begin, end = piece.offset, piece.offset + piece.length
        first = bisect_right(self._starts, begin) - 1
        last = bisect_right(self._starts, end) - 1
        starts: list[int] = [begin]
        tops: list[Piece | None] = [piece]
        if self._starts[first] < begin:
            starts.insert(0, self._starts[first])
            tops.insert(0, self._tops[first])
        starts.append(end)
        tops.append(self._tops[last])
        self._starts[first : last + 1] = starts
        self._tops[first : last + 1] = tops

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across pieces and holes.

        Raises:
            OSError: a piece is damaged, or cannot be read.
            UnsupportedError: ``stream.unsupported``, a compression that is not read.
        """
        length = max(0, min(length, self._size - offset))
        parts: list[bytes] = []
        while length > 0:
            index = bisect_right(self._starts, offset) - 1
            end = self._starts[index + 1] if index + 1 < len(self._starts) else self._size
            wanted = min(length, end - offset)
            top = self._tops[index]
            if top is None or top.is_hole:
                part = bytes(wanted)
            else:
                begin = offset - top.offset
                part = self._whole.get(top, self._expanded)[begin : begin + wanted]
            parts.append(part)
            offset += wanted
            length -= wanted
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _expanded(self, piece: Piece) -> bytes:
        if max(piece.length, piece.stored) > _MOST:
            raise OSError("a piece is longer than it may be")
        data = self._reader.pread(piece.at, piece.stored)
        if zlib.crc32(data, _ONES) ^ _ONES != piece.checksum or len(data) != piece.stored:
            raise OSError("a piece is damaged")
        if piece.method == _NONE:
            found = data
        elif piece.method == _RTIME:
            found = _rtime(data, piece.length)
        elif piece.method in _METHODS:
            found = expand(_METHODS[piece.method], data, piece.length)
        else:
            raise UnsupportedError("compressed by another method", code="stream.unsupported")
        if len(found) != piece.length:
            raise OSError("a piece is not as long as it should be")
        return found

    def close(self) -> None:
        """Leave the volume open."""


def _rtime(data: bytes, most: int) -> bytes:
    """Expand pairs of a byte and how much follows of what followed it when it was met last."""
    places = [0] * 256
    out = bytearray()
    for at in range(0, len(data) - 1, 2):
        value, again = data[at], data[at + 1]
        out.append(value)
        start, places[value] = places[value], len(out)
        for index in range(start, start + again):
            out.append(out[index])
        if len(out) >= most:
            break
    return bytes(out)
