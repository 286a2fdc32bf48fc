"""JPEG: from the first marker to the end of the image (ITU-T T.81 annex B).

A thumbnail inside an application segment is stepped over with that segment, so that its end is not
taken for the picture's. Compressed data is gone through byte by byte: every marker in it has to be
one that may stand there, restart markers have to come in their order, and a sector of plain text
is none of it.
"""

# ruff: noqa: PLR2004 - the numbers are those of the format

import re
from typing import Final

import numpy as np

from heroes_forensics.parsers.recovery.window import SECTOR, Found, Window

_STEP: Final = 1 << 17
_LEAST: Final = 256
"""Bytes of compressed data that make the beginning of a picture worth keeping."""
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
_TABLES: Final = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xFE, *range(0xE0, 0xF0)})
_BETWEEN: Final = frozenset({0xC4, 0xCC, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
"""What may stand between two scans."""
_END: Final = 0xD9
_SCAN: Final = 0xDA
_RESTARTS: Final = range(0xD0, 0xD8)
_MARKER: Final = re.compile(rb"\xff+[^\x00\xff]")
_LETTERS: Final = 8
"""Different bytes that a sector of text holds at least; a plain area may repeat a few."""


class _State:
    """What was met of a picture so far."""

    def __init__(self) -> None:
        self.frame = False
        self.interval = 0
        """Units between two restart markers; 0 without any."""
        self.compressed = 0
        """Bytes of compressed data."""


def jpeg(window: Window) -> Found | None:
    """Follow a picture to its end."""
    state = _State()
    at = 2
    while True:
        marker, at = _marker(window, at)
        if marker == _END and state.compressed:
            return Found(at, whole=True)
        if marker == _SCAN and state.frame and _scan_header(window, at):
            at += window.number(at, 2)
            end, whole = _compressed(window, at, state)
            state.compressed += end - at
            if not whole:
                return _fragment(state, end)
            at = end
        elif marker in _FRAMES and not state.frame and _frame(window, at):
            state.frame = True
            at += window.number(at, 2)
        elif marker in (_BETWEEN if state.compressed else _TABLES) and _segment(
            window, at, marker, state
        ):
            at += window.number(at, 2)
        else:
            return _fragment(state, at)


def _fragment(state: _State, end: int) -> Found | None:
    return Found(end, whole=False) if state.compressed >= _LEAST else None


def _marker(window: Window, at: int) -> tuple[int, int]:
    """Return the marker at a place and what follows it; -1 where there is none."""
    head = window.read(at, 2)
    fills = 0
    while head == b"\xff\xff" and fills < 16:
        at, fills = at + 1, fills + 1
        head = window.read(at, 2)
    if len(head) < 2 or head[0] != 0xFF or head[1] in {0, 0xFF}:
        return -1, at
    return head[1], at + 2


def _frame(window: Window, at: int) -> bool:
    """Tell whether a frame header makes sense: sizes, precision, sampling."""
    length = window.number(at, 2)
    head = window.read(at + 2, 6)
    if len(head) < 6:
        return False
    count = head[5]
    parts = window.read(at + 8, 3 * count)
    return (
        2 <= head[0] <= 16
        and any(head[3:5])
        and 1 <= count <= 4
        and length == 8 + 3 * count
        and len(parts) == 3 * count
        and all(1 <= each >> 4 <= 4 and 1 <= each & 15 <= 4 for each in parts[1::3])
        and all(each < 4 for each in parts[2::3])
    )


def _scan_header(window: Window, at: int) -> bool:
    length, count = window.number(at, 2), window.number(at + 2, 1)
    return 1 <= count <= 4 and length == 6 + 2 * count and len(window.read(at, length)) == length


def _segment(window: Window, at: int, marker: int, state: _State) -> bool:
    """Tell whether a segment is here whole, and has the form that its marker asks for."""
    length = window.number(at, 2)
    if length < 2 or at + length > window.size:
        return False
    body = window.read(at + 2, length - 2)
    if marker == 0xDD:
        state.interval = int.from_bytes(body, "big")
        return length == 4
    if marker == 0xDC:
        return length == 4
    if marker == 0xDB:
        return _quantisation(body)
    if marker == 0xC4:
        return _huffman(body)
    return True


def _quantisation(body: bytes) -> bool:
    at = 0
    while at < len(body):
        if body[at] & 15 > 3 or body[at] >> 4 > 1:
            return False
        at += 1 + (128 if body[at] >> 4 else 64)
    return at == len(body) > 0


def _huffman(body: bytes) -> bool:
    at = 0
    while at + 17 <= len(body):
        if body[at] >> 4 > 1 or body[at] & 15 > 3:
            return False
        at += 17 + sum(body[at + 1 : at + 17])
    return at == len(body) > 0


def _compressed(window: Window, start: int, state: _State) -> tuple[int, bool]:
    """Return where compressed data ends, and whether it ends with a marker that may end it."""
    at, expected = start, 0
    while at < window.size:
        step = _STEP - at % SECTOR
        data = window.read(at, step + 16)  # a marker may begin with many fill bytes
        foreign = _text_at(data, -at % SECTOR)
        for found in _MARKER.finditer(data):
            if found.start() >= min(step, foreign):
                break
            code = data[found.end() - 1]
            if code in _RESTARTS and state.interval and code == 0xD0 + expected % 8:
                expected += 1
            elif code == _END or code in _BETWEEN:
                return at + found.start(), True
            else:
                return at + found.start(), False
        if foreign < len(data):
            return at + foreign, False
        at += step
    return window.size, False


def _text_at(data: bytes, first: int) -> int:
    """Return where the first sector of plain text begins; the length of ``data`` without any."""
    count = (len(data) - first) // SECTOR
    if count <= 0:
        return len(data)
    sectors = np.frombuffer(data, dtype=np.uint8, count=count * SECTOR, offset=first)
    sectors = sectors.reshape(count, SECTOR)
    plain = (sectors.max(axis=1) < 127) & (sectors.min(axis=1) > 8)
    for index in np.flatnonzero(plain):
        if len(np.unique(sectors[index])) >= _LETTERS:
            return first + int(index) * SECTOR
    return len(data)
