"""Archives of ``ar``: packages of Debian (``.deb``) and static libraries.

Locators are ``m@`` and the offset of the header. Long names of GNU and of BSD are read; the
tables of names and symbols are the archive's own and no members.
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import (
    Entry,
    EntryFlag,
    EntryKind,
    Gap,
    Listing,
    Moment,
    TimeBasis,
    TimeRule,
)
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.storage.readers import RangeReader

_MAGIC: Final = b"!<arch>\n"
_HEADER: Final = struct.Struct("16s12s6s6s8s10s2s")
_END: Final = b"`\n"
_MOST_NAMES: Final = 1 << 20
_MOST_NAME: Final = 1 << 12
_OWN: Final = frozenset({b"/", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED", b"__.SYMDEF_64"})
_HANDLE: Final = struct.Struct("<QQ")


def open_ar(reader: Reader) -> "ArFileSystem":
    """Open an archive; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    try:
        head = reader.pread(0, len(_MAGIC))
    except OSError as error:
        raise EvidenceError("the archive cannot be read") from error
    if head != _MAGIC:
        raise EvidenceError("this is no archive of ar")
    return ArFileSystem(reader)


class ArFileSystem:
    """Lists and opens the members of one archive."""

    kind: Final = "ar"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def times(self) -> TimeBasis:
        """The time of modification, in seconds."""
        return {"m": TimeRule(1_000_000_000, "utc")}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members in the order they lie."""
        yield from counted(self._found(), sweep="not applicable: every header is visited")

    def _found(self) -> Iterator[Entry | Gap]:
        at, names = len(_MAGIC), b""
        while at < self._reader.size:
            try:
                data = self._reader.pread(at, _HEADER.size)
                name, start, size, seconds = self._header(data, at, names)
                if name == b"//":
                    names = self._reader.pread(start, min(size, _MOST_NAMES))
            except (OSError, ValueError):
                yield Gap(f"m@{at:#x}", "source.damaged", {"header": "damaged"})
                return
            if name not in _OWN | {b"//"}:
                yield _entry(at, name, (start, size), seconds)
            at = start + size
            at += at & 1

    def _header(self, data: bytes, at: int, names: bytes) -> tuple[bytes, int, int, int]:
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
            name = self._reader.pread(start, own).partition(b"\0")[0]
            start, size = start + own, size - own
        elif name[:1] == b"/" and name[1:].isdigit():
            name = names[int(name[1:]) :][:_MOST_NAME].partition(b"\n")[0].removesuffix(b"/")
        elif name not in _OWN | {b"//"}:
            name = name.removesuffix(b"/")
        return name, start, size, _number(time.strip() or b"0")

    def open(self, handle: bytes) -> Reader:
        """Open a member.

        Raises:
            OSError: this is not a handle of this parser.
        """
        if len(handle) != _HANDLE.size:
            raise OSError("not a handle of this parser")
        return RangeReader(self._reader, *_HANDLE.unpack(handle))

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


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
        handle=_HANDLE.pack(start, size),
        times=(Moment(seconds, 0), None, None, None),
        first_offset=start,
        place=place_of(path, allocated=True),
    )
