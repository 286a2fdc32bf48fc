"""A folder as a source: a mounted phone, an extracted dump, a share.

Everything is opened relative to one directory descriptor, one component at a time, by names
that the directory itself lists, with ``O_NOFOLLOW``: no symbolic link is ever followed, so
nothing outside the folder can be reached. Pipes, sockets and devices are recorded, never opened.
Access times stay as they are where the kernel permits (``O_NOATIME``; the owner or root).

An entry's locator is ``d:`` and its index, at each level, in the listing sorted by raw bytes:
``d:3/17/2``. A handle adds the inode and a check value of size and modification time, so that
a folder that changed between listing and reading is noticed instead of mixed up.

Not streams here: extended attributes and resource forks that a mount exposes as attributes.
File systems mounted below the folder are entered. Names deeper than `MAX_DEPTH` directories are
a gap of the directory they lie in.
"""

import errno
import os
import stat
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems import directory_index
from heroes_forensics.parsers.filesystems.directory_index import MAX_DEPTH, Key
from heroes_forensics.parsers.filesystems.directory_tree import DirectoryTree
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import DescriptorReader

_NS: Final = 1_000_000_000
_TIMES: Final[TimeBasis] = {name: TimeRule(1, "utc") for name in "mac"}
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
SPARSE_LIMIT: Final = 1 << 34
"""Bytes up to which holes are read as the zeros they stand for."""
SPARSE_RATIO: Final = 16
"""Beyond that, a file must be stored to at least one part in so many."""
_STAT_BLOCK: Final = 512
"""Unit of ``st_blocks``, bytes (stat(2))."""


def open_directory(descriptor: int) -> "DirectoryFileSystem":
    """Open a folder by a descriptor of it, which stays open and belongs to the caller.

    Raises:
        EvidenceError: it is no directory, or it cannot be listed.
    """
    try:
        return DirectoryFileSystem(DirectoryTree(descriptor))
    except OSError as error:
        raise EvidenceError(
            "the folder cannot be listed", hint="is it a directory that this account may read?"
        ) from error


class _Open(NamedTuple):
    """A directory on the way down: what is still to be entered below it."""

    path: bytes
    key: Key
    locator: str
    identity: tuple[int, int, int, int]
    waiting: Iterator[tuple[int, bytes]]


class DirectoryFileSystem:
    """Lists and opens what lies below one directory descriptor."""

    kind: Final = "directory"

    def __init__(self, tree: DirectoryTree) -> None:
        self._tree = tree
        self._deep = directory_index.DeepDirectories(tree)

    @property
    def times(self) -> TimeBasis:
        """Nanoseconds of the host's clock rules; what the mounted file system keeps is coarser."""
        return dict(_TIMES)

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield every name once: a directory's own entries, then its directories one by one."""
        links: dict[tuple[int, int], int] = {}
        entries = directories = listed = not_listed = met = 0
        stack: list[_Open] = []
        enter: tuple[bytes, Key, str] | None = (b"", directory_index.ROOT, "d:")
        while enter is not None or stack:
            if enter is None:
                enter = self._next(stack)
                if enter is None:
                    continue
            path, key, locator = enter
            enter = None
            below = len(stack) > 0  # the source itself is no entry and is not counted
            try:
                identity = self._tree.identity(path)
                if any(identity == ancestor.identity for ancestor in stack):
                    met += below
                    continue
                if len(stack) > MAX_DEPTH:
                    yield Gap(locator, "directory.depth", {"limit": MAX_DEPTH})
                    not_listed += below
                    continue
                names, complete = self._tree.names(path)
            except OSError as error:
                yield Gap(locator, "directory.unreadable", _why(error))
                not_listed += below
                continue
            if complete:
                listed += below
            else:
                yield Gap(locator, "directory.unreadable", {"names": len(names)})
                not_listed += below
            waiting = []
            for index, name in enumerate(names):
                entry = self._entry(path, key, locator, index, name, links)
                entries += 1
                if entry.kind == EntryKind.DIRECTORY:
                    directories += 1
                    waiting.append((index, name))
                yield entry
            stack.append(_Open(path, key, locator, identity, iter(waiting)))
        yield Listing(
            entries=entries,
            directories=directories,
            directories_listed=listed,
            directories_not_listed=not_listed,
            directories_met_before=met,
            sweep="not applicable: a mounted folder shows no deleted entries",
        )

    @staticmethod
    def _next(stack: list[_Open]) -> tuple[bytes, Key, str] | None:
        """Take the next directory to enter from the deepest level that has one left."""
        top = stack[-1]
        found = next(top.waiting, None)
        if found is None:
            stack.pop()
            return None
        index, name = found
        return _join(top.path, name), top.key.child(index), _locator(top.locator, index)

    def _entry(  # noqa: PLR0913, PLR0917 - one call a name: a record would cost more than it says
        self,
        path: bytes,
        key: Key,
        locator: str,
        index: int,
        name: bytes,
        links: dict[tuple[int, int], int],
    ) -> Entry:
        whole = _join(path, name)
        try:
            found = self._tree.status(path, name)
        except OSError:
            # Its kind is not known: kept as a stream, so that reading it ends in a gap.
            return Entry(
                locator=_locator(locator, index),
                kind=EntryKind.FILE,
                flags=EntryFlag.ALLOCATED,
                path=whole,
                size=-1,
                handle=directory_index.pack(key, index, 0, 0, 0),
                place=place_of(whole, allocated=True),
            )
        flags = EntryFlag.ALLOCATED
        kind = _kind(found.st_mode)
        if kind == EntryKind.FILE:
            if found.st_nlink > 1 and _further(links, found):
                flags |= EntryFlag.HARD_LINK
            if found.st_blocks * _STAT_BLOCK < found.st_size:
                flags |= EntryFlag.SPARSE
        return Entry(
            locator=_locator(locator, index),
            kind=kind,
            flags=flags,
            path=whole,
            size=found.st_size if kind in {EntryKind.FILE, EntryKind.SYMLINK} else 0,
            handle=directory_index.pack(
                key, index, found.st_ino, _check(found), self._tree.directory_check(path)
            ),
            times=(
                _moment(found.st_mtime_ns),
                _moment(found.st_atime_ns),
                _moment(found.st_ctime_ns),
                None,
            ),
            owner=found.st_uid,
            place=place_of(whole, allocated=True),
        )

    def open(self, handle: bytes) -> Reader:
        """Open a regular file by its handle; no other kind of entry is ever opened.

        Raises:
            OSError: it cannot be opened or read.
            UnsupportedError: ``stream.changed``, the folder changed since it was listed;
                ``stream.limit``, a huge file of which next to nothing is stored.
        """
        parts = directory_index.unpack(handle)
        path = self._deep.path_of(parts.key)
        names, _ = self._tree.names(path)
        if parts.position >= len(names):
            raise _changed()
        name = names[parts.position]
        found = self._tree.status(path, name)
        same = _check(found) == parts.check and (
            found.st_ino == parts.inode or self._tree.directory_check(path) == parts.directory_check
        )
        if not same:
            raise _changed()
        if not stat.S_ISREG(found.st_mode):
            raise OSError("not a regular file")
        stored = found.st_blocks * _STAT_BLOCK
        if found.st_size > SPARSE_LIMIT and stored * SPARSE_RATIO < found.st_size:
            raise UnsupportedError("the file is nearly all hole", code="stream.limit")
        descriptor = self._tree.open(path, name, _FILE)
        opened = os.fstat(descriptor)
        if not stat.S_ISREG(opened.st_mode) or _check(opened) != parts.check:
            os.close(descriptor)
            raise _changed()
        return _FileReader(descriptor, opened)

    def close(self) -> None:
        """Close what was opened below the descriptor that was handed in."""
        self._tree.close()


class _FileReader(DescriptorReader):
    """A regular file; the read that reaches its end also looks whether it changed meanwhile."""

    def __init__(self, descriptor: int, status: os.stat_result) -> None:
        super().__init__(descriptor, status.st_size)
        self._check = _check(status)

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: the bytes cannot be read.
            UnsupportedError: ``stream.changed``, size or modification time are not what they
                were when the file was opened.
        """
        data = super().pread(offset, length)
        if offset + length >= self._size and _check(os.fstat(self._descriptor)) != self._check:
            raise _changed()
        return data

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _changed() -> UnsupportedError:
    return UnsupportedError(
        "the folder changed after it was listed",
        code="stream.changed",
        hint="mount the folder read-only and scan again",
    )


def _check(status: os.stat_result) -> int:
    """Return 32 bits that change with size or modification time."""
    return zlib.crc32(b"%d/%d" % (status.st_size, status.st_mtime_ns))


def _further(links: dict[tuple[int, int], int], status: os.stat_result) -> bool:
    """Tell whether this stream was met under another name; forget it after its last name."""
    identity = (status.st_dev, status.st_ino)
    left = links.get(identity)
    if left is None:
        links[identity] = status.st_nlink - 1
        return False
    if left > 1:
        links[identity] = left - 1
    else:
        del links[identity]
    return True


def _join(path: bytes, name: bytes) -> bytes:
    return path + b"/" + name if path else name


def _locator(parent: str, index: int) -> str:
    return f"{parent}{index}" if parent == "d:" else f"{parent}/{index}"


def _moment(nanoseconds: int) -> Moment:
    return Moment(*divmod(nanoseconds, _NS))


def _kind(mode: int) -> EntryKind:
    kinds = {
        stat.S_IFREG: EntryKind.FILE,
        stat.S_IFDIR: EntryKind.DIRECTORY,
        stat.S_IFLNK: EntryKind.SYMLINK,
    }
    return kinds.get(stat.S_IFMT(mode), EntryKind.OTHER)


def _why(error: OSError) -> dict[str, object]:
    """Return the error's symbol: a fixed word, unlike its message."""
    return {"error": errno.errorcode.get(error.errno or 0, "unknown")}
