"""Where the coded pieces of a picture in a HEIF lie, and how they make it up, within limits.

Nothing is decoded here. After ISO/IEC 14496-12 (boxes) and ISO/IEC 23008-12 (items, grids). Of a
file with several pictures the primary one is taken; pictures laid over one another, and codings
other than HEVC, are not. An offset is hostile, and what points outside the stream is an error.
"""

import io
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

from heroes_forensics.frames import MAX_PIXELS

MAX_META: Final = 16 << 20
"""Bytes of the box that describes everything else."""
MAX_ITEMS: Final = 8192
MAX_BOXES: Final = 65_536
MAX_CODED: Final = 64 << 20
"""Bytes of the pieces of one picture."""
_TOP: Final = 64
"""Boxes of the file itself that are looked at before that one is found."""


class Coded(NamedTuple):
    """A picture as it is stored."""

    width: int
    height: int
    columns: int
    rows: int
    setup: bytes
    """What the decoder has to know before (hvcC)."""
    tiles: tuple[tuple[tuple[int, int], ...], ...]
    """(offset, bytes) of the parts of each tile, row by row."""
    exif: tuple[tuple[int, int], ...] = ()
    """Of what describes the picture in Exif; empty without it."""


class _Box(NamedTuple):
    type: bytes
    data: bytes
    start: int
    """Where its data begin in what it lies in."""


class _Reader:
    """Numbers of a box, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._stream = io.BytesIO(data)

    def take(self, count: int) -> bytes:
        data = self._stream.read(count)
        if len(data) < count:
            raise ValueError("a box ends early")
        return data

    def number(self, width: int) -> int:
        return int.from_bytes(self.take(width), "big")

    def rest(self) -> bytes:
        return self._stream.read()


def coded(stream: BinaryIO) -> Coded:
    """Return where the primary picture of a HEIF lies.

    Raises:
        ValueError: it is none, or of a kind that is not decoded.
    """
    offset, meta = _meta(stream)
    described = {box.type: box for box in _boxes(meta)}
    boxes = {kind: box.data for kind, box in described.items()}
    # A place inside ``idat`` is then a place in the stream, as all others are.
    inner = offset + described[b"idat"].start if b"idat" in described else -1
    primary = _id_of(boxes[b"pitm"]) if b"pitm" in boxes else 0
    types = _types(boxes.get(b"iinf", b""))
    places = _places(boxes.get(b"iloc", b""), inner)
    properties = _properties(boxes.get(b"iprp", b""))
    width, height = _size(properties.get(primary, []))
    if types.get(primary) == b"hvc1":
        tiles, columns, rows = [primary], 1, 1
    elif types.get(primary) == b"grid":
        tiles = _references(boxes.get(b"iref", b""), b"dimg").get(primary, [])
        columns, rows, width, height = _grid(stream, places.get(primary, ()))
    else:
        raise ValueError("the primary item is no picture in HEVC")
    if not tiles or len(tiles) != columns * rows:
        raise ValueError("a grid of another number of tiles")
    if not width * height:
        raise ValueError("no size")
    for each in tiles:
        across, down = _size(properties.get(each, []))
        if types.get(each) != b"hvc1" or across * down * len(tiles) > 2 * MAX_PIXELS:
            raise ValueError("a tile that is not decoded")
    setups = {_first(properties.get(each, []), b"hvcC") for each in tiles}
    if len(setups) != 1 or b"" in setups:
        raise ValueError("tiles of different coding")
    parts = tuple(places.get(each, ()) for each in tiles)
    if sum(length for tile in parts for _, length in tile) > MAX_CODED:
        raise ValueError("pieces without end")
    about = _about(types, boxes.get(b"iref", b""), primary)
    return Coded(width, height, columns, rows, setups.pop(), parts, places.get(about, ()))


def _about(types: dict[int, bytes], references: bytes, primary: int) -> int:
    """Return the item with the Exif of a picture; -1 where there is none."""
    found = [number for number, kind in types.items() if kind == b"Exif"]
    try:
        described = _references(references, b"cdsc")
    except ValueError:
        described = {}
    mine = [number for number in found if primary in described.get(number, [primary])]
    return mine[0] if mine else -1


def _meta(stream: BinaryIO) -> tuple[int, bytes]:
    """Return where the boxes in the box ``meta`` begin, and them."""
    position = 0
    for _ in range(_TOP):
        stream.seek(position)
        head = stream.read(16)
        if len(head) < 8:  # noqa: PLR2004 - length and type
            break
        length, start = int.from_bytes(head[:4], "big"), 8
        if length == 1:
            length, start = int.from_bytes(head[8:16], "big"), 16
        if head[4:8] == b"meta":
            if not start + 4 <= length <= MAX_META:
                break
            start += position + 4  # behind its version
            stream.seek(start)
            return start, stream.read(position + length - start)
        if length < start:
            break
        position += length
    raise ValueError("no description of items")


def _boxes(data: bytes) -> Iterator[_Box]:
    position = 0
    for _ in range(MAX_BOXES):
        if position + 8 > len(data):
            return
        length, start = int.from_bytes(data[position : position + 4], "big"), 8
        if length == 1:
            length, start = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        length = length or len(data) - position
        if length < start or position + length > len(data):
            return
        kind = data[position + 4 : position + 8]
        yield _Box(kind, data[position + start : position + length], position + start)
        position += length


def _id_of(data: bytes) -> int:
    reader = _Reader(data)
    version = reader.number(4) >> 24
    return reader.number(4 if version else 2)


def _types(data: bytes) -> dict[int, bytes]:
    """Return the type of each item."""
    reader = _Reader(data)
    version = reader.number(4) >> 24
    reader.number(4 if version else 2)
    found = {}
    for box in _boxes(reader.rest()):
        entry = _Reader(box.data)
        version = entry.number(4) >> 24
        if box.type == b"infe" and version >= 2:  # noqa: PLR2004 - before it there were no types
            number = entry.number(2 if version == 2 else 4)  # noqa: PLR2004
            entry.number(2)
            found[number] = entry.take(4)
        if len(found) > MAX_ITEMS:
            raise ValueError("items without end")
    return found


def _places(data: bytes, inner: int) -> dict[int, tuple[tuple[int, int], ...]]:
    """Return where the parts of each item lie in the stream."""
    reader = _Reader(data)
    version = reader.number(4) >> 24
    sizes = reader.number(2)
    of_offset, of_length, of_base, of_index = (sizes >> shift & 15 for shift in (12, 8, 4, 0))
    found = {}
    total = 0
    count = reader.number(2 if version < 2 else 4)  # noqa: PLR2004 - the versions of the box
    for _ in range(min(count, MAX_ITEMS)):
        number = reader.number(2 if version < 2 else 4)  # noqa: PLR2004
        method = reader.number(2) & 15 if version else 0
        reader.number(2)  # which file: 0 is this one
        base = reader.number(of_base)
        parts = []
        extents = reader.number(2)
        total += extents
        if total > MAX_ITEMS:
            raise ValueError("parts without end")
        for _ in range(extents):
            if version and of_index:
                reader.number(of_index)
            offset, length = base + reader.number(of_offset), reader.number(of_length)
            if method == 0:
                parts.append((offset, length))
            elif method == 1 and inner >= 0:
                parts.append((inner + offset, length))
        found[number] = tuple(parts)
    return found


def _references(data: bytes, kind: bytes) -> dict[int, list[int]]:
    """Return which items an item of one kind of reference is made of."""
    reader = _Reader(data)
    width = 4 if reader.number(4) >> 24 else 2
    found = {}
    for box in _boxes(reader.rest()):
        if box.type == kind:
            entry = _Reader(box.data)
            number, count = entry.number(width), entry.number(2)
            found[number] = [entry.number(width) for _ in range(min(count, MAX_ITEMS))]
    return found


def _properties(data: bytes) -> dict[int, list[_Box]]:
    """Return the properties of each item."""
    container: list[_Box] = []
    found: dict[int, list[_Box]] = {}
    for box in _boxes(data):
        if box.type == b"ipco":
            container = list(_boxes(box.data))
        elif box.type == b"ipma":
            reader = _Reader(box.data)
            head = reader.number(4)
            version, is_wide = head >> 24, head & 1
            for _ in range(min(reader.number(4), MAX_ITEMS)):
                number = reader.number(4 if version else 2)
                for _ in range(reader.number(1)):
                    index = reader.number(2) & 0x7FFF if is_wide else reader.number(1) & 0x7F
                    if 0 < index <= len(container):
                        found.setdefault(number, []).append(container[index - 1])
    return found


def _first(properties: list[_Box], kind: bytes) -> bytes:
    return next((box.data for box in properties if box.type == kind), b"")


def _size(properties: list[_Box]) -> tuple[int, int]:
    data = _first(properties, b"ispe")
    return int.from_bytes(data[4:8], "big"), int.from_bytes(data[8:12], "big")


def _grid(stream: BinaryIO, parts: tuple[tuple[int, int], ...]) -> tuple[int, int, int, int]:
    """Return columns, rows, width and height of a grid."""
    reader = _Reader(read(stream, parts))
    flags = reader.number(2) & 1
    rows, columns = reader.number(1) + 1, reader.number(1) + 1
    width = reader.number(4 if flags else 2)
    return columns, rows, width, reader.number(4 if flags else 2)


def read(stream: BinaryIO, parts: tuple[tuple[int, int], ...]) -> bytes:
    """Return the bytes of an item.

    Raises:
        ValueError: the stream ends before.
    """
    data = b""
    for offset, length in parts:
        stream.seek(offset)
        data += stream.read(min(length, MAX_CODED))
        if len(data) > MAX_CODED:
            break
    if not data or len(data) < sum(length for _, length in parts):
        raise ValueError("an item ends early")
    return data
