"""PDF as a container: pictures and attached files, wherever they stand in the file.

Streams cannot be hidden in other streams, so that the file is searched for them from its start to
its end, without its tables: what an update replaced or nothing refers to is found, too. A picture
(``/Subtype /Image``) that is a JPEG or JPEG 2000 is a member as it is; rows of pixels and fax are
members as files that `pdf_raster` writes around their bytes; one in another form (JBIG2) is listed,
as a picture of a type that is not decoded. Attached files are members. Locators are ``m@`` and the
offset of the stream. Every other stream may hold the operators of a page, a form, a glyph or a
pattern: it is expanded and searched for pictures that stand among them (`pdf_inline`), whose
locators are that of the stream, ``@`` and their offset in what it expands to.

Streams of an encrypted document are decrypted where it may be read without a password, or where one
that was given fits; else they are ``stream.encrypted``.
"""

import base64
import re
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers import appended, pdf_inline, pdf_objects, pdf_raster
from heroes_forensics.parsers.containers.compressed import ZLIB, Streams
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pdf_encryption import Key, key_of
from heroes_forensics.parsers.containers.pieces import fields_of, opening
from heroes_forensics.parsers.containers.searching import found_at
from heroes_forensics.parsers.reading.decompression import ExpandedReader
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import Secrets

_BEFORE: Final = 1 << 14
"""Bytes of a dictionary in front of its stream."""
_NEAR: Final = 64
"""Bytes of white space, at most, between the two."""
_HEAD: Final = 1 << 10
"""A PDF begins within so many bytes."""
_MOST_TEXT: Final = 64 << 20
"""Bytes of a stream that is written as text."""
_OBJECT: Final = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+obj\b")
_LENGTH: Final = re.compile(rb"/Length\s+(\d{1,15})(?!\s+\d+\s+R)")
_FILTER: Final = re.compile(rb"/Filter\s*(\[[^\]]*\]|/[^\s/\[\]<>()]+|\d+\s+\d+\s+R)")
_NAME: Final = re.compile(rb"/([^\s/\[\]<>()]+)")
_HEXADECIMAL: Final = re.compile(rb"#([0-9A-Fa-f]{2})")
_IMAGE: Final = re.compile(rb"/Subtype\s*/Image\b")
_ATTACHED: Final = re.compile(rb"/Type\s*/EmbeddedFile\b")
_ENCRYPTED: Final = re.compile(rb"/Encrypt\s*(?:<<|\d+\s+\d+\s+R)")
_END: Final = b"endstream"
_PICTURES: Final = {"DCTDecode": (b"\xff\xd8", "jpg"), "JPXDecode": (b"\0\0\0\x0c", "jp2")}
_TEXTS: Final = frozenset({"ASCIIHexDecode", "ASCII85Decode"})
_HANDLE: Final = struct.Struct("<QQB8sQI")
"""Offset and bytes of the stream, what it is, its filters as numbers, its object."""
_FILTERS: Final = (
    *("", "FlateDecode", "ASCIIHexDecode", "ASCII85Decode", *_PICTURES),
    *("LZWDecode", "RunLengthDecode", "CCITTFaxDecode", "other"),
)
_UNKNOWN: Final = _FILTERS.index("other")
_FILE, _PICTURE, _OTHER, _BEHIND, _DRAWING, _TABLE = range(6)
_INLINE: Final = struct.Struct("<QQ8sQII")
"""As `_HANDLE` without what it is, of the operators; and the offset of the picture among them."""
_MOST_DRAWN: Final = 64 << 20
"""Bytes of the operators of one stream, expanded."""
_MOST_EFFORT: Final = (4_000_000, 512 << 20)
"""Tokens that are looked at in all operators, and bytes that are expanded."""
_PREDICTED: Final = re.compile(rb"/Predictor\s+(?!1\b)\d")
_TABLES: Final = re.compile(rb"/Type\s*/(?:XRef|ObjStm|Metadata)\b")


class _Stream(NamedTuple):
    at: int
    size: int
    number: int
    """Of the object; 0 when not stated."""
    generation: int
    filters: tuple[str, ...]
    what: int

    @property
    def packed(self) -> bytes:
        """Its filters as numbers."""
        known = (_FILTERS.index(each) if each in _FILTERS else _UNKNOWN for each in self.filters)
        return bytes(known)[:8]


def open_pdf(reader: Reader, secrets: Secrets | None = None) -> "PdfFileSystem":
    """Open a document; ``reader`` stays the caller's to close.

    Args:
        reader: the document.
        secrets: what was given to open an encrypted one.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the document"):
        head = reader.pread(0, _HEAD)
        if b"%PDF-" not in head:
            raise EvidenceError("this is no PDF")
        is_encrypted = _is_encrypted(reader)
        key = key_of(reader, secrets or Secrets()) if is_encrypted else None
    return PdfFileSystem(reader, key, is_encrypted=is_encrypted)


def _is_encrypted(reader: Reader) -> bool:
    at = -1
    while (at := found_at(reader, b"/Encrypt", at + 1)) >= 0:
        if _ENCRYPTED.match(reader.pread(at, 40)):
            return True
    return False


class PdfFileSystem:
    """Lists and opens the pictures and attached files of one document."""

    kind: Final = "pdf"

    def __init__(self, reader: Reader, key: Key | None, *, is_encrypted: bool) -> None:
        self._reader = reader
        self._key = key
        self._is_encrypted = is_encrypted
        self._objects = pdf_objects.Objects(reader, is_encrypted=is_encrypted)
        self._operators: tuple[int, bytes] = (-1, b"")
        """The stream of operators that was expanded last."""
        self._effort = pdf_inline.Effort(*_MOST_EFFORT)
        self.left = ""
        """Code of what was not looked through; empty when everything was."""

    @property
    def times(self) -> TimeBasis:
        """None: pictures have none, and those of attached files are text."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield pictures and attached files in the order they lie."""
        yield from counted(self._found(), sweep="not applicable: the whole file is searched")

    def _found(self) -> Iterator[Entry | Gap]:
        at = 0
        try:
            while (spot := found_at(self._reader, b"stream", at)) >= 0:
                stream = self._stream(spot)
                at = spot + 6 if stream is None else stream.at + stream.size
                if stream is None:
                    continue
                if stream.what in {_DRAWING, _TABLE}:
                    yield from self._drawn(stream)
                else:
                    yield _entry(stream, is_encrypted=self._key is not None)
            behind = appended.behind_mark(self._reader, b"%%EOF", "pdf")
            if behind is not None:
                yield _appended(*behind)
        except OSError:
            yield Gap(f"m@{at:#x}", "source.damaged", {"read": "failed"})

    def _stream(self, spot: int) -> _Stream | None:
        """Return the stream whose keyword stands at an offset; None where that is no keyword."""
        near = max(0, spot - _NEAR)
        around = self._reader.pread(near, spot - near + 8)
        after = around[spot - near + 6 :]
        line = 2 if after == b"\r\n" else 1 if after[:1] in {b"\n", b"\r"} else 0
        if not line or not around[: spot - near].rstrip().endswith(b">>"):
            return None
        start = max(0, spot - _BEFORE)
        before = self._reader.pread(start, spot - start)
        objects = list(_OBJECT.finditer(before))
        number, generation = (int(objects[-1][n]) for n in (1, 2)) if objects else (0, 0)
        said = before[objects[-1].end() :] if objects else before
        said = _HEXADECIMAL.sub(lambda each: bytes([int(each[1], 16)]), said)
        at = spot + 6 + line
        what, filters = _meaning(said)
        return _Stream(at, self._size(at, said), number, generation, filters, what)

    def _drawn(self, stream: _Stream) -> Iterator[Entry]:
        """Yield the pictures among the operators of a stream; note what keeps them from us."""
        code = ""
        if stream.what == _DRAWING and self._is_encrypted and self._key is None:
            code = "container.encrypted"
        elif self._effort.is_spent():
            code = BYTES
        else:
            data, code = self._expanded(stream)
            self._effort.size -= len(data)
            self._operators = (stream.at, data)
            for found in pdf_inline.pictures(data, self._rows, self._effort):
                yield _inline(stream, found)
            code = BYTES if self._effort.is_spent() else code
        if code and stream.what == _DRAWING:
            self.left = self.left or code

    def _rows(self, said: dict[str, pdf_objects.Value]) -> int:
        return pdf_raster.rows(said, self._objects)

    def _expanded(self, stream: _Stream) -> tuple[bytes, str]:
        """Return operators, and the code of what is missing of them."""
        reader: Reader = RangeReader(self._reader, stream.at, stream.size)
        most = min(_MOST_DRAWN, max(0, self._effort.size))
        filters = list(stream.filters)
        try:
            if self._key is not None and stream.what != _TABLE:
                reader = self._key.stream(reader, stream.number, stream.generation)
            if filters[-1:] == ["FlateDecode"]:
                data, end = pdf_inline.inflated(_decoded(reader, filters[:-1]), most)
            else:
                reader = _decoded(reader, filters)
                data = reader.pread(0, most)
                end = "more" if reader.size > most else "end"
        except UnsupportedError:
            return b"", "container.unsupported"
        except OSError:
            return b"", "container.damaged"
        return data, {"end": "", "more": BYTES}.get(end, "container.damaged")

    def _picture_among(self, handle: bytes) -> Reader:
        """Open a picture that stands among operators."""
        at, size, packed, number, generation, spot = fields_of(_INLINE, handle)
        stream = _Stream(at, size, number, generation, _named(packed), _DRAWING)
        if self._operators[0] != at:
            self._operators = (at, self._expanded(stream)[0])
        data = self._operators[1]
        found = pdf_inline.picture_at(data, spot, self._rows)
        if found is None:
            raise OSError("not a handle of this parser")
        reader = BytesReader(data[found.start : found.end])
        filters = list(found.filters)
        if filters and filters[-1] in _PICTURES:
            return _decoded(reader, filters[:-1])
        return self._written(reader, found.said, filters)

    def _size(self, at: int, said: bytes) -> int:
        """Return how long a stream is: as stated where its end stands there, else as found."""
        stated = _LENGTH.search(said)
        if stated is not None:
            size = int(stated[1])
            if self._reader.pread(at + size, len(_END) + 4).lstrip().startswith(_END):
                return size
        end = found_at(self._reader, _END, at)
        if end < 0:
            return max(0, self._reader.size - at)
        tail = self._reader.pread(max(at, end - 2), end - max(at, end - 2))
        return end - at - (2 if tail == b"\r\n" else 1 if tail[-1:] in {b"\n", b"\r"} else 0)

    def open(self, handle: bytes) -> Reader:
        """Open a picture or an attached file.

        Raises:
            OSError: it cannot be read, or this is not a handle of this parser.
            UnsupportedError: ``stream.encrypted``, ``stream.unsupported`` or, of a picture in
                another form, ``policy.picture-type``.
        """
        if len(handle) == _INLINE.size:
            return self._picture_among(handle)
        at, size, what, packed, number, generation = fields_of(_HANDLE, handle)
        filters = list(_named(packed))
        reader: Reader = RangeReader(self._reader, at, size)
        if what == _BEHIND:
            return reader
        last = filters[-1] if filters else ""
        magic = _PICTURES[last][0] if last in _PICTURES else b""
        # Of a picture the first bytes say whether it is encrypted, whatever the document says.
        if self._is_encrypted and not (magic and reader.pread(0, len(magic)) == magic):
            if self._key is None:
                raise UnsupportedError("the document is encrypted", code="stream.encrypted")
            reader = self._key.stream(reader, number, generation)
        if what == _OTHER:
            return self._reconstructed(reader, at, filters)
        return _decoded(reader, filters[:-1] if magic else filters)

    def _reconstructed(self, reader: Reader, at: int, filters: list[str]) -> Reader:
        """Return a picture of rows of pixels as a file that can be decoded.

        Raises:
            UnsupportedError: ``policy.picture-type``.
        """
        start = max(0, at - _BEFORE)
        before = self._reader.pread(start, at - start)
        opening = list(_OBJECT.finditer(before))
        try:
            said = pdf_objects.parsed(before[opening[-1].end() if opening else 0 :])
        except ValueError as error:
            raise _other_form() from error
        return self._written(reader, said, filters)

    def _written(self, reader: Reader, said: pdf_objects.Value, filters: list[str]) -> Reader:
        filters = [*filters, ""] if filters[-1:] and filters[-1] in _TEXTS else filters or [""]
        try:
            left = _decoded(reader, filters[:-1])
            return pdf_raster.Joined(*pdf_raster.written(said, filters[-1], left, self._objects))
        except (ValueError, UnsupportedError) as error:
            raise _other_form() from error

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


def _other_form() -> UnsupportedError:
    return UnsupportedError("a picture in another form", code="policy.picture-type")


def _named(packed: bytes) -> tuple[str, ...]:
    """Return filters by their numbers."""
    return tuple(_FILTERS[each] for each in packed if 0 < each < len(_FILTERS))


def _meaning(said: bytes) -> tuple[int, tuple[str, ...]]:
    """Return what a dictionary says its stream is, operators where it does not; its filters."""
    is_picture, is_file = bool(_IMAGE.search(said)), bool(_ATTACHED.search(said))
    found = _FILTER.search(said)
    names = [each[1].decode("latin-1") for each in _NAME.finditer(found[1])] if found else []
    filters = tuple(pdf_inline.SHORT.get(name, name) for name in names)
    if is_file:
        return _FILE, filters
    if not is_picture:
        is_other = bool(_PREDICTED.search(said)) or bool(
            found and not names and found[1][:1] != b"["
        )
        return (_TABLE if _TABLES.search(said) else _DRAWING), (*filters, *["other"] * is_other)
    return (_PICTURE if filters and filters[-1] in _PICTURES else _OTHER), filters


def _decoded(reader: Reader, filters: list[str]) -> Reader:
    """Return what a stream is behind its filters.

    Raises:
        UnsupportedError: ``stream.unsupported``.
        OSError: it is damaged.
    """
    if not filters:
        return reader
    if filters == ["FlateDecode"]:
        return ExpandedReader(reader, lambda each: Streams(each, ZLIB, lambda: None), -1, -1)
    if filters[0] not in _TEXTS or reader.size > _MOST_TEXT:
        raise UnsupportedError("the stream is packed by another method", code="stream.unsupported")
    text = b"".join(reader.pread(0, reader.size).split())
    try:
        if filters[0] == "ASCIIHexDecode":
            text = text.partition(b">")[0]
            data = bytes.fromhex((text + b"0" * (len(text) % 2)).decode("ascii"))
        else:
            text = text.removeprefix(b"<~").partition(b"~")[0]
            data = base64.a85decode(text)
    except ValueError as error:
        raise OSError("the stream is damaged") from error
    return _decoded(BytesReader(data), filters[1:])


def _entry(stream: _Stream, *, is_encrypted: bool) -> Entry:
    last = stream.filters[-1] if stream.filters else ""
    ending = "." + _PICTURES[last][1] if stream.what == _PICTURE else ""
    name = "file" if stream.what == _FILE else "picture"
    is_plain = len(stream.filters) == (stream.what == _PICTURE) and not is_encrypted
    return Entry(
        locator=f"m@{stream.at:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED | (EntryFlag(0) if is_plain else EntryFlag.COMPRESSED),
        path=f"${name}-{stream.number or hex(stream.at)}{ending}".encode(),
        size=stream.size if is_plain and stream.what != _OTHER else -1,
        handle=_HANDLE.pack(
            stream.at, stream.size, stream.what, stream.packed, stream.number, stream.generation
        ),
        first_offset=stream.at,
    )


def _inline(stream: _Stream, found: pdf_inline.Inline) -> Entry:
    is_file = found.filters[-1:] and found.filters[-1] in _PICTURES
    ending = "." + _PICTURES[found.filters[-1]][1] if is_file else ""
    return Entry(
        locator=f"m@{stream.at:#x}@{found.at:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED | EntryFlag.COMPRESSED,
        path=f"$picture-{stream.number or hex(stream.at)}@{found.at:#x}{ending}".encode(),
        size=found.end - found.start if is_file and len(found.filters) == 1 else -1,
        handle=_INLINE.pack(
            *(stream.at, stream.size, stream.packed, stream.number, stream.generation, found.at)
        ),
        first_offset=stream.at,
    )


def _appended(start: int, size: int) -> Entry:
    return Entry(
        locator=f"m@{start:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=f"$behind-{start:#x}".encode(),
        size=size,
        handle=_HANDLE.pack(start, size, _BEHIND, b"", 0, 0),
        first_offset=start,
    )
