"""The figures of pictures: what is measured runs, and only what everybody took is compared."""

import io

import media
import media_programs
import numpy as np
import pytest
from PIL import Image
from test_media_perceptual import encoded, gradient

JPEG = encoded(gradient(300, 200), "JPEG")
PICTURES = [media.Photograph(0.5, JPEG), media.Photograph(0.6, JPEG), media.Photograph(12.0, JPEG)]


@pytest.mark.parametrize("name", ["luma", "full", "ours", "deep"])
def test_what_runs_without_an_environment_of_its_own_takes_a_photograph(name: str) -> None:
    program = media_programs.PROGRAMS[name]()
    assert program(JPEG)
    spent = media.measured(name, PICTURES[:2], 1)
    assert len(spent) == 2
    assert all(spent)


def test_what_one_program_could_not_take_is_in_no_sum() -> None:
    spent: dict[str, list[float | None]] = {
        "luma": [0.01, 0.03, 0.02],
        "ours": [0.012, 0.03, 0.025],
        "pdqhash": [0.1, None, 0.3],
    }
    lines = media.table(PICTURES, spent)
    small = [line for line in lines if line.startswith("| up to 1 MP")]
    assert all("| 1 |" in line for line in small)
    assert "| 10.0 | 100 | 1.00 |" in small[0]
    assert "| 12.0 | 83 | 1.20 |" in small[1]
    assert small[2].endswith("| 8.3 |")
    assert media.verdict(PICTURES, spent).endswith(
        "1.25 times decoding alone; wanted at most 1.3: reached."
    )
    spent["ours"][2] = 0.03
    assert media.verdict(PICTURES, spent).endswith("not reached.")


def test_a_photograph_is_enlarged_and_has_grain() -> None:
    large = media.enlarged(JPEG, 1)
    with Image.open(io.BytesIO(large.data)) as picture:
        assert picture.size == media.LARGE
        patch = np.asarray(picture.convert("L").crop((0, 0, 40, 40))).astype(int)
    assert np.abs(np.diff(patch, axis=1)).mean() > 1
