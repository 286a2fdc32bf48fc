import contextlib
import csv
import io
import os
import sqlite3
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from corpus import evidence
from hashset_samples import Imported, S, collect, frames_of_file, imported
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import nsrl_sqlite, sqlite_file
from heroes_forensics.hashsets.importing import import_rows

HEADER_2 = (
    '"SHA-1","MD5","CRC32","FileName","FileSize","ProductCode","OpSystemCode","SpecialCode"\r\n'
)
HEADER_15 = (
    '"SHA-1","FileName","FileSize","ProductCode","OpSystemCode",'
    '"MD4","MD5","CRC32","SpecialCode"\r\n'
)


def row_2(number: int, name: str = "a.txt", size: object = 5, special: str = "") -> str:
    one = S[number]
    return (
        f'"{one.sha1.hex().upper()}","{one.md5.hex().upper()}","00000000","{name}",'
        f'{size},1,"362","{special}"\r\n'
    )


def test_version_2_text() -> None:
    result = imported((HEADER_2 + row_2(0) + row_2(1, name='a "" b, c')).encode())
    assert result.column("sha1") == [S[0].sha1, S[1].sha1]
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert result.column("size") == [5, 5]
    assert (result.facts["version"], result.facts["nature"]) == ("2", "known-good")


def test_version_15_text() -> None:
    one = S[0]
    row = f'"{one.sha1.hex()}","x",7,1,"WIN","{"0" * 32}","{one.md5.hex()}","00000000",""\r\n'
    result = imported((HEADER_15 + row).encode())
    assert (result.column("md5"), result.column("size")) == ([one.md5], [7])
    assert result.facts["version"] == "1.5"


def test_names_in_latin_1_do_no_harm() -> None:
    data = (HEADER_2 + row_2(0, name="\xe9\xff")).encode("latin-1")
    assert imported(data).column("md5") == [S[0].md5]


def test_rows_of_one_file_in_several_products_are_one_record() -> None:
    result = imported((HEADER_2 + row_2(0) + row_2(0, name="b.txt") + row_2(1)).encode())
    assert result.column("record") == [2, 4]
    assert (result.facts["records"], result.facts["repeats"]) == (3, 1)


def test_special_entries_and_empty_files_are_counted_and_not_used() -> None:
    text = HEADER_2 + row_2(0) + row_2(1, special="M") + row_2(2, size=0)
    result = imported(text.encode())
    assert result.column("md5") == [S[0].md5]
    assert result.facts["skipped"] == {"special-code": 1, "size-zero": 1}


@pytest.mark.parametrize(
    "row",
    [
        row_2(5, size="x"),
        row_2(5).replace(S[5].md5.hex().upper(), "zz"),
        row_2(5).replace('"362",', ""),
    ],
    ids=["size", "digest", "columns"],
)
def test_a_bad_row_is_named(row: str) -> None:
    result = imported((HEADER_2 + row_2(0) + row + row_2(1)).encode())
    assert [number for number, _ in result.rejected] == [3]
    assert len(result.rows) == 2


@pytest.mark.parametrize("name", ["RDS-000001-15.zip", "RDS-000001-20.zip"])
def test_real_samples_of_nist_give_the_counts_of_an_independent_reading(name: str) -> None:

    path = evidence(f"hashsets/{name}")
    result = collect(frames_of_file(path))
    with zipfile.ZipFile(path) as archive:
        text = io.TextIOWrapper(archive.open("NSRLFile.txt"), "latin-1", newline="")
        rows = list(csv.DictReader(text))
    assert result.facts["records"] == len(rows) == 218
    assert {row["sha1"] for row in result.rows} == {bytes.fromhex(row["SHA-1"]) for row in rows}
    assert {row["md5"] for row in result.rows} == {bytes.fromhex(row["MD5"]) for row in rows}
    assert sum(row["size"] for row in result.rows if isinstance(row["size"], int)) > 0


@given(st.binary(max_size=1500))
def test_no_bytes_crash_the_text_importer(junk: bytes) -> None:
    for data in (junk, HEADER_2.encode() + junk, (HEADER_15 + row_2(0)).encode() + junk):
        with contextlib.suppress(HashSetError):
            imported(data, format="nsrl-text", accept_rejects=1_000_000)


MINIMAL = """
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,
  crc32 VARCHAR, file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL,
  package_id INTEGER NOT NULL,
  PRIMARY KEY (sha256, sha1, md5, file_name, file_size, package_id));
CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL);
CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5 FROM FILE;
"""
FULL = """
CREATE TABLE METADATA (metadata_id INTEGER PRIMARY KEY, bytes INTEGER, md5 TEXT, sha1 TEXT,
  sha256 TEXT);
CREATE VIEW FILE AS SELECT upper(sha256) AS sha256, upper(sha1) AS sha1, upper(md5) AS md5,
  bytes AS file_size FROM METADATA;
"""
VIEW_ONLY = """
CREATE TABLE RAW (bytes INTEGER, md5 TEXT, sha1 TEXT, sha256 TEXT);
CREATE VIEW FILE AS SELECT upper(sha256) AS sha256, upper(sha1) AS sha1, upper(md5) AS md5,
  bytes AS file_size FROM RAW;
"""


def database(folder: Path, schema: str, table: str, size: str, numbers: list[int]) -> Path:
    path = folder / "RDS.db"
    with sqlite3.connect(path) as made:
        made.executescript(schema)
        extra = {"file_name": "a", "package_id": 1} if table == "FILE" else {}
        for number in numbers:
            one = S[number]
            values = {
                "sha256": one.sha256.hex().upper(),
                "sha1": one.sha1.hex().upper(),
                "md5": one.md5.hex().upper(),
                size: one.size,
            } | extra
            names = ", ".join(values)
            marks = ", ".join("?" * len(values))
            made.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(values.values()))  # noqa: S608
    made.close()
    return path


def read(path: Path) -> Imported:
    return collect(frames_of_file(path))


LAYOUTS = {
    "minimal": (MINIMAL, "FILE", "file_size", "FILE"),
    "full": (FULL, "METADATA", "bytes", "METADATA"),
    "view only": (VIEW_ONLY, "RAW", "bytes", "FILE"),
}


@pytest.mark.parametrize(("schema", "table", "size", "used"), LAYOUTS.values(), ids=LAYOUTS)
def test_version_3_in_its_layouts(
    tmp_path: Path, schema: str, table: str, size: str, used: str
) -> None:
    result = read(database(tmp_path, schema, table, size, list(range(40))))
    rows = {(row["md5"], row["sha1"], row["sha256"], row["size"]) for row in result.rows}
    assert rows == {(one.md5, one.sha1, one.sha256, one.size) for one in S[:40]}
    assert (result.facts["version"], result.facts["table"]) == ("3", used)
    assert result.facts["nature"] == "known-good"


def test_version_3_without_a_column_of_crc32_or_sha256(tmp_path: Path) -> None:
    schema = "CREATE TABLE FILE (SHA1 TEXT, MD5 TEXT); CREATE TABLE PKG (package_id INTEGER);"
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as made:
        made.executescript(schema)
        made.execute("INSERT INTO FILE VALUES (?, ?)", (S[0].sha1.hex(), S[0].md5.hex()))
    made.close()
    result = read(path)
    assert result.column("sha1") == [S[0].sha1]
    assert result.column("size") == [-1]


def test_a_database_of_another_kind_is_refused() -> None:
    with pytest.raises(HashSetError, match="no NSRL RDS version 3"):
        read(evidence("databases/blob.db"))


def test_bad_values_are_rejected_and_empty_files_skipped(tmp_path: Path) -> None:
    path = database(tmp_path, FULL, "METADATA", "bytes", [0, 1])
    with sqlite3.connect(path) as made:
        insert = "INSERT INTO METADATA (bytes, md5) VALUES (?, ?)"
        values = [(1, "zz"), (1, b"\0" * 16), ("x", S[2].md5.hex()), (-1, S[2].md5.hex())]
        made.executemany(insert, [*values, (0, S[3].md5.hex()), (1, None), (1, 5)])
    made.close()
    options = {"accept_rejects": 10}
    result = collect(frames_of_file(path, **options))
    assert result.column("md5") == [S[0].md5, S[1].md5]
    assert [reason for _, reason in result.rejected] == [
        *("not-a-digest", "not-a-digest", "bad-size", "bad-size", "not-a-digest")
    ]
    assert result.facts["skipped"] == {"size-zero": 1, "no-digest": 1}


HOSTILE = {
    "endless recursion": "CREATE VIEW FILE AS WITH RECURSIVE r(md5) AS "
    "(SELECT 'a' UNION ALL SELECT md5 FROM r) SELECT md5 FROM r WHERE md5 = 'b';",
    "a cross join without end": "CREATE TABLE t (x); CREATE TABLE u (x);"
    "INSERT INTO t VALUES (1), (1), (1), (1), (1), (1), (1), (1), (1), (1), (1), (1), (1), (1);"
    "INSERT INTO u SELECT a.x FROM t a, t b, t c; CREATE VIEW FILE AS SELECT 'a' AS md5 "
    "FROM u a, u b, u c, u d, u e WHERE a.x = 2 + b.x;",
    "a function that reads files": "CREATE VIEW FILE AS SELECT readfile('/etc/passwd') AS md5;",
    "a function that loads code": "CREATE VIEW FILE AS SELECT load_extension('x') AS md5;",
    "a blob of a gigabyte": "CREATE VIEW FILE AS SELECT zeroblob(1000000000) AS md5;",
    "a view on itself": "CREATE VIEW FILE AS SELECT md5 FROM FILE;",
    "a missing table": "CREATE VIEW FILE AS SELECT md5 FROM elsewhere;",
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_schema_is_refused(tmp_path: Path, schema: str) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as made:
        made.executescript(schema)
    made.close()
    with pytest.raises(HashSetError):
        read(path)


def test_nothing_is_written_beside_the_database(tmp_path: Path) -> None:
    path = database(tmp_path, MINIMAL, "FILE", "file_size", [0])
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode = WAL")
    made.close()
    path.chmod(0o400)
    before = sorted(item.name for item in tmp_path.iterdir())
    assert read(path).column("md5") == [S[0].md5]
    assert sorted(item.name for item in tmp_path.iterdir()) == before


def test_a_database_cut_short_is_refused(tmp_path: Path) -> None:
    path = database(tmp_path, MINIMAL, "FILE", "file_size", list(range(60)))
    path.write_bytes(path.read_bytes()[:-4096])
    with pytest.raises(HashSetError, match="cut short"):
        read(path)


def test_a_database_replaced_behind_the_descriptor_is_refused(tmp_path: Path) -> None:

    path = database(tmp_path, MINIMAL, "FILE", "file_size", [0])
    descriptor = os.open(path, os.O_RDONLY)
    try:
        path.unlink()
        with pytest.raises(HashSetError, match="not readable"):
            list(import_rows(descriptor, {}))
    finally:
        os.close(descriptor)


@cache
def image() -> bytes:
    with TemporaryDirectory() as name:
        return database(Path(name), MINIMAL, "FILE", "file_size", list(range(30))).read_bytes()


@given(st.lists(st.tuples(st.integers(16, 20_000), st.integers(0, 255)), min_size=1, max_size=40))
def test_no_damage_crashes_the_sqlite_importer(changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(image())
    for at, value in changes:
        damaged[at % len(damaged)] = value
    with TemporaryDirectory() as name:
        path = Path(name) / "x.db"
        path.write_bytes(bytes(damaged))
        with contextlib.suppress(HashSetError):
            collect(frames_of_file(path, format="nsrl-sqlite", accept_rejects=1_000))


ODD: dict[str, object] = {
    "md5": "zz",
    "sha1": None,
    "sha256": b"\0" * 32,
    "file_size": 0,
}


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.sampled_from(["", "", "", *ODD, "lower", "blanks"])),
        max_size=40,
    )
)
def test_rows_read_by_columns_are_those_read_one_by_one(
    rows: list[tuple[int, str]],
) -> None:
    made = sqlite3.connect(":memory:")
    made.execute("CREATE TABLE FILE (sha256, sha1, md5, file_size)")
    for number, change in [(0, ""), *rows]:
        one = S[number]
        fields: dict[str, object] = {
            "sha256": one.sha256.hex().upper(),
            "sha1": one.sha1.hex().upper(),
            "md5": one.md5.hex(),
            "file_size": one.size,
        }
        if change in ODD:
            fields[change] = ODD[change]
        elif change == "lower":
            fields["sha1"] = one.sha1.hex()
        elif change == "blanks":
            fields["md5"] = f" {one.md5.hex()} "
        made.execute("INSERT INTO FILE VALUES (?, ?, ?, ?)", list(fields.values()))
    made.commit()
    data = made.serialize()
    made.close()
    results = []
    for size in (1_000, 3):
        for columns in (nsrl_sqlite.by_columns, lambda *_: None):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(sqlite_file, "BATCH", size)
                patch.setattr(nsrl_sqlite, "by_columns", columns)
                results.append(imported(data, accept_rejects=100))
    for result in results[1:]:
        assert (result.rows, result.rejected) == (results[0].rows, results[0].rejected)
        assert result.facts["records"] == results[0].facts["records"] == 1 + len(rows)
        assert result.facts["skipped"] == results[0].facts["skipped"]
        assert result.facts["repeats"] == results[0].facts["repeats"]
