"""7z, cab, cpio and RAR made for the test: what they hold, and what damage leaves."""

import binascii
import hashlib
import shutil
import struct
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from containers import named, split
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import EntryKind, Gap
from heroes_forensics.parsers.base import FileSystem, Reader, UnsupportedError
from heroes_forensics.parsers.containers.cab import open_cab
from heroes_forensics.parsers.containers.cpio import open_cpio
from heroes_forensics.parsers.containers.rar import open_rar
from heroes_forensics.parsers.containers.sevenzip import open_7z

FILES = {"a": b"alpha" * 9000, "sub/b": bytes(range(256)) * 300, "sub/c": b"", "z": b"last"}
SEVEN_ZIP = shutil.which("7z")
needs_7z = pytest.mark.skipif(SEVEN_ZIP is None, reason="no 7z")


def packed(folder: Path, *options: str) -> bytes:
    assert SEVEN_ZIP is not None
    for name, data in FILES.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    command = [SEVEN_ZIP, "a", "-bd", "-mx=1", *options, "../x.7z", "."]
    subprocess.run(command, cwd=folder / "in", check=True, capture_output=True)
    return (folder / "x.7z").read_bytes()


@needs_7z
@pytest.mark.parametrize(
    "options",
    [
        ("-m0=lzma",),
        ("-m0=lzma2", "-mhc=off"),
        ("-m0=bzip2", "-ms=off"),
        ("-m0=deflate",),
        ("-m0=copy",),
        ("-mf=Delta:4", "-m0=lzma"),
        ("-mf=BCJ", "-m0=lzma2"),
        ("-mf=BCJ", "-m0=lzma"),
        ("-mf=BCJ2", "-m0=lzma"),
        ("-m0=ppmd",),
        ("-m0=deflate64",),
    ],
    ids=str,
)
def test_7z_is_read_whatever_it_was_packed_with(options: tuple[str, ...], tmp_path: Path) -> None:
    found = open_7z(Memory(packed(tmp_path, *options)))
    assert named(found) == FILES
    entries = split(found)[0]
    assert {entry.path for entry in entries if entry.kind == EntryKind.DIRECTORY} >= {b"sub"}
    for entry in reversed(entries):  # backwards costs more and gives the same
        if entry.kind == EntryKind.FILE:
            name = entry.path.decode()
            assert found.open(entry.handle).pread(3, 50) == FILES[name][3:53]


@needs_7z
@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("-psecret",), "stream.encrypted"),
        (("-psecret", "-mhe=on"), "container.encrypted"),
    ],
    ids=str,
)
def test_7z_says_what_it_cannot_read(options: tuple[str, ...], code: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError) as refused:
        named(open_7z(Memory(packed(tmp_path, *options))))
    assert refused.value.code == code


@needs_7z
def test_a_byte_that_changed_in_7z_does_not_fit_its_checksum(tmp_path: Path) -> None:
    data = bytearray(packed(tmp_path, "-m0=copy"))
    data[40] ^= 1
    with pytest.raises(UnsupportedError) as refused:
        named(open_7z(Memory(bytes(data))))
    assert refused.value.code == "stream.checksum"


def cpio(files: dict[str, bytes], form: str, mode: int = 0o100644) -> bytes:
    out = bytearray()
    for name, data in [*files.items(), ("TRAILER!!!", b"")]:
        raw = name.encode() + b"\0"
        if form == "newc":
            fields = (1, mode, 0, 0, 1, 9, len(data), 0, 0, 0, 0, len(raw), 0)
            out += b"070701" + b"".join(b"%08x" % each for each in fields) + raw
            out += bytes(-len(out) % 4) + data
            out += bytes(-len(out) % 4)
        elif form == "odc":
            out += b"070707" + b"".join(b"%06o" % each for each in (0, 1, mode, 0, 0, 1, 0))
            out += b"%011o%06o%011o" % (9, len(raw), len(data)) + raw + data
        else:
            order = "<" if form == "little" else ">"
            size = (len(data) >> 16, len(data) & 0xFFFF)
            out += struct.pack(
                order + "13H", 0o070707, 0, 1, mode, 0, 0, 1, 0, 0, 9, len(raw), *size
            )
            out += raw + bytes(len(raw) % 2) + data + bytes(len(data) % 2)
    return bytes(out)


@pytest.mark.parametrize("form", ["newc", "odc", "little", "big"])
def test_cpio_is_read_in_each_of_its_forms(form: str) -> None:
    found = open_cpio(Memory(cpio(FILES, form)))
    assert named(found) == FILES
    assert [entry.times[0] for entry in split(found)[0]] == [(9, 0)] * len(FILES)


@pytest.mark.parametrize("mode", [0o120777, 0o010644, 0o020644, 0o040755, 0o140644])
def test_content_behind_a_mode_of_cpio_that_has_none_is_a_stream(mode: int) -> None:
    found = open_cpio(Memory(cpio({"a": b"x" * 5000}, "newc", mode)))
    link, hidden = split(found)[0]
    assert link.kind is not EntryKind.FILE
    assert (hidden.kind, hidden.path) == (EntryKind.FILE, b"a:")
    assert found.open(hidden.handle).pread(0, 9999) == b"x" * 5000


@pytest.mark.parametrize("sign", [b"-", b"+", b" "])
@pytest.mark.parametrize(("form", "at", "width"), [("newc", 54, 8), ("odc", 65, 11)])
def test_a_header_of_cpio_with_a_number_of_more_than_digits_is_none(
    form: str, at: int, width: int, sign: bytes
) -> None:
    whole = cpio({"a": b"abcd", "b": b""}, form)
    number = whole[at : at + width]
    assert (int(number, 16), len(split(open_cpio(Memory(whole)))[0])) == (4, 2)
    broken = whole[:at] + sign + number[1:] + whole[at + width :]
    with pytest.raises(EvidenceError, match="no cpio archive"):
        open_cpio(Memory(broken))


def test_archives_behind_the_end_of_a_cpio_are_read_and_the_rest_is_an_entry() -> None:
    data = cpio({"first": b"1"}, "newc") + bytes(388) + cpio({"second": b"22"}, "odc")
    rest = b"\x28\xb5\x2f\xfd and so on"
    found = open_cpio(Memory(data + bytes(4) + rest))
    first, second, behind = split(found)[0]
    assert (first.path, second.path) == (b"first", b"second")
    assert behind.locator == f"r@{len(data) + 4:#x}"
    assert found.open(behind.handle).pread(0, 99) == rest
    assert len(split(open_cpio(Memory(data + bytes(512))))[0]) == 2


@needs_7z
@pytest.mark.parametrize("method", ["-m0=copy", "-m0=lzma2", "-m0=bcj2"])
def test_bytes_that_no_block_of_7z_covers_are_an_entry(tmp_path: Path, method: str) -> None:
    data = packed(tmp_path, method)
    assert not [each for each in split(open_7z(Memory(data)))[0] if each.locator[:1] == "r"]
    found = open_7z(Memory(data + bytes(9) + b"behind the end"))
    (behind,) = [each for each in split(found)[0] if each.locator[:1] == "r"]
    assert behind.locator == f"r@{len(data) + 9:#x}"
    assert found.open(behind.handle).pread(0, 99) == b"behind the end"
    if method == "-m0=bcj2":
        return  # where its other packed streams lie is not read
    at, size, crc = struct.unpack_from("<QQI", data, 12)
    head = struct.pack("<QQI", at + 6, size, crc)
    moved = data[:8] + struct.pack("<I", zlib.crc32(head)) + head + data[32 : 32 + at] + b"hidden"
    found = open_7z(Memory(moved + data[32 + at :]))
    (between,) = [each for each in split(found)[0] if each.locator[:1] == "r"]
    assert found.open(between.handle).pread(0, 99) == b"hidden"


def test_what_follows_damage_in_cpio_is_a_gap() -> None:
    data = cpio(FILES, "newc")
    gaps = [each for each in open_cpio(Memory(data[:-200])).entries() if isinstance(each, Gap)]
    assert len(gaps) == 1


def cab(files: dict[str, bytes], method: int) -> bytes:
    """Write a cabinet of one folder, as MS-CAB has it."""
    whole = b"".join(files.values())
    blocks, window = b"", b""
    pieces = [whole[at : at + 32768] for at in range(0, len(whole), 32768)]
    for piece in pieces:
        engine = zlib.compressobj(wbits=-15, zdict=window)
        data = b"CK" + engine.compress(piece) + engine.flush() if method == 1 else piece
        window = (window + piece)[-32768:]
        blocks += struct.pack("<IHH", 0, len(data), len(piece)) + data
    rows, offset = b"", 0
    for name, data in files.items():
        rows += struct.pack("<IIHHHH", len(data), offset, 0, 0x5A21, 0, 0x20)
        rows += name.replace("/", "\\").encode() + b"\0"
        offset += len(data)
    start = 36 + 8
    folder = struct.pack("<IHH", start + len(rows), len(pieces), method)
    head = struct.pack("<4s4xI4xI4xBBHHHHH", b"MSCF", 0, start, 3, 1, 1, len(files), 0, 0, 0)
    return head + folder + rows + blocks


@pytest.mark.parametrize("method", [0, 1])
def test_cabinets_are_read_stored_and_packed(method: int) -> None:
    assert named(open_cab(Memory(cab(FILES, method)))) == FILES


def test_cabinets_of_other_methods_are_listed() -> None:
    found = open_cab(Memory(cab(FILES, 0x0702)))  # Quantum
    assert [entry.path.decode() for entry in split(found)[0]] == list(FILES)
    with pytest.raises(UnsupportedError) as refused:
        named(found)
    assert refused.value.code == "stream.unsupported"


def rar_old(files: dict[str, bytes], method: int = 0x30, flags: int = 0, volume: int = 0) -> bytes:
    def block(kind: int, flags: int, rest: bytes) -> bytes:
        head = struct.pack("<BHH", kind, flags, 7 + len(rest)) + rest
        return struct.pack("<H", binascii.crc32(head) & 0xFFFF) + head

    out = b"Rar!\x1a\x07\0" + block(0x73, volume, bytes(6))
    for name, data in files.items():
        raw = name.replace("/", "\\").encode()
        fields = (
            len(data),
            len(data),
            0,
            binascii.crc32(data),
            0x5A210000,
            29,
            method,
            len(raw),
            0,
        )
        out += block(0x74, 0x8000 | flags, struct.pack("<IIBIIBBHI", *fields) + raw) + data
    return out + block(0x7B, 0, b"")


def rar_new(files: dict[str, bytes], method: int = 0, volume: int = 0) -> bytes:
    def number(value: int) -> bytes:
        out = bytearray()
        while value >= 0x80:
            out.append(value & 0x7F | 0x80)
            value >>= 7
        return bytes([*out, value])

    def block(*parts: bytes) -> bytes:
        rest = b"".join(parts)
        head = number(len(rest)) + rest
        return struct.pack("<I", binascii.crc32(head)) + head

    out = b"Rar!\x1a\x07\1\0" + block(number(1), number(0), number(volume))
    for name, data in files.items():
        raw = name.encode()
        out += block(
            *(number(2), number(2), number(len(data)), number(6), number(len(data)), number(0x20)),
            struct.pack("<II", 9, binascii.crc32(data)),
            *(number(method << 7), number(0), number(len(raw)), raw),
        )
        out += data
    return out + block(number(5), number(0), number(0))


@pytest.mark.parametrize("maker", [rar_old, rar_new])
def test_what_is_stored_in_rar_is_read_and_checked(
    maker: Callable[[dict[str, bytes]], bytes],
) -> None:
    data = maker(FILES)
    assert named(open_rar(Memory(data))) == FILES
    spot = data.index(b"alpha")
    with pytest.raises(UnsupportedError) as refused:
        named(open_rar(Memory(data[:spot] + b"A" + data[spot + 1 :])))
    assert refused.value.code == "stream.checksum"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (rar_old(FILES, 0x33), ""),
        (rar_new(FILES, 3), ""),
        (rar_old(FILES, 0x33, flags=0x10), "stream.unsupported"),
        (rar_old(FILES, flags=2), "stream.unsupported"),
    ],
    ids=["old", "new", "solid", "in volumes"],
)
def test_what_rar_keeps_in_a_way_that_is_not_read_is_listed(data: bytes, code: str) -> None:
    found = open_rar(Memory(data))
    entries = split(found)[0]
    assert [(entry.path.decode(), entry.size) for entry in entries] == [
        (name, len(each)) for name, each in FILES.items()
    ]
    for entry in entries:
        if not entry.size:
            continue
        with pytest.raises((OSError, UnsupportedError)) as refused:
            found.open(entry.handle).pread(0, max(entry.size, 1))
        assert not code or getattr(refused.value, "code", "") == code


OPENERS: dict[str, Callable[[Reader], FileSystem]] = {
    "7z": open_7z,
    "cab": open_cab,
    "cpio": open_cpio,
    "rar": open_rar,
}


@pytest.mark.parametrize("kind", OPENERS)
def test_what_is_none_of_them_is_refused(kind: str) -> None:
    for data in (b"", b"x" * 200, b"7z\xbc\xaf\x27\x1c" + bytes(60), b"MSCF", b"Rar!\x1a\x07\x07"):
        with pytest.raises(EvidenceError):
            OPENERS[kind](Memory(data))


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bytes]]:
    few = {"a": b"alpha" * 40, "b": b"b"}
    found = [
        ("cab", cab(few, 1)),
        ("cpio", cpio(few, "newc")),
        ("cpio", cpio(few, "little")),
        ("rar", rar_old(few)),
        ("rar", rar_new(few)),
    ]
    if SEVEN_ZIP is not None:
        found.append(("7z", packed(tmp_path_factory.mktemp("base"), "-m0=copy", "-mhc=off")))
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_changed_the_listing_ends(
    bases: list[tuple[str, bytes]], data: st.DataObject
) -> None:
    kind, base = data.draw(st.sampled_from(bases))
    changed = bytearray(base)
    first = 0
    if kind == "7z":  # behind the checksum that covers what is changed
        first = 32 + int.from_bytes(base[12:20], "little")
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(first, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFF, 0x17]))
    if kind == "7z":
        changed[28:32] = struct.pack("<I", zlib.crc32(changed[first:]))
        changed[8:12] = struct.pack("<I", zlib.crc32(changed[12:32]))
    try:
        found = OPENERS[kind](Memory(bytes(changed)))
        entries = split(found)[0]
    except EvidenceError:
        return
    for entry in entries:
        try:
            found.open(entry.handle).pread(0, min(max(entry.size, 1), 1 << 16))
        except (OSError, EvidenceError):
            continue


def test_a_name_of_rar_4_is_put_together_of_its_two_forms() -> None:
    name = "\u0444\u0430\u0439\u043b.jpg"
    packed_name = b"????.jpg\0" + b"\x04" + b"\x55" + b"\x44\x30\x39\x3b" + b"\x00" + b".jpg"
    data = bytearray(rar_old({"x" * len(packed_name): b"data"}))
    spot = data.index(b"x" * len(packed_name))
    data[spot : spot + len(packed_name)] = packed_name
    start = spot - 32
    data[start + 3 : start + 5] = struct.pack("<H", 0x8200)
    end = spot + len(packed_name)
    crc = zlib.crc32(data[start + 2 : end]) & 0xFFFF
    data[start : start + 2] = struct.pack("<H", crc)
    assert list(named(open_rar(Memory(bytes(data))))) == [name]
    assert hashlib.sha256(b"data").hexdigest() in {
        hashlib.sha256(each).hexdigest() for each in named(open_rar(Memory(bytes(data)))).values()
    }
