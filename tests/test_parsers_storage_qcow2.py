import random
import struct
import subprocess
from pathlib import Path

import pytest
from conftest import Tools
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory, opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.storage.qcow2 import open_qcow2
from heroes_forensics.parsers.storage.source import Source


def cluster(number: int) -> bytes:
    """Return zeros, one byte, text or noise, so that each kind of cluster occurs."""
    kinds = (
        bytes(65536),
        bytes([number]) * 65536,
        (b"text %d " % number * 8000)[:65536].ljust(65536, b"x"),
        random.Random(number).randbytes(65536),  # noqa: S311 (a fixed seed)
    )
    return kinds[number % 4]


RAW = b"".join(map(cluster, range(40))) + b"the end, not a whole cluster".ljust(512 * 3, b".")


def run(*command: object) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def media(source: Source) -> bytes:
    assert source.media is not None
    return b"".join(source.media.pread(at, 50_001) for at in range(0, source.size, 50_001))


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-c",),
        ("-c", "-o", "cluster_size=4096"),
        ("-o", "compat=0.10"),
        ("-o", "preallocation=metadata"),
    ],
    ids=["plain", "compressed", "small clusters", "version 2", "preallocated"],
)
def test_what_qemu_wrote_is_read(options: tuple[str, ...], tmp_path: Path, tool: Tools) -> None:
    """``compressed`` is the case in which libqcow returns zeros."""
    (tmp_path / "raw").write_bytes(RAW)
    image = tmp_path / "d.qcow2"
    run(tool("qemu-img"), "convert", "-f", "raw", "-O", "qcow2", *options, tmp_path / "raw", image)
    source = opened(image, treat_as="image")
    assert (source.format, source.size) == ("qcow2", len(RAW))
    assert media(source) == RAW


@pytest.mark.parametrize("backing", ["raw", "qcow2"])
def test_an_overlay_shows_its_backing_file(backing: str, tmp_path: Path, tool: Tools) -> None:
    img = tool("qemu-img")
    (tmp_path / "base.raw").write_bytes(RAW)
    if backing == "qcow2":
        run(img, "convert", "-c", "-O", "qcow2", tmp_path / "base.raw", tmp_path / "base.qcow2")
    name = f"base.{backing}"
    top = tmp_path / "top.qcow2"
    run(img, "create", "-f", "qcow2", "-F", backing, "-b", name, top)
    run(tool("qemu-io"), "-c", "write -P 0xab 70000 100000", top)
    expected = RAW[:70_000] + b"\xab" * 100_000 + RAW[170_000:]
    source = opened(top, treat_as="image")
    assert media(source) == expected
    assert source.notes == ["1 backing files are part of it"]


def test_an_overlay_without_its_backing_file_is_refused(tmp_path: Path, tool: Tools) -> None:
    (tmp_path / "base.raw").write_bytes(RAW)
    top = tmp_path / "top.qcow2"
    run(tool("qemu-img"), "create", "-f", "qcow2", "-F", "raw", "-b", "base.raw", top)
    (tmp_path / "base.raw").unlink()
    with pytest.raises(EvidenceError, match="holds only differences") as caught:
        opened(top)
    assert "base.raw" not in str(caught.value)


def header(**fields: int | bytes) -> bytearray:
    """Return a QCOW2 of one 64 KiB cluster of media, all zeros, fields replaced."""
    backing = bytes(fields.get("backing", b""))
    head = bytearray(3 * 65536)
    struct.pack_into(
        ">4sIQIIQIIQ",
        head,
        0,
        b"QFI\xfb",
        int(fields.get("version", 3)),
        512 if backing else 0,
        len(backing),
        int(fields.get("bits", 16)),
        int(fields.get("size", 65536)),
        int(fields.get("encryption", 0)),
        int(fields.get("l1", 1)),
        65536,
    )
    struct.pack_into(">I", head, 60, int(fields.get("snapshots", 0)))
    struct.pack_into(">Q", head, 72, int(fields.get("features", 0)))
    struct.pack_into(">I", head, 100, 112)
    head[104] = int(fields.get("compression", 0))
    head[512 : 512 + len(backing)] = backing
    return head


REFUSED = {
    "encrypted": ({"encryption": 1}, "encryption"),
    "external data file": ({"features": 4}, "external data"),
    "extended L2 entries": ({"features": 16}, "extended L2"),
    "zstd": ({"features": 8, "compression": 1}, "zstd"),
    "unknown version": ({"version": 7}, "damaged"),
    "clusters of a terabyte": ({"bits": 40}, "damaged"),
    "a table of 32 GiB": ({"l1": 0xFFFFFFFF}, "damaged"),
    "a table too short for the media": ({"size": 1 << 40}, "damaged"),
}


@pytest.mark.parametrize(("fields", "words"), REFUSED.values(), ids=REFUSED)
def test_what_we_would_misread_is_refused(fields: dict[str, int], words: str) -> None:
    with pytest.raises(EvidenceError, match=words):
        open_qcow2("x", Memory(bytes(header(**fields))), {})


def test_snapshots_and_marked_damage_are_gaps() -> None:
    image = open_qcow2("x", Memory(bytes(header(snapshots=3, features=2))), {})
    assert [gap.code for gap in image.health] == ["snapshot.unreadable", "source.damaged"]


@pytest.mark.parametrize(
    "backing", [b"/etc/passwd", b"../../etc/passwd", b"json:{}", b"nbd://host/x", b"C:\\x"]
)
def test_a_backing_name_never_leads_outside_the_slots(backing: bytes) -> None:
    with pytest.raises(EvidenceError, match="not beside it"):
        open_qcow2("x", Memory(bytes(header(backing=backing))), {})


def test_a_path_in_a_backing_name_is_read_as_its_basename() -> None:
    head = header(backing=b"/old/host/base.img")
    image = open_qcow2("x", Memory(bytes(head)), {"base.img": Memory(b"b" * 65536)})
    assert image.media.pread(0, 4) == b"bbbb"


@pytest.mark.parametrize("names", [["x"], ["y", "x"], ["y", "y"]])
def test_a_chain_that_is_a_loop_is_refused(names: list[str]) -> None:
    files = {
        name: Memory(bytes(header(backing=names[1 % len(names)].encode()))) for name in ("x", "y")
    }
    with pytest.raises(EvidenceError, match="loop"):
        open_qcow2("x", Memory(bytes(header(backing=names[0].encode()))), files)


def test_data_beyond_the_end_of_the_file_is_an_error_not_zeros() -> None:
    head = header(size=1 << 20)
    struct.pack_into(">Q", head, 65536, 2 * 65536)
    struct.pack_into(">Q", head, 2 * 65536, 900 * 65536)
    image = open_qcow2("x", Memory(bytes(head)), {})
    with pytest.raises(OSError, match="cut off"):
        image.media.pread(0, 10)
    assert image.media.pread(65536, 4) == bytes(4)


@given(st.integers(0, 111), st.binary(min_size=1, max_size=16), st.binary(max_size=64))
def test_no_header_makes_it_crash(at: int, junk: bytes, table: bytes) -> None:
    head = header()
    head[at : at + len(junk)] = junk
    head[65536 : 65536 + len(table)] = table
    try:
        image = open_qcow2("x", Memory(bytes(head)), {})
        for offset in (0, 65536, image.media.size - 1):
            image.media.pread(max(0, offset), 4096)
    except (EvidenceError, OSError):
        pass
