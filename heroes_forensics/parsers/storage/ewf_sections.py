"""The section list of an EWF (E01) set: is it whole, in order, and where do its chunks lie?

Only section descriptors, the volume data, digests and the heads of chunk tables are read here; no
media. Format: "Expert Witness Compression Format" (libewf documentation), sections 3 to 5.
"""

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.parsers.base import Reader

SIGNATURE: Final = b"EVF\x09\x0d\x0a\xff\x00"
TABLE_HEADER: Final = 24
"""Bytes before the entries of a table."""

_FILE_HEADER: Final = 13
_DESCRIPTOR: Final = 76
_MAX_SECTIONS: Final = 100_000
"""Of one segment; an imager writes about four for each 512 MiB of media."""
_MAX_ENTRIES: Final = 1 << 20
"""Of one table; imagers write 16,375 or 65,534."""
_MAX_CHUNK: Final = 64 << 20
"""Bytes; the largest chunk that common imagers offer is 32 MiB."""
_VOLUME: Final = 94
"""Bytes of the short form of the volume data, which SMART writes; EnCase writes 1,052."""


@dataclass(frozen=True, slots=True)
class Table:
    """One chunk table; its entries are read when they are needed."""

    segment: int
    """Index of the segment file, from 0."""
    first: int
    """Number of its first chunk in the media; -1 when a lost table before it hides that."""
    count: int
    entries: int
    """Offset of the entries in the segment file."""
    base: int
    """Is added to every entry."""
    end: int
    """Offset in the segment file at which the data of its last chunk ends."""


@dataclass(slots=True)
class Sections:
    """What the sections of all segments say together."""

    chunks: int = 0
    """Chunks of the media as the volume section states them."""
    chunk_size: int = 0
    """Bytes of media in one chunk."""
    sector_size: int = 0
    sectors: int = 0
    tables: list[Table] = field(default_factory=list)
    md5: bytes = b""
    """Digest of the media that the set holds; empty without one."""
    sha1: bytes = b""
    identifier: bytes = b""
    """Set identifier: equal in every segment of one acquisition; empty when not written."""
    short_form: bool = False
    """Written by SMART, whose tables lie otherwise: left to libewf."""
    faults: list[tuple[str, JSON]] = field(default_factory=list)
    """(fixed word, numbers): ``order``, ``mixed``, ``cut``, ``unfinished``, ``damaged``,
    ``chunks``."""

    @property
    def media_size(self) -> int:
        """Bytes by the count of sectors: what libewf returns."""
        return self.sectors * self.sector_size

    @property
    def tabled(self) -> int:
        """Chunks that the tables of all segments hold."""
        return sum(table.count for table in self.tables)

    @property
    def readable(self) -> bool:
        """Tell whether numbers are there from which chunks can be read."""
        return bool(
            not self.short_form
            and self.chunks
            and self.tables
            and 0 < self.chunk_size <= _MAX_CHUNK
            and (self.chunks - 1) * self.chunk_size < self.media_size
            and self.media_size <= self.chunks * self.chunk_size
        )


def survey(segments: Sequence[Reader]) -> Sections:
    """Walk the section list of every segment.

    Raises:
        OSError: a segment could not be read.
    """
    found = Sections()
    lost: set[int] = set()
    for index, segment in enumerate(segments):
        before = len(found.faults)
        head = segment.pread(0, _FILE_HEADER)
        if not head.startswith(SIGNATURE) or len(head) < _FILE_HEADER:
            found.faults.append(("damaged", {"segment": index + 1}))
        else:
            number = struct.unpack_from("<H", head, 9)[0]
            if number != index + 1:
                found.faults.append(("order", {"segment": index + 1, "written": number}))
            _walk(found, segment, index, last=index == len(segments) - 1)
        words = {word for word, _ in found.faults[before:]}
        if words & {"order", "mixed"}:
            # Its chunks are sound, and belong somewhere else: they must not be read here.
            found.tables = [table for table in found.tables if table.segment != index]
        if words & {"cut", "damaged", "order", "mixed"}:
            lost.add(index)
    if found.chunks and found.tabled != found.chunks:
        found.faults.append(("chunks", {"declared": found.chunks, "tabled": found.tabled}))
    _number(found, lost)
    return found


def _number(found: Sections, lost: set[int]) -> None:
    """Give each table the number of its first chunk.

    A table does not hold it: it follows from the tables before. Where exactly one segment lost
    tables, those after it are counted from the end; where more did, they stay without a number.
    """
    numbered: list[Table] = []
    at, missing = 0, found.chunks - found.tabled
    for table in found.tables:
        behind = [index for index in lost if index < table.segment]
        first = at
        if missing and behind:
            first = at + missing if len(lost) == 1 and missing > 0 else -1
        numbered.append(
            Table(table.segment, first, table.count, table.entries, table.base, table.end)
        )
        at += table.count
    found.tables = numbered


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
        if kind == b"sectors":
            chunks_end = end
        elif kind == b"table":
            _table(found, segment, index, (body, end, chunks_end or end))
        else:
            _data(found, segment.pread(body, min(end - body, _VOLUME)), kind, number)
            found.short_form |= kind == b"volume" and end - body <= _VOLUME
        at = following
    found.faults.append(("damaged", {"segment": number, "offset": at}))


def _end(found: Sections, kind: bytes, number: int, *, last: bool) -> None:
    if kind == b"done" and not last:
        found.faults.append(("mixed", {"segment": number}))
    elif kind == b"next" and last:
        found.faults.append(("unfinished", {"segment": number + 1}))


def _data(found: Sections, data: bytes, kind: bytes, number: int) -> None:
    if kind in {b"volume", b"disk", b"data"} and len(data) == _VOLUME:
        _volume(found, data, kind, number)
    elif kind == b"hash" and any(data[:16]):
        found.md5 = data[:16]
    elif kind == b"digest":
        found.md5 = data[:16] if any(data[:16]) else found.md5
        found.sha1 = data[16:36] if any(data[16:36]) else found.sha1


def _volume(found: Sections, data: bytes, kind: bytes, number: int) -> None:
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
    """Note where the entries of one table lie."""
    body, end, chunks_end = places
    head = segment.pread(body, TABLE_HEADER)
    count, base = struct.unpack("<I4xQ", head[:16].ljust(16, b"\0"))
    sound = (
        len(head) == TABLE_HEADER
        and zlib.adler32(head[:20]) == struct.unpack_from("<I", head, 20)[0]
    )
    entries = body + TABLE_HEADER
    if not count:
        return
    if not sound or count > _MAX_ENTRIES or entries + 4 * count > end:
        found.faults.append(("damaged", {"segment": index + 1, "offset": body}))
        return
    found.tables.append(Table(index, -1, count, entries, base, chunks_end))
