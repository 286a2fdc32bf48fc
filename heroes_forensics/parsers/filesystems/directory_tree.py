"""Directories below one descriptor: opened step by step, listed in sorted order, a few kept.

Paths are raw bytes relative to the descriptor, components joined with ``/``, ``b""`` for the
directory itself. They are only ever made of names that a listing gave, and every component is
opened by itself with ``O_NOFOLLOW``.
"""

import errno
import os
import zlib
from collections import OrderedDict
from typing import Final

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_NO_ATIME: Final = getattr(os, "O_NOATIME", 0)

_OPEN: Final = 16
"""Directory descriptors kept open; a worker may have few."""

_NAMES: Final = 400_000
"""Names kept in listings, about 100 bytes each; the last listing is kept whatever its length."""


class DirectoryTree:
    """Opens and lists directories below ``root``, which is never closed here."""

    def __init__(self, root: int) -> None:
        # A description of its own: the one handed in may be shared with other processes, and
        # a directory's read position with it.
        self._root = self._open(b".", _DIRECTORY, root)
        self._descriptors: OrderedDict[bytes, int] = OrderedDict()
        self._listings: OrderedDict[bytes, tuple[list[bytes], bool, int]] = OrderedDict()
        self._kept = 0
        os.scandir(self._root).close()

    @staticmethod
    def _open(name: bytes, flags: int, parent: int) -> int:
        """Open without touching the access time where that is permitted."""
        try:
            return os.open(name, flags | _NO_ATIME, dir_fd=parent)
        except PermissionError as error:
            if error.errno != errno.EPERM or not _NO_ATIME:
                raise
            return os.open(name, flags, dir_fd=parent)

    def _descriptor(self, path: bytes) -> int:
        """Return an open descriptor of the directory at ``path``."""
        if not path:
            return self._root
        known = self._descriptors.get(path)
        if known is not None:
            self._descriptors.move_to_end(path)
            return known
        at = path
        while at and at not in self._descriptors:
            at = at.rpartition(b"/")[0]
        descriptor = self._descriptors[at] if at else self._root
        for name in path[len(at) + 1 if at else 0 :].split(b"/"):
            at = at + b"/" + name if at else name
            descriptor = self._open(name, _DIRECTORY, descriptor)
            self._descriptors[at] = descriptor
            if len(self._descriptors) > _OPEN:
                os.close(self._descriptors.popitem(last=False)[1])
        return descriptor

    def names(self, path: bytes) -> tuple[list[bytes], bool]:
        """Return the names in the directory, sorted by bytes, and whether that is all of them.

        Raises:
            OSError: it cannot be opened, or not even begun to be listed.
        """
        known = self._listings.get(path)
        if known is not None:
            self._listings.move_to_end(path)
            return known[0], known[1]
        descriptor = self._descriptor(path)
        before = os.fstat(descriptor)
        names: list[bytes] = []
        complete = True
        with os.scandir(descriptor) as listing:
            try:
                for row in listing:
                    names.append(os.fsencode(row.name))  # noqa: PERF401 - keeps what came before an error
            except OSError:
                complete = False
        names.sort()
        self._listings[path] = (names, complete, _check(before))
        self._kept += len(names)
        while self._kept > _NAMES and len(self._listings) > 1:
            self._kept -= len(self._listings.popitem(last=False)[1][0])
        return names, complete

    def directory_check(self, path: bytes) -> int:
        """Return 32 bits that change when a name is added to or taken from the directory."""
        known = self._listings.get(path)
        return known[2] if known is not None else _check(os.fstat(self._descriptor(path)))

    def identity(self, path: bytes) -> tuple[int, int, int, int]:
        """Return what two views of one directory have in common, and two directories have not.

        Not device and inode alone: some user-space file systems give one number to all.
        """
        found = os.fstat(self._descriptor(path))
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns

    def status(self, path: bytes, name: bytes) -> os.stat_result:
        """Return the status of the entry ``name`` itself, links not followed."""
        return os.stat(name, dir_fd=self._descriptor(path), follow_symlinks=False)

    def open(self, path: bytes, name: bytes, flags: int) -> int:
        """Open the entry ``name``; the caller closes it."""
        return self._open(name, flags, self._descriptor(path))

    def close(self) -> None:
        """Close every descriptor opened here."""
        for descriptor in self._descriptors.values():
            os.close(descriptor)
        self._descriptors.clear()
        self._listings.clear()
        if self._root >= 0:
            os.close(self._root)
            self._root = -1


def _check(status: os.stat_result) -> int:
    return zlib.crc32(b"%d/%d" % (status.st_size, status.st_mtime_ns))
