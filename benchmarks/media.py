"""What perceptual values cost beside decoding: ours, the reference, python-threatexchange.

``python benchmarks/media.py`` takes the photographs in JPEG of a folder (``../shared/media``, or
``--media DIR``), and three of them enlarged to 12 megapixels, and measures processor time a
picture in one process for each program, one after the other in one run. The figures are kept in
build/media.md; ``--insert`` puts those of the last run into docs/performance.md. Nothing here is a
test.
"""

import argparse
import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import media_films
import media_programs
import numpy as np
import tables
from PIL import Image
from programs import PEERS, ROOT, load

DOCUMENT: Final = ROOT / "docs" / "performance.md"
KEPT: Final = ROOT / "build" / "media.md"
MARKS: Final = ("<!-- pictures: begin -->", "<!-- pictures: end -->")
MEDIA: Final = ROOT.parent / "shared" / "media"
CORPUS: Final = ROOT.parent / "shared" / "evidence" / "perceptual" / "tmk"
"""Films of the corpus of evidence."""
LARGE: Final = (4000, 3000)
"""Pixels of a photograph of today's telephones."""
_GRAIN: Final = 4.0
"""Standard deviation of the noise added to what was enlarged: sensors have it, and it costs."""
AIM: Final = 1.3
"""Times decoding alone that ours may take for a picture of 12 megapixels."""
SECONDS: Final = 1800
CLASSES: Final = (
    (0, 1, "up to 1 MP"),
    (1, 3, "1 to 3 MP"),
    (3, 11, "3 to 11 MP"),
    (11, 99, "12 MP"),
)
NAMES: Final = {
    "luma": "libjpeg-turbo alone, luma at the same scale",
    "full": "libjpeg-turbo alone, in full and in colour",
    "ours": "heroes, decoding and all values of tier 1",
    "deep": "heroes, with deep views",
    "pdqhash": "Pillow in full + `pdqhash`, one value",
    "dihedral": "Pillow in full + `pdqhash`, eight orientations",
    "threatexchange": "python-threatexchange, one value",
}
_THEIRS: Final = frozenset({"pdqhash", "dihedral", "threatexchange"})


class Photograph(NamedTuple):
    """One picture to measure."""

    size: float
    """Megapixels."""
    data: bytes


def photographs(folder: Path, most: int) -> list[Photograph]:
    """Return the photographs of a folder, and the largest three enlarged."""
    found = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        if data[:3] != b"\xff\xd8\xff":
            continue
        try:
            with Image.open(io.BytesIO(data)) as picture:
                picture.load()
                size = picture.width * picture.height / 1e6
        except OSError:
            continue  # damaged on purpose
        found.append(Photograph(size, data))
    largest = sorted(found, key=lambda each: -each.size)[:3]
    return [*found[:most], *(enlarged(each.data, seed) for seed, each in enumerate(largest))]


def enlarged(data: bytes, seed: int) -> Photograph:
    """Return a photograph of 12 megapixels made of a smaller one, with the grain of a sensor."""
    with Image.open(io.BytesIO(data)) as picture:
        large = picture.convert("RGB").resize(LARGE, Image.Resampling.BICUBIC)
    grain = np.random.default_rng(seed).normal(0, _GRAIN, (LARGE[1], LARGE[0], 1))
    pixels = np.clip(np.asarray(large) + grain, 0, 255).astype(np.uint8)
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, "JPEG", quality=90)
    return Photograph(LARGE[0] * LARGE[1] / 1e6, target.getvalue())


def measured(program: str, pictures: Sequence[Photograph], rounds: int) -> list[float | None]:
    """Return the seconds that a program takes for each picture.

    Raises:
        OSError: it is not installed, or failed.
    """
    peer = PEERS / "pdqhash" / "bin" / "python"
    interpreter = str(peer) if program in _THEIRS else sys.executable
    given = b"".join(len(each.data).to_bytes(4, "big") + each.data for each in pictures)
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    done = subprocess.run(
        [interpreter, media_programs.__file__, program, str(rounds)],
        input=given,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        env={**os.environ, **threads},
    )
    if done.returncode:
        raise OSError(f"{program} ended with {done.returncode}")
    found: list[float | None] = json.loads(done.stdout)
    return found


def table(pictures: Sequence[Photograph], spent: dict[str, list[float | None]]) -> list[str]:
    """Return the figures of each class of size, each beside decoding alone."""
    head = ("pictures", "number", "program", "ms a picture", "a second and core", "times decoding")
    lines = [f"| {' | '.join((*head, 'ours, times faster'))} |", "|---|---:|---|" + "---:|" * 4]
    for least, most, name in CLASSES:
        # Only pictures that every program took count, so that all sums are of the same ones.
        chosen = [
            index
            for index, each in enumerate(pictures)
            if least <= each.size < most and all(row[index] is not None for row in spent.values())
        ]
        if not chosen:
            continue
        sums = {
            program: sum(row[index] or 0.0 for index in chosen) for program, row in spent.items()
        }
        for program, total in sums.items():
            each = total / len(chosen)
            cells = (
                *(name, f"{len(chosen)}", NAMES[program], f"{each * 1e3:.1f}", f"{1 / each:,.0f}"),
                f"{total / sums['luma']:.2f}",
                ""
                if program in {"luma", "full", "ours", "deep"}
                else f"{total / sums['ours']:.1f}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def verdict(pictures: Sequence[Photograph], spent: dict[str, list[float | None]]) -> str:
    """Say how far from its aim decoding with all values is."""
    large = [
        index for index, each in enumerate(pictures) if each.size > LARGE[0] * LARGE[1] / 1.1e6
    ]
    times = sum(spent["ours"][index] or 0.0 for index in large) / sum(
        spent["luma"][index] or 0.0 for index in large
    )
    said = "reached" if times <= AIM else "not reached"
    return f"Tier 1 of 12 MP: {times:.2f} times decoding alone; wanted at most {AIM}: {said}."


def films(folder: Path, photograph: bytes, rounds: int) -> list[str]:
    """Return the figures of films."""
    found = media_films.films((folder, CORPUS), photograph)
    return ["", *media_films.table(found, rounds)]


def write(text: str) -> None:
    """Put the figures between the marks of the document."""
    before, _, rest = DOCUMENT.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    DOCUMENT.write_text(f"{before}{MARKS[0]}\n\n{text}\n{MARKS[1]}{after}", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--media", type=Path, default=MEDIA, metavar="DIR", help="photographs")
    parser.add_argument("--rounds", type=int, default=3, metavar="N")
    parser.add_argument("--quick", action="store_true", help="small numbers: does it run?")
    parser.add_argument("--insert", action="store_true", help="only write the last run's figures")
    return parser.parse_args()


def main() -> None:
    """Run from the command line."""
    options = _options()
    if options.insert:
        write(KEPT.read_text(encoding="utf-8"))
        return
    loads, start = [load()], time.monotonic()
    pictures = photographs(options.media, 6 if options.quick else 10_000)
    spent: dict[str, list[float | None]] = {}
    left_out = []
    for program in NAMES:
        try:
            spent[program] = measured(program, pictures, 1 if options.quick else options.rounds)
        except (OSError, subprocess.SubprocessError) as error:
            left_out.append(f"{NAMES[program]}: left out, {error}")
        loads.append(load())
        print(f"{program}: done", file=sys.stderr, flush=True)
    filmed = films(options.media, pictures[0].data, 1 if options.quick else options.rounds)
    loads.append(load())
    lines = [
        *tables.machine(loads, options.media),
        *("", *table(pictures, spent)),
        *("", verdict(pictures, spent), *filmed),
        *("", f"The whole run took {time.monotonic() - start:,.0f} s.", *left_out, ""),
    ]
    text = "\n".join(lines)
    print(text)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
