"""Perceptual values of a picture: PDQ, phash and dhash of each frame that was taken.

PDQ is what open lists hold (`heroes_forensics.media.pdq`); phash and dhash are what laboratories
keep: 64 bits, as `imagehash` gives them of the luma, written as the bytes of their hexadecimal
form; a large picture is reduced by a whole number before, which changes few of them or none. Which
views of a picture are hashed is in `heroes_forensics.media.views`. An EXIF orientation is not
applied: the eight orientations cover it.
"""

import io
from typing import TYPE_CHECKING, BinaryIO, Final

import imagehash
import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import HASHES, PERCEPTUAL_ALGORITHMS, Picture, Rows
from heroes_forensics.media import image, pdq, tones, views
from heroes_forensics.media.metadata import Notes

if TYPE_CHECKING:
    from PIL.Image import Image

_PDQ, _PHASH, _DHASH = (
    PERCEPTUAL_ALGORITHMS.index(name) for name in ("pdq", "phash-64", "dhash-64")
)
REDUCED_FROM: Final = 640
"""Pixels of the shorter side from which a picture is reduced before imagehash scales it."""
REDUCED_SIDE: Final = 256
"""Pixels that this side then keeps at least: eight times as many as imagehash takes of it, where
Pillow's documentation calls three indistinguishable."""


def hashed(frame: "Image", at: int, *, deep: bool = False, crops: bool = False) -> Rows:
    """Return the `HASHES` rows of the luma of one frame, without an id; `examined` says of what."""
    luma = np.asarray(frame)
    first = tones.measured(luma, exact=True)
    found = [(0, *first)]
    found += [(view, *tones.measured(part, exact=True)) for view, part in views.plain(luma)]
    _, quality, soft = first
    if deep and quality >= views.LEAST_QUALITY and min(luma.shape) >= views.LEAST_SIDE:
        found += [(view, *_deep(part, soft)) for view, part in views.deep(luma)]
    if crops and quality >= views.LEAST_QUALITY:
        found += [(view, *tones.measured(part)) for view, part in views.crops(luma)]
    side = min(frame.size)
    small = frame.reduce(side // REDUCED_SIDE) if side >= REDUCED_FROM else frame
    rows = np.zeros(8 * len(found) + 2, dtype=HASHES)
    rows["at"] = at
    for index, (view, values, quality_of_view, soft_of_view) in enumerate(found):
        part = rows[8 * index : 8 * index + 8]
        part["view"], part["quality"], part["tones"] = view, quality_of_view, soft_of_view
        part["orientation"] = np.arange(8)
        part["value"] = values.view("V32")[:, 0]
    for row, algorithm, value in zip(
        rows[-2:],
        (_PHASH, _DHASH),
        (imagehash.phash(small), imagehash.dhash(small)),
        strict=True,
    ):
        row["algorithm"], row["quality"], row["tones"] = algorithm, quality, soft
        row["value"] = np.packbits(value.hash.flatten()).tobytes()
    return rows


def _deep(part: views.Luma | views.Points, soft: int) -> tuple[npt.NDArray[np.uint8], int, int]:
    """Return what is made of a deep view; one that was made smaller has the tones of the whole."""
    if part.dtype == np.uint8:
        soft = tones.soft(part.astype(np.uint8, copy=False))
    return *pdq.hashes(part), soft


def examined(
    stream: BinaryIO,
    kind: str,
    *,
    deep: bool = False,
    crops: bool = False,
    notes: Notes | None = None,
) -> tuple[int, str, int, int, int, Rows]:
    """Decode one picture; return status, gap, width, height, frames, and `HASHES` rows.

    The rows have no id yet, and stand in the order that `HASHES` asks for. Deep views and crops
    are those of the first frame.

    Args:
        stream: the bytes of the picture, seekable.
        kind: one of `image.KINDS`.
        deep: whether the views of tier 2 are wanted.
        crops: whether what crops leave of it is wanted: it is to be listed.
        notes: takes the metadata of the picture; None: it is not looked at.
    """
    found = image.measured(
        stream,
        kind,
        lambda frame, at: hashed(frame, at, deep=deep and at == 0, crops=crops and at == 0),
        notes,
    )
    rows = np.concatenate(found.values) if found.values else np.zeros(0, dtype=HASHES)
    return (int(found.status), found.gap, found.width, found.height, found.frames, rows)


def prepare() -> None:
    """Decode one picture of each type: whatever is loaded late is loaded then.

    Raises:
        RuntimeError: a type cannot be decoded on this machine.
    """
    for kind in image.KINDS:
        status, *_ = examined(io.BytesIO(image.sample(kind)), kind, deep=True)
        if status != Picture.DONE:
            raise RuntimeError(f"no {kind} picture can be decoded on this machine")
