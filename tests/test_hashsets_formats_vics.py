import contextlib
import json
from base64 import b64encode
from collections.abc import Callable

import pytest
from hashset_samples import S, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.formats.pages import tri_state
from heroes_forensics.hashsets.formats.vics import IMPORTER
from heroes_forensics.hashsets.known import MAX_VALUES, unpack_flags

CONTEXT_2 = "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/{}/$metadata#{}"
CONTEXT_1 = "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"

Fields = dict[str, object]


def media(number: int = 0, **fields: object) -> Fields:
    return {"MediaID": number + 1, "Category": 1, "MD5": S[number].md5.hex().upper()} | fields


def document(*items: Fields, region: str = "US", shape: str = "Media") -> bytes:
    body: Fields = {"@odata.context": CONTEXT_2.format(region, shape), "value": list(items)}
    return json.dumps(body).encode()


def test_version_2_with_all_it_may_say() -> None:
    result = imported(
        document(
            media(
                0,
                SHA1=S[0].sha1.hex(),
                SHA256=S[0].sha256.hex(),
                MediaSize=488,
                VictimIdentified=True,
                OffenderIdentified=False,
                IsDistributed="TRUE",
                IsSuspected="false",
                SelfGenerated=None,
                Series='made up, "quoted" ] }',
                DateUpdated="2025-01-02T03:04:05Z",
            )
        )
    )
    row = result.rows[0]
    assert (row["md5"], row["sha1"], row["sha256"]) == (S[0].md5, S[0].sha1, S[0].sha256)
    assert (row["size"], row["entry"], row["record"]) == (488, 1, 1)
    assert (row["category"], row["series"]) == ("1", 'made up, "quoted" ] }')
    assert isinstance(row["flags"], int)
    assert unpack_flags(row["flags"]) == {
        "victim_identified": True,
        "offender_identified": False,
        "is_distributed": True,
        "is_suspected": False,
        "self_generated": None,
        "is_precategorized": None,
        "disputed": None,
    }
    facts = result.facts
    assert (facts["format"], facts["version"], facts["region"]) == ("vics", "2.0", "US")
    assert (facts["scheme"], facts["nature"], facts["shape"]) == ("vics", "notable", "media")


def test_version_1_with_text_for_numbers_and_alternative_hashes() -> None:
    item = media(
        0,
        MediaID="0",
        MediaSize="5",
        Category="2",
        VictimIdentified=None,
        AlternativeHashes=[
            {"MD5": S[0].md5.hex(), "HashName": "SHA-1", "HashValue": S[0].sha1.hex()},
            {"MD5": S[0].md5.hex(), "HashName": "sha_256", "HashValue": S[0].sha256.hex()},
            {"HashName": "PhotoDNA", "HashValue": b64encode(S[0].photodna).decode()},
            {"HashName": "Photo-DNA", "HashValue": "AAEC"},
            {"HashName": "EDK", "HashValue": S[0].ed2k.hex()},
            {"HashName": "SSDEEP", "HashValue": "3:abc:def"},
        ],
    )
    item["odata.id"] = "Media"
    body = {"odata.metadata": CONTEXT_1, "value": [item]}
    result = imported(json.dumps(body).encode())
    row = result.rows[0]
    assert (row["md5"], row["sha1"], row["sha256"]) == (S[0].md5, S[0].sha1, S[0].sha256)
    assert (row["size"], row["entry"], row["category"]) == (5, 0, "2")
    assert (result.facts["version"], result.facts["region"]) == ("1.3", "")
    assert result.facts["values"] == {"photodna": 1, "ed2k": 1, "ssdeep": 1}
    assert result.facts["skipped"] == {"bad-photodna": 1}
    assert result.facts["unknown_fields"] == []


def test_hashes_of_other_kinds_are_kept_with_their_record() -> None:
    text = b64encode(S[0].photodna).decode()
    alternatives = [
        {"HashName": "PhotoDNA", "HashValue": text},
        {"HashName": "PhotoDNA", "HashValue": b64encode(S[1].photodna).decode()},
        {"HashName": "EDK", "HashValue": S[0].ed2k.hex().upper()},
        {"HashName": "TLSH", "HashValue": "T1AB"},
        {"HashName": "two words", "HashValue": "x"},
    ]
    item = media(0, PhotoDNA=text, SHA512=S[0].sha512.hex(), AlternativeHashes=alternatives)
    (record,) = read(document(item)).records
    assert record.values == (
        Value("photodna", S[0].photodna),
        Value("sha512", S[0].sha512),
        Value("photodna", S[1].photodna),
        Value("ed2k", S[0].ed2k),
        Value("tlsh", b"T1AB"),
        Value("two-words", b"x"),
    )


@pytest.mark.parametrize("value", ["AAEC", 7, ["x"], "=" * 192, "x" * 5000])
def test_an_unreadable_photodna_value_costs_no_record(value: object) -> None:
    result = read(document(media(0, PhotoDNA=value)))
    assert (result.records[0].md5, result.records[0].values) == (S[0].md5, ())
    assert sum(result.tally.skipped.values()) == 1


def test_a_record_of_very_many_hashes_is_bounded() -> None:
    many = [{"HashName": f"h{number}", "HashValue": "x"} for number in range(5_000)]
    result = read(document(media(0, AlternativeHashes=many)))
    assert len(result.records[0].values) == MAX_VALUES
    assert result.tally.skipped == {"too-many-values": 1}


@pytest.mark.parametrize(
    ("said", "quality"), [(77, 77), (0, 0), (101, -1), (-1, -1), (True, -1), ("77", -1), (None, -1)]
)
def test_the_quality_of_a_value_is_read_where_it_is_annotated(said: object, quality: int) -> None:
    item = {
        "HashName": "PDQ",
        "HashValue": S[0].sha256.hex(),
        "HashValue@heroes.quality": said,
    }
    (record,) = read(document(media(0, AlternativeHashes=[item]))).records
    assert record.values == (Value("pdq", S[0].sha256, quality),)


def test_a_set_all_of_category_8_is_of_no_stated_kind() -> None:
    software = imported(document(media(0, Category="8"), media(1, Category=8)))
    assert (software.facts["nature"], len(software.rows)) == ("", 2)
    assert "category 8" in str(software.facts["warnings"])
    mixed = imported(document(media(0, Category=8), media(1, Category=1)))
    assert (mixed.facts["nature"], mixed.facts["warnings"]) == ("notable", [])


def test_a_case_holds_its_media_in_case_objects() -> None:
    cases: list[Fields] = [
        {"CaseID": "1", "CaseNumber": "x", "Media": [media(0), media(1)]},
        {"Agency": "own key", "media": [media(2)], "TotalMediaFiles": 7},
    ]
    result = imported(document(*cases, shape="Cases"))
    assert result.column("md5") == [sample.md5 for sample in S[:3]]
    assert result.column("record") == [1, 2, 3]
    assert result.facts["shape"] == "cases"


def test_a_case_larger_than_any_window_is_walked() -> None:
    many = [media(number % 60, Comments="c" * 200) for number in range(20_000)]
    case: Fields = {"CaseID": "1", "Media": many, "CaseNumber": "after"}
    result = imported(document(case, case, shape="Cases"))
    assert len(result.rows) == 40_000
    assert result.facts["records"] == 40_000


def test_one_media_with_many_files_is_one_record() -> None:
    files = [{"FileName": "n" * 100, "FilePath": "p" * 50} for _ in range(9_000)]
    result = imported(document(media(0, MediaFiles=files), media(1)))
    assert result.column("md5") == [S[0].md5, S[1].md5]


def test_more_media_files_than_the_limit_refuse_the_set() -> None:
    with pytest.raises(HashSetError, match="record 1: more than 10000 media files"):
        imported(document(media(0, MediaFiles=[{}] * 10_001)))


SAME: dict[str, Callable[[bytes], bytes]] = {
    "BOM": lambda data: b"\xef\xbb\xbf" + data,
    "UTF-16": lambda data: ("\ufeff" + data.decode()).encode("utf-16-le"),
    "lower-case keys": lambda data: data.replace(b'"MD5"', b'"md5"').replace(
        b'"value"', b'"VALUE"'
    ),
    "indented": lambda data: json.dumps(json.loads(data), indent=4).encode(),
    "CRLF": lambda data: json.dumps(json.loads(data), indent=1).replace("\n", "\r\n").encode(),
    "context last": lambda data: json.dumps(dict(reversed(json.loads(data).items()))).encode(),
    "lower-case digests": lambda data: data.replace(
        S[0].md5.hex().upper().encode(), S[0].md5.hex().encode()
    ),
    "blanks at the end": lambda data: data + b"\n \t\r\n",
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_what_makes_no_difference(change: Callable[[bytes], bytes]) -> None:
    data = document(media(0), media(1, Series="\u00e9\u20ac\U0001f600"))
    result = imported(change(data))
    assert result.rows == imported(data).rows
    assert result.facts["region"] == "US"


def test_without_a_context_line_it_is_recognised_and_said() -> None:
    result = imported(json.dumps({"value": [media(0)]}).encode())
    assert result.column("md5") == [S[0].md5]
    assert result.facts["warnings"] == ["no context line: neither version nor region are stated"]


def test_category_alone_says_whether_there_is_a_verdict() -> None:
    items = [
        media(0, Category=None, IsPrecategorized=True),
        media(1, Category="", IsPrecategorized="true"),
        media(2, Category=0),
        media(3, Category="A1"),
    ]
    assert imported(document(*items)).column("category") == ["", "", "0", "A1"]


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (True, True),
        ("true", True),
        (" True ", True),
        (1, True),
        ("1", True),
        (False, False),
        ("false", False),
        ("FALSE", False),
        (0, False),
        ("0", False),
        (None, None),
        ("", None),
        ("yes", None),
        (2, None),
        ("null", None),
        ([], None),
        ({}, None),
        ([True], None),
    ],
)
def test_a_tri_state_is_never_guessed(value: object, state: bool | None) -> None:  # noqa: FBT001
    assert tri_state(value) is state


BAD_RECORDS: dict[str, tuple[object, str]] = {
    "not an object": (5, "not-an-object"),
    "null": (None, "not-an-object"),
    "MD5 too short": (media(1, MD5="abc"), "bad-md5"),
    "MD5 as number": (media(1, MD5=7), "bad-md5"),
    "MD5 with blanks": (media(1, MD5="ab " * 11), "bad-md5"),
    "SHA1 of MD5 length": (media(1, SHA1=S[1].md5.hex()), "bad-sha1"),
    "SHA256 in base64": (media(1, SHA256="A" * 64 + "="), "bad-sha256"),
    "negative size": (media(1, MediaSize=-1), "bad-size"),
    "size as fraction": (media(1, MediaSize=1.5), "bad-size"),
    "size beyond 2^63": (media(1, MediaSize=2**63), "bad-size"),
    "size as truth": (media(1, MediaSize=True), "bad-size"),
    "size as list": (media(1, MediaSize=[]), "bad-size"),
    "category as list": (media(1, Category=[1]), "bad-category"),
    "category as truth": (media(1, Category=True), "bad-category"),
    "category as novel": (media(1, Category="x" * 300), "bad-category"),
    "key twice in two cases": (media(1, md5="0" * 32), "key-twice"),
    "alternative hash of wrong length": (
        media(1, AlternativeHashes=[{"HashName": "SHA1", "HashValue": "00"}]),
        "bad-sha1",
    ),
    "alternative hash that contradicts": (
        media(1, AlternativeHashes=[{"HashName": "MD5", "HashValue": S[2].md5.hex()}]),
        "digests-contradict",
    ),
    "alternative hash as number": (
        media(1, AlternativeHashes=[{"HashName": "MD5", "HashValue": 5}]),
        "bad-alternative-hash",
    ),
}


@pytest.mark.parametrize(("item", "reason"), BAD_RECORDS.values(), ids=BAD_RECORDS)
def test_a_bad_record_is_named_and_the_rest_is_read(item: object, reason: str) -> None:
    body = {"@odata.context": CONTEXT_2.format("US", "Media"), "value": [media(0), item, media(2)]}
    result = imported(json.dumps(body).encode())
    assert result.rejected == [(2, reason)]
    assert result.column("md5") == [S[0].md5, S[2].md5]
    assert result.column("record") == [1, 3]


def test_the_same_key_twice_is_no_choice_of_ours() -> None:
    text = json.dumps(media(1))
    twice = text.replace('"MD5"', f'"MD5": "{S[3].md5.hex()}", "MD5"')
    data = document(media(0)).replace(b"]}", f", {twice}]}}".encode())
    assert imported(data).rejected == [(2, "key-twice")]


HARMLESS = {
    "odd MediaID": media(0, MediaID="x-1"),
    "odd flags": media(0, VictimIdentified="perhaps", IsDistributed=[]),
    "series as list": media(0, Series=["a", "b"]),
    "series as object": media(0, Series={"Name": "a"}),
    "series of a novel": media(0, Series="x" * 5000),
    "alternative hashes as text": media(0, AlternativeHashes="none"),
    "alternative hash without value": media(0, AlternativeHashes=[{"HashName": "MD5"}, 5]),
    "surrogate in a text": media(0, Series="\ud800", Category="\udfff"),
    "media files as text": media(0, MediaFiles="none"),
    "unknown fields": media(0, Whatever={"deep": [1, 2, {"er": None}]}),
}


@pytest.mark.parametrize("item", HARMLESS.values(), ids=HARMLESS)
def test_what_is_odd_but_no_digest_costs_no_record(item: Fields) -> None:
    result = imported(document(item))
    assert result.column("md5") == [S[0].md5]
    assert result.rejected == []


def test_unknown_fields_are_named_in_the_report() -> None:
    result = imported(document(media(0, NewField=1, **{"odata.editLink": "x"})))
    assert result.facts["unknown_fields"] == ["newfield"]


def test_a_media_without_digest_is_counted() -> None:
    result = imported(document(media(0), {"MediaID": 9, "Category": 1}))
    assert result.facts["skipped"] == {"no-digest": 1}
    assert result.facts["records"] == 2


DAMAGE = {
    "a comma missing": (b"}, {", b"} {"),
    "a quotation mark missing": (b'"MD5": "', b'"MD5": '),
    "NaN": (b'"Category": 1', b'"Category": NaN'),
    "a number of 5000 digits": (b'"Category": 1', b'"Category": ' + b"1" * 5000),
    "invalid UTF-8": (b'"Category": 1', b'"Category": "\xff\xfe"'),
    "a zero byte": (b'"Category": 1', b'"Category": "\0"'),
    "nested too deep": (b'"Category": 1', b'"X": ' + b"[" * 40 + b"]" * 40),
    "nested absurdly": (b'"Category": 1', b'"X": ' + b"[" * 200_000 + b"]" * 200_000),
    "a text of 100 KB": (b'"Category": 1', b'"X": "' + b"x" * 100_000 + b'"'),
    "a record of 5 MB": (b'"Category": 1', b'"X": [' + b'"xxxxxxxxx",' * 420_000 + b'""]'),
    "a second list": (b"]}", b'], "value": []}'),
    "something after the end": (b"]}", b"]} {}"),
    "no list": (b'"value"', b'"other"'),
    "a list of text": (b'"value": [', b'"value": [[], '),
}


@pytest.mark.parametrize(("old", "new"), DAMAGE.values(), ids=DAMAGE)
def test_structural_damage_refuses_the_whole_set(old: bytes, new: bytes) -> None:
    data = document(media(0), media(1)).replace(old, new, 1)
    if new.startswith(b'"value": [['):
        assert imported(data, format="vics").rejected == [(1, "not-an-object")]
        return
    with pytest.raises(HashSetError) as caught:
        imported(data, format="vics")
    assert S[0].md5.hex() not in str(caught.value).lower()


def test_a_file_cut_short_anywhere_is_refused() -> None:
    data = document(media(0, SHA1=S[0].sha1.hex()), media(1))
    for length in range(1, len(data)):
        with pytest.raises(HashSetError, match="damaged"):
            imported(data[:length], format="vics")


def test_a_text_that_never_ends_is_refused_before_memory_is_spent() -> None:
    data = document(media(0))[:-2] + b', {"Series": "' + b"x" * 12_000_000
    with pytest.raises(HashSetError, match="record is longer than 4194304"):
        imported(data)


def test_an_empty_list_leaves_nothing_to_import() -> None:
    with pytest.raises(HashSetError, match="no usable digest"):
        imported(document())


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"{",
        b"[1, 2]",
        b'{"value": 5}',
        b'{"value": [{"a": 1}]}',
        b'{"type": "bundle"}',
        b"<ReportIndex/>",
        b"\xff\xfe",
    ],
)
def test_other_files_are_not_recognised(head: bytes) -> None:
    assert not IMPORTER.recognises(head)


@given(st.binary(max_size=2000))
def test_no_bytes_crash_it(junk: bytes) -> None:
    IMPORTER.recognises(junk)
    for data in (junk, b'{"value": [' + junk, document(media(0))[:-2] + junk):
        with contextlib.suppress(HashSetError):
            imported(data, format="vics", accept_rejects=1_000_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["MD5", "SHA1", "Media", "value", "Category", "AlternativeHashes"])
            | st.text(max_size=8),
            inner,
            max_size=5,
        )
    ),
    max_leaves=25,
)


@given(JSON)
def test_no_json_crashes_it(value: object) -> None:
    for body in (value, {"value": value}, {"value": [value, {"Media": [value]}, media(0)]}):
        with contextlib.suppress(HashSetError):
            imported(json.dumps(body).encode(), format="vics", accept_rejects=1_000_000)
