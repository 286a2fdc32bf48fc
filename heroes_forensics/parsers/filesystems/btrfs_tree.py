"""Superblock, chunks and trees of btrfs: from a key to the bytes of its item.

Layout: the on-disk format of the btrfs documentation, and ``btrfs_tree.h`` of the Linux kernel.
Logical addresses are mapped by chunks to places on this device; a node counts only when its
checksum, its own address, its level and the generation that its parent states fit, and its copies
are tried until one does.

Trees cannot make a walk longer than they are: levels only fall, and keys only rise.
"""

import hashlib
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.crc32c import crc32c
from heroes_forensics.parsers.filesystems.kept import Kept

Key = tuple[int, int, int]
"""Object, type, offset."""

MAGIC: Final = b"_BHRfS_M"
_SUPERBLOCKS: Final = (0x10000, 0x4000000, 0x4000000000)
_SUPERBLOCK: Final = 4096
_HEADER: Final = struct.Struct("<32s16sQQ16sQQIB")
_ITEM: Final = struct.Struct("<QBQII")
_POINTER: Final = struct.Struct("<QBQQQ")
_CHUNK: Final = struct.Struct("<QQQQIIIHH")
_STRIPE: Final = struct.Struct("<QQ16s")
_KEY: Final = struct.Struct("<QBQ")
_CHUNK_ITEM: Final = 228
_MOST_LEVELS: Final = 8
_MOST_CHUNKS: Final = 1 << 20
_MOST_STRIPES: Final = 1 << 10
_NODES: Final = 256
"""Nodes that are kept, with their keys: some 12 MiB of nodes of 16 KiB."""
_STRIPED: Final = 0x8 | 0x40 | 0x80 | 0x100
"""RAID 0, 10, 5 and 6."""
_RAID_STRIPE_TREE: Final = 1 << 14
_NODE_SIZES: Final = frozenset(1 << power for power in range(12, 17))
_CHECKSUMS: Final = {
    0: lambda data: crc32c(data).to_bytes(4, "little"),
    2: lambda data: hashlib.sha256(data).digest(),
    3: lambda data: hashlib.blake2b(data, digest_size=32).digest(),
}
"""By type; of 1, xxhash64, nothing here is able."""


class Superblock(NamedTuple):
    """What is needed of it."""

    root: int
    chunk_root: int
    log_root: int
    devices: int
    sector_size: int
    node_size: int
    array: bytes
    generation: int
    chunk_generation: int
    features: int
    checksum: int
    root_level: int
    chunk_level: int
    device: int


class StripedError(OSError):
    """It is laid out over several devices by turns, which is not read."""


class Chunk(NamedTuple):
    """A range of logical addresses, and where its copies begin on this device."""

    start: int
    length: int
    profile: int
    stripes: int
    here: tuple[int, ...]

    @property
    def is_linear(self) -> bool:
        """Whether each stripe holds all of it."""
        return not self.profile & _STRIPED or self.stripes == 1


class Leaf(NamedTuple):
    """A node of items."""

    items: list[tuple[int, int, int, int, int]]
    """Key, then where the data lies in the node, and its length."""
    data: bytes


class Inner(NamedTuple):
    """A node of pointers."""

    level: int
    pointers: list[tuple[int, int, int, int, int]]
    """Key, then the address of a node and its generation."""


def superblock(reader: Reader) -> Superblock:
    """Read the superblock, or where it is damaged the copy of the highest generation.

    Raises:
        OSError: there is none that can be relied on.
    """
    found: list[Superblock] = []
    for at in _SUPERBLOCKS:
        try:
            data = reader.pread(at, _SUPERBLOCK) if at + _SUPERBLOCK <= reader.size else b""
        except OSError:
            continue
        if len(data) == _SUPERBLOCK and data.startswith(MAGIC, 0x40) and _fits(data, at):
            found.append(_parsed(data))
            if len(found) == 1 and at == _SUPERBLOCKS[0]:
                break
    if not found:
        raise OSError("no superblock of btrfs that can be relied on")
    best = max(found, key=lambda one: one.generation)
    if best.node_size not in _NODE_SIZES or best.sector_size not in _NODE_SIZES:
        raise OSError("the superblock makes no sense")
    if best.features & _RAID_STRIPE_TREE:
        raise UnsupportedError("btrfs with a tree of stripes", code="volume.unsupported")
    return best


def _fits(data: bytes, at: int) -> bool:
    check = _CHECKSUMS.get(int.from_bytes(data[0xC4:0xC6], "little"))
    own = int.from_bytes(data[0x30:0x38], "little")
    return own == at and (check is None or data.startswith(check(data[32:])))


def _parsed(data: bytes) -> Superblock:
    root, chunk_root, log_root = struct.unpack_from("<QQQ", data, 0x50)
    devices, sector_size, node_size = struct.unpack_from("<QII", data, 0x88)
    array_size, chunk_generation = struct.unpack_from("<IQ", data, 0xA0)
    features, checksum, root_level, chunk_level = struct.unpack_from("<QHBB", data, 0xBC)
    return Superblock(
        *(root, chunk_root, log_root, devices, sector_size, node_size),
        array=data[0x32B : 0x32B + min(array_size, 2048)],
        generation=int.from_bytes(data[0x48:0x50], "little"),
        chunk_generation=chunk_generation,
        features=features,
        checksum=checksum,
        root_level=root_level,
        chunk_level=chunk_level,
        device=int.from_bytes(data[0xC9:0xD1], "little"),
    )


class Storage:
    """Logical addresses of one device."""

    def __init__(self, reader: Reader) -> None:
        """Read the superblock and the tree of chunks.

        Raises:
            OSError: they are damaged.
            UnsupportedError: they lie on other devices, or are laid out in another way.
        """
        self._reader = reader
        self.head = superblock(reader)
        self._chunks: list[Chunk] = []
        self._check = _CHECKSUMS.get(self.head.checksum)
        self._nodes: Kept[tuple[int, int, int], Leaf | Inner] = Kept(_NODES)
        self._bootstrap(self.head.array)
        found = []
        tree = Tree(self, self.head.chunk_root, self.head.chunk_level, self.head.chunk_generation)
        for key, data in tree.items((0, 0, 0)):
            if key[1] == _CHUNK_ITEM:
                found.append(self._chunk(key[2], data)[0])
                if len(found) > _MOST_CHUNKS:
                    raise OSError("there are too many chunks")
        self._chunks = sorted(found)

    @property
    def chunks(self) -> list[Chunk]:
        """All of them, by their logical addresses."""
        return self._chunks

    def _bootstrap(self, array: bytes) -> None:
        at = 0
        while at + _KEY.size + _CHUNK.size <= len(array):
            start = _KEY.unpack_from(array, at)[2]
            chunk, size = self._chunk(start, array[at + _KEY.size :])
            self._chunks.append(chunk)
            at += _KEY.size + size
        self._chunks.sort()

    def _chunk(self, start: int, data: bytes) -> tuple[Chunk, int]:
        if len(data) < _CHUNK.size:
            raise OSError("a chunk is damaged")
        length, _, _, profile, _, _, _, stripes, _ = _CHUNK.unpack_from(data)
        size = _CHUNK.size + stripes * _STRIPE.size
        if not 0 < stripes <= _MOST_STRIPES or size > len(data):
            raise OSError("a chunk is damaged")
        rows = [_STRIPE.unpack_from(data, _CHUNK.size + n * _STRIPE.size) for n in range(stripes)]
        here = tuple(offset for device, offset, _ in rows if device == self.head.device)
        return Chunk(start, length, profile, stripes, here), size

    def places(self, address: int) -> tuple[list[int], int]:
        """Return where the copies of an address lie on this device, and how far they go on.

        Raises:
            OSError: it lies in no chunk, or not on this device, or on several by turns.
        """
        index = bisect_right(self._chunks, address, key=lambda chunk: chunk.start) - 1
        chunk = self._chunks[index] if index >= 0 else None
        if chunk is None or address >= chunk.start + chunk.length:
            raise OSError("an address lies in no chunk")
        if not chunk.is_linear:
            raise StripedError("striped over several devices")
        if not chunk.here:
            raise OSError("an address lies on another device")
        inside = address - chunk.start
        return [offset + inside for offset in chunk.here], chunk.length - inside

    def read(self, address: int, length: int) -> bytes:
        """Read content; of several copies the first that can be read.

        Raises:
            OSError: none can.
            UnsupportedError: ``stream.unsupported``.
        """
        parts: list[bytes] = []
        while length > 0:
            try:
                places, left = self.places(address)
            except StripedError as error:
                raise UnsupportedError(str(error), code="stream.unsupported") from error
            wanted = min(length, left)
            parts.append(self._first_of(places, wanted))
            address, length = address + wanted, length - wanted
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _first_of(self, places: list[int], length: int) -> bytes:
        for place in places:
            try:
                data = self._reader.pread(place, length)
            except OSError:
                continue
            if len(data) == length:
                return data
        raise OSError("the bytes of an extent cannot be read")

    def node(self, address: int, level: int, generation: int) -> Leaf | Inner:
        """Return a node, of the last ones as it was kept.

        Raises:
            OSError: no copy of it fits.
        """
        return self._nodes.get((address, level, generation), self._node)

    def _node(self, key: tuple[int, int, int]) -> Leaf | Inner:
        address, level, generation = key
        size = self.head.node_size
        places, left = self.places(address)
        for place in places if left >= size else ():
            try:
                data = self._reader.pread(place, size)
            except OSError:
                continue
            if len(data) != size:
                continue
            sum_, _, own, _, _, made, _, count, depth = _HEADER.unpack_from(data)
            if (own, made, depth) != (address, generation, level):
                continue
            if self._check is not None and not sum_.startswith(self._check(data[32:])):
                continue
            return _contents(data, depth, count)
        raise OSError("a node is damaged")


def _contents(data: bytes, level: int, count: int) -> Leaf | Inner:
    form = _POINTER if level else _ITEM
    if count > (len(data) - _HEADER.size) // form.size:
        raise OSError("a node is damaged")
    end = _HEADER.size + count * form.size
    rows: list[tuple[int, int, int, int, int]] = list(form.iter_unpack(data[_HEADER.size : end]))
    if level:
        return Inner(level, rows)
    if any(_HEADER.size + row[3] + row[4] > len(data) for row in rows):
        raise OSError("a node is damaged")
    return Leaf(rows, data)


class Tree:
    """One tree, by its root."""

    def __init__(self, storage: Storage, root: int, level: int, generation: int) -> None:
        if level >= _MOST_LEVELS:
            raise OSError("a tree is too deep")
        self._storage = storage
        self._root = (root, level, generation)

    def items(self, first: Key) -> Iterator[tuple[Key, bytes]]:
        """Yield keys and their data from a key on, in order.

        Raises:
            OSError: a node is damaged, or lies where nothing is read, or keys do not rise.
        """
        last: Key = (-1, 0, 0)
        for leaf in self._leaves(first):
            begin = bisect_left(leaf.items, first)
            for *key, offset, size in leaf.items[begin:]:
                here = (key[0], key[1], key[2])
                if here <= last:
                    raise OSError("the keys of a tree do not rise")
                last = here
                start = _HEADER.size + offset
                yield here, leaf.data[start : start + size]

    def item(self, key: Key) -> bytes | None:
        """Return the data of one key, or None.

        Raises:
            OSError: a node is damaged.
        """
        for found, data in self.items(key):
            return data if found == key else None
        return None

    def _leaves(self, first: Key) -> Iterator[Leaf]:
        waiting: list[tuple[int, int, int, Key | None]] = [(*self._root, None)]
        while waiting:
            address, level, generation, promised = waiting.pop()
            node = self._storage.node(address, level, generation)
            rows = node.items if isinstance(node, Leaf) else node.pointers
            keys = [row[:3] for row in rows]
            # So that no node is come to twice: a parent's keys rise, and name its children's first.
            if promised is not None and keys[:1] != [promised]:
                raise OSError("a node of a tree is not what its parent says")
            if any(one >= other for one, other in pairwise(keys)):
                raise OSError("the keys of a tree do not rise")
            if isinstance(node, Leaf):
                yield node
                continue
            begin = max(0, bisect_right(keys, first) - 1)
            waiting += [(row[3], level - 1, row[4], row[:3]) for row in node.pointers[begin:][::-1]]
