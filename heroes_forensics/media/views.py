"""Ways to look at a picture that was changed: parts of it, what may have been cut off or turned.

A list holds the values of pictures as they were. What is found on a device may have a border, lie
in a screenshot or a collage, be cropped or turned. So the picture in question is looked at in
several views; a list needs nothing for it. Views of tier 1 (`plain`) are always taken, beside the
picture as it is:

- ``trimmed``: without uniform borders, of any colours (`heroes_forensics.media.borders`),
- ``block-n``: the largest block that lines of the colour of the border leave, and that flat lines
  of any colour leave (`heroes_forensics.media.blocks`): without a caption, words, other windows.

Those of tier 2 (`deep`) are for pictures that have enough in them:

- ``rectangle-n``: parts that empty lines leave and straight lines bound
  (`heroes_forensics.media.rectangles`),
- ``margin-n``: the picture with margins that fade, as `MARGINS` lists them: what a crop took away
  is unlike them, but the rest lies where it lay,
- ``crop-n``: not of a picture in question but of one that is to be listed: what crops leave of it,
  as `CROPS` lists them (`crops`),
- ``turned-n``: turned back where uniform corners tell by how much (the first two), then turned by
  the degrees of `TURNED`, with what was cut off with the corners.

All of them are of the whole picture: what looks like a border may be a sky. The numbers here
were chosen with the development half of `benchmarks/recall.py`.
"""

import math
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from heroes_forensics.frames import VIEWS
from heroes_forensics.media import blocks, borders, pdq, rectangles

Luma = npt.NDArray[np.uint8]
Points = npt.NDArray[np.float32]

LEAST_QUALITY: Final = 50
"""Of a picture that is looked at in depth; below it no value may be compared anyway."""
LEAST_SIDE: Final = 64
"""Pixels of the shorter side of such a picture, and of what is left without borders."""

DEEP_SIDE: Final = 256
"""Pixels to which the longer side is brought before a view adds margins or turns."""
SKEW_SIDE: Final = 512
"""The same, to tell from its corners how far a picture was turned."""

Margins = tuple[float, float, float, float]
MARGINS: Final[tuple[Margins, ...]] = (
    *((share, share, share, share) for share in (0.015, 0.03, 0.045, 0.06, 0.075, 0.095)),
    *((share, share, 0.0, 0.0) for share in (0.04, 0.07, 0.1, 0.14)),
    *((0.0, 0.0, share, share) for share in (0.04, 0.07, 0.1, 0.14)),
    *((share, 0.0, 0.0, 0.0) for share in (0.05, 0.085, 0.125, 0.18)),
    *((0.0, share, 0.0, 0.0) for share in (0.05, 0.085, 0.125, 0.18)),
    *((0.0, 0.0, share, 0.0) for share in (0.05, 0.085, 0.125, 0.18)),
    *((0.0, 0.0, 0.0, share) for share in (0.05, 0.085, 0.125, 0.18)),
)
"""Margins at top, bottom, left and right, as shares of the height and the width of what is left."""
FADING: Final = 0.1
"""Share of a side over which a margin goes from the edge to the middle luma, exponentially. That is
what is to be expected where the luma of neighbours is correlated and no more is known; mirroring
what lies inside finds a third as many of those cropped by 6 %."""

CROPS: Final = tuple(
    (share, down, across)
    for share in (0.05, 0.1, 0.2, 0.3)
    for down, across in ((0.5, 0.5), (0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0))
)
"""What a crop takes of height and width alike, and how much of that at the top and on the left."""

TURNED: Final = (-5.0, -4.0, -3.0, -2.0, -1.0, 1.0, 2.0, 3.0, 4.0, 5.0)
"""Degrees, counter-clockwise."""
_MOST_SKEW: Final = 15.0
_LEAST_SKEW: Final = 0.4
_AGREEMENT: Final = 0.7
"""Degrees by which two sides may differ that tell how far a picture was turned."""
_LEAST_POINTS: Final = 12
"""Lines of a side that have to begin in a uniform corner."""


def plain(luma: Luma) -> Iterator[tuple[int, Luma]]:
    """Yield (position in `VIEWS`, luma) of the views of tier 1 but the first, in that order.

    What has less than `LEAST_SIDE` pixels left, or is the same as another one, is none.
    """
    seen = [borders.whole(luma)]
    for view, box in (
        (_TRIMMED, borders.within(luma)),
        (_BLOCK, blocks.bordered(luma)),
        (_BLOCK + 1, blocks.inside(luma)),
    ):
        if box is None or box in seen:
            continue
        seen.append(box)
        part = box.of(luma)
        if min(part.shape) >= LEAST_SIDE:
            yield view, np.ascontiguousarray(part)


def trimmed(luma: Luma) -> Luma | None:
    """Return a picture without its uniform borders; None when it has none, or little else."""
    return dict(plain(luma)).get(_TRIMMED)


def deep(luma: Luma) -> Iterator[tuple[int, Luma | Points]]:
    """Yield (position in `VIEWS`, luma) of the views of tier 2, in that order."""
    for number, part in enumerate(rectangles.found(luma)):
        yield _RECTANGLE + number, part
    small = _scaled(luma, DEEP_SIDE)
    for number, margins in enumerate(MARGINS):
        yield _MARGIN + number, with_margins(small, margins)
    straight = _scaled(luma, SKEW_SIDE)
    angle = skew(straight)
    if angle is not None:
        for number, part in enumerate(_turned_back(straight, angle)):
            yield _TURNED + number, part
    for number, degrees in enumerate(TURNED, _DESKEWED):
        yield _TURNED + number, turned(small, degrees)


def crops(luma: Luma) -> Iterator[tuple[int, Luma]]:
    """Yield (position in `VIEWS`, luma) of what each of `CROPS` leaves; none of a small picture."""
    height, width = luma.shape
    for number, (share, down, across) in enumerate(CROPS):
        rows, columns = round(height * share), round(width * share)
        top, left = round(rows * down), round(columns * across)
        part = luma[top : top + height - rows, left : left + width - columns]
        if min(part.shape) >= LEAST_SIDE:
            yield _CROP + number, np.ascontiguousarray(part)


_TRIMMED: Final = VIEWS.index("trimmed")
_BLOCK: Final = VIEWS.index("block-1")
_CROP: Final = VIEWS.index("crop-1")
_RECTANGLE: Final = VIEWS.index("rectangle-1")
_MARGIN: Final = VIEWS.index("margin-1")
_TURNED: Final = VIEWS.index("turned-1")
_DESKEWED: Final = 2
"""Views of a picture that was turned back."""


def _scaled(luma: Luma, side: int) -> Luma:
    """Return a picture whose longer side has so many pixels at most."""
    height, width = luma.shape
    ratio = side / max(height, width)
    if ratio >= 1:
        return luma
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    return np.asarray(Image.fromarray(luma).resize(size, Image.Resampling.BOX))


def with_margins(luma: Luma, margins: Margins) -> Points:
    """Return the points of a picture with margins: top, bottom, left, right, as shares of it."""
    height, width = luma.shape
    middle = np.float32(luma.mean())
    down = _faded(height, round(margins[0] * height), round(margins[1] * height))
    across = _faded(width, round(margins[2] * width), round(margins[3] * width))
    return down @ (luma - middle) @ across.T + middle


@lru_cache(maxsize=128)
def _faded(length: int, before: int, behind: int) -> Points:
    """Return the weights of the pixels of a row for the points of a longer one (`FADING`)."""
    weights = pdq.operator(before + length + behind)
    found = weights[:, before : before + length].copy()
    fading = np.exp(-np.arange(1, before + behind + 1) / (FADING * length)).astype(np.float32)
    found[:, 0] += weights[:, :before] @ fading[:before][::-1]
    found[:, -1] += weights[:, before + length :] @ fading[:behind]
    return found


def turned(luma: Luma, degrees: float) -> Luma:
    """Return a picture turned, with margins: as it was before it was turned, and its corners cut.

    Who cuts them off keeps the aspect and the middle, and as much as there is.
    """
    height, width = luma.shape
    sine, cosine = math.sin(math.radians(abs(degrees))), math.cos(math.radians(degrees))
    grown = max(cosine + height / width * sine, cosine + width / height * sine)
    size = round(width * grown), round(height * grown)
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    rows, columns = top + math.ceil(sine * size[0] / 2), left + math.ceil(sine * size[1] / 2)
    middle = luma.mean()
    wide = np.pad(luma - middle, ((rows, rows), (columns, columns)), mode="edge")
    for far, axis in (((rows, height), 0), ((columns, width), 1)):
        margin, length = far
        fading = np.exp(-np.arange(margin, 0, -1) / (FADING * length))
        weights = np.concatenate((fading, np.ones(length), fading[::-1]))
        wide *= weights[:, None] if axis == 0 else weights
    found = Image.fromarray((wide + middle).astype(np.uint8))
    found = found.rotate(degrees, Image.Resampling.BILINEAR)
    box = columns - left, rows - top, columns - left + size[0], rows - top + size[1]
    return np.asarray(found.crop(box))


def skew(luma: Luma) -> float | None:
    """Return by how many degrees a picture was turned counter-clockwise, told by its corners.

    Whoever turns a picture by a few degrees gets corners of one colour. Along each side the depth
    of that colour grows evenly; two sides have to agree.
    """
    found = []
    side = luma
    for _ in range(4):
        angle = _slope(side)
        if angle is not None:
            found.append(angle)
        side = np.rot90(side)
    for index, one in enumerate(sorted(found)[:-1]):
        other = sorted(found)[index + 1]
        if other - one <= _AGREEMENT and abs(one + other) / 2 >= _LEAST_SKEW:
            return (one + other) / 2
    return None


def _slope(luma: Luma) -> float | None:
    """Return the angle of the line at which a uniform corner at the top ends."""
    height, width = luma.shape
    best = None
    if min(height, width) < LEAST_SIDE:
        return best
    for corner in (int(luma[0, 0]), int(luma[0, -1])):
        inside = np.abs(luma[: height // 2].astype(np.int16) - corner) > borders.NEAR
        depth = np.where(inside.any(axis=0), inside.argmax(axis=0), 0)
        columns = np.flatnonzero(depth > 1)
        if len(columns) < max(_LEAST_POINTS, width // 8):
            continue
        deepest = depth[columns]
        # Between pairs that lie far apart: single wrong depths do not matter.
        half = len(columns) // 2
        steps = (deepest[half : 2 * half] - deepest[:half]) / (
            columns[half : 2 * half] - columns[:half]
        )
        slope = float(np.median(steps))
        even = np.abs(steps - slope) < max(0.02, abs(slope) / 4)
        angle = math.degrees(math.atan(slope))
        if even.mean() > 0.6 and _LEAST_SKEW <= abs(angle) <= _MOST_SKEW:  # noqa: PLR2004 - most of them
            best = -angle
    return best


def _turned_back(luma: Luma, angle: float) -> Iterator[Luma]:
    """Yield a picture turned back: what the larger canvas held, then all of its own canvas."""
    height, width = luma.shape
    filled = Image.fromarray(luma)
    middle = int(luma.mean())
    straight = np.asarray(filled.rotate(-angle, Image.Resampling.BILINEAR, fillcolor=middle))
    sine, cosine = math.sin(math.radians(abs(angle))), math.cos(math.radians(angle))
    scale = cosine * cosine - sine * sine
    inner_width = (width * cosine - height * sine) / scale
    inner_height = (height * cosine - width * sine) / scale
    left, top = round((width - inner_width) / 2), round((height - inner_height) / 2)
    part = straight[max(0, top) : height - max(0, top), max(0, left) : width - max(0, left)]
    if min(part.shape) >= LEAST_SIDE:
        yield part
    yield straight
