"""Where the processor time of one scan goes, stage by stage, without a change to the product.

``stages.py IMAGE CASE [OPTION]...`` runs ``heroes scan`` inside this process, so that its
coordinator can be sampled by a timer of its own processor time; workers are real and locked, and
cannot be looked into. So every unit of work that the coordinator made is then done once more here,
under the same timer: what a unit does knows nothing of processes. What the real processes needed
beyond that is starting them and sending frames. Prints seconds by stage as JSON.

A sample counts the processor time since the last one, so that a long call into a library is
counted in full, for the stage that made it. The timer costs a few percent, spread evenly.
"""

import json
import os
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any, Final

import measure

INTERVAL: Final = 0.002
"""Seconds of processor time between two samples."""

Rules = tuple[tuple[str, str], ...]
"""Part of a file's path, and the stage that it means; the first that any frame fits decides."""

COORDINATOR: Final[Rules] = (
    ("importlib._bootstrap", "imports"),
    ("pipelines/report/reporting.py", "report"),
    ("pipelines/runs/closing.py", "closing"),
    ("pipelines/sets/known.py", "hash sets and matching"),
    ("pipelines/sets/run_sets.py", "hash sets and matching"),
    ("heroes_forensics/hashsets/", "hash sets and matching"),
    ("pipelines/examining/verification.py", "opening"),
    ("pipelines/case/cases.py", "opening"),
    ("pipelines/evidence/sources.py", "opening"),
    ("pipelines/case/laboratory.py", "opening"),
    ("pipelines/runs/closing", "closing"),
    ("heroes_forensics/store/", "storing"),
    ("heroes_forensics/custody/", "storing"),
    ("pipelines/case/journal.py", "storing"),
    ("pipelines/examining/listing.py", "storing"),
    ("pipelines/examining/reading.py", "storing"),
    ("pipelines/workers/supervisor.py", "frames"),
    ("pipelines/workers/wire.py", "frames"),
)
WORKER: Final[Rules] = (
    ("heroes_forensics/hashing/", "digests"),
    ("storage/ewf", "inflating"),
    ("heroes_forensics/filetype/", "typing"),
    ("heroes_forensics/media/", "pictures"),
    ("parsers/containers/", "containers"),
)
UNITS: Final = {
    "inventory": "listing",
    "orphans": "listing",
    "content": "reading",
    "media_digest": "digesting the image",
    "inspect": "opening",
}
"""What the rest of a unit is; within the first three, what the rules above do not take."""

START: Final = "workers' start, frames"
ORDER: Final = (
    *("imports", "opening", START, "listing", "reading", "inflating", "digests", "typing"),
    *("containers", "pictures", "frames", "hash sets and matching", "storing", "closing", "report"),
    *("digesting the image", "other"),
)
"""Every stage there is, in the order of work."""


class Sampler:
    """Adds up processor time by stage while it is running."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._rules: Rules = ()
        self._rest = ""
        self._last = 0.0

    @contextmanager
    def running(self, rules: Rules, rest: str) -> Iterator[None]:
        """Sample until the end of the block; ``rest`` is the stage of what no rule fits."""
        self._rules, self._rest, self._last = rules, rest, time.process_time()
        before = signal.signal(signal.SIGPROF, self._sample)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            self._sample(signal.SIGPROF, sys._getframe())  # noqa: SLF001 - what profilers use
            signal.signal(signal.SIGPROF, before)

    def _sample(self, number: int, frame: FrameType | None) -> None:
        del number
        now = time.process_time()
        self.seconds[self._stage(frame)] += now - self._last
        self._last = now

    def _stage(self, frame: FrameType | None) -> str:
        files = set()
        while frame is not None:
            files.add(frame.f_code.co_filename)
            frame = frame.f_back
        for part, stage in self._rules:
            if any(part in name for name in files):
                return stage
        return self._rest


def _scanned(arguments: Sequence[str], sampler: Sampler) -> tuple[list[Any], float]:
    """Run a scan in this process; return the units it made, and the seconds of its workers."""
    with sampler.running(COORDINATOR, "imports"):
        main = import_module("heroes_forensics.cli").main
        unit = import_module("heroes_forensics.frames").Unit
    sys.argv = ["heroes", *arguments]
    with kept(unit) as units:
        try:
            with redirect_stdout(StringIO()), sampler.running(COORDINATOR, "other"):
                main()
        except SystemExit as end:
            if end.code not in {0, 3, None}:
                raise
    return list(units.values()), measure.spent()


@contextmanager
def kept(unit: Any) -> Iterator[dict[int, Any]]:  # noqa: ANN401
    """Keep the units that are made within the block, by number.

    One that is made again under its number, as `dataclasses.replace` does, is the same work.
    """
    units: dict[int, Any] = {}
    plain = unit.__init__

    def keeping(made: Any, *values: Any, **named: Any) -> None:  # noqa: ANN401
        plain(made, *values, **named)
        units[made.id] = made

    unit.__init__ = keeping
    try:
        yield units
    finally:
        unit.__init__ = plain


def _repeated(image: str, units: Sequence[Any], sampler: Sampler) -> None:
    """Do every unit once more in this process."""
    work = import_module("heroes_forensics.pipelines.work.units")
    bulk = import_module("heroes_forensics.pipelines.workers.launch").is_bulk([Path(image)])
    import_module("heroes_forensics.pipelines.workers.zygote").preload(bulk=bulk)
    segments = import_module("heroes_forensics.parsers.storage.segments")
    slots = segments.open_slots(segments.discover(Path(image)))
    session = work.Session([slot.fd for slot in slots])
    for unit in units:
        if unit.kind in UNITS:
            with sampler.running(WORKER if unit.kind == "content" else (), UNITS[unit.kind]):
                for _ in work.run_unit(session, unit):
                    pass


def main() -> None:
    """Run from the command line and print seconds of processor time by stage."""
    image, case, *options = sys.argv[1:]
    measure.adopt_orphans()
    # As the product does before it imports NumPy: one thread, or it refuses to lock itself.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    sampler = Sampler()
    command = ["scan", image, "--case", case, "--quiet", "--json", *options]
    units, spent = _scanned(command, sampler)
    before = sum(sampler.seconds.values())
    _repeated(image, units, sampler)
    rest = spent - (sum(sampler.seconds.values()) - before)
    print(json.dumps({**sampler.seconds, START: max(0.0, rest)}))


if __name__ == "__main__":
    main()
