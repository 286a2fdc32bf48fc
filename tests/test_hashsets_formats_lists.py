from base64 import b32encode, b64encode
from pathlib import Path
from subprocess import run

import pytest
from conftest import Tools
from corpus import evidence
from hashset_samples import Imported, S, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError, HeroesError, UsageError
from heroes_forensics.hashsets.formats.base import Options, Value

M = [sample.md5.hex() for sample in S]
H1 = [sample.sha1.hex() for sample in S]
H2 = [sample.sha256.hex() for sample in S]

GOOD = {
    "bare": f"{M[0]}\n{M[1]}\n",
    "without a last newline": f"{M[0]}\n{M[1]}",
    "upper case": f"{M[0].upper()}\n{M[1].upper()}\n",
    "CRLF": f"{M[0]}\r\n{M[1]}\r\n",
    "UTF-8 BOM": f"\ufeff{M[0]}\n{M[1]}\n",
    "blanks around": f"  {M[0]}  \n\t{M[1]}\t\n",
    "empty lines": f"\n{M[0]}\n\n{M[1]}\n\n",
    "comments": f"# VirusShare\n; other\n{M[0]}\n# in between\n{M[1]}\n",
    "GNU text mode": f"{M[0]}  a.txt\n{M[1]}  b c.txt\n",
    "GNU binary mode": f"{M[0]} *a.txt\n{M[1]} *b.txt\n",
    "GNU escaped name": f"\\{M[0]}  a\\nb\n{M[1]}  b\n",
    "GNU with tabs": f"{M[0]}\ta.txt\n{M[1]}\tb.txt\n",
    "BSD": f"MD5 (a) = {M[0]}\nMD5 (b) = {M[1]}\n",
    "BSD, name with parentheses": f"MD5 (a) = (b) = {M[0]}\nMD5 (x (1)) = {M[1]}\n",
    "openssl": f"MD5(a)= {M[0]}\nMD5(b)= {M[1]}\n",
    "X-Ways": f"MD5\r\n{M[0]}\r\n{M[1]}\r\n",
}


def md5s(result: Imported) -> list[str]:
    return [row["md5"].hex() for row in result.rows if isinstance(row["md5"], bytes)]


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_every_usual_form_of_a_list_is_read(text: str) -> None:
    assert md5s(imported(text.encode())) == M[:2]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf16_with_a_bom_is_read(encoding: str) -> None:
    data = f"\ufeff{M[0]}\r\n{M[1]}\r\n".encode(encoding)
    assert md5s(imported(data)) == M[:2]


def test_utf16_that_ends_inside_a_character_is_refused() -> None:
    with pytest.raises(HashSetError, match="UTF-16"):
        imported(f"\ufeff{M[0]}\r\n".encode("utf-16-le") + b"a")


def test_names_that_are_not_utf8_do_no_harm() -> None:
    assert md5s(imported(f"{M[0]}  ".encode() + b"\xff\xfe\n" + M[1].encode())) == M[:2]


def test_zero_ended_records_may_hold_any_name() -> None:
    data = f"{M[0]}  one\0{M[1]}  two\nlines\0".encode()
    assert md5s(imported(data)) == M[:2]


def test_a_zero_byte_elsewhere_means_a_binary_file() -> None:
    with pytest.raises(HashSetError, match="binary file, not a list: a zero byte at byte 33"):
        imported(f"{M[0]}\n\0{M[1]}\n".encode())


def test_sizes_of_md5deep_are_kept() -> None:
    result = imported(f"       488  {M[0]}  /a\n         5  {M[1]}  /b\n".encode())
    assert result.column("size") == [488, 5]


def test_the_line_is_the_number_of_the_record() -> None:
    result = imported(f"# head\n\n{M[0]}\n\n{M[1]}\n".encode())
    assert result.column("record") == [3, 5]
    assert result.facts["numbering"] == "line"


def test_lengths_say_md5_and_sha1_and_the_report_says_that_they_did() -> None:
    result = imported(f"{M[0]}\n{H1[1]}\n".encode())
    assert result.rows[1]["sha1"] == S[1].sha1
    assert result.facts["accepted"] == {"md5": 1, "sha1": 1}
    assert result.facts["warnings"] == [
        "bare values of 32 digits were taken as md5",
        "bare values of 40 digits were taken as sha1",
    ]


def test_a_bare_value_of_64_digits_needs_a_word() -> None:
    with pytest.raises(HashSetError, match="line 1 is a bare value of 64 digits") as caught:
        imported(f"{H2[0]}\n".encode())
    assert "heroes hashset import FILE --algorithm sha256" in caught.value.hint
    assert imported(f"{H2[0]}\n".encode(), algorithm="SHA-256").column("sha256") == [S[0].sha256]


def test_a_named_value_of_64_digits_is_sha256sum() -> None:
    assert imported(f"{H2[0]}  name\n".encode()).column("sha256") == [S[0].sha256]


@pytest.mark.parametrize("line", ["width (pixels) = 12345678", "name(s)= abcdefghij", "a (b) = 12"])
def test_other_texts_with_brackets_are_no_list(line: str) -> None:
    with pytest.raises(HashSetError, match="no format"):
        imported(f"{line}\n{line}\n".encode())


KINDS = {
    "sha512": ("SHA-512", S[0].sha512, S[0].sha512.hex()),
    "ed2k": ("ed2k", S[0].ed2k, S[0].ed2k.hex()),
    "pdq": ("PDQ", S[0].pdq, S[0].pdq.hex().upper()),
    "aich": ("AICH", S[0].aich, b32encode(S[0].aich).decode()),
    "tth": ("tth", S[0].tth, b32encode(S[0].tth).decode().rstrip("=")),
    "photodna": ("PhotoDNA", S[0].photodna, b64encode(S[0].photodna).decode()),
    "md5-512": ("md5-512", S[0].md5, S[0].md5.hex()),
}


@pytest.mark.parametrize(("algorithm", "data", "text"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("after", ["", "  a name", "\tx", "\n\x0b"])
def test_a_list_may_be_of_any_kind_that_is_said(
    algorithm: str, data: bytes, text: str, after: str
) -> None:
    options = Options(algorithm=algorithm.lower().replace("-", ""))
    result = read(f"# c\n{text}{after}\nzz\n".encode(), name="list", options=options)
    assert [[value.data for value in record.values] for record in result.records] == [[data]]
    assert [row.number for row in result.rejected] == ([3, 4] if "\n" in after else [3])


def test_what_is_no_algorithm_is_refused() -> None:
    with pytest.raises(UsageError, match="no algorithm called crc32") as caught:
        imported(f"{M[0]}\n".encode(), algorithm="crc32")
    assert "md5-64k" in caught.value.hint


def test_the_suppliers_own_lists_of_pdq_values_are_read() -> None:
    for name in ("haystack", "needles"):
        data = evidence(f"perceptual/pdq/reg-test-input/{name}.txt").read_bytes()
        values = [line for line in data.decode().splitlines() if line]
        result = read(data, options=Options(algorithm="pdq"))
        assert [record.values[0].data.hex() for record in result.records] == values
        assert result.rejected == []
        with pytest.raises(HashSetError, match="SHA-256 or PDQ"):
            imported(data)


def test_an_algorithm_of_another_length_rejects_every_line() -> None:
    with pytest.raises(HashSetError, match="no usable digest"):
        imported(f"{M[0]}\n".encode(), algorithm="sha1")


def test_sha512_is_kept_beside_the_others() -> None:
    result = read(f"{M[0]}  a\n{S[0].sha512.hex()}  b\n{S[1].sha512.hex()}\nMD5 (a) = x\n".encode())
    assert [record.md5 for record in result.records] == [S[0].md5, b"", b""]
    assert result.records[1].values == (Value("sha512", S[0].sha512),)
    assert [row.number for row in result.rejected] == [4]


def test_tags_of_other_algorithms_are_kept() -> None:
    text = f"SHA256 (a) = {H2[0]}\nSHA1 (a) = {H1[0]}\nBLAKE2b (a) = {'ab' * 64}\n"
    text += f"SHA512 (a) = {S[0].sha512.hex()}\nTTH (a) = {b32encode(S[0].tth).decode()[:39]}\n"
    result = read((text + f"SHA512 (a) = {H2[0]}\n").encode())
    assert [record.sha256 or record.sha1 for record in result.records[:2]] == [
        S[0].sha256,
        S[0].sha1,
    ]
    assert [record.values for record in result.records[2:]] == [
        (Value("blake2b", b"ab" * 64),),
        (Value("sha512", S[0].sha512),),
        (Value("tth", S[0].tth),),
    ]
    assert [row.number for row in result.rejected] == [6]


BAD_LINES = {
    "too short": "d41d8cd9",
    "too long by one": M[5] + "0",
    "not hexadecimal": "z" * 32,
    "0x before it": "0x" + M[5],
    "blanks inside": M[5][:16] + " " + M[5][16:],
    "a comma after it": M[5] + ",name",
    "colons": ":".join([M[5][i : i + 2] for i in range(0, 32, 2)]),
    "a size that is none": "99999999999999999999 " + M[5],
    "a size beyond 2^63": "9999999999999999999 " + M[5],
    "full-width digits": "\uff11" * 32,
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_a_bad_line_is_named_and_the_rest_is_read(line: str) -> None:
    result = imported(f"{M[0]}\n{line}\n{M[1]}\n".encode())
    assert md5s(result) == M[:2]
    assert [number for number, _ in result.rejected] == [2]
    assert result.facts["rejected"] == 1


@pytest.mark.parametrize("line", ["MD5 (a) = d41d8cd9", "MD5 (a) " + M[5], M[5]])
def test_a_bad_tag_line_is_named_and_the_rest_is_read(line: str) -> None:
    result = imported(f"MD5 (a) = {M[0]}\n{line}\nMD5 (b) = {M[1]}\n".encode())
    assert md5s(result) == M[:2]
    assert [number for number, _ in result.rejected] == [2]


HEADER = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha1,sha256,filename\n## comment\n"


def test_hashdeep_columns_are_read_in_the_order_they_are_named() -> None:
    text = HEADER + f"9,{M[0]},{H1[0]},{H2[0]},/x/a, b.txt\n"
    result = imported(text.encode())
    row = result.rows[0]
    assert (row["md5"], row["sha1"], row["sha256"], row["size"]) == (
        S[0].md5,
        S[0].sha1,
        S[0].sha256,
        9,
    )
    assert result.facts["version"] == "1.0"


def test_hashdeep_lists_joined_by_hand_start_over_with_their_own_columns() -> None:
    text = HEADER + f"1,{M[0]},{H1[0]},{H2[0]},a\n%%%% HASHDEEP-1.0\n%%%% size,sha1,filename\n"
    result = imported((text + f"2,{H1[1]},b\n").encode())
    assert result.facts["accepted"] == {"md5": 1, "sha1": 2, "sha256": 1}


def test_hashdeep_columns_of_other_algorithms_are_kept() -> None:
    text = f"%%%% HASHDEEP-1.0\n%%%% size,md5,whirlpool,filename\n5,{M[0]},{'ab' * 64},a\n"
    assert read(text.encode()).records[0].values == (Value("whirlpool", b"ab" * 64),)


@pytest.mark.parametrize(
    "line",
    [f"x,{M[5]},{H1[5]},{H2[5]},a", f"1,{M[5]}", f"1,{M[5]},{H1[5]},zz,a", f"1,{H1[5]},{M[5]},,a"],
    ids=["size", "columns", "digest", "columns exchanged"],
)
def test_a_bad_hashdeep_line_is_named(line: str) -> None:
    result = imported((HEADER + f"{line}\n1,{M[0]},{H1[0]},{H2[0]},a\n").encode())
    assert [number for number, _ in result.rejected] == [4]
    assert md5s(result) == M[:1]


@pytest.mark.parametrize(
    "text",
    [
        "%%%% HASHDEEP-2.0\n%%%% size,md5,filename\n",
        "%%%% HASHDEEP-1.0\n%%%% md5,size,filename\n",
        "%%%% HASHDEEP-1.0\n%%%% size,tiger,filename\n",
        f"%%%% HASHDEEP-1.0\n1,{M[0]},a\n",
        "%%%% HASHDEEP-1.0\n%%%% size,md5" + ",x" * 70 + ",filename\n",
    ],
    ids=["version", "order", "no digest", "no columns", "very many columns"],
)
def test_a_hashdeep_header_that_cannot_be_followed_refuses_the_list(text: str) -> None:
    with pytest.raises(HashSetError, match="line"):
        imported(text.encode())


def test_a_line_of_ten_megabytes_is_refused_with_its_number() -> None:
    with pytest.raises(HashSetError, match="line 2: a line is longer than 1048576 bytes"):
        imported(f"{M[0]}\n".encode() + b"a" * 10_000_000 + b"\n")


@given(st.binary(max_size=3000), st.sampled_from(["list", "bsd", "hashdeep"]))
def test_no_bytes_crash_a_list_importer(junk: bytes, name: str) -> None:
    for data in (junk, f"{M[0]}  a\n".encode() + junk, HEADER.encode() + junk):
        try:
            imported(data, format=name, accept_rejects=1_000_000)
        except HeroesError as error:
            assert error.exit_code in (2, 30)  # noqa: PT017 - both outcomes are promised


def test_our_reading_of_sizes_and_names_is_that_of_hashdeep(tool: Tools, tmp_path: Path) -> None:

    folder = tmp_path
    for sample in S[:5]:
        (folder / f"a, {sample.number} (x).bin").write_bytes(sample.data)
    files = sorted(str(path) for path in folder.iterdir())
    text = run(
        [tool("hashdeep"), "-c", "md5,sha1,sha256", *files], check=True, capture_output=True
    ).stdout
    result = imported(text)
    assert {(row["md5"], row["sha256"], row["size"]) for row in result.rows} == {
        (sample.md5, sample.sha256, sample.size) for sample in S[:5]
    }
