"""Whether a picture is drawn: forms, screens, icons, pages, and not a photograph.

PDQ looks at coarse light and dark. Of photographs that says which one it is; of drawn pictures of
one kind it says what they have in common: one form filled in twice is the same picture to it. So a
candidate has to know of what kind its picture is.

A photograph has many tones that pass into one another softly. What is drawn has few: its areas are
flat, and between them lie edges. Compression adds shades close to those few, enlarging and blurring
widen the edges. So what is counted are points in soft surroundings whose tone is none of the
commonest ones, nor close to one. How many there have to be of a photograph is said where
candidates are graded (`heroes_forensics.hashsets.candidates`).

All of it is counting of whole numbers: the same on every processor.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.media import pdq

Luma = npt.NDArray[np.uint8]

POINTS: Final = 48
"""In a row, and in a column: so many are looked at, whatever the size of the picture."""
STEP: Final = 16
"""Of 256: a point is in soft surroundings when it differs by no more from both its neighbours."""
NEAR: Final = (3, 7)
"""Tones that count as one, at least and at most: a tone and what compression makes of it."""
SHARE: Final = 25
"""The tones of a picture divided by that count as one, within `NEAR`: a photograph in the dark or
in fog has few tones in all."""
OUTSIDE: Final = 100
"""The darkest and the brightest point of so many do not count for how many tones there are."""
COMMONEST: Final = 6
"""Tones with their neighbours that are left out, those of most points first."""
_LEAST_SIDE: Final = 2
_TONES: Final = 256


def measured(luma: Luma, *, exact: bool = False) -> tuple[npt.NDArray[np.uint8], int, int]:
    """Return what `pdq.hashes` does, values and quality, and how many soft tones there are."""
    return *pdq.hashes(luma, exact=exact), soft(luma)


def soft(luma: Luma) -> int:
    """Return how many of a hundred points are of a soft tone that is none of the commonest.

    Args:
        luma: rows of pixels, 0 to 255, at least one.

    Returns:
        0 to 100, rounded down; 0 of what is less than two pixels wide or high.
    """
    height, width = luma.shape
    if min(height, width) < _LEAST_SIDE:
        return 0
    rows, columns = _places(height), _places(width)
    here = luma.take(rows, 0)
    point, right = here.take(columns, 1), here.take(columns + 1, 1)
    down = luma.take(rows + 1, 0).take(columns, 1)
    highest = np.maximum(np.maximum(point, right), down)
    lowest = np.minimum(np.minimum(point, right), down)
    is_soft = (highest - point <= STEP) & (point - lowest <= STEP)
    found = point[is_soft]
    return 100 * (found.size - _common(found, _near(point))) // point.size


def _common(points: Luma, near: int) -> int:
    """Return how many points are of the commonest tones, each with its neighbours."""
    sums = np.zeros(_TONES + 1, np.int64)
    np.bincount(points, minlength=_TONES).cumsum(out=sums[1:])
    together = sums[near:] - sums[:-near]
    taken: list[int] = []
    for first in (-together).argsort(kind="stable").tolist():
        if all(abs(first - other) >= near for other in taken):
            taken.append(first)
            if len(taken) == COMMONEST:
                break
    return int(together[taken].sum())


def _near(points: Luma) -> int:
    """Return how many tones count as one."""
    sums = np.bincount(points.reshape(-1), minlength=_TONES).cumsum()
    outside = points.size // OUTSIDE
    darkest, brightest = np.searchsorted(sums, (outside, points.size - outside))
    least, most = NEAR
    return min(most, max(least, int(brightest - darkest) // SHARE))


@lru_cache(maxsize=64)
def _places(length: int) -> npt.NDArray[np.int64]:
    """Return which pixels of a row of so many are looked at: evenly spread, none is the last."""
    return (2 * np.arange(POINTS) + 1) * (length - 1) // (2 * POINTS)
