"""Views: what was put around a picture is taken off, and what came back changed is looked for."""

import io
from collections.abc import Callable

import numpy as np
import pictures
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image
from test_media_perceptual import encoded

from heroes_forensics.frames import (
    HASHES,
    PERCEPTUAL,
    PICTURE_HASHES,
    TIER_1,
    VIEWS,
    Batch,
    Rows,
    Unit,
    tasks,
)
from heroes_forensics.media import borders, image, pdq, perceptual, rectangles, views
from heroes_forensics.model import EntryKind
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.answers import Answers

MATCH = 31
"""Bits between a picture and a changed one that are told as the same."""
SCENES = [
    Image.fromarray(pictures.SCENES[name](seed, 480, 360)).convert("L")
    for name in pictures.SCENES
    for seed in (3, 8)
]


def value(picture: Image.Image) -> int:
    return int.from_bytes(pdq.hashes(np.asarray(picture))[0][0].tobytes(), "big")


def distances(changed: Image.Image, original: Image.Image) -> dict[int, int]:
    """Return the smallest distance of each view of a changed picture to the original."""
    rows = perceptual.hashed(changed.convert("L"), 0, deep=True)
    wanted = value(original)
    found: dict[int, int] = {}
    for row in rows[rows["algorithm"] == 0]:
        bits = (int.from_bytes(bytes(row["value"]), "big") ^ wanted).bit_count()
        view = int(row["view"])
        found[view] = min(bits, found.get(view, 256))
    return found


def bordered(picture: Image.Image, shade: int, box: tuple[int, int, int, int]) -> Image.Image:
    """Return a picture with a border: left, top, right, bottom."""
    left, top, right, bottom = box
    size = picture.width + left + right, picture.height + top + bottom
    found = Image.new("L", size, shade)
    found.paste(picture, (left, top))
    return found


BORDERS = {
    "black bars": (0, (0, 60, 0, 60)),
    "a white frame": (255, (40, 40, 40, 40)),
    "a grey side": (128, (0, 0, 100, 0)),
    "at one corner": (17, (90, 70, 0, 0)),
}


@pytest.mark.parametrize("name", BORDERS)
@pytest.mark.parametrize("quality", [100, 60])
def test_a_uniform_border_of_any_colour_is_trimmed(name: str, quality: int) -> None:
    shade, box = BORDERS[name]
    for scene in SCENES:
        data = encoded(bordered(scene, shade, box), "JPEG", quality=quality)
        with Image.open(io.BytesIO(data)) as changed:
            found = distances(changed, scene)
        assert found[VIEWS.index("trimmed")] <= MATCH


def test_a_letterbox_inside_a_frame_is_trimmed() -> None:
    inside = bordered(SCENES[0], 0, (0, 50, 0, 50))
    part = views.trimmed(np.asarray(bordered(inside, 255, (30, 30, 30, 30))))
    assert part is not None
    assert np.array_equal(part, np.asarray(SCENES[0]))


def test_what_has_no_border_or_nothing_else_is_not_trimmed() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 300), dtype=np.uint8)
    assert views.trimmed(noise) is None
    assert views.trimmed(np.full((200, 300), 90, dtype=np.uint8)) is None
    tiny = np.full((200, 300), 90, dtype=np.uint8)
    tiny[100:140, 100:140] = noise[:40, :40]
    assert views.trimmed(tiny) is None


def test_even_columns_are_not_taken_off_one_by_one() -> None:
    columns = np.arange(4000, dtype=np.uint32) * 97 % 256
    stripes = np.tile(columns.astype(np.uint8), (100, 1))
    assert min(borders.trimmed(stripes).shape[1], 3900) == 3900


def screenshot(scene: Image.Image) -> Image.Image:
    """Return a picture among rows of text and a bar of buttons."""
    page = Image.new("L", (600, 900), 250)
    page.paste(30, (0, 0, 600, 60))
    for row in range(12):
        page.paste(90, (30, 500 + 30 * row, 560 - 37 * (row % 4), 512 + 30 * row))
    page.paste(scene, (60, 100))
    return page


def collage(scene: Image.Image) -> Image.Image:
    others = [each for each in SCENES if each is not scene][:3]
    page = Image.new("L", (966, 726), 255)
    for index, each in enumerate([others[0], scene, others[1], others[2]]):
        page.paste(each, (486 * (index % 2), 366 * (index // 2)))
    return page


def captioned(scene: Image.Image) -> Image.Image:
    page = bordered(scene, 255, (0, 0, 0, 80))
    for row in range(3):
        page.paste(0, (20, 372 + 22 * row, 430 - 60 * row, 382 + 22 * row))
    return page


def turned(scene: Image.Image) -> Image.Image:
    return scene.rotate(5, Image.Resampling.BICUBIC, expand=True, fillcolor=0)


def turned_inside(scene: Image.Image) -> Image.Image:
    return scene.rotate(-4, Image.Resampling.BICUBIC, fillcolor=255)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "a screenshot": screenshot,
    "a collage": collage,
    "a caption": captioned,
    "turned with black corners": turned,
    "turned inside its frame": turned_inside,
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_picture_is_found_in_what_was_made_of_it(name: str) -> None:
    found = []
    for scene in SCENES:
        near = distances(CHANGES[name](scene), scene)
        assert min(near.values()) <= near[0]
        found.append(min(near.values()) <= MATCH)
    assert sum(found) >= len(found) - 1, found


def test_a_margin_brings_a_cropped_picture_nearer() -> None:
    for scene in SCENES:
        cropped = scene.crop((20, 15, 460, 345))
        near = distances(cropped, scene)
        margins = [near[view] for view in near if VIEWS[view].startswith("margin")]
        assert min(margins) < near[0]


def test_every_view_is_in_the_table_and_has_its_rows_once() -> None:
    for scene in SCENES:
        found = [number for number, _ in views.deep(np.asarray(screenshot(scene)))]
        assert found == sorted(set(found))
        assert TIER_1 <= min(found) <= max(found) < len(VIEWS)
    assert len(views.MARGINS) == sum(name.startswith("margin") for name in VIEWS)
    assert len(views.TURNED) + 2 <= sum(name.startswith("turned") for name in VIEWS)


def test_crops_of_a_picture_to_be_listed_are_what_a_crop_leaves() -> None:
    for scene in SCENES:
        rows = perceptual.hashed(scene, 0, crops=True)
        answered(rows)
        crops = rows[[VIEWS[view].startswith("crop") for view in rows["view"]]]
        assert len(crops) == 8 * len(views.CROPS)
        # Two thirds of the last one, at the bottom on the right: others crop as they like.
        width, height = scene.size
        left, top = round(width * 0.3), round(height * 0.3)
        wanted = value(scene.crop((left, top, width, height)))
        upright = crops[crops["orientation"] == 0]
        assert wanted == int.from_bytes(bytes(upright["value"][-1]), "big")
        assert not perceptual.hashed(scene, 0)["view"].max() >= VIEWS.index("crop-1")
    assert len(views.CROPS) == sum(name.startswith("crop") for name in VIEWS)


def test_what_a_crop_leaves_of_a_small_or_empty_picture_is_not_hashed() -> None:
    small = SCENES[0].resize((80, 70))
    found = {VIEWS[view] for view in perceptual.hashed(small, 0, crops=True)["view"]}
    assert {name for name in found if name.startswith("crop")} == {
        f"crop-{number}" for number in range(1, 6)
    }
    empty = Image.new("L", (300, 300), 90)
    assert perceptual.hashed(empty, 0, crops=True)["view"].max() < TIER_1


def answered(rows: Rows) -> None:
    """Let rows go the way of those of a worker."""
    answers = Answers(
        Unit(1, "decode", {"types": ["png"]}, tasks([(0, EntryKind.FILE, 1, 9, b"")]))
    )
    batch = wire.decode(wire.encode(Batch("hashes", rows)))
    assert isinstance(batch, Batch)
    row = np.zeros(1, dtype=PERCEPTUAL)
    row["status"], row["width"], row["height"], row["frames"] = 1, 9, 9, 1
    row["hashed"] = len(rows)
    answers.take(batch)
    answers.take(wire.decode(wire.encode(Batch("perceptual", row))))


luma = arrays.arrays(
    np.uint8, st.tuples(st.integers(1, 200), st.integers(1, 200)), elements=st.integers(0, 255)
)


@given(luma)
def test_whatever_a_picture_is_its_rows_are_sound(values: np.ndarray) -> None:
    rows = perceptual.hashed(Image.fromarray(values), 0, deep=True)
    assert rows.dtype == HASHES
    assert 10 <= len(rows) <= PICTURE_HASHES
    answered(rows)


def test_the_deepest_look_stays_within_what_may_be_said() -> None:
    rows = perceptual.hashed(screenshot(SCENES[0]), 0, deep=True)
    assert len(rows) > 200
    answered(rows)


@given(luma)
def test_any_picture_has_views(values: np.ndarray) -> None:
    for _, part in views.deep(values):
        assert part.ndim == 2
        assert part.size
    for part in rectangles.found(values):
        assert min(part.shape) >= 32


def test_only_pictures_worth_it_are_looked_at_in_depth() -> None:
    flat = np.asarray(Image.linear_gradient("L"))
    small = np.asarray(SCENES[0].resize((100, 60)))
    for values in (flat, small):
        rows = perceptual.hashed(Image.fromarray(values), 0, deep=True)
        assert rows["view"].max() < TIER_1


@pytest.mark.parametrize("kind", ["gif", "tiff"])
def test_only_the_first_frame_is_looked_at_in_depth(kind: str) -> None:
    data = encoded(SCENES[0], kind.upper(), save_all=True, append_images=SCENES[1:3])
    *_, rows = perceptual.examined(io.BytesIO(data), kind, deep=True)
    assert set(rows["at"][rows["view"] >= TIER_1].tolist()) == {0}
    assert len(set(rows["at"].tolist())) == 3
    *_, rows = perceptual.examined(io.BytesIO(data), kind)
    assert rows["view"].max() < TIER_1
    assert kind in image.KINDS
