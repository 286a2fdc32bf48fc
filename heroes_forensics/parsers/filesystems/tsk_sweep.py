"""Sweeps of finite tables: allocated entries that no directory reaches, and deleted ones.

NTFS: every base record of the MFT. ext: the groups and inodes that the group descriptors allow
(``INODE_UNINIT``, ``bg_itable_unused``). UFS and ISO 9660: every inode the
kit counts. HFS+: the leaves of the catalog. FAT and exFAT have no such table; see
`TskFileSystem.orphans`.

Formats: [MS-FSA], the ext4 disk layout of the Linux kernel documentation, TN1150.
"""

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.tsk_names import hfs_names

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import Reader
    from heroes_forensics.parsers.filesystems.tsk_walk import Walk

_CHUNK: Final = 1 << 20
_NTFS_FIRST: Final = 16
"""Records 0 to 11 are the named files of NTFS, 12 to 15 are kept in use without a name."""
_EXT_MAGIC: Final = 0xEF53
_EXT_FIRST: Final = 11
_RECORD: Final = 256
_INODE: Final = 128
_NARROW: Final = 32
_WIDE: Final = 64
_HFS_FIRST: Final = 16


def sweep(walk: "Walk", reader: "Reader") -> Iterator[Entry | Gap]:
    """Yield what the walk did not reach; directories first, with what they hold.

    Raises:
        OSError: the table itself cannot be read to its end.
    """
    candidates = _CANDIDATES.get(walk.kind)
    if candidates is None:
        return
    later: list[int] = []
    for address, in_use in candidates(walk.fs, reader):
        if walk.entries.has_seen(address):
            continue
        try:
            type_ = _type(walk.fs, address)
        except (OSError, RuntimeError):
            if in_use:
                yield walk.unreadable_orphan(address)
            continue
        if type_ == t.DIRECTORY:
            yield from walk.orphan(walk.fs.open_meta(address))
            yield from walk.drain()
        elif type_ != t.UNDEFINED:
            later.append(address)
    for address in later:
        if not walk.entries.has_seen(address):
            yield from walk.orphan(walk.fs.open_meta(address))


def _type(fs: Any, address: int) -> int:  # noqa: ANN401
    """Return the type of what is worth an entry: in use, deleted with a size, or a directory."""
    meta = fs.open_meta(address).info.meta
    if meta is None:
        return t.UNDEFINED
    type_ = int(meta.type)
    worth = int(meta.flags) & t.META_ALLOCATED or meta.size or type_ == t.DIRECTORY
    return type_ if worth else t.UNDEFINED


def _ntfs(fs: Any, reader: "Reader") -> Iterator[tuple[int, bool]]:  # noqa: ANN401
    """Yield the addresses of base records with a signature."""
    boot = reader.pread(0, 512)
    cluster = boot[13] * struct.unpack_from("<H", boot, 11)[0]
    (clusters,) = struct.unpack_from("<b", boot, 64)
    record = cluster * clusters if clusters > 0 else 1 << -clusters
    file = fs.open_meta(0)
    size = file.info.meta.size
    if record < _RECORD or _CHUNK % record:
        raise OSError("the size of an MFT record makes no sense")
    for offset in range(0, size, _CHUNK):
        chunk = file.read_random(offset, min(_CHUNK, size - offset))
        if len(chunk) != min(_CHUNK, size - offset):
            raise OSError("the MFT cannot be read to its end")
        for start in range(0, len(chunk) - record + 1, record):
            if chunk[start : start + 4] == b"FILE" and not any(chunk[start + 32 : start + 38]):
                address = (offset + start) // record
                if address >= _NTFS_FIRST:
                    yield address, chunk[start + 22] & 1 == 1


def _ext(fs: Any, reader: "Reader") -> Iterator[tuple[int, bool]]:  # noqa: ANN401
    """Yield the inodes the group descriptors say were ever in use."""
    del fs
    block = reader.pread(1024, 1024)
    if struct.unpack_from("<H", block, 56)[0] != _EXT_MAGIC:
        raise OSError("the superblock is not where it should be")
    (inodes,) = struct.unpack_from("<I", block, 0)
    (first_block,) = struct.unpack_from("<I", block, 20)
    size = 1024 << struct.unpack_from("<I", block, 24)[0]
    (per_group,) = struct.unpack_from("<I", block, 40)
    inode_size = struct.unpack_from("<H", block, 88)[0] if block[76] else 128
    blocks_per_group = struct.unpack_from("<I", block, 32)[0]
    compatible, incompatible, read_only = struct.unpack_from("<III", block, 92)
    width = struct.unpack_from("<H", block, 254)[0] if incompatible & 0x80 else _NARROW
    (first_meta,) = struct.unpack_from("<I", block, 260)
    reserved = {struct.unpack_from("<I", block, at)[0] for at in (0x240, 0x244, 0x26C, 0x280)}
    checked = read_only & 0x410 != 0
    if not per_group or width < _NARROW or not blocks_per_group or not _INODE <= inode_size <= size:
        raise OSError("the superblock makes no sense")
    per_block = size // width
    for group in range(-(-inodes // per_group)):
        where = group // per_block
        if incompatible & 0x10 and where >= first_meta:
            home = where * per_block
            start = first_block + home * blocks_per_group + _has_super(home, compatible, read_only)
        else:
            start = first_block + 1 + where
        raw = reader.pread(start * size + group % per_block * width, width)
        if len(raw) < width:
            raise OSError("a group descriptor cannot be read")
        table = struct.unpack_from("<I", raw, 8)[0]
        (flags,) = struct.unpack_from("<H", raw, 18)
        unused = struct.unpack_from("<H", raw, 28)[0]
        if width >= _WIDE:
            table |= struct.unpack_from("<I", raw, 40)[0] << 32
            unused |= struct.unpack_from("<H", raw, 50)[0] << 16
        if checked and flags & 1:
            continue
        count = max(0, per_group - unused) if checked else per_group
        base = group * per_group + 1
        for index in _used_inodes(reader, table * size, count, inode_size):
            address = base + index
            if address >= _EXT_FIRST and address not in reserved:
                yield address, False


def _used_inodes(reader: "Reader", start: int, count: int, width: int) -> Iterator[int]:
    """Yield the positions of the inodes that have a mode: those ever in use."""
    step = _CHUNK // width
    for first in range(0, count, step):
        part = reader.pread(start + first * width, min(step, count - first) * width)
        for index in range(len(part) // width):
            if part[index * width] or part[index * width + 1]:
                yield first + index
        if len(part) < min(step, count - first) * width:
            raise OSError("an inode table cannot be read to its end")


def _has_super(group: int, compatible: int, read_only: int) -> int:
    if group == 0 or not (read_only & 1 or compatible & 0x200):
        return 1
    for base in (3, 5, 7):
        power = base
        while power < group:
            power *= base
        if power == group:
            return 1
    return int(group == 1)


def _all(fs: Any, reader: "Reader") -> Iterator[tuple[int, bool]]:  # noqa: ANN401
    del reader
    for address in range(int(fs.info.first_inum), int(fs.info.last_inum)):
        yield address, False


def _hfs(fs: Any, reader: "Reader") -> Iterator[tuple[int, bool]]:  # noqa: ANN401
    del reader
    for name in hfs_names(fs):
        if name.address >= _HFS_FIRST:
            yield name.address, True


_CANDIDATES: Final = {
    "ntfs": _ntfs,
    "ext2": _ext,
    "ext3": _ext,
    "ext4": _ext,
    "ufs1": _all,
    "ufs2": _all,
    "iso9660": _all,
    "hfsplus": _hfs,
}
SWEPT: Final = {
    "ntfs": "MFT records",
    "ext2": "inode tables",
    "ext3": "inode tables",
    "ext4": "inode tables",
    "ufs1": "inode tables",
    "ufs2": "inode tables",
    "iso9660": "directory records",
    "hfsplus": "catalog leaves",
}
"""What `Listing.sweep` says when the sweep reached its end."""
