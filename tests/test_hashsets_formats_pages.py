"""Pages of interfaces: StopNCII and Tech Against Terrorism."""

import json
from pathlib import Path

import pytest
from hashset_samples import S, add, imported, read

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import stopncii
from heroes_forensics.hashsets.formats.base import Value


def ncii(*records: dict[str, object], **more: object) -> bytes:
    return json.dumps({"count": len(records), **more, "hashRecords": list(records)}).encode()


def signal(number: int, status: str = "Active", kind: str = "ImagePDQ") -> dict[str, object]:
    value = S[number].md5 if kind == "VideoMD5" else S[number].pdq
    return {
        "lastModtimestamp": 1,
        "signalType": kind,
        "hashValue": value.hex(),
        "hashStatus": status,
        "caseNumbers": {"1": status},
        "CSPFeedbacks": [{"source": "x", "feedbackValue": "Blocked", "tags": ["a"]}],
    }


def test_every_signal_of_content_is_kept_and_the_others_are_counted() -> None:
    records = [signal(0), signal(1, kind="VideoMD5")]
    records += [{"signalType": kind, "hashValue": "x"} for kind in ("VideoTMK", "URL", "Text")]
    result = read(ncii(*records))
    assert [record.md5 for record in result.records if record.md5] == [S[1].md5]
    values = [value for record in result.records for value in record.values]
    assert values == [Value("pdq", S[0].pdq), Value("tmk", b"x")]
    assert result.tally.other_hashes == {"url": 1, "text": 1}
    assert result.tally.unknown_fields == set()


@pytest.mark.parametrize("status", ["Withdrawn", "Deleted", "withdrawn"])
def test_a_later_record_replaces_an_earlier_one_and_may_remove_it(status: str) -> None:
    gone = read(ncii(signal(0), signal(1), signal(0, status)))
    assert [record.number for record in gone.records] == [2]
    assert gone.tally.skipped == {"replaced": 1, "withdrawn-or-deleted": 1}
    back = read(ncii(signal(0, status), signal(1), signal(0)))
    assert [record.number for record in back.records] == [2, 3]
    assert back.tally.skipped == {"replaced": 1}
    case = signal(0, status) | {"hashValue": S[0].pdq.hex().upper()}
    assert read(ncii(signal(0), case)).records == []


@pytest.mark.parametrize("status", ["Received", "Active", "Unknown", "New", None, 7])
def test_only_what_is_withdrawn_or_deleted_is_removed(status: object) -> None:
    assert len(read(ncii(signal(0) | {"hashStatus": status})).records) == 1


def test_what_a_page_does_not_show_is_said() -> None:
    warnings = read(ncii(signal(0), signal(1, "Deleted"), hasMoreRecords=True)).tally.warnings
    assert warnings == [
        "what is withdrawn or deleted stays in editions made of earlier pages",
        "the page says that more records follow on another one",
    ]
    assert read(ncii(signal(0), hasMoreRecords="false")).tally.warnings == []


BAD = {
    "not an object": (7, "not-an-object"),
    "a key twice": ({"signalType": "ImagePDQ", "SIGNALTYPE": "ImagePDQ"}, "key-twice"),
    "a value of another length": ({"signalType": "ImagePDQ", "hashValue": "abc"}, "bad-pdq"),
    "no value": ({"signalType": "VideoTMK"}, "bad-tmk"),
    "MD5 that is none": ({"signalType": "VideoMD5", "hashValue": 7}, "not-a-digest"),
}


@pytest.mark.parametrize(("record", "reason"), BAD.values(), ids=BAD)
def test_a_bad_record_is_named(record: object, reason: str) -> None:
    body = {"hashRecords": [signal(0), record, signal(1)]}
    result = read(json.dumps(body).encode())
    assert [(row.number, row.reason) for row in result.rejected] == [(2, reason)]
    assert len(result.records) == 2


def test_values_that_only_fill_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopncii, "_HELD", 50_000)
    records: list[dict[str, object]] = [
        {"signalType": "VideoTMK", "hashValue": f"{at}" * 9_000} for at in range(9)
    ]
    with pytest.raises(HashSetError, match="or very long ones"):
        read(ncii(*records, *records))
    assert len(read(ncii(*[records[0]] * 30)).records) == 1


def test_a_page_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopncii, "PAGE_LIMIT", 3)
    assert len(read(ncii(*(signal(number) for number in (0, 1, 2, 2)))).records) == 3
    with pytest.raises(HashSetError, match="more than 3 different values"):
        read(ncii(*(signal(number) for number in range(4))))


@pytest.mark.parametrize("kind", ["notable", "known-good", "watch"])
def test_pictures_of_adults_never_become_another_verdict(tmp_path: Path, kind: str) -> None:
    data = ncii(signal(0, kind="VideoMD5"))
    with pytest.raises(HashSetError, match=f"not imported as {kind}"):
        add(tmp_path, data, kind=kind)
    assert add(tmp_path, data).header.kind == "adult-intimate"


def tat(*results: object, **more: object) -> bytes:
    return json.dumps({"count": len(results), "results": list(results), **more}).encode()


def entry(number: int, algorithm: str = "MD5", **more: object) -> dict[str, object]:
    digest = getattr(S[number], algorithm.lower().replace("-", "")).hex()
    return {"hash_digest": digest, "algorithm": algorithm, "id": number, "ideology": "x"} | more


def test_entries_of_every_algorithm_are_read() -> None:
    names = ("MD5", "SHA-1", "sha256", "SHA512", "PDQ")
    result = read(tat(*(entry(at, name) for at, name in enumerate(names))))
    records = result.records
    assert (records[0].md5, records[1].sha1, records[2].sha256) == (
        S[0].md5,
        S[1].sha1,
        S[2].sha256,
    )
    assert records[3].values == (Value("sha512", S[3].sha512),)
    assert records[4].values == (Value("pdq", S[4].pdq),)
    assert [record.entry for record in records] == [0, 1, 2, 3, 4]
    assert (result.tally.unknown_fields, result.tally.warnings) == (set(), [])


def test_deleted_entries_are_counted_and_not_used() -> None:
    result = imported(tat(entry(0), entry(1, deleted=True), entry(2, deleted="false"), next="x"))
    assert result.column("md5") == [S[0].md5, S[2].md5]
    assert result.facts["skipped"] == {"deleted": 1}
    assert len(result.facts["warnings"]) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"hash_digest": S[0].md5.hex()}, "no-algorithm"),
        ({"hash_digest": "abc", "algorithm": "MD5"}, "not-a-digest"),
        ({"hash_digest": S[0].md5.hex(), "algorithm": "PDQ"}, "bad-pdq"),
        ({"algorithm": "TLSH"}, "no-value"),
        ([], "not-an-object"),
    ],
)
def test_a_bad_entry_is_named(record: object, reason: str) -> None:
    result = read(tat(entry(0), record))
    assert [(row.number, row.reason) for row in result.rejected] == [(2, reason)]


def test_a_list_of_another_field_has_no_stated_kind() -> None:
    assert imported(tat(entry(0))).facts["nature"] == ""


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("stopncii", b'{"hashRecords": [], "hashRecords": []}'),
        ("stopncii", b'{"other": []}'),
        ("stopncii", b'{"hashRecords": {}}'),
        ("stopncii", b'{"hashRecords": []} x'),
        ("tat", b'{"results": []'),
        ("tat", b"[]"),
    ],
)
def test_a_page_of_another_structure_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(HashSetError, match="damaged"):
        read(data, name=name)
