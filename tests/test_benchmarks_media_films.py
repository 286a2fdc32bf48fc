"""The figures of films: what is measured runs, and short films and what is none are left out."""

from pathlib import Path

import films
import media_films
import pytest
from test_media_perceptual import encoded, gradient

JPEG = encoded(gradient(400, 240), "JPEG")


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_films, "SIZE", (320, 180))
    monkeypatch.setattr(media_films, "MADE_SECONDS", 3)


def test_films_of_three_seconds_and_more_are_taken(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(films.encoded(films.film(1, shots=2)))
    (tmp_path / "short").write_bytes(films.encoded(films.film(1, shots=1)))
    (tmp_path / "picture").write_bytes(JPEG)
    found = media_films.films((tmp_path, tmp_path / "nothing"), JPEG)
    assert [(film.kind, film.lines) for film in found] == [("mp4", 180), ("mp4", 180)]
    assert [round(film.seconds) for film in found] == [4, 3]


def test_every_way_is_measured_in_every_class_there_is(tmp_path: Path) -> None:
    found = media_films.films((tmp_path,), JPEG)
    lines = media_films.table([*found, found[0]._replace(lines=1080)], 1)
    assert len(lines) == 2 + 2 * len(media_films.NAMES)
    for line in lines[2:]:
        assert float(line.split("|")[-2].strip().replace(",", "")) > 0
    for label in ("up to 480 lines", "1080"):
        assert sum(line.startswith(f"| {label} |") for line in lines) == len(media_films.NAMES)
