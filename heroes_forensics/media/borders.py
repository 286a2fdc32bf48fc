"""Uniform borders of a picture or a frame: bars above and below, at both sides, of any colour."""

from typing import Final

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]

NEAR: Final = 12
"""Steps of luma by which a pixel of a border may differ from the edge: compression leaves some."""
SHARE: Final = 0.95
"""Pixels of a line of which that has to be so: a mark in a border is no picture."""
_ROUNDS: Final = 4
"""Borders inside one another; a picture of even columns would lose them one by one."""
_MOST: Final = 1 << 20
"""Pixels looked at together."""


def trimmed(luma: Luma) -> Luma:
    """Return the part of a picture within its uniform borders, as a view of it.

    A border is lines of which nearly all pixels resemble the middle one of the outermost line.
    Sides are looked at in turn until none of them has any more: a letterbox inside a frame goes. A
    picture that is uniform all over is returned as it is.
    """
    part = luma
    for _ in range(_ROUNDS):
        before = part.shape
        for _ in range(4):
            lines = _uniform(part)
            if lines == len(part):
                return luma
            part = np.rot90(part[lines:])  # the next side comes to the top
        if part.shape == before:
            break
    return part


def _uniform(luma: Luma) -> int:
    """Return how many lines at the top are a uniform border."""
    edge = int(np.median(luma[0]))
    first, lines = 0, 1  # the first line alone decides in nearly every picture
    while first < len(luma):
        near = np.abs(luma[first : first + lines].astype(np.int16) - edge) <= NEAR
        breaks = np.flatnonzero(near.mean(axis=1) < SHARE)
        if len(breaks):
            return first + int(breaks[0])
        first += lines
        lines = max(1, min(4 * lines, _MOST // luma.shape[1]))
    return len(luma)
