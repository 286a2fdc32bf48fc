"""Running a program on a kernel that answers some system calls with an error.

The error comes from the kernel itself: a filter of system calls is put on before the program
starts, so nothing of the program has to know that it is tested.
"""

import errno
import json
import os
import struct
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Final

from heroes_forensics.pipelines.locks import seccomp, syscalls

NO_LANDLOCK: Final = {"landlock_create_ruleset": errno.ENOSYS}
LANDLOCK_OFF: Final = {"landlock_create_ruleset": errno.EOPNOTSUPP}
NO_NAMESPACES: Final = {"unshare": errno.EPERM}
NO_ROOT: Final = {"unshare": errno.EPERM, "chroot": errno.EPERM}
NO_SECCOMP: Final = {"seccomp": errno.ENOSYS}
NOTHING: Final = NO_LANDLOCK | NO_ROOT | NO_SECCOMP

_PR_SET_NO_NEW_PRIVS: Final = 38


def program(answers: Mapping[str, int]) -> bytes:
    """Return a filter that answers these calls with these errors and allows every other."""
    numbers = syscalls.PROCESSOR.numbers if syscalls.PROCESSOR else {}
    rules = [(0x20, 0, 0, 0)]
    for name, code in answers.items():
        rules += [(0x15, 0, 1, numbers[name]), (0x06, 0, 0, 0x0005_0000 | code)]
    rules.append((0x06, 0, 0, 0x7FFF_0000))
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


def denied(
    answers: Mapping[str, int], command: Sequence[str], **options: object
) -> "subprocess.CompletedProcess[str]":
    """Run ``command`` on such a kernel; ``options`` are those of `subprocess.run`."""
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        [sys.executable, __file__, json.dumps(dict(answers)), *command],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


def main() -> None:
    answers = json.loads(sys.argv[1])
    syscalls.call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    seccomp.install(program(answers))
    os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - that is what this is for


if __name__ == "__main__":
    main()
