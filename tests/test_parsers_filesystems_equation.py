"""The block equation: what the bytes of a volume are, held against The Sleuth Kit and e2fsprogs."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from carved_files import noise
from corpus import evidence
from filesystem_images import any_reader, ext_image, fat_image, reader_of, run
from test_parsers_recovery_volumes import VOLUMES, opened

from heroes_forensics.model import BLOCKS, Entry, EntryFlag, EntryKind, Gap, Listing, blocks_close
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.filesystems import claims as claiming
from heroes_forensics.parsers.filesystems.claims import Claims
from heroes_forensics.parsers.filesystems.equation import Parts, parts_of
from heroes_forensics.parsers.filesystems.tsk import TskFileSystem, open_tsk
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.recovery.allocation import Allocation
from heroes_forensics.parsers.storage.doubts import absent_below
from heroes_forensics.reports.evidence import Blocks

SECTOR = 512
IN_USE = EntryFlag.ALLOCATED


def listed(reader: Reader) -> tuple[TskFileSystem, list[Entry], list[Gap], dict[str, int]]:
    fs = open_tsk(reader)
    *rows, listing = fs.entries()
    assert isinstance(listing, Listing)
    gaps = [row for row in rows if isinstance(row, Gap) and row.code.startswith("blocks.")]
    return fs, [row for row in rows if isinstance(row, Entry)], gaps, listing.blocks


def content(entries: list[Entry]) -> int:
    """Return the bytes of files in use that lie in blocks; those of a link with two names once."""
    found = {
        row.handle: row.size
        for row in entries
        if row.kind is EntryKind.FILE and row.flags & IN_USE and not row.flags & EntryFlag.RESIDENT
    }
    return sum(found.values())


def slack_of(fs: TskFileSystem, data: bytes) -> Counter[bytes]:
    """Return the blocks with slack as ``blkls -s`` gives them: content in front of it is zeros."""
    parts, found = fs._parts, Counter[bytes]()  # noqa: SLF001 - what is tested
    assert parts is not None
    size = int(fs._fs.info.block_size)  # noqa: SLF001
    first = fs._allocated().first  # noqa: SLF001
    for start, length in zip(*(each.tolist() for each in parts.ranges(parts.slack)), strict=True):
        block = bytes((start - first) % size) + data[start : start + length]
        found.update(block[at : at + size] for at in range(0, len(block), size))
    return found


def slack_by_others(image: Path, kind: str) -> Counter[bytes]:
    size = int(open_tsk(reader_of(image))._fs.info.block_size)  # noqa: SLF001 - what is compared
    theirs = run("blkls", "-s", "-f", kind.rstrip("1236").replace("hfsplus", "hfs"), image)
    return Counter(theirs[at : at + size] for at in range(0, len(theirs), size))


@pytest.mark.parametrize("kind", VOLUMES)
def test_the_parts_of_a_volume_are_the_whole_of_it(kind: str, tmp_path: Path) -> None:
    image = VOLUMES[kind](tmp_path)
    fs, entries, gaps, blocks = listed(reader_of(image))
    assert blocks_close(blocks)
    assert Blocks(**blocks).closes
    assert not gaps
    assert (blocks["unclaimed"], blocks["claimed_free"], blocks["unreadable"]) == (0, 0, 0)
    assert blocks["items"] == content(entries) > 0
    assert blocks["volume"] == image.stat().st_size
    ours, theirs = slack_of(fs, image.read_bytes()), slack_by_others(image, kind)
    assert not ours - theirs
    if kind != "ntfs":  # where the kit gives that of the MFT and its kin too, which is metadata
        assert ours == theirs


CORPUS = {
    "images/dftt/2-kwsrch-fat.zip": ("fat16", 4_161, 959, 0),
    "images/dftt/4-kwsrch-ext3.zip": ("ext3", 1_964, 2_132, 0),
    "images/dftt/8-jpeg-search.zip": ("ntfs", 2_295_705, 3_175, 0),
    "images/dfvfs/hfsplus.raw.gz": ("hfsplus", 477, 28_195, 0),
    "images/velociraptor/fat12.dd.gz": ("fat12", 178_957, 789_747, 0),
    "images/velociraptor/tiny.ext4.gz": ("ext4", 849_597, 323, 0),
    "images/dfir_ntfs/exfat_win.raw.gz": ("exfat", 2_901_104, 203_664, 0),
    "images/dfir_ntfs/ntfs3.raw.gz": ("ntfs", 286_671, 49, 0),
    "images/dfir_ntfs/fat_dir.raw.gz": ("fat16", 0, 0, 14_336),
    "images/dfir_ntfs/exfat_orphan.raw.gz": ("exfat", 0, 0, 40_960),
}
"""Kind, content of files, file slack, and what is in use by nothing. The last of ``fat_dir`` is the
chain that ``fsstat`` gives as sectors 296 to 323: the clusters of a directory that was deleted
without them; those of ``exfat_orphan`` are of directories whose entries are gone."""


@pytest.mark.parametrize("name", CORPUS)
def test_the_equation_of_real_volumes_closes(name: str, tmp_path: Path) -> None:
    kind, items, slack, unclaimed = CORPUS[name]
    data = opened(evidence(name))
    fs, entries, gaps, blocks = listed(any_reader(data))
    assert blocks_close(blocks)
    assert (blocks["items"], blocks["file_slack"], blocks["unclaimed"]) == (items, slack, unclaimed)
    assert content(entries) == items
    assert [gap.detail for gap in gaps] == ([{"unclaimed": unclaimed}] if unclaimed else [])
    image = tmp_path / "image"
    image.write_bytes(data)
    ours, theirs = slack_of(fs, data), slack_by_others(image, kind)
    assert not ours - theirs
    if kind not in {"ntfs", "exfat"}:  # there with that of their tables
        assert ours == theirs


def blocks_of(allocation: Allocation, claims: Claims, size: int) -> dict[str, int]:
    parts = parts_of(allocation, claims, size)
    assert isinstance(parts, Parts)
    return parts.numbers


def test_a_block_that_nobody_claims_is_a_number_and_no_rounding() -> None:
    allocation = Allocation(SECTOR, 2 * SECTOR, 8, np.array([0b00011111], dtype=np.uint8))
    claims = Claims(SECTOR)
    claims.range(2 * SECTOR, SECTOR)
    claims.run(3 * SECTOR, 700, 2 * SECTOR)
    found = blocks_of(allocation, claims, 11 * SECTOR)
    assert found == {
        "volume": 11 * SECTOR,
        "structures": 2 * SECTOR,
        "allocated": 5 * SECTOR,
        "items": 700,
        "file_slack": 2 * SECTOR - 700,
        "metadata": 3 * SECTOR,
        "unclaimed": 2 * SECTOR,
        "unallocated": 3 * SECTOR,
        "volume_slack": SECTOR,
        "unreadable": 0,
        "claimed_free": 0,
    }
    claims.run(8 * SECTOR, 10, SECTOR)  # said to be free
    assert blocks_of(allocation, claims, 11 * SECTOR) == {**found, "claimed_free": 10}
    claims.run(5 * SECTOR, SECTOR, SECTOR)
    claims.run(5 * SECTOR, SECTOR, SECTOR)  # two files in one block: it is counted once
    again = blocks_of(allocation, claims, 11 * SECTOR)
    assert (again["items"], again["unclaimed"]) == (700 + SECTOR, SECTOR)
    for name in set(BLOCKS) & set(found) - {"claimed_free"}:
        assert not blocks_close({**found, name: found[name] + 1})
        assert not Blocks(**{**found, name: found[name] - (found[name] > 0) or 1}).closes


def test_what_the_image_does_not_have_is_no_content_and_no_free_space() -> None:
    data = opened(evidence("images/dftt/8-jpeg-search.zip"))
    whole = listed(any_reader(data))[3]
    cut = 9_000_000
    reader = RangeReader(any_reader(data[:cut]), 0, len(data))
    assert absent_below(reader) == [(cut, len(data) - cut)]
    _, _, _, blocks = listed(reader)
    assert blocks_close(blocks)
    assert blocks["unreadable"] == len(data) - cut
    assert blocks["volume"] == whole["volume"]
    assert blocks["unallocated"] < whole["unallocated"]


def test_more_pieces_than_are_kept_are_a_gap_and_not_a_guess(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = VOLUMES["fat16"](tmp_path)
    monkeypatch.setattr(claiming, "MOST", 1)
    _, _, gaps, blocks = listed(reader_of(image))
    assert [gap.code for gap in gaps] == ["blocks.undivided"]
    assert "items" not in blocks
    assert blocks_close(blocks)


def big(folder: Path, kind: str) -> Path:
    """Make a volume with a file with holes in it, links, attributes and a large directory."""

    def fill(tree: Path) -> None:
        (tree / "many").mkdir()
        for number in range(300):
            (tree / "many" / f"a name of some length {number}").write_bytes(noise(number * 3))
        (tree / "link").symlink_to("x" * 200)
        (tree / "name").hardlink_to(tree / "many/a name of some length 299")
        with (tree / "large").open("wb") as file:
            for at in (0, 5_000_000, 9_999_000):
                file.seek(at)
                file.write(noise(3_000, at))

    return ext_image(folder, fill, kind=kind, size="48M")


@pytest.mark.parametrize("kind", ["ext2", "ext3", "ext4"])
def test_journals_maps_links_and_holes_are_accounted_for(kind: str, tmp_path: Path) -> None:
    """``dumpe2fs`` counts the free blocks; all others are those of something known."""
    image = big(tmp_path, kind)
    _, entries, gaps, blocks = listed(reader_of(image))
    assert blocks_close(blocks)
    assert not gaps
    told = run("dumpe2fs", "-h", image).decode()
    numbers = dict(line.split(":", 1) for line in told.splitlines() if ":" in line)
    size = int(numbers["Block size"])
    assert blocks["unallocated"] == int(numbers["Free blocks"]) * size
    large = next(row for row in entries if row.path == b"large")
    small = [row for row in entries if row.path != b"large"]
    assert content(small) < blocks["items"] < content(small) + large.size // 10


def test_clusters_without_a_name_are_a_gap_of_that_many_bytes(tmp_path: Path) -> None:
    image = fat_image(tmp_path, bits=16)
    data = bytearray(image.read_bytes())
    table, cluster = int.from_bytes(data[14:16], "little") * SECTOR, data[13] * SECTOR
    before = listed(any_reader(bytes(data)))[3]
    data[table + 2 * 3000 : table + 2 * 3003] = b"\xb9\x0b\xff\xff\xf7\xff"  # a chain, a bad one
    _, _, gaps, blocks = listed(any_reader(bytes(data)))
    assert [(gap.code, gap.detail) for gap in gaps] == [
        ("blocks.unclaimed", {"unclaimed": 3 * cluster})
    ]
    assert blocks == {
        **before,
        "allocated": before["allocated"] + 3 * cluster,
        "unclaimed": 3 * cluster,
        "unallocated": before["unallocated"] - 3 * cluster,
    }


def test_a_listing_of_an_earlier_version_still_closes() -> None:
    older = Blocks(volume=100, structures=10, allocated=40, unallocated=45, volume_slack=5)
    assert not older.closes
    assert replace(older, undivided=50).closes
