import gzip
import io
import os
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_images import SECTOR, Memory, ext2_head, fat_boot, mbr, opened

from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.model import Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.storage.layout import tree, volumes
from heroes_forensics.parsers.storage.segments import discover, open_slots
from heroes_forensics.parsers.storage.source import Source, media_chunks, open_source
from heroes_forensics.parsers.storage.volume import Volume

PNG = bytes.fromhex("89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de") + bytes(
    99
)


def tar_of(name: str = "a/b.txt") -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        archive.addfile(tarfile.TarInfo(name))
    return made.getvalue()


def old_tar() -> bytes:
    """Return a tar without the ``ustar`` mark, as seventh edition Unix wrote it."""
    block = bytearray(tar_of()[:512])
    block[257:265] = bytes(8)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(1024)


def zip_of(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return made.getvalue()


EXT = ext2_head(1 << 20) + bytes((1 << 20) - 2048)

KINDS = {
    "a file system": ("disk.dd", EXT, "image", "raw"),
    "content decides, not the extension": ("disk.dmg", EXT, "image", "raw"),
    "an image named like a picture": ("disk.jpg", EXT, "image", "raw"),
    "a partition table": ("disk.img", mbr([(0x83, 8, 8)]) + bytes(9000), "image", "raw"),
    "a boot sector": ("floppy.img", fat_boot(64) + bytes(63 * 512), "image", "raw"),
    "tar": ("dump.tar", tar_of(), "archive", "tar"),
    "tar without an extension": ("dump", tar_of(), "archive", "tar"),
    "old tar": ("dump.tar", old_tar(), "archive", "tar"),
    "zip": ("dump.zip", zip_of("a.txt"), "archive", "zip"),
    "empty zip": ("dump.zip", zip_of(), "archive", "zip"),
    "a picture": ("photo.png", PNG, "file", "file"),
    "a picture without an extension": ("photo", PNG, "file", "file"),
    "a text": ("list.txt", b"one\ntwo\n" * 40, "file", "file"),
}


@pytest.mark.parametrize(("name", "data", "kind", "form"), KINDS.values(), ids=KINDS)
def test_content_decides_what_a_source_is(
    name: str, data: bytes, kind: str, form: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    source = opened(tmp_path / name)
    assert (source.kind, source.format, source.size) == (kind, form, len(data))


REFUSED = {
    "noise": ("x.dd", os.urandom(5000).replace(b"\x55\xaa", b".."), "not an image heroes"),
    "zeros": ("x", bytes(100_000), "not an image heroes"),
    "a picture named .dd": ("x.dd", PNG, "not an image heroes"),
    "gzip": ("x.dd.gz", gzip.compress(bytes(9000)), "packed"),
    "lz4": ("x.dd.lz4", b"\x04\x22\x4d\x18" + bytes(100), "packed"),
    "dar": (
        "x.1.dar",
        bytes.fromhex("0000007b1d351965000000007e795454") + bytes(600),
        "packed .dar",
    ),
    "aff4": ("x.aff4", zip_of("container.description"), "no metadata"),
    "vdi": ("x.vdi", bytes(64) + b"\x7f\x10\xda\xbe" + bytes(500), "VirtualBox"),
    "encrypted dmg": ("x.dmg", b"encrcdsa" + bytes(600), "encrypted DMG"),
    "ad1": ("x.ad1", b"ADCRYPT\0" + bytes(600), "encrypted AD1"),
    "ad1 without a header": ("x.ad1", b"ADSEGMENTEDFILE\0" + bytes(600), "no header"),
    "se sparse": ("x.vmdk", b"\xbe\xba\xfe\xca\0\0\0\0" + bytes(600), "SE sparse"),
}


@pytest.mark.parametrize(("name", "data", "words"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_one_sentence_with_a_hint(
    name: str, data: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(EvidenceError, match=words) as caught:
        opened(tmp_path / name)
    assert caught.value.exit_code == 20
    assert caught.value.hint
    assert str(caught.value).startswith(name)


def test_as_image_records_one_unexamined_volume(tmp_path: Path) -> None:
    (tmp_path / "x.dd").write_bytes(bytes(5000))
    source = opened(tmp_path / "x.dd", treat_as="image")
    (row,) = volumes(source)
    assert isinstance(row, Volume)
    assert row.gap is not None
    assert (row.key, row.gap.code, row.size) == ("p0", "volume.unknown", 5000)


def test_as_image_of_an_unread_container_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.vdi").write_bytes(bytes(64) + b"\x7f\x10\xda\xbe" + bytes(500))
    rows = list(volumes(opened(tmp_path / "x.vdi", treat_as="image")))
    assert isinstance(rows[0], Gap)
    assert rows[0].code == "source.unsupported"


def test_as_file_takes_anything(tmp_path: Path) -> None:
    (tmp_path / "x.dd").write_bytes(EXT)
    source = opened(tmp_path / "x.dd", treat_as="file")
    (row,) = volumes(source)
    assert isinstance(row, Volume)
    assert (source.kind, row.key, row.kind) == ("file", "root", "file")


def test_an_unknown_way_of_treating_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "x.dd").write_bytes(EXT)
    with pytest.raises(UsageError):
        opened(tmp_path / "x.dd", treat_as="banana")


def test_a_folder_is_a_source_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    source = opened(tmp_path)
    (row,) = volumes(source)
    assert isinstance(row, Volume)
    assert (row.key, row.kind, source.media) == ("root", "directory", None)
    assert list(media_chunks(source)) == []
    assert tree(source)["format"] == "directory"


def test_split_raw_is_read_across_its_seams(tmp_path: Path) -> None:
    for number, start in enumerate(range(0, len(EXT), 300_000)):
        (tmp_path / f"d.{number:03d}").write_bytes(EXT[start : start + 300_000])
    source = opened(tmp_path / "d.000")
    assert (source.format, source.size) == ("split-raw", len(EXT))
    assert source.media is not None
    assert source.media.pread(299_990, 20) == EXT[299_990:300_010]
    assert b"".join(part for part in media_chunks(source) if isinstance(part, bytes)) == EXT


def test_a_size_that_is_no_whole_sector_is_noted(tmp_path: Path) -> None:
    (tmp_path / "d.dd").write_bytes(EXT + b"odd")
    assert "3 bytes over" in opened(tmp_path / "d.dd").notes[0]


def source_over(reader: Memory) -> Source:
    return Source("x", "image", "raw", "heroes", "", reader, ())


def test_bad_sectors_become_gaps_with_their_ranges() -> None:
    data = bytes(range(256)) * 16384
    parts = list(media_chunks(source_over(Memory(data, frozenset({100, 101, 5000})))))
    gaps = [part.detail for part in parts if isinstance(part, Gap)]
    assert gaps == [
        {"offset": 100 * SECTOR // 4096 * 4096, "length": 4096},
        {"offset": 5000 * SECTOR // 4096 * 4096, "length": 4096},
    ]
    assert sum(len(part) for part in parts if isinstance(part, bytes)) == len(data) - 8192


def test_a_medium_that_is_bad_all_over_ends_in_bounded_time() -> None:
    reader = Memory(bytes(64 << 20), frozenset(range(0, 131072, 16)))
    parts = list(media_chunks(source_over(reader)))
    assert len([part for part in parts if isinstance(part, Gap)]) < 1100
    assert reader.reads < 20_000
    covered = sum(
        len(part) if isinstance(part, bytes) else int(str(part.detail["length"])) for part in parts
    )
    assert covered == reader.size


@given(st.sets(st.integers(0, 3000), max_size=12), st.integers(1, 3_000_000))
def test_bytes_and_gaps_together_are_the_medium(bad: set[int], size: int) -> None:
    data = bytes(range(251)) * (size // 251 + 1)
    data = data[:size]
    at = 0
    for part in media_chunks(source_over(Memory(data, frozenset(bad)))):
        if isinstance(part, bytes):
            assert part == data[at : at + len(part)]
            at += len(part)
        else:
            assert part.detail["offset"] == at
            at += int(str(part.detail["length"]))
    assert at == size


@given(st.binary(min_size=1, max_size=2000))
def test_any_file_opens_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "x.bin"
    path.write_bytes(junk)
    slots = open_slots(discover(path))
    try:
        list(volumes(open_source(slots)))
    except EvidenceError:
        pass
    finally:
        os.close(slots[0].fd)


def test_a_failing_medium_is_refused_in_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.dd").write_bytes(EXT)

    def fail(*_: object) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    with pytest.raises(EvidenceError, match="cannot be read: Input/output error"):
        opened(tmp_path / "x.dd")


def test_unsupported_carries_a_gap_code(tmp_path: Path) -> None:
    (tmp_path / "x.ad1").write_bytes(b"ADCRYPT\0" + bytes(600))
    with pytest.raises(UnsupportedError) as caught:
        opened(tmp_path / "x.ad1")
    assert caught.value.code == "source.unsupported"
