"""Handles of a folder's entries: index paths in at most 64 bytes, however deep they are.

A directory is known by a `Key`: its index path as LEB128 numbers while they fit, else a digest
made of its parent's key and its own index. A digest cannot be followed downwards, so the first
time one is asked for, the directories of the tree are walked once to learn which is which.
"""

import hashlib
import stat
import struct
from typing import Final, NamedTuple

from heroes_forensics.parsers.filesystems.directory_tree import DirectoryTree

MAX_DEPTH: Final = 512
"""Directories below the source that are entered."""

_HEAD: Final = struct.Struct("<BQII")
"""Form (1 index path, 2 digest), inode, check values of the entry and of its directory."""
_PATH: Final = 1
_DIGEST: Final = 2
_DIGEST_BYTES: Final = 16
_ROOM: Final = 64 - _HEAD.size - 5
"""Bytes for the key: an index below 2 ** 35 takes five."""


class Key(NamedTuple):
    """Which directory: ``value`` holds LEB128 indexes, or a digest."""

    value: bytes
    is_digest: bool = False

    def child(self, index: int) -> "Key":
        """Return the key of the directory at ``index`` of this one's listing."""
        longer = self.value + _number(index)
        if not self.is_digest and len(longer) <= _ROOM:
            return Key(longer)
        return Key(hashlib.blake2b(longer, digest_size=_DIGEST_BYTES).digest(), is_digest=True)


ROOT: Final = Key(b"")


class Parts(NamedTuple):
    """What a handle says."""

    key: Key
    position: int
    inode: int
    check: int
    directory_check: int


def _number(value: int) -> bytes:
    """Encode as LEB128: seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 0x7F:  # noqa: PLR2004
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _numbers(data: bytes) -> list[int]:
    """Decode a run of LEB128 numbers.

    Raises:
        OSError: the last one is cut off.
    """
    found: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:  # noqa: PLR2004
            found.append(value)
            value = shift = 0
    if shift:
        raise OSError("not a handle of this parser")
    return found


def pack(key: Key, index: int, inode: int, check: int, directory_check: int) -> bytes:
    """Make the handle of the entry at ``index`` of the directory ``key``."""
    form = _DIGEST if key.is_digest else _PATH
    return (
        _HEAD.pack(form, inode & (1 << 64) - 1, check, directory_check) + key.value + _number(index)
    )


def unpack(handle: bytes) -> Parts:
    """Read a handle.

    Raises:
        OSError: it was not made by `pack`.
    """
    if len(handle) <= _HEAD.size or handle[0] not in {_PATH, _DIGEST}:
        raise OSError("not a handle of this parser")
    form, inode, check, directory_check = _HEAD.unpack_from(handle)
    rest = handle[_HEAD.size :]
    if form == _DIGEST:
        key, tail = Key(rest[:_DIGEST_BYTES], is_digest=True), rest[_DIGEST_BYTES:]
        indexes = _numbers(tail)
        if len(indexes) != 1:
            raise OSError("not a handle of this parser")
        return Parts(key, indexes[0], inode, check, directory_check)
    indexes = _numbers(rest)
    last = len(_number(indexes[-1]))
    return Parts(Key(rest[:-last]), indexes[-1], inode, check, directory_check)


class DeepDirectories:
    """Finds the path of a directory by its key."""

    def __init__(self, tree: DirectoryTree) -> None:
        self._tree = tree
        self._last: tuple[Key, bytes] = (ROOT, b"")
        self._parents: dict[bytes, tuple[Key, int]] | None = None

    def path_of(self, key: Key) -> bytes:
        """Return the path of the directory; names in it are those the listing gives now.

        Raises:
            OSError: there is no such directory, or one on the way cannot be listed.
        """
        if key == self._last[0]:
            return self._last[1]
        indexes: list[int] = []
        at = key
        while at.is_digest:
            parent = self._learned().get(at.value)
            if parent is None:
                raise OSError("the directory is no longer there")
            at, index = parent
            indexes.append(index)
        path = b""
        for index in _numbers(at.value) + indexes[::-1]:
            names, _ = self._tree.names(path)
            if index >= len(names):
                raise OSError("the directory is no longer there")
            path = path + b"/" + names[index] if path else names[index]
        self._last = (key, path)
        return path

    def _learned(self) -> dict[bytes, tuple[Key, int]]:
        """Walk the directories once and keep the parents of those known by a digest."""
        if self._parents is not None:
            return self._parents
        found: dict[bytes, tuple[Key, int]] = {}
        stack: list[tuple[bytes, Key, int]] = [(b"", ROOT, 0)]
        while stack:
            path, key, depth = stack.pop()
            try:
                names, _ = self._tree.names(path)
            except OSError:
                continue
            for index, name in enumerate(names):
                if not self._is_directory(path, name):
                    continue
                child = key.child(index)
                if child.is_digest:
                    found[child.value] = (key, index)
                if depth < MAX_DEPTH:
                    stack.append((path + b"/" + name if path else name, child, depth + 1))
        self._parents = found
        return found

    def _is_directory(self, path: bytes, name: bytes) -> bool:
        try:
            return stat.S_ISDIR(self._tree.status(path, name).st_mode)
        except OSError:
            return False
