"""PNG, GIF and BMP, each followed by its own structure.

Formats: PNG (ISO/IEC 15948), GIF89a, the bitmaps of Windows and OS/2.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import zlib
from typing import Final

from heroes_forensics.parsers.recovery.window import Found, Window

_STEP: Final = 1 << 20


def png(window: Window) -> Found | None:
    """Follow the chunks of a PNG, each by its checksum."""
    at, pixels = 8, False
    while True:
        length, kind = window.number(at, 4), window.read(at + 4, 4)
        is_first = at == 8
        named = len(kind) == 4 and kind.isalpha()
        if length < 0 or not named or (is_first and (kind != b"IHDR" or length != 13)):
            return Found(at, whole=False) if pixels else None
        end = at + 12 + length
        if end > window.size or not _sum_fits(window, at + 4, length + 4):
            pixels = pixels or (kind == b"IDAT" and not is_first)
            return Found(min(end, window.size), whole=False) if pixels else None
        pixels = pixels or kind == b"IDAT"
        at = end
        if kind == b"IEND":
            return Found(at, whole=True) if pixels else None


def _sum_fits(window: Window, at: int, length: int) -> bool:
    """Compare a chunk with the checksum that follows it."""
    value = 0
    for start in range(at, at + length, _STEP):
        value = zlib.crc32(window.read(start, min(_STEP, at + length - start)), value)
    return value == window.number(at + length, 4)


def gif(window: Window) -> Found | None:
    """Follow the blocks of a GIF to its trailer."""
    head = window.read(0, 13)
    if len(head) < 13 or head[4:6] not in {b"7a", b"9a"} or not any(head[6:8] + head[8:10]):
        return None
    at, pixels = 13 + _table(head[10]), False
    while True:
        kind = window.number(at, 1)
        if kind == 0x3B:
            return Found(at + 1, whole=True) if pixels else None
        if kind == 0x21 and window.number(at + 1, 1) in {0xF9, 0xFE, 0xFF, 0x01}:
            end = _blocks(window, at + 2)
        elif kind == 0x2C:
            flags = window.number(at + 9, 1)
            data = at + 10 + _table(max(0, flags))
            code = window.number(data, 1)
            fits = flags >= 0 and 1 < code < 9 and _lies_inside(window, at, head)
            end = _blocks(window, data + 1) if fits else -1
            pixels = pixels or fits
        else:
            end = -1
        if end < 0:
            return Found(max(at, min(at + 1, window.size)), whole=False) if pixels else None
        at = end


def _table(flags: int) -> int:
    """Return the bytes of a colour table by the flags that announce it."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _lies_inside(window: Window, at: int, head: bytes) -> bool:
    """Tell whether an image has a size, and is not far larger than the screen that it lies on."""
    left, top, wide, high = (window.number(at + 1 + 2 * each, 2, "little") for each in range(4))
    screen_wide = int.from_bytes(head[6:8], "little")
    screen_high = int.from_bytes(head[8:10], "little")
    return (
        wide > 0 and high > 0 and left + wide <= screen_wide + 64 and top + high <= screen_high + 64
    )


def _blocks(window: Window, at: int) -> int:
    """Return where a run of data blocks ends; -1 where it does not."""
    while (length := window.number(at, 1)) > 0:
        at += 1 + length
    return at + 1 if length == 0 else -1


_DEPTHS: Final = frozenset({1, 4, 8, 16, 24, 32})
_HEADERS: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
_UNCOMPRESSED: Final = frozenset({0, 3, 6})
_PADDING: Final = 4096
"""Bytes by which the length that a file states may exceed what its pixels need."""


def bmp(window: Window) -> Found | None:
    """Compare what a bitmap states of its length with what its pixels need."""
    head = window.read(0, 54)
    if len(head) < 54:
        return None
    stated, offset, header = (int.from_bytes(head[at : at + 4], "little") for at in (2, 10, 14))
    if header not in _HEADERS or any(head[6:10]) or not 14 + header <= offset <= 14 + header + 4096:
        return None
    if header == 12:
        wide, high, planes, depth = (
            int.from_bytes(head[at : at + 2], "little") for at in (18, 20, 22, 24)
        )
        method, stored = 0, 0
    else:
        wide, high = (int.from_bytes(head[at : at + 4], "little", signed=True) for at in (18, 22))
        planes, depth = (int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
        method, stored = (int.from_bytes(head[at : at + 4], "little") for at in (30, 34))
    high = abs(high)
    if not (0 < wide < 1 << 17 and 0 < high < 1 << 17) or planes != 1 or depth not in _DEPTHS:
        return None
    pixels = (wide * depth + 31) // 32 * 4 * high if method in _UNCOMPRESSED else stored
    if method not in {*_UNCOMPRESSED, 1, 2} or pixels <= 0:
        return None
    if not offset + pixels <= stated <= offset + pixels + _PADDING:
        return None
    return Found(min(stated, window.size), whole=stated <= window.size, checked=False)
