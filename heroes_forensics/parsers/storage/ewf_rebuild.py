"""Finding the chunks of an EWF segment whose table is lost: a copy that broke off, a bad sector.

Chunks lie one behind the other, and each carries a checksum: a chunk that is not compressed has its
fixed length and an Adler-32 behind it, a compressed one is a zlib stream that says where it ends.
So the next chunk is where the last one ended, for as long as the checksums fit.
"""

import zlib
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage import ewf_sections
from heroes_forensics.parsers.storage.ewf_bodies import CHECKSUM
from heroes_forensics.parsers.storage.ewf_layout import Sections, Table
from heroes_forensics.parsers.storage.inflate import adler32

_ROOM: Final = 1024
"""Bytes by which a packed chunk may be longer than its media."""
_MOST: Final = 1 << 20
"""Chunks looked for, 32 GiB of media: tables get lost one by one, and hold 65,534 at the most."""
_WINDOW: Final = 16 << 20
"""Bytes of a segment read at a time."""


def rebuild(found: Sections, segments: Sequence[Reader]) -> int:
    """Find the chunks that lie loose, and number all tables again.

    Returns:
        How many chunks were found.

    Raises:
        OSError: a segment could not be read.
    """
    tables: list[Table] = []
    moved: list[int] = []
    total = 0
    for table in found.tables:
        moved.append(len(tables))
        if table.loose is None:
            tables.append(table)
            continue
        most = min(found.chunks, _MOST) - total
        places = _chunks(segments[table.segment], table.loose, found.chunk_size, most)
        count = len(places) - 1
        total += count
        if count:
            tables.append(replace(table, count=count, places=places))
        # A table whose entries are damaged may still have said how many there were.
        if table.count > count:
            tables.append(replace(table, count=table.count - count, loose=None))
    moved.append(len(tables))
    found.breaks = {moved[place] for place in found.breaks}
    found.tables = tables
    ewf_sections.renumber(found)
    return total


def _chunks(segment: Reader, loose: tuple[int, int], size: int, most: int) -> "array[int]":
    """Return where chunks lie one behind the other, as `ewf_bodies.places` does."""
    at, stop = loose
    found = array("Q")
    window, base = b"", at
    need = 2 * size + _ROOM
    while at < stop and len(found) < most:
        if at + need > base + len(window) and base + len(window) < stop:
            window, base = segment.pread(at, max(_WINDOW, need)), at
        raw = memoryview(window)[at - base : min(at - base + need, stop - base)]
        length, packed = _length(raw, size)
        if not length:
            break
        found.append(at * 2 + packed)
        at += length
    found.append(at * 2)
    return found


def _length(raw: memoryview, size: int) -> tuple[int, int]:
    """Return the bytes that the chunk at the start takes, and 1 if it is packed; 0 for none."""
    # The last chunk of the media may be shorter, and then it ends where all of them end.
    for length in {size, len(raw) - CHECKSUM}:
        if 0 < length <= size and length + CHECKSUM <= len(raw):
            stored = int.from_bytes(raw[length : length + CHECKSUM], "little")
            if adler32(raw[:length]) == stored:  # type: ignore[arg-type]  # any buffer will do
                return length + CHECKSUM, 0
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(raw, size + 1)
    except zlib.error:
        return 0, 0
    if not unpacker.eof or not 0 < len(data) <= size:
        return 0, 0
    return len(raw) - len(unpacker.unused_data), 1
