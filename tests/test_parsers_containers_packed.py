"""LHA, ARJ, ar, RPM, LZX, LZ4, lzip and ``compress``: what they hold, and what damage leaves."""

import shutil
import struct
import subprocess
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryKind, Gap, Listing
from heroes_forensics.parsers.base import FileSystem, Reader, UnsupportedError
from heroes_forensics.parsers.containers.ar import open_ar
from heroes_forensics.parsers.containers.arj import open_arj
from heroes_forensics.parsers.containers.cab import open_cab
from heroes_forensics.parsers.containers.compressed import open_compressed
from heroes_forensics.parsers.containers.lha import open_lha
from heroes_forensics.parsers.containers.rpm import open_rpm
from heroes_forensics.parsers.reading import libarchive

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT = b"heroes" * 40
LH5 = bytes.fromhex(  # jlha -ao5 s5.lzh s.txt
    "27002d6c68352d10000000f0000000d95d036b2002923100050000c74a080001732e7478740000000732696bd0"
    "94787c70535f80d2c37400"
)
ARJ = bytes.fromhex(  # arj a -m1 s1.arj s.txt
    "60ea2a00220b0102100002757e6a036b7e6a036b00000000000000000000000000000000000073312e61726a0000"
    "50db87fd000060ea35002e0b01021001007ec0890c5e10000000f00000003d6000500000a411000000000000c089"
    "0c5e7e6a036b00000000732e7478740000212685f70000000732696bd0947858f8535f803854dd60ea0000"
)
STREAMS = {
    "compress": "1f9d9068cac87953664ec081050f12342870a1c2840d21226438f1214587112f4ac45831a3c58f1e43"
    "761cc9b1e4c6931a5382248972a54995225f5a04",  # compress -c s.txt
    "lz4": "04224d186440a7100000006f6865726f65730600d25065726f657300000000215ad8aa",  # lz4 -c s.txt
    "lzip": "4c5a4950010c0034194aabb690dc3f615bc86fffffaf7800003d600050f0000000000000002d0000000000"
    "0000",  # lzip -c s.txt
}
"""`TEXT`, as the programs of these names compress it."""


def lha(files: dict[str, bytes], level: int, method: bytes = b"-lh0-") -> bytes:
    out = b""
    for name, data in files.items():
        raw = name.encode()
        if level < 2:
            base = struct.pack("<5sIIIBB", method, len(data), len(data), 0x5A210000, 0x20, level)
            rest = base + bytes([len(raw)]) + raw + bytes(2) + (b"U\0\0" if level else b"")
            out += bytes([len(rest), sum(rest) & 0xFF]) + rest + data
            continue
        folder, _, last = raw.rpartition(b"/")
        extra = struct.pack("<HB", 3 + len(last), 1) + last
        if folder:
            folder = folder.replace(b"/", b"\xff") + b"\xff"
            extra += struct.pack("<HB", 3 + len(folder), 2) + folder
        extra += b"\0\0"
        base = struct.pack("<5sIIIBB", method, len(data), len(data), 9, 0x20, 2) + b"\0\0U"
        out += struct.pack("<H", 2 + len(base) + len(extra)) + base + extra + data
    return out + b"\0"


def ar(files: dict[str, bytes]) -> bytes:
    table = b"".join(name.encode() + b"/\n" for name in files if len(name) > 15)
    out = b"!<arch>\n"
    at = 0
    for name, data in [("//", table), *files.items()]:
        if name == "//" and not table:
            continue
        own = f"{name}/" if name != "//" else name
        if len(name) > 15:
            own, at = f"/{at}", at + len(name) + 2
        out += f"{own:16}{9:<12}{0:<6}{0:<6}{644:<8}{len(data):<10}`\n".encode() + data
        out += b"\n" * (len(data) & 1)
    return out


def rpm(payload: bytes) -> bytes:
    def header(count: int, size: int) -> bytes:
        return (
            b"\x8e\xad\xe8\x01"
            + bytes(4)
            + struct.pack(">II", count, size)
            + bytes(16 * count + size)
        )

    head = b"\xed\xab\xee\xdb" + bytes(92) + header(1, 5)
    return head + bytes(-len(head) % 8) + header(2, 3) + payload


def lzx_cab(files: dict[str, bytes]) -> bytes:
    """Make a cabinet of one folder, one block of LZX that is stored in it."""
    data = b"".join(files.values())
    bits = 3 << 28 | len(data) << 4  # no translation, type 3, length
    block = struct.pack("<HH", bits >> 16, bits & 0xFFFF) + struct.pack("<III", 1, 1, 1) + data
    names, at = b"", 0
    for name, each in files.items():
        names += struct.pack("<IIHHHH", len(each), at, 0, 0x5A21, 0, 0x20) + name.encode() + b"\0"
        at += len(each)
    first = 36 + 8 + len(names)
    folder = struct.pack("<IHH", first, 1, 3 | 15 << 8)
    body = folder + names + struct.pack("<IHH", 0, len(block), len(data)) + block
    head = struct.pack(
        *("<4s4xI4xI4xBBHHHHH", b"MSCF", 36 + len(body), 44, 3, 1, 1, len(files), 0, 0, 0)
    )
    return head + body


def contents(found: FileSystem) -> dict[str, bytes]:
    every = list(found.entries())
    entries = [each for each in every if isinstance(each, Entry)]
    assert [each.entries for each in every if isinstance(each, Listing)] == [len(entries)]
    assert len({entry.locator for entry in entries}) == len(entries)
    return {
        entry.path.decode(): found.open(entry.handle).pread(0, max(entry.size, 1 << 16))
        for entry in entries
        if entry.kind == EntryKind.FILE
    }


FILES = {"a": b"alpha" * 900, "sub/a name that is long": bytes(range(256)), "z": b"last"}


def test_the_library_that_unpacks_is_there() -> None:
    assert libarchive.is_there()
    assert libarchive.version().startswith("libarchive 3.")


@pytest.mark.parametrize("level", [0, 1, 2])
def test_members_of_lha_are_read_whatever_the_level(level: int) -> None:
    assert contents(open_lha(Memory(lha(FILES, level)))) == FILES


def test_what_lh5_packed_is_unpacked_and_checked() -> None:
    assert contents(open_lha(Memory(LH5))) == {"s.txt": TEXT}
    wrong = bytearray(LH5)
    wrong[23] ^= 1  # CRC-16 of a header of level 2 lies behind its level
    wrong[21] ^= 1
    with pytest.raises((UnsupportedError, OSError)):
        contents(open_lha(Memory(bytes(wrong))))
    with pytest.raises((UnsupportedError, OSError)):
        contents(open_lha(Memory(LH5[:-6])))


def test_an_old_method_of_lha_is_listed_and_a_gap() -> None:
    found = open_lha(Memory(lha({"a": b"x" * 9}, 1, b"-lh1-")))
    with pytest.raises(UnsupportedError) as refused:
        contents(found)
    assert refused.value.code == "stream.unsupported"


def arj(changes: dict[int, int], content: bytes = b"") -> bytes:
    """Return `ARJ` with other fields in the header of its member, and another content."""
    start = ARJ.index(b"\x60\xea", 4)
    length = int.from_bytes(ARJ[start + 2 : start + 4], "little")
    head = bytearray(ARJ[start + 4 : start + 4 + length])
    for at, value in changes.items():
        head[at] = value
    if content:
        head[12:24] = struct.pack("<III", len(content), len(content), zlib.crc32(content))
    behind = start + 4 + length + 6
    content = content or ARJ[behind:-4]
    crc = struct.pack("<I", zlib.crc32(head))
    return ARJ[: start + 4] + head + crc + b"\0\0" + content + b"\x60\xea\0\0"


def test_members_of_arj_are_read_stored_and_packed() -> None:
    assert contents(open_arj(Memory(ARJ))) == {"s.txt": TEXT}
    assert contents(open_arj(Memory(arj({})))) == {"s.txt": TEXT}
    assert contents(open_arj(Memory(arj({5: 0}, b"stored")))) == {"s.txt": b"stored"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({5: 4}, "stream.unsupported"),
        ({4: 0x11}, "stream.encrypted"),
        ({4: 0x14}, "stream.unsupported"),
        ({20: 0}, "stream.checksum"),
    ],
    ids=["method 4", "garbled", "goes on", "checksum"],
)
def test_arj_says_what_it_cannot_read(changes: dict[int, int], code: str) -> None:
    with pytest.raises(UnsupportedError) as refused:
        contents(open_arj(Memory(arj(changes))))
    assert refused.value.code == code


def test_members_of_ar_are_read_with_long_names() -> None:
    assert contents(open_ar(Memory(ar(FILES)))) == FILES
    named = b"#1/8            9           0     0     644     11        `\nlong.txtabc\n"
    assert contents(open_ar(Memory(b"!<arch>\n" + named))) == {"long.txt": b"abc"}


@pytest.mark.parametrize("name", ["/", "/SYM64/", "__.SYMDEF"])
def test_what_ar_calls_its_own_table_is_an_entry(name: str) -> None:
    found = open_ar(Memory(ar({name: b"of any content", "a": b"1"})))
    table, _ = [each for each in found.entries() if isinstance(each, Entry)]
    assert table.kind is EntryKind.METADATA
    assert found.open(table.handle).pread(0, 99) == b"of any content"


def test_the_payload_of_a_package_is_its_member() -> None:
    assert contents(open_rpm(Memory(rpm(b"payload")))) == {"$payload": b"payload"}
    with pytest.raises(EvidenceError):
        open_rpm(Memory(rpm(b"payload")[:120]))


def test_a_folder_packed_with_lzx_is_unpacked() -> None:
    assert contents(open_cab(Memory(lzx_cab(FILES)))) == FILES
    cut = open_cab(Memory(lzx_cab(FILES)[:-200]))
    with pytest.raises(OSError, match="damaged"):
        contents(cut)


@pytest.mark.skipif(shutil.which("cabextract") is None, reason="no cabextract")
def test_cabextract_reads_the_same_lzx(tmp_path: Path) -> None:
    (tmp_path / "x.cab").write_bytes(lzx_cab(FILES))
    subprocess.run(
        ["cabextract", "-q", "-d", tmp_path / "out", tmp_path / "x.cab"],
        check=True,
    )
    for name, data in FILES.items():
        assert (tmp_path / "out" / name).read_bytes() == data


@pytest.mark.parametrize("kind", STREAMS)
def test_a_compressed_stream_is_expanded(kind: str) -> None:
    data = bytes.fromhex(STREAMS[kind])
    found = open_compressed(Memory(data))
    assert found.kind == kind
    assert contents(found) == {"$expanded": TEXT}
    assert not found.left


@pytest.mark.parametrize("kind", ["lz4", "lzip"])
def test_streams_one_behind_the_other_are_one_and_other_bytes_are_said(kind: str) -> None:
    data = bytes.fromhex(STREAMS[kind])
    assert contents(open_compressed(Memory(data + data))) == {"$expanded": TEXT + TEXT}
    found = open_compressed(Memory(data + b"something else"))
    assert contents(found) == {"$expanded": TEXT}
    assert found.left == "container.damaged"


@pytest.mark.parametrize("kind", ["lz4", "lzip"])
def test_what_is_damaged_or_cut_off_is_never_content(kind: str) -> None:
    data = bytes.fromhex(STREAMS[kind])
    for at in range(7, len(data) - 9, 3):
        wrong = bytearray(data)
        wrong[at] ^= 0x55
        for each in (bytes(wrong), data[:at]):
            try:
                assert contents(open_compressed(Memory(each))) == {"$expanded": TEXT}
            except (OSError, EvidenceError):
                continue


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_changed_the_listing_ends(data: st.DataObject) -> None:
    bases: list[tuple[Callable[[Reader], FileSystem], bytes]] = [
        *((open_lha, lha(FILES, level)) for level in (0, 1, 2)),
        (open_lha, LH5),
        (open_arj, ARJ),
        (open_ar, ar(FILES)),
        (open_rpm, rpm(b"payload")),
        (open_cab, lzx_cab(FILES)),
        *((open_compressed, bytes.fromhex(each)) for each in STREAMS.values()),
    ]
    opener, base = data.draw(st.sampled_from(bases))
    changed = bytearray(base)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFF, 0x17]))
    try:
        found = opener(Memory(bytes(changed)))
    except EvidenceError:
        return
    for each in found.entries():
        assert isinstance(each, Entry | Gap | Listing)
        if isinstance(each, Entry) and each.kind == EntryKind.FILE:
            try:
                found.open(each.handle).pread(0, 1 << 16)
            except (OSError, EvidenceError):
                continue
