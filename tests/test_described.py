"""What is told of the origin of pictures: short printable texts, dates with what is known."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics import described
from heroes_forensics.described import (
    DATES,
    METADATA,
    NO_OFFSET,
    TEXT_BYTES,
    TEXTS,
    Basis,
    Date,
    Description,
    Position,
    RefusedError,
    State,
)
from heroes_forensics.frames import Batch
from heroes_forensics.pipelines.workers import wire

# ---- texts -------------------------------------------------------------------------------

TEXT_TABLE = {
    "as it is": (b"NIKON D300", "NIKON D300"),
    "filled up": (b"  E990 \0\0\0", "E990"),
    "what stands behind NUL is left": (b"A\0secret", "A"),
    "empty": (b"\0\0", ""),
    "blanks": (b"    ", ""),
    "UTF-8": ("Möbius".encode(), "Möbius"),
    "Latin-1": ("Möbius".encode("latin-1"), r"M\xf6bius"),
    "control characters": (b"A\x1b[31mB\r\nC\x7f", r"A\u001b[31mB\u000d\u000aC\u007f"),
    "a mark that turns the writing": ("1\u202e2".encode(), r"1\u202e2"),
    "a backslash is no escape": (rb"A\u202e", r"A\\u202e"),
    "a character that nobody sees": ("A\u200bB".encode(), r"A\u200bB"),
    "beyond the first plane": ("\U000e0041x".encode(), r"\U000e0041x"),
    "as long as may be": (b"x" * TEXT_BYTES, "x" * TEXT_BYTES),
}


@pytest.mark.parametrize("name", TEXT_TABLE)
def test_a_text_is_kept_so_that_it_can_be_shown(name: str) -> None:
    raw, wanted = TEXT_TABLE[name]
    assert described.text_of(raw) == wanted


@pytest.mark.parametrize("raw", [b"x" * (TEXT_BYTES + 1), b"\x01" * TEXT_BYTES, b"x" * (1 << 20)])
def test_a_long_text_is_refused_and_never_cut(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        described.text_of(raw)


@given(st.binary(max_size=TEXT_BYTES), st.binary(max_size=TEXT_BYTES))
def test_texts_are_printable_short_and_differ_where_their_bytes_do(one: bytes, two: bytes) -> None:
    kept = []
    for raw in (one, two):
        try:
            text = described.text_of(raw)
        except RefusedError:
            return
        assert text.isprintable()
        assert len(text.encode()) <= TEXT_BYTES
        kept.append(text)
    bare = [raw.partition(b"\0")[0].strip() for raw in (one, two)]
    assert (kept[0] == kept[1]) == (bare[0] == bare[1])


# ---- dates -------------------------------------------------------------------------------

DATE_TABLE = {
    "local": (b"2019:07:01 12:30:05\0", {}, Date(1_561_984_205, Basis.LOCAL)),
    "with its zone beside it": (
        b"2019:07:01 12:30:05",
        {"offset": b"+02:00\0"},
        Date(1_561_984_205, Basis.OFFSET, offset=120),
    ),
    "west, not a whole hour": (
        b"2019:07:01 12:30:05",
        {"offset": b"-09:30"},
        Date(1_561_984_205, Basis.OFFSET, offset=-570),
    ),
    "a zone left blank": (
        b"2019:07:01 12:30:05",
        {"offset": b"   :  "},
        Date(1_561_984_205, Basis.LOCAL),
    ),
    "a zone beyond a day": (
        b"2019:07:01 12:30:05",
        {"offset": b"+24:00"},
        Date(1_561_984_205, Basis.LOCAL),
    ),
    "a fraction beside it": (
        b"2019:07:01 12:30:05",
        {"fraction": b"05 "},
        Date(1_561_984_205, Basis.LOCAL, 50_000_000),
    ),
    "a fraction of many digits": (
        b"2019:07:01 12:30:05",
        {"fraction": b"1234567899999"},
        Date(1_561_984_205, Basis.LOCAL, 123_456_789),
    ),
    "a fraction that is none": (
        b"2019:07:01 12:30:05",
        {"fraction": b"-1"},
        Date(1_561_984_205, Basis.LOCAL),
    ),
    "of a film": (
        b"2018-09-08T08:08:08+0200",
        {},
        Date(1_536_394_088, Basis.OFFSET, offset=120),
    ),
    "UTC": (
        b"2018-09-08T08:08:08.500000Z",
        {},
        Date(1_536_394_088, Basis.OFFSET, 500_000_000, 0),
    ),
    "a day": (b"2010-03-04", {}, Date(1_267_660_800, Basis.DAY)),
    "before 1970": (b"1936:05:01 00:00:00", {}, Date(-1_062_547_200, Basis.LOCAL)),
    "blank": (b"    :  :     :  :  ", {}, None),
    "zeros": (b"0000:00:00 00:00:00", {}, None),
    "nothing": (b"", {}, None),
}


@pytest.mark.parametrize("name", DATE_TABLE)
def test_a_date_keeps_what_is_known_of_its_zone_and_no_more(name: str) -> None:
    raw, beside, wanted = DATE_TABLE[name]
    assert described.date_of(raw, **beside) == wanted


@pytest.mark.parametrize(
    "raw",
    [
        *(b"2019:02:30 00:00:00", b"2019:13:01 00:00:00", b"2019:01:01 24:00:00", b"yesterday"),
        *(b"2008", b"0000:01:01 00:00:00", b"2019:01:01 12:00", b"9" * 1000),
    ],
)
def test_what_is_no_date_is_refused(raw: bytes) -> None:
    with pytest.raises(RefusedError):
        described.date_of(raw)


@given(st.datetimes(min_value=datetime(1, 1, 2)), st.integers(-1439, 1439))  # noqa: DTZ001 - a clock without a zone
def test_a_date_says_in_words_what_was_written(moment: datetime, minutes: int) -> None:
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    zone = f"{sign}{hours:02}:{rest:02}"
    date = described.date_of(moment.isoformat().encode(), offset=zone.encode())
    assert date is not None
    shown = date.to_json()
    assert datetime.fromisoformat(str(shown["local"])) == moment
    assert shown["zone"] == zone.replace("-00:00", "+00:00")
    start = datetime(1970, 1, 1, tzinfo=UTC)
    assert start + timedelta(seconds=date.seconds) == moment.replace(microsecond=0, tzinfo=UTC)
    local = described.date_of(moment.isoformat().encode())
    assert local is not None
    assert local.to_json()["zone"] == "not-stated"


# ---- rows --------------------------------------------------------------------------------

_texts = st.text(st.characters(codec="utf-8"), max_size=40).map(
    lambda text: described.text_of(text[:10].encode())
)
_dates = st.builds(
    Date,
    seconds=st.integers(-62_135_596_800, 253_402_300_799),
    basis=st.sampled_from([Basis.LOCAL, Basis.UTC]),
    nanoseconds=st.integers(0, 10**9 - 1),
) | st.builds(
    Date,
    seconds=st.integers(0, 10**9),
    basis=st.just(Basis.OFFSET),
    offset=st.integers(-1439, 1439),
)


@st.composite
def descriptions(draw: st.DrawFn) -> Description:
    texts = {name: text for name in draw(st.sets(st.sampled_from(TEXTS))) if (text := draw(_texts))}
    dates = {name: draw(_dates) for name in draw(st.sets(st.sampled_from(DATES)))}
    position = draw(st.sampled_from(Position))
    rest = sorted({*TEXTS, *DATES} - {*texts, *dates})
    refused = frozenset(draw(st.sets(st.sampled_from(rest)))) if rest else frozenset()
    is_there = texts or dates or refused or position is Position.YES
    state = draw(st.sampled_from([State.UNREADABLE, State.FOUND if is_there else State.NOTHING]))
    return Description(state, texts, dates, position, refused)


@given(st.lists(descriptions(), max_size=4))
def test_rows_say_what_was_told(told: list[Description]) -> None:
    for number, one in enumerate(told):
        frame = wire.decode(wire.encode(Batch("metadata", *described.packed(number, one))))
        assert isinstance(frame, Batch)
        assert list(described.unpacked(frame.rows, frame.area)) == [(number, one)]


def row(**changes: object) -> Batch:
    told = Description(
        State.FOUND,
        {"make": "M"},
        {"original": Date(1, Basis.OFFSET, offset=60)},
        Position.NO,
    )
    rows, area = described.packed(1, told)
    area = bytes(changes.pop("area", area))  # type: ignore[call-overload] # bytes, as it was
    for name, value in changes.items():
        if rows[name].ndim > 1:
            rows[name][0, 0] = value
        else:
            rows[name] = value
    return Batch("metadata", rows, area)


BAD: dict[str, dict[str, Any]] = {
    "no state": {"state": 0},
    "an unknown state": {"state": 4},
    "an unknown position": {"position": 3},
    "nothing, and something is there": {"state": State.NOTHING},
    "a value refused that there is not": {"refused": 1 << len((*TEXTS, *DATES))},
    "a value refused and there": {"refused": 1},
    "a text beyond the area": {"make_length": 2},
    "a text too long": {"make_length": TEXT_BYTES + 1, "area": b"x" * 1000},
    "a control character": {"area": b"\x1b"},
    "a mark that turns the writing": {"area": "\u202e".encode(), "make_length": 3},
    "no UTF-8": {"area": b"\xff"},
    "a blank": {"area": b" "},
    "an unknown basis": {"basis": 5},
    "no date with seconds": {"basis": 0},
    "a date after the last": {"seconds": 253_402_300_800},
    "a date before the first": {"seconds": -62_135_596_801},
    "a second of more than its parts": {"nanoseconds": 10**9},
    "an offset beyond a day": {"offset": 1440},
    "an offset left out": {"offset": NO_OFFSET},
    "an offset of a local time": {"basis": Basis.LOCAL},
    "a day with a time": {"basis": Basis.DAY, "offset": NO_OFFSET},
}


@pytest.mark.parametrize("name", BAD)
def test_a_row_that_none_of_ours_writes_is_a_violation(name: str) -> None:
    assert isinstance(wire.decode(wire.encode(row())), Batch)
    with pytest.raises(wire.ProtocolViolationError):
        wire.decode(wire.encode(row(**BAD[name])))


@given(st.binary(min_size=METADATA.itemsize, max_size=METADATA.itemsize), st.binary(max_size=300))
def test_whatever_comes_is_checked_or_refused(junk: bytes, area: bytes) -> None:
    rows = np.frombuffer(junk, dtype=METADATA)
    try:
        frame = wire.decode(wire.encode(Batch("metadata", rows, area)))
    except wire.ProtocolViolationError:
        return
    assert isinstance(frame, Batch)
    for _, told in described.unpacked(frame.rows, frame.area):
        assert all(text.isprintable() for text in told.texts.values())
        told.to_json()


@given(
    st.sampled_from([name for name in METADATA.names or () if name != "id"]),
    st.binary(min_size=METADATA.itemsize, max_size=METADATA.itemsize),
)
def test_one_column_of_anything_is_checked_or_refused(name: str, junk: bytes) -> None:
    batch = row()
    batch.rows[name] = np.frombuffer(junk, dtype=METADATA)[name]
    try:
        frame = wire.decode(wire.encode(batch))
    except wire.ProtocolViolationError:
        return
    assert isinstance(frame, Batch)
    ((_, told),) = described.unpacked(frame.rows, frame.area)
    told.to_json()


def test_zeros_are_no_serial_number() -> None:
    for serial, wanted in (("0000000", ""), ("0", ""), ("00012", "00012"), ("", "C-7")):
        texts = {"serial": serial, "camera_serial": "C-7" if not serial else ""}
        assert Description(State.FOUND, texts).serial == wanted
