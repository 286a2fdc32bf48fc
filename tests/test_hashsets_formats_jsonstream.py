import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.jsonstream import JsonStream

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def stream(data: bytes, step: int) -> JsonStream:
    pieces = (data[at : at + step] for at in range(0, len(data), step))
    return JsonStream(pieces, dict)


@given(st.lists(VALUES, max_size=6), st.integers(1, 7), st.booleans())
def test_what_is_walked_is_what_the_json_module_reads(
    values: list[object],
    step: int,
    ascii_only: bool,  # noqa: FBT001
) -> None:
    text = json.dumps(values, ensure_ascii=ascii_only, indent=1)
    try:
        data = text.encode()
    except UnicodeEncodeError:
        return
    walk = stream(data, step)
    assert [walk.value(1) for _ in walk.elements()] == values
    walk.end()


@given(st.dictionaries(st.text(max_size=6), VALUES, max_size=5), st.integers(1, 7))
def test_members_are_walked_in_order(body: dict[str, object], step: int) -> None:
    walk = stream(json.dumps(body).encode(), step)
    assert [(key, walk.value(1)) for key in walk.members()] == list(body.items())
    walk.end()


def test_a_number_that_goes_on_in_the_next_piece_is_whole() -> None:
    assert stream(b"12345", 1).value() == 12345


def test_a_number_at_the_end_of_a_piece_inside_a_list() -> None:
    walk = stream(b"[12345,678]", 3)
    assert [walk.value(1) for _ in walk.elements()] == [12345, 678]


def test_thirty_two_levels_pass_and_thirty_three_do_not() -> None:
    deep = b"[" * 32 + b"]" * 32
    assert stream(deep, 8).value() is not None
    with pytest.raises(HashSetError, match="nested deeper than 32"):
        stream(b"[" + deep + b"]", 8).value()


def test_brackets_inside_a_text_are_no_levels() -> None:
    assert stream(json.dumps("[{" * 500).encode(), 64).value() == "[{" * 500


def test_messages_say_where() -> None:
    walk = stream(b'{"a": 1, "b" 2}', 4)
    keys = walk.members()
    next(keys)
    walk.value(1)
    with pytest.raises(HashSetError, match="character 13: ':' is missing"):
        next(keys)


@pytest.mark.parametrize("data", [b"", b"  ", b"[", b"[1", b"[1,", b'{"a"', b'{"a":', b'["ab'])
def test_an_end_too_early_is_a_cut(data: bytes) -> None:
    with pytest.raises(HashSetError, match="cut short"):
        stream(data, 2).value()
