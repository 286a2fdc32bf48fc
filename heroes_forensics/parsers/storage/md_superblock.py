"""The superblock of a member of a Linux md array: what it says, once its checksum fits.

Version 0.90 lies in the last 64 KiB block that is whole, 1.0 some 8 KiB before the end, 1.1 at the
start and 1.2 at 4 KiB. Layouts and checksums: ``include/uapi/linux/raid/md_p.h`` and
``drivers/md/md.c`` of the Linux kernel.
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from heroes_forensics.parsers.base import Reader

SECTOR: Final = 512
MAGIC: Final = 0xA92B4EFC
MAX_MEMBERS: Final = 128
"""An array of more is not put together; the kernel allows 27 (0.90) or 384."""

_OLD_SIZE: Final = 4096
_OLD_BLOCK: Final = 65536
_OLD_ROW: Final = 32
"""Words that describe one device, from word 128 on; the member's own row ends the superblock."""
_OLD_MEMBERS: Final = 27
_OLD_RESHAPING: Final = 91
_ACTIVE: Final = 6
"""Bits of a device of 0.90: it is active, and in sync."""
_NEW_HEAD: Final = 256
_MAX_ROLES: Final = 1920
_ROLES_END: Final = 0xFF00
_NOT_DONE: Final = (1 << 64) - 1
_MAX_SECTORS: Final = (1 << 63) // SECTOR
_BAD_BLOCKS: Final = 128
"""Sectors of the list of bad blocks that are read at most."""

RECOVERING: Final = 2
RESHAPING: Final = 4
BAD_BLOCKS: Final = 8
JOURNAL: Final = 0x200
RAID0_LAYOUT: Final = 0x1000
"""Bits of the feature map of version 1."""


@dataclass(frozen=True, slots=True)
class Superblock:
    """One member's view of its array. Sizes and offsets are in sectors of 512 bytes."""

    version: str
    array: str
    """Identifier of the array, 32 hexadecimal digits."""
    level: int
    """0, 1, 4, 5, 6, 10; -1 is linear."""
    layout: int
    """As the level has it; -1 when it is not stated."""
    chunk: int
    disks: int
    """Members of the whole array."""
    role: int
    """Place in the array from 0; -1 of a spare, a journal or a member that failed."""
    number: int
    """Of the device, as ``roles`` counts."""
    roles: tuple[int, ...]
    """Place of each device, as this member last knew it; -1 for none."""
    events: int
    used: int
    """What each member gives to the array; 0 where the members differ (linear, RAID 0)."""
    start: int
    """Where the data of this member begin."""
    length: int
    """Of the data of this member."""
    clean: bool
    """Parity and mirrors were known to agree."""
    hindrance: str = ""
    """What keeps this version from reading it: ``reshape`` or ``journal``."""
    rebuilt: bool = True
    """False while it was still being filled from the others."""
    bad: tuple[tuple[int, int], ...] = ()
    """Sectors (first, count) of the device that the array knew to be bad."""


def at_start(reader: Reader) -> Superblock | None:
    """Read version 1.1 or 1.2.

    Raises:
        OSError: the place could not be read.
    """
    return _new(reader, 0, "1.1") or _new(reader, 4096, "1.2")


def at_end(reader: Reader) -> Superblock | None:
    """Read version 1.0 or 0.90: whatever lies at the start may be the first bytes of the array.

    Raises:
        OSError: the place could not be read.
    """
    sectors = reader.size // SECTOR
    new = (sectors - 16) // 8 * 8 * SECTOR if sectors > 16 else 0  # noqa: PLR2004 (8 KiB)
    found = _new(reader, new, "1.0") if new > 0 else None
    return found or _old(reader)


def superblock(reader: Reader) -> Superblock | None:
    """Read the superblock of a member, wherever it lies; None when there is no sound one."""
    for look in (at_start, at_end):
        with suppress(OSError):
            if (found := look(reader)) is not None:
                return found
    return None


def _folded(total: int) -> int:
    return ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF


def _new(reader: Reader, offset: int, version: str) -> Superblock | None:
    head = reader.pread(offset, _NEW_HEAD)
    if len(head) < _NEW_HEAD or struct.unpack_from("<II", head) != (MAGIC, 1):
        return None
    devices = struct.unpack_from("<I", head, 220)[0]
    if devices > _MAX_ROLES or struct.unpack_from("<Q", head, 144)[0] * SECTOR != offset:
        return None
    block = head + reader.pread(offset + _NEW_HEAD, 2 * devices)
    if len(block) != _NEW_HEAD + 2 * devices or not _is_sound(block):
        return None
    features = struct.unpack_from("<I", head, 8)[0]
    level, layout, used, chunk, disks = struct.unpack_from("<iiQII", head, 72)
    start, length = struct.unpack_from("<QQ", head, 128)
    number = struct.unpack_from("<I", head, 160)[0]
    events, resync = struct.unpack_from("<QQ", head, 200)
    rows = struct.unpack_from(f"<{devices}H", block, _NEW_HEAD)
    roles = tuple(role if role < _ROLES_END else -1 for role in rows)
    if not level and not features & RAID0_LAYOUT:
        layout = -1
    if max(used, start, length) > _MAX_SECTORS:
        return None
    return Superblock(
        version=version,
        array=head[16:32].hex(),
        level=level,
        layout=layout,
        chunk=chunk,
        disks=disks,
        role=roles[number] if number < len(roles) else -1,
        number=number,
        roles=roles,
        events=events,
        used=used,
        start=start,
        length=length,
        clean=resync == _NOT_DONE,
        hindrance=_hindrance(features),
        rebuilt=not features & RECOVERING,
        bad=tuple(_bad_blocks(reader, head, offset)) if features & BAD_BLOCKS else (),
    )


def _hindrance(features: int) -> str:
    if features & RESHAPING:
        return "reshape"
    return "journal" if features & JOURNAL else ""


def _is_sound(block: bytes) -> bool:
    bare = block[:216] + bytes(4) + block[220:]
    total = sum(struct.unpack(f"<{len(bare) // 4}I", bare[: len(bare) // 4 * 4]))
    if len(bare) % 4:
        total += struct.unpack("<H", bare[-2:])[0]
    return bool(_folded(total) == struct.unpack_from("<I", block, 216)[0])


def _bad_blocks(reader: Reader, head: bytes, offset: int) -> Iterator[tuple[int, int]]:
    """Yield what the list of bad blocks has: sectors from the start of the device."""
    shift, size, where = struct.unpack_from("<BHi", head, 185)
    start = offset + where * SECTOR
    if start < 0:
        return
    table = reader.pread(start, min(size, _BAD_BLOCKS) * SECTOR)
    for (entry,) in struct.iter_unpack("<Q", table[: len(table) // 8 * 8]):
        if entry == _NOT_DONE:
            return
        yield (entry >> 10) << shift, (entry & 0x3FF) << shift


def _old(reader: Reader) -> Superblock | None:
    offset = reader.size // _OLD_BLOCK * _OLD_BLOCK - _OLD_BLOCK
    block = reader.pread(offset, _OLD_SIZE) if offset > 0 else b""
    if len(block) < _OLD_SIZE:
        return None
    for order in "<>":
        words = struct.unpack(f"{order}1024I", block)
        if words[:2] == (MAGIC, 0):
            break
    else:
        return None
    if _folded(sum(words) - words[38]) != words[38]:
        return None
    level = struct.unpack(f"{order}i", struct.pack(f"{order}I", words[7]))[0]
    disks, role = words[10], words[995]
    low, high = (words[40], words[39]) if order == ">" else (words[39], words[40])
    rows = [words[128 + at * _OLD_ROW :][:_OLD_ROW] for at in range(_OLD_MEMBERS)]
    roles = tuple(row[3] if row[4] & _ACTIVE == _ACTIVE else -1 for row in rows)
    number = words[992]
    is_active = number < len(roles) and roles[number] >= 0
    sectors = offset // SECTOR
    return Superblock(
        version="0.90",
        array=struct.pack(f"{order}4I", words[5], *words[13:16]).hex(),
        level=level,
        layout=words[64] if level else -1,
        chunk=words[65] // SECTOR,
        disks=disks,
        role=role if is_active and role < disks else -1,
        number=number,
        roles=roles,
        events=high << 32 | low,
        used=words[8] * 2 if level > 0 else 0,
        start=0,
        length=sectors,
        clean=bool(words[33] & 1),
        hindrance="reshape" if words[2] >= _OLD_RESHAPING else "",
    )
