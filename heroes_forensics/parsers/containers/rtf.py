r"""Rich Text Format as a container: its pictures, and the objects that are embedded in it.

A picture is a group with the word ``\pict``, an object one with ``\objdata`` (RTF 1.9.1): words
that say of what kind it is, and its bytes as hexadecimal digits, or as they are behind ``\bin``.
The bytes of the file are searched for these words, whatever groups they stand in, and for those of
the theme of a document, an archive, and its data store. An object, which the data store is, too, is
one of OLE 1 (MS-OLEDS 2.2), whose native data is a compound file, what the packager put there, or
the file of another program; of what is none of these all bytes are one entry.

Locators are ``m@`` and the offset of the word; of an object, with ``+`` the offset in its bytes.
What stands behind the bracket that closes the document is ``r@``. A document that is never closed
is damage, a gap, and so is what stands among the bytes of a picture or an object and says nothing.
"""

import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.bitmap import FILE_HEADER
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.officeart import BITMAP, PLAIN, Held
from heroes_forensics.parsers.containers.ole_held import NO_GROUP, opened
from heroes_forensics.parsers.containers.ole_native import native
from heroes_forensics.parsers.containers.pieces import PIECE, behind, fields_of, opening
from heroes_forensics.parsers.reading.readers import RangeReader

_MAGIC: Final = b"{\\rtf"
_MOST: Final = 256 << 20
"""Bytes of a file that are searched: they are in memory then."""
_WORDS: Final = re.compile(rb"\\(?:\\(?:\\\\)*|(?:pict|objdata|themedata|datastore)(?![a-zA-Z]))")
"""And backslashes that are text, which would hide a word right behind them."""
_ESCAPED: Final = b"\\\\"
_OBJECTS: Final = (rb"\objdata", rb"\datastore")
_STARTS: Final = frozenset({b"pict", b"objdata", b"themedata", b"datastore"})
_TOKEN: Final = re.compile(
    rb"([0-9A-Fa-f]+)|\\([a-zA-Z]{1,32})(-?[0-9]{1,10})?[ ]?|\\'[0-9A-Fa-f]{2}|\\[^a-zA-Z]|[{}]"
)
_BIN: Final = b"bin"
_BLANK: Final = b" \t\r\n\0"
_GROUPS: Final = re.compile(rb"[{}]|\\bin([0-9]{1,10}) ?|\\[^a-zA-Z]")
"""What opens and closes groups, and what has brackets in it that do not."""
_KINDS: Final = {
    b"pngblip": (PLAIN, b".png"),
    b"jpegblip": (PLAIN, b".jpg"),
    b"emfblip": (PLAIN, b".emf"),
    b"wmetafile": (PLAIN, b".wmf"),
    b"pmmetafile": (PLAIN, b".wmf"),
    b"macpict": (PLAIN, b".pict"),
    b"dibitmap": (BITMAP, b".bmp"),
    b"wbitmap": (PLAIN, b".ddb"),
}
_HANDLE: Final = struct.Struct("<QQQB")
"""Offset of the word; in its bytes offset, bytes, and how they are kept."""
_U32: Final = struct.Struct("<I")
_EMBEDDED: Final = 2
"""Of OLE 1: an object that is here, not a link."""


class _Content(NamedTuple):
    data: bytes
    kind: tuple[int, bytes]
    end: int
    damaged: int
    """Offset of what says nothing; -1 where everything does."""


def open_rtf(reader: Reader) -> "RtfFileSystem":
    """Open a document; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the document"):
        if reader.pread(0, len(_MAGIC)) != _MAGIC:
            raise EvidenceError("this is no document in Rich Text Format")
        data = reader.pread(0, min(reader.size, _MOST))
    return RtfFileSystem(reader, data, BYTES if reader.size > _MOST else "")


class RtfFileSystem:
    """Lists and opens the pictures and objects of one document."""

    kind: Final = "rtf"

    def __init__(self, reader: Reader, data: bytes, left: str) -> None:
        self._reader = reader
        self._data = data
        self.left: Final = left
        """Code of what was not searched; empty when everything was."""

    @property
    def times(self) -> TimeBasis:
        """None are stated."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield pictures and objects in their order, and what stands behind the document."""
        yield from counted(self._found(), sweep="not applicable: the bytes are searched")

    def _found(self) -> Iterator[Entry | Gap]:
        at = 0
        damaged = -1
        while (hit := _WORDS.search(self._data, at)) is not None:
            at = hit.end()
            if hit[0].startswith(_ESCAPED):
                continue
            content = _content(self._data, hit.end())
            at = content.end
            is_object = hit[0] in _OBJECTS
            held = list(_native(content.data)) if is_object else []
            if not held and content.data:
                form, name = (PLAIN, b".bin") if is_object else content.kind
                held = [Held(0, len(content.data), form, name)]
            for each in held:
                yield _entry(hit.start(), each)
            damaged = damaged if damaged >= 0 else content.damaged
        end = _closed(self._data)
        if self.left and end < 0:
            return  # it goes on behind what was searched
        damaged = damaged if damaged >= 0 or end >= 0 else len(self._data)
        if damaged >= 0:
            yield Gap(f"r@{damaged:#x}", "source.damaged", {"group": "damaged"})
        if end >= 0:
            yield from behind(self._reader, end, _BLANK)

    def open(self, handle: bytes) -> Reader:
        """Open a picture, an object, or what stands behind the document.

        Raises:
            OSError: it is not there, or this is not a handle of this parser.
        """
        if len(handle) == PIECE.size:
            return RangeReader(self._reader, *fields_of(PIECE, handle))
        word, start, size, form = fields_of(_HANDLE, handle)
        hit = _WORDS.match(self._data, word)
        if hit is None or hit[0].startswith(_ESCAPED):
            raise OSError("not a handle of this parser")
        content = _content(self._data, hit.end())
        return opened(content.data, NO_GROUP, Held(start, size, form, b""))

    def close(self) -> None:
        """Let go of it."""
        self._data = b""


def _closed(data: bytes) -> int:
    """Return the offset behind the bracket that closes the document; -1 where none does."""
    depth = at = 0
    while (hit := _GROUPS.search(data, at)) is not None:
        at = hit.end()
        if hit[0] == b"{":
            depth += 1
        elif hit[0] == b"}":
            depth -= 1
            if depth <= 0:
                return at
        elif hit[1]:
            at += int(hit[1])
    return -1


def _content(data: bytes, at: int) -> _Content:
    """Return the bytes behind a word, to the end of its group or the next such word."""
    parts: list[bytes] = []
    kind = (PLAIN, b".bin")
    depth, damaged = 0, -1
    while (token := _TOKEN.search(data, at)) is not None:
        says_nothing = token[0][:2] == b"\\'" or data[at : token.start()].strip(_BLANK)
        damaged = at if damaged < 0 and not depth and says_nothing else damaged
        at = token.end()
        digits, word, number = token[1], token[2], token[3]
        if digits:
            parts += [digits] if not depth else []
        elif word == _BIN and number:
            count = max(0, int(number))
            parts += [data[at : at + count].hex().encode()] if not depth else []
            at += count
            damaged = token.start() if damaged < 0 and at > len(data) else damaged
        elif word:
            if word in _STARTS:
                at = token.start()
                break
            kind = _KINDS.get(word, kind) if not depth else kind
        elif token[0] == b"{":
            depth += 1
        elif token[0] == b"}":
            depth -= 1
            if depth < 0:
                break
    else:
        at = len(data)
    text = b"".join(parts)
    damaged = at if damaged < 0 and len(text) % 2 else damaged  # half a byte
    return _Content(bytes.fromhex(text[: len(text) // 2 * 2].decode("ascii")), kind, at, damaged)


def _native(data: bytes) -> Iterator[Held]:
    """Yield what an object of OLE 1 holds (MS-OLEDS 2.2.5)."""
    if len(data) < 2 * _U32.size or _U32.unpack_from(data, 4)[0] != _EMBEDDED:
        return
    at = 8
    for _ in range(3):  # class, and two names of what it was made from
        if at + _U32.size > len(data):
            return
        at += _U32.size + _U32.unpack_from(data, at)[0]
    if at + _U32.size > len(data):
        return
    size = _U32.unpack_from(data, at)[0]
    for held in native(data[at : at + _U32.size + size]):
        yield held._replace(start=at + held.start)


def _entry(word: int, held: Held) -> Entry:
    place = f"m@{word:#x}" + (f"+{held.start:#x}" if held.start else "")
    name = held.name if not held.name.startswith(b".") else place.encode()[2:] + held.name
    return Entry(
        locator=place,
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=member_path(name, directory=False),
        size=held.size + (FILE_HEADER if held.form == BITMAP else 0),
        handle=_HANDLE.pack(word, held.start, held.size, held.form),
        first_offset=word,
    )
