"""What is close becomes a candidate, with its grade; the index itself is the real one."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest

from heroes_forensics.frames import HASHES, PERCEPTUAL_ALGORITHMS, TIER_1, VIEWS, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.candidates import (
    A,
    B,
    C,
    Candidate,
    Indexes,
    best,
    grade_of,
    radius_of,
    search,
)
from heroes_forensics.hashsets.near import Near, NearIndex

AS_IS, TRIMMED, DEEP = 0, 1, TIER_1
PHOTOGRAPH = candidates.LEAST_TONES


@dataclass
class Listed:
    """A near set of a few entries; the record of each is its position unless said otherwise."""

    rows: npt.NDArray[np.uint8]
    stated: int = -1
    records: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._index = NearIndex(self.rows)

    @property
    def quality(self) -> npt.NDArray[np.int8]:
        return np.full(len(self.rows), self.stated, np.int8)

    @property
    def count(self) -> int:
        return len(self.rows)

    def record(self, entries: Indexes) -> Indexes:
        return np.array(self.records or range(self.count))[entries]

    def entries(self, records: Indexes) -> Indexes:
        return np.bincount(self.record(np.arange(self.count)))[records]

    def values_of(self, record: int) -> npt.NDArray[np.uint8]:
        mine: npt.NDArray[np.uint8] = self.rows[self.record(np.arange(self.count)) == record]
        return mine

    def search(self, queries: npt.NDArray[np.uint8], radius: int, nearest: int = 0) -> Near:
        return self._index.search(queries, radius, nearest)


def made(seed: int, width: int = 32) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, width, np.uint8)


def beside(value: npt.NDArray[np.uint8], bits: int) -> npt.NDArray[np.uint8]:
    """Return a value that differs in the first so many bits."""
    flipped = np.unpackbits(value)
    flipped[:bits] ^= 1
    return np.packbits(flipped)


def hashes(*rows: tuple[int, int, int, int, npt.NDArray[np.uint8]]) -> Rows:
    """Return `HASHES` rows of (item, algorithm, view, quality, value)."""
    found = np.zeros(len(rows), HASHES)
    found["tones"] = PHOTOGRAPH
    for at, (item, algorithm, view, quality, value) in enumerate(rows):
        found[at]["id"], found[at]["algorithm"], found[at]["view"] = item, algorithm, view
        found[at]["quality"] = quality
        found[at]["value"] = value.tobytes().ljust(32, b"\0")
    return found


def looked(
    rows: Rows, *sets: dict[str, Listed], widened: bool = False
) -> tuple[list[Candidate], list[Candidate]]:
    found = search(rows, sets, widened=widened)
    return best(rows, found, sets, widened=widened)


@pytest.mark.parametrize(
    ("distance", "comparisons", "deep", "drawn", "grade"),
    [
        (0, 16 * 10**6, False, False, A),
        (31, 16 * 10**6, False, False, A),
        (31, 16 * 10**6, True, False, B),
        (32, 16 * 10**6, False, False, B),
        (31, 10**9, False, False, B),  # 0.015 false ones to be expected
        (31, 10**11, False, False, C),  # 1.5
        (40, 10**11, False, False, C),
        (0, 1, False, True, B),
        (0, 1, True, True, B),
        (31, 10**11, False, True, C),
    ],
)
def test_the_grade_follows_from_distance_view_and_chance(
    distance: int,
    comparisons: int,
    deep: bool,  # noqa: FBT001 # a column of the table
    drawn: bool,  # noqa: FBT001 # as above
    grade: str,
) -> None:
    assert grade_of("pdq", distance, comparisons, deep=deep, drawn=drawn)[1] == grade


def test_what_is_to_be_expected_grows_with_what_was_compared() -> None:
    expected, _ = grade_of("pdq", 20, 16 * 10**6, deep=False, drawn=False)
    assert expected == pytest.approx(2.4e-4)
    further, _ = grade_of("pdq", 40, 16 * 10**6, deep=False, drawn=False)
    assert (further or 0) > (expected or 0)
    assert grade_of("phash-64", 0, 10, deep=False, drawn=False) == (None, B)  # nobody measured it


def test_the_closest_value_of_a_picture_speaks_for_it() -> None:
    entry = made(1)
    rows = hashes(
        (7, 0, AS_IS, 80, beside(entry, 20)),
        (7, 0, TRIMMED, 90, beside(entry, 5)),
        (7, 0, DEEP, 90, entry),
        (8, 0, AS_IS, 80, made(2)),
    )
    (found,), more = looked(rows, {"pdq": Listed(np.stack([made(3), entry]))})
    assert (found.item, found.set_index, found.record, found.grade) == (7, 0, 1, A)
    assert (VIEWS[found.view], found.distance, found.quality) == ("trimmed", 5, 90)
    assert (found.tried, found.comparisons, found.radius, more) == (3, 6, 31, [])


def test_no_distance_makes_more_than_b_of_a_drawn_picture() -> None:
    entry = made(1)
    rows = hashes((7, 0, AS_IS, 100, entry), (8, 0, AS_IS, 100, entry))
    rows["tones"] = PHOTOGRAPH - 1, PHOTOGRAPH
    (drawn, photograph), _ = looked(rows, {"pdq": Listed(entry[None])})
    assert (drawn.item, drawn.drawn, drawn.grade) == (7, True, B)
    assert (photograph.item, photograph.drawn, photograph.grade) == (8, False, A)


def test_a_photograph_on_a_drawn_page_speaks_for_it() -> None:
    entry = made(1)
    rows = hashes((7, 0, AS_IS, 100, beside(entry, 2)), (7, 0, TRIMMED, 100, beside(entry, 30)))
    rows["tones"] = PHOTOGRAPH - 1, PHOTOGRAPH
    (found,), _ = looked(rows, {"pdq": Listed(entry[None])})
    assert (VIEWS[found.view], found.distance, found.grade) == ("trimmed", 30, A)
    rows[1]["value"] = beside(entry, 35).tobytes()  # no A either, and further away
    (found,), _ = looked(rows, {"pdq": Listed(entry[None])}, widened=True)
    assert (VIEWS[found.view], found.distance, found.grade) == ("as-is", 2, B)


def test_a_deep_view_alone_is_a_lesser_grade() -> None:
    entry = made(1)
    rows = hashes((7, 0, AS_IS, 80, made(2)), (7, 0, DEEP, 80, beside(entry, 3)))
    (found,), _ = looked(rows, {"pdq": Listed(entry[None])})
    assert (found.view, found.grade) == (DEEP, B)


def test_each_record_of_each_set_is_a_candidate_of_its_own() -> None:
    entry = made(1)
    one = Listed(np.stack([entry, beside(entry, 4), entry]), records=[5, 5, 9])
    two = Listed(entry[None])
    found, _ = looked(hashes((7, 0, AS_IS, 80, entry)), {"pdq": one}, {}, {"pdq": two})
    assert [(each.set_index, each.record, each.distance) for each in found] == [
        (0, 5, 0), (0, 9, 0), (2, 0, 0),
    ]  # fmt: skip


def test_without_structure_nothing_is_compared() -> None:
    entry = made(1)
    rows = hashes((7, 0, AS_IS, 49, entry), (8, 0, AS_IS, 50, entry))
    found, _ = looked(rows, {"pdq": Listed(entry[None], 64)})
    assert [(each.item, each.listed_quality, each.tried) for each in found] == [(8, 64, 1)]


@pytest.mark.parametrize(
    ("distance", "plain", "wide"), [(31, A, A), (32, None, B), (41, None, None)]
)
def test_further_than_the_radius_only_when_asked(
    distance: int, plain: str | None, wide: str | None
) -> None:
    entry = made(1)
    rows = hashes((7, 0, AS_IS, 80, beside(entry, distance)))
    listed = {"pdq": Listed(entry[None])}
    for widened, grade in ((False, plain), (True, wide)):
        found, _ = looked(rows, listed, widened=widened)
        assert [each.grade for each in found] == ([] if grade is None else [grade])


def test_deep_views_are_not_widened() -> None:
    entry = made(1)
    rows = hashes((7, 0, DEEP, 80, beside(entry, 32)))
    assert looked(rows, {"pdq": Listed(entry[None])}, widened=True) == ([], [])


def test_short_values_are_compared_with_short_ones_and_narrowly() -> None:
    entry = made(1, 8)
    number = PERCEPTUAL_ALGORITHMS.index("dhash-64")
    rows = hashes(
        (7, number, AS_IS, 80, beside(entry, 4)),
        (8, number, AS_IS, 80, beside(entry, 5)),
        (9, number - 1, AS_IS, 80, entry),
    )
    found, _ = looked(rows, {"dhash-64": Listed(entry[None])})
    assert [(each.item, each.algorithm, each.distance) for each in found] == [(7, "dhash-64", 4)]
    assert (
        radius_of("dhash-64", 10_000, widened=True),
        radius_of("dhash-64", 10_001, widened=True),
    ) == (4, 0)


def test_what_says_more_goes_before_what_is_closer() -> None:
    entry, short = made(1), made(1, 8)
    phash = PERCEPTUAL_ALGORITHMS.index("phash-64")
    rows = hashes((7, 0, AS_IS, 80, beside(entry, 9)), (7, phash, AS_IS, 80, short))
    listed = {"pdq": Listed(entry[None]), "phash-64": Listed(short[None])}
    (found,), _ = looked(rows, listed)
    assert (found.algorithm, found.distance, found.grade) == ("pdq", 9, A)


def test_a_list_that_has_a_picture_many_times_is_cut_and_counted() -> None:
    entry = made(1)
    listed = Listed(np.repeat(entry[None], 40, axis=0))
    found, more = looked(hashes((7, 0, AS_IS, 80, entry)), {"pdq": listed})
    assert [len(found), len(more)] == [candidates.MOST, 40 - candidates.MOST]
    assert {each.record for each in (*found, *more)} == set(range(40))


@pytest.mark.parametrize(("entries", "is_cut"), [(63, False), (64, True), (100, True)])
def test_where_the_search_ended_at_the_nearest_it_is_said(entries: int, is_cut: bool) -> None:  # noqa: FBT001 # a column of a table
    entry = made(1)
    sets = [{"pdq": Listed(np.repeat(entry[None], entries, axis=0))}]
    rows = hashes((7, 0, AS_IS, 80, entry), (8, 0, AS_IS, 80, made(2)))
    found = search(rows, sets)
    assert candidates.cut(rows, found) == ({(7, 0)} if is_cut else set())
    every = search(rows, sets, nearest=1000)
    assert (len(every), candidates.cut(rows, every, 1000)) == (entries, set())


def test_nothing_close_is_nothing() -> None:
    assert looked(hashes((7, 0, AS_IS, 80, made(2))), {"pdq": Listed(made(1)[None])}) == ([], [])
    assert looked(hashes(), {"pdq": Listed(made(1)[None])}) == ([], [])
