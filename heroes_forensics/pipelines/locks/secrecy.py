"""Keeping the memory of a process that holds secrets to itself: no core file, no debugger."""

import resource
from contextlib import suppress
from typing import Final

from heroes_forensics.pipelines.locks import syscalls

_PR_SET_DUMPABLE: Final = 4


def keep() -> None:
    """Leave no core file of this process, and let no other process of this account read it.

    For the rest of the process: only the program itself does so, never a library call in somebody
    else's. What it starts may be dumped again, and is asked for itself.
    """
    with suppress(OSError, ValueError):  # a lower limit is set, and kept, already
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(OSError):  # a processor whose numbers are not known: the limit is left
        syscalls.call("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0)
