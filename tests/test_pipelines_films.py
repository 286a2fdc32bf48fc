"""Films through whole scans, and the rule by which a film matches a listed one."""

import io
import json
import sqlite3
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

import av
import films as made
import numpy as np
import pytest
import worker_faults
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scans import folder, scanned
from test_media_video import KINDS, SMALL, index_first, measured, of_kind

from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import HASHES, Picture, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.layout import NearCounts
from heroes_forensics.hashsets.near_file import NearColumns
from heroes_forensics.hashsets.near_set import NearSet
from heroes_forensics.media import film_frames, pdq, video
from heroes_forensics.model import GAP_CODES
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.runs import recorded_values
from heroes_forensics.pipelines.sets import films
from heroes_forensics.pipelines.sets.films import Close
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE


def ended(case: Path) -> dict[str, tuple[Picture, str, int]]:
    """Return how each picture and film of a case ended, with its values, by its locator."""
    with sqlite3.connect(case / "case.db") as database:
        rows = database.execute(
            "SELECT i.locator, p.status, p.gap, p.hashed FROM perceptual p"
            " JOIN item i ON i.id = p.item_id"
        ).fetchall()
    database.close()
    return {locator: (Picture(state), GAP_CODES[gap], n) for locator, state, gap, n in rows}


# ---- whole scans -------------------------------------------------------------------------


def test_the_tables_of_coordinator_and_workers_agree() -> None:
    assert set(films.DECODED) == set(video.DEMUXERS)
    assert not set(films.DECODED) & set(decoding.DECODED)
    assert films.SECONDS == video.SECONDS
    types = {row.name for row in TYPES if row.file_class is FileClass.VIDEO}
    assert set(films.DECODED) <= types


def test_films_of_every_type_are_decoded_by_locked_workers(tmp_path: Path) -> None:
    names = sorted(KINDS)
    files = {f"{index:02}.bin": of_kind(name) for index, name in enumerate(names)}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = ended(tmp_path / "case")
    assert result.exit_code == 0
    assert len(found) == len(names)
    assert {row[:2] for row in found.values()} == {(Picture.DONE, "")}
    assert min(count for *_, count in found.values()) > 0


BINK = b"BIKi" + (4096).to_bytes(4, "little") + bytes(4088)


def test_what_is_not_seen_of_films_is_said(tmp_path: Path) -> None:
    black = made.encoded([np.zeros((180, 320, 3), np.uint8)] * 6)
    files = {
        "0": index_first(SMALL)[: 2 * len(SMALL) // 3],
        "1": SMALL[: len(SMALL) // 2],
        "2": BINK,
        "3": black,
        "4": SMALL,
    }
    scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = ended(tmp_path / "case")
    assert [found[f"d:{number}"][:2] for number in range(5)] == [
        (Picture.PARTIAL, "film.partial"),
        (Picture.GAP, "film.undecodable"),
        (Picture.POLICY, "policy.film-type"),
        (Picture.DONE, ""),
        (Picture.DONE, ""),
    ]
    assert found["d:3"][2] == 0


def test_a_film_too_large_to_be_handed_over_is_read_piece_by_piece(tmp_path: Path) -> None:
    frames = made.film(6, shots=17)
    large = made.encoded(frames, container="avi", codec="rawvideo", pixels="bgr24")
    assert len(large) > 64 << 20
    scanned(tmp_path / "case", folder(tmp_path / "evidence", {"f": large}), names="clear")
    status, gap, count = ended(tmp_path / "case")["d:0"]
    assert (status, gap) == (Picture.DONE, "")
    assert count > 30


@pytest.mark.parametrize("fault", ["segv", "exit", *worker_faults.FILM_LIES])
def test_a_decoder_that_fails_costs_its_film_alone(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FAULTS_VARIABLE, str(worker_faults.THIS))
    files = {"0": SMALL, "1": worker_faults.film(fault), "2": of_kind("mkv")}
    result = scanned(tmp_path / "case", folder(tmp_path / "evidence", files), names="clear")
    found = ended(tmp_path / "case")
    assert found["d:1"] == (Picture.GAP, "decoder.died", 0)
    assert found["d:0"][0] == found["d:2"][0] == Picture.DONE
    assert result.counts["closes"]


def listed(path: Path, film: video.Film) -> str:
    """Write the frames of a film as vPDQ programs do."""
    plain = film.kept.view == 0
    rows = zip(*(column[plain] for column in film.kept), strict=True)
    path.write_text(
        "".join(
            f"{number},{quality},{value.tobytes().hex()},{at / 1000}\n"
            for number, (at, _, quality, _, value) in enumerate(rows)
        )
    )
    return str(path)


def findings(case: Path) -> dict[str, Any]:
    """Return the findings of a case by the locator of their item."""
    with sqlite3.connect(case / "case.db") as database:
        rows = database.execute(
            'SELECT i.locator, m.grade, m.facts FROM "match" m JOIN item i ON i.id = m.item_id'
            " WHERE m.finding IS NOT NULL"
        ).fetchall()
    database.close()
    return {locator: {"grade": grade, **json.loads(facts)} for locator, grade, facts in rows}


def test_a_listed_film_is_found_in_parts_and_changed(tmp_path: Path) -> None:
    other = made.film(31, shots=5)
    known = measured(made.encoded(FILM), profile="deep")
    files = {
        "0": made.encoded(FILM, codec="libx264", container="matroska"),
        "1": made.encoded([*other[:60], *mirrored(FILM[36:84]), *other[60:]]),
        "2": made.encoded(other),
        "3": made.encoded([*other[:60], *FILM[36:40], *other[60:]]),
    }
    result = scanned(
        tmp_path / "case",
        folder(tmp_path / "evidence", files),
        names="clear",
        sets=(listed(tmp_path / "films.txt", known),),
        set_options={"kind": "notable"},
    )
    found = findings(tmp_path / "case")
    # Of a third of a second one frame is looked at, which is close to three neighbours of a list
    # of every frame: that is one picture, and no film.
    assert set(found) == {"d:0", "d:1"}
    assert {each["grade"] for each in found.values()} == {candidates.A}
    whole, part = (found[name]["near"]["film"] for name in ("d:0", "d:1"))
    assert whole["listed_of"] == part["listed_of"] == (known.kept.view == 0).sum()
    ((first, last),) = part["ranges"]
    assert 4_500 <= first < last <= 9_500  # frames 60 to 108, twelve a second
    ((first, last),) = part["listed_ranges"]
    assert 2_500 <= first < last <= 7_500  # frames 36 to 84
    assert whole["listed"] > part["listed"]
    assert result.exit_code == 0


# ---- orientations ------------------------------------------------------------------------


def rows_of(values: np.ndarray) -> Rows:
    rows = np.zeros(len(values), dtype=HASHES)
    rows["value"] = [value.tobytes() for value in values]
    return rows


def bits(rows: Rows) -> np.ndarray:
    values = np.frombuffer(rows["value"].tobytes(), np.uint8)
    return values.reshape(len(rows), 32)


def test_other_orientations_are_made_of_the_value_as_it_is() -> None:
    """Bits near the median may turn; mirroring at a diagonal moves bits and no more."""
    found = []
    for frame in [*made.film(1)[::12], *made.film(2)[::12]]:
        values, quality = pdq.hashes(np.asarray(Image.fromarray(frame).convert("L")))
        if quality >= film_frames.QUALITY:
            turned = bits(films.oriented(rows_of(values[:1])))
            found.append(np.bitwise_count(turned ^ values).sum(axis=1))
    distances = np.array(found)
    assert len(distances) > 10
    assert not distances[:, [0, 6]].any()
    assert (distances.mean(axis=0) < 15).all()


def test_of_no_film_there_is_nothing_to_turn() -> None:
    nothing = rows_of(np.zeros((0, 32), np.uint8))
    assert films.oriented(nothing).tolist() == []


@given(st.binary(min_size=32, max_size=32))
def test_turning_four_times_gives_the_value_again(value: bytes) -> None:
    first = rows_of(np.frombuffer(value, np.uint8)[None])
    turned = first
    for _ in range(4):
        turned = films.oriented(turned)[1:2]
    assert bits(turned).tobytes() == value
    assert films.oriented(first)["orientation"].tolist() == list(range(8))
    twice = films.oriented(films.oriented(first)[1:2])[1]["value"]
    assert twice.tobytes() == films.oriented(first)[2]["value"].tobytes()


def test_many_values_are_turned_as_each_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(7).integers(0, 256, (11, 32), np.uint8)
    alone = np.concatenate([films.oriented(rows_of(each[None])) for each in values])
    monkeypatch.setattr(films, "_AT_ONCE", 4)
    assert films.oriented(rows_of(values)).tobytes() == alone.tobytes()
    assert len(films.oriented(rows_of(values[:0]))) == 0


# ---- the rule ----------------------------------------------------------------------------


def close(*pairs: tuple[int, int], record: int = 7, shown: int = -1) -> Close:
    """Return (time in the film, listed frame) pairs of film 1, set 0 and one record."""
    at, entry = np.array(pairs, np.int64).reshape(-1, 2).T
    same = np.ones(len(pairs), np.int64)
    return Close(same, at, 0 * same, record * same, entry, shown * same)


STILL = [(0, entry) for entry in range(40)]
"""One frame that comes close to all listed ones: nothing moves there."""
RULE: dict[str, tuple[list[tuple[int, int]], int, bool]] = {
    "three different frames": ([(0, 1), (500, 2), (900, 3)], 40, True),
    "two different frames": ([(0, 1), (500, 2)], 40, False),
    "one frame many times": ([(at, 1) for at in range(0, 90_000, 500)], 40, False),
    "two frames many times": ([(at, at // 500 % 2) for at in range(0, 90_000, 500)], 40, False),
    "one frame near three neighbours": ([(0, 1), (0, 2), (0, 3)], 40, False),
    "two frames near three neighbours": ([(at, n) for at in (0, 9) for n in (1, 2, 3)], 40, False),
    "three frames, two of them near one alone": (
        [(0, 1), (0, 2), (0, 3), (500, 1), (900, 1)],
        40,
        False,
    ),
    "three frames near the same three": (
        [(at, entry) for at in (0, 500, 900) for entry in (1, 2, 3)],
        40,
        True,
    ),
    "three frames, one of which can give way": ([(0, 1), (0, 2), (500, 1), (900, 3)], 40, True),
    "a list in which nothing moves": (STILL, 40, True),
    "nearly all of a list": (STILL[1:], 40, False),
    "a list of one frame": ([(0, 1)], 1, True),
    "a list of two frames, one of them": ([(0, 1)], 2, False),
    "a list of two frames, both": ([(0, 1), (400, 2)], 2, True),
    "a splice of a thousandth": ([(0, 1), (500, 2), (900, 3)], 40_000, True),
}


@pytest.mark.parametrize("name", RULE)
def test_different_listed_frames_decide(name: str) -> None:
    pairs, there, expected = RULE[name]
    found = films.matches(close(*pairs), {1: 9_000}, {(0, 7): there})
    assert bool(found) == expected
    for each in found:
        assert (each.film, each.hashset, each.record) == (1, 0, 7)
        assert (each.frames_of, each.listed_of) == (9_000, there)
        assert each.listed == len({entry for _, entry in pairs})
        assert each.frames == len({at for at, _ in pairs})


def test_a_film_of_few_frames_needs_all_of_them_and_three_listed_ones() -> None:
    one = close((0, 1), (0, 2), (0, 3))
    assert films.matches(one, {1: 1}, {(0, 7): 40})
    assert not films.matches(one, {1: 2}, {(0, 7): 40})
    assert not films.matches(close((0, 1), (0, 2)), {1: 1}, {(0, 7): 40})
    two = close((0, 1), (0, 2), (500, 2), (500, 3))
    assert films.matches(two, {1: 2}, {(0, 7): 40})
    assert not films.matches(two, {1: 3}, {(0, 7): 40})


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=20), st.integers(0, 4))
def test_different_pairs_are_found_wherever_there_are_any(
    edges: list[tuple[int, int]], needed: int
) -> None:
    at, entry = np.array(sorted(edges), np.int64).reshape(-1, 2).T
    there = any(
        len({frame for frame, _ in some}) == len({one for _, one in some}) == needed
        for some in combinations(sorted(set(edges)), needed)
    )
    assert films.are_different(at, entry, needed) == there


def test_matches_are_told_apart_and_have_ranges() -> None:
    one = close(*((at, at // 500) for at in [*range(0, 4_000, 500), *range(60_000, 62_000, 500)]))
    other = close((0, 1), (500, 2), (900, 3), record=9, shown=1_000)
    mixed = Close(*(np.concatenate(both)[::-1] for both in zip(one, other, strict=True)))
    first, second = films.matches(mixed, {1: 100}, {(0, 7): 200, (0, 9): 3})
    assert (first.record, first.ranges, first.listed_ranges) == (
        7,
        ((0, 3_500), (60_000, 61_500)),
        (),
    )
    assert (second.record, second.listed_ranges) == (9, ((1_000, 1_000),))
    assert films.matches(close(), {}, {}) == []


@given(st.lists(st.integers(0, 10**9), max_size=200, unique=True))
def test_ranges_hold_every_time_and_no_gap(times: list[int]) -> None:
    found = films.ranges(np.array(sorted(times), np.int64))
    assert all(any(a <= time <= b for a, b in found) for time in times)
    assert len(found) <= films.MOST_RANGES
    assert all(b[0] - a[1] > films.APART for a, b in pairwise(found))


class Listed:
    """A near set of which record 7 has three entries and record 9 one."""

    count = 1_000_000
    quality = np.full(4, 90)

    def record(self, entries: np.ndarray) -> np.ndarray:
        return np.where(entries < 3, 7, 9)

    def entries(self, records: np.ndarray) -> np.ndarray:
        return np.where(records == 7, 3, 1)

    def values_of(self, record: int) -> np.ndarray:
        raise NotImplementedError

    def search(self, queries: np.ndarray, radius: int, nearest: int = 0) -> Any:  # noqa: ANN401
        raise NotImplementedError


def pairs(*rows: tuple[int, int]) -> Rows:
    found = np.zeros(len(rows), candidates.FOUND)
    found["hash"], found["entry"] = np.array(rows).T
    found["distance"] = 20
    return found


def test_what_comes_close_to_a_film_counts_when_the_film_matches() -> None:
    """Rows 0 and 1 are of a picture; 2 to 5 of film 5, 6 of film 6."""
    hashes = np.zeros(7, HASHES)
    hashes["id"] = [4, 4, 5, 5, 5, 5, 6]
    hashes["at"] = [0, 0, 0, 500, 900, 1_400, 0]
    hashes["quality"] = 90
    found = pairs((0, 0), (2, 0), (3, 1), (4, 2), (6, 0), (6, 3))
    near = [{"pdq": Listed()}]
    asked: list[int] = []

    def shown(number: int, record: np.ndarray, entry: np.ndarray) -> np.ndarray:
        asked.extend(record.tolist())
        assert number == 0
        return np.where(record == 7, 1_000 * entry, -1)

    left, matched = films.judged(hashes, found, near, 2, shown)
    assert sorted(asked) == [7, 7, 7, 9]
    assert set(matched) == {(5, 0, 7), (6, 0, 9)}
    assert sorted(zip(left["hash"].tolist(), left["entry"].tolist(), strict=True)) == [
        (0, 0),
        (2, 0),
        (3, 1),
        (4, 2),
        (6, 3),
    ]
    assert matched[5, 0, 7].to_json() == {
        "frames": 3,
        "frames_of": 4,
        "listed": 3,
        "listed_of": 3,
        "ranges": [[0, 900]],
        "listed_ranges": [[0, 2_000]],
    }
    assert matched[6, 0, 9].listed_ranges == ()
    left, matched = films.judged(hashes, found[:3], near, 2, shown)
    assert left["hash"].tolist() == [0]
    assert not matched


@pytest.mark.parametrize(("far", "expected"), [(False, True), (True, False)])
def test_of_a_list_in_which_nothing_moves_one_frame_is_all(far: bool, expected: bool) -> None:  # noqa: FBT001 # columns of a table
    """More entries come close than a search looks at: whether all do has to be seen."""
    values = np.random.default_rng(1).integers(0, 256, (6, 32), np.uint8)
    still = np.repeat(values[:1], 2 * candidates.NEAREST, axis=0)
    still[np.arange(len(still)), np.arange(len(still)) % 32] ^= 1
    if far:
        still[-1] = ~values[0]
    columns = NearColumns(
        still, np.zeros(len(still), np.uint32), np.full(len(still), 90, np.int8), None
    )
    near = [{"pdq": NearSet("pdq", columns, NearCounts(len(still), 0, 0))}]
    hashes = np.zeros(6, HASHES)
    hashes["id"], hashes["quality"], hashes["at"] = 5, 90, 500 * np.arange(6)
    hashes["value"] = values.view("V32")[:, 0]
    found = candidates.search(hashes, near)
    assert len(found) == candidates.NEAREST
    left, matched = films.judged(hashes, found, near, 0, lambda *_: np.full(len(found), -1))
    assert (bool(matched), bool(len(left))) == (expected, expected)


def test_frames_that_agree_are_worth_more_than_one() -> None:
    hashes = np.zeros(8_000, HASHES)
    hashes["id"], hashes["quality"], hashes["tones"] = 5, 90, 100
    hashes["at"] = np.arange(8_000)
    found = pairs((0, 0), (1, 1), (2, 2), (9, 3))
    near = [{"pdq": Listed()}]
    left, matched = films.judged(hashes, found, near, 0, lambda *_: np.full(4, -1))
    best, _ = candidates.best(hashes, left, near)
    by_record = {each.record: each for each in best}
    assert by_record[7].grade == by_record[9].grade == candidates.B
    graded = {each.record: films.graded(each, matched) for each in best}
    assert graded[7].grade == candidates.A
    assert graded[9] == by_record[9]
    one = {key: each._replace(frames=1) for key, each in matched.items()}
    assert films.graded(by_record[7], one) == by_record[7]
    cartoon = by_record[7]._replace(drawn=True)
    assert films.graded(cartoon, matched).grade == candidates.B
    assert (graded[7].comparisons, graded[7].tried) == (8_000 * Listed.count, 8_000)


# ---- films against films -----------------------------------------------------------------


def compared(query: video.Film, listed: video.Film) -> bool:
    """Tell whether a film matches another as a scan would find it, all pairs looked at."""
    usable = query.kept.quality >= film_frames.QUALITY
    turned = films.oriented(rows_of(query.kept.value[usable]))
    at = np.repeat(query.kept.at[usable], 8).astype(np.int64)
    known = listed.kept.value[listed.kept.view == 0]
    distances = np.bitwise_count(bits(turned)[:, None] ^ known[None]).sum(axis=2)
    pairs = np.argwhere(distances <= 31)
    found = close(*((int(at[row]), int(entry)) for row, entry in pairs))
    return bool(films.matches(found, {1: len(np.unique(at))}, {(0, 7): len(known)}))


def mirrored(frames: list[made.Frame]) -> list[made.Frame]:
    return [frame[:, ::-1] for frame in frames]


def scaled(frames: list[made.Frame], width: int, height: int) -> list[made.Frame]:
    return [np.asarray(Image.fromarray(frame).resize((width, height))) for frame in frames]


FILM, OTHER = made.film(11, shots=5), made.film(12, shots=5)
EDITS: dict[str, list[made.Frame]] = {
    "again": FILM,
    "smaller": scaled(FILM, 240, 136),
    "wider": scaled(FILM, 320, 240),
    "mirrored": mirrored(FILM),
    "turned by 90 degrees": [np.rot90(frame) for frame in FILM],
    "turned by 180 degrees": [np.rot90(frame, 2) for frame in FILM],
    "bars above and below": [np.pad(frame, ((40, 40), (0, 0), (0, 0))) for frame in FILM],
    "bars at the sides, mirrored": [
        np.pad(frame, ((0, 0), (60, 60), (0, 0)), constant_values=255) for frame in mirrored(FILM)
    ],
    "darker": [(frame * 0.6).astype(np.uint8) for frame in FILM],
    "without colour": [
        np.repeat(frame.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8) for frame in FILM
    ],
    "four seconds of it": FILM[36:84],
    "four seconds in another film": [*OTHER[:60], *FILM[36:84], *OTHER[60:]],
    "twice as fast": FILM[::2],
    "backwards": FILM[::-1],
}


@pytest.mark.parametrize("edit", EDITS)
def test_edited_films_match_the_original(edit: str) -> None:
    known = measured(made.encoded(FILM), profile="deep")
    other = measured(made.encoded(made.film(13, shots=5)), profile="deep")
    query = measured(
        made.encoded(EDITS[edit], codec="libx264", options={"crf": "30"}, container="matroska")
    )
    assert compared(query, known)
    assert not compared(query, other)


TMK = "perceptual/tmk"
VIDEOS = ("doorknob-hd-no-bar", "pattern-sd-grey-bar", "pattern-sd-with-large-logo-bar")


def again(data: bytes, container: str, codec: str) -> bytes:
    """Encode a film again, at half its size."""
    with av.open(io.BytesIO(data), "r") as source:
        frames = [
            frame.to_ndarray(format="rgb24").astype(np.uint8)
            for frame in source.decode(source.streams.video[0])
        ]
    height, width = (side // 4 * 2 for side in frames[0].shape[:2])
    return made.encoded(
        scaled(frames, width, height),
        container=container,
        codec=codec,
        rate=30,
        bit_rate=1_000_000,
    )


@pytest.mark.parametrize("name", VIDEOS)
def test_published_test_films_match_their_own_encodings_and_not_each_other(name: str) -> None:
    data = {each: evidence(f"{TMK}/{each}.mp4").read_bytes() for each in VIDEOS}
    known = {each: measured(content, "mp4", "deep") for each, content in data.items()}
    for container, codec in (("avi", "mpeg4"), ("webm", "libvpx"), ("matroska", "libx264")):
        query = measured(again(data[name], container, codec))
        assert compared(query, known[name]), container
        others = [each for each in VIDEOS if each.partition("-")[0] != name.partition("-")[0]]
        assert not any(compared(query, known[each]) for each in others), container


@pytest.mark.parametrize("name", VIDEOS)
def test_one_frame_of_a_film_listed_frame_by_frame_is_no_match(name: str) -> None:
    """Neighbours look alike: one frame comes close to many of them."""
    with av.open(str(evidence(f"{TMK}/{name}.mp4")), "r") as source:
        luma = [film_frames.luma(each) for each in source.decode(source.streams.video[0])]
    each = [pdq.hashes(frame) for frame in luma]
    dense = np.stack([values[0] for values, quality in each if quality >= film_frames.QUALITY])
    assert len(dense) >= 60
    other = measured(made.encoded(made.film(13, shots=5)), profile="deep").kept.value
    nears = [np.bitwise_count(one ^ dense).sum(axis=1) <= 31 for one in dense]
    several = [near for near in nears if near.sum() >= films.NEEDED]
    assert len(several) >= 5
    for near in several:
        found = close(*((9_000, int(entry)) for entry in np.flatnonzero(near)))
        assert not films.matches(found, {1: len(other) + 1}, {(0, 7): len(dense)})
        assert films.matches(found, {1: 1}, {(0, 7): len(dense)})  # that is all of the film


def test_what_is_compared_again_at_once_is_bounded_by_its_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorded_values, "PICTURES", 3)
    monkeypatch.setattr(recorded_values, "VALUES", 10)
    kept = [(number, (9, 9, 0), "v", np.zeros(count, HASHES)) for number, count in SIZES.items()]
    parts = recorded_values.parts_of(iter(kept))
    assert [[number for number, *_ in part] for part in parts] == [[1, 2, 3], [4, 5], [6], [7]]


SIZES = {1: 1, 2: 1, 3: 1, 4: 4, 5: 6, 6: 50, 7: 1}
"""Values of pictures and films, by item."""
