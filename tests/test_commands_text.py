import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.commands import text
from heroes_forensics.display import shown
from heroes_forensics.reports.messages import messages


@pytest.fixture(autouse=True)
def _columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


SIZES = {
    0: "0 bytes",
    1: "1 byte",
    999: "999 bytes",
    1000: "1.0 kB",
    1999: "1.9 kB",
    64_023_257_088: "64.0 GB",
    10**16: "10.0 PB",
}


@pytest.mark.parametrize(("size", "expected"), SIZES.items(), ids=map(str, SIZES))
def test_sizes_for_people(size: int, expected: str) -> None:
    assert text.human(size) == expected


@pytest.mark.parametrize("size", [1000, 123_456, 64_023_257_088, 2 * 10**12])
def test_sizes_are_those_of_the_report(size: int) -> None:
    assert text.human(size) == messages("en").size(size)


def test_sizes_exactly() -> None:
    assert text.exact(512) == "512 bytes"
    assert text.exact(1536) == "1.5 kB (1,536 bytes)"


@given(st.text(st.characters(codec=None), max_size=100))
def test_nothing_acts_on_a_terminal(value: str) -> None:
    result = text.inert(value)
    result.encode("utf-8")
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in result)
    assert text.inert(result) == result


@given(st.text(st.characters(codec=None), max_size=100))
def test_what_was_escaped_once_stays_as_it_is(value: str) -> None:
    assert text.inert(shown(value)) == shown(value)


def test_facts_are_aligned_and_nested() -> None:
    row = {
        "type": "case",
        "uuid": "1",
        "media_size": 2000,
        "closed": None,
        "sealed": True,
        "runs": [{"run": "r", "items": 1234}],
        "empty": [],
        "key": {"a": 1},
    }
    assert list(text.facts(row)) == [
        "uuid        1",
        "media size  2.0 kB (2,000 bytes)",
        "closed      not recorded",
        "sealed      yes",
        "runs 1",
        "  run    r",
        "  items  1,234",
        "empty       none",
        "key",
        "  a  1",
    ]


def test_the_size_of_a_ledger_is_no_number_of_bytes() -> None:
    shown_as = list(text.facts(text.covered({"type": "anchor", "size": 45, "root": "ab"})))
    assert shown_as == ["events  45", "root    ab"]


def test_long_values_are_wrapped_but_no_word_is_cut() -> None:
    digest = "a" * 120
    assert list(text.hanging("sha256  ", digest)) == [f"sha256  {digest}"]
    lines = list(text.hanging("note    ", "word " * 40))
    assert len(lines) > 1
    assert all(len(line) <= 80 for line in lines)
    assert all(line.startswith(" " * 8) for line in lines[1:])


def test_a_path_that_is_not_utf8_comes_back_byte_by_byte() -> None:
    assert text.path_of({"path": "caf\ufffd", "path_b64": "Y2Fm6Q=="}) == r"caf\xe9"
    assert text.path_of({"path": "a\u202eb"}) == r"a\u202eb"
    assert text.path_of({}) == ""


ODD = [None, 1, "text", [], [1], {}, {"a": 1}]


@pytest.mark.parametrize("value", ODD, ids=map(repr, ODD))
def test_fields_of_another_shape_are_no_crash(value: object) -> None:
    row = {"key": value}
    assert isinstance(text.string(row, "key"), str)
    assert isinstance(text.integer(row, "key"), int)
    assert isinstance(text.record(row, "key"), dict)
    assert isinstance(text.records(row, "key"), list)
    assert isinstance(text.strings(row, "key"), list)
    assert list(text.facts(row))


def test_durations() -> None:
    assert text.clock(3725.9) == "1:02:05"
