"""Resources of WIM files: runs of chunks, each compressed by itself, behind a table of offsets.

The form is that of Microsoft's "Windows Imaging File Format (WIM)". A reader unpacks the chunks
that it is asked for and keeps the last one.
"""

import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers import lzx, xpress
from heroes_forensics.parsers.reading.readers import in_pieces

DISK: Final = struct.Struct("<7sBQQ")
"""As it lies: bytes stored, flags, offset, bytes unpacked."""
LISTED: Final = struct.Struct("<24sHI20s")
"""In the table of all: the resource, its part, how often it is referred to, SHA-1."""
METADATA, COMPRESSED, SPANNED, SOLID = 2, 4, 8, 16
XPRESS, LZX, LZMS = "XPRESS", "LZX", "LZMS"
_LONG: Final = 1 << 32
"""From this length on offsets have 8 bytes."""
_TABLE_PIECE: Final = 1 << 16
"""Offsets that are read at a time."""


class Resource(NamedTuple):
    """Where a run of bytes lies, and how."""

    stored: int
    flags: int
    at: int
    size: int


def resource(data: bytes) -> Resource:
    """Return what 24 bytes say."""
    stored, flags, at, size = DISK.unpack(data)
    return Resource(int.from_bytes(stored, "little"), flags, at, size)


class Packing(NamedTuple):
    """How the chunks of a file are compressed."""

    method: str
    chunk: int
    """Bytes of a whole chunk, a power of 2."""


class ChunkedReader:
    """A compressed resource, read anywhere."""

    def __init__(
        self, reader: Reader, where: Resource, packing: Packing, spend: Callable[[int], None]
    ) -> None:
        """Take a resource that is compressed.

        Args:
            reader: the file.
            where: the resource.
            packing: how its chunks are compressed.
            spend: is told how many bytes are going to be unpacked, and may refuse.
        """
        self._reader = reader
        self._where = where
        self._packing = packing
        self._spend = spend
        self._count = -(-where.size // packing.chunk)
        self._width = 8 if where.size >= _LONG else 4
        self._kept: tuple[int, bytes] = (-1, b"")
        self._table: tuple[int, bytes] = (-1, b"")

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._where.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: a chunk is damaged or cannot be read.
        """
        return in_pieces(self._piece, offset, length, size=self.size)

    def _piece(self, offset: int, length: int) -> bytes:
        number, within = divmod(offset, self._packing.chunk)
        return self._chunk(number)[within : within + length]

    def _offset(self, number: int) -> int:
        """Return where a chunk begins, behind the table; the first has no entry in it."""
        if not number:
            return 0
        if number == self._count:
            return self._where.stored - self._width * (self._count - 1)
        piece, within = divmod(number - 1, _TABLE_PIECE)
        if self._table[0] != piece:
            start = self._where.at + self._width * piece * _TABLE_PIECE
            self._table = piece, self._reader.pread(start, self._width * _TABLE_PIECE)
        entry = self._table[1][self._width * within : self._width * (within + 1)]
        return int.from_bytes(entry, "little")

    def _chunk(self, number: int) -> bytes:
        if self._kept[0] == number:
            return self._kept[1]
        chunk = self._packing.chunk
        size = min(chunk, self.size - number * chunk)
        first, behind = self._offset(number), self._offset(number + 1)
        if not 0 < behind - first <= size:
            raise OSError("the compressed bytes are damaged")
        start = self._where.at + self._width * (self._count - 1) + first
        data = self._reader.pread(start, behind - first)
        if len(data) < behind - first:
            raise OSError("the file is cut off")
        if len(data) < size:
            self._spend(size)
            if self._packing.method == XPRESS:
                data = xpress.unpacked(data, size)
            else:
                data = lzx.unpacked(data, size, chunk.bit_length() - 1)
        self._kept = number, data
        return data

    def close(self) -> None:
        """Let go of what was kept."""
        self._kept = self._table = (-1, b"")


def unsupported(packing: Packing) -> UnsupportedError:
    """Return the refusal of a method that is not read."""
    return UnsupportedError(f"packed by {packing.method}", code="stream.unsupported")
