"""The text of Outlook messages in Rich Text Format, as they keep it (MS-OXRTFCP)."""

import struct
from typing import Final

HEADER: Final = struct.Struct("<II4sI")
"""Bytes that follow the first field, bytes when expanded, how it is packed, and a check value."""
PACKED, NOT_PACKED = b"LZFu", b"MELA"
MOST: Final = 16 << 20
"""Bytes when expanded, at most."""
_START: Final = (
    rb"{\rtf1\ansi\mac\deff0\deftab720{\fonttbl;}{\f0\fnil \froman \fswiss \fmodern \fscript "
    rb"\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\colortbl\red0\green0\blue0"
    b"\r\n" + rb"\par \pard\plain\f0\fs20\b\i\u\tab\tx"
)
"""What the window holds at first (2.1.3.1.4)."""
_WINDOW: Final = 4096
_FLAGS: Final = 8


def expanded(data: bytes) -> bytes:
    """Return the text.

    Args:
        data: the whole stream, its header included.

    Raises:
        OSError: it is damaged, cut off, or longer than `MOST`.
    """
    if len(data) < HEADER.size:
        raise OSError("the text is cut off")
    _, size, how, _ = HEADER.unpack_from(data)
    if size > MOST or how not in {PACKED, NOT_PACKED}:
        raise OSError("the text is too long, or packed in another way")
    if how == NOT_PACKED:
        return data[HEADER.size : HEADER.size + size]
    window = bytearray(_START.ljust(_WINDOW, b"\0"))
    to, at = len(_START), HEADER.size
    out = bytearray()
    while len(out) < size and at < len(data):
        flags = data[at]
        at += 1
        for bit in range(_FLAGS):
            if not flags >> bit & 1:
                run = data[at : at + 1]
                at += 1
            else:
                word = int.from_bytes(data[at : at + 2], "big")
                at += 2
                start, length = word >> 4, (word & 15) + 2
                if start == to or at > len(data):
                    return _whole(out, size)
                run = bytes(_copied(window, start, to, length))
            for byte in run:
                window[to] = byte
                to = (to + 1) % _WINDOW
            out += run
    return _whole(out, size)


def _copied(window: bytearray, start: int, to: int, length: int) -> bytearray:
    """Return what a reference gives; it may reach into what it writes."""
    run = bytearray()
    for each in range(length):
        behind = (start + each - to) % _WINDOW
        run.append(run[behind] if behind < each else window[(start + each) % _WINDOW])
    return run


def _whole(out: bytearray, size: int) -> bytes:
    if len(out) < size:
        raise OSError("the text is cut off")
    return bytes(out[:size])
