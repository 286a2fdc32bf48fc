"""btrfs as mkfs.btrfs writes it, against what it was made of; and damaged in every place."""

import os
import struct
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from backports import zstd
from corpus import evidence, needs_evidence
from filesystem_images import Bytes, content, digests, listed, reader_of, run
from test_parsers_filesystems_corpus import media

from heroes_forensics.model import EntryFlag, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.btrfs import open_btrfs
from heroes_forensics.parsers.filesystems.btrfs_file import BtrfsFile, extent_of
from heroes_forensics.parsers.filesystems.btrfs_tree import Storage
from heroes_forensics.parsers.filesystems.crc32c import crc32c

LARGE = Random(2).randbytes(3_000_000)  # noqa: S311 - content
NOTE = b"kept beside the content" * 9
NODE = 4096


def fill(tree: Path) -> dict[bytes, bytes]:
    wanted = {
        b"empty": b"",
        b"small": b"in the tree",
        b"large": LARGE,
        b"sub/\xff\xfe": b"no UTF-8",
    }
    wanted |= {b"many/%d" % number: b"%d" % number * 300 for number in range(400)}
    for path, data in wanted.items():
        full = tree / os.fsdecode(path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
    (tree / "again").hardlink_to(tree / "large")
    (tree / "link").symlink_to("small")
    with suppress(OSError):  # not on every file system
        os.setxattr(tree / "small", "user.note", NOTE)
        wanted[b"small:user.note"] = NOTE
    return wanted | {b"again": LARGE}


def made_of(tree: Path, image: Path, *options: str) -> Path:
    with image.open("wb") as file:
        file.truncate(150 << 20)
    run("mkfs.btrfs", "-q", *options, "--rootdir", tree, image)
    return image


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bytes, bytes]]:
    folder = tmp_path_factory.mktemp("btrfs") / "tree"
    folder.mkdir()
    return folder, fill(folder)


@pytest.fixture(scope="module")
def image(tree: tuple[Path, dict[bytes, bytes]]) -> bytes:
    options = ("-n", "4096", "-m", "single", "--shrink")
    return made_of(tree[0], tree[0].with_name("image"), *options).read_bytes()


@pytest.mark.parametrize(
    "options",
    [
        ("-m", "dup", "-d", "dup"),
        ("-n", "4096"),
        ("-M", "--csum", "sha256"),
        ("--csum", "xxhash"),
        ("--csum", "blake2"),
    ],
    ids=" ".join,
)
def test_every_file_is_as_it_was_packed(
    tree: tuple[Path, dict[bytes, bytes]], tmp_path: Path, options: tuple[str, ...]
) -> None:
    fs = open_btrfs(reader_of(made_of(tree[0], tmp_path / "image", *options)))
    got = listed(fs.entries())
    files = [entry for entry in got.entries if entry.kind is EntryKind.FILE]
    assert {entry.path: content(fs, entry, step=300_000) for entry in files} == tree[1]
    assert got.gaps == []
    assert got.listing.directories_listed == 3
    assert got.path(b"link").kind is EntryKind.SYMLINK
    assert got.path(b"small").flags & EntryFlag.RESIDENT
    assert all(entry.flags & EntryFlag.ALLOCATED for entry in got.entries)
    moment = got.path(b"large").times[0]
    assert moment is not None
    assert moment.seconds == int((tree[0] / "large").stat().st_mtime)


@needs_evidence
def test_numbers_begin_anew_in_each_subvolume() -> None:
    name = "images/dissect/btrfs-subvolume.bin"
    fs = open_btrfs(Bytes(media({"file": f"{name}.gz", "inner": [Path(name).name]})))
    got = listed(fs.entries())
    assert got.path(b"subvol").locator == "btrfs/i256-256/u256-5/a0-0/n0"
    assert got.path(b"subvol/small.txt").locator == "btrfs/i258-256/u256-256/a1-0/n0"


@needs_evidence
def test_one_device_of_two_is_read_and_said_to_be_one() -> None:
    assert evidence("images/dissect/btrfs-raid1-1.bin.gz").exists()
    for number in (1, 2):
        name = f"images/dissect/btrfs-raid1-{number}.bin"
        got = listed(
            open_btrfs(Bytes(media({"file": f"{name}.gz", "inner": [Path(name).name]}))).entries()
        )
        assert b"path/to/a/file.txt" in got.paths
        (gap,) = got.gaps
        assert gap.code == "volume.degraded"
        assert gap.detail == {"layer": "btrfs", "devices": 2, "present": 1}


def test_what_is_striped_over_devices_is_refused_by_name(tmp_path: Path) -> None:
    disks = [tmp_path / name for name in ("one", "two")]
    for disk in disks:
        with disk.open("wb") as file:
            file.truncate(150 << 20)
    run("mkfs.btrfs", "-q", "-m", "raid0", "-d", "raid0", *disks)
    with pytest.raises(UnsupportedError) as caught:
        open_btrfs(reader_of(disks[0]))
    assert caught.value.code == "volume.unsupported"


def _extent(compression: int, stored: bytes, expanded: int) -> bytes:
    head = struct.pack("<QQBBHB", 1, expanded, compression, 0, 0, 1)
    return head + struct.pack("<QQQQ", 4096, len(stored), 0, expanded)


def _lzo(data: bytes) -> bytes:
    """Pack as the kernel does, piece by piece of a sector; each is one run of literals."""
    out = bytearray(4)
    for at in range(0, len(data), 4096):
        piece = data[at : at + 4096]
        count, rest = divmod(len(piece) - 18, 255)
        packed = b"\0" + bytes(count) + bytes([rest]) + piece + b"\x11\0\0"
        if 4096 - len(out) % 4096 < 4:
            out += bytes(4096 - len(out) % 4096)
        out += len(packed).to_bytes(4, "little") + packed
    out[:4] = len(out).to_bytes(4, "little")
    return bytes(out)


@pytest.mark.parametrize(
    ("number", "pack"),
    [(1, zlib.compress), (2, _lzo), (3, zstd.compress)],
    ids=["zlib", "lzo", "zstd"],
)
def test_compressed_extents_are_expanded(
    image: bytes, number: int, pack: Callable[[bytes], bytes]
) -> None:
    data = LARGE[:100_000] + b"a" * 20_000
    stored = pack(data)
    storage = Storage(Bytes(image))
    storage.read = lambda address, length: stored[address - 4096 :][:length]  # type: ignore[method-assign]
    file = BtrfsFile(storage, [extent_of(8192, _extent(number, stored, len(data)))], 200_000)
    assert file.pread(0, 200_000) == bytes(8192) + data + bytes(200_000 - 8192 - len(data))
    assert file.pread(50_000, 10) == data[50_000 - 8192 :][:10]
    short = BtrfsFile(storage, [extent_of(0, _extent(number, stored[:-900], len(data)))], len(data))
    with pytest.raises(OSError, match=r"extent|compressed"):
        short.pread(0, len(data))


def test_what_was_never_written_is_zeros_and_what_is_encrypted_is_a_gap(image: bytes) -> None:
    storage = Storage(Bytes(image))
    row = bytearray(_extent(0, bytes(4096), 4096))
    row[20] = 2
    assert BtrfsFile(storage, [extent_of(0, bytes(row))], 4096).pread(0, 4096) == bytes(4096)
    row[20], row[17] = 1, 1
    with pytest.raises(UnsupportedError) as caught:
        BtrfsFile(storage, [extent_of(0, bytes(row))], 4096).pread(0, 4096)
    assert caught.value.code == "stream.unsupported"


def nodes(data: bytes) -> list[int]:
    """Return where nodes lie whose checksum fits."""
    return [
        at
        for at in range(0x20000, len(data), NODE)
        if any(data[at : at + 32])
        and crc32c(data[at + 32 : at + NODE]).to_bytes(4, "little") == data[at : at + 4]
    ]


def test_a_damaged_node_is_a_gap_and_its_copy_is_not(
    image: bytes, tree: tuple[Path, dict[bytes, bytes]], tmp_path: Path
) -> None:
    plain = len(listed(open_btrfs(Bytes(image)).entries()).entries)
    inside = b"250" * 300
    data = bytearray(image)
    data[data.index(inside)] ^= 1
    got = listed(open_btrfs(Bytes(bytes(data))).entries())
    assert {gap.code for gap in got.gaps} <= {"directory.unreadable", "sweep.unreadable"}
    assert got.gaps
    twice = bytearray(made_of(tree[0], tmp_path / "i", "-n", "4096", "-m", "dup").read_bytes())
    twice[twice.index(inside)] ^= 1
    got = listed(open_btrfs(Bytes(bytes(twice))).entries())
    assert (len(got.entries), got.gaps) == (plain, [])


def test_a_node_that_leads_to_itself_ends(image: bytes) -> None:
    data = bytearray(image)
    changed = 0
    for at in nodes(image):
        count, level = struct.unpack_from("<IB", data, at + 96)
        if level and count:
            (own,) = struct.unpack_from("<Q", data, at + 48)
            struct.pack_into("<Q", data, at + 101 + 17 + 33 * (count - 1), own)
            data[at : at + 4] = crc32c(bytes(data[at + 32 : at + NODE])).to_bytes(4, "little")
            changed += 1
    assert changed
    with suppress(UnsupportedError):
        assert listed(open_btrfs(Bytes(bytes(data))).entries()).gaps


@pytest.mark.parametrize("data", [b"", bytes(200_000), bytes(65600) + b"_BHRfS_M" + bytes(9000)])
def test_junk_is_no_volume(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        open_btrfs(Bytes(data))


def test_checksums_are_those_of_the_rfc() -> None:
    assert crc32c(b"123456789") == 0xE3069283
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


@pytest.mark.parametrize("seed", range(40))
def test_mutations_with_sound_checksums_end_as_gaps(image: bytes, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - mutations
    data = bytearray(image)
    places = nodes(image)
    for at in random.sample(places, min(len(places), random.choice((1, 4)))):
        for _ in range(random.choice((1, 10))):
            data[at + random.choice((random.randrange(80, 400), random.randrange(32, NODE)))] = (
                random.randrange(256)
            )
        data[at : at + 4] = crc32c(bytes(data[at + 32 : at + NODE])).to_bytes(4, "little")
    try:
        fs = open_btrfs(Bytes(bytes(data)))
    except UnsupportedError:
        return
    got = listed(fs.entries())
    assert len(got.entries) < 5_000
    digests(fs, got.entries[:60])
