"""FAT and exFAT: labels, deleted entries, orphans, loops, local times."""

import hashlib
import json
import lzma
import time
import zipfile
from functools import partial
from pathlib import Path

import pytest
from corpus import evidence
from filesystem_images import Bytes, content, digests, fat_image, in_use, listed, reader_of, run

from heroes_forensics.model import EntryFlag, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.parsers.reading.readers import RangeReader

DATA = bytes(range(256)) * 300


def put(image: Path, folder: Path, name: str, data: bytes) -> None:
    source = folder / "source"
    source.write_bytes(data)
    run("mcopy", "-i", image, source, f"::{name}")


@pytest.mark.parametrize(("bits", "size"), [(12, 4 << 20), (16, 16 << 20), (32, 64 << 20)])
def test_files_of_three_widths(tmp_path: Path, bits: int, size: int) -> None:
    image = fat_image(tmp_path, bits=bits, size=size)
    run("mmd", "-i", image, "::folder")
    put(image, tmp_path, "folder/A long name.bin", DATA)
    put(image, tmp_path, "empty", b"")
    fs = open_tsk(reader_of(image), f"fat{bits}")
    got = listed(fs.entries())
    assert fs.kind == f"fat{bits}"
    assert content(fs, got.path(b"folder/A long name.bin")) == DATA
    assert content(fs, got.path(b"empty")) == b""
    virtual = {e.path for e in got.entries if e.kind is EntryKind.VIRTUAL}
    assert {b"$MBR", b"$FAT1", b"$FAT2", b"$OrphanFiles"} <= virtual
    assert any(path.startswith(b"LABEL") for path in virtual)
    assert not got.gaps
    assert fs.has_orphans


def test_a_fat32_of_few_clusters_is_opened(tmp_path: Path) -> None:
    image = fat_image(tmp_path, bits=32, size=8 << 20)
    for kind in ("fat32", "fat", ""):
        fs = open_tsk(reader_of(image), kind)
        assert fs.kind == "fat32"
        assert not listed(fs.entries()).gaps


def test_times_are_local_and_do_not_depend_on_the_zone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = fat_image(tmp_path)
    put(image, tmp_path, "a", DATA)
    fs = open_tsk(reader_of(image))
    assert {rule.zone for rule in fs.times.values()} == {"local-unknown"}
    first = list(fs.entries())
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    assert list(open_tsk(reader_of(image)).entries()) == first


def test_deleted_files_are_recovered_or_say_that_their_clusters_went_on(tmp_path: Path) -> None:
    image = fat_image(tmp_path)
    for name in ("a.bin", "b.bin"):
        put(image, tmp_path, name, DATA + name.encode())
    run("mdel", "-i", image, "::a.bin")
    fs = open_tsk(reader_of(image))
    entry = listed(fs.entries()).path(b"_.bin")
    assert not in_use(entry)
    assert content(fs, entry) == DATA + b"a.bin"
    put(image, tmp_path, "c.bin", b"c" * len(DATA))
    fs = open_tsk(reader_of(image))
    for gone in listed(fs.entries()).entries:
        if gone.kind is EntryKind.FILE and not in_use(gone):
            with pytest.raises(UnsupportedError) as caught:
                content(fs, gone)
            assert caught.value.code == "stream.reallocated"


def test_orphans_are_found_in_a_pass_of_their_own(tmp_path: Path) -> None:
    image = fat_image(tmp_path)
    run("mmd", "-i", image, "::folder")
    put(image, tmp_path, "folder/lost.bin", DATA)
    run("mdeltree", "-i", image, "::folder")
    data = bytearray(image.read_bytes())
    at = data.index(b"\xe5OLDER     ")
    data[at : at + 32] = bytes(32)
    fs = open_tsk(Bytes(bytes(data)))
    assert not [e for e in listed(fs.entries()).entries if e.kind is EntryKind.FILE]
    found = listed(fs.orphans())
    lost = [e for e in found.entries if e.size == len(DATA)]
    assert [content(fs, e) for e in lost] == [DATA]
    assert all(e.flags & EntryFlag.ORPHAN and e.path.startswith(b"$orphan/") for e in lost)
    assert found.listing.sweep == "free clusters"


def test_an_unpaired_surrogate_stays_exact_and_later_names_are_listed(tmp_path: Path) -> None:
    image = fat_image(tmp_path)
    for name in ("surroXend", "caret^name", "zz last name"):
        put(image, tmp_path, name, DATA + name.encode())
    raw = image.read_bytes()
    # A long name is cut after its fifth letter: the sixth starts the second field of its entry.
    at = raw.index("surro".encode("utf-16-le")) + 10 + 3
    assert raw[at : at + 2] == b"X\0"
    fs = open_tsk(Bytes(raw[:at] + b"\x00\xd8" + raw[at + 2 :]))
    got = listed(fs.entries())
    assert content(fs, got.path(b"surro\xed\xa0\x80end")) == DATA + b"surroXend"
    assert content(fs, got.path(b"caret^name")) == DATA + b"caret^name"
    assert content(fs, got.path(b"zz last name")) == DATA + b"zz last name"


def test_the_search_for_orphans_ends_with_its_time(tmp_path: Path) -> None:
    fs = open_tsk(reader_of(fat_image(tmp_path)))
    got = listed(fs.orphans(-1.0))
    assert [gap.code for gap in got.gaps] == ["sweep.time-bound"]
    assert listed(fs.entries()).entries


def test_exfat(tmp_path: Path) -> None:
    image = tmp_path / "exfat.raw"
    with image.open("wb") as file:
        file.truncate(8 << 20)
    run("mkfs.exfat", image)
    fs = open_tsk(reader_of(image), "exfat")
    got = listed(fs.entries())
    assert fs.kind == "exfat"
    assert {e.path for e in got.entries if e.kind is EntryKind.METADATA} >= {
        b"$ALLOC_BITMAP",
        b"$UPCASE_TABLE",
    }


@pytest.mark.corpus
def test_seventeen_of_eighteen_deleted_files_are_recovered() -> None:
    packed = evidence("images/forensics-samples/fs.vfat.xz")
    known = json.loads((packed.parent / "originals.json").read_text())
    image = Bytes(lzma.decompress(packed.read_bytes()))
    fs = open_tsk(RangeReader(image, 2048 * 512, 100_352 * 512), "fat32")
    rows = [e for e in listed(fs.entries()).entries if not in_use(e)]
    rows += listed(fs.orphans()).entries
    found = {digest for row in digests(fs, rows).values() for _, digest in row}
    wanted = {row["sha256"] for row in known["files"] if row["deleted"]}
    assert len(wanted) == 18
    assert len(wanted & found) >= 17


def test_a_loop_of_directories_ends(tmp_path: Path) -> None:
    """Point the first cluster of a folder at its parent."""
    image = fat_image(tmp_path)
    run("mmd", "-i", image, "::one", "::one/two")
    data = bytearray(image.read_bytes())
    one = data.index(b"ONE        ")
    two = data.index(b"TWO        ")
    data[two + 26 : two + 28] = data[one + 26 : one + 28]
    got = listed(open_tsk(Bytes(bytes(data))).entries())
    assert got.listing.directories < 20
    digest = hashlib.sha256(repr(got.entries).encode())
    again = listed(open_tsk(Bytes(bytes(data))).entries())
    assert hashlib.sha256(repr(again.entries).encode()).digest() == digest.digest()


def test_a_label_that_owns_clusters_is_a_file(tmp_path: Path) -> None:
    image = fat_image(tmp_path)
    put(image, tmp_path, "HIDDEN.JPG", DATA)
    put(image, tmp_path, "EMPTY.JPG", b"")
    data = bytearray(image.read_bytes())
    for name in (b"HIDDEN  JPG", b"EMPTY   JPG"):
        data[data.index(name) + 11] = 8  # the attribute of a label
    image.write_bytes(data)
    fs = open_tsk(reader_of(image))
    got = listed(fs.entries())
    (hidden,) = (each for each in got.entries if each.path.startswith(b"HIDDEN"))
    (empty,) = (each for each in got.entries if each.path.startswith(b"EMPTY"))
    assert hidden.kind is EntryKind.FILE
    assert content(fs, hidden) == DATA
    assert empty.kind is EntryKind.VIRTUAL


def test_the_labels_of_dftt_9_give_their_published_digests(tmp_path: Path) -> None:
    image = tmp_path / "image"
    with zipfile.ZipFile(evidence("images/dftt/9-fat-label.zip")) as archive:
        image.write_bytes(archive.read("9-fat-label/9-fat-label.dd"))
    fs = open_tsk(reader_of(image))
    labels = [e for e in listed(fs.entries()).entries if e.path.endswith(b"(Volume Label Entry)")]
    digest = partial(hashlib.md5, usedforsecurity=False)  # as the page of the test states them
    found = {digest(content(fs, each)).hexdigest() for each in labels}
    assert found == {"8071eeaa52cd372a9bbb093e348e605c", "8aeca328aa6fbb7d2ec01f8c2f3e4bbd"}
