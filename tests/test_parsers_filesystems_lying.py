"""Streams read where they lie: the same bytes as through The Sleuth Kit, or left to it."""

import os
import shutil
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytsk3
from filesystem_images import (
    Bytes,
    Listed,
    content,
    ext_image,
    fat_image,
    listed,
    ntfs_image,
    ntfs_put,
    run,
)
from test_parsers_filesystems_corpus import images, media
from test_parsers_filesystems_corpus import opened as volume

from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems import ntfs_records, tsk_stream
from heroes_forensics.parsers.filesystems.locators import parse_locator
from heroes_forensics.parsers.filesystems.ntfs_records import Records
from heroes_forensics.parsers.filesystems.tsk import TskFileSystem, open_tsk
from heroes_forensics.parsers.filesystems.tsk_image import TskImage
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.storage.doubts import FILLER, Doubt, Doubts

TEXT = bytes(range(256)) * 100
"""Longer than a record of the MFT, shorter than a chunk."""


def opened(data: bytes, kind: str) -> tuple[TskFileSystem, Listed]:
    fs = open_tsk(Bytes(data), kind)
    return fs, listed(fs.entries())


def lying(got: Listed) -> list[Entry]:
    return [entry for entry in got.entries if tsk_stream.lies(entry.handle)]


def as_the_kit_reads(fs: TskFileSystem, entry: Entry) -> bytes | None:
    """Return the bytes of a stream through The Sleuth Kit; None where it cannot read them."""
    kit: Any = fs._fs  # noqa: SLF001 - what both ways read from
    volume: Any = fs._volume  # noqa: SLF001
    try:
        stream = tsk_stream.open_stream(kit, tsk_stream.Handle.unpack(entry.handle), volume)
        return stream.pread(0, stream.size)
    except (OSError, UnsupportedError):
        return None


def compared(fs: TskFileSystem, entries: Iterable[Entry]) -> int:
    count = 0
    for entry in entries:
        try:
            own: bytes | None = content(fs, entry)
        except OSError:
            own = None
        assert own == as_the_kit_reads(fs, entry), entry.locator
        count += 1
    return count


def fill(tree: Path) -> None:
    (tree / "one").write_bytes(TEXT)
    (tree / "long").write_bytes(os.urandom(1 << 20))
    (tree / "d").mkdir()
    (tree / "d" / "two").write_bytes(b"two" * 3000)
    (tree / "empty").write_bytes(b"")
    with (tree / "holes").open("wb") as file:
        file.seek(1 << 20)
        file.write(TEXT)


def test_ext_is_read_where_it_lies_but_for_holes_and_what_was_never_written(
    tmp_path: Path,
) -> None:
    image = ext_image(tmp_path, fill)
    run("debugfs", "-w", "-R", "write /dev/null reserved", image)
    run("debugfs", "-w", "-R", "fallocate reserved 0 7", image)
    run("debugfs", "-w", "-R", "sif reserved size 32768", image)
    fs, got = opened(image.read_bytes(), "ext4")
    assert {entry.path for entry in lying(got)} == {b"one", b"long", b"d/two"}
    assert compared(fs, lying(got)) == 3
    assert content(fs, got.path(b"one")) == TEXT
    assert content(fs, got.path(b"reserved")) == bytes(32768)
    assert content(fs, got.path(b"holes")) == bytes(1 << 20) + TEXT


@pytest.mark.parametrize("bits", [12, 16, 32])
def test_fat_is_read_where_it_lies(tmp_path: Path, bits: int) -> None:
    if shutil.which("mcopy") is None:
        pytest.skip("mcopy is not installed")
    image = fat_image(tmp_path, bits=bits, size=(4 if bits == 12 else 40) << 20)
    fill(tmp_path)
    for name in ("one", "long"):
        run("mcopy", "-i", image, tmp_path / name, "::")
    run("mdel", "-i", image, "::one")
    run("mcopy", "-i", image, tmp_path / "holes", "::")
    fs, got = opened(image.read_bytes(), f"fat{bits}")
    # mcopy goes on behind what was written last on FAT32, and looks for room elsewhere.
    pieces = {b"long", b"holes"} if bits == 32 else {b"long"}
    assert {entry.path for entry in lying(got)} == pieces
    assert compared(fs, lying(got)) == len(pieces)
    assert content(fs, got.path(b"holes")) == bytes(1 << 20) + TEXT


@pytest.fixture(scope="module")
def ntfs(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("ntfs")
    image = ntfs_image(folder)
    ntfs_put(image, folder, "one", TEXT)
    ntfs_put(image, folder, "two", TEXT)
    ntfs_put(image, folder, "two", TEXT[::-1], stream="hidden")
    ntfs_put(image, folder, "short", b"within the record")
    return image.read_bytes()


def _record(data: bytes, name: bytes) -> int:
    """Return where the MFT record of a file begins."""
    _, got = opened(data, "ntfs")
    address = parse_locator(got.path(name).locator).address
    return int(got.path(b"$MFT").first_offset) + address * 1024


def _attribute(data: bytes | bytearray, record: int, kind: int) -> int:
    """Return where the first attribute of that type begins."""
    at = int(struct.unpack_from("<H", data, record + 20)[0])
    while True:
        found, length = struct.unpack_from("<II", data, record + at)
        assert found <= kind
        if found == kind:
            return record + at
        at += length


def test_ntfs_is_read_where_it_lies_but_for_what_is_in_the_record(ntfs: bytes) -> None:
    fs, got = opened(ntfs, "ntfs")
    mine = {entry.path for entry in lying(got) if not entry.path.startswith(b"$")}
    assert mine == {b"one", b"two", b"two:hidden"}
    assert compared(fs, lying(got)) >= 3
    assert content(fs, got.path(b"two:hidden")) == TEXT[::-1]
    assert content(fs, got.path(b"short")) == b"within the record"


def test_of_ntfs_what_was_never_written_is_zeros(ntfs: bytes) -> None:
    data = bytearray(ntfs)
    at = _attribute(data, _record(ntfs, b"one"), 128)
    struct.pack_into("<Q", data, at + 56, 5000)
    fs, got = opened(bytes(data), "ntfs")
    assert not tsk_stream.lies(got.path(b"one").handle)
    assert content(fs, got.path(b"one")) == TEXT[:5000] + bytes(len(TEXT) - 5000)
    assert tsk_stream.lies(got.path(b"two").handle)


def test_of_ntfs_a_length_of_zero_with_clusters_is_zeros(ntfs: bytes) -> None:
    """So a file is whose space was reserved: the clusters hold what somebody else deleted."""
    data = bytearray(ntfs)
    at = _attribute(data, _record(ntfs, b"one"), 128)
    struct.pack_into("<QQ", data, at + 48, 0, 0)
    fs, got = opened(bytes(data), "ntfs")
    entry = got.path(b"one")
    assert entry.size > 0
    assert not tsk_stream.lies(entry.handle)
    assert content(fs, entry) == bytes(entry.size)


def test_an_attribute_of_the_highest_types_is_a_stream(ntfs: bytes) -> None:
    """One such number must not cost the volume."""
    data = bytearray(ntfs)
    struct.pack_into("<I", data, _attribute(data, _record(ntfs, b"one"), 128), 0xA6000080)
    fs, got = opened(bytes(data), "ntfs")
    (entry,) = [each for each in got.entries if each.path.startswith(b"one:")]
    assert f"/a{0xA6000080}-" in entry.locator
    assert content(fs, entry) == TEXT
    assert as_the_kit_reads(fs, entry) == TEXT


def test_handles_do_not_depend_on_doubts_that_came_later(ntfs: bytes) -> None:
    """A listing that goes on is compared with what an earlier one gave."""
    _, got = opened(ntfs, "ntfs")
    media_ = Doubted(ntfs, Doubt(len(ntfs) - 512, 512, FILLER))
    again = listed(open_tsk(media_, "ntfs").entries())
    assert [entry.handle for entry in again.entries] == [entry.handle for entry in got.entries]


@pytest.mark.parametrize(
    ("offset", "form", "value"),
    [
        (16, "<Q", 1),  # begins behind the first cluster of the stream
        (4, "<I", 56),  # too short to say how much was written
        (4, "<I", 1 << 20),  # ends behind the record
        (4, "<I", 76),  # no multiple of eight
        (0, "<I", 0x20),  # a list: the attributes are in other records
    ],
)
def test_a_record_that_is_not_as_it_should_be_is_left_to_the_kit(
    ntfs: bytes, offset: int, form: str, value: int
) -> None:
    data = bytearray(ntfs)
    record = _record(ntfs, b"one")
    struct.pack_into(form, data, _attribute(data, record, 128) + offset, value)
    image = TskImage(Bytes(bytes(data)))
    records = Records(pytsk3.FS_Info(image), image)
    table = (record - _record(ntfs, b"$MFT")) // 1024
    assert not records.is_written(table)
    assert records.is_written(table + 1)


def test_a_torn_record_is_left_to_the_kit(ntfs: bytes) -> None:
    data = bytearray(ntfs)
    record = _record(ntfs, b"one")
    data[record + 1023] ^= 1
    image = TskImage(Bytes(bytes(data)))
    table = (record - _record(ntfs, b"$MFT")) // 1024
    records = Records(pytsk3.FS_Info(image), image)
    assert not records.is_written(table)
    assert records.is_written(table + 1)


def test_the_bytes_that_end_sectors_are_put_back_before_a_record_is_read() -> None:
    """An unwritten stream does not pass because its length stands where a sector ends."""
    record = bytearray(1024)
    struct.pack_into("<4sHHQHHHHIIQ", record, 0, b"FILE", 48, 3, 0, 1, 1, 0x38, 1, 1024, 1024, 0)
    struct.pack_into("<II", record, 0x38, 0x10, 0x190)  # up to byte 0x1c8
    at = 0x38 + 0x190
    struct.pack_into("<IIB", record, at, 0x80, 0x48, 1)
    struct.pack_into("<QQ", record, at + 48, 0x0001_0000_0000_0000, 0)  # its end: bytes 510, 511
    struct.pack_into("<I", record, at + 0x48, 0xFFFFFFFF)
    struct.pack_into("<HHH", record, 48, 0, 1, 0)  # mark 0; what belongs to the ends: 1, 0
    record[at + 54 : at + 56] = b"\0\0"
    assert at + 56 == 512
    raw = np.frombuffer(bytes(record), np.uint8).reshape(1, 1024)
    assert ntfs_records._marks(raw).tolist() == [3]  # noqa: SLF001 - base, in use, not written


def test_a_table_of_noise_ends_nothing() -> None:
    random = np.random.default_rng(7)
    for _ in range(200):
        raw = random.integers(0, 256, (64, 1024), np.uint8)
        raw[:, :4] = np.frombuffer(b"FILE", np.uint8)
        raw[:, 4:8] = (48, 0, 3, 0)
        raw[:, 20:22] = (56, 0)
        raw[:, 32:38] = 0
        raw[:, 510:512] = raw[:, 1022:1024] = raw[:, 48:50]
        rows = random.integers(7, 100, (64, 8)) * 8
        for step in range(8):
            raw[np.arange(64), rows[:, step] + 4] = random.integers(0, 32, 64) * 8
            raw[np.arange(64), rows[:, step] + 5] = 0
        assert len(ntfs_records._marks(raw)) == 64  # noqa: SLF001 - no image can be so bad


def test_an_address_behind_the_table_is_not_known(ntfs: bytes) -> None:
    image = TskImage(Bytes(ntfs))
    records = Records(pytsk3.FS_Info(image), image)
    assert not any(records.is_written(address) for address in (1 << 20, 1 << 40, 1 << 62))
    assert (image.failures, image.went_back) == (0, False)


def test_a_table_that_cannot_be_read_leaves_all_to_the_kit(ntfs: bytes) -> None:
    at = _record(ntfs, b"$MFT") + 40 * 1024
    bad = Bytes(ntfs, [range(at, at + 512)])
    fs = open_tsk(bad, "ntfs")
    got = listed(fs.entries())
    assert not lying(got)
    assert content(fs, got.path(b"one")) == TEXT


class Doubted(Bytes):
    """Media of which a range is filler: whoever reads it is told so."""

    def __init__(self, data: bytes, doubt: Doubt) -> None:
        super().__init__(data)
        self.doubts = Doubts()
        self.doubts.add(doubt)

    def pread(self, offset: int, length: int) -> bytes:
        self.doubts.touch(offset, length)
        return super().pread(offset, length)


def test_where_media_is_in_doubt_metadata_is_read_with_each_stream(ntfs: bytes) -> None:
    record = _record(ntfs, b"one")
    _, got = opened(ntfs, "ntfs")
    entry = got.path(b"one")
    assert tsk_stream.lies(entry.handle)
    media_ = Doubted(ntfs, Doubt(record, 512, FILLER))
    fs = open_tsk(media_, "ntfs")
    media_.doubts.take()
    assert content(fs, entry) == TEXT
    assert [doubt.offset for doubt in media_.doubts.take()] == [record]

    class Layer(Bytes):
        """What lies between and does not say what it lies on."""

        def pread(self, offset: int, length: int) -> bytes:
            return media_.pread(offset, length)

    fs = open_tsk(Layer(ntfs), "ntfs", media_.doubts)
    media_.doubts.take()
    assert content(fs, entry) == TEXT
    assert [doubt.offset for doubt in media_.doubts.take()] == [record]


def test_a_handle_says_the_same_with_and_without_its_place(ntfs: bytes) -> None:
    _, got = opened(ntfs, "ntfs")
    handle = got.path(b"one").handle
    parts = tsk_stream.Handle.unpack(handle)
    assert parts.pack() == bytes([tsk_stream.ALLOCATED]) + handle[1 : len(parts.pack())]
    with pytest.raises(OSError, match="not a handle"):
        tsk_stream.Handle.unpack(b"\x80" + handle[1:])


def test_a_handle_leads_to_no_place_before_the_volume(ntfs: bytes) -> None:
    _, got = opened(ntfs, "ntfs")
    handle = got.path(b"one").handle
    outside = open_tsk(RangeReader(Bytes(bytes(4096) + ntfs), 4096, len(ntfs)), "ntfs")
    for place, size in ((-1024, 512), (0, -1)):
        changed = handle[:-16] + struct.pack("<qq", size, place)
        assert tsk_stream.lies(changed)
        with pytest.raises(OSError, match="not a handle"):
            outside.open(changed)


def test_a_volume_that_ends_within_a_stream_is_an_error(ntfs: bytes) -> None:
    fs, got = opened(ntfs, "ntfs")
    entry = got.path(b"one")
    cut = open_tsk(Bytes(ntfs), "ntfs")
    cut._reader = RangeReader(Bytes(ntfs), 0, entry.first_offset + 5)  # noqa: SLF001 - cut off
    with pytest.raises(OSError, match="ends before"):
        content(cut, entry)
    assert content(fs, entry) == TEXT


APART = ("apfs", "btrfs", "jffs", "squashfs", "xfs")
"""Read by other parsers; of APFS the lists have no name."""


def kits_own() -> list[Any]:
    """Return those of the corpus that The Sleuth Kit reads."""
    return [
        case
        for case in images()
        if not (case.values[1] and case.values[1]["file_system"].startswith(APART))
    ]


@pytest.mark.corpus
@pytest.mark.parametrize(("where", "part"), kits_own())
def test_real_volumes_are_read_as_the_kit_reads_them(
    where: dict[str, Any], part: dict[str, Any]
) -> None:
    fs = volume(media(where), part)
    assert isinstance(fs, TskFileSystem)
    found = lying(listed(fs.entries()))
    assert compared(fs, found) == len(found)
