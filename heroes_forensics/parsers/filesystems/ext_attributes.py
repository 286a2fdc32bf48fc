"""Extended attributes of ext inodes, which The Sleuth Kit does not give.

They lie behind the inode, in the same record, and in one block that several inodes may share.
Each value is a stream of its own, but for the few names that most files of a system have
(`nodes.is_system_attribute`), and for inline content, which is the file. A value that has
an inode for itself (``ea_inode``) is the content of that inode, which the sweep lists: no name
leads to it.

Format: the ext4 disk layout of the Linux kernel documentation ("Extended Attributes").
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.filesystems.ext_inodes import SMALLEST_INODE, Layout, Rows
from heroes_forensics.parsers.filesystems.nodes import is_system_attribute

TYPE: Final = 2
"""Type in a locator; the id is the position among the attributes of the inode."""

_MAGIC: Final = b"\0\0\2\xea"
_HEAD: Final = 32
"""Bytes of the header of a block; behind an inode it is the magic number alone."""
_ENTRY: Final = struct.Struct("<BBHIII")
_PREFIXES: Final = {
    1: b"user.",
    2: b"system.posix_acl_access",
    3: b"system.posix_acl_default",
    4: b"trusted.",
    6: b"security.",
    7: b"system.",
    8: b"system.richacl",
}
_INLINE: Final = b"system.data"
_EXTRA: Final = SMALLEST_INODE + 2
"""Bytes of an inode that says how long it is, without what attributes lie behind."""
_MOST: Final = 1 << 26
"""Inodes of which it is kept, a byte each; those beyond are looked at one by one."""


class Attribute(NamedTuple):
    """One value."""

    name: bytes
    offset: int
    """Where it begins in the volume, bytes."""
    size: int


class Bare:
    """Which inodes have no attributes at all: found for whole tables, most of most volumes."""

    def __init__(self) -> None:
        self.known = bytearray()
        """A byte for each inode by its number, not 0 where it is known to have none."""

    def look(self, first: int, rows: Rows) -> None:
        """Take a piece of a table.

        Args:
            first: number of its first inode.
            rows: inodes as `ext_inodes.inode_tables` gives them, one piece after the other.
        """
        until = first + len(rows)
        if not len(rows) or until > _MOST:
            return
        bare = (rows["attributes"] == 0) & (rows["attributes_high"] == 0)
        width = rows.dtype.itemsize
        if width >= _EXTRA:
            raw = np.ascontiguousarray(rows).view(np.uint8).reshape(len(rows), width)
            extra = raw[:, SMALLEST_INODE].astype(np.intp) | raw[:, SMALLEST_INODE + 1] * np.intp(
                256
            )
            behind = SMALLEST_INODE + extra
            fits = (extra > 0) & (behind + len(_MAGIC) <= width)
            at = np.where(fits, behind, 0)
            number = np.arange(len(rows))
            for step, byte in enumerate(_MAGIC):
                fits &= raw[number, at + step] == byte
            bare &= ~fits
        self.known.extend(bytes(max(0, until - len(self.known))))
        self.known[first:until] = bare.tobytes()


def attributes_of(reader: Reader, layout: Layout, address: int) -> tuple[list[Attribute], bool]:
    """Return the values of an inode that are streams, and whether its attributes are all sound.

    Raises:
        OSError: the inode cannot be read.
    """
    start = layout.offset_of(address)
    raw = reader.pread(start, layout.inode_size)
    if len(raw) < layout.inode_size:
        raise OSError("the inode cannot be read")
    found: list[Attribute] = []
    whole = True
    extra = struct.unpack_from("<H", raw, SMALLEST_INODE)[0] if len(raw) >= _EXTRA else 0
    behind = SMALLEST_INODE + extra
    if extra and raw[behind : behind + 4] == _MAGIC:
        first = behind + len(_MAGIC)
        whole = _collect(raw[first:], 0, start + first, found)
    block = struct.unpack_from("<I", raw, 104)[0] | struct.unpack_from("<H", raw, 118)[0] << 32
    if block:
        place = block * layout.block_size
        try:
            data = reader.pread(place, layout.block_size)
        except OSError:
            data = b""
        is_one = len(data) == layout.block_size and data[:4] == _MAGIC
        whole = is_one and _collect(data, _HEAD, place, found) and whole
    return found, whole


def _collect(data: bytes, at: int, base: int, found: list[Attribute]) -> bool:
    """Append the values of one table, and return whether all of it is sound."""
    try:
        for name, offset, size in _entries(data, at):
            if size and name != _INLINE and not is_system_attribute(name, size):
                found.append(Attribute(name, base + offset, size))
    except ValueError:
        return False
    return True


def _entries(data: bytes, at: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and bytes of each value that lies in this table.

    Raises:
        ValueError: the table is damaged.
    """
    while data[at : at + 4] not in {bytes(4), b""}:
        if at + _ENTRY.size > len(data):
            raise ValueError("the table of attributes is cut off")
        length, index, offset, inode, size, _ = _ENTRY.unpack_from(data, at)
        name = data[at + _ENTRY.size : at + _ENTRY.size + length]
        at += -(-(_ENTRY.size + length) // 4) * 4
        if inode:
            continue
        if offset + size > len(data):
            raise ValueError("a value lies behind the end")
        yield _PREFIXES.get(index, b"%d." % index) + name, offset, size
