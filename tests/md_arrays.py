"""Members of Linux md arrays, written as the kernel writes them; for the tests.

The rows of RAID 5 are a picture of each layout as the documentation of mdadm draws it, not
arithmetic: nothing here shares a thought with the reader. `mdadm --examine` accepts the
superblocks.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

SECTOR = 512
CHUNK = 4096
ARRAY = bytes(range(16))
MAGIC = 0xA92B4EFC
ROWS = {
    0: ("01P", "0P1", "P01"),
    1: ("P01", "0P1", "01P"),
    2: ("01P", "1P0", "P01"),
    3: ("P01", "1P0", "01P"),
    4: ("P01",),
    5: ("01P",),
}
"""By layout: the stripes of an array of three, which chunk of the stripe lies where."""


@dataclass
class Facts:
    """What a superblock says beside the place of its member."""

    level: int
    disks: int
    layout: int = 0
    chunk: int = CHUNK
    used: int = 0
    events: int = 20
    features: int = 0
    array: bytes = ARRAY
    roles: tuple[int, ...] | None = None
    bad: tuple[tuple[int, int], ...] = ()
    clean: bool = True


def raid5(data: bytes, layout: int) -> list[bytes]:
    """Spread whole stripes over three members."""
    members = [bytearray() for _ in range(3)]
    for number in range(len(data) // (2 * CHUNK)):
        stripe = data[number * 2 * CHUNK : (number + 1) * 2 * CHUNK]
        halves = {"0": stripe[:CHUNK], "1": stripe[CHUNK:]}
        halves["P"] = bytes(a ^ b for a, b in zip(halves["0"], halves["1"], strict=True))
        rows = ROWS[layout]
        for one, letter in zip(members, rows[number % len(rows)], strict=True):
            one.extend(halves[letter])
    return [bytes(one) for one in members]


SIX = {
    0: ("Q012P", "012PQ", "01PQ2", "0PQ12", "PQ012"),
    1: ("PQ012", "0PQ12", "01PQ2", "012PQ", "Q012P"),
    2: ("Q012P", "012PQ", "12PQ0", "2PQ01", "PQ012"),
    3: ("PQ012", "2PQ01", "12PQ0", "012PQ", "Q012P"),
    4: ("PQ012",),
    5: ("012PQ",),
    16: ("012PQ", "01P2Q", "0P12Q", "P012Q"),
    17: ("P012Q", "0P12Q", "01P2Q", "012PQ"),
    18: ("012PQ", "12P0Q", "2P01Q", "P012Q"),
    19: ("P012Q", "2P01Q", "12P0Q", "012PQ"),
    20: ("P012Q",),
}
"""By layout of RAID 6: the stripes of an array of five. The data count in Q from the member behind
Q on, around the end: the first once, the second twice, the third four times."""
TEN = {
    "near 2, 4 members": (0x102, ("0246", "0246", "1357", "1357")),
    "near 2, 3 members": (0x102, ("0134", "0235", "1245")),
    "near 3, 4 members": (0x103, ("012", "013", "023", "123")),
    "far 2, 2 members": (0x201, ("02461357", "13570246")),
    "far 2, 3 members": (0x201, ("0369258B", "147A0369", "258B147A")),
    "near 2 and far 2, 4 members": (0x202, ("02461357", "02461357", "13570246", "13570246")),
    "offset 2, 3 members": (0x10201, ("023568", "104376", "215487")),
}
"""Layouts of RAID 10 and what each member holds, as md(4) describes it: near copies side by side,
far copies in the second half and one member further, offset copies in the next row."""


def raid6(data: bytes, layout: int) -> list[bytes]:
    """Spread whole stripes over five members, as `SIX` has them."""
    members = [bytearray() for _ in range(5)]
    for number in range(len(data) // (3 * CHUNK)):
        stripe = data[number * 3 * CHUNK : (number + 1) * 3 * CHUNK]
        held = {str(at): stripe[at * CHUNK : (at + 1) * CHUNK] for at in range(3)}
        row = SIX[layout][number % len(SIX[layout])]
        behind = row[row.index("Q") + 1 :] + row[: row.index("Q")]
        order = [letter for letter in behind if letter in held]
        first, second, third = (held[letter] for letter in order)
        held["P"] = bytes(a ^ b ^ c for a, b, c in zip(first, second, third, strict=True))
        held["Q"] = bytes(
            a ^ doubled(b) ^ doubled(doubled(c))
            for a, b, c in zip(first, second, third, strict=True)
        )
        for one, letter in zip(members, row, strict=True):
            one.extend(held[letter])
    return [bytes(one) for one in members]


def doubled(value: int) -> int:
    """Return a byte times the generator of RAID 6."""
    return (value << 1) & 0xFF ^ (0x1D if value & 0x80 else 0)


def laid(data: bytes, rows: tuple[str, ...]) -> list[bytes]:
    """Return members that hold chunks as drawn: a row for each member, a letter for each chunk."""
    chunks = {
        letter: data[at * CHUNK : (at + 1) * CHUNK] for at, letter in enumerate("0123456789ABCDEF")
    }
    return [b"".join(chunks[letter] for letter in row) for row in rows]


def raid0(data: bytes, disks: int) -> list[bytes]:
    """Spread chunks over equal members."""
    members = [bytearray() for _ in range(disks)]
    for number in range(len(data) // CHUNK):
        members[number % disks] += data[number * CHUNK : (number + 1) * CHUNK]
    return [bytes(one) for one in members]


def member(version: str, facts: Facts, role: int, data: bytes, *, number: int = -1) -> bytes:
    """Return a device: superblock, data, and what lies between."""
    number = role if number < 0 else number
    if version == "0.90":
        return _old(facts, role, number, data)
    place = {"1.1": 0, "1.2": 4096, "1.0": -1}[version]
    start = 0 if place < 0 else 64 << 10
    size = start + len(data) + (0 if start else 64 << 10)
    if place < 0:
        place = (size // SECTOR - 16) // 8 * 8 * SECTOR
    image = bytearray(size)
    image[start : start + len(data)] = data
    roles = facts.roles or tuple(range(facts.disks))
    block = bytearray(256 + 2 * len(roles))
    struct.pack_into("<III", block, 0, MAGIC, 1, facts.features | (8 if facts.bad else 0))
    block[16:32] = facts.array
    struct.pack_into(
        "<iiQII", block, 72, facts.level, facts.layout, facts.used // SECTOR, 0, facts.disks
    )
    struct.pack_into("<I", block, 88, facts.chunk // SECTOR)
    struct.pack_into("<QQQ", block, 128, start // SECTOR, len(data) // SECTOR, place // SECTOR)
    struct.pack_into("<I", block, 160, number)
    block[168:184] = bytes([role & 0xFF]) * 16
    struct.pack_into("<BHi", block, 185, 0, 8, 8)
    resync = (1 << 64) - 1 if facts.clean else 0
    struct.pack_into("<QQ", block, 200, facts.events, resync)
    struct.pack_into("<I", block, 220, len(roles))
    struct.pack_into(f"<{len(roles)}H", block, 256, *(one & 0xFFFF for one in roles))
    struct.pack_into("<I", block, 216, _sum(block))
    image[place : place + len(block)] = block
    if facts.bad:
        rows = [(at << 10) | count for at, count in facts.bad]
        table = struct.pack(f"<{len(rows)}Q", *rows).ljust(4096, b"\xff")
        image[place + 4096 : place + 8192] = table
    return bytes(image)


def _old(facts: Facts, role: int, number: int, data: bytes) -> bytes:
    place = -(-len(data) // 65536) * 65536
    image = bytearray(place + 65536)
    image[: len(data)] = data
    words = [0] * 1024
    words[0:3] = [MAGIC, 0, 90]
    words[5], *words[13:16] = struct.unpack("<4I", facts.array)
    words[7:9] = [facts.level & 0xFFFFFFFF, facts.used // 1024]
    words[9:11] = [facts.disks, facts.disks]
    words[33] = 1 if facts.clean else 0
    words[34:36] = [facts.disks, facts.disks]
    words[39] = facts.events
    words[64:66] = [facts.layout, facts.chunk]
    for at in range(facts.disks):
        words[128 + 32 * at : 133 + 32 * at] = [at, 8, at * 16, at, 6]
    words[992:997] = [number, 8, number * 16, role, 6]
    total = sum(words)
    words[38] = ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF
    image[place : place + 4096] = struct.pack("<1024I", *words)
    return bytes(image)


def _sum(block: Sequence[int]) -> int:
    bare = bytes(block)
    total = sum(struct.unpack_from(f"<{len(bare) // 4}I", bare))
    total += struct.unpack("<H", bare[-2:])[0] if len(bare) % 4 else 0
    return int(((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
