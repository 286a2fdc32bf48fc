"""Caches of Chromium: what pages were made of, as far as one file of the cache says where it lies.

Two forms. An entry of the simple cache (Linux, Android, macOS) is a file of its own: a header, the
address, the content and its headers; content and headers are members. In the block files of the
other (``data_1`` ... ``data_3``; Windows) a member is what an entry in the same file leads to, with
its exact length; what entries in another file lead to is found where a block that is in use begins
like something known, and ends where that does, if its form says so, else with its blocks. Blocks in
use that begin like nothing known are ``r@`` and their offset. What is larger than four blocks is a
file of its own (``f_000001``) and needs none of this. The form is that of Chromium's
``net/disk_cache``. Locators are ``m@`` and the offset of the content. The path is the address,
where it is known.
"""

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, FileClass, sniff
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Place
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.codings import CodedPieces, expanded
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import opening, piece

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
_MOST_HEADERS: Final = 1 << 20
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


_NOTHING: Final = frozenset({FileClass.OTHER, FileClass.TEXT})
_GZIP: Final = 31
"""Window bits of zlib for a gzip header."""
_STEP: Final = 1 << 20
_ICON: Final = 6
"""Bytes of the header of an icon file; then 16 for each icon, its length and offset last."""


def open_chrome_cache(reader: Reader) -> CodedPieces:
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
    sweep = "blocks in use that no entry of the same file leads to"
    return CodedPieces(reader, "chrome-cache", found, sweep=sweep)


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
        content = _entry(address, start, middle - start)
        yield content
        if size:
            yield from self._expanded(content, headers, size)
            yield _entry(address + b"/$headers", headers, size)

    def _expanded(self, content: Entry, start: int, size: int) -> Iterator[Entry]:
        """Yield what a content expands to, where its headers say that it is packed."""
        found = expanded(content, self._reader.pread(start, min(size, _MOST_HEADERS)))
        if found is not None:
            yield found

    def _blocks(self) -> Iterator[Entry | Gap]:
        _, _, own, _, size, _, most = _FILE.unpack(self._head)
        most = min(max(0, most), _MOST_BLOCKS)
        count = min(most, max(0, self._reader.size - _FIRST) // size)
        bits = self._reader.pread(_MAP, _FIRST - _MAP).ljust(_FIRST - _MAP, b"\0")
        used = [number for number in range(most) if bits[number >> 3] >> (number & 7) & 1]
        here = bisect_left(used, count)
        if here < len(used) or self._reader.size < _FIRST:
            yield Gap(f"r@{_FIRST + count * size:#x}", "source.damaged", {"blocks": "cut off"})
        used = used[:here]
        taken: set[int] = set()
        for number in used if size == min(_SIZES) else ():
            yield from self._of_record(number, own, count, taken)
        left: list[int] = []
        for number in used:
            if left and number != left[-1] + 1:
                yield from self._rest(left, size)
                left = []
            if number in taken:
                continue
            found = self._of_block(number, size, taken)
            if found is None:
                left.append(number)
            else:
                yield from self._rest(left, size)
                left = []
                yield found
        yield from self._rest(left, size)

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
        if len(address) == min(length, size - _ADDRESS_AT) or address[:1].isalnum():
            taken.update(range(number, number + min(_TOGETHER, -(-(_ADDRESS_AT + length) // size))))
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

    def _of_block(self, number: int, size: int, taken: set[int]) -> Entry | None:
        """Return what a block begins with, to its own end; None where that is nothing known."""
        start = _FIRST + number * size
        room = (_TOGETHER - number % _TOGETHER) * size
        data = self._reader.pread(start, room)
        kind = TYPES[sniff(data)]
        if kind.file_class in _NOTHING:
            return None
        for at in range(size, len(data), size):
            another = number + at // size in taken
            if another or TYPES[sniff(data[at : at + size])].file_class not in _NOTHING:
                data = data[:at]  # something else begins there
                break
        end = _end(kind.name, data)
        taken.update(range(number, number + -(-end // size)))
        return _entry(b"", start, end)

    def _rest(self, numbers: list[int], size: int) -> Iterator[Entry]:
        """Yield blocks in use, one behind the other, that begin like nothing known, as one entry.

        Zeros are none.
        """
        start = _FIRST + (numbers[0] if numbers else 0) * size
        data = self._reader.pread(start, len(numbers) * size)
        if data.strip(b"\0"):
            yield Entry(
                locator=f"r@{start:#x}",
                kind=EntryKind.METADATA,
                flags=EntryFlag.ALLOCATED,
                path=b"$blocks-%#x" % start,
                size=len(data),
                handle=piece(start, len(data)),
                first_offset=start,
                place=Place.BROWSER_CACHE,
            )


def _end(kind: str, data: bytes) -> int:
    """Return how many bytes what begins here has, at most all of them."""
    if kind == "webp":
        return min(len(data), 8 + int.from_bytes(data[4:8], "little"))
    if kind == "ico":
        rows = data[_ICON : _ICON + 16 * int.from_bytes(data[4:6], "little")]
        ends = [sum(each) for each in struct.iter_unpack("<8x2I", rows[: len(rows) // 16 * 16])]
        return min(len(data), max(ends, default=len(data)))
    if kind == "gzip":
        engine, pending = zlib.decompressobj(_GZIP), data
        try:
            while pending and not engine.eof:
                engine.decompress(pending, _STEP)
                pending = engine.unconsumed_tail
        except zlib.error:
            return len(data)
        return len(data) - len(engine.unused_data)
    mark, length = _ENDS.get(kind, (b"", 0))
    spot = (data.find(mark) if kind == "png" else data.rfind(mark)) if mark else 0
    return spot + length if spot > 0 else len(data)


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
