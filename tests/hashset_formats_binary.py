"""Rows of the conformance test: SQLite databases and other binary formats."""

import json
import sqlite3
import struct
from collections.abc import Callable, Sequence
from typing import Final

from hashset_conformance import NOTHING, Row, lines
from hashset_samples import S, Sample

KDB: Final = """
CREATE TABLE db_properties (name TEXT NOT NULL, value TEXT);
CREATE TABLE hashes (id INTEGER PRIMARY KEY AUTOINCREMENT, md5 BINARY(16) UNIQUE,
  sha1 BINARY(20), sha2_256 BINARY(32));
CREATE TABLE file_names (name TEXT NOT NULL, hash_id INTEGER NOT NULL, PRIMARY KEY(name, hash_id));
CREATE TABLE comments (comment TEXT NOT NULL, hash_id INTEGER NOT NULL,
  PRIMARY KEY(comment, hash_id));
CREATE INDEX md5_index ON hashes(md5);
INSERT INTO db_properties VALUES ('Schema Version', '1');
"""
IPED: Final = """
create table HASHES (HASH_ID integer primary key, MD5 blob, SHA1 blob, SHA256 blob, SHA512 blob,
  EDONKEY blob);
create unique index IDX_MD5 on HASHES (MD5);
create table HASHES_PROPERTIES (HASH_ID integer, PROPERTY_ID integer, VALUE text NOT NULL,
  primary key (HASH_ID, PROPERTY_ID));
create table PROPERTIES (PROPERTY_ID integer, PROPERTY_NAME text NOT NULL,
  primary key (PROPERTY_ID));
insert into PROPERTIES values (1, 'status'), (2, 'set'), (3, 'photoDna'), (4, 'colour');
"""
MINIMAL: Final = """
CREATE TABLE FILE (sha256 VARCHAR NOT NULL, sha1 VARCHAR NOT NULL, md5 VARCHAR NOT NULL,
  crc32 VARCHAR, file_name VARCHAR NOT NULL, file_size INTEGER NOT NULL,
  package_id INTEGER NOT NULL);
CREATE TABLE PKG (package_id INTEGER NOT NULL, name VARCHAR NOT NULL);
CREATE VIEW DISTINCT_HASH AS SELECT DISTINCT sha256, sha1, md5 FROM FILE;
"""


def database(schema: str, table: str, rows: Sequence[dict[str, object]]) -> bytes:
    """Make a database with some rows; texts that begin with ``0x`` are bytes."""
    base = sqlite3.connect(":memory:")
    base.executescript(schema)
    for row in rows:
        values = [
            bytes.fromhex(value[2:]) if isinstance(value, str) and value[:2] == "0x" else value
            for value in row.values()
        ]
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        base.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)  # noqa: S608
    base.commit()
    data = base.serialize()
    base.close()
    return data


def _built(schema: str, table: str) -> Callable[[Sequence[bytes]], bytes]:
    return lambda records: database(schema, table, [json.loads(record) for record in records])


def _row(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def _nsrl(sample: Sample) -> bytes:
    texts = {name: getattr(sample, name).hex().upper() for name in ("sha256", "sha1", "md5")}
    return _row(**texts, crc32="0", file_name="a", file_size=sample.size, package_id=1)


def encase(records: Sequence[bytes], *, category: str = "", count: int = -1) -> bytes:
    """Make an EnCase hash file of values that end in two zero bytes."""
    header = bytearray(0x480)
    struct.pack_into("<8sII", header, 0, b"HASH\r\n\xff\0", 2, 1)
    struct.pack_into("<I", header, 0x10, len(records) if count < 0 else count)
    header[0x408 : 0x408 + 8] = "name".encode("utf-16-le")
    header[0x458 : 0x458 + 2 * len(category)] = category.encode("utf-16-le")
    return bytes(header) + b"".join(records)


ROWS: Final = (
    Row(
        format="kdb",
        build=_built(KDB.replace(" UNIQUE", ""), "hashes"),
        record=lambda s: _row(md5=f"0x{s.md5.hex()}", sha2_256=f"0x{s.sha256.hex()}"),
        carries=("md5", "sha256"),
        text=False,
        step=997,
        bad=_row(md5="abc"),
        nothing=_row(md5=f"0x{NOTHING['md5']}"),
    ),
    Row(
        format="iped",
        build=_built(IPED.replace("unique ", ""), "HASHES"),
        record=lambda s: _row(MD5=f"0x{s.md5.hex()}", EDONKEY=f"0x{s.ed2k.hex()}"),
        carries=("md5", "ed2k"),
        text=False,
        step=997,
        bad=_row(MD5="abc"),
        nothing=_row(MD5=f"0x{NOTHING['md5']}"),
        extra=database(IPED, "HASHES", [{"MD5": S[0].md5}]),
    ),
    Row(
        format="nsrl-sqlite",
        build=_built(MINIMAL, "FILE"),
        record=_nsrl,
        carries=("md5", "sha1", "sha256", "size"),
        text=False,
        step=997,
        bad=_row(sha256="", sha1="", md5="abc", file_name="a", file_size=1, package_id=1),
        nothing=_row(
            sha256=NOTHING["sha256"],
            sha1=NOTHING["sha1"],
            md5=NOTHING["md5"],
            file_name="a",
            file_size=1,
            package_id=1,
        ),
    ),
    Row(
        format="encase",
        build=encase,
        record=lambda s: s.md5 + b"\0\0",
        carries=("md5",),
        text=False,
        step=13,
        nothing=bytes.fromhex(NOTHING["md5"]) + b"\0\0",
    ),
    Row(
        format="tsk-index",
        build=lines("0" * 41 + "|md5sum", "0" * 40 + "1|x.txt"),
        record=lambda s: f"{s.md5.hex().upper()}|{s.number:016d}".encode(),
        carries=("md5",),
        bad=b"abc|0000000000000001",
        nothing=f"{NOTHING['md5']}|0000000000000001".encode(),
    ),
    Row(
        format="tsk-index",
        layout="SHA-1",
        build=lines("0" * 41 + "|nsrl2", "0" * 40 + "1|x.txt"),
        record=lambda s: f"{s.sha1.hex().upper()}|{s.number:016d}".encode(),
        carries=("sha1",),
        bad=f"{S[9].sha1.hex()}|1".encode(),
    ),
)
