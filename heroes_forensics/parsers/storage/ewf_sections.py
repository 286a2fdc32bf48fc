"""The section list of an EWF (E01) set: is it whole, in order, and where does its media end?

libewf answers none of these for us: it takes the number of sectors for the media size and so
drops the tail of media that is not a whole number of sectors, and it opens a set whose segments
are mixed. Only section descriptors, the volume data and chunk tables are read here; no media.
Format: "Expert Witness Compression Format" (libewf documentation), sections 3 to 5.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.parsers.base import Reader

SIGNATURE: Final = b"EVF\x09\x0d\x0a\xff\x00"
_FILE_HEADER: Final = 13
_DESCRIPTOR: Final = 76
_MAX_SECTIONS: Final = 100_000
"""Of one segment; an imager writes about four for each 512 MiB of media."""
_TABLE_HEADER: Final = 24
_COMPRESSED: Final = 0x80000000
_MAX_CHUNK: Final = 128 << 20
"""Bytes; the largest chunk that common imagers offer is 32 MiB."""


@dataclass(slots=True)
class Sections:
    """What the sections of all segments say together."""

    chunks: int = 0
    """Chunks of the media as the volume section states them."""
    chunk_size: int = 0
    """Bytes of media in one chunk."""
    sector_size: int = 0
    sectors: int = 0
    tabled: int = 0
    """Chunks that the tables of all segments hold."""
    last_chunk: tuple[int, int, int, bool] | None = None
    """(segment index, offset, stored bytes, compressed) of the last chunk in the tables."""
    identifier: bytes = b""
    """Set identifier: equal in every segment of one acquisition; empty when not written."""
    ended: bool = False
    """A ``done`` section closes the last segment."""
    faults: list[tuple[str, JSON]] = field(default_factory=list)
    """(fixed word, numbers): ``order``, ``mixed``, ``cut``, ``unfinished``, ``damaged``."""

    @property
    def media_size(self) -> int:
        """Bytes by the count of sectors: what libewf returns."""
        return self.sectors * self.sector_size


def survey(segments: Sequence[Reader]) -> Sections:
    """Walk the section list of every segment.

    Raises:
        OSError: a segment could not be read.
    """
    found = Sections()
    for index, segment in enumerate(segments):
        head = segment.pread(0, _FILE_HEADER)
        if not head.startswith(SIGNATURE) or len(head) < _FILE_HEADER:
            found.faults.append(("damaged", {"segment": index + 1}))
            continue
        number = struct.unpack_from("<H", head, 9)[0]
        if number != index + 1:
            found.faults.append(("order", {"segment": index + 1, "written": number}))
        _walk(found, segment, index, last=index == len(segments) - 1)
    if found.chunks and found.tabled and found.tabled != found.chunks:
        found.faults.append(("chunks", {"declared": found.chunks, "tabled": found.tabled}))
    return found


def _walk(found: Sections, segment: Reader, index: int, *, last: bool) -> None:
    at, chunks_end = _FILE_HEADER, 0
    number = index + 1
    for _ in range(_MAX_SECTIONS):
        raw = segment.pread(at, _DESCRIPTOR)
        if len(raw) < _DESCRIPTOR:
            found.faults.append(("cut", {"segment": number, "size": segment.size}))
            return
        if zlib.adler32(raw[:72]) != struct.unpack_from("<I", raw, 72)[0]:
            found.faults.append(("damaged", {"segment": number, "offset": at}))
            return
        kind = raw[:16].rstrip(b"\0")
        following, size = struct.unpack_from("<QQ", raw, 16)
        if kind in {b"next", b"done"}:
            _end(found, kind, number, last=last)
            return
        body = at + _DESCRIPTOR
        end = at + size if size >= _DESCRIPTOR else following
        if end > segment.size or following <= at:
            found.faults.append(("cut", {"segment": number, "size": segment.size}))
            return
        if kind in {b"volume", b"disk", b"data"}:
            _volume(found, segment.pread(body, 94), kind, number)
        elif kind == b"sectors":
            chunks_end = end
        elif kind == b"table":
            _table(found, segment, index, (body, end, chunks_end or end))
        at = following
    found.faults.append(("damaged", {"segment": number, "offset": at}))


def _end(found: Sections, kind: bytes, number: int, *, last: bool) -> None:
    if kind == b"done":
        found.ended = last
        if not last:
            found.faults.append(("mixed", {"segment": number}))
    elif last:
        found.faults.append(("unfinished", {"segment": number + 1}))


def _volume(found: Sections, data: bytes, kind: bytes, number: int) -> None:
    if len(data) < 94:  # noqa: PLR2004 (the fields used here and by the short form end there)
        return
    chunks, per_chunk, sector, sectors = struct.unpack_from("<IIIQ", data, 4)
    identifier = data[64:80]
    if kind != b"data":
        found.chunks, found.sector_size, found.sectors = chunks, sector, sectors
        found.chunk_size = per_chunk * sector
    if not any(identifier):
        return
    if not found.identifier:
        found.identifier = identifier
    elif identifier != found.identifier:
        found.faults.append(("mixed", {"segment": number}))


def _table(found: Sections, segment: Reader, index: int, places: tuple[int, int, int]) -> None:
    """Count the chunks of one table and remember where its last one lies."""
    body, end, chunks_end = places
    count, base = struct.unpack("<I4xQ", segment.pread(body, _TABLE_HEADER)[:16].ljust(16, b"\0"))
    if not count or body + _TABLE_HEADER + 4 * count > end:
        if count:
            found.faults.append(("damaged", {"segment": index + 1, "offset": body}))
        return
    found.tabled += count
    entry = struct.unpack("<I", segment.pread(body + _TABLE_HEADER + 4 * (count - 1), 4))[0]
    offset = base + (entry & ~_COMPRESSED)
    stored = chunks_end - offset
    if 0 < stored <= _MAX_CHUNK:
        found.last_chunk = (index, offset, stored, bool(entry & _COMPRESSED))


def tail(found: Sections, segments: Sequence[Reader]) -> bytes:
    """Return the bytes of the media that lie after its last whole sector, usually none.

    Raises:
        OSError: the last chunk could not be read.
    """
    if found.last_chunk is None or not found.chunk_size or found.tabled != found.chunks:
        return b""
    index, offset, stored, compressed = found.last_chunk
    raw = segments[index].pread(offset, stored)
    if compressed:
        try:
            chunk = zlib.decompressobj().decompress(raw, found.chunk_size)
        except zlib.error:
            return b""
    else:
        chunk, checksum = raw[:-4], raw[-4:]
        if zlib.adler32(chunk) != int.from_bytes(checksum, "little"):
            return b""
    whole = found.media_size - (found.chunks - 1) * found.chunk_size
    rest = chunk[whole:] if 0 <= whole <= len(chunk) else b""
    # A whole sector more would contradict the count itself: that is not a tail but damage.
    return rest if len(rest) < found.sector_size else b""
