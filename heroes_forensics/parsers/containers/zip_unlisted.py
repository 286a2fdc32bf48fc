"""What lies in a zip archive that its central directory does not name.

A directory may be missing (an archive cut off), broken, or leave members out: older versions of
a file that was replaced, or something hidden. Local headers are then followed one by one; bytes
that belong to none of them are given as regions, so that they are examined as well.
"""

import re
import struct
from array import array
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.zip_records import (
    CENTRAL,
    DESCRIPTOR,
    HAS_DESCRIPTOR,
    LOCAL,
    LOCAL_HEADER,
    Directory,
    Member,
    extra_field,
    local_end,
)

_CHUNK: Final = 1 << 20
_SLACK: Final = 128
"""Bytes between two members that a local extra field and a data descriptor explain: what lies
between members closer than this is not looked at."""
_PADDING: Final = 1 << 16
"""A run of zeros up to this length is alignment and holds nothing."""
_SPLIT_MARKERS: Final = frozenset({DESCRIPTOR, b"PK00"})
"""What begins an archive that was made in parts, or would have been (APPNOTE 8.5.3 and 8.5.4)."""
_FULL: Final = 0xFFFFFFFF
_MAX_METHOD: Final = 99
_MAX_VERSION: Final = 100
_SIGNATURES: Final = re.compile(
    b"|".join(re.escape(magic) for magic in (DESCRIPTOR, LOCAL, CENTRAL))
)


class Region(NamedTuple):
    """Bytes that belong to no member."""

    start: int
    end: int


class Extents:
    """Where the members of the directory lie, 24 bytes each, to find what lies between them."""

    def __init__(self) -> None:
        self._offsets = array("q")
        self._ends = array("q")
        self._compressed = array("q")

    def add(self, member: Member) -> None:
        """Note one member; what claims to reach beyond 8 EiB is noted as reaching there."""
        top = (1 << 63) - 1
        end = member.offset + LOCAL_HEADER.size + len(member.name) + member.compressed
        self._offsets.append(min(member.offset, top))
        self._ends.append(min(end, top))
        self._compressed.append(min(member.compressed, top))

    def repeated(self) -> set[int]:
        """Return the offsets that more than one member names."""
        values, counts = np.unique(np.frombuffer(self._offsets, dtype=np.int64), return_counts=True)
        return set(values[counts > 1].tolist())

    def between(self, reader: Reader, directory: Directory) -> Iterator[Region]:
        """Yield what lies before, between and behind the members and the directory."""
        start = 0
        for index, next_offset in self._holes(directory.start):
            if index >= 0:
                start = self._end(reader, index)
            yield from _whole(reader, start, next_offset)
            start = next_offset
        yield from _whole(reader, directory.after, reader.size)

    def _holes(self, directory_start: int) -> list[tuple[int, int]]:
        """Return (position of the member before, -1 for none; where the next thing begins)."""
        offsets = np.frombuffer(self._offsets, dtype=np.int64)
        if not len(offsets):
            return [(-1, directory_start)]
        order = np.argsort(offsets, kind="stable")
        starts = offsets[order]
        ends = np.frombuffer(self._ends, dtype=np.int64)[order]
        reach = np.maximum.accumulate(ends)
        owner = np.maximum.accumulate(np.where(ends == reach, np.arange(len(ends)), 0))
        following = np.append(starts[1:], directory_start)
        wide = np.flatnonzero(following - reach > _SLACK)
        holes = [(int(order[owner[i]]), int(following[i])) for i in wide]
        return ([(-1, int(starts[0]))] if starts[0] > 0 else []) + holes

    def _end(self, reader: Reader, index: int) -> int:
        """Return where a member really ends: local extra field and descriptor included."""
        compressed = self._compressed[index]
        try:
            end = local_end(reader, self._offsets[index]) + compressed
            return end + _descriptor_length(reader.pread(end, 24), compressed)
        except OSError:
            return self._ends[index]


def _descriptor_length(data: bytes, compressed: int) -> int:
    """Return the length of the data descriptor that ``data`` begins with, 0 when it is none."""
    signed = 4 if data.startswith(DESCRIPTOR) else 0
    body = data[signed:]
    if len(body) >= 20 and struct.unpack_from("<Q", body, 4)[0] == compressed:  # noqa: PLR2004
        return signed + 20
    if len(body) >= 12 and struct.unpack_from("<I", body, 4)[0] == compressed & _FULL:  # noqa: PLR2004
        return signed + 12
    return 0


def _whole(reader: Reader, start: int, end: int) -> Iterator[Region]:
    """Yield the region unless it is empty or short and all zeros."""
    if start >= end:
        return
    if end - start <= _PADDING:
        data = reader.pread(start, end - start)
        if not data.strip(b"\0") or (start == 0 and data in _SPLIT_MARKERS):
            return
    yield Region(start, end)


def follow(reader: Reader, start: int, end: int) -> Iterator[Member | Region]:
    """Follow local headers from ``start`` to ``end``; yield them and what lies between.

    Raises:
        OSError: the source cannot be read.
    """
    at = start
    while at < end:
        found = _local(reader, at, end)
        if found is not None:
            yield found[0]
            at = max(at + LOCAL_HEADER.size, min(found[1], end))
            continue
        following = _search(reader, at + 1, end)
        yield from _whole(reader, at, following)
        at = following


def _search(reader: Reader, start: int, end: int) -> int:
    """Return the offset of the next plausible local header, ``end`` when there is none."""
    at = start
    while at < end:
        data = reader.pread(at, min(_CHUNK, end - at))
        spot = data.find(LOCAL)
        while spot >= 0:
            head = reader.pread(at + spot, LOCAL_HEADER.size)
            if _plausible(head):
                return at + spot
            spot = data.find(LOCAL, spot + 1)
        if len(data) <= len(LOCAL):
            break
        at += len(data) - len(LOCAL) + 1
    return end


def _plausible(head: bytes) -> bool:
    if len(head) < LOCAL_HEADER.size or not head.startswith(LOCAL):
        return False
    row = LOCAL_HEADER.unpack(head)
    return bool(row[1] & 0xFF <= _MAX_VERSION and row[3] <= _MAX_METHOD and row[9] > 0)


def _local(reader: Reader, at: int, end: int) -> tuple[Member, int] | None:
    """Return the member whose local header is at ``at``, and where the next thing begins."""
    head = reader.pread(at, LOCAL_HEADER.size)
    if not _plausible(head):
        return None
    _, _, flags, method, time, date, crc, compressed, size, name, extra = LOCAL_HEADER.unpack(head)
    variable = reader.pread(at + LOCAL_HEADER.size, name + extra)
    data = at + LOCAL_HEADER.size + name + extra
    fields = variable[name:]
    if _FULL in {compressed, size}:
        wide = extra_field(fields, 0x0001)
        if len(wide) >= 16:  # noqa: PLR2004 - a local header holds both sizes
            size, compressed = struct.unpack_from("<QQ", wide)
    following = data + compressed
    if flags & HAS_DESCRIPTOR and compressed in {0, _FULL}:
        described = _descriptor(reader, data, end)
        crc, compressed, size, following = described or (-1, max(0, end - data), -1, end)
    elif flags & HAS_DESCRIPTOR:
        following += _descriptor_length(reader.pread(following, 24), compressed)
    member = Member(
        at,
        compressed,
        size,
        crc,
        method,
        flags,
        made_by=0,
        attributes=0,
        date=date,
        time=time,
        name=variable[:name],
        extra=fields,
    )
    return member, following


def _descriptor(reader: Reader, data: int, end: int) -> tuple[int, int, int, int] | None:
    """Search the data descriptor of a member whose bytes begin at ``data``.

    It is the one whose own statement of the compressed size equals the distance from ``data``,
    and which another record or the end of the source follows.

    Returns:
        (CRC, compressed size, size, offset of what follows), or None.
    """
    at = data
    while at < end:
        piece = reader.pread(at, min(_CHUNK, end - at))
        for match in _SIGNATURES.finditer(piece):
            found = _described(reader, data, at + match.start(), match.group())
            if found is not None:
                return found
        if len(piece) <= len(DESCRIPTOR):
            break
        at += len(piece) - len(DESCRIPTOR) + 1
    return None


def _described(
    reader: Reader, data: int, at: int, magic: bytes
) -> tuple[int, int, int, int] | None:
    """Check one place where a descriptor may stand: at a signature, or before the next header."""
    for layout in (_NARROW, _WIDE):
        begin = at + 4 if magic == DESCRIPTOR else at - layout.size
        stored = (at if magic == DESCRIPTOR else begin) - data
        if stored < 0:
            continue
        row = reader.pread(begin, layout.size + 2)
        if len(row) >= layout.size and row[layout.size :] in {b"PK", b"P", b""}:
            crc, compressed, size = layout.unpack_from(row)
            if compressed == stored:
                return crc, compressed, size, begin + layout.size
    return None


_NARROW: Final = struct.Struct("<III")
_WIDE: Final = struct.Struct("<IQQ")
"""CRC, compressed size, size: 32 and 64 bits (APPNOTE 4.3.9)."""
