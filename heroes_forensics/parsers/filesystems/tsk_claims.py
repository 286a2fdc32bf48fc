"""What claims blocks of a volume without being listed: tables, maps, copies of headers.

ext: the superblocks, descriptors, bitmaps and inode tables of its groups, its own inodes (journal,
resizing, quota), blocks of extended attributes, and the maps of those inodes that The Sleuth Kit is
not shown. HFS+: the two volume headers. All else is listed, with runs, by the walk.

Formats: the ext4 disk layout of the Linux kernel documentation, TN1150.
"""

import struct
from typing import Any, Final

import numpy as np

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.filesystems import ext_inodes as ext
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.claims import Claims

_EXT_OWN: Final = (3, 4, 5, 6, 7, 8, 9, 10)
"""Inodes that ext keeps for itself; 1 holds its bad blocks, which belong to nobody, 2 is listed."""
_MMP: Final = 0x168
"""Offset of the number of the block of multiple mount protection, in the superblock."""
_MAPS: Final = 1 << 16
"""Blocks of maps that are read."""
_HFS_HEADER: Final = 1536
"""Bytes of boot blocks and volume header."""
_HFS_COPY: Final = 1024


def own_claims(kind: str, fs: Any, reader: Reader, claims: Claims, mapped: dict[int, Any]) -> None:  # noqa: ANN401
    """Add the claims of what belongs to the file system and is not listed.

    Args:
        kind: of file system.
        fs: the volume as The Sleuth Kit has it open.
        reader: its bytes.
        claims: where to add them.
        mapped: inodes that the kit is not shown.

    Raises:
        OSError: the structures cannot be read.
    """
    if kind.startswith("ext"):
        layout = ext.layout_of(reader)
        _groups(reader, layout, claims)
        _attributes(reader, layout, claims)
        for number in {*_EXT_OWN, *layout.reserved} - {0, *mapped}:
            _inode(fs, number, claims)
        for number, inode in mapped.items():
            _map(reader, inode.offset, layout.block_size, claims, own=number < ext.FIRST)
    elif kind == "hfsplus":
        block, count = int(fs.info.block_size), int(fs.info.block_count)
        head, tail = -(-_HFS_HEADER // block), -(-_HFS_COPY // block)
        claims.range(0, head * block)
        claims.range((count - tail) * block, tail * block)


def _groups(reader: Reader, layout: ext.Layout, claims: Claims) -> None:
    """Add the structures of the groups."""
    size = layout.block_size
    for group in layout.groups:
        claims.range(group.first * size, min(group.head, group.blocks) * size)
        claims.range(group.bitmap * size, size)
        claims.range(group.inode_bitmap * size, size)
        claims.range(group.table * size, group.table_blocks * size)
    (block,) = struct.unpack("<Q", reader.pread(1024 + _MMP, 8))
    if 0 < block < layout.blocks:
        claims.range(block * size, size)


def _attributes(reader: Reader, layout: ext.Layout, claims: Claims) -> None:
    """Add the blocks of extended attributes of inodes in use."""
    for _, _, rows in ext.inode_tables(reader, layout):
        low, high = rows["attributes"].astype(np.int64), rows["attributes_high"].astype(np.int64)
        blocks = (low | high << 32)[rows["links"] != 0]
        for block in np.unique(blocks[blocks != 0]).tolist():
            claims.range(block * layout.block_size, layout.block_size)


def _inode(fs: Any, number: int, claims: Claims) -> None:  # noqa: ANN401
    """Add what an inode of the file system itself holds; one that cannot be read claims nothing."""
    try:
        for attribute in fs.open_meta(number):
            if not int(attribute.info.flags) & t.ATTRIBUTE_RESIDENT:
                claims.structure(attribute)
    except (OSError, RuntimeError):
        return


def _map(reader: Reader, offset: int, block_size: int, claims: Claims, *, own: bool) -> None:
    """Add the blocks of a block-mapped inode, and those of its map."""
    raw = reader.pread(offset, ext.SMALLEST_INODE)
    numbers = np.frombuffer(raw, dtype="<u4", offset=40, count=15).astype(np.int64)
    size = struct.unpack_from("<I", raw, 4)[0] | struct.unpack_from("<I", raw, 108)[0] << 32
    fan, left = block_size // 4, _MAPS

    def take(blocks: Any, first: int) -> None:  # noqa: ANN401
        used = np.flatnonzero(blocks)
        breaks = np.flatnonzero((np.diff(used) != 1) | (np.diff(blocks[used]) != 1)) + 1
        for run in np.split(used, breaks) if len(used) else ():
            start, length = int(blocks[run[0]]) * block_size, len(run) * block_size
            if own:
                claims.range(start, length)
            else:
                claims.run(start, size - (first + int(run[0])) * block_size, length)

    take(numbers[: ext.DIRECT], 0)
    starts = (ext.DIRECT, ext.DIRECT + fan, ext.DIRECT + fan + fan**2)
    waiting = [(int(numbers[ext.DIRECT + n]), n + 1, starts[n]) for n in range(3)]
    while waiting:
        block, level, first = waiting.pop()
        if not block:
            continue
        left -= 1
        if left < 0:
            claims.unknown = True
            return
        claims.range(block * block_size, block_size)
        data = reader.pread(block * block_size, block_size)
        if len(data) < block_size:
            continue
        below = np.frombuffer(data, dtype="<u4").astype(np.int64)
        if level == 1:
            take(below, first)
            continue
        reach = fan ** (level - 1)
        waiting += [
            (int(below[at]), level - 1, first + at * reach) for at in np.flatnonzero(below).tolist()
        ]
