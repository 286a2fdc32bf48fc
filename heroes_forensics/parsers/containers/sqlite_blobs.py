"""BLOBs of SQLite as entries, and the way back from the handle of one to its bytes."""

import struct
from typing import Final

from heroes_forensics.model import Entry, EntryFlag, EntryKind
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.sqlite_cells import (
    BrokenPageError,
    PageOf,
    Payload,
    Reading,
    Value,
    cells,
)
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import RangeReader

MAGIC: Final = b"SQLite format 3\0"
_HANDLE: Final = struct.Struct(">QIIQQI")
PAGE_SIZES: Final = frozenset(1 << shift for shift in range(9, 17))
LEAST_USABLE: Final = 480
"""Bytes of a page in use at least, as SQLite has it."""


def handle_of(page: tuple[int, int], cell: int, value: Value, state: int = 0) -> bytes:
    """Return the handle of a BLOB.

    Args:
        page: offset in the file, and number.
        cell: its offset in the page.
        value: which column.
        state: which of several states of the database it is of.
    """
    return _HANDLE.pack(*page, cell, value.offset, value.size, state)


def state_of(handle: bytes) -> int:
    """Return the state that a handle names.

    Raises:
        OSError: this is not a handle of these parsers.
    """
    if len(handle) != _HANDLE.size:
        raise OSError("not a handle of this parser")
    return int(_HANDLE.unpack(handle)[-1])


def opened(handle: bytes, reading: Reading, page_of: PageOf) -> Reader:
    """Return the bytes of a BLOB.

    Raises:
        OSError: it is not there.
    """
    state_of(handle)
    start, number, at, offset, size, _ = _HANDLE.unpack(handle)
    page = reading.pread(start, reading.page)
    try:
        cell = next((each for each in cells(page, number, reading.usable) if each.at == at), None)
    except BrokenPageError as error:
        raise OSError("the page cannot be read") from error
    if cell is None:
        raise OSError("not a handle of this parser")
    return RangeReader(Payload(reading, cell, page_of), offset, size)


def blob_entry(  # noqa: PLR0913 - what an entry has
    locator: str,
    path: bytes,
    value: Value,
    *,
    handle: bytes,
    first_offset: int,
    flags: EntryFlag = EntryFlag.ALLOCATED,
) -> Entry:
    """Return the entry of a BLOB."""
    path = member_path(path, directory=False)
    return Entry(
        locator=locator,
        kind=EntryKind.FILE,
        flags=flags,
        path=path,
        size=value.size,
        handle=handle,
        first_offset=first_offset,
        place=place_of(path, allocated=bool(flags & EntryFlag.ALLOCATED)),
    )
