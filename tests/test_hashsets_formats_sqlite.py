"""Databases of The Sleuth Kit and of IPED, and damage to the pages of any."""
# ruff: noqa: S608 - the statements are those of generated databases

import contextlib
import sqlite3
import subprocess
from functools import cache
from pathlib import Path

import pytest
from conftest import Tools
from hashset_formats_binary import IPED, KDB, MINIMAL, database
from hashset_samples import S, add, collect, frames_of_file, imported, read
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import Value
from heroes_forensics.hashsets.hset import read_header


def test_a_database_that_hfind_made_is_read_whole(tool: Tools, tmp_path: Path) -> None:
    path = tmp_path / "made.kdb"
    hashes = [one.md5.hex() for one in S]
    for arguments in (["-c", str(path)], ["-a", str(path), *hashes]):
        subprocess.run([tool("hfind"), *arguments], check=True, capture_output=True, timeout=60)
    result = collect(frames_of_file(path))
    assert set(result.column("md5")) == {one.md5 for one in S}
    assert result.facts["records"] == len(S)
    assert (result.facts["format"], result.facts["version"]) == ("kdb", "1")
    assert (result.facts["nature"], result.facts["warnings"]) == ("", [])


def test_rows_of_a_kdb() -> None:
    rows: list[dict[str, object]] = [
        {"md5": S[0].md5, "sha1": S[0].sha1, "sha2_256": S[0].sha256},
        {"md5": S[1].md5, "sha1": b"", "sha2_256": None},
        {"md5": None},
        {"md5": S[2].md5[:15]},
        {"sha1": 5},
    ]
    result = imported(database(KDB, "hashes", rows), accept_rejects=5)
    assert result.column("sha256") == [S[0].sha256, b""]
    assert result.column("sha1") == [S[0].sha1, b""]
    assert result.rejected == [(4, "not-a-digest"), (5, "not-a-digest")]
    assert result.facts["skipped"] == {"no-digest": 1}


@pytest.mark.parametrize("change", ["'1' WHERE 0", "'2'", "x'ff'", "5", "printf('%1000d', 1)"])
def test_another_version_of_a_kdb_is_read_with_a_warning(change: str) -> None:
    result = imported(
        database(f"{KDB} UPDATE db_properties SET value = {change};", "hashes", [{"md5": S[0].md5}])
    )
    assert bool(result.facts["warnings"]) is not change.endswith("0")
    assert result.column("md5") == [S[0].md5]


def test_a_kdb_in_utf_16_is_recognised() -> None:
    schema = "PRAGMA encoding = 'UTF-16le';" + KDB
    assert imported(database(schema, "hashes", [{"md5": S[0].md5}])).facts["format"] == "kdb"


def test_a_database_whose_tables_show_late_says_what_to_do() -> None:
    padding = "".join(f"CREATE TABLE t{number} (x{'x' * 900});" for number in range(90))
    data = database(padding + KDB, "hashes", [{"md5": S[0].md5}])
    with pytest.raises(HashSetError) as caught:
        imported(data)
    assert "VACUUM" in caught.value.hint


def test_digests_and_properties_of_iped() -> None:
    photodna = bytes(range(144))
    text = (
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BB"
    )
    text += (
        "QkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5fYGFiY2RlZmdoaWprbG1ub3BxcnN0dXZ3eHl6e3x9fn+AgYKD"
    )
    text += "hIWGh4iJiouMjY6P"
    more = (
        "insert into HASHES_PROPERTIES values (1, 1, 'pedo'), (1, 2, 'a|b'),"
        f"(1, 3, '{text}|{text}|zz'), (2, 1, 'known'), (2, 4, 'red'), (9, 1, 'alert');"
    )
    schema = f"{IPED}\n{more}"
    rows: list[dict[str, object]] = [
        {"MD5": S[0].md5, "SHA1": S[0].sha1, "SHA256": S[0].sha256, "SHA512": S[0].sha512},
        {"MD5": S[1].md5, "EDONKEY": S[1].ed2k},
        {"SHA512": S[2].sha512},
        {"MD5": S[3].md5[:-1]},
    ]
    result = read(database(schema, "HASHES", rows))
    first, second, third = result.records
    assert (first.md5, first.sha1, first.sha256) == (S[0].md5, S[0].sha1, S[0].sha256)
    assert (first.category, first.series) == ("pedo", "a|b")
    assert first.values == (
        *(Value("sha512", S[0].sha512), Value("photodna", photodna), Value("photodna", photodna)),
    )
    assert (second.md5, second.category) == (S[1].md5, "known")
    assert second.values == (Value("ed2k", S[1].ed2k),)
    assert (third.number, third.values) == (3, (Value("sha512", S[2].sha512),))
    assert [item.number for item in result.rejected] == [4]
    assert result.tally.skipped == {"bad-photodna": 1, "no-digest": 1}
    assert result.tally.unknown_fields == {"colour"}
    assert (result.format, result.tally.scheme) == ("iped", "iped")


@pytest.mark.parametrize("status", ["alert", "pedo", "known|alert", "pedo|known"])
def test_an_iped_set_that_alerts_is_refused_as_known_good(status: str, tmp_path: Path) -> None:
    schema = f"{IPED} insert into HASHES_PROPERTIES values (1, 1, '{status}'), (2, 1, 'known');"
    data = database(schema, "HASHES", [{"MD5": one.md5} for one in S[:3]])
    with pytest.raises(HashSetError, match="refused as known-good"):
        add(tmp_path, data, kind="known-good")
    record = add(tmp_path, data, kind="notable")
    assert read_header(record.path).profile["name"] == "iped-default"


def test_iped_without_its_index_is_not_joined_for_ever() -> None:
    properties = (
        "with recursive n(x) as (select 1 union all select x + 1 from n where x < 3000)"
        "insert into HASHES_PROPERTIES select x, 1, 'known' from n;"
    )
    schema = IPED.replace("primary key (HASH_ID, PROPERTY_ID)", "CHECK (1)") + properties
    assert imported(database(schema, "HASHES", [{"MD5": S[0].md5}])).column("category") == ["known"]


HOSTILE = {
    "kdb, a view that never ends": "CREATE TABLE db_properties (name, value);"
    "CREATE TABLE t (x); INSERT INTO t VALUES (1),(1),(1),(1),(1),(1),(1),(1),(1),(1),(1),(1),(1);"
    "/* create table hashes */ CREATE VIEW hashes AS SELECT x'00' AS md5 FROM t a, t b, t c, t d,"
    " t e, t f, t g, t h, t i WHERE a.x = 1 + b.x;",
    "kdb, a version that never ends": f"{KDB} DROP TABLE db_properties;"
    "CREATE VIEW db_properties AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n)"
    " SELECT 'a' AS name, x AS value FROM n;",
    "kdb without its columns": "CREATE TABLE db_properties (x); CREATE TABLE hashes (x);",
    "iped, hashes as a view on functions": "CREATE TABLE PROPERTIES (PROPERTY_ID, PROPERTY_NAME);"
    "CREATE TABLE HASHES_PROPERTIES (HASH_ID, PROPERTY_ID, VALUE);"
    "CREATE VIEW HASHES AS SELECT 1 AS HASH_ID, readfile('/etc/passwd') AS MD5;",
    "iped without its columns": "CREATE TABLE HASHES (x); CREATE TABLE PROPERTIES (x);"
    "CREATE TABLE HASHES_PROPERTIES (x);",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_schema_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as made:
        made.executescript(HOSTILE[name])
    made.close()
    with pytest.raises(HashSetError):
        collect(frames_of_file(path, format=name.partition(",")[0].partition(" ")[0]))


@pytest.mark.parametrize("kind", ["kdb", "iped", "nsrl-sqlite"])
def test_a_view_that_makes_up_rows_is_stopped(kind: str) -> None:
    many = ", ".join(f"t {letter}" for letter in "abcdefgh")
    schema = "CREATE TABLE t (x); INSERT INTO t VALUES (1),(1),(1),(1),(1),(1),(1),(1),(1),(1);"
    views = {
        "kdb": "CREATE TABLE db_properties (name, value);"
        f"CREATE VIEW hashes AS SELECT x'00112233445566778899aabbccddeeff' AS md5 FROM {many};",
        "iped": "CREATE TABLE HASHES (HASH_ID, MD5); INSERT INTO HASHES VALUES (1, x'00');"
        "CREATE TABLE PROPERTIES (PROPERTY_ID, PROPERTY_NAME);"
        "CREATE VIEW HASHES_PROPERTIES AS SELECT 1 AS HASH_ID, 1 AS PROPERTY_ID, 'x' AS VALUE"
        f" FROM {many};",
        "nsrl-sqlite": f"CREATE VIEW FILE AS SELECT '{S[0].md5.hex()}' AS md5 FROM {many};",
    }
    with pytest.raises(HashSetError, match=r"more rows than it has bytes|too much work"):
        imported(database(schema + views[kind], "t", []), format=kind)


@cache
def image(kind: str) -> bytes:
    """Make a database of many pages."""
    if kind == "kdb":
        return database(KDB, "hashes", [{"md5": one.md5, "sha1": one.sha1} for one in S])
    if kind == "iped":
        schema = f"{IPED} insert into HASHES_PROPERTIES values (1, 1, 'pedo'), (2, 3, 'x');"
        return database(schema, "HASHES", [{"MD5": one.md5} for one in S])
    rows: list[dict[str, object]] = [
        {
            "sha256": one.sha256.hex(),
            "sha1": one.sha1.hex(),
            "md5": one.md5.hex(),
            "file_name": "a" * 90,
            "file_size": 1,
            "package_id": 1,
        }
        for one in S
    ]
    return database(MINIMAL, "FILE", rows)


@pytest.mark.parametrize("kind", ["kdb", "iped", "nsrl-sqlite"])
@given(data=st.data())
def test_no_damaged_page_crashes_an_importer(kind: str, data: st.DataObject) -> None:
    damaged = bytearray(image(kind))
    pages = len(damaged) // 4096
    numbers = st.integers(0, pages - 1)
    for _ in range(data.draw(st.integers(1, 6))):
        page = 4096 * data.draw(numbers)
        change = data.draw(st.sampled_from(["head", "pointers", "swap", "zero", "cells"]))
        if change == "head":  # kind of page, free block, cells, content, right-most child
            at = page + (100 if page == 0 else 0)
            damaged[at : at + 12] = data.draw(st.binary(min_size=12, max_size=12))
        elif change == "pointers":
            at = page + 8 + 2 * data.draw(st.integers(0, 40))
            damaged[at : at + 2] = data.draw(st.binary(min_size=2, max_size=2))
        elif change == "swap":
            other = 4096 * data.draw(numbers)
            damaged[page : page + 4096] = damaged[other : other + 4096]
        elif change == "zero":
            damaged[page + 108 : page + 4096] = bytes(4096 - 108)
        else:
            at = page + data.draw(st.integers(200, 4090))
            damaged[at : at + 6] = data.draw(st.binary(min_size=6, max_size=6))
    with contextlib.suppress(HashSetError):
        imported(bytes(damaged), format=kind, accept_rejects=1_000)
