import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.custody import chain
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON

PROC = "30000000-0000-4000-8000-000000000003"
TIME = "2026-01-02T03:04:05.000000Z"
ACTOR: JSON = {"id": "ex-1", "kind": "person"}

KEYS = st.from_regex(r"[a-z][a-z0-9_]{0,10}", fullmatch=True)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-chain.MAX_INTEGER, chain.MAX_INTEGER)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def ledger(count: int = 4) -> list[bytes]:
    lines: list[bytes] = []
    previous = chain.GENESIS
    for seq in range(count):
        line = chain.next_line(
            previous,
            seq,
            type="quality.noted",
            actor=ACTOR,
            body={"kind": "limitation", "text": f"Nr. {seq} ä €"},
            time=TIME,
            mono=seq,
            proc=PROC,
        )
        lines.append(line)
        previous = chain.line_sha256(line)
    return lines


def codes(lines: list[bytes]) -> set[str]:
    return {problem.code for problem in chain.verify(lines)}


RFC8785_STRING = "7b2273223a22e282ac5c225c5c2f5c625c665c6e5c725c745c75303030317fe280a8227d"
KNOWN: dict[str, tuple[object, str]] = {
    "keys are sorted": ({"b": 1, "a": None}, b'{"a":null,"b":1}'.hex()),
    "strings, RFC 8785 3.2.2.2": ({"s": '€"\\/\b\f\n\r\t\x01\x7f\u2028'}, RFC8785_STRING),
    "largest integers": (
        {"n": [-(2**53 - 1), 0, 2**53 - 1]},
        b'{"n":[-9007199254740991,0,9007199254740991]}'.hex(),
    ),
    "empty": ({"e": {}, "l": [], "t": True}, b'{"e":{},"l":[],"t":true}'.hex()),
}


@pytest.mark.parametrize(("value", "expected"), KNOWN.values(), ids=KNOWN)
def test_the_byte_form_of_known_values(value: object, expected: str) -> None:
    assert chain.canonical(value).hex() == expected


@given(VALUES)
def test_the_byte_form_is_that_of_an_independent_rfc_8785(value: object) -> None:
    try:
        ours = chain.canonical(value)
    except chain.UnsafeError:
        return
    assert ours == rfc8785.dumps(value)  # type: ignore[arg-type]  # its own alias
    assert chain.parse(ours) == value


def nested(levels: int) -> object:
    value: object = []
    for _ in range(levels - 1):
        value = [value]
    return value


REFUSED: dict[str, object] = {
    "a float": {"a": 0.5},
    "a float that is whole": {"a": 1.0},
    "not a number": {"a": float("nan")},
    "2^53": {"a": 2**53},
    "-2^53": {"a": -(2**53)},
    "a lone surrogate": {"a": "\ud800"},
    "a key with a capital": {"A": 1},
    "a key with a dot": {"a.b": 1},
    "an empty key": {"": 1},
    "a key of 65 characters": {"a" * 65: 1},
    "a key that is no text": {1: 1},
    "bytes": {"a": b"x"},
    "a set": {"a": {1}},
    "nine levels": nested(9),
}


@pytest.mark.parametrize("value", REFUSED.values(), ids=REFUSED)
def test_the_writer_refuses_what_the_model_does_not_hold(value: object) -> None:
    with pytest.raises(CustodyError):
        chain.canonical(value)


def test_eight_levels_are_still_allowed() -> None:
    assert chain.canonical(nested(8)) == b"[[[[[[[[]]]]]]]]"


ENVELOPES: dict[str, JSON] = {
    "a type without a dot": {"type": "opened"},
    "a time without microseconds": {"time": "2026-01-02T03:04:05Z"},
    "a time with a zone": {"time": "2026-01-02T03:04:05.000000+00:00"},
    "a day that is none": {"time": "2026-02-30T03:04:05.000000Z"},
    "digits that are not ASCII": {"time": "٢026-01-02T03:04:05.000000Z"},
    "a process that is no UUID": {"proc": "1"},
    "a UUID in capitals": {"proc": PROC.replace("3", "A", 1)},
    "an actor of no kind": {"actor": {"id": "a", "kind": "robot"}},
    "an actor with more": {"actor": {"id": "a", "kind": "person", "name": "b"}},
    "a negative clock": {"mono": -1},
    "a clock that is a boolean": {"mono": True},
    "a previous line that is no digest": {"previous_sha256": "00"},
    "a body too long": {"body": {"a": "x" * chain.MAX_LINE}},
}


@pytest.mark.parametrize("change", ENVELOPES.values(), ids=ENVELOPES)
def test_the_writer_refuses_a_malformed_envelope(change: JSON) -> None:
    arguments: dict[str, object] = {
        "previous_sha256": chain.GENESIS,
        "type": "quality.noted",
        "actor": ACTOR,
        "body": {},
        "time": TIME,
        "mono": 0,
        "proc": PROC,
        **change,
    }
    with pytest.raises(CustodyError):
        chain.next_line(seq=0, **arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_a_chain_verifies_and_its_lines_are_plain_json() -> None:
    lines = ledger()
    assert chain.verify(lines) == []
    events = [json.loads(line) for line in lines]
    assert [event["seq"] for event in events] == [0, 1, 2, 3]
    assert events[3]["prev"] == chain.line_sha256(lines[2])


@given(st.data())
def test_no_single_bit_can_change(data: st.DataObject) -> None:
    lines = ledger()
    head = chain.line_sha256(lines[-1])
    row = data.draw(st.integers(0, len(lines) - 1))
    spot = data.draw(st.integers(0, len(lines[row]) - 1))
    broken = bytearray(lines[row])
    broken[spot] ^= 1 << data.draw(st.integers(0, 7))
    lines[row] = bytes(broken)
    assert chain.verify(lines) or chain.line_sha256(lines[-1]) != head


def test_a_ledger_cut_at_any_byte_is_whole_lines_or_torn() -> None:
    lines = ledger()
    whole = b"".join(lines)
    ends = {sum(map(len, lines[:count])) for count in range(len(lines) + 1)}
    for cut in range(len(whole)):
        found = codes(whole[:cut].splitlines(keepends=True))
        assert found == (set() if cut in ends else {"torn-line"})


EDITS: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "a byte of an event": (
        lambda lines: [lines[0], lines[1].replace(b"Nr. 1", b"Nr. 7"), *lines[2:]],
        "chain-broken",
    ),
    "an event deleted": (lambda lines: [lines[0], *lines[2:]], "seq-gap"),
    "the first event deleted": (lambda lines: lines[1:], "seq-gap"),
    "events swapped": (lambda lines: [lines[0], lines[2], lines[1], lines[3]], "seq-order"),
    "an event twice": (lambda lines: [lines[0], lines[1], lines[1], *lines[2:]], "seq-gap"),
    "an event of another ledger": (
        lambda lines: [*lines[:2], ledger(7)[6].replace(b'"seq":6', b'"seq":2'), lines[3]],
        "chain-broken",
    ),
    "no end": (lambda lines: [*lines[:3], lines[3][:-1]], "torn-line"),
    "a blank": (lambda lines: [lines[0].replace(b'"v":1', b'"v": 1'), *lines[1:]], "not-canonical"),
    "CRLF": (lambda lines: [lines[0][:-1] + b"\r\n", *lines[1:]], "not-canonical"),
    "a byte order mark": (lambda lines: [b"\xef\xbb\xbf" + lines[0], *lines[1:]], "not-canonical"),
    "a float": (lambda lines: [lines[0].replace(b'"v":1', b'"v":1.0')], "not-canonical"),
    "a key twice": (
        lambda lines: [lines[0].replace(b'"seq":0', b'"seq":9,"seq":0')],
        "not-canonical",
    ),
    "an odd escape": (
        lambda lines: [lines[0].replace("ä".encode(), b"\\u00e4")],
        "not-canonical",
    ),
    "a lone surrogate": (
        lambda lines: [lines[0].replace("ä".encode(), b"\\ud800")],
        "not-canonical",
    ),
    "not UTF-8": (lambda lines: [lines[0].replace("ä".encode(), b"\xff")], "not-canonical"),
    "a blank line": (lambda lines: [b"\n", *lines], "not-canonical"),
    "no object": (lambda _: [b"[]\n"], "schema"),
    "a key too many": (lambda lines: [lines[0].replace(b'"v":1', b'"v":1,"w":1')], "schema"),
    "another version": (lambda lines: [lines[0].replace(b'"v":1', b'"v":2')], "schema"),
    "deep": (lambda _: [b"[" * 9 + b"]" * 9 + b"\n"], "unsafe-input"),
    "very deep": (lambda _: [b"[" * 100_000 + b"]" * 100_000 + b"\n"], "unsafe-input"),
    "a huge line": (lambda _: [b" " * chain.MAX_LINE + b"\n"], "unsafe-input"),
    "a huge number": (lambda _: [b"9" * 5000 + b"\n"], "not-canonical"),
}


@pytest.mark.parametrize(("edit", "code"), EDITS.values(), ids=EDITS)
def test_an_edit_is_found(edit: Callable[[list[bytes]], list[bytes]], code: str) -> None:
    assert code in codes(edit(ledger()))


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_no_bytes_make_it_crash(lines: list[bytes]) -> None:
    chain.verify([*ledger(1), *lines])


def test_times_are_utc_with_microseconds() -> None:
    zone = timezone(timedelta(hours=2))
    moment = datetime(2026, 1, 2, 5, 4, 5, 6, tzinfo=zone)
    assert chain.timestamp(moment) == "2026-01-02T03:04:05.000006Z"
    assert chain.is_time(chain.timestamp(datetime.now(UTC)))
    with pytest.raises(CustodyError):
        chain.timestamp(moment.replace(tzinfo=None))
