"""squashfs as mksquashfs writes it, against what was packed and what unsquashfs unpacks."""

import gc
import hashlib
import os
import struct
import weakref
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from filesystem_images import Bytes, content, digests, listed, reader_of, run
from test_pipelines_members import expanded

from heroes_forensics.frames import Container
from heroes_forensics.model import EntryFlag, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems import inode_walk
from heroes_forensics.parsers.filesystems.squashfs import open_squashfs

COMPRESSIONS = ("gzip", "lzma", "lzo", "xz", "lz4", "zstd")
NOISE = Random(1).randbytes(300_000)  # noqa: S311 - content
ATTRIBUTE = b"a picture may hide here" * 40


def fill(tree: Path) -> dict[bytes, bytes]:
    """Put files of every kind into a folder; return content by path."""
    wanted = {
        b"empty": b"",
        b"small": b"tail only",
        b"text": b"".join(b"%d\n" % number for number in range(90_000)),
        b"noise": NOISE,
        b"sub/holes": bytes(200_000) + b"between" + bytes(200_000),
        b"sub/deep/\xff\xfe": b"no UTF-8",
    }
    wanted |= {b"many/%d" % number: b"%d" % number for number in range(600)}
    for path, data in wanted.items():
        full = tree / os.fsdecode(path)
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_bytes(data)
    (tree / "again").hardlink_to(tree / "text")
    wanted[b"again"] = wanted[b"text"]
    (tree / "link").symlink_to("small")
    os.mkfifo(tree / "pipe")
    for name in ("small", "noise"):
        with suppress(OSError):  # not on every file system
            os.setxattr(tree / name, "user.note", ATTRIBUTE)
            wanted[name.encode() + b":user.note"] = ATTRIBUTE
    return wanted


def packed(tree: Path, image: Path, *options: str) -> Path:
    run("mksquashfs", tree, image, "-noappend", "-quiet", "-no-progress", "-b", "64K", *options)
    return image


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bytes, bytes]]:
    tree = tmp_path_factory.mktemp("squashfs") / "tree"
    tree.mkdir()
    return tree, fill(tree)


@pytest.fixture(scope="module")
def image(made: tuple[Path, dict[bytes, bytes]]) -> Path:
    return packed(made[0], made[0].with_name("plain.sqfs"))


@pytest.mark.parametrize(
    "options",
    [
        *(("-comp", name) for name in COMPRESSIONS),
        ("-no-fragments",),
        ("-always-use-fragments", "-no-exports"),
        ("-noI", "-noD", "-noF", "-noX"),
    ],
    ids=" ".join,
)
def test_every_file_is_as_it_was_packed(
    made: tuple[Path, dict[bytes, bytes]], tmp_path: Path, options: tuple[str, ...]
) -> None:
    tree, wanted = made
    fs = open_squashfs(reader_of(packed(tree, tmp_path / "image", *options)))
    got = listed(fs.entries())
    files = [entry for entry in got.entries if entry.kind is EntryKind.FILE]
    # An attribute is one of its inode, whichever name it is looked at by.
    assert {entry.path: content(fs, entry, step=40_000) for entry in files} == wanted
    assert got.gaps == []
    assert got.listing.directories_listed == 4
    assert got.path(b"link").kind is EntryKind.SYMLINK
    assert got.path(b"pipe").kind is EntryKind.OTHER
    linked = [e for e in files if e.flags & EntryFlag.HARD_LINK]
    assert [entry.path in {b"again", b"text"} for entry in linked] == [True]
    assert got.path(b"small").owner == tree.stat().st_uid
    moment = got.path(b"small").times[0]
    assert moment is not None
    assert moment.seconds == int((tree / "small").stat().st_mtime)


def test_it_agrees_with_unsquashfs(image: Path, tmp_path: Path) -> None:
    fs = open_squashfs(reader_of(image))
    run("unsquashfs", "-quiet", "-no-progress", "-d", tmp_path / "out", image)
    for entry in listed(fs.entries()).entries:
        if entry.kind is EntryKind.FILE and b":" not in entry.path:
            unpacked = tmp_path / "out" / os.fsdecode(entry.path)
            assert unpacked.read_bytes() == content(fs, entry)


def test_blocks_are_read_in_their_order(image: Path) -> None:
    got = listed(open_squashfs(reader_of(image)).entries())
    assert got.path(b"noise").first_offset > 0
    # Tails lie together in fragments: files that end in the same one begin there.
    assert len({got.path(b"many/%d" % number).first_offset for number in range(600)}) < 10


def test_an_inode_that_lost_its_name_is_found(tmp_path: Path) -> None:
    """One directory is emptied: its listing says that nothing is in it."""
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tree / "sub" / "hidden").write_bytes(b"still there")
    image = packed(tree, tmp_path / "image", "-noI", "-noD")
    data = bytearray(image.read_bytes())
    before = listed(open_squashfs(Bytes(bytes(data))).entries())
    assert before.path(b"sub/hidden").flags & EntryFlag.ALLOCATED
    sub = before.path(b"sub")
    (inodes,) = struct.unpack_from("<Q", data, 64)
    number = int(sub.locator.split("/")[1][1:])
    (place,) = [
        at
        for at in range(inodes, len(data) - 32)
        if data[at : at + 2] == b"\1\0" and struct.unpack_from("<I", data, at + 12) == (number,)
    ]
    struct.pack_into("<H", data, place + 24, 3)
    fs = open_squashfs(Bytes(bytes(data)))
    got = listed(fs.entries())
    assert b"sub/hidden" not in got.paths
    (lost,) = [entry for entry in got.entries if entry.flags & EntryFlag.ORPHAN]
    assert content(fs, lost) == b"still there"


def test_directories_that_share_one_listing_do_not_multiply_it(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for number in range(40):
        (tree / f"d{number}").mkdir(parents=True)
    for number in range(120):
        (tree / "d0" / f"name that is not short {number}").write_bytes(b"")
    image = packed(tree, tmp_path / "image", "-noI", "-noD")
    data = bytearray(image.read_bytes())
    (inodes, directories) = struct.unpack_from("<QQ", data, 64)
    places = [at for at in range(inodes, directories - 32)
              if data[at : at + 2] == b"\1\0" and data[at + 2 : at + 4] == b"\xed\1"]  # fmt: skip
    large = max(places, key=lambda at: struct.unpack_from("<H", data, at + 24)[0])
    for at in places[:-1]:
        data[at + 16 : at + 28] = data[large + 16 : large + 28]
    got = listed(open_squashfs(Bytes(bytes(data))).entries())
    assert "directory.unreadable" in {gap.code for gap in got.gaps}
    assert len(got.entries) < 1000


def test_damage_is_an_error_and_never_other_bytes(image: Path) -> None:
    data = bytearray(image.read_bytes())
    entry = listed(open_squashfs(Bytes(bytes(data))).entries()).path(b"text")
    data[entry.first_offset + 4 : entry.first_offset + 400] = bytes(396)
    fs = open_squashfs(Bytes(bytes(data)))
    with pytest.raises(OSError, match="damaged"):
        content(fs, listed(fs.entries()).path(b"text"))


def test_a_huge_file_that_is_all_hole_is_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    with (tree / "hole").open("wb") as file:
        file.truncate(64 << 20)
    fs = open_squashfs(reader_of(packed(tree, tmp_path / "image", "-b", "1M")))
    assert fs.open(listed(fs.entries()).path(b"hole").handle).size == 64 << 20
    monkeypatch.setattr(inode_walk, "SPARSE_LIMIT", 32 << 20)
    with pytest.raises(UnsupportedError) as caught:
        fs.open(listed(fs.entries()).path(b"hole").handle)
    assert caught.value.code == "stream.limit"


def test_other_versions_are_named(image: Path) -> None:
    data = bytearray(image.read_bytes())
    struct.pack_into("<H", data, 28, 3)
    with pytest.raises(UnsupportedError) as caught:
        open_squashfs(Bytes(bytes(data)))
    assert caught.value.code == "volume.unsupported"


@pytest.mark.parametrize("data", [b"", bytes(65536), b"hsqs" + os.urandom(65536)])
def test_junk_is_no_volume(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        open_squashfs(Bytes(data))


@pytest.mark.parametrize("seed", range(60))
def test_mutations_end_as_gaps(image: Path, seed: int) -> None:
    random = Random(seed)  # noqa: S311 - mutations
    data = bytearray(image.read_bytes())
    tables = struct.unpack_from("<Q", data, 64)[0]
    for _ in range(random.choice((1, 3, 30))):
        at = random.choice((random.randrange(96), random.randrange(tables, len(data))))
        data[at] = random.randrange(256)
    try:
        fs = open_squashfs(Bytes(bytes(data)))
    except UnsupportedError:
        return
    got = listed(fs.entries())
    assert len(got.entries) < 10_000
    digests(fs, got.entries[:100])


def test_as_a_container_it_is_opened_like_an_archive(
    image: Path, made: tuple[Path, dict[bytes, bytes]]
) -> None:
    got = expanded(image.read_bytes(), "squashfs")
    assert got.top == (Container.DONE, "")
    assert {entry.path for entry in got.entries} >= made[1].keys()
    assert got.digest(b"noise") == hashlib.sha256(NOISE).hexdigest()
    old = bytearray(image.read_bytes())
    struct.pack_into("<H", old, 28, 3)
    assert expanded(bytes(old), "squashfs").top == (Container.GAP, "container.unsupported")


def test_a_volume_that_nobody_holds_is_gone_at_once(image: Path) -> None:
    reader = Bytes(image.read_bytes())
    fs = open_squashfs(reader)
    content(fs, listed(fs.entries()).path(b"text"))
    gone = weakref.ref(reader)
    gc.disable()
    try:
        del fs, reader
        assert gone() is None
    finally:
        gc.enable()
