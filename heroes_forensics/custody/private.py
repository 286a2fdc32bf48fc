"""Files and folders that only their owner may enter: keys and what belongs to them.

One that others can read is refused, not repaired: it may have been read already.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from heroes_forensics import durable
from heroes_forensics.errors import CustodyError, StoppedError, UsageError

FILE_MODE: Final = 0o600
FOLDER_MODE: Final = 0o700
MAX_BYTES: Final = 64 << 20
"""Nothing kept here comes near it."""

_OTHERS: Final = 0o077
_FORBIDDEN: Final = frozenset(
    {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
)
"""Not for want of room or of a sound disk."""


def folder(path: Path) -> Path:
    """Make a folder that only its owner enters, or check that an existing one is so.

    Raises:
        UsageError: it is open to others, or cannot be made.
    """
    try:
        path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError("the folder of the keys cannot be made") from error
    return check_folder(path)


def check_folder(path: Path) -> Path:
    """Return ``path`` if only its owner enters it.

    Raises:
        UsageError: it is open to others, or no folder.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError("the folder of the keys cannot be entered") from error
    if not stat.S_ISDIR(status.st_mode) or _open_to_others(status):
        raise UsageError(
            "the folder of the keys is open to others",
            hint="make it yours alone (chmod 700), and ask who could have read it",
        )
    return path


def _open_to_others(status: os.stat_result) -> bool:
    return bool(status.st_mode & _OTHERS) or status.st_uid != os.geteuid()


def write_new(path: Path, data: bytes) -> None:
    """Write a file that was not there before, readable for its owner alone.

    Raises:
        UsageError: it exists, or must not be written.
        StoppedError: the disk is full or failing; there is no file.
    """
    with _writing(), _aside(path, data) as aside:
        durable.place(aside, path)


def replace(path: Path, data: bytes) -> None:
    """Write a private file as a whole: afterwards it is the old one or the new one.

    Raises:
        UsageError: it must not be written.
        StoppedError: the disk is full or failing; it is the old one.
    """
    with _writing(), _aside(path, data) as aside:
        durable.rename(aside, path)


@contextlib.contextmanager
def _aside(path: Path, data: bytes) -> Iterator[Path]:
    """Write a file beside ``path``; half a key would stand in the way of a whole one."""
    aside = durable.own(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(aside, flags, FILE_MODE)
        try:
            durable.write(descriptor, data)
            durable.sync(descriptor)
        finally:
            os.close(descriptor)
        yield aside
    finally:
        aside.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Keep other programs from what is read and written anew inside: they wait.

    Args:
        lock: a file for it alone, made where it is missing.

    Raises:
        UsageError: the lock cannot be made.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(lock, flags, FILE_MODE)
    except OSError as error:
        raise UsageError("the files beside the keys cannot be locked") from error
    with os.fdopen(descriptor):
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise UsageError("keys are never overwritten, and there are some already") from error
    except OSError as error:
        if error.errno in _FORBIDDEN:
            raise UsageError("a key file cannot be written") from error
        raise StoppedError(
            f"a file beside the keys cannot be written: {error.strerror}",
            hint="make room on the disk of HEROES_HOME, then start the same command again",
        ) from error


def read(path: Path) -> bytes:
    """Return the bytes of a private file.

    Raises:
        UsageError: it is missing, a link, no regular file, or open to others.
        CustodyError: it is larger than anything kept here.
    """
    try:
        # A pipe is never waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise UsageError("a key file is missing or cannot be opened") from error
    with os.fdopen(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise UsageError("a key file is no regular file", hint="take away what lies there")
        if _open_to_others(status):
            raise UsageError(
                "a key file is open to others",
                hint="make it yours alone (chmod 600), and ask who could have read it",
            )
        data = stream.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise CustodyError("a key file is larger than any key file")
    return data
