"""JFFS2 as mkfs.jffs2 writes it, and with nodes behind it as a file system in use adds them."""

import os
import struct
import zlib
from pathlib import Path
from random import Random

import pytest
from filesystem_images import Bytes, content, digests, listed, run

from heroes_forensics.model import EntryFlag, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.jffs2 import open_jffs2
from heroes_forensics.parsers.filesystems.jffs2_file import Jffs2File, Piece

NOISE = Random(3).randbytes(50_000)  # noqa: S311 - content


def fill(tree: Path) -> dict[bytes, bytes]:
    wanted = {
        b"empty": b"",
        b"text": b"again and again\n" * 3000,
        b"noise": NOISE,
        b"zeros": bytes(30_000),
        b"sub/\xff\xfe": b"no UTF-8",
    }
    for path, data in wanted.items():
        full = tree / os.fsdecode(path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
    (tree / "again").hardlink_to(tree / "text")
    (tree / "link").symlink_to("text")
    return wanted | {b"again": wanted[b"text"]}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bytes, bytes]]:
    folder = tmp_path_factory.mktemp("jffs2") / "tree"
    folder.mkdir()
    return folder, fill(folder)


def packed(tree: Path, image: Path, *options: str) -> bytes:
    run("mkfs.jffs2", "-r", tree, "-o", image, "-p", "-e", "64KiB", *options)
    return image.read_bytes()


@pytest.fixture(scope="module")
def image(tree: tuple[Path, dict[bytes, bytes]]) -> bytes:
    return packed(tree[0], tree[0].with_name("image"))


@pytest.mark.parametrize(
    "options",
    [(), ("-b",), ("-x", "zlib"), ("-x", "zlib", "-x", "rtime", "-X", "lzo"), ("-m", "none")],
    ids=" ".join,
)
def test_every_file_is_as_it_was_packed(
    tree: tuple[Path, dict[bytes, bytes]], tmp_path: Path, options: tuple[str, ...]
) -> None:
    fs = open_jffs2(Bytes(packed(tree[0], tmp_path / "image", *options)))
    got = listed(fs.entries())
    files = [entry for entry in got.entries if entry.kind is EntryKind.FILE]
    assert {entry.path: content(fs, entry, step=3000) for entry in files} == tree[1]
    assert got.gaps == []
    assert got.path(b"link").kind is EntryKind.SYMLINK
    assert all(entry.flags & EntryFlag.ALLOCATED for entry in got.entries)
    moment = got.path(b"noise").times[0]
    assert moment is not None
    assert moment.seconds == int((tree[0] / "noise").stat().st_mtime)


def crc(data: bytes) -> int:
    return zlib.crc32(data, 0xFFFFFFFF) ^ 0xFFFFFFFF


def name_node(name: bytes, number: int, version: int, parent: int = 1) -> bytes:
    head = struct.pack("<HHI", 0x1985, 0xE001, 40 + len(name))
    node = head + struct.pack("<IIIIIBBH", crc(head), parent, version, number, 0, len(name), 8, 0)
    node += struct.pack("<II", crc(node), crc(name)) + name
    return node + b"\xff" * (-len(node) % 4)


def inode_node(number: int, version: int, offset: int, data: bytes, size: int) -> bytes:
    head = struct.pack("<HHI", 0x1985, 0xE002, 68 + len(data))
    node = head + struct.pack(
        "<IIIIHHIIII", crc(head), number, version, 0o100644, 0, 0, size, 1, 2, 3
    )
    node += struct.pack("<IIIBBH", offset, len(data), len(data), 0, 0, 0)
    node += struct.pack("<II", crc(data), crc(node)) + data
    return node + b"\xff" * (-len(node) % 4)


def number_of(image: bytes, path: bytes) -> int:
    locator = listed(open_jffs2(Bytes(image)).entries()).path(path).locator
    return int(locator.split("/")[1][1:])


def test_a_name_that_was_taken_back_is_a_deleted_entry(image: bytes) -> None:
    number = number_of(image, b"noise")
    fs = open_jffs2(Bytes(image + name_node(b"noise", 0, 1000)))
    gone = listed(fs.entries()).path(b"noise")
    assert not gone.flags & EntryFlag.ALLOCATED
    assert content(fs, gone) == NOISE
    fs = open_jffs2(
        Bytes(image + name_node(b"noise", 99, 1000) + inode_node(99, 1, 0, b"other", 5))
    )
    new, old = [entry for entry in listed(fs.entries()).entries if entry.path == b"noise"]
    assert (content(fs, new), content(fs, old)) == (b"other", NOISE)
    assert bool(new.flags & EntryFlag.ALLOCATED) > bool(old.flags & EntryFlag.ALLOCATED)
    assert f"/i{number}/" in old.locator


def test_an_inode_without_a_name_is_found(image: bytes) -> None:
    fs = open_jffs2(Bytes(image + inode_node(500, 1, 0, b"nobody", 6)))
    (lost,) = [e for e in listed(fs.entries()).entries if e.flags & EntryFlag.ORPHAN]
    assert (lost.locator, content(fs, lost)) == ("jffs2/i500/u0/a1-0/n0", b"nobody")
    assert not lost.flags & EntryFlag.ALLOCATED


def test_content_that_a_mode_hides_is_a_stream(image: bytes) -> None:
    node = inode_node(800, 1, 0, b"hidden" * 900, 5400)
    head, rest = node[:20], node[24:60]
    node = head + struct.pack("<I", 0o120777) + rest
    tail = inode_node(800, 1, 0, b"hidden" * 900, 5400)[60:]
    node += tail[:4] + struct.pack("<I", crc(node)) + tail[8:]
    fs = open_jffs2(Bytes(image + node + name_node(b"no link", 800, 1)))
    got = listed(fs.entries())
    assert got.path(b"no link").kind is EntryKind.SYMLINK
    assert content(fs, got.path(b"no link:")) == b"hidden" * 900


def test_the_highest_version_counts_wherever_it_lies(image: bytes) -> None:
    later = inode_node(600, 3, 2, b"CD", 5) + inode_node(600, 1, 0, b"abcdefgh", 8)
    fs = open_jffs2(Bytes(image + later + name_node(b"new", 600, 1)))
    assert content(fs, listed(fs.entries()).path(b"new")) == b"abCDe"


def test_pieces_lie_over_one_another_as_if_they_were_painted() -> None:
    random = Random(4)  # noqa: S311 - a property
    for _ in range(200):
        painted, pieces, stored = bytearray(300), [], bytearray()
        for version in range(1, random.randrange(2, 25)):
            offset, length = random.randrange(290), random.randrange(1, 60)
            data = bytes([version]) * length
            pieces.append(Piece(version, len(stored), offset, length, length, 0, crc(data)))
            stored += data
            painted[offset : offset + length] = data
        random.shuffle(pieces)
        file = Jffs2File(Bytes(bytes(stored)), pieces, 250)
        assert file.pread(0, 250) == painted[:250]
        assert file.pread(100, 7) == painted[100:107]


def test_a_piece_is_not_read_by_the_length_that_it_states() -> None:
    piece = Piece(1, 0, 0, 8, 1 << 31, 0, crc(NOISE))
    with pytest.raises(OSError, match="longer than it may be"):
        Jffs2File(Bytes(NOISE), [piece], 8).pread(0, 8)


def test_damage_is_a_gap_or_an_error(image: bytes) -> None:
    at = image.index(NOISE[:60])
    data = bytearray(image)
    data[at] ^= 1
    fs = open_jffs2(Bytes(bytes(data)))
    with pytest.raises(OSError, match="damaged"):
        content(fs, listed(fs.entries()).path(b"noise"))
    data = bytearray(image)
    data[at - 20] ^= 1
    assert "sweep.unreadable" in {
        gap.code for gap in listed(open_jffs2(Bytes(bytes(data))).entries()).gaps
    }


def test_a_file_of_nothing_but_holes_is_a_limit(image: bytes) -> None:
    fs = open_jffs2(Bytes(image + inode_node(700, 1, 0, b"a", 0xFFFFFFF0)))
    (lost,) = [e for e in listed(fs.entries()).entries if e.flags & EntryFlag.ORPHAN]
    with pytest.raises(UnsupportedError) as caught:
        fs.open(lost.handle)
    assert caught.value.code == "stream.limit"


def test_a_folder_within_itself_ends(image: bytes) -> None:
    number = number_of(image, b"sub")
    got = listed(open_jffs2(Bytes(image + name_node(b"loop", number, 1, parent=number))).entries())
    assert got.listing.directories_met_before == 1


@pytest.mark.parametrize("data", [b"", bytes(65536), b"\x85\x19\x03\x20" + os.urandom(65536)])
def test_junk_is_no_volume(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        open_jffs2(Bytes(data))


@pytest.mark.parametrize("seed", range(30))
def test_mutations_with_sound_checksums_end_as_gaps(image: bytes, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - mutations
    data = bytearray(image)
    places = [at for at in range(0, len(data), 4) if data[at : at + 2] == b"\x85\x19"]
    for at in random.sample(places, min(12, len(places))):
        data[at + random.randrange(4, 68)] = random.randrange(256)
        data[at + 8 : at + 12] = crc(bytes(data[at : at + 8])).to_bytes(4, "little")
        if data[at + 2] == 2:
            data[at + 64 : at + 68] = crc(bytes(data[at : at + 60])).to_bytes(4, "little")
        else:
            data[at + 32 : at + 36] = crc(bytes(data[at : at + 32])).to_bytes(4, "little")
    try:
        fs = open_jffs2(Bytes(bytes(data)))
    except UnsupportedError:
        return
    got = listed(fs.entries())
    assert len(got.entries) < 200
    digests(fs, [entry for entry in got.entries if entry.size < 1 << 20])
