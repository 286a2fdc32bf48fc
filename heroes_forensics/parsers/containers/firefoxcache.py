"""Entries of Firefox's cache: what a page was made of, each in a file of its own.

Its form is told in `cachemetadata`. Members are ``m@0x0``, the content, ``x@0x0``, what that
expands to where the headers say that it is packed with Brotli or deflate, and ``m@`` and the offset
of what follows. The path is the address.
"""

from collections.abc import Iterator

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Place
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.cachemetadata import LONGEST, metadata_in
from heroes_forensics.parsers.containers.codings import CodedPieces, expanded
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import opening, piece


def open_firefox_cache(reader: Reader) -> CodedPieces:
    """Open an entry of the cache; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the entry of the cache"):
        size = reader.size
        found = metadata_in(reader.pread(max(0, size - LONGEST), LONGEST), size)
    if found is None:
        raise EvidenceError("this is no entry of a cache")

    def entries() -> Iterator[Entry]:
        if found.start:
            content = _entry(found.address, 0, found.start)
            yield content
            plain = expanded(content, found.values)
            if plain is not None:
                yield plain
        yield _entry(found.address + b"/$headers", found.start, size - found.start)

    sweep = "not applicable: the last bytes say where the content ends"
    return CodedPieces(reader, "firefox-cache", entries, sweep=sweep)


def _entry(address: bytes, start: int, size: int) -> Entry:
    return Entry(
        locator=f"m@{start:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=member_path(address, directory=False) or b"$content",
        size=size,
        handle=piece(start, size),
        first_offset=start,
        place=Place.BROWSER_CACHE,
    )
