"""Running the command line and watching what it takes: time, memory, disk."""

import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final, NamedTuple

MEMORY: Final = 1 << 30
"""Bytes that no process may exceed."""
_STEP: Final = 0.02
_SAMPLE: Final = 0.1
"""Seconds between two looks at whether it ended, and at its processes and its folder."""
_GRACE: Final = 30.0
"""Seconds that workers may take to end after the program has."""


class Ran(NamedTuple):
    """What one command line gave and took."""

    code: int
    """Exit code; negative: ended by that signal."""
    out: str
    err: str
    seconds: float
    memory: int
    """Largest resident size, in bytes, of any one of its processes at any time."""
    disk: int
    """Most bytes that the folder watched held on disk."""
    hung: bool
    left: bool
    """Whether it left a process behind."""


def say(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def heroes(*arguments: str, watch: Path, limit: float = 600) -> Ran:
    """Run the command line to its end; see `run`."""
    program = str(Path(sys.executable).with_name("heroes"))
    return run([program, *arguments], watch=watch, limit=limit)


def run(command: list[str], *, watch: Path, limit: float) -> Ran:
    """Run a program to its end, in a process group of its own.

    Args:
        command: the program and its arguments.
        watch: the folder whose size on disk is measured.
        limit: seconds after which it is ended and counts as hung.
    """
    start = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True
        )
        code, memory, disk, hung = _watched(running.pid, watch, start + limit)
        running.returncode = code
        seconds = time.monotonic() - start
        left = _end_group(running.pid)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    disk = max(disk, on_disk(watch))
    return Ran(code, texts[0], texts[1], seconds, memory, disk, hung, left)


def _watched(pid: int, watch: Path, deadline: float) -> tuple[int, int, int, bool]:
    """Wait for a process that leads a group of its own; return code, memory, disk, hung."""
    memory = disk = 0
    hung = False
    sample = 0.0
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        now = time.monotonic()
        if ended:
            # The kernel's own maximum, over the process and all descendants it waited for. It
            # counts ours too, whose memory the process shared until it became another program.
            if usage.ru_maxrss > resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
                memory = max(memory, usage.ru_maxrss << 10)
            return os.waitstatus_to_exitcode(status), memory, disk, hung
        if now > deadline and not hung:
            hung = True
            os.killpg(pid, signal.SIGKILL)
        if now >= sample:
            sample = now + _SAMPLE
            memory = max(memory, *(_peak(each) for each in _tree(pid)))
            disk = max(disk, on_disk(watch))
        time.sleep(_STEP)


def _end_group(group: int) -> bool:
    """Tell whether any process of the group lives on for more than a moment, and end it."""
    deadline = time.monotonic() + _GRACE
    while _lives(group):
        if time.monotonic() > deadline:
            os.killpg(group, signal.SIGKILL)
            return True
        time.sleep(_STEP)
    return False


def _lives(group: int) -> bool:
    """Tell whether a group has a process that has not ended."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal():
            continue
        try:
            # The name, in brackets, may hold anything; state, parent and group follow it.
            state, _, leader = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(leader) == group and state != "Z":
            return True
    return False


def _tree(pid: int) -> list[int]:
    """Return a process and its descendants."""
    found = [pid]
    for each in found:
        try:
            children = Path(f"/proc/{each}/task/{each}/children").read_text()
        except OSError:
            continue
        found += [int(child) for child in children.split()]
    return found


def _peak(pid: int) -> int:
    """Return the largest resident size a living process has had, in bytes; 0 when it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    for line in status.splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) << 10
    return 0


def on_disk(folder: Path) -> int:
    """Return the bytes that a folder takes on disk, as far as it stands still."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(base, name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
