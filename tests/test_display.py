import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.display import original, original_bytes, shown

KNOWN = {
    "plain": ("Exhibit 7", "Exhibit 7"),
    "umlaut stays": ("Gerät Ä", "Gerät Ä"),
    "escape sequence": ("\x1b[2J", r"\x1b[2J"),
    "newline": ("a\nb", r"a\x0ab"),
    "delete": ("\x7f", r"\x7f"),
    "C1": ("\x9b31m", r"\u009b31m"),
    "bidi override": ("gpj.\u202eexe", r"gpj.\u202eexe"),
    "zero width": ("a\u200bb", r"a\u200bb"),
    "byte order mark": ("\ufeffa", r"\ufeffa"),
    "line separator": ("a\u2028b", r"a\u2028b"),
    "tag character": ("\U000e0041", r"\U000e0041"),
    "lone surrogate": ("\ud800", r"\ud800"),
    "backslash": (r"C:\x1b", r"C:\\x1b"),
    "latin-1 bytes": (b"caf\xe9", r"caf\xe9"),
    "0xff": (b"\xff", r"\xff"),
    "encoded surrogate": (b"\xed\xa0\x80", r"\xed\xa0\x80"),
    "utf-8 bytes": ("née".encode(), "née"),
    "NUL": (b"a\0b", r"a\x00b"),
}


@pytest.mark.parametrize(("text", "expected"), KNOWN.values(), ids=KNOWN)
def test_hostile_text_is_shown_as_an_escape(text: str | bytes, expected: str) -> None:
    assert shown(text) == expected


@given(st.text(st.characters(codec=None), max_size=200))
def test_any_text_comes_back(text: str) -> None:
    assert original(shown(text, limit=10_000)) == text


@given(st.binary(max_size=200))
def test_any_bytes_come_back(data: bytes) -> None:
    assert original_bytes(shown(data, limit=10_000)) == data


@given(st.one_of(st.binary(max_size=100), st.text(st.characters(codec=None), max_size=100)))
def test_nothing_that_acts_is_left(text: str | bytes) -> None:
    result = shown(text)
    result.encode("utf-8")
    assert not {unicodedata.category(char) for char in result} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(char) for char in result} & {
        "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN",
    }  # fmt: skip


@given(
    st.text(st.sampled_from("ab\\\x1b\u202e\U000e0041xu0123"), max_size=200), st.integers(32, 90)
)
def test_a_long_text_is_cut_between_escapes_and_says_so(text: str, limit: int) -> None:
    whole, result = shown(text, limit=10_000), shown(text, limit=limit)
    assert len(result) <= limit
    if len(whole) <= limit:
        assert result == whole
        return
    kept, left_out = result.rsplit("\\+", 1)
    assert text.startswith(original(kept))
    assert len(kept) + int(left_out) == len(whole)
    with pytest.raises(ValueError, match="cut"):
        original(result)


def test_64_kib_of_name_stay_small() -> None:
    assert len(shown(b"\x1b" * 65536)) <= 1024


@pytest.mark.parametrize("limit", range(32, 42))
def test_a_row_of_backslashes_is_cut_between_pairs(limit: int) -> None:
    kept = shown("a" + "\\" * 99, limit=limit).rsplit("\\+", 1)[0]
    assert set(original(kept)[1:]) == {"\\"}
