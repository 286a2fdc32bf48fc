"""Uniform borders of a frame: bars above and below, at both sides, of any colour."""

from typing import Final

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]

SPREAD: Final = 16
"""Between the darkest and the brightest pixel of a line of a border: compression leaves some."""
_ROUNDS: Final = 4


def trimmed(luma: Luma) -> Luma:
    """Return the part of a frame within its uniform borders, as a view of it.

    Lines are cut off as long as each is of one brightness, and that of the line at the edge; above
    and below, then left and right, and again, since what one cut leaves may show the next. A frame
    that is uniform all over is returned as it is.
    """
    for _ in range(_ROUNDS):
        before = luma.shape
        luma = _between(luma)
        luma = _between(luma.T).T
        if luma.shape == before:
            break
    return luma


def _between(luma: Luma) -> Luma:
    """Return the rows between the uniform ones at both ends."""
    low, high = luma.min(axis=1).astype(np.int16), luma.max(axis=1).astype(np.int16)
    first = _run(low, high)
    if first == len(luma):
        return luma
    last = len(luma) - _run(low[::-1], high[::-1])
    return luma[first:last]


def _run(low: npt.NDArray[np.int16], high: npt.NDArray[np.int16]) -> int:
    """Return how many lines from the first one look like it."""
    alike = (high - low <= SPREAD) & (low >= high[0] - SPREAD) & (high <= low[0] + SPREAD)
    return len(alike) if alike.all() else int(np.argmin(alike))
