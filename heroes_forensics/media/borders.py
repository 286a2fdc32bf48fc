"""Uniform borders of a picture or a frame: bars above and below, at both sides, of any colour."""

from typing import Final, NamedTuple

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


class Box(NamedTuple):
    """Part of a picture: rows and columns from the first of each pair to before the second."""

    top: int
    bottom: int
    left: int
    right: int

    def of(self, luma: Luma) -> Luma:
        """Return that part, as a view of the picture."""
        return luma[self.top : self.bottom, self.left : self.right]


def whole(luma: Luma) -> Box:
    """Return all of a picture."""
    return Box(0, luma.shape[0], 0, luma.shape[1])


def trimmed(luma: Luma) -> Luma:
    """Return the part of a picture within its uniform borders, as a view of it."""
    return within(luma).of(luma)


def within(luma: Luma) -> Box:
    """Return the part of a picture within its uniform borders.

    A border is lines of which nearly all pixels resemble the middle one of the outermost line.
    Sides are looked at in turn until none of them has any more: a letterbox inside a frame goes. Of
    a picture that is uniform all over it is all.
    """
    part, box = luma, whole(luma)
    for _ in range(_ROUNDS):
        before = box
        lost = []
        for _ in range(4):
            lines = alike(part, int(np.median(part[0])))
            if lines == len(part):
                return whole(luma)
            part = np.rot90(part[lines:])  # the next side comes to the top
            lost.append(lines)
        top, right, bottom, left = lost
        box = Box(box.top + top, box.bottom - bottom, box.left + left, box.right - right)
        if box == before:
            break
    return box


def alike(luma: Luma, colour: int) -> int:
    """Return how many lines at the top are of a colour."""
    first, lines = 0, 1  # the first line alone decides in nearly every picture
    while first < len(luma):
        near = np.abs(luma[first : first + lines].astype(np.int16) - colour) <= NEAR
        breaks = np.flatnonzero(near.mean(axis=1) < SHARE)
        if len(breaks):
            return first + int(breaks[0])
        first += lines
        lines = max(1, min(4 * lines, _MOST // luma.shape[1]))
    return len(luma)
