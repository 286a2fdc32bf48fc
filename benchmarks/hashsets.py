"""Known material at scale: look-ups against other stores, and imports as large as real ones.

``python benchmarks/hashsets.py`` fills an index file, SQLite, LMDB, `hfind` and a Bloom filter
with the same generated digests and asks each in turn, every one in a process of its own and with
nothing of it in the page cache; then it imports a made-up VICS file and a made-up NSRL database
through the command line. The figures are kept in build/hashsets.md; ``--insert`` puts those of
the last run into docs/performance.md. Nothing here is a test.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import measure
import numpy as np
import stores
import suppliers
import tables
from programs import FAILURES, HEROES, PEERS, ROOT, load

DOCUMENT: Final = ROOT / "docs" / "performance.md"
KEPT: Final = ROOT / "build" / "hashsets.md"
MARKS: Final = ("<!-- hash sets: begin -->", "<!-- hash sets: end -->")
STORES: Final = Path(stores.__file__)

HUNDRED: Final = 100_000_000
"""Rows that the import is judged by."""
SECONDS: Final = 600
MEMORY: Final = 2 << 30
_QUERIES: Final = {"hset": 1_000_000, "bloom": 1_000_000, "hfind": 20_000}
_FEWER: Final = 100_000
"""Queries of what answers one at a time."""
_LOOK_SECONDS: Final = 0.2
_ONLY_OURS: Final = 50_000_000
"""From so many digests on, the others would need hours and tens of GB."""
_MB: Final = 1e6


@dataclass(slots=True)
class Answer:
    """What one store gave, the best of the rounds."""

    queries: int
    open: float
    cpu: float
    private: int
    mapped: int
    wrong: int

    @property
    def rate(self) -> float:
        """Look-ups a second of processor time."""
        return self.queries / max(self.cpu, 1e-9)


@dataclass(slots=True)
class Lookups:
    """All stores of one number of digests."""

    count: int
    made: dict[str, measure.Cost] = field(default_factory=dict)
    size: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Import:
    """One import through the command line."""

    name: str
    rows: int
    source: int
    cost: measure.Cost
    coordinator: int
    """Largest resident set, bytes."""
    worker: int
    private: int
    """Largest memory of the coordinator that is no page of a mapped file, bytes."""
    disk: int
    """Largest sum of what stood in the laboratory's home, bytes."""
    size: int
    """Bytes of the index file."""


def python(kind: str) -> str:
    """Return the interpreter that has what a store needs."""
    place = PEERS / kind / "bin" / "python"
    return str(place) if place.exists() else sys.executable


def questions(count: int, folder: Path, number: int) -> tuple[Path, int]:
    """Write queries, half of them listed; return the file and how many are."""
    path = folder / f"queries-{number}"
    draw = np.random.default_rng(number)
    queries = draw.integers(0, 256, (number, stores.WIDTH), dtype=np.uint8)
    parts = list(range(-(-count // stores.PART)))
    wanted = number // 2
    taken = 0
    for left, part in zip(reversed(range(1, len(parts) + 1)), stores.digests(count), strict=True):
        share = min((wanted - taken) // left, len(part))
        chosen = draw.choice(len(part), share, replace=False)
        queries[taken : taken + share] = part[chosen]
        taken += share
    draw.shuffle(queries)
    queries.tofile(path)
    return path, taken


def lookups(count: int, work: Path, rounds: int) -> Lookups:
    """Make every store and ask them in turn."""
    found = Lookups(count)
    kinds = ["hset", "bloom"] if count >= _ONLY_OURS else list(stores.MAKE)
    asked: dict[int, tuple[Path, int]] = {}
    for kind in kinds:
        place = work / kind
        place.mkdir()
        command = [python(kind), str(STORES), "make", kind, str(place), str(count)]
        try:
            found.made[kind], _ = measure.run(command, environment={})
        except FAILURES as error:
            found.missing[kind] = str(error)
            continue
        found.size[kind] = sum(path.stat().st_blocks * 512 for path in place.iterdir())
        print(f"{count:,} {kind}: made", file=sys.stderr, flush=True)
    for _ in range(rounds):
        for name in stores.ASK:
            kind = name.partition("-")[0]
            if kind not in found.made or name in found.missing:
                continue
            number = min(_QUERIES.get(kind, _FEWER), count)
            if number not in asked:
                asked[number] = questions(count, work, number)
            path, listed = asked[number]
            command = [python(kind), str(STORES), "ask", name, str(work / kind), str(path)]
            try:
                _, output = measure.run(command, environment={})
            except FAILURES as error:
                found.missing[name] = str(error)
                continue
            take(found, name, json.loads(output), number, listed)
    for kind in kinds:
        shutil.rmtree(work / kind)
    return found


def take(found: Lookups, name: str, said: dict[str, Any], number: int, listed: int) -> None:
    """Keep the better figures; a store that finds something else has failed."""
    wrong = int(said["found"]) - listed
    if wrong < 0 or (wrong and name != "bloom"):
        found.missing[name] = f"found {said['found']} of {listed}"
        return
    before = found.answers.get(name)
    answer = Answer(number, said["open"], said["cpu"], said["RssAnon"], said["RssFile"], wrong)
    if before is not None:
        answer.open = min(answer.open, before.open)
        answer.cpu = min(answer.cpu, before.cpu)
    found.answers[name] = answer


class Watch(threading.Thread):
    """Looks at the memory of all processes below this one, and at the disk below a folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self._folder = folder
        self._over = threading.Event()
        self.peaks: dict[int, int] = {}
        self.private: dict[int, int] = {}
        self.disk = 0

    def run(self) -> None:
        """Look until told to stop."""
        while not self._over.wait(_LOOK_SECONDS):
            for process in _below(os.getpid()):
                peak, private = _memory(process)
                self.peaks[process] = max(self.peaks.get(process, 0), peak)
                self.private[process] = max(self.private.get(process, 0), private)
            size = 0
            for path in self._folder.rglob("*"):
                with suppress(OSError):
                    size += path.stat().st_blocks * 512
            self.disk = max(self.disk, size)

    def stop(self) -> None:
        """Stop looking."""
        self._over.set()
        self.join()


def _below(process: int) -> list[int]:
    found = []
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += [int(child), *_below(int(child))]
    return found


def _memory(process: int) -> tuple[int, int]:
    """Return the largest resident set so far, and the memory of no file now, bytes."""
    found = {"VmHWM": 0, "RssAnon": 0}
    with suppress(OSError):
        for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
            name, _, value = line.partition(":")
            if name in found:
                found[name] = int(value.split()[0]) * 1024
    return found["VmHWM"], found["RssAnon"]


def imported(name: str, make: Callable[[Path, int], None], rows: int, work: Path) -> Import:
    """Make a supplier's file, import it as a user does, and remove both."""
    source, home = work / f"{name}-{rows}", work / "home"
    make(source, rows)
    size = source.stat().st_size
    print(f"{name}, {rows:,} rows: made", file=sys.stderr, flush=True)
    watch = Watch(home)
    watch.start()
    command = [str(HEROES), "hashset", "import", str(source), "--name", name, "--json", "-q"]
    kind = "known-good" if name == "nsrl" else "notable"
    try:
        cost, output = measure.run(
            [*command, "--kind", kind],
            environment={"HEROES_HOME": str(home), "TMPDIR": str(work), "TZ": "UTC"},
        )
    finally:
        watch.stop()
        source.unlink()
    report = json.loads(output.splitlines()[-1])
    if sum(report["accepted"].values()) != rows * (3 if name == "nsrl" else 2):
        raise ValueError(f"{name}: {report['accepted']} of {rows} rows arrived")
    built = sum(path.stat().st_size for path in home.rglob("*.hset"))
    shutil.rmtree(home)
    peaks = sorted(watch.peaks.values())
    worker = peaks[-2] if len(peaks) > 1 else 0
    first = max(cost.memory, peaks[-1] if peaks else 0)
    private = max(watch.private.values(), default=0)
    done = Import(name, rows, size, cost, first, worker, private, watch.disk, built)
    print(f"{name}, {rows:,} rows: {cost.wall:.0f} s", file=sys.stderr, flush=True)
    return done


def lookup_table(every: Sequence[Lookups]) -> list[str]:
    """Return the table of look-ups: each beside ours."""
    head = (
        *("digests", "store", "made, CPU s", "MB on disk", "open and first answer, s"),
        *("look-ups/s", "ours, times faster", "memory MB", "mapped MB", "false hits"),
    )
    lines = [f"| {' | '.join(head)} |", "|---|---|" + "---:|" * 8]
    for found in every:
        ours = found.answers.get("hset")
        for name, answer in found.answers.items():
            kind = name.partition("-")[0]
            ratio = ours.rate / answer.rate if ours else 0
            cells = (
                f"{found.count:,}",
                NAMES[name],
                f"{found.made[kind].cpu:.1f}",
                f"{found.size[kind] / _MB:,.0f}",
                f"{answer.open:.2f}",
                f"{answer.rate / 1e6:.2f} M",
                f"{ratio:.1f}",
                f"{answer.private / _MB:,.0f}",
                f"{answer.mapped / _MB:,.0f}",
                f"{answer.wrong}" if name == "bloom" else "0",
            )
            lines.append(f"| {' | '.join(cells)} |")
    for found in every:
        lines += [
            f"\n{found.count:,}, {name}: left out, {why}" for name, why in found.missing.items()
        ]
    return lines


NAMES: Final = {
    "hset": f"`.hset`, batches of {stores.LARGE:,}",
    "hset-small": f"`.hset`, batches of {stores.SMALL:,}",
    "hset-numpy": "the same, without the extra `fast`",
    "sqlite": "SQLite",
    "lmdb": "LMDB",
    "hfind": "`hfind`",
    "bloom": "Bloom filter (no proof)",
}


def import_table(every: Sequence[Import]) -> list[str]:
    """Return the table of imports, and what they say of 100 million rows."""
    head = (
        *(
            "file",
            "rows",
            "MB",
            "wall s",
            "CPU s",
            "rows/s",
            "coordinator MB",
            "of it private",
            "worker MB",
        ),
        *("MB on disk at most", "MB of the index file"),
    )
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * 10]
    for one in every:
        cells = (
            *(one.name.upper(), f"{one.rows:,}", f"{one.source / _MB:,.0f}"),
            *(f"{one.cost.wall:.0f}", f"{one.cost.cpu:.0f}", f"{one.rows / one.cost.wall:,.0f}"),
            *(f"{one.coordinator / _MB:,.0f}", f"{one.private / _MB:,.0f}"),
            f"{one.worker / _MB:,.0f}",
            *(f"{one.disk / _MB:,.0f}", f"{one.size / _MB:,.0f}"),
        )
        lines.append(f"| {' | '.join(cells)} |")
    lines.append("")
    for name in dict.fromkeys(one.name for one in every):
        rows = sorted((one for one in every if one.name == name), key=lambda one: one.rows)
        lines.append(extrapolated(rows))
    return lines


def extrapolated(rows: Sequence[Import]) -> str:
    """Say what a straight line through the smallest and the largest import gives."""
    small, large = rows[0], rows[-1]
    if small.rows == large.rows:
        return f"* {small.name.upper()}: one size alone, nothing is extrapolated."
    further = (HUNDRED - large.rows) / (large.rows - small.rows)
    seconds = large.cost.wall + further * (large.cost.wall - small.cost.wall)
    memory = large.coordinator + further * (large.coordinator - small.coordinator)
    judged = "within" if seconds < SECONDS and memory < MEMORY else "beyond"
    return (
        f"* {large.name.upper()}: a straight line through {small.rows:,} and {large.rows:,} rows"
        f" comes to {seconds:,.0f} s and {memory / _MB:,.0f} MB for {HUNDRED:,} rows: {judged} the"
        f" aim of {SECONDS} s and {MEMORY / _MB:,.0f} MB. Not measured."
    )


def write(text: str) -> None:
    """Put the figures between the marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small numbers: does it run?")
    parser.add_argument("--full", action="store_true", help="100 million digests, too")
    parser.add_argument("--rounds", type=int, default=2, metavar="N")
    parser.add_argument("--no-lookups", action="store_true", help="imports alone")
    parser.add_argument("--no-imports", action="store_true", help="look-ups alone")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="work in DIR (10 GB, 25 with --full)"
    )
    parser.add_argument("--insert", action="store_true", help="only write the last run's figures")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    options = _options()
    if options.insert:
        write(KEPT.read_text(encoding="utf-8"))
        return
    counts = [10_000] if options.quick else [1_000_000, 10_000_000]
    counts += [HUNDRED] if options.full else []
    scale = 1_000 if options.quick else 1
    sizes = [
        *(("vics", suppliers.vics, rows // scale) for rows in (1_000_000, 10_000_000)),
        *(("nsrl", suppliers.nsrl, rows // scale) for rows in (2_000_000, 20_000_000)),
    ]
    measure.adopt_orphans()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    loads = [load()]
    asked: list[Lookups] = []
    taken: list[Import] = []
    left_out: list[str] = []
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="heroes-bench-", dir=options.folder) as name:
        work = Path(name)
        try:
            for count in [] if options.no_lookups else counts:
                asked.append(lookups(count, work, options.rounds))
                loads.append(load())
            for kind, make, rows in [] if options.no_imports else sizes:
                taken.append(imported(kind, make, rows, work))
                loads.append(load())
        except KeyboardInterrupt:
            left_out.append("The run was stopped before its end.")
        except FAILURES as error:
            left_out.append(f"The run ended early: {error}")
        lines = [
            *tables.machine(loads, work),
            *("", *lookup_table(asked)),
            *("", *import_table(taken)),
            *("", f"The whole run took {time.monotonic() - start:,.0f} s.", *left_out, ""),
        ]
    text = "\n".join(lines)
    print(text)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
