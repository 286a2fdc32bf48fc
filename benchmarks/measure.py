"""What a program costs: processor time of its whole process tree, wall clock, memory."""

import compileall
import ctypes
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

LIMIT_SECONDS: Final = 3600
"""A program that takes longer is ended, and has failed."""

PROGRAM: Final = Path(__file__).resolve().parent.parent / "heroes_forensics"
COMPILING: Final = {"PYTHONDONTWRITEBYTECODE": ""}
"""Lets what is started keep what it compiled, whatever the environment says here."""

_PR_SET_CHILD_SUBREAPER: Final = 36
_LOOK_SECONDS: Final = 0.05
_TAIL_BYTES: Final = 300
_ORPHAN_SECONDS: Final = 1.0
"""Processes that were killed when their parent ended need so long at most."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds and bytes of the best of several runs, each figure for itself."""

    cpu: float
    """User and system time of the process and of all its descendants, seconds."""
    wall: float
    memory: int
    """Largest resident set of the process itself, without its descendants, bytes."""

    def best(self, other: "Cost") -> "Cost":
        """Return the smaller of each figure."""
        return Cost(
            min(self.cpu, other.cpu), min(self.wall, other.wall), max(self.memory, other.memory)
        )


class FailedError(Exception):
    """A measured program did not end as it should."""


def adopt_orphans() -> None:
    """Make this process the parent of orphans below it, so that their time is counted too."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@cache
def compiled() -> None:
    """Compile our program, once: what is measured is not the compiler."""
    compileall.compile_dir(PROGRAM, quiet=2)


def run(
    command: Sequence[str], *, environment: Mapping[str, str], accepted: Sequence[int] = (0,)
) -> tuple[Cost, bytes]:
    """Run a command and return what it cost and what it printed.

    Raises:
        FailedError: it ended with another code than ``accepted``.
    """
    compiled()
    before = spent()
    start = time.monotonic()
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **COMPILING, **environment},
        ) as process,
    ):
        memory = 0
        output = b""
        while True:
            memory = max(memory, _resident(process.pid))
            try:
                output, _ = process.communicate(timeout=_LOOK_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if time.monotonic() - start > LIMIT_SECONDS:
                    process.kill()
            except BaseException:
                process.kill()
                raise
        errors.seek(-min(_TAIL_BYTES, errors.seek(0, os.SEEK_END)), os.SEEK_END)
        said = errors.read() or output[-_TAIL_BYTES:]
    wall = time.monotonic() - start
    _reap()
    if process.returncode not in accepted:
        program = " ".join(Path(word).name for word in command[:2])
        said_last = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise FailedError(f"{program} ended with {process.returncode}: {said_last}")
    return Cost(spent() - before, wall, memory), output


def text(command: Sequence[str]) -> str:
    """Run a command and return all it says, whatever its code.

    Raises:
        FailedError: it cannot be started.
    """
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError as error:
        raise FailedError(f"{command[0]} cannot be started") from error
    return done.stdout + done.stderr


def spent() -> float:
    """Return the user and system time of every descendant that has ended so far, seconds."""
    _reap()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _reap() -> None:
    """Wait for orphans that end now; a driver that serves a mounted image goes on."""
    deadline = time.monotonic() + _ORPHAN_SECONDS
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(_LOOK_SECONDS)


def _resident(pid: int) -> int:
    """Return the high-water mark of the resident set of a process, 0 when it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
