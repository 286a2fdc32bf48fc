"""False pairs: crops of one picture never meet, and what comes close is seen."""

import time

import false_pairs
import numpy as np
import pytest
from false_pairs import Crops, Found, compared, cropped, joined, table
from PIL import Image

from heroes_forensics.hashsets import candidates


def clouds(seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16), np.uint8)
    return Image.fromarray(coarse).resize((256, 192), Image.Resampling.BICUBIC)


def values(*numbers: int) -> np.ndarray:
    """Return values in eight orientations, each far from those of any other number."""
    draws = [np.random.default_rng(number) for number in numbers]
    return np.stack([draw.integers(0, 256, (8, 32), np.uint8) for draw in draws])


def test_crops_are_those_that_may_be_compared_and_always_the_same() -> None:
    flat = Image.new("L", (256, 192), 90)
    found = cropped([clouds(1), flat, clouds(2)], 12, 5)
    assert set(found.picture.tolist()) == {0, 2}  # of one colour there is nothing to compare
    assert len(found.values) == len(found.drawn) == len(found.picture) > 12
    again = cropped([clouds(1), flat, clouds(2)], 12, 5)
    assert (again.values == found.values).all()
    other = cropped([clouds(1), flat, clouds(2)], 12, 6)
    assert not np.array_equal(other.values[:5], found.values[:5])


def test_a_picture_is_never_compared_with_itself() -> None:
    """Of four pictures two crops each, alike: they do not meet, and no others are close."""
    crops = Crops(
        np.repeat(np.arange(4), 2), np.repeat(values(1, 2, 3, 4), 2, axis=0), np.zeros(8, np.bool_)
    )
    (_, found), (_, drawn) = compared(crops, 0, time.process_time() + 60)
    assert (found.queries, found.listed, found.comparisons) == (4, 32, 128)
    assert (len(found.pictures), found.within) == (4, {31: 0, 36: 0, 40: 0})
    assert (drawn.queries, drawn.comparisons) == (0, 0)


def test_what_comes_close_is_counted_by_radius_and_class() -> None:
    close = values(1, 1)
    close[1, 0, :4] ^= 255  # 32 bits from the first
    crops = Crops(np.arange(2), close, np.array([True, True]))
    (_, photographs), (_, drawn) = compared(crops, 0, time.process_time() + 60)
    assert (photographs.comparisons, drawn.comparisons) == (0, 8)
    assert drawn.within == {31: 0, 36: 1, 40: 1}
    assert len(drawn.close) == 1
    joined(photographs, drawn)
    assert photographs.within == drawn.within
    assert photographs.at_most(36) == pytest.approx(0.471, abs=1e-3)  # 1 of 8, Clopper-Pearson
    assert "| 0 | 1 | 1 |" in "\n".join(table({"crops": photographs}))


def test_it_ends_when_its_time_is_over() -> None:
    crops = Crops(np.arange(2), values(1, 1), np.zeros(2, np.bool_))
    (_, found), _ = compared(crops, 0, time.process_time() - 1)
    assert found.comparisons == 0


def test_rates_are_held_against_those_of_the_program() -> None:
    none, many = Found(comparisons=10**12), Found(comparisons=10**6)
    many.within[31] = 1
    assert all("not above" in line for line in false_pairs.said(none))
    first, *_ = false_pairs.said(many)
    assert "not above" not in first
    assert f"{candidates.MEASURES['pdq'].rates[0][1]:.1e}" in first
