"""JSON lists of objects with the names of tables."""

import json
from base64 import b64encode

import pytest
from hashset_samples import S, imported, read

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.known import unpack_flags

M = [sample.md5.hex() for sample in S]


def text(body: object) -> bytes:
    return json.dumps(body).encode()


def test_fields_are_those_of_a_table() -> None:
    body = [
        {
            "MD5 Hash": M[0].upper(),
            "PhotoDNA": b64encode(S[0].photodna).decode(),
            "id": "A-7",
            "Media Size": 12,
            "status": 3,
            "series": "\u0141\u00f3d\u017a \u00c3\u00a9",
            "Victim Identified": False,
            "is_distributed": "yes",
            "name": "x",
        }
    ]
    result = read(text(body))
    (record,) = result.records
    assert (result.format, record.md5, record.size) == ("json", S[0].md5, 12)
    assert (record.category, record.series) == ("3", "\u0141\u00f3d\u017a \u00c3\u00a9")
    assert record.values == (Value("photodna", S[0].photodna), Value("id", b"A-7"))
    flags = unpack_flags(record.flags)
    assert (flags["victim_identified"], flags["is_distributed"]) == (False, True)
    assert result.tally.unknown_fields == set()


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf", b"\n "])
def test_a_key_may_be_mapped(mark: bytes) -> None:
    body = {"page": 1, "data": [{"fingerprint": M[0], "grade": "A"}, {"fingerprint": M[1]}]}
    with pytest.raises(HashSetError, match="no format"):
        imported(mark + text(body))
    mapping = {"fingerprint": "md5", "Grade": "category"}
    result = imported(mark + text(body), map=mapping)
    assert (result.column("md5"), result.column("category")) == ([S[0].md5, S[1].md5], ["A", ""])


def test_a_map_of_nothing_we_know_is_refused() -> None:
    with pytest.raises(UsageError, match="no field is called"):
        imported(text([{"x": M[0]}]), map={"x": "nothing"})


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"md5": "abc"}, "not-a-digest"),
        ({"md5": [M[5]]}, "not-a-digest"),
        ({"md5": 1.5}, "not-a-digest"),
        ({"md5": M[5], "size": -1}, "bad-size"),
        ({"md5": M[5], "md5_hash": M[6]}, "key-twice"),
        ({"md5": M[5], "MD5": M[6]}, "key-twice"),
        ({"pdq": "abc"}, "bad-pdq"),
        ({"md5": M[5], "category": "c" * 300}, "bad-category"),
        (7, "not-an-object"),
        ([M[5]], "not-an-object"),
    ],
)
def test_a_bad_object_is_named(item: object, reason: str) -> None:
    result = read(text([{"md5": M[0]}, item, {"md5": M[1]}]))
    assert [(bad.number, bad.reason) for bad in result.rejected] == [(2, reason)]
    assert [record.md5 for record in result.records] == [S[0].md5, S[1].md5]


@pytest.mark.parametrize("category", ["\ud800", "\ud800" * 60])
def test_texts_that_are_no_unicode_cost_no_crash(category: str) -> None:
    result = imported(text([{"md5": M[0]}, {"md5": M[1], "category": category}]))
    assert result.column("md5")[0] == S[0].md5


@pytest.mark.parametrize("body", [{"other": [{"md5": M[0]}]}, {"value": {}}, {"value": 5}, 5, "x"])
def test_a_text_without_such_a_list_is_refused(body: object) -> None:
    with pytest.raises(HashSetError):
        read(text(body), name="json")


@pytest.mark.parametrize(
    "data", [b"[]", b"{}", b'[{"a": 1}]', b'{"value": [{"a": 1}]}', b'{"md5": "x"}']
)
def test_other_json_is_not_recognised(data: bytes) -> None:
    with pytest.raises(HashSetError, match="no format"):
        imported(data)
