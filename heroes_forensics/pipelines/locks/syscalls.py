"""System calls by name: their numbers on the processors we know, and one way to make one.

The standard library has no wrapper for most of what locks a process. Numbers: for x86-64
``arch/x86/entry/syscalls/syscall_64.tbl`` of Linux, for aarch64 ``asm-generic/unistd.h``; a test
compares both with the headers of the machine it runs on.
"""

import ctypes
import os
import platform
from typing import Final, NamedTuple


class Processor(NamedTuple):
    """What differs between processors."""

    audit: int
    """Value of ``arch`` in the data a seccomp filter sees (``linux/audit.h``)."""
    numbers: dict[str, int]


def _table(old: str, same: str) -> dict[str, int]:
    pairs = [row.split("=") for row in (old + " " + same).split()]
    return {name: int(number) for name, number in pairs}


_SAME: Final = """
pidfd_send_signal=424 io_uring_setup=425 io_uring_enter=426 io_uring_register=427 open_tree=428
move_mount=429 pidfd_open=434 clone3=435 close_range=436 openat2=437 pidfd_getfd=438
mount_setattr=442 landlock_create_ruleset=444 landlock_add_rule=445 landlock_restrict_self=446
setxattrat=463 removexattrat=466
"""
"""Calls since Linux 5.1, numbered alike everywhere."""

PROCESSORS: Final = {
    "x86_64": Processor(
        0xC000003E,
        _table(
            """
read=0 write=1 close=3 fstat=5 poll=7 lseek=8 mmap=9 mprotect=10 munmap=11 brk=12 rt_sigaction=13
rt_sigprocmask=14 rt_sigreturn=15 ioctl=16 pread64=17 pwrite64=18 readv=19 writev=20 select=23
sched_yield=24 mremap=25 madvise=28 dup=32 nanosleep=35 getitimer=36 setitimer=38 getpid=39
socket=41 connect=42 sendto=44 recvfrom=45 sendmsg=46 recvmsg=47 shutdown=48 bind=49 listen=50
getsockname=51 getpeername=52 socketpair=53 setsockopt=54 getsockopt=55 clone=56 fork=57 vfork=58
execve=59 exit=60 kill=62 uname=63 fcntl=72 ftruncate=77 gettimeofday=96 getrusage=98 sysinfo=99
times=100 ptrace=101 getuid=102 getgid=104 geteuid=107 chown=92 fchown=93 lchown=94 getegid=108
getppid=110 fstatfs=138 capset=126 utime=132 setxattr=188 lsetxattr=189 fsetxattr=190
removexattr=197 lremovexattr=198 fremovexattr=199 utimes=235 fchownat=260 futimesat=261
utimensat=280 process_vm_readv=310 process_vm_writev=311 sigaltstack=131 prctl=157 chroot=161
gettid=186 time=201 futex=202 sched_getaffinity=204 getdents64=217 restart_syscall=219
fadvise64=221 clock_gettime=228 clock_getres=229 clock_nanosleep=230 exit_group=231 epoll_wait=232
epoll_ctl=233 tgkill=234 add_key=248 request_key=249 keyctl=250 openat=257 newfstatat=262
pselect6=270 ppoll=271 unshare=272 epoll_pwait=281 epoll_create1=291 preadv=295 prlimit64=302
seccomp=317 getrandom=318 memfd_create=319 bpf=321 execveat=322 userfaultfd=323 preadv2=327
statx=332
""",
            _SAME,
        ),
    ),
    "aarch64": Processor(
        0xC00000B7,
        _table(
            """
epoll_create1=20 fstatfs=44 epoll_ctl=21 epoll_pwait=22 dup=23 fcntl=25 ioctl=29 ftruncate=46
chroot=51 openat=56 close=57 getdents64=61 lseek=62 read=63 write=64 readv=65 writev=66 pread64=67
pwrite64=68 preadv=69 pselect6=72 ppoll=73 newfstatat=79 fstat=80 capset=91 exit=93 exit_group=94
unshare=97 futex=98 nanosleep=101 getitimer=102 setitimer=103 clock_gettime=113 clock_getres=114
clock_nanosleep=115 ptrace=117 sched_getaffinity=123 sched_yield=124 restart_syscall=128 kill=129
tgkill=131 sigaltstack=132 rt_sigaction=134 rt_sigprocmask=135 rt_sigreturn=139 times=153
uname=160 getrusage=165 prctl=167 gettimeofday=169 getpid=172 getppid=173 getuid=174 geteuid=175
getgid=176 getegid=177 gettid=178 sysinfo=179 socket=198 socketpair=199 bind=200 listen=201
connect=203 getsockname=204 getpeername=205 sendto=206 recvfrom=207 setsockopt=208 getsockopt=209
shutdown=210 sendmsg=211 recvmsg=212 brk=214 munmap=215 mremap=216 add_key=217 request_key=218
keyctl=219 clone=220 execve=221 mmap=222 fadvise64=223 mprotect=226 madvise=233 setxattr=5
lsetxattr=6 fsetxattr=7 removexattr=14 lremovexattr=15 fremovexattr=16 fchownat=54 fchown=55
utimensat=88 process_vm_readv=270 process_vm_writev=271 prlimit64=261 seccomp=277 getrandom=278
memfd_create=279 bpf=280 execveat=281 userfaultfd=282 preadv2=286 statx=291
""",
            _SAME,
        ),
    ),
}

PROCESSOR: Final = PROCESSORS.get(platform.machine())
"""The one we run on, None when its numbers are not known here."""


def call(name: str, *arguments: int | bytes | ctypes.Array[ctypes.c_char] | None) -> int:
    """Make the system call ``name`` and return what it gave.

    Args:
        name: as in `PROCESSORS`.
        arguments: numbers (descriptors, flags), buffers, or None for a null pointer.

    Raises:
        OSError: the kernel refused, or the number of the call is not known (``ENOSYS``).
    """
    number = PROCESSOR.numbers.get(name) if PROCESSOR is not None else None
    if number is None:
        raise OSError(38, os.strerror(38))  # ENOSYS
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    ctypes.set_errno(0)
    result = int(_LIBC.syscall(ctypes.c_long(number), *wide))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


_LIBC: Final = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long
