"""The folder of a case: what lies in it, what can become one, and the room kept free in it."""

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.pipelines.case.locking import LOCK

DATABASE: Final = "case.db"
UNBORN: Final = "case.db.new"
"""The database of a case that is being made: it gets its name when the case is whole."""
BUNDLE: Final = "custody"
EVENTS: Final = "events.jsonl"
RESERVE: Final = "reserve"
"""A file of nothing: given up when the disk is full, so that what was begun can be ended."""
RESERVE_BYTES: Final = 64 << 20

_UNFINISHED: Final = {BUNDLE, UNBORN, f"{UNBORN}-wal", f"{UNBORN}-shm", f"{UNBORN}-journal"}

NETWORK: Final = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "lustre", "gpfs"),
        *("beegfs", "glusterfs", "9p", "drvfs", "vboxsf", "prl_fs", "fuse.vmhgfs-fuse"),
        *("fuse.sshfs", "fuse.rclone", "fuse.glusterfs", "fuse.ceph-fuse", "fuse.s3fs"),
        *("fuse.gvfsd-fuse", "fuse.davfs", "davfs", "fuse.cifs", "fuse.smbnetfs"),
    }
)
"""File systems, as the kernel names them, whose files another machine holds: the log that SQLite
keeps beside a database needs memory shared with the disk, and locks there cannot be trusted.
Folders that a virtual machine shares with its host are of that kind too."""

_MOUNTS = Path("/proc/self/mountinfo")


def exists(folder: Path) -> bool:
    """Say whether there is a case in ``folder``."""
    return (folder / DATABASE).exists()


def check_place(folder: Path) -> None:
    """Refuse a folder that is no case and cannot become one, before anything is read.

    Raises:
        UsageError: it holds something else, cannot be written, or lies on another machine.
    """
    try:
        folder.stat()
    except OSError as error:
        if error.errno not in {errno.ENOENT, errno.ENOTDIR}:
            raise UsageError(
                f"the case directory {folder} cannot be reached: {error.strerror}",
                hint="check the path and the rights on the folders above it",
            ) from error
    kind = file_system(folder)
    if kind in NETWORK:
        raise UsageError(
            f"the case directory {folder} lies on a network file system ({kind})",
            hint="put the case on a local disk; the evidence may stay on the network",
        )
    if exists(folder):
        return
    parent = folder
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    if folder.is_dir() and not _free(folder):
        raise UsageError(
            f"{folder} is neither empty nor a case",
            hint="name a new or empty directory, or one that heroes made",
        )
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise UsageError(
            f"the case directory {folder} cannot be written",
            hint="choose a directory on a local disk that you may write to",
        )


def file_system(folder: Path) -> str:
    """Return what the kernel calls the file system of ``folder``, made or not; empty: unknown."""
    place = str(folder.resolve())
    best, kind = -1, ""
    try:
        text = _MOUNTS.read_bytes().decode("utf-8", "surrogateescape")
    except OSError:  # no Linux, or no /proc
        return ""
    for line in text.splitlines():
        head, dash, tail = line.partition(" - ")
        fields = head.split(" ")
        if not dash or len(fields) < 5:  # noqa: PLR2004 - the mount point is the fifth
            continue
        point = _OCTAL.sub(lambda found: chr(int(found[1], 8)), fields[4])
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        # Of two mounts on one point the later one is seen.
        if inside and len(point) >= best:
            best, kind = len(point), tail.split(" ")[0]
    return kind


_OCTAL: Final = re.compile(r"\\([0-7]{3})")


def _free(folder: Path) -> bool:
    """Say whether a folder is empty, or holds no more than a making that was cut short.

    The unborn database is made before the bundle, so a bundle without it is somebody's record.
    """
    names = {member.name for member in folder.iterdir()} - {LOCK}
    return not names or (UNBORN in names and names <= _UNFINISHED)


def clear(folder: Path) -> None:
    """Remove what a making that was cut short left; the caller holds the lock."""
    if (folder / UNBORN).exists():
        shutil.rmtree(folder / BUNDLE, ignore_errors=True)
        for name in _UNFINISHED - {BUNDLE}:
            (folder / name).unlink(missing_ok=True)


@contextmanager
def reserved(folder: Path) -> Iterator[None]:
    """Keep `RESERVE_BYTES` of the disk of a case back while a run writes to it.

    SQLite rolls a transaction back that meets a full disk: nothing of its unit is kept, and it is
    done again. The room is for the record that the run has broken off, and for looking at the case.

    Raises:
        StoppedError: there is less room than that.
    """
    path = folder / RESERVE
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
        finally:
            os.close(descriptor)
    except OSError as error:
        give_up_reserve(folder)
        if error.errno not in {errno.EOPNOTSUPP, errno.EINVAL}:  # a disk that cannot hold room back
            raise StoppedError(
                f"{RESERVE_BYTES >> 20} MiB cannot be kept free in {folder}: {error.strerror}",
                hint="make room on that disk, then start the same command again",
            ) from error
    try:
        yield
    finally:
        give_up_reserve(folder)


def give_up_reserve(folder: Path) -> None:
    """Give the room back that `reserved` kept: for ending in order what has begun."""
    with suppress(OSError):
        (folder / RESERVE).unlink(missing_ok=True)
