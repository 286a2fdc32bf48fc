"""Drawn pictures are told from photographs by one small number, whatever was done to either."""

import io

import look_alikes
import numpy as np
import pool
import pytest
from corpus import MEDIA, needs_media
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image, ImageOps

from heroes_forensics.frames import VIEWS, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.media import perceptual, tones
from heroes_forensics.media.edits.files import JPEG, PNG

OTHER_SEEDS = 7
PHOTOGRAPHS = ("exif-DSCN0038.jpg", "raccoon-raccoon-16.jpg", "mei-FujiFilm_FinePix40i.jpg")

luma = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90)), elements=st.integers(0, 255)
)


def rows_of(data: bytes, kind: str) -> Rows:
    return perceptual.examined(io.BytesIO(data), kind)[-1]


def drawing(count: int) -> Image.Image:
    """Return areas of so many tones, and nothing between them."""
    values = np.linspace(0, 255, count).astype(np.uint8)
    return Image.fromarray(np.kron(values[None], np.ones((200, 360 // count), np.uint8)))


def gradient() -> Image.Image:
    """Return every tone there is, each passing into the next."""
    return Image.fromarray(np.tile(np.linspace(0, 255, 360).astype(np.uint8), (200, 1)))


@given(luma)
def test_it_is_a_number_from_0_to_100_of_any_picture(values: np.ndarray) -> None:
    assert 0 <= tones.soft(values) <= 100


@given(st.integers(0, 255), st.integers(1, 300), st.integers(1, 300))
def test_one_colour_has_no_soft_tones(colour: int, height: int, width: int) -> None:
    assert tones.soft(np.full((height, width), colour, np.uint8)) == 0


def test_flat_areas_are_drawn_and_what_passes_softly_is_not() -> None:
    assert tones.soft(np.asarray(drawing(6))) == 0
    assert tones.soft(np.asarray(gradient())) >= 70  # all but six times seven of 256
    steep = np.random.default_rng(1).integers(0, 2, (200, 300)).astype(np.uint8) * 255
    assert tones.soft(steep) == 0


def test_few_tones_in_all_are_no_drawing() -> None:
    """In the dark, or in fog, a photograph has few tones; they still pass into one another."""
    dark = np.asarray(gradient()) // 4
    assert tones.soft(dark) >= candidates.LEAST_TONES
    assert tones.soft(150 + np.asarray(gradient()) // 5) >= candidates.LEAST_TONES


@pytest.mark.parametrize("kind", look_alikes.KINDS)
def test_look_alikes_are_drawn_however_they_were_saved(kind: str) -> None:
    for each in look_alikes.made(kind, OTHER_SEEDS)[:8]:
        for data, name in ((PNG.encoded(each), "png"), (JPEG[50].encoded(each), "jpeg")):
            rows = rows_of(data, name)
            assert candidates.drawn(rows[candidates.comparable(rows)]).all()


@needs_media
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_photographs_are_not(name: str) -> None:
    assert MEDIA is not None
    data = (MEDIA / name).read_bytes()
    assert not candidates.drawn(rows_of(data, "jpeg")).any()
    with Image.open(io.BytesIO(data)) as opened:
        small = ImageOps.grayscale(opened).resize((128, 96))
    assert not candidates.drawn(rows_of(JPEG[30].encoded(small), "jpeg")).any()


@needs_media
def test_each_view_has_its_own_number() -> None:
    """A photograph on a page: the page is drawn, what lies within its margins is not."""
    assert MEDIA is not None
    with Image.open(MEDIA / PHOTOGRAPHS[0]) as opened:
        page = Image.new("L", (1600, 2000), 255)
        page.paste(opened.convert("L").resize((480, 360)), (500, 300))
    rows = rows_of(PNG.encoded(page), "png")
    of_view = {
        VIEWS[view]: {int(each) for each in rows["tones"][rows["view"] == view]}
        for view in np.unique(rows["view"]).tolist()
    }
    ((whole,), (inside,)) = of_view["as-is"], of_view["trimmed"]
    assert whole < candidates.LEAST_TONES <= inside


def test_no_look_alike_reaches_grade_a() -> None:
    """Of the forms, every one is another one's picture to PDQ: no one may be grade A."""
    looks = [
        pool.looked_at(PNG.encoded(each), "png")
        for each in look_alikes.made("one form, filled in", OTHER_SEEDS)[:20]
    ]
    first = np.concatenate([values[:1] for values, _ in looks])
    close = pool.distances(first, first)
    assert ((close <= 31).sum(axis=1) > 1).all()
    for _, rows in looks:
        drawn = candidates.drawn(rows)
        for is_drawn in drawn.tolist():
            _, grade = candidates.grade_of("pdq", 0, 1, deep=False, drawn=is_drawn)
            assert grade == candidates.B
