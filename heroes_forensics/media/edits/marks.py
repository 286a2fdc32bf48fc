"""Edits that put something over a picture or beside it: letters, marks, stickers."""

import math
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SAID: Final = "When the kettle is on and nobody has told the cat about it yet"
_STICKER: Final = 0.15
"""Of the shorter side."""


def font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return the letters that come with Pillow, so high in pixels."""
    return ImageFont.load_default(max(6, round(size)))


def captioned(picture: Image.Image, side: str) -> Image.Image:
    """Put a white bar with words above a picture, or a black one below."""
    above = side == "top"
    bar = round(0.18 * picture.height)
    paper, ink = ("white", "black") if above else ("black", "white")
    found = Image.new("RGB", (picture.width, picture.height + bar), paper)
    found.paste(picture, (0, bar if above else 0))
    draw = ImageDraw.Draw(found)
    top = 0 if above else picture.height
    half = len(SAID) // 2
    size = min(bar * 0.32, picture.width / (half * 0.55))
    for line, words in enumerate((SAID[:half], SAID[half:])):
        place = (picture.width / 2, top + bar * (0.3 + 0.4 * line))
        draw.text(place, words.strip(), ink, font(size), anchor="mm")
    return found


def lettered(picture: Image.Image) -> Image.Image:
    """Write large white letters with black edges over the top and the bottom."""
    found = picture.copy()
    draw = ImageDraw.Draw(found)
    size = picture.width / 9
    for words, down in (("NOBODY TOLD", 0.1), ("THE CAT", 0.9)):
        draw.text(
            (picture.width / 2, picture.height * down),
            words,
            "white",
            font(size),
            anchor="mm",
            stroke_width=max(1, round(size / 12)),
            stroke_fill="black",
        )
    return found


def signed(picture: Image.Image) -> Image.Image:
    """Put a white box with a name into the lower right corner."""
    found = picture.copy()
    draw = ImageDraw.Draw(found)
    width, height = 0.28 * picture.width, 0.07 * picture.height
    right, bottom = 0.98 * picture.width, 0.98 * picture.height
    draw.rectangle((right - width, bottom - height, right, bottom), "white")
    middle = (right - width / 2, bottom - height / 2)
    draw.text(middle, "kettle.example", "#204080", font(height * 0.55), anchor="mm")
    return found


def dated(picture: Image.Image) -> Image.Image:
    """Write a date into the lower left corner, as cameras do."""
    found = picture.copy()
    place = (0.04 * picture.width, 0.96 * picture.height)
    ImageDraw.Draw(found).text(
        place, "2004/07/21 15:32", "#ff9020", font(picture.height * 0.05), anchor="ls"
    )
    return found


def watermarked(picture: Image.Image, opacity: float) -> Image.Image:
    """Write across a picture, half transparent."""
    length = math.hypot(*picture.size)
    words = Image.new("L", (round(length), round(length)), 0)
    middle = (length / 2, length / 2)
    ImageDraw.Draw(words).text(
        middle, "SAMPLE  PICTURE", round(255 * opacity), font(length / 9), anchor="mm"
    )
    words = words.rotate(math.degrees(math.atan2(picture.height, picture.width)))
    left, top = (words.width - picture.width) // 2, (words.height - picture.height) // 2
    mask = words.crop((left, top, left + picture.width, top + picture.height))
    return Image.composite(Image.new("RGB", picture.size, "white"), picture, mask)


def watermarked_all_over(picture: Image.Image) -> Image.Image:
    """Write the same words again and again, thinly."""
    mask = Image.new("L", picture.size, 0)
    draw = ImageDraw.Draw(mask)
    step = max(16, min(picture.size) // 6)
    for row, top in enumerate(range(0, picture.height, step)):
        for left in range(-step * 2 * (row % 2), picture.width, step * 4):
            draw.text((left, top), "kettle.example", 90, font(step * 0.45))
    return Image.composite(Image.new("RGB", picture.size, "#d0d0d0"), picture, mask)


def barred(picture: Image.Image) -> Image.Image:
    """Black out a part of the middle."""
    found = picture.copy()
    width, height = picture.size
    box = (0.35 * width, 0.4 * height, 0.65 * width, 0.5 * height)
    ImageDraw.Draw(found).rectangle(box, "black")
    return found


def playable(picture: Image.Image) -> Image.Image:
    """Put a round button with an arrow into the middle."""
    found = picture.copy()
    draw = ImageDraw.Draw(found)
    x, y, radius = picture.width / 2, picture.height / 2, 0.12 * min(picture.size)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), "#202020", "white", width=3)
    arrow = ((-0.35, -0.5), (-0.35, 0.5), (0.6, 0.0))
    draw.polygon([(x + a * radius, y + b * radius) for a, b in arrow], "white")
    return found


def stickers(picture: Image.Image, seed: int, count: int) -> Image.Image:
    """Put yellow faces on a picture, anywhere."""
    found = picture.copy()
    draw = ImageDraw.Draw(found)
    random = np.random.default_rng(seed)
    radius = _STICKER * min(picture.size) / 2
    for _ in range(count):
        x, y = (float(random.uniform(radius, side - radius)) for side in picture.size)
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), "#ffd030", "#806000")
        for side in (-0.35, 0.35):
            at, eye = x + side * radius, radius * 0.13
            draw.ellipse((at - eye, y - 3 * eye, at + eye, y - eye), "#402000")
        mouth = (x - 0.5 * radius, y - 0.3 * radius, x + 0.5 * radius, y + 0.6 * radius)
        draw.arc(mouth, 10, 170, "#402000", max(1, round(radius / 8)))
    return found
