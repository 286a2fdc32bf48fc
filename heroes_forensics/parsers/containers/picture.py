"""Pictures as containers: what lies in their header, and what lies behind their end.

Each picture, film or archive in it is a member, ``m@`` and its offset; so is the rest behind the
end that begins like nothing known, ``r@`` and its offset (`within`). The picture itself is none:
its digest is that of the whole file.
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.within import KINDS, Piece, pieces
from heroes_forensics.parsers.recovery.window import SpentError
from heroes_forensics.parsers.storage.readers import RangeReader

_HANDLE: Final = struct.Struct("<QQ")
"""Offset and bytes."""


def open_picture(reader: Reader) -> "PictureFileSystem":
    """Open a picture; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none that is looked into.
    """
    try:
        kind = TYPES[sniff(reader.pread(0, HEAD))].name
    except OSError as error:
        raise EvidenceError("the picture cannot be read") from error
    if kind not in KINDS:
        raise EvidenceError("this is no picture that is looked into")
    return PictureFileSystem(reader, kind)


class PictureFileSystem:
    """Lists and opens what lies in one picture."""

    kind: Final = "picture"

    def __init__(self, reader: Reader, type_name: str) -> None:
        self._reader = reader
        self._type = type_name

    @property
    def times(self) -> TimeBasis:
        """None: what lies in a picture has none of its own."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield what lies in the picture."""
        yield from counted(self._found(), sweep="not applicable: the bytes are searched")

    def _found(self) -> Iterator[Entry | Gap]:
        try:
            for piece in pieces(self._reader, self._type):
                yield _entry(piece)
        except (OSError, SpentError):
            yield Gap("m@0x0", "source.damaged", {"read": "failed"})

    def open(self, handle: bytes) -> Reader:
        """Open what lies at a place.

        Raises:
            OSError: this is not a handle of this parser.
        """
        if len(handle) != _HANDLE.size:
            raise OSError("not a handle of this parser")
        return RangeReader(self._reader, *_HANDLE.unpack(handle))

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


def _entry(piece: Piece) -> Entry:
    is_rest = piece.what == "rest"
    return Entry(
        locator=f"{'r' if is_rest else 'm'}@{piece.start:#x}",
        kind=EntryKind.METADATA if is_rest else EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=b"$%s/%#x" % (piece.what.encode(), piece.start),
        size=piece.size,
        handle=_HANDLE.pack(piece.start, piece.size),
        first_offset=piece.start,
    )
