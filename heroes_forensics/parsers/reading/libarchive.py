"""What libarchive unpacks: one pass through an archive, entry by entry, always forwards.

Headers of archives are read by the parsers beside this one, which know offsets, and check sizes
and checksums; libarchive gives the content of the n-th entry and nothing else. It is called by
ctypes: no binding reads from an object, in pieces, without a path. Only the formats and filters
that were asked for are switched on, none of which starts a program.

The library is the one in the wheel of ``archi``. Without it `is_there` is False, and what it would
unpack is ``stream.unsupported``.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ctypes import c_char_p, c_int, c_int64, c_size_t, c_ssize_t, c_void_p
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Final

from heroes_forensics.parsers.base import Reader, UnsupportedError

_PIECE: Final = 1 << 17
"""Bytes of an archive that are given to the library at a time."""
_EOF, _OK, _WARN = 1, 0, -20
_SEEK_CURRENT, _SEEK_END = 1, 2
_NOT_SUPPORTED: Final = (b"upport", b"unavailable", b"codec ID")
"""Parts of what the library says of methods that it does not know."""

_READ: Final = ctypes.CFUNCTYPE(c_ssize_t, c_void_p, c_void_p, ctypes.POINTER(c_void_p))
_SKIP: Final = ctypes.CFUNCTYPE(c_int64, c_void_p, c_void_p, c_int64)
_SEEK: Final = ctypes.CFUNCTYPE(c_int64, c_void_p, c_void_p, c_int64, c_int)


class _Feed:
    """The bytes of an archive on their way into the library."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._at = 0
        self._kept = b""
        """The library reads it until it asks for more."""
        self.error: Exception | None = None

    def read(self) -> tuple[int, int]:
        """Return address and length of the next piece."""
        self._kept = self._reader.pread(self._at, _PIECE)
        self._at += len(self._kept)
        address = ctypes.cast(c_char_p(self._kept), c_void_p).value or 0
        return address, len(self._kept)

    def skip(self, wanted: int) -> int:
        """Go forward, at most to the end."""
        skipped = max(0, min(wanted, self._reader.size - self._at))
        self._at += skipped
        return skipped

    def seek(self, offset: int, whence: int) -> int:
        """Go anywhere."""
        base = {_SEEK_CURRENT: self._at, _SEEK_END: self._reader.size}.get(whence, 0)
        self._at = max(0, min(base + offset, self._reader.size))
        return self._at


_FEEDS: Final[dict[int, _Feed]] = {}
_NUMBERS: Final = count(1)


def _guarded(number: int | None, act: Callable[[_Feed], int]) -> int:
    """Run a callback: nothing may unwind into the library."""
    feed = _FEEDS.get(number or 0)
    if feed is None:
        return -1
    try:
        return act(feed)
    except Exception as error:  # noqa: BLE001 - it is raised where the library was called
        feed.error = error
        return -1


def _on_read(_archive: int, number: int | None, place: "ctypes._Pointer[c_void_p]") -> int:
    def act(feed: _Feed) -> int:
        address, length = feed.read()
        place[0] = c_void_p(address)
        return length

    return _guarded(number, act)


def _on_skip(_archive: int, number: int | None, wanted: int) -> int:
    return _guarded(number, lambda feed: feed.skip(wanted))


def _on_seek(_archive: int, number: int | None, offset: int, whence: int) -> int:
    return _guarded(number, lambda feed: feed.seek(offset, whence))


# Made once, when this is imported: a locked worker gets no more memory that can be run.
_READING: Final = _READ(_on_read)
_SKIPPING: Final = _SKIP(_on_skip)
_SEEKING: Final = _SEEK(_on_seek)


def _found() -> Path | None:
    """Return where the library lies that came with the wheel."""
    spec = find_spec("archi")
    if spec is None or spec.origin is None:
        return None
    beside = Path(spec.origin).with_name("archi.libs")
    return next(iter(sorted(beside.glob("libarchive-*.so*"))), None)


@cache
def _library() -> ctypes.CDLL | None:
    path = _found()
    if path is None:
        return None
    try:
        library = ctypes.CDLL(str(path))
    except OSError:
        return None
    library.archive_read_new.restype = c_void_p
    library.archive_error_string.restype = c_char_p
    library.archive_entry_size.restype = c_int64
    library.archive_version_details.restype = c_char_p
    return library


def is_there() -> bool:
    """Tell whether the library is installed."""
    return _library() is not None


def version() -> str:
    """Return what the library says of its version and its parts; empty without it."""
    library = _library()
    return library.archive_version_details().decode("ascii", "replace") if library else ""


class Walk:
    """One pass through one archive."""

    def __init__(self, reader: Reader, formats: tuple[str, ...], filters: tuple[str, ...]) -> None:
        """Begin at the start.

        Args:
            reader: the archive; it stays the caller's to close.
            formats: names of ``archive_read_support_format_...``.
            filters: names of ``archive_read_support_filter_...``; none that starts programs.

        Raises:
            UnsupportedError: ``stream.unsupported``, the library is not installed.
            OSError: the archive is not what the library reads.
        """
        library = _library()
        if library is None:
            raise UnsupportedError("libarchive is not installed", code="stream.unsupported")
        self._library = library
        self._feed = _Feed(reader)
        self._number = next(_NUMBERS)
        _FEEDS[self._number] = self._feed
        self._archive = c_void_p(library.archive_read_new())
        self._entry = c_void_p()
        self._ready = b""
        self.entry = -1
        """Which entry this stands at, from 0; -1 before the first."""
        self.taken = 0
        """Bytes given of it."""
        self.ended = False
        """Whether all of it was given."""
        for kind, names in (("format", formats), ("filter", filters)):
            for name in names:
                getattr(library, f"archive_read_support_{kind}_{name}")(self._archive)
        library.archive_read_set_read_callback(self._archive, _READING)
        library.archive_read_set_skip_callback(self._archive, _SKIPPING)
        library.archive_read_set_seek_callback(self._archive, _SEEKING)
        library.archive_read_set_callback_data(self._archive, c_void_p(self._number))
        with self._closed_when_it_fails():
            self._checked(library.archive_read_open1(self._archive))

    @contextmanager
    def _closed_when_it_fails(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self.close()
            raise

    def _checked(self, result: int) -> int:
        """Return what the library answered; a warning is as good as done."""
        if self._feed.error is not None:
            error, self._feed.error = self._feed.error, None
            raise OSError("the archive cannot be read") from error
        if result >= _WARN:
            return result
        said = self._said()
        if any(part in said for part in _NOT_SUPPORTED):
            raise UnsupportedError("packed by another method", code="stream.unsupported")
        raise OSError("the packed bytes are damaged")

    def _said(self) -> bytes:
        said: bytes | None = self._library.archive_error_string(self._archive)
        return said or b""

    def go_to(self, entry: int) -> int:
        """Go forward to an entry; return its size as the library has it, -1 when not stated.

        Raises:
            OSError: there is none, or what lies before it is damaged.
            UnsupportedError: ``stream.unsupported``.
        """
        if entry <= self.entry and (self.taken or self.ended or entry < self.entry):
            raise OSError("it lies behind")
        while self.entry < entry:
            place = ctypes.byref(self._entry)
            if self._checked(self._library.archive_read_next_header(self._archive, place)) == _EOF:
                raise OSError("there are fewer entries")
            self.entry += 1
            self.taken, self.ended, self._ready = 0, False, b""
        stated = self._library.archive_entry_size_is_set(self._entry)
        return int(self._library.archive_entry_size(self._entry)) if stated else -1

    def take(self, most: int) -> bytes:
        """Return the next bytes of the entry, at most so many; none at its end.

        Raises:
            OSError: they are damaged, or cannot be read.
            UnsupportedError: ``stream.unsupported``, or ``stream.checksum``.
        """
        place, size, offset = c_void_p(), c_size_t(), c_int64()
        while not self._ready and not self.ended:
            result = self._checked(
                self._library.archive_read_data_block(
                    self._archive, ctypes.byref(place), ctypes.byref(size), ctypes.byref(offset)
                )
            )
            if result == _WARN and b"CRC" in self._said():
                raise UnsupportedError("the stored checksum does not fit", code="stream.checksum")
            if result in {_EOF, _WARN}:
                self.ended = True
            elif size.value:
                if offset.value != self.taken:
                    raise OSError("the packed bytes are damaged")
                self._ready = ctypes.string_at(place, size.value)
        data, self._ready = self._ready[:most], self._ready[most:]
        self.taken += len(data)
        return data

    @property
    def is_filtered(self) -> bool:
        """Whether the library took the archive for one that a filter has to expand first."""
        return bool(self._library.archive_filter_code(self._archive, 0))

    def close(self) -> None:
        """Let the library go of everything."""
        archive, self._archive = self._archive, c_void_p()
        if archive.value:
            self._library.archive_read_free(archive)
            _FEEDS.pop(self._number, None)

    def __del__(self) -> None:
        """Let go of it when nobody holds it any more."""
        with suppress(Exception):
            self.close()


class Entries:
    """The contents of an archive, read as they lie: who reads on goes on in the same pass."""

    def __init__(self, reader: Reader, formats: tuple[str, ...]) -> None:
        """Take the archive; nothing is read yet."""
        self._reader = reader
        self._formats = formats
        self._walk: Walk | None = None
        self._holder: EntryExpander | None = None

    def expander(self, entry: int) -> "EntryExpander":
        """Return what gives the bytes of an entry, counted from 0."""
        return EntryExpander(self, entry)

    def at(self, holder: "EntryExpander") -> Walk:
        """Return a pass that stands where a holder left off."""
        walk = self._walk
        if walk is not None and self._holder is holder:
            return walk
        skipped = holder.taken
        if walk is None or walk.entry > holder.entry or (walk.entry == holder.entry):
            self.close()
            walk = self._walk = Walk(self._reader, self._formats, ())
        self._holder = holder
        walk.go_to(holder.entry)
        while walk.taken < skipped and walk.take(skipped - walk.taken):
            pass
        return walk

    def close(self) -> None:
        """End the pass."""
        if self._walk is not None:
            self._walk.close()
        self._walk = self._holder = None


class EntryExpander:
    """An `Expander` of one entry."""

    def __init__(self, entries: Entries, entry: int) -> None:
        self._entries = entries
        self.entry: Final = entry
        self.taken = 0
        self.finished = False

    def take(self, most: int) -> bytes:
        """Return the next bytes, at most so many; none at the end.

        Raises:
            OSError: they are damaged, or cannot be read.
            UnsupportedError: ``stream.unsupported``.
        """
        data = self._entries.at(self).take(most)
        self.taken += len(data)
        self.finished = not data
        return data

    def copy(self) -> None:
        """Say that there is none: what lies behind is unpacked again."""


class FilterExpander:
    """An `Expander` of what one program compressed, with nothing around it."""

    def __init__(self, reader: Reader, name: str) -> None:
        """Begin at the start; ``name`` is that of a filter of the library."""
        self._walk: Final = Walk(reader, ("raw",), (name,))
        self._begun = False
        self.finished = False

    def take(self, most: int) -> bytes:
        """Return the next bytes, at most so many; none at the end.

        Raises:
            OSError: they are damaged, or cannot be read.
        """
        if not self._begun:
            self._begun = True
            self._walk.go_to(0)
            if not self._walk.is_filtered:  # it would give the bytes as they are
                raise OSError("the packed bytes are damaged")
        data = self._walk.take(most)
        self.finished = not data
        return data

    def copy(self) -> None:
        """Say that there is none: what lies behind is unpacked again."""
