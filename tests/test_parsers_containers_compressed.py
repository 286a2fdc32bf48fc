"""Compressed streams as containers of one member."""

import bz2
import gzip
import hashlib
import lzma
import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from backports import zstd
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryKind, Listing, Moment
from heroes_forensics.parsers.containers.compressed import (
    ENGINES,
    UNNAMED,
    CompressedFileSystem,
    open_compressed,
)

Pack = Callable[[bytes], bytes]
PACK: dict[str, Pack] = {
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zstd": lambda data: zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1}),
}
JOINED = [name for name in PACK if name != "lzma"]
"""Those of which several may lie one behind the other."""
every = pytest.mark.parametrize("kind", PACK)
DATA = b"".join(hashlib.sha256(str(n).encode()).digest() for n in range(5000)) + bytes(300_000)


def opened(data: bytes) -> tuple[CompressedFileSystem, Entry]:
    found = open_compressed(Memory(data))
    entry, listing = found.entries()
    assert isinstance(entry, Entry)
    assert isinstance(listing, Listing)
    assert listing.entries == 1
    return found, entry


def content(data: bytes, piece: int = 1 << 16) -> bytes:
    found, entry = opened(data)
    return read(found, entry, piece)


def read(found: CompressedFileSystem, entry: Entry, piece: int = 1 << 16) -> bytes:
    reader = found.open(entry.handle)
    parts, at = [], 0
    while part := reader.pread(at, piece):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


@every
@pytest.mark.parametrize("piece", [1, 4096, 1 << 20])
def test_what_was_compressed_comes_back(kind: str, piece: int) -> None:
    data = DATA if piece > 1 else DATA[:3000]
    assert content(PACK[kind](data), piece) == data


@every
def test_any_offset_can_be_read(kind: str) -> None:
    found, entry = opened(PACK[kind](DATA))
    reader = found.open(entry.handle)
    for at, length in ((100_000, 50), (3, 9), (len(DATA) - 5, 50), (0, 1)):
        assert reader.pread(at, length) == DATA[at : at + length]


@pytest.mark.parametrize("kind", JOINED)
@pytest.mark.parametrize("between", [b"", bytes(4), bytes(70_000)])
def test_streams_behind_one_another_are_one(kind: str, between: bytes) -> None:
    parts = (b"first", DATA, b"last")
    packed = between.join(map(PACK[kind], parts)) + between
    found, entry = opened(packed)
    assert read(found, entry) == b"".join(parts)
    assert found.left == ""


@every
def test_what_lies_behind_is_told(kind: str) -> None:
    found, entry = opened(PACK[kind](b"first") + b"hidden behind it")
    assert read(found, entry) == b"first"
    assert found.left == "container.damaged"


@every
def test_one_that_is_cut_off_is_short(kind: str) -> None:
    packed = PACK[kind](DATA)
    for cut in (len(packed) // 2, len(packed) - 1):
        found, entry = opened(packed[:cut])
        with pytest.raises((EvidenceError, OSError)):
            read(found, entry)


@pytest.mark.parametrize("kind", [name for name in PACK if name != "lzma"])
def test_a_changed_byte_is_noticed(kind: str) -> None:
    packed = bytearray(PACK[kind](DATA))
    packed[len(packed) // 2] ^= 1
    found, entry = opened(bytes(packed))
    with pytest.raises((EvidenceError, OSError)):
        read(found, entry)


def test_gzip_says_name_and_time() -> None:
    process = subprocess.run(
        ["gzip", "-c", "-N"], input=b"x", capture_output=True, check=True
    ).stdout
    _, entry = opened(process)
    assert (entry.path, entry.times[0]) == (UNNAMED, None)
    named = b"\x1f\x8b\x08\x0c" + (1_700_000_000).to_bytes(4, "little") + b"\0\x03"
    named += b"\x02\0ab" + b"../dir/a.tar\0"
    deflate = zlib.compressobj(wbits=-15)
    named += deflate.compress(b"x") + deflate.flush()
    named += zlib.crc32(b"x").to_bytes(4, "little") + (1).to_bytes(4, "little")
    found, entry = opened(named)
    assert entry.path == b"../dir/a.tar"
    assert entry.times[0] == Moment(1_700_000_000, 0)
    assert found.times["m"].zone == "utc"
    assert entry.kind == EntryKind.FILE
    assert read(found, entry) == b"x"


def test_a_bomb_is_expanded_piece_by_piece() -> None:
    engine = zlib.compressobj(9, wbits=31)
    packed = b"".join(engine.compress(bytes(1 << 20)) for _ in range(200)) + engine.flush()
    found, entry = opened(packed)
    assert found.open(entry.handle).pread(0, 10) == bytes(10)


def test_frames_of_zstandard_without_content_are_passed_over() -> None:
    skipped = b"\x51\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"abcde"
    assert content(skipped + zstd.compress(b"data") + skipped) == b"data"


@pytest.mark.parametrize("data", [b"", b"PK\3\4", b"\x1f", b"BZ"])
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_compressed(Memory(data))


@given(st.sampled_from(sorted(ENGINES)), st.binary(max_size=300))
def test_no_bytes_make_it_crash(kind: str, junk: bytes) -> None:
    magic, _ = ENGINES[kind]
    found = open_compressed(Memory(magic + junk))
    for entry in found.entries():
        if isinstance(entry, Entry):
            with suppress(EvidenceError, OSError):
                assert len(found.open(entry.handle).pread(0, 1 << 16)) <= 1 << 16


def test_a_handle_of_another_parser_is_refused() -> None:
    with pytest.raises(OSError, match="handle"):
        open_compressed(Memory(gzip.compress(b"x"))).open(os.urandom(30))


REAL = {
    "tika-testZSTD.zst": "zstd",
    "tika-quine.gz": "gzip",
    "basic32k.wim.gz": "gzip",
    "dfvfs/syslog.tgz": "gzip",
    "dfvfs/syslog.gz": "gzip",
    "dfvfs/syslog.bz2": "bzip2",
    "dfvfs/syslog.xz": "xz",
    "dfvfs/syslog.lzma": "lzma",
}


@pytest.mark.parametrize("name", REAL)
def test_real_files_expand_to_what_their_own_programs_make_of_them(name: str) -> None:
    kind = REAL[name]
    program = "xz" if kind == "lzma" else kind
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not here")
    path = evidence(f"archives/{name}")
    data = path.read_bytes()
    wanted = subprocess.run([program, "-dcq"], input=data, capture_output=True, check=True)
    found, entry = opened(data)
    assert found.kind == kind
    assert read(found, entry) == wanted.stdout


def test_a_real_damaged_one_is_damaged() -> None:
    found, entry = opened(evidence("archives/dfvfs/corrupt1.gz").read_bytes())
    with pytest.raises((EvidenceError, OSError)):
        read(found, entry)
