"""The inode tables of ext volumes, read by us: for the sweep, and for large block-mapped files.

The Sleuth Kit makes a run of each missing block of a block-mapped file, and looks through all
runs for each: a hole of 1 GiB takes it most of a minute, the hole in an ordinary ``lastlog`` of
an ext3 system days, and one such inode would keep the whole volume from being listed. Which files
have holes is not known before their maps are read. So all large ones are found beforehand, shown
to the kit with a size of zero, and read here. Files with extents are not concerned.

Format: the ext4 disk layout of the Linux kernel documentation (super block, group descriptors,
inode table, direct and indirect block addressing).
"""

import struct
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import exactly, in_pieces

_SUPER: Final = 1024
"""Offset and length of the super block, bytes."""
_MAGIC: Final = 0xEF53
FIRST: Final = 11
"""Number of the first inode that is not the file system's own."""
_CHUNK: Final = 1 << 20
DIRECT: Final = 12
"""Pointers of an inode that name blocks of content; those after them name tables."""
_LARGEST: Final = (1 << 63) - 1
_BLOCKS: Final = 8192
"""Blocks from which on a file is read by us: at worst the kit takes a second for these."""
_EXTENTS_OR_INLINE: Final = 0x10080000
HUGE_FILE: Final = 0x40000
"""Flag of an inode that counts its blocks in blocks, not in sectors."""
_NARROW: Final = 32
_WIDE: Final = 64
SMALLEST_INODE: Final = 128
"""Bytes that every inode has."""
_CACHED: Final = 64
"""Indirect blocks kept in memory while a file is read."""


Rows = npt.NDArray[np.void]
"""Inodes: mode, size, links, blocks, flags, block (the first), attributes (their block)."""


class Group(NamedTuple):
    """Where a group of blocks has its own structures, in blocks of the volume."""

    first: int
    """Its first block."""
    blocks: int
    """How many there are in it."""
    bitmap: int
    """The block that says which of its blocks are in use."""
    inode_bitmap: int
    table: int
    """The first block of its table of inodes."""
    table_blocks: int
    head: int
    """Blocks at its beginning that hold copies of the super block and of the descriptors."""
    is_bitmap_unset: bool
    """No block of it was ever given out, and its bitmap was never written."""


class Layout(NamedTuple):
    """What the super block says."""

    block_size: int
    inode_size: int
    reserved: frozenset[int]
    tables: tuple[tuple[int, int, int], ...]
    """First inode number, byte offset and number of inodes ever used, of each group, in order."""
    clustered: bool = False
    """Space is given out in clusters of several blocks (bigalloc)."""
    blocks: int = 0
    first_block: int = 0
    """The one with which the first group begins."""
    groups: tuple["Group", ...] = ()

    def offset_of(self, address: int) -> int:
        """Return the byte offset of an inode.

        Raises:
            OSError: no group holds it.
        """
        at = bisect_right(self.tables, address, key=lambda table: table[0]) - 1
        if at >= 0:
            first, start, count = self.tables[at]
            if address < first + count:
                return start + (address - first) * self.inode_size
        raise OSError("there is no such inode")


def layout_of(reader: Reader) -> Layout:
    """Read the super block and the group descriptors.

    Raises:
        OSError: they cannot be read, or make no sense.
    """
    block = reader.pread(_SUPER, _SUPER)
    if len(block) < _SUPER or struct.unpack_from("<H", block, 56)[0] != _MAGIC:
        raise OSError("the superblock is not where it should be")
    (inodes,) = struct.unpack_from("<I", block, 0)
    first_block, log_size = struct.unpack_from("<II", block, 20)
    (blocks_per_group,) = struct.unpack_from("<I", block, 32)
    (per_group,) = struct.unpack_from("<I", block, 40)
    inode_size = struct.unpack_from("<H", block, 88)[0] if block[76] else SMALLEST_INODE
    compatible, incompatible, read_only = struct.unpack_from("<III", block, 92)
    width = struct.unpack_from("<H", block, 254)[0] if incompatible & 0x80 else _NARROW
    (first_meta,) = struct.unpack_from("<I", block, 260)
    size = 1024 << (log_size & 31)
    fits = SMALLEST_INODE <= inode_size <= size and _NARROW <= width <= size
    if not per_group or not blocks_per_group or not fits or size > 1 << 16:
        raise OSError("the superblock makes no sense")
    reserved = {struct.unpack_from("<I", block, at)[0] for at in (0x240, 0x244, 0x26C, 0x280)}
    checked = read_only & 0x410 != 0
    per_block = size // width
    tables: list[tuple[int, int, int]] = []
    blocks = struct.unpack_from("<I", block, 4)[0]
    if width >= _WIDE:
        blocks |= struct.unpack_from("<I", block, 336)[0] << 32
    (reserved_blocks,) = struct.unpack_from("<H", block, 206)
    count_groups = -(-inodes // per_group)
    head = 1 + reserved_blocks + -(-count_groups // per_block)
    groups: list[Group] = []
    for group in range(count_groups):
        where = group // per_block
        start = first_block + 1 + where
        if incompatible & 0x10 and where >= first_meta:
            home = where * per_block
            start = first_block + home * blocks_per_group
            start += _has_super(home, compatible, read_only)
        raw = reader.pread(start * size + group % per_block * width, width)
        if len(raw) < width:
            raise OSError("a group descriptor cannot be read")
        table = struct.unpack_from("<I", raw, 8)[0]
        flags, unused = struct.unpack_from("<H", raw, 18)[0], struct.unpack_from("<H", raw, 28)[0]
        if width >= _WIDE:
            table |= struct.unpack_from("<I", raw, 40)[0] << 32
            unused |= struct.unpack_from("<H", raw, 50)[0] << 16
        if not (checked and flags & 1):
            count = max(0, per_group - unused) if checked else per_group
            tables.append((group * per_group + 1, table * size, count))
        bitmap, inode_bitmap = struct.unpack_from("<II", raw, 0)
        if width >= _WIDE:
            bitmap |= struct.unpack_from("<I", raw, 32)[0] << 32
            inode_bitmap |= struct.unpack_from("<I", raw, 36)[0] << 32
        first = first_block + group * blocks_per_group
        groups.append(
            Group(
                first,
                max(0, min(blocks_per_group, blocks - first)),
                bitmap,
                inode_bitmap,
                table,
                -(-per_group * inode_size // size),
                _copies(group, head, per_block, first_meta, (compatible, incompatible, read_only)),
                checked and flags & 2 != 0,
            )
        )
    return Layout(
        size,
        inode_size,
        frozenset(reserved),
        tuple(tables),
        read_only & 0x200 != 0,
        blocks,
        first_block,
        tuple(groups),
    )


def _copies(
    group: int, head: int, per_block: int, first_meta: int, features: tuple[int, int, int]
) -> int:
    """Return how many blocks at the beginning of a group hold copies of what is in the first."""
    compatible, incompatible, read_only = features
    has_super = _has_super(group, compatible, read_only)
    if incompatible & 0x10 and group // per_block >= first_meta:
        return has_super + (group % per_block in {0, 1, per_block - 1})
    return head if has_super else 0


def _has_super(group: int, compatible: int, read_only: int) -> int:
    """Return 1 when a group begins with a copy of the super block, else 0."""
    if group <= 1 or not (read_only & 1 or compatible & 0x200):
        return 1
    for base in (3, 5, 7):
        power = base
        while power < group:
            power *= base
        if power == group:
            return 1
    return 0


def used_inodes(reader: Reader) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the numbers of the inodes that were ever in use and are not the file system's own.

    They come in ascending order, those of a piece of a table at a time.

    Raises:
        OSError: a table cannot be read to its end.
    """
    layout = layout_of(reader)
    for first, _, rows in inode_tables(reader, layout):
        numbers = np.flatnonzero(rows["mode"]) + first
        yield numbers[(numbers >= FIRST) & ~np.isin(numbers, list(layout.reserved))]


class Mapped(NamedTuple):
    """A large block-mapped inode."""

    offset: int
    """Byte offset of the inode in the volume."""
    size: int
    sparse: bool
    """It holds fewer blocks than its size needs."""
    first: int
    """Byte offset of its first block in the volume; -1 when that is a hole."""


def mapped_inodes(
    reader: Reader, look: Callable[[int, Rows], None] | None = None
) -> dict[int, Mapped]:
    """Find the inodes that must be kept from The Sleuth Kit, by number.

    What cannot be read is passed over here: the sweep reads the same tables and says so.

    Args:
        reader: the bytes of the volume.
        look: called with the number of the first inode and the inodes of each piece of a table.
    """
    found: dict[int, Mapped] = {}
    try:
        layout = layout_of(reader)
        for first, offset, rows in inode_tables(reader, layout):
            if look is not None:
                look(first, rows)
            for index in _large(rows, layout).tolist():
                row = rows[index]
                size = int(row["size"]) | int(row["size_high"]) << 32
                unit = layout.block_size if row["flags"] & HUGE_FILE else 512
                found[first + index] = Mapped(
                    offset + index * layout.inode_size,
                    min(size, _LARGEST),
                    int(row["blocks"]) * unit < size,
                    int(row["block"]) * layout.block_size or -1,
                )
    except OSError:
        pass
    return found


def _large(rows: Rows, layout: Layout) -> npt.NDArray[np.intp]:
    """Return the positions of those of a table that are block-mapped and large."""
    sizes = rows["size"].astype(np.uint64) | (rows["size_high"].astype(np.uint64) << 32)
    large = sizes > np.uint64(_BLOCKS * layout.block_size)
    return np.flatnonzero(large & (rows["flags"] & _EXTENTS_OR_INLINE == 0) & (rows["mode"] != 0))


def patches(mapped: dict[int, Mapped]) -> list[tuple[int, bytes]]:
    """Return what makes those inodes look empty: byte offsets and the bytes to show there."""
    rows: list[tuple[int, bytes]] = []
    for inode in mapped.values():
        rows += [(inode.offset + 4, bytes(4)), (inode.offset + 108, bytes(4))]
    return sorted(rows)


def inode_tables(reader: Reader, layout: Layout) -> Iterator[tuple[int, int, Rows]]:
    """Yield the tables in pieces: number and offset of the first inode, and the inodes."""
    width = layout.inode_size
    form = np.dtype(
        {
            "names": [
                *("mode", "size", "links", "blocks", "flags", "block"),
                *("attributes", "size_high", "attributes_high"),
            ],
            "formats": ["<u2", "<u4", "<u2", *["<u4"] * 5, "<u2"],
            "offsets": [0, 4, 26, 28, 32, 40, 104, 108, 118],
            "itemsize": width,
        }
    )
    step = _CHUNK // width
    for first, start, count in layout.tables:
        for index in range(0, count, step):
            number = min(step, count - index)
            part = reader.pread(start + index * width, number * width)
            whole = len(part) // width
            yield first + index, start + index * width, np.frombuffer(part, form, whole)
            if whole < number:
                raise OSError("an inode table cannot be read to its end")


class BlockMapStream:
    """A block-mapped file as a `Reader`: twelve direct blocks and three levels of indirection."""

    def __init__(self, reader: Reader, offset: int, block_size: int) -> None:
        raw = reader.pread(offset, SMALLEST_INODE)
        if len(raw) < SMALLEST_INODE:
            raise OSError("the inode cannot be read")
        self._reader = reader
        self._width = block_size
        self._fan = block_size // 4
        self._map: tuple[int, ...] = struct.unpack_from("<15I", raw, 40)
        low, high = struct.unpack_from("<I", raw, 4)[0], struct.unpack_from("<I", raw, 108)[0]
        self._size: int = min(low | high << 32, _LARGEST)
        self.allocated = struct.unpack_from("<I", raw, 28)[0] * 512
        """Bytes of the blocks it holds, those of the map included."""
        self._blocks: OrderedDict[int, bytes] = OrderedDict()

    @property
    def size(self) -> int:
        """Length by the metadata, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read; holes are zeros.

        Raises:
            OSError: a block cannot be read.
        """
        return in_pieces(self._piece, offset, length, size=self._size)

    def _piece(self, offset: int, length: int) -> bytes:
        start, inside = divmod(offset, self._width)
        block, count = self._run(start, -(-(inside + length) // self._width))
        number = min(length, count * self._width - inside)
        if not block:
            return bytes(number)
        return exactly(self._reader, block * self._width + inside, number)

    def _run(self, index: int, limit: int) -> tuple[int, int]:
        """Return the block at ``index`` and how many follow it in one piece, or how many miss."""
        block = self._address(index)
        step = 1 if block else 0
        count = 1
        while count < limit and self._address(index + count) == block + count * step:
            count += 1
        return block, count

    def close(self) -> None:
        """Forget the blocks of the map."""
        self._blocks.clear()

    def _address(self, index: int) -> int:
        if index < DIRECT:
            return self._map[index]
        index -= DIRECT
        for level in range(1, 4):
            reach: int = self._fan**level
            if index < reach:
                block = self._map[DIRECT + level - 1]
                while level and block:
                    reach //= self._fan
                    level -= 1  # noqa: PLW2901 - down the tree
                    block = self._pointer(block, index // reach % self._fan)
                return block
            index -= reach
        raise OSError("the file reaches beyond what block addresses can name")

    def _pointer(self, block: int, index: int) -> int:
        data = self._blocks.get(block)
        if data is None:
            data = exactly(self._reader, block * self._width, self._width)
            self._blocks[block] = data
            if len(self._blocks) > _CACHED:
                self._blocks.popitem(last=False)
        return int.from_bytes(data[4 * index : 4 * index + 4], "little")
