"""Pictures of nothing, for media-rich images: gradients, waves and grain, as JPEG.

Every file differs in its bytes; the pictures themselves repeat after `VARIETIES`. Encoding needs
Pillow, which is part of the development environment and no dependency of the project's own.
"""

import io
import struct
from importlib import import_module
from typing import Any, Final

import numpy as np

VARIETIES: Final = 8
WIDTH, HEIGHT = 2_400, 1_800
"""Pixels; together about the 4 megapixels of pictures that phones send."""

_QUALITY: Final = 85
_START: Final = b"\xff\xd8"
_COMMENT: Final = b"\xff\xfe"


class Pictures:
    """Gives the bytes of picture number N, the same every time."""

    def __init__(self) -> None:
        self._encoded = [_encoded(variety) for variety in range(VARIETIES)]

    def picture(self, number: int) -> bytes:
        """Return one JPEG file, with its number as a comment."""
        data = self._encoded[number % VARIETIES]
        comment = f"{number:012d}".encode()
        segment = _COMMENT + struct.pack(">H", len(comment) + 2) + comment
        return _START + segment + data[len(_START) :]

    def sizes(self, count: int) -> list[int]:
        """Return the sizes of the first pictures, bytes."""
        return [len(self.picture(number % VARIETIES)) for number in range(count)]


def _encoded(variety: int) -> bytes:
    image: Any = import_module("PIL.Image")
    random = np.random.default_rng(variety)
    down, across = np.mgrid[0:HEIGHT, 0:WIDTH].astype("f4")
    planes = []
    for _ in range(3):
        angle, length, phase = random.uniform((0, 40, 0), (3.1, 400, 6.2))
        wave = np.sin((down * np.sin(angle) + across * np.cos(angle)) / length + phase)
        slope = across * random.uniform(-40, 40) / WIDTH + down * random.uniform(-40, 40) / HEIGHT
        grain = random.normal(0, 6, (HEIGHT, WIDTH)).astype("f4")
        planes.append(np.clip(128 + 70 * wave + slope + grain, 0, 255).astype("u1"))
    stream = io.BytesIO()
    image.fromarray(np.dstack(planes)).save(stream, "JPEG", quality=_QUALITY)
    return stream.getvalue()
