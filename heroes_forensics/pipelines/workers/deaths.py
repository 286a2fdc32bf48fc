"""How a worker ended, and what it was about when it did."""

import os
import signal
from dataclasses import dataclass
from typing import Final

from heroes_forensics.frames import Unit
from heroes_forensics.pipelines.workers.page import Seen
from heroes_forensics.pipelines.workers.worker import EXIT_MEMORY, EXIT_UNLOCKED

TIMEOUT: Final = "timeout"
"""No progress, or past the deadline of its unit."""
CPU: Final = "cpu"
"""It used more processor time than it may (SIGXCPU)."""
MEMORY: Final = "memory"
"""It reached its own limit."""
KERNEL_MEMORY: Final = "kernel-memory"
"""The kernel ended it because memory ran out."""
PROTOCOL: Final = "protocol"
"""It sent what no correct worker sends."""
FAILED: Final = "failed"
"""It did not end, but could not do its unit."""
SIGKILL: Final = "signal-sigkill"
"""Somebody else ended it: the kernel, or an operator."""
ZYGOTE: Final = "zygote"
"""What it was forked from ended, and it with that, whatever it was about."""
UNLOCKED: Final = "unlocked"
"""A lock that others have could not be applied to it."""


@dataclass(frozen=True, slots=True)
class Death:
    """A worker ended before its unit was done."""

    cause: str
    """One of the words above, the signal that ended it (``signal-sigsegv``), ``exit-N``, or
    ``crash`` when nothing is known."""
    blamed: int | None = None
    """Position of the task it says it was about; a guess until that task fails alone."""
    address: int = 0
    phase: int = 0
    """For a lister: the metadata address it says it was about; see `page.Seen`."""


def classified(unit: Unit, seen: Seen, status: int | None, cause: str) -> Death:
    """Return the death of a unit.

    Args:
        unit: what the worker had in work.
        seen: what its progress page said last.
        status: as `os.waitpid` gives it; None when it is not known.
        cause: why the supervisor ended it; empty when it ended by itself.
    """
    if not cause:
        cause = _of_status(status)
    if seen.unit != unit.id or cause == PROTOCOL:
        return Death(cause)  # what is wrong in a batch may be about any task before this one
    tasks = 0 if unit.tasks is None else len(unit.tasks)
    blamed = seen.task if seen.task < tasks else None
    return Death(cause, blamed, seen.address, seen.phase)


def _of_status(status: int | None) -> str:
    if status is None:
        return "crash"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU:
            return CPU
        try:
            return f"signal-{signal.Signals(number).name.lower()}"
        except ValueError:
            return f"signal-{number}"
    code = os.WEXITSTATUS(status)
    return {EXIT_MEMORY: MEMORY, EXIT_UNLOCKED: UNLOCKED}.get(code, f"exit-{code}")
