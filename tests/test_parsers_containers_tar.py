"""Tar archives as sources: every form of header, holes, damage, and nothing kept in memory."""

import hashlib
import io
import os
import random
import struct
import subprocess
import tarfile
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import containers
import pytest
from containers import content, split
from corpus import EVIDENCE, needs_evidence
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import EntryFlag, EntryKind, Gap, Moment, TimeRule
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers import tar_headers
from heroes_forensics.parsers.containers.tar import open_tar
from heroes_forensics.parsers.reading.readers import DescriptorReader

CONTENT = random.Random(11).randbytes(1500)  # noqa: S311 - a fixed seed
FORMATS = {
    "ustar": tarfile.USTAR_FORMAT,
    "gnu": tarfile.GNU_FORMAT,
    "pax": tarfile.PAX_FORMAT,
}


class Memory:
    """Bytes as a reader."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        return len(self.data)

    def pread(self, offset: int, length: int) -> bytes:
        assert offset >= 0
        return self.data[offset : offset + max(0, length)]

    def close(self) -> None:
        raise AssertionError("what was handed in is not closed")


def archive(
    *members: tuple[str, bytes | None, dict[str, object]], form: int = tarfile.GNU_FORMAT
) -> bytes:
    """Write members: (name, content, other attributes of `tarfile.TarInfo`)."""
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=form, encoding="utf-8", errors="surrogateescape"
    ) as writer:
        for name, content, attributes in members:
            info = tarfile.TarInfo(name)
            for key, value in attributes.items():
                setattr(info, key, value)
            if content is not None:
                info.size = len(content)
            writer.addfile(info, None if content is None else io.BytesIO(content))
    return out.getvalue()


def contents(data: bytes) -> dict[bytes, bytes]:
    return containers.contents(open_tar(Memory(data)))


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
def test_names_of_every_length_come_back(form: int) -> None:
    longest = 155 if form == tarfile.USTAR_FORMAT else 5000
    names = ["a", "d/" * 60 + "file", "n" * 100]
    if form != tarfile.USTAR_FORMAT:
        names += ["n" * 101, "d/" * (longest // 2) + "f", "Grüße/日本.jpg"]
    data = archive(*((name, name.encode(), {}) for name in names), form=form)
    assert contents(data) == {n.encode(): n.encode() for n in names}


NAMES = {
    "up": b"../../etc/passwd",
    "newline": b"a\nb",
    "escape": b"\x1b[2J",
    "Latin-1": b"Gr\xfc\xdfe",
    "0xFF": b"\xff\xff",
    "long and not UTF-8": b"\xfc" * 300,
}


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT], ids=["gnu", "pax"])
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_names_are_bytes_and_nothing_is_written(
    name: bytes, form: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = archive((os.fsdecode(name), b"x", {}), ("after", b"y", {}), form=form)
    assert contents(data) == {name: b"x", b"after": b"y"}
    assert list(tmp_path.iterdir()) == []


def test_absolute_names_lose_their_slash_only() -> None:
    data = archive(("/etc/passwd", b"x", {}), ("./b", b"y", {}), ("././/c", b"z", {}))
    assert set(contents(data)) == {b"etc/passwd", b"b", b"c"}


def test_links_and_devices_are_recorded_and_never_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = archive(
        ("./", None, {"type": tarfile.DIRTYPE}),
        ("folder", None, {"type": tarfile.SYMTYPE, "linkname": "/tmp"}),  # noqa: S108
        ("folder/written", b"through the link", {}),
        ("hard", None, {"type": tarfile.LNKTYPE, "linkname": "folder/written"}),
        ("sda", None, {"type": tarfile.BLKTYPE, "devmajor": 8}),
        ("null", None, {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}),
        ("pipe", None, {"type": tarfile.FIFOTYPE}),
        ("odd", b"of an unknown kind", {"type": b"Q"}),
        ("last", b"fine", {}),
    )
    system = open_tar(Memory(data))
    entries, gaps, listing = split(system)
    assert gaps == []
    assert [(e.path, e.kind) for e in entries] == [
        (b"", EntryKind.DIRECTORY),
        (b"folder", EntryKind.SYMLINK),
        (b"folder/written", EntryKind.FILE),
        (b"hard", EntryKind.OTHER),
        (b"sda", EntryKind.OTHER),
        (b"null", EntryKind.OTHER),
        (b"pipe", EntryKind.OTHER),
        (b"odd", EntryKind.FILE),
        (b"last", EntryKind.FILE),
    ]
    assert listing.directories == 1
    assert entries[3].flags & EntryFlag.HARD_LINK
    assert content(system, entries[7]) == b"of an unknown kind"
    assert list(tmp_path.iterdir()) == []


def test_a_hard_link_that_stores_content_again_is_read() -> None:
    data = bytearray(archive(("name", b"stored again", {}), form=tarfile.USTAR_FORMAT))
    data[156:157] = b"1"
    _seal(data, 0)
    system = open_tar(Memory(bytes(data)))
    (entry,), gaps, _ = split(system)
    assert (entry.kind, gaps) == (EntryKind.FILE, [])
    assert content(system, entry) == b"stored again"


def _seal(data: bytearray, at: int) -> None:
    """Make the checksum of the header at ``at`` right again."""
    data[at + 148 : at + 156] = b" " * 8
    data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + 512])


def test_times_and_owner() -> None:
    system = open_tar(Memory(archive(("x", b"", {"mtime": 1700000000, "uid": 1000}))))
    assert system.times == {"m": TimeRule(10**9, "utc")}
    (entry,), _, _ = split(system)
    assert (entry.times[0], entry.owner) == (Moment(1700000000, 0), 1000)


def test_fractions_and_times_before_1970() -> None:
    pax = {"mtime": "-1.25", "atime": "1700000000.123456789"}
    data = archive(("x", b"", {"pax_headers": pax}), form=tarfile.PAX_FORMAT)
    system = open_tar(Memory(data))
    assert set(system.times) == {"m", "a"}
    (entry,), _, _ = split(system)
    assert entry.times == (Moment(-2, 750_000_000), Moment(1700000000, 123456789), None, None)


def test_numbers_in_base_256() -> None:
    attributes: dict[str, object] = {"mtime": -5, "uid": 1 << 40}
    (entry,), _, _ = split(open_tar(Memory(archive(("x", b"", attributes)))))
    assert (entry.times[0], entry.owner) == (Moment(-5, 0), 1 << 40)


def test_checksums_of_signed_bytes_are_right_too() -> None:
    data = bytearray(archive(("Gr\udcfc\udcdfe", b"x", {})))
    data[148:156] = b" " * 8
    signed = sum(b - 256 if b > 127 else b for b in data[:512])
    data[148:156] = b"%06o\0 " % signed
    assert contents(bytes(data)) == {b"Gr\xfc\xdfe": b"x"}


@given(st.binary(min_size=512, max_size=512), st.integers(0, 511), st.integers(1, 255))
def test_a_checksum_finds_every_changed_byte(block: bytes, spot: int, change: int) -> None:
    data = bytearray(block)
    _seal(data, 0)
    assert tar_headers.is_header(bytes(data))
    if 148 <= spot < 156:
        return
    data[spot] = (data[spot] + change) % 256
    signed = sum(b - 256 if b > 127 else b for b in data[:148] + data[156:]) + 256
    if signed == int(bytes(data[148:154]), 8):
        return
    assert not tar_headers.is_header(bytes(data))


def test_an_old_tar_without_signature_is_read() -> None:
    data = bytearray(archive(("old.txt", b"v7", {}), form=tarfile.USTAR_FORMAT))
    data[156:157] = b"\0"
    data[257:512] = bytes(255)
    _seal(data, 0)
    assert contents(bytes(data)) == {b"old.txt": b"v7"}


def test_a_global_pax_header_holds_for_what_follows() -> None:
    out = io.BytesIO()
    with tarfile.open(
        fileobj=out, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"mtime": "5.5"}
    ) as writer:
        writer.addfile(tarfile.TarInfo("x"))
    (entry,), _, _ = split(open_tar(Memory(out.getvalue())))
    assert entry.times[0] == Moment(5, 500_000_000)


def test_a_damaged_header_costs_one_member_and_its_bytes_are_examined() -> None:
    data = bytearray(archive(*((f"{n}", CONTENT + bytes([n]), {}) for n in range(4))))
    second = 512 + 2048 - 512
    assert data[second : second + 1] == b"1"
    data[second] ^= 0xFF
    system = open_tar(Memory(bytes(data)))
    entries, gaps, _ = split(system)
    assert gaps == [Gap(f"m@{second:#x}", "source.damaged", {"bytes": 512 + 1536})]
    assert [e.path for e in entries if e.kind == EntryKind.FILE] == [b"0", b"2", b"3"]
    lost = next(e for e in entries if e.kind == EntryKind.METADATA)
    assert content(system, lost)[512 : 512 + 1501] == CONTENT + b"\1"


def test_bytes_cut_out_of_the_middle() -> None:
    data = archive(*((f"{n}", CONTENT, {}) for n in range(4)))
    entries, gaps, _ = split(open_tar(Memory(data[:1000] + data[1700:])))
    assert [gap.code for gap in gaps] == ["source.damaged"]
    assert [e.path for e in entries if e.kind == EntryKind.FILE] == [b"0", b"2", b"3"]


@pytest.mark.parametrize("length", [(1 << 20) - 900, (1 << 20) - 300, 1 << 20, 5_000_000])
def test_a_long_damaged_stretch_is_searched_to_its_end(length: int) -> None:
    data = archive(("a", b"1", {}))[:1024] + b"\xee" * length + archive(("b", b"2", {}))
    entries, gaps, _ = split(open_tar(Memory(data)))
    assert gaps == [Gap("m@0x400", "source.damaged", {"bytes": length})]
    assert [(e.path, e.kind) for e in entries[::2]] == [
        (b"a", EntryKind.FILE),
        (b"b", EntryKind.FILE),
    ]


@pytest.mark.parametrize("cut", [100, 512, 513, 1000, 1700, 2100])
def test_a_truncated_archive_says_so(cut: int) -> None:
    data = archive(("0", CONTENT, {}), ("1", CONTENT, {}))
    data = data[: 4096 - cut]
    system = open_tar(Memory(data))
    entries, gaps, _ = split(system)
    missing = [e for e in entries if len(content(system, e)) < e.size]
    whole = 4096 - cut >= 2048 + 512 + 1500
    assert bool(gaps) == (not whole and cut != 2048)
    assert all(gap.code in {"source.truncated", "source.damaged"} for gap in gaps)
    assert len(missing) <= 1


def test_what_lies_behind_the_end_is_examined() -> None:
    first, second = archive(("a", b"1", {})), archive(("b", b"2", {}))
    system = open_tar(Memory(first + second + b"appended" * 100))
    entries, gaps, _ = split(system)
    assert gaps == []
    assert [content(system, e)[:8] for e in entries] == [b"1", b"2", b"appended"]
    assert [e.kind for e in entries[2:]] == [EntryKind.METADATA]


def test_an_empty_archive_has_no_members() -> None:
    assert contents(archive()) == {}


REFUSED = {
    "empty": (b"", EvidenceError),
    "text": (b"hello " * 200, EvidenceError),
    "gzip": (b"\x1f\x8b\x08" + bytes(600), UnsupportedError),
    "bzip2": (b"BZh9" + bytes(600), UnsupportedError),
    "xz": (b"\xfd7zXZ\0" + bytes(600), UnsupportedError),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(600), UnsupportedError),
}


@pytest.mark.parametrize(("data", "error"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_plain_tar_is_refused(data: bytes, error: type[EvidenceError]) -> None:
    with pytest.raises(error) as caught:
        open_tar(Memory(data))
    assert caught.value.hint


def _gnu_tar(folder: Path, *options: str) -> bytes:
    if which("tar") is None:
        pytest.skip("tar is not installed")
    out = subprocess.run(
        ["tar", "-cf", "-", "-C", folder, *options, "."], capture_output=True, check=True
    )
    return out.stdout


SPARSE = {
    "old GNU": ("--format=gnu",),
    "pax 0.0": ("--format=pax", "--sparse-version=0.0"),
    "pax 0.1": ("--format=pax", "--sparse-version=0.1"),
    "pax 1.0": ("--format=pax", "--sparse-version=1.0"),
}


def _holes(path: Path, pieces: int) -> bytes:
    with path.open("wb") as stream:
        for number in range(pieces):
            stream.seek(number * 1_000_000 + 4096)
            stream.write(b"%d" % number * 5000)
        stream.truncate(pieces * 1_000_000 + 300_000)
    return path.read_bytes()


@pytest.mark.parametrize("pieces", [0, 1, 3, 60], ids=lambda n: f"{n} pieces")
@pytest.mark.parametrize("options", SPARSE.values(), ids=SPARSE)
def test_members_with_holes_equal_the_files(
    tmp_path: Path, options: tuple[str, ...], pieces: int
) -> None:
    expected = _holes(tmp_path / "holes", pieces)
    (tmp_path / "after").write_bytes(b"fine")
    system = open_tar(Memory(_gnu_tar(tmp_path, "--sparse", *options)))
    entries, gaps, _ = split(system)
    assert gaps == []
    files = {e.path: e for e in entries if e.kind == EntryKind.FILE}
    assert set(files) == {b"holes", b"after"}
    assert content(system, files[b"after"]) == b"fine"
    assert files[b"holes"].size == len(expected)
    assert files[b"holes"].flags & EntryFlag.SPARSE
    reader = system.open(files[b"holes"].handle)
    assert hashlib.sha256(reader.pread(0, len(expected) + 9)).digest() == (
        hashlib.sha256(expected).digest()
    )
    for offset in (0, 4095, 4096, 9000, 999_999, len(expected) - 5):
        assert reader.pread(offset, 20_000) == expected[offset : offset + 20_000]


def test_a_hole_of_many_terabytes_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "holes").open("wb") as stream:
        stream.write(b"x")
        stream.truncate(1 << 43)
    system = open_tar(Memory(_gnu_tar(tmp_path, "--sparse")))
    entry = next(e for e in split(system)[0] if e.kind == EntryKind.FILE)
    assert entry.size == 1 << 43
    with pytest.raises(UnsupportedError) as caught:
        system.open(entry.handle)
    assert caught.value.code == "stream.limit"


MAPS = {
    "overlap": "0,100,50,100",
    "beyond the file": "0,10,900,200",
    "beyond what is stored": "0,600",
    "falling": "500,10,0,10",
}


@pytest.mark.parametrize("text", MAPS.values(), ids=MAPS)
def test_a_damaged_map_is_an_error_of_that_member(text: str) -> None:
    pax = {"GNU.sparse.size": "1000", "GNU.sparse.map": text, "GNU.sparse.name": "holes"}
    data = archive(
        ("x", b"y" * 300, {"pax_headers": pax}), ("after", b"fine", {}), form=tarfile.PAX_FORMAT
    )
    system = open_tar(Memory(data))
    bad, good = split(system)[0]
    assert bad.path == b"holes"
    with pytest.raises(OSError, match="map"):
        system.open(bad.handle)
    assert content(system, good) == b"fine"


@pytest.mark.parametrize("form", ["v7", "oldgnu", "gnu", "ustar", "pax"])
def test_what_gnu_tar_writes(tmp_path: Path, form: str) -> None:
    (tmp_path / "sub").mkdir()
    for name in (b"Gr\xfc\xdfe", b"a\nb", b"n" * 98, b"sub/x"):
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(name)
    (tmp_path / "link").symlink_to("/etc/passwd")
    found = contents(_gnu_tar(tmp_path, f"--format={form}"))
    assert found == {name: name for name in (b"Gr\xfc\xdfe", b"a\nb", b"n" * 98, b"sub/x")}


def _examine(data: bytes) -> None:
    try:
        system = open_tar(Memory(data))
    except EvidenceError:
        return
    assert isinstance(system.times, dict)
    for entry in split(system)[0]:
        try:
            reader = system.open(entry.handle)
            reader.pread(0, 1 << 16)
            reader.pread(5, 10)
        except (EvidenceError, OSError):
            continue


@given(st.binary(max_size=1600))
def test_no_bytes_make_it_crash(junk: bytes) -> None:
    _examine(junk)
    _examine(bytes(512) + junk)
    head = archive(("x", b"", {}))[:512]
    _examine(head + junk)


@given(st.data())
def test_no_sealed_header_makes_it_crash(data: st.DataObject) -> None:
    """The checksum is made right again, so that the nonsense behind it is looked at."""
    pax = {"GNU.sparse.size": "1000", "GNU.sparse.map": "0,100,200,50", "mtime": "1.5"}
    whole = bytearray(
        archive(
            ("a", b"hello", {"pax_headers": pax}),
            ("n" * 200, CONTENT, {}),
            form=data.draw(st.sampled_from(sorted(FORMATS.values())[1:])),
        )
    )
    headers = [at for at in range(0, len(whole), 512) if whole[at + 257 : at + 262] == b"ustar"]
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.sampled_from(headers))
        field = data.draw(st.sampled_from([0, 100, 108, 124, 130, 136, 156, 257, 345, 386, 482]))
        junk = data.draw(st.binary(max_size=14))
        whole[at + field : at + field + len(junk)] = junk
        _seal(whole, at)
    cut = data.draw(st.integers(0, 2000))
    _examine(bytes(whole[: len(whole) - cut]))


@given(st.binary(max_size=20))
def test_no_handle_makes_it_crash(handle: bytes) -> None:
    system = open_tar(Memory(archive(("a", b"hello", {}))))
    for form in (b"", b"\1", b"\2"):
        try:
            system.open((form + handle)[:17]).pread(0, 100)
        except OSError:
            continue


class Zeros:
    """A phone of many files: headers are made when they are asked for, content is zeros."""

    def __init__(self, count: int, length: int) -> None:
        self._step = 512 + tar_headers.padded(length)
        self._length = length
        self._count = count
        self.size = count * self._step + 1024

    def pread(self, offset: int, length: int) -> bytes:
        length = max(0, min(length, self.size - offset))
        number, inside = divmod(offset, self._step)
        if inside == 0 and length == 512 and number < self._count:
            info = tarfile.TarInfo(f"DCIM/{number:07d}.jpg")
            info.size = self._length
            return info.tobuf(tarfile.GNU_FORMAT)
        return bytes(length)

    def close(self) -> None:
        """Nothing is open."""


def test_members_and_offsets_beyond_four_gibibytes() -> None:
    system = open_tar(Zeros(3, 5 << 30))
    entries, gaps, _ = split(system)
    assert gaps == []
    assert [e.size for e in entries] == [5 << 30] * 3
    assert entries[2].first_offset > 10 << 30


def test_nothing_is_kept_of_a_member() -> None:
    """Five times as many members, the same peak."""
    peaks = []
    for count in (2_000, 10_000):
        tracemalloc.start()
        for _ in open_tar(Zeros(count, 7)).entries():
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] - peaks[0] < 100_000


@needs_evidence
@pytest.mark.parametrize(
    "name",
    [
        "dfvfs/absolute_paths.tar",
        "dfvfs/mixed_paths.tar",
        "dfvfs/with_directory.tar",
        "dfvfs/missing_directory_entries.tar",
        "iped-test_mockTar.tar",
    ],
)
def test_real_archives_equal_what_the_standard_library_reads(name: str) -> None:
    assert EVIDENCE is not None
    path = EVIDENCE / "archives" / name
    system = open_tar(Memory(path.read_bytes()))
    entries, gaps, _ = split(system)
    assert gaps == []
    ours = {
        (e.path, hashlib.sha256(content(system, e)).hexdigest())
        for e in entries
        if e.kind == EntryKind.FILE
    }
    with tarfile.open(path) as theirs:
        expected = {
            (os.fsencode(row.name.lstrip("/")), hashlib.sha256(data.read()).hexdigest())
            for row in theirs
            if row.isreg() and (data := theirs.extractfile(row)) is not None
        }
    assert ours == expected
    assert ours


@needs_evidence
def test_a_real_backup_and_a_real_compressed_one_are_refused() -> None:
    assert EVIDENCE is not None
    with pytest.raises(UnsupportedError, match="gzip"):
        open_tar(Memory((EVIDENCE / "archives/dfvfs/syslog.tgz").read_bytes()))
    with pytest.raises(EvidenceError):
        open_tar(Memory((EVIDENCE / "mobile/android/backup.ab").read_bytes()))


@pytest.fixture
def big(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "big.tar"
    yield path
    path.unlink()


def test_a_large_sparse_source_file(big: Path) -> None:
    """A real file beyond 4 GiB, of which only the headers are stored."""
    info = tarfile.TarInfo("large")
    info.size = 9 << 29
    with big.open("wb") as stream:
        stream.write(info.tobuf(tarfile.GNU_FORMAT))
        stream.seek(9 << 29, os.SEEK_CUR)
        stream.write(archive(("small", b"found", {})))
    with big.open("rb") as stream:
        system = open_tar(DescriptorReader(stream.fileno()))
        large, small = split(system)[0]
        assert system.open(large.handle).pread((9 << 29) - 2, 10) == b"\0\0"
        assert content(system, small) == b"found"


def test_the_handle_is_small_and_stands_alone() -> None:
    data = archive(("x", b"found", {}))
    (entry,), _, _ = split(open_tar(Memory(data)))
    assert len(entry.handle) == struct.calcsize("<BQQ")
    assert content(open_tar(Memory(data)), entry) == b"found"
