"""The streams of an AFF4 volume: bevies of compressed chunks, and streams of one symbol.

Source: "AFF4 Standard v1.0" (B. Schatz, 2017), and the reference images published with it. A bevy
is a member of the zip; beside it lie an index (offset and length of each chunk, 12 bytes; before
the standard the end of each, 4 bytes) and digests of the chunks as they are when expanded.
"""

import hashlib
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Final

import cramjam

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import in_pieces

_POINT: Final = struct.Struct("<QI")
_END: Final = struct.Struct("<I")
_DIGESTS: Final = (("md5", hashlib.md5, 16), ("sha1", hashlib.sha1, 20))

MAX_CHUNK: Final = 16 << 20
MAX_BEVY: Final = 1 << 22
"""Chunks of a bevy; imagers write 1,024 or 2,048."""


def _inflated(bits: int) -> Callable[[bytes, int], bytes]:
    def expand(data: bytes, most: int) -> bytes:
        try:
            return zlib.decompressobj(bits).decompress(data, most)
        except zlib.error as error:
            raise OSError("a chunk is damaged") from error

    return expand


def _snappy(data: bytes, most: int) -> bytes:
    try:
        if cramjam.snappy.decompress_raw_len(data) > most:
            raise OSError("a chunk claims to be larger than it may be")
        return bytes(cramjam.snappy.decompress_raw(data))
    except cramjam.DecompressionError as error:
        raise OSError("a chunk is damaged") from error


def _lz4(data: bytes, most: int) -> bytes:
    expanded = bytearray(most)
    try:
        length = cramjam.lz4.decompress_block_into(data, expanded, output_len=most)
        return bytes(expanded[:length])
    except cramjam.DecompressionError as error:
        raise OSError("a chunk is damaged") from error


METHODS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "http://code.google.com/p/snappy/": _snappy,
    "https://github.com/google/snappy": _snappy,
    "https://code.google.com/p/lz4/": _lz4,
    "https://github.com/lz4/lz4": _lz4,
    "https://www.ietf.org/rfc/rfc1950.txt": _inflated(zlib.MAX_WBITS),
    "https://tools.ietf.org/html/rfc1951": _inflated(-zlib.MAX_WBITS),
}
"""How a chunk is expanded that is shorter than chunks are, by the IRI of the method."""
STORED: Final = frozenset({"", "http://aff4.org/Schema#NullCompressor"})


class SymbolReader:
    """A stream of a pattern that repeats for ever."""

    def __init__(self, pattern: bytes) -> None:
        self._pattern = pattern

    @property
    def size(self) -> int:
        """Without end, as far as numbers go."""
        return 1 << 62

    def pread(self, offset: int, length: int) -> bytes:
        """Return ``length`` bytes of the pattern."""
        pattern = self._pattern
        if len(pattern) == 1:
            return pattern * length
        start = offset % len(pattern)
        return (pattern * (length // len(pattern) + 2))[start : start + length]

    def close(self) -> None:
        """Do nothing."""


class StreamReader:
    """An image stream: chunks of one size, in bevies."""

    def __init__(  # noqa: PLR0913, PLR0917 - what the volume states of a stream
        self,
        members: Mapping[str, Reader],
        names: tuple[str, ...],
        size: int,
        chunk: int,
        bevy: int,
        method: str,
    ) -> None:
        """Take what the metadata state.

        Args:
            members: the stored members of the zip, by their names.
            names: under which names the members of the stream may begin.
            size: bytes of the stream.
            chunk: bytes of a chunk, expanded.
            bevy: chunks of a bevy.
            method: IRI of the compression.
        """
        self._members = members
        self._names = names
        self._size = size
        self._chunk = chunk
        self._bevy = bevy
        self._expand = METHODS.get(method)
        self._last: tuple[int, bytes] = (-1, b"")

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._size

    def _member(self, bevy: int, *endings: str) -> Reader | None:
        for name in self._names:
            for ending in endings:
                found = self._members.get(f"{name}/{bevy:08d}{ending}")
                if found is not None:
                    return found
        return None

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: a chunk is missing, damaged, or does not fit its digest.
        """
        return in_pieces(self._piece, offset, length, size=self._size)

    def _piece(self, offset: int, length: int) -> bytes:
        number, within = divmod(offset, self._chunk)
        return self._one(number)[within : within + length]

    def _one(self, number: int) -> bytes:
        if self._last[0] == number:
            return self._last[1]
        bevy, index = divmod(number, self._bevy)
        stored = self._stored(bevy, index)
        wanted = min(self._chunk, self._size - number * self._chunk)
        data = stored
        if self._expand is not None and len(stored) != self._chunk:
            data = self._expand(stored, self._chunk)
        if not wanted <= len(data) <= self._chunk:
            raise OSError("a chunk is not of its length")
        self._check(bevy, index, data)
        self._last = (number, data[:wanted])
        return self._last[1]

    def _stored(self, bevy: int, index: int) -> bytes:
        data = self._member(bevy, "")
        points = self._member(bevy, ".index")
        if data is not None and points is not None:
            point = points.pread(index * _POINT.size, _POINT.size)
            if len(point) < _POINT.size:
                raise OSError("the index of a bevy is cut off")
            start, length = _POINT.unpack(point)
        else:
            ends = self._member(bevy, "/index")
            if data is None or ends is None:
                raise OSError("a bevy is missing")
            pair = ends.pread(max(0, index - 1) * _END.size, _END.size * (1 + (index > 0)))
            if len(pair) < _END.size * (1 + (index > 0)):
                raise OSError("the index of a bevy is cut off")
            start = _END.unpack_from(pair)[0] if index else 0
            length = _END.unpack_from(pair, len(pair) - _END.size)[0] - start
        if not 0 < length <= 2 * MAX_CHUNK:
            raise OSError("the index of a bevy is damaged")
        found = data.pread(start, length)
        if len(found) < length:
            raise OSError("a bevy is cut off")
        return found

    def _check(self, bevy: int, index: int, data: bytes) -> None:
        """Compare a chunk with the first kind of digest that is stored of it."""
        for name, make, length in _DIGESTS:
            table = self._member(bevy, f".blockHash.{name}", f"/blockHash.{name}")
            if table is not None:
                stored = table.pread(index * length, length)
                if len(stored) == length and make(data).digest() != stored:
                    raise OSError("a chunk does not fit its digest")
                return

    def close(self) -> None:
        """Leave the volume open."""
