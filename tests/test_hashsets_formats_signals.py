"""Lists of bodies that are no tables of ours: signal files, PDQ with quality, ICSE."""

from base64 import b64encode
from pathlib import Path

import pytest
from hashset_formats_text import ICSE_HEAD
from hashset_samples import S, add, imported, read, recognised

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Options, Value
from heroes_forensics.hashsets.known import unpack_flags

PDQ = Options(algorithm="pdq")


def test_signals_of_content_are_read_and_the_others_are_counted() -> None:
    text = (
        f"pdq {S[0].pdq.hex()}\nvideo_md5 {S[1].md5.hex()}\nsha256 {S[2].sha256.hex()}\n"
        f"photodna {b64encode(S[3].photodna).decode()}\nraw_text two words\nnew_kind x\n"
    )
    result = read(text.encode())
    assert (result.format, result.rejected) == ("signals", [])
    assert [record.values for record in result.records] == [
        (Value("pdq", S[0].pdq),),
        (),
        (),
        (Value("photodna", S[3].photodna),),
        (),
        (),
    ]
    assert (result.records[1].md5, result.records[2].sha256) == (S[1].md5, S[2].sha256)
    assert result.tally.other_hashes == {"raw_text": 1, "other": 1}
    assert result.tally.skipped == {"other-signal": 2}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("pdq", "not-a-signal"),
        ("pdq xyz", "bad-pdq"),
        (f"pdq {S[0].md5.hex()}", "bad-pdq"),
        ("video_md5 abc", "not-a-digest"),
        (f"PDQ {S[0].pdq.hex()}", "not-a-signal"),
        (S[0].pdq.hex(), "not-a-signal"),
    ],
)
def test_a_bad_signal_is_named(line: str, reason: str) -> None:
    result = read(f"pdq {S[0].pdq.hex()}\n{line}\npdq {S[1].pdq.hex()}\n".encode())
    assert [(row.number, row.reason) for row in result.rejected] == [(2, reason)]
    assert [record.number for record in result.records] == [1, 3]


@pytest.mark.parametrize("head", [b"md5 ,x\n", b"sha1 hash of files\n", b"pdq\n", b"a b\n"])
def test_other_text_is_no_list_of_signals(head: bytes) -> None:
    row = recognised(head)
    assert row is None or row.name != "signals"


@pytest.mark.parametrize("head", ["", "hash,quality\n", "Hash,Quality,Name\n", "# x\n"])
def test_qualities_stay_with_their_values(head: str) -> None:
    text = f"{head}{S[0].pdq.hex()},100\n{S[1].pdq.hex()}, 49 ,a,b\n{S[2].pdq.hex().upper()},0,\n"
    result = read(text.encode(), options=PDQ)
    assert [record.values for record in result.records] == [
        (Value("pdq", S[0].pdq, 100),),
        (Value("pdq", S[1].pdq, 49),),
        (Value("pdq", S[2].pdq, 0),),
    ]
    assert result.tally.facts == {"unreliable": 2}
    assert "below 50" in result.tally.warnings[0]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (f"{S[5].pdq.hex()},101", "bad-quality"),
        (f"{S[5].pdq.hex()},", "bad-pdq"),
        (f"{S[5].pdq.hex()},-1", "bad-pdq"),
        (f"{S[5].pdq.hex()}", "bad-pdq"),
        (f"{S[5].md5.hex()},5", "bad-pdq"),
        ("hash,quality", "bad-pdq"),
    ],
)
def test_a_bad_line_of_a_pdq_list_is_named(line: str, reason: str) -> None:
    result = read(f"{S[0].pdq.hex()},90\n{line}\n".encode(), options=PDQ)
    assert [(row.number, row.reason) for row in result.rejected] == [(2, reason)]


def test_digits_with_a_number_are_not_taken_for_pdq_unasked() -> None:
    with pytest.raises(HashSetError, match="may be PDQ with a quality") as caught:
        imported(f"{S[0].sha256.hex()},5\n".encode())
    assert "--algorithm pdq" in caught.value.hint


def icse(*rows: str, head: str = ICSE_HEAD) -> bytes:
    return "\n".join((head, *rows, "")).encode()


def test_all_that_icse_says() -> None:
    digests = f"{S[0].md5.hex().upper()};{S[0].sha1.hex()};{S[0].photodna.hex()}"
    result = read(icse(f"{digests};42;yes;N;?;demo;3;yes;Image;yes"))
    (record,) = result.records
    assert (record.md5, record.sha1, record.entry) == (S[0].md5, S[0].sha1, 42)
    assert (record.category, record.series) == ("baseline", "demo")
    assert record.values == (Value("photodna", S[0].photodna),)
    flags = unpack_flags(record.flags)
    assert (flags["is_distributed"], flags["victim_identified"]) == (True, False)
    assert flags["offender_identified"] is None
    assert (result.tally.scheme, result.tally.unknown_fields) == ("icse", set())


def test_the_baseline_of_icse_is_the_most_severe_verdict(tmp_path: Path) -> None:
    rows = (f"{S[0].md5.hex()};;;1;;;;;;;;yes", f"{S[1].md5.hex()};;;2;;;;;;;;no")
    report = add(tmp_path, icse(*rows)).report
    categories = report["categories"]
    assert isinstance(categories, dict)
    verdicts = {code: row["verdict"] for code, row in categories.items()}
    assert verdicts == {"baseline": "baseline_illegal", "not-baseline": "uncategorised"}
    assert report["unknown_codes"] == []


def test_rows_may_be_short_and_columns_in_any_order() -> None:
    md5 = [sample.md5.hex() for sample in S]
    head = "baseline;Image ID;Extra;md5"
    result = read(icse(f"no;A-1;;{md5[0]}", f";;;{md5[1]}", "yes;3", head=head))
    assert [record.category for record in result.records] == ["not-baseline", "", "baseline"]
    assert result.records[0].values == (Value("id", b"A-1"),)
    assert result.tally.unknown_fields == {"extra"}
    assert result.tally.skipped == {"no-digest": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("abc;;;1", "not-a-digest"),
        (";;AAEC;1", "bad-photodna"),
        (";".join([S[0].md5.hex(), *["x"] * 12]), "column-count"),
        (f'"{S[0].md5.hex()}"x;', "not-a-row"),
    ],
)
def test_a_bad_row_is_named(row: str, reason: str) -> None:
    result = read(icse(S[0].md5.hex(), row, S[1].md5.hex()))
    assert [item.reason for item in result.rejected] == [reason]
    assert [record.md5 for record in result.records] == [S[0].md5, S[1].md5]


def test_an_unreadable_photodna_value_costs_no_row_with_a_digest() -> None:
    result = read(icse(f"{S[0].md5.hex()};;AAEC;1"))
    assert (result.records[0].md5, result.tally.skipped) == (S[0].md5, {"bad-photodna": 1})


def test_a_header_that_names_a_column_twice_is_refused() -> None:
    with pytest.raises(HashSetError, match="twice"):
        read(icse("x", head=ICSE_HEAD + ";md5"))
