"""Compound files (OLE2, MS-CFB) as containers: old Office documents, Outlook messages, Thumbs.db.

Every stream is a member, so what a message has attached, and what a document keeps as a file of its
own, is examined like any file. Locators are ``s`` and the number of the stream in the directory of
the file, ``s5``. A stream of a ``Thumbs.db`` that is a header and a JPEG is listed twice: whole,
and behind the header, ``s5@0x18``, so that the picture is decoded, and its digest is that of the
picture. Where a ``Catalog`` says of which file it is a thumbnail, the latter has its name and time.
What else is known to lie in a stream (`ole_held`), pictures of Office above all, is a member
likewise: the number of the stream, and the offset of its first byte there.

Read by `olefile`. Two streams of one name in one storage cannot be told apart by it: the second is
listed and not read.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cached_property, partial
from typing import Any, Final

import olefile

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
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers import office_encryption
from heroes_forensics.parsers.containers.bitmap import FILE_HEADER
from heroes_forensics.parsers.containers.filetime import moment
from heroes_forensics.parsers.containers.limits import BYTES
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.names import member_path
from heroes_forensics.parsers.containers.officeart import BITMAP, DEFLATED, PLAIN, Held
from heroes_forensics.parsers.containers.ole_held import LZFU, NO_GROUP, is_searched, opened, search
from heroes_forensics.parsers.containers.pieces import fields_of
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import ReaderFile
from heroes_forensics.parsers.secrets import Secrets

_HANDLE: Final = struct.Struct("<IBIBQQI")
"""Number of the stream, 1 where it can be read; of what is wanted of it the records that hold it,
how it is kept, offset, bytes, `_WHOLE` for all that follows, and bytes when expanded."""
_WHOLE: Final = (1 << 64) - 1
_ERRORS: Final = (
    *(OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError),
    *(ArithmeticError, struct.error),
)
"""What the library raises over damaged files."""
_STREAM, _STORAGE = 2, 1
_CLEAR: Final = 0xFF
"""The form of what was encrypted, beside those of `officeart`."""
_ENCRYPTED: Final = "container.encrypted"
_BEGINNING: Final = 1 << 10
"""Bytes of a stream that say whether the document is encrypted."""
_MOST_INFO: Final = (1 << 16) + 1
_HEADER: Final = struct.Struct("<30xH12xI16xI")
"""Of the header: power of 2 of a sector, sectors of the allocation table, of that of small ones."""
_MOST_SHIFT: Final = 20
_IN_HEADER: Final = 109
"""Sectors of the allocation table that the header names at most; some may be unused."""
_JPEG: Final = b"\xff\xd8\xff"
_THUMB_HEADERS: Final = (12, 24)
"""Bytes before the JPEG: of Windows XP, and since Vista; the first four bytes say so."""
_CATALOG: Final = struct.Struct("<IIQ")
"""Length of a row, number of the thumbnail, time; a name in UTF-16 follows."""
_MOST_CATALOG: Final = 1 << 24
_MOST_THUMBNAIL: Final = 1 << 20
"""Bytes of a thumbnail: streams are read whole here, and any number may share their sectors."""
_MOST_SEARCHED: Final = 256 << 20
"""Bytes of a stream that is searched: it is in memory then."""
_TIMES_SEARCHED: Final = 2
"""So many times the size of the file is searched at most: streams may share their sectors."""


def open_ole(reader: Reader, secrets: Secrets | None = None) -> "OleFileSystem":
    """Open a compound file; ``reader`` stays the caller's to close.

    Args:
        reader: the file.
        secrets: what was given to open an encrypted document.

    Raises:
        EvidenceError: this is none, or its directory cannot be read.
    """
    try:
        _check(reader)
        library = olefile.OleFileIO(ReaderFile(reader))
        library.root.size = min(library.root.size, reader.size)  # the library reads that much
    except _ERRORS as error:
        raise EvidenceError("this is no compound file that can be read") from error
    return OleFileSystem(library, reader, secrets or Secrets())


def _check(reader: Reader) -> None:
    """Refuse a header whose tables cannot lie in the file: the library goes through all it names.

    Raises:
        ValueError: its allocation tables are larger than what they would be of.
        OSError: it cannot be read.
    """
    head = reader.pread(0, _HEADER.size)
    if len(head) < _HEADER.size:
        raise ValueError("the header is cut short")
    shift, fats, mini_fats = _HEADER.unpack(head)
    sector = 1 << min(shift, _MOST_SHIFT)
    most = reader.size // sector + 1
    if fats > most * 4 // sector + _IN_HEADER or mini_fats > most:
        raise ValueError("the allocation tables do not fit in the file")


class OleFileSystem:
    """Lists and opens the streams of one compound file."""

    kind: Final = "ole"

    def __init__(self, library: Any, reader: Reader, secrets: Secrets) -> None:  # noqa: ANN401 - the library has no types
        self._library = library
        self._reader = reader
        self._size = reader.size
        self._secrets = secrets
        self._damaged = False
        self._last: tuple[int, bytes] = (-1, b"")
        """The stream that was taken last, by its number: what lies in it is read one by one."""
        self.left = ""
        """Code of what was not opened or searched, once entries were listed; empty for nothing."""

    @property
    def times(self) -> TimeBasis:
        """Those of storages, and of thumbnails in a catalogue, where they are stated."""
        return {name: TimeRule(100, "utc") for name in "mb"}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield storages and streams in the order of the directory."""
        yield from counted(self._found(), sweep="not available: entries that nothing refers to")

    def _found(self) -> Iterator[Entry | Gap]:
        names = self._names()
        room = _TIMES_SEARCHED * self._size
        walked = sorted(self._walked(), key=lambda found: int(found[0].sid))
        if self._damaged:
            yield Gap("s0", "source.damaged", {"directory": "damaged"})
        for entry, path, is_readable in walked:
            number, size = int(entry.sid), int(entry.size)
            is_stream = entry.entry_type == _STREAM
            name = "/".join(path).encode("utf-8", "surrogatepass")
            times = (moment(entry.modifyTime), None, None, moment(entry.createTime))
            yield _entry(
                f"s{number}",
                EntryKind.FILE if is_stream else EntryKind.DIRECTORY,
                member_path(name, directory=not is_stream),
                size if is_stream else 0,
                _handle(number, is_readable=is_readable) if is_stream else b"",
                times,
            )
            is_small = is_stream and is_readable and 0 < size <= _MOST_THUMBNAIL
            skipped = self._thumbnail(path) if is_small else 0
            if skipped:
                named, made = names.get(path[-1], (b"", None))
                yield _entry(
                    f"s{number}@{skipped:#x}",
                    EntryKind.FILE,
                    member_path(named, directory=False) or name + b".jpg",
                    size - skipped,
                    _handle(number, skipped),
                    (made, None, None, None),
                )
            if path == (office_encryption.PACKAGE,) and 0 < size <= self._size:
                yield from self._package(number, path)
            if is_stream and is_readable and 0 < size <= self._size and is_searched(path[-1]):
                room -= size
                if room < 0 or size > _MOST_SEARCHED:
                    self.left = BYTES
                    continue
                yield from self._held(number, path, name)
            if is_stream and is_readable and 0 < size <= self._size:
                self._tell_encrypted(number, path)

    def _tell_encrypted(self, number: int, path: tuple[str, ...]) -> None:
        """Note that a stream says that its document is encrypted, where it does."""
        if self.left or not office_encryption.says(path[-1]):
            return
        with suppress(OSError):  # whoever reads the stream itself says so
            if office_encryption.is_encrypted(path[-1], self._taken(number, path)[:_BEGINNING]):
                self.left = _ENCRYPTED

    @cached_property
    def _key(self) -> office_encryption.Key | None:
        """What decrypts the package of a document; None without a password that fits."""
        try:
            info = self._read((office_encryption.INFO,), _MOST_INFO)
        except OSError:
            return None
        beat = partial(self._reader.pread, 0, 1)  # reads tell the supervisor that we are alive
        return office_encryption.key_of(info, self._secrets, beat)

    def _package(self, number: int, path: tuple[str, ...]) -> Iterator[Entry]:
        """Yield the package of an encrypted document, where a password fits."""
        at = office_encryption.LENGTH.size
        try:
            stated = self._read(path, at)
        except OSError:
            return
        if self._key is None or len(stated) < at:
            self.left = _ENCRYPTED
            return
        yield _entry(
            f"s{number}@{at:#x}",
            EntryKind.FILE,
            b"$decrypted",
            office_encryption.LENGTH.unpack(stated)[0],
            _HANDLE.pack(number, 1, NO_GROUP, _CLEAR, at, 0, 0),
            (None, None, None, None),
        )

    def _held(self, number: int, path: tuple[str, ...], name: bytes) -> Iterator[Entry]:
        """Yield what lies in a stream."""
        try:
            data = self._taken(number, path)
        except OSError:
            return  # whoever reads the stream itself says so
        for at, group, held in search(path[-1], data):
            called = held.name if not held.name.startswith(b".") else b"%#x%s" % (at, held.name)
            size = held.expanded if held.form in {DEFLATED, LZFU} else held.size
            yield _entry(
                f"s{number}@{at:#x}",
                EntryKind.FILE,
                member_path(name + b"/" + called, directory=False),
                size + FILE_HEADER if held.form == BITMAP else size,
                _HANDLE.pack(
                    *(number, 1, group),
                    *(held.form, held.start, held.size, held.expanded),
                ),
                (None, None, None, None),
            )

    def _taken(self, number: int, path: tuple[str, ...]) -> bytes:
        """Return a stream, and keep it for whoever asks next.

        Raises:
            OSError: it cannot be read.
        """
        if self._last[0] != number:
            self._last = (-1, b"")
            self._last = (number, self._read(path))
        return self._last[1]

    def _walked(self) -> Iterator[tuple[Any, tuple[str, ...], bool]]:
        """Yield each entry, its path, and whether the library can tell it from its like."""
        waiting: list[tuple[Any, tuple[str, ...]]] = [(self._library.root, ())]
        seen: set[int] = set()
        while waiting:
            storage, path = waiting.pop()
            met: set[str] = set()
            try:
                kids = list(storage.kids)
            except _ERRORS:
                self._damaged = True
                continue
            for entry in kids:
                name = str(entry.name)
                if int(entry.sid) in seen or entry.entry_type not in {_STREAM, _STORAGE}:
                    self._damaged = True
                    continue
                seen.add(int(entry.sid))
                inside = (*path, name)
                yield entry, inside, name.lower() not in met
                met.add(name.lower())
                if entry.entry_type == _STORAGE:
                    waiting.append((entry, inside))

    @cached_property
    def _streams(self) -> dict[int, tuple[tuple[str, ...], int]]:
        """Path and stated length of each entry, by its number."""
        return {int(entry.sid): (path, int(entry.size)) for entry, path, _ in self._walked()}

    def _read(self, path: tuple[str, ...], most: int = -1) -> bytes:
        """Return the first bytes of a stream.

        Raises:
            OSError: it cannot be read.
        """
        try:
            with self._library.openstream(list(path)) as stream:
                return bytes(stream.read(most))
        except _ERRORS as error:
            raise OSError("the stream cannot be read") from error

    def _thumbnail(self, path: tuple[str, ...]) -> int:
        """Return how many bytes lie before the JPEG of a thumbnail; 0 where there is none."""
        try:
            head = self._read(path, max(_THUMB_HEADERS) + len(_JPEG))
        except OSError:
            return 0
        size = int.from_bytes(head[:4], "little")
        return size if size in _THUMB_HEADERS and head[size:].startswith(_JPEG) else 0

    def _names(self) -> dict[str, tuple[bytes, Moment | None]]:
        """Return name and time of the files that thumbnails are of, by the name of the stream."""
        try:
            data = self._read(("Catalog",), _MOST_CATALOG)
        except OSError:
            return {}
        found = {}
        at = int.from_bytes(data[:2], "little")
        while at + _CATALOG.size <= len(data):
            length, number, time = _CATALOG.unpack_from(data, at)
            if length < _CATALOG.size:
                break
            name = data[at + _CATALOG.size : at + length].decode("utf-16-le", "replace")
            raw = name.partition("\0")[0].encode("utf-8", "surrogatepass")
            found[str(number)[::-1]] = (raw, moment(time))
            at += length
        return found

    def open(self, handle: bytes) -> Reader:
        """Open a stream; once it is read all of it is in memory.

        Raises:
            OSError: it is longer than the file, or this is not a handle of this parser.
            UnsupportedError: ``stream.unsupported``, the second of two streams of one name.
        """
        number, is_readable, group, form, start, length, expanded = fields_of(_HANDLE, handle)
        if not is_readable:
            raise UnsupportedError("two streams have one name", code="stream.unsupported")
        path, size = self._streams.get(number, ((), -1))
        if size < 0:
            raise OSError("not a handle of this parser")
        if size > self._size:
            raise OSError("the stream is longer than the file")
        if form == _CLEAR:
            if self._key is None:
                raise UnsupportedError("the document is encrypted", code="stream.encrypted")
            return office_encryption.PackageReader(self._taken(number, path), self._key)
        if length != _WHOLE:
            held = Held(start, length, form, b"", expanded)
            return opened(self._taken(number, path), group, held)
        return _Stream(lambda: self._taken(number, path), start, max(0, size - start))

    def close(self) -> None:
        """Leave the reader open: it was handed in."""


class _Stream:
    """A stream that is read when somebody wants its bytes: what is over a limit never is."""

    def __init__(self, read: Callable[[], bytes], start: int, size: int) -> None:
        self._read = read
        self._start = start
        self._inner: BytesReader | None = None
        self.size: Final = size
        """Stated length, bytes."""

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``.

        Raises:
            OSError: the stream cannot be read.
        """
        if self._inner is None:
            self._inner = BytesReader(self._read())
        return self._inner.pread(self._start + offset, length)

    def close(self) -> None:
        """Let go of it."""
        self._inner = None


def _handle(number: int, start: int = 0, *, is_readable: bool = True) -> bytes:
    """Return the handle of a stream from an offset to its end."""
    return _HANDLE.pack(number, is_readable, NO_GROUP, PLAIN, start, _WHOLE, 0)


def _entry(  # noqa: PLR0913, PLR0917 - what an entry has
    locator: str,
    kind: EntryKind,
    path: bytes,
    size: int,
    handle: bytes,
    times: tuple[Moment | None, Moment | None, Moment | None, Moment | None],
) -> Entry:
    return Entry(
        locator=locator,
        kind=kind,
        flags=EntryFlag.ALLOCATED,
        path=path,
        size=size,
        handle=handle,
        times=times,
        place=place_of(path, allocated=True),
    )
