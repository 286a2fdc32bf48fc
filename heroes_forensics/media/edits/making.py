"""Making every edit of a picture in memory, and the PDQ values of what it makes.

A laboratory measures with its own pictures what is found again of changed copies. They are decoded
here as a viewer does it, in colour; what leaves is numbers, as of any picture that is decoded.
"""

import io
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

import numpy as np
from PIL import Image

from heroes_forensics.frames import (
    EDITED,
    MAX_PIXELS,
    PERCEPTUAL_ALGORITHMS,
    Made,
    Picture,
    Rows,
)
from heroes_forensics.media import image, perceptual, plugins
from heroes_forensics.media.edits import beside
from heroes_forensics.media.edits.listed import EDITS, Edit
from heroes_forensics.media.plugins import FORMATS

SIDE: Final = 1280
"""Pixels to which the longer side of a picture is brought before it is edited."""
KINDS: Final = tuple(FORMATS)
"""Types of `heroes_forensics.filetype` that are decoded in colour here."""
_PDQ: Final = PERCEPTUAL_ALGORITHMS.index("pdq")

Result = tuple[int, int, int, Rows]
"""A row of `Made`, width and height of what was made, its `EDITED` rows without numbers."""
_NOTHING: Final[Result] = (int(Made.FAILED), 0, 0, np.zeros(0, dtype=EDITED))


def made(
    stream: BinaryIO,
    kind: str,
    digest: bytes,
    *,
    deep: bool = False,
    beat: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Yield what each of `EDITS` gives of one picture, in their order.

    Args:
        stream: the bytes of the picture, seekable.
        kind: one of `KINDS`.
        digest: SHA-256 of the picture: noise and places are chosen by it.
        deep: whether the views of tier 2 are wanted.
        beat: called before each edit.
    """
    picture = _decoded(stream, kind)
    for edit in EDITS:
        beat()
        yield _NOTHING if picture is None else _one(edit, picture, digest, deep=deep)


def _decoded(stream: BinaryIO, kind: str) -> Image.Image | None:
    """Return a picture in RGB, not larger than it is edited; None where it cannot be decoded."""
    plugins.prepare()
    try:
        with Image.open(stream, formats=[FORMATS[kind]]) as opened:
            if opened.width * opened.height > MAX_PIXELS:
                return None
            opened.load()
            opened.info.pop("transparency", None)
            deep_shades = opened.mode.startswith("I")
            picture = (image.luma_of(opened) if deep_shades else opened).convert("RGB")
    except Exception:  # noqa: BLE001 - a decoder raises what it likes; it is about the picture
        return None
    share = SIDE / max(picture.size)
    if share < 1:
        size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return picture


def _one(edit: Edit, picture: Image.Image, digest: bytes, *, deep: bool) -> Result:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = edit.made(picture, digest, beside.others())
        kind = edit.save.kind
        status, _, width, height, _, rows = perceptual.examined(io.BytesIO(data), kind, deep=deep)
    except Exception:  # noqa: BLE001 - as above, for encoders
        return _NOTHING
    chosen = rows[(rows["algorithm"] == _PDQ) & (rows["at"] == 0)]
    if status != Picture.DONE or not len(chosen):
        return _NOTHING
    found = np.zeros(len(chosen), dtype=EDITED)
    for name in ("view", "orientation", "quality", "tones", "value"):
        found[name] = chosen[name]
    return int(Made.DONE), width, height, found


def prepare() -> None:
    """Make every edit once: whatever is loaded late is loaded then.

    Raises:
        RuntimeError: one cannot be made on this machine.
    """
    stream = io.BytesIO()
    beside.others()[0].resize((160, 120)).save(stream, "PNG")
    results = list(made(stream, "png", bytes(32)))
    if any(status != Made.DONE for status, *_ in results):
        raise RuntimeError("an edit of a picture cannot be made on this machine")
