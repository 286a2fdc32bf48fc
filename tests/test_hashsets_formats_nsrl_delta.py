"""Delta scripts of NSRL version 3, and what an archive says of its own members."""
# ruff: noqa: S608 - statements are what is read here

import io
import sqlite3
import zipfile
from hashlib import sha1, sha256

import pytest
from corpus import evidence
from hashset_formats_binary import MINIMAL
from hashset_samples import S, Sample, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError

COLUMNS = "sha256,sha1,md5,crc32,file_name,file_size,package_id"


def values(one: Sample, name: str = "a.txt", size: object = 5) -> str:
    digests = f"'{one.sha256.hex().upper()}','{one.sha1.hex().upper()}','{one.md5.hex()}'"
    return f"({digests},'00000000','{name}',{size},7)"


def insert(number: int, name: str = "a.txt", *, columns: str = f"({COLUMNS})") -> str:
    return f"INSERT INTO FILE{columns} VALUES{values(S[number], name)};\n"


def script(*statements: str) -> bytes:
    return ("BEGIN TRANSACTION;\n" + "".join(statements) + "COMMIT;\n").encode()


FORMS = {
    "named columns": insert(0),
    "no columns": insert(0, columns=""),
    "quoted": insert(0).replace("FILE(", '"FILE" ("').replace(",", '","', 6).replace(") V", '") V'),
    "without crc32": f"INSERT INTO FILE VALUES{values(S[0])};\n".replace("'00000000',", ""),
    "or ignore": insert(0).replace("INSERT", "insert or ignore").replace("INTO", "into main."),
    "several lines": insert(0).replace(",", ",\n  "),
    "a name of everything": insert(0, name="a''; b\n;''('' --c /* d, e)"),
    "comments": "-- one; 'two\n/* three; 'four */" + insert(0),
    "two statements a line": "PRAGMA foreign_keys=OFF; " + insert(0).strip() + " ;\n",
    "the full layout": f"INSERT INTO METADATA(bytes,md5,sha1,sha256,x) VALUES(5,"
    f"'{S[0].md5.hex()}','{S[0].sha1.hex()}','{S[0].sha256.hex()}',NULL);\n",
}


@pytest.mark.parametrize("statement", FORMS.values(), ids=FORMS)
def test_a_row_that_is_inserted_is_read(statement: str) -> None:
    result = imported(script(statement, insert(1)))
    assert result.column("sha256") == [S[0].sha256, S[1].sha256]
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert result.column("size") == [5, 5]
    assert (result.facts["format"], result.facts["version"]) == ("nsrl-delta", "3")
    assert (result.facts["nature"], result.facts["table"]) == ("known-good", "delta")
    assert result.facts["rejected"] == 0


def test_several_rows_of_one_statement() -> None:
    rows = ", ".join(values(one) for one in S[:3])
    result = imported(script(f"INSERT INTO FILE VALUES {rows};\n"))
    assert result.column("md5") == [one.md5 for one in S[:3]]


def test_what_is_changed_or_deleted_is_counted_and_said() -> None:
    result = imported(
        script(
            insert(0),
            f"UPDATE FILE SET file_size=6 WHERE sha1='{S[1].sha1.hex()}';\n",
            "DELETE FROM FILE WHERE package_id=3;\nDELETE FROM FILE WHERE package_id=4;\n",
            "INSERT INTO PKG VALUES(1,'a;b');\nUPDATE VERSION SET version='x';\n",
        )
    )
    assert result.column("md5") == [S[0].md5]
    assert result.facts["skipped"] == {
        "update-not-applied": 1,
        "delete-not-applied": 2,
        "another-table": 2,
    }
    assert result.facts["records"] == 6
    assert "was not applied" in str(result.facts["warnings"])


def test_bad_rows_are_named_by_line() -> None:
    bad = [
        insert(1).replace(S[1].md5.hex(), "zz"),
        insert(1).replace(",5,", ",-5,"),
        insert(1).replace(",7)", ")"),
        insert(1).replace(",7)", ",7,,"),
        insert(1).replace("VALUES", "SELECT"),
        "VACUUM;\n",
        insert(1).replace("VALUES(", "VALUES("[:-1]),
    ]
    result = imported(script(insert(0), *bad, insert(2).replace(",5,", ",0,")), accept_rejects=9)
    assert result.rejected == [
        *((3, "not-a-digest"), (4, "bad-size"), (5, "column-count"), (6, "not-a-row")),
        *((7, "another-statement"), (8, "another-statement"), (9, "not-a-row")),
    ]
    assert result.facts["skipped"] == {"size-zero": 1}


CUT = {
    "in a statement": script(insert(0), insert(1))[:-60],
    "in a string": script(insert(0), insert(1))[:-30],
    "between two statements": script(insert(0), insert(1)).replace(b"COMMIT;\n", b""),
    "a string without end": script(insert(0), "INSERT INTO FILE VALUES('x;\n" + "y;\n" * 300),
    "a statement without end": script(insert(0)) + b"INSERT\n" * 400_000,
}


@pytest.mark.parametrize("data", CUT.values(), ids=CUT)
def test_a_script_cut_short_is_refused(data: bytes) -> None:
    with pytest.raises(HashSetError, match=r"cut short|does not end"):
        imported(data)


def test_statements_are_never_run() -> None:
    result = imported(
        script(insert(0), "ATTACH 'x.db' AS x;\n", "DROP TABLE FILE;\n"), accept_rejects=2
    )
    assert [reason for _, reason in result.rejected] == ["another-statement"] * 2


NAMES = st.text(st.sampled_from("ab'\";(),-/*\n\u00e9\\ "), max_size=12)


@given(st.lists(st.tuples(st.integers(0, 60), NAMES), min_size=1, max_size=12))
def test_rows_are_those_that_sqlite_itself_reads_and_writes(rows: list[tuple[int, str]]) -> None:
    written = sqlite3.connect(":memory:")
    written.executescript(MINIMAL)
    for number, name in rows:
        one = S[number]
        digests = (one.sha256.hex().upper(), one.sha1.hex().upper(), one.md5.hex().upper())
        row = (*digests, "00000000", name, one.size, 1)
        written.execute("INSERT INTO FILE VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    dump = "\n".join(written.iterdump())
    written.close()
    ours = script(*(insert(number, name.replace("'", "''")) for number, name in rows)).decode()
    for text in (dump, ours):
        run = sqlite3.connect(":memory:")
        run.executescript(text if text is dump else MINIMAL + text)
        query = "SELECT upper(md5), upper(sha1), upper(sha256), file_size FROM FILE"
        theirs = run.execute(query).fetchall()
        run.close()
        assert theirs == [
            (*(value.hex().upper() for value in (found.md5, found.sha1, found.sha256)), found.size)
            for found in read(text.encode()).records
            if found.md5
        ]


SQL = st.sampled_from(
    [
        *(
            "INSERT INTO FILE VALUES",
            "(",
            ")",
            "'",
            "''",
            '"',
            ";",
            "\n",
            ",",
            "-",
            "--",
            "/*",
            "*/",
        ),
        *("UPDATE FILE", "DELETE FROM FILE", "NULL", "x", " ", "5", "BEGIN", "COMMIT", "(a,b)"),
        S[0].sha1.hex(),
    ]
)


@given(st.lists(SQL, max_size=60))
def test_no_script_crashes_the_importer(pieces: list[str]) -> None:
    try:
        read("".join(pieces).encode(), name="nsrl-delta")
    except HashSetError as error:
        assert "\n" not in str(error)  # noqa: PT017 - both outcomes are promised


def archive(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr("RDS/" + name.replace("_", "."), data)
    return buffer.getvalue()


def test_a_script_in_the_archive_of_its_release() -> None:
    data = script(insert(0))
    told = f"{sha256(data).hexdigest()}  delta.sql\n".encode()
    result = imported(archive(delta_sql=data, signatures_txt=told, readme_txt=b"x"))
    assert result.column("md5") == [S[0].md5]
    assert result.facts["same_as_stated_in"] == "signatures.txt"
    other = told.replace(told[:4], b"0000")
    result = imported(archive(delta_sql=data, signatures_txt=other, readme_txt=b"x"))
    assert result.column("md5") == [S[0].md5]
    assert result.facts["warnings"] == [
        "the file is not the one that signatures.txt beside it states"
    ]
    assert "same_as_stated_in" not in result.facts


def test_a_file_that_is_not_the_one_stated_beside_it_is_refused() -> None:
    row = f'"{S[0].sha1.hex()}","{S[0].md5.hex()}","0","a",5,1,"1",""\n'
    head = (
        '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\n'
    )
    data = (head + row).encode()
    lines = "\r\n".join(
        ("0" * 40, sha1(data, usedforsecurity=False).hexdigest().upper(), "")
    ).encode()
    result = imported(archive(NSRLFile_txt=data, hashes_txt=lines, NSRLProd_txt=b"x"))
    assert result.facts["same_as_stated_in"] == "hashes.txt"
    for hashes in (b"0" * 40, b"f" * 64):
        with pytest.raises(HashSetError, match="not the one that"):
            imported(archive(NSRLFile_txt=data, hashes_txt=hashes, NSRLProd_txt=b"x"))
    result = imported(archive(NSRLFile_txt=data, hashes_txt=b"nothing", NSRLProd_txt=b"x"))
    assert "same_as_stated_in" not in result.facts


@pytest.mark.parametrize("name", ["RDS-000001-15.zip", "RDS-000001-20.zip"])
def test_real_releases_are_what_their_hashes_say(name: str) -> None:
    data = evidence(f"hashsets/{name}").read_bytes()
    assert imported(data).facts["same_as_stated_in"] == "hashes.txt"
    rewritten = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(rewritten, "w") as made:
        for member in whole.infolist():
            text = whole.read(member)
            made.writestr(member, text[:-1] if member.filename == "NSRLFile.txt" else text)
    with pytest.raises(HashSetError, match=r"hashes\.txt"):
        imported(rewritten.getvalue())
