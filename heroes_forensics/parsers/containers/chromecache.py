"""Caches of Chromium: what pages were made of, as far as one file of the cache says where it lies.

Two forms. An entry of the simple cache (Linux, Android, macOS) is a file of its own: a header, the
address, the content and its headers; content and headers are members. In the block files of the
other (``data_1`` ... ``data_3``; Windows) a member is what an entry in the same file leads to, with
its exact length; what entries in another file lead to is found where a block that is in use begins
like a picture, and ends where the picture does. What is larger than four blocks is a file of its
own (``f_000001``) and needs none of this. The form is that of Chromium's ``net/disk_cache``.
Locators are ``m@`` and the offset of the content. The path is the address, where it is known.
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Place
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import Pieces, opening, piece

_SIMPLE: Final = bytes.fromhex("305c72a71b6dfbfc")
_SIMPLE_END: Final = bytes.fromhex("d8410d97456ffaf4")
_BLOCKS: Final = b"\xc3\xca\x04\xc1"
_INDEX: Final = b"\xc3\xca\x03\xc1"
_HEAD: Final = struct.Struct("<8sIII4x")
_TAIL: Final = struct.Struct("<8sIII4x")
"""Of each stream: magic number, what is there, CRC-32, bytes of the stream."""
_HAS_KEY_DIGEST: Final = 2
_KEY_DIGEST: Final = 32
_MOST_KEY: Final = 1 << 16
_FILE: Final = struct.Struct("<4sIhhiii")
"""Magic number, version, number of this file and of the next, bytes of a block, entries, blocks."""
_MAP: Final = 80
"""Where the header says which blocks are in use, a bit each."""
_FIRST: Final = 8192
"""Where the first block begins."""
_SIZES: Final = frozenset({256, 1024, 4096})
_MOST_BLOCKS: Final = 8 * (_FIRST - _MAP)
_RECORD: Final = struct.Struct("<12xiii8xiI4i4I")
"""An entry: rankings, reuse, refetch and state, length of its address, where a long one lies,
lengths and places of four streams."""
_ADDRESS_AT: Final = 96
_TOGETHER: Final = 4
"""Blocks that one stream has at most; they lie in one group of so many."""
_ENDS: Final = {"png": (b"IEND\xae\x42\x60\x82", 8), "jpeg": (b"\xff\xd9", 2), "gif": (b"\0;", 2)}
"""By type: what a picture ends with, and its length."""


def open_chrome_cache(reader: Reader) -> Pieces:
    """Open a file of a cache; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
        UnsupportedError: ``container.unsupported``, it is of a kind that is not known.
    """
    with opening("the file of a cache"):
        head = reader.pread(0, _FILE.size)
    if not head.startswith((_SIMPLE, _BLOCKS, _INDEX)) or len(head) < _FILE.size:
        raise EvidenceError("this is no file of a cache")
    if head.startswith(_BLOCKS) and _FILE.unpack(head)[4] not in {36, *_SIZES}:
        raise UnsupportedError("blocks of another size", code="container.unsupported")
    found = _File(reader, head).found
    sweep = "blocks in use that begin like a picture"
    return Pieces(reader, "chrome-cache", found, sweep=sweep)


class _File:
    """Finds what one file of a cache holds."""

    def __init__(self, reader: Reader, head: bytes) -> None:
        self._reader = reader
        self._head = head

    def found(self) -> Iterator[Entry | Gap]:
        """Yield the entries in the order they lie."""
        try:
            if self._head.startswith(_SIMPLE):
                yield from self._simple()
            elif self._head.startswith(_BLOCKS) and _FILE.unpack(self._head)[4] in _SIZES:
                yield from self._blocks()
        except OSError:
            yield Gap("m@0x0", "source.damaged", {"read": "failed"})

    def _simple(self) -> Iterator[Entry | Gap]:
        """Yield content and headers: header, address, content, its end, headers, their end."""
        _, _, length, _ = _HEAD.unpack(self._reader.pread(0, _HEAD.size).ljust(_HEAD.size, b"\0"))
        start = _HEAD.size + length
        end = self._reader.size - _TAIL.size
        if length > _MOST_KEY or end < start:
            yield Gap("m@0x0", "source.damaged", {"entry": "cut off"})
            return
        address = self._reader.pread(_HEAD.size, length)
        magic, flags, _, size = _TAIL.unpack(self._reader.pread(end, _TAIL.size))
        digest = _KEY_DIGEST if flags & _HAS_KEY_DIGEST else 0
        headers = end - digest - size
        middle = headers - _TAIL.size
        if magic != _SIMPLE_END or middle < start:
            # A second file of the same entry (``_1``) has one stream only.
            is_single = magic == _SIMPLE_END and size == end - start
            if not is_single:
                yield Gap("m@0x0", "source.damaged", {"entry": "damaged"})
            yield _entry(address, start, end - start)
            return
        yield _entry(address, start, middle - start)
        if size:
            yield _entry(address + b"/$headers", headers, size)

    def _blocks(self) -> Iterator[Entry]:
        _, _, own, _, size, _, most = _FILE.unpack(self._head)
        count = min(max(0, most), _MOST_BLOCKS, max(0, self._reader.size - _FIRST) // size)
        bits = self._reader.pread(_MAP, _FIRST - _MAP)
        used = [number for number in range(count) if bits[number >> 3] >> (number & 7) & 1]
        taken: set[int] = set()
        for number in used if size == min(_SIZES) else ():
            yield from self._of_record(number, own, count, taken)
        for number in used:
            if number not in taken:
                yield from self._of_block(number, size, taken)

    def _of_record(self, number: int, own: int, count: int, taken: set[int]) -> Iterator[Entry]:
        """Yield what a block leads to, where it is an entry."""
        size = min(_SIZES)
        data = self._reader.pread(_FIRST + number * size, size)
        if len(data) < size:
            return
        _, _, state, length, _, *streams = _RECORD.unpack_from(data)
        if not 0 <= state <= 2 or length <= 0:  # noqa: PLR2004 - normal, evicted, doomed
            return
        address = data[_ADDRESS_AT : min(size, _ADDRESS_AT + length)].partition(b"\0")[0]
        for stream, (stated, place) in enumerate(zip(streams[:4], streams[4:], strict=True)):
            first, blocks = place & 0xFFFF, (place >> 24 & 3) + 1
            is_here = place >> 28 == 0xA and place >> 16 & 0xFF == own  # noqa: PLR2004
            span = range(first, first + blocks)
            if (
                not is_here
                or not 0 < stated <= blocks * size
                or span.stop > count
                or not taken.isdisjoint(span)
                or number in span
            ):
                continue
            taken.update(span)
            path = address + (b"/$headers" if stream == 0 else b"" if stream == 1 else b"/$code")
            yield _entry(path, _FIRST + first * size, stated)

    def _of_block(self, number: int, size: int, taken: set[int]) -> Iterator[Entry]:
        """Yield the picture that begins with a block, to its own end."""
        start = _FIRST + number * size
        room = (_TOGETHER - number % _TOGETHER) * size
        data = self._reader.pread(start, room)
        kind = TYPES[sniff(data)].name
        for at in range(size, len(data), size):
            if TYPES[sniff(data[at : at + size])].name in {*_ENDS, "webp"}:
                data = data[:at]  # another picture begins there
                break
        if kind == "webp":
            end = min(len(data), 8 + int.from_bytes(data[4:8], "little"))
        elif kind in _ENDS:
            mark, length = _ENDS[kind]
            spot = data.find(mark) if kind == "png" else data.rfind(mark)
            end = spot + length if spot > 0 else 0
        else:
            return
        if end:
            taken.update(range(number, number + -(-end // size)))
            yield _entry(b"", start, end)


def _entry(address: bytes, start: int, size: int) -> Entry:
    return Entry(
        locator=f"m@{start:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=member_path(address, directory=False) or f"$content-{start:#x}".encode(),
        size=size,
        handle=piece(start, size),
        first_offset=start,
        place=Place.BROWSER_CACHE,
    )
