"""What a worker leaves behind before it is locked: network, file systems, the account.

The first half of `pipelines.locks.sandbox`: nothing is forbidden here yet, but what is
left behind cannot be reached any more. Root does without a user namespace: what that gives an
ordinary account, root has, and the number it takes instead is nobody's.

A folder source is different in two ways. It becomes the root, as a view that is read-only, so that
not even access times move. And as root its workers keep one right, to read whatever the mode of a
file says, because evidence belongs to accounts that are not here.
"""

import ctypes
import errno
import os
import struct
from typing import Final

from heroes_forensics.pipelines.locks import syscalls

_PR_SET_KEEPCAPS: Final = 8

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
NOBODY: Final = 65534
"""The kernel's overflow account: for containers that know 65,536 numbers only."""

_OPEN_TREE_CLONE: Final = 1
_AT_FDCWD: Final = -100
_AT_EMPTY_PATH: Final = 0x1000
_AT_RECURSIVE: Final = 0x8000
_VIEW: Final = 1 | 2 | 4 | 8  # MOUNT_ATTR_RDONLY, NOSUID, NODEV, NOEXEC
_FUSE: Final = 0x6573_5546  # FUSE_SUPER_MAGIC


def spaces(folder: int) -> None:
    """Leave network, shared memory and mounts; with a folder, take along where it lies.

    Raises:
        OSError: the kernel, or the container, does not permit it.
    """
    if folder >= 0:
        # The kernel moves the current directory along into the new space, descriptors it does not.
        os.fchdir(folder)
    syscalls.call("unshare", _SPACES | (_CLONE_NEWUSER if os.geteuid() else 0))


def view(folder: int) -> None:
    """Put a read-only view of a folder, and of what is mounted below, behind its descriptor.

    Raises:
        OSError: older than Linux 5.12, or `spaces` was not permitted.
    """
    flags = _OPEN_TREE_CLONE | os.O_CLOEXEC | _AT_RECURSIVE
    clone = syscalls.call("open_tree", _AT_FDCWD, _text(b"."), flags)
    try:
        attributes = struct.pack("=QQQQ", _VIEW, 0, 0, 0)
        how = _AT_EMPTY_PATH | _AT_RECURSIVE
        wanted = ctypes.create_string_buffer(attributes, len(attributes))
        syscalls.call("mount_setattr", clone, _text(b""), how, wanted, len(attributes))
        made = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=clone)
    finally:
        os.close(clone)
    os.dup2(made, folder, inheritable=False)
    os.close(made)


def enter(directory: int) -> None:
    """Make a directory all there is of a file system.

    Raises:
        OSError: not permitted, or no directory.
    """
    os.fchdir(directory)
    os.chroot(".")


def account(folder: int) -> None:
    """Become an account that nobody has, without a group and without a right of root's.

    Raises:
        OSError: not permitted; or (``EXDEV``) a folder that only its mounting account may read.
    """
    if os.geteuid() == 0:
        _leave_root(folder)
        return
    drop_capabilities()
    if os.getuid() != NOBODY:  # in a user namespace of our own there is no account
        raise PermissionError(errno.EPERM, "the account was not left")


def _leave_root(folder: int) -> None:
    os.setgroups([])
    if folder >= 0:
        if binds_account(folder):
            drop_capabilities(1 << _CAP_DAC_READ_SEARCH)
            raise OSError(errno.EXDEV, "the folder can be read by this account only")
        syscalls.call("prctl", _PR_SET_KEEPCAPS, 1, 0, 0, 0)
    number = _OWN_ACCOUNTS + os.getpid()
    try:
        os.setresgid(number, number, number)
        os.setresuid(number, number, number)
    except OSError:
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    drop_capabilities(1 << _CAP_DAC_READ_SEARCH if folder >= 0 else 0)


def binds_account(folder: int) -> bool:
    """Say whether a folder is of a kind that answers nobody but the account that mounted it."""
    found = ctypes.create_string_buffer(256)
    syscalls.call("fstatfs", folder, found)
    return int.from_bytes(found.raw[:8], "little") == _FUSE  # struct statfs begins with f_type


def drop_capabilities(keep: int = 0) -> None:
    """Give up every capability but those in ``keep``, which is a set of bits."""
    head = ctypes.create_string_buffer(struct.pack("=Ii", _CAPABILITY_VERSION, 0), 8)
    # Effective, permitted, inheritable: the lower 32 capabilities, then the upper ones.
    data = ctypes.create_string_buffer(struct.pack("=6I", keep, keep, 0, 0, 0, 0), 24)
    syscalls.call("capset", head, data)


def _text(path: bytes) -> "ctypes.Array[ctypes.c_char]":
    return ctypes.create_string_buffer(path)
