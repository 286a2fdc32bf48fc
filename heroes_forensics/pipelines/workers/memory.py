"""How much memory all processes of a run may have together, and what each worker gets of it.

Four fifths of what the machine or its control group gives is for the coordinator, the streams in
flight and the workers. Where that is not enough for the usual limit of as many workers as were
asked for, first the limits shrink, then the number of workers.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.pipelines.locks.sandbox import MEMORY_LIMIT
from heroes_forensics.pipelines.workers.credits import BUDGETS

SHARE: Final = 0.8
"""Of the memory there is; the rest is for the system and its file cache."""
COORDINATOR: Final = 512 << 20
"""Bytes for the coordinator itself and for what the zygotes have loaded."""
LEAST: Final = 384 << 20
"""Bytes below which a worker is of no use: rather fewer workers."""
KEYS: Final = (1 << 30) + (256 << 20)
"""Bytes that a worker may have where it derives keys from passwords: a volume of LUKS2 takes 1 GiB
for that, by the defaults of cryptsetup."""
CREWS: Final = 2
"""For each core a worker that parses and one that works on what was handed over."""

_GROUPS: Final = Path("/sys/fs/cgroup")


class Plan(NamedTuple):
    """What a run may use."""

    workers: int
    """Of each crew."""
    memory: int
    """Bytes of private memory of one worker, at most."""


def plan(asked: int, available: int) -> Plan:
    """Divide memory among workers.

    Args:
        asked: workers of each crew.
        available: bytes, as `available` says.
    """
    room = int(available * SHARE) - COORDINATOR - sum(BUDGETS.values())
    each = room // (CREWS * asked)
    if each >= LEAST:
        return Plan(asked, min(each, MEMORY_LIMIT))
    return Plan(max(1, room // (CREWS * LEAST)), LEAST)


def wider(found: Plan, each: int, available: int) -> Plan:
    """Let each worker of one crew have so much, and be fewer where there is not so much for all.

    Args:
        found: of all crews.
        each: bytes.
        available: bytes, as `available` says.
    """
    others = COORDINATOR + sum(BUDGETS.values()) + (CREWS - 1) * found.workers * found.memory
    each = max(each, found.memory)
    workers = min(found.workers, (int(available * SHARE) - others) // each)
    return Plan(workers, each) if workers > 0 else found


def available(proc: Path = Path("/proc"), groups: Path = _GROUPS) -> int:
    """Return the bytes of memory that this process may use: of the machine or of its group."""
    limits = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for folder in _own_groups(proc, groups):
        for name in ("memory.max", "memory.limit_in_bytes"):
            text = _read(folder / name)
            if text.isdecimal():
                limits.append(int(text))
    return min(limits)


def killed_for_memory(proc: Path = Path("/proc"), groups: Path = _GROUPS) -> int:
    """Return how many processes the kernel has ended because memory ran out, so far."""
    for folder in _own_groups(proc, groups):
        for line in _read(folder / "memory.events").splitlines():
            name, _, count = line.partition(" ")
            if name == "oom_kill":
                return int(count)
    for line in _read(proc / "vmstat").splitlines():
        name, _, count = line.partition(" ")
        if name == "oom_kill":
            return int(count)
    return 0


def _own_groups(proc: Path, groups: Path) -> Iterator[Path]:
    """Yield the folders of our control group and of those above it, in both versions."""
    for line in _read(proc / "self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers in {"", "memory"}:
            top = groups / controllers
            below = top / path.lstrip("/")
            yield below
            for folder in below.parents:
                if folder.is_relative_to(top):
                    yield folder


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
