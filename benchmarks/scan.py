"""Our whole scan against its peers, on generated images, as ratios in one run.

``python benchmarks/scan.py`` makes the images, runs each program several times in turn, takes the
smallest figure of each, and prints a table; ``--write`` puts it into docs/performance.md. Nothing
here is a test: figures say how fast, never whether it works.

Compared on the same machine in the same run, all with MD5, SHA-1 and SHA-256 of every file:

* ``heroes scan IMAGE --case DIR --set NAME`` as a user runs it, which also digests the image
  itself to verify it, and the same with ``--verify off``: both to the signed report;
* a plain loop over dfVFS' file entries (`benchmarks/peers.py`);
* ``hashdeep -r`` on the mounted image, raw images only;
* the three digests alone, from memory: the bound.
"""

import argparse
import importlib.metadata
import json
import os
import platform
import random
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import images
import measure
from measure import Cost

ROOT: Final = Path(__file__).resolve().parent.parent
DOCUMENT: Final = ROOT / "docs" / "performance.md"
MARKS: Final = ("<!-- figures: begin -->", "<!-- figures: end -->")
HEROES: Final = Path(sys.executable).with_name("heroes")
PEERS: Final = Path(__file__).with_name("peers.py")
KNOWN_RECORDS: Final = 100_000
"""Digests of the set that is compared with; none of them is in an image."""

_GAPS_ARE_FINE: Final = (0, 3)


@dataclass(slots=True)
class Measured:
    """The costs of one image in one format."""

    shape: images.Shape
    kind: str
    """``raw`` or ``E01``."""
    stored: int
    """Bytes of the image file."""
    costs: dict[str, Cost] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    """Programs that could not be run, and why."""

    def take(self, name: str, cost: Cost) -> None:
        """Keep the smaller figures."""
        self.costs[name] = self.costs[name].best(cost) if name in self.costs else cost


class Bench:
    """Runs everything in one temporary folder."""

    def __init__(self, folder: Path, repeat: int) -> None:
        self._folder = folder
        self._repeat = repeat
        self._environment = {"HEROES_HOME": str(folder / "home"), "TZ": "UTC"}
        self.loads: list[float] = []

    def prepare(self) -> None:
        """Import the set of known material, once, as a laboratory does."""
        drawn = random.Random(1)  # noqa: S311 - not for security
        lines = "".join(f"{drawn.getrandbits(128):032x}\n" for _ in range(KNOWN_RECORDS))
        path = self._folder / "known.txt"
        path.write_text(lines, encoding="ascii")
        command = [str(HEROES), "hashset", "import", str(path), "--kind", "notable"]
        measure.run([*command, "--name", "known"], environment=self._environment)

    def _scan(self, image: Path, *options: str) -> Cost:
        case = self._folder / "case"
        command = [str(HEROES), "scan", str(image), "--case", str(case), "--set", "known", "-q"]
        try:
            cost, _ = measure.run(
                [*command, *options], environment=self._environment, accepted=_GAPS_ARE_FINE
            )
        finally:
            shutil.rmtree(case, ignore_errors=True)
        return cost

    def _python(self, *arguments: str) -> tuple[Cost, int]:
        command = [sys.executable, str(PEERS), *arguments]
        cost, output = measure.run(command, environment=self._environment)
        return cost, int(json.loads(output)["files"])

    def image(self, measured: Measured, image: Path) -> None:
        """Run every program on one image, in turn, as often as asked for."""
        sizes = self._folder / "sizes.json"
        sizes.write_text(json.dumps(measured.shape.all_sizes()), encoding="ascii")
        for _ in range(self._repeat):
            self.loads.append(os.getloadavg()[0])
            measured.take("digests", self._python("digests", str(sizes))[0])
            measured.take("heroes", self._scan(image))
            measured.take("heroes, verify off", self._scan(image, "--verify", "off"))
            cost, found = self._python("dfvfs", str(image))
            measured.take("dfVFS loop", cost)
            if found < measured.shape.files:
                measured.missing["dfVFS loop"] = f"found {found} of {measured.shape.files} files"
            if measured.kind == "raw":
                self._hashdeep(measured, image)

    def _hashdeep(self, measured: Measured, image: Path) -> None:
        if shutil.which("hashdeep") is None:
            measured.missing["hashdeep"] = "not installed"
            return
        before = measure.spent()
        try:
            with images.mounted(image, measured.shape.file_system) as place:
                command = ["hashdeep", "-c", "md5,sha1,sha256", "-r", str(place)]
                cost, _ = measure.run(command, environment={})
        except images.NotPossibleError as error:
            measured.missing["hashdeep"] = str(error)
            return
        # With the driver, which for NTFS is a process of its own.
        measured.take("hashdeep", replace(cost, cpu=measure.spent() - before))

    def all(self, shapes: Sequence[images.Shape], kinds: Sequence[str]) -> Iterator[Measured]:
        """Make each image, measure, and remove it again."""
        for shape in shapes:
            place = self._folder / "evidence"
            place.mkdir()
            try:
                raw = images.make(shape, place)
                for kind in kinds:
                    image = raw if kind == "raw" else images.acquired(raw)
                    image.read_bytes()  # into the page cache, for all alike
                    measured = Measured(shape, kind, image.stat().st_size)
                    self.image(measured, image)
                    yield measured
            except images.NotPossibleError as error:
                print(f"{shape.name}: left out, {error}", file=sys.stderr)
            finally:
                shutil.rmtree(place)


def conditions(bench: Bench, repeat: int) -> list[str]:
    """Return what the figures depend on, as lines of text."""
    model = platform.processor() or "unknown"
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    versions = [
        f"{name} {importlib.metadata.version(name)}"
        for name in ("heroes-forensics", "dfvfs", "libewf-python", "pytsk3", "numpy")
    ]
    loads = sorted(bench.loads)
    lines = (
        f"Date: {datetime.now(UTC):%Y-%m-%d}. Python {platform.python_version()},",
        f"{platform.system()} {platform.release()}.",
        f"Machine: {model}, {len(os.sched_getaffinity(0))} cores;",
        f"load average before each round {loads[0]:.1f} to {loads[-1]:.1f},",
        f"nice {os.nice(0)}.",
        f"Versions: {', '.join(versions)}.",
        f"Each program {repeat} times in turn, the smallest figure of each;",
        "images in the page cache;",
        f"ours compares with one set of {KNOWN_RECORDS:,} MD5.",
    )
    return textwrap.wrap(" ".join(lines), 100, break_on_hyphens=False)


def _ratio(ours: float, theirs: float) -> str:
    return f"{theirs / ours:.1f}"


def table(results: Sequence[Measured]) -> list[str]:
    """Return the figures as Markdown: seconds, then how many times less ours needs."""
    head = ("image", "format", "program", "CPU s", "wall s", "MB/s", "files/s", "CPU", "wall")
    lines = [f"| {' | '.join(head)} |", "|---|---|---|" + "---:|" * 6]
    for each in results:
        sizes = each.shape.all_sizes()
        plain = each.costs["heroes, verify off"]
        for name, cost in each.costs.items():
            ratios = (_ratio(plain.cpu, cost.cpu), _ratio(plain.wall, cost.wall))
            cells = (
                f"{each.shape.name} ({sum(sizes) / 1e6:,.0f} MB)",
                each.kind,
                name,
                f"{cost.cpu:.2f}",
                f"{cost.wall:.2f}",
                f"{sum(sizes) / 1e6 / cost.wall:,.0f}",
                f"{len(sizes) / cost.wall:,.0f}",
                *ratios,
            )
            lines.append(f"| {' | '.join(cells)} |")
        for name, why in each.missing.items():
            lines.append(f"| {each.shape.name} | {each.kind} | {name}: {why} |{' |' * 6}")
    memory = max(
        each.costs[name].memory
        for each in results
        for name in each.costs
        if name.startswith("heroes")
    )
    lines += [
        "",
        "CPU is user and system time of the whole process tree. The last two columns say how many",
        "times the figure of `heroes` with `--verify off` the figure is: what a peer needs more.",
        f"Largest resident set of our coordinator: {memory / 1e6:.0f} MB.",
    ]
    return lines


def aims(results: Sequence[Measured]) -> list[str]:
    """Return each aim with what was measured for it."""
    lines = ["| aim | wanted | measured | |", "|---|---:|---:|---|"]
    for text, wanted, found in _measured_aims({(m.shape.name, m.kind): m for m in results}):
        reached = found <= wanted if "at most" in text else found >= wanted
        lines.append(
            f"| {text} | {wanted:,g} | {found:,.3g} | {'reached' if reached else 'not reached'} |"
        )
    return lines


def _measured_aims(
    found: Mapping[tuple[str, str], Measured],
) -> Iterator[tuple[str, float, float]]:
    for (name, kind), each in found.items():
        ours, loop = each.costs["heroes, verify off"], each.costs["dfVFS loop"]
        mean = sum(each.shape.all_sizes()) / each.shape.files
        bulk = mean >= 1 << 20
        where = f"{name}, {kind}"
        if kind == "raw" and bulk:
            bound = each.costs["digests"].cpu
            yield f"{where}: CPU of the digests alone, times, at most", 1.3, ours.cpu / bound
        if kind == "raw" and each.shape.sizes == "4096":
            yield f"{where}: files a second of CPU", 12_000, each.shape.files / ours.cpu
        if kind == "raw" and each.shape.sizes == "mixed":
            yield f"{where}: wall, times less than a dfVFS loop", 4, loop.wall / ours.wall
            if "hashdeep" in each.costs:
                theirs = each.costs["hashdeep"].cpu
                yield f"{where}: CPU, times less than hashdeep", 3, theirs / ours.cpu
        if kind == "E01" and each.shape.sizes != "4096":
            for what, wanted, ratio in (
                ("CPU", 5 if bulk else 8, loop.cpu / ours.cpu),
                ("wall", 9 if bulk else 12, loop.wall / ours.wall),
            ):
                yield f"{where}: {what}, times less than a dfVFS loop", wanted, ratio


def write(text: str) -> None:
    """Put the figures between the marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small images, one round")
    parser.add_argument("--repeat", type=int, default=0, metavar="N", help="rounds [default: 3]")
    parser.add_argument("--only", default="", metavar="TEXT", help="images whose name holds this")
    parser.add_argument("--format", choices=("raw", "E01"), help="one format instead of both")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md as well")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="make images in DIR")
    options = parser.parse_args()
    shapes = [
        s for s in (images.QUICK if options.quick else images.SHAPES) if options.only in s.name
    ]
    repeat = options.repeat or (1 if options.quick else 3)
    measure.adopt_orphans()
    with tempfile.TemporaryDirectory(prefix="heroes-bench-", dir=options.folder) as folder:
        bench = Bench(Path(folder), repeat)
        bench.prepare()
        results = []
        for measured in bench.all(shapes, [options.format] if options.format else ["raw", "E01"]):
            results.append(measured)
            print("\n".join(table([measured])[2:-4]), file=sys.stderr, flush=True)
    lines = [*conditions(bench, repeat), "", *table(results), ""]
    text = "\n".join([*lines, *aims(results), ""])
    print(text)
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
