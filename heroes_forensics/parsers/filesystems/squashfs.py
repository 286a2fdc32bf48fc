"""squashfs 4.0: volumes of live systems, snaps and firmware, compressed block by block.

Layout: the Linux kernel documentation, ``filesystems/squashfs.rst``, and ``squashfs_fs.h``. Inodes
and names lie in metadata blocks, which hold 8 KiB each when expanded; an inode is found by its
reference, the place of such a block and an offset in it. Locators have the inode number:
``squashfs/i7/u1/a1-0/n0``.

Nothing is trusted that was not held against the volume: an expanded block is never longer than it
may be, and the listings of all directories together are no longer than the table that they lie in,
so that directories which share one listing do not multiply its names.

Inodes that no name reaches are found by passing through the table of inodes once more.
"""

import struct
from collections.abc import Hashable, Iterator
from typing import Final

import numpy as np

from heroes_forensics.model import EntryFlag, EntryKind, Gap, Moment, TimeBasis, TimeRule
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.expand import expand
from heroes_forensics.parsers.filesystems.inode_walk import (
    Attribute,
    Inode,
    InodeFileSystem,
    Name,
    Stray,
    refuse_hollow,
)
from heroes_forensics.parsers.filesystems.kept import Kept
from heroes_forensics.parsers.filesystems.squashfs_file import (
    STORED,
    SquashfsFile,
    lengths_of,
)
from heroes_forensics.parsers.filesystems.squashfs_meta import (
    COMPRESSIONS,
    NONE,
    NONE_LONG,
    Cursor,
    Metadata,
    Superblock,
    Table,
    superblock,
)
from heroes_forensics.parsers.reading.memory import BytesReader

_HANDLE: Final = struct.Struct("<BQq")
_DATA: Final = 1
_ATTRIBUTE: Final = 2
_HEADER: Final = struct.Struct("<HHHHII")
_DIRECTORY: Final = struct.Struct("<IIHHI")
_LONG_DIRECTORY: Final = struct.Struct("<IIIIHHI")
_FILE: Final = struct.Struct("<IIII")
_LONG_FILE: Final = struct.Struct("<QQQIIII")
_LISTING: Final = struct.Struct("<III")
_ROW: Final = struct.Struct("<HhHH")
_INDEX: Final = struct.Struct("<III")
_KINDS: Final = {
    1: EntryKind.DIRECTORY,
    2: EntryKind.FILE,
    3: EntryKind.SYMLINK,
    **dict.fromkeys((4, 5, 6, 7), EntryKind.OTHER),
}
"""Types of inodes; the long form of each is 7 more."""
_LONG: Final = 7
_BLOCK_DEVICES: Final = frozenset({4, 5})
_DOTS: Final = 3
"""Bytes that the size of a listing counts for the two names that are not stored."""
_MOST_ROWS: Final = 256
"""Names behind one header of a listing."""
_LONGEST_LINK: Final = 1 << 16
_LARGEST: Final = (1 << 63) - 1
_MOST_BLOCKS: Final = 1 << 22
"""Blocks of one file: 512 GiB of 128 KiB each, 16 MiB of table."""
_CACHED: Final = 4 << 20
"""Bytes of expanded blocks of content that are kept."""
_PREFIXES: Final = {0: b"user.", 1: b"trusted.", 2: b"security."}
_ELSEWHERE: Final = 0x100
_MOST_ATTRIBUTES: Final = 1 << 10
_LONGEST_ATTRIBUTE: Final = 1 << 16


def open_squashfs(reader: Reader) -> InodeFileSystem:
    """Open a volume; ``reader`` stays the caller's to close.

    Raises:
        UnsupportedError: it cannot be opened, or is of a version that is not read.
    """
    try:
        return InodeFileSystem(Squashfs(reader))
    except (OSError, struct.error) as error:
        raise UnsupportedError(
            "the squashfs volume cannot be opened", code="volume.damaged"
        ) from error


class Squashfs:
    """One volume; satisfies `inode_walk.Volume`."""

    kind: str = "squashfs"
    times: TimeBasis = {"m": TimeRule(1_000_000_000, "utc")}  # noqa: RUF012 - of the protocol
    sweep: str = "inode table"

    def __init__(self, reader: Reader) -> None:
        """Read the superblock.

        Raises:
            OSError: it cannot be read, or makes no sense.
            UnsupportedError: it is of another version.
        """
        self._reader = reader
        self._super: Superblock = superblock(reader)
        head = self._super
        self._metadata = Metadata(reader, head)
        self._ids = Table(self._metadata, head.ids, head.id_count, 4)
        self._fragments = Table(self._metadata, head.fragments, head.fragment_count, 16)
        self._attributes_at, self._attributes = self._metadata.attributes()
        self._listed = 0
        kept = max(1, _CACHED // head.block_size)
        self._blocks: Kept[tuple[int, int], bytes] = Kept(kept)

    def root(self) -> Inode:
        """Return the root directory."""
        self._listed = 0
        found = self._inode(self._super.root)[0]
        if found.kind is not EntryKind.DIRECTORY:
            raise OSError("the root is no directory")
        return found

    def names(self, directory: Inode) -> Iterator[Name]:
        """Yield the names of a directory in their order, which is that of their bytes."""
        place = directory.key
        if not isinstance(place, int):
            raise OSError("no directory")
        start, offset, size = self._listing(place)
        left = size - _DOTS
        self._listed += max(left, 0)
        if self._listed > self._metadata.listings():
            raise OSError("directories share a listing")
        cursor = self._metadata.cursor(self._super.directories + start, offset)
        while left > 0:
            count, block, first = cursor.unpack(_LISTING)
            if count >= _MOST_ROWS:
                raise OSError("a listing is damaged")
            left -= _LISTING.size
            for _ in range(count + 1):
                at, difference, _, length = cursor.unpack(_ROW)
                name = cursor.take(length + 1)
                left -= _ROW.size + length + 1
                if left < 0:
                    raise OSError("a listing is damaged")
                yield self._name(name, block << 16 | at, first + difference & 0xFFFFFFFF)

    def strays(self, met: set[Hashable]) -> Iterator[Stray | Gap]:
        """Yield inodes of the table that the tree did not come to."""
        head = self._super
        cursor = self._metadata.cursor(head.inodes, 0, end=head.directories)
        seen: set[int] = set()
        while not cursor.at_end():
            place = cursor.place(head.inodes)
            if place in seen:
                break
            seen.add(place)
            try:
                inode = self._parse(cursor, place)[0]
            except (OSError, struct.error):
                yield Gap("", "sweep.unreadable", {"table": "inodes"})
                return
            if place not in met:
                yield Stray(b"$orphan/%d" % inode.number, inode, allocated=True)

    def stream(self, handle: bytes) -> Reader:
        """Open the content of a file, or an extended attribute."""
        try:
            form, place, size = _HANDLE.unpack(handle)
        except struct.error as error:
            raise OSError("not a handle of this parser") from error
        if form == _ATTRIBUTE:
            cursor = self._metadata.cursor(self._attributes_at + (place >> 16), place & 0xFFFF)
            value = self._value(cursor)
            if len(value) != size:
                raise OSError("an extended attribute is damaged")
            return BytesReader(value)
        inode, facts = self._inode(place)
        if inode.size != size or form != _DATA:
            raise UnsupportedError("the size has changed", code="stream.changed")
        start, fragment, offset = facts
        head = self._super
        cursor = self._metadata.cursor(head.inodes + (place >> 16), place & 0xFFFF)
        self._parse(cursor, place, sizes=False)
        count = self._blocks_of(size, fragment)
        if count > _MOST_BLOCKS:
            raise UnsupportedError("the file has too many blocks", code="stream.limit")
        sizes = np.frombuffer(cursor.take(4 * count), dtype="<u4")
        stored = int(lengths_of(sizes).sum())
        refuse_hollow(size, stored)
        tail = None if fragment == NONE else (*self._fragment(fragment), offset)
        return SquashfsFile(self.block, head.block_size, sizes, start, tail, size)

    def _name(self, name: bytes, place: int, number: int) -> Name:
        try:
            return Name(name, number, self._inode(place)[0])
        except (OSError, struct.error):
            return Name(name, number, None)

    def _inode(self, place: int) -> tuple[Inode, tuple[int, int, int]]:
        """Return an inode, and of a file its first block, its fragment and the offset in that."""
        cursor = self._metadata.cursor(self._super.inodes + (place >> 16), place & 0xFFFF)
        return self._parse(cursor, place, sizes=False)

    def _parse(
        self, cursor: Cursor, place: int, *, sizes: bool = True
    ) -> tuple[Inode, tuple[int, int, int]]:
        """Read one inode.

        Args:
            cursor: at its beginning, afterwards behind it.
            place: its reference.
            sizes: also pass over the table of its blocks.
        """
        type_, mode, owner, _, modified, number = cursor.unpack(_HEADER)
        del mode
        kind = _KINDS.get(type_ if type_ <= _LONG else type_ - _LONG)
        if kind is None:
            raise OSError("no inode")
        long = type_ > _LONG
        start, fragment, offset, size, links, attributes = -1, NONE, 0, 0, 1, NONE
        first = -1
        flags = EntryFlag(0)
        if kind is EntryKind.FILE:
            if long:
                start, size, holes, links, fragment, offset, attributes = cursor.unpack(_LONG_FILE)
                flags |= EntryFlag.SPARSE if holes else EntryFlag(0)
            else:
                start, fragment, offset, size = cursor.unpack(_FILE)
            size = min(size, _LARGEST)
            if sizes:
                cursor.skip(4 * self._blocks_of(size, fragment))
            first = self._first(start, fragment, size)
        elif kind is EntryKind.DIRECTORY:
            size, attributes = self._skip_directory(cursor, long=long)
        elif kind is EntryKind.SYMLINK:
            links, size = struct.unpack("<II", cursor.take(8))
            if size > _LONGEST_LINK:
                raise OSError("a link is longer than it may be")
            cursor.skip(size)
            attributes = _number(cursor) if long else NONE
        else:
            links = _number(cursor)
            if (type_ - _LONG if long else type_) in _BLOCK_DEVICES:
                cursor.skip(4)
            attributes = _number(cursor) if long else NONE
        found, whole = self._attributes_of(attributes)
        handle = _HANDLE.pack(_DATA, place, size) if kind is EntryKind.FILE else b""
        inode = Inode(
            number,
            place,
            kind,
            size,
            (Moment(modified, 0), None, None, None),
            handle,
            owner=self._owner(owner),
            links=links,
            first_offset=first,
            flags=flags,
            attributes=found,
            whole=whole,
        )
        return inode, (start, fragment, offset)

    def _listing(self, place: int) -> tuple[int, int, int]:
        """Return where the listing of a directory lies: block, offset, bytes with the two dots."""
        cursor = self._metadata.cursor(self._super.inodes + (place >> 16), place & 0xFFFF)
        type_ = cursor.unpack(_HEADER)[0]
        if type_ > _LONG:
            _, size, start, _, _, offset, _ = cursor.unpack(_LONG_DIRECTORY)
        else:
            start, _, size, offset, _ = cursor.unpack(_DIRECTORY)
        return start, offset, size

    @staticmethod
    def _skip_directory(cursor: Cursor, *, long: bool) -> tuple[int, int]:
        """Pass over what belongs to a directory; return its size and its attributes."""
        if not long:
            return cursor.unpack(_DIRECTORY)[2], NONE
        _, size, _, _, count, _, attributes = cursor.unpack(_LONG_DIRECTORY)
        for _ in range(count):
            length = cursor.unpack(_INDEX)[2]
            if length >= _MOST_ROWS:
                raise OSError("a directory is damaged")
            cursor.skip(length + 1)
        return size, attributes

    def _owner(self, index: int) -> int:
        try:
            return int.from_bytes(self._ids.row(index), "little")
        except OSError:
            return -1

    def _blocks_of(self, size: int, fragment: int) -> int:
        whole, rest = divmod(size, self._super.block_size)
        return whole + (1 if rest and fragment == NONE else 0)

    def _first(self, start: int, fragment: int, size: int) -> int:
        if not size:
            return -1
        if fragment == NONE or size >= self._super.block_size:
            return start if start <= self._reader.size else -1
        try:
            return self._fragment(fragment)[0]
        except OSError:
            return -1

    def _fragment(self, number: int) -> tuple[int, int]:
        """Return where a fragment lies, and its size with the mark of one that is stored."""
        start, size, _ = struct.unpack("<QII", self._fragments.row(number))
        if start > self._reader.size:
            raise OSError("a fragment lies outside of the volume")
        return start, size

    def _attributes_of(self, number: int) -> tuple[tuple[Attribute, ...], bool]:
        """Return the extended attributes of an inode, and whether these are all."""
        if number == NONE or self._attributes is None:
            return (), number == NONE or self._super.attributes == NONE_LONG
        found: list[Attribute] = []
        try:
            place, count, _ = struct.unpack("<QII", self._attributes.row(number))
            if count > _MOST_ATTRIBUTES:
                return (), False
            cursor = self._metadata.cursor(self._attributes_at + (place >> 16), place & 0xFFFF)
            for index in range(count):
                type_, length = struct.unpack("<HH", cursor.take(4))
                prefix = _PREFIXES.get(type_ & ~_ELSEWHERE)
                if prefix is None:
                    return tuple(found), False
                name = prefix + cursor.take(length)
                at = cursor.place(self._attributes_at)
                stored = _number(cursor)
                size = stored
                if type_ & _ELSEWHERE:
                    at = struct.unpack("<Q", cursor.take(8))[0]
                    other = self._metadata.cursor(self._attributes_at + (at >> 16), at & 0xFFFF)
                    size = _number(other)
                else:
                    cursor.skip(stored)
                if size > _LONGEST_ATTRIBUTE:
                    return tuple(found), False
                handle = _HANDLE.pack(_ATTRIBUTE, at, size)
                found.append(Attribute(index, name, size, handle))
        except (OSError, struct.error):
            return tuple(found), False
        return tuple(found), True

    @staticmethod
    def _value(cursor: Cursor) -> bytes:
        size = _number(cursor)
        if size > _LONGEST_ATTRIBUTE:
            raise OSError("an extended attribute is damaged")
        return cursor.take(size)

    def block(self, start: int, size: int) -> bytes:
        """Return a block of content, expanded.

        Args:
            start: byte offset in the volume.
            size: bytes as stored, with the mark of one that is not compressed.

        Raises:
            OSError: it is damaged, or cannot be read.
        """
        return self._blocks.get((start, size), self._expand)

    def _expand(self, place: tuple[int, int]) -> bytes:
        start, size = place
        length = size & (STORED - 1)
        if not 0 < length <= self._super.block_size:
            raise OSError("a block is damaged")
        data = self._reader.pread(start, length)
        if len(data) != length:
            raise OSError("a block lies behind the end of the volume")
        if size & STORED:
            return data
        return expand(COMPRESSIONS[self._super.compression], data, self._super.block_size)


def _number(cursor: Cursor) -> int:
    return int.from_bytes(cursor.take(4), "little")
