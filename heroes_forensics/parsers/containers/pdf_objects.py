"""Values of PDF as far as a picture needs them: dictionaries, arrays, and what they refer to.

Streams and objects are found by looking through the file, as `pdf` does; objects in object streams
by expanding those. Nothing here trusts a table of the document, and all of it is bounded.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader

_STEP: Final = 1 << 20
_OVERLAP: Final = 32
_MOST_OBJECTS: Final = 1_000_000
_MOST_STREAMS: Final = 4096
"""Object streams that are expanded."""
_MOST_EXPANDED: Final = 64 << 20
"""Bytes of all of them."""
_TEXT: Final = 1 << 17
"""Bytes of one object that are looked at: a palette has 768 values."""
_DEPTH: Final = 16
_OBJECT: Final = re.compile(rb"(?<!\d)(\d{1,10})\s+\d{1,5}\s+obj\b")
_TOKEN: Final = re.compile(
    rb"\s*+(?:%[^\r\n]*+\s*+)*+(?:(?P<ref>\d{1,10}\s+\d{1,5}\s+R)\b|(?P<number>[-+]?\d*\.?\d+|\d+\.)"
    rb"|/(?P<name>[^\s/\[\]<>(){}%]*)|(?P<mark><<|>>|\[|\])|<(?P<hex>[0-9A-Fa-f\s]*)>|(?P<text>\()"
    rb"|(?P<word>[A-Za-z]+))"
)
"""Comments are possessive: with a way back, a row of percent signs takes twice as long per sign."""
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


class Reference(NamedTuple):
    """A value that stands elsewhere."""

    number: int


class Name(str):
    """A name, without its slash."""

    __slots__ = ()


Value = object
"""None, numbers, bytes, `Name`, `Reference`, lists and dictionaries of them."""


def parsed(data: bytes) -> Value:
    """Return the value with which text begins.

    Raises:
        ValueError: it is none, or one deeper than any picture has.
    """
    return _value(data, 0, _DEPTH)[0]


def pairs(data: bytes, end: bytes, most: int) -> tuple[dict[str, Value], int]:
    """Return the keys and values with which text begins, up to a word, and the offset behind it.

    Args:
        data: keys and values, as between the brackets of a dictionary.
        end: the word.
        most: keys and values that are taken.

    Raises:
        ValueError: the word does not follow so many of them.
    """
    values: list[Value] = []
    at = 0
    while len(values) <= most:
        found = _TOKEN.match(data, at)
        if found is not None and found["word"] == end:
            return _dictionary(values), found.end()
        value, at = _value(data, at, _DEPTH)
        values.append(value)
    raise ValueError("too many values")


def _dictionary(values: list[Value]) -> dict[str, Value]:
    return {str(key): value for key, value in zip(values[::2], values[1::2], strict=False)}


def _value(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    found = _TOKEN.match(data, at)
    if found is None or not depth:
        raise ValueError("no value")
    kind, text, at = found.lastgroup, found[found.lastgroup or 0], found.end()
    if kind == "mark" and text in {b"<<", b"["}:
        return _many(data, at, depth, end=b">>" if text == b"<<" else b"]")
    if kind == "text":
        return _string(data, at)
    make = _SIMPLE.get(kind or "")
    if make is None:
        raise ValueError("no value")
    return make(text), at


def _hexadecimal(text: bytes) -> bytes:
    digits = b"".join(text.split())
    return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())


_SIMPLE: Final[dict[str, Callable[[bytes], Value]]] = {
    "hex": _hexadecimal,
    "ref": lambda text: Reference(int(text.split()[0])),
    "name": lambda text: Name(text.decode("latin-1")),
    "number": lambda text: float(text) if b"." in text else int(text),
    "word": {b"true": True, b"false": False}.get,
}


def _many(data: bytes, at: int, depth: int, end: bytes) -> tuple[Value, int]:
    values: list[Value] = []
    while True:
        found = _TOKEN.match(data, at)
        if found is not None and found["mark"] == end:
            break
        value, at = _value(data, at, depth - 1)
        values.append(value)
    if end == b"]":
        return values, found.end()
    return _dictionary(values), found.end()


def _string(data: bytes, at: int) -> tuple[bytes, int]:
    """Return a literal string; ``at`` is behind its bracket."""
    out, depth = bytearray(), 1
    while at < len(data):
        byte = data[at : at + 1]
        at += 1
        if byte == b"\\":
            octal = re.match(rb"[0-7]{1,3}", data[at : at + 3])
            if octal:
                out.append(int(octal[0], 8) & 255)
                at += octal.end()
            else:
                following = data[at : at + 1]
                out += b"" if following in {b"\r", b"\n"} else _ESCAPES.get(following, following)
                at += 2 if data[at : at + 2] == b"\r\n" else 1
            continue
        depth += (byte == b"(") - (byte == b")")
        if not depth:
            return bytes(out), at
        out += byte
    raise ValueError("a string without end")


class Objects:
    """The objects of one document, by their numbers."""

    def __init__(self, reader: Reader, *, is_encrypted: bool = False) -> None:
        """Take the document; where it is encrypted its strings and streams are not read."""
        self._reader = reader
        self._is_encrypted = is_encrypted

    @cached_property
    def _places(self) -> dict[int, int]:
        """Where the text of each object begins; of two of one number, the later."""
        found: dict[int, int] = {}
        for start in range(0, self._reader.size, _STEP):
            data = self._reader.pread(start, _STEP + _OVERLAP)
            for each in _OBJECT.finditer(data):
                found[int(each[1])] = start + each.end()
            if len(found) > _MOST_OBJECTS:
                break
        return found

    @cached_property
    def _packed(self) -> dict[int, bytes]:
        """Text of the objects in object streams."""
        found: dict[int, bytes] = {}
        left, streams = (0 if self._is_encrypted else _MOST_EXPANDED), 0
        for at in self._places.values():
            head = self._reader.pread(at, 512)
            if b"/ObjStm" not in head.partition(b"stream")[0] or streams >= _MOST_STREAMS:
                continue
            streams += 1
            try:
                said = parsed(head)
                data = self._stream(at, left, found)
                left -= len(data)
                found |= _unpacked(said, data)
            except (ValueError, zlib.error):
                continue
        return found

    def _stream(self, at: int, most: int, packed: Mapping[int, bytes] | None = None) -> bytes:
        """Return the expanded bytes of a stream that is deflated, or as it is."""
        text = self._reader.pread(at, _TEXT)
        spot = text.find(b"stream")
        if spot < 0 or most <= 0:
            raise ValueError("no stream")
        said = parsed(text)
        start = at + spot + 6 + (2 if text[spot + 6 : spot + 8] == b"\r\n" else 1)
        said = said if isinstance(said, dict) else {}
        size = self.resolved(said.get("Length"), packed)
        if not isinstance(size, int) or not 0 <= size <= _MOST_EXPANDED:
            raise ValueError("a stream of no length")
        data = self._reader.pread(start, size)
        if said.get("Filter") in (None, []):
            return data
        if said.get("Filter") not in ("FlateDecode", ["FlateDecode"]) or said.get("DecodeParms"):
            raise ValueError("a stream that is packed otherwise")
        return zlib.decompressobj().decompress(data, most)

    def resolved(self, value: Value, packed: Mapping[int, bytes] | None = None) -> Value:
        """Return a value, or what it refers to; None where that is nowhere.

        Args:
            value: as the document states it.
            packed: text of the objects in object streams; all there are when not given. The length
                of an object stream itself must not lie in one (ISO 32000-1, 7.5.7).

        Raises:
            OSError: it cannot be read.
        """
        for _ in range(_DEPTH):
            if not isinstance(value, Reference):
                return value
            value = self._object(value.number, packed)
        return None

    def _object(self, number: int, packed: Mapping[int, bytes] | None) -> Value:
        at = self._places.get(number)
        if at is not None:
            text: bytes | None = self._reader.pread(at, _TEXT)
        else:
            text = (self._packed if packed is None else packed).get(number)
        try:
            return parsed(text) if text is not None else None
        except ValueError:
            return None

    def content(self, value: Value) -> bytes:
        """Return a string, or the content of the stream that is referred to.

        Raises:
            ValueError: there is none.
        """
        if isinstance(value, Reference) and value.number in self._places and not self._is_encrypted:
            found = self.resolved(value)
            if isinstance(found, dict):
                try:
                    return self._stream(self._places[value.number], _TEXT)
                except zlib.error as error:
                    raise ValueError("a stream that is damaged") from error
        value = self.resolved(value)
        if self._is_encrypted or not isinstance(value, bytes):
            raise ValueError("no string")
        return value


def _unpacked(said: Value, data: bytes) -> dict[int, bytes]:
    """Return the objects of an object stream."""
    first = said.get("First") if isinstance(said, dict) else None
    if not isinstance(first, int):
        return {}
    numbers = [int(each) for each in data[:first].split() if each.isdigit()]
    places = sorted(zip(numbers[1::2], numbers[::2], strict=False))
    ends = [offset for offset, _ in places[1:]] + [len(data)]
    return {
        number: data[first + offset : first + end][:_TEXT]
        for (offset, number), end in zip(places, ends, strict=True)
    }
