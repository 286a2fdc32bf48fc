import csv
import io
import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_example import NTFS_TIMES

from heroes_forensics import frames
from heroes_forensics.display import original_bytes
from heroes_forensics.model import REUSE_TEXTS, Moment, TimeRule
from heroes_forensics.reports import items as report_items
from heroes_forensics.reports.base import ItemBlock
from heroes_forensics.reports.findings import SetKind
from heroes_forensics.reports.messages import messages
from heroes_forensics.reports.moments import NO_TIME, calendar
from heroes_forensics.reports.time_columns import column

FORMULA = ("=", "+", "-", "@", "\t", "\r")
ITEM = ItemBlock(
    exhibit="A-1",
    source="laptop.E01",
    volume="p2048",
    rules=dict.fromkeys("macb", NTFS_TIMES),
    locators=("4711-3-128-1",),
    allocated=(True,),
    kinds=("file",),
    sizes=(12,),
    bytes_read=(12,),
    types=("jpeg",),
    places=("downloads",),
    statuses=("done",),
    gaps=("",),
    md5=(b"\x01" * 16,),
    sha1=(b"\x02" * 20,),
    sha256=(b"\x03" * 32,),
    seconds=np.array([[NO_TIME, NO_TIME, NO_TIME, 1_709_571_906]], dtype="<i8"),
    nanoseconds=np.array([[0, 0, 0, 123_456_700]], dtype="<u4"),
    misnamed=(False,),
    reuse=("",),
    matched=(),
    paths=(b"Users/x/photo.jpg",),
)


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def written(
    *blocks: ItemBlock, names: Literal["sealed", "clear"] = "sealed"
) -> list[dict[str, str]]:
    return read(b"".join(report_items.items(blocks, names=names)))


def test_an_item_is_one_row() -> None:
    assert written(ITEM) == [
        {
            "exhibit": "A-1",
            "source": "laptop.E01",
            "volume": "p2048",
            "locator": "4711-3-128-1",
            "allocated": "yes",
            "kind": "file",
            "size": "12",
            "bytes_read": "12",
            "type": "jpeg",
            "place": "downloads",
            "status": "done",
            "gap": "",
            "md5": "01" * 16,
            "sha1": "02" * 20,
            "sha256": "03" * 32,
            "modified": "",
            "accessed": "",
            "changed": "",
            "born": "2024-03-04T17:05:06.1234567Z",
            "time_basis": "b:utc:100ns",
            "misnamed": "no",
            "reuse": "",
        }
    ]


@pytest.mark.parametrize("word", REUSE_TEXTS)
def test_of_a_deleted_file_it_says_whether_its_blocks_are_in_use_again(word: str) -> None:
    assert written(replace(ITEM, reuse=(word,)))[0]["reuse"] == REUSE_TEXTS[word]
    assert messages("en").text(f"reuse.{word}") == REUSE_TEXTS[word]


@pytest.mark.parametrize(("said", "cell"), [(True, "yes"), (False, "no"), (None, "")])
def test_a_name_that_says_otherwise_is_told(said: bool | None, cell: str) -> None:  # noqa: FBT001 # a column of a table
    assert written(replace(ITEM, misnamed=(said,)))[0]["misnamed"] == cell


@pytest.mark.parametrize("kind", ["notable", "watch", "adult-intimate", "exclude"])
@pytest.mark.parametrize("names", ["sealed", "clear"])
def test_digests_of_listed_items_are_withheld(
    kind: SetKind, names: Literal["sealed", "clear"]
) -> None:
    block = replace(ITEM, matched=(frozenset({kind, "known-good"}),))
    data = b"".join(report_items.items([block], names=names))
    assert [read(data)[0][name] for name in ("md5", "sha1", "sha256")] == ["withheld"] * 3
    assert b"0101" not in data


def test_digests_of_known_good_items_are_not() -> None:
    block = replace(ITEM, matched=(frozenset({"known-good"}),))
    assert written(block)[0]["md5"] == "01" * 16


def test_only_the_listed_item_of_a_block_loses_its_digests() -> None:
    block = replace(
        joined(ITEM, ITEM, ITEM), matched=(frozenset(), frozenset({"notable"}), frozenset())
    )
    assert [row["sha1"] for row in written(block)] == ["02" * 20, "withheld", "02" * 20]


def joined(*blocks: ItemBlock) -> ItemBlock:
    """Return one block of all items; what they share is that of the first."""

    def column_of(name: str) -> tuple[object, ...]:
        return tuple(itertools.chain.from_iterable(getattr(block, name) for block in blocks))

    names = (
        *("locators", "allocated", "kinds", "sizes", "bytes_read", "types", "places", "statuses"),
        *("gaps", "md5", "sha1", "sha256", "misnamed", "reuse", "matched"),
        "paths",
    )
    return replace(
        blocks[0],
        **{name: column_of(name) for name in names},  # type: ignore[arg-type] # by name
        seconds=np.concatenate([block.seconds for block in blocks]),
        nanoseconds=np.concatenate([block.nanoseconds for block in blocks]),
    )


def test_an_item_without_digests_has_none() -> None:
    block = replace(ITEM, md5=(None,), sha1=(None,), sha256=(None,), sizes=(-1,))
    found = written(replace(block, matched=(frozenset({"notable"}),)))[0]
    assert (found["md5"], found["size"]) == ("", "")


def test_no_name_is_written_unless_the_policy_is_clear() -> None:
    assert b"photo" not in b"".join(report_items.items([ITEM]))
    assert b"photo".hex().encode() not in b"".join(report_items.items([ITEM]))
    found = written(ITEM, names="clear")[0]
    assert (found["path"], found["path_hex"]) == ("Users/x/photo.jpg", ITEM.paths[0].hex())


@given(st.binary(max_size=60))
def test_any_name_is_inert_and_its_bytes_are_whole(path: bytes) -> None:
    found = written(replace(ITEM, paths=(path,)), names="clear")[0]
    assert bytes.fromhex(found["path_hex"]) == path
    assert not found["path"].startswith(FORMULA)
    shown = found["path"]
    guarded = shown.startswith("'") and shown[1:2] in tuple("=+-@\uff1d\uff0b\uff0d\uff20")
    assert path in {original_bytes(shown), original_bytes(shown[1:]) if guarded else b""}


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "a,b",
    'a"b',
    "a\nb",
    "\x1b[2J",
    "\uff1d1",
    "a\\b",
    "\n",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("position", range(3))
def test_free_text_is_inert(text: str, position: int) -> None:
    block = replace(joined(ITEM, ITEM, ITEM), exhibit=text, source=text)
    locators = [*block.locators]
    locators[position] = text
    data = b"".join(report_items.items([replace(block, locators=locators)]))
    for row in read(data):
        for cell in row.values():
            assert not cell.startswith((*FORMULA, "\uff1d"))
            assert cell.isprintable()
    assert data.count(b"\r\n") == 4


@pytest.mark.parametrize("text", ["m42", "m42/3:1", "d:3/17/2", "m@0x1f40", "a+b=c~$_-.x"])
def test_a_usual_locator_stands_as_it_is(text: str) -> None:
    assert written(replace(ITEM, locators=(text,)))[0]["locator"] == text


def test_lines_end_as_the_standard_says() -> None:
    data = b"".join(report_items.items([ITEM, joined(ITEM, ITEM)]))
    assert data.count(b"\r\n") == data.count(b"\n") == 4


def test_items_are_streamed() -> None:
    def endless() -> Iterator[ItemBlock]:
        yield from itertools.repeat(ITEM)

    pieces = report_items.items(endless())
    assert len(list(itertools.islice(pieces, 4))) == 4


def test_a_table_of_nothing_has_its_header() -> None:
    assert b"".join(report_items.items([])).decode() == ",".join(report_items.COLUMNS) + "\r\n"


def test_no_time_is_the_number_that_the_rows_of_a_case_hold() -> None:
    assert frames.NO_TIME == NO_TIME


RULES = [TimeRule(n, zone) for n in (1, 100, 10**7, 10**9, 0) for zone in ("utc", "local-unknown")]
SECONDS = st.one_of(
    st.just(NO_TIME),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.integers(-(10**11), 3 * 10**11),
    st.integers(-9_223_372_040, -9_223_372_030),
    st.integers(9_223_372_030, 9_223_372_040),
    st.integers(0, 2**31),
)


@pytest.mark.parametrize("rule", RULES, ids=str)
@given(times=st.lists(st.tuples(SECONDS, st.integers(0, 2**32 - 1)), max_size=8))
def test_a_column_of_times_is_written_as_each_of_them(
    rule: TimeRule, times: list[tuple[int, int]]
) -> None:
    seconds = np.array([second for second, _ in times], dtype="<i8")
    nanoseconds = np.array([nanosecond for _, nanosecond in times], dtype="<u4")
    assert column(seconds, nanoseconds, rule) == [
        "" if second == NO_TIME else calendar(Moment(second, nanosecond), rule)
        for second, nanosecond in times
    ]
