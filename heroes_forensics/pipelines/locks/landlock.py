"""Landlock: rights over files, TCP and signals that a process gives up for ever.

``linux/landlock.h`` and the kernel's "Landlock: unprivileged access control". What a kernel
offers is told by its ABI version; rights that it does not know are left out, never assumed.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from heroes_forensics.pipelines.locks import syscalls

_EXECUTE: Final = 1 << 0
_WRITE_FILE: Final = 1 << 1
_READ_FILE: Final = 1 << 2
_READ_DIR: Final = 1 << 3
_ALL_BY_ABI: Final = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""Every right over files from an ABI version on: 13 of them, then to move between folders (2),
to truncate (3), to control devices (5)."""
_IOCTL_DEVICE: Final = 1 << 15
_TRUNCATE: Final = 1 << 14
_TCP: Final = 0b11
"""To bind and to connect, from ABI 4 on."""
_SCOPES: Final = 0b11
"""Abstract sockets and signals of processes outside, from ABI 6 on."""

_VERSION: Final = 1  # LANDLOCK_CREATE_RULESET_VERSION
_PATH_BENEATH: Final = 1  # LANDLOCK_RULE_PATH_BENEATH

READ: Final = _READ_FILE | _READ_DIR


def abi() -> int:
    """Return the version of Landlock that the kernel offers.

    Raises:
        OSError: it offers none: not built in (``ENOSYS``) or not switched on (``EOPNOTSUPP``).
    """
    return syscalls.call("landlock_create_ruleset", None, 0, _VERSION)


def _files(version: int) -> int:
    return max(rights for since, rights in _ALL_BY_ABI.items() if since <= version)


def deny_all(*, beneath: int = -1) -> None:
    """Give up every right that Landlock knows.

    Args:
        beneath: a directory descriptor below which reading stays allowed; -1 for none.

    Raises:
        OSError: Landlock is not there, or ``no_new_privs`` is not set.
    """
    version = abi()
    ruleset = _ruleset(
        _files(version),
        _TCP if version >= 4 else 0,  # noqa: PLR2004 - ABI versions, see above
        _SCOPES if version >= 6 else 0,  # noqa: PLR2004 - likewise
    )
    try:
        if beneath >= 0:
            _rule(ruleset, beneath, READ)
        syscalls.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def write_only_below(folders: Iterable[Path]) -> None:
    """Give up writing everywhere but below ``folders``; reading stays as it is.

    ``/dev/null`` stays writable, with which programs are started, and ``/proc``, where a worker
    says that it is the first one to be ended when memory runs out. Covers making, removing,
    renaming, truncating and opening for writing; not mode, owner, times and attributes of files,
    which Landlock does not know.

    Raises:
        OSError: Landlock is not there, or a folder cannot be opened.
    """
    # Landlock has no right "read" that we want to give up here, so none is handled.
    rights = _files(abi()) & ~(_EXECUTE | READ | _IOCTL_DEVICE)
    ruleset = _ruleset(rights, 0, 0)
    try:
        for folder in folders:
            _allow(ruleset, folder, rights)
        for path in (os.devnull, "/proc"):
            with suppress(FileNotFoundError):
                _allow(ruleset, Path(path), _WRITE_FILE)
        syscalls.call("landlock_restrict_self", ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: Path, rights: int) -> None:
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _rule(ruleset, descriptor, rights)
    finally:
        os.close(descriptor)


def _ruleset(files: int, tcp: int, scopes: int) -> int:
    """Make a ruleset; the kernel refuses a longer structure only when the rest is not zero."""
    data = struct.pack("=QQQ", files, tcp, scopes)
    try:
        return syscalls.call("landlock_create_ruleset", _buffer(data), len(data), 0)
    except OSError as error:
        if error.errno != errno.E2BIG:
            raise
        return syscalls.call("landlock_create_ruleset", _buffer(data), 8, 0)


def _rule(ruleset: int, descriptor: int, rights: int) -> None:
    data = _buffer(struct.pack("=Qi", rights, descriptor))
    syscalls.call("landlock_add_rule", ruleset, _PATH_BENEATH, data, 0)


def _buffer(data: bytes) -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(data, len(data))
