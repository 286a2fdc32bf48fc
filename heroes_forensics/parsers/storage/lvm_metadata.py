"""What LVM2 writes on a physical volume: its label, and the text that describes the group.

The text is taken apart here and nothing in it is acted on but numbers and identifiers. Format:
``lib/format_text`` of LVM2 and the format documentation of libvslvm.
"""

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, cast

from heroes_forensics.parsers.base import Reader

SECTOR: Final = 512
_LABELS: Final = 4
_AREAS: Final = 8
"""Metadata areas of one physical volume that are looked at; LVM2 makes at most two."""
_MAGIC: Final = b" LVM2 x[5A%r0N*>"
_HEADER: Final = 512
_MAX_TEXT: Final = 8 << 20
_MAX_DEPTH: Final = 8
_MAX_SIZE: Final = 1 << 62
_CRC_START: Final = 0xF597A6CF
_IGNORED: Final = 1
_IDENTIFIER: Final = 32

_TOKEN: Final = re.compile(
    r'\s+|#[^\n]*|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[A-Za-z0-9_.+-]+)|(?P<mark>[={}\[\],])',
    re.ASCII | re.DOTALL,
)
_NUMBER: Final = re.compile(r"(-?[0-9]{1,19})(?:\.[0-9]{1,19})?", re.ASCII)

Value = int | str | list["int | str"]
Section = dict[str, "Value | Section"]


class MetadataError(ValueError):
    """The label or the text is not what LVM2 writes."""


@dataclass(frozen=True, slots=True)
class Label:
    """What one physical volume says of itself and of its group."""

    identifier: str
    """32 characters, without hyphens."""
    text: Section | None
    """The newest description of the group on it; None where there is no sound one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of one logical volume. Sizes are in bytes."""

    start: int
    size: int
    kind: str
    """``striped`` when it is read; the word of LVM2 for what is not."""
    stripe: int
    """0 where it lies on one physical volume."""
    parts: tuple[tuple[str, int], ...]
    """Identifier of the physical volume, offset in it."""


@dataclass(frozen=True, slots=True)
class Logical:
    """One logical volume."""

    size: int
    segments: tuple[Segment, ...]
    visible: bool
    """False for what only serves others: the mirrors of one, the data of a pool."""


@dataclass(frozen=True, slots=True)
class Group:
    """A volume group."""

    identifier: str
    sequence: int
    """Grows with each change: the highest is the newest."""
    physical: tuple[str, ...]
    """Identifiers, in the order of the text."""
    logical: tuple[Logical, ...]


def label(reader: Reader) -> Label | None:
    """Read the label of a physical volume; None where there is none.

    Raises:
        OSError: it cannot be read.
    """
    head = reader.pread(0, _LABELS * SECTOR)
    for at in range(0, len(head) - 32, SECTOR):
        if head.startswith(b"LABELONE", at) and head.startswith(b"LVM2 001", at + 24):
            break
    else:
        return None
    start = at + struct.unpack_from("<I", head, at + 20)[0]
    header = reader.pread(start, SECTOR)
    name = header[:_IDENTIFIER]
    if len(name) < _IDENTIFIER or not name.isalnum():
        return None
    return Label(name.decode("ascii"), _newest(reader, header))


def _newest(reader: Reader, header: bytes) -> Section | None:
    at, best = _IDENTIFIER + 8, None
    for _ in range(_AREAS):  # over the data areas
        if not any(header[at : at + 16]):
            break
        at += 16
    at += 16
    for _ in range(_AREAS):
        if len(header) < at + 16 or not any(header[at : at + 16]):
            break
        offset, size = struct.unpack_from("<QQ", header, at)
        at += 16
        with suppress(OSError, MetadataError, struct.error):
            found = _parsed(_text(reader, offset, size))
            if best is None or _sequence(found) > _sequence(best):
                best = found
    return best


def _sequence(section: Section) -> int:
    return max((_int(one, "seqno") for one in section.values() if isinstance(one, dict)), default=0)


def _text(reader: Reader, offset: int, size: int) -> str:
    if max(offset, size) > _MAX_SIZE or size <= _HEADER:
        raise MetadataError("an area of an impossible size")
    header = reader.pread(offset, _HEADER)
    if header[4:20] != _MAGIC or _crc(header[4:]) != struct.unpack_from("<I", header)[0]:
        raise MetadataError("not a metadata area")
    start, length, checksum, flags = struct.unpack_from("<QQII", header, 40)
    if flags & _IGNORED or not length or length > _MAX_TEXT or not _HEADER <= start < size:
        raise MetadataError("no text in this area")
    data = reader.pread(offset + start, min(length, size - start))
    if len(data) < length:  # the area is a ring
        data += reader.pread(offset + _HEADER, length - len(data))
    if _crc(data) != checksum:
        raise MetadataError("the text does not fit its checksum")
    return data.rstrip(b"\0").decode("latin-1")


def _crc(data: bytes) -> int:
    return zlib.crc32(data, _CRC_START ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise MetadataError("a character that LVM2 does not write")
        at = found.end()
        if found.lastgroup:
            yield found.lastgroup, found[found.lastgroup]


def _parsed(text: str) -> Section:
    """Take a description apart."""
    stack: list[Section] = [{}]
    name = ""
    tokens = _tokens(text)
    for kind, word in tokens:
        if kind == "word":
            if word in stack[-1]:
                raise MetadataError("a name comes twice")
            name = word
        elif word == "{" and name and len(stack) <= _MAX_DEPTH:
            inner: Section = {}
            stack[-1][name] = inner
            stack.append(inner)
            name = ""
        elif word == "=" and name:
            stack[-1][name] = _value(tokens)
            name = ""
        elif word == "}" and len(stack) > 1:
            stack.pop()
        else:
            raise MetadataError("not a description of a volume group")
    if len(stack) != 1:
        raise MetadataError("the description breaks off")
    return stack[0]


def _value(tokens: Iterator[tuple[str, str]]) -> Value:
    kind, word = next(tokens, ("", ""))
    if word != "[" or kind == "text":
        return _scalar(kind, word)
    found: list[int | str] = []
    for kind, word in tokens:
        if kind == "mark" and word == "]":
            return found
        if (kind, word) != ("mark", ","):
            found.append(_scalar(kind, word))
    raise MetadataError("a list breaks off")


def _scalar(kind: str, word: str) -> int | str:
    if kind == "text":
        return word
    found = _NUMBER.fullmatch(word) if kind == "word" else None
    if found is None:
        raise MetadataError("a value of no kind")
    return int(found[1])


def described(text: Section) -> Group:
    """Return the volume group that a description holds.

    Raises:
        MetadataError: it holds none, or sizes that cannot be.
    """
    sections = [one for one in text.values() if isinstance(one, dict)]
    if len(sections) != 1:
        raise MetadataError("there is not one volume group")
    found = sections[0]
    extent = _int(found, "extent_size") * SECTOR
    volumes = _sections(found, "physical_volumes")
    names = {name: _identifier(one) for name, one in volumes.items()}
    starts = {name: _int(one, "pe_start") * SECTOR for name, one in volumes.items()}
    places = {name: (names[name], starts[name]) for name in volumes}
    logical = _sections(found, "logical_volumes").values()
    return Group(
        _identifier(found),
        _int(found, "seqno"),
        tuple(names.values()),
        tuple(_logical(one, extent, places) for one in logical),
    )


def _logical(section: Section, extent: int, places: Mapping[str, tuple[str, int]]) -> Logical:
    rows = [
        _segment(one, extent, places)
        for name, one in section.items()
        if isinstance(one, dict) and name.startswith("segment")
    ]
    rows.sort(key=lambda one: one.start)
    size = max((one.start + one.size for one in rows), default=0)
    status = section.get("status")
    return Logical(size, tuple(rows), isinstance(status, list) and "VISIBLE" in status)


def _segment(section: Section, extent: int, places: Mapping[str, tuple[str, int]]) -> Segment:
    start, size = (_int(section, name) * extent for name in ("start_extent", "extent_count"))
    kind, stripes = section.get("type"), section.get("stripes")
    if kind != "striped" or not isinstance(stripes, list) or len(stripes) % 2 or not stripes:
        return Segment(start, size, kind if isinstance(kind, str) else "", 0, ())
    parts = []
    for name, at in zip(stripes[::2], stripes[1::2], strict=True):
        if not isinstance(at, int) or name not in places:
            return Segment(start, size, "stripes of volumes", 0, ())
        identifier, first = places[cast("str", name)]
        parts.append((identifier, first + at * extent))
    stripe = _int(section, "stripe_size") * SECTOR if len(parts) > 1 else 0
    if len(parts) > 1 and not stripe:
        raise MetadataError("stripes of no size")
    return Segment(start, size, "striped", stripe, tuple(parts))


def _sections(section: Section, name: str) -> dict[str, Section]:
    found = section.get(name)
    rows = found.items() if isinstance(found, dict) else ()
    return {key: one for key, one in rows if isinstance(one, dict)}


def _int(section: Section, name: str) -> int:
    value = section.get(name, 0)
    if not isinstance(value, int) or not 0 <= value < _MAX_SIZE // SECTOR:
        raise MetadataError("a number that cannot be")
    return value


def _identifier(section: Section) -> str:
    value = section.get("id")
    found = value.replace("-", "") if isinstance(value, str) else ""
    if len(found) != _IDENTIFIER or not found.isalnum() or not found.isascii():
        raise MetadataError("an identifier that cannot be")
    return found
