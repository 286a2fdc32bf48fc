import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.frames import KNOWN, Batch, Rows
from heroes_forensics.hashsets import hset, search
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.layout import Header

KEY = bytes(32)
SET_ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(scope="module")
def fast() -> search.Search:
    pytest.importorskip("llvmlite")
    found = search.prepared()
    assert found is not None
    return found


def bisected(wanted: search.Keys, radix: search.Counts, key: search.Keys, shift: int) -> list[int]:
    """Say by brute force what the first row of each key is."""
    found = []
    for one in wanted.tolist():
        bucket = one >> shift
        rows = [row for row in range(radix[bucket], radix[bucket + 1]) if int(key[row]) == one]
        found.append(rows[0] if rows else -1)
    return found


@given(
    st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=60),
    st.lists(st.integers(0, 2**64 - 1), max_size=60),
    st.integers(1, 8),
)
def test_the_compiled_search_finds_what_a_list_finds(
    fast: search.Search, listed: list[int], strangers: list[int], bits: int
) -> None:
    key = np.sort(np.array([*listed, *listed[:9]], np.uint64))
    shift = 64 - bits
    buckets = key >> np.uint64(shift)
    radix = np.searchsorted(buckets, np.arange((1 << bits) + 1, dtype=np.uint64)).astype("<u4")
    wanted = np.array(listed + strangers, np.uint64)
    assert fast.rows(wanted, radix, key, shift).tolist() == bisected(wanted, radix, key, shift)


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2**32 - 1), min_size=5, max_size=5))
def test_a_table_of_any_numbers_leads_nowhere_else(fast: search.Search, numbers: list[int]) -> None:
    key = np.arange(10, dtype=np.uint64) << np.uint64(60)
    wanted = np.arange(16, dtype=np.uint64) << np.uint64(60)
    found = fast.rows(wanted, np.array(numbers, np.uint32), key, 62)
    assert ((found >= -1) & (found < 10)).all()
    assert (key[found[found >= 0]] == wanted[found >= 0]).all()


@pytest.mark.parametrize("room", [0, 1, 1024])
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=60),
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=40),
)
def test_the_compiled_match_finds_what_a_list_finds(
    fast: search.Search, room: int, listed: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    listed.sort()
    keys = [key for key, _ in listed]
    columns = search.Columns(
        np.array(keys, np.uint64),
        np.array([[7, rest] for _, rest in listed], np.uint32),
        np.arange(100, 100 + len(listed), dtype=np.uint32),
    )
    asked = [one for one in asked if one[0] in keys]
    first = np.array([keys.index(key) for key, _ in asked], np.int64)
    wanted = np.array([key for key, _ in asked], np.uint64)
    rest = np.array([[7, rest] for _, rest in asked], np.uint32).reshape(-1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "SAME_DIGEST", room)
        query, record = fast.records(first, wanted, rest, columns)
    assert list(zip(query.tolist(), record.tolist(), strict=True)) == [
        (number, 100 + row)
        for number, one in enumerate(asked)
        for row, other in enumerate(listed)
        if one == other
    ]


def test_columns_of_other_lengths_are_refused(fast: search.Search) -> None:
    key, rest, meta = np.arange(9, dtype=np.uint64), np.zeros((9, 2), np.uint32), np.zeros(9, "<u4")
    columns = search.Columns(key, rest, meta)
    first = np.zeros(3, np.int64)
    for wrong in (columns._replace(meta=meta[1:]), columns._replace(rest=rest[:, 1:])):
        with pytest.raises(ValueError, match="other lengths"):
            fast.records(first, key[:3], rest[:3], wrong)
    for row in (-1, 9):
        with pytest.raises(ValueError, match="no such row"):
            fast.records(first + row, key[:3], rest[:3], columns)


def test_a_table_that_is_too_short_is_refused(fast: search.Search) -> None:
    key = np.arange(10, dtype=np.uint64)
    with pytest.raises(ValueError, match="too short"):
        fast.rows(key, np.zeros(4, np.uint32), key, 62)


@pytest.mark.parametrize("has", [1, 2, 4], ids=["md5", "sha1", "sha256"])
def test_look_ups_are_the_same_with_and_without_it(
    fast: search.Search, has: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[search.Search] = []

    def counted() -> search.Search:
        used.append(fast)
        return fast

    monkeypatch.setattr(hset, "prepared", counted)
    monkeypatch.setattr(hset, "LARGE", 0)
    draw = np.random.default_rng(has)
    rows: Rows = np.zeros(30_000, KNOWN)
    rows["has"], rows["entry"] = has, -1
    rows["size"] = np.arange(len(rows))
    rows["record"] = np.arange(1, len(rows) + 1)
    name, width = {1: ("md5", 16), 2: ("sha1", 20), 4: ("sha256", 32)}[has]
    rows[name] = draw.integers(0, 256, (len(rows), width), dtype=np.uint8).view(f"V{width}").ravel()
    rows[name][1_000:1_030] = rows[name][0]
    builder = SetBuilder(tmp_path, KEY, SET_ID)
    for part in np.array_split(rows, 60):
        builder.add(Batch("known", part))
    path = builder.finish(Header(id="", file="", name="a", edition="1", kind="watch"))
    strangers = draw.integers(0, 256, (40_000, width), dtype=np.uint8).view(f"V{width}").ravel()
    asked = np.concatenate([rows[name], strangers])
    draw.shuffle(asked)
    found = []
    for worth in (0, 1 << 60):
        monkeypatch.setattr(hset, "WORTH", worth)
        with HashSetFile.open(path, KEY) as file:
            found.append([column.tolist() for column in file.lookup(name, asked)])
    assert len(used) == 3  # the planted rows, and those altered, are looked up, too
    assert found[0] == found[1]
    assert len(found[0][0]) == 30_000 - 31 + 31 * 31


@pytest.mark.parametrize("few", ["WORTH", "LARGE"])
def test_a_few_look_ups_or_a_small_set_compile_nothing(
    few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never() -> None:
        raise AssertionError

    monkeypatch.setattr(hset, "prepared", never)
    monkeypatch.setattr(hset, few, 0)
    rows: Rows = np.zeros(10, KNOWN)
    rows["has"], rows["entry"], rows["record"] = 1, -1, np.arange(1, 11)
    rows["md5"] = np.random.default_rng(1).integers(0, 256, (10, 16), np.uint8).view("V16").ravel()
    builder = SetBuilder(tmp_path, KEY, SET_ID)
    builder.add(Batch("known", rows))
    path = builder.finish(Header(id="", file="", name="a", edition="1", kind="watch"))
    with HashSetFile.open(path, KEY) as file:
        assert len(file.lookup("md5", rows["md5"])[0]) == 10


def test_without_the_extra_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "llvmlite.binding", None)
    assert search.compiled() is None


def test_a_search_that_is_wrong_is_not_used(
    fast: search.Search, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert search.compiled() is not None
    program = search.PROGRAM
    for right in ("icmp eq i64 %there, %want", "icmp eq i32 %aword, %bword"):
        wrong = program.replace(right, right.replace(" eq ", " uge "))
        assert wrong != program
        monkeypatch.setattr(search, "PROGRAM", wrong)
        assert search.compiled() is None
    assert fast is search.prepared()
