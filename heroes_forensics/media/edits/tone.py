"""Edits that leave everything in its place: light, colours, sharpness, noise."""

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

_SEPIA = (
    *(0.393, 0.769, 0.189, 0.0),
    *(0.349, 0.686, 0.168, 0.0),
    *(0.272, 0.534, 0.131, 0.0),
)
"""The customary matrix of W3C's filter effects."""
_SALT = 0.03


def brightness(picture: Image.Image, factor: float) -> Image.Image:
    """Make a picture lighter or darker."""
    return ImageEnhance.Brightness(picture).enhance(factor)


def contrast(picture: Image.Image, factor: float) -> Image.Image:
    """Pull shades apart or together."""
    return ImageEnhance.Contrast(picture).enhance(factor)


def saturation(picture: Image.Image, factor: float) -> Image.Image:
    """Make colours stronger or weaker."""
    return ImageEnhance.Color(picture).enhance(factor)


def gamma(picture: Image.Image, exponent: float) -> Image.Image:
    """Bend the scale of shades."""
    curve = [round(255 * (shade / 255) ** exponent) for shade in range(256)]
    return picture.point(curve * 3)


def grey(picture: Image.Image) -> Image.Image:
    """Take the colours away."""
    return picture.convert("L").convert("RGB")


def sepia(picture: Image.Image) -> Image.Image:
    """Make a picture brown."""
    return picture.convert("RGB", _SEPIA)


def inverted(picture: Image.Image) -> Image.Image:
    """Make a negative."""
    return ImageOps.invert(picture)


def posterised(picture: Image.Image, bits: int) -> Image.Image:
    """Leave few shades."""
    return ImageOps.posterize(picture, bits)


def equalised(picture: Image.Image) -> Image.Image:
    """Use all shades equally often."""
    return ImageOps.equalize(picture)


def warm(picture: Image.Image) -> Image.Image:
    """Do what picture apps do: warm colours, faded blacks, dark edges."""
    height, width = picture.height, picture.width
    down, across = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    shade = 1 - 0.45 * np.clip(down**2 + across**2 - 0.3, 0, None) / 1.7
    rows = np.asarray(picture, dtype=np.float64) * shade[:, :, None]
    rows = rows * (1.08, 1.0, 0.82) * 0.88 + (28, 22, 18)
    return Image.fromarray(np.clip(rows, 0, 255).astype(np.uint8))


def blurred(picture: Image.Image, radius: float) -> Image.Image:
    """Blur a picture; ``radius`` is the deviation in pixels."""
    return picture.filter(ImageFilter.GaussianBlur(radius))


def sharpened(picture: Image.Image) -> Image.Image:
    """Sharpen a picture much."""
    return picture.filter(ImageFilter.UnsharpMask(radius=2, percent=250, threshold=0))


def median(picture: Image.Image) -> Image.Image:
    """Take the middle of 25 pixels each."""
    return picture.filter(ImageFilter.MedianFilter(5))


def in_squares(picture: Image.Image, side: int) -> Image.Image:
    """Make squares of one colour each."""
    size = max(1, picture.width // side), max(1, picture.height // side)
    small = picture.resize(size, Image.Resampling.BOX)
    return small.resize(picture.size, Image.Resampling.NEAREST)


def noisy(picture: Image.Image, seed: int, deviation: float) -> Image.Image:
    """Add grain, another in each colour."""
    rows = np.asarray(picture, dtype=np.float64)
    rows = rows + np.random.default_rng(seed).normal(0, deviation, rows.shape)
    return Image.fromarray(np.clip(rows, 0, 255).astype(np.uint8))


def salted(picture: Image.Image, seed: int) -> Image.Image:
    """Make some pixels black and some white."""
    rows = np.array(picture)
    draw = np.random.default_rng(seed).random(rows.shape[:2])
    rows[draw < _SALT / 2] = 0
    rows[draw > 1 - _SALT / 2] = 255
    return Image.fromarray(rows)
