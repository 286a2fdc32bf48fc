"""Lists of forensic tools, and what independent programs say of them."""

from hashlib import md5, sha1, sha256, sha512
from io import BytesIO
from pathlib import Path
from subprocess import run
from zipfile import ZipFile

import pytest
from conftest import Tools
from corpus import evidence
from hashset_formats_text import HASHKEEPER_HEAD, ILOOK_3, ROWS
from hashset_samples import S, collect, frames_of_file, imported, read

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Value

M = [sample.md5.hex() for sample in S]
HKE_HEAD = '"hashset_id","name","vendor","package","version"'


def keeper(*rows: str) -> bytes:
    return "\r\n".join((HASHKEEPER_HEAD, *rows, "")).encode()


def test_hashkeeper_rows_with_all_that_is_odd_in_them() -> None:
    rows = (
        f'1,671,"a, ""b"".pdb","C:\\x, y","{M[0]}",91136,2/22/02,13:41:29,"EST","x",,',
        f'2,671,"b",,"{M[1]}",,,,,,,',
        '3,671,"c",,"",5,,,,,,',
        f'4,671,"d\x85\xe9",,"{M[2].upper()}",5,,,,,,',
    )
    result = read(keeper(*rows))
    assert [(item.md5.hex(), item.size) for item in result.records] == [
        (M[0], 91136),
        (M[1], -1),
        ("", -1),
        (M[2], 5),
    ]
    assert (result.rejected, result.tally.skipped) == ([], {"no-digest": 1})


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ('1,671,"a",,"abc",5,,,,,,', "not-a-digest"),
        (f'1,671,"a",,"{M[5]}",x,,,,,,', "bad-size"),
        (f'1,671,"a",,"{M[5]}"', "column-count"),
        (f'1,671,"a"x,,"{M[5]}",5,,,,,,', "not-a-row"),
    ],
)
def test_a_bad_row_of_hashkeeper_is_named(row: str, reason: str) -> None:
    good = f'1,671,"a",,"{M[0]}",5,,,,,,'
    result = read(keeper(good, row, good))
    assert [item.reason for item in result.rejected] == [reason]
    assert [item.number for item in result.records] == [2, 4]


def test_the_description_of_hashkeeper_sets_is_refused_by_name() -> None:
    with pytest.raises(HashSetError, match="describes the sets") as caught:
        imported(f'{HKE_HEAD}\n671,"x","y","z","1"\n'.encode())
    assert "file_id" in caught.value.hint


@pytest.mark.parametrize("names", [["A.hke", "A.HSH"], ["x/A.hsh", "x/A.hke"]])
def test_of_a_hashkeeper_distribution_the_file_with_the_digests_is_taken(
    tmp_path: Path, names: list[str]
) -> None:
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            files = name.lower().endswith("hsh")
            archive.writestr(name, keeper(f'1,2,"a",,"{M[0]}",5,,,,,,') if files else HKE_HEAD)
    assert collect(frames_of_file(tmp_path / "a.zip")).column("md5") == [S[0].md5]


@pytest.mark.parametrize("mark", [b"PK00", b"PK\x07\x08"])
def test_an_archive_that_was_to_be_one_of_several_parts_is_opened(mark: bytes) -> None:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("a.txt", f"{M[0]}\n")
    assert imported(mark + buffer.getvalue()).column("md5") == [S[0].md5]


def test_ilook_rows_with_commas_in_names_and_without_some_digests() -> None:
    text = f"{ILOOK_3}\n{M[0]},,a,b,c,\\,5,,{'ab' * 48},\n,{S[1].sha1.hex()},a,\\,,,,\n,,a,b,,,,\n"
    result = read(text.encode())
    assert result.tally.version == "3"
    assert result.records[0][:5] == (2, S[0].md5, b"", b"", 5)
    assert result.records[0].values == (Value("sha384", b"ab" * 48),)
    assert (result.records[1].sha1, result.records[1].size) == (S[1].sha1, -1)
    assert result.tally.skipped == {"no-digest": 1}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (f"{M[5]},,a,\\,5", "column-count"),
        (f"{M[5]},,a,\\,x,,,", "bad-size"),
        (f"{M[5]},abc,a,\\,5,,,", "not-a-digest"),
        (f"{M[5]},,a,\\,5,zz,,", "not-a-digest"),
        (f'"{M[5]}"x,,a,\\,5,,,', "not-a-row"),
    ],
)
def test_a_bad_row_of_ilook_is_named(row: str, reason: str) -> None:
    result = read(f"{ILOOK_3}\n{row}\n{M[0]},,a,\\,5,,,\n".encode())
    assert [item.reason for item in result.rejected] == [reason]
    assert [item.md5 for item in result.records] == [S[0].md5]


def test_names_of_categories_stay_as_griffeye_writes_them() -> None:
    head = '"File Path","Category","Last Write Time","SHA-1","MD5","EXIF: CreateDate"'
    rows = (
        f'"\\x, y","Ej relevant \u00e5",01.01.0001,{S[0].sha1.hex()},{M[0].upper()},""',
        f"x,,01.01.0001,,{M[1]},a comment, unquoted",
        f"x,,01.01.0001,,{M[2]},",
        f'x,"a"b,,,{M[3]},',
        "x,y,,,,",
    )
    result = read("\r\n".join(("\ufeff" + head, *rows)).encode())
    assert result.format == "griffeye"
    assert [item.category for item in result.records] == ["Ej relevant \u00e5", "", "", "", "y"]
    assert [item.md5 for item in result.records] == [S[0].md5, b"", S[2].md5, b"", b""]
    assert result.tally.skipped == {"column-count": 2, "no-digest": 1}
    assert (result.rejected, result.tally.unknown_fields) == ([], set())


def test_a_table_that_only_has_a_path_and_a_category_is_no_list_of_griffeye() -> None:
    data = f"category,file path,md5,size\nx,y,{M[0]},5\n".encode()
    assert (read(data).format, imported(data).column("size")) == ("csv", [5])


def test_a_header_of_griffeye_whose_bytes_are_no_text_is_refused() -> None:
    data = b"\xb9Category,File Path,Source ID,MD5\n" + f"x,y,z,{M[0]}\n".encode()
    with pytest.raises(HashSetError, match="does not name the columns"):
        read(data, name="griffeye")


def test_the_hash_list_of_griffeye_is_a_list_with_a_byte_order_mark() -> None:
    data = "".join(("\ufeff", *(f"{value.upper()}\r\n" for value in M[:3]))).encode()
    assert imported(data).column("md5") == [sample.md5 for sample in S[:3]]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("MD5", "md5"),
        ("SHA-1", "sha1"),
        ("SHA-256", "sha256"),
        ("PDQ", "pdq"),
        ("sha512", "sha512"),
    ],
)
def test_the_first_line_of_x_ways_says_the_algorithm(name: str, field: str) -> None:
    values = [getattr(sample, field) for sample in S[:3]]
    data = "\r\n".join((name, *(value.hex().upper() for value in values), "")).encode()
    result = read(data)
    assert result.format == "xways"
    found = [getattr(item, field, b"") or item.values[0].data for item in result.records]
    assert found == values


def test_virusshare_lists_are_lists_under_comments() -> None:
    head = "#" * 60 + "\n# VirusShare.com hash list\n# 2 digests\n" + "#" * 60 + "\n"
    result = imported((head + "\n".join(M[:2]) + "\n").encode())
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert result.facts["format"] == "list"


@pytest.mark.parametrize(
    ("name", "member", "database"),
    [
        ("hashsets/Z00236.zip", "Z00236.hsh", "hk"),
        ("hashsets/RDS-000001-15.zip", "NSRLFile.txt", "nsrl-md5"),
        ("hashsets/RDS-000001-20.zip", "NSRLFile.txt", "nsrl-md5"),
    ],
)
def test_a_real_set_gives_the_digests_that_tsk_finds_in_it(
    tool: Tools, tmp_path: Path, name: str, member: str, database: str
) -> None:
    hfind = tool("hfind")
    path = evidence(name)
    with ZipFile(path) as archive:
        (tmp_path / member).write_bytes(archive.read(member))
    run([hfind, "-i", database, str(tmp_path / member)], check=True, capture_output=True)
    index = (tmp_path / f"{member}-md5.idx").read_text().splitlines()
    theirs = {line[:32].lower() for line in index if not line.startswith("0" * 33)}
    ours = collect(frames_of_file(path)).rows
    assert {row["md5"].hex() for row in ours if isinstance(row["md5"], bytes)} == theirs


READ_BY_MD5DEEP = ("ilook V3", "ilook V4", "nsrl-text", "list md5deep with sizes")


@pytest.mark.parametrize("name", READ_BY_MD5DEEP)
def test_md5deep_finds_in_our_samples_what_we_read_in_them(
    tool: Tools, tmp_path: Path, name: str
) -> None:
    program = tool("md5deep")
    row = next(row for row in ROWS if row.name == name)
    (tmp_path / "set").write_bytes(row.file(*S[:3]))
    paths = [tmp_path / f"{number}.bin" for number in range(6)]
    for path, sample in zip(paths, S, strict=False):
        path.write_bytes(sample.data)
    done = run(
        [program, "-b", "-m", str(tmp_path / "set"), *map(str, paths)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert sorted(done.stdout.split()) == ["0.bin", "1.bin", "2.bin"]
    assert [item.md5 for item in read(row.file(*S[:3])).records] == [item.md5 for item in S[:3]]


def test_hashdeep_finds_in_our_sample_what_we_read_in_it(tool: Tools, tmp_path: Path) -> None:
    program = tool("hashdeep")
    row = next(row for row in ROWS if row.name == "hashdeep")
    (tmp_path / "set").write_bytes(row.file(*S[:3]))
    paths = [tmp_path / f"{number}.bin" for number in range(6)]
    for path, sample in zip(paths, S, strict=False):
        path.write_bytes(sample.data)
    done = run(
        [program, "-b", "-m", "-k", str(tmp_path / "set"), *map(str, paths)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert sorted(done.stdout.split()) == ["0.bin", "1.bin", "2.bin"]


def folder_of_samples(folder: Path) -> list[str]:
    for sample in S[:4]:
        (folder / f"a, {sample.number} (x).bin").write_bytes(sample.data)
    return sorted(str(path) for path in folder.iterdir())


def output(*command: str) -> bytes:
    return run(command, check=True, capture_output=True).stdout


DEEP = {
    "sizes": ("sha1deep", ("-z",), "sha1"),
    "zero-ended": ("md5deep", ("-0",), "md5"),
    "zero-ended with sizes": ("sha1deep", ("-z", "-0"), "sha1"),
    "bare": ("md5deep", ("-q",), "md5"),
    "SHA-256": ("sha256deep", (), "sha256"),
}


@pytest.mark.parametrize(("program", "options", "field"), DEEP.values(), ids=DEEP)
def test_what_the_deep_programs_write_is_read(
    tool: Tools, tmp_path: Path, program: str, options: tuple[str, ...], field: str
) -> None:
    result = imported(output(tool(program), *options, *folder_of_samples(tmp_path)))
    assert {row[field] for row in result.rows} == {getattr(sample, field) for sample in S[:4]}
    if "-z" in options:
        assert result.column("size") == [sample.size for sample in S[:4]]


TAGGED = {
    "GNU SHA-1": (("sha1sum", "--tag"), "sha1"),
    "GNU SHA-512": (("sha512sum", "--tag"), "sha512"),
    "GNU zero-ended": (("sha256sum", "-z"), "sha256"),
    "openssl SHA-256": (("openssl", "dgst", "-sha256"), "sha256"),
    "openssl SHA-512": (("openssl", "dgst", "-sha512"), "sha512"),
    "rhash TTH": (("rhash", "--bsd", "--tth"), "tth"),
    "rhash AICH": (("rhash", "--bsd", "--aich"), "aich"),
    "rhash ed2k": (("rhash", "--bsd", "--ed2k"), "ed2k"),
}


@pytest.mark.parametrize(("command", "kind"), TAGGED.values(), ids=TAGGED)
def test_what_programs_write_with_tags_is_read(
    tool: Tools, tmp_path: Path, command: tuple[str, ...], kind: str
) -> None:
    program = tool(command[0])
    result = read(output(program, *command[1:], *folder_of_samples(tmp_path)))
    assert (len(result.records), result.rejected) == (4, [])
    found = {getattr(item, kind, b"") or item.values[0].data for item in result.records}
    if kind in ("sha1", "sha256", "sha512"):
        assert found == {getattr(sample, kind) for sample in S[:4]}
    else:
        form = f"%x{{{kind}}}\\n"
        theirs = output(tool("rhash"), "-p", form, *folder_of_samples(tmp_path)).split()
        assert found == {bytes.fromhex(line.decode()) for line in theirs}


def test_a_table_that_rhash_writes_gives_every_kind(tool: Tools, tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    program = tool("rhash")
    form = "%{md5};%{sha1};%{sha-256};%{sha-512};%{ed2k};%{aich};%{tth}\\n"
    line = output(program, "-p", form, str(tmp_path / "abc"))
    (record,) = read(b"MD5;SHA1;SHA256;SHA512;ED2K;AICH;TTH\n" + line).records
    assert record.md5 == md5(b"abc", usedforsecurity=False).digest()
    assert record.sha1 == sha1(b"abc", usedforsecurity=False).digest()
    assert record.sha256 == sha256(b"abc").digest()
    values = {value.kind: value.data for value in record.values}
    assert values["sha512"] == sha512(b"abc").digest()
    form = "%x{ed2k} %x{aich} %x{tth}\\n"
    theirs = output(program, "-p", form, str(tmp_path / "abc")).decode().split()
    assert [values[kind].hex() for kind in ("ed2k", "aich", "tth")] == theirs
