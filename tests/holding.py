"""A worker held in the middle of a unit, so that it can be ended exactly there.

Zygotes load what `Held` writes: one worker waits after a frame of its unit. The coordinator takes
that frame in and then ends the worker, or what it was forked from; what is started next finds
nothing to wait for. No part of the package.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE
from heroes_forensics.pipelines.workers.supervisor import Supervisor

WORKER, ZYGOTE = "worker", "zygote"

_SMALL = """
from heroes_forensics.pipelines.work import contents, units
units._ENTRY_BATCH = 7
contents._FRAME_ROWS = contents._FLUSH_ROWS = 5
"""
_HOLD = """
import mmap, time
held = mmap.mmap(-1, 1)  # shared by all workers of one zygote
real = units.UNITS[{unit!r}]

def holding(session, unit):
    wait(first() if not {frame!r} else False)
    seen = 0
    for frame in real(session, unit):
        seen += frame.kind == {frame!r}
        waits = first() if frame.kind == {frame!r} and seen == {count} else False
        yield frame
        wait(waits)

def first():
    if held[0]:
        return False
    held[0] = 1
    return True

def wait(waits):
    if waits:
        time.sleep(600)

units.UNITS[{unit!r}] = holding
"""


class Held:
    """Ends a worker, once, where it waits."""

    def __init__(self, path: Path, unit: str, frame: str, count: int, victim: str) -> None:
        """Write what zygotes load.

        Args:
            path: where to.
            unit: kind of the unit in which a worker waits.
            frame: kind of the frame after which it does; empty for before the first.
            count: after so many of them.
            victim: `WORKER` or `ZYGOTE`.
        """
        self._path = path
        self._unit, self._frame, self._count, self._victim = unit, frame, count, victim
        self._seen: Counter[int] = Counter()
        """Frames by unit: a worker counts those of one unit, too."""
        self.ended = False
        path.write_text(_SMALL + _HOLD.format(unit=unit, frame=frame, count=count))

    def _waits(self, heard: Heard) -> bool:
        """Say whether the worker of a unit waits, now that this was heard of it."""
        kind = getattr(heard.frame, "kind", "")
        if heard.unit.kind != self._unit or kind != (self._frame or "alive"):
            return False
        self._seen[heard.unit.id] += 1
        return self._seen[heard.unit.id] == (self._count if self._frame else 1)

    def hear(self, supervisor: Supervisor, heard: Heard) -> None:
        """Look at what came back, after it was taken in."""
        if self.ended or not self._waits(heard):
            return
        self.ended = True
        self._path.write_text(_SMALL)
        crews = supervisor._crews.values()  # noqa: SLF001 - who has this unit
        (victim,) = [
            link.pid if self._victim == WORKER else _parent(link.pid)
            for crew in crews
            for link in crew.links
            if link.unit is heard.unit
        ]
        os.kill(victim, signal.SIGKILL)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Have it look at everything that comes back."""
        real = Supervisor.run

        def run(supervisor: Supervisor) -> Iterator[Heard]:
            for heard in real(supervisor):
                yield heard
                self.hear(supervisor, heard)

        monkeypatch.setattr(Supervisor, "run", run)
        monkeypatch.setenv(FAULTS_VARIABLE, str(self._path))


def plain(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers send as small pieces as those that are held, and hold none."""
    path.write_text(_SMALL)
    monkeypatch.setenv(FAULTS_VARIABLE, str(path))


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
