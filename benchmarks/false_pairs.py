"""How often unrelated pictures come close: the rates that grades rest on, from many comparisons.

``python benchmarks/false_pairs.py`` cuts many seeded crops out of photographs of the development
half of the pool (never of the held-out one), lists those of one half of the pictures, and looks up
those of the other half with the near index of the program: so near duplicates and crops of one
picture never meet. Crops are compared as pictures are: quality 50 and more, 64 pixels and more,
PDQ as this program makes it. A list has all eight orientations of a crop and a query one, which
counts each pair of crops once for each way to lay one on the other.

Crops of one picture are not independent of one another: what is unlike about two pictures is so of
most of their crops. So the bounds that are printed are soft; how many pairs of pictures there were
is printed beside them. Made-up drawn pictures (`look_alikes`) are compared with one another alike.
``--full`` makes 10^11 comparisons and more; nothing here is a test.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

import look_alikes
import numpy as np
import numpy.typing as npt
import pool
import tables
from drawn import DRAWINGS, insert
from PIL import Image
from programs import ROOT, load
from recall import MEDIA, commit

from heroes_forensics.frames import ORIENTATIONS, VALUE_BYTES
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.measuring import upper_bound
from heroes_forensics.hashsets.near import NearIndex
from heroes_forensics.media import image, tones

MARKS: Final = ("<!-- false pairs: begin -->", "<!-- false pairs: end -->")
RADII: Final = (31, 36, 40)
SIDE: Final = 512
"""Pixels to which the longer side of a picture is brought before it is cropped, for the time."""
LEAST_SHARE: Final = 0.25
"""Of a side that a crop keeps at least."""
ROUNDS: Final = 2
"""So often pictures are divided into those that are listed and those that are looked up."""
SERIES: Final = 3
"""Of `look_alikes`: not that with which anything was chosen or measured."""
DRAWN: Final = 10
"""Made-up pictures of each kind."""
AT_ONCE: Final = 1 << 12
"""Queries between two looks at the clock."""
PHOTOGRAPHS: Final = "crops of photographs"
FLAT: Final = "crops of photographs that are called drawn"
MADE_UP: Final = "crops of made-up drawn pictures"

Bits = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Crops:
    """Values of many crops, by picture."""

    picture: npt.NDArray[np.int64]
    values: Bits
    """(n, 8, 32)."""
    drawn: npt.NDArray[np.bool_]


@dataclass(slots=True)
class Found:
    """What one class of queries gave."""

    queries: int = 0
    listed: int = 0
    """Values, the most at once."""
    comparisons: int = 0
    within: dict[int, int] = field(default_factory=lambda: dict.fromkeys(RADII, 0))
    pictures: set[tuple[int, int]] = field(default_factory=set)
    """Pairs of pictures that were compared."""
    close: set[tuple[int, int]] = field(default_factory=set)
    """Those of them with a pair of crops within the widest radius."""

    def at_most(self, radius: int) -> float:
        """Return the rate that is not exceeded with a confidence of 95 %, were all independent."""
        return upper_bound(self.within[radius], max(1, self.comparisons))


def cropped(pictures: Sequence[Image.Image], count: int, seed: int) -> Crops:
    """Cut ``count`` crops out of each picture, and take those that may be compared."""
    number, values, drawn = [], [], []
    for index, picture in enumerate(pictures):
        draw = np.random.default_rng((seed, index))
        luma = np.asarray(image.luma_of(picture))
        for _ in range(count):
            part = _part(luma, draw)
            if min(part.shape) < candidates.MIN_SIDE:
                continue
            value, quality, soft = tones.measured(part)
            if quality >= candidates.MIN_QUALITY:
                number.append(index)
                values.append(value)
                drawn.append(soft < candidates.LEAST_TONES)
    return Crops(
        np.array(number, np.int64),
        np.array(values, np.uint8).reshape(-1, ORIENTATIONS, VALUE_BYTES),
        np.array(drawn, np.bool_),
    )


def _part(luma: Bits, draw: np.random.Generator) -> Bits:
    """Return a crop anywhere, of any shape."""
    sizes = [max(1, round(side * draw.uniform(LEAST_SHARE, 1))) for side in luma.shape]
    starts = [
        int(draw.integers(0, side - size + 1)) for side, size in zip(luma.shape, sizes, strict=True)
    ]
    (top, left), (height, width) = starts, sizes
    return np.ascontiguousarray(luma[top : top + height, left : left + width])


def compared(crops: Crops, seed: int, until: float) -> Iterator[tuple[bool, Found]]:
    """Divide the pictures, list one half and look up the other; whether drawn, and what came.

    Args:
        crops: of all pictures.
        seed: how the pictures are divided.
        until: processor time at which it ends, in seconds.
    """
    count = int(crops.picture.max(initial=-1)) + 1
    mixed = np.random.default_rng(seed).permutation(count)
    is_listed = np.isin(crops.picture, mixed[: count // 2])
    rows = crops.values[is_listed].reshape(-1, VALUE_BYTES)
    owner = np.repeat(crops.picture[is_listed], ORIENTATIONS)
    index = NearIndex(rows)
    owners = np.unique(owner).tolist()
    for is_drawn in (False, True):
        asked = np.flatnonzero(~is_listed & (crops.drawn == is_drawn))
        found = Found(listed=len(rows))
        for start in range(0, len(asked), AT_ONCE):
            if time.process_time() > until:
                break
            part = asked[start : start + AT_ONCE]
            query, row, distance = index.search(crops.values[part, 0], max(RADII))
            found.queries += len(part)
            found.comparisons += len(part) * len(rows)
            for radius in RADII:
                found.within[radius] += int((distance <= radius).sum())
            mine = crops.picture[part]
            found.pictures |= {(one, two) for one in np.unique(mine).tolist() for two in owners}
            found.close |= set(zip(mine[query].tolist(), owner[row].tolist(), strict=True))
        yield is_drawn, found


def joined(some: Found, other: Found) -> None:
    """Add what another round found."""
    some.queries += other.queries
    some.comparisons += other.comparisons
    some.listed = max(some.listed, other.listed)
    some.within = {radius: some.within[radius] + other.within[radius] for radius in RADII}
    some.pictures |= other.pictures
    some.close |= other.close


def photographs(folder: Path) -> list[Image.Image]:
    """Return the photographs of the development half, one of each group of near duplicates."""
    half = pool.pool(folder, held_out=False)
    members = (*half.known, *half.distractors, *half.fillers)
    return [_small(each.picture()) for each in members if each.path.name not in DRAWINGS]


def _small(picture: Image.Image) -> Image.Image:
    share = min(1.0, SIDE / max(picture.size))
    size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
    return picture.resize(size, Image.Resampling.BOX)


def measured(folder: Path, count: int, seconds: float) -> tuple[dict[str, Found], int]:
    """Measure every class; return what was found, and how many photographs there were."""
    until = time.process_time() + seconds
    found: dict[str, Found] = {name: Found() for name in (PHOTOGRAPHS, FLAT, MADE_UP)}
    kinds = [look_alikes.made(kind, SERIES)[:DRAWN] for kind in look_alikes.KINDS]
    made_up = [_small(each) for each in chain.from_iterable(kinds)]
    crops = cropped(made_up, max(1, count // 10), SERIES)
    for is_drawn, one in compared(crops, 0, until):
        if is_drawn:
            joined(found[MADE_UP], one)
    pictures = photographs(folder)
    crops = cropped(pictures, count, 0)
    for number in range(ROUNDS):
        for is_drawn, one in compared(crops, number, until):
            joined(found[FLAT if is_drawn else PHOTOGRAPHS], one)
    return found, len(pictures)


def table(found: dict[str, Found]) -> list[str]:
    """Return the figures."""
    radii = [f"≤ {radius}" for radius in RADII]
    head = (
        *("looked up", "values", "listed", "comparisons", "pairs of pictures", *radii),
        *("pairs of pictures ≤ 40", *(f"95 %, {each}" for each in radii)),
    )
    lines = [f"| {' | '.join(head)} |", "|---|" + "---:|" * (len(head) - 1)]
    for name, each in found.items():
        cells = (
            *(name, f"{each.queries:,}", f"{each.listed:,}", f"{each.comparisons:.2e}"),
            f"{len(each.pictures):,}",
            *(f"{each.within[radius]:,}" for radius in RADII),
            f"{len(each.close):,}",
            *(f"{each.at_most(radius):.1e}" for radius in RADII),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def said(found: Found) -> list[str]:
    """Say how the rates of the program stand to what was measured of photographs."""
    lines = []
    for bits, rate in candidates.MEASURES["pdq"].rates:
        if bits in RADII:
            seen = found.within[bits] / max(1, found.comparisons)
            word = "above" if seen > rate else "not above"
            lines.append(
                f"Within {bits} bits {seen:.1e} were seen a comparison of photographs, and grades "
                f"rest on {rate:.1e}: {word} it."
            )
    return lines


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--media", type=Path, default=MEDIA, metavar="DIR", help="benign pictures")
    parser.add_argument("--crops", type=int, default=600, metavar="N", help="of each picture")
    parser.add_argument("--full", action="store_true", help="3,250 crops: 10^11 comparisons")
    parser.add_argument("--seconds", type=float, default=600.0, help="of processor time at most")
    parser.add_argument("--insert", action="store_true", help="write it into the document")
    options = parser.parse_args()
    loads, start = [load()], time.process_time()
    count = 3_250 if options.full else options.crops
    found, pictures = measured(options.media, count, options.seconds)
    seconds = time.process_time() - start
    head = (
        f"At commit {commit()}: {count:,} crops were cut of each of {pictures} photographs, in "
        f"{ROUNDS} divisions; {seconds:,.0f} s of processor time."
    )
    text = "\n".join(
        [
            head,
            *("", *table(found), "", *said(found[PHOTOGRAPHS])),
            *("", *tables.machine([*loads, load()], ROOT), ""),
        ]
    )
    print(text)
    if options.insert:
        insert(text, MARKS)


if __name__ == "__main__":
    main()
