"""Mail stores of Outlook (``.pst``, ``.ost``): what is attached to any of their messages.

Read by libpff. Messages, appointments, contacts and tasks are walked folder by folder, then those
that no folder holds; each attachment is a member. A message or an object that is attached itself is
listed, and ``stream.unsupported``. The text of messages is in the digest of the store and no entry
of its own. Locators are
``i``, the number of the message in the store, and which of its attachments, ``i2097188.a0``.
"""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pypff

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import ReaderFile

_ERRORS: Final = (OSError, ValueError, LookupError, TypeError, AttributeError, MemoryError)
"""What the library raises over damaged files."""
_DEEPEST: Final = 64
"""Folders one in the other."""
_NAMES: Final = (0x3707, 0x3704, 0x3001)
"""Properties of an attachment: its long name, its short one, its display name."""
_METHOD: Final = 0x3705
"""Property of an attachment: how it is attached."""
_FILES: Final = (1, 0, 2, 3, 4, 7)
"""Methods by which a file is attached; 5 is a message, 6 an object of another program."""
_UTF16: Final = 0x1F
_MOST_NAME: Final = 255
_HANDLE_BYTES: Final = 4


class _Spot(NamedTuple):
    """How to come to an attachment again."""

    folders: tuple[int, ...]
    """Which of each folder's folders, from the root; -1 alone for what no folder holds."""
    message: int
    attachment: int
    is_file: bool


def open_pst(reader: Reader) -> "PstFileSystem":
    """Open a store; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none, or it cannot be read.
    """
    store = pypff.file()
    try:
        store.open_file_object(ReaderFile(reader))
        root = store.get_root_folder()
    except _ERRORS as error:
        raise EvidenceError("this is no mail store that can be read") from error
    if root is None:
        raise EvidenceError("the mail store has no folders")
    return PstFileSystem(store)


class PstFileSystem:
    """Lists and opens the attachments of one store."""

    kind: Final = "pst"

    def __init__(self, store: Any) -> None:  # noqa: ANN401 - the library has no types
        self._store = store
        self._spots: list[_Spot] = []

    @property
    def times(self) -> TimeBasis:
        """None: when a message came is no time of a file."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the attachments, folder by folder."""
        self._spots = []
        yield from counted(self._found(), sweep="messages that no folder holds")

    def _found(self) -> Iterator[Entry | Gap]:
        waiting: list[tuple[tuple[int, ...], Any]] = [((), self._store.get_root_folder())]
        met: set[int] = set()
        while waiting:
            path, folder = waiting.pop()
            number = _number(folder)
            if number in met or len(path) > _DEEPEST:
                yield Gap(f"i{number}", "source.damaged", {"folder": "met before"})
                continue
            met.add(number)
            for index in range(_count(folder, "number_of_sub_messages")):
                yield from self._of(folder, "get_sub_message", index, path, met)
            inside = []
            for index in range(_count(folder, "number_of_sub_folders")):
                try:
                    inside.append(((*path, index), folder.get_sub_folder(index)))
                except _ERRORS:
                    yield Gap(f"i{number}", "source.damaged", {"folder": index})
            waiting += reversed(inside)
        for index in range(_count(self._store, "number_of_orphan_items")):
            yield from self._of(self._store, "get_orphan_item", index, (-1,), met)

    def _of(
        self, parent: object, way: str, index: int, path: tuple[int, ...], met: set[int]
    ) -> Iterator[Entry | Gap]:
        """Yield the attachments of one message."""
        try:
            message = getattr(parent, way)(index)
            number = _number(message)
        except _ERRORS:
            yield Gap("i0", "source.damaged", {"message": index})
            return
        if number in met:
            return
        met.add(number)
        for attached in range(_count(message, "number_of_attachments")):
            where = f"i{number}.a{attached}"
            try:
                attachment = message.get_attachment(attached)
                size = int(attachment.get_size())
                name, method = _said(attachment)
            except _ERRORS:
                yield Gap(where, "source.damaged", {"attachment": attached})
                continue
            self._spots.append(_Spot(path, index, attached, method in _FILES))
            yield self._entry(where, name, size)

    def _entry(self, where: str, name: bytes, size: int) -> Entry:
        path = member_path(name, directory=False) or f"$attachment-{where}".encode()
        return Entry(
            locator=where,
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED,
            path=path,
            size=size,
            handle=(len(self._spots) - 1).to_bytes(_HANDLE_BYTES, "little"),
            place=place_of(path, allocated=True),
        )

    def open(self, handle: bytes) -> Reader:
        """Open an attachment.

        Raises:
            OSError: it cannot be read, or this is not a handle of this parser.
            UnsupportedError: ``stream.unsupported``, a message or an object that is attached.
        """
        number = int.from_bytes(handle, "little")
        if len(handle) != _HANDLE_BYTES or number >= len(self._spots):
            raise OSError("not a handle of this parser")
        spot = self._spots[number]
        if not spot.is_file:
            raise UnsupportedError("a message that is attached", code="stream.unsupported")
        try:
            attachment = self._message(spot).get_attachment(spot.attachment)
            return _Attachment(attachment, int(attachment.get_size()))
        except _ERRORS as error:
            raise OSError("the attachment cannot be read") from error

    def _message(self, spot: _Spot) -> Any:  # noqa: ANN401
        if spot.folders == (-1,):
            return self._store.get_orphan_item(spot.message)
        folder = self._store.get_root_folder()
        for index in spot.folders:
            folder = folder.get_sub_folder(index)
        return folder.get_sub_message(spot.message)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


class _Attachment:
    """The bytes of one attachment."""

    def __init__(self, inner: Any, size: int) -> None:  # noqa: ANN401
        self._inner = inner
        self.size: Final = size
        """Stated length, bytes."""

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``.

        Raises:
            OSError: they cannot be read.
        """
        length = max(0, min(length, self.size - offset))
        if not length:
            return b""
        try:
            self._inner.seek_offset(offset, 0)
            return bytes(self._inner.read_buffer(length) or b"")
        except _ERRORS as error:
            raise OSError("the attachment cannot be read") from error

    def close(self) -> None:
        """Let go of it."""
        self._inner = None


def _number(item: Any) -> int:  # noqa: ANN401
    return int(item.get_identifier())


def _count(item: Any, what: str) -> int:  # noqa: ANN401
    """Return how many there are; 0 of what such an item does not have."""
    try:
        return int(getattr(item, what, 0) or 0)
    except _ERRORS:
        return 0


def _said(attachment: Any) -> tuple[bytes, int]:  # noqa: ANN401
    """Return the name that is stated, empty without one, and how it is attached."""
    found: dict[int, bytes] = {}
    method = _FILES[0]
    for index in range(_count(attachment, "number_of_record_sets")):
        properties = attachment.get_record_set(index)
        for number in range(_count(properties, "number_of_entries")):
            each = properties.get_entry(number)
            data = bytes(each.data or b"") if each.entry_type in {_METHOD, *_NAMES} else b""
            if each.entry_type == _METHOD:
                method = int.from_bytes(data[:4], "little")
            elif data:
                encoding = "utf-16-le" if each.value_type == _UTF16 else "cp1252"
                text = data.decode(encoding, "replace").rstrip("\0")
                found[each.entry_type] = text[:_MOST_NAME].encode("utf-8", "replace")
    return next((found[kind] for kind in _NAMES if found.get(kind)), b""), method
