import io
import struct
import uuid
import zipfile

import pytest
import pytsk3
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import LINUX, RESERVED, SECTOR, Memory, ext2_head, gpt, mbr

from heroes_forensics.parsers.storage.partitions import MAX_ENTRIES, Table, read_table


def placed(size: int, pieces: dict[int, bytes]) -> bytes:
    """Return ``size`` bytes with pieces at the given sectors."""
    disk = bytearray(size)
    for sector, piece in pieces.items():
        disk[sector * SECTOR : sector * SECTOR + len(piece)] = piece
    return bytes(disk)


def table_of(disk: bytes) -> Table:
    table = read_table(Memory(disk))
    assert table is not None
    return table


def ranges(table: Table) -> list[tuple[int, int]]:
    unit = table.sector_size
    return [(one.start // unit, one.size // unit) for one in table.partitions]


def codes(table: Table) -> list[str]:
    return [code for code, _ in table.faults]


class Image(pytsk3.Img_Info):  # type: ignore[misc] # it ships no types
    """The same disk for The Sleuth Kit, the independent reader."""

    def __init__(self, disk: bytes) -> None:
        self._disk = disk
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    def close(self) -> None:
        pass

    def read(self, offset: int, size: int) -> bytes:
        return self._disk[offset : offset + size]

    def get_size(self) -> int:
        return len(self._disk)


def by_sleuth_kit(disk: bytes) -> list[tuple[int, int]]:
    found = pytsk3.Volume_Info(Image(disk))
    return [(p.start, p.len) for p in found if p.flags == pytsk3.TSK_VS_PART_FLAG_ALLOC]


def test_primary_and_logical_partitions_as_the_sleuth_kit_lists_them() -> None:
    disk = placed(
        1 << 20,
        {
            0: mbr([(0x83, 8, 16), (0x05, 100, 900)]),
            100: mbr([(0x83, 2, 20), (0x05, 50, 100)]),
            150: mbr([(0x07, 2, 30)]),
        },
    )
    assert ranges(table_of(disk)) == [(8, 16), (102, 20), (152, 30)]
    assert sorted(ranges(table_of(disk))) == sorted(by_sleuth_kit(disk))


def test_an_extended_chain_that_bites_its_tail_ends() -> None:
    disk = placed(
        1 << 20,
        {
            0: mbr([(0x05, 100, 900)]),
            100: mbr([(0x83, 2, 20), (0x05, 50, 100)]),
            150: mbr([(0x83, 2, 20), (0x05, 0, 100)]),
        },
    )
    table = table_of(disk)
    assert ranges(table) == [(102, 20), (152, 20)]
    assert codes(table) == ["volume.damaged"]


def test_an_extended_chain_of_10000_links_is_cut_and_said() -> None:
    links = {0: mbr([(0x05, 1, 20000)])}
    for number in range(10_000):
        links[1 + number] = mbr([(0x83, 0, 1), (0x05, number + 1, 1)])
    table = table_of(placed(10_100 * SECTOR, links))
    assert len(table.partitions) == MAX_ENTRIES
    assert codes(table) == ["volume.limit"]


def test_a_broken_link_keeps_the_partitions_before_it() -> None:
    disk = placed(
        1 << 20, {0: mbr([(0x83, 8, 16), (0x05, 100, 900)]), 100: mbr([(0x83, 2, 9), (5, 50, 9)])}
    )
    table = table_of(disk)
    assert ranges(table) == [(8, 16), (102, 9)]
    assert codes(table) == ["volume.damaged"]


def test_a_link_beyond_the_end_is_a_cut_image() -> None:
    table = table_of(placed(8192, {0: mbr([(0x05, 1000, 900)])}))
    assert codes(table) == ["volume.truncated"]


def test_sectors_of_4096_bytes_are_recognised_by_what_lies_there() -> None:
    disk = bytearray(1 << 20)
    disk[:512] = mbr([(0x83, 16, 100)])
    disk[16 * 4096 : 16 * 4096 + 2048] = ext2_head(100 * 4096)
    table = table_of(bytes(disk))
    assert table.sector_size == 4096
    assert ranges(table) == [(16, 100)]


NOT_A_TABLE = {
    "zeros": bytes(4096),
    "no mark": mbr([(0x83, 1, 1)])[:510] + b"\0\0",
    "empty": mbr([]),
    "boot code in place of entries": bytes(446)
    + b"Missing operating system".ljust(64, b".")
    + b"\x55\xaa",
    "short": b"\x55\xaa",
}


@pytest.mark.parametrize("disk", NOT_A_TABLE.values(), ids=NOT_A_TABLE)
def test_no_table(disk: bytes) -> None:
    assert read_table(Memory(disk)) is None


@pytest.mark.parametrize("size", [512, 1024, 2048, 4096])
def test_gpt_with_every_sector_size(size: int) -> None:
    disk = gpt([(LINUX, 64, 10), (RESERVED, 80, 5)], size=size)
    table = table_of(disk)
    assert (table.scheme, table.sector_size) == ("gpt", size)
    assert ranges(table) == [(64, 10), (80, 5)]
    assert [one.reserved for one in table.partitions] == [False, True]
    assert table.declared == len(disk)
    assert table.faults == []


def test_gpt_as_the_sleuth_kit_lists_it() -> None:
    disk = gpt([(LINUX, 64, 10), (LINUX, 80, 5)])
    assert ranges(table_of(disk)) == by_sleuth_kit(disk)


def test_the_backup_gpt_serves_when_the_first_is_gone() -> None:
    table = table_of(gpt([(LINUX, 64, 10)], primary=False))
    assert ranges(table) == [(64, 10)]
    assert table.faults == []
    assert "backup" in table.notes[0]


def test_the_backup_gpt_serves_when_the_first_is_damaged() -> None:
    disk = bytearray(gpt([(LINUX, 64, 10)]))
    disk[2 * SECTOR + 33] ^= 1
    table = table_of(bytes(disk))
    assert ranges(table) == [(64, 10)]
    assert table.faults == []


def test_a_gpt_that_is_damaged_twice_is_used_and_said() -> None:
    disk = bytearray(gpt([(LINUX, 64, 10)]))
    disk[SECTOR + 60] ^= 1
    disk[-SECTOR + 60] ^= 1
    table = table_of(bytes(disk))
    assert ranges(table) == [(64, 10)]
    assert codes(table) == ["volume.damaged"]


def test_a_protective_mbr_without_a_gpt_is_damage() -> None:
    table = table_of(gpt([], primary=False, backup=False))
    assert (table.scheme, codes(table)) == ("gpt", ["volume.damaged"])


def test_a_bad_sector_in_the_first_gpt_brings_in_the_backup() -> None:
    table = read_table(Memory(gpt([(LINUX, 64, 10)]), frozenset({0, 1})))
    assert table is not None
    assert ranges(table) == [(64, 10)]


def test_a_boot_record_that_cannot_be_read_is_not_no_table() -> None:
    with pytest.raises(OSError, match="Input/output"):
        read_table(Memory(mbr([(0x83, 1, 9)]) + bytes(9000), frozenset({0})))


def test_a_cut_gpt_disk_knows_how_long_it_was() -> None:
    disk = gpt([(LINUX, 64, 10)])
    assert table_of(disk[: len(disk) * 2 // 5]).declared == len(disk)


def test_a_gpt_entry_that_ends_before_it_begins_is_a_fault() -> None:
    table = table_of(gpt([(LINUX, 64, -5), (LINUX, 80, 5)]))
    assert ranges(table) == [(80, 5)]
    assert codes(table) == ["volume.damaged"]


def test_a_gpt_of_10000_entries_is_cut_and_said() -> None:
    array = b"".join(
        LINUX.bytes_le + bytes(16) + struct.pack("<QQQ", n, n, 0) + bytes(72)
        for n in range(34, 10_034)
    )
    disk = bytearray(gpt([]))
    header = bytearray(disk[SECTOR : SECTOR + 92])
    struct.pack_into("<QII", header, 72, 2, 10_000, 128)
    disk[SECTOR : SECTOR + 92] = header
    table = table_of(bytes(disk[: 2 * SECTOR]) + array + bytes(SECTOR))
    assert len(table.partitions) == MAX_ENTRIES
    assert "volume.limit" in codes(table)


def apm(entries: list[tuple[int, int, bytes]], *, count: int | None = None) -> bytes:
    disk = bytearray(64 * SECTOR)
    disk[:8] = struct.pack(">2sHI", b"ER", SECTOR, 64)
    for number, (start, length, kind) in enumerate(entries, start=1):
        row = struct.pack(">2s2xIII32s32s", b"PM", count or len(entries), start, length, b"n", kind)
        disk[number * SECTOR : number * SECTOR + len(row)] = row
    return bytes(disk)


def test_apple_partition_map() -> None:
    disk = apm([(1, 8, b"Apple_partition_map"), (10, 20, b"Apple_HFS"), (30, 9, b"Apple_Free")])
    table = table_of(disk)
    assert ranges(table) == [(1, 8), (10, 20)]
    assert [one.type for one in table.partitions] == ["Apple_partition_map", "Apple_HFS"]
    assert table.partitions[0].reserved


def test_an_apple_map_that_promises_more_entries_than_it_has() -> None:
    table = table_of(apm([(1, 8, b"Apple_HFS")], count=4_000_000_000))
    assert codes(table) == ["volume.damaged"]


def test_a_type_name_that_is_no_type_name_is_not_shown() -> None:
    table = table_of(apm([(1, 8, b"\x1b[2Jmy volume")]))
    assert table.partitions[0].type == "other"


@given(st.binary(min_size=512, max_size=6000), st.sampled_from(["mbr", "gpt", "apm", "none"]))
def test_no_disk_makes_it_crash_or_run_away(junk: bytes, kind: str) -> None:
    disk = bytearray(junk)
    if kind == "mbr":
        disk[510:512] = b"\x55\xaa"
    elif kind == "gpt" and len(disk) >= 1024:
        disk[512:520] = b"EFI PART"
    elif kind == "apm" and len(disk) >= 1024:
        disk[512:514] = b"PM"
    reader = Memory(bytes(disk))
    table = read_table(reader)
    assert table is None or len(table.partitions) <= MAX_ENTRIES
    assert reader.reads < 20 * MAX_ENTRIES


@given(
    st.lists(st.tuples(st.integers(34, 200), st.integers(1, 20)), max_size=8),
    st.sampled_from([512, 4096]),
)
def test_what_was_written_is_read(parts: list[tuple[int, int]], size: int) -> None:
    disk = gpt([(uuid.uuid4(), start, count) for start, count in parts], size=size)
    assert ranges(table_of(disk)) == parts


def test_the_extended_partitions_of_dftt_1() -> None:
    """The starts are those of the truth manifest, made with mmls."""
    archive = zipfile.ZipFile(io.BytesIO(evidence("images/dftt/1-extend-part.zip").read_bytes()))
    disk = archive.read("1-extend-part/ext-part-test-2.dd")
    starts = sorted(start for start, _ in ranges(table_of(disk)))
    assert starts == [63, 52416, 104832, 157311, 209727, 262143]
