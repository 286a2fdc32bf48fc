"""Frames of a film: their luma, and which of their values are kept.

Nothing here decodes. Times are milliseconds from the beginning of the film.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image

from heroes_forensics.frames import VALUE_BYTES

if TYPE_CHECKING:
    from av import VideoFrame
    from av.video.format import VideoFormat

Luma = npt.NDArray[np.uint8]
"""Rows, columns; 0 is black, 255 white."""
Value = npt.NDArray[np.uint8]
"""PDQ of one frame as it is: 32 bytes. The other orientations are made of it when it is compared
(`heroes_forensics.pipelines.sets.films`)."""
Measure = Callable[[Luma], tuple[npt.NDArray[np.uint8], int, int]]
"""Makes of luma values of eight orientations, a quality, and how many soft tones there are, both
0 to 100: `media.tones.measured`."""
Trim = Callable[[Luma], Luma]
"""Cuts uniform borders off; gives back what it was given where there are none."""

QUALITY: Final = 50
"""Frames below it (black, plain, blurred) say nothing: they are counted and not kept."""
MIN_SIDE: Final = 64
"""Pixels of the shorter side below which a frame says nothing either."""
SAME_BITS: Final = 10
"""A frame that differs from the last kept one by so many bits or fewer is not kept."""
LONG_SIDE: Final = 1024
"""Luma whose shorter side has twice as many pixels or more is made smaller by a whole factor, and
never below this: a smaller picture has other values (ADR 0029)."""
MAX_KEPT: Final = 1 << 14
"""Frames of one film whose values are kept, two hours of them when each is new; of more, evenly
spread ones."""

_HALF: Final = 2
_BYTE: Final = 8
_BLACK, _WHITE = 16, 235
"""Luma of a film in limited range, the usual one (ITU-R BT.601, BT.709)."""
_FULL: Final = 2
"""``AVCOL_RANGE_JPEG``."""
_EXPANDED: Final = (
    ((np.arange(256) - _BLACK) * (255 / (_WHITE - _BLACK)) + 0.5).clip(0, 255).astype(np.uint8)
)


def luma(frame: "VideoFrame") -> Luma:
    """Return the luma of a decoded frame in full range, as a copy.

    Where the first plane is luma it is taken as it is, and its range expanded unless the film says
    that it is full: so does whoever makes a picture of the frame. Other frames (RGB, palettes, rows
    from bottom to top) are converted by swscale, on this thread.
    """
    form = frame.format
    if not _is_luma_first(form.name, form) or frame.planes[0].line_size <= 0:
        # The same format would come back untouched, and with it what is not wanted of it.
        name = "gray" if form.name != "gray" else "gray16le"
        converted = frame.reformat(format=name, dst_color_range="JPEG", threads=1)
        return _smaller(_rows(converted))
    rows = _smaller(_rows(frame))
    return rows if _is_full(frame) else _EXPANDED[rows]


@cache
def _is_luma_first(name: str, form: "VideoFormat") -> bool:
    """Tell whether the first plane of a format holds luma alone, low byte first."""
    if not name.startswith(("yuv", "gray")) or form.is_big_endian or name == "grayf32le":
        return False
    first, *others = form.components
    return bool(first.is_luma) and first.plane == 0 and all(each.plane for each in others)


def _is_full(frame: "VideoFrame") -> bool:
    return int(frame.color_range) == _FULL or frame.format.name.startswith(("yuvj", "gray"))


def _rows(frame: "VideoFrame") -> Luma:
    """Return the first plane as 8 bits a pixel; it may lie in the memory of the frame."""
    plane, bits = frame.planes[0], frame.format.components[0].bits
    data = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: frame.height]
    if bits <= _BYTE:
        return data[:, : frame.width]
    wide = np.ascontiguousarray(data[:, : 2 * frame.width]).view("<u2")
    narrow: Luma = (wide >> (bits - _BYTE)).astype(np.uint8)
    return narrow


def _smaller(rows: Luma) -> Luma:
    """Return a copy: each pixel the mean of a square, where there are far more than needed."""
    factor = min(rows.shape) // LONG_SIDE
    if factor < _HALF:
        return np.array(rows)
    return np.asarray(Image.fromarray(np.ascontiguousarray(rows)).reduce(factor))


class Kept(NamedTuple):
    """What is kept of a film: arrays of one length, in the order of time."""

    at: npt.NDArray[np.uint32]
    """Milliseconds."""
    view: npt.NDArray[np.uint8]
    """0 as it is, 1 with uniform borders cut off."""
    quality: npt.NDArray[np.uint8]
    tones: npt.NDArray[np.uint8]
    value: npt.NDArray[np.uint8]
    """Shape (n, 32)."""


NOTHING: Final = Kept(
    np.zeros(0, np.uint32),
    np.zeros(0, np.uint8),
    np.zeros(0, np.uint8),
    np.zeros(0, np.uint8),
    np.zeros((0, VALUE_BYTES), np.uint8),
)


class _One(NamedTuple):
    at: int
    views: tuple[tuple[int, int, int, Value], ...]
    """Position of the view, quality, tones, value."""


class Keeper:
    """Measures frames one after the other, and keeps the values of those that say something new.

    A frame is measured as it is, and once more without its uniform borders when it is kept. Of
    countless frames it keeps evenly spread ones, in bounded memory.
    """

    def __init__(self, measure: Measure, trim: Trim) -> None:
        self._measure = measure
        self._trim = trim
        self._kept: list[_One] = []
        self._last: dict[int, dict[int, Value]] = {}
        """By moving picture and view, of the frame kept last."""
        self._every = 1
        """Of the frames that say something new, only each so-manieth is kept."""
        self._new = 0
        self.looked = 0
        """Frames measured."""
        self.dull = 0
        """Frames among them below `QUALITY` or `MIN_SIDE`, with and without borders."""

    @property
    def is_thinned(self) -> bool:
        """Whether there were more than `MAX_KEPT`."""
        return self._every > 1 or len(self._kept) > MAX_KEPT

    def look(self, at: int, rows: Luma, track: int = 0) -> None:
        """Measure one frame of one moving picture of the film; ``rows`` is not kept."""
        self.looked += 1
        last = self._last.get(track, {})
        views = tuple(self._views(rows, last))
        if not views:
            self.dull += 1
            return
        if any(_distance(value, last.get(view)) <= SAME_BITS for view, *_, value in views):
            return
        self._last[track] = {view: value for view, *_, value in views}
        self._new += 1
        if (self._new - 1) % self._every:
            return
        self._kept.append(_One(at, views))
        if len(self._kept) >= _HALF * MAX_KEPT:
            del self._kept[1::2]
            self._every *= 2

    def _views(self, rows: Luma, last: dict[int, Value]) -> Iterator[tuple[int, int, int, Value]]:
        if min(rows.shape) < MIN_SIDE:
            return
        values, quality, tones = self._measure(rows)
        if quality >= QUALITY:
            yield 0, quality, tones, values[0]
            if _distance(values[0], last.get(0)) <= SAME_BITS:
                return  # it will not be kept: spare the second look
        inside = self._trim(rows)
        if inside.shape == rows.shape or min(inside.shape) < MIN_SIDE:
            return
        values, quality, tones = self._measure(inside)
        if quality >= QUALITY:
            yield 1, quality, tones, values[0]

    def result(self) -> Kept:
        """Return what was kept; no two frames have one time."""
        kept = sorted(self._kept, key=lambda each: each.at)
        if len(kept) > MAX_KEPT:
            kept = [kept[index * len(kept) // MAX_KEPT] for index in range(MAX_KEPT)]
        rows: list[tuple[int, int, int, int, Value]] = []
        last = -1
        for each in kept:
            last = max(each.at, last + 1)
            rows += [(last, *view) for view in each.views]
        return Kept(
            np.array([row[0] for row in rows], np.uint32),
            np.array([row[1] for row in rows], np.uint8),
            np.array([row[2] for row in rows], np.uint8),
            np.array([row[3] for row in rows], np.uint8),
            np.array([row[4] for row in rows], np.uint8).reshape(-1, VALUE_BYTES),
        )


def _distance(one: Value, other: Value | None) -> int:
    """Return in how many bits two values differ; all of them when there is no other."""
    return int(np.bitwise_count(one ^ other).sum()) if other is not None else 8 * one.size
