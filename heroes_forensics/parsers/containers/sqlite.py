"""SQLite databases as containers: every BLOB that is a picture, a film or a container is a member.

The b-trees are walked here and not by SQLite: no statement, trigger or view of the evidence is ever
run, the file is never in memory whole, and pages that nothing leads to any more are seen. Which
type a BLOB is of is told by its first bytes; one that is none of those is in the digest of the
database and no entry of its own, and so is what reads as text, whatever it encodes.

The locator is the root page of the table, the row and the column, ``t5.17.2``; where rows have no
number of their own (``WITHOUT ROWID``), or a number comes twice, the offset of the cell and the
column, ``c@0x1f40.2``. The path is the name of the table, the row and the column. Rows of pages
that no table leads to any more are deleted entries. What was deleted within a page that is still in
use is not looked for.

The database is read as it was at its last checkpoint. What has been written since stands in the
``-wal`` beside it, which is a container of its own (`sqlite_log`).
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, EntryFlag, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import PIECE, fields_of, opening, piece, unaccounted
from heroes_forensics.parsers.containers.sqlite_blobs import (
    LEAST_USABLE,
    MAGIC,
    PAGE_SIZES,
    blob_entry,
    handle_of,
    opened,
)
from heroes_forensics.parsers.containers.sqlite_cells import (
    INNER,
    LEAF_TABLE,
    BrokenPageError,
    Cell,
    Payload,
    Reading,
    blobs,
    cells,
    kind_of,
    values,
)
from heroes_forensics.parsers.reading.readers import RangeReader

_HEADER: Final = struct.Struct(">16sHBBB")
_NAME: Final = 255
_IN_USE, _PASSED = 1, 2
_WHOLE_HEADER: Final = 100
_COUNTS: Final = (24, 28, 92)
"""Where the header has how often it changed, how many pages there are, and as of which change."""
_SCHEMA: Final = (0, 1, 3)
"""Columns of the schema table that are used: type, name, root page."""


def open_sqlite(reader: Reader) -> "SqliteFileSystem":
    """Open a database; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the database"):
        head = reader.pread(0, _WHOLE_HEADER)
    if len(head) < _HEADER.size or not head.startswith(MAGIC):
        raise EvidenceError("this is no SQLite database")
    _, page, _, _, reserved = _HEADER.unpack_from(head)
    page = 1 << 16 if page == 1 else page
    if page not in PAGE_SIZES or page - reserved < LEAST_USABLE:
        raise EvidenceError("the database states a size of pages that there is not")
    changed, pages, valid_for = (int.from_bytes(head[at : at + 4], "big") for at in _COUNTS)
    end = pages * page if pages and changed == valid_for else reader.size
    return SqliteFileSystem(reader, Reading(reader.pread, page, page - reserved), end)


class SqliteFileSystem:
    """Lists and opens the BLOBs of one database."""

    kind: Final = "sqlite"

    def __init__(self, reader: Reader, reading: Reading, end: int) -> None:
        """Take a file, how its pages are read, and where the database says that it ends."""
        self._reader = reader
        self._end = end
        self._reading = reading
        self._pages = reader.size // reading.page
        self._used = bytearray(self._pages + 1)
        """By number: whether a page belongs to a table, an index or a long value, and whether a
        deleted value was followed through it."""

    @property
    def times(self) -> TimeBasis:
        """None: a database states no times of its rows."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the BLOBs table by table, then those of pages that nothing leads to."""
        yield from counted(self._found(), sweep="pages of tables that nothing leads to")

    def _found(self) -> Iterator[Entry | Gap]:
        trees = [(1, b"sqlite_schema", True), *self._schema()]
        self._used = bytearray(self._pages + 1)
        for root, name, is_table in trees:
            yield from self._tree(root, name, is_table=is_table)
        yield from self._free()
        yield from self._behind()

    def _behind(self) -> Iterator[Entry]:
        """Yield what stands behind the last page that the header counts."""
        size = self._reader.size - self._end
        try:
            head = self._reader.pread(self._end, HEAD) if size > 0 else b""
        except OSError:
            head = b"?"  # whoever reads it is told
        if head.strip(b"\0"):
            yield unaccounted(self._end, self._reader.size, piece(self._end, size))

    def _schema(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yield root page and name of each table and index, and whether it is a table."""
        self._used = bytearray(self._pages + 1)
        for cell, _ in self._walked(1):
            if cell is None:
                continue  # said when the schema is walked as the table that it is
            try:
                payload = self._payload(cell)
                found = values(payload)
                kind, name, root = (
                    payload.pread(each.offset, min(each.size, _NAME))
                    for each in (found[column] for column in _SCHEMA)
                )
            except (OSError, BrokenPageError, IndexError):
                continue
            number = int.from_bytes(root, "big", signed=True)
            if number > 1:
                yield number, name, kind == b"table"

    def _walked(self, root: int) -> Iterator[tuple[Cell | None, int]]:
        """Yield the cells of a b-tree in their order, each with its page; None for a bad page."""
        waiting: list[tuple[Cell | None, int]] = [(None, root)]
        while waiting:
            cell, number = waiting.pop()
            if cell is not None:
                yield cell, number
                continue
            found, is_inner = self._cells(number)
            if found is None:
                yield None, number
                continue
            for each in reversed(found):
                if each.size:
                    waiting.append((each, number))
                if is_inner:
                    waiting.append((None, each.left))

    def _cells(self, number: int) -> tuple[list[Cell] | None, bool]:
        """Return the cells of a page, None where it is none or was met; whether others follow."""
        if not 0 < number <= self._pages or self._used[number]:
            return None, False
        self._used[number] = _IN_USE
        try:
            page = self._reading.pread((number - 1) * self._reading.page, self._reading.page)
            return list(cells(page, number, self._reading.usable)), kind_of(page, number) in INNER
        except (OSError, BrokenPageError):
            return None, False

    def _tree(self, root: int, name: bytes, *, is_table: bool) -> Iterator[Entry | Gap]:
        last: int | None = None
        for cell, number in self._walked(root):
            if cell is None:
                yield Gap(f"t{root}", "source.damaged", {"page": number})
                continue
            where = ""
            if cell.rowid is not None and (last is None or cell.rowid > last):
                where, last = f"t{root}.{cell.rowid}", cell.rowid
            try:
                payload = self._payload(cell)
                is_whole = payload.follow(self._take)
                if is_table:
                    yield from self._of_cell(payload, cell, number, (where, name))
            except (OSError, BrokenPageError):
                is_whole = False
            if not is_whole:
                yield Gap(f"t{root}", "source.damaged", {"page": number})

    def _take(self, number: int) -> bool:
        """Say whether a page belongs to nothing yet; it does now."""
        is_free = 0 < number <= self._pages and not self._used[number]
        if is_free:
            self._used[number] = _IN_USE
        return is_free

    def _of_cell(
        self, payload: Payload, cell: Cell, number: int, named: tuple[str, bytes]
    ) -> Iterator[Entry]:
        where, name = named
        start = (number - 1) * self._reading.page
        at = start + cell.at
        row = f"{at:#x}" if cell.rowid is None else str(cell.rowid)
        for value in blobs(payload):
            yield blob_entry(
                f"{where or f'c@{at:#x}'}.{value.name}",
                name + f"/{row}/{value.name}".encode(),
                value,
                handle=handle_of((start, number), cell.at, value),
                first_offset=at,
            )

    def _free(self) -> Iterator[Entry]:
        """Yield what stands in pages of tables that nothing leads to."""
        for number in range(2, self._pages + 1):
            if self._used[number]:
                continue
            start = (number - 1) * self._reading.page
            try:
                if self._reading.pread(start, 1) != bytes([LEAF_TABLE]):
                    continue
                page = self._reading.pread(start, self._reading.page)
                found = list(cells(page, number, self._reading.usable))
            except (OSError, BrokenPageError):
                continue
            for cell in found:
                yield from self._deleted(cell, number)

    def _deleted(self, cell: Cell, number: int) -> Iterator[Entry]:
        taken: list[bool] = []

        def take(page: int) -> bool:
            if not 0 < page <= self._pages or self._used[page] & _PASSED:
                return False
            taken.append(self._used[page] == _IN_USE)
            self._used[page] |= _PASSED
            return True

        try:
            payload = self._payload(cell)
            if not payload.follow(take):
                return
            found = list(blobs(payload))
        except (OSError, BrokenPageError):
            return
        start = (number - 1) * self._reading.page
        at = start + cell.at
        for value in found:
            yield blob_entry(
                f"c@{at:#x}.{value.name}",
                f"$free/{at:#x}/{value.name}".encode(),
                value,
                handle=handle_of((start, number), cell.at, value),
                first_offset=at,
                flags=EntryFlag.REALLOCATED if any(taken) else EntryFlag(0),
            )

    def _payload(self, cell: Cell) -> Payload:
        if cell.size > self._pages * self._reading.page:
            raise BrokenPageError
        return Payload(self._reading, cell, self._page_of)

    def _page_of(self, number: int) -> int:
        return (number - 1) * self._reading.page if 0 < number <= self._pages else -1

    def open(self, handle: bytes) -> Reader:
        """Open a BLOB.

        Raises:
            OSError: it cannot be read, or this is not a handle of this parser.
        """
        if len(handle) == len(piece(0, 0)):
            return RangeReader(self._reader, *fields_of(PIECE, handle))
        return opened(handle, self._reading, self._page_of)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
