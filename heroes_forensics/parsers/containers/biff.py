"""Workbooks of Excel up to 2003 (MS-XLS): records that hold pictures, and what continues them.

No record is longer than 8,224 bytes: the pictures of a workbook are cut into one record
(``MsoDrawingGroup``) and as many as it takes to go on (``Continue``). `groups` says where the parts
of each lie, and `Group.joined` puts them together.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

_RECORD: Final = struct.Struct("<HH")
_CONTINUE: Final = 0x3C
_DRAWINGS: Final = {0xEB: 0, 0xEC: 0, 0x1066: 0, 0x866: 14}
"""``MsoDrawingGroup``, ``MsoDrawing``, the filling of what stands in a chart, and ``HFPicture``,
the pictures of headers and footers; with the bytes at the start of each that are something else."""
_IMAGES: Final = frozenset({0x7F, 0xE9})
"""``ImData`` and ``BkHim``: a picture by itself, the background of a sheet."""


class Group(NamedTuple):
    """A record and those that continue it."""

    start: int
    """Offset of the first record."""
    is_image: bool
    """One picture by itself, not drawings of Office."""
    parts: tuple[tuple[int, int], ...]
    """Offset and bytes of each part of its content."""

    def offset(self, at: int) -> int:
        """Return where the byte ``at`` of the joined content lies in the stream."""
        for start, size in self.parts:
            if at < size:
                return start + at
            at -= size
        return self.start

    def joined(self, data: bytes) -> bytes:
        """Return the content of the records as one."""
        return b"".join(data[start : start + size] for start, size in self.parts)


def groups(data: bytes, at: int = 0) -> Iterator[Group]:
    """Yield the records with pictures that a stream has at or behind an offset, in order.

    The offset is that of a record, its start or a group's.
    """
    while at + _RECORD.size <= len(data):
        number, size = _RECORD.unpack_from(data, at)
        if not number and not size:
            return
        start = at
        at += _RECORD.size + size
        if number not in _DRAWINGS and number not in _IMAGES:
            continue
        parts = [_part(data, start)]
        goes_on = {_CONTINUE} if number in _IMAGES else {_CONTINUE, number}
        while at + _RECORD.size <= len(data):
            following, size = _RECORD.unpack_from(data, at)
            if following not in goes_on:
                break
            parts.append(_part(data, at))
            at += _RECORD.size + size
        yield Group(start, number in _IMAGES, tuple(parts))


def _part(data: bytes, at: int) -> tuple[int, int]:
    """Return offset and bytes of what the record at an offset adds."""
    number, size = _RECORD.unpack_from(data, at)
    body = at + _RECORD.size
    end = min(body + size, len(data))
    body = min(body + _DRAWINGS.get(number, 0), end)
    return body, end - body
