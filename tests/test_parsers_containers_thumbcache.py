"""Thumbnail stores of Windows: every picture of real ones, and what damage leaves."""

import gzip
import io
import struct

import pytest
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.pieces import Pieces
from heroes_forensics.parsers.containers.thumbcache import open_thumbcache

STORES = {
    "windows_vista-thumbcache_96.db.gz": 17,
    "windows_7-thumbcache_256.db.gz": 3,
    "windows_10-thumbcache_256.db.gz": 18,
    "windows_10-thumbcache_32.db.gz": 6,
}
"""How many entries each has, free ones included: as often as their mark stands in it."""

DELETED = {"windows_7-thumbcache_256.db.gz": 14}
"""Pictures in what is free, as many as Foremost 1.5.7 finds in the same bytes."""


def listed(found: Pieces) -> tuple[list[Entry], list[Gap]]:
    every = list(found.entries())
    return [e for e in every if isinstance(e, Entry)], [e for e in every if isinstance(e, Gap)]


def content(found: Pieces, entry: Entry) -> bytes:
    return found.open(entry.handle).pread(0, entry.size)


@pytest.mark.parametrize("name", STORES)
def test_every_entry_of_a_real_store_is_accounted_for(name: str) -> None:
    data = gzip.decompress(evidence(f"thumbs/{name}").read_bytes())
    found = open_thumbcache(Memory(data))
    entries, gaps = listed(found)
    assert not gaps
    members = [entry for entry in entries if entry.locator.startswith("m@")]
    free = [entry for entry in entries if entry.kind == EntryKind.METADATA]
    assert data.count(b"CMMM") - 1 == STORES[name]
    assert STORES[name] - 1 <= len(members) <= STORES[name]
    assert sum(entry.size for entry in free) > 0
    pictures = [entry for entry in members if entry.kind == EntryKind.FILE]
    deleted = [entry for entry in entries if entry.locator.startswith("c@")]
    assert len(deleted) == DELETED.get(name, 0)
    assert not any(entry.flags & EntryFlag.ALLOCATED for entry in deleted)
    for entry in [*pictures, *deleted]:
        raw = content(found, entry)
        assert raw.startswith((b"BM", b"\xff\xd8\xff", b"\x89PNG"))
        with Image.open(io.BytesIO(raw)) as picture:
            picture.load()
    # All that begins like a picture of these kinds is one of them.
    assert data.count(b"\x89PNG\r\n\x1a\n") <= len(pictures)
    assert all(entry.path for entry in members)


def store(version: int, *pictures: bytes) -> bytes:
    """Write a store as the documentation has it."""
    out = struct.pack("<4s5I", b"CMMM", version, 4, 0, 24, 0)
    for number, picture in enumerate(pictures, start=1):
        name = f"{number:016x}".encode("utf-16-le")
        extra = struct.pack("<8s", "jpg".encode("utf-16-le")) if version == 20 else b""
        wide = struct.pack("<II", 9, 9) if version >= 30 else b""
        sizes = struct.pack("<III", len(name), 2, len(picture))
        rest = extra + sizes + wide + struct.pack("<IQQ", 0, 0, 0) + name + b"\0\0" + picture
        out += struct.pack("<4sIQ", b"CMMM", 16 + len(rest), number) + rest
    return out


@pytest.mark.parametrize("version", [20, 21, 30, 31, 32])
def test_each_version_is_read(version: int) -> None:
    found = open_thumbcache(Memory(store(version, b"first", b"", b"last one")))
    entries, gaps = listed(found)
    assert not gaps
    assert [entry.path for entry in entries] == [f"{n:016x}".encode() for n in (1, 2, 3)]
    assert [entry.kind for entry in entries] == [EntryKind.FILE, EntryKind.OTHER, EntryKind.FILE]
    assert content(found, entries[0]) == b"first"
    assert content(found, entries[2]) == b"last one"


def test_what_is_damaged_is_a_gap_and_what_follows_is_found() -> None:
    data = bytearray(store(32, b"first", b"second", b"third"))
    second = data.find(b"CMMM", 30)
    data[second + 4 : second + 8] = b"\xff\xff\xff\x7f"
    found = open_thumbcache(Memory(bytes(data)))
    entries, gaps = listed(found)
    assert [gap.where for gap in gaps] == [f"m@{second:#x}"]
    kinds = [entry.locator[0] for entry in entries]
    assert kinds == ["m", "r", "m"]
    assert b"second" in content(found, entries[1])
    assert content(found, entries[2]) == b"third"


def test_a_picture_in_what_is_free_is_a_deleted_entry() -> None:
    picture = io.BytesIO()
    Image.effect_noise((40, 30), 90).save(picture, "BMP")
    data = bytearray(store(32, b"first"))
    start = len(data)
    data += struct.pack("<4sIQ", b"CMMM", 3 * 4096 - start, 0).ljust(56, b"\0")
    data += bytes(3 * 4096 - len(data))
    data[4096 : 4096 + picture.tell()] = picture.getvalue()
    found = open_thumbcache(Memory(bytes(data)))
    entries, gaps = listed(found)
    assert not gaps
    assert [entry.locator[:2] for entry in entries] == ["m@", "r@", "c@"]
    assert content(found, entries[2]) == picture.getvalue()
    assert not entries[2].flags & EntryFlag.ALLOCATED
    data[4096:4098] = b"XX"
    assert len(listed(open_thumbcache(Memory(bytes(data))))[0]) == 2


def test_a_version_nobody_knows_and_what_is_no_store_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="version 99") as refused:
        open_thumbcache(Memory(store(99)))
    assert refused.value.code == "container.unsupported"
    for data in (b"", b"CMMM", b"IMMM" + bytes(60)):
        with pytest.raises(EvidenceError):
            open_thumbcache(Memory(data))


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=8), st.integers(0, 9))
def test_every_byte_of_a_damaged_store_lies_in_one_entry(
    changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(store(32, b"first", b"second", b"third"))
    for at, value in changes:
        if 24 <= at < len(data):
            data[at] = value
    found = open_thumbcache(Memory(bytes(data[: len(data) - cut])))
    last = 24
    for entry in listed(found)[0]:
        assert entry.first_offset >= last
        last = entry.first_offset + entry.size
    assert last <= len(data) - cut
