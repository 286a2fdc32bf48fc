"""Containers inside evidence: every member, whatever it is called, as far as the limits go."""

import bz2
import hashlib
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from backports import zstd
from corpus import evidence, needs_evidence
from hypothesis import given
from hypothesis import strategies as st
from test_media_perceptual import encoded, gradient

from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.frames import Batch, Container, Control, Frame, Status, Unit, entries_of
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import GAP_CODES, JSON, Entry, EntryFlag, EntryKind
from heroes_forensics.parsers.containers import skippable
from heroes_forensics.parsers.containers.limits import FLOOR, Limits
from heroes_forensics.pipelines.work import members, units


@dataclass
class Found:
    """What an expander said."""

    entries: list[Entry] = field(default_factory=list)
    contents: dict[int, tuple[Status, str, bytes, int]] = field(default_factory=dict)
    containers: dict[int, tuple[Container, str, int, int, int, int]] = field(default_factory=dict)
    """By id: status, gap, depth, first, listed, expanded."""
    streams: dict[int, bytes] = field(default_factory=dict)

    def digest(self, path: bytes) -> str:
        (number,) = (n for n, entry in enumerate(self.entries) if entry.path == path)
        return self.contents[number][2].hex()

    def gaps(self) -> dict[bytes, str]:
        return {
            self.entries[number].path: row[1] for number, row in self.contents.items() if row[1]
        }

    @property
    def top(self) -> tuple[Container, str]:
        return self.containers[0][:2]


def expanded(data: bytes, kind: str, *, limits: Limits | None = None, **body: object) -> Found:
    """Open a container as an expander does, without any process."""
    descriptor = os.memfd_create("container")
    os.write(descriptor, data)
    asked: JSON = {"kind": kind, "limits": (limits or Limits()).to_json(), **body}
    session = units.Session(())
    unit = Unit(7, "expand", asked, descriptors=(descriptor,))
    try:
        return collected(units.run_unit(session, unit))
    finally:
        session.end_unit()
        os.close(descriptor)


def collected(frames: Iterator[Frame]) -> Found:
    found = Found()
    for frame in frames:
        if isinstance(frame, Control):
            if frame.kind == "stream":
                (descriptor,) = frame.descriptors
                size = int(str(frame.body["size"]))
                found.streams[int(str(frame.body["item"]))] = os.pread(descriptor, size, 0)
                os.close(descriptor)
        elif frame.kind == "entries":
            found.entries += entries_of(frame)
        elif frame.kind == "contents":
            rows(found, frame)
        else:
            for row in frame.rows.tolist():
                number, status, gap, depth, first, listed, _, size = row
                found.containers[number] = (
                    *(Container(status), GAP_CODES[gap]),
                    *(depth, first, listed, size),
                )
    return found


def rows(found: Found, batch: Batch) -> None:
    for number, status, _, gap, _, size, _, _, sha256 in batch.rows.tolist():
        assert number not in found.contents
        found.contents[number] = (Status(status), GAP_CODES[gap], bytes(sha256), size)


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files:
            archive.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10)), data, method)
    return out.getvalue()


def tarred(*files: tuple[tarfile.TarInfo, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for info, data in files:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_members_are_listed_and_digested() -> None:
    found = expanded(zipped(("a.txt", b"alpha"), ("d/", b""), ("d/b.bin", b"beta" * 999)), "zip")
    assert [entry.path for entry in found.entries] == [b"a.txt", b"d", b"d/b.bin"]
    assert found.digest(b"a.txt") == sha256(b"alpha")
    assert found.digest(b"d/b.bin") == sha256(b"beta" * 999)
    assert set(found.contents) == {0, 2}  # a directory has nothing to read
    assert found.containers == {0: (Container.DONE, "", 1, 0, 3, 5 + 4 * 999)}


def test_a_member_that_is_named_like_a_picture_is_marked_so() -> None:
    found = expanded(zipped(("a.JPG", b"alpha"), ("b.txt", b"beta"), ("c.webm", b"c")), "zip")
    named = [bool(entry.flags & EntryFlag.MEDIA_NAME) for entry in found.entries]
    assert named == [True, False, True]


def test_what_is_nested_follows_with_its_own_row_and_locators() -> None:
    innermost = tarred((tarfile.TarInfo("deep.txt"), b"deep"))
    inner = zipped(("x/in.tar", innermost), ("y.txt", b"why"))
    found = expanded(zipped(("one.zip", inner), ("two.zip", inner)), "zip")
    assert [entry.path for entry in found.entries] == [
        *(b"one.zip", b"two.zip"),
        *(b"one.zip/x/in.tar", b"one.zip/y.txt", b"one.zip/x/in.tar/deep.txt"),
        *(b"two.zip/x/in.tar", b"two.zip/y.txt", b"two.zip/x/in.tar/deep.txt"),
    ]
    second = found.entries[1].locator
    assert found.entries[7].locator == f"{second}/m@0x0/m@0x0"
    assert len({entry.locator for entry in found.entries}) == 8
    assert {number: row[:5] for number, row in found.containers.items()} == {
        0: (Container.DONE, "", 1, 0, 2),
        1: (Container.DONE, "", 2, 2, 2),
        3: (Container.DONE, "", 3, 4, 1),
        2: (Container.DONE, "", 2, 5, 2),
        6: (Container.DONE, "", 3, 7, 1),
    }
    assert found.digest(b"two.zip/x/in.tar/deep.txt") == sha256(b"deep")


def test_pictures_are_handed_over_while_they_are_read() -> None:
    picture = encoded(gradient(), "PNG")
    inner = zipped(("p.png", picture))
    found = expanded(
        zipped(("not.txt", picture), ("in.zip", inner)), "zip", hand_over={"decode": ["png"]}
    )
    assert found.streams == {0: picture, 2: picture}


HOSTILE = {
    b"../../outside": b"up",
    b"/etc/absolute": b"root",
    b"link": b"",
    b"link/through": b"written through the link",
    b"device": b"",
    b"fifo": b"",
    b"hard": b"",
}


def test_names_and_links_of_a_tar_are_recorded_and_never_followed(tmp_path: Path) -> None:
    kinds = {b"link": tarfile.SYMTYPE, b"device": tarfile.CHRTYPE, b"fifo": tarfile.FIFOTYPE}
    files = []
    for name, data in HOSTILE.items():
        info = tarfile.TarInfo(name.decode())
        info.type = kinds.get(name, tarfile.LNKTYPE if name == b"hard" else tarfile.REGTYPE)
        info.linkname = str(tmp_path) if info.type in {tarfile.SYMTYPE, tarfile.LNKTYPE} else ""
        files.append((info, data))
    found = expanded(tarred(*files), "tar")
    paths = [entry.path for entry in found.entries]
    assert paths == [name.lstrip(b"/") for name in HOSTILE]
    assert [entry.kind for entry in found.entries] == [
        *(EntryKind.FILE, EntryKind.FILE, EntryKind.SYMLINK, EntryKind.FILE),
        *(EntryKind.OTHER, EntryKind.OTHER, EntryKind.OTHER),
    ]
    assert found.digest(b"link/through") == sha256(b"written through the link")
    assert not list(tmp_path.iterdir())


def test_a_flat_bomb_is_a_limit_and_what_is_small_is_read() -> None:
    zeros = bytes(64 << 20)
    bomb = zipped(("zeros", zeros), ("after.txt", b"small"))
    assert len(bomb) < 100_000
    found = expanded(bomb, "zip")
    assert found.gaps() == {b"zeros": "container.ratio"}
    assert found.digest(b"after.txt") == sha256(b"small")
    assert found.top == (Container.GAP, "container.ratio")
    raised = expanded(bomb, "zip", limits=Limits(ratio=2000))
    assert raised.digest(b"zeros") == sha256(zeros)
    assert raised.top == (Container.DONE, "")


def test_a_limit_of_bytes_is_one_of_bytes() -> None:
    data = os.urandom(1 << 20)
    bomb = zipped(("a", data), ("b", data), ("c", data))
    found = expanded(bomb, "zip", limits=Limits(bytes=2 << 20))
    assert found.gaps() == {b"c": "container.bytes"}
    assert found.top == (Container.GAP, "container.bytes")


def overlapping(count: int) -> bytes:
    """Return a zip whose directory names one member ``count`` times."""
    one = zipped(("a", bytes(10 << 20)))
    start = one.index(b"PK\x01\x02")
    end = one.index(b"PK\x05\x06")
    record = one[start:end]
    directory = record * count
    tail = struct.pack("<4s4HIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), start, 0)
    return one[:start] + directory + tail


def test_overlapping_members_are_bounded_by_what_is_read() -> None:
    bomb = overlapping(1500)
    assert len(bomb) < 90_000
    assert sum(info.file_size for info in zipfile.ZipFile(io.BytesIO(bomb)).infolist()) > 15e9
    found = expanded(bomb, "zip")
    status, gap, _, _, listed, size = found.containers[0]
    assert (status, gap, listed) == (Container.GAP, "container.ratio", 1500)
    assert size <= FLOOR
    assert [row[0] for row in found.contents.values()].count(Status.DONE) == 1


def test_a_nested_bomb_is_bounded_by_everything_around_it() -> None:
    level = zipped(("zeros", bytes(4 << 20)))
    for _ in range(4):
        level = zipped(*((f"{n}.zip", level) for n in range(16)))
    found = expanded(level, "zip")
    assert found.containers[0][:2] == (Container.DONE, "")  # its own members are small
    assert {row[1] for row in found.containers.values()} == {"", "container.ratio"}
    assert sum(row[5] for row in found.containers.values()) <= FLOOR
    assert len(found.entries) < 10_000


def test_members_beyond_the_limit_are_not_listed_and_the_container_says_so() -> None:
    data = zipped(*((f"{n}", b"x") for n in range(50)))
    found = expanded(data, "zip", limits=Limits(members=20))
    assert found.containers[0][:5] == (Container.GAP, "container.members", 1, 0, 20)
    assert len(found.entries) == len(found.contents) == 20
    outer = zipped(("a.zip", data), ("b.zip", data))
    found = expanded(outer, "zip", limits=Limits(members=60))
    assert len(found.entries) == 60  # of both together
    assert [row[1] for row in found.containers.values()] == ["", "", "container.members"]


def test_what_is_nested_too_deep_is_not_opened() -> None:
    data = zipped(("core", b"x"))
    for depth in range(20):
        data = zipped((f"{depth}.zip", data))
    found = expanded(data, "zip")
    assert len(found.entries) == 16
    deepest = max(found.containers.values(), key=lambda row: row[2])
    assert deepest[:5] == (Container.GAP, "container.nesting", 17, 16, 0)
    assert len(expanded(data, "zip", limits=Limits(nesting=30)).entries) == 21


def encrypted(data: bytes) -> bytes:
    """Set the flag of encryption in the local header and in the directory."""
    made = bytearray(data)
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


def test_an_encrypted_member_is_a_gap_of_its_own() -> None:
    found = expanded(encrypted(zipped(("secret", b"?"), ("open", b"!"))), "zip")
    assert found.gaps() == {b"secret": "stream.encrypted"}
    assert found.digest(b"open") == sha256(b"!")
    assert found.top == (Container.DONE, "")


def test_a_damaged_member_is_a_gap_and_the_others_are_read() -> None:
    data = bytearray(zipped(("bad", os.urandom(5000)), ("good", b"fine")))
    data[200] ^= 0xFF
    found = expanded(bytes(data), "zip")
    assert set(found.gaps()) == {b"bad"}
    assert found.digest(b"good") == sha256(b"fine")


DAMAGED = {
    "an empty zip": (b"PK\x05\x06" + bytes(18), "zip", 0),
    "a zip without its end": (zipped(("a", b"1"), ("b", b"2"))[:70], "zip", 1),
    "no zip at all": (b"PK\x03\x04", "zip", 0),
    "no tar at all": (b"x" * 600, "tar", 0),
    "a tar cut in its second header": (
        tarred((tarfile.TarInfo("a"), b"1"), (tarfile.TarInfo("b"), b"2"))[:1300],
        "tar",
        1,
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_container_says_so_and_keeps_what_was_found(name: str) -> None:
    data, kind, least = DAMAGED[name]
    found = expanded(data, kind)
    assert len(found.entries) >= least
    if name != "an empty zip":
        assert found.top == (Container.GAP, "container.damaged")


def test_a_nested_one_that_is_damaged_costs_itself_alone() -> None:
    broken = zipped(("in", b"x"))[:-40]
    found = expanded(zipped(("bad.zip", broken), ("z.txt", b"z")), "zip")
    assert found.top == (Container.DONE, "")
    assert found.containers[1][:2] == (Container.GAP, "container.damaged")
    assert found.digest(b"bad.zip") == sha256(broken)  # its own digest is kept
    assert found.digest(b"z.txt") == sha256(b"z")


def test_a_member_over_which_a_worker_ended_is_passed_over() -> None:
    found = expanded(zipped(("a", b"1"), ("b", b"2"), ("c", b"3")), "zip", skip=[1])
    assert found.gaps() == {b"b": "worker.died"}
    assert found.digest(b"c") == sha256(b"3")


def test_a_large_nested_one_is_read_without_a_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = zipped(*((f"{n}", os.urandom(3000)) for n in range(20)))
    data = zipped(("in.zip", inner))
    copied = expanded(data, "zip")
    monkeypatch.setattr(members, "SPOOL_BYTES", 0)
    assert expanded(data, "zip") == copied


@given(st.binary(max_size=300), st.sampled_from(["zip", "tar"]), st.integers(0, 400))
def test_no_bytes_on_earth_make_it_crash(junk: bytes, kind: str, at: int) -> None:
    good = zipped(("a.zip", zipped(("b", b"x"))), ("c", b"y"))
    if kind == "tar":
        good = tarred((tarfile.TarInfo("a"), b"1"), (tarfile.TarInfo("b"), good))
    found = expanded(good[:at] + junk + good[at + len(junk) :], kind)
    listed = sum(row[4] for row in found.containers.values())
    assert listed == len(found.entries)
    assert 0 in found.containers


@needs_evidence
@pytest.mark.parametrize(
    "name",
    ["tika-test-documents.zip", "iped-test_mockZip.zip", "bulk_extractor-jpegs.zip"],
)
def test_real_zips_give_what_python_reads(name: str) -> None:
    path = evidence(f"archives/{name}")
    found = expanded(path.read_bytes(), "zip")
    with zipfile.ZipFile(path) as archive:
        expected = [sha256(archive.read(info)) for info in archive.infolist() if not info.is_dir()]
    assert len(expected) > 3
    outermost = found.containers[0][4]
    read = [row for number, row in sorted(found.contents.items()) if number < outermost]
    assert sorted(row[2].hex() for row in read) == sorted(expected)
    assert {row[0] for row in read} == {Status.DONE}


@needs_evidence
def test_a_real_tar_gives_what_python_reads() -> None:
    path = evidence("archives/iped-test_mockTar.tar")
    found = expanded(path.read_bytes(), "tar")
    with tarfile.open(path) as archive:
        expected = {
            os.fsencode(info.name).removeprefix(b"./"): sha256(stream.read())
            for info in archive
            if info.isfile() and (stream := archive.extractfile(info)) is not None
        }
    assert expected
    assert {path: found.digest(path) for path in expected} == expected


@needs_evidence
def test_a_zip_that_holds_itself_ends() -> None:
    found = expanded(evidence("archives/tika-droste.zip").read_bytes(), "zip")
    assert "container.nesting" in {row[1] for row in found.containers.values()}
    assert max(row[2] for row in found.containers.values()) == 17
    assert len({row[2] for row in found.contents.values()}) == 2  # the picture, and itself


@needs_evidence
def test_a_zip_that_asks_for_all_memory_is_bounded() -> None:
    found = expanded(evidence("archives/tika-testZIP_corrupted_oom.zip").read_bytes(), "zip")
    assert found.top == (Container.GAP, "container.ratio")
    assert found.containers[0][5] <= FLOOR


@pytest.mark.parametrize("place", [1 << 63, (1 << 64) - 1, 1 << 62])
def test_a_place_beyond_all_numbers_is_damage_and_does_not_end_the_worker(place: int) -> None:
    head = struct.pack("<8sIIIIHHII", b"MSWIM\0\0\0", 208, 0x10D00, 0, 32768, *(1, 1), 1, 0)
    table = struct.pack("<QQQ", 100 | 2 << 56, place, 100)
    found = expanded((head.ljust(48, b"\0") + table).ljust(208, b"\0"), "wim")
    assert found.top == (Container.GAP, "container.damaged")


def behind_its_end(inside: bytes, hidden: bytes, *, method: int, packed: bytes) -> bytes:
    """Return a zip of two members; of the first more is stated to be packed than there is."""
    made = bytearray(zipped(("a", packed + hidden), ("b", b"beta"), method=zipfile.ZIP_STORED))
    (listed,) = struct.unpack_from("<I", made, len(made) - 6)
    for at, crc in ((8, 14), (listed + 10, listed + 16)):
        struct.pack_into("<H", made, at, method)
        struct.pack_into("<I", made, crc, zlib.crc32(inside))
        struct.pack_into("<I", made, crc + 8, len(inside))
    return bytes(made)


def deflated(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


PICTURE = encoded(gradient(), "PNG")


@pytest.mark.parametrize(
    ("method", "pack"), [(8, deflated), (12, bz2.compress), (95, lzma.compress)]
)
@pytest.mark.parametrize("inside", [b"words" * 999, b"", os.urandom(5 << 20)])
def test_what_stands_behind_the_end_of_a_stream_in_a_zip_is_an_entry(
    method: int, pack: Callable[[bytes], bytes], inside: bytes
) -> None:
    packed = pack(inside)
    data = behind_its_end(inside, bytes(3) + PICTURE, method=method, packed=packed)
    found = expanded(data, "zip", hand_over={"decode": ["png"]})
    assert found.top == (Container.DONE, "")
    assert [each.path[:12] for each in found.entries] == [b"a", b"b", b"$unaccounted"]
    assert found.digest(b"a") == sha256(inside)
    assert found.entries[2].locator == f"r@{data.index(PICTURE):#x}"
    assert found.contents[2][2].hex() == sha256(PICTURE)
    assert found.streams == {2: PICTURE}
    padded = behind_its_end(inside, bytes(700), method=method, packed=packed)
    assert len(expanded(padded, "zip").entries) == 2


def test_an_archive_behind_the_end_of_a_stream_is_opened() -> None:
    hidden = zipped(("deep.txt", b"deep"))
    data = behind_its_end(b"words", hidden, method=8, packed=deflated(b"words"))
    found = expanded(data, "zip")
    assert found.entries[3].path.endswith(b"/deep.txt")
    assert found.contents[3][2].hex() == sha256(b"deep")
    assert len(expanded(data, "zip", limits=Limits(members=2)).entries) == 2


LZ4 = bytes.fromhex("04224d186440a7100000006f6865726f65730600d25065726f657300000000215ad8aa")
"""``lz4 -c`` of "heroes", forty times."""
EXPANDED = b"heroes" * 40


def skipped(data: bytes, number: int = 7) -> bytes:
    return bytes([0x50 + number]) + b"\x2a\x4d\x18" + struct.pack("<I", len(data)) + data


@pytest.mark.parametrize("kind", ["zstd", "lz4"])
@pytest.mark.parametrize("first", [0, 16_000, 3 << 20], ids=["behind", "in front", "far in front"])
def test_what_frames_hold_that_are_to_be_skipped_is_an_entry(kind: str, first: int) -> None:
    stream = LZ4 if kind == "lz4" else zstd.compress(EXPANDED) + zstd.compress(os.urandom(400_000))
    front = skipped(os.urandom(first), 0) if first else b""
    data = front + stream + skipped(b"1234") + skipped(PICTURE, 15) + stream + skipped(bytes(99))
    data += skipped(os.urandom(1 << 20)) + stream
    assert TYPES[sniff(data[:HEAD])].name == ("zstd" if first > HEAD else kind)
    found = expanded(data, "zstd" if first > HEAD else kind, hand_over={"decode": ["png"]})
    assert found.top == (Container.DONE, "")
    assert [each.locator[:2] for each in found.entries] == ["m@", *["r@"] * (2 + bool(first))]
    assert found.contents[0][3] == 3 * (240 + 400_000 * (kind == "zstd"))
    assert PICTURE in found.streams.values()
    assert found.entries[-2].locator == f"r@{data.index(PICTURE):#x}"


def test_blocks_of_zstandard_without_end_are_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(skippable, "MOST_STEPS", 5)
    data = zstd.compress(os.urandom(1 << 20)) + skipped(PICTURE)
    assert expanded(data, "zstd").top == (Container.GAP, "container.bytes")


def extra(data: bytes) -> bytes:
    """Return an extra field: two of usual ones, and this."""
    usual = struct.pack("<HHBI", 0x5455, 5, 1, 0) + struct.pack("<HH", 0xD935, 600) + bytes(600)
    return usual + struct.pack("<HH", 0xCAFE, len(data)) + data


def margined(where: str, data: bytes) -> bytes:
    """Return a zip in which these bytes stand where nobody looks."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("a", "b"):
            info = zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10))
            info.extra = extra(data if where == "extra field" and name == "a" else bytes(600))
            info.comment = data if where == "comment" and name == "b" else b"words" * 300
            archive.writestr(info, b"alpha")
        archive.comment = data if where == "comment of all" else b"words" * 300
    return out.getvalue()


@pytest.mark.parametrize("where", ["extra field", "comment", "comment of all"])
def test_what_does_not_belong_into_a_comment_or_extra_field_is_an_entry(where: str) -> None:
    data = margined(where, PICTURE)
    assert len(PICTURE) > 512
    found = expanded(data, "zip", hand_over={"decode": ["png"]})
    assert found.top == (Container.DONE, "")
    assert set(found.streams.values()) == {PICTURE}
    places = {each.locator for each in found.entries[2:]}
    times = data.count(PICTURE)
    assert times == (2 if where == "extra field" else 1)  # in the local header, too
    assert len(places) == times
    assert f"r@{data.rindex(PICTURE):#x}" in places
    aligned = b"\0\x40" + bytes(16382)
    for plain in (b"", b"x" * 4096, bytes(9000), aligned, PICTURE[:511]):
        assert len(expanded(margined(where, plain), "zip").entries) == 2
    assert len(expanded(margined(where, b"x" * 4097), "zip").entries) == 2 + times


def test_what_does_not_belong_into_the_name_of_a_local_header_is_an_entry() -> None:
    def named(name: bytes) -> bytes:
        short = zipped(("a", b"alpha"))
        head = short[:26] + struct.pack("<HH", len(name), 0) + name
        more, end = len(name) - 1, short.rindex(b"PK\5\6")
        start = int.from_bytes(short[end + 16 : end + 20], "little") + more
        return head + short[31 : end + 16] + struct.pack("<I", start) + short[end + 20 :]

    found = expanded(named(PICTURE), "zip", hand_over={"decode": ["png"]})
    assert found.top == (Container.DONE, "")
    assert found.digest(b"a") == sha256(b"alpha")
    assert found.entries[1].locator == "r@0x1e"
    assert found.streams == {1: PICTURE}
    assert len(expanded(named(b"a/" * 2048), "zip").entries) == 1


def test_an_extra_field_that_is_none_is_looked_at_as_a_whole() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a", (2024, 5, 6, 7, 8, 10))
        info.extra = PICTURE
        archive.writestr(info, b"alpha")
    found = expanded(out.getvalue(), "zip")
    assert [row[2].hex() for row in found.contents.values()][1:] == [sha256(PICTURE)] * 2
