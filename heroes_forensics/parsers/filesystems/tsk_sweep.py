"""Sweeps of finite tables: allocated entries that no directory reaches, and deleted ones.

NTFS: every base record of the MFT. ext: the groups and inodes that the group descriptors allow
(``INODE_UNINIT``, ``bg_itable_unused``). UFS and ISO 9660: every inode the
kit counts. HFS+: the leaves of the catalog; a hard link there has a record of its own, which the
kit shows only by the directory that holds it, as the file or folder it leads to. FAT and exFAT
have no such table; see `TskFileSystem.orphans`.

Formats: [MS-FSA], the ext4 disk layout of the Linux kernel documentation, TN1150.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.ext_inodes import used_inodes
from heroes_forensics.parsers.filesystems.tsk_names import hfs_names, hfs_targets
from heroes_forensics.parsers.guard import ENTRY, Guard

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import Reader
    from heroes_forensics.parsers.filesystems.tsk_walk import Walk

_SMALLEST: Final = 32
"""Bytes that an inode or a directory record takes at least, of those that are counted."""
_HFS_FIRST: Final = 16


def sweep(walk: "Walk", reader: "Reader") -> Iterator[Entry | Gap]:
    """Yield what the walk did not reach; directories first, with what they hold.

    Raises:
        OSError: the table itself cannot be read to its end.
    """
    later: list[int] = []
    for address, in_use in _candidates(walk, reader):
        if walk.entries.has_seen(address) or address in walk.went_around:
            continue
        walk.guard.at(address, ENTRY)
        try:
            type_ = _type(walk.fs, address, walk.guard)
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
            walk.guard.at(address, ENTRY)
            yield from walk.orphan(walk.fs.open_meta(address))
    yield from _links(walk)


def _candidates(walk: "Walk", reader: "Reader") -> Iterator[tuple[int, bool]]:
    """Yield what may be worth an entry, and whether its table says that it is in use.

    Raises:
        OSError: the table cannot be read to its end.
    """
    if walk.records is not None:
        for numbers, marks in walk.records.base_records():
            new = ~walk.entries.have_seen(numbers)
            for address, mark in zip(numbers[new].tolist(), marks[new].tolist(), strict=True):
                yield address, mark == 1
    elif walk.kind.startswith("ext"):
        for numbers in used_inodes(reader):
            for address in numbers[~walk.entries.have_seen(numbers)].tolist():
                yield address, False
    elif (candidates := _CANDIDATES.get(walk.kind)) is not None:
        yield from candidates(walk.fs, reader)


def _links(walk: "Walk") -> Iterator[Entry | Gap]:
    """Yield the hard links of HFS+ that no directory reaches, and those that lead nowhere.

    Raises:
        OSError: the catalog cannot be read to its end.
    """
    if walk.kind != "hfsplus":
        return
    targets: dict[bytes, int] | None = None
    for link in hfs_names(walk.fs):
        if not link.target or walk.entries.has_seen(link.address):
            continue
        if targets is None:
            targets = hfs_targets(walk.fs)
        address = targets.get(link.target)
        if address is None or not walk.entries.has_seen(address):
            yield walk.unreadable_orphan(link.address)
        elif not walk.has_entered(link.parent):
            yield from walk.orphan(walk.fs.open_meta(address))
            yield from walk.drain()


def _type(fs: Any, address: int, guard: Guard) -> int:  # noqa: ANN401
    """Return the type of what is worth an entry: in use, deleted with a size, or a directory."""
    if address in guard.entries:
        raise OSError("this ended a lister")
    meta = fs.open_meta(address).info.meta
    if meta is None:
        return t.UNDEFINED
    type_ = int(meta.type)
    worth = int(meta.flags) & t.META_ALLOCATED or meta.size or type_ == t.DIRECTORY
    return type_ if worth else t.UNDEFINED


def _all(fs: Any, reader: "Reader") -> Iterator[tuple[int, bool]]:  # noqa: ANN401
    first = int(fs.info.first_inum)
    for address in range(first, min(int(fs.info.last_inum), first + reader.size // _SMALLEST)):
        yield address, False


def _hfs(fs: Any, reader: "Reader") -> Iterator[tuple[int, bool]]:  # noqa: ANN401
    del reader
    for name in hfs_names(fs):
        if name.address >= _HFS_FIRST:
            yield name.address, not name.target


_CANDIDATES: Final = {
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
