"""PDQ: what the published reference gives for the same luma, and what its authors state."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pdq_vectors
import pytest
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from heroes_forensics.media import pdq

REFERENCE = json.loads((Path(__file__).parent / "golden/pdq.json").read_text())
WITHIN = 10
"""Bits: the authors' rule for pictures whose quality is at least 80."""
GOOD = 80


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def test_the_reference_was_asked_about_every_picture() -> None:
    assert list(REFERENCE) == pdq_vectors.names()
    assert {row["quality"] for row in REFERENCE.values()} >= {0, 100}


@pytest.mark.parametrize("name", REFERENCE)
def test_values_and_quality_are_those_of_the_reference(name: str) -> None:
    values, quality = pdq.hashes(pdq_vectors.named(name))
    row = REFERENCE[name]
    assert values.shape == (8, 32)
    assert quality == row["quality"]
    if row["quality"]:
        assert [pdq.text(value) for value in values] == row["values"]
    else:  # where all coefficients are one number, rounding decides
        assert quality == 0


def test_bytes_and_numbers_give_the_same() -> None:
    luma = pdq_vectors.luma("hills", 300, 200)
    values, quality = pdq.hashes(luma)
    others, other = pdq.hashes(luma.astype(np.float32))
    assert np.array_equal(values, others)
    assert quality == other


ORIENTATIONS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    0: lambda luma: luma,
    1: lambda luma: np.rot90(luma, 1),
    2: lambda luma: np.rot90(luma, 2),
    3: lambda luma: np.rot90(luma, 3),
    4: lambda luma: luma[::-1],
    5: lambda luma: luma[:, ::-1],
    6: lambda luma: luma.T,
    7: lambda luma: np.rot90(luma.T, 2),
}


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_an_orientation_is_the_value_of_the_turned_picture(orientation: int) -> None:
    """Bit for bit where the pixels that are taken of a row lie symmetrically, as with these."""
    luma = pdq_vectors.luma("areas", 9 * 64, 5 * 64)
    turned, _ = pdq.hashes(np.ascontiguousarray(ORIENTATIONS[orientation](luma)))
    values, _ = pdq.hashes(luma)
    found = [distance(pdq.text(turned[0]), pdq.text(value)) for value in values]
    assert found[orientation] == 0
    assert min(found[:orientation] + found[orientation + 1 :]) > 31


@pytest.mark.parametrize("orientation", ORIENTATIONS)
@pytest.mark.parametrize("size", [(128, 128), (259, 194), (439, 167), (640, 481), (1023, 770)])
def test_an_exact_orientation_is_that_of_any_picture_that_was_turned(
    orientation: int, size: tuple[int, int]
) -> None:
    luma = pdq_vectors.luma("areas", *size)
    turned, quality = pdq.hashes(np.ascontiguousarray(ORIENTATIONS[orientation](luma)))
    values, same = pdq.hashes(luma, exact=True)
    assert distance(pdq.text(turned[0]), pdq.text(values[orientation])) <= 2  # of rounding
    plain, _ = pdq.hashes(luma)
    assert np.array_equal(values[0], plain[0])
    assert same == pdq.hashes(luma)[1]
    assert orientation or quality == same


@given(
    arrays.arrays(
        np.uint8,
        st.tuples(st.integers(1, 300), st.integers(1, 300)),
        elements=st.integers(0, 255),
    )
)
def test_any_luma_has_values_and_a_quality(luma: np.ndarray) -> None:
    values, quality = pdq.hashes(luma)
    assert values.shape == (8, 32)
    assert 0 <= quality <= 100
    assert quality == 0 or min(luma.shape) >= pdq.SMALLEST_SIDE


@pytest.mark.parametrize("shape", [(5, 3_000_000), (3_000_000, 5)])
def test_a_picture_of_one_line_needs_no_more_than_itself(shape: tuple[int, int]) -> None:
    values, _ = pdq.hashes(np.zeros(shape, dtype=np.uint8))
    assert values.shape == (8, 32)


def stated() -> dict[str, str]:
    """Return the values that the authors state, by file."""
    known = json.loads(evidence("perceptual/pdq/known_hashes.json").read_text())
    found: dict[str, str] = {}
    for part in known.values():
        if isinstance(part, dict):
            found |= {name: str(value) for name, value in part.items()}
    with evidence("perceptual/pdq/PDQMD5TestData.csv").open() as lines:
        for row in csv.DictReader(lines):
            name = row["FilePath"].rsplit("data/", 1)[-1]
            assert found.get(name, row["Hash"]) == row["Hash"]
            found[name] = row["Hash"]
    return found


def test_the_pictures_of_the_authors_have_the_values_they_state() -> None:
    root = evidence("perceptual/pdq")
    compared = 0
    for name, value in stated().items():
        if not (root / name).exists():
            continue
        with Image.open(root / name) as picture:
            values, quality = pdq.hashes(np.asarray(picture.convert("RGB").convert("L")))
        if quality >= GOOD:
            assert distance(pdq.text(values[0]), value) <= WITHIN, name
            compared += 1
    assert compared >= 20
