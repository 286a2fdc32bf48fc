"""Perceptual values of a picture: imagehash's phash of each frame that was taken.

A phash is what lists of laboratories hold: 64 bits of a 32 x 32 cosine transform, as
``imagehash.phash`` gives them, written as the bytes of its hexadecimal form. An EXIF orientation
is not applied.
"""

import io
from typing import TYPE_CHECKING, BinaryIO, Final

import imagehash
import numpy as np

from heroes_forensics.frames import HASHES, PERCEPTUAL_ALGORITHMS, Picture, Rows
from heroes_forensics.media import image

if TYPE_CHECKING:
    from PIL.Image import Image

_PHASH: Final = PERCEPTUAL_ALGORITHMS.index("phash-64")


def phash(frame: "Image") -> bytes:
    """Return the 64 bits of a frame, row by row."""
    return np.packbits(imagehash.phash(frame).hash.flatten()).tobytes()


def examined(
    stream: BinaryIO, kind: str, *, deep: bool = False
) -> tuple[int, str, int, int, int, Rows]:
    """Decode one picture; return status, gap, width, height, frames, and `HASHES` rows.

    The rows have no id yet, and stand in the order that `HASHES` asks for.

    Args:
        stream: the bytes of the picture, seekable.
        kind: a key of `image.FORMATS`.
        deep: whether the views of tier 2 are wanted.
    """
    del deep
    found = image.measured(stream, kind, phash)
    rows = np.zeros(len(found.values), dtype=HASHES)
    for row, at, value in zip(rows, found.taken, found.values, strict=True):
        row["at"], row["algorithm"], row["value"] = at, _PHASH, value
    return (int(found.status), found.gap, found.width, found.height, found.frames, rows)


def prepare() -> None:
    """Decode one picture of each type: whatever is loaded late is loaded then.

    Raises:
        RuntimeError: a type cannot be decoded on this machine.
    """
    for kind in image.FORMATS:
        status, *_ = examined(io.BytesIO(image.sample(kind)), kind)
        if status != Picture.DONE:
            raise RuntimeError(f"no {kind} picture can be decoded on this machine")
