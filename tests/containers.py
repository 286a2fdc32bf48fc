"""What a container gives: listed, held against what every listing has to keep, and read."""

from heroes_forensics.model import Entry, EntryKind, Gap, Listing
from heroes_forensics.parsers.base import FileSystem

_UNSTATED = 1 << 24
"""Bytes that are read of a member whose size nothing states."""


def split(found: FileSystem) -> tuple[list[Entry], list[Gap], Listing]:
    """Return entries, gaps and their count; what holds of every container is asserted."""
    rows = list(found.entries())
    listing = rows.pop()
    assert isinstance(listing, Listing)
    entries = [row for row in rows if isinstance(row, Entry)]
    assert listing.entries == len(entries)
    assert listing.directories == sum(e.kind == EntryKind.DIRECTORY for e in entries)
    assert listing.directories == listing.directories_listed
    assert len({e.locator for e in entries}) == len(entries), "a locator names one entry"
    assert all(len(e.handle) <= 64 for e in entries)
    assert all(e.locator.isascii() and e.locator.isprintable() for e in entries)
    return entries, [row for row in rows if isinstance(row, Gap)], listing


def content(found: FileSystem, entry: Entry) -> bytes:
    """Return the whole content of an entry."""
    reader = found.open(entry.handle)
    try:
        return reader.pread(0, reader.size if reader.size >= 0 else _UNSTATED)
    finally:
        reader.close()


def contents(found: FileSystem) -> dict[bytes, bytes]:
    """Return the content of every file by its path; a gap fails the test."""
    entries, gaps, _ = split(found)
    assert gaps == []
    return {e.path: content(found, e) for e in entries if e.kind == EntryKind.FILE}


def named(found: FileSystem) -> dict[str, bytes]:
    """Return the same by names that are text."""
    return {path.decode(): data for path, data in contents(found).items()}
