"""Compound files (MS-CFB) written here: any streams, small ones in the stream of small ones."""

import struct
from typing import Final

_SECTOR, _SMALL, _CUTOFF = 512, 64, 4096
_END, _FREE, _TABLE = 0xFFFF_FFFE, 0xFFFF_FFFF, 0xFFFF_FFFD
_NO_ONE: Final = (_FREE, _FREE)


def compound(streams: dict[str, bytes]) -> bytes:
    """Return a file with these streams in its root storage, in this order."""
    table: list[int] = []
    sectors: list[bytes] = []
    small, small_table = b"", list[int]()
    rows: list[bytes] = []
    for number, (name, data) in enumerate(streams.items(), 1):
        right = number + 1 if number < len(streams) else _FREE
        if len(data) >= _CUTOFF:
            start = _chained(table, len(sectors), _count(len(data), _SECTOR))
            sectors += _cut(data)
        else:
            start = _chained(small_table, len(small) // _SMALL, _count(len(data), _SMALL))
            small += data.ljust(_count(len(data), _SMALL) * _SMALL, b"\0")
        rows.append(_row(name, 2, (right, _FREE), start if data else _END, len(data)))
    parts = [small]
    parts.append(struct.pack(f"<{len(small_table)}I", *small_table))
    starts = []
    for part in parts:
        starts.append(_chained(table, len(sectors), _count(len(part), _SECTOR)) if part else _END)
        sectors += _cut(part, b"\xff")
    root = _row("Root Entry", 5, (_FREE, 1 if rows else _FREE), starts[0], len(small))
    listed = b"".join([root, *rows])
    listed += _row("", 0, _NO_ONE, 0, 0) * (-len(listed) // 128 % 4)
    directory = _chained(table, len(sectors), len(listed) // _SECTOR)
    sectors += _cut(listed)
    tables = 1
    while tables * 128 < len(table) + tables:
        tables += 1
    first = [len(sectors) + each for each in range(tables)]
    table += [_TABLE] * tables
    sectors += _cut(struct.pack(f"<{len(table)}I", *table), b"\xff")
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<5H6x", 62, 3, 0xFFFE, 9, 6)
    small_tables = _count(len(parts[1]), _SECTOR)
    head += struct.pack(
        "<9I", 0, tables, directory, 0, _CUTOFF, starts[1], small_tables, _END, 0
    ) + struct.pack("<109I", *first, *[_FREE] * (109 - tables))
    return head + b"".join(sectors)


def _count(size: int, unit: int) -> int:
    return -(-size // unit)


def _chained(table: list[int], start: int, count: int) -> int:
    """Let a table say that sectors follow one another; return the first."""
    table += [start + each + 1 for each in range(count - 1)] + [_END] * (count > 0)
    return start


def _cut(data: bytes, fill: bytes = b"\0") -> list[bytes]:
    return [data[at : at + _SECTOR].ljust(_SECTOR, fill) for at in range(0, len(data), _SECTOR)]


def _row(name: str, kind: int, links: tuple[int, int], start: int, size: int) -> bytes:
    """Return a row of the directory; ``links`` are what is to its right, and below it."""
    raw = (name + "\0").encode("utf-16-le") if name else b""
    row = raw.ljust(64, b"\0") + struct.pack("<HBBIII", len(raw), kind, 1, _FREE, *links)
    return row + bytes(36) + struct.pack("<III", start, size, 0)
