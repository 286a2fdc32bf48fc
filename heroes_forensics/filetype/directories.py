"""The directories of a TIFF, and of the raw files of cameras that are TIFF inside, within limits.

Nothing is decoded here: how many pages there are, and where pictures in JPEG lie. After TIFF 6.0,
TIFF/EP (ISO 12234-2), the DNG specification, and BigTIFF as libtiff describes it. Every offset is
hostile: a directory is looked at once, and what points outside the stream is not followed.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

MAX_DIRECTORIES: Final = 4096
"""Directories of one stream that are looked at; a raw file has about five."""
MAX_FIELDS: Final = 4096
"""Fields of one directory that are looked at; cameras write about a hundred."""
MAX_DEPTH: Final = 4
"""Directories below directories."""
MAX_PREVIEW: Final = 64 << 20
"""Bytes of one embedded picture."""

_BIG: Final = 43
_MAGIC: Final = {
    42: "TIFF",
    _BIG: "BigTIFF",
    0x55: "Panasonic RW2",
    0x4F52: "Olympus ORF",
    0x5352: "Olympus ORF",
}
_WIDTHS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 8: 2, 9: 4, 13: 4, 16: 8, 18: 8}
"""Bytes of one value of each type that an offset or a number may have."""
_LONGEST: Final = 1024
"""Values of one field that are read."""

SUB_DIRECTORIES: Final = 0x014A
STRIP_OFFSETS: Final = 0x0111
STRIP_BYTES: Final = 0x0117
JPEG_OFFSET: Final = 0x0201
JPEG_BYTES: Final = 0x0202
JPEG_FROM_RAW: Final = 0x002E
"""Panasonic: the preview as the value of a field."""


class Field(NamedTuple):
    """One field of a directory."""

    type: int
    values: int
    """How many there are."""
    where: int
    """Offset of its values in the stream."""


class Tiff:
    """Directories of one stream."""

    def __init__(self, stream: BinaryIO) -> None:
        """Read the head.

        Raises:
            ValueError: it is none of these formats.
        """
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)
        head = self._read(0, 16)
        if head[:2] not in {b"II", b"MM"}:
            raise ValueError("no TIFF")
        self._is_little = head[:2] == b"II"
        magic = self.number(head[2:4])
        if magic not in _MAGIC:
            raise ValueError("no TIFF")
        self._is_big = magic == _BIG
        self._first = self.number(head[8:16] if self._is_big else head[4:8])
        self._seen: set[int] = set()

    def pages(self, most: int) -> int:
        """Return how many directories the main chain has, counting no further than ``most``."""
        return sum(1 for _ in self._chain(self._first, most, 0))

    def all(self) -> Iterator[dict[int, Field]]:
        """Yield every directory, those below others behind them."""
        yield from self._chain(self._first, MAX_DIRECTORIES, MAX_DEPTH)

    def _chain(self, offset: int, most: int, depth: int) -> Iterator[dict[int, Field]]:
        for _ in range(most):
            if offset in self._seen or len(self._seen) >= MAX_DIRECTORIES:
                return
            self._seen.add(offset)
            found = self._directory(offset)
            if found is None:
                return
            fields, offset = found
            yield fields
            if depth:
                for below in self.numbers(fields.get(SUB_DIRECTORIES)):
                    yield from self._chain(below, 1, depth - 1)
            if not offset:
                return

    def _directory(self, offset: int) -> tuple[dict[int, Field], int] | None:
        """Return the fields of a directory and where the next one is."""
        head, width = (8, 20) if self._is_big else (2, 12)
        inline = 8 if self._is_big else 4
        count = self.number(self._read(offset, head))
        data = self._read(offset + head, min(count, MAX_FIELDS) * width)
        if not count > 0 or len(data) < min(count, MAX_FIELDS) * width:
            return None
        fields: dict[int, Field] = {}
        for index in range(min(count, MAX_FIELDS)):
            field = data[index * width : (index + 1) * width]
            tag, kind = self.number(field[:2]), self.number(field[2:4])
            values = self.number(field[4 : width - inline])
            where = offset + head + (index + 1) * width - inline
            if values * _WIDTHS.get(kind, 1) > inline:
                where = self.number(field[-inline:])
            fields.setdefault(tag, Field(kind, values, where))
        return fields, self.number(self._read(offset + head + count * width, inline))

    def numbers(self, field: Field | None) -> list[int]:
        """Return the values of a field of whole numbers."""
        if field is None or field.type not in _WIDTHS:
            return []
        width = _WIDTHS[field.type]
        data = self._read(field.where, min(field.values, _LONGEST) * width)
        return [
            self.number(data[start : start + width])
            for start in range(0, len(data) - width + 1, width)
        ]

    def number(self, data: bytes) -> int:
        """Return a whole number in the byte order of this stream."""
        return int.from_bytes(data, "little" if self._is_little else "big")

    def _read(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self._size:
            return b""
        self._stream.seek(offset)
        return self._stream.read(min(length, self._size - offset))

    def starts_with(self, offset: int, mark: bytes) -> bool:
        """Say whether these bytes stand at an offset."""
        return self._read(offset, len(mark)) == mark


def pages(stream: BinaryIO, most: int) -> int:
    """Return how many pages a TIFF has, counting no further than ``most``; 0 when it is none."""
    try:
        return Tiff(stream).pages(most)
    except ValueError:
        return 0


def previews(stream: BinaryIO) -> list[tuple[int, int]]:
    """Return (offset, bytes) of the JPEG pictures inside a raw file, the longest first."""
    try:
        tiff = Tiff(stream)
    except ValueError:
        return []
    found = set()
    for fields in tiff.all():
        places = [
            *_pairs(tiff, fields, JPEG_OFFSET, JPEG_BYTES),
            *_pairs(tiff, fields, STRIP_OFFSETS, STRIP_BYTES),
        ]
        inline = fields.get(JPEG_FROM_RAW)
        if inline is not None:
            places.append((inline.where, inline.values))
        found |= {
            (offset, length)
            for offset, length in places
            if 0 < length <= MAX_PREVIEW and tiff.starts_with(offset, b"\xff\xd8\xff")
        }
    return sorted(found, key=lambda place: (-place[1], place[0]))


def values_of(stream: BinaryIO, tag: int) -> list[tuple[int, int]]:
    """Return (offset, values) of every field of this tag."""
    try:
        found = [fields[tag] for fields in Tiff(stream).all() if tag in fields]
    except ValueError:
        return []
    return sorted((field.where, field.values) for field in found)


def _pairs(tiff: Tiff, fields: dict[int, Field], offsets: int, sizes: int) -> list[tuple[int, int]]:
    """Return where the one picture of a directory lies; several strips are no JPEG."""
    starts, lengths = tiff.numbers(fields.get(offsets)), tiff.numbers(fields.get(sizes))
    return [(starts[0], lengths[0])] if len(starts) == len(lengths) == 1 else []
