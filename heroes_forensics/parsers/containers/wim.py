"""Images of Windows (``.wim``): the files of every image, and what no image refers to any more.

The form is that of Microsoft's "Windows Imaging File Format (WIM)".

Resources that are stored, or packed with XPRESS or LZX, are read; LZMS, solid resources (``.esd``)
and parts of a split file (``.swm``) are ``stream.unsupported``. SHA-1, which is stated of each
content, is checked.

A file is ``iN.OFFSET``, the image and where its entry lies in the metadata; an alternate stream of
it ``iN.OFFSET.sM``; content that no entry refers to is ``m@`` and its offset.

Unpacking is done here in Python, about 1 MiB in a second: what lies beyond `MOST_UNPACKED` is
``container.bytes``.
"""

import hashlib
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.checked import CheckedReader
from heroes_forensics.parsers.containers.filetime import moment
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.containers.wim_resources import (
    COMPRESSED,
    LISTED,
    LZMS,
    LZX,
    METADATA,
    SOLID,
    SPANNED,
    XPRESS,
    ChunkedReader,
    Packing,
    Resource,
    resource,
    unsupported,
)
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import RangeReader

MOST_UNPACKED: Final = 384 << 20
"""Bytes that are unpacked of one file at most: some minutes."""
_HEADER: Final = struct.Struct("<8sIIII16sHHI24s24s24sI24s")
_MAGIC: Final = b"MSWIM\0\0\0"
_METHODS: Final = ((0x20000, XPRESS), (0x40000, LZX), (0x80000, LZMS))
_CHUNKS: Final = {XPRESS: range(12, 17), LZX: range(15, 22)}
"""Powers of 2 of the length of a chunk."""
_MOST_METADATA: Final = 96 << 20
_MOST_LISTED: Final = 1 << 20
"""Resources of one file."""
_DENTRY: Final = struct.Struct("<QIIQ16xQQQ20s4x8xHHH")
_STREAM: Final = struct.Struct("<Q8x20sH")
_DIRECTORY, _REPARSE = 0x10, 0x400
_MOST_STREAMS: Final = 1 << 10
_DEEPEST: Final = 256
_NONE: Final = bytes(20)
_HANDLE: Final = struct.Struct("<20s")


class _Held(NamedTuple):
    """A content of the file."""

    where: Resource
    part: int


class _Stream(NamedTuple):
    name: bytes
    digest: bytes


class _Dentry(NamedTuple):
    attributes: int
    inside: int
    """Where its own entries begin; 0 where it has none."""
    times: tuple[int, int, int]
    name: bytes
    streams: list[_Stream]
    end: int
    """Where the next entry begins."""


def open_wim(reader: Reader) -> "WimFileSystem":
    """Open a file; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none, or its table of contents cannot be read.
        UnsupportedError: ``container.unsupported``, its entries are packed in a way not read.
    """
    with opening("the WIM file"):
        data = reader.pread(0, _HEADER.size)
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise EvidenceError("this is no WIM file")
        _, _, _, flags, chunk, _, part, parts, _, table, _, _, _, _ = _HEADER.unpack(data)
        method = next((name for bit, name in _METHODS if flags & bit), "")
        packing = Packing(method, chunk)
        found = WimFileSystem(reader, packing, (part, parts))
        found.learn(resource(table))
    return found


class WimFileSystem:
    """Lists and opens what one WIM file holds."""

    kind: Final = "wim"

    def __init__(self, reader: Reader, packing: Packing, part: tuple[int, int]) -> None:
        self._reader = reader
        self._packing = packing
        self._part, self._parts = part
        self._contents: dict[bytes, _Held] = {}
        self._images: list[_Held] = []
        self._used: set[bytes] = set()
        self._left = MOST_UNPACKED
        self.left = ""
        """Code of the gap, once a limit was reached; else empty."""

    @property
    def times(self) -> TimeBasis:
        """Those of NTFS."""
        return {name: TimeRule(100, "utc") for name in "mab"}

    def learn(self, table: Resource) -> None:
        """Read the table of all resources.

        Raises:
            OSError: it cannot be read, or there are too many.
            UnsupportedError: ``container.unsupported``, it or an image is packed in a way not read.
        """
        if table.size > LISTED.size * _MOST_LISTED:
            raise OSError("too many resources")
        data = self._whole(table)
        for at in range(0, len(data) - LISTED.size + 1, LISTED.size):
            where, part, _, digest = LISTED.unpack_from(data, at)
            held = _Held(resource(where), part)
            if held.where.flags & METADATA:
                self._images.append(held)
            else:
                self._contents.setdefault(digest, held)
        for image in self._images:
            if image.part == self._part and self._refused(image.where):
                raise UnsupportedError("the entries are packed", code="container.unsupported")

    def _refused(self, where: Resource) -> bool:
        """Tell whether a resource is kept in a way that is not read."""
        if where.flags & (SOLID | SPANNED):
            return True
        if not where.flags & COMPRESSED:
            return False
        orders = _CHUNKS.get(self._packing.method, range(0))
        chunk = self._packing.chunk
        return chunk.bit_length() - 1 not in orders or chunk & (chunk - 1) != 0

    def _opened(self, where: Resource) -> Reader:
        if self._refused(where):
            raise unsupported(self._packing)
        if not where.flags & COMPRESSED:
            return RangeReader(self._reader, where.at, min(where.size, where.stored))
        return ChunkedReader(self._reader, where, self._packing, self._spend)

    def _spend(self, size: int) -> None:
        if size > self._left:
            self.left = BYTES
            raise UnsupportedError("too much would have to be unpacked", code=BYTES)
        self._left -= size

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the files of each image, then the contents that none refers to."""
        self._used = set()
        yield from counted(self._found(), sweep="contents that no image refers to")

    def _found(self) -> Iterator[Entry | Gap]:
        for number, image in enumerate(self._images, 1):
            if image.part != self._part:
                yield Gap(f"i{number}", "source.damaged", {"image": "in another part"})
                continue
            try:
                data = self._metadata(image.where)
            except (OSError, EvidenceError):
                yield Gap(f"i{number}", "source.damaged", {"image": "damaged"})
                continue
            yield from self._of_image(number, data)
        met: set[int] = set()
        for digest, held in self._contents.items():
            at = held.where.at
            if digest not in self._used and held.part == self._part and at not in met:
                met.add(at)
                yield self._entry(f"m@{at:#x}", b"", EntryKind.FILE, digest, None)

    def _metadata(self, where: Resource) -> bytes:
        if where.size > _MOST_METADATA:
            raise OSError("the entries are too long")
        return self._whole(where)

    def _whole(self, where: Resource) -> bytes:
        """Return all of a resource.

        Raises:
            OSError: it cannot be read, or not all of it is there.
        """
        data = self._opened(where).pread(0, where.size)
        if len(data) < where.size:
            raise OSError("a resource is cut off")
        return data

    def _of_image(self, number: int, data: bytes) -> Iterator[Entry | Gap]:
        """Yield the entries of one image; each folder once, whatever refers to it."""
        length = int.from_bytes(data[:4], "little")
        root = max(8, -(-length // 8) * 8)
        met: set[int] = set()
        first = b"%d" % number if len(self._images) > 1 else b""
        waiting = [(root, first, 0, True)]
        while waiting:
            at, path, depth, is_root = waiting.pop()
            if depth > _DEEPEST:
                yield Gap(f"i{number}.{at}", "source.damaged", {"folder": "too deep"})
                continue
            folders = []
            while data[at : at + 8].strip(b"\0") or is_root:
                try:
                    dentry = _dentry(data, at)
                except (struct.error, ValueError):
                    dentry = None
                if dentry is None or at in met:
                    yield Gap(f"i{number}.{at}", "source.damaged", {"entry": "damaged"})
                    break
                met.add(at)
                inside = path if is_root else (path + b"/" + dentry.name).removeprefix(b"/")
                yield from self._of_dentry(f"i{number}.{at}", inside or b"$root", dentry)
                if dentry.attributes & _DIRECTORY and dentry.inside:
                    folders.append((dentry.inside, inside, depth + 1, False))
                at = dentry.end
                if is_root:
                    break
            waiting += reversed(folders)

    def _of_dentry(self, locator: str, path: bytes, dentry: _Dentry) -> Iterator[Entry]:
        """Yield an entry with its unnamed stream, then its others."""
        is_link = bool(dentry.attributes & _REPARSE)
        kind = EntryKind.DIRECTORY if dentry.attributes & _DIRECTORY else EntryKind.FILE
        kind = EntryKind.SYMLINK if is_link else kind
        own = next((each.digest for each in dentry.streams if not each.name), _NONE)
        yield self._entry(locator, path, kind, own, dentry)
        for number, each in enumerate(dentry.streams):
            if each.name:
                name = path + b":" + each.name
                place = f"{locator}.s{number}"
                yield self._entry(place, name, EntryKind.FILE, each.digest, dentry)

    def _entry(
        self, locator: str, path: bytes, kind: EntryKind, digest: bytes, dentry: _Dentry | None
    ) -> Entry:
        self._used.add(digest)
        held = self._contents.get(digest)
        flags = EntryFlag.ALLOCATED if dentry else EntryFlag(0)
        if held and held.where.flags & COMPRESSED:
            flags |= EntryFlag.COMPRESSED
        stated = [moment(time) for time in dentry.times] if dentry else [None, None, None]
        missing = 0 if digest == _NONE or kind == EntryKind.DIRECTORY else -1
        return Entry(
            locator=locator,
            kind=kind,
            flags=flags,
            path=path or f"$content-{locator[2:]}".encode(),
            size=held.where.size if held and kind != EntryKind.DIRECTORY else missing,
            handle=_HANDLE.pack(digest),
            times=(stated[0], stated[1], None, stated[2]),
            first_offset=held.where.at if held else 0,
            place=place_of(path, allocated=dentry is not None),
        )

    def open(self, handle: bytes) -> Reader:
        """Open a content.

        Raises:
            OSError: it cannot be read, or this is not a handle of this parser.
            UnsupportedError: ``stream.unsupported``, it is packed in a way not read, or lies in
                another part.
        """
        if len(handle) != _HANDLE.size:
            raise OSError("not a handle of this parser")
        if handle == _NONE:
            return RangeReader(self._reader, 0, 0)
        held = self._contents.get(handle)
        if held is None and self._parts == 1:
            raise OSError("its content is not in the file")
        if held is None or held.part != self._part:
            raise UnsupportedError("it lies in another part", code="stream.unsupported")
        stream = self._opened(held.where)
        return CheckedReader(stream, hashlib.sha1(usedforsecurity=False), handle.hex())

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


def _dentry(data: bytes, at: int) -> _Dentry:
    """Return the entry at an offset.

    Raises:
        ValueError: it is cut off, or states what cannot be.
        struct.error: likewise.
    """
    fields = _DENTRY.unpack_from(data, at)
    length, attributes, _, inside, born, read, written, digest, count, short, long = fields
    if length < _DENTRY.size or count > _MOST_STREAMS or at + length > len(data):
        raise ValueError("no entry")
    start = at + _DENTRY.size
    if start + long + short > at + length + 8:
        raise ValueError("the names are too long")
    streams = [_Stream(b"", digest)] if digest != _NONE or not count else []
    end = at + -(-length // 8) * 8
    for _ in range(count):
        size, other, named = _STREAM.unpack_from(data, end)
        name_at = end + _STREAM.size
        if size < _STREAM.size or end + size > len(data):
            raise ValueError("no stream")
        streams.append(_Stream(_text(data[name_at : name_at + named]), other))
        end += -(-size // 8) * 8
    name = _text(data[start : start + long])
    return _Dentry(attributes, inside, (written, read, born), name, streams, end)


def _text(data: bytes) -> bytes:
    return data.decode("utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass")
