"""Write-ahead logs and rollback journals of SQLite: pages of a database as they were or will be.

A log (``-wal``) holds each page that was written, one state of it behind the other; a journal
(``-journal``) each page as it was before. Either is read by itself: a row that was written stands
there with all pages of its long values, whatever has become of the database since, and states that
were overwritten are read, too. Of a value of which no page but its row's is there, the rest is
unchanged in the database, and is found there.

The locator is the offset of the cell in this file and the column, ``c@0x1f40.2``; the path is
``$page-``, the number of the page, that offset and the column. A row that stands in several states
is listed where it stands first. Frames of a log with another salt than its header
are those of a log before it: they are deleted entries.
"""

import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.containers.sqlite_blobs import (
    MAGIC,
    PAGE_SIZES,
    blob_entry,
    handle_of,
    opened,
    state_of,
)
from heroes_forensics.parsers.containers.sqlite_cells import (
    LEAVES,
    BrokenPageError,
    Cell,
    Payload,
    Reading,
    blobs,
    cells,
    kind_of,
)

_WAL: Final = struct.Struct(">IIII8sII")
_WAL_MAGIC: Final = frozenset({0x377F0682, 0x377F0683})
_FRAME: Final = struct.Struct(">II8sII")
_JOURNAL_MAGIC: Final = bytes.fromhex("d9d505f920a163d7")
_JOURNAL: Final = struct.Struct(">8sIIIII")
_ALL: Final = 0xFFFFFFFF
"""Records of a journal: as many as there is room for."""
_SECTORS: Final = frozenset(1 << shift for shift in range(5, 17))


class _Image(NamedTuple):
    """One page as this file has it."""

    at: int
    """Offset of its bytes."""
    number: int
    state: int
    """Of the transaction it is part of: within one, each page is taken as it stands last."""
    log: int
    """0 for the log that the header is of, then those before it as they come."""


def open_wal(reader: Reader) -> "SqliteLogFileSystem":
    """Open a write-ahead log; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the log"):
        head = reader.pread(0, _WAL.size)
        if len(head) < _WAL.size:
            raise EvidenceError("this is no write-ahead log")
        magic, _, page, _, salt, _, _ = _WAL.unpack(head)
        if magic not in _WAL_MAGIC or page not in PAGE_SIZES:
            raise EvidenceError("this is no write-ahead log")
        images = list(_frames(reader, page, salt))
    return SqliteLogFileSystem(reader, page, images, "sqlite-wal")


def _frames(reader: Reader, page: int, salt: bytes) -> Iterator[_Image]:
    step = _FRAME.size + page
    state, log, last = 0, 0, salt
    for at in range(_WAL.size, reader.size - step + 1, step):
        number, commit, own, _, _ = _FRAME.unpack(reader.pread(at, _FRAME.size))
        if own != last:
            state, log, last = state + 1, log + 1, own
        yield _Image(at + _FRAME.size, number, state, log)
        state += commit != 0


def open_journal(reader: Reader) -> "SqliteLogFileSystem":
    """Open a rollback journal; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the journal"):
        head = reader.pread(0, _JOURNAL.size)
        if len(head) < _JOURNAL.size or not head.startswith(_JOURNAL_MAGIC):
            raise EvidenceError("this is no rollback journal")
        *_, sector, page = _JOURNAL.unpack(head)
        if page not in PAGE_SIZES or sector not in _SECTORS:
            raise EvidenceError("this is no rollback journal")
        images = list(_records(reader, page, sector))
    return SqliteLogFileSystem(reader, page, images, "sqlite-journal")


def _records(reader: Reader, page: int, sector: int) -> Iterator[_Image]:
    start, step = 0, page + 8
    while start + sector + step <= reader.size:
        head = reader.pread(start, _JOURNAL.size)
        if not head.startswith(_JOURNAL_MAGIC):
            return
        count = _JOURNAL.unpack(head)[1]
        room = (reader.size - start - sector) // step
        count = room if count in {0, _ALL} else min(count, room)
        at = start + sector
        for _ in range(count):
            yield _Image(at + 4, int.from_bytes(reader.pread(at, 4), "big"), 0, 0)
            at += step
        start = -(-at // sector) * sector


def _reserved(reader: Reader, images: list[_Image]) -> int:
    """Return how many bytes of each page are not in use, as the first page says."""
    first = next((image.at for image in images if image.number == 1), -1)
    try:
        head = reader.pread(first, 21) if first >= 0 else b""
    except OSError:
        return 0
    return head[20] if len(head) > 20 and head.startswith(MAGIC) else 0  # noqa: PLR2004


class SqliteLogFileSystem:
    """Lists and opens the BLOBs whose rows stand in one log or journal."""

    def __init__(self, reader: Reader, page: int, images: list[_Image], kind: str) -> None:
        self.kind: Final = kind
        self._reading = Reading(reader.pread, page, page - _reserved(reader, images))
        self._images = images
        self._begins = sorted({image.log: image.state for image in reversed(images)}.values())
        """The first state of each log."""
        self._by_number: dict[int, list[tuple[int, int]]] = {}
        """State and offset of each image of a page, in their order."""
        for image in images:
            self._by_number.setdefault(image.number, []).append((image.state, image.at))

    @property
    def times(self) -> TimeBasis:
        """None: pages state no times."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the BLOBs in the order in which their rows were written."""
        yield from counted(self._found(), sweep="pages of logs before this one")

    def _found(self) -> Iterator[Entry | Gap]:
        met: set[tuple[bytes, int]] = set()
        for image in self._images:
            try:
                page = self._reading.pread(image.at, self._reading.page)
                if kind_of(page, image.number) not in LEAVES:
                    continue
                for cell in cells(page, image.number, self._reading.usable):
                    yield from self._of_cell(cell, image, met)
            except OSError:
                yield Gap(f"c@{image.at:#x}", "source.damaged", {"page": image.number})
            except BrokenPageError:
                continue  # pages of long values may begin like any other

    def _of_cell(self, cell: Cell, image: _Image, met: set[tuple[bytes, int]]) -> Iterator[Entry]:
        page_of = partial(self._page_of, image.state)
        follows = page_of(cell.overflow) if cell.overflow else 0
        if follows < 0:
            return  # as the database has it
        payload = Payload(self._reading, cell, page_of)
        try:
            found = list(blobs(payload))
        except (OSError, BrokenPageError):
            return
        if not found or (cell.local, follows) in met:
            return
        met.add((cell.local, follows))
        at = image.at + cell.at
        for value in found:
            yield blob_entry(
                f"c@{at:#x}.{value.name}",
                f"$page-{image.number}/{at:#x}/{value.name}".encode(),
                value,
                handle=handle_of((image.at, image.number), cell.at, value, image.state),
                first_offset=at,
                flags=EntryFlag(0) if image.log else EntryFlag.ALLOCATED,
            )

    def _page_of(self, state: int, number: int) -> int:
        """Return where a page lies as of the end of a transaction; -1 where it is not here."""
        images = self._by_number.get(number, [])
        spot = bisect_right(images, state, key=lambda image: image[0])
        if self.kind == "sqlite-journal":  # as it was before: the first one counts
            spot = bisect_left(images, state, key=lambda image: image[0]) + 1
        begin = self._begins[bisect_right(self._begins, state) - 1] if self._begins else 0
        if not 0 < spot <= len(images) or images[spot - 1][0] < begin:
            return -1
        return images[spot - 1][1]

    def open(self, handle: bytes) -> Reader:
        """Open a BLOB.

        Raises:
            OSError: a page of it is not in this file, or this is not a handle of this parser.
        """
        return opened(handle, self._reading, partial(self._page_of, state_of(handle)))

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
