"""Made-up pictures of kinds that look alike by nature: pages, screens, icons.

Each is another one, though made by the same rules: what is compared with one another here is never
a copy. Nothing in them is of a real document or program.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from heroes_forensics.media.edits.marks import font

COUNT: Final = 120
"""Of each kind."""
_SYLLABLES: Final = tuple(f"{one}{two}" for one in "klrstvn" for two in ("a", "o", "er", "in"))
_COLOURS: Final = ("#d03020", "#2060c0", "#208040", "#e0a010", "#7030a0", "#303438", "#10a0a0")

Random = np.random.Generator


def _word(random: Random) -> str:
    return "".join(str(random.choice(_SYLLABLES)) for _ in range(int(random.integers(1, 5))))


def _line(random: Random, letters: int) -> str:
    words = ""
    while len(words) < letters:
        words += _word(random) + " "
    return words[:letters]


def page(random: Random) -> Image.Image:
    """Make a page of words: a title, paragraphs, as office programs print them."""
    found = Image.new("RGB", (850, 1200), "white")
    draw = ImageDraw.Draw(found)
    draw.text((90, 90), _line(random, 26).title(), "black", font(34))
    down = 160
    while down < 1110:  # noqa: PLR2004 - the margin below
        for _ in range(int(random.integers(2, 9))):
            if down < 1110:  # noqa: PLR2004 - as above
                draw.text((90, down), _line(random, 74), "#181818", font(17))
            down += 24
        draw.text((90, down), _line(random, int(random.integers(12, 60))), "#181818", font(17))
        down += 44
    return found


def form(random: Random) -> Image.Image:
    """Make an invoice: always the same form, filled in differently."""
    found = Image.new("RGB", (850, 1200), "white")
    draw = ImageDraw.Draw(found)
    draw.rectangle((60, 60, 360, 130), "#204080")
    draw.text((80, 80), "KETTLE & SONS", "white", font(28))
    for row in range(4):
        draw.text((60, 190 + 26 * row), _line(random, 24).title(), "black", font(18))
    draw.text((560, 190), f"No. {random.integers(10**5, 10**6)}", "black", font(18))
    rows = int(random.integers(3, 16))
    for row in range(rows + 1):
        top = 380 + 36 * row
        draw.line((60, top, 790, top), "#606060", 2)
        if row < rows:
            draw.text((70, top + 8), _line(random, 34), "black", font(17))
            draw.text((690, top + 8), f"{random.uniform(1, 900):8.2f}", "black", font(17))
    draw.text((600, 400 + 36 * rows), f"{random.uniform(99, 9999):.2f} EUR", "black", font(22))
    draw.text((60, 1120), "Kettle & Sons, 12 Spout Lane, Potsdorf", "#606060", font(15))
    return found


def feed(random: Random) -> Image.Image:
    """Make a screen of a phone: one program, other messages."""
    found = Image.new("RGB", (540, 1140), "#f2f4f7")
    draw = ImageDraw.Draw(found)
    draw.rectangle((0, 0, 540, 96), "#2a6fb0")
    draw.text((24, 44), "Messages", "white", font(30))
    for row in range(11):
        top = 110 + 92 * row
        draw.rectangle((0, top, 540, top + 90), "white")
        draw.ellipse((20, top + 15, 80, top + 75), str(random.choice(_COLOURS)))
        draw.text((100, top + 16), _line(random, 18).title(), "black", font(22))
        draw.text((100, top + 50), _line(random, int(random.integers(8, 38))), "#707070", font(18))
    return found


def desk(random: Random) -> Image.Image:
    """Make a screen of a computer: windows anywhere on a plain desk."""
    found = Image.new("RGB", (1280, 800), str(random.choice(("#3a6ea5", "#204030", "#505860"))))
    draw = ImageDraw.Draw(found)
    draw.rectangle((0, 760, 1280, 800), "#202428")
    for _ in range(int(random.integers(1, 4))):
        left, top = int(random.integers(0, 600)), int(random.integers(0, 300))
        right = left + int(random.integers(400, 680))
        bottom = top + int(random.integers(250, 450))
        draw.rectangle((left, top, right, bottom), "#f6f6f6")
        draw.rectangle((left, top, right, top + 32), "#d4d8de")
        draw.text((left + 12, top + 6), _line(random, 20), "black", font(18))
        for row in range((bottom - top - 60) // 26):
            length = int(random.integers(5, 40))
            draw.text((left + 20, top + 46 + 26 * row), _line(random, length), "#303030", font(17))
    return found


def icon(random: Random) -> Image.Image:
    """Make an icon: a rounded square with a shape or letters."""
    side = 128
    found = Image.new("RGB", (side, side), "white")
    draw = ImageDraw.Draw(found)
    colour, ink = random.choice(_COLOURS, 2, replace=False)
    draw.rounded_rectangle((8, 8, 120, 120), int(random.integers(0, 50)), str(colour))
    x, y, radius = (int(each) for each in random.integers((44, 44, 16), (84, 84, 40)))
    box = (x - radius, y - radius, x + radius, y + radius)
    shape = int(random.integers(0, 5))
    if shape == 0:
        draw.ellipse(box, str(ink), "white", width=5)
    elif shape == 1:
        draw.rectangle(box, str(ink))
    elif shape == 2:  # noqa: PLR2004 - one of the shapes
        angle = float(random.uniform(0, 360))
        draw.regular_polygon((x, y, radius), int(random.integers(3, 8)), angle, str(ink))
    else:
        words = _word(random)[: shape - 1].upper()
        draw.text((64, 64), words, "white", font(72 - 16 * (shape - 3)), anchor="mm")
    return found


KINDS: Final[Mapping[str, Callable[[Random], Image.Image]]] = {
    "pages of words": page,
    "one form, filled in": form,
    "screens of one program": feed,
    "screens with windows": desk,
    "icons, 128 px": icon,
}


def made(kind: str, further: int = 0) -> list[Image.Image]:
    """Return `COUNT` pictures of a kind, the same every time; ``further`` ones are others."""
    seed = list(KINDS).index(kind) + len(KINDS) * further
    return [KINDS[kind](np.random.default_rng((seed, number))) for number in range(COUNT)]
