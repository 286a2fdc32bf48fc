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

POINTS: Final = 64
"""In a row, and in a column: so many are looked at, whatever the size of the picture."""
STEP: Final = 16
"""Of 256: a point is in soft surroundings when it differs by no more from both its neighbours."""
NEAR: Final = 7
"""Tones that count as one: a tone and what compression makes of it."""
COMMONEST: Final = 6
"""Tones with their neighbours that are left out, those of most points first."""
_LEAST_SIDE: Final = 2


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
    here, below = luma[rows], luma[rows + 1]
    point, right, down = here[:, columns], here[:, columns + 1], below[:, columns]
    highest = np.maximum(np.maximum(point, right), down)
    lowest = np.minimum(np.minimum(point, right), down)
    is_soft = (highest - point <= STEP) & (point - lowest <= STEP)
    counts = np.bincount(point[is_soft], minlength=256)
    for _ in range(COMMONEST):
        sums = np.concatenate(([0], counts.cumsum()))
        first = int((sums[NEAR:] - sums[:-NEAR]).argmax())
        counts[first : first + NEAR] = 0
    return 100 * int(counts.sum()) // point.size


@lru_cache(maxsize=64)
def _places(length: int) -> npt.NDArray[np.int64]:
    """Return which pixels of a row of so many are looked at: evenly spread, none is the last."""
    return (2 * np.arange(POINTS) + 1) * (length - 1) // (2 * POINTS)
