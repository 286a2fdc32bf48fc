"""What the streams of compound files hold besides: pictures of Office, packed files, objects.

By name of the stream: those of Word, PowerPoint and Publisher are searched for pictures
(`officeart`), those of Excel by their records (`biff`), presentations also for objects, and
``Ole10Native`` holds a file (`ole_native`). A stream is taken whole.
"""

import struct
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers import biff, lzfu, ole_native
from heroes_forensics.parsers.containers.bitmap import file_header
from heroes_forensics.parsers.containers.compressed import ZLIB, Streams
from heroes_forensics.parsers.containers.officeart import BITMAP, DEFLATED, PLAIN, Held, pictures
from heroes_forensics.parsers.reading.decompression import ExpandedReader
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import ConcatReader, RangeReader

LZFU: Final = 3
"""The text of a message, packed; a form beside those of `officeart`."""
NO_GROUP: Final = 0xFFFF_FFFF
"""What lies in the stream itself, not in records that are put together."""
_HEAD: Final = 40
_IMAGE: Final = struct.Struct("<HHI")
"""Form, environment and bytes of a picture by itself in a workbook."""
_AS_METAFILE, _AS_BITMAP = 2, 9
_METAFILE: Final = 8
"""Bytes that say how large a metafile is shown, in front of it."""


class Place(NamedTuple):
    """Where something lies in a stream."""

    at: int
    """Offset of its first byte in the stream."""
    group: int
    """Offset of the first of the records that hold it, else `NO_GROUP`."""
    held: Held
    """Its offset there, what is in front of it left out."""


def is_searched(name: str) -> bool:
    """Tell whether a stream of a name may hold something."""
    return _plain(name) in _SEARCHED


def search(name: str, data: bytes) -> Iterator[Place]:
    """Yield what a stream holds, in order.

    Args:
        name: of the stream.
        data: all of it.
    """
    yield from _SEARCHED[_plain(name)](data)


def opened(data: bytes, group: int, held: Held) -> Reader:
    """Open something that `search` found.

    Args:
        data: the stream.
        group: of the place.
        held: of the place; its name does not matter.

    Raises:
        OSError: it is not there.
    """
    if group != NO_GROUP:
        found = next(biff.groups(data, group), None)
        data = found.joined(data) if found is not None else b""
    kept = RangeReader(BytesReader(data), held.start, held.size)
    if held.form == DEFLATED:
        return ExpandedReader(kept, _expander, held.expanded, -1)
    if held.form == LZFU:
        return BytesReader(lzfu.expanded(kept.pread(0, held.size)))
    if held.form == BITMAP:
        try:
            return ConcatReader((BytesReader(file_header(kept.pread(0, _HEAD), held.size)), kept))
        except ValueError as error:
            raise OSError("no header of a bitmap") from error
    return kept


def _expander(reader: Reader) -> Streams:
    return Streams(reader, ZLIB, lambda: None)


def _plain(name: str) -> str:
    """Return a name without what says that the stream is one of OLE, and without its number."""
    plain = name.lstrip("\1\2\3\5").casefold()
    return "olepres" if plain.startswith("olepres") else plain


def _alone(*found: Callable[[bytes], Iterator[Held]]) -> Callable[[bytes], Iterator[Place]]:
    """Return what yields the places of what lies in a stream as it is, in order."""

    def places(data: bytes) -> Iterator[Place]:
        held = (each(data) for each in found)
        yield from (Place(each.start, NO_GROUP, each) for each in sorted(chain(*held)))

    return places


def _workbook(data: bytes) -> Iterator[Place]:
    for group in biff.groups(data):
        content = group.joined(data)
        for held in _image(content) if group.is_image else pictures(content):
            yield Place(group.offset(held.start), group.start, held)


def _text(data: bytes) -> Iterator[Held]:
    """Yield the text of a message; streams of names have its name, too."""
    if len(data) > lzfu.HEADER.size:
        _, size, how, _ = lzfu.HEADER.unpack_from(data)
        if how in {lzfu.PACKED, lzfu.NOT_PACKED}:
            yield Held(0, len(data), LZFU, b".rtf", size)


def _image(content: bytes) -> Iterator[Held]:
    """Yield the picture of a record that holds nothing else."""
    if len(content) <= _IMAGE.size:
        return
    form, _, size = _IMAGE.unpack_from(content)
    if form == _AS_BITMAP:
        yield Held(_IMAGE.size, size, BITMAP, b".bmp")
    elif form == _AS_METAFILE and size > _METAFILE:
        yield Held(_IMAGE.size + _METAFILE, size - _METAFILE, PLAIN, b".wmf")


_SEARCHED: Final[dict[str, Callable[[bytes], Iterator[Place]]]] = {
    **dict.fromkeys(("worddocument", "data", "0table", "1table"), _alone(pictures)),
    **dict.fromkeys(("pictures", "escherstm", "escherdelaystm"), _alone(pictures)),
    **dict.fromkeys(("workbook", "book"), _workbook),
    "powerpoint document": _alone(pictures, ole_native.storages),
    "ole10native": _alone(ole_native.native),
    "__substg1.0_10090102": _alone(_text),
    "meta": _alone(ole_native.metafile),
    "summaryinformation": _alone(ole_native.thumbnails),
    "olepres": _alone(ole_native.shown),
    **dict.fromkeys(("o", "f", "contents", "ctls", "ocxdata"), _alone(ole_native.forms)),
}
