"""QCOW2 images, versions 2 and 3, read by us.

libqcow (20260703, below dfVFS) returns zeros for many compressed clusters of a QCOW2 image and
reports no error: an image written by ``qemu-img convert -c`` comes out wrong. Format: QEMU,
``docs/interop/qcow2.txt``.
"""

import struct
import threading
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Gap
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.storage.image import Image

MAGIC: Final = b"QFI\xfb"
MAX_CHAIN: Final = 64
"""Overlays on top of one another."""

_OFFSET: Final = 0x00FFFFFFFFFFFE00
_COMPRESSED: Final = 1 << 62
_ZERO: Final = 1
_SECTOR: Final = 512
_MIN_CLUSTER_BITS: Final = 9
_MAX_CLUSTER_BITS: Final = 21
_MAX_L1: Final = 32 << 20
"""Bytes of the first table; QEMU's own limit."""
_CACHE: Final = 64
"""Second-level tables kept: 32 GiB of media with clusters of 64 KiB."""
_V3: Final = 3
_BACKING_FORMAT: Final = 0xE2792ACA

_UNREAD: Final = {
    2: "an external data file",
    4: "extended L2 entries",
}
_ZSTD_BIT: Final = 3
_CORRUPT_BIT: Final = 1


@dataclass(frozen=True, slots=True)
class _Header:
    version: int
    backing: bytes
    """File name of the parent as written; empty without one."""
    backing_format: bytes
    cluster_bits: int
    size: int
    l1_entries: int
    l1_offset: int
    encryption: int
    snapshots: int
    features: int
    compression: int


class Qcow2Reader:
    """The media of one image, with those of its parents shining through."""

    def __init__(self, inner: Reader, header: _Header, parent: Reader | None) -> None:
        self._inner = inner
        self._size = header.size
        self._bits = header.cluster_bits
        self._cluster = 1 << header.cluster_bits
        self._per_table = self._cluster // 8
        self._parent = parent
        raw = inner.pread(header.l1_offset, header.l1_entries * 8)
        if len(raw) < header.l1_entries * 8:
            raise OSError("the first table of the image is cut off")
        self._l1 = struct.unpack(f">{header.l1_entries}Q", raw)
        self._tables: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        self._unpacked: tuple[int, bytes] = (-1, b"")
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Length of the media, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read cluster by cluster; neighbouring clusters of the file are read at once."""
        end = min(offset + length, self._size)
        parts: list[bytes] = []
        with self._lock:
            while offset < end:
                entry = self._entry(offset >> self._bits)
                inside = offset & (self._cluster - 1)
                wanted = min(end - offset, self._cluster - inside)
                host = entry & _OFFSET
                if entry & _COMPRESSED:
                    parts.append(self._compressed(entry)[inside : inside + wanted])
                elif host and not entry & _ZERO:
                    wanted = self._run(offset, end, host)
                    parts.append(self._stored(host + inside, wanted, offset + wanted == self._size))
                elif entry & _ZERO or self._parent is None:
                    parts.append(bytes(wanted))
                else:
                    parts.append(self._parent.pread(offset, wanted).ljust(wanted, b"\0"))
                offset += wanted
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _entry(self, cluster: int) -> int:
        first, second = divmod(cluster, self._per_table)
        if first >= len(self._l1):
            raise OSError("the image has no table for this part of the media")
        at = self._l1[first] & _OFFSET
        if not at:
            return 0
        table = self._tables.get(at)
        if table is None:
            raw = self._inner.pread(at, self._cluster)
            if len(raw) < self._cluster:
                raise OSError("a table of the image is cut off")
            table = struct.unpack(f">{self._per_table}Q", raw)
            self._tables[at] = table
            if len(self._tables) > _CACHE:
                self._tables.popitem(last=False)
        return table[second]

    def _run(self, offset: int, end: int, host: int) -> int:
        """Return how many bytes from ``offset`` on lie in one piece in the file."""
        stop = (offset | (self._cluster - 1)) + 1
        while stop < end:
            host += self._cluster
            entry = self._entry(stop >> self._bits)
            if entry & (_COMPRESSED | _ZERO) or entry & _OFFSET != host:
                break
            stop += self._cluster
        return min(stop, end) - offset

    def _stored(self, at: int, length: int, last: bool) -> bytes:  # noqa: FBT001 (private)
        data = self._inner.pread(at, length)
        if len(data) < length:
            # QEMU may leave out the rest of the very last cluster of the media.
            if not last or length - len(data) >= self._cluster:
                raise OSError("the image is cut off: data it refers to lies beyond its end")
            data = data.ljust(length, b"\0")
        return data

    def _compressed(self, entry: int) -> bytes:
        if self._unpacked[0] == entry:
            return self._unpacked[1]
        shift = 62 - (self._bits - 8)
        at = entry & ((1 << shift) - 1)
        sectors = (entry & (_COMPRESSED - 1)) >> shift
        stored = self._inner.pread(at, (sectors + 1) * _SECTOR - at % _SECTOR)
        try:
            data = zlib.decompressobj(-15).decompress(stored, self._cluster)
        except zlib.error as error:
            raise OSError("a compressed cluster of the image is damaged") from error
        if len(data) < self._cluster:
            raise OSError("a compressed cluster of the image is cut off")
        self._unpacked = (entry, data)
        return data

    def close(self) -> None:
        """Leave the readers below open: they were handed in."""


def open_qcow2(name: str, first: Reader, others: Mapping[str, Reader]) -> Image:
    """Open a QCOW2 image with every image that it builds on.

    Args:
        name: basename of the image, for messages.
        first: its bytes.
        others: files beside it by basename; a parent is looked up by the basename it is given.

    Raises:
        EvidenceError: it is damaged, or needs something that is missing or not supported.
    """
    health: list[Gap] = []
    layers: list[tuple[Reader, _Header]] = []
    used = {name}
    current, label, bottom = first, name, None
    try:
        while True:
            header = _header(current)
            _check(name, header)
            layers.append((current, header))
            health += _health(header)
            if not header.backing:
                break
            label = _basename(header.backing)
            if label not in others:
                raise UnsupportedError(
                    f"{shown(name)} holds only differences, and the image it builds on is not "
                    "beside it",
                    code="source.unsupported",
                    hint="put its backing file into the same folder and scan again",
                )
            if label in used or len(used) > MAX_CHAIN:
                raise EvidenceError(
                    f"{shown(name)} builds on itself: its chain of backing files is a loop",
                    hint="the image is damaged or was made by hand; get the original again",
                )
            used.add(label)
            current = others[label]
            is_qcow = current.pread(0, 4) == MAGIC
            if header.backing_format == b"raw" or not is_qcow:
                bottom = current
                break
        deepest, *above = reversed(layers)
        media = Qcow2Reader(*deepest, bottom)
        for reader, header in above:
            media = Qcow2Reader(reader, header, media)
    except (OSError, struct.error, ValueError) as error:
        raise EvidenceError(
            f"{shown(name)} is a QCOW2 image that cannot be opened: it is damaged or incomplete",
            hint="copy it again and compare it with the original",
        ) from error
    notes = [f"{len(used) - 1} backing files are part of it"] if len(used) > 1 else []
    return Image("qcow2", "heroes", "", media, health=health, notes=notes)


def _basename(name: bytes) -> str:
    text = name.decode("utf-8", "surrogateescape")
    return text.replace("\\", "/").rpartition("/")[2]


def _header(reader: Reader) -> _Header:
    head = reader.pread(0, 4096)
    if not head.startswith(MAGIC):
        raise ValueError("not a QCOW2 image")
    version, at, length, bits, size, encryption = struct.unpack_from(">IQIIQI", head, 4)
    l1_entries, l1_offset = struct.unpack_from(">IQ", head, 36)
    snapshots = struct.unpack_from(">I", head, 60)[0]
    features, compression, extensions = 0, 0, 72
    if version == _V3:
        features = struct.unpack_from(">Q", head, 72)[0]
        extensions = struct.unpack_from(">I", head, 100)[0]
        compression = head[104] if extensions > 104 else 0  # noqa: PLR2004 (the field lies there)
    elif version != 2:  # noqa: PLR2004 (the only other version)
        raise ValueError("an unknown version")
    if not _MIN_CLUSTER_BITS <= bits <= _MAX_CLUSTER_BITS or l1_entries * 8 > _MAX_L1:
        raise ValueError("numbers out of range")
    per_entry = 1 << (2 * bits - 3)
    if l1_entries * per_entry < size:
        raise ValueError("the first table is too short for the media")
    backing = reader.pread(at, min(length, 1023)) if at else b""
    return _Header(
        version,
        backing,
        _extension(head, extensions),
        bits,
        size,
        min(l1_entries, -(-size // per_entry)),
        l1_offset,
        encryption,
        snapshots,
        features,
        compression,
    )


def _extension(head: bytes, at: int) -> bytes:
    """Find the format of the backing file among the header extensions."""
    while at + 8 <= len(head):
        kind, length = struct.unpack_from(">II", head, at)
        if kind == 0:
            break
        if kind == _BACKING_FORMAT:
            return head[at + 8 : at + 8 + length]
        at += 8 + (length + 7) // 8 * 8
    return b""


def _check(name: str, header: _Header) -> None:
    """Refuse what we would misread."""
    words = [text for bit, text in _UNREAD.items() if header.features >> bit & 1]
    if header.encryption:
        words.append("encryption")
    if header.features >> _ZSTD_BIT & 1 and header.compression:
        words.append("zstd compression")
    if words:
        raise UnsupportedError(
            f"{shown(name)} is a QCOW2 image with {words[0]}, which this version does not read",
            code="source.unsupported",
            hint="convert a copy to raw with qemu-img and scan that",
        )


def _health(header: _Header) -> list[Gap]:
    health = []
    if header.snapshots:
        health.append(
            Gap("source", "snapshot.unreadable", {"container": "qcow2", "count": header.snapshots})
        )
    if header.features >> _CORRUPT_BIT & 1:
        health.append(Gap("source", "source.damaged", {"container": "qcow2", "fault": "marked"}))
    return health
