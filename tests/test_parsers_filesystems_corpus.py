"""Volumes made by others, against lists of files made by other tools."""

import gzip
import hashlib
import io
import json
import lzma
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import pytsk3
from corpus import EVIDENCE, evidence, needs_evidence
from filesystem_images import Bytes, Listed, digests, listed

from heroes_forensics.model import EntryFlag, EntryKind
from heroes_forensics.parsers.base import FileSystem, UnsupportedError
from heroes_forensics.parsers.filesystems.apfs import open_apfs
from heroes_forensics.parsers.filesystems.btrfs import open_btrfs
from heroes_forensics.parsers.filesystems.jffs2 import open_jffs2
from heroes_forensics.parsers.filesystems.squashfs import open_squashfs
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.parsers.filesystems.tsk_image import TskImage
from heroes_forensics.parsers.filesystems.tsk_names import hfs_names, hfs_targets
from heroes_forensics.parsers.filesystems.xfs import open_xfs
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.storage.virtual_disks import open_virtual_disk

pytestmark = pytest.mark.corpus

IN_SCOPE = re.compile(r"ntfs|fat\d\d|exfat|ext[234]|hfsp|iso9660|ufs|xfs|squashfs|btrfs|jffs")
SEVEN_ZIP = {
    "images/dfir_ntfs/fat32_small.raw.gz": "fat32",
    "images/dfvfs/apfs.raw": "apfs",
    "images/dissect/apfs-case_insensitive.bin.gz": "apfs",
    "images/dissect/apfs-case_sensitive_beta.bin.gz": "apfs",
}
"""Volumes that only 7-Zip opened when the lists were made, and what they are."""
LIMIT = 40 << 20

APART = re.compile(
    rb".* \(Volume Label Entry\)"  # a label, which The Sleuth Kit shows as an empty file
    rb"|.*:\$(?:O|Q|R|SDH|SII)"  # indexes of NTFS itself
    rb"|.*/(?:chardev|blockdev|fifo)[^/]*"  # devices, which 7-Zip shows as empty files
    rb"|.*/compressed-[^/]*"  # 7-Zip does not decompress these; see the test of APFS
)


def images() -> list[Any]:
    """Return one case for each small raw volume in scope."""
    if EVIDENCE is None:
        return [pytest.param({}, {}, marks=pytest.mark.skip(reason="no corpus of real evidence"))]
    cases = []
    for manifest in sorted(EVIDENCE.glob("images/**/*.truth.json")):
        truth = json.loads(manifest.read_text())
        for image in truth["images"]:
            small = image.get("container") == "raw" and image["media"]["size"] <= LIMIT
            for part in image.get("partitions", []):
                kind = SEVEN_ZIP.get(truth["file"], part.get("file_system") or "")
                if small and part.get("files") and (IN_SCOPE.search(kind) or kind == "apfs"):
                    where = {"file": truth["file"], "inner": image.get("inner_path") or []}
                    name = "-".join([Path(truth["file"]).name, *where["inner"], part["slot"]])
                    cases.append(pytest.param(where, {**part, "file_system": kind}, id=name))
    return cases


def media(where: dict[str, Any]) -> bytes:
    """Unpack one image of the corpus into memory."""
    assert EVIDENCE is not None
    path = EVIDENCE / where["file"]
    data = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
    for name in where["inner"]:
        if path.suffix == ".tar":
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                member = tar.extractfile(name)
                assert member is not None
                data = member.read()
        elif path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                full = next(row for row in archive.namelist() if row.endswith(name))
                data = archive.read(full)
        else:
            data = (gzip if path.suffix == ".gz" else lzma).decompress(data)
    return data


def opened(data: bytes, part: dict[str, Any]) -> FileSystem:
    width = part.get("sector_size") or 512
    start = part["start_sector"] * width
    size = min((part.get("sectors") or len(data)) * width, len(data) - start)
    reader = RangeReader(Bytes(data), start, size)
    kind = part["file_system"]
    if kind == "apfs":
        return open_apfs(reader, 0)
    if kind == "squashfs":
        return open_squashfs(reader)
    if kind.startswith("jffs"):
        return open_jffs2(reader)
    if kind == "btrfs":
        return open_btrfs(reader)
    return open_xfs(reader) if kind == "xfs" else open_tsk(reader, kind)


@pytest.mark.parametrize(("where", "part"), images())
def test_every_file_of_the_list_is_found_with_its_digest(
    where: dict[str, Any], part: dict[str, Any]
) -> None:
    fs = opened(media(where), part)
    got = listed(fs.entries())
    found = digests(fs, got.entries)
    missing = [
        row["path"]
        for row in part["files"]
        if (row["size"], row["sha256"]) not in found.get(_bytes(row["path"]), ())
        and not APART.fullmatch(_bytes(row["path"]))
    ]
    assert not missing
    lost = {"blocks.unclaimed"} if "exfat_orphan" in where["file"] else set()
    assert not {gap.code for gap in got.gaps} - {"directory.deleted"} - lost


def test_how_much_was_compared() -> None:
    if EVIDENCE is None:
        pytest.skip("no corpus of real evidence")
    cases = images()
    assert len(cases) >= 50
    assert sum(len(case.values[1]["files"]) for case in cases) >= 2_400


@needs_evidence
def test_compressed_files_of_apfs_are_read_as_macos_shows_them() -> None:
    """The same file lies in the volume compressed in several ways, all of one content."""
    data = media(
        {
            "file": "images/dissect/apfs-case_sensitive_beta.bin.gz",
            "inner": ["apfs-case_sensitive_beta.bin"],
        }
    )
    fs = open_apfs(Bytes(data), 0)
    found = digests(fs, listed(fs.entries()).entries)
    assert found[b"dir/compressed-zlib-fork"]
    assert found[b"dir/compressed-zlib-xattr"]
    empty = (0, hashlib.sha256(b"").hexdigest())
    assert empty not in found[b"dir/compressed-zlib-fork"] | found[b"dir/compressed-zlib-xattr"]


@needs_evidence
def test_an_apfs_volume_of_many_snapshots_is_opened_at_its_present_state() -> None:
    """Its superblock states 1,027 regular files; 7-Zip lists the two of its first snapshot."""
    data = media({"file": "images/dissect/apfs-snapshot.bin.gz", "inner": ["apfs-snapshot.bin"]})
    fs = open_apfs(Bytes(data), 0)
    got = listed(fs.entries())
    assert sum(e.kind == 1 and b":" not in e.path for e in got.entries) == 1_027
    assert not got.gaps


LARGE_ATTRIBUTE = ("blocks.unclaimed", {"unclaimed": 8192})
"""Of testdir1/large_xattr: an extended attribute with blocks of its own, which The Sleuth Kit does
not give. Nothing says so but the block equation."""


@pytest.fixture
def linked() -> bytearray:
    """Return an HFS+ volume in which inode 21 has two links, with records 32 and 33."""
    disk = evidence("images/keramics/hfsplus_zlib.dmg").read_bytes()
    media = open_virtual_disk("dmg", "x", Bytes(disk), {}).media
    return bytearray(media.pread(40 * 512, 3760 * 512))


def link_in(volume: bytearray) -> int:
    """Return where the record of the link testdir1/testfile1 starts."""
    at = volume.index("testfile1".encode("utf-16-be")) + 18
    assert volume[at + 8 : at + 12] == (33).to_bytes(4, "big")
    assert volume[at + 48 : at + 56] == b"hlnkhfs+"
    return at


def walked(volume: bytearray) -> tuple[FileSystem, Listed]:
    fs = open_tsk(Bytes(bytes(volume)), "hfsplus")
    return fs, listed(fs.entries())


def refused(fs: FileSystem, got: Listed) -> list[bytes]:
    """Return the paths of the files whose metadata is said to be unreadable."""
    paths = []
    for entry in got.entries:
        if entry.kind is EntryKind.FILE:
            try:
                fs.open(entry.handle).close()
            except UnsupportedError as error:
                paths += [entry.path] if error.code == "entry.unreadable" else []
    return paths


@needs_evidence
def test_hard_links_of_hfs_are_no_unreadable_metadata(linked: bytearray) -> None:
    fs, got = walked(linked)
    names = {e.path: e for e in got.entries if e.locator.startswith("hfsplus/i21/")}
    inode = b"^^^^HFS+ Private Data/iNode21"
    assert set(names) == {b"file_hardlink1", b"testdir1/testfile1", inode}
    assert sum(bool(e.flags & EntryFlag.HARD_LINK) for e in names.values()) == 2
    found = digests(fs, names.values())
    assert len(set.union(*found.values())) == 1
    assert not refused(fs, got)
    assert [(gap.code, gap.detail) for gap in got.gaps] == [LARGE_ATTRIBUTE]


@needs_evidence
def test_a_hard_link_of_hfs_that_leads_nowhere_stays_unreadable(linked: bytearray) -> None:
    at = link_in(linked)
    linked[at + 44 : at + 48] = (99).to_bytes(4, "big")
    fs, got = walked(linked)
    assert refused(fs, got) == [b"$orphan/33"]
    assert [gap.code for gap in got.gaps] == ["directory.unreadable", LARGE_ATTRIBUTE[0]]


@needs_evidence
@pytest.mark.parametrize("fork", [88, 168])
def test_a_hard_link_of_hfs_with_content_of_its_own_stays_unreadable(
    linked: bytearray, fork: int
) -> None:
    at = link_in(linked)
    linked[at + fork : at + fork + 8] = (9).to_bytes(8, "big")
    fs, got = walked(linked)
    assert refused(fs, got) == [b"$orphan/33"]
    assert b"testdir1/testfile1" in got.paths


@needs_evidence
def test_a_hard_link_of_hfs_in_a_folder_that_is_gone_is_an_orphan(linked: bytearray) -> None:
    at = link_in(linked) - 18 - 6
    assert linked[at : at + 4] == (29).to_bytes(4, "big")
    linked[at : at + 4] = (77).to_bytes(4, "big")
    fs, got = walked(linked)
    orphan = EntryFlag.ALLOCATED | EntryFlag.ORPHAN | EntryFlag.HARD_LINK
    assert got.path(b"$orphan/21").flags == orphan
    assert b"$orphan/33" not in refused(fs, got)
    assert digests(fs, [got.path(b"$orphan/21")])


@needs_evidence
@pytest.mark.parametrize(
    ("resource", "number", "target"), [(464, 17, b"dir_17"), (0, 17, b"dir_17"), (513, 17, b"")]
)
def test_hard_links_of_hfs_to_folders_are_told_by_type_creator_and_size(
    linked: bytearray, resource: int, number: int, target: bytes
) -> None:
    at = link_in(linked)
    linked[at + 44 : at + 56] = number.to_bytes(4, "big") + b"fdrpMACS"
    linked[at + 168 : at + 176] = resource.to_bytes(8, "big")
    fs = pytsk3.FS_Info(TskImage(Bytes(bytes(linked))), 0, pytsk3.TSK_FS_TYPE_HFS_DETECT)
    assert {name.address: name.target for name in hfs_names(fs)}[33] == target
    assert hfs_targets(fs) == {b"iNode21": 21}


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
