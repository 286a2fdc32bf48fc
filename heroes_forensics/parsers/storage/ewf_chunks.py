"""The media of an E01 set, read chunk by chunk from its tables.

libewf returns zeros for a damaged chunk and data from the wrong place for a set with a cut
segment, without an error either time, and drops what lies after the last whole sector. Here the
checksum of every chunk is checked, and what cannot be read is an `OSError`.
"""

import struct
import threading
import zlib
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage.ewf_sections import Sections, Table

_COMPRESSED: Final = 0x80000000
_TABLES: Final = 64
"""Tables kept unpacked: 64 KiB each for 512 MiB of media."""
_KEPT: Final = 4 << 20
"""Bytes of unpacked chunks that are kept."""


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
        self._offsets: OrderedDict[int, tuple[int, ...]] = OrderedDict()
        self._unpacked: OrderedDict[int, bytes] = OrderedDict()
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
        parts: list[bytes] = []
        with self._lock:
            while offset < end:
                number, inside = divmod(offset, self._chunk)
                data = self._unpack(number)
                wanted = min(end - offset, self._chunk - inside)
                part = data if wanted == len(data) else data[inside : inside + wanted]
                if len(part) < wanted:
                    raise OSError("a chunk of the image is shorter than its media")
                parts.append(part)
                offset += wanted
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _unpack(self, number: int) -> bytes:
        kept = self._unpacked.get(number)
        if kept is not None:
            self._unpacked.move_to_end(number)
            return kept
        index = bisect_right(self._firsts, number) - 1
        table = self._tables[index] if index >= 0 else None
        if table is None or number >= table.first + table.count:
            raise OSError("the image has no table for this part of the media")
        offsets = self._entries(index, table)
        entry = offsets[number - table.first]
        start = table.base + (entry & ~_COMPRESSED)
        following = number - table.first + 1
        end = table.base + (offsets[following] & ~_COMPRESSED) if following < table.count else 0
        end = end or table.end
        if not 0 < end - start <= 2 * self._chunk + 1024:
            raise OSError("a table of the image is damaged")
        data = self._checked(self._segments[table.segment].pread(start, end - start), entry)
        self._unpacked[number] = data
        if len(self._unpacked) > self._keep:
            self._unpacked.popitem(last=False)
        return data

    def _checked(self, raw: bytes, entry: int) -> bytes:
        if entry & _COMPRESSED:
            try:
                # The stream ends with a checksum of its own, which zlib compares.
                unpacker = zlib.decompressobj()
                data = unpacker.decompress(raw, self._chunk)
                if not unpacker.eof:
                    unpacker.decompress(unpacker.unconsumed_tail, 1)
            except zlib.error as error:
                raise OSError("a chunk of the image is damaged") from error
            if not unpacker.eof:
                raise OSError("a chunk of the image is cut off")
            return data
        data, stored = raw[:-4], raw[-4:]
        if len(stored) < 4 or zlib.adler32(data) != int.from_bytes(stored, "little"):  # noqa: PLR2004
            raise OSError("a chunk of the image does not fit its checksum")
        return data

    def _entries(self, index: int, table: Table) -> tuple[int, ...]:
        kept = self._offsets.get(index)
        if kept is not None:
            return kept
        raw = self._segments[table.segment].pread(table.entries, 4 * table.count + 4)
        body, stored = raw[: 4 * table.count], raw[4 * table.count :]
        # Images of the oldest imagers have no checksum behind the entries.
        if len(body) < 4 * table.count or (
            len(stored) == 4  # noqa: PLR2004 (an Adler-32)
            and any(stored)
            and zlib.adler32(body) != int.from_bytes(stored, "little")
        ):
            raise OSError("a table of the image is damaged")
        offsets = struct.unpack(f"<{table.count}I", body)
        self._offsets[index] = offsets
        if len(self._offsets) > _TABLES:
            self._offsets.popitem(last=False)
        return offsets

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
