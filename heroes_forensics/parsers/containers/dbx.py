"""Folders of Outlook Express (``.dbx``): every message is a member, and is opened in turn.

The form is that of libdbx's and UnDBX's descriptions: a tree of messages, of each an index of its
properties, and its text in segments that lead from one to the next. Locators are ``m@`` and the
offset of the first segment. Messages that were deleted from the tree are not looked for. A file
that holds folders and no messages (``Folders.dbx``) has no members.
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.reading.readers import ConcatReader, RangeReader

_MAGIC: Final = bytes.fromhex("cfad12fe")
_MESSAGES: Final = bytes.fromhex("c5fd746f")
"""Of the class of a file that holds messages, the first bytes; behind the magic number."""
_ROOT: Final = 0xE4
"""Where the header has the offset of the tree's root."""
_HEADER: Final = 0xE8
_NODE: Final = struct.Struct("<I4xI4xxB2x4x")
"""Own offset, offset of the node in front of all entries, number of entries."""
_SLOT: Final = struct.Struct("<III")
_INDEX: Final = struct.Struct("<IIHB1x")
"""Own offset, bytes behind, and number of properties."""
_SEGMENT: Final = struct.Struct("<IIII")
"""Own offset, bytes of room, bytes of content, offset of the next."""
_TEXT: Final = 4
"""The property that leads to the text; with 128 added the value is the offset itself."""
_DIRECT: Final = 0x80


class _BrokenError(Exception):
    """What an offset leads to is not what it should be."""


def open_dbx(reader: Reader) -> "DbxFileSystem":
    """Open a folder of messages; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    with opening("the folder of messages"):
        head = reader.pread(0, _HEADER)
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        raise EvidenceError("this is no folder of Outlook Express")
    root = int.from_bytes(head[_ROOT:_HEADER], "little")
    return DbxFileSystem(reader, root if head[4:8] == _MESSAGES else 0)


class DbxFileSystem:
    """Lists and opens the messages of one folder."""

    kind: Final = "dbx"

    def __init__(self, reader: Reader, root: int) -> None:
        self._reader = reader
        self._root = root

    @property
    def times(self) -> TimeBasis:
        """None: when a message came is no time of a file."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the messages in the order of the tree."""
        yield from counted(self._found(), sweep="not available: messages that were deleted")

    def _found(self) -> Iterator[Entry | Gap]:
        waiting = [self._root] if self._root else []
        met: set[int] = set()
        while waiting:
            at = waiting.pop()
            if at in met:
                yield Gap(f"m@{at:#x}", "source.damaged", {"node": "met before"})
                continue
            met.add(at)
            try:
                before, slots = self._node(at)
            except (OSError, _BrokenError):
                yield Gap(f"m@{at:#x}", "source.damaged", {"node": "damaged"})
                continue
            for index, _, _ in slots:
                try:
                    start = self._start(index)
                    entry = self._entry(start) if start not in met else None
                    met.add(start)
                except (OSError, _BrokenError):
                    yield Gap(f"m@{index:#x}", "source.damaged", {"message": "damaged"})
                    continue
                if entry is not None:
                    yield entry
            children = [child for _, child, _ in slots]
            waiting += [each for each in reversed([before, *children]) if each]

    def _read(self, at: int, shape: struct.Struct) -> tuple[int, ...]:
        data = self._reader.pread(at, shape.size)
        if len(data) < shape.size:
            raise _BrokenError
        found: tuple[int, ...] = shape.unpack(data)
        return found

    def _node(self, at: int) -> tuple[int, list[tuple[int, int, int]]]:
        own, before, count = self._read(at, _NODE)
        data = self._reader.pread(at + _NODE.size, count * _SLOT.size)
        if own != at or len(data) < count * _SLOT.size:
            raise _BrokenError
        return before, list(_SLOT.iter_unpack(data))

    def _start(self, at: int) -> int:
        """Return where the text of a message begins, by the index of its properties."""
        own, _, _, count = self._read(at, _INDEX)
        if own != at:
            raise _BrokenError
        properties = self._reader.pread(at + _INDEX.size, 4 * count)
        for spot in range(0, len(properties), 4):
            kind = properties[spot]
            value = int.from_bytes(properties[spot + 1 : spot + 4], "little")
            if kind == _TEXT | _DIRECT:
                return value
            if kind == _TEXT:
                data = self._reader.pread(at + _INDEX.size + 4 * count + value, 4)
                return int.from_bytes(data, "little")
        raise _BrokenError

    def _segments(self, start: int) -> Iterator[RangeReader]:
        at, met = start, set[int]()
        while at:
            own, room, size, following = self._read(at, _SEGMENT)
            if own != at or size > room or at in met:
                raise _BrokenError
            met.add(at)
            yield RangeReader(self._reader, at + _SEGMENT.size, size)
            at = following

    def _entry(self, start: int) -> Entry:
        own, room, size, _ = self._read(start, _SEGMENT)
        if own != start or size > room:
            raise _BrokenError
        return Entry(
            locator=f"m@{start:#x}",
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED,
            path=f"$message-{start:#x}".encode(),
            size=-1,
            handle=start.to_bytes(4, "little"),
            first_offset=start,
        )

    def open(self, handle: bytes) -> Reader:
        """Open a message.

        Raises:
            OSError: its segments do not lead to its end, or this is not a handle of this parser.
        """
        if len(handle) != 4:  # noqa: PLR2004 - as it is made
            raise OSError("not a handle of this parser")
        try:
            return ConcatReader(list(self._segments(int.from_bytes(handle, "little"))))
        except _BrokenError as error:
            raise OSError("the message is damaged") from error

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
