"""Finding bytes in a reader, piece by piece."""

from typing import Final

from heroes_forensics.parsers.base import Reader

_PIECE: Final = 1 << 18


def found_at(reader: Reader, needle: bytes, start: int, end: int = -1) -> int:
    """Return the offset of the next ``needle`` at or behind ``start``; -1 where there is none.

    Args:
        reader: what is searched.
        needle: what for.
        start: offset, bytes.
        end: where the search ends; the end of the reader when negative.

    Raises:
        OSError: it cannot be read.
    """
    end = reader.size if end < 0 else min(end, reader.size)
    at, kept = start, b""
    while at < end and (data := reader.pread(at, min(_PIECE, end - at))):
        window = kept + data
        spot = window.find(needle)
        if spot >= 0:
            return at - len(kept) + spot
        at += len(data)
        kept = window[1 - len(needle) :] if len(needle) > 1 else b""
    return -1
