import csv
import io
import itertools
from collections.abc import Iterator
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_example import BORN, FAT_CHANGED, FINDINGS, RICH

from heroes_forensics.display import original_bytes
from heroes_forensics.reports import csv as report_csv
from heroes_forensics.reports.base import ItemRow
from heroes_forensics.reports.model import SetKind

FORMULA = ("=", "+", "-", "@", "\t", "\r")
ITEM: ItemRow = {
    "exhibit": "A-1",
    "source": "laptop.E01",
    "volume": "p2048",
    "locator": "4711-3-128-1",
    "allocated": True,
    "kind": "file",
    "size": 12,
    "bytes_read": 12,
    "type": "jpeg",
    "place": "downloads",
    "status": "done",
    "gap": "",
    "md5": b"\x01" * 16,
    "sha1": b"\x02" * 20,
    "sha256": b"\x03" * 32,
    "times": (BORN,),
    "matched": frozenset(),
    "path": b"Users/x/photo.jpg",
}


def read(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode(), newline=""), strict=True))


def written(*rows: ItemRow, names: Literal["sealed", "clear"] = "sealed") -> list[dict[str, str]]:
    return read(b"".join(report_csv.items(rows, names=names)))


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
        }
    ]


@pytest.mark.parametrize("kind", ["notable", "watch", "adult-intimate", "exclude"])
@pytest.mark.parametrize("names", ["sealed", "clear"])
def test_digests_of_listed_items_are_withheld(
    kind: SetKind, names: Literal["sealed", "clear"]
) -> None:
    row: ItemRow = {**ITEM, "matched": frozenset({kind, "known-good"})}
    data = b"".join(report_csv.items([row], names=names))
    assert [read(data)[0][name] for name in ("md5", "sha1", "sha256")] == ["withheld"] * 3
    assert b"0101" not in data


def test_digests_of_known_good_items_are_not() -> None:
    assert written({**ITEM, "matched": frozenset({"known-good"})})[0]["md5"] == "01" * 16


def test_an_item_without_digests_has_none() -> None:
    row: ItemRow = {**ITEM, "md5": None, "sha1": None, "sha256": None, "size": None}
    found = written({**row, "matched": frozenset({"notable"})})[0]
    assert (found["md5"], found["size"]) == ("", "")


def test_no_name_is_written_unless_the_policy_is_clear() -> None:
    assert b"photo" not in b"".join(report_csv.items([ITEM]))
    assert b"photo".hex().encode() not in b"".join(report_csv.items([ITEM]))
    found = written(ITEM, names="clear")[0]
    assert (found["path"], found["path_hex"]) == ("Users/x/photo.jpg", ITEM["path"].hex())


@given(st.binary(max_size=60))
def test_any_name_is_inert_and_its_bytes_are_whole(path: bytes) -> None:
    found = written({**ITEM, "path": path}, names="clear")[0]
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
]


@pytest.mark.parametrize("text", HOSTILE)
def test_free_text_is_inert(text: str) -> None:
    row: ItemRow = {**ITEM, "exhibit": text, "source": text, "locator": text}
    data = b"".join(report_csv.items([row]))
    for cell in read(data)[0].values():
        assert not cell.startswith((*FORMULA, "\uff1d"))
        assert cell.isprintable()
    assert data.count(b"\r\n") == 2


def test_lines_end_as_the_standard_says() -> None:
    data = b"".join(report_csv.items([ITEM, ITEM]))
    assert data.count(b"\r\n") == data.count(b"\n") == 3


def test_items_are_streamed() -> None:
    def endless() -> Iterator[ItemRow]:
        yield from itertools.repeat(ITEM)

    pieces = report_csv.items(endless())
    first = list(itertools.islice(pieces, 3))
    assert all(65_536 < len(piece) < 131_072 for piece in first)


def test_a_table_of_nothing_has_its_header() -> None:
    assert b"".join(report_csv.items([])).decode() == ",".join(report_csv.ITEM_COLUMNS) + "\r\n"


def test_every_finding_is_a_row_the_withdrawn_one_too() -> None:
    rows = read(report_csv.findings(RICH))
    assert [row["number"] for row in rows] == [finding.number for finding in FINDINGS]
    assert rows[5]["status"] == "withdrawn"
    assert rows[5]["reason"] == "the unit was read again and gave another digest"
    assert [row["victim_identified"] for row in rows[:3]] == ["yes", "no", ""]
    assert rows[2]["listed_size"] == "9223108"
    assert (rows[2]["modified"], rows[2]["time_basis"]) == (
        FAT_CHANGED.text,
        "m:local-unknown:2000000000ns",
    )
    assert rows[0]["category_code"] == "1"
