"""Images and archives that lie in something else are examined as what they are, or it is said."""

import bz2
import gzip
import hashlib
import io
import lzma
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from backports import zstd
from corpus import evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory, ext2_head, opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers import blocks
from heroes_forensics.parsers.reading import decompression
from heroes_forensics.parsers.reading.decompression import ZIP_METHODS, ExpandedReader
from heroes_forensics.parsers.storage.layout import volumes
from heroes_forensics.parsers.storage.source import Source, media_chunks
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import open_volume

EXT = ext2_head(1 << 20) + bytes((1 << 20) - 2048)
OTHER = ext2_head(1 << 21) + bytes((1 << 21) - 2048)


def noise_of(length: int) -> bytes:
    """Return bytes that nothing compresses, always the same."""
    return hashlib.shake_128(b"noise").digest(length)


def zipped(**members: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return made.getvalue()


def tarred(**members: bytes) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return made.getvalue()


def source_of(folder: Path, data: bytes, treat_as: str = "auto") -> Source:
    (folder / "source").write_bytes(data)
    return opened(folder / "source", treat_as=treat_as)


def media(source: Source) -> bytes:
    return b"".join(piece for piece in media_chunks(source) if isinstance(piece, bytes))


def gaps(source: Source) -> list[str]:
    return [row.code for row in volumes(source) if isinstance(row, Gap)]


IMAGES = {
    "gzip": (gzip.compress(EXT), []),
    "gzip in two pieces": (gzip.compress(EXT[:70_000]) + gzip.compress(EXT[70_000:]), []),
    "zip": (zipped(image=EXT), []),
    "zip with a note beside it": (zipped(image=EXT, note=b"taken on"), ["container.beside"]),
    "tar": (tarred(image=EXT), []),
    "tar within gzip": (gzip.compress(tarred(a=b"x" * 600, image=EXT)), ["container.beside"]),
}


@pytest.mark.parametrize(("data", "said"), IMAGES.values(), ids=IMAGES)
def test_one_image_is_examined_as_the_image(data: bytes, said: list[str], tmp_path: Path) -> None:
    source = source_of(tmp_path, data)
    assert (source.kind, source.format, source.size) == ("image", "raw", len(EXT))
    assert media(source) == EXT
    assert gaps(source) == said
    (volume,) = [row for row in volumes(source) if isinstance(row, Volume)]
    assert volume.file_system == "ext2"
    assert source.notes


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_several_images_are_said_not_to_be_examined(pack: "type", tmp_path: Path) -> None:
    source = source_of(tmp_path, pack(one=EXT, two=OTHER))
    assert source.kind == "archive"
    assert gaps(source) == ["container.image"]


def test_an_archive_may_be_taken_as_files(tmp_path: Path) -> None:
    source = source_of(tmp_path, zipped(image=EXT, note=b"n" * 600), "zip")
    assert (source.kind, gaps(source)) == ("archive", ["container.image"])


def test_many_files_are_a_dump_whatever_lies_among_them(tmp_path: Path) -> None:
    members = {f"file{number}": b"x" for number in range(64)} | {"image": EXT}
    source = source_of(tmp_path, zipped(**members))
    assert (source.kind, gaps(source)) == ("archive", [])


def test_an_image_that_was_cut_off_goes_as_far_as_it_goes(tmp_path: Path) -> None:
    noise = noise_of(1 << 18)
    whole = gzip.compress(EXT[: 1 << 19] + noise)
    source = source_of(tmp_path, whole[: len(whole) - (1 << 17)])
    assert 1 << 19 < source.size < (1 << 19) + len(noise)
    assert media(source) == (EXT[: 1 << 19] + noise)[: source.size]
    assert "source.truncated" in gaps(source)


def test_a_damaged_member_is_never_silent(tmp_path: Path) -> None:
    data = bytearray(zipped(image=EXT[:4096] + noise_of(1 << 16)))
    data[len(data) // 2] ^= 1
    source = source_of(tmp_path, bytes(data))
    assert any(isinstance(piece, Gap) for piece in media_chunks(source))


def entries(source: Source) -> dict[bytes, bytes]:
    (volume,) = [row for row in volumes(source) if isinstance(row, Volume)]
    found = open_volume(source, volume)
    return {
        each.path: found.open(each.handle).pread(0, 1 << 24)
        for each in found.entries()
        if isinstance(each, Entry) and each.size
    }


def test_an_archive_within_gzip_is_that_archive(tmp_path: Path) -> None:
    members = {f"data/{number}": bytes([number]) * 3000 for number in range(90)}
    plain = tarred(**members)
    source = source_of(tmp_path, gzip.compress(plain))
    assert (source.kind, source.format) == ("archive", "tar.gz")
    assert entries(source) == {name.encode(): data for name, data in members.items()}
    cut = source_of(tmp_path, gzip.compress(plain, 0)[: len(plain) // 2])
    (volume,) = [row for row in volumes(cut) if isinstance(row, Volume)]
    codes = [row.code for row in open_volume(cut, volume).entries() if isinstance(row, Gap)]
    assert "source.truncated" in codes


@pytest.mark.parametrize("name", ["backup.ab", "backup3.ab"])
def test_real_backups_of_android(name: str) -> None:
    path = evidence(f"mobile/android/{name}")
    data = path.read_bytes()
    packed = zlib.decompress(data[data.index(b"none\n") + 5 :])
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        files = [member for member in archive if member.isfile()]
        wanted = {
            member.name.encode(): stream.read()
            for member in files
            if member.size and (stream := archive.extractfile(member))
        }
    source = opened(path)
    assert (source.kind, source.format, source.size) == ("archive", "adb-backup", len(data))
    assert wanted
    assert entries(source) == wanted


@given(
    st.lists(st.tuples(st.integers(0, 300_000), st.integers(1, 5000)), max_size=30),
    st.booleans(),
)
def test_reading_anywhere_gives_what_was_compressed(
    reads: list[tuple[int, int]],
    is_random: bool,  # noqa: FBT001 - drawn
) -> None:
    data = (noise_of(1000) if is_random else b"ab" * 500) * 250
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = engine.compress(data) + engine.flush()
    reader = ExpandedReader(
        Memory(packed), ZIP_METHODS[8], len(data), zlib.crc32(data), every=10_000
    )
    for offset, length in reads:
        assert reader.pread(offset, length) == data[offset : offset + length]
    assert reader.pread(0, len(data)) == data


def test_going_back_costs_one_stretch_and_memory_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decompression, "MARKS", 8)
    data = noise_of(1 << 20)
    engine = zlib.compressobj(0, wbits=-zlib.MAX_WBITS)
    stored = Memory(engine.compress(data) + engine.flush())
    reader = ExpandedReader(stored, ZIP_METHODS[8], len(data), -1, every=1 << 12)
    for at in range(0, len(data), 1 << 12):
        reader.pread(at, 1 << 12)
    assert 4 <= reader.marks <= 8
    before = stored.reads
    assert reader.pread(len(data) // 2, 100) == data[len(data) // 2 :][:100]
    assert stored.reads - before <= 5


def checked(data: bytes) -> bytes:
    return zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})


def run(*command: str, data: bytes) -> bytes:
    if shutil.which(command[0]) is None:
        pytest.skip(f"no {command[0]}")
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


PACKERS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "xz, one block": ("xz", lambda data: run("xz", "-1", "-T1", data=data)),
    "xz, blocks": ("xz", lambda data: run("xz", "-1", "-T2", "--block-size=100KiB", data=data)),
    "xz, streams and padding": (
        "xz",
        lambda data: lzma.compress(data[:99_999]) + bytes(8) + lzma.compress(data[99_999:]),
    ),
    "xz, sha256": ("xz", lambda data: lzma.compress(data, check=lzma.CHECK_SHA256)),
    "bzip2": ("bz2", lambda data: run("bzip2", "-1", data=data)),
    "bzip2, streams": (
        "bz2",
        lambda data: bz2.compress(data[:99_999], 3) + bz2.compress(data[99_999:]),
    ),
    "zstd": ("zst", lambda data: run("zstd", "-q", data=data)),
    "zstd, frames": (
        "zst",
        lambda data: checked(data[:99_999]) + checked(data[99_999:]),
    ),
    "zstd, frames of pzstd": ("zst", lambda data: run("pzstd", "-q", "-c", data=data)),
}
MIXED = EXT[: 1 << 19] + noise_of(1 << 19)


@pytest.mark.parametrize(("suffix", "pack"), PACKERS.values(), ids=PACKERS)
def test_images_compressed_by_other_programs(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    source = source_of(tmp_path, pack(MIXED))
    assert (source.kind, source.format, source.size) == ("image", "raw", len(MIXED))
    assert media(source) == MIXED
    assert gaps(source) == []
    assert source.media is not None
    for at in (len(MIXED) - 7, 5, 400_000, 99_990, 0):
        assert source.media.pread(at, 30_000) == MIXED[at : at + 30_000]
    members = {f"data/{number}": bytes([number]) * 3000 for number in range(90)}
    dump = source_of(tmp_path, pack(tarred(**members)))
    assert (dump.kind, dump.format) == ("archive", f"tar.{suffix}")
    assert entries(dump) == {name.encode(): data for name, data in members.items()}


@pytest.mark.parametrize(("suffix", "pack"), PACKERS.values(), ids=PACKERS)
def test_what_was_cut_off_or_damaged_says_so(
    suffix: str, pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    assert suffix
    whole = pack(MIXED)
    cut = source_of(tmp_path, whole[: len(whole) - (1 << 17)])
    assert 90_000 < cut.size < len(MIXED)
    assert media(cut) == MIXED[: cut.size]
    assert "source.truncated" in gaps(cut)
    data = bytearray(whole)
    data[len(data) * 2 // 3] ^= 4
    damaged = source_of(tmp_path, bytes(data))
    read = list(media_chunks(damaged))
    assert "source.truncated" in gaps(damaged) or any(isinstance(each, Gap) for each in read)


def test_damage_in_one_block_leaves_the_others(tmp_path: Path) -> None:
    data = bytearray(PACKERS["xz, blocks"][1](MIXED))
    data[len(data) * 2 // 3] ^= 4
    source = source_of(tmp_path, bytes(data))
    assert source.size == len(MIXED)
    lost = sum(
        int(str(row.detail["length"])) for row in media_chunks(source) if isinstance(row, Gap)
    )
    assert 0 < lost <= 100 << 10
    assert source.media is not None
    assert source.media.pread(len(MIXED) - 9, 9) == MIXED[-9:]


def test_a_sum_of_all_blocks_of_bzip2_that_does_not_fit_is_said(tmp_path: Path) -> None:
    packed = bytearray(bz2.compress(MIXED[:4096] + noise_of(1000), 1))
    packed[-4] ^= 1  # it lies in the last bytes: a block that is missing changes it, too
    source = source_of(tmp_path, bytes(packed))
    assert "source.truncated" in gaps(source)


def test_a_piece_that_is_too_large_is_refused_with_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, (_, pack) in PACKERS.items():
        monkeypatch.setattr(blocks, "LARGEST", dict.fromkeys(blocks.LARGEST, 90_000))
        if "one block" in name or name == "zstd":
            with pytest.raises(UnsupportedError, match="expanded anew") as refused:
                source_of(tmp_path, pack(MIXED))
            assert (refused.value.exit_code, bool(refused.value.hint)) == (20, True)


def test_going_back_in_blocks_reads_the_piece_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "_PAGES", 2)
    packed = Memory(PACKERS["bzip2"][1](MIXED))
    reader, fault = blocks.open_pieces(packed, "bzip2")
    assert (fault, reader.size) == ("", len(MIXED))
    reader.pread(0, len(MIXED))
    before = packed.reads
    assert reader.pread(100, 100) == MIXED[100:200]
    assert packed.reads - before <= 4


@pytest.mark.skipif(shutil.which("7z") is None, reason="no 7z")
@pytest.mark.parametrize("how", ["-mx=5", "-mx=0", "-m0=bzip2"])
def test_7z_archives_as_sources(how: str, tmp_path: Path) -> None:
    files = {"image": MIXED, "note": b"taken on"}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = ["7z", "a", "-bd", how, "-v400k", str(tmp_path / "x.7z"), *files]
    subprocess.run(command, cwd=tmp_path, check=True, stdout=subprocess.DEVNULL)
    parts = sorted(tmp_path.glob("x.7z.*"))
    joined = b"".join(part.read_bytes() for part in parts)
    source = source_of(tmp_path, joined)
    assert (source.kind, source.format, source.size) == ("image", "raw", len(MIXED))
    assert media(source) == MIXED
    assert gaps(source) == ["container.beside"]
    assert len(parts) > 1
    assert opened(parts[0]).size == len(MIXED)
    (tmp_path / "image").write_bytes(noise_of(900_000))
    subprocess.run(
        [*command[:4], str(tmp_path / "y.7z"), *files],
        cwd=tmp_path,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    dump = opened(tmp_path / "y.7z")
    assert (dump.kind, dump.format) == ("archive", "7z")
    assert entries(dump) == {b"image": noise_of(900_000), b"note": b"taken on"}


SMALL_PACKED = [
    (kind, pack((noise_of(900) + bytes(4000)) * 30))
    for kind, pack in (
        ("xz", lzma.compress),
        ("bzip2", lambda data: bz2.compress(data, 1)),
        ("zstd", checked),
    )
]


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_changed_bytes_never_pass_as_what_was_compressed(data: st.DataObject) -> None:
    small = (noise_of(900) + bytes(4000)) * 30
    kind, packed = data.draw(st.sampled_from(SMALL_PACKED))
    changed = bytearray(packed)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] ^= data.draw(st.integers(1, 255))
    try:
        reader, fault = blocks.open_pieces(Memory(bytes(changed)), kind)
        found = reader.pread(0, 1 << 22)
    except (OSError, EvidenceError):
        return
    assert fault or found == small
