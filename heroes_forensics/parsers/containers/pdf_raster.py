"""Pictures of PDF that are rows of pixels or fax: written as TIFF or PNG, so that they are decoded.

Both formats know the same ways to pack pixels as PDF. So the bytes of the document stay as they
are, and only a header is written around them, the same one every time: the digest is that of this
file, which no other program may ever have seen. It is a reconstruction, and is called so.

Deflated, LZW, PackBits, fax and plain rows become a TIFF (6.0, Technical Note 2); those predicted
by the filters of PNG a PNG. Grey, RGB, CMYK and palettes are written, 1 to 16 bits a sample. Other
colour spaces, and JBIG2, are the gap `policy.picture-type`.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import struct
import zlib
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.pdf_objects import Objects, Value

_PACKED: Final = {"": 1, "FlateDecode": 8, "LZWDecode": 5, "RunLengthDecode": 32773}
"""How TIFF calls the filters of PDF."""
_FAX: Final = "CCITTFaxDecode"
_MOST_PNG: Final = 64 << 20
_MOST_SIDE: Final = 1 << 20
_SHORT: Final = {
    "W": "Width",
    "H": "Height",
    "BPC": "BitsPerComponent",
    "CS": "ColorSpace",
    "D": "Decode",
    "DP": "DecodeParms",
    "IM": "ImageMask",
}
_SAMPLES: Final = {
    "DeviceGray": 1,
    "G": 1,
    "CalGray": 1,
    "DeviceRGB": 3,
    "RGB": 3,
    "CalRGB": 3,
    "DeviceCMYK": 4,
    "CMYK": 4,
}


class _Colour(NamedTuple):
    samples: int
    palette: bytes = b""
    is_tint: bool = False
    """Whether 0 is white: how much ink."""


class _Picture(NamedTuple):
    width: int
    height: int
    bits: int
    colour: _Colour
    is_inverted: bool
    parameters: dict[str, Value]


def written(said: Value, last: str, reader: Reader, objects: Objects) -> tuple[bytes, Reader]:
    """Return what goes before a picture, and its bytes.

    Args:
        said: the dictionary of the picture.
        last: its last filter; what is before it was undone.
        reader: what is left.
        objects: of the document.

    Raises:
        ValueError: it is of a kind that is not written.
        OSError: it cannot be read.
    """
    if not isinstance(said, dict):
        raise ValueError("no dictionary")  # noqa: TRY004 - a fault of the document
    picture = _picture(
        {_SHORT.get(str(key), str(key)): value for key, value in said.items()}, objects
    )
    predictor = picture.parameters.get("Predictor", 1)
    if last == "FlateDecode" and isinstance(predictor, int) and predictor >= 10:
        return _png(picture, reader)
    if reader.size < 0:
        raise ValueError("a picture that is packed twice")
    return _tiff(picture, last, reader.size), reader


def rows(said: dict[str, Value], objects: Objects) -> int:
    """Return how many bytes the rows of a picture are when they are not packed.

    Raises:
        ValueError: it is of a kind that is not written.
        OSError: it cannot be read.
    """
    picture = _picture(said, objects)
    return (picture.width * picture.bits * picture.colour.samples + 7) // 8 * picture.height


def _picture(said: dict[str, Value], objects: Objects) -> _Picture:
    width, height = (_number(objects.resolved(said.get(each))) for each in ("Width", "Height"))
    is_mask = objects.resolved(said.get("ImageMask")) is True
    bits = 1 if is_mask else _number(objects.resolved(said.get("BitsPerComponent", 1)))
    parameters = objects.resolved(said.get("DecodeParms"))
    if isinstance(parameters, list):
        parameters = objects.resolved(parameters[-1]) if parameters else None
    parameters = parameters if isinstance(parameters, dict) else {}
    parameters = {key: objects.resolved(value) for key, value in parameters.items()}
    colour = _Colour(1) if is_mask else _colour(said.get("ColorSpace", "DeviceGray"), objects)
    decode = objects.resolved(said.get("Decode"))
    is_inverted = isinstance(decode, list) and decode[:2] == [1, 0]
    if not 0 < width <= _MOST_SIDE or not 0 < height <= _MOST_SIDE or bits not in {1, 2, 4, 8, 16}:
        raise ValueError("a picture of no size")
    if is_inverted and (colour.samples > 1 or colour.palette):
        raise ValueError("colours that are inverted")
    return _Picture(width, height, bits, colour, is_inverted ^ colour.is_tint, parameters)


def _number(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("no whole number")  # noqa: TRY004 - a fault of the document
    return value


def _colour(value: Value, objects: Objects) -> _Colour:
    value = objects.resolved(value)
    parts = value if isinstance(value, list) and value else [value]
    name = str(objects.resolved(parts[0]))
    if name in _SAMPLES:
        return _Colour(_SAMPLES[name])
    if name == "ICCBased" and len(parts) > 1:
        profile = objects.resolved(parts[1])
        samples = objects.resolved(profile.get("N")) if isinstance(profile, dict) else None
        if samples in {1, 3, 4}:
            return _Colour(_number(samples))
    if name in {"Indexed", "I"} and len(parts) == 4:
        base = _colour(parts[1], objects)
        return _Colour(1, palette=_palette(base, objects.content(parts[3])))
    if name == "Separation":
        return _Colour(1, is_tint=True)
    raise ValueError("a colour space that is not written")


def _palette(base: _Colour, table: bytes) -> bytes:
    """Return the RGB values of a palette."""
    if base.palette or base.is_tint:
        raise ValueError("a palette of palettes")
    rows = [table[at : at + base.samples] for at in range(0, len(table), base.samples)]
    rows = [row for row in rows if len(row) == base.samples][:256]
    if base.samples == 4:
        rows = [bytes((255 - ink) * (255 - row[3]) // 255 for ink in row[:3]) for row in rows]
    return b"".join(row * 3 if base.samples == 1 else row for row in rows)


def _tiff(picture: _Picture, last: str, size: int) -> bytes:
    """Return all of a TIFF but its one strip."""
    colour, parameters = picture.colour, picture.parameters
    photometric = {1: 1, 3: 2, 4: 5}[colour.samples]
    packed, width, bits = _PACKED.get(last, 0), picture.width, picture.bits
    more: list[tuple[int, int, list[int]]] = []
    if last == _FAX:
        packed, more = _fax(parameters)
        photometric, bits = int(parameters.get("BlackIs1") is True), 1
        width = _number(parameters.get("Columns", 1728))
    elif not packed or parameters.get("EarlyChange", 1) != 1:
        raise ValueError("a filter that TIFF has not")
    elif parameters.get("Predictor", 1) == 2:
        more = [(317, 3, [2])]
    elif parameters.get("Predictor", 1) != 1:
        raise ValueError("a predictor that TIFF has not")
    if colour.palette:
        photometric, more = 3, [*more, (320, 3, _colour_map(colour.palette, bits))]
    elif picture.is_inverted and colour.samples == 1:
        photometric ^= 1
    fields = [
        *((256, 4, [width]), (257, 4, [picture.height]), (258, 3, [bits] * colour.samples)),
        *((259, 3, [packed]), (262, 3, [photometric]), (273, 4, [0])),
        *((277, 3, [colour.samples]), (278, 4, [picture.height]), (279, 4, [size]), (284, 3, [1])),
        *more,
    ]
    return _directory(sorted(fields))


def _fax(parameters: dict[str, Value]) -> tuple[int, list[tuple[int, int, list[int]]]]:
    """Return compression and options of a fax: group 4, or group 3 in one or two dimensions."""
    k = parameters.get("K", 0)
    if not isinstance(k, int | float) or parameters.get("EncodedByteAlign") is True:
        raise ValueError("a fax that TIFF has not")
    return (4, []) if k < 0 else (3, [(292, 4, [int(k > 0)])])


def _colour_map(palette: bytes, bits: int) -> list[int]:
    if bits > 8:
        raise ValueError("a palette of more than 256 colours")
    palette = palette.ljust(3 << bits, b"\0")
    return [palette[at + part] * 257 for part in range(3) for at in range(0, 3 << bits, 3)]


def _directory(fields: list[tuple[int, int, list[int]]]) -> bytes:
    """Write a little-endian TIFF up to its strip."""
    behind = 8 + 2 + 12 * len(fields) + 4
    rows, area = [], b""
    strip = behind + sum(len(data) for data in map(_packed, fields) if len(data) > 4)
    for field in fields:
        tag, kind, values = field
        data = _packed((tag, kind, [strip])) if tag == 273 else _packed(field)
        where = data.ljust(4, b"\0")
        if len(data) > 4:
            where = struct.pack("<I", behind + len(area))
            area += data
        rows.append(struct.pack("<HHI", tag, kind, len(values)) + where)
    head = b"II*\0" + struct.pack("<IH", 8, len(fields))
    return head + b"".join(rows) + bytes(4) + area


def _packed(field: tuple[int, int, list[int]]) -> bytes:
    _, kind, values = field
    return struct.pack(f"<{len(values)}{'H' if kind == 3 else 'I'}", *values)


def _png(picture: _Picture, reader: Reader) -> tuple[bytes, Reader]:
    """Write a PNG: its filters are those by which the rows were predicted."""
    colour, parameters, bits = picture.colour, picture.parameters, picture.bits
    kind = 3 if colour.palette else {1: 0, 3: 2}.get(colour.samples)
    if (
        kind is None
        or (kind == 3 and bits > 8)
        or (kind == 2 and bits < 8)
        or parameters.get("Colors", 1) != colour.samples
        or parameters.get("Columns", 1) != picture.width
        or parameters.get("BitsPerComponent", 8) != bits
        or picture.is_inverted
        or reader.size > _MOST_PNG
    ):
        raise ValueError("rows that PNG has not")
    head = struct.pack(">IIBBBBB", picture.width, picture.height, bits, kind, 0, 0, 0)
    palette = _chunk(b"PLTE", colour.palette[: 3 << bits]) if colour.palette else b""
    data = _chunk(b"IDAT", reader.pread(0, reader.size))
    whole = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + palette + data + _chunk(b"IEND", b"")
    return whole, _EMPTY


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


class Joined:
    """A header in memory and the bytes behind it, as one."""

    def __init__(self, head: bytes, tail: Reader) -> None:
        self._head, self._tail = head, tail
        self.size = len(head) + max(0, tail.size)

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``."""
        data = self._head[offset : offset + length] if length > 0 else b""
        if len(data) < length and self._tail.size:
            at = max(0, offset - len(self._head))
            data += self._tail.pread(at, length - len(data))
        return data

    def close(self) -> None:
        """Let go of it."""
        self._tail.close()


class _Empty:
    """No bytes."""

    size = 0

    def pread(self, offset: int, length: int) -> bytes:
        del offset, length
        return b""

    def close(self) -> None:
        """Nothing is held."""


_EMPTY: Final = _Empty()
