"""The section list of one EWF segment, as far as it goes.

A table that is damaged is replaced by its copy (``table2``); a list that is interrupted is taken up
again at the next descriptor that fits its checksum.
"""

import re
import struct
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage import ewf_bodies as bodies
from heroes_forensics.parsers.storage.ewf_layout import Sections, Table

FILE_HEADER: Final = 13
"""Bytes before the first section of a segment."""

_DESCRIPTOR: Final = 76
_MAX_SECTIONS: Final = 100_000
"""Of one segment; an imager writes about four for each 512 MiB of media."""
_MAX_ENTRIES: Final = 1 << 20
"""Of one table; imagers write 16,375 or 65,534."""
_SCAN: Final = 4 << 20
"""Bytes looked through at a time for the next descriptor."""
_MAX_SCANS: Final = 1000
"""Of one segment: 4 GB are looked through for a descriptor, then the rest is given up."""

_KINDS: Final = re.compile(
    rb"(?:header2?|xheader|volume|disk|data|sectors|table2?|session|error2|digest|hash|xhash"
    rb"|incomplete|next|done)\0{2}"
)
_GEOMETRY: Final = frozenset({b"volume", b"disk", b"data"})
_HEADERS: Final = frozenset({b"header", b"header2"})
_DIGESTS: Final = frozenset({b"hash", b"digest", b"xhash"})
_ERRORS: Final = b"error2"
_BODIES: Final = {
    **dict.fromkeys(_GEOMETRY, bodies.VOLUME),
    **dict.fromkeys(_HEADERS, 1 << 20),
    **dict.fromkeys(_DIGESTS, 4096),
    _ERRORS: 528 + 8 * bodies.MAX_ERRORS,
}
"""Bytes that are read of a section at the most."""


class Walk:
    """The section list of one segment."""

    def __init__(self, found: Sections, segment: Reader, index: int) -> None:
        self._found = found
        self._segment = segment
        self._index = index
        self._chunks_end = 0
        self._loose: tuple[int, int] | None = None
        """Where the chunks lie whose table has not come yet."""
        self._tabled = False
        """Whether the chunks since the last ``sectors`` have a table."""
        self._waiting: tuple[int, tuple[int, int] | None] | None = None
        """Offset and head of a table that cannot be used, while its copy may follow."""
        self.breaks: set[int] = set()
        self.foreign = False
        """It belongs to another acquisition."""
        self.last_of_set = False
        self.ended = False
        """The list came to its end, whichever end that was."""

    def run(self) -> None:
        """Walk to the end, or as far as the list goes."""
        at: int | None = FILE_HEADER
        for _ in range(_MAX_SECTIONS):
            if at is None or self.ended or self.foreign:
                break
            at = self._section(at)
        else:
            self._fault("damaged", offset=at)
        self._settle()
        self._leave_loose()

    def _fault(self, word: str, **numbers: object) -> None:
        self._found.faults.append((word, {"segment": self._index + 1, **numbers}))

    def _broken(self, word: str, **numbers: object) -> None:
        """Note a fault that may cost tables."""
        self._settle()
        self._fault(word, **numbers)
        self.breaks.add(len(self._found.tables))

    def _section(self, at: int) -> int | None:
        """Take one section in; return where the next one begins."""
        raw = self._segment.pread(at, _DESCRIPTOR)
        if len(raw) < _DESCRIPTOR:
            self._broken("cut", size=self._segment.size)
            return None
        if not bodies.sealed(raw):
            self._broken("damaged", offset=at)
            return self._next_descriptor(at + 1)
        kind = raw[:16].rstrip(b"\0")
        following, size = struct.unpack_from("<QQ", raw, 16)
        if kind in {b"next", b"done"}:
            self.ended = True
            self.last_of_set = kind == b"done"
            return None
        if following <= at:
            self._broken("damaged", offset=at)
            return self._next_descriptor(at + 1)
        end = at + size if size >= _DESCRIPTOR else following
        if max(end, following) > self._segment.size:
            if kind == b"sectors":
                self._leave_loose()
                self._loose = (at + _DESCRIPTOR, self._segment.size)
            self._broken("cut", size=self._segment.size)
            return None
        if end != following:
            # Read by its sizes and read by its offsets, such a file would hold two images.
            self._fault("ambiguous", offset=at)
        self._take(kind, at + _DESCRIPTOR, min(end, following))
        return int(following)

    def _next_descriptor(self, start: int) -> int | None:
        """Return where the next descriptor that fits its checksum begins."""
        for base in range(start, start + _SCAN * _MAX_SCANS, _SCAN):
            window = self._segment.pread(base, _SCAN + _DESCRIPTOR)
            for match in _KINDS.finditer(window):
                raw = window[match.start() : match.start() + _DESCRIPTOR]
                if len(raw) == _DESCRIPTOR and bodies.sealed(raw):
                    return base + match.start()
            if len(window) < _SCAN + _DESCRIPTOR:
                break
        return None

    def _take(self, kind: bytes, start: int, end: int) -> None:
        if kind == b"table2":
            self._copy(start, end)
            return
        self._settle()
        if kind == b"sectors":
            self._leave_loose()
            self._chunks_end, self._tabled, self._loose = end, False, (start, end)
        elif kind == b"table":
            self._table(start, end)
        elif kind in _BODIES:
            self._small(kind, start, self._segment.pread(start, min(end - start, _BODIES[kind])))

    def _small(self, kind: bytes, start: int, data: bytes) -> None:
        found = self._found
        if kind in _GEOMETRY:
            self._geometry(kind, start, data)
        elif kind in _HEADERS:
            # The second form holds the same values with all letters of the world.
            values = bodies.header(data)
            if values and (kind == b"header2" or not found.header):
                found.header = values
        elif kind in _DIGESTS:
            stored = bodies.digests(kind, data)
            if stored is None:
                found.repairs.append(("digest", {"segment": self._index + 1, "offset": start}))
            else:
                found.md5, found.sha1 = stored[0] or found.md5, stored[1] or found.sha1
        else:
            ranges = bodies.errors(data)
            if ranges is None:
                self._fault("damaged", offset=start)
            found.errors += ranges or []

    def _geometry(self, kind: bytes, start: int, data: bytes) -> None:
        found = self._found
        geometry = bodies.geometry(data)
        if geometry is None:
            return
        if geometry.identifier and found.identifier:
            self.foreign = geometry.identifier != found.identifier
        found.identifier = found.identifier or geometry.identifier
        if bodies.sealed(data):
            found.geometry = found.geometry or geometry
        elif kind != b"data" and found.unsealed is None:
            # Of the copies in further segments not every imager writes the checksum.
            found.unsealed = (geometry, {"segment": self._index + 1, "offset": start})

    # ---- tables ------------------------------------------------------------------------

    def _table(self, start: int, end: int) -> None:
        head = bodies.table_head(self._segment.pread(start, bodies.TABLE_HEAD))
        table = self._usable(head, start, end)
        if table is not None:
            self._found.tables.append(table)
            self._tabled, self._loose = True, None
        elif head is None or head[0]:
            self._waiting = (start, head)

    def _copy(self, start: int, end: int) -> None:
        """Take the copy of a table where the table itself cannot be used, or was not found."""
        if self._tabled and self._waiting is None:
            return
        head = bodies.table_head(self._segment.pread(start, bodies.TABLE_HEAD))
        table = self._usable(head, start, end)
        if table is None:
            self._waiting = self._waiting or (start, head)
            return
        self._waiting, self._tabled, self._loose = None, True, None
        self._found.tables.append(table)
        self._found.repairs.append(("copy", {"segment": self._index + 1, "offset": start}))

    def _settle(self) -> None:
        """Give a table up whose copy did not follow, or cannot be used either."""
        if self._waiting is None:
            return
        (start, head), self._waiting, self._tabled = self._waiting, None, True
        self._fault("damaged", offset=start)
        if head is None or head[0] > _MAX_ENTRIES:
            self.breaks.add(len(self._found.tables))
        else:
            # How many chunks it held is known: those of the tables after it keep their place.
            loose, self._loose = self._loose, None
            self._found.tables.append(Table(self._index, -1, head[0], -1, head[1], 0, loose))

    def _leave_loose(self) -> None:
        """Keep the place of chunks whose table did not come."""
        if self._loose is None:
            return
        index = len(self._found.tables)
        self._found.tables.append(Table(self._index, -1, 0, -1, 0, 0, self._loose))
        # What is missing here lies behind them; how many there are is not known either.
        self.breaks = {place + (place == index) for place in self.breaks} | {index + 1}
        self._loose = None

    def _usable(self, head: tuple[int, int] | None, start: int, end: int) -> Table | None:
        if head is None or not 0 < head[0] <= _MAX_ENTRIES:
            return None
        count, base = head
        entries = start + bodies.TABLE_HEAD
        if entries + 4 * count > end or base > self._segment.size:
            return None
        raw = self._segment.pread(entries, 4 * count + bodies.CHECKSUM)
        if not bodies.entries_sound(raw, count, entries - base):
            return None
        first = base + bodies.first_offset(raw)
        if first >= start:
            chunks_end = end  # the oldest imagers put the chunks behind the entries
        elif self._chunks_end > first:
            chunks_end = self._chunks_end
        else:
            chunks_end = start - _DESCRIPTOR
        return Table(self._index, -1, count, entries, base, chunks_end)
