"""Edits that move a picture: sizes, crops, borders, turns, and pictures within other pictures."""

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFilter
from PIL.Image import Resampling, Transpose

from heroes_forensics.media.edits.marks import SAID, font

_PAGE = (1000, 1400)
_PHONE = (720, 1480)


def resized(picture: Image.Image, across: float, down: float) -> Image.Image:
    """Scale a picture by shares of its sides."""
    size = max(1, round(picture.width * across)), max(1, round(picture.height * down))
    return picture.resize(size, Resampling.LANCZOS)


def longest(picture: Image.Image, side: int) -> Image.Image:
    """Scale a picture so that its longer side has so many pixels."""
    share = side / max(picture.size)
    return resized(picture, share, share)


def fitted(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale and crop a picture so that it fills a size."""
    share = max(size[0] / picture.width, size[1] / picture.height)
    grown = math.ceil(picture.width * share), math.ceil(picture.height * share)
    left, top = (grown[0] - size[0]) // 2, (grown[1] - size[1]) // 2
    large = picture.resize(grown, Resampling.BICUBIC)
    return large.crop((left, top, left + size[0], top + size[1]))


def cut(picture: Image.Image, shares: Sequence[float]) -> Image.Image:
    """Crop at the top, the bottom, left and right."""
    top, bottom, left, right = shares
    width, height = picture.size
    box = (
        *(round(left * width), round(top * height)),
        *(width - round(right * width), height - round(bottom * height)),
    )
    return picture.crop(box)


def cropped(picture: Image.Image, share: float) -> Image.Image:
    """Crop at all sides."""
    return cut(picture, (share,) * 4)


def bordered(picture: Image.Image, shares: Sequence[float], colour: str) -> Image.Image:
    """Add borders at the top, the bottom, left and right."""
    top, bottom = (max(round(share * picture.height), 0) for share in shares[:2])
    left, right = (max(round(share * picture.width), 0) for share in shares[2:])
    size = picture.width + left + right, picture.height + top + bottom
    found = Image.new("RGB", size, colour)
    found.paste(picture, (left, top))
    return found


def moved(picture: Image.Image, how: Transpose) -> Image.Image:
    """Turn by right angles, or mirror."""
    return picture.transpose(how)


def turned(picture: Image.Image, degrees: float, colour: str) -> Image.Image:
    """Turn a picture on a larger canvas whose corners have one colour."""
    return picture.rotate(degrees, Resampling.BICUBIC, expand=True, fillcolor=colour)


def turned_and_cut(picture: Image.Image, degrees: float) -> Image.Image:
    """Turn a picture, and cut off what would show its corners, at the same aspect."""
    angle = math.radians(abs(degrees))
    width, height = picture.size
    share = 1 / max(
        math.cos(angle) + height / width * math.sin(angle),
        math.cos(angle) + width / height * math.sin(angle),
    )
    found = picture.rotate(degrees, Resampling.BICUBIC)
    return cropped(found, (1 - share) / 2)


def phone(picture: Image.Image, *, dark: bool = False) -> Image.Image:
    """Show a picture in the gallery of a phone."""
    paper, ink = ("black", "white") if dark else ("#fafafa", "#202020")
    found = Image.new("RGB", _PHONE, paper)
    draw = ImageDraw.Draw(found)
    width, height = _PHONE
    draw.text((40, 30), "14:07", ink, font(34))
    draw.rectangle((width - 110, 34, width - 50, 60), ink)
    draw.line((40, 130, 75, 110), ink, 5)
    draw.line((40, 130, 75, 150), ink, 5)
    draw.text((110, 108), "21 July", ink, font(40))
    shown = longest_within(picture, (width, height - 460))
    found.paste(shown, ((width - shown.width) // 2, 190 + (height - 460 - shown.height) // 2))
    for place in (0.2, 0.4, 0.6, 0.8):
        x = round(place * width)
        draw.ellipse((x - 26, height - 170, x + 26, height - 118), outline=ink, width=5)
    draw.rounded_rectangle((width // 2 - 110, height - 40, width // 2 + 110, height - 30), 5, ink)
    return found


def longest_within(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    """Scale a picture so that it fits into a size."""
    share = min(size[0] / picture.width, size[1] / picture.height)
    return resized(picture, share, share)


def chat(picture: Image.Image) -> Image.Image:
    """Show a picture as a message between others."""
    found = Image.new("RGB", _PHONE, "#e6ddd2")
    draw = ImageDraw.Draw(found)
    width, _ = _PHONE
    draw.rectangle((0, 0, width, 130), "#0a5c50")
    draw.ellipse((30, 40, 100, 110), "#d0d0d0")
    draw.text((125, 52), "Kettle club", "white", font(40))
    draw.rounded_rectangle((30, 170, 560, 260), 18, "white")
    draw.text((55, 195), SAID[:28], "black", font(30))
    shown = longest_within(picture, (540, 800))
    draw.rounded_rectangle((140, 290, 160 + shown.width, 310 + shown.height), 10, "#dcf8c6")
    found.paste(shown, (150, 300))
    below = 340 + shown.height
    draw.rounded_rectangle((30, below, 470, below + 80), 18, "white")
    draw.text((55, below + 20), SAID[29:52], "black", font(30))
    draw.rounded_rectangle((20, 1390, width - 20, 1460), 34, "white")
    return found


def window(picture: Image.Image) -> Image.Image:
    """Show a picture in a window on a desk."""
    size = (1280, 800)
    found = Image.new("RGB", size, "#3a6ea5")
    draw = ImageDraw.Draw(found)
    draw.rectangle((0, 760, 1280, 800), "#202428")
    draw.rectangle((140, 60, 1140, 720), "#f0f0f0")
    draw.rectangle((140, 60, 1140, 96), "#d8dade")
    draw.text((156, 66), "picture - viewer", "black", font(20))
    draw.rectangle((140, 96, 300, 720), "#ffffff")
    for row in range(9):
        draw.text((160, 120 + 44 * row), SAID[5 * row : 5 * row + 9], "#404040", font(18))
    shown = longest_within(picture, (800, 590))
    found.paste(shown, (320 + (800 - shown.width) // 2, 112 + (590 - shown.height) // 2))
    return found


def four(picture: Image.Image, others: Sequence[Image.Image], gap: float = 0.0) -> Image.Image:
    """Make a square of four, the picture above and right, all of its aspect."""
    width, height = picture.size
    line = round(gap * width)
    found = Image.new("RGB", (2 * width + line, 2 * height + line), "white")
    places = ((0, 0), (width + line, 0), (0, height + line), (width + line, height + line))
    cells = (others[0], picture, others[1], others[2])
    for place, cell in zip(places, cells, strict=True):
        found.paste(cell if cell is picture else fitted(cell, picture.size), place)
    return found


def side_by_side(picture: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """Put another picture of the same size to the left."""
    found = Image.new("RGB", (2 * picture.width, picture.height))
    found.paste(fitted(others[0], picture.size), (0, 0))
    found.paste(picture, (picture.width, 0))
    return found


def stacked(picture: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """Put another picture below, with a black line between them."""
    line = max(2, picture.height // 50)
    size = picture.width, round(0.7 * picture.height)
    found = Image.new("RGB", (picture.width, picture.height + line + size[1]))
    found.paste(picture, (0, 0))
    found.paste(fitted(others[1], size), (0, picture.height + line))
    return found


def with_inset(picture: Image.Image, others: Sequence[Image.Image]) -> Image.Image:
    """Put another picture, a quarter as wide, into the lower left corner."""
    found = picture.copy()
    size = max(1, picture.width // 4), max(1, picture.height // 4)
    margin = picture.width // 40
    found.paste(fitted(others[2], size), (margin, picture.height - size[1] - margin))
    return found


def padded(picture: Image.Image, ratio: float) -> Image.Image:
    """Fill up to an aspect (width by height) with the picture itself, larger and blurred."""
    width = max(picture.width, round(picture.height * ratio))
    height = max(picture.height, round(picture.width / ratio))
    back = fitted(picture, (width, height)).filter(ImageFilter.GaussianBlur(width / 25))
    back.paste(picture, ((width - picture.width) // 2, (height - picture.height) // 2))
    return back


def page(picture: Image.Image) -> Image.Image:
    """Print a picture between lines of words."""
    found = Image.new("RGB", _PAGE, "white")
    draw = ImageDraw.Draw(found)
    width, height = _PAGE
    shown = longest_within(picture, (width - 240, 640))
    top = 330
    found.paste(shown, ((width - shown.width) // 2, top))
    draw.text((120, 110), "Kettles", "black", font(54))
    lines = [*range(200, 310, 32), *range(top + shown.height + 40, height - 120, 32)]
    for number, down in enumerate(lines):
        words = SAID[number % 7 :] + " " + SAID[: 10 + number % 5]
        draw.text((120, down), words, "#202020", font(20))
    return found
