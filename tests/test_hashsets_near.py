import tracemalloc

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets import near_rows, near_tables
from heroes_forensics.hashsets.near import SHORT_RADIUS, SMALL, Near, NearIndex, indexed

Hashes = npt.NDArray[np.uint8]


def drawn(seed: int, count: int, width: int = 32) -> Hashes:
    return np.random.default_rng(seed).integers(0, 256, (count, width), dtype=np.uint8)


def flipped(row: Hashes, bits: list[int]) -> Hashes:
    mask = np.zeros(8 * len(row), np.uint8)
    mask[bits] = 1
    return row ^ np.packbits(mask, bitorder="little")


def altered(seed: int, rows: Hashes, bits: npt.NDArray[np.int64]) -> Hashes:
    """Return rows with so many bits of each flipped, anywhere."""
    draw = np.random.default_rng(seed)
    places = [draw.choice(8 * rows.shape[1], count, replace=False).tolist() for count in bits]
    return np.array([flipped(row, some) for row, some in zip(rows, places, strict=True)])


def clustered(seed: int, count: int, spread: int) -> Hashes:
    """Return rows around a few others, as frames of films and re-encoded pictures lie."""
    draw = np.random.default_rng(seed)
    centres = drawn(seed, 5)[draw.integers(0, 5, count)]
    noise = draw.random((count, 256)) < spread / 256
    return centres ^ np.packbits(noise, axis=1)


def with_tables(rows: Hashes) -> NearIndex:
    """Return an index that looks into tables, few as its rows are."""
    return NearIndex(rows, tables=near_tables.built(rows))


def expected(rows: Hashes, queries: Hashes, radius: int) -> list[tuple[int, int, int]]:
    """Compare bit by bit, with nothing of what is tested."""
    mine, theirs = (np.unpackbits(hashes, axis=1).astype(np.float32) for hashes in (queries, rows))
    same = mine @ theirs.T + (1 - mine) @ (1 - theirs).T
    distance = 8 * rows.shape[1] - same.astype(np.int64)
    query, row = np.nonzero(distance <= radius)
    return sorted(
        zip(query.tolist(), distance[query, row].tolist(), row.tolist(), strict=True),
    )


def told(found: Near) -> list[tuple[int, int, int]]:
    return list(zip(found.query.tolist(), found.distance.tolist(), found.row.tolist(), strict=True))


def judged(rows: Hashes, queries: Hashes, radius: int) -> None:
    wanted = expected(rows, queries, radius)
    index = with_tables(rows)
    assert told(index.search(queries, radius)) == wanted
    assert told(index.compared(queries, radius)) == wanted


@pytest.mark.parametrize("radius", range(52))
def test_every_radius_gives_what_comparing_bit_by_bit_gives(radius: int) -> None:
    rows = drawn(1, 3000)
    bits = np.arange(60)
    queries = np.concatenate([altered(2, rows[:60], bits), drawn(3, 20)])
    index = with_tables(rows)
    found = index.search(queries, radius)
    assert told(found) == expected(rows, queries, radius)
    assert set(range(min(59, radius) + 1)) <= set(found.query[found.row == found.query].tolist())


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    spread=st.integers(0, 90),
    count=st.integers(0, 400),
    radius=st.integers(0, 60),
)
def test_clustered_rows(seed: int, spread: int, count: int, radius: int) -> None:
    judged(clustered(seed, count, spread), clustered(seed, 9, spread), radius)


@pytest.mark.parametrize("chunk", range(near_tables.CHUNKS))
@pytest.mark.parametrize("radius", [31, 39, 47])
def test_no_chunk_is_needed_more_than_the_others(chunk: int, radius: int) -> None:
    # Every pair but one differs in a bit too many, and that one in as many as it may, in any
    # share between its halves: found through this pair or not at all.
    row = drawn(chunk, 1)
    budget = radius // 8
    draw = np.random.default_rng(chunk)
    queries = []
    for mine in range(budget + 1):
        bits: list[int] = []
        for half in range(0, near_tables.CHUNKS, 2):
            shares = (mine, budget - mine) if half == chunk & ~1 else (budget + 1, 0)
            if chunk & 1:
                shares = shares[::-1]
            for place, share in enumerate(shares):
                some = draw.choice(16, share, replace=False) + 16 * (half + place)
                bits += some.tolist()
        assert len(bits) == radius
        queries.append(flipped(row[0], bits))
    rows = np.concatenate([drawn(99, 200), row])
    wanted = [(number, radius, 200) for number in range(budget + 1)]
    looked = near_tables.built(rows)
    seen = {
        pair
        for pairs in looked.search(np.array(queries), radius).candidates()
        for pair in zip(*(column.tolist() for column in pairs), strict=True)
    }
    assert {(number, 200) for number in range(budget + 1)} <= seen
    assert told(with_tables(rows).search(np.array(queries), radius)) == wanted


def test_rows_that_are_all_equal() -> None:
    rows = np.repeat(drawn(4, 1), 500, axis=0)
    queries = np.concatenate([altered(5, rows[:45], np.arange(45)), drawn(6, 5)])
    for radius in (0, 7, 31, 40):
        judged(rows, queries, radius)


@pytest.mark.parametrize("chunk", range(near_tables.CHUNKS))
def test_a_bucket_that_holds_everything_costs_no_more_than_comparing_everything(
    chunk: int,
) -> None:
    rows = drawn(7, 12_000)
    rows[:, 2 * chunk : 2 * chunk + 2] = 0xA5
    queries = np.concatenate([altered(8, rows[:40], np.arange(40)), drawn(9, 24)])
    queries[::3, 2 * chunk : 2 * chunk + 2] = 0xA5
    judged(rows, queries, 31)
    looked = near_tables.built(rows).search(queries, 31)
    heavy = np.flatnonzero(looked.cost > len(rows))
    assert len(heavy) >= len(queries) // 3
    looked.leave(heavy)
    seen = np.bincount(
        np.concatenate([query for query, _ in looked.candidates()]), minlength=len(queries)
    )
    assert not seen[heavy].any()
    assert (seen * near_tables.CANDIDATE_COST <= len(rows)).all()


def test_a_list_around_one_hash_is_compared_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    # 12,000 different rows within a few bits of one hash: all buckets of its neighbours are full.
    centre = drawn(10, 1)
    rows = altered(11, np.repeat(centre, 12_000, axis=0), np.full(12_000, 3))
    index = NearIndex(rows)
    assert index.nbytes > rows.nbytes
    asked: list[int] = []
    within = near_rows.within

    def watched(rows: Hashes, queries: Hashes, radius: int) -> object:
        asked.append(len(queries))
        return within(rows, queries, radius)

    monkeypatch.setattr(near_rows, "within", watched)
    queries = np.concatenate([centre, drawn(12, 3)])
    assert told(index.search(queries, 31)) == expected(rows, queries, 31)
    assert asked == [1]


def test_batches_make_no_difference() -> None:
    rows = np.concatenate([clustered(13, 500, 20), drawn(14, 11_500)])
    queries = np.concatenate([clustered(13, 700, 25), drawn(14, 300)])
    index = NearIndex(rows)
    for radius in (12, 31, 40):
        whole = told(index.search(queries, radius))
        for size in (1, 7, 64, 999):
            parts: list[tuple[int, int, int]] = []
            for start in range(0, 40 if size == 1 else len(queries), size):
                part = told(index.search(queries[start : start + size], radius))
                parts += [(query + start, distance, row) for query, distance, row in part]
            last = 40 if size == 1 else len(queries)
            assert parts == [row for row in whole if row[0] < last]


def test_many_queries_are_worked_on_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = clustered(15, 3000, 30)
    queries = clustered(15, 100, 30)
    wanted = expected(rows, queries, 31)
    monkeypatch.setattr(near_tables, "AT_ONCE", 1000)
    assert near_tables.at_once(31) == 3
    assert told(with_tables(rows).search(queries, 31)) == wanted
    monkeypatch.setattr(near_rows, "TILE", 100)
    assert told(with_tables(rows).compared(queries, 31)) == wanted


@pytest.mark.parametrize("held", [1, 1 << 20])
def test_the_nearest_alone(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("heroes_forensics.hashsets.near._HELD", held)
    rows = np.concatenate([clustered(16, 2000, 12), clustered(16, 300, 0)])
    queries = np.concatenate([clustered(16, 30, 12), drawn(17, 5)])
    for radius in (31, 60):
        every = expected(rows, queries, radius)
        for nearest in (1, 3, 50):
            wanted = [
                row
                for query in range(len(queries))
                for row in [each for each in every if each[0] == query][:nearest]
            ]
            assert told(with_tables(rows).search(queries, radius, nearest)) == wanted


@pytest.mark.parametrize("worth", [0, 1 << 60], ids=["compiled", "numpy"])
@pytest.mark.parametrize("centres", [1, 40])
def test_the_nearest_alone_take_memory_that_no_list_can_raise(
    worth: int, centres: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every query is near thousands of rows: of one centre they are compared, of 40 looked up.
    monkeypatch.setattr("heroes_forensics.hashsets.near.WORTH", worth)
    draw = np.random.default_rng(27)
    middle = drawn(28, centres)[draw.integers(0, centres, 20_000)]
    rows = middle ^ np.packbits(draw.random((20_000, 256)) < 4 / 256, axis=1)
    index = NearIndex(rows)
    queries = middle[:1000]
    index.search(queries[:2], 31, 4)  # what is compiled and allocated once
    tracemalloc.start()
    try:
        found = index.search(queries, 31, 4)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found.row) == 4 * 1000
    assert peak < (80 << 20)  # all pairs of one centre are 160 MB, and as much again to sort them


def test_hashes_of_64_bits_are_compared() -> None:
    rows = drawn(18, 3000, 8)
    queries = np.concatenate([altered(19, rows[:8], np.arange(8)), drawn(20, 4, 8)])
    wider = np.concatenate([queries, np.zeros((12, 24), np.uint8)], axis=1)
    index = NearIndex(rows)
    assert index.bits == 64
    for radius in range(SHORT_RADIUS + 1):
        wanted = expected(rows, queries, radius)
        assert told(index.search(queries, radius)) == wanted
        assert told(index.search(wider, radius)) == wanted
        assert len(wanted) >= radius + 1
    with pytest.raises(UsageError, match="64 bits are compared within 0 to 4 bits"):
        index.search(queries, SHORT_RADIUS + 1)


@pytest.mark.parametrize("radius", [-1, 257])
def test_a_radius_that_is_none(radius: int) -> None:
    with pytest.raises(UsageError, match="within 0 to 256 bits"):
        NearIndex(drawn(21, 3)).search(drawn(22, 1), radius)


def test_every_row_is_within_all_bits() -> None:
    rows = np.concatenate([drawn(23, 40), np.zeros((1, 32), np.uint8)])
    judged(rows, np.full((1, 32), 255, np.uint8), 256)


def test_no_rows_and_no_queries() -> None:
    assert told(NearIndex(drawn(24, 0)).search(drawn(25, 3), 31)) == []
    assert told(NearIndex(drawn(24, 3)).search(drawn(25, 0), 31)) == []
    assert told(with_tables(drawn(24, 0)).search(drawn(25, 3), 31)) == []


def test_tables_are_built_where_they_help() -> None:
    assert not indexed(SMALL - 1)
    assert indexed(SMALL)
    assert not indexed(10 * SMALL, 8)
    rows = drawn(26, SMALL)
    assert NearIndex(rows[1:]).nbytes == 33 * (SMALL - 1)
    assert NearIndex(rows).nbytes == (33 + 16 * 6) * SMALL + 16 * 65537 * 4


@pytest.mark.parametrize(
    ("rows", "queries"),
    [
        (drawn(27, 3, 16), drawn(28, 1, 16)),
        (drawn(27, 3), drawn(28, 1, 8)),
        (drawn(27, 3).astype(np.int16), drawn(28, 1)),
        (drawn(27, 3), drawn(28, 1)[0]),
    ],
)
def test_shapes_that_are_none(rows: Hashes, queries: Hashes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        NearIndex(rows).search(queries, 31)


def test_tables_of_other_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="other rows"):
        NearIndex(drawn(29, 4), tables=near_tables.built(drawn(29, 5)))
    with pytest.raises(ValueError, match="quality"):
        NearIndex(drawn(29, 4), np.zeros(3, np.int8))
    with pytest.raises(ValueError, match="nearest"):
        NearIndex(drawn(29, 4)).search(drawn(29, 4), 31, -1)


@pytest.mark.parametrize("fault", ["ids", "first", "last", "order", "shape"])
def test_tables_that_point_outside_are_told(fault: str) -> None:
    tables = near_tables.built(drawn(30, 300))
    assert tables.sound()
    if fault == "ids":
        tables.ids[9, 4] = 300
    elif fault == "first":
        tables.off[3, 0] = 1
    elif fault == "last":
        tables.off[3, -1] += 1
    elif fault == "order":
        tables.off[15, 77] = 299
    else:
        tables = near_tables.Tables(tables.off, tables.ids[:, 1:], tables.partner)
    assert not tables.sound()
