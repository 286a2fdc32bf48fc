"""Which films are found again after an edit, by the rule of `pipelines.sets.films`.

A known film is listed with the frames that ``standard`` keeps of it, as they are. Films are too few
to be split: no parameter was chosen with them by this benchmark, and all of them are looked for
only when the held-out half is measured.
"""

import io
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import film_edits
import numpy as np
import numpy.typing as npt
import pool
from film_edits import FILM_EDITS
from recall_measure import RADII, Edited, Results

from heroes_forensics import filetype
from heroes_forensics.frames import VALUE_BYTES, Rows
from heroes_forensics.media import film_values, video
from heroes_forensics.pipelines.sets import films

LEAST_SECONDS: Final = 3.0
"""Of a known film; shorter ones are distractors."""
RADIUS: Final = RADII[0]
WAYS: Final = ("standard", "deep", "as it is")
"""How a film is looked at: two frames a second, every frame, and, of those of ``standard``, only
the frames as they are, neither turned nor trimmed, which is what a plain frame list finds."""
FRAMES: Final = "frames of films, {}"
_NEVER: Final = 256


@dataclass(frozen=True, slots=True)
class Listed:
    """A film whose frames are on the list."""

    path: Path
    kind: str
    values: pool.Bits
    """One row for each frame."""
    seconds: float


def rows_of(data: bytes, kind: str, profile: str) -> tuple[Rows, float]:
    """Return the `HASHES` rows of a film that may be compared, and how many seconds it has."""
    *_, milliseconds, rows = film_values.examined(io.BytesIO(data), kind, profile)
    return rows[rows["quality"] >= pool.QUALITY], milliseconds / 1000


def bits(rows: Rows) -> pool.Bits:
    """Return the values of `HASHES` rows, (n, 32)."""
    return np.frombuffer(np.ascontiguousarray(rows["value"]).tobytes(), np.uint8).reshape(
        -1, VALUE_BYTES
    )


def listed(folder: Path, left_out: dict[str, int]) -> list[Listed]:
    """Return the films of a folder, each different one once."""
    found: list[Listed] = []
    for path in sorted(folder.iterdir()):
        data = path.read_bytes()
        kind = filetype.TYPES[filetype.sniff(data)].name
        if kind not in video.DEMUXERS:
            continue
        rows, seconds = rows_of(data, kind, "standard")
        entry = Listed(path, kind, bits(rows[rows["view"] == 0]), seconds)
        why = "films without a frame that may be compared" if not len(entry.values) else ""
        if any(matching(near(rows, each), each) for each in found):
            why = "films that are like another one"
        if why:
            left_out[why] = left_out.get(why, 0) + 1
        else:
            found.append(entry)
    return found


def near(rows: Rows, of: Listed) -> npt.NDArray[np.int64]:
    """Return the distance of each frame of a film, at its best, to each listed frame of another."""
    at, frames = np.unique(rows["at"], return_inverse=True)
    best = np.full((len(at), len(of.values)), _NEVER, np.int64)
    if not len(rows):
        return best
    every = pool.distances(bits(films.oriented(rows)), of.values)
    np.minimum.at(best, np.repeat(frames, len(every) // max(1, len(rows))), every)
    return best


def matching(found: npt.NDArray[np.int64], of: Listed) -> bool:
    """Tell whether a film matches another one."""
    at, entry = np.nonzero(found <= RADIUS)
    nothing = np.zeros(len(at), np.int64)
    close = films.Close(nothing, at, nothing, nothing, entry, nothing - 1)
    return bool(films.matches(close, {0: len(found)}, {(0, 0): len(of.values)}))


def measure(folder: Path, results: Results) -> None:
    """Look for every edit of every film that is long enough, and say it as it goes."""
    every = listed(folder, results.film_left_out)
    known = [each for each in every if each.seconds >= LEAST_SECONDS]
    results.films_known, results.films_listed = len(known), len(every)
    for edit in FILM_EDITS:
        results.films[edit.name] = Edited("film", held_out=True)
    results.films_looked_for = 0
    start = time.monotonic()
    for number, mine in enumerate(known):
        other = known[(number + 1) % len(known)]
        film = film_edits.decoded(mine.path.read_bytes())
        beside = film_edits.decoded(other.path.read_bytes())
        for edit in FILM_EDITS:
            data = edit.save.encoded(edit.change(film, beside))
            _look(data, edit, (mine, other), every, results)
        results.films_looked_for += 1
        print(
            f"{time.monotonic() - start:5.0f} s: {number + 1} of {len(known)} films",
            file=sys.stderr,
            flush=True,
        )


def _look(
    data: bytes,
    edit: film_edits.FilmEdit,
    shown: tuple[Listed, Listed],
    every: Sequence[Listed],
    results: Results,
) -> None:
    """Look for one edited film; the second of those it may show is not counted either way."""
    edited = results.films[edit.name]
    edited.made += 1
    for way in WAYS:
        rows, _ = rows_of(data, edit.save.kind, "standard" if way == WAYS[2] else way)
        if way == WAYS[2]:
            rows = rows[rows["view"] == 0]
        chance = results.chance(FRAMES.format(way), f"PDQ, {RADIUS}")
        for each in every:
            if each is shown[1]:
                continue
            found = plain(rows, each) if way == WAYS[2] else near(rows, each)
            matches = matching(found, each)
            if each is shown[0]:
                edited.comparable += way == WAYS[0] and len(rows) > 0
                edited.hit(way, 0 if matches else _NEVER, RADIUS)
            else:
                chance.add(found, RADII)
                results.false_films += matches
                results.film_pairs += 1


def plain(rows: Rows, of: Listed) -> npt.NDArray[np.int64]:
    """Return the distances of frames as they are."""
    return pool.distances(bits(rows), of.values)
