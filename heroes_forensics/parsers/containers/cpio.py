"""cpio archives: the portable formats ``newc``, ``crc`` and ``odc``, and the old binary one.

Entries lie one behind the other and nothing else leads to them, so that the archive is over where
one is not sound. Locators are ``m@`` and the offset of the header. Of a file with several names
only one entry has the content; the others have none.

Behind the end of an archive another one may stand, and the kernel unpacks both: so do initial RAM
disks, whose second archive is compressed more often than not. What is no archive of cpio there is
an entry of its own, ``r@`` and its offset.
"""

import struct
from collections.abc import Iterator
from functools import partial
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Moment,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.pieces import (
    Pieces,
    behind_zeros,
    opening,
    piece,
    unaccounted,
)
from heroes_forensics.parsers.kinds import hides_content
from heroes_forensics.parsers.place import place_of

_LAST: Final = b"TRAILER!!!"
_MOST_NAME: Final = 1 << 12
_NEW, _OLD = 110, 76
"""Bytes of a header in hexadecimal and in octal numbers."""
_BINARY: Final = "13H"
_KINDS: Final = {
    0o040000: EntryKind.DIRECTORY,
    0o100000: EntryKind.FILE,
    0o120000: EntryKind.SYMLINK,
}
_TYPE: Final = 0o170000


class _Header(NamedTuple):
    mode: int
    owner: int
    modified: int
    name: int
    """Bytes of the name, with the zero at its end."""
    size: int
    length: int
    """Bytes of the header itself."""
    step: int
    """What name and content are padded to."""


def open_cpio(reader: Reader) -> Pieces:
    """Open an archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the archive"):
        found = _header(reader.pread(0, _NEW))
    if found is None:
        raise EvidenceError("this is no cpio archive")
    return Pieces(
        reader,
        "cpio",
        partial(_found, reader),
        sweep="not applicable: every header is visited",
        times={"m": TimeRule(1_000_000_000, "utc")},
    )


def _found(reader: Reader) -> Iterator[Entry | Gap]:
    """Yield the entries in the order they lie."""
    at = 0
    while True:
        try:
            header = _header(reader.pread(at, _NEW))
            start = at + header.length if header else 0
            name = reader.pread(start, header.name) if header else b""
        except OSError:
            header, name = None, b""
        if header is None or not name.endswith(b"\0"):
            yield Gap(f"m@{at:#x}", "source.damaged", {"header": "damaged"})
            return
        name = name.partition(b"\0")[0]
        if name == _LAST and not header.size:
            at = behind_zeros(reader, at + header.length + header.name, reader.size)
            if at < reader.size and _header(reader.pread(at, _NEW)) is None:
                yield unaccounted(at, reader.size, piece(at, reader.size - at))
                return
            if at >= reader.size:
                return
            continue
        data = _padded(at + header.length + header.name, at, header.step)
        entry = _entry(at, header, name, data)
        yield entry
        if hides_content(entry.kind, entry.size) or (
            entry.kind is EntryKind.DIRECTORY and entry.size
        ):
            yield entry._replace(
                locator=f"c@{data:#x}",
                kind=EntryKind.FILE,
                flags=EntryFlag.ALLOCATED | EntryFlag.STREAM,
                path=entry.path + b":",
            )
        at = _padded(data + header.size, at, header.step)


def _padded(offset: int, start: int, step: int) -> int:
    return start + -(-(offset - start) // step) * step


def _header(data: bytes) -> _Header | None:
    """Return a header; None where this is none."""
    found: _Header | None = None
    try:
        if data[:6] in {b"070701", b"070702"} and len(data) >= _NEW:
            values = [_digits(data[at : at + 8], 16) for at in range(6, _NEW, 8)]
            _, mode, owner, _, _, modified, size, _, _, _, _, name, _ = values
            found = _Header(mode, owner, modified, name, size, _NEW, 4)
        elif data[:6] == b"070707" and len(data) >= _OLD:
            widths = (6, 6, 6, 6, 6, 6, 6, 11, 6, 11)
            starts = [6 + sum(widths[:n]) for n in range(len(widths))]
            values = [_digits(data[at : at + n], 8) for at, n in zip(starts, widths, strict=True)]
            _, _, mode, owner, _, _, _, modified, name, size = values
            found = _Header(mode, owner, modified, name, size, _OLD, 1)
        elif data[:2] in {b"\xc7\x71", b"\x71\xc7"} and len(data) >= struct.calcsize(_BINARY):
            order = "<" if data[:1] == b"\xc7" else ">"
            values = list(struct.unpack_from(order + _BINARY, data))
            _, _, _, mode, owner, _, _, _, high, low, name, more, less = values
            size, modified = more << 16 | less, high << 16 | low
            found = _Header(mode, owner, modified, name, size, struct.calcsize(_BINARY), 2)
    except ValueError:
        return None
    return found if found and 0 < found.name <= _MOST_NAME else None


def _digits(field: bytes, base: int) -> int:
    """Return the number of a field; `int` itself takes signs, spaces and underscores, too.

    Raises:
        ValueError: it has something else than digits.
    """
    if not field.isalnum():
        raise ValueError("no number")
    return int(field, base)


def _entry(at: int, header: _Header, name: bytes, data: int) -> Entry:
    kind = _KINDS.get(header.mode & _TYPE, EntryKind.OTHER)
    path = member_path(name, directory=kind == EntryKind.DIRECTORY)
    return Entry(
        locator=f"m@{at:#x}",
        kind=kind,
        flags=EntryFlag.ALLOCATED,
        path=path,
        size=header.size,
        handle=piece(data, header.size),
        times=(Moment(header.modified, 0), None, None, None),
        owner=header.owner,
        first_offset=data,
        place=place_of(path, allocated=True),
    )
