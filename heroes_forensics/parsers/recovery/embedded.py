"""Pictures in the middle of files: of those in use that are neither decoded nor opened themselves.

A picture that was appended to other bytes, or that a program keeps in a file of its own making,
begins anywhere. So every byte is looked at, and only for formats whose first bytes are telling;
what is not followed to its end is none.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import FileSystem, Reader
from heroes_forensics.parsers.containers.appended import open_appended
from heroes_forensics.parsers.recovery.carved import MARK_INSIDE, number
from heroes_forensics.parsers.recovery.jpeg import jpeg
from heroes_forensics.parsers.recovery.pictures import gif, png
from heroes_forensics.parsers.recovery.riff import riff
from heroes_forensics.parsers.recovery.window import Budget, Found, SpentError, Window

_CLOSED: Final = frozenset(
    {
        *("zip", "jar", "apk", "ipa", "rar", "7z", "gzip", "bzip2", "xz", "lzma", "zstd", "lz4"),
        *("lzip", "compress", "tar", "cpio", "cab", "arj", "lha", "ar", "deb", "rpm", "wim", "iso"),
        *("squashfs", "adb-backup", "eml", "mbox", "msg", "pst", "dbx", "pdf", "rtf", "onenote"),
        *("docx", "xlsx", "pptx", "ooxml", "odt", "ods", "odp", "odf", "epub", "xps", "iwork"),
        *("sqlite", "sqlite-wal", "sqlite-journal", "thumbcache", "thumbs-db", "chrome-cache"),
        *("firefox-cache", "emf", "wmf", "itunes-manifest", "msi", "sfx"),
    }
)
"""Types of files that are opened as containers. Those of OLE are, and searched besides: programs
keep pictures in streams of their own making."""
SEARCHED: Final = frozenset(
    row.name for row in TYPES if not row.is_media and row.name not in _CLOSED
)
"""Types of files that are searched; pictures and films are decoded."""
_WALKERS: Final[dict[bytes, Callable[[Window], Found | None]]] = {
    b"\xff\xd8\xff": jpeg,
    b"\x89PNG\r\n\x1a\n": png,
    b"GIF87a": gif,
    b"GIF89a": gif,
    b"RIFF": riff,
}
_STARTS: Final = re.compile(b"|".join(map(re.escape, _WALKERS)))
Ranges = list[tuple[int, int]]
"""Offsets: the first byte, and the one behind the last."""
_STEP: Final = 4 << 20
_OVERLAP: Final = 8
SMALLEST: Final = 128
_LARGEST: Final = 512 << 20
"""Bytes of one picture."""
_BUDGET: Final = 8
_LEAST_BUDGET: Final = 64 << 20


class _Stream:
    """A stream as walkers read it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.size = max(0, reader.size)

    def read(self, offset: int, length: int) -> bytes:
        return self._reader.pread(offset, length)


def inside(fs: FileSystem, beat: Callable[[], None]) -> Iterator[Entry | Gap]:
    """Yield the pictures that lie in the middle of files of a volume.

    What cannot be read is passed over: reading it as a file says so.

    Args:
        fs: the volume; it is listed once more.
        beat: called now and then, to show that the search moves.
    """
    seen: set[bytes] = set()
    for row in fs.entries():
        beat()
        if not isinstance(row, Entry) or row.kind is not EntryKind.FILE or row.handle in seen:
            continue
        if not row.flags & EntryFlag.ALLOCATED or row.size <= SMALLEST:
            continue
        seen.add(row.handle)
        try:
            reader = fs.open(row.handle)
            if TYPES[sniff(reader.pread(0, HEAD))].name in SEARCHED:
                listed: Ranges | None = None
                for at, found in pictures_in(reader, beat):
                    listed = _archives(reader) if listed is None else listed
                    if not any(start <= at < end for start, end in listed):
                        yield _entry(row, at, found.size)
        except (EvidenceError, OSError):
            continue
        except SpentError:
            yield Gap(row.locator, "embedded.limit", {"bytes": row.size})


def pictures_in(
    reader: Reader,
    beat: Callable[[], None] = lambda: None,
    *,
    budget: Budget | None = None,
    first: int = 1,
) -> Iterator[tuple[int, Found]]:
    """Yield the whole pictures of a stream, and where each begins.

    Args:
        reader: the stream.
        beat: called now and then, to show that the search moves.
        budget: what may be read, where it is not that of this stream alone.
        first: the first byte at which one may begin.

    Raises:
        OSError: it cannot be read.
        SpentError: as much was read as may be.
    """
    stream = _Stream(reader)
    budget = budget or Budget(max(_LEAST_BUDGET, _BUDGET * stream.size), beat)
    after = first
    for start in range(0, stream.size, _STEP):
        beat()
        length = min(_STEP + _OVERLAP, stream.size - start)
        data = stream.read(start, length)
        if len(data) < length:
            raise OSError("the stream ends before its own end")
        for hit in _STARTS.finditer(data):
            at = start + hit.start()
            if at < after or hit.start() >= _STEP:
                continue
            found = _WALKERS[hit[0]](Window(stream, at, budget, _LARGEST))
            if found is not None and found.whole and found.size >= SMALLEST:
                yield at, found
                after = at + found.size


def _archives(reader: Reader) -> Ranges:
    """Return where the archives lie that stand behind a file: what they hold is listed with them.

    Raises:
        OSError: it cannot be read.
    """
    try:
        members = open_appended(reader).entries()
        found = [row for row in members if isinstance(row, Entry) and row.kind is EntryKind.FILE]
    except EvidenceError:
        return []
    return [(row.first_offset, row.first_offset + row.size) for row in found]


def _entry(row: Entry, at: int, size: int) -> Entry:
    return Entry(
        locator=f"{row.locator}/c@{at:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=row.path + b"/$embedded/%#x" % at,
        size=size,
        handle=bytes([MARK_INSIDE]) + number(at) + number(size) + row.handle,
        first_offset=row.first_offset,
        place=row.place,
    )
