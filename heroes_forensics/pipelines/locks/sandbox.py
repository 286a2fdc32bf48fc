"""Locking a worker: everything it will never need is given up before its first unit.

`lock` is called once in a freshly forked worker, after all imports and before a byte of evidence
is read. It applies one layer after the other and says of each what came of it; a layer that the
kernel does not offer is missing, never assumed. What holds in the end is not concluded from that
but tried out: `heroes_forensics.pipelines.workers.probe`. The layers and their reasons:
docs/isolation.md.
"""

import errno
import os
import resource
import signal
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from heroes_forensics.errors import HeroesError
from heroes_forensics.pipelines.locks import landlock, leaving, seccomp, syscalls

MEMORY_LIMIT: Final = 1 << 30
"""Bytes of private memory of one worker."""

HANDED_ON: Final = 64 << 20
"""Bytes of one stream that is handed on as a memory file."""

CPU_SECONDS: Final = 300
"""Processor time without a sign of progress; the supervisor's own clock is faster."""

MORE_DESCRIPTORS: Final = 64
"""Descriptors beside those that the worker starts with."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a kind of worker may have."""

    name: str
    memory: int = MEMORY_LIMIT
    """Bytes of private memory."""
    hands_on: bool = False
    """Whether it makes memory files."""
    opens_early: str | None = None
    """Module whose ``open_before_locks(descriptor)`` opens what a library can only open by path,
    and returns the descriptors that this made."""


ROLES: Final = {
    role.name: role
    for role in (
        Role("parser", hands_on=True),
        Role("expander", hands_on=True),
        Role("decoder"),
        Role("editor"),
        Role("importer", opens_early="heroes_forensics.hashsets.formats.sqlite_file"),
    )
}

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE = 1, 4
_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 38, 65
_PR_MDWE_REFUSE_EXEC_GAIN: Final = 1

_EMPTY: Final = ("/proc/tty/ldisc", "/var/empty", "/usr/share/empty", "/run/sshd")
"""Directories that exist and are empty: a kernel file system that nobody can write comes first."""

_LAST: Final = (1 << 31) - 1
_MANY: Final = 1 << 16
"""Descriptors closed one by one where the kernel cannot close a range (before Linux 5.9)."""

FIRST_VICTIM: Final = "first-victim"
"""The layer that costs nothing when it is missing: who is ended first when memory runs out."""
NAMESPACES: Final = "namespaces"
ROOT: Final = "root"
ACCOUNT: Final = "account"
LANDLOCK: Final = "landlock"
WATCHED: Final = frozenset({NAMESPACES, ROOT, ACCOUNT, LANDLOCK})
"""Layers that a probe looks at one by one."""

Layers = dict[str, str]
"""Layer by layer: empty text for applied, else the kernel's word (``EPERM``, ``ENOSYS`` ...)."""


class SecondThreadError(HeroesError):
    """A process that is about to be locked has a second thread: half of it would stay open."""


def check_single(what: str) -> None:
    """Refuse to go on when this process has more than one thread.

    Raises:
        SecondThreadError: it has; locks cover the calling thread only.
    """
    count = len(os.listdir("/proc/self/task"))  # noqa: PTH208 - as early and cheap as can be
    if count != 1:
        raise SecondThreadError(
            f"{what} has {count} threads where one is allowed, and cannot be locked",
            hint="this is a bug: please report it with the versions that `heroes selftest` shows",
        )


def die_with(parent: int) -> None:
    """End when the parent ends; a change of account forgets this, so it comes after."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(0)


def no_new_privileges() -> None:
    """Give up gaining rights by starting programs, which the other locks ask for.

    Raises:
        OSError: the kernel is older than that.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def empty_root() -> int:
    """Return a descriptor of an empty directory that nobody can write to, -1 without one.

    The last resort is a directory made and removed at once: nothing can ever be put into it.
    """
    for name in _EMPTY:
        with suppress(OSError):
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            # For root access() knows no "no": there the account is left, which has no right.
            ours = os.geteuid() != 0 and os.access(name, os.W_OK)
            if not ours and next(Path(name).iterdir(), None) is None:
                return descriptor
            os.close(descriptor)
    for parent in ("/dev/shm", "/run", tempfile.gettempdir()):  # noqa: S108 - removed at once
        with suppress(OSError):
            folder = Path(tempfile.mkdtemp(prefix="heroes-", dir=parent))
            folder.chmod(0o555)
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            folder.rmdir()
            return descriptor
    return -1


def prepare() -> None:
    """Make what every worker needs to be locked, before the first one is forked."""
    with suppress(OSError):  # no table for this processor: each worker says so
        for memfd in (False, True):
            for folder in (False, True):
                seccomp.program(memfd=memfd, folder=folder)


def lock(
    role: Role,
    keep: Sequence[int],
    *,
    parent: int,
    root: int,
    between: Callable[[str], None] | None = None,
) -> Layers:
    """Lock this process for ever and say what came of each layer.

    Args:
        role: what it may have.
        keep: the descriptors it works with; all others but 0, 1 and 2 are closed. A directory
            among them is a folder source: it becomes the root, and may be read below.
        parent: process number of the parent, with which this process ends.
        root: descriptor of an empty directory, -1 for none.
        between: called after the layers that a probe looks at one by one, with their names.

    Raises:
        SecondThreadError: there is a second thread.
    """
    check_single("a worker")
    folder = next((each for each in keep if stat.S_ISDIR(os.fstat(each).st_mode)), -1)
    layers: Layers = {}
    for name, apply in _steps(role, keep, parent, folder, root):
        layers[name] = applied(apply)
        if between is not None and name in WATCHED:
            between(name)
    return layers


def applied(layer: Callable[[], None]) -> str:
    """Apply a layer; return empty text, or the kernel's word for why that was not possible."""
    try:
        layer()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "failed")
    return ""


def _steps(
    role: Role, keep: Sequence[int], parent: int, folder: int, root: int
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the layers in their one order; what needs ``/proc`` comes before it is out of reach."""
    yield FIRST_VICTIM, _first_victim
    yield "core", lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = _address_space()
    yield NAMESPACES, lambda: leaving.spaces(folder)
    if folder >= 0:
        yield "read-only-view", lambda: leaving.view(folder)
    yield ROOT, lambda: leaving.enter(folder if folder >= 0 else root)
    yield ACCOUNT, lambda: leaving.account(folder)
    yield "parent", lambda: die_with(parent)
    yield "descriptors", lambda: _close_others(keep)
    yield "no-new-privileges", no_new_privileges
    yield "no-dump", lambda: _prctl(_PR_SET_DUMPABLE, 0)
    yield "no-written-code", lambda: _prctl(_PR_SET_MDWE, _PR_MDWE_REFUSE_EXEC_GAIN)
    yield "limits", lambda: _limit(role, keep, used)
    yield LANDLOCK, lambda: landlock.deny_all(beneath=folder)
    yield "seccomp", lambda: _filter(role, folder=folder >= 0)


# ---- the layers --------------------------------------------------------------------------


def _first_victim() -> None:
    """Let the kernel end workers before the coordinator when memory runs out."""
    descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"1000")
    finally:
        os.close(descriptor)


def _close_others(keep: Sequence[int]) -> None:
    start = 3
    for descriptor in [*sorted(keep), _LAST]:
        if descriptor > start:
            try:
                syscalls.call("close_range", start, descriptor - 1, 0)
            except OSError:
                os.closerange(start, min(descriptor, _MANY))
        start = descriptor + 1


def _limit(role: Role, keep: Sequence[int], used: int) -> None:
    for kind, wanted in (
        (resource.RLIMIT_DATA, role.memory),
        # Shared and unwritable mappings too: those that are there, and two streams.
        (resource.RLIMIT_AS, used + role.memory + 2 * HANDED_ON),
        # Memory files count as files. Nothing else could be written in any case.
        (resource.RLIMIT_FSIZE, HANDED_ON if role.hands_on else 0),
        (resource.RLIMIT_NOFILE, max([2, *keep]) + 1 + MORE_DESCRIPTORS),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _, most = resource.getrlimit(kind)
        limit = wanted if most == resource.RLIM_INFINITY else min(wanted, most)
        resource.setrlimit(kind, (limit, limit))
    more_time()


def _filter(role: Role, *, folder: bool) -> None:
    seccomp.install(seccomp.program(memfd=role.hands_on, folder=folder))


def more_time() -> None:
    """Allow `CPU_SECONDS` more of processor time; called wherever a worker shows progress."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time()) + 1 + CPU_SECONDS
    with suppress(OSError, ValueError):
        limit = soft if most == resource.RLIM_INFINITY else min(soft, most)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, most))


def _address_space() -> int:
    """Return the bytes that this process has mapped."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    except OSError:
        return 1 << 30
    return pages * resource.getpagesize()


def _prctl(option: int, value: int) -> None:
    syscalls.call("prctl", option, value, 0, 0, 0)
