"""The lock of a case: one process at a time, by name, and what a process that died left behind.

The lock itself is the kernel's (an open-file-description lock): it ends with the process, however
that ends. The row in the file says who holds it. A row whose process is gone is that of a run
that was killed; whoever comes next takes the case over, and says so in the ledger.
"""

import fcntl
import json
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from heroes_forensics import durable
from heroes_forensics.display import shown
from heroes_forensics.errors import CaseBusyError, UsageError
from heroes_forensics.pipelines.case.journal import now

LOCK: Final = "lock"
"""Name of the lock file in the folder of a case."""

_FLOCK: Final = struct.Struct("hhqqi4x")
_WHOLE: Final = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
_LOOKED_AT: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""How the lock of a case from anywhere is opened: a pipe is not waited for."""
_LIMIT: Final = 4096
"""Bytes of an owner row that are read."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a case, or held it when it died."""

    host: str
    boot: str
    """The kernel's id of this start of the machine; empty where there is none."""
    pid: int
    start: int
    """When the process began, in clock ticks after the start of the machine; with ``pid`` it
    names the process, also after its number has been given to another. 0: not known."""
    since: str
    """Wall clock, in the ledger's form."""

    def __str__(self) -> str:
        """Name it to a person."""
        if not self.pid:
            return "a process that does not say its name"
        return f"process {self.pid} on {shown(self.host, limit=64)}, since {self.since}"

    @property
    def ended(self) -> str:
        """Say how it can be that its lock is free, without the name of a machine."""
        if self.host != socket.gethostname():
            return "was on another machine"
        if self.boot != _boot():
            return "ended before the machine was started again"
        return "ended without closing the case"


UNKNOWN: Final = Owner("", "", 0, 0, "")
"""Whoever holds a case and has not written who it is yet."""


def _self() -> Owner:
    pid = os.getpid()
    return Owner(socket.gethostname(), _boot(), pid, _start(pid), now())


def _start(pid: int) -> int:
    try:
        # The name of a program, in parentheses, may hold blanks and parentheses itself.
        text = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2]
        return int(text.split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _read(descriptor: int) -> Owner | None:
    """Return the owner on record; None when there is none, or what is there is no owner row."""
    try:
        found = json.loads(os.pread(descriptor, _LIMIT, 0))
        owner = Owner(**{each.name: found[each.name] for each in fields(Owner)})
    except (ValueError, KeyError, TypeError):
        return None
    numbers = (owner.pid, owner.start)
    texts = (owner.host, owner.boot, owner.since)
    sound = all(type(each) is int for each in numbers) and all(type(each) is str for each in texts)
    return owner if sound else None


@contextmanager
def locked(folder: Path) -> Iterator[Owner | None]:
    """Hold the case alone; yield who held it when it died, if somebody did.

    Raises:
        CaseBusyError: another process holds it.
        UsageError: the folder cannot be written.
    """
    path = folder / LOCK
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags, 0o600)
    except OSError as error:
        raise UsageError(
            f"the case directory {folder} cannot be written: {error.strerror}",
            hint="choose a directory on a local disk that you may write to",
        ) from error
    try:
        try:
            fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE)
        except OSError as error:
            raise _busy(folder, _read(descriptor)) from error
        before = _read(descriptor)
        # A disk without room for one row may still have room for what ends a run in order.
        with suppress(OSError):
            durable.truncate(descriptor, 0)
            durable.write_at(descriptor, json.dumps(asdict(_self())).encode(), 0)
        try:
            yield before
        finally:
            with suppress(OSError):
                durable.truncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _busy(folder: Path, owner: Owner | None) -> CaseBusyError:
    return CaseBusyError(
        f"the case {folder} is in use by {owner or UNKNOWN}",
        hint="wait for it to end, or look on with: heroes status CASE --follow",
    )


def holder(folder: Path) -> Owner | None:
    """Return who holds the case now; `UNKNOWN` when it does not say, None when nobody does."""
    try:
        descriptor = os.open(folder / LOCK, _LOOKED_AT)
    except OSError:  # no process of ours was ever here, or nobody may write here
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        kind, *_ = _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _WHOLE))
        return None if kind == fcntl.F_UNLCK else _read(descriptor) or UNKNOWN
    finally:
        os.close(descriptor)


def check_idle(folder: Path) -> None:
    """Refuse a case that is being written: what is read of it now does not belong together.

    Raises:
        CaseBusyError: a process holds it.
    """
    owner = holder(folder)
    if owner is not None:
        raise _busy(folder, owner)
