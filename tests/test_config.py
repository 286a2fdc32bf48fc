"""YAML that people write is read in one plain form, or refused with the line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics import config
from heroes_forensics.errors import UsageError

GOOD: dict[str, tuple[bytes, object]] = {
    "scalars are text": (b"a: 007\nb: no\nc: 2024-11-01\nd: ~\ne: 1e3\n",
                         {"a": "007", "b": "no", "c": "2024-11-01", "d": "~", "e": "1e3"}),
    "lists and objects": (b"a: [x, {b: y}]\n", {"a": ["x", {"b": "y"}]}),
    "json": (b'{"a": true, "b": 1}', {"a": "true", "b": "1"}),
    "a byte-order mark": (b"\xef\xbb\xbfa: b\n", {"a": "b"}),
    "nothing": (b"", None),
    "no merging": (b"'<<': {a: b}\n", {"<<": {"a": "b"}}),
}  # fmt: skip

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 9)) for n in range(20)
)
BAD = {
    "an anchor": (b"a: &x 1\n", "anchor or an alias in line 1"),
    "an alias bomb": (BOMB, "anchor or an alias in line 1"),
    "a tag": (b"a: 1\nb: !!python/object/apply:os.system [x]\n", "tag in line 2"),
    "a plain tag": (b"a: !!int 7\n", "tag in line 1"),
    "a key twice": (b"a: 1\nb: 2\na: 3\n", "in line 3: the same key"),
    "a key that is no text": (b"? [a]\n: b\n", "key is no text"),
    "two documents": (b"a: 1\n---\nb: 2\n", "more than one document"),
    "too deep": (b"[" * 40 + b"]" * 40, "nested too deep"),
    "too large": (b"#" * (config.MAX_BYTES + 1), "larger than"),
    "not UTF-8": (b"a: \xff\n", "not UTF-8: byte 3"),
    "cut off": (b"a: [1, 2", "not YAML in line"),
    "a tab": (b"a:\n\t- b\n", "not YAML in line 2"),
    "a control character": (b"a: \x07\n", "not YAML"),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_people_write_is_read_as_it_stands(name: str) -> None:
    data, wanted = GOOD[name]
    assert config.read(data, what="the file") == wanted


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused_says_where(name: str) -> None:
    data, text = BAD[name]
    with pytest.raises(UsageError) as caught:
        config.read(data, what="the file")
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith("the file ")


@given(st.binary(max_size=400))
def test_no_file_on_earth_makes_it_crash(junk: bytes) -> None:
    said = ""
    try:
        config.read(junk, what="the file")
    except UsageError as error:
        said = str(error)
    assert "\n" not in said
