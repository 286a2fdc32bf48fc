"""Locking a worker: everything it will never need is given up before its first unit.

`lock` is called once in a freshly forked worker, after all imports and before a byte of evidence
is read. It applies one layer after the other and says of each what came of it; a layer that the
kernel does not offer is missing, never assumed. What holds in the end is not concluded from that
but tried out: `heroes_forensics.pipelines.probe`. The layers and their reasons:
docs/isolation.md.
"""

import ctypes
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
from heroes_forensics.pipelines import landlock, seccomp, syscalls

MEMORY_LIMIT: Final = 1 << 30
"""Bytes of private memory of one worker."""

HANDED_ON: Final = 64 << 20
"""Bytes of one stream that is handed on as a memory file (design.md 4)."""

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
        Role("importer", opens_early="heroes_forensics.hashsets.formats.nsrl_sqlite"),
    )
}

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_KEEPCAPS = 1, 4, 8
_PR_SET_NO_NEW_PRIVS, _PR_SET_MDWE = 38, 65
_PR_MDWE_REFUSE_EXEC_GAIN: Final = 1

_CLONE_NEWNS: Final = 0x0002_0000
_CLONE_NEWUTS: Final = 0x0400_0000
_CLONE_NEWIPC: Final = 0x0800_0000
_CLONE_NEWUSER: Final = 0x1000_0000
_CLONE_NEWNET: Final = 0x4000_0000
_SPACES: Final = _CLONE_NEWNET | _CLONE_NEWIPC | _CLONE_NEWUTS | _CLONE_NEWNS

_CAP_DAC_READ_SEARCH: Final = 2
_CAPABILITY_VERSION: Final = 0x2008_0522  # _LINUX_CAPABILITY_VERSION_3

_OWN_ACCOUNTS: Final = 0x7000_0000
"""First of the account numbers that nobody has; the worker's process number is added, so that no
two workers share one."""
_NOBODY: Final = 65534
"""The kernel's overflow account: for containers that know 65,536 numbers only."""

_EMPTY: Final = ("/proc/tty/ldisc", "/var/empty", "/usr/share/empty", "/run/sshd")
"""Directories that exist and are empty: a kernel file system that nobody can write comes first."""

_LAST: Final = (1 << 31) - 1
_MANY: Final = 1 << 16
"""Descriptors closed one by one where the kernel cannot close a range (before Linux 5.9)."""

NAMESPACES: Final = "namespaces"
ACCOUNT: Final = "account"
LANDLOCK: Final = "landlock"
WATCHED: Final = frozenset({NAMESPACES, ACCOUNT, LANDLOCK})
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
        try:
            apply()
            layers[name] = ""
        except OSError as error:
            layers[name] = errno.errorcode.get(error.errno or 0, "failed")
        if between is not None and name in WATCHED:
            between(name)
    return layers


def _steps(
    role: Role, keep: Sequence[int], parent: int, folder: int, root: int
) -> Iterator[tuple[str, Callable[[], None]]]:
    """Yield the layers in their one order; what needs ``/proc`` comes before it is out of reach."""
    yield "first-victim", _first_victim
    yield "core", lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    used = _address_space()
    if os.geteuid() == 0:
        yield NAMESPACES, lambda: _leave_as_root(folder, root)
        yield ACCOUNT, lambda: _leave_account(keep_search=folder >= 0)
    else:
        yield NAMESPACES, lambda: _leave(folder, root)
        yield ACCOUNT, _check_account
    yield "parent", lambda: die_with(parent)
    yield "descriptors", lambda: _close_others(keep)
    yield "no-new-privileges", lambda: _prctl(_PR_SET_NO_NEW_PRIVS, 1)
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


def _leave_as_root(folder: int, root: int) -> None:
    """Leave network, shared memory and file system; the account is left after that.

    No user namespace here: what it gives an ordinary account, root has, and the number taken next
    is nobody's.
    """
    try:
        syscalls.call("unshare", _SPACES)
    finally:
        # A container may forbid one and allow the other.
        _enter(folder, root)


def _leave(folder: int, root: int) -> None:
    """Leave network, shared memory and file system by way of a user namespace of our own."""
    syscalls.call("unshare", _CLONE_NEWUSER | _SPACES)
    try:
        _enter(folder, root)
    finally:
        _drop_capabilities()


def _enter(folder: int, root: int) -> None:
    """Make a folder source, or else an empty directory, all there is of a file system."""
    os.fchdir(folder if folder >= 0 else root)
    os.chroot(".")


def _leave_account(*, keep_search: bool) -> None:
    """Become an account that nobody has, without a group and without a right of root's.

    Args:
        keep_search: keep the one right to read whatever the mode of a file says, for folders.
    """
    os.setgroups([])
    if keep_search:
        _prctl(_PR_SET_KEEPCAPS, 1)
    number = _OWN_ACCOUNTS + os.getpid()
    try:
        os.setresgid(number, number, number)
        os.setresuid(number, number, number)
    except OSError:
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    _drop_capabilities(1 << _CAP_DAC_READ_SEARCH if keep_search else 0)


def _check_account() -> None:
    """See whether the user namespace, which has no account in it, is where we are."""
    if os.getuid() != _NOBODY:
        raise OSError(errno.EPERM, "the account was not left")


def _drop_capabilities(keep: int = 0) -> None:
    head = ctypes.create_string_buffer(_words(_CAPABILITY_VERSION, 0), 8)
    # Effective, permitted, inheritable: the lower 32 capabilities, then the upper ones.
    data = ctypes.create_string_buffer(_words(keep, keep, 0, 0, 0, 0), 24)
    syscalls.call("capset", head, data)


def _words(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "little") for value in values)


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
