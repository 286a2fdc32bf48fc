"""Pictures in the middle of files: of those in use that are neither decoded nor opened themselves.

One that was appended to other bytes, or that a program keeps in a file of its own making, begins
anywhere (`heroes_forensics.parsers.recovery.bytewise`).
"""

from collections.abc import Callable, Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import FileSystem, Reader
from heroes_forensics.parsers.containers.appended import open_appended
from heroes_forensics.parsers.openers import OPENED
from heroes_forensics.parsers.recovery.bytewise import SMALLEST, pictures_in
from heroes_forensics.parsers.recovery.carved import MARK_INSIDE, number
from heroes_forensics.parsers.recovery.window import SpentError

_OLES: Final = frozenset({"ole", "doc", "xls", "ppt", "vsd", "pub"})
"""Searched, though they are opened: programs keep pictures in streams of their own making."""
SEARCHED: Final = frozenset(
    row.name for row in TYPES if not row.is_media and row.name not in OPENED.keys() - _OLES
)
"""Types of files that are searched; pictures and films are decoded, and containers are opened."""
Ranges = list[tuple[int, int]]
"""Offsets: the first byte, and the one behind the last."""


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
