"""AD1, the logical image of FTK Imager and other programs of AccessData (Exterro): files, no disk.

No specification is public. What is read was described by P. C. Bjelland (pyad1, "AccessData Format
(AD1)", 2018) and T. Mairi ("Dissecting the AD1 file format"), and was compared with images of FTK
Imager 3.4 and 4. All numbers are little endian:

* each segment file: 512 bytes, ``ADSEGMENTEDFILE``, number and count of segments at 24 and 28, its
  size at 32; what follows in all of them is one run of bytes, in which addresses count from 0;
* the run: ``ADLOGICALIMAGE``, version 3 or 4, size of a chunk at 24, first item at 36, length of
  the name of the origin at 44, the name itself at 48 (version 3) or 92 (version 4);
* an item: next item, first child, first record of metadata, table of chunks, size, type, length of
  the name, the name; 0 is no address;
* a table of chunks: their count, their addresses and the end of the last; each is zlib;
* a record of metadata: the next one, category, key, length, text.

Locators are ``m@`` and the address of the item. The MD5 or SHA-1 that the image states of a file is
compared when its last byte was read in order; one that does not fit is ``stream.checksum``. Of the
times only that of access (key 7, UTC) is taken: what keys 8 and 9 mean nobody states.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.checked import CheckedReader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.containers.stated_time import moment_of
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import ConcatReader, RangeReader, in_pieces

MARGIN: Final = 512
SIGNATURE: Final = b"ADSEGMENTEDFILE\0"
_LOGICAL: Final = b"ADLOGICALIMAGE\0"
_MARGIN: Final = struct.Struct("<16s8xIIQ")
"""The first 40 bytes of a segment: signature, its number, how many there are, its size."""
_IMAGE: Final = struct.Struct("<16sI4xI8xQI")
"""Signature, version, size of a chunk, first item, length of the origin's name."""
_NAME_AT: Final = {3: 48, 4: 92}
_ITEM: Final = struct.Struct("<5Q2I")
_RECORD: Final = struct.Struct("<QIII")
_ADDRESS: Final = struct.Struct("<Q")
_HANDLE: Final = struct.Struct("<BQ")
_FORM: Final = 1

_MAX_NAME: Final = 1 << 15
_MAX_PATH: Final = 1 << 16
_MAX_RECORDS: Final = 1000
_MAX_VALUE: Final = 1 << 12
_MAX_CHUNK: Final = 1 << 24
_FOLDER: Final = 5
_HASHES, _TIMES = 1, 5
_MD5, _SHA1, _ACCESSED = 0x5001, 0x5002, 7
_DIGITS: Final = {_MD5: 32, _SHA1: 40}


class _Item(NamedTuple):
    address: int
    following: int
    child: int
    metadata: int
    chunks: int
    size: int
    type: int
    name: bytes


def open_ad1(reader: Reader) -> "Ad1FileSystem":
    """Open an image; ``reader`` holds its segments one behind the other, and stays the caller's.

    Raises:
        EvidenceError: this is none, a segment is missing, or its header is damaged.
    """
    with opening("the AD1 image"):
        run = joined(reader)
        head = run.pread(0, _IMAGE.size)
        if len(head) < _IMAGE.size or not head.startswith(_LOGICAL):
            raise EvidenceError("the AD1 image has no header", hint="is its first segment there?")
        _, version, chunk, first, length = _IMAGE.unpack(head)
        if version not in _NAME_AT or not 0 < chunk <= _MAX_CHUNK or length > _MAX_NAME:
            raise EvidenceError(
                "the header of the AD1 image is damaged, or of a version that is not known"
            )
        origin = run.pread(_NAME_AT[version], length)
    return Ad1FileSystem(run, first, chunk, origin)


def joined(reader: Reader) -> Reader:
    """Return the run of bytes that the segments hold.

    Raises:
        EvidenceError: a segment is missing or not in its place.
        OSError: it cannot be read.
    """
    head = reader.pread(0, _MARGIN.size)
    if len(head) < _MARGIN.size or not head.startswith(SIGNATURE):
        raise EvidenceError("this is no AD1 image")
    _, _, count, size = _MARGIN.unpack(head)
    if count <= 1:
        return RangeReader(reader, MARGIN, reader.size - MARGIN)
    parts: list[Reader] = []
    for number in range(1, count + 1):
        start = (number - 1) * size
        margin = reader.pread(start, _MARGIN.size)
        if size <= MARGIN or not margin.startswith(SIGNATURE) or len(margin) < _MARGIN.size:
            raise EvidenceError(
                f"segment {number} of the {count} of this AD1 image is missing or damaged",
                hint="put all segments into one folder under the names the imager gave them",
            )
        if _MARGIN.unpack(margin)[1] != number:
            raise EvidenceError(f"segment {number} of this AD1 image is another one")
        end = min(reader.size, start + size)
        parts.append(RangeReader(reader, start + MARGIN, end - start - MARGIN))
    return ConcatReader(parts)


class Ad1FileSystem:
    """Lists and opens the items of one image."""

    kind: Final = "ad1"

    def __init__(self, run: Reader, first: int, chunk: int, origin: bytes) -> None:
        self._run = run
        self._first = first
        self._chunk = chunk
        self._origin = origin.replace(b"\\", b"/").strip(b"/")

    @property
    def times(self) -> TimeBasis:
        """When a file was last read, to the microsecond."""
        return {"a": TimeRule(1000, "utc")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the items from the root downwards, each once."""
        yield from counted(self._found(), sweep="not available")

    def _found(self) -> Iterator[Entry | Gap]:
        seen: set[int] = set()
        waiting = [(self._first, self._origin)]
        while waiting:
            address, folder = waiting.pop()
            while address:
                if address in seen:
                    yield Gap(_locator(address), "container.damaged", {"met": "again"})
                    break
                seen.add(address)
                try:
                    item = self._item(address)
                    entry = self._entry(item, folder)
                except OSError:
                    yield Gap(_locator(address), "entry.unreadable")
                    break
                yield entry
                if item.child:
                    if len(entry.path) > _MAX_PATH:
                        yield Gap(_locator(address), "directory.depth", {"bytes": _MAX_PATH})
                    else:
                        waiting.append((item.child, entry.path))
                address = item.following

    def _item(self, address: int) -> _Item:
        head = self._run.pread(address, _ITEM.size)
        if len(head) < _ITEM.size:
            raise OSError("an item lies behind the end of the image")
        following, child, metadata, chunks, size, kind, length = _ITEM.unpack(head)
        if length > _MAX_NAME or size >= 1 << 62:
            raise OSError("an item is damaged")
        name = self._run.pread(address + _ITEM.size, length)
        if len(name) < length:
            raise OSError("an item is cut off")
        return _Item(address, following, child, metadata, chunks, size, kind, name)

    def _entry(self, item: _Item, folder: bytes) -> Entry:
        path = folder + b"/" + item.name if folder else item.name
        is_folder = item.type == _FOLDER or (item.child != 0 and not item.chunks)
        kind = EntryKind.DIRECTORY if is_folder and not item.chunks else EntryKind.FILE
        stated = self._metadata(item)
        return Entry(
            locator=_locator(item.address),
            kind=kind,
            flags=EntryFlag.ALLOCATED | EntryFlag.COMPRESSED,
            path=path,
            size=item.size,
            handle=_HANDLE.pack(_FORM, item.address),
            times=(None, _moment(stated.get((_TIMES, _ACCESSED))), None, None),
            first_offset=-1,
            place=place_of(_without_drive(path), allocated=True),
        )

    def _metadata(self, item: _Item) -> dict[tuple[int, int], bytes]:
        """Return what is stated of an item, as far as it can be read: text by category and key."""
        found: dict[tuple[int, int], bytes] = {}
        address = item.metadata
        for _ in range(_MAX_RECORDS):
            if not address:
                break
            try:
                head = self._run.pread(address, _RECORD.size + 64)
                if len(head) < _RECORD.size:
                    break
                following, category, key, length = _RECORD.unpack_from(head)
                if length <= _MAX_VALUE:
                    value = head[_RECORD.size : _RECORD.size + length]
                    if len(value) < length:
                        value = self._run.pread(address + _RECORD.size, length)
                    found.setdefault((category, key), value)
            except OSError:
                break
            if following <= address:  # they are written one behind the other
                break
            address = following
        return found

    def open(self, handle: bytes) -> Reader:
        """Open the content of an item.

        Raises:
            OSError: it cannot be read, or its table of chunks is damaged.
        """
        if len(handle) != _HANDLE.size or handle[0] != _FORM:
            raise OSError("not a handle of this parser")
        item = self._item(_HANDLE.unpack(handle)[1])
        stated = self._metadata(item)
        content = ChunkedReader(self._run, item.chunks, item.size, self._chunk)
        for key, make in ((_MD5, hashlib.md5), (_SHA1, hashlib.sha1)):
            text = stated.get((_HASHES, key), b"").strip(b"\0 ").lower()
            if len(text) == _DIGITS[key]:
                return CheckedReader(content, make(), text.decode("ascii", "replace"))
        return content

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


class ChunkedReader:
    """A file of chunks, each compressed by itself: read anywhere."""

    def __init__(self, run: Reader, table: int, size: int, chunk: int) -> None:
        """Read the table of chunks.

        Raises:
            OSError: it does not fit the size of the file.
        """
        self._run = run
        self._size = size
        self._chunk = chunk
        self._last: tuple[int, bytes] = (-1, b"")
        self._addresses = 0
        if size:
            head = run.pread(table, _ADDRESS.size)
            count = _ADDRESS.unpack(head)[0] if len(head) == _ADDRESS.size and table else 0
            if count != -(-size // chunk):
                raise OSError("the table of chunks does not fit the size of the file")
            self._addresses = table + _ADDRESS.size

    @property
    def size(self) -> int:
        """Stated length, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: a chunk is damaged.
        """
        return in_pieces(self._piece, offset, length, size=self._size)

    def _piece(self, offset: int, length: int) -> bytes:
        index, within = divmod(offset, self._chunk)
        return self._one(index)[within : within + length]

    def _one(self, index: int) -> bytes:
        """Return one chunk, expanded."""
        if self._last[0] == index:
            return self._last[1]
        pair = self._run.pread(self._addresses + _ADDRESS.size * index, 2 * _ADDRESS.size)
        wanted = min(self._chunk, self._size - index * self._chunk)
        if len(pair) < 2 * _ADDRESS.size:
            raise OSError("the table of chunks is cut off")
        start, end = struct.unpack("<QQ", pair)
        if not start < end <= start + 2 * self._chunk + 1024:
            raise OSError("the table of chunks is damaged")
        try:
            data = zlib.decompressobj().decompress(self._run.pread(start, end - start), wanted + 1)
        except zlib.error as error:
            raise OSError("a chunk is damaged") from error
        if len(data) != wanted:
            raise OSError("a chunk is not of its length")
        self._last = (index, data)
        return data

    def close(self) -> None:
        """Leave the image open."""
        self._last = (-1, b"")


def _locator(address: int) -> str:
    return f"m@{address:#x}"


def _without_drive(path: bytes) -> bytes:
    """Return a path of Windows without its letter, for telling the place."""
    return path[3:] if path[1:3] == b":/" else path


def _moment(text: bytes | None) -> Moment | None:
    """Read ``20180502T074659.164650``."""
    return None if text is None else moment_of(text)
