"""Pictures, disks and images made by the fixture code, checked by other readers."""

import io
import struct
import subprocess
import zlib
from pathlib import Path

import ewf_writer
import ext_volume
import gpt_disk
import ntfs_volume
import numpy as np
import pictures
import pyewf
import pytest
from conftest import Tools
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

SEGMENTS = {"one segment": 16_375, "two chunks each": 2, "one chunk each": 1}


@pytest.mark.parametrize("scene", pictures.SCENES)
def test_a_picture_is_the_same_every_time_and_another_for_another_seed(scene: str) -> None:
    make = pictures.SCENES[scene]
    assert np.array_equal(make(3, 64, 48), make(3, 64, 48))
    assert not np.array_equal(make(3, 64, 48), make(4, 64, 48))


@pytest.mark.parametrize("scene", pictures.SCENES)
def test_a_png_decodes_to_the_picture_it_was_made_of(scene: str) -> None:
    picture = pictures.SCENES[scene](5, 61, 37)
    with Image.open(io.BytesIO(pictures.png(picture))) as decoded:
        assert np.array_equal(np.asarray(decoded), picture)


def test_a_jpeg_is_close_to_the_picture_it_was_made_of() -> None:
    picture = pictures.landscape(5, 64, 48)
    with Image.open(io.BytesIO(pictures.jpeg(picture))) as decoded:
        difference = np.asarray(decoded).astype(int) - picture
    assert np.abs(difference).mean() < 12


@settings(max_examples=20)
@given(data=st.binary(min_size=1, max_size=400), repeat=st.integers(1, 700), width=st.data())
def test_ewf_gives_back_the_media(data: bytes, repeat: int, width: st.DataObject) -> None:
    media = (data * repeat).ljust(-(-len(data) * repeat // 512) * 512, b"\0")
    per_segment = width.draw(st.sampled_from([1, 2, 16_375]))
    segments = ewf_writer.write(media, segment_chunks=per_segment)
    assert len(segments) == -(-len(media) // (ewf_writer.CHUNK * per_segment))
    handle = pyewf.handle()
    handle.open_file_objects([io.BytesIO(part) for part in segments])
    assert handle.get_media_size() == len(media)
    assert handle.read(len(media)) == media
    handle.close()


@pytest.mark.parametrize("width", SEGMENTS.values(), ids=SEGMENTS)
def test_ewfverify_agrees(tool: Tools, tmp_path: Path, width: int) -> None:
    media = zlib.compress(bytes(range(256)) * 999, 0).ljust(270_336, b"\7")
    for number, part in enumerate(ewf_writer.write(media, segment_chunks=width), start=1):
        (tmp_path / f"x.E{number:02d}").write_bytes(part)
    command = [tool("ewfverify"), "-q", str(tmp_path / "x.E01")]
    assert b"SUCCESS" in subprocess.run(command, check=True, capture_output=True).stdout


def test_ewfverify_sees_one_changed_byte(tool: Tools, tmp_path: Path) -> None:
    (image,) = ewf_writer.write(bytes(99) + bytes(range(256)) * 640 + bytes(413))
    broken = bytearray(image)
    broken[len(image) // 2] ^= 1
    (tmp_path / "x.E01").write_bytes(broken)
    command = [tool("ewfverify"), "-q", str(tmp_path / "x.E01")]
    assert subprocess.run(command, check=False, capture_output=True).returncode != 0


def test_both_partition_tables_hold_and_agree() -> None:
    starts = gpt_disk.starts([512 * 3000, 512])
    parts = [
        gpt_disk.Partition("one", gpt_disk.BASIC_DATA, b"\1" * 512 * 3000, starts[0]),
        gpt_disk.Partition("two", gpt_disk.LINUX_DATA, b"\2" * 512, starts[1]),
    ]
    disk = gpt_disk.disk(parts)
    for header in (disk[512:1024], disk[-512:]):
        size, crc = struct.unpack_from("<II", header, 12)
        assert zlib.crc32(header[:16] + bytes(4) + header[20:size]) == crc
        (table,) = struct.unpack_from("<Q", header, 72)
        rows = disk[table * 512 : table * 512 + 128 * 128]
        assert zlib.crc32(rows) == struct.unpack_from("<I", header, 88)[0]
    for part in parts:
        assert disk[part.start * 512 :].startswith(part.data)


def test_an_ntfs_volume_is_read_alike_by_ntfs_3g(tool: Tools, tmp_path: Path) -> None:
    image = tmp_path / "ntfs"
    tool("mkntfs")
    ntfs_volume.create(image, 4 << 20, start_sector=0, label="x")
    volume = ntfs_volume.NtfsVolume(image.read_bytes())
    names = [f"file number {n:02d} of a folder" for n in range(25)]
    files = [ntfs_volume.NtfsFile(("d", name), name.encode() * 300) for name in names]
    volume.add([ntfs_volume.NtfsFile(("d",), None), *reversed(files)])
    image.write_bytes(volume.data)
    subprocess.run([tool("ntfsfix"), "-n", str(image)], check=True, capture_output=True)
    listed = subprocess.run(
        [tool("ntfsls"), "-p", "/d", str(image)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    assert sorted(set(listed) - {".", ".."}) == names
    for name in names[::7]:
        command = [tool("ntfscat"), str(image), f"d/{name}"]
        content = subprocess.run(command, check=True, capture_output=True).stdout
        assert content == name.encode() * 300


def test_a_folder_too_large_for_the_writer_is_refused(tool: Tools, tmp_path: Path) -> None:
    tool("mkntfs")
    image = tmp_path / "ntfs"
    ntfs_volume.create(image, 4 << 20, start_sector=0, label="x")
    volume = ntfs_volume.NtfsVolume(image.read_bytes())
    files = [ntfs_volume.NtfsFile(("d", "n" * 200 + str(n))) for n in range(30)]
    with pytest.raises(ValueError, match="index block"):
        volume.add([ntfs_volume.NtfsFile(("d",), None), *files])


def test_an_ext4_volume_passes_its_own_checker(tool: Tools, tmp_path: Path) -> None:
    image = tmp_path / "ext"
    tool("mke2fs")
    tool("debugfs")
    ext_volume.create(image, 2 << 20, label="x", seconds=1_700_000_000)
    files = [
        ext_volume.ExtFile(b"d", None),
        ext_volume.ExtFile(b"d/a b", b"text" * 999),
        ext_volume.ExtFile(b"d/\xff\xfe", b"1"),
        ext_volume.ExtFile(b"d/gone", b"2" * 5000, deleted=True),
        ext_volume.ExtFile(b"link", target=b"d/a b"),
    ]
    ext_volume.fill(image, files, seconds=1_700_000_000)
    subprocess.run([tool("e2fsck"), "-f", "-n", str(image)], check=True, capture_output=True)


def test_what_debugfs_refuses_is_an_error(tool: Tools, tmp_path: Path) -> None:
    image = tmp_path / "ext"
    tool("mke2fs")
    tool("debugfs")
    ext_volume.create(image, 2 << 20, label="x", seconds=1_700_000_000)
    with pytest.raises(OSError, match="debugfs"):
        ext_volume.fill(image, [ext_volume.ExtFile(b"no/such/folder", b"1")], seconds=1)
