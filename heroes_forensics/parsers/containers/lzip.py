"""Lzip members (``.lz``): LZMA between a header and a trailer with CRC-32 and lengths.

The form is that of the lzip manual, "File format", version 1. A trailer that does not fit is an
error of the stream, as are members cut off.
"""

import lzma
import struct
import zlib
from typing import Final

from heroes_forensics.parsers.reading.decompression import MEMORY

MAGIC: Final = b"LZIP\x01"
_HEADER: Final = len(MAGIC) + 1
_TRAILER: Final = struct.Struct("<IQQ")
"""CRC-32 of the bytes unpacked, how many they are, and bytes of the whole member."""


class LzipEngine:
    """One member, as `heroes_forensics.parsers.reading.decompression.Engine` has it."""

    def __init__(self) -> None:
        self._inner: lzma.LZMADecompressor | None = None
        self._head = b""
        self._tail = b""
        self._crc = 0
        self._size = 0
        self.eof = False
        self.unused_data = b""

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without further input."""
        return self._inner is None or self._inner.eof or self._inner.needs_input

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take input; return at most so many bytes.

        Raises:
            LZMAError: it is damaged.
            ValueError: the trailer does not fit.
        """
        if self._inner is None:
            self._head += data
            if len(self._head) < _HEADER:
                return b""
            data, self._head = self._head[_HEADER:], self._head[:_HEADER]
            self._inner = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_filter(self._head[-1])])
        inner = self._inner
        out = b""
        if not inner.eof:
            out = inner.decompress(data, max_length)
            self._crc = zlib.crc32(out, self._crc)
            self._size += len(out)
            data = inner.unused_data
        if inner.eof:
            self._end(data)
        return out

    def _end(self, data: bytes) -> None:
        """Take bytes of the trailer, and compare it once it is whole."""
        self._tail += data
        if len(self._tail) < _TRAILER.size:
            return
        crc, size, _ = _TRAILER.unpack_from(self._tail)
        if (crc, size) != (self._crc, self._size):
            raise ValueError("the trailer does not fit")
        self.unused_data = self._tail[_TRAILER.size :]
        self.eof = True


def _filter(coded: int) -> dict[str, int]:
    """Return the filter of a member by the byte that says how long its dictionary is."""
    base = 1 << (coded & 0x1F) if coded & 0x1F < 30 else MEMORY + 1  # noqa: PLR2004
    size = base - (base >> 4) * (coded >> 5)
    if size > MEMORY:
        raise ValueError("the dictionary is too long")
    return {"id": lzma.FILTER_LZMA1, "dict_size": max(size, 1 << 12), "lc": 3, "lp": 0, "pb": 2}
