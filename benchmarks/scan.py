"""Our whole scan against its peers and its bounds, on generated images, in one run.

``python benchmarks/scan.py`` makes the images, runs each program several times in turn, takes the
smallest figure of each, and prints tables, which are kept in build/bench.md; ``--write`` puts them
into docs/performance.md as well, ``--insert`` those of the last run. Nothing here is a test:
figures say how fast, never whether it works. What is compared, and why: docs/performance.md.
"""

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import aims
import images
import latency
import measure
import tables
import verify
from programs import FAILURES, ROOT, Measured, Programs, into_cache, load

DOCUMENT: Final = ROOT / "docs" / "performance.md"
KEPT: Final = ROOT / "build" / "bench.md"
MARKS: Final = ("<!-- figures: begin -->", "<!-- figures: end -->")


class Bench:
    """Runs everything, with all it makes below one folder."""

    def __init__(self, work: Path, evidence: Path, repeat: int, *, keep: bool) -> None:
        self._evidence = evidence
        self._repeat = repeat
        self._keep = keep
        self.programs = Programs(work)
        self.loads: list[float] = [load()]
        self.left_out: list[str] = []
        self.aims: list[aims.Aim] = []
        """Those that are not of one scan's costs."""
        self.verifying: list[str] = []
        """The table of the verification of E01."""

    def all(self, shapes: Sequence[images.Shape], kinds: Sequence[str]) -> Iterator[Measured]:
        """Make each image, measure, and remove it again unless images are kept."""
        for shape in shapes:
            place = self._evidence / shape.name.replace(",", "").replace(" ", "-")
            try:
                raw = images.make(shape, place)
                plan = self.programs.plan(raw)
                if shape.planted and "raw" in kinds:
                    self._findings(shape, raw, plan)
                for kind in kinds:
                    if kind in shape.kinds:
                        image = raw if kind == "raw" else images.acquired(raw)
                        yield self._image(Measured(shape, kind), image, plan)
            except FAILURES as error:
                self._leave_out(shape.name, error)
            finally:
                if not self._keep:
                    shutil.rmtree(place, ignore_errors=True)

    def _leave_out(self, name: str, error: Exception) -> None:
        self.left_out.append(f"{name}: left out, {error}")
        print(self.left_out[-1], file=sys.stderr)

    def _findings(self, shape: images.Shape, raw: Path, plan: Path) -> None:
        try:
            shown = latency.findings(self.programs, shape, raw, plan)
        except FAILURES as error:
            self._leave_out(f"{shape.name}, planted findings", error)
            return
        longest = max(each.after_read for each in shown)
        text = f"{shape.name}, raw: seconds from the reading of a planted file to the screen"
        self.aims.append(aims.Aim(text, 10, longest, at_most=True))

    def verify(self, size: int) -> None:
        """Measure the pass over the media of E01 of three kinds of content."""
        place = self._evidence / "verify"
        place.mkdir(parents=True, exist_ok=True)
        for content in verify.CONTENTS:
            self.loads.append(load())
            try:
                image = verify.make(content, size, place)
                rows, bound = verify.programs(image, size, self._repeat)
            except FAILURES as error:
                self._leave_out(f"verifying an E01, {content}", error)
                continue
            lines = verify.table(content, size, rows, bound)
            print("\n".join(lines), file=sys.stderr, flush=True)
            self.verifying += lines if self.verifying else [*verify.HEAD, *lines]
            self.aims += aims.of_verifying(content, verify.ours(rows), rows[0], verify.least(bound))
        if not self._keep:
            shutil.rmtree(place)

    def help(self) -> None:
        """Measure how long the help takes."""
        seconds = latency.help_seconds(self.programs)
        self.aims.append(aims.Aim("`heroes --help`, seconds", 0.25, seconds, at_most=True))

    def _image(self, measured: Measured, image: Path, plan: Path) -> Measured:
        into_cache(image)
        for _ in range(self._repeat):
            self.loads.append(load())
            self.programs.round(measured, image, plan)
        self.programs.stages(measured, image)
        return measured


def write(text: str) -> None:
    """Put the figures between the marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="small images, one round")
    parser.add_argument("--full", action="store_true", help="every image, a million files too")
    parser.add_argument("--repeat", type=int, default=0, metavar="N", help="rounds [default: 2]")
    parser.add_argument("--only", default="", metavar="TEXT", help="images whose name holds this")
    parser.add_argument("--format", choices=("raw", "E01"), help="one format instead of both")
    parser.add_argument("--write", action="store_true", help="into docs/performance.md as well")
    parser.add_argument("--insert", action="store_true", help="only write the last run's figures")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="make images in DIR")
    parser.add_argument(
        "--keep", action="store_true", help="keep the images in DIR, and use them the next time"
    )
    options = parser.parse_args()
    if options.keep and options.folder is None:
        parser.error("--keep needs --folder: say where the images are to stay")
    return options


def _measured(
    bench: Bench, shapes: Sequence[images.Shape], kinds: Sequence[str], verified: int
) -> list[Measured]:
    """Measure until everything is done, or until the run is stopped; keep what there is."""
    results = []
    try:
        for measured in bench.all(shapes, kinds):
            results.append(measured)
            print("\n".join(tables.rows(measured)), file=sys.stderr, flush=True)
        if verified:
            bench.verify(verified)
        bench.help()
    except KeyboardInterrupt:
        bench.left_out.append("The run was stopped before its end.")
    return results


def _figures(bench: Bench, results: Sequence[Measured], repeat: int, work: Path) -> str:
    found = {(each.shape.name, each.kind): each for each in results}
    judged = [
        *aims.of_scans(found),
        *aims.of_growth(found),
        *bench.aims,
    ]
    lines = [
        *tables.conditions(bench.loads, repeat, bench.programs.versions(), work),
        *("", *tables.scans(results)),
        *("", *tables.stages(results)),
        *("", *tables.margins(results)),
        *("", *bench.verifying),
        *("", *aims.table(judged)),
        *(["", *bench.left_out] if bench.left_out else []),
        "",
    ]
    return "\n".join(lines)


def _stop(number: int, frame: object) -> None:
    """Treat a plain kill as Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


def main() -> None:
    """Run from the command line."""
    options = _options()
    if options.insert:
        write(KEPT.read_text(encoding="utf-8"))
        return
    shapes = [
        each
        for each in (images.QUICK if options.quick else images.SHAPES)
        if options.only in each.name and (options.full or options.only or not each.full)
    ]
    repeat = options.repeat or (1 if options.quick else 2)
    measure.adopt_orphans()
    signal.signal(signal.SIGTERM, _stop)
    with ExitStack() as stack:
        work = Path(
            stack.enter_context(
                tempfile.TemporaryDirectory(prefix="heroes-bench-", dir=options.folder)
            )
        )
        evidence = options.folder / "images" if options.keep else work / "images"
        bench = Bench(work, evidence, repeat, keep=options.keep)
        bench.programs.prepare()
        kinds = [options.format] if options.format else ["raw", "E01"]
        size = (64 if options.quick else 1024 if options.full else 512) << 20
        verified = size if options.only in "verifying" and "E01" in kinds else 0
        text = _figures(bench, _measured(bench, shapes, kinds, verified), repeat, work)
    print(text)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(text, encoding="utf-8")
    if options.write:
        write(text)


if __name__ == "__main__":
    main()
