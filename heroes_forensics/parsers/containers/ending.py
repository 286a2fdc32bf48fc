"""What stands behind the end of a file that is something else: archives behind programs and films.

`Ending` watches a stream go by, from its first byte to its last, and says afterwards what was seen:
where the file ends by its own structure (sections of a program, boxes of a film), which archives
begin behind that or in the resources of a program, and whether its last 64 KiB are those of a zip
archive. So the worker that digests a stream knows it without reading anything twice, and whoever
opens it learns it the same way.

Sources: Microsoft's "PE Format", the ELF specification (TIS 1.2), ISO 14496-12, EBML (RFC 8794),
PKWARE's APPNOTE, 7-Zip's "7zFormat.txt", RAR's "technote.txt", MS-CAB, MS-CFB; for programs that
unpack themselves the public sources of NSIS, Inno Setup, PyInstaller and makeself.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import re
import struct
import zlib
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.filetype import TYPES, FileClass, sniff

PROGRAMS: Final = frozenset({"pe", "dos", "elf", "mach-o", "script"})
"""Types of `filetype` that may be in front of an archive."""
_BOXES: Final = frozenset({"mp4", "m4v", "mov", "3gp", "3g2", "mj2", "cr3"})
_RIFF: Final = frozenset({"avi", "ani"})
_EBML: Final = frozenset({"mkv", "webm"})

TAIL: Final = 20 + 22 + 65535
"""Bytes in which the end record of a zip archive lies, with its locator in front."""
_END: Final = struct.Struct("<4s4HIIH")
_END_MAGIC: Final = b"PK\x05\x06"
_SHORT: Final = 16 << 10
"""Bytes that are searched byte by byte sooner than pair by pair."""
_MARGIN: Final = 64
"""Bytes of a beginning that are looked at."""
_HEAD: Final = 4096
"""And of what stands right behind the end of a program."""
_MOST: Final = 64
"""Archives in one file."""
_LARGEST: Final = 1 << 62
_FIRST_DATA: Final = re.compile(
    rb"\n(?:\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ\0|7z\xbc\xaf\x27\x1c|LZIP\x01|\x28\xb5\x2f\xfd"
    rb"|\x04\x22\x4d\x18|\x5d\0\0|PK\x03\x04|[^\0\n]{1,100}\0[\s\S]{156,257}ustar)"
)
"""What follows the last line of a shell script."""

BELIEVED: Final = frozenset(
    {
        *(row.name for row in TYPES if row.file_class is FileClass.ARCHIVE),
        *(row.name for row in TYPES if row.name in {"ole", "msi", "pdf", "sqlite"}),
        *(row.name for row in TYPES if row.mime.endswith("document") or row.name == "epub"),
        *("jpeg", "png", "gif", "webp", "heic", "mp4", "mov", "mkv", "webm", "avi"),
    }
    - {"compress", "installer", "sfx"}
)
"""Types that are believed right behind a file's end: those that more than two bytes tell."""


class Begin(NamedTuple):
    """An archive, or something else that is opened, in a file of another type."""

    start: int
    size: int
    """As it states itself; 0 where it does not."""


def _seven_zip(data: bytes) -> int:
    size = sum(struct.unpack_from("<QQ", data, 12)) + 32
    whole = data[6] == 0 and zlib.crc32(data[12:32]) == int.from_bytes(data[8:12], "little")
    return size if whole and size < _LARGEST else -1


def _rar(data: bytes) -> int:
    return 0 if data[6] == 0 or data[6:8] == b"\1\0" else -1


def _cabinet(data: bytes) -> int:
    _, zero, size, other, files, third = struct.unpack_from("<6I", data)
    is_cabinet = not (zero or other or third) and data[24:26] == b"\3\1" and 36 <= files < size
    return size if is_cabinet else -1


def _compound(data: bytes) -> int:
    return 0 if data[28:30] == b"\xfe\xff" and data[26] in {3, 4} else -1


_ARCHIVES: Final[dict[bytes, Callable[[bytes], int]]] = {
    b"7z\xbc\xaf\x27\x1c": _seven_zip,
    b"Rar!\x1a\x07": _rar,
    b"MSCF\0\0\0\0": _cabinet,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": _compound,
}
"""What is looked for anywhere behind the end, and what says how long it is (-1: it is none)."""
_INSTALLERS: Final = (
    b"\xef\xbe\xad\xdeNullsoftInst",
    b"Inno Setup Setup Data (",
    b"InstallShield\0",
    b"ISSetupStream\0",
    b"MEI\x0c\x0b\x0a\x0b\x0e",
)
"""NSIS, Inno Setup, InstallShield (two) and PyInstaller: archives that nobody opens here."""
_PAIRS: Final = np.zeros(1 << 16, dtype=bool)
for _magic in (*_ARCHIVES, *_INSTALLERS):
    _PAIRS[int.from_bytes(_magic[:2], "little")] = True


class _Span(NamedTuple):
    """Bytes that are searched."""

    start: int
    end: int
    step: int
    """Archives begin at multiples of it: 4 in resources, else 1."""
    is_end: bool
    """Whether this is what lies behind the end."""


def has_end_record(data: bytes) -> bool:
    """Tell whether the end record of a zip archive may lie in the last `TAIL` bytes.

    Nearly every stream is asked and has none: of 64 KiB, pairs of bytes are compared in a fifth of
    the time that a search for four takes.
    """
    start = max(0, len(data) - TAIL)
    if len(data) < _SHORT:
        return data.rfind(_END_MAGIC, start) >= 0
    start &= ~1
    pairs = np.frombuffer(data, dtype="<u2", offset=start, count=(len(data) - start) // 2)
    for pair, before in _END_PAIRS:
        (found,) = (pairs == pair).nonzero()
        hits = found * 2 + (start - before)
        if any(data.startswith(_END_MAGIC, at) for at in hits.tolist() if at >= 0):
            return True
    return False


_END_PAIRS: Final = tuple(
    (int.from_bytes(_END_MAGIC[before : before + 2], "little"), before) for before in (0, 1)
)
"""Two of its bytes as they stand at an even offset, and how many of it stand before them."""


class Ending:
    """Watches one stream."""

    def __init__(self, kind: str) -> None:
        """Take the type that its first bytes have."""
        self._kind = kind
        self.size = 0
        """Bytes that went by."""
        self._spans: list[_Span] = []
        self._next = -1
        """Where the next box of a film begins; -1 when there is none to follow."""
        self.tail = b""
        """The last `TAIL` of them."""
        self._carry = b""
        self._head_at = -1
        self._head = b""
        self.begins: list[Begin] = []
        """Archives that were seen, but for zip ones, in their order."""
        self.is_installer = False
        """Whether it unpacks itself in a way that nobody reads here."""

    def take(self, data: bytes) -> None:
        """See the next bytes; the first of them hold the headers."""
        if not self.size:
            self._begin(data)
        self.tail = data[-TAIL:] if len(data) >= TAIL else (self.tail + data)[-TAIL:]
        base = self.size - len(self._carry)
        self.size += len(data)
        if self._next >= 0 or self._spans:
            data = self._carry + data
            self._walk(base, data)
            known = max(0, len(data) - _MARGIN)
            self._look(base, data, known)
            self._carry = data[known:]

    def finish(self) -> None:
        """See that there is no more."""
        base = self.size - len(self._carry)
        self._look(base, self._carry + bytes(_MARGIN), len(self._carry))
        head, at = self._head, self._head_at
        if head and TYPES[sniff(head)].name in BELIEVED and all(b.start != at for b in self.begins):
            self.begins.insert(0, Begin(at, 0))
            self.begins.sort()

    @property
    def end(self) -> int:
        """Where the file ends by its own structure; -1 where nothing says so, or nothing follows.

        Only right behind `finish`.
        """
        at = next((span.start for span in self._spans if span.is_end), -1)
        return at if at < self.size else -1

    @property
    def is_zip(self) -> bool:
        """Whether the last bytes are those of a zip archive, or of its last part."""
        tail = self.tail
        at = tail.rfind(_END_MAGIC)
        while at >= 0:
            if at + _END.size <= len(tail) and self._is_directory(at, _END.unpack_from(tail, at)):
                return True
            at = tail.rfind(_END_MAGIC, 0, at)
        return False

    def _is_directory(self, at: int, end: tuple[int, ...]) -> bool:
        _, disk, _, here, members, length, _, comment = end
        behind = len(self.tail) - at - _END.size - comment
        if behind < 0 or not members or (behind and self.tail[-behind:].strip(b"\0")):
            return False
        if self.tail.startswith(b"PK\x06\x07", max(0, at - 20)):
            return True
        start = at - length
        if start >= 0:
            return self.tail.startswith(b"PK\x01\x02", start)
        return disk > 0 or (here == members and length >= 46 * members and self.size > length)

    # ---- where the file ends --------------------------------------------------------------

    def _begin(self, data: bytes) -> None:
        kind = self._kind
        if kind == "pe":
            self._portable(data)
        elif kind == "dos":
            last, pages = struct.unpack_from("<HH", data.ljust(6, b"\0"), 2)
            self._ends_at(512 * pages - (512 - last if last else 0))
        elif kind == "elf":
            self._ends_at(_elf_end(data))
        elif kind == "script":
            found = _FIRST_DATA.search(data)
            if found is not None:
                self._ends_at(found.start() + 1)
        elif kind in _BOXES or kind in _RIFF or kind in _EBML:
            self._next = 0

    def _ends_at(self, end: int) -> None:
        if 0 < end < _LARGEST:
            self._spans.append(_Span(end, _LARGEST, 1, is_end=True))
            self._head_at = end

    def _portable(self, data: bytes) -> None:
        header = int.from_bytes(data[60:64], "little")
        if not data.startswith(b"PE\0\0", header) or header + 24 > len(data):
            return
        sections, optional = struct.unpack_from("<6xH12xH", data, header)[0:2]
        table = header + 24 + optional
        end = 0
        for at in range(table, min(table + 40 * min(sections, 96), len(data) - 39), 40):
            size, start = struct.unpack_from("<II", data, at + 16)
            end = max(end, start + size if size else 0)
            if data.startswith(b".rsrc\0", at) and size:
                self._spans.append(_Span(start, start + size, 4, is_end=False))
        self._ends_at(end)

    def _walk(self, base: int, data: bytes) -> None:
        """Follow the boxes of a film as far as their headers were seen."""
        while 0 <= self._next <= base + len(data) - 16:
            head = data[self._next - base : self._next - base + 16]
            length = _box(self._kind, head, first=self._next == 0)
            if length == 0:  # to the end of the file, whatever that is
                self._next = -1
            elif length < 0:
                self._ends_at(self._next)
                self._next = -1
            else:
                self._next += length

    # ---- what lies behind it --------------------------------------------------------------

    def _look(self, base: int, data: bytes, known: int) -> None:
        """Search the bytes that are in a span; beginnings before ``known`` are decided."""
        if 0 <= self._head_at < base + len(data) and len(self._head) < _HEAD:
            at = self._head_at + len(self._head)
            if at >= base:
                self._head += data[at - base : at - base + _HEAD - len(self._head)]
        for span in self._spans:
            start, end = max(span.start, base), min(span.end, base + known)
            if end > start:
                self._search(base, data, range(start - base, end - base, span.step), span)

    def _search(self, base: int, data: bytes, places: range, span: _Span) -> None:
        for at in _candidates(data, places):
            if span.is_end and data.startswith(_INSTALLERS, at):
                self.is_installer = True
            size = next(
                (w(data[at : at + _MARGIN]) for m, w in _KNOWN if data.startswith(m, at)), -1
            )
            if size >= 0 and len(self.begins) < _MOST:
                self.begins.append(Begin(base + at, size))


_KNOWN: Final = tuple(_ARCHIVES.items())


def _candidates(data: bytes, places: range) -> Iterator[int]:
    """Yield, in order, where two bytes are those with which something begins."""
    found: list[int] = []
    for first in range(
        places.start, min(places.start + (1 if places.step > 1 else 2), places.stop)
    ):
        pairs = np.frombuffer(data, dtype="<u2", offset=first, count=(len(data) - first) // 2)
        stride = max(1, places.step // 2)
        seen = pairs[: -(-(places.stop - first) // 2) : stride]
        hits = np.flatnonzero(_PAIRS[seen]) * (2 * stride) + first
        found += hits.tolist()
    yield from sorted(found)


def _elf_end(data: bytes) -> int:
    """Return the offset behind sections, segments and their tables."""
    if len(data) < 64 or data[4] not in {1, 2} or data[5] not in {1, 2}:
        return 0
    order, wide = "<" if data[5] == 1 else ">", data[4] == 2
    form = f"{order}{'QQ' if wide else 'II'}4xH" + "5H"
    programs, sections, _, each, count, size, number, _ = struct.unpack_from(
        form, data, 32 if wide else 28
    )
    end = sections + size * number
    for at in range(programs, min(programs + each * count, len(data) - 56), max(each, 32)):
        start, length = (
            (
                struct.unpack_from(f"{order}Q", data, at + 8)[0],
                struct.unpack_from(f"{order}Q", data, at + 32)[0],
            )
            if wide
            else (
                struct.unpack_from(f"{order}I", data, at + 4)[0],
                struct.unpack_from(f"{order}I", data, at + 16)[0],
            )
        )
        end = max(end, start + length)
    return int(end)


def _box(kind: str, head: bytes, *, first: bool) -> int:
    """Return the length of one box, chunk or element; 0: to the end; -1: it is none."""
    if kind in _RIFF:
        good = head.startswith(b"RIFF") and (first or head[8:12] == b"AVIX")
        size = int.from_bytes(head[4:8], "little")
        return 8 + size + (size & 1) if good else -1
    if kind in _EBML:
        return _element(head)
    length, name = int.from_bytes(head[:4], "big"), head[4:8]
    if not (name.isalnum() or name in _ODD_BOXES) or length in range(2, 8):
        return -1
    return int.from_bytes(head[8:16], "big") or -1 if length == 1 else length


_ODD_BOXES: Final = frozenset({b"\xa9xyz", b"\xa9nam"})
_ELEMENTS: Final = (b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67", b"\xec", b"\xbf")
"""EBML header, segment, void, checksum."""


def _element(head: bytes) -> int:
    name = next((each for each in _ELEMENTS if head.startswith(each)), None)
    if name is None:
        return -1
    first = head[len(name)]
    width = 9 - first.bit_length()
    if not first:
        return -1
    size = int.from_bytes(head[len(name) : len(name) + width], "big") & ((1 << 7 * width) - 1)
    unknown = size == (1 << 7 * width) - 1
    return 0 if unknown else len(name) + width + size
