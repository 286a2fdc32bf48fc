"""The edits that recall is measured with: always the same, and half of them held out."""

import hashlib
import io
from fractions import Fraction

import film_edits
import look_alikes
import numpy as np
import pool
import pytest
from edits import EDITS, HELD_OUT, Edit
from PIL import Image
from recall_measure import Chance, Edited, Results
from recall_tables import all_of, bound, mean

DIGEST = b"picture"


def picture(seed: int, width: int = 320, height: int = 214) -> Image.Image:
    """Return coarse shades with soft edges, which every decoder and every scaling leaves alike."""
    shades = np.random.default_rng(seed).integers(0, 256, (7, 11, 3)).astype(np.uint8)
    return Image.fromarray(shades).resize((width, height), Image.Resampling.BICUBIC)


OTHERS = (picture(101), picture(102), picture(103, 200, 300))


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
def test_an_edit_makes_the_same_file_whenever_it_is_made(edit: Edit) -> None:
    before = picture(1)
    data = edit.made(before, DIGEST, OTHERS)
    assert data == edit.made(before, DIGEST, OTHERS)
    assert before.tobytes() == picture(1).tobytes()
    with Image.open(io.BytesIO(data)) as opened:
        assert min(opened.convert("RGB").size) > 0


def test_which_edits_are_held_out_is_settled() -> None:
    names = [edit.name for edit in EDITS]
    families = {edit.family for edit in EDITS}
    assert len(set(names)) == len(names)
    assert {edit.family for edit in EDITS if edit.name in HELD_OUT} == families
    assert {edit.family for edit in EDITS if edit.name not in HELD_OUT} == families
    listed = "\n".join(f"{name}: {name in HELD_OUT}" for name in names).encode()
    assert hashlib.sha256(listed).hexdigest() == SETTLED, "a new list needs a new measurement"


SETTLED = "2c8e0523715fd0640683d5a0fe1b18262b55252acb10c971ffb0a59f81b8ddb4"


@pytest.mark.parametrize("edit", film_edits.FILM_EDITS, ids=lambda edit: edit.name)
def test_an_edit_of_a_film_gives_a_film(edit: film_edits.FilmEdit) -> None:
    film, other = (
        film_edits.Film(tuple(picture(seed + at, 96, 64) for at in range(12)), Fraction(6))
        for seed in (1, 50)
    )
    data = edit.save.encoded(edit.change(film, other))
    assert data == edit.save.encoded(edit.change(film, other))
    assert film_edits.decoded(data).frames


def test_look_alikes_are_the_same_every_time_and_differ_from_one_another() -> None:
    for kind, make in look_alikes.KINDS.items():
        seed = list(look_alikes.KINDS).index(kind)
        first, again, second = (
            make(np.random.default_rng((seed, number))).tobytes() for number in (0, 0, 1)
        )
        assert first == again != second


def test_distances_are_counted_in_bits() -> None:
    some = np.zeros((2, 32), np.uint8)
    some[1, 5], some[1, 31] = 0b101, 0b1
    assert pool.distances(some, some).tolist() == [[0, 3], [3, 0]]


def test_none_in_n_has_an_upper_bound_and_not_the_rate_zero() -> None:
    chance = Chance()
    chance.add(np.full((10, 30), 120), (31,))
    assert bound(chance, 31) == "none; < 1.0e-02"
    chance.add(np.array([[31, 32]]), (31,))
    assert bound(chance, 31) == "3.3e-03"
    assert (chance.looked_at, chance.pictures, chance.least) == (2, {"31": 1}, 31)


def test_every_edit_counts_as_much_as_any_other() -> None:
    often, once = Edited("a", held_out=True, made=100), Edited("b", held_out=False, made=1)
    often.hit("x", 31, 31)
    assert mean([often, once], "x") == pytest.approx(0.005)


def test_figures_are_printed_whole_and_kept_as_they_are() -> None:
    results = Results("held-out", "0123", edits={"e": Edited("a", held_out=True, made=2)})
    results.edits["e"].hit("tier 1, 31", 12, 31)
    results.chance("photographs", "tier 1").add(np.array([[90]]), (31, 40))
    again = Results.read(results.saved())
    assert again == results
    assert any("| a | e | held out | 0 of 2 | 50% |" in line for line in all_of(again))
