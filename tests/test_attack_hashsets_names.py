"""Digests that stand where a name is meant: no report shows them."""

import json
import re
from pathlib import Path
from typing import Final

import pytest
from hashset_formats_binary import encase
from hashset_samples import S, add, imported

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.facts import checked, checked_rejected
from heroes_forensics.hashsets.known import like_a_digest

M: Final = S[0].md5.hex()
LISTED: Final = S[7].md5.hex()
LONG: Final = S[7].sha256.hex()


def _json(**body: object) -> bytes:
    return json.dumps(body).encode()


NAMES: Final[dict[str, bytes]] = {
    "key of an object": _json(hashes=[{"md5": M, LONG: "x", LISTED: 1}]),
    "column": f"md5,{LONG},{LISTED}\n{M},1,2\n".encode(),
    "field of a VICS record": _json(value=[{"MD5": M, "MediaID": 1, LISTED: 1}]),
    "name of an alternative hash": _json(
        value=[
            {"MD5": M, "MediaID": 1, "AlternativeHashes": [{"HashName": LISTED, "HashValue": "x"}]}
        ]
    ),
    "region of VICS": (
        '{"@odata.context": "http://x/ProjectVic/DataModels/2.0.xml/'
        f'{LISTED}/$metadata#Media", "value": [{{"MD5": "{M}"}}]}}'
    ).encode(),
    "algorithm of a page": _json(
        results=[
            {"hash_digest": LISTED, "algorithm": LISTED},
            {"hash_digest": M, "algorithm": "md5"},
        ]
    ),
    "name of a hash in STIX": _json(
        type="bundle", objects=[{"type": "file", "hashes": {LISTED: "x", "MD5": M}}]
    ),
    "version of STIX": _json(
        type="bundle", objects=[{"type": "file", "spec_version": LISTED, "hashes": {"MD5": M}}]
    ),
    "column of hashdeep": (
        f"%%%% HASHDEEP-1.0\n%%%% size,md5,{LISTED},filename\n5,{M},x,y\n".encode()
    ),
    "element": f"<ReportIndex><Image><hash>{M}</hash><a{LISTED}/></Image></ReportIndex>".encode(),
    "version of C4All": (
        f'<ReportIndex version="{"1" * 40}"><Image><hash>{M}</hash></Image></ReportIndex>'.encode()
    ),
    "category of EnCase": encase([S[0].md5 + b"\0\0"], category=LISTED[:20]),
    "category": f"md5,category\n{M},{LISTED}\n{S[1].md5.hex()},x {LONG}\n".encode(),
    "series": f"md5,series\n{M},{LISTED}\n".encode(),
}


@pytest.mark.parametrize("data", NAMES.values(), ids=NAMES)
def test_no_digest_in_the_place_of_a_name_is_reported(tmp_path: Path, data: bytes) -> None:
    facts = imported(data).facts
    assert checked(facts)["accepted"]["md5"] >= 1  # type: ignore[index]  # counts by algorithm
    said = json.dumps({name: value for name, value in facts.items() if name != "sha256"})
    assert re.search("[0-9a-fA-F]{16}", said) is None
    record = add(tmp_path, data, kind="watch")
    told = json.dumps([record.report, record.header.format_version, record.header.region])
    assert LISTED not in told
    assert LONG not in told
    assert LISTED not in str(record.header.values)


def test_a_label_that_may_be_a_digest_is_counted_and_left_out() -> None:
    whole = imported(NAMES["category"])
    assert whole.column("category") == ["", ""]
    assert whole.facts["skipped"] == {"label-like-a-digest": 2}


@pytest.mark.parametrize(
    "version", ["2\x1b[31m", "2\n1", "\ud800", "\uff12\uff0e\uff11", "x" * 100], ids=ascii
)
def test_a_version_that_cannot_be_shown_is_left_out(version: str) -> None:
    body = _json(
        type="bundle", objects=[{"type": "file", "spec_version": version, "hashes": {"MD5": M}}]
    )
    assert checked(imported(body).facts)["version"] == ""


@pytest.mark.parametrize("category", ["児童\u3000一覧", "\ue000", "\ud800", "\u2028x"], ids=ascii)
def test_a_category_of_encase_in_any_script_is_imported(category: str) -> None:
    data = bytearray(encase([S[0].md5 + b"\0\0"]))
    told = category.encode("utf-16-le", "surrogatepass")
    data[0x458 : 0x458 + len(told)] = told
    assert checked(imported(bytes(data)).facts)["accepted"] == {"md5": 1}


@pytest.mark.parametrize("name", ["version", "region", "format"])
def test_a_report_that_shows_a_digest_is_refused(name: str) -> None:
    facts = dict(imported(f"{M}\n".encode()).facts)
    with pytest.raises(HashSetError, match="another form"):
        checked(facts | {name: LISTED})
    with pytest.raises(HashSetError, match="another form"):
        checked(facts | {"values": {LISTED: 1}})
    with pytest.raises(HashSetError, match="another form"):
        checked_rejected({"line": 1, "reason": LISTED})


@pytest.mark.parametrize(
    "text",
    ["deadbeef", "20260131120000", "1234567890123456", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"],
)
def test_numbers_times_and_identifiers_are_no_digests(text: str) -> None:
    assert not like_a_digest(text)


@pytest.mark.parametrize("text", [LISTED, LONG, LISTED[:16], f"x{LISTED.upper()}y", "1" * 32])
def test_whole_and_half_digests_are_known(text: str) -> None:
    assert like_a_digest(text)
