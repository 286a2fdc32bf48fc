"""What people do to pictures: some ninety edits, each the same whenever it is made.

An edit takes a picture in RGB and gives the bytes of a file. Half of the edits of each family, by
a digest of their names, are for development; the others (`HELD_OUT`) are not to be looked at
before a measurement that counts. Shares are of the side that they run along, and of each side:
a crop of 5 % takes 5 % at the top, at the bottom, left and right.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from PIL import Image
from PIL.Image import Transpose

from heroes_forensics.media.edits import layout, marks, tone
from heroes_forensics.media.edits.files import (
    AVIF,
    BMP,
    GIF,
    GREY,
    JPEG,
    JPEG_2000,
    PNG,
    TIFF,
    WEBP,
    Save,
    resaved,
)


class Aside(NamedTuple):
    """What an edit may need beside the picture."""

    seed: int
    """For noise and places: of the edit and the picture."""
    others: tuple[Image.Image, ...]
    """Other pictures, at least three, for collages: neither known nor distractors."""


Change = Callable[[Image.Image, Aside], Image.Image]


class Edit(NamedTuple):
    """One thing done to a picture."""

    family: str
    name: str
    change: Change
    save: Save = JPEG[85]

    def made(self, picture: Image.Image, digest: bytes, others: tuple[Image.Image, ...]) -> bytes:
        """Return the file that the edit makes of a picture; ``digest`` is that of the picture."""
        seed = hashlib.sha256(self.name.encode() + digest).digest()[:8]
        changed = self.change(picture, Aside(int.from_bytes(seed, "big"), others))
        return self.save.encoded(changed)


def _plain(change: Callable[[Image.Image], Image.Image]) -> Change:
    """Make an edit of what needs nothing beside the picture."""

    def made(picture: Image.Image, aside: Aside) -> Image.Image:
        del aside
        return change(picture)

    return made


def _seeded(change: Callable[[Image.Image, int], Image.Image]) -> Change:
    return lambda picture, aside: change(picture, aside.seed)


def _beside(
    change: Callable[[Image.Image, tuple[Image.Image, ...]], Image.Image],
) -> Change:
    return lambda picture, aside: change(picture, aside.others)


def _same(picture: Image.Image) -> Image.Image:
    return picture


def _edit(
    family: str, name: str, change: Callable[[Image.Image], Image.Image], save: Save = JPEG[85]
) -> Edit:
    return Edit(family, name, _plain(change), save)


_SIZES: Final = (
    *(
        _edit(
            "size",
            f"resized to {share * 100:g} %",
            partial(layout.resized, across=share, down=share),
        )
        for share in (0.25, 0.5, 0.75, 1.5)
    ),
    *(
        _edit("size", f"longer side {side} px", partial(layout.longest, side=side))
        for side in (128, 256, 640)
    ),
)
_FILES: Final = (
    *(_edit("saved", f"JPEG, quality {quality}", _same, JPEG[quality]) for quality in JPEG),
    *(_edit("saved", f"WebP, quality {quality}", _same, WEBP[quality]) for quality in WEBP),
    _edit("saved", "AVIF, quality 50", _same, AVIF),
    _edit("saved", "GIF, 256 colours", _same, GIF),
    _edit("saved", "PNG", _same, PNG),
    _edit("saved", "BMP", _same, BMP),
    _edit("saved", "TIFF, LZW", _same, TIFF),
    _edit("saved", "JPEG 2000, 1:40", _same, JPEG_2000),
    _edit("saved", "grey JPEG", _same, GREY),
)
_CHAINS: Final = (
    _edit(
        "chain",
        "messenger twice (JPEG 75, 80 %, JPEG 60)",
        partial(resaved, steps=((1.0, JPEG[75]), (0.8, JPEG[50]))),
        JPEG[60],
    ),
    _edit(
        "chain",
        "five times JPEG, 90 % smaller each",
        partial(resaved, steps=((0.9, JPEG[75]),) * 4),
        JPEG[75],
    ),
    _edit(
        "chain",
        "screenshots (130 %, PNG, 60 %, JPEG, 150 %)",
        partial(resaved, steps=((1.3, PNG), (0.6, JPEG[75]), (1.5, PNG))),
        JPEG[75],
    ),
    _edit(
        "chain",
        "WebP, GIF, JPEG",
        partial(resaved, steps=((1.0, WEBP[80]), (0.7, GIF))),
        JPEG[75],
    ),
    _edit(
        "chain",
        "mirrored, 2 % cropped, JPEG 60",
        lambda picture: layout.cropped(layout.moved(picture, Transpose.FLIP_LEFT_RIGHT), 0.02),
        JPEG[60],
    ),
    _edit(
        "chain",
        "caption and white frame, half size",
        lambda picture: layout.resized(
            layout.bordered(marks.captioned(picture, "top"), (0.04,) * 4, "white"), 0.5, 0.5
        ),
    ),
)
_CROPS: Final = (
    *(
        _edit("crop", f"cropped by {share * 100:g} %", partial(layout.cropped, share=share))
        for share in (0.01, 0.02, 0.05, 0.1, 0.2)
    ),
    *(
        _edit("crop", f"cropped by {share * 100:g} % {side}", partial(layout.cut, shares=shares))
        for share, side, shares in (
            (0.05, "at the top", (0.05, 0.0, 0.0, 0.0)),
            (0.1, "at the bottom", (0.0, 0.1, 0.0, 0.0)),
            (0.1, "left", (0.0, 0.0, 0.1, 0.0)),
            (0.2, "right", (0.0, 0.0, 0.0, 0.2)),
        )
    ),
)
_BORDERS: Final = (
    *(
        _edit("border", name, partial(layout.bordered, shares=shares, colour=colour))
        for name, shares, colour in (
            ("black, 5 %", (0.05,) * 4, "black"),
            ("white, 10 %", (0.1,) * 4, "white"),
            ("black bars above and below, 25 %", (0.25, 0.25, 0.0, 0.0), "black"),
            ("grey bars at the sides, 30 %", (0.0, 0.0, 0.3, 0.3), "#808080"),
            ("red, 8 %", (0.08,) * 4, "#c01818"),
            ("yellow below, 15 %", (0.0, 0.15, 0.0, 0.0), "#f0e020"),
            ("instant film (white, wide below)", (0.06, 0.25, 0.06, 0.06), "#f8f6f0"),
            ("blue, uneven", (0.02, 0.12, 0.3, 0.05), "#2038a0"),
        )
    ),
    _edit(
        "border",
        "white line in a black frame",
        lambda picture: layout.bordered(
            layout.bordered(picture, (0.02,) * 4, "white"), (0.07,) * 4, "black"
        ),
    ),
)
_MOVES: Final = tuple(
    _edit("orientation", name, partial(layout.moved, how=how))
    for name, how in (
        ("turned by 90 degrees", Transpose.ROTATE_90),
        ("turned by 180 degrees", Transpose.ROTATE_180),
        ("turned by 270 degrees", Transpose.ROTATE_270),
        ("mirrored", Transpose.FLIP_LEFT_RIGHT),
        ("upside down", Transpose.FLIP_TOP_BOTTOM),
        ("mirrored at the diagonal", Transpose.TRANSPOSE),
    )
)
_FILLED: Final = tuple(
    _edit("turned, corners filled", name, partial(layout.turned, degrees=degrees, colour=colour))
    for name, degrees, colour in (
        ("turned by 1 degree, black corners", 1.0, "black"),
        ("turned by 2 degrees, black corners", 2.0, "black"),
        ("turned by 3 degrees, white corners", 3.0, "white"),
        ("turned by -5 degrees, black corners", -5.0, "black"),
        ("turned by 7 degrees, black corners", 7.0, "black"),
        ("turned by -10 degrees, white corners", -10.0, "white"),
    )
)
_CUT: Final = tuple(
    _edit(
        "turned, corners cut off",
        f"turned by {degrees:g} degrees and cropped",
        partial(layout.turned_and_cut, degrees=degrees),
    )
    for degrees in (1, -2, 3, 5, -10)
)
_TONES: Final = tuple(
    _edit("tone", name, change)
    for name, change in (
        ("brightness +25 %", partial(tone.brightness, factor=1.25)),
        ("brightness -40 %", partial(tone.brightness, factor=0.6)),
        ("contrast +50 %", partial(tone.contrast, factor=1.5)),
        ("contrast -40 %", partial(tone.contrast, factor=0.6)),
        ("gamma 0.6", partial(tone.gamma, exponent=0.6)),
        ("gamma 1.7", partial(tone.gamma, exponent=1.7)),
        ("saturation x 2", partial(tone.saturation, factor=2.0)),
        ("saturation x 0.3", partial(tone.saturation, factor=0.3)),
        ("grey", tone.grey),
        ("sepia", tone.sepia),
        ("inverted", tone.inverted),
        ("posterised, 2 bits", partial(tone.posterised, bits=2)),
        ("equalised", tone.equalised),
        ("warm filter with dark edges", tone.warm),
    )
)
_DETAILS: Final = (
    *(
        _edit("detail", f"blurred, {radius:g} px", partial(tone.blurred, radius=radius))
        for radius in (1.5, 4.0)
    ),
    _edit("detail", "sharpened", tone.sharpened),
    _edit("detail", "median of 5 x 5", tone.median),
    _edit("detail", "in squares of 8 px", partial(tone.in_squares, side=8)),
    *(
        Edit("detail", f"noise, deviation {steps}", _seeded(partial(tone.noisy, deviation=steps)))
        for steps in (10, 30)
    ),
    Edit("detail", "3 % of pixels black or white", _seeded(tone.salted)),
)
_MARKS: Final = (
    _edit("overlay", "caption above", partial(marks.captioned, side="top")),
    _edit("overlay", "caption below", partial(marks.captioned, side="bottom")),
    _edit("overlay", "large letters above and below", marks.lettered),
    _edit("overlay", "name in a corner", marks.signed),
    _edit("overlay", "date in a corner", marks.dated),
    _edit("overlay", "watermark across", partial(marks.watermarked, opacity=0.35)),
    _edit("overlay", "watermarks all over", marks.watermarked_all_over),
    _edit("overlay", "black bar over the middle", marks.barred),
    Edit("overlay", "one sticker, 15 % wide", _seeded(partial(marks.stickers, count=1))),
    Edit("overlay", "four stickers, 15 % wide", _seeded(partial(marks.stickers, count=4))),
    _edit("overlay", "play button", marks.playable),
)
_LAYOUTS: Final = (
    _edit("layout", "screenshot of a phone", layout.phone, PNG),
    _edit("layout", "screenshot of a phone, dark", partial(layout.phone, dark=True)),
    _edit("layout", "screenshot of a chat", layout.chat),
    _edit("layout", "screenshot of a window", layout.window, PNG),
    Edit("layout", "four in a square", _beside(layout.four)),
    Edit("layout", "four in a square, lines between", _beside(partial(layout.four, gap=0.02))),
    Edit("layout", "two side by side", _beside(layout.side_by_side)),
    Edit("layout", "two above one another, a line between", _beside(layout.stacked)),
    Edit("layout", "small picture in its corner", _beside(layout.with_inset)),
    _edit("layout", "blurred padding above and below", partial(layout.padded, ratio=9 / 16)),
    _edit("layout", "blurred padding at the sides", partial(layout.padded, ratio=2.2)),
    _edit("layout", "on a printed page", layout.page),
)
_ASPECTS: Final = tuple(
    _edit("aspect", name, partial(layout.resized, across=across, down=down))
    for name, across, down in (
        ("15 % wider", 1.15, 1.0),
        ("a third wider", 4 / 3, 1.0),
        ("half as wide", 0.5, 1.0),
    )
)

EDITS: Final[tuple[Edit, ...]] = (
    *(*_SIZES, *_FILES, *_CHAINS, *_CROPS, *_BORDERS, *_MOVES, *_FILLED, *_CUT),
    *(*_TONES, *_DETAILS, *_MARKS, *_LAYOUTS, *_ASPECTS),
)


def _held_out() -> frozenset[str]:
    """Return the larger half of each family, by a digest of the names."""
    families = defaultdict(list)
    for edit in EDITS:
        families[edit.family].append(edit.name)
    chosen: set[str] = set()
    for names in families.values():
        names.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
        chosen.update(names[len(names) // 2 :])
    return frozenset(chosen)


HELD_OUT: Final = _held_out()
"""Names of the edits that nothing is developed with."""
