"""One compressed stream as a container of one member.

Read are gzip, bzip2, xz, LZMA, Zstandard and lzip, and by libarchive LZ4 and ``compress`` (``.Z``).

The member is everything that the stream expands to: streams one behind the other are joined, as
the programs that make them do, and zeros behind them are padding. Anything else behind the last
one is told by `CompressedFileSystem.left`, once it was met: its bytes are in the digest of the
container itself and in nothing else. The locator of the member is ``m@0x0``; how long it is nobody
knows before it was read. What frames of Zstandard and LZ4 hold that are to be skipped is ``r@``.

Checked at the end of each stream is what its format has: CRC-32 and length of gzip (RFC 1952),
CRC-32 of bzip2, the check of xz, CRC-32 and length of lzip; of Zstandard (RFC 8878) and LZ4 a
checksum where there is one; LZMA and ``compress`` have none, and of the latter nobody sees that it
was cut off.
"""

import bz2
import lzma
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from backports import zstd

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers import skippable
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.lzip import MAGIC, LzipEngine
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import (
    PIECE,
    behind_zeros,
    fields_of,
    opening,
    piece,
    unaccounted,
)
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.decompression import (
    MEMORY,
    Engine,
    ExpandedReader,
    Expander,
    zstd_engine,
)
from heroes_forensics.parsers.reading.libarchive import FilterExpander
from heroes_forensics.parsers.reading.lz4 import FRAME, LEGACY, frames_end
from heroes_forensics.parsers.reading.readers import RangeReader

UNNAMED: Final = b"$expanded"
"""Path of a member that the format gives no name."""
_HANDLE: Final = b"\1"
_PIECE: Final = 1 << 16
"""Bytes of input taken at a time."""
_NAME_LIMIT: Final = 1 << 12

_GZIP_HEAD: Final = struct.Struct("<2sBBIBB")
_EXTRA, _NAME = 4, 8


class _Zlib:
    """Deflate within gzip or zlib, as `Engine` has it."""

    def __init__(
        self, bits: int = 16 + zlib.MAX_WBITS, engine: "zlib._Decompress | None" = None
    ) -> None:
        self._engine = engine or zlib.decompressobj(bits)

    @property
    def eof(self) -> bool:
        return self._engine.eof

    @property
    def needs_input(self) -> bool:
        return not self._engine.unconsumed_tail

    @property
    def unused_data(self) -> bytes:
        return self._engine.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        return self._engine.decompress(self._engine.unconsumed_tail + data, max(0, max_length))

    def copy(self) -> "_Zlib":
        return _Zlib(engine=self._engine.copy())


ENGINES: Final[dict[str, tuple[bytes, Callable[[], Engine]]]] = {
    "gzip": (b"\x1f\x8b", _Zlib),
    "bzip2": (b"BZh", bz2.BZ2Decompressor),
    "xz": (b"\xfd7zXZ\0", lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY)),
    "lzma": (b"\x5d", lambda: lzma.LZMADecompressor(lzma.FORMAT_ALONE, memlimit=MEMORY)),
    "zstd": (b"\x28\xb5\x2f\xfd", zstd_engine),
    "lzip": (MAGIC, LzipEngine),
}
"""By type of `heroes_forensics.filetype`: how a stream begins, and what expands one."""
_BY_LIBARCHIVE: Final = {"lz4": (FRAME, LEGACY), "compress": (b"\x1f\x9d",)}
"""By type, which is also the name of a filter of libarchive: how a stream begins."""
ZLIB: Final = "zlib"
"""A stream that other formats hold (RFC 1950); by itself it has no signature."""
_ALL: Final = {**ENGINES, ZLIB: (b"\x78", lambda: _Zlib(zlib.MAX_WBITS))}
_ERRORS: Final = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstd.ZstdError)
_FRAMED: Final = frozenset({"zstd", "lz4"})
"""Types with frames that are to be skipped (`skippable`)."""
_LEAST: Final = 16
"""Bytes in such a frame that are worth an entry: programs note lengths there."""


def open_compressed(reader: Reader) -> "CompressedFileSystem":
    """Open a compressed stream; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: it is none of those that are read.
    """
    with opening("the stream"):
        head = reader.pread(0, _PIECE)
        if skippable.is_one(head):
            return CompressedFileSystem(reader, skippable.kind_behind(reader), head)
    for kind, (magic, _) in ENGINES.items():
        if head.startswith(magic):
            return CompressedFileSystem(reader, kind, head)
    for kind, magics in _BY_LIBARCHIVE.items():
        if head.startswith(magics):
            return CompressedFileSystem(reader, kind, head)
    raise EvidenceError("this is no compressed stream that is read")


class CompressedFileSystem:
    """Lists and opens the one member of a compressed stream."""

    def __init__(self, reader: Reader, kind: str, head: bytes) -> None:
        self.kind: Final = kind
        self._reader = reader
        self._name, self._moment = _gzip_facts(head) if kind == "gzip" else (b"", None)
        self.left = ""
        """Code of the gap, once something was met behind the last stream; else empty."""

    @property
    def times(self) -> TimeBasis:
        """That of the file that was compressed, which gzip alone states."""
        return {"m": TimeRule(1_000_000_000, "utc")} if self._moment else {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the member, then what frames hold that are to be skipped."""
        yield from counted(self._found(), sweep="not applicable: one stream")

    def _found(self) -> Iterator[Entry | Gap]:
        path = member_path(self._name, directory=False) or UNNAMED
        yield Entry(
            locator="m@0x0",
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED | EntryFlag.COMPRESSED,
            path=path,
            size=-1,
            handle=_HANDLE,
            times=(self._moment, None, None, None),
            first_offset=0,
            place=place_of(path, allocated=True),
        )
        if self.kind in _FRAMED:
            yield from self._skipped()

    def _skipped(self) -> Iterator[Entry | Gap]:
        try:
            for start, end in skippable.skipped(self._reader):
                if end - start >= _LEAST and behind_zeros(self._reader, start, end) < end:
                    yield unaccounted(start, end, piece(start, end - start))
        except skippable.TooManyError:
            self.left = BYTES
        except OSError:
            yield Gap("m@0x0", "source.damaged", {"frames": "not read"})

    def open(self, handle: bytes) -> Reader:
        """Open what the stream expands to, its length is -1, or what a skipped frame holds.

        Raises:
            OSError: this is not a handle of this parser.
        """
        if len(handle) == PIECE.size:
            return RangeReader(self._reader, *fields_of(PIECE, handle))
        if handle != _HANDLE:
            raise OSError("not a handle of this parser")
        stored = RangeReader(self._reader, 0, self._reader.size)  # closing it leaves the container
        return ExpandedReader(stored, self._expander, -1, -1)

    def _expander(self, reader: Reader) -> Expander:
        if self.kind in _BY_LIBARCHIVE:
            if self.kind == "lz4" and 0 <= frames_end(reader) < reader.size:
                self._met()
            kept = skippable.without(reader) if self.kind == "lz4" else reader
            return FilterExpander(kept, self.kind)
        return Streams(reader, self.kind, self._met)

    def _met(self) -> None:
        self.left = "container.damaged"

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


class Streams:
    """Compressed streams one behind the other, expanded as one."""

    def __init__(self, reader: Reader, kind: str, met: Callable[[], None]) -> None:
        self._reader = reader
        self._at = 0
        self._kind = kind
        self._magic, self._make = _ALL[kind]
        self._met = met
        self._engine: Engine | None = self._make()
        self._rest = b""
        """Input that no engine has taken yet."""
        self.finished = False

    def copy(self) -> "Streams | None":
        """Return another one that goes on from here; None where the library cannot do that."""
        if not isinstance(self._engine, _Zlib):
            return None
        other = Streams(self._reader, self._kind, self._met)
        other._at, other._rest, other.finished = self._at, self._rest, self.finished
        other._engine = self._engine.copy()
        return other

    def _piece(self) -> bytes:
        """Return what comes next of the input; none at its end."""
        data, self._rest = self._rest, b""
        if not data:
            data = self._reader.pread(self._at, _PIECE)
            self._at += len(data)
        return data

    def take(self, most: int) -> bytes:
        """Return the next bytes, at most so many; none at the end.

        Raises:
            OSError: the compressed bytes are damaged or cannot be read.
        """
        while self._engine is not None:
            engine = self._engine
            hungry = engine.needs_input
            piece = self._piece() if hungry else b""
            try:
                data = engine.decompress(piece, most)
            except (
                OSError,
                EOFError,
                ValueError,
                zlib.error,
                lzma.LZMAError,
                zstd.ZstdError,
            ) as error:
                raise OSError("the compressed bytes are damaged") from error
            if engine.eof:
                self._rest = engine.unused_data
                self._engine = self._next()
                self.finished = self._engine is None
            elif hungry and not piece and not data:
                return b""  # cut off; what an engine still held was asked for
            if data:
                return data
        return b""

    def _next(self) -> Engine | None:
        """Return what expands the next stream; None where there is none."""
        while True:
            data = self._piece().lstrip(b"\0")
            if data:
                break
            if self._at >= self._reader.size:
                return None
        while len(data) < len(self._magic) and (more := self._piece()):
            data += more
        self._rest = data
        if data.startswith(self._magic) or (self._kind == "zstd" and skippable.is_one(data)):
            return self._make()
        self._met()
        return None


def _gzip_facts(head: bytes) -> tuple[bytes, Moment | None]:
    """Return name and modification time of the file as the first gzip header states them."""
    if len(head) < _GZIP_HEAD.size:
        return b"", None
    _, _, flags, seconds, _, _ = _GZIP_HEAD.unpack_from(head)
    at = _GZIP_HEAD.size
    if flags & _EXTRA:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    name = head[at : at + _NAME_LIMIT].partition(b"\0")[0] if flags & _NAME else b""
    return name, Moment(seconds, 0) if seconds else None
