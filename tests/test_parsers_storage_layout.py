import json
import struct
import subprocess
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Tools
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import (
    LINUX,
    RESERVED,
    SECTOR,
    Memory,
    ext2_head,
    fat_boot,
    gpt,
    mbr,
    opened,
)

from heroes_forensics.model import GAP_TEXTS, JSON, Gap
from heroes_forensics.parsers.storage.apfs_snapshots import View, checksum, without_snapshots
from heroes_forensics.parsers.storage.layout import tree, volumes
from heroes_forensics.parsers.storage.locked import REASONS
from heroes_forensics.parsers.storage.rows import MAX_VOLUMES
from heroes_forensics.parsers.storage.source import Source
from heroes_forensics.parsers.storage.volume import Volume


def over(data: bytes) -> Source:
    return Source("x", "image", "raw", "heroes", "", Memory(data), ())


def listed(source: Source) -> tuple[list[Volume], list[Gap]]:
    rows = list(volumes(source))
    for row in rows:
        if isinstance(row, Volume):
            assert Volume.from_json(json.loads(json.dumps(row.to_json()))) == row
    json.dumps(tree(source))
    gaps = [row for row in rows if isinstance(row, Gap)]
    assert all(gap.code in GAP_TEXTS for gap in gaps)
    return [row for row in rows if isinstance(row, Volume)], gaps


def place(disk: bytes, **pieces: bytes) -> bytes:
    """Lay pieces on a disk: ``s64=b"..."`` at sector 64."""
    made = bytearray(disk)
    for name, piece in pieces.items():
        at = int(name[1:]) * SECTOR
        made[at : at + len(piece)] = piece
    return bytes(made)


def codes(rows: list[Volume]) -> list[tuple[str, str | None, str | None]]:
    return [(row.key, row.file_system, row.gap.code if row.gap else None) for row in rows]


def test_partitions_of_a_gpt_disk() -> None:
    disk = gpt(
        [(LINUX, 64, 20), (RESERVED, 90, 10), (LINUX, 110, 10), (LINUX, 130, 10), (LINUX, 150, 9)]
    )
    disk = place(
        disk,
        s64=ext2_head(20 * SECTOR),
        s110=b"LUKS\xba\xbe\0\2",
        s130=b"hsqs",
    )
    rows, gaps = listed(over(disk))
    assert codes(rows) == [
        ("p64", "ext2", None),
        ("p90", None, "policy.reserved"),
        ("p110", None, "volume.encrypted"),
        ("p130", "squashfs", "volume.unsupported"),
        ("p150", None, "volume.unknown"),
    ]
    assert (rows[0].offset, rows[0].size) == (64 * SECTOR, 20 * SECTOR)
    assert [row.gap.detail for row in rows if row.gap][1:] == [
        {"system": "luks2", "why": REASONS["none"]},
        {"file_system": "squashfs", "version": "0.0", "compression": "other"},
        {"start": "zeros"},
    ]
    assert gaps == []


def test_unallocated_ranges_are_in_the_tree() -> None:
    disk = place(gpt([(LINUX, 64, 20)], sectors=256), s64=ext2_head(20 * SECTOR))
    assert tree(over(disk))["unallocated"] == [
        {"offset": 0, "size": 64 * SECTOR},
        {"offset": 84 * SECTOR, "size": (256 - 84) * SECTOR},
    ]


def test_a_volume_without_a_table_is_p0() -> None:
    rows, gaps = listed(over(ext2_head(1 << 20) + bytes((1 << 20) - 2048)))
    assert codes(rows) == [("p0", "ext2", None)]
    assert gaps == []


def test_an_image_cut_to_40_percent_says_what_is_missing() -> None:
    disk = place(
        mbr([(0x83, 64, 200), (0x83, 300, 100), (0x83, 600, 100)]) + bytes(800 * SECTOR),
        s64=ext2_head(200 * SECTOR),
        s300=ext2_head(100 * SECTOR),
        s600=ext2_head(100 * SECTOR),
    )[: 340 * SECTOR]
    rows, gaps = listed(over(disk))
    assert codes(rows) == [
        ("p64", "ext2", None),
        ("p300", "ext2", None),
        ("p600", None, "volume.truncated"),
    ]
    assert [(gap.where, gap.code, gap.detail) for gap in gaps] == [
        ("p300", "volume.truncated", {"declared": 100 * SECTOR, "real": 40 * SECTOR})
    ]


def test_a_bare_volume_that_is_cut_says_what_is_missing() -> None:
    _, gaps = listed(over(ext2_head(1 << 20) + bytes(100_000)))
    assert [gap.code for gap in gaps] == ["volume.truncated"]


def test_a_cut_gpt_disk_is_a_cut_source() -> None:
    disk = gpt([(LINUX, 64, 100)], sectors=256)
    _, gaps = listed(over(disk[: 120 * SECTOR]))
    assert ("source", "source.truncated") in [(gap.where, gap.code) for gap in gaps]


def test_overlapping_partitions_are_all_examined_and_said() -> None:
    disk = place(
        gpt([(LINUX, 64, 60), (LINUX, 80, 20), (LINUX, 80, 10), (LINUX, 130, 10)]),
        s64=ext2_head(60 * SECTOR),
        s80=ext2_head(10 * SECTOR),
        s130=ext2_head(10 * SECTOR),
    )
    rows, gaps = listed(over(disk))
    assert [row.key for row in rows] == ["p64", "p80", "p80-2", "p130"]
    assert [(gap.where, gap.detail) for gap in gaps if gap.code == "volume.overlap"] == [
        ("p80", {"with": "p64"}),
        ("p80-2", {"with": "p64"}),
    ]


def test_an_empty_table_is_not_silence() -> None:
    rows, _ = listed(over(gpt([])))
    assert codes(rows) == [("p0", None, "volume.unknown")]


def test_ten_thousand_partitions_are_bounded() -> None:
    links = bytearray(21_000 * SECTOR)
    links[:SECTOR] = mbr([(0x05, 1, 20000)])
    for number in range(10_000):
        at = (1 + number) * SECTOR
        links[at : at + SECTOR] = mbr([(0x83, 10_000, 1), (0x05, number + 1, 1)])
    rows, gaps = listed(over(bytes(links)))
    assert len(rows) == MAX_VOLUMES
    assert "volume.limit" in [gap.code for gap in gaps]


def test_boot_code_that_looks_like_a_table_does_not_hide_the_volume() -> None:
    disk = bytearray(fat_boot(400) + bytes(399 * SECTOR))
    disk[446 : 446 + 16] = struct.pack("<B3xB3xII", 0x80, 0x20, 100, 100)
    rows, _ = listed(over(bytes(disk)))
    assert codes(rows) == [("p0", "fat12", None)]


def test_a_table_counts_when_its_partition_holds_a_file_system() -> None:
    disk = bytearray(fat_boot(400) + bytes(399 * SECTOR))
    disk[446 : 446 + 16] = struct.pack("<B3xB3xII", 0x80, 0x83, 100, 100)
    rows, _ = listed(over(place(bytes(disk), s100=ext2_head(100 * SECTOR))))
    assert codes(rows) == [("p100", "ext2", None)]


def test_a_left_over_superblock_does_not_hide_the_table() -> None:
    disk = place(
        ext2_head(1 << 20)[:2048].ljust(1 << 20, b"\0"),
        s0=mbr([(0x83, 64, 100)]),
        s64=ext2_head(100 * SECTOR),
    )
    rows, _ = listed(over(disk))
    assert codes(rows) == [("p64", "ext2", None)]


def test_a_hybrid_disc_is_read_whole_and_by_partition() -> None:
    disk = bytearray(1 << 20)
    disk[:SECTOR] = mbr([(0x17, 0, 2000), (0xEF, 200, 100)])
    disk[32769:32774] = b"CD001"
    disk[32768 + 80 : 32768 + 84] = struct.pack("<I", 100)
    disk[32768 + 128 : 32768 + 130] = struct.pack("<H", 2048)
    rows, _ = listed(over(place(bytes(disk), s200=fat_boot(100))))
    assert codes(rows) == [("p0", "iso9660", None), ("p200", "fat12", None)]


def test_the_udf_side_of_a_bridge_disc_is_a_gap() -> None:
    disk = bytearray(1 << 20)
    disk[32769:32774] = b"CD001"
    disk[34817:34822] = b"NSR02"
    _, gaps = listed(over(bytes(disk)))
    assert [gap.detail for gap in gaps] == [{"file_system": "udf"}]


def test_an_unreadable_start_is_a_gap() -> None:
    source = over(bytes(1 << 20))
    source.media = Memory(bytes(1 << 20), frozenset({0}))
    rows, _ = listed(source)
    assert codes(rows) == [("p0", None, "volume.damaged")]


def test_an_unreadable_partition_is_a_gap_and_the_next_is_examined() -> None:
    disk = place(gpt([(LINUX, 64, 20), (LINUX, 90, 20)]), s90=ext2_head(20 * SECTOR))
    source = over(disk)
    source.media = Memory(disk, frozenset({64}))
    rows, _ = listed(source)
    assert codes(rows) == [("p64", None, "volume.damaged"), ("p90", "ext2", None)]


@given(st.binary(max_size=200), st.integers(0, 40))
def test_no_volume_makes_it_crash(junk: bytes, sector: int) -> None:
    disk = gpt([(uuid.UUID(int=7), 20, 200)], sectors=256, primary=False)
    made = bytearray(disk)
    at = (20 + sector) * SECTOR
    made[at : at + len(junk)] = junk
    for magic, where in ((b"LABELONE", 512), (b"NXSB", 32), (b"-FVE-FS-", 3), (b"NTFS    ", 3)):
        one = bytearray(made)
        one[20 * SECTOR + where : 20 * SECTOR + where + len(magic)] = magic
        if magic == b"LABELONE":
            one[20 * SECTOR + 536 : 20 * SECTOR + 544] = b"LVM2 001"
        rows, _ = listed(over(bytes(one)))
        assert rows


def unpacked(name: str, folder: Path) -> Path:
    packed = evidence(name)
    path = folder / packed.stem
    command = ["gzip", "-dc", str(packed)]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return path


REAL = {
    "shadow copies": (
        "images/dfvfs/vsstest.qcow2.gz",
        [("p0", "ntfs", None), ("p0.vss1", "ntfs", None), ("p0.vss2", "ntfs", None)],
    ),
    "lvm": ("images/dfvfs/lvm.qcow2.gz", [("p0.lv1", "ext2", None)]),
    "apfs": ("images/dfvfs/apfs.raw.gz", [("p0.apfs1", "apfs", None)]),
    "apfs encrypted": (
        "encrypted/apfs-encrypted.bin.gz",
        [("p0.apfs1", "apfs", "volume.encrypted")],
    ),
    "apfs with 512 snapshots": (
        "images/dissect/apfs-snapshot.bin.gz",
        [("p0.apfs1", "apfs", None)],
    ),
    "bitlocker": ("encrypted/bde-aes-xts_128.bin.gz", [("p0", None, "volume.encrypted")]),
    "bitlocker to go": ("encrypted/bdetogo.raw.gz", [("p0", None, "volume.encrypted")]),
    "bitlocker suspended": ("encrypted/bde-suspended.bin.gz", [("p0", "ntfs", None)]),
    "luks2": ("encrypted/luks2-aes-xts-plain64.bin.gz", [("p0", None, "volume.encrypted")]),
    "md": ("images/volumes/md-raid5-1.bin.gz", [("p0", "md-raid", "volume.incomplete")]),
    "qnx6": ("images/dissect/qnx6-le.bin.gz", [("p0", "qnx6", "volume.unsupported")]),
    "mbr with sectors of 512 bytes": (
        "images/dfir_ntfs/mbr-512-p1e2.bin.gz",
        [(f"p{start}", None, "volume.unknown") for start in (2, 514, 1025)],
    ),
    "gpt with three": (
        "images/dfir_ntfs/gpt-512-3p.raw.gz",
        [(f"p{start}", None, "volume.unknown") for start in (34, 65, 129)],
    ),
}


@pytest.mark.parametrize(("name", "expected"), REAL.values(), ids=REAL)
def test_layers_of_real_images(
    name: str, expected: list[tuple[str, str | None, str | None]], tmp_path: Path
) -> None:
    rows, _ = listed(opened(unpacked(name, tmp_path)))
    assert codes(rows) == expected


UNREAD: dict[str, JSON] = {
    "images/lde/test.minix": {"version": 1},
}
"""What the images say of themselves; `unsquashfs -s`, `btrfs inspect-internal` and `file` agree."""


@pytest.mark.parametrize("name", UNREAD)
def test_what_is_not_read_is_named_with_its_version(name: str, tmp_path: Path) -> None:
    path = unpacked(name, tmp_path) if name.endswith(".gz") else evidence(name)
    ((row,), _) = listed(opened(path))
    assert row.gap is not None
    assert row.gap.code == "volume.unsupported"
    assert row.gap.detail == {"file_system": row.file_system, **UNREAD[name]}


def test_a_shadow_copy_whose_store_is_elsewhere_says_so(tmp_path: Path) -> None:
    """As in `vss_1_vol` of the corpus, where Windows kept the stores on another disk."""
    source = opened(unpacked("images/dfvfs/vsstest.qcow2.gz", tmp_path))
    assert source.media is not None
    catalog = struct.unpack("<Q", source.media.pread(0x1E00 + 48, 8))[0]
    block = bytearray(source.media.pread(catalog, 16384))
    entries = [at for at in range(128, 16384, 128) if block[at] == 3]
    assert len(entries) == 2
    block[entries[0] : entries[0] + 128] = bytes([1]).ljust(128, b"\0")
    source.media = View(source.media, {catalog: bytes(block)})
    rows, _ = listed(source)
    gaps = [row.gap.detail for row in rows if row.gap is not None]
    assert gaps == [{"system": "vss", "stored": "on another volume"}]


def test_snapshots_of_apfs_are_counted_as_a_gap(tmp_path: Path) -> None:
    _, gaps = listed(opened(unpacked("images/dissect/apfs-snapshot.bin.gz", tmp_path)))
    assert [(gap.code, gap.detail["count"]) for gap in gaps] == [("snapshot.unreadable", 512)]


def test_the_view_without_snapshots_changes_one_block_and_its_checksum(tmp_path: Path) -> None:
    data = unpacked("images/dissect/apfs-snapshot.bin.gz", tmp_path).read_bytes()
    view, counts = without_snapshots(Memory(data))
    assert counts == {0: 512}
    changed = [
        at for at in range(0, len(data), 4096) if view.pread(at, 4096) != data[at : at + 4096]
    ]
    (at,) = changed
    block = view.pread(at, 4096)
    assert checksum(block) == struct.unpack_from("<Q", block)[0]
    assert checksum(data[at : at + 4096]) == struct.unpack_from("<Q", data, at)[0]
    assert view.pread(at - 100, 5000) == data[at - 100 : at] + block + data[at + 4096 : at + 4900]


@given(st.binary(max_size=300), st.integers(0, 4096))
def test_no_container_makes_the_search_for_snapshots_crash(junk: bytes, at: int) -> None:
    data = bytearray(16 * 4096)
    data[32:36] = b"NXSB"
    data[36:40] = struct.pack("<I", 4096)
    data[at : at + len(junk)] = junk
    without_snapshots(Memory(bytes(data)))


def damaged(key: str) -> Callable[[JSON], None]:
    def change(row: JSON) -> None:
        row[key] = [] if key != "spec" else "x"

    return change


@pytest.mark.parametrize("key", ["key", "kind", "size", "spec", "gap", "parent", "offset"])
def test_a_row_of_the_wrong_kind_is_refused(key: str) -> None:
    row = Volume("p0", "volume", "ext2", 0, 10, 512).to_json()
    damaged(key)(row)
    with pytest.raises((TypeError, KeyError)):
        Volume.from_json(row)


def test_partitions_as_mmls_lists_them(tmp_path: Path, tool: Tools) -> None:
    program = tool("mmls")
    disk = gpt([(LINUX, 64, 20), (LINUX, 90, 20)])
    (tmp_path / "d").write_bytes(disk)
    text = subprocess.run([program, tmp_path / "d"], check=True, capture_output=True).stdout
    rows_of_mmls = [line.split() for line in text.decode().splitlines()]
    by_mmls = [int(row[2]) for row in rows_of_mmls if len(row) > 4 and row[1].isdigit()]
    rows, _ = listed(over(disk))
    assert [f"p{start}" for start in by_mmls] == [row.key for row in rows]
