"""Files of pictures, in memory: one encoder with its settings each."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from PIL import Image


@dataclass(frozen=True, slots=True)
class Save:
    """How a picture becomes a file."""

    kind: str
    """A row of `heroes_forensics.filetype.TYPES`."""
    format: str
    """Pillow's name."""
    options: Mapping[str, Any] = field(default_factory=dict)
    mode: str = "RGB"

    def encoded(self, picture: Image.Image) -> bytes:
        """Return the bytes of a file."""
        stream = io.BytesIO()
        if self.mode == "P":
            picture = picture.quantize(256)
        elif picture.mode != self.mode:
            picture = picture.convert(self.mode)
        picture.save(stream, self.format, **self.options)
        return stream.getvalue()


JPEG: Final = {
    quality: Save("jpeg", "JPEG", {"quality": quality}) for quality in (95, 85, 75, 60, 50, 30, 10)
}
WEBP: Final = {quality: Save("webp", "WEBP", {"quality": quality}) for quality in (80, 20)}
AVIF: Final = Save("avif", "AVIF", {"quality": 50, "speed": 8, "max_threads": 1})
GIF: Final = Save("gif", "GIF", mode="P")
PNG: Final = Save("png", "PNG", {"compress_level": 1})
BMP: Final = Save("bmp", "BMP")
TIFF: Final = Save("tiff", "TIFF", {"compression": "tiff_lzw"})
JPEG_2000: Final = Save(
    "jp2", "JPEG2000", {"quality_mode": "rates", "quality_layers": [40], "irreversible": True}
)
GREY: Final = Save("jpeg", "JPEG", {"quality": 80}, mode="L")


def resaved(picture: Image.Image, steps: Sequence[tuple[float, Save]]) -> Image.Image:
    """Return what is left after making a picture larger or smaller and saving it, several times.

    Args:
        picture: what is sent on.
        steps: by what share its sides change, and how it is saved then.
    """
    for share, save in steps:
        size = max(1, round(picture.width * share)), max(1, round(picture.height * share))
        scaled = picture.resize(size, Image.Resampling.BILINEAR) if share != 1 else picture
        with Image.open(io.BytesIO(save.encoded(scaled))) as again:
            picture = again.convert("RGB")
    return picture
