"""The walk: every name of a volume The Sleuth Kit opens, by metadata address.

Directories are visited once each, allocated ones before deleted ones, so that what is allocated
is met by its proper path first. Links are recorded by `tsk_entries` and never followed here.

The root has no name, yet it may have streams: it is the first entry, with an empty path.
"""

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers import guard as guarded
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.ext_inodes import BlockMapStream
from heroes_forensics.parsers.filesystems.nodes import Node
from heroes_forensics.parsers.filesystems.ntfs_records import ReadBack, Records
from heroes_forensics.parsers.filesystems.tsk_entries import Entries
from heroes_forensics.parsers.filesystems.tsk_names import (
    RawName,
    ext_names,
    fat_names,
    hfs_names,
    lenient,
    mapped_names,
    ntfs_names,
)
from heroes_forensics.parsers.guard import Guard

if TYPE_CHECKING:
    from heroes_forensics.parsers.filesystems.tsk_image import TskImage

DEPTH_LIMIT: Final = 512
_BATCH: Final = 512
_DOTS: Final = frozenset({b".", b".."})
_LARGE: Final = 8 << 20
"""Bytes of a directory from which on the second lister is used: some 100,000 to 300,000 names."""
_ERRORS: Final = (OSError, RuntimeError)

_Lister = Callable[[Any, int], Iterator[RawName]]
_LOSSY: Final[dict[str, _Lister]] = {"ntfs": ntfs_names, "hfsplus": hfs_names}
"""Listers that give what the kit replaces in names: what is no Unicode."""

_UNGUARDED: Final = Guard()

Exact = dict[tuple[int, bytes], bytes]
"""Address (0 on FAT) and name as The Sleuth Kit shows it, to the exact name."""


class Walk:
    """One walk over one volume; take a fresh one each time."""

    def __init__(
        self,
        fs: Any,  # noqa: ANN401
        image: "TskImage",
        kind: str,
        guard: Guard = _UNGUARDED,
    ) -> None:
        self.fs = fs
        self.guard = guard
        self.went_around: set[int] = set()
        """Metadata that a name led to and that is not opened."""
        self.kind = kind
        self.entries = Entries(fs, kind)
        self.counts = self.entries.counts
        self._image = image
        self._root = int(fs.info.root_inum)
        self._ntfs = kind == "ntfs"
        self._fat = kind.startswith("fat")
        self._lossy: _Lister | None = fat_names if self._fat else _LOSSY.get(kind)
        self._names = ntfs_names if self._ntfs else ext_names if kind.startswith("ext") else None
        self._back = ReadBack(fs, image) if self._ntfs else None
        self.records = Records(fs, image) if self._ntfs else None
        """What the MFT says of its records."""
        if self.records is not None:
            self.entries.held.is_written = self.records.is_written
        self._visited: set[int] = set()
        self._nowhere = Node(0, 0, b"$orphan", 0, "")

    @property
    def root_locator(self) -> str:
        """Where a gap of the volume as a whole is."""
        return self.entries.locator(Node(self._root, 0, b"", 0, ""), self._root, 0)

    def tree(self) -> Iterator[Entry | Gap]:
        """Yield what the directories reach, starting with the root itself."""
        file, meta = self._open(self._root)
        found: list[Entry] = []
        if meta is None:
            found.append(self.entries.root(self._root))
        else:
            above = Node(self._root, meta.seq, b"", -1, "")
            self.entries.streams(file, meta, b"", above, found, named=True)
        yield from found
        yield from self.drain()

    def orphan(self, file: Any) -> list[Entry]:  # noqa: ANN401
        """Return the entries of metadata that no directory reaches.

        Args:
            file: a `pytsk3.File` with metadata, opened by its address.
        """
        found: list[Entry] = []
        meta = file.info.meta
        path = b"$orphan/%d" % meta.addr
        self.entries.streams(file, meta, path, self._nowhere, found, named=True, orphan=True)
        return found

    def has_entered(self, address: int) -> bool:
        """Tell whether this directory was listed, or a gap says that it could not be."""
        return address in self._visited

    def unreadable_orphan(self, address: int) -> Entry:
        """Return the entry of unreadable metadata in use that no directory reaches."""
        path = b"$orphan/%d" % address
        return self.entries.unreadable(address, 0, path, self._nowhere)

    def orphans_of(self, address: int) -> Iterator[Entry | Gap]:
        """Yield what the kit finds in the free clusters of a FAT or exFAT volume.

        Args:
            address: that of its virtual directory of orphans.

        Raises:
            TimeoutError: the deadline of the image passed.
        """
        deadline = self._image.deadline
        try:
            names = iter(self.fs.open_dir(inode=address))
        except _ERRORS as error:
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError("the time for this search is over") from error
            yield Gap(self.root_locator, "sweep.unreadable", {})
            return
        self._image.deadline = None
        found: list[Entry] = []
        for named in names:
            number = int(named.info.name.meta_addr)
            path = b"$orphan/%d" % number
            file, meta = self._open(number)
            if meta is None:
                found.append(self.entries.nothing(number, 0, path, self._nowhere))
            else:
                self.entries.streams(
                    file, meta, path, self._nowhere, found, named=False, orphan=True
                )
        yield from found
        yield from self.drain()

    def drain(self) -> Iterator[Entry | Gap]:
        """List every directory that waits, and those they hold; allocated ones first."""
        entries = self.entries
        while entries.pending or entries.deleted:
            node = (entries.pending or entries.deleted).pop()
            if node.address in self._visited:
                self.counts.met_before += 1
            elif node.depth > DEPTH_LIMIT:
                self.counts.not_listed += 1
                yield Gap(node.locator, "directory.depth", {"limit": DEPTH_LIMIT})
            else:
                self._visited.add(node.address)
                yield from self._directory(node)

    def _directory(self, node: Node) -> Iterator[Entry | Gap]:
        if node.address in self.guard.closed:
            yield from self._end(node, whole=False)
            return
        apart = node.address in self.guard.second and self._names is not None
        if apart or node.address in self.entries.mapped or self._is_large(node):
            yield from self._relist(node)
            return
        self.guard.at(node.address, guarded.DIRECTORY)
        failures = self._image.failures
        try:
            names = iter(self.fs.open_dir(inode=node.address))
        except _ERRORS:
            yield from self._relist(node)
            return
        whole = True
        found: list[Entry] = []
        exact: Exact | None = None
        image, back = self._image, self._back
        image.went_back = False
        while True:
            try:
                file = next(names)
            except StopIteration:
                break
            except _ERRORS:
                whole = False
                continue
            text = file.info.name.name
            if back is not None and image.went_back:
                back.before(file.info.name.meta_addr)
            if exact is None and self._lossy is not None and b"^" in text:
                exact = self._exact(node)
            self._name(file, text, node, found, exact)
            if len(found) >= _BATCH:
                yield from found
                found = []
        yield from found
        yield from self._end(node, whole=whole and self._image.failures == failures)

    def _end(self, node: Node, *, whole: bool) -> Iterator[Gap]:
        """Count a directory, with a gap when it could not be listed to its end."""
        if whole:
            self.counts.listed += 1
        else:
            self.counts.not_listed += 1
            code = "directory.unreadable" if node.allocated else "directory.deleted"
            yield Gap(node.locator, code, {})

    def _is_large(self, node: Node) -> bool:
        """Tell whether the kit, which compares each name with all others, would take too long."""
        if self._names is None:
            return False
        file, meta = self._open(node.address)
        if meta is None:
            return False
        if self._ntfs:
            try:
                sizes = [a.info.size for a in file if int(a.info.type) == t.NTFS_INDEX]
            except _ERRORS:
                return False
            return max(sizes, default=0) > _LARGE
        return bool(meta.size > _LARGE)

    def _relist(self, node: Node) -> Iterator[Entry | Gap]:
        """List a directory with the second lister, if there is one."""
        self.guard.at(node.address, guarded.DIRECTORY)
        if self._names is None:
            yield from self._end(node, whole=False)
            return
        whole = True
        found: list[Entry] = []
        try:
            for name in self._second(node):
                path = node.under(name.name)
                file, meta = self._open(name.address)
                if meta is None or (self._ntfs and meta.seq != name.sequence):
                    row = self.entries.unreadable(name.address, name.sequence, path, node)
                    found.append(row)
                else:
                    self.entries.streams(file, meta, path, node, found, named=node.allocated)
                self.guard.at(node.address, guarded.DIRECTORY)
                if len(found) >= _BATCH:
                    yield from found
                    found = []
        except OSError:
            whole = False
        yield from found
        yield from self._end(node, whole=whole)

    def _second(self, node: Node) -> Iterator[RawName]:
        """Yield the names of a directory as the second lister finds them."""
        mapped = self.entries.mapped.get(node.address)
        if mapped is not None:
            size = int(self.fs.info.block_size)
            stream = BlockMapStream(self._image.reader, mapped.offset, size)
            yield from mapped_names(stream, size, node.address)
        elif self._names is not None:
            yield from self._names(self.fs, node.address)

    def _exact(self, node: Node) -> Exact:
        """Return the exact form of the names of a directory that the kit cannot show."""
        exact: Exact = {}
        try:
            for name in self._lossy(self.fs, node.address) if self._lossy else ():
                shown = lenient(name.name)
                if name.parent == node.address and shown != name.name:
                    exact[name.address, shown] = name.name
        except OSError:
            pass  # the kit's form stays; the directory itself was listed
        return exact

    def _name(
        self,
        file: Any,  # noqa: ANN401
        text: bytes,
        node: Node,
        found: list[Entry],
        exact: Exact | None,
    ) -> None:
        info = file.info
        name = info.name
        meta = info.meta
        if text in _DOTS and (meta is None or int(meta.type) != t.REGULAR):
            return
        path = node.under(
            exact.get((0 if self._fat else name.meta_addr, text), text) if exact else text
        )
        if node.address in self.guard.second:
            # No second lister: what ends this one is found name by name.
            if name.meta_addr in self.guard.entries:
                self.went_around.add(name.meta_addr)
                meta = None
            else:
                self.guard.at(name.meta_addr, guarded.ENTRY)
        live = int(name.flags) & t.NAME_ALLOCATED != 0
        if meta is None and self._ntfs and not live:
            file, meta = self._deleted_record(name)
        if meta is not None:
            self.entries.streams(file, meta, path, node, found, named=live)
        elif live and node.allocated:
            found.append(self.entries.unreadable(name.meta_addr, name.meta_seq, path, node))
        else:
            found.append(self.entries.nothing(name.meta_addr, name.meta_seq, path, node))

    def _deleted_record(self, name: Any) -> tuple[Any, Any]:  # noqa: ANN401
        """Find the MFT record of a deleted name: its sequence number grew by one since."""
        file, meta = self._open(name.meta_addr)
        if meta is None or int(meta.flags) & t.META_ALLOCATED:
            return None, None
        return (file, meta) if meta.seq in {name.meta_seq, name.meta_seq + 1} else (None, None)

    def _open(self, address: int) -> tuple[Any, Any]:
        """Return a file and its metadata; twice None when it has none."""
        if address in self.guard.entries:
            self.went_around.add(address)
            return None, None
        self.guard.at(address, guarded.ENTRY)
        try:
            file = self.fs.open_meta(address)
            meta = file.info.meta
        except _ERRORS:
            return None, None
        return (None, None) if meta is None else (file, meta)
