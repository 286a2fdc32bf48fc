"""Small disks in memory for the tests of the storage layers, and readers over them."""

import os
import struct
import uuid
import zlib
from collections import deque
from pathlib import Path

from heroes_forensics.parsers.storage.segments import Slot, discover, open_slots
from heroes_forensics.parsers.storage.source import Source, open_source

SECTOR = 512
LINUX = uuid.UUID("0fc63daf-8483-4772-8e79-3d69d8477de4")
RESERVED = uuid.UUID("e3c9e316-0b5c-4db8-817d-f92df00215ae")


class Memory:
    """A reader over bytes; reads that touch ``bad`` sectors fail."""

    def __init__(self, data: bytes, bad: frozenset[int] = frozenset()) -> None:
        self.data = data
        self.bad = bad
        self.reads = 0

    @property
    def size(self) -> int:
        return len(self.data)

    def pread(self, offset: int, length: int) -> bytes:
        self.reads += 1
        end = min(offset + length, self.size)
        if any(offset < (one + 1) * SECTOR and one * SECTOR < end for one in self.bad):
            raise OSError(5, "Input/output error")
        return self.data[offset : max(offset, end)]

    def close(self) -> None:
        pass


_OPEN: deque[int] = deque()
_KEPT = 64


def _held(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """Remember descriptors, and close the oldest: no test needs those of the tests before it."""
    _OPEN.extend(slot.fd for slot in slots)
    while len(_OPEN) > max(_KEPT, len(slots)):
        os.close(_OPEN.popleft())
    return slots


def opened(path: Path, *, treat_as: str = "auto", accept_damaged: bool = False) -> Source:
    """Open a file of the test."""
    slots = _held(open_slots(discover(path)))
    return open_source(slots, treat_as=treat_as, accept_damaged=accept_damaged)


def slots_of(*paths: Path) -> tuple[Slot, ...]:
    """Return slots in exactly this order, whatever the names are."""
    slots = (Slot(path.name, os.open(path, os.O_RDONLY), path.stat().st_size) for path in paths)
    return _held(tuple(slots))


def mbr(entries: list[tuple[int, int, int]]) -> bytes:
    """Return a boot record of (type, first sector, sectors) entries."""
    rows = b"".join(
        struct.pack("<B3xB3xII", 0, kind, start, count) for kind, start, count in entries
    )
    return bytes(446) + rows.ljust(64, b"\0") + b"\x55\xaa"


def ext2_head(size: int, *, incompatible: int = 2, compatible: int = 0) -> bytes:
    """Return the first 2 KiB of an ext file system of ``size`` bytes: enough to be recognised."""
    block = bytearray(2048)
    struct.pack_into("<I", block, 1024 + 4, size // 1024)
    block[1024 + 56 : 1024 + 58] = b"\x53\xef"
    struct.pack_into("<III", block, 1024 + 92, compatible, incompatible, 1)
    return bytes(block)


def fat_boot(sectors: int, *, cluster: int = 1, table: int = 9, roots: int = 112) -> bytes:
    """Return the boot sector of a FAT12 or FAT16 volume."""
    block = bytearray(512)
    block[0:3] = b"\xeb\x3c\x90"
    struct.pack_into("<HBHBHHBH", block, 11, 512, cluster, 1, 2, roots, sectors, 0xF8, table)
    block[510:512] = b"\x55\xaa"
    return bytes(block)


def gpt(
    partitions: list[tuple[uuid.UUID, int, int]],
    *,
    sectors: int = 256,
    size: int = SECTOR,
    primary: bool = True,
    backup: bool = True,
) -> bytes:
    """Return a disk with a GPT of (type, first sector, sectors) entries."""
    array = b"".join(
        kind.bytes_le + bytes(16) + struct.pack("<QQQ", start, start + count - 1, 0) + bytes(72)
        for kind, start, count in partitions
    ).ljust(128 * 128, b"\0")
    array_sectors = len(array) // size

    def header(own: int, other: int, first: int) -> bytes:
        body = struct.pack("<8sIIIIQQQQ16s", b"EFI PART", 0x10000, 92, 0, 0, own, other, 0, 0, b"")
        body += struct.pack("<QIII", first, 128, 128, zlib.crc32(array))
        return (body[:16] + struct.pack("<I", zlib.crc32(body)) + body[20:]).ljust(size, b"\0")

    disk = bytearray(sectors * size)
    disk[:512] = mbr([(0xEE, 1, sectors - 1)])
    if primary:
        disk[size : 2 * size] = header(1, sectors - 1, 2)
        disk[2 * size : 2 * size + len(array)] = array
    if backup:
        at = sectors - 1 - array_sectors
        disk[at * size : at * size + len(array)] = array
        disk[-size:] = header(sectors - 1, 1, at)
    return bytes(disk)
