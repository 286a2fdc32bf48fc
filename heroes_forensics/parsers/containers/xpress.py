"""XPRESS with Huffman codes, as WIM files use it (MS-XCA, 2.2): one chunk at a time."""

from typing import Final

from heroes_forensics.parsers.containers.huffman import LENGTH_BITS, table

_LENGTHS: Final = 256
"""Bytes before the codes: the lengths of 512 of them, four bits each."""
_CODE_BITS: Final = 15
_MASK: Final = (1 << LENGTH_BITS) - 1
_LEAST: Final = 3
"""Bytes of the shortest match."""


def unpacked(data: bytes, size: int) -> bytes:
    """Return the ``size`` bytes that a chunk unpacks to.

    Raises:
        OSError: it is damaged.
    """
    codes = table([half for byte in data[:_LENGTHS] for half in (byte & 15, byte >> 4)], _CODE_BITS)
    if len(data) < _LENGTHS + 4 or not codes:
        raise OSError("the compressed bytes are damaged")
    out = bytearray()
    add = out.append
    at, end = _LENGTHS, len(data)
    buffer, left = 0, 0
    done = 0
    while done < size:
        if left < _CODE_BITS + 1:  # a code, and the bits of an offset after it, are ensured apart
            buffer = (buffer & (1 << left) - 1) << 16 | int.from_bytes(data[at : at + 2], "little")
            at += 2
            left += 16
        found = codes[buffer >> left - _CODE_BITS & 0x7FFF]
        left -= found & _MASK
        symbol = found >> LENGTH_BITS
        if symbol < 256:  # noqa: PLR2004 - a byte as it is
            add(symbol)
            done += 1
            continue
        log = symbol - 256 >> 4
        length = symbol & 15
        # The decoder keeps at least 16 bits, so that bytes of a length lie behind the next word.
        if left < 16:  # noqa: PLR2004
            buffer = (buffer & (1 << left) - 1) << 16 | int.from_bytes(data[at : at + 2], "little")
            at += 2
            left += 16
        if length == 15:  # noqa: PLR2004 - more follows
            length += data[at] if at < end else 0
            at += 1
            if length == 15 + 255:
                length = int.from_bytes(data[at : at + 2], "little")
                at += 2
        length += _LEAST
        offset = (1 << log) + (buffer >> left - log & (1 << log) - 1)
        left -= log
        if offset > done or at > end + 4:
            raise OSError("the compressed bytes are damaged")
        length = min(length, size - done)
        copied(out, offset, length)
        done += length
    return bytes(out)


def copied(out: bytearray, offset: int, length: int) -> None:
    """Append ``length`` bytes that lie ``offset`` bytes before the end; they may overlap."""
    start = len(out) - offset
    if offset >= length:
        out += out[start : start + length]
    else:
        piece = bytes(out[start:])
        out += (piece * (length // offset + 1))[:length]
