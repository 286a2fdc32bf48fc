"""Whether the map of an ext file names all the blocks that its inode holds.

A hole is not written down: it is what no extent covers, or a pointer of zero. So a map that lost
entries looks like a file with holes, and The Sleuth Kit reads it as one. The inode counts its
blocks apart from the map; a map that names fewer has lost some.

Format: the ext4 disk layout of the Linux kernel documentation (inode table, extent tree, direct
and indirect block addressing).
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.filesystems.ext_inodes import (
    DIRECT,
    HUGE_FILE,
    SMALLEST_INODE,
    Layout,
)
from heroes_forensics.parsers.reading.readers import exactly

_HEADER: Final = struct.Struct("<HHHHI")
_EXTENT: Final = struct.Struct("<IHHI")
_INDEX: Final = struct.Struct("<IIHH")
_MAGIC: Final = 0xF30A
_DEEPEST: Final = 5
_EXTENTS: Final = 0x80000
_INLINE: Final = 0x10000000
_UNWRITTEN: Final = 32768
"""A longer extent is one that was reserved and not written; its length is what goes beyond."""
_SECTOR: Final = 512


class _Inode(NamedTuple):
    flags: int
    map: bytes
    """The 60 bytes that hold the root of the tree, or the first pointers."""
    blocks: int
    """File system blocks it holds: of content, of the map, and of attributes."""
    attributes: int
    """One when it has a block of extended attributes, else zero."""


def check_blocks(reader: Reader, layout: Layout, address: int) -> None:
    """Make sure that no part of the map of a file is missing.

    Args:
        reader: the volume.
        layout: what its super block says.
        address: number of the inode.

    Raises:
        OSError: the map names fewer blocks than the inode holds, or cannot be read.
    """
    if layout.clustered:
        return  # its inodes count clusters, whole ones also where one block is in use
    inode = _inode(reader, layout, address)
    if inode.flags & _INLINE:
        return
    parts = _extents if inode.flags & _EXTENTS else _pointers
    named = inode.attributes
    # Each step adds to what is named, so a crafted map ends this early.
    for number in parts(reader, layout.block_size, inode.map):
        named += number
        if named >= inode.blocks:
            return
    if named < inode.blocks:
        raise OSError("the map names fewer blocks than the file holds")


def _inode(reader: Reader, layout: Layout, address: int) -> _Inode:
    raw = exactly(reader, layout.offset_of(address), SMALLEST_INODE)
    blocks, flags = struct.unpack_from("<II", raw, 28)
    blocks |= struct.unpack_from("<H", raw, 116)[0] << 32
    if not flags & HUGE_FILE:
        blocks = blocks * _SECTOR // layout.block_size
    acl = struct.unpack_from("<I", raw, 104)[0] | struct.unpack_from("<H", raw, 118)[0] << 32
    return _Inode(flags, raw[40:100], blocks, 1 if acl else 0)


def _extents(reader: Reader, width: int, root: bytes) -> Iterator[int]:
    """Yield how many blocks each node of an extent tree adds."""
    nodes = [(root, _DEEPEST + 1)]
    seen: set[int] = set()
    while nodes:
        data, above = nodes.pop()
        magic, entries, _, depth, _ = _HEADER.unpack_from(data)
        if magic != _MAGIC or depth >= above or _HEADER.size * (entries + 1) > len(data):
            raise OSError("the extent tree makes no sense")
        for at in range(_HEADER.size, _HEADER.size * (entries + 1), _HEADER.size):
            if depth == 0:
                length = _EXTENT.unpack_from(data, at)[1]
                yield length - _UNWRITTEN if length > _UNWRITTEN else length
                continue
            _, low, high, _ = _INDEX.unpack_from(data, at)
            block = low | high << 32
            if block in seen:
                raise OSError("the extent tree makes no sense")
            seen.add(block)
            yield 1
            nodes.append((exactly(reader, block * width, width), depth))


def _pointers(reader: Reader, width: int, root: bytes) -> Iterator[int]:
    """Yield how many blocks each table of pointers adds."""
    first = np.frombuffer(root, "<u4")
    yield int(np.count_nonzero(first))
    tables = [(int(first[DIRECT + level]), level) for level in range(3)]
    while tables:
        block, level = tables.pop()
        if not block:
            continue
        table = np.frombuffer(exactly(reader, block * width, width), "<u4")
        yield int(np.count_nonzero(table))
        if level:
            tables += [(below, level - 1) for below in table[table != 0].tolist()]
