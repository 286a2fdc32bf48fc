"""LZO1X, expanded: no library that may be used comes as a wheel.

The stream is that of the Linux kernel documentation, ``staging/lzo.rst``: instructions that copy
bytes from before, each followed by up to three bytes as they are.
"""

from typing import Final

_FIRST_LITERALS: Final = 17
"""A first byte above this is a run of literals of its own."""
_END: Final = 16384
"""Distance of the instruction that ends a stream."""


def expand_lzo(data: bytes, most: int) -> bytes:
    """Expand one block.

    Args:
        data: the block; what follows its end is passed over.
        most: bytes that it may come to.

    Raises:
        ValueError: it is damaged, or comes to more.
        IndexError: it is cut off.
    """
    out = bytearray()
    at, state = 0, 0
    if data[0] > _FIRST_LITERALS:
        count = data[0] - _FIRST_LITERALS
        at = _literals(data, 1, count, out)
        state = min(count, 4)
    while len(out) <= most:
        code = data[at]
        at += 1
        if code < 16 and state == 0:  # noqa: PLR2004 - a run of literals
            count, at = _length(data, at, code, 15)
            at = _literals(data, at, count + 3, out)
            state = 4
            continue
        if code >= 64:  # noqa: PLR2004 - a short copy
            count = (code >> 5) + 1
            distance = (data[at] << 3) + ((code >> 2) & 7) + 1
            at, state = at + 1, code & 3
        elif code >= 16:  # noqa: PLR2004 - a long copy, near or far
            far = code < 32  # noqa: PLR2004
            count, at = _length(data, at, code & (7 if far else 31), 7 if far else 31)
            count += 2
            if count > most:
                break
            pair = data[at] | data[at + 1] << 8
            distance = (pair >> 2) + (_END + ((code & 8) << 11) if far else 1)
            at, state = at + 2, pair & 3
            if far and distance == _END:
                return bytes(out)
        else:  # two or three bytes, by what stood before
            count = 2 if state < 4 else 3  # noqa: PLR2004 - more than three literals
            distance = (data[at] << 2) + ((code >> 2) & 3) + (1 if count == 2 else 2049)  # noqa: PLR2004
            at, state = at + 1, code & 3
        _again(out, distance, count)
        at = _literals(data, at, state, out)
    raise ValueError("it comes to more than it may")


def _length(data: bytes, at: int, short: int, full: int) -> tuple[int, int]:
    """Return a length, and where reading goes on: zero says that it is stated in bytes."""
    if short:
        return short, at
    count = full
    while data[at] == 0:
        count += 255
        at += 1
    return count + data[at], at + 1


def _literals(data: bytes, at: int, count: int, out: bytearray) -> int:
    if at + count > len(data):
        raise ValueError("it is cut off")
    out += data[at : at + count]
    return at + count


def _again(out: bytearray, distance: int, count: int) -> None:
    """Copy from before; where that reaches into what is copied, it repeats."""
    start = len(out) - distance
    if start < 0:
        raise ValueError("it copies from before its beginning")
    part = out[start : start + count]
    if len(part) < count:
        part = (part * (count // len(part) + 1))[:count]
    out += part
