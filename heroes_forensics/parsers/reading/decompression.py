"""Compressed streams as readers: forwards at full speed, backwards by starting again.

Nothing is held but one piece of the input and what the library needs as a window, whatever the
stream claims to expand to. Library errors become `OSError`.
"""

import bz2
import lzma
import zlib
from bisect import bisect_right
from collections.abc import Callable
from typing import Final, Protocol

from backports import zstd

from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.reading.deflate64 import Deflate64Engine

_PIECE: Final = 1 << 16
"""Bytes of input taken at a time."""

_SKIP: Final = 1 << 20
"""Bytes of output thrown away at a time on the way to an offset."""

MARK_EVERY: Final = 4 << 20
"""Bytes of output between two places at which reading can be taken up again, at first."""
MARKS: Final = 256
"""So many places at most, some 50 KiB each; then every other one goes."""

MEMORY: Final = 256 << 20
"""Limit of an LZMA window, bytes; the window that 7-Zip's highest preset makes is 64 MiB."""

_ZSTD_WINDOW: Final = 27
"""Power of 2 of the largest window, bytes: what ``zstd --long`` makes; 31 is the most there is."""


class Expander(Protocol):
    """Gives expanded bytes, at most as many as asked for; none at the end."""

    @property
    def finished(self) -> bool:
        """Whether the compressed stream itself said that it ends here."""
        ...

    def take(self, most: int) -> bytes:
        """Return the next bytes.

        Raises:
            OSError: the compressed bytes are damaged or cannot be read.
        """
        ...

    def copy(self) -> "Expander | None":
        """Return another one that goes on from here; None where its library cannot do that."""
        ...


class Ending(Expander, Protocol):
    """An expander that knows how much of its input was its own."""

    @property
    def taken(self) -> int:
        """Compressed bytes taken; those behind the end of the stream, once met, left out."""
        ...


class _Input:
    """A reader from its start to its end, piece by piece."""

    def __init__(self, reader: Reader, at: int = 0) -> None:
        self._reader = reader
        self._at = at

    @property
    def taken(self) -> int:
        """Bytes given so far."""
        return self._at

    def piece(self, most: int = _PIECE) -> bytes:
        """Return the next piece, none at the end."""
        data = self._reader.pread(self._at, most)
        self._at += len(data)
        return data

    def copy(self) -> "_Input":
        """Return another one at the same place."""
        return _Input(self._reader, self._at)


class _Deflate:
    """Raw deflate (RFC 1951)."""

    def __init__(self, pieces: _Input, engine: "zlib._Decompress | None" = None) -> None:
        self._input = pieces
        self._engine = engine or zlib.decompressobj(-zlib.MAX_WBITS)

    @property
    def finished(self) -> bool:
        return self._engine.eof

    @property
    def taken(self) -> int:
        return self._input.taken - len(self._engine.unused_data)

    def take(self, most: int) -> bytes:
        engine = self._engine
        while not engine.eof:
            piece = engine.unconsumed_tail or self._input.piece()
            try:
                data = engine.decompress(piece, most)
            except zlib.error as error:
                raise OSError("the compressed bytes are damaged") from error
            if data:
                return data
            if not piece:
                return b""
        return b""

    def copy(self) -> "_Deflate":
        return _Deflate(self._input.copy(), self._engine.copy())


class Engine(Protocol):
    """What `bz2`, `lzma` and `backports.zstd` have in common."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was met."""
        ...

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without further input."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the stream."""
        ...

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take input; return at most so many bytes."""
        ...


class EngineExpander:
    """What an engine makes of a reader, from its start to its end."""

    def __init__(self, reader: Reader, engine: Engine, head: bytes = b"", skip: int = 0) -> None:
        self._input = _Input(reader)
        self._engine = engine
        self._head = head
        if skip:
            self._input.piece(skip)

    @property
    def finished(self) -> bool:
        """Whether the compressed stream itself said that it ends here."""
        return self._engine.eof

    @property
    def taken(self) -> int:
        """Compressed bytes taken; those behind the end of the stream, once met, left out."""
        return self._input.taken - len(self._engine.unused_data)

    def take(self, most: int) -> bytes:
        """Return the next bytes.

        Raises:
            OSError: the compressed bytes are damaged or cannot be read.
        """
        while not self._engine.eof:
            piece = b""
            if self._engine.needs_input:
                piece = self._head or self._input.piece()
                self._head = b""
                if not piece:
                    return b""
            try:
                data = self._engine.decompress(piece, most)
            except (OSError, EOFError, ValueError, lzma.LZMAError, zstd.ZstdError) as error:
                raise OSError("the compressed bytes are damaged") from error
            if data:
                return data
        return b""

    def copy(self) -> None:
        """Say that there is none: these libraries cannot do that."""


def _deflate(reader: Reader) -> Ending:
    return _Deflate(_Input(reader))


def _bzip2(reader: Reader) -> Ending:
    return EngineExpander(reader, bz2.BZ2Decompressor())


def _xz(reader: Reader) -> Ending:
    return EngineExpander(reader, lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY))


def _zip_lzma(reader: Reader) -> Ending:
    """LZMA in a zip (APPNOTE 5.8.8): version, length and properties before the raw stream."""
    head = reader.pread(0, 9)
    if len(head) < 9 or head[2:4] != b"\x05\x00":  # noqa: PLR2004
        raise OSError("the compressed bytes are damaged")
    engine = lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY)
    return EngineExpander(reader, engine, head[4:9] + b"\xff" * 8, skip=9)


def _deflate64(reader: Reader) -> Ending:
    return EngineExpander(reader, Deflate64Engine())


def zstd_engine() -> Engine:
    """Return what expands one frame of Zstandard, its window bounded."""
    return zstd.ZstdDecompressor(options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW})


def _zstd(reader: Reader) -> Ending:
    return EngineExpander(reader, zstd_engine())


ZIP_METHODS: Final[dict[int, Callable[[Reader], Ending]]] = {
    8: _deflate,
    9: _deflate64,
    12: _bzip2,
    14: _zip_lzma,
    93: _zstd,
    95: _xz,
}
"""Compression methods of APPNOTE 4.4.5 that are read, beside 0 (stored: `StoredReader`)."""


class StoredReader:
    """A stream stored as it is: read anywhere, its CRC-32 checked when read from start to end."""

    def __init__(self, stored: Reader, crc: int) -> None:
        self._stored = stored
        self._crc = crc
        self._checked = 0
        self._running = 0

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._stored.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: the bytes cannot be read.
            UnsupportedError: ``stream.checksum``: every byte was read in order, and the whole
                does not fit what is stated.
        """
        data = self._stored.pread(offset, length)
        if offset == self._checked:
            self._running = zlib.crc32(data, self._running)
            self._checked += len(data)
            if self._checked == self.size and self._crc not in {-1, self._running}:
                raise _unfit()
        return data

    def close(self) -> None:
        """Close the stored bytes."""
        self._stored.close()


class ExpandedReader:
    """An expanded stream at any offset, checked against length and CRC-32 at its end."""

    def __init__(
        self,
        compressed: Reader,
        expander: Callable[[Reader], Expander],
        size: int,
        crc: int,
        *,
        every: int = MARK_EVERY,
    ) -> None:
        """Take ``compressed``, exactly the bytes of the stream as stored.

        Args:
            compressed: the stored bytes.
            expander: one of `ZIP_METHODS`.
            size: stated length when expanded, bytes; -1 when not stated.
            crc: CRC-32 of the expanded bytes; -1 when not stated.
            every: bytes of output between two places to go on from, at first.
        """
        self._compressed = compressed
        self._make = expander
        self._size = size
        self._crc = crc
        self._expander: Expander | None = None
        self._position = 0
        self._running = 0
        self._marks: list[tuple[int, int, Expander]] = []
        """Places to go on from: position, running CRC and what expands from there on."""
        self._every = every

    @property
    def size(self) -> int:
        """Stated length, bytes; -1 when not stated."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Expand from where the last read ended, or from the nearest place known before that.

        Raises:
            OSError: the stored bytes are damaged or cannot be read.
            UnsupportedError: ``stream.checksum``, ``stream.long`` or ``stream.short``: the read
                that reaches the end found that the whole does not fit what is stated.
        """
        if self._size >= 0:
            length = max(0, min(length, self._size - offset))
        self._go_near(offset)
        while self._position < offset:
            if not self._take(min(_SKIP, offset - self._position)):
                return b""
        if self._size == 0 and self._expander is not None and self._expander.take(1):
            raise _longer()
        parts: list[bytes] = []
        while length > 0:
            data = self._take(length)
            if not data:
                break
            parts.append(data)
            length -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    @property
    def marks(self) -> int:
        """How many places to go on from are kept."""
        return len(self._marks)

    def _go_near(self, offset: int) -> None:
        """Stand at ``offset`` or before it, as near as is known."""
        ahead = bisect_right(self._marks, offset, key=lambda mark: mark[0])
        if self._expander is not None and self._position <= offset:
            if not ahead or self._marks[ahead - 1][0] <= self._position:
                return
        elif not ahead:
            self._expander = self._make(self._compressed)
            self._position = self._running = 0
            return
        self._position, self._running, kept = self._marks[ahead - 1]
        self._expander = kept.copy()

    def _mark(self) -> None:
        """Keep the place where we stand, when it is far enough from the last one."""
        last = self._marks[-1][0] if self._marks else 0
        expander = self._expander
        if expander is None or expander.finished or self._position < last + self._every:
            return
        kept = expander.copy()
        if kept is not None:
            self._marks.append((self._position, self._running, kept))
        if len(self._marks) > MARKS:
            del self._marks[::2]
            self._every *= 2

    def _take(self, most: int) -> bytes:
        """Return up to ``most`` next bytes; check the whole when the end is reached."""
        self._mark()
        expander = self._expander
        if expander is None or self._position == self._size:
            return b""
        data = expander.take(most)
        self._position += len(data)
        self._running = zlib.crc32(data, self._running)
        if self._position == self._size:
            if expander.take(1):
                raise _longer()
            self._compare()
        elif not data and self._size < 0:
            if not expander.finished:
                raise UnsupportedError("the stream is cut off", code="stream.short")
            self._compare()
        return data

    def _compare(self) -> None:
        if self._crc not in {-1, self._running}:
            raise _unfit()

    def close(self) -> None:
        """Close the stored bytes."""
        self._expander = None
        self._marks.clear()
        self._compressed.close()


def _unfit() -> UnsupportedError:
    return UnsupportedError("the stored checksum does not fit", code="stream.checksum")


def _longer() -> UnsupportedError:
    return UnsupportedError("the stream is longer than stated", code="stream.long")
