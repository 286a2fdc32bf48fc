"""What a picture or film says of the device it was made with, from the file that is open already.

Exif is read by Pillow's TIFF directories, what containers of films say by FFmpeg; there is no
parser of our own. Only the directories that hold what is looked for are read, and each once:
the first, and those for Exif and for positions that it points to, so that a loop leads nowhere. Of
positions nothing is decoded: whether latitude and longitude are there is all that is asked. What is
hostile costs the metadata of its picture and nothing else: every read is counted, a value that is
long is passed over unread, and any error is the state `State.UNREADABLE`.
"""

import io
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from PIL.TiffImagePlugin import ImageFileDirectory_v2 as Directory

from heroes_forensics.described import (
    LOST,
    Basis,
    Date,
    Description,
    Position,
    RefusedError,
    State,
    date_of,
    packed,
    text_of,
)
from heroes_forensics.frames import Batch
from heroes_forensics.media import heif, jpeg, png

if TYPE_CHECKING:
    from av.container import InputContainer

SMALL: Final = 4096
"""Bytes of a value that is looked at; of a longer one zeros stand in."""
MOST: Final = 32 << 20
"""Bytes of values of one directory, read or passed over; the rest is left."""
_TEXTUAL: Final = frozenset({1, 2, 7})
"""Types of fields that may hold a text: bytes, ASCII, undefined."""
READS: Final = 1 << 20
"""Bytes that are read of one picture for its metadata."""

EXIF: Final = 0x8769
GPS: Final = 0x8825
LATITUDE, LONGITUDE = 2, 4
_TEXTS: Final = {
    "make": (None, 0x010F),
    "model": (None, 0x0110),
    "software": (None, 0x0131),
    "camera_serial": (None, 0xC62F),
    "serial": (EXIF, 0xA431),
    "lens_serial": (EXIF, 0xA435),
}
"""Directory and tag of each text: Exif 2.32, DNG 1.7."""
_DATES: Final = {
    "original": ((EXIF, 0x9003), 0x9011, 0x9291),
    "digitized": ((EXIF, 0x9004), 0x9012, 0x9292),
    "changed": ((None, 0x0132), 0x9010, 0x9290),
}
"""Directory and tag of each date; tags of its zone and of its fraction, both beside Exif."""
_MARK: Final = b"Exif\0\0"
_FINDERS: Final = {"jpeg": jpeg.exif, "png": png.exif}

_FILM_TEXTS: Final = {
    "make": ("com.apple.quicktime.make", "com.android.manufacturer", "make", "maker"),
    "model": ("com.apple.quicktime.model", "com.android.model", "model"),
    "serial": ("com.apple.proapps.serialno",),
    "software": ("com.apple.quicktime.software", "software", "encoder"),
}
_CREATION: Final = ("com.apple.quicktime.creationdate", "date")
_CONTAINER: Final = "creation_time"
_POSITIONS: Final = ("location", "com.apple.quicktime.location")


class Window:
    """A stream as Pillow sees it: counted, and without what is too long to be looked at."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._size = stream.seek(0, io.SEEK_END)
        self._position = 0
        self._left = READS
        self.head = self._head()

    def _head(self) -> bytes:
        """Return the first bytes, the mark of a camera's own format replaced by that of TIFF."""
        self._stream.seek(0)
        head = self._stream.read(16)
        if head[2:3] == b"+" or head[2:4] == b"\0+":
            return head
        mark = {b"II": b"*\0", b"MM": b"\0*"}.get(head[:2], b"")
        return head[:2] + mark + head[4:8]

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; the end is where values of one directory have to end together."""
        if whence == io.SEEK_END:
            self._position = min(self._size, MOST)
        else:
            self._position = offset
        return self._position

    def tell(self) -> int:
        """Return where the next read begins."""
        return self._position

    def read(self, size: int) -> bytes:
        """Return bytes, or zeros in place of more than `SMALL`.

        Raises:
            OSError: too much was read already.
        """
        size = max(0, min(size, self._size - self._position))
        start, self._position = self._position, self._position + size
        if size > SMALL:
            return bytes(size)
        self._left -= size
        if self._left < 0:
            raise OSError("metadata without end")
        self._stream.seek(start)
        return self._stream.read(size)


class Notes:
    """Collects what one picture or film says, while its decoder has it open."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._dates: dict[str, Date] = {}
        self._refused: set[str] = set()
        self._has_position = False
        self._was_seen = False
        self._is_broken = False

    def told(self) -> Description:
        """Return what was found."""
        if not self._was_seen:
            return LOST
        refused = frozenset(self._refused - {*self._texts, *self._dates})
        found = self._texts or self._dates or refused or self._has_position
        state = State.FOUND if found else State.NOTHING
        if self._is_broken:
            state = State.UNREADABLE
        position = Position.YES if self._has_position else Position.NO
        return Description(state, dict(self._texts), dict(self._dates), position, refused)

    def batch(self, number: int) -> Batch:
        """Return the frame that says it of the item ``number``."""
        return Batch("metadata", *packed(number, self.told()))

    def picture(self, kind: str, stream: BinaryIO, info: Mapping[Any, Any]) -> None:
        """Take the Exif of a picture.

        Args:
            kind: one of `image.KINDS`; ``tiff`` also of raw files, which are one inside.
            stream: the picture; it stands where it stood afterwards.
            info: what Pillow says of it: of WebP and AVIF the Exif as it is.
        """
        position = stream.tell()
        with self._looking():
            if kind == "tiff":
                self._directories(stream)
            elif data := _FINDERS[kind](stream) if kind in _FINDERS else info.get("exif"):
                self._exif(data)
        stream.seek(position)

    def item(self, stream: BinaryIO, parts: tuple[tuple[int, int], ...]) -> None:
        """Take Exif as HEIF holds it: behind the number of bytes that come before it."""
        with self._looking():
            if parts:
                data = heif.read(stream, parts)
                self._exif(data[4 + int.from_bytes(data[:4], "big") :])

    def film(self, container: "InputContainer") -> None:
        """Take what FFmpeg read of the container of a film."""
        with self._looking():
            said = {name.lower(): value for name, value in container.metadata.items()}
            for stream in container.streams:  # what else they say is about their coding
                if _CONTAINER in stream.metadata:
                    said.setdefault(_CONTAINER, stream.metadata[_CONTAINER])
            self._film(
                {name: value.encode("utf-8", "surrogateescape") for name, value in said.items()}
            )

    # ---- how ---------------------------------------------------------------------------------

    @contextmanager
    def _looking(self) -> Iterator[None]:
        """Keep what goes wrong to the metadata; a warning of Pillow is something left unread."""
        self._was_seen = True
        try:
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                yield
            self._is_broken |= bool(warned)
        except Exception:  # noqa: BLE001 - hostile metadata raises what it likes
            self._is_broken = True

    def _exif(self, data: bytes) -> None:
        while data.startswith(_MARK):
            data = data[len(_MARK) :]
        self._directories(io.BytesIO(data))

    def _directories(self, stream: BinaryIO) -> None:
        window = Window(stream)
        first = Directory(window.head)
        found: dict[int | None, Directory] = {None: _read(window, first.next)}
        for tag in (EXIF, GPS):
            place = found[None].get(tag)
            if isinstance(place, int):
                found[tag] = _read(window, place, tag)
        for name, (directory, tag) in _TEXTS.items():
            self._text(name, _bytes(found.get(directory), tag))
        exif = found.get(EXIF)
        for name, ((directory, tag), zone, fraction) in _DATES.items():
            self._date(
                name,
                _bytes(found.get(directory), tag),
                offset=_bytes(exif, zone) or b"",
                fraction=_bytes(exif, fraction) or b"",
            )
        gps = found.get(GPS)
        self._has_position |= gps is not None and LATITUDE in gps and LONGITUDE in gps

    def _film(self, said: Mapping[str, bytes]) -> None:
        for name, keys in _FILM_TEXTS.items():
            self._text(name, next((said[key] for key in keys if said.get(key)), b""))
        self._date("creation", next((said[key] for key in _CREATION if said.get(key)), b""))
        self._date("container", said.get(_CONTAINER, b""))
        date = self._dates.get("container")
        if date is not None and not date.seconds:
            del self._dates["container"]  # the first second of 1970 is what a program wrote of 0
        elif date is not None and date.basis is Basis.OFFSET and not date.offset:
            self._dates["container"] = Date(date.seconds, Basis.UTC, date.nanoseconds)
        self._has_position |= any(name.startswith(_POSITIONS) for name in said)

    def _text(self, name: str, raw: bytes | None) -> None:
        try:
            text = text_of(_there(raw))
        except RefusedError:
            self._refused.add(name)
            return
        if text:
            self._texts.setdefault(name, text)

    def _date(
        self, name: str, raw: bytes | None, *, offset: bytes = b"", fraction: bytes = b""
    ) -> None:
        try:
            date = date_of(_there(raw), offset=offset, fraction=fraction)
        except RefusedError:
            self._refused.add(name)
            return
        if date is not None:
            self._dates.setdefault(name, date)


def _read(window: Window, offset: int, group: int | None = None) -> Directory:
    directory = Directory(window.head, group=group)
    window.seek(offset)
    directory.load(window)  # type: ignore[arg-type] # it reads, seeks and tells
    return directory


def _bytes(directory: Directory | None, tag: int) -> bytes | None:
    """Return the bytes of a text of a directory, empty without one; None of what is no text.

    Pillow makes of ASCII what Latin-1 makes of it, which is turned back.
    """
    if directory is None or tag not in directory:
        return b""
    if directory.tagtype[tag] not in _TEXTUAL:
        return None
    value = directory[tag]
    value = value[0] if isinstance(value, tuple) and len(value) == 1 else value
    data = value.encode("latin-1") if isinstance(value, str) else value
    return data if isinstance(data, bytes) and len(data) <= SMALL else None


def _there(raw: bytes | None) -> bytes:
    if raw is None:
        raise RefusedError
    return raw
