"""PDQ: 256 bits of a picture that survive scaling, compression and small changes, and its quality.

After "The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm" (Facebook, 2019)
and its published reference in C++: the luma is smoothed by two passes of a box in each direction,
64 x 64 points are taken of it, of whose cosine transform 16 x 16 coefficients are compared with
their median. All of that up to the median is linear and separable, so it is done as matrix
products: one for the rows, one for the columns, two for the transform. Turning or mirroring a
picture changes signs of coefficients and their order, so that one transform gives the values of
all eight orientations.

Whole numbers stay whole in the first product, and the rest is computed in double precision: the
value of a picture does not depend on the processor.
"""

from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import ORIENTATIONS, VALUE_BYTES

Luma = npt.NDArray[np.uint8] | npt.NDArray[np.float32]

_SIDE: Final = 64
"""Points in a row after smoothing."""
_BITS: Final = 16
"""Coefficients in a row that are kept."""
_QUALITY_SCALE: Final = 90
"""What the reference divides the sum of gradients by."""
BEST_QUALITY: Final = 100
SMALLEST_SIDE: Final = 5
"""Pixels; the reference gives what is smaller a value of zeros and the quality 0."""


class _Weights(NamedTuple):
    """One of 64 points as a weighted sum of the pixels from ``start``."""

    start: int
    weights: npt.NDArray[np.float32]
    scale: float
    """What the sum is divided by; the weights are whole numbers where it is not 1."""


class _Both(NamedTuple):
    """A point of a row, and that of the mirrored row which lies about there, from ``start``."""

    start: int
    weights: npt.NDArray[np.float32]
    """(2, pixels)."""
    scales: npt.NDArray[np.float64]
    """(2, 1)."""


def hashes(luma: Luma, *, exact: bool = False) -> tuple[npt.NDArray[np.uint8], int]:
    """Return the PDQ values of a picture in its eight orientations, and its quality.

    The orientations are those of the reference, in its order: as it is, turned by 90, 180 and
    270 degrees, upside down, left to right, and mirrored at either diagonal.

    Args:
        luma: rows of pixels, 0 to 255, at least one.
        exact: make the values of the turned pictures, not what the reference makes of one.

    Returns:
        (8, 32) bytes, each row as the bytes of the hexadecimal form of one value, and the quality,
        0 to 100, which is the same for all orientations; values of a quality below 50 are not to be
        compared.
    """
    if min(luma.shape) < SMALLEST_SIDE:
        return np.zeros((ORIENTATIONS, VALUE_BYTES), dtype=np.uint8), 0
    points = mirrored(luma) if exact else downsampled(luma)[None, None]
    return bits(points), quality(points[0, 0])


def downsampled(luma: Luma) -> npt.NDArray[np.float32]:
    """Return the 64 x 64 points that value and quality are made of."""
    height, width = luma.shape
    if height == width == _SIDE:
        return luma.astype(np.float32)
    rows = np.empty((_SIDE, width))
    for index, (start, weights, scale) in enumerate(_weights(height)):
        slab = luma[start : start + len(weights)].astype(np.float32)
        rows[index] = weights @ slab
        rows[index] /= scale
    points = np.empty((_SIDE, _SIDE))
    for index, (start, weights, scale) in enumerate(_weights(width)):
        points[:, index] = rows[:, start : start + len(weights)] @ weights / scale
    return points.astype(np.float32)


def mirrored(luma: Luma) -> npt.NDArray[np.float32]:
    """Return what `downsampled` gives of four mirror images.

    Returns:
        (2, 2, 64, 64): as it is, mirrored left to right, upside down, and both.
    """
    height, width = luma.shape
    rows = np.empty((2, _SIDE, width))
    for index, (start, weights, scales) in enumerate(_both(height)):
        slab = luma[start : start + weights.shape[1]].astype(np.float32)
        rows[0, index], rows[1, _SIDE - 1 - index] = weights @ slab / scales
    points = np.empty((2, 2, _SIDE, _SIDE))
    for index, (start, weights, scales) in enumerate(_both(width)):
        found = rows[:, :, start : start + weights.shape[1]] @ weights.T / scales[:, 0]
        points[:, 0, :, index] = found[:, :, 0]
        points[:, 1, :, _SIDE - 1 - index] = found[:, :, 1]
    return points.astype(np.float32)


def bits(points: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Return the values of eight orientations of 64 x 64 points, or of those of `mirrored`.

    A coefficient whose frequency along an axis is odd changes its sign when that axis is mirrored;
    the first of them has frequency 1.
    """
    cosines = _cosines()
    found = cosines @ points.astype(np.float64) @ cosines.T
    if found.shape[:2] == (1, 1):
        found = found * _SIGNS[:, None, :, None] * _SIGNS[None, :, None, :]
    (plain, across), (down, both) = found
    # Turning is mirroring, and changing rows for columns.
    turned = np.stack((plain, across.T, both, down.T, down, across, plain.T, both.T))
    turned = turned.reshape(ORIENTATIONS, _BITS * _BITS)
    middle = np.partition(turned, _MEDIAN, axis=1)[:, _MEDIAN, None]
    # Bit 0 is the last of the hexadecimal form.
    return np.packbits((turned > middle)[:, ::-1], axis=1)


def quality(points: npt.NDArray[np.float32]) -> int:
    """Return how much there is in a picture, as the reference counts it."""
    total = 0
    for axis in (0, 1):
        steps = np.diff(points, axis=axis) * np.float32(100) / np.float32(255)
        total += int(np.abs(np.trunc(steps)).sum())
    return min(BEST_QUALITY, total // _QUALITY_SCALE)


_MEDIAN: Final = (_BITS * _BITS - 1) // 2
"""The lower one of the two in the middle, counted from 0."""
_SIGNS: Final = np.stack((np.ones(_BITS), np.where(np.arange(_BITS) % 2, 1.0, -1.0)))
"""Of the coefficients along an axis: as it is, and mirrored."""


@lru_cache(maxsize=1)
def _cosines() -> npt.NDArray[np.float64]:
    frequencies = np.arange(1, _BITS + 1)[:, None]
    places = 2 * np.arange(_SIDE)[None, :] + 1
    scale = np.sqrt(2 / _SIDE)
    found: npt.NDArray[np.float64] = scale * np.cos(np.pi / 2 / _SIDE * frequencies * places)
    return found


@lru_cache(maxsize=64)
def operator(length: int) -> npt.NDArray[np.float32]:
    """Return the weights of all pixels of a row for all points: (64, pixels), for short rows."""
    found = np.zeros((_SIDE, length), dtype=np.float32)
    for row, (start, weights, scale) in zip(found, _weights(length), strict=True):
        row[start : start + len(weights)] = weights / scale
    return found


@lru_cache(maxsize=64)
def _both(length: int) -> tuple[_Both, ...]:
    """Return which pixels of a row make up each point, and each of the mirrored row."""
    points = _weights(length)
    found = []
    for one, other in zip(points, reversed(points), strict=True):
        first = length - other.start - len(other.weights)
        start = min(one.start, first)
        stop = max(one.start + len(one.weights), first + len(other.weights))
        weights = np.zeros((2, stop - start), dtype=np.float32)
        weights[0, one.start - start : one.start - start + len(one.weights)] = one.weights
        weights[1, first - start : first - start + len(other.weights)] = other.weights[::-1]
        found.append(_Both(start, weights, np.array([[one.scale], [other.scale]])))
    return tuple(found)


@lru_cache(maxsize=64)
def _weights(length: int) -> tuple[_Weights, ...]:
    """Return which pixels of a row make up each point: two boxes, one after the other.

    A box has ``ceil(length / 128)`` pixels, half of them before its place, and is cut off at the
    ends of the row.
    """
    box = (length + 2 * _SIDE - 1) // (2 * _SIDE)
    ahead = (box + 2) // 2
    behind = box - ahead
    ones = np.ones(box, dtype=np.float32)
    whole = np.convolve(ones, ones)
    found = []
    for index in range(_SIDE):
        place = int((index + 0.5) * length / _SIDE)
        start = place - 2 * behind
        if start >= 0 and start + len(whole) <= length:
            found.append(_Weights(start, whole, float(box * box)))
        else:
            found.append(_cut_off(length, place, (behind, ahead)))
    return tuple(found)


def _cut_off(length: int, place: int, reach: tuple[int, int]) -> _Weights:
    """Return the weights of a point whose boxes do not lie wholly in the row."""
    behind, ahead = reach
    second = np.arange(max(0, place - behind), min(length, place + ahead))
    starts, stops = np.maximum(0, second - behind), np.minimum(length, second + ahead)
    start = int(starts[0])
    share = 1 / (stops - starts) / len(second)
    steps = np.zeros(int(stops[-1]) - start + 1)
    np.add.at(steps, starts - start, share)
    np.add.at(steps, stops - start, -share)
    return _Weights(start, np.cumsum(steps[:-1]).astype(np.float32), 1.0)


def text(value: npt.NDArray[np.uint8]) -> str:
    """Return the hexadecimal form of one value, as lists have it."""
    return value.tobytes().hex()


assert _BITS * _BITS == VALUE_BYTES * 8  # noqa: S101 - a constant of another module
