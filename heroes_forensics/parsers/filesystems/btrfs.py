"""btrfs on one device: every subvolume and snapshot, each under the path where it hangs.

Layout: see `btrfs_tree`. Locators have the inode number and the tree that it belongs to, because
numbers begin anew in each: ``btrfs/i257-5/u256-5/a1-0/n0``; 5 is the tree at the top. Snapshots
are listed like any subvolume, so that a file which several of them share is read for each.

Of RAID 1 and DUP one copy is here and is read; what is striped over several devices is a gap.
Checksums of trees are verified, those of content are not. The log of what was synced since the
last commit is not replayed; where there is one, that is a gap.
"""

import stat
import struct
from collections.abc import Hashable, Iterator
from typing import Final

from heroes_forensics.model import EntryFlag, EntryKind, Gap, Moment, TimeBasis, TimeRule, Times
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.btrfs_file import BtrfsFile, Extent, extent_of
from heroes_forensics.parsers.filesystems.btrfs_tree import Key, Storage, StripedError, Tree
from heroes_forensics.parsers.filesystems.inode_walk import (
    Attribute,
    Inode,
    InodeFileSystem,
    Name,
    Stray,
)
from heroes_forensics.parsers.filesystems.kept import Kept
from heroes_forensics.parsers.reading.memory import BytesReader

_TOP: Final = 5
"""Number of the tree at the top."""
_FIRST: Final = 256
_LAST: Final = (1 << 64) - 256
_SUBVOLUMES: Final = 4096
"""So many are listed."""
_INODE_ITEM, _XATTR_ITEM, _DIR_ITEM, _DIR_INDEX, _EXTENT_DATA = 1, 24, 84, 96, 108
_ROOT_ITEM, _ROOT_REF = 132, 156
_INODE: Final = struct.Struct("<QQQQQIIIIQQQ32sQIQIQIQI")
_ENTRY: Final = struct.Struct("<QBQQHHB")
_ROOT: Final = struct.Struct("<160sQQQQQQQI17sBB")
_HANDLE: Final = struct.Struct("<BQQQIq")
_DATA, _ATTRIBUTE = 1, 2
_LARGEST: Final = (1 << 63) - 1
_MOST_EXTENTS: Final = 1 << 22
_MOST_ATTRIBUTES: Final = 1 << 10
_TREES: Final = 64
_KINDS: Final = {
    stat.S_IFREG: EntryKind.FILE,
    stat.S_IFDIR: EntryKind.DIRECTORY,
    stat.S_IFLNK: EntryKind.SYMLINK,
}
_EMPTY: Final = -1
"""In a key: a subvolume that a snapshot has the name of, and not the content."""


def open_btrfs(reader: Reader) -> InodeFileSystem:
    """Open a volume; ``reader`` stays the caller's to close.

    Raises:
        UnsupportedError: it cannot be opened; ``volume.incomplete`` without its other devices.
    """
    try:
        volume = Btrfs(reader)
    except StripedError as error:
        raise UnsupportedError("btrfs striped over devices", code="volume.unsupported") from error
    except (OSError, struct.error) as error:
        raise UnsupportedError(
            "the btrfs volume cannot be opened", code="volume.damaged"
        ) from error
    return InodeFileSystem(volume)


class Btrfs:
    """One volume; satisfies `inode_walk.Volume`."""

    kind: str = "btrfs"
    times: TimeBasis = dict.fromkeys("macb", TimeRule(1, "utc"))
    sweep: str = "inodes of every tree"

    def __init__(self, reader: Reader) -> None:
        """Read superblock, chunks and the list of trees.

        Raises:
            OSError: they are damaged.
            UnsupportedError: they are laid out in a way that is not read.
        """
        self._storage = Storage(reader)
        head = self._storage.head
        self._roots = Tree(self._storage, head.root, head.root_level, head.generation)
        self._trees: Kept[int, Tree] = Kept(_TREES)

    def root(self) -> Inode:
        """Return the root directory of the tree at the top."""
        return self._subvolume(_TOP)

    def names(self, directory: Inode) -> Iterator[Name]:
        """Yield the names of a directory in the order in which they were made."""
        key = directory.key
        if not isinstance(key, tuple) or len(key) != 2:  # noqa: PLR2004 - an empty place
            return
        tree, number = key
        given: set[tuple[bytes, int, int]] = set()
        damage: OSError | None = None
        for first in (_DIR_INDEX, _DIR_ITEM):  # the same names twice: in order, and by their hash
            try:
                for found, data in self._trees.get(tree, self._tree).items((number, first, 0)):
                    if found[:2] != (number, first):
                        break
                    for row in _entries(data):
                        if row not in given:
                            given.add(row)
                            yield self._name(tree, number, *row)
            except (OSError, struct.error) as error:
                damage = OSError("a directory is damaged")
                damage.__cause__ = error
        if damage is not None:
            raise damage

    def strays(self, met: set[Hashable]) -> Iterator[Stray | Gap]:
        """Yield subvolumes that hang nowhere, then inodes that no name reaches."""
        yield from self._doubts()
        known: list[int] = [_TOP]
        try:
            for key, data in self._roots.items((_FIRST, _ROOT_ITEM, 0)):
                if key[0] > _LAST:
                    break
                if key[1] == _ROOT_ITEM and key[0] not in known[-1:]:
                    if len(known) >= _SUBVOLUMES:
                        yield Gap("", "volume.limit", {"limit": _SUBVOLUMES})
                        break
                    known.append(key[0])
                    yield from self._hanging(key[0], data, met)
        except OSError:
            yield Gap("", "sweep.unreadable", {"table": "trees"})
        for number in known:
            yield from self._nameless(number, met)

    def _hanging(self, number: int, data: bytes, met: set[Hashable]) -> Iterator[Stray | Gap]:
        """Yield a subvolume that no directory holds: one that was deleted, or lost its name."""
        try:
            inode = self._subvolume(number)
        except OSError:
            yield Gap("", "sweep.unreadable", {"table": "subvolume", "tree": number})
            return
        if inode.key not in met:
            in_use = len(data) >= _ROOT.size and _ROOT.unpack_from(data)[8] > 0
            yield Stray(b"$orphan/subvolume-%d" % number, inode, allocated=in_use)

    def _nameless(self, tree: int, met: set[Hashable]) -> Iterator[Stray | Gap]:
        try:
            for key, data in self._trees.get(tree, self._tree).items((_FIRST, _INODE_ITEM, 0)):
                if key[1] != _INODE_ITEM or (tree, key[0]) in met or key[0] > _LAST:
                    continue
                inode = self._inode(tree, key[0])
                in_use = len(data) >= _INODE.size and _INODE.unpack_from(data)[5] > 0
                path = b"$orphan/%d-%d" % (tree, key[0])
                yield Stray(path, inode, allocated=in_use)
        except (OSError, struct.error):
            yield Gap("", "sweep.unreadable", {"table": "inodes", "tree": tree})

    def _doubts(self) -> Iterator[Gap]:
        """Say what of the volume is not here, or not read."""
        head = self._storage.head
        if head.devices > 1:
            whole = all(chunk.here and chunk.is_linear for chunk in self._storage.chunks)
            code = "volume.degraded" if whole else "volume.incomplete"
            yield Gap("", code, {"layer": "btrfs", "devices": head.devices, "present": 1})
        if head.log_root:
            yield Gap("", "sweep.unreadable", {"table": "log"})

    def stream(self, handle: bytes) -> Reader:
        """Open the content of a file, or an extended attribute."""
        try:
            form, tree, number, offset, index, size = _HANDLE.unpack(handle)
        except struct.error as error:
            raise OSError("not a handle of this parser") from error
        if form == _ATTRIBUTE:
            data = self._trees.get(tree, self._tree).item((number, _XATTR_ITEM, offset)) or b""
            values = [value for _, value in _values(data)]
            if index >= len(values) or len(values[index]) != size:
                raise UnsupportedError("the size has changed", code="stream.changed")
            return BytesReader(values[index])
        extents: list[Extent] = []
        for key, data in self._trees.get(tree, self._tree).items((number, _EXTENT_DATA, 0)):
            if key[:2] != (number, _EXTENT_DATA):
                break
            extents.append(extent_of(key[2], data))
            if len(extents) > _MOST_EXTENTS:
                raise UnsupportedError("the file has too many extents", code="stream.limit")
        return BtrfsFile(self._storage, extents, size)

    def _tree(self, number: int) -> Tree:
        """Return a tree of files, by the last of its root items."""
        found: bytes | None = None
        for key, data in self._roots.items((number, _ROOT_ITEM, 0)):
            if key[:2] != (number, _ROOT_ITEM):
                break
            found = data
        if found is None or len(found) < _ROOT.size:
            raise OSError("there is no such tree")
        _, generation, _, address, *_, level = _ROOT.unpack_from(found)
        return Tree(self._storage, address, level, generation)

    def _subvolume(self, number: int) -> Inode:
        return self._inode(number, _FIRST)

    def _name(self, tree: int, parent: int, name: bytes, target: int, type_: int) -> Name:
        try:
            if type_ == _INODE_ITEM:
                return Name(name, target, self._inode(tree, target))
            if type_ != _ROOT_ITEM:
                return Name(name, target, None)
            held = self._roots.item((tree, _ROOT_REF, target)) or b""
            if held[:8] == parent.to_bytes(8, "little"):
                return Name(name, _FIRST, self._subvolume(target))
            # A snapshot has the names of subvolumes in it, and nothing behind them.
            key = (tree, target, _EMPTY)
            none: Times = (None, None, None, None)
            return Name(name, target, Inode(target, key, EntryKind.DIRECTORY, 0, none, b"", tree))
        except (OSError, struct.error):
            return Name(name, target, None)

    def _inode(self, tree: int, number: int) -> Inode:
        row: tuple[int, ...] | None = None
        attributes: list[Attribute] = []
        first: Extent | None = None
        for key, data in self._trees.get(tree, self._tree).items((number, _INODE_ITEM, 0)):
            if key[0] != number or key[1] in {_DIR_ITEM, _DIR_INDEX}:
                break
            if key[1] == _INODE_ITEM:
                row = _INODE.unpack_from(data)
            elif key[1] == _XATTR_ITEM and len(attributes) <= _MOST_ATTRIBUTES:
                attributes += _attributes(tree, key, data, len(attributes))
            elif key[1] == _EXTENT_DATA:
                first = extent_of(key[2], data)
                break
        whole = len(attributes) <= _MOST_ATTRIBUTES
        if row is None:
            raise OSError("there is no such inode")
        kind = _KINDS.get(stat.S_IFMT(row[8]), EntryKind.OTHER)
        size = min(row[2], _LARGEST)
        is_file = kind is EntryKind.FILE
        flags = EntryFlag(0)
        if is_file and first is not None:
            flags |= EntryFlag.COMPRESSED if first.compression else EntryFlag(0)
            flags |= EntryFlag.RESIDENT if first.inline is not None else EntryFlag(0)
        return Inode(
            number,
            (tree, number),
            kind,
            size,
            (_moment(row[17:19]), _moment(row[13:15]), _moment(row[15:17]), _moment(row[19:21])),
            b"" if kind is EntryKind.DIRECTORY else _HANDLE.pack(_DATA, tree, number, 0, 0, size),
            tree,
            row[6],
            row[5],
            self._place(first) if is_file else -1,
            flags,
            tuple(attributes),
            whole,
        )

    def _place(self, first: Extent | None) -> int:
        if first is None or not first.address:
            return -1
        try:
            return self._storage.places(first.address)[0][0]
        except OSError:
            return -1


def _moment(pair: tuple[int, ...]) -> Moment | None:
    seconds, nanoseconds = pair
    seconds -= 1 << 64 if seconds >> 63 else 0
    return Moment(seconds, nanoseconds) if abs(seconds) < 1 << 62 else None


def _entries(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, number and type of what it names, of each entry in an item of a directory."""
    for name, _, target, type_ in _rows(data):
        yield name, target, type_


def _attributes(tree: int, key: Key, data: bytes, given: int) -> list[Attribute]:
    """Return the extended attributes in an item; ``given`` is how many there were before."""
    found = []
    for index, (name, value) in enumerate(_values(data)):
        handle = _HANDLE.pack(_ATTRIBUTE, tree, key[0], key[2], index, len(value))
        found.append(Attribute(given + index, name, len(value), handle))
    return found


def _values(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return name and value of each extended attribute in an item."""
    return [(name, value) for name, value, _, _ in _rows(data)]


def _rows(data: bytes) -> Iterator[tuple[bytes, bytes, int, int]]:
    at = 0
    while at < len(data):
        target, type_, _, _, value, length, _ = _ENTRY.unpack_from(data, at)
        at += _ENTRY.size
        if at + length + value > len(data):
            raise OSError("an item of a directory is damaged")
        yield data[at : at + length], data[at + length : at + length + value], target, type_
        at += length + value
