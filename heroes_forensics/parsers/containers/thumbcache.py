"""Thumbnail stores of Windows since Vista (``thumbcache_256.db`` ...): every picture is a member.

The form is that of libyal's documentation, "Windows Explorer Thumbnail Database format": a file
header, then entries one behind the other, each with a header, an identifier and the bytes of a
picture (BMP, JPEG or PNG). Versions 20 (Vista), 21 (7) and 30 to 32 (8 to 11) are read. Locators
are ``m@`` and the offset of the entry. The path is the identifier, a hash that Windows Search knows
the file by; nothing here says which file it was.

An entry that holds no picture is recorded without content. What is free at the end is an entry of
its own (``$free``), for what was deleted may still lie there; so is what no sound entry covers
(``$unaccounted``), with a gap. Whole pictures in either, at a sector of the file, are deleted
entries: ``c@`` and their offset.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import Pieces, opening, piece
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace
from heroes_forensics.parsers.recovery.search import Carved, Searched, search
from heroes_forensics.parsers.recovery.window import SECTOR

MAGIC: Final = b"CMMM"
_VERSION: Final = struct.Struct("<4sI")
_HEAD: Final = 24
"""Bytes of the file header."""
_START: Final = struct.Struct("<4sIQ")
"""Of each entry: magic number, size of all of it, hash."""
_SIZES: Final = struct.Struct("<III")
"""Bytes of identifier, padding and picture."""
_LAYOUTS: Final = {20: (24, 56), 21: (16, 48), 30: (16, 56), 31: (16, 56), 32: (16, 56)}
"""By version: where in an entry the sizes stand, and where its identifier begins."""
_IDENTIFIER: Final = 1 << 12
"""Bytes of an identifier at most; they have 32 or 80."""
_CHUNK: Final = 1 << 20


class _Row(NamedTuple):
    """One sound entry."""

    offset: int
    end: int
    hash: int
    identifier: bytes
    data: int
    size: int


def open_thumbcache(reader: Reader) -> Pieces:
    """Open a thumbnail store; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
        UnsupportedError: it is of a version that is not known.
    """
    with opening("the thumbnail store"):
        head = reader.pread(0, _HEAD)
    if len(head) < _HEAD or not head.startswith(MAGIC):
        raise EvidenceError("this is no thumbnail store")
    _, version = _VERSION.unpack_from(head)
    if version not in _LAYOUTS:
        raise UnsupportedError(
            f"a thumbnail store of version {version} is not read", code="container.unsupported"
        )
    found = _Store(reader, version).found
    return Pieces(reader, "thumbcache", found, sweep="entries behind damage")


class _Store:
    """Finds the pictures of one store."""

    def __init__(self, reader: Reader, version: int) -> None:
        self._reader = reader
        self._sizes_at, self._fixed = _LAYOUTS[version]

    def found(self) -> Iterator[Entry | Gap]:
        """Yield the entries in the order they lie."""
        at = _HEAD
        while at < self._reader.size:
            try:
                row = self._row(at)
            except OSError:
                row = None
            if row is None:
                following = self._resync(at + 1)
                yield Gap(f"m@{at:#x}", "source.damaged", {"bytes": following - at})
                yield from self._left("unaccounted", at, following)
                at = following
                continue
            if row.hash or row.identifier or row.size:
                yield _entry(row)
            if row.data + row.size < row.end:
                yield from self._left("free", row.data + row.size, row.end)
            at = row.end

    def _left(self, name: str, start: int, end: int) -> Iterator[Entry | Gap]:
        """Yield a region that no picture in use covers, and the pictures in it."""
        yield _region(name, start, end)
        first = -(-start // SECTOR) * SECTOR
        if first >= end:
            return
        for each in search(FreeSpace(self._reader, [Extent(first, end - first)])):
            if isinstance(each, Carved) and each.found.whole:
                yield _picture(name, first + each.offset, each.found.size)
            elif isinstance(each, Searched):
                if each.unread:
                    yield Gap(f"r@{start:#x}", "unallocated.unreadable", {"bytes": each.unread})
                if each.limit:
                    rest = end - first - each.bytes
                    yield Gap(f"r@{start:#x}", "unallocated.limit", {"bytes": rest})

    def _row(self, at: int) -> _Row | None:
        """Return the entry at an offset; None when it is not sound."""
        head = self._reader.pread(at, self._fixed)
        if len(head) < self._fixed or not head.startswith(MAGIC):
            return None
        _, size, number = _START.unpack_from(head)
        identifier, padding, stored = _SIZES.unpack_from(head, self._sizes_at)
        if (
            identifier > _IDENTIFIER
            or self._fixed + identifier + padding + stored > size
            or at + size > self._reader.size
        ):
            return None
        raw = self._reader.pread(at + self._fixed, identifier)
        data = at + self._fixed + identifier + padding
        return _Row(at, at + size, number, raw, data, stored)

    def _resync(self, start: int) -> int:
        """Return the offset of the next sound entry, the end of the store when there is none."""
        at = start
        while at < self._reader.size:
            try:
                data = self._reader.pread(at, _CHUNK + len(MAGIC))
                spot = data.find(MAGIC)
                while spot >= 0:
                    if self._row(at + spot) is not None:
                        return at + spot
                    spot = data.find(MAGIC, spot + 1)
            except OSError:
                pass
            at += _CHUNK
        return self._reader.size


def _entry(row: _Row) -> Entry:
    name = row.identifier.decode("utf-16-le", "replace").partition("\0")[0]
    path = member_path(name.encode() or f"{row.hash:016x}".encode(), directory=False)
    return Entry(
        locator=f"m@{row.offset:#x}",
        kind=EntryKind.FILE if row.size else EntryKind.OTHER,
        flags=EntryFlag.ALLOCATED,
        path=path,
        size=row.size,
        handle=piece(row.data, row.size) if row.size else b"",
        first_offset=row.data,
        place=place_of(path, allocated=True),
    )


def _picture(name: str, start: int, size: int) -> Entry:
    """Return what was found in a region, which nothing says is in use."""
    return Entry(
        locator=f"c@{start:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag(0),
        path=f"${name}/{start:#x}".encode(),
        size=size,
        handle=piece(start, size),
        first_offset=start,
    )


def _region(name: str, start: int, end: int) -> Entry:
    return Entry(
        locator=f"r@{start:#x}",
        kind=EntryKind.METADATA,
        flags=EntryFlag.ALLOCATED,
        path=f"${name}/r@{start:#x}".encode(),
        size=end - start,
        handle=piece(start, end - start),
        first_offset=start,
    )
