"""Packages of RPM: what lies behind their headers is one member, a compressed cpio archive.

The form is that of "RPM Package File Structure" (LSB Core, 22.2). The locator is ``m@`` and the
offset of the payload, its path ``$payload``; what is in the headers (scripts, names) is in the
digest of the package and in no entry of its own.
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import RangeReader

_MAGIC: Final = b"\xed\xab\xee\xdb"
_LEAD: Final = 96
_HEADER: Final = struct.Struct(">4s4xII")
_HEADER_MAGIC: Final = b"\x8e\xad\xe8\x01"
_INDEX: Final = 16
"""Bytes of an index entry."""
PAYLOAD: Final = b"$payload"
_HANDLE: Final = b"\1"


def open_rpm(reader: Reader) -> "RpmFileSystem":
    """Open a package; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none, or a header is damaged.
    """
    with opening("the package"):
        if reader.pread(0, len(_MAGIC)) != _MAGIC:
            raise EvidenceError("this is no RPM package")
        at = _behind(reader, _LEAD)
        at = _behind(reader, at + -at % 8)  # the first header is a signature, and is padded
    if at > reader.size:
        raise EvidenceError("the package is cut off")
    return RpmFileSystem(reader, at)


def _behind(reader: Reader, at: int) -> int:
    """Return the offset behind a header."""
    data = reader.pread(at, _HEADER.size)
    if len(data) < _HEADER.size or not data.startswith(_HEADER_MAGIC):
        raise EvidenceError("a header of the package is damaged")
    _, count, size = _HEADER.unpack(data)
    return at + _HEADER.size + _INDEX * int(count) + int(size)


class RpmFileSystem:
    """Lists and opens the payload of one package."""

    kind: Final = "rpm"

    def __init__(self, reader: Reader, at: int) -> None:
        self._reader = reader
        self._at = at

    @property
    def times(self) -> TimeBasis:
        """None: a payload has none."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the payload."""
        entry = Entry(
            locator=f"m@{self._at:#x}",
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED,
            path=PAYLOAD,
            size=self._reader.size - self._at,
            handle=_HANDLE,
            first_offset=self._at,
            place=place_of(PAYLOAD, allocated=True),
        )
        yield from counted([entry], sweep="not applicable: one payload")

    def open(self, handle: bytes) -> Reader:
        """Open the payload.

        Raises:
            OSError: this is not a handle of this parser.
        """
        if handle != _HANDLE:
            raise OSError("not a handle of this parser")
        return RangeReader(self._reader, self._at, self._reader.size - self._at)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
