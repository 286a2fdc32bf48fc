import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory, ext2_head, fat_boot

from heroes_forensics.parsers.storage.signatures import Recognised, recognise


def at(*pieces: tuple[int, bytes], size: int = 0x11000) -> bytes:
    block = bytearray(max(size, *(offset + len(piece) for offset, piece in pieces)))
    for offset, piece in pieces:
        block[offset : offset + len(piece)] = piece
    return bytes(block)


def found(data: bytes) -> Recognised:
    answer = recognise(Memory(data))
    assert answer is not None
    return answer


NTFS = at((3, b"NTFS    "), (11, struct.pack("<H", 512)), (40, struct.pack("<Q", 999)))
EXFAT = at((3, b"EXFAT   "), (72, struct.pack("<Q", 4096)), (108, b"\x09"))

SIZED = {
    "ntfs": (NTFS, "ntfs", 512_000),
    "exfat": (EXFAT, "exfat", 4096 * 512),
    "fat12": (at((0, fat_boot(2000))), "fat12", 2000 * 512),
    "fat16": (at((0, fat_boot(20000, table=80))), "fat16", 20000 * 512),
    "fat32": (
        at(
            (0, fat_boot(0, roots=0, table=0)),
            (32, struct.pack("<II", 70000, 600)),
        ),
        "fat32",
        70000 * 512,
    ),
    "ext2": (at((0, ext2_head(1 << 20))), "ext2", 1 << 20),
    "ext3": (at((0, ext2_head(1 << 20, compatible=4))), "ext3", 1 << 20),
    "ext4": (at((0, ext2_head(1 << 20, compatible=4, incompatible=0x42))), "ext4", 1 << 20),
    "xfs": (at((0, b"XFSB" + struct.pack(">IQ", 4096, 100))), "xfs", 409_600),
    "hfs+": (
        at((1024, b"H+\0\x04"), (1024 + 40, struct.pack(">II", 4096, 10))),
        "hfs+",
        40_960,
    ),
    "iso9660": (
        at((32769, b"CD001"), (32768 + 80, struct.pack("<I", 40)), (32768 + 128, b"\0\x08")),
        "iso9660",
        81_920,
    ),
}


@pytest.mark.parametrize(("data", "name", "size"), SIZED.values(), ids=SIZED)
def test_a_supported_file_system_and_its_size(data: bytes, name: str, size: int) -> None:
    answer = found(data)
    assert (answer.name, answer.size, answer.family) == (name, size, "file-system")


OTHERS = {
    "bitlocker": (at((3, b"-FVE-FS-")), "bitlocker", "encrypted"),
    "bitlocker to go": (
        at((0, fat_boot(2000)), (424, bytes.fromhex("3bd66749292ed84a8399f6a339e3d001"))),
        "bitlocker",
        "encrypted",
    ),
    "luks1": (at((0, b"LUKS\xba\xbe\0\x01")), "luks1", "encrypted"),
    "luks2": (at((0, b"LUKS\xba\xbe\0\x02")), "luks2", "encrypted"),
    "filevault": (at((10, b"\x10\0"), (88, b"CS")), "corestorage", "encrypted"),
    "apfs": (at((32, b"NXSB" + struct.pack("<IQ", 4096, 9))), "apfs", "manager"),
    "lvm": (at((512, b"LABELONE"), (536, b"LVM2 001")), "lvm2", "manager"),
    "ufs1": (at((8192 + 1372, b"\x54\x19\x01\0")), "ufs", "file-system"),
    "ufs2": (at((65536 + 1372, b"\x19\x01\x54\x19")), "ufs", "file-system"),
    "ufs2 at 256 KiB": (at((262144 + 1372, b"\x19\x01\x54\x19")), "ufs", "file-system"),
    "btrfs": (at((65600, b"_BHRfS_M")), "btrfs", "file-system"),
    "squashfs 3": (at((0, b"sqsh")), "squashfs", "unsupported"),
    "squashfs 4": (
        at((0, b"hsqs"), (20, b"\6\0"), (28, b"\4\0\0\0")),
        "squashfs",
        "file-system",
    ),
    "f2fs": (at((1024, b"\x10\x20\xf5\xf2")), "f2fs", "unsupported"),
    "jffs2": (at((0, b"\x85\x19\x03\x20")), "jffs2", "file-system"),
    "minix": (at((1040, b"\x8f\x13")), "minix", "unsupported"),
    "reiserfs": (at((65536 + 52, b"ReIsEr2Fs")), "reiserfs", "unsupported"),
    "refs": (at((3, b"ReFS\0\0\0\0")), "refs", "unsupported"),
    "swap": (at((4086, b"SWAPSPACE2")), "swap", "unsupported"),
    "zfs": (at((131072 + 4096, b"\x0c\xb1\xba\0\0\0\0\0")), "zfs", "unsupported"),
    "vmfs": (at((0x100000, b"\x0d\xd0\x01\xc0")), "vmfs", "unsupported"),
    "md 1.2": (at((4096, b"\xfc\x4e\x2b\xa9")), "md-raid", "manager"),
    "md 1.0": (at(((1 << 20) - 8192, b"\xfc\x4e\x2b\xa9"), size=1 << 20), "md-raid", "manager"),
    "md 0.90": (
        at(((1 << 20) - 65536, b"\xfc\x4e\x2b\xa9"), size=1 << 20),
        "md-raid",
        "manager",
    ),
    "external journal": (at((0, ext2_head(1 << 20, incompatible=8))), "ext-journal", "unsupported"),
    "udf alone": (at((32769, b"BEA01"), (34817, b"NSR02")), "udf", "unsupported"),
}


@pytest.mark.parametrize(("data", "name", "family"), OTHERS.values(), ids=OTHERS)
def test_what_else_is_recognised(data: bytes, name: str, family: str) -> None:
    answer = found(data)
    assert (answer.name, answer.family) == (name, family)


def test_a_bridge_disc_says_that_udf_is_there_too() -> None:
    assert found(at((32769, b"CD001"), (34817, b"BEA01"), (36865, b"NSR02"))).also == ("udf",)


NOTHING = {
    "zeros": bytes(1 << 20),
    "empty": b"",
    "one byte": b"\xeb",
    "a jump and no parameters": b"\xeb\x3c\x90" + bytes(507) + b"\x55\xaa",
    "text": b"not a file system\n" * 5000,
}


@pytest.mark.parametrize("data", NOTHING.values(), ids=NOTHING)
def test_nothing_is_recognised(data: bytes) -> None:
    assert recognise(Memory(data)) is None


def test_a_bad_sector_far_behind_does_not_hide_the_answer() -> None:
    bad = frozenset(range(300, 2048))
    assert recognise(Memory(bytes(1 << 20), bad)) is None
    answer = recognise(Memory(NTFS + bytes(1 << 20), bad))
    assert answer is not None
    assert answer.name == "ntfs"


def test_a_bad_first_sector_is_an_error() -> None:
    with pytest.raises(OSError, match="Input/output"):
        recognise(Memory(NTFS, frozenset({0})))


def test_bad_sectors_at_the_start_hide_only_what_lies_in_them() -> None:
    answer = recognise(Memory(at((0, ext2_head(1 << 20))), frozenset({0, 1, 9, 64})))
    assert answer is not None
    assert answer.name == "ext2"


@given(st.binary(max_size=4096))
def test_no_bytes_make_it_crash(junk: bytes) -> None:
    recognise(Memory(junk))
    recognise(Memory(bytes(1024) + junk))
