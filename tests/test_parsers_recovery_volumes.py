"""Free space of real volumes: the bitmaps as others read them, and what is carved of a scan."""

import gzip
import hashlib
import io
import json
import lzma
import plistlib
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final, cast

import pytest
from carved_files import made, noise, padded, text
from corpus import evidence
from filesystem_images import any_reader, ext_image, fat_image, ntfs_image, ntfs_put, reader_of, run
from hiding import portable
from scans import resumed, scanned
from storage_images import gpt, mbr

from heroes_forensics import cli
from heroes_forensics.commands.words import catalogue
from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import Frame, Unit
from heroes_forensics.model import JSON, Entry, EntryKind, Gap, Listing, blocks_close, reuse_word
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems import embedded
from heroes_forensics.parsers.filesystems.tsk import TskFileSystem, open_tsk
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.recovery.free import FreeSpace
from heroes_forensics.pipelines.checks import views
from heroes_forensics.pipelines.examining import unallocated
from heroes_forensics.pipelines.examining.examined import Examined
from heroes_forensics.pipelines.examining.listing import ListingStore
from heroes_forensics.pipelines.work import members

if TYPE_CHECKING:
    from heroes_forensics.pipelines.evidence.sources import Evidence

SECTOR = 512
UNKNOWN: Final[JSON] = {"code": "volume.unknown", "detail": {}}


def free_space(fs: TskFileSystem, reader: Reader) -> FreeSpace:
    return FreeSpace(reader, fs._allocated().free(reader.size))  # noqa: SLF001 - what is tested


def carved(fs: TskFileSystem) -> tuple[list[Entry], list[Gap], Listing]:
    rows = list(fs.carve(lambda: None))
    assert isinstance(rows[-1], Listing)
    entries = [row for row in rows if isinstance(row, Entry)]
    assert rows[-1].entries == len(entries)
    return entries, [row for row in rows if isinstance(row, Gap)], rows[-1]


def read(fs: TskFileSystem, entry: Entry) -> bytes:
    stream = fs.open(entry.handle)
    assert stream.size == entry.size
    return stream.pread(0, stream.size)


def fat(folder: Path, bits: int) -> Path:
    image = fat_image(folder, bits=bits, size=(4 if bits == 12 else 36) << 20)
    for number, name in enumerate(("jpeg", "png", "webp")):
        (folder / "file").write_bytes(made(name))
        run("mcopy", "-i", image, folder / "file", f"::/file{number}")
    run("mdel", "-i", image, "::/file1")
    return image


def ext(folder: Path, kind: str) -> Path:
    def fill(tree: Path) -> None:
        for number, name in enumerate(("jpeg", "png", "webp")):
            (tree / f"file{number}").write_bytes(made(name))

    image = ext_image(folder, fill, kind=kind, size="24M")
    run("debugfs", "-w", "-R", "rm file1", image)
    return image


def ntfs(folder: Path) -> Path:
    image = ntfs_image(folder)
    ntfs_put(image, folder, "file0", made("jpeg"))
    space = free_space(open_tsk(reader_of(image)), reader_of(image))
    (extent,) = space.extents(64 << 10, 4096)
    with image.open("r+b") as file:
        file.seek(extent.start)
        file.write(made("png"))
    return image


VOLUMES: dict[str, Callable[[Path], Path]] = {
    "fat12": lambda folder: fat(folder, 12),
    "fat16": lambda folder: fat(folder, 16),
    "fat32": lambda folder: fat(folder, 32),
    "ext2": lambda folder: ext(folder, "ext2"),
    "ext4": lambda folder: ext(folder, "ext4"),
    "ntfs": ntfs,
}


def by_others(image: Path, kind: str) -> bytes:
    """Return what another program says is unallocated.

    That is The Sleuth Kit; of ext it counts blocks as free that are kept for a larger volume in
    groups never used, which ``dumpe2fs`` does not.
    """
    if not kind.startswith("ext"):
        return run("blkls", "-A", image)
    told = run("dumpe2fs", image).decode()
    data = image.read_bytes()
    parts: list[bytes] = []
    for ranges in re.findall(r"Group .*?\n  Free blocks: ([^\n]*)", told, re.DOTALL):
        for each in filter(None, ranges.split(", ")):
            first, _, last = each.partition("-")
            parts.append(data[int(first) * 1024 : (int(last or first) + 1) * 1024])
    return b"".join(parts)


@pytest.mark.parametrize("kind", VOLUMES)
def test_deleted_content_is_carved_of_what_the_bitmap_says_is_free(
    kind: str, tmp_path: Path
) -> None:
    image = VOLUMES[kind](tmp_path)
    reader = reader_of(image)
    fs = open_tsk(reader)
    (entry,), gaps, listing = carved(fs)
    assert read(fs, entry) == made("png")
    assert not gaps
    *_, counted = fs.entries()
    assert isinstance(counted, Listing)
    blocks = counted.blocks
    parts = ("structures", "allocated", "unallocated", "volume_slack")
    assert sum(blocks[part] for part in parts) == blocks["volume"] == reader.size
    assert listing.blocks["searched"] == blocks["unallocated"] + blocks["volume_slack"]
    space = free_space(fs, reader)
    data = space.read(0, blocks["unallocated"])
    theirs = by_others(image, kind)  # of FAT, with what lies behind the last cluster
    assert hashlib.sha256(theirs[: len(data)]).digest() == hashlib.sha256(data).digest()
    assert len(theirs) - len(data) in {0, blocks["volume_slack"]}


CORPUS = {
    "images/dftt/6-undel-fat.zip": 6_115_328,
    "images/dftt/7-undel-ntfs.zip": 3_568_640,
    "images/dftt/8-jpeg-search.zip": 5_401_600,
    "images/dfvfs/hfsplus.raw.gz": 3_977_216,
    "images/velociraptor/tiny.ext4.gz": 158_720,
    "images/dfir_ntfs/exfat_win.raw.gz": 2_825_216,
}
"""Bytes that ``blkls -A`` of The Sleuth Kit 4.11.1 gives: not a byte more or less is free."""


def opened(path: Path) -> bytes:
    """Return an image of the corpus, unpacked."""
    data = path.read_bytes()
    if path.suffix == ".zip":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dd"))
            return archive.read(name)
    return gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data


@pytest.mark.parametrize("name", CORPUS)
def test_as_much_is_free_as_the_sleuth_kit_says(name: str) -> None:
    data = opened(evidence(name))
    *_, listing = open_tsk(any_reader(data)).entries()
    assert isinstance(listing, Listing)
    assert listing.blocks["unallocated"] == CORPUS[name]


def test_the_deleted_pictures_and_films_of_a_real_volume_are_carved() -> None:
    """Of half of its folders the files were deleted; the file system still leads to them."""
    path = evidence("images/forensics-samples/fs.vfat.xz")
    data = lzma.decompress(path.read_bytes())
    reader = RangeReader(any_reader(data), 2048 * SECTOR, len(data) - 2048 * SECTOR)
    fs = open_tsk(reader)
    entries, _, _ = carved(fs)
    found = {hashlib.md5(read(fs, entry)).hexdigest() for entry in entries}  # noqa: S324 - as published
    rows = [row for row in fs.entries() if isinstance(row, Entry) and row.handle]
    deleted = {
        hashlib.md5(read(fs, row)).hexdigest()  # noqa: S324
        for row in rows
        if not row.flags & 1 and row.path.lower().endswith(ENDINGS)
    }
    assert len(deleted) >= 7
    assert deleted <= found


JPEG_SEARCH = {
    "0c452c5800fcfa7c66027ae89c4f068a": "c@0x85400",  # file7.hmm, deleted
    "afd55222024a4e22f7f5a3a665320763": "c@0xd5200",  # file6.jpg, deleted
    "35c9da622659465956cf2d210c89bf07": "ntfs/i42-1/u41-1/a128-3/n0/c@0x624",  # in file11.dat
    "936d202fbedecbe64b42c5f3d03233e5": "ntfs/i43-1/u41-1/a128-3/n0/c@0x1349",  # in file12.doc
}
"""MD5 and locators of the pictures of DFTT #8 that lie in no file of their own. Those of deleted
files are published; file11.dat is stated as 1572 (0x624) bytes of random data and a picture; that
of file12.doc is the end of its stream "Data"."""


def test_the_pictures_of_the_jpeg_search_image_are_found_wherever_they_hide() -> None:
    data = opened(evidence("images/dftt/8-jpeg-search.zip"))
    fs = open_tsk(any_reader(data))
    entries, gaps, _ = carved(fs)
    found = {hashlib.md5(read(fs, each)).hexdigest(): each.locator for each in entries}  # noqa: S324 - as published
    assert found == JPEG_SEARCH
    assert not gaps
    (file,) = [
        row for row in fs.entries() if isinstance(row, Entry) and row.path.endswith(b"1.dat")
    ]
    assert hashlib.md5(read(fs, file)[1572:]).hexdigest() in found  # noqa: S324


def test_a_picture_in_the_middle_of_a_file_is_found_to_the_byte(tmp_path: Path) -> None:
    def fill(tree: Path) -> None:
        inside = noise(1001) + made("jpeg, thumbnail inside") + noise(300) + made("png")
        (tree / "data").write_bytes(
            inside + made("webp") + text(2048) + made("gif, animated")[:999]
        )
        (tree / "picture").write_bytes(made("jpeg"))
        (tree / "nothing").write_bytes(b"\x01" + text(1 << 16) + noise(1 << 16))

    image = ext_image(tmp_path, fill)
    fs = open_tsk(reader_of(image))
    entries, _, _ = carved(fs)
    names = ("jpeg, thumbnail inside", "png", "webp")
    assert [read(fs, entry) for entry in entries] == [made(name) for name in names]
    assert all(entry.locator.endswith(("/c@0x3e9",)) for entry in entries[:1])
    assert all(entry.flags & 1 for entry in entries)


def zipped(name: str) -> bytes:
    """Return an archive that holds a file as it is."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("stored", made(name))
    return held.getvalue()


IN_FILES: Final = {
    "text": b"Words of a letter.\n" * 200 + made("jpeg"),
    "sound": b"RIFF" + (36 + 4001).to_bytes(4, "little") + b"WAVEfmt " + bytes(20) + noise(4001),
    "song": b"ID3\x03\0\0\0\0\x7f\x7fAPIC" + bytes(6) + b"\0image/png\0\x03\0",
    "list": plistlib.dumps({"a": made("jpeg"), "b": 1}, fmt=plistlib.FMT_BINARY),
    "program": portable(resources=noise(333) + made("png"), behind=zipped("jpeg")),
    "page": b"<!DOCTYPE html><html>" + text(999) + made("gif, animated"),
}
IN_FILES["sound"] += made("jpeg")
IN_FILES["song"] += made("png") + bytes(500)


def test_pictures_are_found_in_files_of_known_types_and_not_twice(tmp_path: Path) -> None:
    def fill(tree: Path) -> None:
        for name, data in IN_FILES.items():
            (tree / name).write_bytes(data)
        (tree / "archive").write_bytes(zipped("png"))

    fs = open_tsk(reader_of(ext_image(tmp_path, fill)))
    entries, gaps, _ = carved(fs)
    assert not gaps
    found = {
        (entry.path.split(b"/")[0].decode(), name)
        for entry in entries
        for name in ("jpeg", "png", "gif, animated")
        if read(fs, entry) == made(name)
    }
    kinds = {"song": "png", "program": "png", "page": "gif, animated"}
    assert found == {(name, kinds.get(name, "jpeg")) for name in IN_FILES}
    assert len(entries) == len(found)  # what the archive behind the program holds is listed with it


def test_what_is_searched_is_not_opened_as_a_container_but_for_ole() -> None:
    media = {row.name for row in TYPES if row.is_media}
    opened_too = {"ole", "doc", "xls", "ppt", "vsd", "pub"}
    rest = {row.name for row in TYPES} - media - (set(members.OPENERS) - opened_too)
    assert rest == embedded.SEARCHED


def reuse(name: str) -> dict[bytes, str]:
    """Return what is said of each deleted file of an image."""
    rows = open_tsk(any_reader(opened(evidence(name)))).entries()
    return {
        row.path.rpartition(b"/")[2]: reuse_word(row.flags)
        for row in rows
        if isinstance(row, Entry) and row.kind is EntryKind.FILE and not row.flags & 1
    }


def test_deleted_files_of_real_volumes_say_how_sure_their_content_is() -> None:
    """DFTT #6 and #7: none of their deleted files was overwritten; two were in several pieces."""
    found = reuse("images/dftt/7-undel-ntfs.zip")
    assert found
    assert set(found.values()) == {"not-reused"}
    fat = reuse("images/dftt/6-undel-fat.zip")
    assert fat
    assert set(fat.values()) <= {"not-reused", "in-part"}


def test_blocks_that_are_in_use_again_are_told(tmp_path: Path) -> None:
    image = fat_image(tmp_path, bits=16)
    (tmp_path / "old").write_bytes(noise(40_000))
    (tmp_path / "kept").write_bytes(noise(9_000))
    run("mcopy", "-i", image, tmp_path / "old", tmp_path / "kept", "::/")
    run("mdel", "-i", image, "::/old", "::/kept")
    (tmp_path / "new").write_bytes(noise(9_000, 2))
    data = bytearray(image.read_bytes())
    table = int.from_bytes(data[14:16], "little") * SECTOR
    cluster = data[13] * SECTOR
    at = table + 2 * (2 + 40_000 // cluster)  # the last cluster that the first file lay in
    data[at : at + 2] = b"\xff\xff"
    rows = open_tsk(any_reader(bytes(data))).entries()
    found = {
        row.size: reuse_word(row.flags)
        for row in rows
        if isinstance(row, Entry) and row.kind is EntryKind.FILE and not row.flags & 1
    }
    assert found == {40_000: "in-part", 9_000: "not-reused"}


ENDINGS = (b".jpg", b".png", b".avi", b".mp4", b".jpeg")


def test_a_file_system_without_a_bitmap_of_ours_is_not_searched_and_that_is_said() -> None:
    fs = open_tsk(any_reader(opened(evidence("images/dfvfs/iso9660.raw"))))
    with pytest.raises(UnsupportedError):
        fs._allocated()  # noqa: SLF001 - what is tested
    entries, (gap,), listing = carved(fs)
    assert (entries, gap.code, listing.entries) == ([], "policy.unallocated", 0)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scan a disk that holds pictures before its volume, in it, and in one that is unknown.

    In its volume a cluster is in use that no file has.
    """
    folder = tmp_path_factory.mktemp("carving")
    data = bytearray(fat(folder, 16).read_bytes())
    lost = int.from_bytes(data[14:16], "little") * SECTOR + 2 * 3000
    data[lost : lost + 2] = b"\xff\xff"
    volume = bytes(data)
    before = bytes(SECTOR) + padded(made("gif, animated"))
    first, unknown = 128, 128 + len(volume) // SECTOR
    behind = noise(4 * SECTOR) + padded(made("avi"))
    table = mbr([(6, first, len(volume) // SECTOR), (0x83, unknown, len(behind) // SECTOR)])
    disk = (table + before).ljust(first * SECTOR, b"\0") + volume + behind
    (folder / "disk.dd").write_bytes(disk)
    result = scanned(folder / "case", folder / "disk.dd", carve=True, names="clear")
    assert result.unexpected_gaps == 2  # the volume that nobody knows, and that cluster
    equation = cast("JSON", views.status(folder / "case")["equation"])
    assert equation["closes"]
    return folder / "case"


def test_report_and_status_say_how_far_unallocated_space_was_searched(
    case: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = json.loads((case / "custody/report/report.json").read_text())
    coverage = report["exhibits"][0]["coverage"]
    assert coverage["unallocated"] == "searched"
    assert coverage["blocks"]["closes"]
    (gap,) = [row for row in coverage["gaps"] if row["code"] == "blocks.unclaimed"]
    assert (gap["count"], coverage["blocks"]["unclaimed"]) == (1, 2048)
    page = (case / "custody/report/report.html").read_text()
    terms = {name: f"{size:,}" for name, size in coverage["blocks"].items() if name != "closes"}
    assert catalogue().text("coverage.blocks_parts", **terms) in page
    assert catalogue().text("coverage.blocks_unclaimed", bytes="2,048") in page
    assert coverage["blocks"]["searched"] == coverage["blocks"]["unallocated"] > 0
    volumes = {
        str(row["volume"]).split("/")[-1]: cast("JSON", row["blocks"])
        for row in cast("list[JSON]", views.status(case)["volumes"])
    }
    assert volumes["p128"]["searched"] == volumes["p128"]["unallocated"]
    assert volumes["u0"] == {"volume": 65536, "unallocated": 65536, "searched": 65536, "unread": 0}
    assert not volumes["p73856"]
    capsys.readouterr()
    assert cli.run(["status", str(case)]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"{terms['file_slack']} file slack + {terms['metadata']} metadata + 2,048 in use" in told


def test_a_disk_whose_table_is_empty_is_searched_once(tmp_path: Path) -> None:
    disk = bytearray(gpt([]))
    disk[100 * SECTOR : 100 * SECTOR + len(made("png"))] = made("png")
    (tmp_path / "disk.dd").write_bytes(disk)
    scanned(tmp_path / "case", tmp_path / "disk.dd", carve=True)
    found = [str(row["locator"]) for row in views.inventory(tmp_path / "case")]
    assert [each for each in found if "/c@" in each] == [f"EX-1/1/u0/c@{100 * SECTOR:#x}"]


def test_ranges_of_one_name_are_all_searched() -> None:
    volumes: list[JSON] = [
        {"key": "p272", "kind": "volume", "offset": 272 * 4096, "size": 4096, "gap": UNKNOWN},
        {"key": "u8", "kind": "volume", "offset": 0, "size": 0, "gap": None},
    ]
    free: list[JSON] = [{"offset": 272 * SECTOR, "size": SECTOR}, {"offset": 8 * SECTOR, "size": 1}]
    facts: JSON = {"sector_size": SECTOR, "tree": {"unallocated": free}}
    known = SimpleNamespace(volumes=volumes, facts=facts)
    unallocated.add(cast("Evidence", known))
    ranges = [(each["key"], each["offset"]) for each in known.volumes[2:]]
    assert ranges == [("u272", 272 * 4096), ("u272-2", 272 * SECTOR), ("u8-2", 8 * SECTOR)]


def test_a_search_that_was_cut_is_made_again_and_comes_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = fat(tmp_path, 12)
    whole = scanned(tmp_path / "whole", image, carve=True, perceptual=False)
    take = ListingStore.take

    def cut(self: ListingStore, unit: Unit, volume: Examined, frame: Frame) -> None:
        take(self, unit, volume, frame)
        if unit.kind == "carve":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ListingStore, "take", cut)
        with pytest.raises(KeyboardInterrupt):
            scanned(tmp_path / "case", image, carve=True, perceptual=False)
    assert resumed(tmp_path / "case").content_sha256 == whole.content_sha256


def test_a_scan_carves_what_lies_in_no_file_and_in_no_volume(case: Path) -> None:
    rows = views.inventory(case)
    found = {row["sha256"]: row for row in rows if "/c@" in str(row["locator"])}
    for name, volume, kind in (
        ("gif, animated", "u0", "gif"),
        ("png", "p128", "png"),
        ("avi", "u73856", "avi"),
    ):
        row = found[hashlib.sha256(made(name)).hexdigest()]
        assert (row["volume"], row["content_type"]) == (volume, kind)
        assert (row["allocated"], row["place"], row["status"]) == (False, "unallocated", "done")
    assert len(found) == 3


@pytest.mark.parametrize("kind", ["fat12", "ext4", "ntfs"])
def test_whatever_a_volume_claims_its_listing_ends_and_its_blocks_add_up(
    kind: str, tmp_path: Path
) -> None:
    data = bytearray(VOLUMES[kind](tmp_path).read_bytes())
    head = 1024 if kind == "ext4" else 11
    for number in range(24):
        changed = bytearray(data)
        at = head + 4 * number
        changed[at : at + 4] = bytes([(0xFF, 0x7F, 0x00)[number % 3]] * 4)
        try:
            fs = open_tsk(any_reader(bytes(changed)))
        except UnsupportedError:
            continue
        *_, listing = fs.entries()
        assert isinstance(listing, Listing)
        assert blocks_close(listing.blocks)
        assert all(size >= 0 for size in listing.blocks.values())
