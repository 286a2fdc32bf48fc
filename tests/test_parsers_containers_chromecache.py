"""Caches of Chromium: contents of block files, entries of the simple cache, what damage leaves."""

import gzip
import io
import struct
import zlib
from collections import Counter

import pytest
from corpus import evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.chromecache import (
    open_chrome_cache,
)
from heroes_forensics.parsers.containers.pieces import Pieces


def listed(found: Pieces) -> tuple[list[Entry], list[Gap]]:
    every = list(found.entries())
    entries = [each for each in every if isinstance(each, Entry)]
    assert len({entry.locator for entry in entries}) == len(entries)
    return entries, [each for each in every if isinstance(each, Gap)]


def content(found: Pieces, entry: Entry) -> bytes:
    return found.open(entry.handle).pread(0, entry.size)


def test_contents_of_entries_in_the_same_file_have_their_length() -> None:
    data = evidence("artifacts/chrome_cache/data_1").read_bytes()
    found = open_chrome_cache(Memory(data))
    entries, gaps = listed(found)
    assert not gaps
    rests = [entry for entry in entries if entry.locator.startswith("r@")]
    entries = [entry for entry in entries if entry not in rests]
    assert sum(entry.size for entry in rests) == 1024  # records whose address lies elsewhere
    assert len(entries) == 112
    packed = 0
    for entry in entries:
        raw = content(found, entry)
        if TYPES[sniff(raw)].is_media:
            with Image.open(io.BytesIO(raw)) as picture:
                picture.load()
        elif raw.startswith(b"\x1f\x8b"):
            engine = zlib.decompressobj(31)
            engine.decompress(raw)
            packed += engine.eof and not engine.unused_data
    assert packed == 36
    assert sum(entry.path.startswith((b"http:", b"https:")) for entry in entries) == 112


def test_contents_of_entries_in_another_file_end_where_that_says() -> None:
    packed = evidence("artifacts/chrome_cache/data_2.gz").read_bytes()
    found = open_chrome_cache(Memory(gzip.decompress(packed)))
    entries, gaps = listed(found)
    assert not gaps
    records = evidence("artifacts/chrome_cache/data_1").read_bytes()[8192:]
    stated: dict[int, int] = {}
    for at in range(0, len(records) - 255, 256):
        fields = struct.unpack_from("<4i4I", records, at + 40)
        stated |= {
            place & 0xFFFF: size
            for size, place in zip(fields[:4], fields[4:], strict=True)
            if place >> 28 == 0xB and place >> 16 & 0xFF == 2
        }
    ours = {(entry.first_offset - 8192) // 1024: entry.size for entry in entries}
    rests = {(e.first_offset - 8192) // 1024 for e in entries if e.locator.startswith("r@")}
    assert {number: size for number, size in ours.items() if number not in rests} == stated
    kinds = Counter(TYPES[sniff(content(found, entry))].name for entry in entries)
    assert kinds == {"gzip": 15, "png": 5, "jpeg": 1, "gif": 1, "ico": 1, "unknown": 2}


def blocks(*data: bytes, size: int = 1024) -> bytes:
    """Write a block file whose blocks are all in use."""
    count = sum(-(-len(each) // size) for each in data)
    head = struct.pack("<4sIhhiii", b"\xc3\xca\x04\xc1", 0x20000, 2, 0, size, count, count)
    used = (b"\xff" * (count // 8) + bytes([(1 << count % 8) - 1])).ljust(8192 - 80, b"\0")
    return (
        head.ljust(80, b"\0")
        + used
        + b"".join(each.ljust(-(-len(each) // size) * size, b"\0") for each in data)
    )


def test_blocks_in_use_that_begin_like_nothing_are_one_entry_and_zeros_none() -> None:
    packed = gzip.compress(b"page" * 99)
    body = blocks(
        b"#a{}" * 300, bytes(1024), packed + b"stale", bytes(1024), b"\x1f\x8b\x08" + b"\xff" * 9
    )
    found = open_chrome_cache(Memory(body))
    entries, gaps = listed(found)
    assert not gaps
    assert [(entry.locator, content(found, entry)) for entry in entries] == [
        ("r@0x2000", (b"#a{}" * 300).ljust(3072, b"\0")),
        ("m@0x2c00", packed),
        ("m@0x3400", (b"\x1f\x8b\x08" + b"\xff" * 9).ljust(1024, b"\0")),
    ]


@pytest.mark.parametrize("name", ["index", "data_0"])
def test_files_of_a_cache_without_contents_have_no_members(name: str) -> None:
    data = evidence(f"artifacts/chrome_cache/{name}").read_bytes()
    assert listed(open_chrome_cache(Memory(data))) == ([], [])


def simple(address: bytes, body: bytes, headers: bytes, *, digest: bool = False) -> bytes:
    """Write an entry as ``net/disk_cache/simple`` has it."""
    magic, end = 0xFCFB6D1BA7725C30, 0xF4FA6F45970D41D8
    out = struct.pack("<QIII4x", magic, 5, len(address), 0) + address + body
    out += struct.pack("<QIII4x", end, 1, zlib.crc32(body), len(body)) + headers
    out += bytes(32 if digest else 0)
    return out + struct.pack("<QIII4x", end, 1 + 2 * digest, zlib.crc32(headers), len(headers))


@pytest.mark.parametrize("digest", [False, True])
def test_an_entry_of_the_simple_cache_is_content_and_headers(digest: bool) -> None:  # noqa: FBT001
    data = simple(b"https://a.example/x.jpg", b"body" * 99, b"HTTP/1.1 200\0", digest=digest)
    found = open_chrome_cache(Memory(data))
    entries, gaps = listed(found)
    assert not gaps
    assert {entry.path: content(found, entry) for entry in entries} == {
        b"https://a.example/x.jpg": b"body" * 99,
        b"https://a.example/x.jpg/$headers": b"HTTP/1.1 200\0",
    }


def test_an_entry_that_is_cut_off_is_a_gap_with_what_there_is() -> None:
    found = open_chrome_cache(Memory(simple(b"key", b"body" * 99, b"headers")[:-60]))
    entries, gaps = listed(found)
    assert len(gaps) == 1
    assert content(found, entries[0]).startswith(b"body" * 90)


def test_what_is_no_cache_is_refused() -> None:
    for data in (b"", b"\xc3\xca\x04\xc1", b"x" * 99):
        with pytest.raises(EvidenceError):
            open_chrome_cache(Memory(data))
    with pytest.raises(UnsupportedError):
        open_chrome_cache(Memory(struct.pack("<4sIhhiii", b"\xc3\xca\x04\xc1", 0, 1, 0, 7, 1, 1)))


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(8, 120), st.integers(0, 255)), max_size=6))
def test_whatever_is_changed_the_listing_ends(changes: list[tuple[int, int]]) -> None:
    data = bytearray(simple(b"key", b"body" * 9, b"headers"))
    for at, value in changes:
        data[at % len(data)] = value
    data[:8] = bytes.fromhex("305c72a71b6dfbfc")
    found = open_chrome_cache(Memory(bytes(data)))
    for entry in listed(found)[0]:
        assert 0 <= len(content(found, entry)) <= len(data)
