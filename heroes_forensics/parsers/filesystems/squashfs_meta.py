"""Superblock and metadata blocks of squashfs 4.0.

A metadata block is a length of two bytes and what expands to at most 8 KiB; whatever lies in one
may go on in the next, so that inodes, listings and tables are read by a cursor. Layout: the Linux
kernel documentation, ``filesystems/squashfs.rst``.
"""

import struct
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.expand import METHODS, expand
from heroes_forensics.parsers.filesystems.kept import Kept

BLOCK: Final = 8192
"""Bytes of a metadata block when expanded."""
NONE: Final = 0xFFFFFFFF
"""No fragment, no attributes."""
NONE_LONG: Final = (1 << 64) - 1
"""A table that there is not."""
COMPRESSIONS: Final = {1: "gzip", 2: "lzma", 3: "lzo", 4: "xz", 5: "lz4", 6: "zstd"}
"""By the number in the superblock (``squashfs_fs.h``)."""
_SUPERBLOCK: Final = struct.Struct("<4sIIIIHHHHHHQQQQQQQQ")
_MAGIC: Final = b"hsqs"
_VERSION: Final = (4, 0)
_SHIFTS: Final = range(12, 21)
"""Powers of 2 of the size of a block: 4 KiB to 1 MiB."""
_STORED: Final = 0x8000
_KEPT: Final = 512
"""Expanded metadata blocks that are kept: 4 MiB."""


class Superblock(NamedTuple):
    """All of it in its order; places are bytes from the start of the volume."""

    magic: bytes
    inode_count: int
    made: int
    block_size: int
    fragment_count: int
    compression: int
    shift: int
    flags: int
    id_count: int
    major: int
    minor: int
    root: int
    used: int
    ids: int
    attributes: int
    inodes: int
    directories: int
    fragments: int
    exported: int


def superblock(reader: Reader) -> Superblock:
    """Read the superblock.

    Raises:
        OSError: it cannot be read, or makes no sense.
        UnsupportedError: ``volume.unsupported``, another version or compression.
    """
    data = reader.pread(0, _SUPERBLOCK.size)
    if len(data) < _SUPERBLOCK.size or not data.startswith(_MAGIC):
        raise OSError("no superblock of squashfs")
    found = Superblock(*_SUPERBLOCK.unpack(data))
    is_known = COMPRESSIONS.get(found.compression) in METHODS
    if (found.major, found.minor) != _VERSION or not is_known:
        raise UnsupportedError("another version of squashfs", code="volume.unsupported")
    is_size = found.shift in _SHIFTS and found.block_size == 1 << found.shift
    if not is_size or not found.inodes < found.directories < found.used:
        raise OSError("the superblock makes no sense")
    return found


class Metadata:
    """The metadata blocks of a volume, by their byte offset in it."""

    def __init__(self, reader: Reader, head: Superblock) -> None:
        self._reader = reader
        self._head = head
        self._listings = -1
        self._blocks: Kept[int, tuple[bytes, int]] = Kept(_KEPT)

    def block(self, at: int) -> tuple[bytes, int]:
        """Return a block, expanded, and where the next one begins.

        Raises:
            OSError: it is damaged, or cannot be read.
        """
        return self._blocks.get(at, self._block)

    def _block(self, at: int) -> tuple[bytes, int]:
        begin, length, stored = self._header(at)
        data = self._reader.pread(begin, length)
        if len(data) != length:
            raise OSError("a metadata block cannot be read whole")
        if not stored:
            data = expand(COMPRESSIONS[self._head.compression], data, BLOCK)
        return data, begin + length

    def _header(self, at: int) -> tuple[int, int, bool]:
        """Return where the bytes of a block begin, how many they are, and if they are as stored."""
        head = self._reader.pread(at, 2)
        if len(head) != 2 or at >= self._head.used:  # noqa: PLR2004
            raise OSError("a metadata block lies behind the end of the volume")
        value = int.from_bytes(head, "little")
        length = value & ~_STORED or _STORED
        if length > BLOCK:
            raise OSError("a metadata block is longer than it may be")
        return at + 2, length, bool(value & _STORED)

    def cursor(self, at: int, offset: int, *, end: int = NONE_LONG) -> "Cursor":
        """Return what reads from an offset in the block at ``at``, and on into those behind it."""
        return Cursor(self, at, offset, end)

    def listings(self) -> int:
        """Return the most bytes that all listings of directories together can be."""
        if self._listings < 0:
            at, count = self._head.directories, 0
            end = min((self._head.fragments, self._head.ids, self._head.used))
            try:
                while at < end:
                    begin, length, _ = self._header(at)
                    at, count = begin + length, count + 1
            except OSError:
                count += 1
            # A volume without fragments or with other things between has no more than this.
            self._listings = count * BLOCK
        return self._listings

    def attributes(self) -> tuple[int, "Table | None"]:
        """Return where values of attributes lie, and the table of which inode has which."""
        at = self._head.attributes
        if at == NONE_LONG:
            return 0, None
        data = self._reader.pread(at, 16) if at < self._head.used else b""
        if len(data) < 16:  # noqa: PLR2004
            return 0, None
        start, count, _ = struct.unpack("<QII", data)
        return start, Table(self, at + 16, count, 16)

    def pointer(self, at: int) -> int:
        """Return the eight bytes at a place as a number."""
        data = self._reader.pread(at, 8) if at < self._head.used else b""
        if len(data) != 8:  # noqa: PLR2004
            raise OSError("a table lies behind the end of the volume")
        return int.from_bytes(data, "little")


class Cursor:
    """A place in the metadata that moves forward."""

    def __init__(self, metadata: Metadata, at: int, offset: int, end: int) -> None:
        self._metadata = metadata
        self._at = at
        self._offset = offset
        self._end = end

    def place(self, base: int) -> int:
        """Return the reference of where it stands, counted from a table."""
        self._settle()
        return (self._at - base) << 16 | self._offset

    def at_end(self) -> bool:
        """Tell whether the table ends here, or nothing more of it can be read."""
        try:
            self._settle()
        except OSError:
            return True
        return self._at >= self._end

    def _settle(self) -> None:
        """Stand at the beginning of the next block rather than behind the end of this one."""
        while self._at < self._end:
            data, following = self._metadata.block(self._at)
            if self._offset < len(data) or (not data and following <= self._at):
                return
            self._offset -= len(data)
            self._at = following

    def take(self, count: int) -> bytes:
        """Return the next bytes.

        Raises:
            OSError: they are damaged, or there are fewer.
        """
        parts: list[bytes] = []
        while count > 0:
            self._settle()
            if self._at >= self._end:
                raise OSError("a table ends early")
            data = self._metadata.block(self._at)[0][self._offset : self._offset + count]
            parts.append(data)
            self._offset += len(data)
            count -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def unpack(self, form: struct.Struct) -> tuple[int, ...]:
        """Return the next numbers."""
        return form.unpack(self.take(form.size))

    def skip(self, count: int) -> None:
        """Go forward.

        Raises:
            OSError: the table is shorter.
        """
        self._offset += count
        self._settle()


class Table:
    """Rows of one size in metadata blocks that a list of pointers names."""

    def __init__(self, metadata: Metadata, at: int, count: int, size: int) -> None:
        self._metadata = metadata
        self._at = at
        self._count = count
        self._size = size

    def row(self, index: int) -> bytes:
        """Return one row.

        Raises:
            OSError: there is none, or it cannot be read.
        """
        if index >= self._count:
            raise OSError("a table is shorter")
        block, inside = divmod(index * self._size, BLOCK)
        at = self._metadata.pointer(self._at + 8 * block)
        data = self._metadata.block(at)[0][inside : inside + self._size]
        if len(data) != self._size:
            raise OSError("a table is shorter")
        return data
