"""ext volumes: every name, whatever its bytes, and every way to lose one."""

import hashlib
import os
import re
import struct
from pathlib import Path

import pytest
from filesystem_images import (
    ODD_NAMES,
    Bytes,
    content,
    digests,
    ext_image,
    in_use,
    listed,
    odd,
    reader_of,
    run,
)

from heroes_forensics.model import EntryFlag, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems import ext_inodes, tsk_walk
from heroes_forensics.parsers.filesystems.ext_attributes import Bare, attributes_of
from heroes_forensics.parsers.filesystems.ext_inodes import layout_of, mapped_inodes
from heroes_forensics.parsers.filesystems.locators import icat_command
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.parsers.filesystems.tsk_stream import Handle
from heroes_forensics.parsers.reading.readers import RangeReader


def plain(folder: Path) -> None:
    (folder / "d").mkdir()
    (folder / "d" / "a.txt").write_bytes(b"alpha")
    (folder / "d" / "big.bin").write_bytes(bytes(range(256)) * 1000)
    (folder / "empty").write_bytes(b"")
    (folder / "hard").hardlink_to(folder / "d" / "a.txt")
    (folder / "link").symlink_to("/etc/passwd")
    (folder / "up").symlink_to("..")
    (folder / "self").symlink_to("self")


def test_every_name_is_listed_with_its_exact_bytes(tmp_path: Path) -> None:
    fs = open_tsk(reader_of(ext_image(tmp_path, odd)), "ext4")
    got = listed(fs.entries())
    want = {b"%02d" % n + name[:253]: name for n, name in enumerate(ODD_NAMES.values())}
    want[b"zz last"] = b"last"
    assert want.keys() <= got.paths
    assert {path: content(fs, got.path(path)) for path in want} == want
    assert not got.gaps


@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4"])
def test_kinds_and_contents(tmp_path: Path, kind: str) -> None:
    fs = open_tsk(reader_of(ext_image(tmp_path, plain, kind=kind)), kind)
    got = listed(fs.entries())
    assert fs.kind == kind
    assert content(fs, got.path(b"d/a.txt")) == b"alpha"
    assert content(fs, got.path(b"d/big.bin"), step=1000) == bytes(range(256)) * 1000
    assert content(fs, got.path(b"empty")) == b""
    assert {got.path(path).kind for path in (b"link", b"up", b"self")} == {EntryKind.SYMLINK}
    assert got.path(b"d").kind is EntryKind.DIRECTORY
    assert got.path(b"$OrphanFiles").kind is EntryKind.VIRTUAL
    links = {got.path(path).flags & EntryFlag.HARD_LINK for path in (b"hard", b"d/a.txt")}
    assert links == {EntryFlag.HARD_LINK, EntryFlag(0)}
    assert got.listing.sweep == "inode tables"


def test_the_entries_are_those_that_fls_lists(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    lines = run("fls", "-r", "-p", "-u", image).splitlines()
    names = {line.partition(b":\t")[2] for line in lines}
    got = listed(open_tsk(reader_of(image)).entries())
    assert {entry.path for entry in got.entries if in_use(entry) and entry.path} == names


def test_the_locator_leads_icat_to_the_same_bytes(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    fs = open_tsk(reader_of(image))
    entry = listed(fs.entries()).path(b"d/big.bin")
    command = icat_command(entry.locator, str(image), 0)
    assert command is not None
    assert run(*command.split()) == content(fs, entry)


def test_two_walks_give_the_same(tmp_path: Path) -> None:
    fs = open_tsk(reader_of(ext_image(tmp_path, plain)))
    assert list(fs.entries()) == list(fs.entries())


def test_times_do_not_depend_on_the_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = ext_image(tmp_path, plain)
    first = list(open_tsk(reader_of(image)).entries())
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    assert list(open_tsk(reader_of(image)).entries()) == first


def test_a_directory_linked_into_itself_is_entered_once(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    run("debugfs", "-w", "-R", "ln d d/again", image)
    got = listed(open_tsk(reader_of(image)).entries())
    assert got.path(b"d/again").flags & EntryFlag.CYCLE
    assert got.listing.directories_met_before == 1
    assert b"d/again/a.txt" not in got.paths


def deep(folder: Path) -> None:
    home = os.open(folder, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d", dir_fd=home)
        home = os.open("d", os.O_RDONLY, dir_fd=home)
    with open(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=home), "wb") as file:  # noqa: PTH123
        file.write(b"deep")


def test_what_lies_too_deep_is_a_gap_and_its_content_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tsk_walk, "DEPTH_LIMIT", 5)
    fs = open_tsk(reader_of(ext_image(tmp_path, deep)))
    got = listed(fs.entries())
    assert "directory.depth" in {gap.code for gap in got.gaps}
    assert b"deep" in {content(fs, entry) for entry in got.entries if entry.kind == 1}


def test_what_no_directory_reaches_is_found_in_the_inode_tables(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    run("debugfs", "-w", "-R", "unlink d", image)
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    (found,) = [e for e in got.entries if e.flags & EntryFlag.ORPHAN and e.kind == 2]
    assert re.fullmatch(rb"\$orphan/\d+", found.path)
    assert content(fs, got.path(found.path + b"/big.bin")) == bytes(range(256)) * 1000


def test_a_deleted_file_is_listed_and_not_allocated(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain, kind="ext2")
    run("debugfs", "-w", "-R", "rm d/big.bin", image)
    fs = open_tsk(reader_of(image))
    entry = listed(fs.entries()).path(b"d/big.bin")
    assert not in_use(entry)
    if entry.kind is EntryKind.FILE:
        assert content(fs, entry) == bytes(range(256)) * 1000


def test_a_directory_of_many_names_is_listed_the_second_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = ext_image(tmp_path, odd)
    usual = listed(open_tsk(reader_of(image)).entries())
    monkeypatch.setattr(tsk_walk, "_LARGE", 0)
    other = listed(open_tsk(reader_of(image)).entries())
    assert {e for e in usual.entries if e.kind != EntryKind.VIRTUAL} == set(other.entries)
    assert not other.gaps


def _number(pattern: bytes, *command: str | Path, base: int = 10) -> int:
    """Return a number that a program prints."""
    found = re.search(pattern, run(*command))
    assert found is not None
    return int(found.group(1), base)


def _block_size(image: Path) -> int:
    return _number(rb"Block size:\s+(\d+)", "dumpe2fs", "-h", image)


def _bad_block(image: Path, what: str) -> range:
    """Return the bytes of the first block of a file, as debugfs says."""
    block = _number(rb"(\d+)", "debugfs", "-R", f"bmap {what} 0", image)
    width = _block_size(image)
    return range(block * width, (block + 1) * width)


def test_an_unreadable_directory_is_a_gap_and_its_files_are_swept(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    reader = Bytes(image.read_bytes(), [_bad_block(image, "d")])
    fs = open_tsk(reader)
    got = listed(fs.entries())
    assert [gap.code for gap in got.gaps] == ["directory.unreadable"]
    assert got.listing.directories_not_listed == 1
    found = {size for sizes in digests(fs, got.entries).values() for size, _ in sizes}
    assert 256_000 in found


def test_a_bad_sector_in_a_file_is_an_error_and_never_zeros(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    bad = _bad_block(image, "d/big.bin")
    fs = open_tsk(Bytes(image.read_bytes(), [bad]))
    got = listed(fs.entries())
    with pytest.raises(OSError, match=r"cannot be read|ends before"):
        content(fs, got.path(b"d/big.bin"))
    assert content(fs, got.path(b"d/a.txt")) == b"alpha"


def test_a_truncated_image_gives_what_is_there_and_errors_for_the_rest(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "a").write_bytes(os.urandom(1000))
        (folder / "b").write_bytes(os.urandom(6 << 20))

    image = ext_image(tmp_path, fill)
    whole = image.stat().st_size
    fs = open_tsk(RangeReader(Bytes(image.read_bytes()[: whole * 2 // 5]), 0, whole))
    got = listed(fs.entries())
    assert len(content(fs, got.path(b"a"))) == 1000
    with pytest.raises(OSError, match=r"cannot be read|ends before"):
        content(fs, got.path(b"b"))


def test_holes_are_zeros_and_absurd_sizes_are_a_limit(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        for name, size in (("hole", 3 << 20), ("absurd", 1 << 43)):
            with (folder / name).open("wb") as file:
                file.write(b"start")
                file.truncate(size)

    fs = open_tsk(reader_of(ext_image(tmp_path, fill)))
    got = listed(fs.entries())
    assert content(fs, got.path(b"hole")) == b"start".ljust(3 << 20, b"\0")
    with pytest.raises(UnsupportedError) as caught:
        fs.open(got.path(b"absurd").handle)
    assert caught.value.code == "stream.limit"


def spotted(folder: Path) -> None:
    """Make files with holes before, between and behind extents; one has a tree of these."""
    many = tuple((place, 4096) for place in range(0, 40 * 8192, 8192))
    spots = {
        "front": ((40960, 4096),),
        "middle": ((0, 28672), (40960, 4328)),
        "both": ((8192, 4096), (81920, 4096)),
        "many": many,
    }
    for number, (name, pieces) in enumerate(spots.items(), start=1):
        with (folder / name).open("wb") as file:
            for place, length in pieces:
                file.seek(place)
                file.write(bytes([number]) * length)
            if name == "both":
                file.truncate(1 << 20)


def test_holes_between_extents_are_zeros(tmp_path: Path) -> None:
    fs = open_tsk(reader_of(ext_image(tmp_path, spotted)))
    got = listed(fs.entries())
    for name in ("front", "middle", "both", "many"):
        whole = (tmp_path / "tree" / name).read_bytes()
        assert content(fs, got.path(name.encode())) == whole
        assert content(fs, got.path(name.encode()), step=5000) == whole


def test_an_extent_tree_that_cannot_be_read_gives_nothing_and_no_hole(tmp_path: Path) -> None:
    image = ext_image(tmp_path, spotted)
    shown = run("debugfs", "-R", "ex /many", image).decode()
    block_size = int(re.findall(r"Block size: +(\d+)", run("dumpe2fs", "-h", image).decode())[0])
    leaf = next(line.split() for line in shown.splitlines() if line.split()[:2] == ["0/", "1"])
    with image.open("r+b") as file:
        file.seek(int(leaf[leaf.index("-") + 2]) * block_size)
        file.write(bytes(block_size))
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    assert got.path(b"many").size == (tmp_path / "tree" / "many").stat().st_size
    assert content(fs, got.path(b"many")) == b""
    assert content(fs, got.path(b"both")) == (tmp_path / "tree" / "both").read_bytes()


@pytest.mark.parametrize("lost", [1, 3])
def test_an_extent_tree_that_lost_entries_is_no_file_with_holes(tmp_path: Path, lost: int) -> None:
    """The Sleuth Kit reads what the lost entries named as zeros, and says nothing."""
    image = ext_image(tmp_path, spotted)
    shown = run("debugfs", "-R", "ex /many", image).decode()
    leaf = next(line.split() for line in shown.splitlines() if line.split()[:2] == ["0/", "1"])
    with image.open("r+b") as file:
        at = int(leaf[leaf.index("-") + 2]) * _block_size(image) + 2
        file.seek(at)
        count = int.from_bytes(file.read(2), "little")
        file.seek(at)
        file.write((count - lost).to_bytes(2, "little"))
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    with pytest.raises(OSError, match="fewer blocks"):
        fs.open(got.path(b"many").handle)
    assert content(fs, got.path(b"both")) == (tmp_path / "tree" / "both").read_bytes()


@pytest.mark.parametrize("size", [200_000, 10_000_000], ids=["small", "large"])
def test_a_block_map_that_lost_pointers_is_no_file_with_holes(tmp_path: Path, size: int) -> None:
    def fill(folder: Path) -> None:
        (folder / "f").write_bytes(os.urandom(size))

    image = ext_image(tmp_path, fill, kind="ext2", size="16M", options=("-b", "1024"))
    fs = open_tsk(reader_of(image))
    assert content(fs, listed(fs.entries()).path(b"f")) == (tmp_path / "tree" / "f").read_bytes()
    shown = run("debugfs", "-R", "stat /f", image).decode()
    (table,) = re.findall(r"\(IND\):(\d+)", shown)[:1]
    with image.open("r+b") as file:
        file.seek(int(table) * 1024 + 40)
        file.write(bytes(12))
    fs = open_tsk(reader_of(image))
    with pytest.raises(OSError, match="fewer blocks"):
        fs.open(listed(fs.entries()).path(b"f").handle)


def test_a_block_mapped_file_that_is_mostly_holes_is_read_and_holds_nothing_up(
    tmp_path: Path,
) -> None:
    """The Sleuth Kit needs most of a minute for the inode of the first, a lifetime for the last."""
    spots = {"gap": (0, 11 * 1024, 300 << 10, 70 << 20, (1 << 30) - 5), "lastlog": (0,)}
    sizes = {"gap": 1 << 30, "lastlog": 1 << 33}

    def fill(folder: Path) -> None:
        for name, offsets in spots.items():
            with (folder / name).open("wb") as file:
                for offset in offsets:
                    file.seek(offset)
                    file.write(b"here!")
                file.truncate(sizes[name])

    image = ext_image(tmp_path, fill, kind="ext2", options=("-b", "1024"))
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    assert {got.path(name.encode()).size for name in sizes} == set(sizes.values())
    stream = fs.open(got.path(b"gap").handle)
    assert {stream.pread(offset, 5) for offset in spots["gap"]} == {b"here!"}
    assert stream.pread((70 << 20) - 3, 11) == b"\0\0\0here!\0\0\0"
    assert not any(stream.pread(500 << 20, 1 << 16))
    assert stream.pread(1 << 30, 5) == b""
    assert fs.open(got.path(b"lastlog").handle).pread(0, 5) == b"here!"


def test_the_block_map_is_read_as_debugfs_reads_it(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        with (folder / "f").open("wb") as file:
            for number in range(0, 80_000, 7_001):
                file.seek(number * 1024)
                file.write(bytes([number % 251]) * 1500)

    image = ext_image(tmp_path, fill, kind="ext2", options=("-b", "1024"))
    fs = open_tsk(reader_of(image))
    copy = tmp_path / "copy"
    run("debugfs", "-R", f"dump f {copy}", image)
    assert content(fs, listed(fs.entries()).path(b"f")) == copy.read_bytes()


def test_large_directories_and_files_without_extents_are_read_by_us(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(folder: Path) -> None:
        odd(folder)
        plain(folder)

    image = ext_image(tmp_path, fill, kind="ext2")
    fs = open_tsk(reader_of(image))
    usual = listed(fs.entries())
    wanted = digests(fs, usual.entries)
    monkeypatch.setattr(ext_inodes, "_BLOCKS", 0)
    fs = open_tsk(reader_of(image))
    other = listed(fs.entries())
    assert other.paths == usual.paths - {b"$OrphanFiles"}
    assert dict(digests(fs, other.entries).items()) == wanted
    assert not other.gaps
    big = b"d/big.bin"
    assert other.path(big).first_offset == usual.path(big).first_offset > 0


def test_inline_data_is_read(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        (folder / "tiny").write_bytes(b"inside the inode")

    image = ext_image(tmp_path, fill, options=("-O", "inline_data", "-I", "256"))
    fs = open_tsk(reader_of(image))
    assert content(fs, listed(fs.entries()).path(b"tiny")) == b"inside the inode"


def test_an_inode_given_to_another_is_not_read_under_the_old_handle(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    entry = listed(open_tsk(reader_of(image)).entries()).path(b"d/a.txt")
    data = bytearray(image.read_bytes())
    where = ("debugfs", "-R", "imap d/a.txt", image)
    block = _number(rb"located at block (\d+)", *where)
    offset = _number(rb"offset 0x([0-9a-f]+)", *where, base=16)
    struct.pack_into("<I", data, block * _block_size(image) + offset + 4, 3)
    fs = open_tsk(Bytes(bytes(data)))
    with pytest.raises(UnsupportedError) as caught:
        fs.open(Handle.unpack(entry.handle).pack())  # through its inode, not where it lies
    assert caught.value.code == "stream.changed"


def test_junk_is_no_file_system() -> None:
    for data in (b"", bytes(4096), os.urandom(65536)):
        with pytest.raises(UnsupportedError) as caught:
            open_tsk(Bytes(data), "ext4")
        assert caught.value.code == "volume.damaged"


def test_a_damaged_volume_ends_and_its_counts_agree(tmp_path: Path) -> None:
    image = ext_image(tmp_path, plain)
    data = image.read_bytes()
    seed = hashlib.sha256(b"damage").digest()
    for turn in range(40):
        broken = bytearray(data)
        for place in range(60):
            seed = hashlib.sha256(seed).digest()
            at = 1024 + int.from_bytes(seed[:4], "little") % (200_000 if turn % 2 else 20_000)
            broken[at] = seed[8] if place % 3 else 0xFF
        try:
            fs = open_tsk(Bytes(bytes(broken)))
        except UnsupportedError:
            continue
        got = listed(fs.entries())
        digests(fs, [e for e in got.entries if e.size < 1 << 24])


def test_a_wrong_handle_is_an_error(tmp_path: Path) -> None:
    fs = open_tsk(reader_of(ext_image(tmp_path, plain)))
    with pytest.raises(OSError, match="handle"):
        fs.open(b"nonsense")


def test_a_pipe_that_states_bytes_it_does_not_have_is_a_gap(tmp_path: Path) -> None:
    image = ext_image(tmp_path, lambda tree: (tree / "hidden").write_bytes(b""))
    run("debugfs", "-w", "-R", "set_inode_field hidden mode 010644", image)
    run("debugfs", "-w", "-R", "set_inode_field hidden size 5000", image)
    run("debugfs", "-w", "-R", "set_inode_field hidden block[0] 0xfffffff0", image)
    fs = open_tsk(reader_of(image), "ext4")
    entry = listed(fs.entries()).path(b"hidden:")
    with pytest.raises((OSError, UnsupportedError)):
        content(fs, entry)


def test_a_file_named_like_a_label_of_fat_is_a_file(tmp_path: Path) -> None:
    name = "x.jpg (Volume Label Entry)"
    image = ext_image(tmp_path, lambda tree: (tree / name).write_bytes(b"content"))
    fs = open_tsk(reader_of(image), "ext4")
    entry = listed(fs.entries()).path(name.encode())
    assert entry.kind is EntryKind.FILE
    assert content(fs, entry) == b"content"


@pytest.mark.parametrize("mode", ["0120777", "010644", "020644", "060644", "0140644"])
def test_content_behind_a_mode_that_has_none_is_a_stream(tmp_path: Path, mode: str) -> None:
    data = bytes(range(256)) * 40
    image = ext_image(tmp_path, lambda tree: (tree / "hidden").write_bytes(data))
    run("debugfs", "-w", "-R", f"set_inode_field hidden mode {mode}", image)
    fs = open_tsk(reader_of(image), "ext4")
    found = [e for e in listed(fs.entries()).entries if e.path.startswith(b"hidden")]
    assert [each.path for each in found] == [b"hidden", b"hidden:"]
    assert found[0].kind is not EntryKind.FILE
    assert content(fs, found[1]) == data


def attributed(tmp_path: Path, *options: str, size: int = 3000) -> tuple[Path, dict[bytes, bytes]]:
    """Return a volume whose file, directory and link have extended attributes, set by debugfs."""
    image = ext_image(tmp_path, plain, options=("-b", "4096", *options))
    values = {
        b"d/a.txt:user.large": (bytes(range(250)) * 17)[:size],
        b"d/a.txt:user.small": b"within the inode",
        b"d:trusted.of a directory": b"\xff\xd8\xff" * 20,
        b"link:security.of a link": b"seen",
    }
    for path, value in values.items():
        node, _, name = path.decode().partition(":")
        held = tmp_path / "value"
        held.write_bytes(value)
        run("debugfs", "-w", "-R", f'ea_set -f {held} {node} "{name}"', image)
    run("debugfs", "-w", "-R", "ea_set empty security.selinux system_u", image)
    return image, values


@pytest.mark.parametrize("kind", ["128", "256"])
def test_extended_attributes_are_streams(tmp_path: Path, kind: str) -> None:
    image, values = attributed(tmp_path, "-I", kind)
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    assert {path: content(fs, got.path(path)) for path in values} == values
    found = {entry.path for entry in got.entries if b":" in entry.path}
    assert found == values.keys() | {b"hard:user.large", b"hard:user.small"}
    assert all(got.path(path).flags & EntryFlag.STREAM for path in values)
    assert icat_command(got.path(b"d/a.txt:user.large").locator, str(image), 0) is None
    assert not got.gaps


@pytest.mark.parametrize("kind", ["128", "256"])
def test_inodes_without_attributes_are_known_beforehand(tmp_path: Path, kind: str) -> None:
    image, _ = attributed(tmp_path, "-I", kind)
    reader = Bytes(image.read_bytes())
    layout = layout_of(reader)
    bare = Bare()
    mapped_inodes(reader, bare.look)
    held = set()
    for first, _, count in layout.tables:
        for number in range(first, first + count):
            none = attributes_of(reader, layout, number) == ([], True)
            assert none or not bare.known[number]
            held |= set() if bare.known[number] else {number}
    # The file with two names, the directory, the link, the one with an attribute of the system.
    assert len(held) == 4


def test_an_attribute_with_an_inode_of_its_own_is_an_orphan(tmp_path: Path) -> None:
    image, values = attributed(tmp_path, "-O", "ea_inode", size=4096)
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    large = values.pop(b"d/a.txt:user.large")
    assert {path: content(fs, got.path(path)) for path in values} == values
    (orphan,) = [entry for entry in got.entries if entry.path.startswith(b"$orphan/")]
    assert content(fs, orphan) == large


@pytest.mark.parametrize("what", ["magic", "size"])
def test_damaged_attributes_are_named(tmp_path: Path, what: str) -> None:
    image, values = attributed(tmp_path)
    data = bytearray(image.read_bytes())
    at = data.index(values[b"d/a.txt:user.large"]) & ~4095
    at = next(at for at in range(at, 0, -4096) if data[at : at + 4] == b"\0\0\2\xea")
    if what == "magic":
        data[at] = 1
    else:
        struct.pack_into("<I", data, at + 32 + 8, 0xFFFFFFFF)
    fs = open_tsk(Bytes(bytes(data)))
    got = listed(fs.entries())
    assert content(fs, got.path(b"d/a.txt:user.small")) == values[b"d/a.txt:user.small"]
    with pytest.raises(UnsupportedError, match="metadata") as caught:
        fs.open(got.path(b"d/a.txt:").handle)
    assert caught.value.code == "entry.unreadable"
