import bz2
import contextlib
import hashlib
import json
import lzma
import plistlib
import random
import struct
import subprocess
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from conftest import Tools
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory, opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.storage.layout import volumes
from heroes_forensics.parsers.storage.source import Source
from heroes_forensics.parsers.storage.udif import LzmaRuns, read_runs
from heroes_forensics.parsers.storage.virtual_disks import open_virtual_disk
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import volume_reader

RAW = b"".join(
    bytes(65536) if n % 3 else random.Random(n).randbytes(65536)  # noqa: S311
    for n in range(40)
)


def media(source: Source) -> bytes:
    assert source.media is not None
    return source.media.pread(0, source.size)


def converted(folder: Path, tool: Tools, form: str, name: str, option: str = "") -> Path:
    raw = folder / "raw"
    raw.write_bytes(RAW)
    options = ["-o", f"subformat={option}"] if option else []
    paths = [str(raw), str(folder / name)]
    command = [tool("qemu-img"), "convert", "-f", "raw", "-O", form, *options, *paths]
    subprocess.run(command, check=True, capture_output=True)
    return folder / name


FORMATS = {
    "vhd dynamic": ("vpc", "d.vhd", "dynamic", "dfvfs+libvhdi"),
    "vhd fixed": ("vpc", "d.vhd", "fixed", "heroes"),
    "vhdx dynamic": ("vhdx", "d.vhdx", "dynamic", "dfvfs+libvhdi"),
    "vhdx fixed": ("vhdx", "d.vhdx", "fixed", "dfvfs+libvhdi"),
    "vmdk sparse": ("vmdk", "d.vmdk", "monolithicSparse", "dfvfs+libvmdk"),
    "vmdk stream": ("vmdk", "d.vmdk", "streamOptimized", "dfvfs+libvmdk"),
    "vmdk flat": ("vmdk", "d.vmdk", "monolithicFlat", "dfvfs+libvmdk"),
    "vmdk extents": ("vmdk", "d.vmdk", "twoGbMaxExtentSparse", "dfvfs+libvmdk"),
    "qcow": ("qcow", "d.qcow", "", "dfvfs+libqcow"),
}


@pytest.mark.parametrize("row", FORMATS.values(), ids=FORMATS)
def test_what_qemu_wrote_is_read(
    row: tuple[str, str, str, str], tmp_path: Path, tool: Tools
) -> None:
    form, name, option, reader = row
    source = opened(converted(tmp_path, tool, form, name, option), treat_as="image")
    assert source.format == name.rpartition(".")[2]
    assert source.reader_name == reader
    # QEMU rounds a VHD up to whole cylinders.
    assert media(source)[: len(RAW)] == RAW
    assert source.health == []


def test_a_renamed_vmdk_is_read(tmp_path: Path, tool: Tools) -> None:
    path = converted(tmp_path, tool, "vmdk", "d.vmdk", "monolithicSparse")
    assert media(opened(path.rename(tmp_path / "exhibit 7.vmdk"), treat_as="image")) == RAW


def test_a_vmdk_without_its_extents_is_refused(tmp_path: Path, tool: Tools) -> None:
    path = converted(tmp_path, tool, "vmdk", "d.vmdk", "monolithicFlat")
    (tmp_path / "d-flat.vmdk").unlink()
    with pytest.raises(EvidenceError):
        opened(path, treat_as="image")


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../etc/passwd", "C:\\secret.vmdk", "b"])
def test_a_vmdk_descriptor_opens_nothing_outside_the_slots(target: str, tmp_path: Path) -> None:
    (tmp_path / "passwd").write_bytes(b"not given as an extent" * 100)
    text = (
        "# Disk DescriptorFile\nversion=1\nCID=11111111\nparentCID=ffffffff\n"
        f'createType="monolithicFlat"\n\n# Extent description\nRW 4 FLAT "{target}" 0\n'
        "\n# The Disk Data Base\n#DDB\n\n"
    )
    path = tmp_path / "evil.vmdk"
    path.write_text(text)
    with pytest.raises(EvidenceError) as caught:
        opened(path, treat_as="image")
    assert "passwd" not in str(caught.value)


def test_a_vmdk_that_needs_its_parent_is_refused(tmp_path: Path) -> None:
    text = (
        "# Disk DescriptorFile\nversion=1\nCID=22222222\nparentCID=11111111\n"
        'createType="monolithicFlat"\nparentFileNameHint="base.vmdk"\n'
        '\n# Extent description\nRW 4 FLAT "delta-flat.vmdk" 0\n'
        "\n# The Disk Data Base\n#DDB\n\n"
    )
    (tmp_path / "delta.vmdk").write_text(text)
    (tmp_path / "delta-flat.vmdk").write_bytes(bytes(2048))
    with pytest.raises(UnsupportedError, match="differences"):
        opened(tmp_path / "delta.vmdk", treat_as="image")


def test_a_fixed_vhd_that_is_cut_says_so(tmp_path: Path, tool: Tools) -> None:
    path = converted(tmp_path, tool, "vpc", "d.vhd", "fixed")
    data = path.read_bytes()
    path.write_bytes(data[:1_000_000] + data[-512:])
    source = opened(path, treat_as="image")
    assert source.size == 1_000_000
    assert [gap.code for gap in source.health] == ["source.truncated"]
    assert media(source) == data[:1_000_000]


@pytest.mark.parametrize("kind", ["vhd", "vhdx", "vmdk", "qcow", "dmg"])
def test_a_cut_image_is_refused_or_fails_to_read_and_never_crashes(
    kind: str, tmp_path: Path, tool: Tools
) -> None:
    if kind == "dmg":
        path = tmp_path / "d.dmg"
        path.write_bytes(dmg([(0x80000008, RAW)]))
    else:
        path = converted(tmp_path, tool, {"vhd": "vpc"}.get(kind, kind), f"d.{kind}")
    data = path.read_bytes()
    first = {"vhd": data[:512]}.get(kind, b"")
    for size in (600, len(data) // 3, len(data) - 700):
        path.write_bytes((first or data[:512]) + data[512:size])
        try:
            source = opened(path, treat_as="image")
            found = media(source)
        except (EvidenceError, OSError):
            continue
        assert found[: len(RAW)] != RAW or source.size < len(RAW) or size > len(data) - 1000


def real(name: str, folder: Path) -> Path:
    """Unpack a file of the corpus that is stored packed."""
    packed = evidence(name + ".gz")
    path = folder / Path(name).name
    command = ["gzip", "-dc", str(packed)]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return path


def test_a_differencing_vhd_without_its_parent_is_refused(tmp_path: Path) -> None:
    path = real("images/dfvfs/fat-differential.vhd", tmp_path)
    with pytest.raises(UnsupportedError, match="holds only differences") as caught:
        opened(path)
    assert caught.value.exit_code == 20


@pytest.mark.parametrize("name", ["image.vhd", "renamed.vhd"])
def test_the_parent_of_a_vhd_is_found_by_its_identifier(name: str, tmp_path: Path) -> None:
    child = real("images/dfvfs/image-differential.vhd", tmp_path)
    real("images/dfvfs/image.vhd", tmp_path).rename(tmp_path / name)
    source = opened(child)
    assert source.notes == ["1 parent disks are part of it"]
    assert [row.file_system for row in volumes(source) if isinstance(row, Volume)] == ["ext2"]


def test_a_file_of_the_right_name_and_wrong_identifier_is_no_parent(
    tmp_path: Path, tool: Tools
) -> None:
    child = real("images/dfvfs/image-differential.vhd", tmp_path)
    converted(tmp_path, tool, "vpc", "image.vhd", "dynamic")
    with pytest.raises(UnsupportedError, match="holds only differences"):
        opened(child)


# --- DMG ---------------------------------------------------------------------------------------

PACKERS: dict[int, Callable[[bytes], bytes]] = {
    1: bytes,
    0x80000005: zlib.compress,
    0x80000006: bz2.compress,
    0x80000008: lzma.compress,
}


def dmg(parts: Iterable[tuple[int, bytes]], *, plist: bytes | None = None) -> bytes:
    """Return a UDIF image with one run for each (kind, media)."""
    data, runs, sector = b"", b"", 0
    for kind, piece in parts:
        packed = PACKERS.get(kind, bytes)(piece)
        sectors = len(piece) // 512
        runs += struct.pack(">IIQQQQ", kind, 0, sector, sectors, len(data), len(packed))
        data += packed
        sector += sectors
    runs += struct.pack(">IIQQQQ", 0xFFFFFFFF, 0, sector, 0, len(data), 0)
    table = struct.pack(">4sIQQQII24x", b"mish", 1, 0, sector, 0, 2056, 0)
    table = table.ljust(200, b"\0") + struct.pack(">I", len(runs) // 40) + runs
    row = {"Attributes": "0x0050", "Data": table, "ID": "0", "Name": "whole disk"}
    text = plist or plistlib.dumps({"resource-fork": {"blkx": [row]}})
    trailer = bytearray(512)
    struct.pack_into(">4sIIIQQQQQII", trailer, 0, b"koly", 4, 512, 1, 0, 0, len(data), 0, 0, 1, 1)
    struct.pack_into(">QQ", trailer, 216, len(data), len(text))
    struct.pack_into(">IQ", trailer, 488, 1, sector)
    return data + text + bytes(trailer)


MIXED = [(0x80000008, RAW[:131072]), (0x80000008, RAW[131072:262144]), (1, RAW[262144:327680])]


def test_runs_packed_with_lzma_are_read_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "d.dmg"
    path.write_bytes(dmg(MIXED))
    source = opened(path, treat_as="image")
    assert media(source) == RAW[:327680]
    assert source.media is not None
    assert source.media.pread(131000, 300) == RAW[131000:131300]


def test_a_run_of_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "d.dmg"
    path.write_bytes(dmg([(1, RAW[:1024]), (0x80000099, RAW[:1024])]))
    with pytest.raises(UnsupportedError, match="packed by a method"):
        opened(path, treat_as="image")


def test_a_damaged_lzma_run_is_an_error_not_zeros(tmp_path: Path) -> None:
    data = bytearray(dmg([(0x80000008, RAW[:131072])]))
    data[1000] ^= 0xFF
    path = tmp_path / "d.dmg"
    path.write_bytes(bytes(data))
    source = opened(path, treat_as="image")
    with pytest.raises(OSError, match=r"damaged|cut off"):
        media(source)


def test_an_lzma_run_that_expands_without_end_is_bounded() -> None:
    bomb = lzma.compress(bytes(100 << 20))
    runs = [(0, 512, 0, len(bomb))]
    assert LzmaRuns(Memory(bytes(512)), Memory(bomb), runs).pread(0, 512) == bytes(512)
    huge = [(0, 1 << 40, 0, len(bomb))]
    with pytest.raises(OSError, match="larger than any imager"):
        LzmaRuns(Memory(bytes(512)), Memory(bomb), huge).pread(0, 512)


def test_an_lzma_run_is_not_read_by_the_length_that_it_states() -> None:
    run = [(0, 512, 0, 1 << 40)]
    with pytest.raises(OSError, match="larger than any imager"):
        LzmaRuns(Memory(bytes(512)), Memory(lzma.compress(bytes(512))), run).pread(0, 512)


BAD_PLISTS = {
    "no xml": b"nothing",
    "no table": plistlib.dumps({}),
    "a table of text": plistlib.dumps({"resource-fork": {"blkx": ["x"]}}),
    "entities": b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "aaaa">]><plist>&a;</plist>',
    "a short table": plistlib.dumps({"resource-fork": {"blkx": [{"Data": b"mish"}]}}),
}


@pytest.mark.parametrize("plist", BAD_PLISTS.values(), ids=BAD_PLISTS)
def test_a_bad_property_list_never_crashes(plist: bytes, tmp_path: Path) -> None:
    path = tmp_path / "d.dmg"
    path.write_bytes(dmg([(1, RAW[:1024])], plist=plist))
    with contextlib.suppress(EvidenceError, OSError):
        media(opened(path, treat_as="image"))


@given(st.binary(max_size=400))
def test_no_run_table_makes_it_crash(junk: bytes) -> None:
    text = plistlib.dumps({"resource-fork": {"blkx": [{"Data": b"mish" + junk.ljust(300)}]}})
    runs = read_runs(Memory(dmg([], plist=text)))
    assert len(runs.lzma) <= 10


@pytest.mark.parametrize("packing", ["adc", "bzip2", "lzfse", "lzma"])
def test_real_dmg_images_of_every_packing(packing: str) -> None:
    """The digest is that of the HFS+ partition, made with 7-Zip."""
    path = evidence(f"images/keramics/hfsplus_{packing}.dmg")
    truth = json.loads(path.with_name(path.name + ".truth.json").read_bytes())["images"][0]
    source = opened(path)
    (row,) = [row for row in volumes(source) if isinstance(row, Volume)]
    reader = volume_reader(source, row)
    digest = hashlib.sha256(reader.pread(0, reader.size)).hexdigest()
    assert (row.file_system, digest) == ("hfs+", truth["media"]["sha256"])


@given(st.sampled_from(["qcow", "vhd", "vhdx", "vmdk", "dmg"]), st.binary(max_size=3000))
def test_no_bytes_make_a_library_crash_us(kind: str, junk: bytes) -> None:
    heads = {
        "qcow": b"QFI\xfb\0\0\0\1",
        "vhd": b"conectix",
        "vhdx": b"vhdxfile",
        "vmdk": b"KDMV",
        "dmg": b"",
    }
    data = heads[kind] + junk
    if kind == "dmg":
        data += b"koly".ljust(512, b"\0")
    with contextlib.suppress(EvidenceError, OSError):
        open_virtual_disk(kind, "x", Memory(data), {}).media.pread(0, 100)


def test_the_table_of_runs_is_what_hdiutil_wrote() -> None:
    """A real image: its runs cover as many sectors as the trailer declares."""
    path = evidence("images/keramics/hfsplus_lzma.dmg")
    runs = read_runs(Memory(path.read_bytes()))
    assert runs.unknown == runs.beyond == 0
    assert runs.lzma
    assert max(offset + size for offset, size, _, _ in runs.lzma) <= runs.declared
