"""Blocks: a photograph is taken out of what words and windows lie around it."""

import io

import numpy as np
import pictures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from test_media_perceptual import encoded

from heroes_forensics.media import blocks, borders, film_values, views
from heroes_forensics.media.borders import Box

WIDTH, HEIGHT = 480, 360
SCENES = [
    Image.fromarray(pictures.SCENES[name](3, WIDTH, HEIGHT)).convert("L")
    for name in pictures.SCENES
]


def words(page: Image.Image, top: int, lines: int, ink: int) -> None:
    """Write lines as wide as words are, ragged at the right."""
    for row in range(lines):
        for word in range(8 - row % 3):
            place = (20 + 52 * word, top + 24 * row)
            page.paste(ink, (*place, place[0] + 30 + 3 * (word % 5), place[1] + 11))


def captioned(scene: Image.Image, paper: int, ink: int) -> tuple[Image.Image, Box]:
    page = Image.new("L", (WIDTH, HEIGHT + 80), paper)
    page.paste(scene, (0, 0))
    words(page, HEIGHT + 18, 2, ink)
    return page, Box(0, HEIGHT, 0, WIDTH)


def printed(scene: Image.Image) -> tuple[Image.Image, Box]:
    page = Image.new("L", (WIDTH + 100, 900), 255)
    words(page, 40, 4, 20)
    page.paste(scene, (50, 200))
    words(page, 600, 10, 20)
    return page, Box(200, 200 + HEIGHT, 50, 50 + WIDTH)


def windowed(scene: Image.Image) -> tuple[Image.Image, Box]:
    page = Image.new("L", (900, 700), 90)
    page.paste(240, (60, 40, 860, 640))
    page.paste(200, (60, 40, 860, 80))
    page.paste(255, (60, 80, 240, 640))
    for row in range(8):
        page.paste(60, (80, 100 + 40 * row, 160 + 9 * (row % 4), 112 + 40 * row))
    page.paste(scene, (300, 160))
    return page, Box(160, 160 + HEIGHT, 300, 300 + WIDTH)


def near(found: Box | None, wanted: Box) -> bool:
    return (
        found is not None
        and max(abs(one - other) for one, other in zip(found, wanted, strict=True)) <= 3
    )


def luma(page: Image.Image, quality: int) -> np.ndarray:
    with Image.open(io.BytesIO(encoded(page, "JPEG", quality=quality))) as saved:
        return np.asarray(saved.convert("L"))


@pytest.mark.parametrize("quality", [100, 80])
@pytest.mark.parametrize(("paper", "ink"), [(255, 0), (0, 255)])
def test_a_caption_is_taken_off(paper: int, ink: int, quality: int) -> None:
    for scene in SCENES:
        page, box = captioned(scene, paper, ink)
        assert near(blocks.bordered(luma(page, quality)), box)


@pytest.mark.parametrize("quality", [100, 80])
def test_a_photograph_is_taken_off_a_page_and_out_of_a_window(quality: int) -> None:
    for scene in SCENES:
        page, box = printed(scene)
        assert near(blocks.bordered(luma(page, quality)), box)
        page, box = windowed(scene)
        assert near(blocks.inside(luma(page, quality)), box)


def test_a_border_of_the_picture_itself_stays_where_another_one_was_added() -> None:
    own = Image.new("L", (WIDTH + 60, HEIGHT + 60), 128)
    own.paste(SCENES[0], (30, 30))
    framed = Image.new("L", (own.width + 80, own.height + 80), 255)
    framed.paste(own, (40, 40))
    assert blocks.bordered(np.asarray(framed)) == Box(40, 40 + own.height, 40, 40 + own.width)
    found = [part.shape for _, part in views.plain(np.asarray(framed))]
    assert found[:2] == [(HEIGHT, WIDTH), (own.height, own.width)]


def test_parts_are_all_blocks_of_a_page_of_pictures() -> None:
    page = Image.new("L", (2 * WIDTH + 60, 3 * HEIGHT + 80), 255)
    places = [(20 + (WIDTH + 20) * (at % 2), 20 + (HEIGHT + 20) * (at // 2)) for at in range(6)]
    for place, scene in zip(places, [*SCENES, *SCENES], strict=True):
        page.paste(scene, place)
    found = blocks.parts(np.asarray(page))
    for left, top in places:
        assert any(near(box, Box(top, top + HEIGHT, left, left + WIDTH)) for box in found)


def test_a_frame_between_bars_keeps_its_own_dark_side() -> None:
    own = np.array(SCENES[0])
    own[:, :80] = 40
    frame = np.pad(own, ((60, 60), (0, 0)))
    assert np.array_equal(film_values.within(frame), own)
    assert borders.trimmed(frame).shape != own.shape
    assert film_values.within(np.asarray(SCENES[0])).shape == (HEIGHT, WIDTH)


def test_what_nothing_cuts_has_no_block() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 300), dtype=np.uint8)
    for values in (noise, np.full((200, 300), 90, dtype=np.uint8)):
        assert blocks.bordered(values) is None
        assert blocks.inside(values) is None
        assert blocks.parts(values) == []
        assert list(views.plain(values)) == []


def test_what_is_too_small_is_no_block() -> None:
    page = Image.new("L", (300, 300), 255)
    page.paste(SCENES[0].resize((blocks.LEAST_SIDE - 1, 90)), (100, 100))
    assert blocks.bordered(np.asarray(page)) is None
    assert blocks.inside(np.asarray(page)) is None


@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 150), st.integers(1, 150)),
        elements=st.sampled_from([0, 0, 0, 3, 90, 255]),
        fill=st.just(0),
    )
)
def test_any_block_lies_in_the_picture_and_is_large_enough(values: np.ndarray) -> None:
    for box in (blocks.bordered(values), blocks.inside(values)):
        if box is not None:
            assert 0 <= box.top < box.bottom <= values.shape[0]
            assert 0 <= box.left < box.right <= values.shape[1]
            assert box.of(values).shape != values.shape
    for box in blocks.parts(values):
        assert min(box.of(values).shape) >= blocks.LEAST_SIDE
    for _, part in views.plain(values):
        assert min(part.shape) >= views.LEAST_SIDE
