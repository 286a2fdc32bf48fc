"""Snapshots of APFS volumes: how many there are, and a view of the container without them.

libfsapfs fails on a whole volume when its list of snapshots fills more than one node of the
snapshot tree. It reads no snapshot anyway; so it is given a view in which the superblocks of the
volumes name no snapshot tree, and the number of snapshots becomes a gap. Only the superblocks
themselves, found through the object map, are touched; no content can lie there. Format: Apple
File System Reference (2020-06-22).
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Final

from heroes_forensics.parsers.base import Reader

_BLOCK_SIZES: Final = (4096, 8192, 16384, 32768, 65536)
_MAX_CHECKPOINTS: Final = 8192
"""Blocks of the checkpoint descriptor area that are looked at."""
_MAX_VOLUMES: Final = 100
_MAX_LEVELS: Final = 8
_NODE_HEADER: Final = 56
_ROOT_INFO: Final = 40
_ROOT, _LEAF, _FIXED = 1, 2, 4
_SNAPSHOT_TREE_AT: Final = 152
_SNAPSHOTS_AT: Final = 216
_MODULUS: Final = 0xFFFFFFFF


class View:
    """A container with some of its blocks replaced."""

    def __init__(self, inner: Reader, blocks: Mapping[int, bytes]) -> None:
        self._inner = inner
        self._blocks = tuple(sorted(blocks.items()))

    @property
    def size(self) -> int:
        """Length of the container, bytes."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read, and lay the replaced blocks over what was read."""
        data = self._inner.pread(offset, length)
        end = offset + len(data)
        for at, block in self._blocks:
            if at < end and offset < at + len(block):
                low, high = max(at, offset), min(at + len(block), end)
                data = data[: low - offset] + block[low - at : high - at] + data[high - offset :]
        return data

    def close(self) -> None:
        """Leave the inner reader open."""


def without_snapshots(reader: Reader) -> tuple[Reader, dict[int, int]]:
    """Return a view of the container without snapshots, and their number by volume index.

    What cannot be followed is left as it is: libfsapfs will say what is wrong with it.

    Raises:
        OSError: the container could not be read.
    """
    counts: dict[int, int] = {}
    blocks: dict[int, bytes] = {}
    try:
        for index, at, block in _superblocks(reader):
            number = struct.unpack_from("<Q", block, _SNAPSHOTS_AT)[0]
            tree = struct.unpack_from("<Q", block, _SNAPSHOT_TREE_AT)[0]
            if not number and not tree:
                continue
            counts[index] = number
            changed = bytearray(block)
            struct.pack_into("<Q", changed, _SNAPSHOT_TREE_AT, 0)
            struct.pack_into("<Q", changed, _SNAPSHOTS_AT, 0)
            struct.pack_into("<Q", changed, 0, checksum(changed))
            blocks[at] = bytes(changed)
    except (struct.error, ValueError):
        return reader, counts
    return (View(reader, blocks) if blocks else reader), counts


def checksum(block: bytes | bytearray) -> int:
    """Return the Fletcher-64 checksum of an object, whose first eight bytes hold it."""
    low = high = 0
    for (word,) in struct.iter_unpack("<I", block[8:]):
        low += word
        high += low
    low, high = low % _MODULUS, high % _MODULUS
    first = _MODULUS - (low + high) % _MODULUS
    second = _MODULUS - (low + first) % _MODULUS
    return second << 32 | first


def _superblocks(reader: Reader) -> Iterator[tuple[int, int, bytes]]:
    """Yield (index, byte offset, block) of the superblock of each volume."""
    size = struct.unpack("<I", reader.pread(36, 4))[0]
    if size not in _BLOCK_SIZES:
        raise ValueError("an unknown block size")
    container = _newest(reader, size)
    table = struct.unpack_from("<Q", container, 160)[0]
    tree = struct.unpack_from("<Q", reader.pread(table * size, size), 48)[0]
    identifiers = struct.unpack_from(f"<{_MAX_VOLUMES}Q", container, 184)
    for index, identifier in enumerate(one for one in identifiers if one):
        address = _look_up(reader, size, tree, identifier)
        block = reader.pread(address * size, size) if address else b""
        if block[32:36] == b"APSB" and len(block) == size:
            yield index, address * size, block


def _newest(reader: Reader, size: int) -> bytes:
    """Return the container superblock with the highest transaction that is sound."""
    best = reader.pread(0, size)
    count, base = struct.unpack_from("<I", best, 104)[0], struct.unpack_from("<Q", best, 112)[0]
    highest = -1
    for number in range(min(count, _MAX_CHECKPOINTS)):
        block = reader.pread((base + number) * size, size)
        if len(block) < size or block[32:36] != b"NXSB":
            continue
        transaction = struct.unpack_from("<Q", block, 16)[0]
        if transaction > highest and checksum(block) == struct.unpack_from("<Q", block)[0]:
            best, highest = block, transaction
    return best


def _look_up(reader: Reader, size: int, node: int, identifier: int) -> int:
    """Find the newest block address of an object in an object map; 0 when it is not there."""
    for _ in range(_MAX_LEVELS):
        block = reader.pread(node * size, size)
        flags, _, count = struct.unpack_from("<HHI", block, 32)
        start, length = struct.unpack_from("<HH", block, 40)
        if not flags & _FIXED or count > size // 4:
            return 0
        keys = _NODE_HEADER + start + length
        values = size - (_ROOT_INFO if flags & _ROOT else 0)
        found: tuple[int, int, int] | None = None
        for number in range(count):
            key, value = struct.unpack_from("<HH", block, _NODE_HEADER + start + 4 * number)
            one, transaction = struct.unpack_from("<QQ", block, keys + key)
            if one > identifier:
                break
            found = (one, transaction, values - value)
        if found is None:
            return 0
        if flags & _LEAF:
            if found[0] != identifier:
                return 0
            return int(struct.unpack_from("<Q", block, found[2] + 8)[0])
        node = struct.unpack_from("<Q", block, found[2])[0]
    return 0
