"""The way to the disk: what writes, syncs and renames the files of a record.

These few functions are all of it (SQLite writes its own file), so that the tests can let every
single call fail in each way a disk can fail, and can end the process between any two of them:
``HEROES_CRASH_AT=NAME#N`` in the environment kills it, as a power cut would, when `point` is passed
with that name for the N-th time. Nothing else reads the variable, and nobody but a test sets it.
"""

import errno
import io
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

CRASH_AT: Final = "HEROES_CRASH_AT"
POINTS: Final = frozenset(
    {
        "after begin",
        "before commit",
        "after commit",
        "before ledger fsync",
        "after ledger fsync",
        "before report rename",
        "before rename",
        "after rename",
        "before removal",
    }
)
"""Moments at which a test may end the process; the first three are those of a transaction."""

_PRIVATE: Final = 0o600

# The calls that fail when a disk does; a test puts failing ones in their place.
_write, _pwrite, _fsync = os.write, os.pwrite, os.fsync
_replace, _link, _truncate = os.replace, os.link, os.ftruncate
_passed: Final = Counter[str]()


def point(name: str) -> None:
    """Pass a moment after which a crash would find the disk in a state of its own.

    Args:
        name: one of `POINTS`.
    """
    wanted = os.environ.get(CRASH_AT)
    if wanted is None:
        return
    _passed[name] += 1
    if wanted == f"{name}#{_passed[name]}":
        os.kill(os.getpid(), signal.SIGKILL)


def write(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of ``data`` where the file stands; a disk may take it in several pieces.

    Raises:
        OSError: some of it, or none, was written.
    """
    view = memoryview(data)
    while view:
        view = view[_write(descriptor, view) :]


def write_at(descriptor: int, data: bytes | memoryview, offset: int) -> None:
    """Write all of ``data`` at ``offset``; see `write`."""
    view = memoryview(data)
    while view:
        done = _pwrite(descriptor, view, offset)
        view, offset = view[done:], offset + done


def sync(descriptor: int) -> None:
    """Return when what was written is on the disk."""
    _fsync(descriptor)


def truncate(descriptor: int, size: int) -> None:
    """Cut a file, or make room in it."""
    _truncate(descriptor, size)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder last."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def rename(source: Path, target: Path, *, what: str = "") -> None:
    """Give a finished file its name, over an older one if there is one, and make the name last.

    Args:
        source: the file, synced; on the disk of ``target``.
        target: its name from now on.
        what: ``report`` where a test has to find this very moment.
    """
    point(f"before {what} rename" if what else "before rename")
    _replace(source, target)
    point("after rename")
    sync_folder(target.parent)


def place(source: Path, target: Path) -> None:
    """Give a finished file a name that nothing has, and make the name last.

    Raises:
        FileExistsError: something has it; ``source`` is there still.
        OSError: it could not be done, and ``target`` is not there.
    """
    point("before rename")
    try:
        _link(source, target)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:
            raise
        # A file system without hard links; nobody else writes here at the same moment.
        if target.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST)) from error
        _replace(source, target)
    else:
        source.unlink()
    point("after rename")
    try:
        sync_folder(target.parent)
    except OSError:
        target.unlink()
        raise


def destroy(path: Path) -> None:
    """Overwrite a file, and remove it for good; one that is gone is done.

    It loses its name first: whoever finds it in the middle finds it gone, and not altered.

    Raises:
        OSError: it could not be done; the same call ends it.
    """
    aside = path.with_name(f".{path.name}.gone")
    with suppress(FileNotFoundError):
        rename(path, aside)
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        left = os.fstat(descriptor).st_size
        while left > 0:
            piece = os.urandom(min(left, 1 << 20))
            write(descriptor, piece)
            left -= len(piece)
        sync(descriptor)
    finally:
        os.close(descriptor)
    point("before removal")
    aside.unlink()
    sync_folder(path.parent)


class _File(io.FileIO):
    """A file whose writes are those of `write`."""

    def write(self, data: object, /) -> int:
        return _write(self.fileno(), data)  # type: ignore[arg-type]  # any buffer


def beside(target: Path) -> Path:
    """Return where `replacing` writes what is to be ``target``."""
    return target.with_name(f".{target.name}.new")


def own(target: Path) -> Path:
    """Return where this process alone writes what is to be ``target``, with nothing there.

    What processes left there that were killed meanwhile is removed: it may be a key, or a name.

    Raises:
        OSError: something of it cannot be removed.
    """
    ended = re.compile(rf"\.{re.escape(target.name)}\.(\d{{1,9}})\.new", re.ASCII)
    left: list[Path] = []
    with suppress(PermissionError):  # a folder into which one may only put things
        left = [path for path in target.parent.iterdir() if ended.fullmatch(path.name)]
    for path in left:
        process = int(path.name.split(".")[-2])
        if process == os.getpid() or not _runs(process):
            path.unlink(missing_ok=True)
    return target.with_name(f".{target.name}.{os.getpid()}.new")


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another account
        return True
    return True


@contextmanager
def replacing(target: Path, *, what: str = "") -> Iterator[BinaryIO]:
    """Write a file aside, for its owner alone, and put it in the place of ``target`` at the end.

    Where an error leaves the context, ``target`` is what it was; a half-written
    ``.NAME.new`` may stay.
    """
    aside = beside(target)
    with io.BufferedWriter(_File(aside, "w", opener=_private)) as stream:
        yield stream
        stream.flush()
        sync(stream.fileno())
    rename(aside, target, what=what)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC, _PRIVATE)
