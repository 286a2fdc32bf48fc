"""The media of an E01 set, read chunk by chunk from its tables.

libewf returns zeros for a damaged chunk and data from the wrong place for a set with a cut
segment, without an error either time, and drops what lies after the last whole sector. Here the
checksum of every chunk is checked, and what cannot be read is an `OSError` and a `Doubt`.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NoReturn

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage import ewf_bodies as bodies
from heroes_forensics.parsers.storage.doubts import (
    DAMAGED,
    FILLER,
    MISSING,
    UNREADABLE,
    Doubt,
    Doubts,
)
from heroes_forensics.parsers.storage.ewf_layout import Sections, Table
from heroes_forensics.parsers.storage.inflate import adler32, inflate

if TYPE_CHECKING:
    from array import array

_TABLES: Final = 64
"""Tables kept: 128 KiB each for 512 MiB of media."""
_KEPT: Final = 32 << 20
"""Bytes of unpacked chunks that are kept."""
_STREAMED: Final = 64 << 10
"""A longer read is of content that is not read again: it must not push out what is."""
_UNIFORM: Final = 256
"""Bytes: a chunk that packs to less holds one value, as unused space does, and so do many."""
_UNIFORM_KEPT: Final = 4
_ROOM: Final = 1024
"""Bytes by which a packed chunk may be longer than twice its media."""


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
        self._places: OrderedDict[int, array[int]] = OrderedDict()
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()
        self._uniform: dict[bytes, bytes] = {}
        self._keep = max(1, _KEPT // self._chunk)
        self._lock = threading.Lock()
        self._size = sections.media_size
        self.doubts = Doubts()
        """Ranges that cannot be relied on, as far as they are known."""
        self._bad: dict[int, Doubt] = {}
        self._missing()
        self.tail = self._tail(sections.sector_size)
        """Bytes of media after the last whole sector."""
        self._size += self.tail
        self.doubts.take()
        for first, length in sections.errors:
            at = first * sections.sector_size
            if at < self._size and length:
                end = min(at + length * sections.sector_size, self._size)
                self.doubts.add(Doubt(at, end - at, FILLER))

    @property
    def size(self) -> int:
        """Length of the media with its tail, bytes."""
        return self._size

    @property
    def chunk_size(self) -> int:
        """Bytes of media in one chunk."""
        return self._chunk

    @property
    def chunks(self) -> int:
        """Chunks of the media."""
        return self._chunks

    def pread(self, offset: int, length: int) -> bytes:
        """Read across chunks; a chunk that is damaged or missing is an error."""
        end = min(offset + length, self._size)
        if offset >= end:
            return b""
        with self._lock:
            if self.doubts:
                self.doubts.touch(offset, end - offset)
            try:
                return self._read(offset, end)
            except OSError:
                # Which chunks are touched must not depend on what was read before.
                for number in range(offset // self._chunk, -(-end // self._chunk)):
                    with suppress(OSError):
                        self._passing(number)
                raise

    def _read(self, offset: int, end: int) -> bytes:
        size = self._chunk
        first, inside = divmod(offset, size)
        last, rest = divmod(end, size)
        if first == last:
            return self._chunk_of(first)[inside:rest]
        streamed = end - offset > _STREAMED
        parts = [self._chunk_of(first)[inside:]] if inside else [self._chunk_of(first)]
        parts += [
            self._passing(number) if streamed else self._chunk_of(number)
            for number in range(first + 1, last)
        ]
        if rest:
            parts.append(self._chunk_of(last)[:rest])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def pieces(self, chunk: int = 0, until: int | None = None) -> Iterator[bytes | Doubt]:
        """Yield the media chunk by chunk, each read once and kept nowhere.

        Args:
            chunk: number of the first one.
            until: number of the one to stop before; None for the end of the media.

        Yields:
            The bytes of a chunk, or a `Doubt` in the place of one that cannot be read.
        """
        for number in range(chunk, self._chunks if until is None else until):
            with self._lock:
                try:
                    data: bytes | Doubt = self._unpack(number)
                except OSError:
                    data = self._bad.get(number) or self._doubt(number, MISSING)
            yield data

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
        places = self._places.get(index)
        if places is None:
            places = self._load(index, table, number)
        at = number - table.first
        place = places[at]
        length = (places[at + 1] >> 1) - (place >> 1)
        if not 0 < length <= 2 * self._chunk + _ROOM:
            self._fail(number, table, DAMAGED)
        try:
            raw = self._segments[table.segment].pread(place >> 1, length)
        except OSError:
            self._fail(number, table, UNREADABLE)
        data = self._inflated(raw) if place & 1 else self._stored(raw, number)
        if len(data) != self._chunk and not self._is_last(number, len(data)):
            self._fail(number, table, DAMAGED)
        return data

    def _is_last(self, number: int, length: int) -> bool:
        """Tell whether a chunk may be shorter: it is the last one, and holds what is left."""
        return number == self._chunks - 1 and length >= self._size - number * self._chunk

    def _inflated(self, raw: bytes) -> bytes:
        """Return what a packed chunk holds; nothing when it is damaged."""
        if len(raw) > _UNIFORM:
            try:
                return inflate(raw, self._chunk)
            except OSError:
                return b""
        data = self._uniform.get(raw)
        if data is None:
            try:
                data = inflate(raw, self._chunk)
            except OSError:
                return b""
            if len(self._uniform) >= _UNIFORM_KEPT:
                self._uniform.clear()
            self._uniform[raw] = data
        return data

    def _stored(self, raw: bytes, number: int) -> bytes:
        """Return what a chunk that is not packed holds; nothing when it is damaged."""
        length = min(self._chunk, len(raw) - bodies.CHECKSUM)
        lengths = [length]
        if number == self._chunks - 1:
            # The section may go on behind the last chunk, and the chunk behind the last sector.
            lengths.append(self._size - number * self._chunk)
        for length in lengths:
            data = raw[: max(0, length)]
            stored = raw[len(data) : len(data) + bodies.CHECKSUM]
            if adler32(data) == int.from_bytes(stored, "little"):
                return data
        return b""

    def _load(self, index: int, table: Table, number: int) -> "array[int]":
        if table.places is not None:
            return table.places
        try:
            segment = self._segments[table.segment]
            raw = segment.pread(table.entries, 4 * table.count + bodies.CHECKSUM)
        except OSError:
            self._fail(number, table, UNREADABLE)
        if not bodies.entries_sound(raw, table.count, table.entries - table.base):
            self._fail(number, table, DAMAGED)
        places = bodies.places(raw[: 4 * table.count], table.base, table.end)
        self._places[index] = places
        if len(self._places) > _TABLES:
            self._places.popitem(last=False)
        return places

    def _doubt(self, number: int, reason: str, segment: int = 0) -> Doubt:
        at = number * self._chunk
        return Doubt(at, min(self._chunk, self._size - at), reason, segment, number)

    def _fail(self, number: int, table: Table, reason: str) -> NoReturn:
        """Note a chunk that cannot be read, and say so."""
        doubt = self._bad[number] = self._doubt(number, reason, table.segment + 1)
        self.doubts.add(doubt)
        self.doubts.touch(doubt.offset, doubt.length)
        raise OSError("a chunk of the image is damaged")

    def _missing(self) -> None:
        """Note every stretch of chunks that no table holds."""
        at = 0
        for table in [*self._tables, None]:
            first = self._chunks if table is None else table.first
            if first > at:
                self._lost(at, first, 0)
            if table is not None:
                if not table.usable:
                    self._lost(table.first, table.first + table.count, table.segment + 1)
                at = max(at, table.first + table.count)
        self._tables = [table for table in self._tables if table.usable]
        self._firsts = [table.first for table in self._tables]

    def _lost(self, first: int, end: int, segment: int) -> None:
        at = first * self._chunk
        length = min(end * self._chunk, self._size) - at
        if length > 0:
            self.doubts.add(Doubt(at, length, MISSING, segment, first))

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
