"""The largest block of a picture that empty lines set apart: a photograph on a page of words.

Where a border ends, the picture in it begins, or words do. Lines of one colour, from one end to the
other, cut what is on a page into blocks; of those the largest is taken, and looked at again, down
and across in turn, until nothing cuts it any more. This is the recursive cut of Nagy and Seth
(1984), followed only where the largest block is.

Which lines cut is told in two ways. Those of the colour of the thickest border (`bordered`): what a
picture has of other colours, a sky or a frame of its own, stays. And those that are flat of any
colour (`inside`), more strictly so, for a picture in a window on a desk; what was there before it
was painted over is never as flat as what a program painted.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.media.borders import NEAR, SHARE, Box, Luma, alike, whole

LEAST_SIDE: Final = 64
"""Pixels of a block; what is smaller is not compared."""
_FLAT: Final = 3
"""Steps of luma by which a pixel may differ from the middle one of a flat line."""
_ROUNDS: Final = 6
"""Blocks within blocks."""
_SOME, _MANY = 16, 256
"""Pixels of a line that are looked at first, and of one that passes."""
_WRONG: Final = 2
"""Of the first ones, how many may be of another colour."""

Numbers = npt.NDArray[np.intp]


def bordered(luma: Luma) -> Box | None:
    """Return the largest block that lines of the colour of the border leave.

    None where there is no border, where a block is too small, or where all is left.
    """
    edge, most = 0, 0
    side = luma
    for _ in range(4):
        colour = int(np.median(side[0]))
        lines = alike(side, colour)
        if lines > most:
            edge, most = colour, lines
        side = np.rot90(side)
    return _largest(luma, edge) if most else None


def inside(luma: Luma) -> Box | None:
    """Return the largest block that flat lines leave; None as `bordered` says."""
    return _largest(luma, None)


def parts(luma: Luma) -> list[Box]:
    """Return all blocks that flat lines leave, the largest first; none where nothing is cut."""
    if min(luma.shape) < LEAST_SIDE:
        return []
    found, left = [], [(whole(luma), 0, 0)]
    while left:
        box, depth, uncut = left.pop()
        if uncut == 2 or depth == 2 * _ROUNDS:  # noqa: PLR2004 - neither down nor across
            found.append(box)
            continue
        across = depth % 2
        for start, stop in _cut(box.of(luma).T if across else box.of(luma)):
            part = (
                box._replace(left=box.left + start, right=box.left + stop)
                if across
                else box._replace(top=box.top + start, bottom=box.top + stop)
            )
            left.append((part, depth + 1, uncut + 1 if part == box else 0))
    found = [box for box in found if box != whole(luma)]
    return sorted(found, key=lambda box: -box.of(luma).size)


def _cut(part: Luma) -> list[tuple[int, int]]:
    """Return where the lines lie that flat ones leave together, where they are enough."""
    cuts, colours = _flat(part)
    ends = np.concatenate(([-1], cuts, [len(part)]))
    found = []
    for at in np.flatnonzero(np.diff(ends) > LEAST_SIDE).tolist():
        start, stop = _without_rest(part, (cuts, colours), at)
        if stop - start >= LEAST_SIDE:
            found.append((start, stop))
    return found


def _largest(luma: Luma, colour: int | None) -> Box | None:
    box = whole(luma)
    for _ in range(_ROUNDS):
        before = box
        if min(box.of(luma).shape) < LEAST_SIDE:
            return None
        top, bottom = _longest(box.of(luma), colour)
        box = box._replace(top=box.top + top, bottom=box.top + bottom)
        if min(box.of(luma).shape) < LEAST_SIDE:
            return None
        left, right = _longest(box.of(luma).T, colour)
        box = box._replace(left=box.left + left, right=box.left + right)
        if box == before:
            break
    return None if box == whole(luma) else box


def _longest(part: Luma, colour: int | None) -> tuple[int, int]:
    """Return where the most lines lie that nothing cuts, the first of them and the next behind."""
    if colour is None:
        cuts, colours = _flat(part)
    else:
        cuts = _of(part, colour)
        colours = np.full(len(cuts), colour, dtype=np.int16)
    at = int(np.diff(np.concatenate(([-1], cuts, [len(part)]))).argmax())
    return _without_rest(part, (cuts, colours), at)


def _without_rest(
    part: Luma, flat: tuple[Numbers, npt.NDArray[np.int16]], at: int
) -> tuple[int, int]:
    """Return where the lines lie between two that cut, without what is nearly like those.

    Beside a picture compression leaves lines that are less flat.
    """
    cuts, colours = flat
    start, stop = 0, len(part)
    if at < len(cuts):
        stop = int(cuts[at])
    if at:
        start = int(cuts[at - 1]) + 1
        start += alike(part[start:stop], int(colours[at - 1]))
    if stop < len(part):
        stop -= alike(part[start:stop][::-1], int(colours[at]))
    return start, stop


def _of(part: Luma, colour: int) -> Numbers:
    """Return the numbers of the rows that are of a colour."""
    some = np.abs(_sampled(part, _SOME).astype(np.int16) - colour) <= NEAR
    rows = np.flatnonzero((~some).sum(axis=1) <= _WRONG)
    many = np.abs(_sampled(part, _MANY)[rows].astype(np.int16) - colour) <= NEAR
    found: Numbers = rows[many.mean(axis=1) >= SHARE]
    return found


def _flat(part: Luma) -> tuple[Numbers, npt.NDArray[np.int16]]:
    """Return the numbers of the rows that are flat, and their colours.

    One alone may be a line of the picture, unless it is the first or the last.
    """
    some = np.sort(_sampled(part, _SOME), axis=1).astype(np.int16)
    spread = np.minimum(some[:, -1 - _WRONG] - some[:, 0], some[:, -1] - some[:, _WRONG])
    rows = np.flatnonzero(spread <= 2 * _FLAT)
    many = _sampled(part, _MANY)[rows]
    middle = many.shape[1] // 2
    colours = np.partition(many, middle, axis=1)[:, middle].astype(np.int16)
    flat = (np.abs(many.astype(np.int16) - colours[:, None]) <= _FLAT).mean(axis=1) >= SHARE
    rows, colours = rows[flat], colours[flat]
    together = (np.diff(rows) == 1) & (np.abs(np.diff(colours)) <= _FLAT)
    beside = np.concatenate(([False], together)) | np.concatenate((together, [False]))
    at_end = (rows == 0) | (rows == len(part) - 1)
    return rows[beside | at_end], colours[beside | at_end]


def _sampled(part: Luma, count: int) -> Luma:
    """Return so many pixels of each row, or somewhat more."""
    step = max(1, part.shape[1] // count)
    return part[:, step // 2 :: step]
