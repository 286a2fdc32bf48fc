"""The allocation bitmaps of the file systems: NTFS, FAT, exFAT, ext and HFS+.

Where the file system itself keeps its bitmap is that of its documentation: [MS-FSCC] and the NTFS
documentation of linux-ntfs (``$Bitmap``), fatgen103 (the table of clusters), the exFAT file system
specification 7.1, the ext4 disk layout, TN1150 (the allocation file).
"""

import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

import numpy as np

from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.ext_inodes import layout_of
from heroes_forensics.parsers.recovery.allocation import LIMIT, Allocation, Bits, of_bytes

_NTFS_BITMAP: Final = 6
_HFS_ALLOCATION: Final = 6
_CHUNK: Final = 1 << 20
_BOOT: Final = 512
_ERRORS: Final = (
    *(RuntimeError, struct.error, ValueError, IndexError, ZeroDivisionError, MemoryError),
)
"""What a bitmap that makes no sense may come to."""
_FAT_MOST: Final = 1 << 28
"""Clusters that a table of FAT32 can name."""
_FAT_FIRST: Final = 2
"""Number of the first cluster."""
_EXFAT_BITMAP: Final = 0x81
_MOST_CLUSTERS: Final = 1 << 20
"""Links of a chain that are followed."""


def allocation(kind: str, fs: Any, reader: Reader) -> Allocation:  # noqa: ANN401
    """Read which blocks of a volume are in use.

    Args:
        kind: of file system, as `FileSystem.kind`.
        fs: the volume as The Sleuth Kit has it open, which finds files by their number.
        reader: the bytes of the volume.

    Raises:
        UnsupportedError: nothing is known of a bitmap of such a file system.
        OSError: it cannot be read, or makes no sense.
    """
    read = next((read for prefix, read in _READERS.items() if kind.startswith(prefix)), None)
    if read is None:
        raise UnsupportedError(
            "the allocation of this file system is not read", code="policy.unallocated"
        )
    try:
        return read(kind, fs, reader)
    except _ERRORS as error:
        raise OSError("the allocation bitmap cannot be read") from error


def _of_file(fs: Any, address: int, count: int) -> bytes:  # noqa: ANN401
    """Read a file of the file system that holds a bitmap."""
    need = -(-count // 8)
    if need > LIMIT:
        raise OSError("the allocation bitmap is larger than is read")
    file = fs.open_meta(address)
    return b"".join(
        file.read_random(start, min(_CHUNK, need - start)) for start in range(0, need, _CHUNK)
    )


def _ntfs(kind: str, fs: Any, reader: Reader) -> Allocation:  # noqa: ANN401
    del kind, reader
    size, count = int(fs.info.block_size), int(fs.info.block_count)
    return Allocation(size, 0, count, of_bytes(_of_file(fs, _NTFS_BITMAP, count), count))


def _hfs(kind: str, fs: Any, reader: Reader) -> Allocation:  # noqa: ANN401
    del kind, reader
    size, count = int(fs.info.block_size), int(fs.info.block_count)
    data = _of_file(fs, _HFS_ALLOCATION, count)
    return Allocation(size, 0, count, of_bytes(data, count, highest_first=True))


def _fat(kind: str, fs: Any, reader: Reader) -> Allocation:  # noqa: ANN401
    del fs
    boot = reader.pread(0, _BOOT)
    sector, per_cluster, reserved, tables, roots, small = struct.unpack_from("<HBHBHH", boot, 11)
    (fat_sectors,) = struct.unpack_from("<H", boot, 22)
    fat_sectors = fat_sectors or struct.unpack_from("<I", boot, 36)[0]
    sectors = small or struct.unpack_from("<I", boot, 32)[0]
    first = (reserved + tables * fat_sectors) * sector + -(-roots * 32 // sector) * sector
    cluster = sector * per_cluster
    if not cluster or sector % _BOOT or not fat_sectors:
        raise OSError("the boot sector makes no sense")
    bits = int(kind.removeprefix("fat"))
    within = fat_sectors * sector * 8 // bits - _FAT_FIRST
    count = min(within, (sectors * sector - first) // cluster)
    if not 0 < count <= _FAT_MOST:
        raise OSError("the boot sector makes no sense")
    used, at = np.zeros(count, dtype=np.uint8), 0
    for part in _fat_entries(reader, reserved * sector, count, bits):
        used[at : at + len(part)] = part
        at += len(part)
    return Allocation(cluster, first, count, np.packbits(used, bitorder="little"))


def _fat_entries(reader: Reader, start: int, count: int, bits: int) -> Iterator[Bits]:
    """Yield whether each cluster is in use, one byte each; a bad one counts as in use."""
    step = 3 << 18  # whole entries of each width, and pairs of those of twelve bits
    end = -(-(count + _FAT_FIRST) * bits // 8)
    skip, left = _FAT_FIRST, count
    for at in range(0, end, step):
        length = min(step, end - at)
        data = reader.pread(start + at, length)
        if len(data) < length:
            raise OSError("the table of clusters ends early")
        if bits == 12:  # noqa: PLR2004 - FAT12
            raw = np.frombuffer(data + bytes(-len(data) % 3), dtype=np.uint8).reshape(-1, 3)
            pairs = np.empty((len(raw), 2), dtype=bool)
            pairs[:, 0] = (raw[:, 0] | (raw[:, 1] & 15)) != 0
            pairs[:, 1] = ((raw[:, 1] >> 4) | raw[:, 2]) != 0
            used = pairs.reshape(-1)
        elif bits == 16:  # noqa: PLR2004 - FAT16
            used = np.frombuffer(data, dtype="<u2") != 0
        else:
            used = np.frombuffer(data, dtype="<u4") & np.uint32(0x0FFFFFFF) != 0
        used = used[skip : skip + left]
        skip, left = 0, left - len(used)
        yield used.astype(np.uint8)


def _exfat(kind: str, fs: Any, reader: Reader) -> Allocation:  # noqa: ANN401
    """Find the bitmap by its entry in the root directory."""
    del kind, fs
    boot = reader.pread(0, _BOOT)
    table, _, heap, count, root = struct.unpack_from("<IIIII", boot, 80)
    sector, cluster = 1 << boot[108], 1 << (boot[108] + boot[109])
    if not _BOOT <= sector <= 4096 or cluster > 1 << 25 or not count:  # noqa: PLR2004 - 3.1.14
        raise OSError("the boot sector makes no sense")
    first = heap * sector
    for number in _chain(reader, table * sector, root, count):
        data = reader.pread(first + (number - _FAT_FIRST) * cluster, cluster)
        for at in range(0, len(data), 32):
            if data[at] == _EXFAT_BITMAP and not data[at + 1] & 1:
                start, size = struct.unpack_from("<IQ", data, at + 20)
                need = -(-count // 8)
                if size < need or need > LIMIT:
                    raise OSError("the allocation bitmap does not fit the volume")
                bitmap = _clusters(reader, (table * sector, first, cluster), start, need, count)
                return Allocation(cluster, first, count, of_bytes(bitmap, count))
    raise OSError("there is no allocation bitmap")


def _clusters(
    reader: Reader, layout: tuple[int, int, int], start: int, need: int, count: int
) -> bytes:
    """Read a file of exFAT by its chain of clusters."""
    table, first, cluster = layout
    parts: list[bytes] = []
    for number in _chain(reader, table, start, count):
        parts.append(reader.pread(first + (number - _FAT_FIRST) * cluster, cluster))
        if len(parts) * cluster >= need:
            break
    return b"".join(parts)[:need]


def _chain(reader: Reader, table: int, start: int, count: int) -> Iterator[int]:
    """Yield the clusters of a chain."""
    number = start
    for _ in range(_MOST_CLUSTERS):
        if not _FAT_FIRST <= number < count + _FAT_FIRST:
            return
        yield number
        number = int.from_bytes(reader.pread(table + 4 * number, 4), "little")


def _ext(kind: str, fs: Any, reader: Reader) -> Allocation:  # noqa: ANN401
    """Join the bitmaps of the groups; of a group without one, only structures are in use."""
    del kind, fs
    layout = layout_of(reader)
    count = layout.blocks - layout.first_block
    if layout.clustered:
        raise UnsupportedError(
            "the allocation of this file system is not read", code="policy.unallocated"
        )
    size = layout.block_size
    if not 0 < count <= LIMIT * 8 or sum(group.blocks for group in layout.groups) != count:
        raise OSError("the groups do not make up the volume")
    used = np.zeros(-(-count // 8), dtype=np.uint8)
    for group in layout.groups:
        start = group.first - layout.first_block
        if start % 8:
            raise OSError("a group does not begin at a whole byte of its bitmap")
        if not group.is_bitmap_unset:
            data = reader.pread(group.bitmap * size, -(-group.blocks // 8))
            if not data and group.bitmap * size >= reader.size:
                _mark(used, start, group.blocks)  # cut off with the rest of the volume
                continue
            bits = of_bytes(data, group.blocks)
            used[start // 8 : start // 8 + len(bits)] |= bits
        _mark(used, start, min(group.head, group.blocks))
        for block, length in (
            (group.bitmap, 1),
            (group.inode_bitmap, 1),
            (group.table, group.table_blocks),
        ):
            if layout.first_block <= block < layout.blocks:
                at = block - layout.first_block
                _mark(used, at, min(length, count - at))
    return Allocation(size, layout.first_block * size, count, used)


def _mark(bits: Bits, start: int, length: int) -> None:
    """Set the bits of a range."""
    first, last = start // 8, -(-(start + length) // 8)
    part = np.unpackbits(bits[first:last], bitorder="little")
    part[start - 8 * first : start - 8 * first + length] = 1
    bits[first:last] = np.packbits(part, bitorder="little")


_READERS: Final[dict[str, Callable[[str, Any, Reader], Allocation]]] = {
    "ntfs": _ntfs,
    "fat": _fat,
    "exfat": _exfat,
    "ext": _ext,
    "hfsplus": _hfs,
}
"""By the start of the kind."""
