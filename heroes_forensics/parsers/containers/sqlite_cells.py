"""Cells of SQLite: the values of one b-tree page, wherever that page lies.

The form is that of "Database File Format" of SQLite (3.53), sections 1.6 and 2.1. What is read here
has been written by anybody: every number is checked against the page and against the number of
pages there are, and no chain of overflow pages is followed further than its value is long.
"""

import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from heroes_forensics.filetype import TYPES, FileClass, sniff

LEAF_TABLE: Final = 0x0D
INNER_TABLE: Final = 0x05
LEAF_INDEX: Final = 0x0A
INNER_INDEX: Final = 0x02
LEAVES: Final = frozenset({LEAF_TABLE, LEAF_INDEX, INNER_INDEX})
"""Pages whose cells hold values; an inner page of an index holds some, too."""
INNER: Final = frozenset({INNER_TABLE, INNER_INDEX})

FIRST_HEADER: Final = 100
"""Bytes of the header of the file, in front of the first page's own."""
_HEAD: Final = struct.Struct(">BHHHB")
_WIDTHS: Final = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Bytes of values of a fixed width, by serial type."""
_FIRST_BLOB: Final = 12
_MOST_COLUMNS: Final = 1 << 15
"""Columns that SQLite can be built to have at most (SQLITE_MAX_COLUMN)."""
_MOST_HEADER: Final = 10 * _MOST_COLUMNS
_LEAST: Final = 24
"""A BLOB of fewer bytes is no picture."""
_SNIFFED: Final = 1 << 12
_CLASSES: Final = frozenset({FileClass.ARCHIVE, FileClass.DOCUMENT, FileClass.EMAIL})
_TYPES_HELD: Final = frozenset(
    number
    for number, row in enumerate(TYPES)
    if row.is_media or row.file_class in _CLASSES or row.name == "sqlite"
)

PageOf = Callable[[int], int]
"""Where in the file a page lies, by its number; -1 where there is none of it."""


class Reading(NamedTuple):
    """How values are read: ``pread`` of the file, bytes of a page, and of it in use."""

    pread: Callable[[int, int], bytes]
    page: int
    usable: int


class Cell(NamedTuple):
    """One row as it stands in a page."""

    at: int
    """Offset in the page."""
    left: int
    """Page before it, of an inner page; else 0."""
    rowid: int | None
    size: int
    """Bytes of its payload, and of it in this page."""
    local: bytes
    overflow: int
    """Number of the first overflow page; 0 for none."""


class BrokenPageError(Exception):
    """A page is not what it says."""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of 1 to 9 bytes as SQLite writes it, and the offset behind it.

    Raises:
        BrokenPageError: the bytes end within it.
    """
    value = 0
    for number, byte in enumerate(data[at : at + 9]):
        if number == 8:  # noqa: PLR2004 - the ninth byte has eight bits
            value = value << 8 | byte
            return value - (1 << 64) if value >> 63 else value, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:  # noqa: PLR2004
            return value, at + number + 1
    raise BrokenPageError


def kind_of(page: bytes, number: int) -> int:
    """Return the first byte of a page's own header."""
    at = FIRST_HEADER if number == 1 else 0
    return page[at] if len(page) > at else 0


def cells(page: bytes, number: int, usable: int) -> Iterator[Cell]:
    """Yield the cells of a b-tree page in their order, the last one of an inner page empty.

    Args:
        page: all its bytes.
        number: its number; the first page begins with the header of the file.
        usable: bytes of a page that are in use.

    Raises:
        BrokenPageError: its header or a cell cannot be right; what came before it is.
    """
    start = FIRST_HEADER if number == 1 else 0
    if len(page) < usable:
        raise BrokenPageError
    kind, _, count, _, _ = _HEAD.unpack_from(page, start)
    if kind not in LEAVES and kind not in INNER:
        raise BrokenPageError
    first = start + (12 if kind in INNER else 8)
    if first + 2 * count > usable:
        raise BrokenPageError
    met: set[int] = set()
    for (at,) in struct.iter_unpack(">H", page[first : first + 2 * count]):
        if not first + 2 * count <= at < usable or at in met:
            raise BrokenPageError
        met.add(at)
        yield _cell(page, at, kind, usable)
    if kind in INNER:
        right = int.from_bytes(page[first - 4 : first], "big")
        yield Cell(usable, right, None, 0, b"", 0)


def _cell(page: bytes, at: int, kind: int, usable: int) -> Cell:
    left, spot = 0, at
    if kind in INNER:
        left, spot = int.from_bytes(page[at : at + 4], "big"), at + 4
    if kind == INNER_TABLE:
        return Cell(at, left, varint(page, spot)[0], 0, b"", 0)
    size, spot = varint(page, spot)
    rowid = None
    if kind == LEAF_TABLE:
        rowid, spot = varint(page, spot)
    if size < 0:
        raise BrokenPageError
    most = usable - 35 if kind == LEAF_TABLE else (usable - 12) * 64 // 255 - 23
    held = size
    if size > most:
        least = (usable - 12) * 32 // 255 - 23
        held = least + (size - least) % (usable - 4)
        held = held if held <= most else least
    end = spot + held
    if end + (4 if held < size else 0) > usable:
        raise BrokenPageError
    overflow = int.from_bytes(page[end : end + 4], "big") if held < size else 0
    return Cell(at, left, rowid, size, page[spot:end], overflow)


class Payload:
    """The bytes of one row, through the overflow pages that it goes on in."""

    def __init__(self, reading: Reading, cell: Cell, page_of: PageOf) -> None:
        """Take a cell, how pages are read, and where the pages lie that its row goes on in."""
        self._reading = reading
        self._cell = cell
        self._page_of = page_of
        self._next = cell.overflow
        self._pages: list[tuple[int, int]] = []
        """Number of each overflow page followed so far, and where its content begins."""

    @property
    def size(self) -> int:
        """Stated length, bytes."""
        return self._cell.size

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``.

        Raises:
            OSError: the chain of pages ends before, or leads nowhere.
        """
        length = max(0, min(length, self.size - offset))
        local, room = self._cell.local, self._reading.usable - 4
        parts = [local[offset : offset + length]]
        at, end = max(offset, len(local)) - len(local), offset + length - len(local)
        while at < end:
            index, within = divmod(at, room)
            taken = min(room - within, end - at)
            spot = self._spot(index)
            data = self._reading.pread(spot + within, taken)
            if len(data) < taken:
                raise OSError("the value is cut off")
            parts.append(data)
            at += taken
        return b"".join(parts)

    def _spot(self, index: int) -> int:
        while len(self._pages) <= index:
            spot = self._page_of(self._next)
            if spot < 0:
                raise OSError("the value goes on in a page that is not there")
            following = self._reading.pread(spot, 4)
            if len(following) < 4:  # noqa: PLR2004 - a page number
                raise OSError("the value is cut off")
            self._pages.append((self._next, spot + 4))
            self._next = int.from_bytes(following, "big")
        return self._pages[index][1]

    def follow(self, take: Callable[[int], bool]) -> bool:
        """Follow the chain to its end; say whether all of it could be had.

        Where it cannot go on it ends for good, so that no page is followed twice.

        Args:
            take: is asked for each page, by its number, whether it may be part of this chain.
        """
        over = self.size - len(self._cell.local)
        need = -(-over // (self._reading.usable - 4)) if over > 0 else 0
        for index in range(need):
            try:
                is_there = take(self._next) and self._spot(index) > 0
            except OSError:
                is_there = False
            if not is_there:
                self._page_of = _nowhere
                return False
        return True

    def close(self) -> None:
        """Keep nothing."""


def _nowhere(number: int) -> int:
    del number
    return -1


class Value(NamedTuple):
    """One column of one row."""

    column: int
    serial: int
    offset: int
    """In the payload, bytes."""
    size: int
    skipped: int = 0
    """Bytes of the value before what is meant."""

    @property
    def name(self) -> str:
        """The number of the column, and where in its value this begins unless at its start."""
        return f"{self.column}@{self.skipped:#x}" if self.skipped else str(self.column)

    @property
    def is_text(self) -> bool:
        """Tell whether it is stored as text, which may hold any bytes."""
        return bool(self.serial & 1)


def values(payload: Payload) -> list[Value]:
    """Return the columns of a row.

    Raises:
        BrokenPageError: its header cannot be right.
        OSError: it cannot be read.
    """
    head = payload.pread(0, 16)
    length, at = varint(head, 0)
    if not at <= length <= min(payload.size, _MOST_HEADER):
        raise BrokenPageError
    head = payload.pread(0, length)
    found: list[Value] = []
    offset = length
    while at < length:
        serial, at = varint(head, at)
        size = (serial - _FIRST_BLOB) >> 1 if serial >= _FIRST_BLOB else _WIDTHS.get(serial, -1)
        if size < 0 or offset + size > payload.size or len(found) >= _MOST_COLUMNS:
            raise BrokenPageError
        found.append(Value(len(found), serial, offset, size))
        offset += size
    return found


def blobs(payload: Payload) -> Iterator[Value]:
    """Yield the BLOBs of a row that begin like a picture, a film, or something that holds others.

    Binary content that was stored as text is taken, too; what reads as text is not. Of a picture or
    film behind one zero byte (Skype keeps pictures of contacts so) it is what follows that byte.

    Raises:
        BrokenPageError: its header cannot be right.
        OSError: it cannot be read.
    """
    if payload.size < _LEAST:
        return
    for value in values(payload):
        if value.size >= _LEAST:
            head = payload.pread(value.offset, min(value.size, _SNIFFED))
            if value.is_text and b"\0" not in head:
                continue
            if sniff(head) in _TYPES_HELD:
                yield value
            elif head.startswith(b"\0") and TYPES[sniff(head[1:])].is_media:
                yield value._replace(offset=value.offset + 1, size=value.size - 1, skipped=1)
