"""Contents as web servers send them: what ``Content-Encoding`` says they are packed with.

Browsers keep a content as it was sent. gzip and Zstandard are told by the content itself; Brotli
(RFC 7932) and deflate are not, so that the headers beside the content have to say it. What such a
content expands to is an entry of its own, ``x@`` and the offset of the packed one.
"""

import re
import struct
from typing import Final

import brotli

from heroes_forensics.model import Entry, EntryFlag
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.pieces import Pieces
from heroes_forensics.parsers.reading.decompression import (
    ZIP_METHODS,
    EngineExpander,
    ExpandedReader,
    Expander,
)
from heroes_forensics.parsers.reading.readers import RangeReader

_SAID: Final = re.compile(rb"content-encoding:[ \t]*([\x21-\x7e, \t]{1,100})", re.IGNORECASE)
_CODED: Final = struct.Struct("<cQQ")
"""Which coding, offset and bytes of the content."""
_CODINGS: Final = {b"br": b"b", b"deflate": b"d"}


def expanded(entry: Entry, headers: bytes) -> Entry | None:
    """Return the entry of what a content expands to; None where nothing else has to say so.

    Args:
        entry: the content, as `Pieces` opens it.
        headers: those of the answer that it came with.
    """
    said = _SAID.search(headers)
    names = [name.strip().lower() for name in said[1].split(b",")] if said is not None else []
    coding = _CODINGS.get(names[0]) if len(names) == 1 else None
    if coding is None or not entry.size:
        return None
    return entry._replace(
        locator=f"x@{entry.first_offset:#x}",
        path=entry.path + b"/$expanded",
        flags=entry.flags | EntryFlag.COMPRESSED,
        size=-1,
        handle=_CODED.pack(coding, entry.first_offset, entry.size),
    )


class CodedPieces(Pieces):
    """`Pieces` of which some are packed."""

    def open(self, handle: bytes) -> Reader:
        """Open a member.

        Raises:
            OSError: this is not a handle of this parser.
        """
        if len(handle) != _CODED.size:
            return super().open(handle)
        coding, start, size = _CODED.unpack(handle)
        packed = RangeReader(self._reader, start, size)
        return ExpandedReader(packed, _EXPANDERS[coding], -1, -1)


class _Brotli:
    """Brotli as an `Engine`: the library gives up to twice as much as it is asked for."""

    unused_data: Final = b""

    def __init__(self) -> None:
        self._inner = brotli.Decompressor()
        self._kept = b""
        self._is_dry = True
        """Nothing more came of what was taken: that it takes more does not mean that."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was met."""
        return not self._kept and bool(self._inner.is_finished())

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without further input."""
        return self._is_dry

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take input; return at most so many bytes.

        Raises:
            OSError: it is damaged.
        """
        if not self._kept:
            try:
                self._kept = self._inner.process(data, output_buffer_limit=max(1, max_length))
            except brotli.error as error:
                raise OSError("the compressed bytes are damaged") from error
            self._is_dry = not self._kept and bool(self._inner.can_accept_more_data())
        data, self._kept = self._kept[:max_length], self._kept[max_length:]
        return data


def _brotli(reader: Reader) -> Expander:
    return EngineExpander(reader, _Brotli())


def _deflate(reader: Reader) -> Expander:
    """Deflate with the header that the standard asks for (RFC 1950), or without, as some send."""
    head = reader.pread(0, 2)
    has_header = head[:1] == b"\x78" and int.from_bytes(head, "big") % 31 == 0
    start = len(head) if has_header else 0
    return ZIP_METHODS[8](RangeReader(reader, start, reader.size - start))


_EXPANDERS: Final = {b"b": _brotli, b"d": _deflate}
