"""The walk: every name of a volume The Sleuth Kit opens, by metadata address.

Directories are visited once each, allocated ones before deleted ones, so that what is allocated
is met by its proper path first. What a name stands for decides its kind:

* a deleted name whose metadata is gone or serves another entry has nothing to read: ``OTHER``,
  with the flag ``REALLOCATED`` when the metadata lives on;
* what the kit makes up (``$OrphanFiles``, ``$MBR``, ``$FAT1``, FAT volume labels) is ``VIRTUAL``;
* ``$MFT`` and its like are ``METADATA``, but only their own streams: a stream somebody added to
  one of them is a file;
* symbolic links and NTFS links and mount points are ``SYMLINK`` and never followed.

The root has no name, yet it may have streams: it is the first entry, with an empty path.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, Moment, Times
from heroes_forensics.parsers.filesystems import tsk_stream as s
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.tsk_names import (
    ext_names,
    hfs_names,
    lenient,
    ntfs_names,
)
from heroes_forensics.parsers.place import place_of

if TYPE_CHECKING:
    from heroes_forensics.parsers.filesystems.tsk_image import TskImage

DEPTH_LIMIT: Final = 512
_BATCH: Final = 512
_SEEN_LIMIT: Final = 1 << 27
"""Bytes of the bit map: a thousand million addresses."""
_LARGE: Final = 8 << 20
"""Bytes of a directory from which on the second lister is used: some 100,000 to 300,000 names."""
_DOTS: Final = frozenset({b".", b".."})
_LABEL: Final = b" (Volume Label Entry)"

_ALLOCATED: Final = int(EntryFlag.ALLOCATED)
_ORPHAN: Final = int(EntryFlag.ORPHAN)
_REALLOCATED: Final = int(EntryFlag.REALLOCATED)
_STREAM: Final = int(EntryFlag.STREAM)
_FORK: Final = int(EntryFlag.FORK)
_CYCLE: Final = int(EntryFlag.CYCLE)
_HARD_LINK: Final = int(EntryFlag.HARD_LINK)
_RESIDENT: Final = int(EntryFlag.RESIDENT)
_FLAGS: Final = [EntryFlag(number) for number in range(2 * _RESIDENT)]
"""Making a flag costs a microsecond; looking it up does not."""
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
_BEARERS: Final = frozenset({EntryKind.FILE, EntryKind.METADATA, EntryKind.DIRECTORY})
"""Kinds that may have further streams."""


@dataclass(slots=True)
class Counts:
    """Kept where names are read, apart from what is given out."""

    entries: int = 0
    directories: int = 0
    listed: int = 0
    not_listed: int = 0
    met_before: int = 0

    def listing(self, sweep: str) -> Listing:
        """Return them as the last value of a walk."""
        return Listing(
            entries=self.entries,
            directories=self.directories,
            directories_listed=self.listed,
            directories_not_listed=self.not_listed,
            directories_met_before=self.met_before,
            sweep=sweep,
        )


@dataclass(slots=True)
class Node:
    """A directory to be listed."""

    address: int
    sequence: int
    path: bytes
    depth: int
    locator: str
    allocated: bool = True
    metadata: bool = False
    """It belongs to the file system itself."""
    ordinals: dict[tuple[int, int, int, int], int] = field(default_factory=dict)
    """How often one (address, sequence, type, id) was met in it."""


class _Stream:
    """One attribute that holds content."""

    __slots__ = ("first", "label", "mark", "number", "size", "type")

    def __init__(
        self, type_: int, number: int, size: int, mark: int, label: bytes | None, first: int
    ) -> None:
        self.type = type_
        self.number = number
        self.size = size
        self.mark = mark
        self.label = label
        self.first = first


class Walk:
    """One walk over one volume; take a fresh one each time."""

    def __init__(self, fs: Any, image: "TskImage", kind: str) -> None:  # noqa: ANN401
        self.fs = fs
        self.image = image
        self.kind = kind
        self.counts = Counts()
        self._seen = bytearray(min(int(fs.info.last_inum) // 8 + 1, _SEEN_LIMIT))
        """One bit for each metadata address that a name led to."""
        self._block_size = int(fs.info.block_size)
        self._root = int(fs.info.root_inum)
        self._ntfs = kind == "ntfs"
        self._hfs = kind == "hfsplus"
        self._lossy = self._ntfs or self._hfs
        self._names = ntfs_names if self._ntfs else ext_names if kind.startswith("ext") else None
        self._owners = not kind.startswith(("ntfs", "fat", "exfat"))
        self._data = t.DATA.get(kind, t.DEFAULT)
        self._visited: set[int] = set()
        self._announced: set[int] = set()
        self._linked: set[int] = set()
        self._pending: list[Node] = []
        self._deleted: list[Node] = []
        self._nowhere = Node(0, 0, b"$orphan", 0, "")

    def has_seen(self, address: int) -> bool:
        """Tell whether a name led to this metadata address."""
        at = address >> 3
        return at < len(self._seen) and self._seen[at] >> (address & 7) & 1 == 1

    def orphan(self, file: Any) -> list[Entry]:  # noqa: ANN401
        """Return the entries of metadata that no directory reaches.

        Args:
            file: a `pytsk3.File` with metadata, opened by its address.
        """
        found: list[Entry] = []
        meta = file.info.meta
        path = b"$orphan/%d" % meta.addr
        self.streams(file, meta, path, self._nowhere, found, named=True, orphan=True)
        return found

    @property
    def root_locator(self) -> str:
        """Where a gap of the volume as a whole is."""
        return self._locator(Node(self._root, 0, b"", 0, ""), self._root, 0, 0, 0)

    def orphans_of(self, address: int) -> Iterator[Entry | Gap]:
        """Yield what the kit finds in the free clusters of a FAT or exFAT volume.

        Args:
            address: that of its virtual directory of orphans.

        Raises:
            TimeoutError: the deadline of the image passed.
        """
        deadline = self.image.deadline
        try:
            names = iter(self.fs.open_dir(inode=address))
        except (OSError, RuntimeError) as error:
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("the time for this search is over") from error
            yield Gap(self.root_locator, "sweep.unreadable", {})
            return
        self.image.deadline = None
        found: list[Entry] = []
        for named in names:
            name = named.info.name
            if name.name in _DOTS:
                continue
            path = b"$orphan/%d" % name.meta_addr
            try:
                file = self.fs.open_meta(name.meta_addr)
                meta = file.info.meta
            except (OSError, RuntimeError):
                meta = None
            if meta is None:
                self._nothing(name.meta_addr, 0, path, self._nowhere, found)
            else:
                self.streams(file, meta, path, self._nowhere, found, named=False, orphan=True)
        yield from found
        yield from self.drain()

    def tree(self) -> Iterator[Entry | Gap]:
        """Yield what the directories reach, starting with the root itself."""
        file = meta = None
        try:
            file = self.fs.open_meta(self._root)
            meta = file.info.meta
        except (OSError, RuntimeError):
            pass
        above = Node(self._root, meta.seq if meta is not None else 0, b"", -1, "")
        found: list[Entry] = []
        if meta is None:
            self._unreadable(self._root, 0, b"", above, found, EntryKind.DIRECTORY)
        else:
            self.streams(file, meta, b"", above, found, named=True)
        yield from found
        yield from self.drain()

    def drain(self) -> Iterator[Entry | Gap]:
        """List every directory that waits, and those they hold; allocated ones first."""
        while self._pending or self._deleted:
            node = (self._pending or self._deleted).pop()
            if node.address in self._visited:
                self.counts.met_before += 1
            elif node.depth > DEPTH_LIMIT:
                self.counts.not_listed += 1
                yield Gap(node.locator, "directory.depth", {"limit": DEPTH_LIMIT})
            else:
                self._visited.add(node.address)
                yield from self._directory(node)

    def _directory(self, node: Node) -> Iterator[Entry | Gap]:
        failures = self.image.failures
        whole = True
        found: list[Entry] = []
        if self._is_large(node):
            yield from self._relist(node)
            return
        try:
            names = iter(self.fs.open_dir(inode=node.address))
        except (OSError, RuntimeError):
            yield from self._relist(node)
            return
        exact: dict[tuple[int, bytes], bytes] | None = None
        while True:
            try:
                file = next(names)
            except StopIteration:
                break
            except (OSError, RuntimeError):
                whole = False
                continue
            if exact is None and self._lossy and b"^" in file.info.name.name:
                exact = self._exact(node)
            self._name(file, node, found, exact)
            if len(found) >= _BATCH:
                yield from found
                found = []
        yield from found
        if whole and self.image.failures == failures:
            self.counts.listed += 1
        else:
            self.counts.not_listed += 1
            yield self._unlisted(node)

    def _unlisted(self, node: Node) -> Gap:
        """Return the gap of a directory that could not be listed to its end."""
        code = "directory.unreadable" if node.allocated else "directory.deleted"
        return Gap(node.locator, code, {})

    def _is_large(self, node: Node) -> bool:
        """Tell whether the kit, which compares each name with all others, would take too long."""
        if self._names is None:
            return False
        try:
            file = self.fs.open_meta(node.address)
            if self._ntfs:
                sizes = [a.info.size for a in file if int(a.info.type) == t.NTFS_INDEX]
                return max(sizes, default=0) > _LARGE
            return bool(file.info.meta.size > _LARGE)
        except (OSError, RuntimeError, AttributeError):
            return False

    def _relist(self, node: Node) -> Iterator[Entry | Gap]:
        """List a directory with the second lister."""
        found: list[Entry] = []
        whole = self._names is not None
        try:
            for name in self._names(self.fs, node.address) if self._names else ():
                path = node.path + b"/" + name.name if node.path else name.name
                file = meta = None
                try:
                    file = self.fs.open_meta(name.address)
                    meta = file.info.meta
                except (OSError, RuntimeError):
                    pass
                if meta is None or (self._ntfs and meta.seq != name.sequence):
                    self._unreadable(name.address, name.sequence, path, node, found, EntryKind.FILE)
                else:
                    self.streams(file, meta, path, node, found, named=node.allocated)
                if len(found) >= _BATCH:
                    yield from found
                    found = []
        except OSError:
            whole = False
        yield from found
        if whole:
            self.counts.listed += 1
        else:
            self.counts.not_listed += 1
            yield self._unlisted(node)

    def _exact(self, node: Node) -> dict[tuple[int, bytes], bytes]:
        """Return the exact form of the names of a directory that the kit cannot show."""
        exact: dict[tuple[int, bytes], bytes] = {}
        try:
            for name in hfs_names(self.fs) if self._hfs else ntfs_names(self.fs, node.address):
                shown = lenient(name.name)
                if name.parent == node.address and shown != name.name:
                    exact[name.address, shown] = name.name
        except OSError:
            pass  # the kit's form stays; the directory itself was listed
        return exact

    def _name(
        self,
        file: Any,  # noqa: ANN401
        node: Node,
        found: list[Entry],
        exact: dict[tuple[int, bytes], bytes] | None,
    ) -> None:
        info = file.info
        name = info.name
        text = name.name
        meta = info.meta
        if text in _DOTS and (meta is None or int(meta.type) != t.REGULAR):
            return
        if exact:
            text = exact.get((name.meta_addr, text), text)
        path = node.path + b"/" + text if node.path else text
        live = int(name.flags) & t.NAME_ALLOCATED != 0
        if meta is None and self._ntfs and not live:
            file, meta = self._deleted_record(name)
        if meta is not None:
            self.streams(file, meta, path, node, found, named=live)
        elif live and node.allocated:
            self._unreadable(name.meta_addr, name.meta_seq, path, node, found, EntryKind.FILE)
        else:
            self._nothing(name.meta_addr, name.meta_seq, path, node, found)

    def _deleted_record(self, name: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """Find the MFT record of a deleted name: its sequence number grew by one since."""
        try:
            file = self.fs.open_meta(name.meta_addr)
            meta = file.info.meta
        except (OSError, RuntimeError):
            return None, None
        if meta is None or int(meta.flags) & t.META_ALLOCATED:
            return None, None
        return (file, meta) if meta.seq in {name.meta_seq, name.meta_seq + 1} else (None, None)

    def _nothing(
        self, address: int, sequence: int, path: bytes, node: Node, found: list[Entry]
    ) -> None:
        """Append a deleted name that leads nowhere any more."""
        self.counts.entries += 1
        found.append(
            Entry(
                locator=self._locator(node, address, sequence, 0, 0),
                kind=EntryKind.OTHER,
                flags=EntryFlag.REALLOCATED if self._ntfs else EntryFlag(0),
                path=path,
                size=-1,
                handle=b"",
                place=place_of(path, allocated=False),
            )
        )

    def _unreadable(  # noqa: PLR0913
        self,
        address: int,
        sequence: int,
        path: bytes,
        node: Node,
        found: list[Entry],
        kind: EntryKind,
    ) -> None:
        """Append a name in use whose metadata cannot be read; opening it says so."""
        self.counts.entries += 1
        locator = self._locator(node, address, sequence, 0, 0)
        if kind is EntryKind.DIRECTORY:
            self.counts.directories += 1
            self._pending.append(Node(address, sequence, path, node.depth + 1, locator))
        found.append(
            Entry(
                locator=locator,
                kind=kind,
                flags=EntryFlag.ALLOCATED,
                path=path,
                size=-1,
                handle=s.pack_handle(s.ALLOCATED | s.NO_METADATA, 0, 0, sequence, address, -1),
                place=place_of(path, allocated=True),
            )
        )

    def streams(  # noqa: PLR0913
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
        """Append the entries of one name: the thing itself, then its other streams.

        Args:
            file: a `pytsk3.File`.
            meta: its metadata.
            path: where it lies.
            node: the directory that holds the name.
            found: where to append.
            named: the name is in use.
            orphan: no directory reaches it.
        """
        address = meta.addr
        sequence = meta.seq
        if address >> 3 < len(self._seen):
            self._seen[address >> 3] |= 1 << (address & 7)
        in_use = int(meta.flags) & t.META_ALLOCATED != 0
        live = named and in_use
        flags = (_ALLOCATED if live else _REALLOCATED if in_use else 0) | (_ORPHAN if orphan else 0)
        kind = _KINDS.get(int(meta.type), EntryKind.OTHER)
        if path.endswith(_LABEL):
            kind = EntryKind.VIRTUAL
        elif flags & _REALLOCATED and kind is not EntryKind.VIRTUAL:
            kind = EntryKind.OTHER
        metadata = node.metadata or t.is_metadata(self.kind, address, path, meta.crtime)
        bits = s.ALLOCATED if live else 0
        main: _Stream | None = None
        others: list[_Stream] = []
        tag = 0
        if kind in _BEARERS:
            try:
                main, others, tag = self._attributes(file)
            except (OSError, RuntimeError):
                bits |= s.NO_METADATA
        if tag:
            if tag in t.LINK_TAGS:
                kind = EntryKind.SYMLINK
            elif kind is EntryKind.FILE and tag not in t.PLAIN_TAGS:
                bits |= s.ELSEWHERE
        times = self._times(meta)
        owner = meta.uid if self._owners else -1
        place = place_of(path, allocated=live)
        if kind is EntryKind.FILE:
            if meta.nlink > 1:
                if address in self._linked:
                    flags |= _HARD_LINK
                self._linked.add(address)
            if metadata:
                kind = EntryKind.METADATA
        size = meta.size
        first = type_ = number = mark = 0
        handle = b""
        if kind is EntryKind.FILE or kind is EntryKind.METADATA:
            if main is None:
                first = -1
                bits_here = bits | s.NO_ATTRIBUTE
                type_ = self._data
            else:
                type_, number, size, mark = main.type, main.number, main.size, main.mark
                first = main.first
                bits_here = bits
            handle = s.pack_handle(bits_here, type_, number, sequence, address, size)
        else:
            first = -1
        locator = self._locator(node, address, sequence, type_, number)
        self.counts.entries += 1
        if kind is EntryKind.DIRECTORY:
            self.counts.directories += 1
            if address in self._announced:
                flags |= _CYCLE
            elif live:
                self._announced.add(address)
            (self._pending if live else self._deleted).append(
                Node(address, sequence, path, node.depth + 1, locator, live, metadata)
            )
        found.append(
            Entry(
                locator,
                kind,
                _FLAGS[flags | _MARKS[mark]],
                path,
                size,
                handle,
                times,
                owner,
                first,
                place,
            )
        )
        for stream in others:
            label = stream.label or b""
            if stream.type == t.HFS_RESOURCE:
                extra, label = _FORK, b"rsrc"
            else:
                extra = _STREAM
            own = metadata and label in t.NTFS_METADATA_STREAMS
            self.counts.entries += 1
            found.append(
                Entry(
                    self._locator(node, address, sequence, stream.type, stream.number),
                    EntryKind.METADATA if own else EntryKind.FILE,
                    _FLAGS[flags & ~_CYCLE | extra | _MARKS[stream.mark]],
                    path + b":" + label,
                    stream.size,
                    s.pack_handle(
                        bits & ~s.ELSEWHERE,
                        stream.type,
                        stream.number,
                        sequence,
                        address,
                        stream.size,
                    ),
                    times,
                    owner,
                    stream.first,
                    place,
                )
            )

    def _attributes(self, file: Any) -> tuple[_Stream | None, list[_Stream], int]:  # noqa: ANN401
        """Return the stream that is the file, its other streams, and its reparse tag or 0."""
        main: _Stream | None = None
        others: list[_Stream] = []
        tag = 0
        for attribute in file:
            info = attribute.info
            type_ = int(info.type)
            if type_ == t.NTFS_REPARSE:
                tag = int.from_bytes(file.read_random(0, 4, type_, info.id), "little")
                continue
            if type_ not in t.STREAMS and (type_ != t.HFS_ATTRIBUTE or info.size <= t.SMALL):
                continue
            mark = int(info.flags) & 255
            first = -1
            if not mark & t.ATTRIBUTE_RESIDENT:
                for run in attribute:
                    if run.addr:
                        first = run.addr * self._block_size
                        break
            label = info.name
            size = info.size
            if label == t.BAD_CLUSTERS and first < 0:
                size = 0  # as long as the volume, and no cluster of it is bad
            stream = _Stream(type_, info.id, size, mark, label, first)
            if main is None and not (self._ntfs and label) and type_ not in t.HFS_EXTRA:
                main = stream
            elif type_ != t.HFS_RESOURCE or stream.size:
                others.append(stream)
        return main, others, tag

    def _times(self, meta: Any) -> Times:  # noqa: ANN401
        m, a, c, b = meta.mtime, meta.atime, meta.ctime, meta.crtime
        return (
            Moment(m, meta.mtime_nano) if m else None,
            Moment(a, meta.atime_nano) if a else None,
            Moment(c, meta.ctime_nano) if c else None,
            Moment(b, meta.crtime_nano) if b else None,
        )

    def _locator(self, node: Node, address: int, sequence: int, type_: int, number: int) -> str:
        key = (address, sequence, type_, number)
        ordinals = node.ordinals
        ordinal = ordinals.get(key, 0)
        ordinals[key] = ordinal + 1
        if self._ntfs:
            return (
                f"ntfs/i{address}-{sequence}/u{node.address}-{node.sequence}"
                f"/a{type_}-{number}/n{ordinal}"
            )
        return f"{self.kind}/i{address}/u{node.address}/a{type_}-{number}/n{ordinal}"
