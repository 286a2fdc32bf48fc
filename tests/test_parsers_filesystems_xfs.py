"""XFS: names that are no UTF-8 cost a name, never a file."""

import os
from pathlib import Path

import pytest
from filesystem_images import Bytes, content, listed, reader_of, run

from heroes_forensics.model import EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.apfs import open_apfs
from heroes_forensics.parsers.filesystems.xfs import open_xfs

NAMES = [b"plain.txt", b"caf\xe9", b"\xff\xfe", b"\xed\xa0\x80", b"n" * 255, b"zz-last"]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("xfs")
    lines = [b"/dev/null", b"0 0", b"d--755 0 0"]
    for number, name in enumerate(NAMES):
        source = folder / f"source{number}"
        source.write_bytes(b"content of %d" % number * 500)
        lines.append(name + b" ---644 0 0 " + os.fsencode(source))
    lines += [b"sub d--755 7 0", b"$", b"link l--777 0 0 /etc/passwd", b"$", b""]
    (folder / "proto").write_bytes(b"\n".join(lines))
    image = folder / "xfs.raw"
    with image.open("wb") as file:
        file.truncate(320 << 20)
    run("mkfs.xfs", "-q", "-f", "-p", folder / "proto", image)
    return image


def test_every_file_is_examined_whatever_its_name(image: Path) -> None:
    fs = open_xfs(reader_of(image))
    got = listed(fs.entries())
    files = [entry for entry in got.entries if entry.kind is EntryKind.FILE]
    wanted = {b"content of %d" % number * 500 for number in range(len(NAMES))}
    assert {content(fs, entry) for entry in files} == wanted
    assert {b"plain.txt", b"n" * 255, b"zz-last"} <= got.paths
    assert [gap.code for gap in got.gaps] == ["entry.name"] * 3
    assert got.path(b"link").kind is EntryKind.SYMLINK
    assert got.path(b"sub").owner == 7
    assert got.listing.directories_listed == 2
    assert got.listing.sweep == "not available"


def test_content_that_no_link_has_is_a_stream_that_libfsxfs_does_not_give(
    image: Path, tmp_path: Path
) -> None:
    changed = tmp_path / "xfs.raw"
    changed.write_bytes(image.read_bytes())
    entry = listed(open_xfs(reader_of(image)).entries()).path(b"zz-last")
    number = entry.locator.split("/")[1].removeprefix("i")
    run("xfs_db", "-x", "-c", f"inode {number}", "-c", "write core.mode 0120777", changed)
    fs = open_xfs(reader_of(changed))
    got = listed(fs.entries())
    assert got.path(b"zz-last").kind is EntryKind.SYMLINK
    with pytest.raises(OSError, match="cannot be read"):
        content(fs, got.path(b"zz-last:"))


def test_a_bad_sector_is_an_error(image: Path) -> None:
    data = image.read_bytes()
    at = data.index(b"content of 5")
    fs = open_xfs(Bytes(data, [range(at, at + 512)]))
    entry = listed(fs.entries()).path(b"zz-last")
    with pytest.raises(OSError, match=r"cannot be read|ends before"):
        content(fs, entry)


@pytest.mark.parametrize("data", [b"", bytes(65536), os.urandom(65536)], ids=["no", "zero", "junk"])
def test_junk_is_no_volume(data: bytes) -> None:
    with pytest.raises(UnsupportedError):
        open_xfs(Bytes(data))
    with pytest.raises(UnsupportedError):
        open_apfs(Bytes(data), 0)
