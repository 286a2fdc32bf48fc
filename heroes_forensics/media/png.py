"""Where the Exif of a PNG stands, before or behind its pixels.

Nothing is decoded here. After the PNG specification, third edition (chunks, eXIf). ImageMagick
put Exif into a text of its own before there was a chunk for it; that is taken too.
"""

import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final

MAX_CHUNKS: Final = 1 << 16
"""Chunks that are looked at."""
MAX_EXIF: Final = 1 << 20
"""Bytes of Exif in a PNG."""
_START: Final = b"\x89PNG\r\n\x1a\n"
_PROFILE: Final = b"Raw profile type exif\0"
_LINES: Final = 3
"""In front of the hexadecimal digits of a profile: nothing, its name, its length."""


def exif(stream: BinaryIO) -> bytes:
    """Return the Exif of a PNG; empty without any.

    Raises:
        ValueError: it is longer than is taken, or damaged.
        zlib.error: likewise.
    """
    for kind, offset, length in _chunks(stream):
        if kind == b"eXIf":
            return _read(stream, offset, length)
        if kind in {b"tEXt", b"zTXt"}:
            stream.seek(offset)
            if stream.read(min(length, len(_PROFILE))) == _PROFILE:
                text = _read(stream, offset, length)[len(_PROFILE) :]
                return _unfolded(text if kind == b"tEXt" else _inflated(text[1:]))
    return b""


def _read(stream: BinaryIO, offset: int, length: int) -> bytes:
    if length > MAX_EXIF:
        raise ValueError("metadata without end")
    stream.seek(offset)
    return stream.read(length)


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    text = inflater.decompress(data, 2 * MAX_EXIF)
    if inflater.unconsumed_tail:
        raise ValueError("metadata without end")
    return text


def _unfolded(text: bytes) -> bytes:
    return bytes.fromhex("".join(text.decode("ascii").split("\n")[_LINES:]))


def _chunks(stream: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Yield (type, offset, bytes) of the chunks of a PNG."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(0)
    if stream.read(len(_START)) != _START:
        return
    position = len(_START)
    for _ in range(MAX_CHUNKS):
        stream.seek(position)
        head = stream.read(8)
        length = int.from_bytes(head[:4], "big")
        if len(head) < 8 or head[4:] == b"IEND" or position + 12 + length > size:  # noqa: PLR2004 - length and type
            return
        yield head[4:], position + 8, length
        position += 12 + length
