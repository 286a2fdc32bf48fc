"""The filter of system calls, decision by decision, for each processor we know.

The filter is run here as the kernel runs it (classic BPF, ``linux/filter.h``): so the one for a
processor that is not at hand is tested too.
"""

import errno
import fcntl
import mmap
import os
import resource
import socket
import struct
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.pipelines.locks import seccomp, syscalls

ALLOW: Final = 0x7FFF0000
KILL: Final = 0x80000000
REFUSED: Final = 0x00050000 | errno.EPERM
NO_SUCH_CALL: Final = 0x00050000 | errno.ENOSYS

FOREIGN_ARCH: Final = 0x40000003  # AUDIT_ARCH_I386


def decided(program: bytes, number: int, arguments: tuple[int, ...] = (), arch: int = 0) -> int:
    """Run a filter on one system call and return what it answers."""
    data = struct.pack("=iIQ6Q", number, arch, 0, *(*arguments, *([0] * (6 - len(arguments)))))
    at, loaded = 0, 0
    for _ in range(10_000):
        code, yes, no, value = struct.unpack_from("=HBBI", program, 8 * at)
        at += 1
        match code:
            case 0x20:
                (loaded,) = struct.unpack_from("=I", data, value)
            case 0x15:
                at += yes if loaded == value else no
            case 0x35:
                at += yes if loaded >= value else no
            case 0x45:
                at += yes if loaded & value else no
            case 0x06:
                return int(value)
            case _:
                raise AssertionError(f"unknown instruction {code:#x}")
    raise AssertionError("the filter does not end")


@pytest.fixture(params=sorted(syscalls.PROCESSORS))
def processor(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> syscalls.Processor:
    found = syscalls.PROCESSORS[request.param]
    monkeypatch.setattr(syscalls, "PROCESSOR", found)
    return found


ROLES: Final[dict[str, dict[str, Any]]] = {
    "parser": {"memfd": True, "folder": False},
    "decoder": {"memfd": False, "folder": False},
    "folder": {"memfd": True, "folder": True},
}


def ask(processor: syscalls.Processor, role: str, name: str, *arguments: int) -> int:
    program = seccomp.program(**ROLES[role])
    return decided(program, processor.numbers[name], arguments, processor.audit)


@pytest.mark.parametrize("role", ROLES)
def test_what_is_named_is_allowed_or_deadly_and_the_rest_is_refused(
    processor: syscalls.Processor, role: str
) -> None:
    program = seccomp.program(**ROLES[role])
    names = {number: name for name, number in processor.numbers.items()}
    checked = {"mmap", "mprotect", "fcntl", "ioctl", "kill", "tgkill", "prlimit64"}
    checked |= {"openat", "newfstatat"}
    allowed = set(seccomp.ALLOWED)
    allowed |= set(seccomp.MEMFD) if ROLES[role]["memfd"] else set()
    allowed |= set(seccomp.FOLDER) if ROLES[role]["folder"] else set()
    for number in range(600):
        name = names.get(number, "")
        if name in checked:
            continue
        answer = decided(program, number, (), processor.audit)
        if name in allowed:
            assert answer == ALLOW, name
        elif name in seccomp.DEADLY:
            assert answer == KILL, name
        else:
            assert answer == (NO_SUCH_CALL if name == "clone3" else REFUSED), (number, name)


def test_another_table_of_numbers_ends_the_process(processor: syscalls.Processor) -> None:
    program = seccomp.program(**ROLES["parser"])
    assert decided(program, processor.numbers["read"], (), FOREIGN_ARCH) == KILL
    x32 = 0x40000000 | processor.numbers["read"]
    assert decided(program, x32, (), processor.audit) == KILL


@pytest.mark.parametrize("name", ["mmap", "mprotect"])
@given(rights=st.integers(0, 2**64 - 1))
def test_no_memory_that_is_run_is_ever_given(name: str, rights: int) -> None:
    machine = syscalls.PROCESSORS["x86_64"]
    program = seccomp.program(**ROLES["parser"])
    answer = decided(program, machine.numbers[name], (0, 4096, rights, 0, 0, 0), machine.audit)
    assert answer == (REFUSED if rights & mmap.PROT_EXEC else ALLOW)


@given(flags=st.integers(0, 2**32 - 1))
def test_a_folder_is_opened_for_reading_without_links_and_nothing_else(flags: int) -> None:
    machine = syscalls.PROCESSORS["x86_64"]
    program = seccomp.program(**ROLES["folder"])
    answer = decided(program, machine.numbers["openat"], (5, 0, flags, 0), machine.audit)
    harmless = flags & ~(seccomp.READ_ONLY | 0o400000) == 0 and flags & os.O_NOFOLLOW
    assert answer == (ALLOW if harmless else REFUSED)
    for writing in (os.O_WRONLY, os.O_RDWR, os.O_CREAT, os.O_TRUNC, os.O_APPEND, os.O_TMPFILE):
        assert writing & ~seccomp.READ_ONLY


def test_only_folders_are_opened_below(processor: syscalls.Processor) -> None:
    flags = os.O_RDONLY | os.O_NOFOLLOW
    assert ask(processor, "folder", "openat", 5, 0, flags) == ALLOW
    assert ask(processor, "parser", "openat", 5, 0, flags) == REFUSED
    assert ask(processor, "decoder", "openat", 5, 0, flags) == REFUSED
    assert ask(processor, "folder", "openat2", 5, 0, 0) == REFUSED


def test_a_process_signals_itself_alone(processor: syscalls.Processor) -> None:
    me = os.getpid()
    for name in ("kill", "tgkill"):
        assert ask(processor, "parser", name, me, 9) == ALLOW
        for other in (me + 1, 0, 1, 2**32 - 1):  # a neighbour, the group, init, everybody
            assert ask(processor, "parser", name, other, 9) == REFUSED


def test_of_limits_only_the_own_processor_time_is_set(processor: syscalls.Processor) -> None:
    assert ask(processor, "parser", "prlimit64", 0, resource.RLIMIT_CPU) == ALLOW
    assert ask(processor, "parser", "prlimit64", 0, resource.RLIMIT_AS) == REFUSED
    assert ask(processor, "parser", "prlimit64", 7, resource.RLIMIT_CPU) == REFUSED


def test_descriptors_send_no_signals(processor: syscalls.Processor) -> None:
    assert ask(processor, "parser", "fcntl", 3, fcntl.F_GETFD) == ALLOW
    for command in (fcntl.F_SETOWN, 10, 15, 1024):  # F_SETSIG, F_SETOWN_EX, F_SETLEASE
        assert ask(processor, "parser", "fcntl", 3, command) == REFUSED


def test_a_trusted_process_has_no_network_and_no_other_process(
    processor: syscalls.Processor,
) -> None:
    program = seccomp.denials(execute=True, network=False)

    def answer(name: str, *arguments: int) -> int:
        return decided(program, processor.numbers[name], arguments, processor.audit)

    assert answer("socket", socket.AF_UNIX) == ALLOW
    for family in (socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK, socket.AF_PACKET):
        assert answer("socket", family) == REFUSED
    for name in seccomp.NEVER:
        if name in processor.numbers:
            assert answer(name) == REFUSED
    for name in ("openat", "clone", "execve", "write", "landlock_restrict_self"):
        assert answer(name) == ALLOW
    starter = seccomp.denials(execute=False, network=True)
    assert decided(starter, processor.numbers["execve"], (), processor.audit) == REFUSED
    assert decided(starter, processor.numbers["socket"], (2,), processor.audit) == ALLOW


def test_a_processor_without_a_table_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syscalls, "PROCESSOR", None)
    with pytest.raises(OSError, match="not implemented") as caught:
        seccomp.program(memfd=True, folder=False)
    assert caught.value.errno == errno.ENOSYS
    with pytest.raises(OSError, match="not implemented"):
        syscalls.call("unshare", 0)


def test_every_name_is_known_on_the_processors_that_have_it() -> None:
    """A typing mistake in a list would leave a call refused, or worse, not deadly."""
    known = set().union(*(each.numbers for each in syscalls.PROCESSORS.values()))
    lists = (seccomp.ALLOWED, seccomp.MEMFD, seccomp.FOLDER, seccomp.DEADLY, seccomp.NEVER)
    assert {name for names in lists for name in names} <= known
    for machine in syscalls.PROCESSORS.values():
        assert set(seccomp.DEADLY) <= set(machine.numbers)
