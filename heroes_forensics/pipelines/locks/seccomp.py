"""The filter of system calls: what a locked worker may still ask of the kernel.

An allow-list, in classic BPF (``linux/filter.h``, ``linux/seccomp.h``): what it does not name
answers ``EPERM``; starting programs, debugging other processes and the kernel's own virtual
machines end the process at once. No call that opens a path, makes a socket or a process, or gives
memory that is both written and run is on the list. The folder variant may open below a
descriptor, for reading and without following links: unlike ``openat2``, whose flags lie in
memory where no filter sees them, ``openat`` is checked here, flag by flag.
"""

import ctypes
import errno
import fcntl
import os
import resource
import socket
import struct
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

from heroes_forensics.pipelines.locks import syscalls

ALLOWED: Final = tuple(
    name
    for line in (
        # reading descriptors that are open, and answering
        "pread64 read recvmsg sendmsg write recvfrom sendto close lseek readv writev preadv",
        "preadv2 fstat dup fadvise64 getsockname getsockopt getpeername shutdown",
        # memory; mapping is checked by argument below
        "munmap brk mremap madvise",
        # waiting, time, signals to oneself
        "futex poll ppoll select pselect6 epoll_wait epoll_pwait epoll_ctl epoll_create1",
        "sched_yield clock_gettime clock_getres gettimeofday time nanosleep clock_nanosleep",
        "setitimer getitimer rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack",
        "restart_syscall",
        # about oneself
        "getpid getppid gettid getuid geteuid getgid getegid getrusage times uname getrandom",
        "sched_getaffinity exit exit_group",
    )
    for name in line.split()
)
"""Allowed with any arguments."""

MEMFD: Final = ("memfd_create", "ftruncate", "pwrite64")
"""Also allowed to those that hand streams on."""

FOLDER: Final = ("getdents64",)
"""Also allowed to those that read a folder, beside ``openat`` and ``newfstatat``."""

DEADLY: Final = (
    "execve", "execveat", "ptrace", "bpf", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "userfaultfd",
)  # fmt: skip
"""End the process: nothing of ours ever makes these."""

NEVER: Final = (
    "ptrace", "process_vm_readv", "process_vm_writev", "bpf", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "userfaultfd",
    # what Landlock does not know of files: owner, times, extended attributes
    "chown", "fchown", "lchown", "fchownat", "utime", "utimes", "futimesat", "utimensat",
    "setxattr", "lsetxattr", "fsetxattr", "setxattrat",
    "removexattr", "lremovexattr", "fremovexattr", "removexattrat",
)  # fmt: skip
"""Refused to the processes that are trusted and still never need it."""

_KILL: Final = 0x8000_0000  # SECCOMP_RET_KILL_PROCESS
_ERRNO: Final = 0x0005_0000  # SECCOMP_RET_ERRNO
_ALLOW: Final = 0x7FFF_0000  # SECCOMP_RET_ALLOW
_MODE_FILTER: Final = 1  # SECCOMP_SET_MODE_FILTER

_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K

_NUMBER_AT: Final = 0
_ARCH_AT: Final = 4
_X32: Final = 0x4000_0000
"""Calls of the x32 interface have this bit; it is another table of numbers."""

_PROT_EXEC: Final = 4
_AT_EMPTY_PATH: Final = 0x1000
_AT_SYMLINK_NOFOLLOW: Final = 0x100
_FIONCLEX, _FIOCLEX, _FIONBIO = 0x5450, 0x5451, 0x5421
_FCNTL: Final = (
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
    fcntl.F_SETFL,
    fcntl.F_DUPFD_CLOEXEC,
    fcntl.F_ADD_SEALS,
    fcntl.F_GET_SEALS,
)
"""Not ``F_SETOWN``: it can have signals sent to other processes."""
_O_LARGEFILE: Final = 0o400000
"""glibc adds it on 64-bit processors other than x86-64; it means nothing there."""
READ_ONLY: Final = (
    os.O_NOFOLLOW
    | os.O_DIRECTORY
    | os.O_NONBLOCK
    | os.O_NOCTTY
    | os.O_CLOEXEC
    | getattr(os, "O_NOATIME", 0)
)
"""Flags with which a folder worker may open."""

_SELF: Final = 0x7EAD_BEEF
"""Stands for the number of the process; no process has it, and no instruction looks like it."""

_Instruction = tuple[int, int, int, int]


def _return(value: int) -> _Instruction:
    return _RETURN, 0, 0, value


def _argument(index: int) -> _Instruction:
    """Load the lower half of an argument; all that is looked at here are ``int`` s."""
    return _LOAD, 0, 0, 16 + 8 * index


def _numbers(names: Iterable[str]) -> Iterator[int]:
    """Yield the numbers of the calls that this processor has."""
    table = syscalls.PROCESSOR.numbers if syscalls.PROCESSOR else {}
    return (table[name] for name in names if name in table)


def _one_of(index: int, values: Iterable[int]) -> list[_Instruction]:
    """Allow when the argument is one of ``values``, else answer EPERM."""
    rules = [_argument(index)]
    for value in values:
        rules += [(_EQUAL, 0, 1, value), _return(_ALLOW)]
    return [*rules, _return(_ERRNO | errno.EPERM)]


def _without(index: int, bits: int, then: Iterable[_Instruction] = ()) -> list[_Instruction]:
    """Answer EPERM when the argument has one of ``bits``, else go on to ``then``, else allow."""
    refused = _return(_ERRNO | errno.EPERM)
    rest = list(then) or [_return(_ALLOW)]
    return [_argument(index), (_ANY_BIT, 0, 1, bits), refused, *rest]


def _having(index: int, bit: int) -> list[_Instruction]:
    """Allow when the argument has ``bit``, else answer EPERM."""
    refused = _return(_ERRNO | errno.EPERM)
    return [_argument(index), (_ANY_BIT, 1, 0, bit), refused, _return(_ALLOW)]


def _checked(*, folder: bool) -> Iterator[tuple[str, list[_Instruction]]]:
    yield "mmap", _without(2, _PROT_EXEC)
    yield "mprotect", _without(2, _PROT_EXEC)
    yield "fcntl", _one_of(1, _FCNTL)
    yield "ioctl", _one_of(1, (_FIONBIO, _FIOCLEX, _FIONCLEX))
    # An own number, not "any process of this account": with 0 or less kill() means a group.
    for name in ("kill", "tgkill"):
        yield name, _one_of(0, (_SELF,))
    # Raising the soft limit of processor time, as `worker.serve` does while it makes progress.
    yield (
        "prlimit64",
        [
            _argument(0),
            (_EQUAL, 1, 0, 0),
            _return(_ERRNO | errno.EPERM),
            *_one_of(1, (resource.RLIMIT_CPU,)),
        ],
    )
    if folder:
        mask = 0xFFFF_FFFF & ~(READ_ONLY | _O_LARGEFILE)
        yield "openat", _without(2, mask, _having(2, os.O_NOFOLLOW))
        yield "newfstatat", _one_of(3, (_AT_SYMLINK_NOFOLLOW, _AT_EMPTY_PATH))
    else:
        # fstat() of some versions of glibc; the path beside it ends at the empty root.
        yield "newfstatat", _one_of(3, (_AT_EMPTY_PATH,))


def denials(*, execute: bool, network: bool) -> bytes:
    """Return the filter of a trusted process, which allows all but `NEVER`.

    Args:
        execute: whether it may start programs.
        network: whether it may make sockets that are not local ones.

    Raises:
        OSError: the numbers of this processor's calls are not known (``ENOSYS``).
    """
    rules = _head()
    for number in _numbers([*NEVER, *(() if execute else ("execve", "execveat"))]):
        rules += [(_EQUAL, 0, 1, number), _return(_ERRNO | errno.EPERM)]
    for number in _numbers([] if network else ["socket"]):
        check = _one_of(0, (socket.AF_UNIX,))
        rules += [(_EQUAL, 0, len(check), number), *check]
    return _packed([*rules, _return(_ALLOW)])


def program(*, memfd: bool, folder: bool) -> bytes:
    """Return the filter for this very process: it names its own number.

    All but that is made once, so that a process forked later has it ready.

    Args:
        memfd: allow making and filling anonymous memory files.
        folder: allow opening and listing below a descriptor, for reading.

    Raises:
        OSError: the numbers of this processor's calls are not known (``ENOSYS``).
    """
    template = _template(syscalls.PROCESSOR.audit if syscalls.PROCESSOR else 0, memfd, folder)
    return template.replace(struct.pack("=I", _SELF), struct.pack("=I", os.getpid()))


@cache
def _template(audit: int, memfd: bool, folder: bool) -> bytes:  # noqa: FBT001 - the key of a cache
    del audit  # part of the key: of which processor
    rules = _head()
    plain = [*ALLOWED, *(MEMFD if memfd else ()), *(FOLDER if folder else ())]
    for number in _numbers(plain):
        rules += [(_EQUAL, 0, 1, number), _return(_ALLOW)]
    for number in _numbers(DEADLY):
        rules += [(_EQUAL, 0, 1, number), _return(_KILL)]
    for number in _numbers(["clone3"]):
        # glibc then tries clone(), and gives up on EPERM: a thread is refused, not half-made.
        rules += [(_EQUAL, 0, 1, number), _return(_ERRNO | errno.ENOSYS)]
    for name, check in _checked(folder=folder):
        for number in _numbers([name]):
            rules += [(_EQUAL, 0, len(check), number), *check]
    return _packed([*rules, _return(_ERRNO | errno.EPERM)])


def _head() -> list[_Instruction]:
    """End a process that calls by another table of numbers than the one looked at; load ours."""
    if syscalls.PROCESSOR is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    return [
        (_LOAD, 0, 0, _ARCH_AT),
        (_EQUAL, 1, 0, syscalls.PROCESSOR.audit),
        _return(_KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_AT_LEAST, 0, 1, _X32),
        _return(_KILL),
    ]


def _packed(rules: Iterable[_Instruction]) -> bytes:
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def install(filter_bytes: bytes) -> None:
    """Put a filter on this thread and all that it makes, for ever.

    Raises:
        OSError: the kernel has no seccomp filters, or ``no_new_privs`` is not set.
    """
    buffer = ctypes.create_string_buffer(filter_bytes, len(filter_bytes))
    count = len(filter_bytes) // 8
    head = struct.pack("@HxxxxxxQ", count, ctypes.addressof(buffer))
    syscalls.call("seccomp", _MODE_FILTER, 0, ctypes.create_string_buffer(head, len(head)))
