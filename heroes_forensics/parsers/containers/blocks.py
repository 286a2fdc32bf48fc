"""Compressed streams that are read anywhere: xz and bzip2 by their blocks, Zstandard by its frames.

These libraries cannot take up again in the middle of what they expand, but the formats are made of
pieces that expand by themselves. Where the pieces lie is read from the index or the headers of the
blocks (xz), from the headers (Zstandard), or from the marks that blocks begin with, at any bit
(bzip2). Going back costs at most the piece that is gone back to; `LARGEST` says how large one may
be. Pages that were passed are kept for a while; nothing is held but them and one library's window.
"""

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.blocks_marked import bzip2_blocks, zstd_frames
from heroes_forensics.parsers.containers.blocks_model import (
    CUT,
    MOST,
    STEP,
    Piece,
    Pieces,
    itself,
    too_large,
)
from heroes_forensics.parsers.containers.blocks_xz import xz_blocks
from heroes_forensics.parsers.containers.compressed import Streams
from heroes_forensics.parsers.reading.decompression import Expander

LARGEST: Final[dict[str, int]] = {"xz": 1 << 30, "bzip2": 1 << 30, "zstd": 4 << 30}
"""Bytes that one piece may expand to; Zstandard expands several times as fast as the others."""
_PAGE: Final = 1 << 20
_PAGES: Final = 64


class DamagedError(OSError):
    """A piece is not what its checksum or its size says."""

    def __init__(self) -> None:
        super().__init__("the compressed bytes are damaged")


class PiecedReader:
    """What the pieces expand to, one behind the other."""

    def __init__(self, pieces: list[Piece], expander: Callable[[Reader], Expander]) -> None:
        """Take pieces of known sizes and what expands one."""
        self._pieces = pieces
        self._make = expander
        self._starts = [0]
        for piece in pieces:
            self._starts.append(self._starts[-1] + piece.size)
        self._kept: OrderedDict[tuple[int, int], bytes] = OrderedDict()
        self._now: tuple[int, Expander] | None = None
        self._checked: set[int] = set()
        self._damaged: set[int] = set()
        self._page = 0
        """Of the piece that is expanded now: the page that comes next."""

    @property
    def size(self) -> int:
        """Sum of the pieces, bytes."""
        return self._starts[-1]

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: the piece is damaged there, or cannot be read.
        """
        length = max(0, min(length, self.size - offset))
        parts: list[bytes] = []
        while length > 0:
            index = bisect_right(self._starts, offset) - 1
            page, skip = divmod(offset - self._starts[index], _PAGE)
            data = self._one(index, page)[skip : skip + length]
            parts.append(data)
            offset += len(data)
            length -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _one(self, index: int, page: int) -> bytes:
        """Return a page of a piece, from those that are kept where it is one of them."""
        kept = self._kept.get((index, page))
        if kept is not None:
            self._kept.move_to_end((index, page))
            return kept
        if not self._pieces[index].is_checked and index not in self._checked:
            self._expand(index, (self._pieces[index].size - 1) // _PAGE)
            self._checked.add(index)
            return self._one(index, page)
        return self._expand(index, page)

    def _expand(self, index: int, page: int) -> bytes:
        """Expand a piece as far as a page of it; return that."""
        if index in self._damaged:
            raise DamagedError
        if self._now is None or self._now[0] != index or self._page > page:
            self._now = index, self._make(self._pieces[index].stored())
            self._page = 0
        try:
            while True:
                data = self._next(index, self._now[1])
                self._kept[index, self._page] = data
                self._page += 1
                if len(self._kept) > _PAGES:
                    self._kept.popitem(last=False)
                if self._page > page:
                    return data
        except OSError:  # each further read would expand it as far again
            self._damaged.add(index)
            raise
        finally:
            if self._page <= page:
                self._now = None

    def _next(self, index: int, expander: Expander) -> bytes:
        """Expand the next page; behind the last one, what the format has to check was checked."""
        piece = self._pieces[index]
        at = self._page * _PAGE
        wanted = min(_PAGE, piece.size - at)
        parts: list[bytes] = []
        while wanted > 0:
            data = expander.take(min(wanted, STEP))
            if not data:
                raise DamagedError
            parts.append(data)
            wanted -= len(data)
        page = b"".join(parts)
        is_last = at + len(page) == piece.size
        if is_last and piece.is_whole and (expander.take(1) or not expander.finished):
            raise DamagedError
        return page

    def close(self) -> None:
        """Let go of the pages; what is compressed stays open, it was handed in."""
        self._kept.clear()
        self._now = None


def open_pieces(reader: Reader, kind: str) -> tuple[PiecedReader, str]:
    """Return what a compressed stream expands to, and the code of why it ended early, or nothing.

    Args:
        reader: the stream; it stays the caller's to close.
        kind: one of `LARGEST`.

    Raises:
        UnsupportedError: ``source.unsupported``, a piece of it is larger than `LARGEST`.
        OSError: it cannot be read.
    """
    pieces = _FINDERS[kind](reader)

    def expander(stored: Reader) -> Expander:
        return Streams(stored, kind, lambda: None)

    known: list[Piece] = []
    for piece in pieces.found:
        if piece.size > LARGEST[kind] or len(known) >= MOST:
            raise too_large()
        if piece.size >= 0 and len(pieces.found) > 1:
            known.append(piece)
            continue
        size, is_whole = _measured(expander(piece.stored()), LARGEST[kind])
        known.append(piece._replace(size=size, is_whole=is_whole, is_checked=True))
        if not is_whole:  # nobody knows where what follows would lie
            pieces.fault = pieces.fault or CUT
            break
    return PiecedReader([piece for piece in known if piece.size], expander), pieces.fault


class _Forwards:
    """A reader as what is expanded from its start to its end."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._at = 0

    @property
    def finished(self) -> bool:
        return self._at == self._reader.size

    def take(self, most: int) -> bytes:
        try:
            data = self._reader.pread(self._at, most)
        except EvidenceError as error:  # its checksum does not fit
            raise DamagedError from error
        self._at += len(data)
        return data

    def copy(self) -> None:
        """Say that there is none: it is read again."""


def in_one_piece(reader: Reader, size: int) -> PiecedReader:
    """Return a stream that costs as much as all that lies before, wherever it is read.

    Args:
        reader: it expands from its start whenever it is read further back than before.
        size: what it states to be, bytes.

    Raises:
        UnsupportedError: ``source.unsupported``, it is larger than is read so.
    """
    if size > LARGEST["xz"]:
        raise too_large()
    return PiecedReader([Piece(size, partial(itself, reader))] if size else [], _Forwards)


def _measured(expander: Expander, most: int) -> tuple[int, bool]:
    """Return how far a piece expands, and whether that is all of it."""
    size = 0
    try:
        while data := expander.take(STEP):
            size += len(data)
            if size > most:
                raise too_large()
    except OSError:
        return size, False
    return size, expander.finished


_FINDERS: Final[dict[str, Callable[[Reader], Pieces]]] = {
    "xz": xz_blocks,
    "bzip2": bzip2_blocks,
    "zstd": zstd_frames,
}
