"""The media of an E01 set, read chunk by chunk from its tables.

libewf returns zeros for a damaged chunk and data from the wrong place for a set with a cut
segment, without an error either time, and drops what lies after the last whole sector. Here the
checksum of every chunk is checked, and what cannot be read is an `OSError`.
"""

import struct
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage.ewf_sections import Sections, Table
from heroes_forensics.parsers.storage.inflate import adler32, inflate

_COMPRESSED: Final = 0x80000000
_TABLES: Final = 64
"""Tables kept: 64 KiB each for 512 MiB of media."""
_KEPT: Final = 32 << 20
"""Bytes of unpacked chunks that are kept."""
_STREAMED: Final = 64 << 10
"""A longer read is of content that is not read again: it must not push out what is."""
_UNIFORM: Final = 256
"""Bytes: a chunk that packs to less holds one value, as unused space does, and so do many."""
_UNIFORM_KEPT: Final = 4
_PAIR: Final = struct.Struct("<II")
_CHECKSUM: Final = 4


class ChunkReader:
    """Random access to the media of an E01 set."""

    def __init__(self, sections: Sections, segments: Sequence[Reader]) -> None:
        """Take over what `survey` found; it must be `Sections.readable`."""
        self._segments = segments
        self._chunk = sections.chunk_size
        self._chunks = sections.chunks
        self._tables = sorted(
            (table for table in sections.tables if table.first >= 0), key=lambda one: one.first
        )
        self._firsts = [table.first for table in self._tables]
        self._entries: OrderedDict[int, bytes] = OrderedDict()
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()
        self._uniform: dict[bytes, bytes] = {}
        self._keep = max(1, _KEPT // self._chunk)
        self._lock = threading.Lock()
        self._size = sections.media_size
        self.tail = self._tail(sections.sector_size)
        """Bytes of media after the last whole sector."""
        self._size += self.tail

    @property
    def size(self) -> int:
        """Length of the media with its tail, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across chunks; a chunk that is damaged or missing is an error."""
        end = min(offset + length, self._size)
        if offset >= end:
            return b""
        size = self._chunk
        first, inside = divmod(offset, size)
        last, rest = divmod(end, size)
        with self._lock:
            if first == last:
                return self._part(first, inside, rest)
            streamed = end - offset > _STREAMED
            parts = [self._part(first, inside, size) if inside else self._chunk_of(first)]
            parts += [
                self._passing(number) if streamed else self._chunk_of(number)
                for number in range(first + 1, last)
            ]
            if rest:
                parts.append(self._part(last, 0, rest))
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        if len(data) != end - offset:
            raise OSError("a chunk of the image is shorter than its media")
        return data

    def _part(self, number: int, start: int, end: int) -> bytes:
        data = self._chunk_of(number)[start:end]
        if len(data) != end - start:
            raise OSError("a chunk of the image is shorter than its media")
        return data

    def _passing(self, number: int) -> bytes:
        data = self._unpacked.get(number)
        return self._unpack(number) if data is None else data

    def _chunk_of(self, number: int) -> bytes:
        """Return a chunk, and keep it: its neighbours in the file system may lie in it too."""
        kept = self._unpacked
        data = kept.get(number)
        if data is not None:
            kept.move_to_end(number)
            return data
        data = kept[number] = self._unpack(number)
        if len(kept) > self._keep:
            kept.popitem(last=False)
        return data

    def _unpack(self, number: int) -> bytes:
        index = bisect_right(self._firsts, number) - 1
        table = self._tables[index] if index >= 0 else None
        if table is None or number >= table.first + table.count:
            raise OSError("the image has no table for this part of the media")
        entries = self._entries.get(index)
        if entries is None:
            entries = self._read_table(index, table)
        at = number - table.first
        if at + 1 < table.count:
            entry, following = _PAIR.unpack_from(entries, 4 * at)
            end = table.base + (following & ~_COMPRESSED)
        else:
            entry = int.from_bytes(entries[4 * at :], "little")
            end = table.end
        start = table.base + (entry & ~_COMPRESSED)
        if not 0 < end - start <= 2 * self._chunk + 1024:
            raise OSError("a table of the image is damaged")
        raw = self._segments[table.segment].pread(start, end - start)
        if entry & _COMPRESSED:
            return self._inflated(raw)
        data = raw[:-_CHECKSUM]
        if len(raw) < _CHECKSUM or adler32(data) != int.from_bytes(raw[-_CHECKSUM:], "little"):
            raise OSError("a chunk of the image does not fit its checksum")
        return data

    def _inflated(self, raw: bytes) -> bytes:
        if len(raw) > _UNIFORM:
            return inflate(raw, self._chunk)
        data = self._uniform.get(raw)
        if data is None:
            if len(self._uniform) >= _UNIFORM_KEPT:
                self._uniform.clear()
            data = self._uniform[raw] = inflate(raw, self._chunk)
        return data

    def _read_table(self, index: int, table: Table) -> bytes:
        raw = self._segments[table.segment].pread(table.entries, 4 * table.count + _CHECKSUM)
        body, stored = raw[: 4 * table.count], raw[4 * table.count :]
        # Images of the oldest imagers have no checksum behind the entries.
        if len(body) < 4 * table.count or (
            len(stored) == _CHECKSUM
            and any(stored)
            and adler32(body) != int.from_bytes(stored, "little")
        ):
            raise OSError("a table of the image is damaged")
        self._entries[index] = body
        if len(self._entries) > _TABLES:
            self._entries.popitem(last=False)
        return body

    def _tail(self, sector: int) -> int:
        """Return how many bytes the last chunk holds after the last whole sector."""
        whole = self._size - (self._chunks - 1) * self._chunk
        try:
            rest = len(self._unpack(self._chunks - 1)) - whole
        except OSError:
            return 0
        # A whole sector more would contradict the count itself: that is no tail but padding.
        return rest if 0 < rest < sector else 0

    def close(self) -> None:
        """Leave the segments open: they were handed in."""
