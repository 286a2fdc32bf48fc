"""Archives that stand behind something else: programs that unpack themselves, films, anything.

Each archive is a member, ``m@`` and its offset; so is what lies between archives behind the end,
``r@`` and its offset, unless it is padding (`ending`). What the file itself is has no member: its
digest is that of the whole file. An archive that does not say where it ends goes to the end of the
file.
"""

from collections.abc import Iterator
from functools import partial
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing.exact import CHUNK, HEAD
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap
from heroes_forensics.parsers.base import PART, Reader, UnsupportedError
from heroes_forensics.parsers.containers import zip_records
from heroes_forensics.parsers.containers.ending import BELIEVED, PROGRAMS, TAIL, Begin, Ending
from heroes_forensics.parsers.containers.pieces import Pieces, opening, piece
from heroes_forensics.parsers.containers.searching import found_at

_REST: Final = 16
"""Bytes behind the end that are worth an entry."""


def open_appended(reader: Reader) -> Pieces:
    """Open a file in which archives stand behind something else; ``reader`` stays the caller's.

    Raises:
        EvidenceError: it cannot be read.
        UnsupportedError: ``container.part``, one part of a zip archive stands there.
    """
    with opening("the file"):
        kind = TYPES[sniff(reader.pread(0, HEAD))].name
        ending = watched(reader, kind)
        begins = ending.begins
        if ending.is_zip:
            start = max(zip_start(reader), ending.end)
            begins = [*(each for each in begins if each.start < start), Begin(start, 0)]
    sweep = "not applicable: the bytes are searched"
    # A picture or film counts as such, and what it holds among the members.
    name = "sfx" if kind in PROGRAMS else "picture"
    return Pieces(reader, name, partial(_found, reader, begins, ending.end), sweep=sweep)


def _found(reader: Reader, begins: list[Begin], end: int) -> Iterator[Entry | Gap]:
    size = reader.size
    after, taken = end if end >= 0 else size, 0
    last = begins[-1].start if begins else size
    try:
        for start, stated in begins:
            if start < taken:
                continue  # it lies in the one before
            region = end if start < end else last if start < last else size
            stop = min(size, start + stated if stated else region)
            if start > after:
                yield from _rest(reader, after, start)
            yield _entry("m", start, stop - start)
            taken = stop
            after = max(after, stop) if start >= end else after
        yield from _rest(reader, after, size)
    except OSError:
        yield Gap("m@0x0", "source.damaged", {"read": "failed"})


def _rest(reader: Reader, start: int, stop: int) -> Iterator[Entry]:
    """Yield what lies between two offsets, unless it is padding."""
    if stop - start < _REST:
        return
    first = reader.pread(start, 1)
    for at in range(start, stop, CHUNK):
        if reader.pread(at, min(CHUNK, stop - at)).strip(first):
            yield _entry("r", start, stop - start)
            return


def watched(reader: Reader, kind: str) -> Ending:
    """Return what is seen of a whole file.

    Args:
        reader: the file.
        kind: its type by its first bytes.

    Raises:
        OSError: it cannot be read.
    """
    ending = Ending(kind)
    for at in range(0, max(0, reader.size), CHUNK):
        ending.take(reader.pread(at, min(CHUNK, reader.size - at)))
    ending.finish()
    return ending


def zip_start(reader: Reader) -> int:
    """Return where the zip archive begins that a file ends with.

    Offsets in it count from its own start, or from that of the file.

    Raises:
        EvidenceError: its directory is damaged.
        OSError: it cannot be read.
        UnsupportedError: ``container.part``, its directory is in another part.
    """
    directory = zip_records.find_directory(reader)
    if directory is None:
        raise UnsupportedError("the directory is elsewhere", code=PART)
    members = zip_records.members(reader, directory)
    here = (each.offset for each in members if each.disk == directory.disk and each.offset >= 0)
    return min((directory.start, *here))  # what is said to lie behind it does not


def ending_zip(reader: Reader, kind: str) -> Begin | None:
    """Return the zip archive that a file ends with; None where it does not, or not with all of it.

    Args:
        reader: the file.
        kind: its type.

    Raises:
        OSError: it cannot be read.
    """
    ending = Ending(kind)
    ending.take(reader.pread(max(0, reader.size - TAIL), TAIL))
    if not ending.is_zip:
        return None
    try:
        start = zip_start(reader)
    except EvidenceError:
        start = max(0, reader.size - TAIL)  # whoever opens it says what is wrong
    return Begin(start, reader.size - start)


def behind_mark(reader: Reader, mark: bytes, kind: str) -> Begin | None:
    """Return what stands behind the last mark of a document; None where that is nothing known.

    Args:
        reader: the document.
        mark: with which it ends.
        kind: its type.

    Raises:
        OSError: it cannot be read.
    """
    zipped = ending_zip(reader, kind)
    if zipped is not None:
        return zipped
    last = spot = -1
    while (spot := found_at(reader, mark, spot + 1)) >= 0:
        last = spot + len(mark)
    data = reader.pread(last, HEAD) if last >= 0 else b""
    rest = data.lstrip(b"\r\n")
    if TYPES[sniff(rest)].name not in BELIEVED:
        return None
    start = last + len(data) - len(rest)
    return Begin(start, reader.size - start)


def _entry(form: str, start: int, size: int) -> Entry:
    return Entry(
        locator=f"{form}@{start:#x}",
        kind=EntryKind.FILE if form == "m" else EntryKind.METADATA,
        flags=EntryFlag.ALLOCATED,
        path=b"$%s/%#x" % (b"behind" if form == "m" else b"rest", start),
        size=size,
        handle=piece(start, size),
        first_offset=start,
    )
