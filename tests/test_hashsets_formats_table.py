from base64 import b32encode, b64encode

import pytest
from hashset_samples import S, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError, HeroesError, UsageError
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.known import unpack_flags

M = [sample.md5.hex() for sample in S]
H1 = [sample.sha1.hex() for sample in S]

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}


@pytest.mark.parametrize("separator", SEPARATORS.values(), ids=SEPARATORS)
def test_the_separator_is_found_by_the_header(separator: str) -> None:
    rows = [["MD5", "File Size", "Category"], [M[0], "12", "1"], [M[1], "", ""]]
    result = imported("".join(separator.join(row) + "\n" for row in rows).encode())
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert result.column("size") == [12, -1]
    assert result.column("category") == ["1", ""]
    assert result.facts["format"] == "csv"


NAMES = ["md5", "MD5", "Md5Hash", "MD5 Hash", "md5_hash", '"MD5"', " md5 "]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_columns_are_compared_without_case_and_punctuation(name: str) -> None:
    assert imported(f"{name},x\n{M[0]},y\n".encode()).column("md5") == [S[0].md5]


def test_all_columns_that_mean_something() -> None:
    text = (
        "Media ID,SHA-1,MD5,SHA256,bytes,Series,"
        "Victim Identified,IsDistributed,Self_Generated,Name\n"
        f'7,{H1[0]},{M[0]},{S[0].sha256.hex()},12,"a, b",y,No,?,"x\ny"\n'
    )
    row = imported(text.encode()).rows[0]
    assert (row["md5"], row["sha1"], row["sha256"]) == (S[0].md5, S[0].sha1, S[0].sha256)
    assert (row["entry"], row["size"], row["series"]) == (7, 12, "a, b")
    assert isinstance(row["flags"], int)
    flags = unpack_flags(row["flags"])
    assert (flags["victim_identified"], flags["is_distributed"]) == (True, False)
    assert flags["self_generated"] is None


def test_a_column_may_be_mapped() -> None:
    text = f"hash,class\n{M[0]},A1\n"
    result = imported(text.encode(), map={"hash": "md5", "class": "category"})
    assert result.column("category") == ["A1"]


def test_a_column_may_be_ignored() -> None:
    text = f"md5,md5hash\n{M[0]},{M[1]}\n"
    with pytest.raises(HashSetError, match="two columns are named md5"):
        imported(text.encode())
    assert imported(text.encode(), map={"md5hash": "ignore"}).column("md5") == [S[0].md5]


def test_a_table_without_header_needs_its_columns() -> None:
    text = f"x;{M[0]};12\ny;{M[1]};13\n"
    with pytest.raises(HashSetError, match="no format"):
        imported(text.encode())
    result = imported(text.encode(), columns=["name", "md5", "size"])
    assert result.column("size") == [12, 13]
    assert result.column("record") == [1, 2]


def test_bytes_that_are_not_utf8_stay_apart_from_digests() -> None:
    result = imported(b"md5,series\n" + f"{M[0]},".encode() + b"caf\xe9\n")
    assert result.column("series") == ["caf\u00e9"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"map": {"hash": "tags"}}, "no field is called"),
        ({"map": {"hash": "md5", "nosuch": "size"}}, "no column nosuch"),
        ({"map": {"nosuch": "md5"}}, "no column nosuch"),
        ({"map": {"nosuch": "size"}, "columns": ["md5"]}, "no column nosuch"),
        ({"map": {"hash": "md5", "Hash": "sha1"}}, "mapped twice"),
        ({"columns": ["name", "size"]}, "none of the columns"),
        ({"columns": "md5"}, "wrong type"),
        ({"map": {"hash": 5}}, "wrong type"),
        ({"format": "nothing"}, "nothing is called"),
    ],
)
def test_options_that_make_no_sense(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        imported(f"hash\n{M[0]}\n".encode(), **options)


def test_without_a_digest_column_the_hint_says_what_to_do() -> None:
    with pytest.raises(HashSetError, match="names no column") as caught:
        imported(b"a,b\n1,2\n", format="csv")
    assert "--map" in caught.value.hint


BAD_ROWS = {
    "a column too few": (M[5], "column-count"),
    "a column too many": (f"{M[5]},1,x,y", "column-count"),
    "a digest too short": ("abc,1,x", "not-a-digest"),
    "a size with separators": (f'{M[5]},"1,000",x', "bad-size"),
    "a negative size": (f"{M[5]},-5,x", "bad-size"),
    "a category of a novel": (f"{M[5]},1,{'x' * 300}", "bad-category"),
    "text after a quotation": (f'"{M[5]}"x,1,x', "not-a-row"),
}


@pytest.mark.parametrize(("row", "reason"), BAD_ROWS.values(), ids=BAD_ROWS)
def test_a_bad_row_is_named_and_the_rest_is_read(row: str, reason: str) -> None:
    result = imported(f"md5,size,category\n{M[0]},1,a\n{row}\n{M[1]},2,b\n".encode())
    assert result.rejected == [(3, reason)]
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert result.column("record") == [2, 4]


def test_a_quotation_that_never_closes_refuses_the_table() -> None:
    with pytest.raises(HashSetError, match="a quotation mark is not closed"):
        imported(f'md5,name\n{M[0]},"x\n{M[1]},y\n'.encode())
    rest = f"{M[1]},y\n" * 10_000
    with pytest.raises(HashSetError, match="a quotation mark is not closed"):
        imported(f'md5,name\n{M[0]},"x\n{rest}'.encode())


def test_every_kind_of_hash_has_its_column() -> None:
    one = S[0]
    columns = {
        "SHA512": one.sha512.hex(),
        "eMule": one.ed2k.hex(),
        "AICH": b32encode(one.aich).decode(),
        "TTH": b32encode(one.tth).decode().rstrip("="),
        "PDQ": one.pdq.hex(),
        "pdna": b64encode(one.photodna).decode(),
        "md5_512": one.md5.hex(),
        "md5_64k": S[1].md5.hex(),
    }
    text = ";".join((*columns, "colour", "ID", "Quality")) + "\n"
    text += ";".join((*columns.values(), "red", "AB-7", "88")) + "\n"
    result = read(text.encode())
    assert [(value.kind, value.data, value.quality) for value in result.records[0].values] == [
        ("sha512", one.sha512, 88),
        ("ed2k", one.ed2k, 88),
        ("aich", one.aich, 88),
        ("tth", one.tth, 88),
        ("pdq", one.pdq, 88),
        ("photodna", one.photodna, 88),
        ("md5-512", one.md5, 88),
        ("md5-64k", S[1].md5, 88),
        ("id", b"AB-7", -1),
    ]
    assert result.tally.unknown_fields == {"colour"}


def test_another_hash_that_cannot_be_read_costs_a_record_only_where_it_is_all_there_is() -> None:
    result = read(f"md5,pdq,quality\n{M[0]},abc,\n,abc,5\n,{S[1].pdq.hex()},101\n".encode())
    assert [record.md5 for record in result.records] == [S[0].md5, b""]
    assert result.records[1].values == (Value("pdq", S[1].pdq, -1),)
    assert [(row.number, row.reason) for row in result.rejected] == [(3, "bad-pdq")]
    assert result.tally.skipped == {"bad-pdq": 2}


@given(st.binary(max_size=2000))
def test_no_bytes_crash_it(junk: bytes) -> None:
    for data in (junk, b"md5,size,name\n" + junk, f"sha1;md5\n{H1[0]};{M[0]}\n".encode() + junk):
        try:
            imported(data, format="csv", accept_rejects=1_000_000)
        except HeroesError as error:
            assert error.exit_code in (2, 30)  # noqa: PT017 - both outcomes are promised
