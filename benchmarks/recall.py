"""What is found again of changed pictures and films, and what is found wrongly.

``python benchmarks/recall.py`` edits benign photographs of ``../shared/media`` and looks for them
among the values of the originals and of distractors: with our two tiers, with imagehash, with the
published PDQ and with python-threatexchange. Nothing is written but the figures, to build/recall-*.

There are two halves of pictures and of edits (`pool`, `media.edits`). ``--half development``, the
default, takes the pictures and the edits that anything may be developed with, as often as wanted.
``--half held-out`` takes the other pictures, with all edits: once a release, after everything that
has a parameter is committed; all of it is printed. ``--films`` looks for films alone, and adds them
to what the last run of that half gave, for which ``--no-films`` leaves time. ``--insert`` puts what
the last such run gave into docs/perceptual.md, and into the package, for reports to cite. Nothing
here is a test.
"""

import argparse
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import pool
import recall_films
import recall_tables
import shipped
import tables
from programs import ROOT, load
from recall_measure import Measurement, Peers, Results, development

from heroes_forensics.media.edits.listed import EDITS

DOCUMENT: Final = ROOT / "docs" / "perceptual.md"
MARKS: Final = ("<!-- recall: begin -->", "<!-- recall: end -->")
MEDIA: Final = ROOT.parent / "shared" / "media"
HALVES: Final = ("development", "held-out")


def kept(half: str, ending: str) -> Path:
    """Return where the figures of a half are kept."""
    return ROOT / "build" / f"recall-{half}.{ending}"


def commit() -> str:
    """Return the commit that is measured, and whether anything differs from it."""
    command = ["git", "-C", str(ROOT)]
    name = subprocess.run(
        [*command, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, check=True
    )
    changed = subprocess.run(
        [*command, "status", "--porcelain", "heroes_forensics", "benchmarks"],
        capture_output=True,
        text=True,
        check=True,
    )
    return name.stdout.strip() + (" with changes" if changed.stdout else "")


def write(text: str) -> None:
    """Put the figures between the marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def keep(results: Results) -> None:
    """Write what there is so far."""
    path = kept(results.half, "json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(results.saved(), encoding="utf-8")


def measured(options: argparse.Namespace) -> tuple[Results, list[float]]:
    """Measure one half; what was done is kept when the run is stopped."""
    results = Results(options.half, commit())
    loads = [load()]
    start = time.process_time()
    half = pool.pool(options.media, held_out=options.half == "held-out")
    edits = list(EDITS) if options.half == "held-out" else development()
    if options.quick:
        half = pool.Pool(half.known[:2], half.distractors[:5], half.fillers, half.left_out)
        edits = edits[::8]
    with Peers() as peers:
        measurement = Measurement(half, peers, results)
        try:
            measurement.pictures(edits)
            loads.append(load())
            keep(results)
            measurement.look_alikes()
            keep(results)
            if options.half == "held-out" and not options.no_films:
                recall_films.measure(options.media, results)
        except KeyboardInterrupt:
            results.stopped = True
    results.seconds = time.process_time() - start
    return results, [*loads, load()]


def with_films(options: argparse.Namespace) -> tuple[Results, list[float]]:
    """Look for films, and add them to what is known of pictures."""
    try:
        results = Results.read(kept(options.half, "json").read_text(encoding="utf-8"))
    except FileNotFoundError:  # pictures were not looked for yet
        results = Results(options.half, commit())
    loads = [load()]
    results.films, results.film_left_out = {}, {}
    results.false_films = results.film_pairs = 0
    results.films_commit = commit()
    for way in recall_films.WAYS:
        results.chances.pop(recall_films.FRAMES.format(way), None)
    with suppress(KeyboardInterrupt):
        recall_films.measure(options.media, results)
    return results, [*loads, load()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default=HALVES[0])
    parser.add_argument("--media", type=Path, default=MEDIA, metavar="DIR", help="benign pictures")
    parser.add_argument("--films", action="store_true", help="films alone, held out as all are")
    parser.add_argument("--no-films", action="store_true", help="pictures alone")
    parser.add_argument("--quick", action="store_true", help="two pictures: does it run?")
    parser.add_argument("--insert", action="store_true", help="only write the last run's figures")
    options = parser.parse_args()
    if options.films:
        options.half = HALVES[1]
    if options.quick and options.half == "held-out":
        parser.error("--quick is for development: the held-out half is looked at once, and whole")
    return options


def _stop(number: int, frame: object) -> None:
    """Treat a plain kill as Ctrl-C."""
    del number, frame
    raise KeyboardInterrupt


def main() -> None:
    """Run from the command line."""
    options = _options()
    if options.insert:
        write(kept("held-out", "md").read_text(encoding="utf-8"))
        shipped.write(kept("held-out", "json"))
        return
    signal.signal(signal.SIGTERM, _stop)
    results, loads = with_films(options) if options.films else measured(options)
    text = "\n".join([*recall_tables.all_of(results), *tables.machine(loads, ROOT), ""])
    print(text)
    keep(results)
    kept(options.half, "md").write_text(text, encoding="utf-8")
    print(f"kept in {kept(options.half, 'md')}", file=sys.stderr)


if __name__ == "__main__":
    main()
