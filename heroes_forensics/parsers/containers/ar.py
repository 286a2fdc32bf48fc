"""Archives of ``ar``: packages of Debian (``.deb``) and static libraries.

Locators are ``m@`` and the offset of the header. Long names of GNU and of BSD are read; the
tables of names and symbols are the archive's own: entries of that kind, for they are told by
their name alone.
"""

import struct
from collections.abc import Iterator
from functools import partial
from typing import Final

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
from heroes_forensics.parsers.containers.pieces import Pieces, opening, piece
from heroes_forensics.parsers.place import place_of

_MAGIC: Final = b"!<arch>\n"
_HEADER: Final = struct.Struct("16s12s6s6s8s10s2s")
_END: Final = b"`\n"
_MOST_NAMES: Final = 1 << 20
_MOST_NAME: Final = 1 << 12
_OWN: Final = frozenset({b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED", b"__.SYMDEF_64"})


def open_ar(reader: Reader) -> Pieces:
    """Open an archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the archive"):
        head = reader.pread(0, len(_MAGIC))
    if head != _MAGIC:
        raise EvidenceError("this is no archive of ar")
    return Pieces(
        reader,
        "ar",
        partial(_found, reader),
        sweep="not applicable: every header is visited",
        times={"m": TimeRule(1_000_000_000, "utc")},
    )


def _found(reader: Reader) -> Iterator[Entry | Gap]:
    """Yield the members in the order they lie."""
    at, names = len(_MAGIC), b""
    while at < reader.size:
        try:
            data = reader.pread(at, _HEADER.size)
            name, start, size, seconds = _header(reader, data, at, names)
            if name == b"//":
                names = reader.pread(start, min(size, _MOST_NAMES))
        except (OSError, ValueError):
            yield Gap(f"m@{at:#x}", "source.damaged", {"header": "damaged"})
            return
        entry = _entry(at, name, (start, size), seconds)
        yield entry._replace(kind=EntryKind.METADATA) if name in _OWN | {b"//"} else entry
        at = start + size
        at += at & 1


def _header(reader: Reader, data: bytes, at: int, names: bytes) -> tuple[bytes, int, int, int]:
    """Return name, offset and bytes of the content, and the time.

    Raises:
        OSError: it cannot be read.
        ValueError: it is none.
    """
    if len(data) < _HEADER.size or not data.endswith(_END):
        raise ValueError("no header")
    raw, time, _, _, _, length, _ = _HEADER.unpack(data)
    size, start = _number(length), at + _HEADER.size
    name = raw.rstrip(b" ")
    if name.startswith(b"#1/"):
        own = _number(name[3:])
        if own > min(size, _MOST_NAME):
            raise ValueError("the name is too long")
        name = reader.pread(start, own).partition(b"\0")[0]
        start, size = start + own, size - own
    elif name[:1] == b"/" and name[1:].isdigit():
        name = names[int(name[1:]) :][:_MOST_NAME].partition(b"\n")[0].removesuffix(b"/")
    elif name not in _OWN | {b"//"}:
        name = name.removesuffix(b"/")
    return name, start, size, _number(time.strip() or b"0")


def _number(text: bytes) -> int:
    text = text.strip()
    if not text.isdigit():
        raise ValueError("no number")
    return int(text)


def _entry(at: int, name: bytes, where: tuple[int, int], seconds: int) -> Entry:
    start, size = where
    path = member_path(name, directory=False) or f"$member-{at:#x}".encode()
    return Entry(
        locator=f"m@{at:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.ALLOCATED,
        path=path,
        size=size,
        handle=piece(start, size),
        times=(Moment(seconds, 0), None, None, None),
        first_offset=start,
        place=place_of(path, allocated=True),
    )
