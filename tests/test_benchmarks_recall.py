"""The edits that recall is measured with: always the same, and half of them held out."""

import hashlib
import io
from fractions import Fraction
from pathlib import Path
from typing import Any

import film_edits
import look_alikes
import numpy as np
import pool
import pytest
import recall_films
from PIL import Image
from programs import ROOT
from recall_measure import Chance, Edited, Results
from recall_tables import all_of, bound, mean

from heroes_forensics.custody import calibration
from heroes_forensics.filetype import TYPES
from heroes_forensics.media.edits.files import PNG
from heroes_forensics.media.edits.listed import EDITS, HELD_OUT, Edit
from heroes_forensics.pipelines.records import error_rates

DIGEST = b"picture"


def picture(seed: int, width: int = 320, height: int = 214) -> Image.Image:
    """Return clouds: shades of all sizes, the small ones weaker, as in photographs."""
    random = np.random.default_rng(seed)
    rows = np.zeros((height, width, 3))
    for level in range(5):
        shades = random.integers(0, 256, (3 << level, 4 << level, 3)).astype(np.uint8)
        layer = Image.fromarray(shades).resize((width, height), Image.Resampling.BICUBIC)
        rows += (np.asarray(layer) - 127.5) / 1.5**level
    return Image.fromarray(np.clip(128 + 0.8 * rows, 0, 255).astype(np.uint8))


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
    assert {edit.save.kind for edit in EDITS} <= {row.name for row in TYPES}
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


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of two films of coarse shades, and a copy of one of them."""
    place = tmp_path_factory.mktemp("films")
    for seed, name in ((1, "a.mp4"), (200, "b.mp4")):
        film = film_edits.Film(tuple(picture(seed + at // 6) for at in range(36)), Fraction(6))
        (place / name).write_bytes(film_edits.MP4.encoded(film))
    (place / "c.mp4").write_bytes((place / "a.mp4").read_bytes())
    (place / "d.jpg").write_bytes(EDITS[0].save.encoded(picture(1)))
    return place


EASY_FILMS = ("WebM, VP8", "half size", "mirrored", "4 s in the middle of another film")


def test_easy_edits_of_films_are_found_and_no_other_film(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    easy = tuple(edit for edit in film_edits.FILM_EDITS if edit.name in EASY_FILMS)
    monkeypatch.setattr(recall_films, "FILM_EDITS", easy)
    results = Results("development", "0123")
    recall_films.measure(folder, results)
    assert results.film_left_out == {"films that are like another one": 1}
    assert (results.films_known, results.films_listed) == (2, 2)
    assert {name: each.hits["standard"] for name, each in results.films.items()} == dict.fromkeys(
        EASY_FILMS, 2
    )
    assert results.films["mirrored"].hits["as it is"] == 0
    assert results.false_films == 0


EASY = (
    *("resized to 50 %", "longer side 256 px", "JPEG, quality 50", "WebP, quality 80", "PNG"),
    *("mirrored", "turned by 90 degrees", "upside down", "black, 5 %", "white, 10 %"),
    *("black bars above and below, 25 %", "blue, uneven", "grey"),
)


def test_easy_edits_are_all_found_by_what_is_always_looked_at() -> None:
    """Resized, saved again, turned, mirrored, with a border: none may be lost."""
    easy = [edit for edit in EDITS if edit.name in EASY]
    assert len(easy) == len(EASY)
    lost = []
    originals = [pool.looked_at(PNG.encoded(picture(seed)), "png")[0][:1] for seed in range(8)]
    for seed in range(len(originals)):
        for edit in easy:
            data = edit.made(picture(seed), DIGEST, OTHERS)
            values, _ = pool.looked_at(data, edit.save.kind)
            found = pool.distances(values, np.concatenate(originals))
            if found[:, seed].min() > 31:
                lost.append((seed, edit.name))
            assert np.delete(found, seed, axis=1).min() > 60, "others are nothing like it"
    assert lost == []


def test_the_two_halves_have_nothing_in_common(tmp_path: Path) -> None:
    for seed in range(24):
        data = EDITS[0].save.encoded(picture(seed))
        (tmp_path / f"{seed}.jpg").write_bytes(data)
    (tmp_path / "again.png").write_bytes(PNG.encoded(picture(3).rotate(180)))
    (tmp_path / "small.png").write_bytes(PNG.encoded(picture(3, 90, 60)))
    halves = [pool.pool(tmp_path, held_out=held_out) for held_out in (False, True)]
    members = [
        {member.digest for member in (*half.known, *half.distractors, *half.fillers)}
        for half in halves
    ]
    assert not members[0] & members[1]
    assert len(members[0] | members[1]) == 24
    assert all(members)
    assert halves[0].left_out["near duplicates of another one"] == 1
    assert halves[0].left_out["shorter side below 128 px"] == 1


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


def test_a_picture_that_cannot_be_compared_has_no_values() -> None:
    values, rows = pool.looked_at(PNG.encoded(Image.new("RGB", (200, 200))), "png", deep=True)
    assert values.shape == (0, 32)
    assert len(rows) == 0
    assert pool.distances(values, np.zeros((3, 32), np.uint8)).shape == (0, 3)


def test_none_in_n_has_an_upper_bound_and_not_the_rate_zero() -> None:
    chance = Chance()
    chance.add(np.full((10, 30), 120), (31,))
    assert bound(chance, 31) == "none; < 0.0100"
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


def test_the_figures_that_come_with_the_program_are_those_of_the_document() -> None:
    body: Any = calibration.shipped_of(error_rates.shipped())
    text = (ROOT / "docs" / "perceptual.md").read_text(encoding="utf-8")
    assert f"measured at commit {body['commit']}" in text
    assert (body["stopped"]) == ("The run was stopped before its end" in text)
    rows = {
        cells[2]: cells
        for line in text.splitlines()
        if line.startswith("| ") and len(cells := [cell.strip() for cell in line.split("|")]) > 6
    }
    for edit in body["edits"]:
        cells = rows[edit["name"]]
        assert cells[4] == f"{edit['comparable']} of {edit['made']}"
        shares = [edit[f"tier{tier}_{bits}"] / edit["made"] for tier in (1, 2) for bits in (31, 40)]
        assert cells[5:9] == [f"{share:.0%}" for share in shares]
