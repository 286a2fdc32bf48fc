"""One compressed block of a file system: bytes in, at most so many bytes out.

squashfs, btrfs and JFFS2 compress block by block, and know how long each is when expanded. What
expands to more than that is damaged; no block makes more memory than was asked for.
"""

import lzma
import struct
import zlib
from collections.abc import Callable
from typing import Final

from backports import zstd

from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.lzo import expand_lzo
from heroes_forensics.parsers.reading.decompression import MEMORY
from heroes_forensics.parsers.reading.libarchive import FilterExpander
from heroes_forensics.parsers.reading.lz4 import LEGACY
from heroes_forensics.parsers.reading.memory import BytesReader

_ERRORS: Final = (
    *(OSError, EOFError, ValueError, IndexError, zlib.error, lzma.LZMAError, zstd.ZstdError),
)


def expand(method: str, data: bytes, most: int) -> bytes:
    """Expand one block.

    Args:
        method: a key of `METHODS`.
        data: the block as stored; what follows the compressed bytes is passed over.
        most: bytes that it may come to; the caller says whether it may be fewer.

    Raises:
        OSError: it is damaged, or comes to more.
        UnsupportedError: ``stream.unsupported``, nothing expands such blocks.
    """
    make = METHODS.get(method)
    if make is None:
        raise UnsupportedError("compressed by another method", code="stream.unsupported")
    try:
        found = make(data, most)
    except _ERRORS as error:
        raise OSError("a compressed block is damaged") from error
    if len(found) > most:
        raise OSError("a compressed block is longer than it may be")
    return found


def _zlib(data: bytes, most: int) -> bytes:
    return zlib.decompressobj().decompress(data, most + 1)


def _xz(data: bytes, most: int) -> bytes:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY).decompress(data, most + 1)


def _lzma(data: bytes, most: int) -> bytes:
    return lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY).decompress(data, most + 1)


def _zstd(data: bytes, most: int) -> bytes:
    return zstd.ZstdDecompressor().decompress(data, most + 1)


def _lz4(data: bytes, most: int) -> bytes:
    """Expand a block without a frame: libarchive takes it within one of the legacy form."""
    expander = FilterExpander(BytesReader(LEGACY + struct.pack("<I", len(data)) + data), "lz4")
    parts: list[bytes] = []
    left = most + 1
    while left > 0 and (part := expander.take(left)):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


METHODS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _zlib,
    "lzma": _lzma,
    "lzo": expand_lzo,
    "xz": _xz,
    "lz4": _lz4,
    "zstd": _zstd,
}
"""What expands a block, by the names that squashfs has for them; ``gzip`` is a zlib stream."""
