"""What it costs to give a unit to a worker and to hear that it is done.

    .venv/bin/python benchmarks/supervisor.py

Units that do nothing, in workers that are locked as always: their number in a second is the most
that a run can do in units, whatever is in them. Beside it the same frames between two processes
without a supervisor, which is what the sockets alone allow.
"""

import os
import resource
import time
from collections.abc import Iterator

from heroes_forensics.frames import Control, Unit
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.supervisor import Supervisor

UNITS = 20_000
WORKERS = (1, 2, 4, 16, 64)
AIM = 5000
"""Units a second on two cores: reliability budget of the project."""


def processor_seconds() -> float:
    """Return the processor time of this process and of what it has waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def supervised(workers: int, units: int = UNITS) -> tuple[float, float]:
    """Return seconds by the clock and processor seconds for ``units`` units that do nothing."""
    begun = processor_seconds()
    with Supervisor() as supervisor, supervisor.crew("parser", workers=workers) as crew:

        def numbered(count: int) -> Iterator[Unit]:
            yield from (Unit(number, "canary") for number in range(count))

        first = numbered(workers)
        for _ in crew.run(lambda: next(first, None)):
            pass  # workers are started and locked
        rest = numbered(units)
        clock = time.perf_counter()
        done = 0
        for _, frame, _ in crew.run(lambda: next(rest, None)):
            done += isinstance(frame, Control) and frame.kind == "done"
        clock = time.perf_counter() - clock
    if done != units:
        raise SystemExit(f"{done} of {units} units came back")
    return clock, processor_seconds() - begun


def bare(units: int = UNITS) -> float:
    """Return the seconds for as many pairs of frames between two processes."""
    ours, theirs = wire.pair()
    child = os.fork()
    if not child:
        ours.close()
        while (received := wire.receive(theirs)) is not None:
            body = received.frame.body if isinstance(received.frame, Control) else {}
            wire.send(theirs, Control("done", {"unit": body["id"], "frames": 0}))
        os._exit(0)
    theirs.close()
    begun = time.perf_counter()
    for number in range(units):
        body = {"id": number, "kind": "canary", "body": {}, "tasks": 0, "seconds": 0, "credit": {}}
        wire.send(ours, Control("unit", body))
        wire.receive(ours)
    seconds = time.perf_counter() - begun
    ours.close()
    os.waitpid(child, 0)
    return seconds


def main() -> None:
    """Measure and print one table."""
    print(f"{UNITS} units that do nothing, {len(os.sched_getaffinity(0))} cores, ", end="")
    print(f"load {os.getloadavg()[0]:.1f}")
    print(f"{'workers':>8} {'units/s':>9} {'CPU us/unit':>12}")
    for workers in WORKERS:
        clock, processor = supervised(workers)
        print(f"{workers:>8} {UNITS / clock:>9.0f} {processor / UNITS * 1e6:>12.0f}")
    print(f"{'bare':>8} {UNITS / bare():>9.0f}")
    print(f"aim: {AIM} units/s on two cores")


if __name__ == "__main__":
    main()
