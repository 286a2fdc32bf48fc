"""The walk of file systems that are read here: inodes and names in, entries out.

What a format is like is known to its own module, which gives the root, the names of a directory,
and what no directory reaches. Counting, locators, cycles, links and depth are the same for all.

Extended attributes are streams of their own, as those of APFS and XFS are, but for the few that
systems give to most files and that hold no content.
"""

from collections.abc import Hashable, Iterator
from typing import Final, NamedTuple, Protocol

from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    TimeBasis,
    Times,
)
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.nodes import (
    Counts,
    Node,
    is_system_attribute,
)
from heroes_forensics.parsers.filesystems.tsk_walk import DEPTH_LIMIT
from heroes_forensics.parsers.kinds import hides_content
from heroes_forensics.parsers.place import place_of

_UNREADABLE: Final = b"\0"
"""Handle of what is listed and whose metadata cannot be read."""
_NO_CONTENT, _DATA, _ATTRIBUTE = 0, 1, 2


SPARSE_LIMIT: Final = 1 << 34
"""Bytes up to which holes are read as the zeros they stand for."""
SPARSE_RATIO: Final = 16
"""Beyond that, a file must be stored to at least one part in so many."""


def refuse_hollow(size: int, stored: int, *, most: int = 0) -> None:
    """Refuse a huge file of which next to nothing is stored: its zeros would be read for ever.

    Args:
        size: bytes that it states.
        stored: bytes that are there of it.
        most: bytes up to which nothing is refused, where it is not `SPARSE_LIMIT`.

    Raises:
        UnsupportedError: ``stream.limit``.
    """
    if size > (most or SPARSE_LIMIT) and stored * SPARSE_RATIO < size:
        raise UnsupportedError("the file is nearly all hole", code="stream.limit")


class Attribute(NamedTuple):
    """One extended attribute."""

    number: int
    """Its position in the list of its inode."""
    name: bytes
    size: int
    handle: bytes


class Inode(NamedTuple):
    """What a file, a directory or anything else is, apart from its names."""

    number: int
    key: Hashable
    """By what the volume finds it again; equal for all names of one inode."""
    kind: EntryKind
    size: int
    times: Times
    handle: bytes = b""
    """Of its content, where it has any; at most 64 bytes, never one zero byte alone."""
    sequence: int | None = None
    """Which tree it belongs to, where numbers begin anew in each."""
    owner: int = -1
    links: int = 1
    first_offset: int = -1
    flags: EntryFlag = EntryFlag(0)
    attributes: tuple[Attribute, ...] = ()
    whole: bool = True
    """Whether all attributes could be read."""


class Name(NamedTuple):
    """One name in a directory."""

    name: bytes
    number: int
    inode: Inode | None
    """None where it cannot be read."""
    allocated: bool = True


class Stray(NamedTuple):
    """What no directory reaches."""

    path: bytes
    inode: Inode
    allocated: bool = True


class Volume(Protocol):
    """The calls in which the formats differ."""

    kind: str
    times: TimeBasis
    sweep: str

    def root(self) -> Inode:
        """Return the root directory.

        Raises:
            OSError: it cannot be read.
        """
        ...

    def names(self, directory: Inode) -> Iterator[Name]:
        """Yield the names of a directory, without those of itself and of the one above.

        Raises:
            OSError: it cannot be read any further.
        """
        ...

    def strays(self, met: "set[Hashable]") -> Iterator[Stray | Gap]:
        """Yield what no directory reaches, when the tree was walked; ``met`` goes on growing."""
        ...

    def stream(self, handle: bytes) -> Reader:
        """Open what a handle of its own names.

        Raises:
            OSError: it cannot be read.
            UnsupportedError: it is stored in a way that is not read.
        """
        ...


class InodeFileSystem:
    """A volume walked by its inodes; satisfies `FileSystem`."""

    def __init__(self, volume: Volume) -> None:
        """Take a volume.

        Raises:
            UnsupportedError: it has no root directory that can be read.
        """
        self._volume = volume
        try:
            volume.root()
        except OSError as error:
            raise UnsupportedError(
                "the root directory cannot be read", code="volume.damaged"
            ) from error
        self._start()

    def _start(self) -> None:
        self._counts = Counts()
        self._visited: set[Hashable] = set()
        self._met: set[Hashable] = set()
        self._pending: list[tuple[Node, Inode]] = []

    @property
    def kind(self) -> str:
        """As the volume says."""
        return self._volume.kind

    @property
    def times(self) -> TimeBasis:
        """How its four times are stored."""
        return self._volume.times

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the tree, then what no directory reaches, then the counts."""
        self._start()
        root = self._volume.root()
        above = Node(root.number, root.sequence or 0, b"", -1, "")
        yield from self._entry(b"", root.number, root, above)
        yield from self._drain()
        nowhere = Node(0, 0, b"$orphan", 0, "")
        for stray in self._volume.strays(self._met):
            if isinstance(stray, Gap):
                yield stray
                continue
            yield from self._entry(
                stray.path,
                stray.inode.number,
                stray.inode,
                nowhere,
                allocated=stray.allocated,
                orphan=True,
            )
            yield from self._drain()
        yield self._counts.listing(self._volume.sweep)

    def open(self, handle: bytes) -> Reader:
        """Open the stream of an entry.

        Raises:
            OSError: the stream cannot be read.
            UnsupportedError: its metadata cannot be read, or it is stored in another way.
        """
        if handle == _UNREADABLE:
            raise UnsupportedError("the metadata cannot be read", code="entry.unreadable")
        return self._volume.stream(handle)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""

    def _drain(self) -> Iterator[Entry | Gap]:
        while self._pending:
            node, inode = self._pending.pop()
            if inode.key in self._visited:
                self._counts.met_before += 1
            elif node.depth > DEPTH_LIMIT:
                self._counts.not_listed += 1
                yield Gap(node.locator, "directory.depth", {"limit": DEPTH_LIMIT})
            else:
                self._visited.add(inode.key)
                yield from self._directory(node, inode)

    def _directory(self, node: Node, directory: Inode) -> Iterator[Entry | Gap]:
        try:
            for name in self._volume.names(directory):
                path = node.under(name.name)
                alive = name.allocated and node.allocated
                yield from self._entry(path, name.number, name.inode, node, allocated=alive)
        except OSError:
            self._counts.not_listed += 1
            yield Gap(node.locator, "directory.unreadable", {})
        else:
            self._counts.listed += 1

    def _entry(  # noqa: PLR0913 - a name, what it names, and where it stands
        self,
        path: bytes,
        number: int,
        inode: Inode | None,
        node: Node,
        *,
        allocated: bool = True,
        orphan: bool = False,
    ) -> Iterator[Entry | Gap]:
        """Yield the entries of one name: the thing itself, then its attributes."""
        self._counts.entries += 1
        flags = EntryFlag.ALLOCATED if allocated else EntryFlag(0)
        flags |= EntryFlag.ORPHAN if orphan else EntryFlag(0)
        place = place_of(path, allocated=allocated)
        if inode is None:
            locator = self._locator(node, number, None, (_NO_CONTENT, 0))
            handle = _UNREADABLE
            yield Entry(locator, EntryKind.FILE, flags, path, -1, handle, place=place)
            return
        flags |= inode.flags
        sequence = inode.sequence
        if inode.kind is EntryKind.FILE and inode.links > 1 and inode.key in self._met:
            flags |= EntryFlag.HARD_LINK
        self._met.add(inode.key)
        type_ = _DATA if inode.kind is EntryKind.FILE else _NO_CONTENT
        locator = self._locator(node, number, sequence, (type_, 0))
        if inode.kind is EntryKind.DIRECTORY:
            self._counts.directories += 1
            if inode.key in self._visited:
                flags |= EntryFlag.CYCLE
            below = Node(number, sequence or 0, path, node.depth + 1, locator, allocated)
            self._pending.append((below, inode))
        yield Entry(
            locator,
            inode.kind,
            flags,
            path,
            inode.size,
            inode.handle,
            inode.times,
            inode.owner,
            inode.first_offset,
            place,
        )
        if not inode.whole:
            yield Gap(locator, "entry.unreadable", {"what": "extended attributes"})
        if inode.handle and hides_content(inode.kind, inode.size):
            self._counts.entries += 1
            yield Entry(
                self._locator(node, number, sequence, (_DATA, 0)),
                EntryKind.FILE,
                flags | EntryFlag.STREAM,
                path + b":",
                inode.size,
                inode.handle,
                inode.times,
                inode.owner,
                inode.first_offset,
                place,
            )
        for each in inode.attributes:
            if not each.size or is_system_attribute(each.name, each.size):
                continue
            self._counts.entries += 1
            yield Entry(
                self._locator(node, number, sequence, (_ATTRIBUTE, each.number)),
                EntryKind.FILE,
                flags & ~inode.flags | EntryFlag.STREAM,
                path + b":" + each.name,
                each.size,
                each.handle,
                inode.times,
                inode.owner,
                -1,
                place,
            )

    def _locator(
        self, node: Node, number: int, sequence: int | None, stream: tuple[int, int]
    ) -> str:
        type_, index = stream
        ordinal = node.ordinal(number, sequence or 0, type_, index)
        own = f"i{number}" if sequence is None else f"i{number}-{sequence}"
        above = f"u{node.address}" if sequence is None else f"u{node.address}-{node.sequence}"
        return f"{self.kind}/{own}/{above}/a{type_}-{index}/n{ordinal}"
