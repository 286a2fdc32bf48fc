"""exFAT: a file that was reserved and written in part, as it lies and as systems show it."""

import gzip
import struct

import pytest
from corpus import evidence
from filesystem_images import Bytes, Listed, content, listed

from heroes_forensics.model import Entry, EntryFlag
from heroes_forensics.parsers.filesystems.exfat_lengths import Initialised, ValidLengths
from heroes_forensics.parsers.filesystems.tsk import TskFileSystem, open_tsk
from heroes_forensics.parsers.reading.readers import RangeReader

WRITTEN = 1000


def volume() -> bytearray:
    return bytearray(gzip.decompress(evidence("images/exfat/go-exfat.exfat.gz").read_bytes()))


def summed(entries: bytes) -> int:
    """Compute the checksum of a set of directory entries (specification 6.3.3)."""
    total = 0
    for at, value in enumerate(entries):
        if at not in {2, 3}:
            total = ((total << 15 | total >> 1) + value) & 0xFFFF
    return total


def opened(data: bytes) -> tuple[TskFileSystem, Listed]:
    fs = open_tsk(Bytes(data), "exfat")
    return fs, listed(fs.entries())


def largest(got: Listed) -> Entry:
    return max((e for e in got.entries if e.handle and b"$" not in e.path), key=lambda e: e.size)


def reserved(data: bytearray, size: int) -> int:
    """Let a file of ``size`` bytes have been written in part; return where its entries are."""
    (at,) = (
        at
        for at in range(0, len(data) - 64, 32)
        if data[at] == 0x85
        and data[at + 32] == 0xC0
        and struct.unpack_from("<Q", data, at + 56)[0] == size
    )
    struct.pack_into("<Q", data, at + 40, WRITTEN)
    end = at + 32 * (1 + data[at + 1])
    struct.pack_into("<H", data, at + 2, summed(bytes(data[at:end])))
    return at


def test_a_file_written_in_part_is_digested_as_it_lies_and_as_it_is_shown() -> None:
    data = volume()
    fs, before = opened(bytes(data))
    entry = largest(before)
    whole = content(fs, entry)
    reserved(data, entry.size)
    fs, after = opened(bytes(data))
    assert content(fs, after.path(entry.path)) == whole
    shown = after.path(entry.path + b":")
    assert shown.locator == f"{after.path(entry.path).locator}/v@{WRITTEN:#x}"
    assert shown.flags & EntryFlag.STREAM
    zeros = bytes(entry.size - WRITTEN)
    assert content(fs, shown) == content(fs, shown, step=999) == whole[:WRITTEN] + zeros
    assert len(after.entries) == len(before.entries) + 1 == after.listing.entries
    assert after.listing.blocks == before.listing.blocks


def test_entries_that_part_at_the_end_of_a_cluster_are_followed() -> None:
    cluster, place = 512, 15 * 32
    boot = bytearray(512)
    struct.pack_into("<IIII", boot, 80, 1, 1, 2, 8)
    boot[108:110] = bytes([9, 0])
    table = struct.pack("<4I", 0, 0, 5, 0).ljust(512, b"\0")  # cluster 2 goes on in cluster 5
    heap = bytearray(8 * cluster)
    heap[place] = 0x85
    row = struct.pack("<B7xQ8xQ", 0xC0, 70, 900)
    heap[3 * cluster : 3 * cluster + len(row)] = row
    lengths = ValidLengths(Bytes(bytes(boot + table + heap)))
    assert lengths.of(3 + place // 32, 900) == 70
    assert lengths.of(3 + place // 32, 901) == 901  # another file's
    assert lengths.of(3, 900) == 900
    assert lengths.of(2, 900) == 900
    assert lengths.of(1 << 40, 900) == 900


@pytest.mark.parametrize(("valid", "wanted"), [(0, b"\0\0\0\0"), (2, b"ab\0\0"), (4, b"abcd")])
def test_a_stream_in_part(valid: int, wanted: bytes) -> None:
    stream = Initialised(RangeReader(Bytes(b"abcdef"), 0, 4), valid)
    assert stream.size == 4
    assert stream.pread(0, 9) == wanted
    assert stream.pread(1, 2) == wanted[1:3]
    assert stream.pread(4, 1) == b""
