"""What one name of a volume stands for, as entries: the thing itself, then its other streams.

The kind says what there is to read:

* a deleted name whose metadata is gone or serves another entry has nothing to read: ``OTHER``,
  with the flag ``REALLOCATED`` when the metadata lives on;
* what The Sleuth Kit makes up (``$OrphanFiles``, ``$MBR``, ``$FAT1``) is ``VIRTUAL``, and so are
  volume labels of FAT and exFAT, but for one that owns clusters: that is a file;
* ``$MFT`` and its like are ``METADATA``, but only their own streams: a stream somebody added to
  one of them is a file;
* symbolic links and NTFS links and mount points are ``SYMLINK``.

What holds content that its kind does not have (a link, a pipe or a device with blocks of its own)
has that as a further stream, so that nothing is hidden by a mode or a tag. What there is of
streams, `tsk_attributes` reads.
"""

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heroes_forensics.model import Entry, EntryFlag, EntryKind, Moment, Times
from heroes_forensics.parsers.filesystems import tsk_stream as s
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.ext_attributes import TYPE as _ATTRIBUTE
from heroes_forensics.parsers.filesystems.nodes import Counts, Node
from heroes_forensics.parsers.filesystems.tsk_attributes import Attributes, Stream, Thing
from heroes_forensics.parsers.kinds import hides_content
from heroes_forensics.parsers.place import place_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy.typing as npt

    from heroes_forensics.parsers.filesystems.exfat_lengths import ValidLengths
    from heroes_forensics.parsers.filesystems.ext_attributes import Attribute
    from heroes_forensics.parsers.filesystems.ext_inodes import Mapped

_LABEL: Final = b" (Volume Label Entry)"
_FURTHEST: Final = 1 << 62
"""No medium goes so far: a run that does is none of this volume."""
_SEEN_LIMIT: Final = 1 << 27
"""Bytes of the bit map: a thousand million addresses."""

_ALLOCATED: Final = int(EntryFlag.ALLOCATED)
_ORPHAN: Final = int(EntryFlag.ORPHAN)
_REALLOCATED: Final = int(EntryFlag.REALLOCATED)
_STREAM: Final = int(EntryFlag.STREAM)
_FORK: Final = int(EntryFlag.FORK)
_CYCLE: Final = int(EntryFlag.CYCLE)
_HARD_LINK: Final = int(EntryFlag.HARD_LINK)
_RESIDENT: Final = int(EntryFlag.RESIDENT)


class _Flags(dict[int, EntryFlag]):
    """Flags by their number: making one costs ten microseconds, finding it again does not."""

    def __missing__(self, number: int) -> EntryFlag:
        """Make one that was not asked for before."""
        flags = self[number] = EntryFlag(number)
        return flags


_FLAGS: Final = _Flags()
_MARKS: Final = [
    (int(EntryFlag.ENCRYPTED) if mark & t.ATTRIBUTE_ENCRYPTED else 0)
    | (int(EntryFlag.COMPRESSED) if mark & t.ATTRIBUTE_COMPRESSED else 0)
    | (int(EntryFlag.SPARSE) if mark & t.ATTRIBUTE_SPARSE else 0)
    | (_RESIDENT if mark & t.ATTRIBUTE_RESIDENT else 0)
    for mark in range(256)
]

_KINDS: Final = {
    t.REGULAR: EntryKind.FILE,
    t.DIRECTORY: EntryKind.DIRECTORY,
    t.SYMLINK: EntryKind.SYMLINK,
    t.VIRTUAL: EntryKind.VIRTUAL,
    t.VIRTUAL_DIRECTORY: EntryKind.VIRTUAL,
}
_NOT_YET: Final[Times] = (None,) * 4
"""What NTFS says of times is exact in an attribute: that of The Sleuth Kit is for want of it."""
_BEARERS: Final = frozenset({EntryKind.FILE, EntryKind.DIRECTORY})
"""Kinds that may have streams."""


def _times_of(meta: Any) -> Times:  # noqa: ANN401
    """Return the four times as The Sleuth Kit gives them."""
    modified = meta.mtime, meta.mtime_nano
    first = Moment._make(modified) if modified[0] else None  # often some of them are one
    accessed = meta.atime, meta.atime_nano
    changed = meta.ctime, meta.ctime_nano
    born = meta.crtime, meta.crtime_nano
    return (
        first,
        first if accessed == modified else Moment._make(accessed) if accessed[0] else None,
        first if changed == modified else Moment._make(changed) if changed[0] else None,
        first if born == modified else Moment._make(born) if born[0] else None,
    )


class Entries:
    """Makes entries of the metadata of one volume, and counts them."""

    def __init__(self, fs: Any, kind: str) -> None:  # noqa: ANN401
        self.kind = kind
        self.lengths: ValidLengths | None = None
        """Of exFAT, how much of a file was ever written."""
        self.attributes: Callable[[int], tuple[list[Attribute], bool]] | None = None
        """Gives the extended attributes of an inode, and whether these are all: those of ext."""
        self.bare = bytearray()
        """By number, not 0 for an inode that is known to have none of these."""
        self.held = Attributes(fs, kind)
        """Reads what files and directories hold."""
        self.counts = Counts()
        self.pending: list[Node] = []
        """Directories in use that wait to be listed."""
        self.deleted: list[Node] = []
        self.mapped: dict[int, Mapped] = {}
        """Large block-mapped files of ext, which The Sleuth Kit is shown as empty."""
        self.seen = bytearray(min(int(fs.info.last_inum) // 8 + 1, _SEEN_LIMIT))
        """One bit for each metadata address that a name led to."""
        self._announced: set[int] = set()
        self._linked: set[int] = set()
        self._ntfs = kind == "ntfs"
        self._has_labels = kind.startswith(("fat", "exfat"))
        self._owns = kind in t.OWNERS
        self._owners = not kind.startswith(("ntfs", "fat", "exfat"))
        self._data = t.DATA.get(kind, t.DEFAULT)

    def has_seen(self, address: int) -> bool:
        """Tell whether a name led to this metadata address."""
        at = address >> 3
        return at < len(self.seen) and self.seen[at] >> (address & 7) & 1 == 1

    def have_seen(self, addresses: "npt.NDArray[np.integer[Any]]") -> "npt.NDArray[np.bool_]":
        """Tell the same of many."""
        seen = np.frombuffer(self.seen, np.uint8)
        inside = addresses >> 3 < len(seen)
        at = np.where(inside, addresses >> 3, 0)
        met: npt.NDArray[np.bool_] = inside & (
            seen[at] >> (addresses & 7).astype(np.uint8) & 1 == 1
        )
        return met

    def locator(self, node: Node, address: int, sequence: int, type_: int = 0, id_: int = 0) -> str:
        """Return the locator of an attribute, counting equal links."""
        ordinal = node.ordinal(address, sequence, type_, id_)
        if self._ntfs:
            return (
                f"ntfs/i{address}-{sequence}/u{node.address}-{node.sequence}"
                f"/a{type_}-{id_}/n{ordinal}"
            )
        return f"{self.kind}/i{address}/u{node.address}/a{type_}-{id_}/n{ordinal}"

    def nothing(self, address: int, sequence: int, path: bytes, node: Node) -> Entry:
        """Return the entry of a deleted name that leads nowhere any more."""
        self.counts.entries += 1
        return Entry(
            locator=self.locator(node, address, sequence),
            kind=EntryKind.OTHER,
            flags=EntryFlag.REALLOCATED if self._ntfs else EntryFlag(0),
            path=path,
            size=-1,
            handle=b"",
            place=place_of(path, allocated=False),
        )

    def unreadable(self, address: int, sequence: int, path: bytes, node: Node) -> Entry:
        """Return the entry of a name in use without readable metadata; opening it says so."""
        self.counts.entries += 1
        return Entry(
            locator=self.locator(node, address, sequence),
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED,
            path=path,
            size=-1,
            handle=s.pack_handle(s.ALLOCATED | s.NO_METADATA, 0, 0, sequence, address, -1),
            place=place_of(path, allocated=True),
        )

    def root(self, address: int) -> Entry:
        """Return the entry of a root directory without readable metadata."""
        node = Node(address, 0, b"", -1, "")
        entry = self.unreadable(address, 0, b"", node)
        self.counts.directories += 1
        self.pending.append(Node(address, 0, b"", 0, entry.locator))
        return Entry(entry.locator, EntryKind.DIRECTORY, entry.flags, b"", -1, b"")

    def streams(  # noqa: PLR0913 - the facts come from five places
        self,
        file: Any,  # noqa: ANN401
        meta: Any,  # noqa: ANN401
        path: bytes,
        node: Node,
        found: list[Entry],
        *,
        named: bool,
        orphan: bool = False,
    ) -> None:
        """Append the entries of one name.

        Args:
            file: a `pytsk3.File`.
            meta: its metadata.
            path: where it lies.
            node: the directory that holds the name.
            found: where to append.
            named: the name is in use.
            orphan: no directory reaches it.
        """
        thing = self._thing(meta, path, node, named=named, orphan=orphan)
        main: Stream | None = None
        if thing.kind in _BEARERS:
            main, others = self.held.of(file, thing)
            if thing.kind is EntryKind.SYMLINK and main is not None:
                others.insert(0, main)  # content that no link has
        else:
            others = self._hidden(file, meta, thing)
        if thing.times is _NOT_YET:
            thing.times = _times_of(meta)
        if thing.kind is EntryKind.FILE:
            if meta.nlink > 1:
                thing.flags |= _HARD_LINK if thing.address in self._linked else 0
                self._linked.add(thing.address)
            if thing.metadata:
                thing.kind = EntryKind.METADATA
            found.append(self._file(thing, main, meta.size))
            if self.lengths is not None:
                found.extend(self._shown(self.lengths, thing, main, found[-1]))
        else:
            found.append(self._other(thing, meta.size))
        if others:
            found.extend(self._stream(thing, stream) for stream in others)
        if self.attributes is not None and not thing.flags & _REALLOCATED:
            self._attributed(self.attributes, thing, found)

    def _hidden(self, file: Any, meta: Any, thing: Thing) -> list[Stream]:  # noqa: ANN401
        """Return the streams of what by its kind has no content."""
        if not thing.flags & _REALLOCATED and hides_content(thing.kind, meta.size):
            main, others = self.held.of(file, thing)
            # One that cannot be looked at is listed all the same: opening it says so.
            return [main or Stream(self._data, 0, meta.size, 0, b"", -1), *others]
        if thing.flags & _ALLOCATED:
            self.held.claims.all_of(file)
        return []

    def _attributed(
        self,
        attributes: "Callable[[int], tuple[list[Attribute], bool]]",
        thing: Thing,
        found: list[Entry],
    ) -> None:
        """Append the extended attributes of an inode of ext."""
        if thing.address < len(self.bare) and self.bare[thing.address]:
            return
        if thing.kind is EntryKind.VIRTUAL:
            return
        try:
            held, whole = attributes(thing.address)
        except OSError:
            held, whole = [], False
        bits = thing.bits & s.ALLOCATED | s.ATTRIBUTE
        for number, each in enumerate(held):
            stream = Stream(_ATTRIBUTE, number, each.size, 0, each.name, each.offset)
            path = thing.path + b":" + each.name
            found.append(self._entry(thing, stream, EntryKind.FILE, _STREAM, bits, path))
        if not whole and thing.flags & _ALLOCATED:
            rest = Stream(_ATTRIBUTE, len(held), -1, 0, b"", -1)
            bits |= s.NO_METADATA
            path = thing.path + b":"
            found.append(self._entry(thing, rest, EntryKind.FILE, _STREAM, bits, path))

    def _thing(self, meta: Any, path: bytes, node: Node, *, named: bool, orphan: bool) -> Thing:  # noqa: ANN401
        address = meta.addr
        in_use = int(meta.flags) & t.META_ALLOCATED != 0
        live = named and in_use
        if (live or not in_use) and address >> 3 < len(self.seen):
            # A deleted name does not reach metadata in use: a sweep may have to.
            self.seen[address >> 3] |= 1 << (address & 7)
        kind = _KINDS.get(int(meta.type), EntryKind.OTHER)
        if kind is EntryKind.FILE and self._has_labels and not meta.size and path.endswith(_LABEL):
            kind = EntryKind.VIRTUAL  # one that owns clusters hides a file (DFTT 9)
        elif in_use and not named and kind is not EntryKind.VIRTUAL:
            kind = EntryKind.OTHER
        return Thing(
            address,
            meta.seq,
            path,
            node,
            kind,
            (_ALLOCATED if live else _REALLOCATED if in_use else 0) | (_ORPHAN if orphan else 0),
            s.ALLOCATED if live else 0,
            node.metadata or (self._owns and t.is_metadata(self.kind, address, path, meta.crtime)),
            _NOT_YET if self._ntfs else _times_of(meta),
            meta.uid if self._owners else -1,
            place_of(path, live),
        )

    def _file(self, thing: Thing, stream: Stream | None, size: int) -> Entry:
        """Return the entry of a file with its main stream, which may be missing."""
        bits = thing.bits
        if thing.address in self.mapped:
            bits |= s.MAPPED
            inode = self.mapped[thing.address]
            mark = t.ATTRIBUTE_SPARSE if inode.sparse else 0
            stream = Stream(self._data, 0, inode.size, mark, b"", inode.first)
        elif stream is None:
            bits |= s.NO_ATTRIBUTE
            stream = Stream(self._data, 0, size, 0, b"", -1)
        return self._entry(thing, stream, thing.kind, 0, bits, thing.path)

    def _shown(
        self, lengths: "ValidLengths", thing: Thing, stream: Stream | None, whole: Entry
    ) -> "Iterator[Entry]":
        """Yield a file as systems show it, where it was written in part: with zeros behind."""
        if stream is None:
            return
        valid = lengths.of(thing.address, stream.size)
        if not 0 < valid < stream.size:
            return
        self.counts.entries += 1
        yield whole._replace(
            locator=f"{whole.locator}/v@{valid:#x}",
            flags=whole.flags | EntryFlag.STREAM,
            path=whole.path + b":",
            handle=s.pack_handle(
                thing.bits | s.SHOWN,
                stream.type,
                stream.number,
                thing.sequence,
                thing.address,
                stream.size,
            ),
        )

    def _stream(self, thing: Thing, stream: Stream) -> Entry:
        """Return the entry of a further stream: alternate data, fork, extended attribute."""
        label, extra = stream.label, _STREAM
        if stream.type == t.HFS_RESOURCE:
            label, extra = b"rsrc", _FORK
        own = thing.metadata and label in t.NTFS_METADATA_STREAMS
        kind = EntryKind.METADATA if own else EntryKind.FILE
        bits = thing.bits & ~s.ELSEWHERE
        return self._entry(thing, stream, kind, extra, bits, thing.path + b":" + label)

    def _entry(  # noqa: PLR0913, PLR0917 - called once for each stream of a volume
        self,
        thing: Thing,
        stream: Stream,
        kind: EntryKind,
        extra: int,
        bits: int,
        path: bytes,
    ) -> Entry:
        self.counts.entries += 1
        address, sequence = thing.address, thing.sequence
        return Entry(
            self.locator(thing.node, address, sequence, stream.type, stream.number),
            kind,
            _FLAGS[thing.flags | extra | _MARKS[stream.mark]],
            path,
            stream.size,
            s.pack_handle(bits, stream.type, stream.number, sequence, address, stream.size)
            if not stream.lies or bits != s.ALLOCATED
            else s.pack_lying(
                *(bits | s.LIES, stream.type, stream.number, sequence, address, stream.size),
                stream.first,
            ),
            thing.times,
            thing.owner,
            stream.first if stream.first < _FURTHEST else -1,
            thing.place,
        )

    def _other(self, thing: Thing, size: int) -> Entry:
        """Return the entry of what has no content of its own; a directory joins the queue."""
        self.counts.entries += 1
        flags = thing.flags
        locator = self.locator(thing.node, thing.address, thing.sequence)
        if thing.kind is EntryKind.DIRECTORY:
            self.counts.directories += 1
            live = flags & _ALLOCATED != 0
            node = Node(
                thing.address,
                thing.sequence,
                thing.path,
                thing.node.depth + 1,
                locator,
                live,
                thing.metadata,
            )
            if thing.address in self._announced:
                flags |= _CYCLE
            if live:
                self._announced.add(thing.address)
            (self.pending if live else self.deleted).append(node)
        return Entry(
            locator,
            thing.kind,
            _FLAGS[flags],
            thing.path,
            size,
            b"",
            thing.times,
            thing.owner,
            -1,
            thing.place,
        )
