"""Zip archives as sources: every member, whatever its name, and what the directory hides."""

import hashlib
import io
import os
import random
import struct
import subprocess
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import containers
import inflate64
import pytest
from backports import zstd
from containers import content, split
from corpus import EVIDENCE, needs_evidence
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Listing, Moment, TimeRule
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.zip import ZipFileSystem, open_zip
from heroes_forensics.parsers.reading.deflate64 import Deflate64Engine
from heroes_forensics.parsers.reading.readers import DescriptorReader

PICTURE = random.Random(7).randbytes(3000) * 20  # noqa: S311 - a fixed seed


class Memory:
    """Bytes as a reader that counts."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.largest = 0
        self.reads = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def pread(self, offset: int, length: int) -> bytes:
        self.largest = max(self.largest, length)
        self.reads += 1
        assert offset >= 0
        return self.data[offset : offset + max(0, length)]

    def close(self) -> None:
        raise AssertionError("what was handed in is not closed")


def archive(
    *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED, comment: bytes = b""
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as writer:
        writer.comment = comment
        for name, content in members:
            writer.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10)), content, method)
    return out.getvalue()


def raw_archive(*members: tuple[bytes, bytes, dict[str, int]]) -> bytes:
    """Write stored members by hand: (name, content, fields that differ from the truth)."""
    body, directory = b"", b""
    for name, data, wrong in members:
        crc = wrong.get("crc", zlib.crc32(data))
        size = wrong.get("size", len(data))
        stored = wrong.get("stored", len(data))
        method, flags = wrong.get("method", 0), wrong.get("flags", 0)
        offset = wrong.get("offset", len(body))
        fields = (20, flags, method, 0x38E4, 0x58A6, crc, stored, size, len(name), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", wrong.get("made_by", 3) << 8 | 20)
        directory += struct.pack("<HHHHHIIIHH", *fields)
        directory += struct.pack("<HHHII", 0, 0, 0, wrong.get("attributes", 0), offset) + name
        body += b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields) + name + data
    count = len(members)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, count, count, len(directory), len(body), 0)
    return body + directory + end


def contents(data: bytes) -> dict[bytes, bytes]:
    return containers.contents(open_zip(Memory(data)))


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_every_method_gives_the_bytes_back(method: int) -> None:
    members = (("a/empty", b""), ("one", b"1"), ("a/picture.jpg", PICTURE))
    assert contents(archive(*members, method=method)) == {n.encode(): c for n, c in members}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
@given(st.lists(st.tuples(st.integers(0, 70_000), st.integers(0, 9_000)), max_size=12))
def test_reading_anywhere_equals_a_slice(method: int, reads: list[tuple[int, int]]) -> None:
    system = open_zip(Memory(archive(("x", PICTURE), method=method)))
    reader = system.open(split(system)[0][0].handle)
    for offset, length in reads:
        assert reader.pread(offset, length) == PICTURE[offset : offset + length]


NAMES = {
    "up": b"../../etc/passwd",
    "Windows up": b"..\\..\\x",
    "drive": b"C:\\x.jpg",
    "newline": b"a\nb",
    "escape": b"\x1b[2J",
    "0xFF": b"\xff\xfe",
    "code page 437": b"Gr\x81\xe1e",
    "NUL": b"a\0b",
    "empty": b"",
    "65,535 bytes": b"n" * 65535,
    "right to left": "\u202egpj.exe".encode(),
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_bytes_and_nothing_is_written(
    name: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert contents(raw_archive((name, b"x", {}), (b"after", b"y", {}))) == {
        name: b"x",
        b"after": b"y",
    }
    assert list(tmp_path.iterdir()) == []


def test_a_leading_slash_is_no_part_of_a_path() -> None:
    assert contents(raw_archive((b"/etc/passwd", b"x", {}))) == {b"etc/passwd": b"x"}


def test_kinds_follow_the_attributes_but_content_is_never_hidden_by_them() -> None:
    def mode(bits: int) -> dict[str, int]:
        return {"attributes": bits << 16}

    data = raw_archive(
        (b"dir/", b"", {}),
        (b"dir-with-content/", b"hidden", {}),
        (b"unix-dir", b"", mode(0o040755)),
        (b"dos-dir", b"", {"made_by": 0, "attributes": 0x10}),
        (b"link", b"/etc/passwd", mode(0o120777)),
        (b"fat-link", b"x" * 5000, mode(0o120777)),
        (b"device", b"", mode(0o060600)),
        (b"device-with-content", b"hidden", mode(0o060600)),
        (b"dir-that-packs/", b"x" * 65, {"size": 0}),
        (b"dir-that-packs-nothing/", b"x" * 64, {"size": 0}),
        (b"unix-dir-that-packs", b"x" * 65, {"size": 0, **mode(0o040755)}),
        (b"dos-dir-that-packs", b"x" * 65, {"size": 0, "made_by": 0, "attributes": 0x10}),
        (b"link-that-packs", b"x" * 5000, {"size": 11, **mode(0o120777)}),
        (b"device-that-packs", b"x" * 65, {"size": 0, **mode(0o060600)}),
        (b"file", b"x", mode(0o100644)),
    )
    entries, gaps, listing = split(open_zip(Memory(data)))
    assert gaps == []
    assert {e.path: e.kind for e in entries} == {
        b"dir": EntryKind.DIRECTORY,
        b"dir-with-content/": EntryKind.FILE,
        b"unix-dir": EntryKind.DIRECTORY,
        b"dos-dir": EntryKind.DIRECTORY,
        b"link": EntryKind.SYMLINK,
        b"fat-link": EntryKind.FILE,
        b"device": EntryKind.OTHER,
        b"device-with-content": EntryKind.FILE,
        b"dir-that-packs/": EntryKind.FILE,
        b"dir-that-packs-nothing": EntryKind.DIRECTORY,
        b"unix-dir-that-packs": EntryKind.FILE,
        b"dos-dir-that-packs": EntryKind.FILE,
        b"link-that-packs": EntryKind.FILE,
        b"device-that-packs": EntryKind.FILE,
        b"file": EntryKind.FILE,
    }
    assert listing.directories == 4


def test_two_ends_that_are_stated_of_one_stream_are_one_entry_behind_it() -> None:
    packed, behind = zlib.compress(b"words", wbits=-15), bytes(3) + b"x" * 50
    said = {"method": 8, "size": 5, "crc": zlib.crc32(b"words")}
    shorter = {**said, "offset": 0, "stored": len(packed) + 40}
    data = raw_archive((b"a", packed + behind, said), (b"b", packed + behind, shorter))
    system = open_zip(Memory(data))
    assert [content(system, each) for each in split(system)[0][:2]] == [b"words"] * 2
    (late,) = system.late()
    assert (late.locator, late.size) == (f"r@{data.index(b'x' * 50):#x}", 50)


def test_equal_names_are_two_entries() -> None:
    system = open_zip(Memory(raw_archive((b"x", b"one", {}), (b"x", b"two", {}))))
    assert [content(system, e) for e in split(system)[0]] == [b"one", b"two"]


def test_overlapping_members_are_each_read() -> None:
    again = {"offset": 0, "stored": 4, "size": 4, "crc": zlib.crc32(b"same")}
    system = open_zip(Memory(raw_archive((b"x", b"same", {}), (b"y", b"", again))))
    entries, _, _ = split(system)
    assert [e.locator for e in entries] == ["m@0x0", "m@0x0.1"]
    assert [content(system, e) for e in entries] == [b"same", b"same"]


REFUSED = {
    "encrypted": ({"flags": 1}, "stream.encrypted"),
    "strongly encrypted": ({"flags": 0x40}, "stream.encrypted"),
    "AES": ({"flags": 1, "method": 99}, "stream.encrypted"),
    "imploded": ({"method": 6}, "stream.unsupported"),
    "patch": ({"flags": 0x20}, "stream.unsupported"),
    "wrong checksum": ({"crc": 1}, "stream.checksum"),
    "longer than stated": ({"size": 2}, "stream.long"),
}


@pytest.mark.parametrize(("wrong", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_read_says_why(wrong: dict[str, int], code: str) -> None:
    system = open_zip(Memory(raw_archive((b"x", b"content", wrong), (b"after", b"fine", {}))))
    bad, good = split(system)[0]
    with pytest.raises(UnsupportedError) as caught:
        content(system, bad)
    assert caught.value.code == code
    assert content(system, good) == b"fine"


def _deflated(content: bytes, **wrong: int) -> bytes:
    engine = zlib.compressobj(wbits=-15)
    stored = engine.compress(content) + engine.flush()
    fields = {"method": 8, "size": len(content), "crc": zlib.crc32(content), **wrong}
    return raw_archive((b"x", stored, fields))


def test_a_bomb_stops_at_its_stated_size() -> None:
    """42 MB of zeros said to be 100 bytes: one byte too many is enough to know."""
    system = open_zip(Memory(_deflated(b"\0" * 42_000_000, size=100)))
    (entry,), _, _ = split(system)
    with pytest.raises(UnsupportedError) as caught:
        content(system, entry)
    assert caught.value.code == "stream.long"


def test_content_said_to_be_empty_is_noticed() -> None:
    system = open_zip(Memory(_deflated(b"not empty", size=0)))
    (entry,), _, _ = split(system)
    with pytest.raises(UnsupportedError) as caught:
        system.open(entry.handle)
    assert caught.value.code == "stream.long"


def test_a_wrong_checksum_of_a_compressed_member() -> None:
    system = open_zip(Memory(_deflated(PICTURE, crc=1)))
    (entry,), _, _ = split(system)
    reader = system.open(entry.handle)
    assert reader.pread(0, 100) == PICTURE[:100], "known only at the end"
    with pytest.raises(UnsupportedError) as caught:
        reader.pread(100, len(PICTURE))
    assert caught.value.code == "stream.checksum"


def test_a_member_larger_than_its_content_reads_short() -> None:
    system = open_zip(Memory(_deflated(b"short", size=1000)))
    (entry,), _, _ = split(system)
    assert content(system, entry) == b"short"


def test_damaged_bytes_are_an_error_of_that_member() -> None:
    data = bytearray(archive(("x", PICTURE), ("y", b"fine")))
    data[60:90] = b"\xff" * 30
    system = open_zip(Memory(bytes(data)))
    bad, good = split(system)[0]
    with pytest.raises(OSError, match="damaged"):
        content(system, bad)
    assert content(system, good) == b"fine"


def test_a_bomb_needs_no_memory() -> None:
    """A reader asks its source for small pieces whatever the member claims."""
    source = Memory(_deflated(b"\0" * 50_000_000))
    system = open_zip(source)
    (entry,), _, _ = split(system)
    reader = system.open(entry.handle)
    source.largest = 0
    assert reader.pread(49_999_999, 5) == b"\0"
    assert source.largest <= 1 << 16


def test_a_program_before_the_archive_and_bytes_behind_it_are_examined() -> None:
    data = b"MZ" + b"stub" * 100 + archive(("x", b"in")) + b"appended" * 50
    system = open_zip(Memory(data))
    entries, gaps, _ = split(system)
    assert gaps == []
    found = {e.kind: content(system, e) for e in entries if e.first_offset == 0}
    assert found == {EntryKind.METADATA: b"MZ" + b"stub" * 100}
    assert content(system, next(e for e in entries if e.path == b"x")) == b"in"
    assert content(system, entries[-1]) == b"appended" * 50


def test_a_member_the_directory_leaves_out_is_found() -> None:
    visible, hidden = archive(("a", b"seen"), ("b", b"seen too")), archive(("h.jpg", PICTURE))
    local = hidden[: hidden.index(b"PK\x01\x02")]
    second = visible.index(b"PK\x03\x04", 4)
    start = visible.index(b"PK\x01\x02")
    end = visible.index(b"PK\x05\x06")
    directory = bytearray(visible[start:end])
    at = directory.index(b"PK\x01\x02", 4) + 42
    directory[at : at + 4] = struct.pack("<I", second + len(local))
    tail = bytearray(visible[end:])
    tail[16:20] = struct.pack("<I", start + len(local))
    data = visible[:second] + local + visible[second:start] + bytes(directory) + bytes(tail)
    system = open_zip(Memory(data))
    entries, gaps, _ = split(system)
    assert gaps == []
    assert [(e.path, e.flags & EntryFlag.ORPHAN) for e in entries] == [
        (b"a", 0),
        (b"b", 0),
        (b"h.jpg", EntryFlag.ORPHAN),
    ]
    assert content(system, entries[2]) == PICTURE


class Unseekable(io.BytesIO):
    """A pipe: members then have their sizes behind them."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise OSError("a pipe")

    def tell(self) -> int:
        raise OSError("a pipe")


def _streamed(*members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = Unseekable()
    with zipfile.ZipFile(out, "w", method) as writer:
        for name, content in members:
            writer.writestr(name, content)
    return out.getvalue()


def test_signatures_inside_a_stored_member_do_not_end_it() -> None:
    """A streamed archive states sizes only behind a member; the member may hold anything."""
    nested = archive(("inner", PICTURE), method=zipfile.ZIP_STORED)
    fake = b"PK\x07\x08" + bytes(30) + b"PK\x03\x04" + bytes(40)
    members = (("a", nested), ("b", fake), ("c", b"end"))
    data = _streamed(*members, method=zipfile.ZIP_STORED)
    last = data.rindex(b"end") + 2
    system = open_zip(Memory(data[:last]))
    entries, gaps, _ = split(system)
    assert [gap.code for gap in gaps] == ["source.truncated"]
    assert [(e.path, content(system, e)) for e in entries[:2]] == [(b"a", nested), (b"b", fake)]
    with pytest.raises(UnsupportedError) as caught:
        content(system, entries[2])
    assert caught.value.code == "stream.short"


def test_a_directory_in_another_order_leaves_nothing_unaccounted() -> None:
    data = archive(*((f"{number}", PICTURE[number:]) for number in range(4)))
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    records = [b"PK\x01\x02" + part for part in data[start:end].split(b"PK\x01\x02")[1:]]
    data = data[:start] + b"".join(records[::-1]) + data[end:]
    entries, gaps, _ = split(open_zip(Memory(data)))
    assert gaps == []
    assert [e.path for e in entries] == [b"3", b"2", b"1", b"0"]


@pytest.mark.parametrize("streamed", [False, True], ids=["sizes before", "sizes behind"])
def test_an_archive_cut_off_gives_all_whole_members(streamed: bool) -> None:  # noqa: FBT001
    members = tuple((f"{number}", PICTURE[number:]) for number in range(5))
    data = _streamed(*members) if streamed else archive(*members)
    last = data.index(b"PK\x01\x02") - 1000
    system = open_zip(Memory(data[:last]))
    entries, gaps, _ = split(system)
    assert [gap.code for gap in gaps] == ["source.truncated"]
    assert [e.path for e in entries] == [b"0", b"1", b"2", b"3", b"4"]
    for entry, (_, expected) in zip(entries[:4], members, strict=False):
        assert content(system, entry) == expected
    if streamed:
        with pytest.raises(UnsupportedError) as caught:
            content(system, entries[4])
        assert caught.value.code == "stream.short"
    else:
        assert len(content(system, entries[4])) < entries[4].size


def test_a_broken_directory_is_a_gap_and_its_members_are_found_anyway() -> None:
    data = bytearray(archive(*((f"{number}", PICTURE[number:]) for number in range(5))))
    third = data.index(b"PK\x01\x02")
    for _ in range(2):
        third = data.index(b"PK\x01\x02", third + 1)
    data[third] = 0
    system = open_zip(Memory(bytes(data)))
    entries, gaps, _ = split(system)
    assert [(gap.code, gap.detail) for gap in gaps] == [
        ("source.damaged", {"stated": 5, "found": 2})
    ]
    files = [e for e in entries if e.kind == EntryKind.FILE]
    assert [e.path for e in files] == [b"0", b"1", b"2", b"3", b"4"]
    assert [content(system, e) for e in files] == [PICTURE[number:] for number in range(5)]


def test_a_directory_that_states_another_count_is_a_gap() -> None:
    data = bytearray(archive(("a", b"1"), ("b", b"2")))
    end = data.index(b"PK\x05\x06")
    data[end + 8 : end + 12] = struct.pack("<HH", 3, 3)
    _, gaps, _ = split(open_zip(Memory(bytes(data))))
    assert [gap.detail for gap in gaps] == [{"stated": 3, "found": 2}]


def test_an_end_record_inside_the_comment_does_not_mislead() -> None:
    fake = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 1, 1, 46, 7, 0)
    assert contents(archive(("x", b"real"), comment=b"before " + fake + b" after")) == {
        b"x": b"real"
    }


def test_times_are_those_every_member_has() -> None:
    system = open_zip(Memory(archive(("x", b""))))
    assert system.times == {"m": TimeRule(2_000_000_000, "local-unknown")}
    assert split(system)[0][0].times[0] == Moment(1714979290, 0)  # 2024-05-06 07:08:10


def _with_extra(*extras: bytes) -> ZipFileSystem:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as writer:
        for number, extra in enumerate(extras):
            info = zipfile.ZipInfo(f"{number}")
            info.extra = extra
            writer.writestr(info, b"")
    return open_zip(Memory(out.getvalue()))


UNIX_TIME = struct.pack("<HHBi", 0x5455, 5, 1, -86400)
NTFS_TIMES = struct.pack("<HHIHHQQQ", 10, 32, 0, 1, 24, 116444736000000001, 0, 10**17)


def test_exact_times_are_used_when_all_members_have_them() -> None:
    system = _with_extra(UNIX_TIME, UNIX_TIME)
    assert system.times == {"m": TimeRule(10**9, "utc")}
    assert split(system)[0][0].times == (Moment(-86400, 0), None, None, None)
    system = _with_extra(NTFS_TIMES)
    assert set(system.times) == {"m", "a", "b"}
    assert split(system)[0][0].times[0] == Moment(0, 100)
    system = _with_extra(UNIX_TIME, b"")
    assert system.times["m"].zone == "local-unknown", "one rule must hold for every member"


def test_the_owner_is_kept() -> None:
    field = struct.pack("<HHBBHBH", 0x7875, 7, 1, 2, 1000, 2, 1001)
    assert split(_with_extra(field))[0][0].owner == 1000


NOT_ZIPS = {"empty": b"", "text": b"hello " * 500, "cut signature": b"PK\x03", "tail": b"PK\5\6"}


@pytest.mark.parametrize("data", NOT_ZIPS.values(), ids=NOT_ZIPS)
def test_what_is_no_archive_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_zip(Memory(data))


def test_an_empty_archive_has_no_members() -> None:
    assert contents(archive()) == {}


def _examine(data: bytes) -> None:
    try:
        system = open_zip(Memory(data))
    except EvidenceError:
        return
    assert system.times
    for entry in split(system)[0]:
        try:
            reader = system.open(entry.handle)
            reader.pread(0, 1 << 16)
            reader.pread(5, 10)
        except (EvidenceError, OSError):
            continue


@given(st.binary(max_size=400))
def test_no_bytes_make_it_crash(junk: bytes) -> None:
    _examine(junk)
    _examine(b"PK\x03\x04" + junk)
    _examine(junk + b"PK\x05\x06" + b"\0" * 4 + b"\1\0\1\0" + junk[:10])


@given(st.data())
def test_no_spoilt_archive_makes_it_crash(data: st.DataObject) -> None:
    whole = bytearray(archive(("a", b"hello"), ("b/", b""), ("c", PICTURE[:3000])))
    for _ in range(data.draw(st.integers(1, 6))):
        spot = data.draw(st.integers(0, len(whole) - 1))
        whole[spot] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, 50))
    _examine(bytes(whole[: len(whole) - cut]))


@given(st.binary(max_size=64))
def test_no_handle_makes_it_crash(handle: bytes) -> None:
    system = open_zip(Memory(archive(("a", b"hello"))))
    for form in (b"", b"\x01", b"\x02"):
        try:
            system.open((form + handle)[:33]).pread(0, 100)
        except (OSError, UnsupportedError):
            continue


def _sparse(path: Path, small: int) -> int:
    """Write an archive of one 4.5 GiB member of zeros and ``small`` little ones, Zip64, sparse.

    Returns:
        The size of the large member.
    """
    large = 9 << 29
    directory = io.BytesIO()
    with path.open("wb") as out:
        for number in range(small + 1):
            name = b"DCIM/%07d.jpg" % number
            size = large if number == 0 else 7
            crc = 0xFFFFFFFF if number == 0 else zlib.crc32(b"%07d" % number)
            offset = out.tell()
            wide = struct.pack("<HHQQ", 1, 16, size, size)
            full = 0xFFFFFFFF
            fields = (45, 0, 0, 0x38E4, 0x58A6, crc, full, full, len(name), len(wide))
            out.write(b"PK\x03\x04" + struct.pack("<HHHHHIIIHH", *fields) + name + wide)
            if number:
                out.write(b"%07d" % number)
            else:
                out.seek(large, os.SEEK_CUR)
            wide = struct.pack("<HHQQQ", 1, 24, size, size, offset)
            fields = (45, 0, 0, 0x38E4, 0x58A6, crc, full, full, len(name), len(wide))
            directory.write(b"PK\x01\x02" + struct.pack("<H", 3 << 8 | 45))
            directory.write(struct.pack("<HHHHHIIIHH", *fields))
            directory.write(struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, full) + name + wide)
        start, length = out.tell(), directory.tell()
        out.write(directory.getvalue())
        end = out.tell()
        count = small + 1
        out.write(b"PK\x06\x06" + struct.pack("<QHHII", 44, 45, 45, 0, 0))
        out.write(struct.pack("<QQQQ", count, count, length, start))
        out.write(b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1))
        out.write(b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0xFFFF, 0xFFFF, -1 & full, full, 0))
    return large


@pytest.fixture
def sparse(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "big.zip"
    yield path
    path.unlink()


def _check_sparse(path: Path, small: int) -> None:
    large = _sparse(path, small)
    with path.open("rb") as stream:
        system = open_zip(DescriptorReader(stream.fileno()))
        count = directories = 0
        kept: list[Entry] = []
        listing: Listing | None = None
        for row in system.entries():
            if isinstance(row, Entry):
                count += 1
                directories += row.kind == EntryKind.DIRECTORY
                if count in {1, 2, small + 1}:
                    kept.append(row)
            else:
                assert isinstance(row, Listing), row
                listing = row
        assert listing is not None
        assert listing.entries == count == small + 1
        first, second, last = kept
        assert first.size == large
        assert system.open(first.handle).pread(large - 3, 10) == b"\0\0\0"
        assert second.first_offset > large
        assert content(system, second) == b"0000001"
        assert content(system, last) == b"%07d" % small


def test_members_and_offsets_beyond_four_gibibytes(sparse: Path) -> None:
    _check_sparse(sparse, 100)


def test_three_hundred_thousand_members(sparse: Path) -> None:
    _check_sparse(sparse, 300_000)


def _peak(path: Path, small: int) -> int:
    """Return the most memory that listing takes, bytes."""
    _sparse(path, small)
    with path.open("rb") as stream:
        system = open_zip(DescriptorReader(stream.fileno()))
        tracemalloc.start()
        try:
            for _ in system.entries():
                pass
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


def test_little_is_kept_of_a_member(sparse: Path) -> None:
    """24 bytes, and a few more while they are sorted; its name and times are not kept."""
    grown = _peak(sparse, 6_000) - _peak(sparse, 2_000)
    assert grown < 4_000 * 150


def _by_unzip(path: Path) -> list[tuple[int, str]]:
    out = subprocess.run(["unzip", "-lqq", path], capture_output=True, check=True).stdout
    rows = [line.split(None, 3) for line in out.decode("utf-8", "replace").splitlines()]
    return sorted((int(row[0]), row[3]) for row in rows)


@needs_evidence
@pytest.mark.parametrize(
    "name",
    [
        "archives/dfvfs/absolute_paths.zip",
        "archives/dfvfs/mixed_paths.zip",
        "archives/dfvfs/with_directory.zip",
        "archives/iped-test_mockZip.zip",
        "archives/bulk_extractor-jpegs.zip",
        "archives/tika-test-documents.zip",
        "archives/tika-droste.zip",
        "archives/tika-moby.zip",
        "archives/bulk_extractor-testfilex.docx",
        "archives/bulk_extractor-iwork_09.pages",
    ],
)
def test_real_archives_equal_what_unzip_lists(name: str) -> None:
    if which("unzip") is None:
        pytest.skip("unzip is not installed")
    assert EVIDENCE is not None
    path = EVIDENCE / name
    with path.open("rb") as stream:
        entries, gaps, _ = split(open_zip(DescriptorReader(stream.fileno())))
    assert gaps == []
    ours = sorted(
        (e.size, e.path.decode("utf-8", "replace") + "/" * (e.kind == EntryKind.DIRECTORY))
        for e in entries
    )
    assert ours == [(size, path.lstrip("/")) for size, path in _by_unzip(path)]


@needs_evidence
@pytest.mark.parametrize("name", ["bulk_extractor-jpegs.zip", "tika-droste.zip", "tika-gbk.zip"])
def test_real_members_equal_what_the_standard_library_reads(name: str) -> None:
    assert EVIDENCE is not None
    path = EVIDENCE / "archives" / name
    system = open_zip(Memory(path.read_bytes()))
    ours = sorted(
        hashlib.sha256(content(system, e)).hexdigest()
        for e in split(system)[0]
        if e.kind == EntryKind.FILE
    )
    with zipfile.ZipFile(path) as theirs:
        expected = sorted(
            hashlib.sha256(theirs.read(row)).hexdigest()
            for row in theirs.infolist()
            if not row.is_dir()
        )
    assert ours == expected


@needs_evidence
def test_real_archives_that_are_not_right() -> None:
    assert EVIDENCE is not None
    folder = EVIDENCE / "archives"
    _, gaps, _ = split(open_zip(Memory((folder / "tika-test-documents-spanned.zip").read_bytes())))
    assert gaps[0].code == "container.part"
    system = open_zip(Memory((folder / "tika-testZIP_corrupted_oom.zip").read_bytes()))
    (entry,), gaps, _ = split(system)
    assert [gap.code for gap in gaps] == ["source.damaged"]
    assert len(content(system, entry)) < entry.size
    system = open_zip(Memory((folder / "tika-moby.zip").read_bytes()))
    with pytest.raises(UnsupportedError) as caught:
        content(system, split(system)[0][0])
    assert caught.value.code == "stream.unsupported"


@pytest.mark.skipif(which("7z") is None, reason="no 7z")
def test_deflate64_is_expanded_as_7zip_writes_it(tmp_path: Path) -> None:
    data = {"noise": PICTURE * 3, "zeros": bytes(3 << 20), "text": b"line of text\n" * 90_000}
    for name, content_ in data.items():
        (tmp_path / name).write_bytes(content_)
    command = ["7z", "a", "-bd", "-tzip", "-mm=Deflate64", "x.zip", *data]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    packed = (tmp_path / "x.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "x.zip") as reader:
        assert {each.compress_type for each in reader.infolist()} == {9}
    assert contents(packed) == {n.encode(): c for n, c in data.items()}


def test_deflate64_comes_in_bounded_pieces_and_damage_is_an_error() -> None:
    engine = inflate64.Deflater()
    packed = engine.deflate(bytes(64 << 20)) + engine.flush()
    taken = Deflate64Engine()
    out = taken.decompress(packed, 1 << 16)
    assert len(out) == 1 << 16
    assert len(taken._output) <= 8 << 20  # noqa: SLF001 - what is held
    total = len(out)
    while not taken.eof:
        total += len(taken.decompress(b"", 1 << 20))
    assert total == 64 << 20
    with pytest.raises(ValueError, match="code"):
        Deflate64Engine().decompress(b"\xff" * 99)


def test_zstandard_in_zip_is_expanded() -> None:
    data = PICTURE * 9
    packed = zstd.compress(data)
    name = b"x"
    fields = (20, 0, 93, 0, 0, zlib.crc32(data), len(packed), len(data), len(name), 0)
    local = b"PK\3\4" + struct.pack("<5H3I2H", *fields) + name
    central = b"PK\1\2" + struct.pack("<6H3I5H2I", 20, *fields, 0, 0, 0, 0, 0) + name
    end = b"PK\5\6" + struct.pack("<4H2IH", 0, 0, 1, 1, len(central), len(local + packed), 0)
    assert contents(local + packed + central + end) == {b"x": data}
