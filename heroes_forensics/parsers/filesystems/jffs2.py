"""JFFS2: the log on flash memory of routers, cameras and telephones, node by node.

Layout: ``include/uapi/linux/jffs2.h`` of the Linux kernel. The volume is scanned once for nodes
whose checksums fit; names and contents are what the nodes of the highest versions say. Locators:
``jffs2/i5/u1/a1-0/n0``.

Nothing is overwritten on flash: a name that was taken back by a later node, or that means another
inode since, is a deleted entry, and so is an inode that no name leads to. Earlier versions of the
content of a file are not put together.
"""

import stat
import struct
import zlib
from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple

from heroes_forensics.model import EntryKind, Gap, Moment, TimeBasis, TimeRule
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.inode_walk import (
    Inode,
    InodeFileSystem,
    Name,
    Stray,
    refuse_hollow,
)
from heroes_forensics.parsers.filesystems.jffs2_file import Jffs2File, Piece

_MAGIC: Final = {b"\x85\x19": "<", b"\x19\x85": ">"}
_HEADER: Final = "HHII"
_NAME: Final = "IIIIBBHII"
_INODE: Final = "IIIHHIIIIIIIBBHII"
_NAME_NODE: Final = 0xE001
_INODE_NODE: Final = 0xE002
_ATTRIBUTES: Final = frozenset({0xE008, 0xE009})
_ACCURATE: Final = 0x2000
"""Cleared in nodes that were marked as obsolete; the checksum is that of the node before."""
_SUM_NAME: Final = 32
_SUM_INODE: Final = 60
"""Bytes that the checksum of a node covers."""
_ONES: Final = 0xFFFFFFFF
_CHUNK: Final = 1 << 20
_LONGEST: Final = 512
"""Bytes of a node that are looked at in the scan, at most: a name and what stands before it."""
_MOST_NODES: Final = 1 << 20
_MOST_PIECES: Final = 1 << 16
"""Nodes of one file: 256 MiB of pages of 4 KiB."""
_HOLLOW: Final = 1 << 26
"""Bytes up to which holes are read as zeros: a large file on flash is none of holes."""
_ROOT: Final = 1
_HANDLE: Final = struct.Struct("<BIq")
_DATA: Final = 1
_KINDS: Final = {
    stat.S_IFREG: EntryKind.FILE,
    stat.S_IFDIR: EntryKind.DIRECTORY,
    stat.S_IFLNK: EntryKind.SYMLINK,
}


class _Link(NamedTuple):
    """A node that gives a name to an inode, or takes it back."""

    version: int
    number: int
    """Of the inode; 0 takes the name back."""
    obsolete: bool


class _State(NamedTuple):
    """What the node of the highest version says of an inode."""

    version: int
    mode: int
    owner: int
    size: int
    accessed: int
    modified: int
    changed: int


def open_jffs2(reader: Reader) -> InodeFileSystem:
    """Open a volume; ``reader`` stays the caller's to close.

    Raises:
        UnsupportedError: it cannot be read, or holds no sound node.
    """
    try:
        return InodeFileSystem(Jffs2(reader))
    except (OSError, struct.error) as error:
        raise UnsupportedError("the JFFS2 volume cannot be read", code="volume.damaged") from error


class Jffs2:
    """One volume; satisfies `inode_walk.Volume`."""

    kind: str = "jffs2"
    times: TimeBasis = dict.fromkeys("mac", TimeRule(1_000_000_000, "utc"))
    sweep: str = "every node"

    def __init__(self, reader: Reader) -> None:
        """Scan for nodes.

        Raises:
            OSError: there is none, or the volume cannot be read at all.
        """
        self._reader = reader
        self._order = _MAGIC.get(reader.pread(0, 2), "<")
        self._magic = b"\x85\x19" if self._order == "<" else b"\x19\x85"
        self._links: dict[int, dict[bytes, list[_Link]]] = {}
        self._states: dict[int, _State] = {}
        self._pieces: dict[int, list[Piece]] = {}
        self._count = self._damaged = self._attributes = self._unread = 0
        self._scan()
        if not self._count:
            raise OSError("no node of JFFS2")

    def root(self) -> Inode:
        """Return the root directory, which need not have a node of its own."""
        return self._inode(_ROOT) or Inode(
            _ROOT, _ROOT, EntryKind.DIRECTORY, 0, (None, None, None, None)
        )

    def names(self, directory: Inode) -> Iterator[Name]:
        """Yield the names of a directory as they are now, then those that were."""
        found = sorted(self._links.get(directory.number, {}).items())
        last = {name: max(links, key=_newest) for name, links in found}
        now = {name: 0 if link.obsolete else link.number for name, link in last.items()}
        for name, _ in found:
            if number := now[name]:
                yield Name(name, number, self._inode(number))
        for name, links in found:
            before = {link.number for link in links} - {0, now[name]}
            for number in sorted(before):
                yield Name(name, number, self._inode(number), allocated=False)

    def strays(self, met: set[Hashable]) -> Iterator[Stray | Gap]:
        """Yield what was not read, then inodes that no name leads to."""
        if self._damaged:
            yield Gap("", "sweep.unreadable", {"table": "nodes", "damaged": self._damaged})
        if self._unread:
            yield Gap("", "sweep.unreadable", {"table": "nodes", "unread": self._unread})
        if self._attributes:
            detail: dict[str, object] = {"what": "extended attributes", "nodes": self._attributes}
            yield Gap("", "entry.unreadable", detail)
        for number in sorted(self._states):
            inode = self._inode(number)
            if number != _ROOT and number not in met and inode is not None:
                yield Stray(b"$orphan/%d" % number, inode, allocated=False)

    def stream(self, handle: bytes) -> Reader:
        """Open the content of a file."""
        try:
            form, number, size = _HANDLE.unpack(handle)
        except struct.error as error:
            raise OSError("not a handle of this parser") from error
        state = self._states.get(number)
        if form != _DATA or state is None:
            raise OSError("not a handle of this parser")
        if state.size != size:
            raise UnsupportedError("the size has changed", code="stream.changed")
        pieces = self._pieces.get(number, [])
        if len(pieces) > _MOST_PIECES:
            raise UnsupportedError("the file has too many nodes", code="stream.limit")
        refuse_hollow(
            size, sum(piece.length for piece in pieces if not piece.is_hole), most=_HOLLOW
        )
        return Jffs2File(self._reader, pieces, size)

    def _inode(self, number: int) -> Inode | None:
        state = self._states.get(number)
        if state is None:
            return None
        kind = _KINDS.get(stat.S_IFMT(state.mode), EntryKind.OTHER)
        has_content = kind is not EntryKind.DIRECTORY
        times = (Moment(state.modified, 0), Moment(state.accessed, 0), Moment(state.changed, 0))
        return Inode(
            number,
            number,
            kind,
            state.size,
            (*times, None),
            _HANDLE.pack(_DATA, number, state.size) if has_content else b"",
            owner=state.owner,
            links=2,  # not recorded: what has several names is told when it is met again
            first_offset=min((piece.at for piece in self._pieces.get(number, ())), default=-1),
        )

    def _scan(self) -> None:
        at, size = 0, self._reader.size
        while at < size:
            try:
                data = self._reader.pread(at, _CHUNK + _LONGEST)
            except OSError:
                self._unread += min(_CHUNK, size - at)
                at += _CHUNK
                continue
            begin = 0
            while 0 <= (spot := data.find(self._magic, begin)) < _CHUNK:
                # Nodes begin at multiples of four bytes.
                begin = spot + 4 - spot % 4
                if not spot % 4:
                    begin = spot + self._node(at + spot, data[spot : spot + _LONGEST])
                if self._count > _MOST_NODES:
                    self._unread += size - at - spot
                    return
            at += max(_CHUNK, begin)

    def _node(self, at: int, data: bytes) -> int:
        """Take a node; return its length with padding, 4 where there is none."""
        if len(data) < struct.calcsize("<" + _HEADER):
            return 4
        _, type_, length, sum_ = struct.unpack_from(self._order + _HEADER, data)
        sound = struct.pack(self._order + "H", type_ | _ACCURATE)
        if _crc(data[:2] + sound + data[4:8]) != sum_ or not 12 <= length <= self._reader.size - at:  # noqa: PLR2004 - a header
            return 4
        type_, obsolete = type_ | _ACCURATE, not type_ & _ACCURATE
        self._count += 1
        try:
            whole = True
            if type_ == _NAME_NODE:
                whole = self._name(data, sound, obsolete=obsolete)
            elif type_ == _INODE_NODE:
                whole = self._content(at, length, data, sound)
        except struct.error:
            whole = False
        self._damaged += not whole
        self._attributes += type_ in _ATTRIBUTES
        # One that is damaged may have a wrong length, too.
        return (length + 3) // 4 * 4 if whole else 4

    def _name(self, data: bytes, sound: bytes, *, obsolete: bool) -> bool:
        parent, version, number, _, length, _, _, sum_, name_sum = struct.unpack_from(
            self._order + _NAME, data, 12
        )
        name = data[40 : 40 + length]
        if _crc(data[:2] + sound + data[4:_SUM_NAME]) != sum_ or _crc(name) != name_sum:
            return False
        rows = self._links.setdefault(parent, {}).setdefault(name, [])
        rows.append(_Link(version, number, obsolete))
        return True

    def _content(self, at: int, length: int, data: bytes, sound: bytes) -> bool:
        (number, version, mode, owner, _, size, accessed, modified, changed, *place) = (
            struct.unpack_from(self._order + _INODE, data, 12)
        )
        offset, stored, expanded, method, _, _, data_sum, sum_ = place
        if _crc(data[:2] + sound + data[4:_SUM_INODE]) != sum_ or 68 + stored > length:
            return False
        known = self._states.get(number)
        if known is None or version >= known.version:
            self._states[number] = _State(version, mode, owner, size, accessed, modified, changed)
        if expanded:
            piece = Piece(version, at + 68, offset, expanded, stored, method, data_sum)
            self._pieces.setdefault(number, []).append(piece)
        return True


def _newest(link: _Link) -> tuple[bool, int]:
    """Order links of one name: those marked as obsolete do not count where another is there."""
    return not link.obsolete, link.version


def _crc(data: bytes) -> int:
    """Return the CRC-32 as JFFS2 has it: it begins with zero, and nothing is inverted."""
    return zlib.crc32(data, _ONES) ^ _ONES
