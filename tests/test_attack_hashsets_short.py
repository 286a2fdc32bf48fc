"""Files that would be read shorter than they are, or longer than memory: refused, or said."""

import io
import json
import os
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import pytest
from hashset_formats_binary import KDB, encase
from hashset_formats_text import ICSE_HEAD
from hashset_samples import S, imported, read

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import sqlite_file, table, vics
from heroes_forensics.hashsets.importing import import_rows

M: Final = [sample.md5.hex() for sample in S]


def _object(number: int) -> dict[str, str]:
    return {"md5": M[number]}


LOST: Final[dict[str, bytes]] = {
    "a second list under another key": json.dumps(
        {"hashes": [_object(0)], "media": [_object(1)]}
    ).encode(),
    "a second list under the same key": (
        '{"hashes": [{"md5": "%s"}], "Hashes": [{"md5": "%s"}]}' % (M[0], M[1])  # noqa: UP031
    ).encode(),
    "a VICS case with two lists": (
        '{"value": [{"Media": [{"MD5": "%s"}], "media": [{"MD5": "%s"}]}]}' % (M[0], M[1])  # noqa: UP031
    ).encode(),
    "attributes of MISP that are no list": json.dumps(
        {
            "Event": {
                "Object": [{"Attribute": [{"type": "md5", "value": M[0]}]}],
                "Attribute": {"type": "md5", "value": M[1]},
            }
        }
    ).encode(),
    "EnCase, cut between two values": encase([s.md5 + b"\0\0" for s in S[:4]])[:-18],
}


@pytest.mark.parametrize("data", LOST.values(), ids=LOST)
def test_what_would_lose_records_without_a_word_is_refused(data: bytes) -> None:
    with pytest.raises(HashSetError, match="damaged"):
        read(data)


def test_lists_that_hold_no_objects_may_stand_beside_the_records() -> None:
    body = {"results": [], "hashes": [_object(0)], "data": [1, 2], "media": []}
    with pytest.raises(HashSetError):  # the first list is the one that is read
        imported(json.dumps(body).encode())
    body = {"hashes": [_object(0)], "results": [], "data": [1, 2], "media": []}
    assert imported(json.dumps(body).encode()).facts["records"] == 1


def test_an_object_of_misp_without_a_list_is_rejected_and_the_others_are_read() -> None:
    good = {"Attribute": [{"type": "md5", "value": M[0]}]}
    body = {"Event": {"Object": [good, {"Attribute": {"type": "md5"}}, {"name": "file"}]}}
    result = read(json.dumps(body).encode())
    assert [item.reason for item in result.rejected] == ["not-a-list"]
    assert len(result.records) == 1


def test_a_digest_that_was_cut_is_not_taken_for_a_shorter_one() -> None:
    data = "".join(f"{sample.sha1.hex()}\n" for sample in S[:8]).encode()
    result = read(data[: -(1 + 40 - 32)])
    assert [(item.number, item.reason) for item in result.rejected] == [(8, "cut-short")]
    assert not any(record.md5 for record in result.records)
    mixed = read(data + M[0].encode() + b"\n")
    assert (mixed.records[-1].md5, mixed.rejected) == (S[0].md5, [])


def test_a_row_of_icse_that_was_cut_has_no_category_of_its_own() -> None:
    row = f"{M[0]};;;42;yes;no;no;x;3;yes;Image;yes"
    data = f"{ICSE_HEAD}\n{row}\n{row}"
    assert [r.category for r in read(data.encode()).records] == ["baseline"] * 2
    cut = read(data.removesuffix(";Image;yes").encode())
    assert [item.reason for item in cut.rejected] == ["cut-short"]


def _database() -> bytes:
    base = sqlite3.connect(":memory:")
    base.executescript(KDB)
    rows = [(sample.md5, number) for number, sample in enumerate(S)]
    base.executemany("INSERT INTO hashes (md5, id) VALUES (?, ?)", [(m, 1 + n) for m, n in rows])
    base.execute("INSERT INTO comments VALUES (?, 1)", ("x" * 3000,))
    base.commit()
    data = base.serialize()
    base.close()
    return data


def _leaves(data: bytes) -> Iterator[int]:
    """Yield where the pages begin that hold rows of tables (sqlite.org/fileformat.html, 1.6)."""
    for start in range(4096, len(data), 4096):
        if data[start] == 13 and int.from_bytes(data[start + 3 : start + 5], "big"):
            yield start


def test_a_database_with_a_row_less_than_it_had_is_refused() -> None:
    data = _database()
    assert len(read(data).records) == len(S)
    changed = 0
    for start in _leaves(data):
        for bit in range(7):
            altered = bytearray(data)
            altered[start + 4] ^= 1 << bit
            try:
                result = read(bytes(altered))
            except HashSetError:
                changed += 1
            else:
                assert len(result.records) + len(result.rejected) >= len(S)
    assert changed > 10


def test_a_view_that_makes_sqlite_work_for_each_row_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sqlite_file, "_CHECKS", 50)
    monkeypatch.setattr(sqlite_file, "_STEPS", 1000)
    base = sqlite3.connect(":memory:")
    base.executescript(
        "CREATE TABLE t (n INTEGER);"
        "CREATE VIEW FILE AS SELECT a.n AS file_size, hex(a.n) AS md5 FROM t a, t b, t c"
        " WHERE (a.n + b.n + c.n) % 4 = 0;"
    )
    base.executemany("INSERT INTO t VALUES (?)", [(n,) for n in range(100)])
    base.commit()
    data = base.serialize()
    base.close()
    with pytest.raises(HashSetError, match="took too much work"):
        read(data)


def test_a_row_over_many_lines_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ROW_LIMIT", 10_000)
    start = f"md5,name\n{M[0]},x\n".encode()
    assert len(read(start + b'"a\n",' * 1_000).rejected) == 1
    with pytest.raises(HashSetError, match="a row is longer than"):
        read(start + b'"a\n",' * 10_000)
    assert len(read(start * 1_000).records) == 1_000  # not the file


def test_one_record_of_vics_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vics, "_RECORD_LIMIT", 400_000)
    start = '{"value": [{"MediaID": 1, "MD5": "%s"' % M[0]  # noqa: UP031
    names = "".join(f',"k{number}": 1' for number in range(40_000))
    result = read(f"{start}{names}}}]}}".encode())
    assert len(result.records) == 1
    assert 0 < len(result.tally.unknown_fields) <= 100
    texts = ",".join(['"' + "x" * 60_000 + '"'] * 9)
    with pytest.raises(HashSetError, match="a record is longer than"):
        read(f'{start}, "Tags": [{texts}]}}]}}'.encode())


def test_a_statement_of_a_million_lines_is_read() -> None:
    name = b"\n" * 900_000
    row = b"INSERT INTO FILE(md5, file_name) VALUES('%s', '%s');\n"
    data = b"BEGIN;\n" + row % (M[0].encode(), name) + row % (M[1].encode(), b"x") + b"COMMIT;\n"
    assert [record.md5 for record in read(data).records] == [S[0].md5, S[1].md5]


def _zipped(method: int, *, streamed: bool = False) -> bytes:
    made = io.BytesIO()
    data = "".join(f"{text}\n" for text in M[:20]).encode()
    target = cast("io.BytesIO", _Unseekable(made)) if streamed else made
    with zipfile.ZipFile(target, "w", method) as archive:
        archive.writestr("list.txt", data)
    return made.getvalue()


class _Unseekable:
    """A stream that can only be written, so that sizes follow their member."""

    def __init__(self, inner: io.BytesIO) -> None:
        self.write, self.flush = inner.write, inner.flush


@pytest.mark.parametrize("streamed", [False, True], ids=["sizes before", "sizes behind"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_as_programs_write_them_are_read(method: int, *, streamed: bool) -> None:
    assert imported(_zipped(method, streamed=streamed)).facts["records"] == 20


def test_a_member_that_is_shorter_by_the_directory_of_its_archive_is_refused() -> None:
    data = bytearray(_zipped(zipfile.ZIP_STORED))
    at = data.index(b"PK\x01\x02")
    part = "".join(f"{text}\n" for text in M[:5]).encode()
    struct.pack_into("<III", data, at + 16, zlib.crc32(part), len(part), len(part))
    with pytest.raises(HashSetError, match="says two things"):
        imported(bytes(data))


def test_what_an_archive_says_of_its_size_allows_no_more_than_it_has() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.txt", M[0].encode() + b"\n" * 9_000_000)
    data = bytearray(made.getvalue())
    for mark, offset in ((b"PK\x01\x02", 20), (b"PK\x03\x04", 18)):
        struct.pack_into("<I", data, data.index(mark) + offset, 0xFFFFFFF0)
    with pytest.raises(HashSetError, match=r"expands more than|damaged"):
        imported(bytes(data))


OUTSIDE: Final = {
    "c4all": f"<ReportIndex><Image><hash>{M[0]}</hash></Image>"
    f"<Video><hash>{M[1]}</hash></Video></ReportIndex>",
    "ncmec": '<queryResult xmlns="https://hashsharing.ncmec.org/hashsharing/v2"><images><image>'
    f"<fingerprints><md5>{M[0]}</md5></fingerprints></image></images><clips><clip>"
    f"<fingerprints><md5>{M[1]}</md5></fingerprints></clip></clips></queryResult>",
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_records_of_a_kind_that_nobody_knows_are_named(name: str) -> None:
    result = read(OUTSIDE[name].encode())
    assert (result.format, len(result.records)) == (name, 1)
    assert result.tally.unknown_fields & {"video", "clips"}
    known = read(OUTSIDE[name].replace("Video", "Movie").replace("clip", "video").encode())
    assert (len(known.records), known.tally.unknown_fields) == (2, set())


def test_a_file_that_is_changed_and_set_back_while_it_is_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{text}\n" for text in M * 400))
    before = path.stat()
    descriptor = os.open(path, os.O_RDONLY)
    try:
        frames = import_rows(descriptor, {})
        next(frames)
        data = path.read_bytes()
        path.write_bytes(data.replace(M[63].encode(), M[62].encode()))
        path.write_bytes(data)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        with pytest.raises(HashSetError, match="changed while it was read"):
            list(frames)
    finally:
        os.close(descriptor)
