"""Boxs inside a picture that straight lines bound: a photograph in a screenshot, a collage.

A line is a column (or row) between which and its neighbour many pixels differ. The strongest lines
make rectangles, and the best are those whose weakest side is the clearest line. Before them come
the parts that empty lines leave (`heroes_forensics.media.blocks`).
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from heroes_forensics.frames import RECTANGLES
from heroes_forensics.media import blocks
from heroes_forensics.media.borders import Box, Luma

_SIDE: Final = 256
"""Pixels to which the longer side is brought to look for lines."""
_STEP: Final = 10
"""Steps of luma between neighbours that count as an edge."""
_LINES: Final = 10
"""Lines across and lines down that are tried, the ends of the picture beside them."""
_LEAST: Final = 0.15
"""Shares of the picture's sides that a rectangle has at least."""
_MOST: Final = 0.97
"""Share of the picture's area; what is larger is the picture itself."""
_OVERLAP: Final = 0.85
"""Share of the common area from which two rectangles are the same."""
LEAVES: Final = 6
"""Parts between empty lines, the largest ones."""
_APART: Final = 3
"""Pixels between two lines."""
_FARTHER: Final = (3, 4, 5)
"""Pixels from a line at which edges speak against it."""
_FAR: Final = max(_FARTHER)


def found(luma: Luma) -> list[Luma]:
    """Return the parts of a picture that straight lines bound, the clearest first."""
    height, width = luma.shape
    ratio = min(1.0, _SIDE / max(height, width))
    size = max(8, round(width * ratio)), max(8, round(height * ratio))
    small = np.asarray(Image.fromarray(luma).resize(size, Image.Resampling.BOX))
    across, down = width / size[0], height / size[1]
    parts = blocks.parts(luma)[:LEAVES]
    parts += [_refined(luma, part, (down, across), small.shape) for part in _best(small)]
    found = [part.of(luma) for part in parts[:RECTANGLES]]
    return [part for part in found if min(part.shape) >= 32]  # noqa: PLR2004 - too small for PDQ


def _best(small: Luma) -> list[Box]:
    """Return the best rectangles of a small picture."""
    height, width = small.shape
    rows, columns = _edges(small), _edges(small.T)
    ys, xs = _lines(rows), _lines(columns)
    downward, sideward = _pairs(ys, _LEAST * height), _pairs(xs, _LEAST * width)
    if not len(downward) or not len(sideward):
        return []
    tops, bottoms = downward.T
    lefts, rights = sideward.T
    across, down = _strengths(rows, sideward), _strengths(columns, downward)
    sides = np.stack(
        [across[tops], across[bottoms], down[lefts].T, down[rights].T],
    )  # each of (pairs of rows, pairs of columns)
    areas = (bottoms - tops)[:, None] * (rights - lefts)[None, :]
    score = np.where(areas <= _MOST * height * width, sides.min(axis=0), -1.0)
    kept: list[Box] = []
    for place in np.argsort(-score, axis=None, kind="stable").tolist():
        row, column = divmod(place, len(sideward))
        if score[row, column] < 0:
            break
        part = Box(*downward[row].tolist(), *sideward[column].tolist())
        if all(_common(part, other) < _OVERLAP for other in kept):
            kept.append(part)
            if len(kept) == RECTANGLES:
                break
    return kept


def _pairs(places: list[int], least: float) -> npt.NDArray[np.intp]:
    """Return pairs of places that lie far enough apart, the first one before the second."""
    pairs = [(one, other) for one in places for other in places if other - one >= least]
    return np.array(pairs, dtype=np.intp).reshape(-1, 2)


def _strengths(
    edges: npt.NDArray[np.float64], parts: npt.NDArray[np.intp]
) -> npt.NDArray[np.float64]:
    """Return (lines, parts): how much more of each part of each line is an edge than chance gives.

    What share of it is one, times the square root of its length: that many deviations. An end of
    the picture is a side of which nothing can be said, so that it speaks against no rectangle.
    """
    along = np.pad(np.cumsum(edges, axis=1), ((0, 0), (1, 0)))
    starts, stops = parts.T
    found: npt.NDArray[np.float64] = (along[:, stops] - along[:, starts]) / np.sqrt(stops - starts)
    found[[0, -1]] = np.inf
    return found


def _edges(small: Luma) -> npt.NDArray[np.float64]:
    """Return, for each place between two rows, where along it the rows differ more than near it.

    1 is an edge, and what there is of edges a few rows before and behind is taken off: what has
    edges everywhere is grass and no line. The first and the last place are the ends of the picture.
    """
    steps = np.abs(np.diff(small.astype(np.int16), axis=0)) >= _STEP
    # A line may lie one place off after scaling.
    near = steps.copy()
    near[1:] |= steps[:-1]
    around = np.pad(steps, ((_FAR, _FAR), (0, 0))).astype(np.float64)
    count = len(steps)
    before = sum(around[_FAR - far : _FAR - far + count] for far in _FARTHER) / len(_FARTHER)
    behind = sum(around[_FAR + far : _FAR + far + count] for far in _FARTHER) / len(_FARTHER)
    return np.pad(near - (before + behind) / 2, ((1, 1), (0, 0)))


def _lines(edges: npt.NDArray[np.float64]) -> list[int]:
    """Return the places of the strongest lines and both ends, in order."""
    last = len(edges) - 1
    strength = edges.mean(axis=1)
    chosen = [0, last]
    for place in np.argsort(-strength, kind="stable").tolist():
        if len(chosen) == _LINES + 2 or strength[place] <= 0:
            break
        if all(abs(place - other) >= _APART for other in chosen):
            chosen.append(place)
    return sorted(chosen)


def _common(one: Box, other: Box) -> float:
    """Return the common area of two rectangles, as a share of that which they cover together."""
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    width = min(one.right, other.right) - max(one.left, other.left)
    common = max(0, height) * max(0, width)
    areas = sum((each.bottom - each.top) * (each.right - each.left) for each in (one, other))
    return common / (areas - common)


def _refined(luma: Luma, part: Box, scale: tuple[float, float], shape: tuple[int, ...]) -> Box:
    """Return a rectangle of the small picture in the large one, each side where its edge is."""
    (down, across), (height, width) = scale, luma.shape
    top, bottom = round(part.top * down), min(height, round(part.bottom * down))
    left, right = round(part.left * across), min(width, round(part.right * across))
    inner = luma[top:bottom, left:right]
    if min(inner.shape) < 2:  # noqa: PLR2004 - nothing to look at
        return Box(top, bottom, left, right)
    rows, columns = luma[:, left:right], luma[top:bottom].T
    return Box(
        _place(rows, top, down) if part.top else 0,
        _place(rows, bottom, down) if part.bottom < shape[0] else height,
        _place(columns, left, across) if part.left else 0,
        _place(columns, right, across) if part.right < shape[1] else width,
    )


def _place(rows: Luma, place: int, scale: float) -> int:
    """Return between which rows near a place the picture changes most."""
    reach = round(1.5 * scale) + 1
    start, stop = max(1, place - reach), min(len(rows) - 1, place + reach)
    if start >= stop:
        return place
    steps = np.abs(np.diff(rows[start - 1 : stop + 1].astype(np.int16), axis=0)).mean(axis=1)
    return start + int(steps.argmax())
