"""Events of MISP and bundles of STIX."""

import json

import pytest
from hashset_samples import S, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.formats.stix import alternatives

UUID = "00000000-0000-4000-8000-000000000001"
Fields = dict[str, object]


def attribute(kind: str, value: str, **more: object) -> Fields:
    return {
        "type": kind,
        "value": value,
        "uuid": UUID,
        "to_ids": True,
        "Tag": [{"name": "x"}],
    } | more


def event(*attributes: object, objects: object = (), **more: object) -> Fields:
    return {"Event": {"info": "x", "Attribute": list(attributes), "Object": list(objects), **more}}  # type: ignore[call-overload]


def text(body: object) -> bytes:
    return json.dumps(body).encode()


def test_attributes_that_name_files_are_read_wherever_they_stand() -> None:
    body = event(
        attribute("md5", S[0].md5.hex().upper()),
        attribute("filename|sha1", f"a|b.exe|{S[1].sha1.hex()}"),
        attribute("domain", "example.org"),
        attribute("sha512", S[2].sha512.hex()),
        attribute("filename|ssdeep", "x|3:abc:de"),
        attribute("filename", "c.exe"),
        objects=[{"name": "file", "Attribute": [attribute("sha256", S[3].sha256.hex())]}, {}],
    )
    result = read(text(body))
    records = result.records
    assert (records[0].md5, records[1].sha1, records[6].sha256) == (
        S[0].md5,
        S[1].sha1,
        S[3].sha256,
    )
    assert records[3].values == (Value("sha512", S[2].sha512), Value("id", UUID.encode()))
    assert records[4].values[0] == Value("ssdeep", b"3:abc:de")
    assert [record.number for record in records] == [1, 2, 3, 4, 5, 6, 7]
    assert result.tally.skipped == {"other-attribute": 2}
    assert imported(text(body)).facts["accepted"] == {"md5": 1, "sha1": 1, "sha256": 1}


@pytest.mark.parametrize("deleted", [True, "true", 1])
def test_deleted_attributes_and_objects_are_not_used(deleted: object) -> None:
    body = event(
        attribute("md5", S[0].md5.hex(), deleted=deleted),
        attribute("md5", S[1].md5.hex(), deleted=False),
        objects=[{"deleted": deleted, "Attribute": [attribute("md5", S[2].md5.hex())]}],
    )
    result = imported(text(body))
    assert result.column("md5") == [S[1].md5]
    assert result.facts["skipped"] == {"deleted": 2}


def test_an_export_of_several_events_is_read() -> None:
    events = [event(attribute("md5", sample.md5.hex())) for sample in S[:3]]
    result = read(text({"response": events}))
    assert (result.format, [item.md5 for item in result.records]) == (
        "misp",
        [sample.md5 for sample in S[:3]],
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (attribute("md5", "abc"), "not-a-digest"),
        (attribute("sha256", S[0].md5.hex()), "not-a-digest"),
        (attribute("sha512", S[0].md5.hex()), "bad-sha512"),
        ({"type": "md5", "value": 7}, "not-a-digest"),
        (["x"], "not-an-object"),
        ({"type": "md5", "Type": "md5"}, "key-twice"),
    ],
)
def test_a_bad_attribute_is_named(value: object, reason: str) -> None:
    good = attribute("md5", S[0].md5.hex())
    result = read(text(event(good, value, good)))
    assert [(item.number, item.reason) for item in result.rejected] == [(2, reason)]
    inside = read(text(event(good, objects=[{"Attribute": [value]}])))
    assert [item.reason for item in inside.rejected] == [reason]


def test_the_digests_of_texts_in_a_feed_are_refused_by_name() -> None:
    data = "".join(f"{sample.md5.hex()},{UUID}\n" for sample in S).encode()
    with pytest.raises(HashSetError, match=r"hashes\.csv of a MISP feed") as caught:
        imported(data)
    assert "import the events" in caught.value.hint


def test_the_manifest_of_a_feed_is_refused_by_name() -> None:
    with pytest.raises(HashSetError, match=r"manifest\.json of a MISP feed"):
        imported(text({UUID: {"info": "x", "Orgc": {"name": "y"}, "timestamp": 1}}))


def test_an_attachment_inside_an_event_is_stepped_over() -> None:
    data = "A" * 2_000_000
    body = event(
        attribute("attachment", "a.png", data=data), attribute("md5", S[0].md5.hex()), note=data
    )
    assert imported(text(body)).column("md5") == [S[0].md5]
    with pytest.raises(HashSetError, match="longer than 4194304"):
        imported(text(event(attribute("attachment", "a.png", data=data * 3))))


def test_an_answer_without_event_is_refused() -> None:
    with pytest.raises(HashSetError, match="there is no event"):
        read(text({"response": [{"other": 1}]}), name="misp")


def bundle(*objects: object) -> bytes:
    return text({"type": "bundle", "id": f"bundle--{UUID}", "objects": list(objects)})


def stix_file(**hashes: str) -> Fields:
    named = {name.replace("_", "-"): value for name, value in hashes.items()}
    return {"type": "file", "spec_version": "2.1", "id": f"file--{UUID}", "hashes": named}


def indicator(pattern: object, **more: object) -> Fields:
    return {"type": "indicator", "pattern": pattern, "pattern_type": "stix", "id": "i"} | more


def test_file_objects_are_read_with_all_their_hashes() -> None:
    one = S[0]
    item = stix_file(MD5=one.md5.hex(), SHA_1=one.sha1.hex(), sha256=one.sha256.hex(), TLSH="T1A")
    result = read(bundle(item | {"size": 5, "name": "x"}, {"type": "malware"}, stix_file()))
    record = result.records[0]
    assert (record.md5, record.sha1, record.sha256, record.size) == (
        one.md5,
        one.sha1,
        one.sha256,
        5,
    )
    assert record.values == (Value("tlsh", b"T1A"), Value("id", f"file--{UUID}".encode()))
    assert result.tally.skipped == {"other-object": 1, "no-digest": 1}
    assert result.tally.version == "2.1"


def test_a_file_object_of_very_many_hashes_is_bounded() -> None:
    hashes = {f"h{number}": "x" for number in range(100_000)} | {"MD5": S[0].md5.hex()}
    (record,) = read(bundle({"type": "file", "hashes": hashes})).records
    assert (record.md5, len(record.values)) == (S[0].md5, 64)


def test_each_alternative_of_a_pattern_is_a_record_of_its_own() -> None:
    pattern = (
        f"[file:hashes.'SHA-256' = '{S[0].sha256.hex()}' OR file:hashes.MD5='{S[1].md5.hex()}']"
        f" OR [ file:hashes.'SHA-512' = '{S[2].sha512.hex()}' ]"
    )
    records = read(bundle(indicator(pattern))).records
    assert (records[0].sha256, records[1].md5, records[2].values[0].data) == (
        S[0].sha256,
        S[1].md5,
        S[2].sha512,
    )
    assert {record.number for record in records} == {1}


MD5 = S[0].md5.hex()
NOT_PLAIN = {
    "AND": f"[file:hashes.MD5 = '{MD5}' AND file:name = 'x']",
    "AND of observations": f"[file:hashes.MD5 = '{MD5}'] AND [file:name = 'x']",
    "FOLLOWEDBY": f"[file:hashes.MD5 = '{MD5}'] FOLLOWEDBY [file:hashes.MD5 = '{MD5}']",
    "a negation": f"[NOT file:hashes.MD5 = '{MD5}']",
    "another comparison": f"[file:hashes.MD5 != '{MD5}']",
    "a list": f"[file:hashes.MD5 IN ('{MD5}')]",
    "a qualifier": f"[file:hashes.MD5 = '{MD5}'] WITHIN 5 SECONDS",
    "another object": f"[artifact:hashes.MD5 = '{MD5}']",
    "another property": f"[file:name = '{MD5}']",
    "brackets that do not close": f"[file:hashes.MD5 = '{MD5}'",
    "brackets that do not open": f"file:hashes.MD5 = '{MD5}']",
    "brackets inside brackets": f"[[file:hashes.MD5 = '{MD5}']]",
    "parentheses": f"([file:hashes.MD5 = '{MD5}'])",
    "an OR at the end": f"[file:hashes.MD5 = '{MD5}' OR ]",
    "an escape": f"[file:hashes.MD5 = '\\'{MD5}']",
    "nothing": "",
    "no text": 7,
}


@pytest.mark.parametrize("pattern", NOT_PLAIN.values(), ids=NOT_PLAIN)
def test_a_pattern_that_says_more_is_counted_and_not_interpreted(pattern: object) -> None:
    result = read(bundle(indicator(pattern)))
    assert result.tally.skipped == {"other-pattern": 1}
    assert [item[1:4] for item in result.records] == [(b"", b"", b"")]


def test_a_pattern_of_another_language_is_not_read() -> None:
    item = indicator(f"[file:hashes.MD5 = '{MD5}']", pattern_type="yara")
    assert read(bundle(item)).tally.skipped == {"other-pattern": 1}


def test_revoked_objects_are_not_used() -> None:
    items = (stix_file(MD5=MD5) | {"revoked": True}, indicator(f"[file:hashes.MD5 = '{MD5}']"))
    result = read(bundle(*items))
    assert [item.md5 for item in result.records] == [b"", S[0].md5]
    assert result.tally.skipped == {"revoked": 1}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (stix_file(MD5="abc"), "not-a-digest"),
        ({"type": "file", "hashes": {"MD5": 7}}, "not-a-digest"),
        (stix_file(SHA_256=S[0].sha256.hex(), sha256=S[1].sha256.hex()), "digests-contradict"),
        (indicator("[file:hashes.MD5 = 'abc']"), "not-a-digest"),
        (indicator("[file:hashes.'SHA-512' = 'abc']"), "bad-sha512"),
        (5, "not-an-object"),
        ({"type": "file", "TYPE": "file"}, "key-twice"),
    ],
)
def test_a_bad_object_is_named(item: object, reason: str) -> None:
    result = read(bundle(stix_file(MD5=MD5), item))
    assert [(bad.number, bad.reason) for bad in result.rejected] == [(2, reason)]


def test_a_pattern_of_blanks_takes_no_time() -> None:
    assert alternatives("[" + " " * 60_000) is None
    assert alternatives("[file:hashes.MD5" + " " * 60_000 + "= 'x']") == [("MD5", "x")]


@given(st.lists(st.sampled_from(["[", "]", " ", "OR", "file:hashes.MD5", "=", "'ab'", "'"])))
def test_no_pattern_crashes_it(pieces: list[str]) -> None:
    found = alternatives("".join(pieces))
    assert found is None or found == [("MD5", "ab")] * len(found)
