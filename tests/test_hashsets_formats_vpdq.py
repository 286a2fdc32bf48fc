"""Films as lists of frames: what vPDQ programs print, and ThreatExchange passes on."""

import json
from itertools import pairwise

import pytest
from hashset_samples import S, read, recognised

from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.known import MAX_VALUES


def frame(number: int, milliseconds: int, quality: int) -> Value:
    return Value("vpdq", S[number].pdq + milliseconds.to_bytes(4, "little"), quality)


def test_a_film_is_one_record_with_a_value_for_each_frame() -> None:
    text = "".join(
        f"{number},{100 - number},{S[number].pdq.hex()},{number * 0.0291:.3g}\n"
        for number in range(5)
    )
    text += f"0,{S[9].pdq.hex().upper()},77,1e1\n12, {S[8].pdq.hex()}, 0, 10.5\n"
    result = read(text.encode())
    assert (result.format, result.rejected) == ("vpdq", [])
    first, second = result.records
    assert first.number == 1
    assert first.values == tuple(
        frame(number, round(1000 * float(f"{number * 0.0291:.3g}")), 100 - number)
        for number in range(5)
    )
    assert second.number == 6
    assert second.values == (frame(9, 10_000, 77), frame(8, 10_500, 0))


@pytest.mark.parametrize(
    "line",
    [
        f"1,101,{S[1].pdq.hex()},0.1",
        f"1,100,{S[1].pdq.hex()},-0.1",
        f"1,100,{S[1].pdq.hex()},nan",
        f"1,100,{S[1].pdq.hex()},9999999999",
        f"1,100,{S[1].pdq.hex()},1e99",
        f"1,100,{S[1].md5.hex()},0.1",
        f"1,100,{S[1].pdq.hex()}",
        "x",
    ],
)
def test_a_frame_that_cannot_be_is_named(line: str) -> None:
    good = [f"{number},90,{S[number].pdq.hex()},{number}" for number in (0, 2)]
    result = read("\n".join([good[0], line, good[1], ""]).encode())
    assert [(row.number, row.reason) for row in result.rejected] == [(2, "bad-vpdq")]
    assert [len(record.values) for record in result.records] == [2]


def test_of_a_long_film_evenly_spread_frames_are_kept() -> None:
    count = 3 * MAX_VALUES
    text = "".join(f"{number},90,{S[number % 64].pdq.hex()},{number}\n" for number in range(count))
    result = read(text.encode())
    (record,) = result.records
    times = [int.from_bytes(value.data[32:], "little") for value in record.values]
    assert MAX_VALUES // 2 <= len(times) <= MAX_VALUES
    assert {b - a for a, b in pairwise(times)} == {4_000}
    assert result.tally.skipped["frames-of-a-long-film"] == count - len(times)


OTHERS = [b"1,2,3,4\n", b"0,100,abc,0\n", S[0].pdq.hex().encode() + b",9\n"]


@pytest.mark.parametrize("head", OTHERS)
def test_other_lists_are_no_films(head: bytes) -> None:
    row = recognised(head)
    assert row is None or row.name != "vpdq"


def test_a_film_in_a_signal_file_is_one_record() -> None:
    texts = [f"{S[number].pdq.hex()},{90 + number},{number}.25" for number in range(3)]
    older = {
        str(number): {"quality": 80, "hash": S[number].pdq.hex(), "timestamp": 1.5}
        for number in (4, 5)
    }
    lines = (f"pdq {S[7].pdq.hex()}", f"vpdq {json.dumps(texts)}", f"vpdq {json.dumps(older)}")
    result = read("\n".join([*lines, ""]).encode())
    assert (result.format, result.rejected) == ("signals", [])
    assert result.records[1].values == tuple(
        frame(number, 1000 * number + 250, 90 + number) for number in range(3)
    )
    assert result.records[2].values == tuple(frame(number, 1_500, 80) for number in (4, 5))


@pytest.mark.parametrize("text", ["[", "[]", "{}", "7", '["x"]', '{"0":7}', "[" * 5_000])
def test_a_bad_film_in_a_signal_file_is_named(text: str) -> None:
    result = read(f"pdq {S[7].pdq.hex()}\nvpdq {text}\npdq {S[8].pdq.hex()}\n".encode())
    assert [(row.number, row.reason) for row in result.rejected] == [(2, "bad-vpdq")]
