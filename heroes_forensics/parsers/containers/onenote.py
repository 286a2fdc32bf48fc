"""Sections of OneNote (MS-ONESTORE): the files and pictures that were put into them.

Each is an object of its own, ``FileDataStoreObject`` (2.6.13): an identifier, a length, and the
bytes of the file. The section is searched for the identifiers, so that what a page shows no more is
found like the rest. What OneNote for the web packs in another form (MS-FSSHTTPB) has no such
objects: it is told as `container.unsupported`.
"""

import struct
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.pieces import Pieces, opening, piece
from heroes_forensics.parsers.containers.searching import found_at

_HEAD: Final = struct.Struct("<16s32x16s")
"""Type of the file, and its format."""
_TYPE: Final = UUID("7b5c52e4-d88c-4da7-aeb1-5378d02996d3").bytes_le
_FORMAT: Final = UUID("109add3f-911b-49f5-a5d0-1791edc8aed8").bytes_le
_OBJECT: Final = UUID("bde316e7-2665-4511-a4c4-8d4d0b7a9eac").bytes_le
_LENGTH: Final = struct.Struct("<Q12x")
"""Bytes of the file, which follow."""


def open_onenote(reader: Reader) -> Pieces:
    """Open a section; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
        UnsupportedError: it is packed in another form.
    """
    with opening("the section"):
        head = reader.pread(0, _HEAD.size)
    if len(head) < _HEAD.size or not head.startswith(_TYPE):
        raise EvidenceError("this is no section of OneNote")
    if _HEAD.unpack(head)[1] != _FORMAT:
        raise UnsupportedError("a section in another form", code="container.unsupported")

    def found() -> Iterator[Entry | Gap]:
        at = 0
        while (spot := found_at(reader, _OBJECT, at)) >= 0:
            stated = reader.pread(spot + len(_OBJECT), _LENGTH.size)
            if len(stated) < _LENGTH.size:
                yield Gap(f"m@{spot:#x}", "source.damaged", {"read": "short"})
                return
            start = spot + len(_OBJECT) + _LENGTH.size
            size = _LENGTH.unpack(stated)[0]
            yield _entry(start, size)
            at = start + size if start + size <= reader.size else start

    return Pieces(reader, "onenote", found, sweep="not applicable: the bytes are searched")


def _entry(start: int, size: int) -> Entry:
    size = min(size, (1 << 63) - 1)
    return Entry(
        locator=f"m@{start:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=b"file/%#x" % start,
        size=size,
        handle=piece(start, size),
        first_offset=start,
    )
