"""Work functions over mutants, without a scan around them: dozens a second.

Usage: PYTHONPATH=tests:fixtures python -m fuzzing_units [--seconds N | --rounds N | --kept]
[--start N]

What a worker would do with the source (inspect, list each volume, read each stream) is done in a
fork of this process, and every frame goes through the checks of the coordinator. A fault is what no
parser may do: raise anything but an error of ours, send a frame that is refused, miscount,
or not come to an end. What crashes or hangs inside a library is told, and is no fault: the worker
is ended, and that costs an entry.
"""

import argparse
import json
import os
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

import mutation_bases
import numpy as np
from fuzzing import SUFFIXES
from mutation import Mutant, kept, mutant

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import (
    MAX_FRAME,
    Batch,
    Control,
    Frame,
    Unit,
    entries_of,
    slices,
    tasks,
)
from heroes_forensics.model import HAS_CONTENT
from heroes_forensics.pipelines.work.units import Session, run_unit
from heroes_forensics.pipelines.workers import wire

TOGETHER: Final = 25
"""Mutants of one fork."""
SECONDS: Final = 15
"""Processor time of one mutant, after which it counts as hung; one takes less than one."""
MEMORY: Final = 1 << 30
_STREAMS: Final = 400
"""Streams of one volume that are read."""
_LARGE: Final = 1 << 24


def examine(name: str, data: bytes) -> None:
    """Do with a source what workers do.

    Raises:
        HeroesError: it is refused, which is no fault.
        Exception: anything else is one.
    """
    descriptor = os.memfd_create("mutant")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            file.write(data or b"\0")
        slot = {"name": name, "size": max(1, len(data)), "role": "segment"}
        body = {"slots": [slot], "treat_as": "auto", "accept_damaged": False}
        session = Session([descriptor])
        for frame in _frames(session, Unit(1, "inspect", body)):
            if isinstance(frame, Control) and frame.kind == "volume":
                volume = frame.body["volume"]
                assert isinstance(volume, dict)
                if volume.get("gap") is None:
                    _volume(session, {**body, "volume": volume})
    finally:
        os.close(descriptor)


def _frames(session: Session, unit: Unit) -> Iterator[Frame]:
    """Yield the frames of a unit as the coordinator gets them; a failure of ours ends it."""
    try:
        for frame in run_unit(session, unit):
            data = wire.encode(frame)
            assert len(data) <= MAX_FRAME, "a frame is too large"
            if isinstance(frame, Control):
                assert frame.kind in wire.ANSWERS[unit.kind], f"{unit.kind} sends {frame.kind}"
            yield wire.decode(data)
    except HeroesError:
        return


def _volume(session: Session, body: dict[str, object]) -> None:
    for kind in ("inventory", "orphans"):
        rows: list[tuple[int, int, int, int, bytes]] = []
        count, listed, system = 0, -1, ""
        for frame in _frames(session, Unit(2, kind, body)):
            if isinstance(frame, Batch):
                for entry in entries_of(frame):
                    count += 1
                    if entry.kind in HAS_CONTENT and entry.size < _LARGE:
                        rows.append((count, entry.kind, entry.flags, entry.size, entry.handle))
            elif frame.kind == "listing":
                listed = int(str(frame.body["entries"]))
            elif frame.kind == "opened":
                system = str(frame.body["kind"])
        assert listed in {-1, count}, f"{listed} entries are said to be listed, {count} came"
        for part in slices(tasks(rows[:_STREAMS])) if rows else ():
            done = sum(
                len(frame.rows)
                for frame in _frames(session, Unit(3, "content", body, np.array(part)))
                if isinstance(frame, Batch)
            )
            assert done in {0, len(part)}, f"{len(part)} streams were asked for, {done} came"
        if not system.startswith(("fat", "exfat")):
            return


class NoEndError(BaseException):
    """It does not come to an end; no parser takes it for an error of a read."""


def _late(number: int, frame: object) -> None:
    del number, frame
    raise NoEndError(f"no end after {SECONDS} seconds")


@dataclass(slots=True)
class Tally:
    """What was done."""

    mutants: int = 0
    crashes: list[tuple[Mutant, str]] = field(default_factory=list)
    faults: list[tuple[Mutant, str]] = field(default_factory=list)


class Units:
    """Examines mutants of everything that is a source of its own."""

    def __init__(self, folder: Path) -> None:
        volumes, images = (folder / name for name in ("volumes", "images"))
        volumes.mkdir()
        images.mkdir()
        self.bases = mutation_bases.volumes(volumes) | mutation_bases.images(images)
        self.tally = Tally()

    def round(self, number: int, *, only: str = "") -> list[tuple[Mutant, str]]:
        """Examine some mutants; return those that have a fault."""
        names = [name for name in self.bases if only in name]
        first = number * TOGETHER
        group = [
            mutant(names[each % len(names)], self.bases[names[each % len(names)]], each)
            for each in range(first, first + TOGETHER)
        ]
        return self.examine(group)

    def examine(self, group: list[Mutant]) -> list[tuple[Mutant, str]]:
        """Examine these mutants, each fork as many as it survives."""
        found = []
        while group:
            done, texts, ended = self._forked(group)
            found += [(group[index], text) for index, text in texts.items()]
            if done < len(group) and ended:
                kind = "no end" if ended == -signal.SIGKILL else f"signal {-ended}"
                self.tally.crashes.append((group[done], f"{kind} inside a library"))
                done += 1
            self.tally.mutants += done
            group = group[done:]
        self.tally.faults += found
        return found

    def _forked(self, group: list[Mutant]) -> tuple[int, dict[int, str], int]:
        """Return how many were examined, what is wrong with which, and how the fork ended."""
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.close(reading)
                self._examine(group, writing)
            finally:
                os._exit(0)
        os.close(writing)
        with os.fdopen(reading, "rb") as lines:
            texts = [json.loads(line) for line in lines]
        _, status = os.waitpid(child, 0)
        wrong = {index: text for index, text in enumerate(texts) if text}
        return len(texts), wrong, os.waitstatus_to_exitcode(status)

    def _examine(self, group: list[Mutant], writing: int) -> None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        # Comes between two instructions of our own: not while a library has no end.
        signal.signal(signal.SIGXCPU, _late)
        for one in group:
            used = int(time.process_time())
            resource.setrlimit(resource.RLIMIT_CPU, (used + SECONDS, used + SECONDS + 5))
            suffix = SUFFIXES.get(one.base.split(" ", maxsplit=1)[0], ".raw")
            text = ""
            try:
                examine(f"image{suffix}", one.apply(self.bases[one.base]))
            except HeroesError:
                pass
            except MemoryError:
                text = "more memory than a worker has"
            except (Exception, NoEndError) as error:  # noqa: BLE001 - which is what is looked for
                spot = traceback.extract_tb(error.__traceback__)[-1]
                text = f"{type(error).__name__} at {PurePath(spot.filename).name}:{spot.lineno}"
                text += f": {error}"[:200]
            os.write(writing, json.dumps(text).encode() + b"\n")


def _show(found: list[tuple[Mutant, str]]) -> None:
    for one, text in found:
        sys.stdout.write(json.dumps(one.row(text)) + "\n")
        sys.stdout.flush()


def main() -> int:
    """Examine mutants for some time, and show what is wrong with which."""
    parser = argparse.ArgumentParser(prog="fuzzing_units", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--kept", action="store_true", help="those of mutants.json alone")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        units = Units(Path(folder))
        deadline, number = time.monotonic() + chosen.seconds, chosen.start
        if chosen.kept:
            again = [Mutant.of(row) for row in kept()]
            _show(units.examine([one for one in again if one.base in units.bases]))
        while not chosen.kept and (
            number - chosen.start < chosen.rounds
            or (not chosen.rounds and time.monotonic() < deadline)
        ):
            _show(units.round(number, only=chosen.only))
            number += 1
    done = units.tally
    for one, text in done.crashes:
        sys.stdout.write(f"{one.base}: {text}\n")
    sys.stdout.write(
        f"rounds {chosen.start} to {number - 1}: {done.mutants} mutants, {len(done.crashes)}"
        f" crashes, {len(done.faults)} faults\n"
    )
    return 1 if done.faults else 0


if __name__ == "__main__":
    sys.exit(main())
