import sys

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_hashsets_near import altered, clustered, drawn, told

from heroes_forensics.hashsets import near, near_compiled, near_rows, near_tables
from heroes_forensics.hashsets.near import NearIndex
from heroes_forensics.hashsets.near_compiled import WORTH, Asked, NearSearch

Hashes = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def fast() -> NearSearch:
    pytest.importorskip("llvmlite")
    found = near_compiled.prepared()
    assert found is not None
    return found


@pytest.fixture
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tables be looked into where comparing would be cheaper."""
    monkeypatch.setattr(near_compiled, "most", lambda _rows, _masks: 1 << 40)


def keys(fast: NearSearch, rows: Hashes, queries: Hashes, radius: int) -> list[int]:
    costly = np.zeros(len(queries), np.uint8)
    tables = near_tables.built(rows)
    found = list(fast.pairs(tables, rows, Asked(queries, radius), costly))
    assert not costly.any()
    return [int(key) for part in found for key in part]


def wanted(rows: Hashes, queries: Hashes, radius: int) -> list[int]:
    found = [near_rows.packed(*each) for each in near_rows.within(rows, queries, radius)]
    return sorted(int(key) for part in found for key in part)


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("radius", range(48))
def test_every_pair_is_found_once(fast: NearSearch, radius: int) -> None:
    rows = drawn(1, 2000)
    queries = np.concatenate([altered(2, rows[:60], np.arange(60)), drawn(3, 20)])
    found = keys(fast, rows, queries, radius)
    assert sorted(found) == wanted(rows, queries, radius)
    assert len(set(found)) == len(found) > radius


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("room", [1, 7, 1 << 16])
@pytest.mark.parametrize("spread", [0, 3, 40])
def test_clustered_rows_and_little_room(
    fast: NearSearch, spread: int, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_compiled, "ROOM", room)
    rows, queries = clustered(4, 700, spread), clustered(4, 12, spread)
    for radius in (0, 10, 20, 31, 39, 47):
        found = keys(fast, rows, queries, radius)
        assert sorted(found) == wanted(rows, queries, radius)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    spread=st.integers(0, 60),
    radius=st.integers(0, 47),
    chunk=st.integers(0, 15),
)
def test_an_index_answers_alike_with_and_without(
    fast: NearSearch, seed: int, spread: int, radius: int, chunk: int
) -> None:
    assert fast is near_compiled.prepared()
    rows = clustered(seed, 11_000, spread)
    rows[:9000] = drawn(seed, 9000)
    rows[:4000, 2 * chunk : 2 * chunk + 2] = 7  # a bucket that is worth comparing instead
    queries = np.concatenate([rows[::1100], altered(seed, rows[:24], np.arange(24) * 2)])
    queries[::5, 2 * chunk : 2 * chunk + 2] = 7
    index = NearIndex(rows)
    plain = told(index.search(queries, radius))
    plainly = told(index.search(queries, radius, 3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near, "WORTH", 0)
        assert told(index.search(queries, radius)) == plain
        assert told(index.search(queries, radius, 3)) == plainly


def test_costly_queries_are_left_to_the_caller(fast: NearSearch) -> None:
    rows = drawn(5, 12_000)
    rows[:, 6:8] = 0xA5
    queries = np.concatenate([rows[:3], drawn(6, 3)])
    queries[3:, 6] = 0
    tables = near_tables.built(rows)
    costly = np.zeros(6, np.uint8)
    found = list(fast.pairs(tables, rows, Asked(queries, 31), costly))
    assert costly.tolist() == [1, 1, 1, 0, 0, 0]
    assert (tables.search(queries, 31).cost > len(rows)).tolist() == [True] * 3 + [False] * 3
    assert sum(map(len, found)) == 0


@pytest.mark.usefixtures("unlimited")
@pytest.mark.parametrize("fault", ["ids", "off", "partner"])
def test_tables_of_any_numbers_lead_nowhere_else(fast: NearSearch, fault: str) -> None:
    rows = drawn(7, 1000)
    tables = near_tables.built(rows)
    column = getattr(tables, fault)
    most = np.iinfo(column.dtype).max
    column[:] = np.random.default_rng(8).integers(0, most, column.shape, dtype=column.dtype)
    costly = np.zeros(50, np.uint8)
    (found,) = fast.pairs(tables, rows, Asked(rows[:50], 31), costly)
    row = found & np.uint64((1 << 28) - 1)
    assert (row < 1000).all()


def test_what_does_not_go_together_is_refused(fast: NearSearch) -> None:
    rows, queries = drawn(9, 50), drawn(10, 3)
    tables = near_tables.built(rows)
    for others, asked, left in (
        (rows[1:], queries, 3),
        (rows, queries, 2),
        (rows, rows[:, 1:], 50),
    ):
        with pytest.raises(ValueError, match="do not go together"):
            next(fast.pairs(tables, others, Asked(asked, 31), np.zeros(left, np.uint8)))


def test_without_the_extra_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    assert near_compiled.compiled() is None
    monkeypatch.setattr(near_compiled, "_PREPARED", [])
    rows = drawn(11, 12_000)
    index = NearIndex(rows)
    monkeypatch.setattr(near, "WORTH", 0)
    queries = altered(12, rows[:9], np.arange(9))
    assert told(index.search(queries, 31)) == told(index.compared(queries, 31))


def test_code_that_is_wrong_is_not_used(fast: NearSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    assert fast == near_compiled.prepared()
    wrong = near_compiled.PROGRAM.replace("icmp ule i16 %halfcount", "icmp ult i16 %halfcount")
    monkeypatch.setattr(near_compiled, "PROGRAM", wrong)
    assert near_compiled.compiled() is None


def test_few_queries_are_not_worth_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(near_compiled, "prepared", lambda: asked.append(1))
    index = NearIndex(drawn(13, 12_000))
    index.search(drawn(14, WORTH - 1), 31)
    assert not asked
    index.search(drawn(14, 1), 31)
    assert asked
