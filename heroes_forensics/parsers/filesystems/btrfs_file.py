"""The content of a file of btrfs: extents, some of them compressed, and holes between them."""

import struct
from bisect import bisect_right
from itertools import pairwise
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.btrfs_tree import Storage
from heroes_forensics.parsers.filesystems.expand import expand
from heroes_forensics.parsers.filesystems.inode_walk import refuse_hollow
from heroes_forensics.parsers.filesystems.kept import Kept

_HEAD: Final = struct.Struct("<QQBBHB")
_PLACE: Final = struct.Struct("<QQQQ")
_INLINE, _REGULAR, _PREALLOCATED = 0, 1, 2
_METHODS: Final = {1: "gzip", 2: "lzo", 3: "zstd"}
_MOST: Final = 128 << 10
"""Bytes that a compressed extent expands to at most."""
_LZO: Final = 2
_LENGTH: Final = 4
_KEPT: Final = 32
"""Expanded extents that are kept: 4 MiB."""


class Extent(NamedTuple):
    """A stretch of a file."""

    start: int
    """Offset in the file, bytes."""
    length: int
    compression: int
    closed: bool
    """Whether it is encrypted or encoded in another way."""
    address: int = 0
    """Logical address of all of it, 0 for a hole."""
    stored: int = 0
    """Bytes as stored."""
    inside: int = 0
    """Where in it, when expanded, the stretch begins."""
    expanded: int = 0
    """Bytes of all of it when expanded."""
    inline: bytes | None = None
    """What is stored in the tree itself."""


def extent_of(start: int, data: bytes) -> Extent:
    """Return the extent that an item describes.

    Raises:
        OSError: it is damaged.
    """
    if len(data) < _HEAD.size:
        raise OSError("an extent is damaged")
    _, expanded, compression, encrypted, other, type_ = _HEAD.unpack_from(data)
    closed = bool(encrypted or other) or (compression != 0 and compression not in _METHODS)
    if type_ == _INLINE:
        stored = data[_HEAD.size :]
        return Extent(
            *(start, expanded, compression, closed, 0, len(stored), 0, expanded), inline=stored
        )
    if len(data) < _HEAD.size + _PLACE.size or type_ not in {_REGULAR, _PREALLOCATED}:
        raise OSError("an extent is damaged")
    address, stored_size, inside, length = _PLACE.unpack_from(data, _HEAD.size)
    if type_ == _PREALLOCATED:  # never written: read as zeros, whatever lies there
        return Extent(start, length, 0, closed=False)
    return Extent(start, length, compression, closed, address, stored_size, inside, expanded)


class BtrfsFile:
    """A file as a `Reader`."""

    def __init__(self, storage: Storage, extents: list[Extent], size: int) -> None:
        """Take the extents of a file in their order.

        Raises:
            OSError: they overlap.
            UnsupportedError: ``stream.limit``, a huge file of which next to nothing is stored.
        """
        self._storage = storage
        self._extents = extents
        self._starts = [extent.start for extent in extents]
        self._size = size
        for one, other in pairwise(extents):
            if one.inline is None and one.start + one.length > other.start:
                raise OSError("extents of a file overlap")
        refuse_hollow(size, sum(extent.stored for extent in extents))
        self._whole: Kept[Extent, bytes] = Kept(_KEPT)

    @property
    def size(self) -> int:
        """Length by the metadata, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across extents and holes.

        Raises:
            OSError: an extent is damaged, or cannot be read.
            UnsupportedError: ``stream.unsupported``.
        """
        length = max(0, min(length, self._size - offset))
        parts: list[bytes] = []
        while length > 0:
            index = bisect_right(self._starts, offset) - 1
            following = self._starts[index + 1] if index + 1 < len(self._starts) else self._size
            wanted = min(length, following - offset)
            extent = self._extents[index] if index >= 0 else None
            if extent is not None and offset < extent.start + extent.length:
                wanted = min(wanted, extent.start + extent.length - offset)
                part = self._part(extent, offset - extent.start, wanted)
            else:
                part = bytes(wanted)
            if len(part) != wanted:
                raise OSError("an extent is not as long as it should be")
            parts.append(part)
            offset += wanted
            length -= wanted
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _part(self, extent: Extent, inside: int, length: int) -> bytes:
        if extent.closed:
            raise UnsupportedError("an extent is encoded", code="stream.unsupported")
        if extent.compression:
            begin = extent.inside + inside
            return self._whole.get(extent, self._expanded)[begin : begin + length]
        if extent.inline is not None:
            return extent.inline[inside : inside + length]
        if not extent.address:
            return bytes(length)
        if extent.inside + inside + length > extent.stored:
            raise OSError("an extent is shorter than what a file has of it")
        return self._storage.read(extent.address + extent.inside + inside, length)

    def _expanded(self, extent: Extent) -> bytes:
        if extent.expanded > _MOST or extent.stored > _MOST:
            raise OSError("a compressed extent is longer than it may be")
        data = extent.inline
        if data is None:
            data = self._storage.read(extent.address, extent.stored)
        if extent.compression == _LZO:
            return _lzo(data, extent.expanded, self._storage.head.sector_size)
        found = expand(_METHODS[extent.compression], data, _MOST)
        return found[: extent.expanded]

    def close(self) -> None:
        """Leave the volume open."""


def _lzo(data: bytes, most: int, sector: int) -> bytes:
    """Expand pieces of a sector each; the length of a piece never crosses a boundary of sectors."""
    total = int.from_bytes(data[:_LENGTH], "little")
    if total > len(data):
        raise OSError("a compressed extent is damaged")
    at, found = _LENGTH, bytearray()
    while at + _LENGTH <= total and len(found) < most:
        left = sector - at % sector
        if left < _LENGTH:
            at += left
        length = int.from_bytes(data[at : at + _LENGTH], "little")
        at += _LENGTH
        if not length or at + length > total:
            raise OSError("a compressed extent is damaged")
        found += expand("lzo", data[at : at + length], sector)
        at += length
    return bytes(found[:most])
