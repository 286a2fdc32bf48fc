import json
import sys
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from publishing import fields

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets import manifest
from heroes_forensics.hashsets.known import KINDS
from heroes_forensics.hashsets.manifest import canonical, parse

ALL: dict[str, Any] = fields(
    previous="ab" * 32,
    expires="2027-01-01T12:00:00Z",
    scheme="vics",
    region="US",
    counts={"md5": 10, "sha1": 3},
    handling="TLP:AMBER, Act 12 (2020)",
)
FILE: dict[str, Any] = ALL["files"][0]


def test_every_field_is_read() -> None:
    found = parse(canonical(ALL))
    assert (found.name, found.publisher, found.set_version) == (
        "national",
        "Example Office",
        "2026-01",
    )
    assert (found.sequence, found.kind, found.kind_word) == (1, "notable", "notable")
    assert (found.previous, found.expires) == ("ab" * 32, "2027-01-01T12:00:00Z")
    assert (found.scheme, found.region, found.handling) == ("vics", "US", ALL["handling"])
    assert dict(found.counts) == {"md5": 10, "sha1": 3}
    assert (found.files[0].name, found.files[0].size, found.files[0].sha256) == (
        "list.txt",
        FILE["size"],
        FILE["sha256"],
    )
    assert found.sha256 == sha256(canonical(ALL)).hexdigest()


def test_the_byte_form_is_that_of_an_independent_implementation() -> None:
    text = ALL | {"handling": 'ü "\\ \u2028 \U0001f512 \x7f'}
    assert canonical(text) == rfc8785.dumps(text)


def test_one_line_end_is_allowed_and_counts_for_the_digest() -> None:
    data = canonical(ALL) + b"\n"
    assert parse(data).sha256 == sha256(data).hexdigest()


def test_fields_that_may_be_missing_are_missing() -> None:
    found = parse(canonical(fields(previous=None, expires=None)))
    assert (found.previous, found.expires, found.counts, found.handling) == ("", "", (), "")
    assert not found.expired(datetime(9999, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("word", manifest.KIND_WORDS)
def test_every_kind_a_manifest_may_name_is_one_that_there_is(word: str) -> None:
    found = parse(canonical(fields(kind=word)))
    assert found.kind in KINDS
    assert found.kind_word == word


def test_intimate_pictures_of_adults_and_malware_give_no_verdict_on_other_material() -> None:
    assert manifest.KIND_WORDS["adult-ncii"] == "adult-intimate"
    assert manifest.KIND_WORDS["malware"] == "watch"


@pytest.mark.parametrize(
    ("expires", "last", "over"),
    [
        ("2026-06-30", "2026-06-30T23:59:59", "2026-07-01T00:00:00"),
        ("2026-06-30T12:00:00Z", "2026-06-30T11:59:59", "2026-06-30T12:00:00"),
    ],
)
def test_a_date_lasts_its_whole_day(expires: str, last: str, over: str) -> None:
    found = parse(canonical(fields(expires=expires)))
    assert not found.expired(datetime.fromisoformat(last).replace(tzinfo=UTC))
    assert found.expired(datetime.fromisoformat(over).replace(tzinfo=UTC))


def files(**other: object) -> dict[str, Any]:
    return fields(files=[FILE | other])


BAD: dict[str, tuple[object, str]] = {
    "an unknown field": (fields(colour="red"), "field 'colour' that this version"),
    "a missing field": ({k: v for k, v in ALL.items() if k != "sequence"}, "no field 'sequence'"),
    "another format": (fields(format="heroes-hashset/2"), "format that this version"),
    "an unknown kind": (fields(kind="evil"), "kind of set"),
    "a kind that is a list": (fields(kind=["notable"]), "kind of set"),
    "an empty name": (fields(name=""), "'name'"),
    "blanks around a name": (fields(name=" a"), "'name'"),
    "a name of controls": (fields(publisher="a\x1b[2J"), "'publisher'"),
    "a publisher that turns its writing": (fields(publisher="a\u202eb"), "'publisher'"),
    "a name not normalised": (fields(publisher="e\u0301"), "'publisher'"),
    "a long name": (fields(name="x" * 201), "'name'"),
    "a version that is a path": (fields(set_version="../x"), "'set_version'"),
    "a sequence of text": (fields(sequence="1"), "'sequence'"),
    "a sequence that is true": (fields(sequence=True), "'sequence'"),
    "a negative sequence": (fields(sequence=-1), "'sequence'"),
    "a sequence without end": (fields(sequence=1 << 53), "'sequence'"),
    "a previous that is no digest": (fields(previous="AB" * 32), "'previous'"),
    "no date": (fields(issued="yesterday"), "'issued'"),
    "a day that there is not": (fields(issued="2026-02-30"), "'issued'"),
    "the end of time": (fields(expires="9999-12-31"), "'expires'"),
    "a date in digits of another script": (
        fields(issued="\u0662\u0660\u0662\u0666-01-01"),
        "'issued'",
    ),
    "a date of another zone": (fields(expires="2026-01-01T00:00:00+02:00"), "'expires'"),
    "no files": (fields(files=[]), "1 to 64 files"),
    "many files": (fields(files=[FILE] * 65), "1 to 64 files"),
    "files that are no list": (fields(files=FILE), "1 to 64 files"),
    "a file twice": (fields(files=[FILE, FILE]), "a file twice"),
    "a file twice but for case": (fields(files=[FILE, FILE | {"name": "LIST.txt"}]), "twice"),
    "an unknown field of a file": (files(mode="0777"), "other fields"),
    "a file without a size": (fields(files=[{"name": "a", "sha256": "0" * 64}]), "other fields"),
    "a path": (files(name="../list.txt"), "a path"),
    "an absolute path": (files(name="/etc/passwd"), "a path"),
    "a path of another system": (files(name="a\\b"), "a path"),
    "a stream of another system": (files(name="a:b"), "a path"),
    "dots": (files(name=".."), "a path, hidden"),
    "an option": (files(name="-rf"), "a path, hidden"),
    "a NUL": (files(name="a\0b"), "not printable"),
    "a name that is a number": (files(name=5), "a path"),
    "a name that no file system takes": (files(name="ü" * 128), "a path"),
    "itself": (files(name=manifest.NAME), "itself"),
    "its signature": (files(name=f"{manifest.NAME}.minisig"), "itself"),
    "a size below zero": (files(size=-1), "size of file 1"),
    "a digest in capitals": (files(sha256="AB" * 32), "'sha256'"),
    "a format that is a path": (files(format="../x"), "no format"),
    "counts that are a list": (fields(counts=[1]), "counts"),
    "many counts": (fields(counts={f"a{n}": n for n in range(33)}), "counts"),
    "a count of text": (fields(counts={"md5": "1"}), "counts md5"),
    "a count of no algorithm": (fields(counts={"": 1}), "plain name"),
    "a list": ([], "not an object"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_manifest_that_makes_no_sense_is_refused_in_one_sentence(name: str) -> None:
    body, said = BAD[name]
    with pytest.raises(HashSetError) as caught:
        parse(canonical(body))  # type: ignore[arg-type] # one of them is a list
    message = str(caught.value)
    assert said in message
    assert message.isprintable()
    assert caught.value.hint


GOOD = canonical(ALL)
BYTES = {
    "blanks": json.dumps(ALL, sort_keys=True).encode(),
    "another order": json.dumps(ALL, separators=(",", ":")).encode(),
    "escapes": GOOD.replace(b"TLP", b"\\u0054LP"),
    "a BOM": b"\xef\xbb\xbf" + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "two line ends": GOOD + b"\n\n",
    "more behind it": GOOD + b" {}",
    "a key twice": GOOD.replace(b'"sequence":1', b'"sequence":1,"sequence":1'),
    "a fraction": GOOD.replace(b'"sequence":1', b'"sequence":1.0'),
    "a number that is none": GOOD.replace(b'"sequence":1', b'"sequence":NaN'),
    "a number of many digits": GOOD.replace(b'"sequence":1', b'"sequence":' + b"9" * 5000),
    "half a character": GOOD.replace(b"national", b"nation\xff"),
    "a lone surrogate": GOOD.replace(b"national", b"\\ud800"),
    "nothing": b"",
    "cut short": GOOD[:-1],
    "depth": b"[" * 60_000,
    "too large": canonical(ALL | {"handling": "x" * (1 << 16)}),
}


@pytest.mark.parametrize("name", BYTES)
def test_other_bytes_than_the_one_form_are_refused(name: str) -> None:
    assert parse(GOOD).files
    with pytest.raises(HashSetError, match="manifest of the hash set"):
        parse(BYTES[name])


@given(st.data())
def test_no_bytes_make_the_parser_do_anything_but_refuse(data: st.DataObject) -> None:
    kept = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(kept) - 1))
        kept[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for text in (bytes(kept), data.draw(st.binary(max_size=200))):
        try:
            found = parse(text)
        except HashSetError:
            continue
        assert found.files
        assert found.kind in KINDS
        assert found.sequence <= sys.maxsize
