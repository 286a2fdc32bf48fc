"""Pictures that lie inside pictures, and what lies behind a picture's end.

A picture holds smaller ones of itself: in its header (Exif, notes of the maker, Photoshop, JFXX) or
in its directories (TIFF and raw files). What lies behind its end no viewer shows: further pictures
(Multi-Picture Format), the film of a moving photograph, and what somebody put there. Neither is
looked for by names or tables alone: the bytes are searched for beginnings, and what is found is
followed by the walkers of `parsers.recovery`. Where a directory states how long a picture is that
begins there, that counts: then it is the picture that other tools give out.

`pieces` is asked twice: `holds` by the worker that reads a picture, whether there is anything at
all, and `picture.open_picture` by the expander that opens it.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

import io
import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.filetype import directories
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.appended import ending_zip
from heroes_forensics.parsers.reading.readers import ReaderFile
from heroes_forensics.parsers.recovery.boxes import boxes
from heroes_forensics.parsers.recovery.jpeg import jpeg
from heroes_forensics.parsers.recovery.pictures import gif, png
from heroes_forensics.parsers.recovery.riff import riff
from heroes_forensics.parsers.recovery.tiff import tiff
from heroes_forensics.parsers.recovery.window import Budget, Found, SpentError, Window

RAW: Final = frozenset({"cr2", "nef", "arw", "dng", "pef", "orf", "rw2"})
"""Raw files of cameras that are TIFF inside."""
_BOXES: Final = frozenset({"heic", "heif", "avif", "jp2"})
_ENDS: Final[dict[str, Callable[[Window], Found | None]]] = {"png": png, "gif": gif, "webp": riff}
KINDS: Final = frozenset({"jpeg", "tiff", *RAW, *_BOXES, *_ENDS})
"""Types of `filetype` that are looked into."""

_JPEG: Final = b"\xff\xd8\xff"
_WALKERS: Final[dict[bytes, Callable[[Window], Found | None]]] = {
    _JPEG: jpeg,
    b"\x89PNG\r\n\x1a\n": png,
    b"GIF87a": gif,
    b"GIF89a": gif,
    b"RIFF": riff,
    b"II*\0": tiff,
    b"MM\0*": tiff,
}
_ARCHIVES: Final = (b"PK\x03\x04", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"%PDF-")
"""What is followed to the end of the file: an archive finds its own."""
_BEHIND: Final = re.compile(
    b"|".join([*map(re.escape, (*_WALKERS, *_ARCHIVES)), rb"[\s\S]{4}ftyp"])
)
_LONGEST: Final = 8
"""Bytes of a beginning."""
_IN_HEADER: Final = re.compile(re.escape(_JPEG))
_STEP: Final = 1 << 20
_SMALLEST: Final = 128
"""Bytes of the smallest picture."""
_REST: Final = 16
"""Bytes behind a picture that are worth an entry; fewer, or all the same, are padding."""
_LARGEST: Final = 1 << 40
_MOST_DIRECTORY: Final = 1 << 20
"""Bytes of a directory of pictures inside a picture, which is read whole."""
_SEGMENTS: Final = 4096
"""Of the header of a JPEG."""
_LEAST_BUDGET: Final = 16 << 20
_BUDGET: Final = 4
"""How many times the size of the picture the walkers may read."""
_LOSSLESS: Final = frozenset({0xC3, 0xC7, 0xCB, 0xCF})
"""Frames of JPEG that hold what a sensor saw, and no picture that is shown."""
_PHOTOSHOP: Final = 0x8649
"""The field of a TIFF with the resources of Photoshop."""
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


class Piece(NamedTuple):
    """Something that lies in a picture."""

    start: int
    size: int
    what: str
    """``inside`` the header or the directories, ``behind`` its end, or the ``rest`` there."""


class _Space:
    """A picture as walkers read it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.size = max(0, reader.size)

    def read(self, offset: int, length: int) -> bytes:
        return self._reader.pread(offset, length)


class Looking:
    """One picture that is looked into."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.space = _Space(reader)
        self.budget = Budget(max(_LEAST_BUDGET, _BUDGET * self.space.size))

    def window(self, start: int, limit: int = _LARGEST) -> Window:
        """Return what lies from ``start`` on."""
        return Window(self.space, start, self.budget, limit)

    def read(self, offset: int, length: int) -> bytes:
        """Read, and count it."""
        self.budget.spend(length)
        return self.reader.pread(offset, length)


def holds(reader: Reader, kind: str, *, all_of_it: bool) -> bool:
    """Tell whether a picture is worth opening.

    Args:
        reader: the picture.
        kind: its type, one of `KINDS`.
        all_of_it: False for what lies behind its end alone; the small pictures of itself that a
            sound picture holds do not count then.

    Raises:
        OSError: it cannot be read.
    """
    if kind == "jpeg" and not all_of_it and _ends_soundly(reader):
        return False
    try:
        found = pieces(reader, kind)
        return any(all_of_it or piece.what != "inside" for piece in found)
    except SpentError:
        return True  # whoever opens it says that it is not looked through


def _ends_soundly(reader: Reader) -> bool:
    """Tell whether the last bytes of a JPEG are its first end mark: as nearly all of them are."""
    end = max(0, reader.size - 2)
    if reader.pread(end, 2) != b"\xff\xd9":
        return False
    look = Looking(reader)
    start = max((spot + size for spot, size, _ in _segments(look)), default=2)
    return _end_mark(reader, start) == end


def _end_mark(reader: Reader, start: int) -> int:
    """Return where ``FF D9`` stands next, or ``FF D8``, which begins a picture; -1 for neither."""
    at = start
    while at < reader.size - 1:
        data = reader.pread(at, _STEP + 1)
        hits: list[int] = []
        for skip in (0, 1):
            # Comparing pairs is eight times as fast as a search for bytes of which one is frequent.
            pairs = np.frombuffer(data, dtype="<u2", count=(len(data) - skip) // 2, offset=skip)
            found = (pairs == 0xD9FF) | (pairs == 0xD8FF)
            hits += [int(found.argmax()) * 2 + skip] if found.any() else []
        if hits:
            return at + min(hits)
        if len(data) <= _STEP:
            return -1
        at += _STEP
    return -1


def pieces(reader: Reader, kind: str) -> Iterator[Piece]:
    """Yield what lies in a picture of a type, inside before behind, each in its order.

    Raises:
        OSError: it cannot be read.
        SpentError: it makes the walkers read more than they may.
    """
    look = Looking(reader)
    if kind == "jpeg":
        yield from _in_jpeg(look)
        found = jpeg(look.window(0))
    elif kind == "tiff" or kind in RAW:
        yield from _in_directories(look, everywhere=kind in RAW)
        zipped = ending_zip(reader, kind)
        if zipped is not None:
            yield Piece(*zipped, "behind")
        return
    elif kind in _BOXES:
        yield from _in_boxes(look)
        return
    else:
        found = _ENDS[kind](look.window(0))
        if kind == "webp":
            yield from _pictures_in(look, (0, look.space.size if found is None else found.size), {})
    if found is not None:
        yield from _behind(look, found.size, look.space.size, rest=found.whole)


def _in_jpeg(look: Looking) -> Iterator[Piece]:
    """Yield the pictures in the header of a JPEG."""
    for start, size, marker in _segments(look):
        if not 0xE0 <= marker <= 0xEF or size < _SMALLEST:
            continue
        stated: dict[int, int] = {}
        data = look.read(start, size)
        if _JPEG not in data:
            continue
        if data[4:10] == b"Exif\0\0":
            places = directories.previews(io.BytesIO(data[10:]))
            stated = {start + 10 + offset: length for offset, length in places}
        yield from _pictures_in(look, (start, start + size), stated)


def _segments(look: Looking) -> Iterator[tuple[int, int, int]]:
    """Yield offset, bytes and marker of the segments before the first scan of a JPEG."""
    at = 2
    for _ in range(_SEGMENTS):
        head = look.read(at, 4)
        if len(head) < 4 or head[0] != 0xFF:
            return
        if head[1] == 0xFF or head[1] in _ALONE:
            at += 1 if head[1] == 0xFF else 2
            continue
        size = 2 + int.from_bytes(head[2:], "big")
        if head[1] in {0xD8, 0xD9} or size < 4:
            return
        yield at, size, head[1]
        if head[1] == 0xDA:
            return
        at += size


def _pictures_in(look: Looking, span: tuple[int, int], stated: dict[int, int]) -> Iterator[Piece]:
    """Yield the JPEG pictures in a stretch that nothing but a header says anything of."""
    after, end = span
    for at in _beginnings(look, _IN_HEADER, span):
        if at < after:
            continue
        found = jpeg(look.window(at, end - at))
        size = found.size if found is not None and found.whole else 0
        size = stated.get(at, size) if at + stated.get(at, 0) <= end else size
        if size >= _SMALLEST and not _is_lossless(look, at):
            yield Piece(at, size, "inside")
            after = at + size


def _is_lossless(look: Looking, at: int) -> bool:
    """Tell whether a JPEG is what a sensor saw."""
    window = Looking(_Part(look.reader, at))
    window.budget = look.budget
    frames = (marker for _, _, marker in _segments(window) if marker in _FRAMES)
    return next(frames, 0) in _LOSSLESS


class _Part:
    """The bytes of a reader from an offset on."""

    def __init__(self, inner: Reader, start: int) -> None:
        self._inner, self._start = inner, start
        self.size = inner.size - start

    def pread(self, offset: int, length: int) -> bytes:
        return self._inner.pread(self._start + offset, length)

    def close(self) -> None:
        """Nothing is held."""


def _in_directories(look: Looking, *, everywhere: bool) -> Iterator[Piece]:
    """Yield the pictures of a TIFF that are JPEG as a whole: previews and thumbnails."""
    stream = io.BufferedReader(ReaderFile(look.reader))
    stated = dict(directories.previews(stream))
    if everywhere:  # makers of cameras hide further ones where their notes say
        yield from _pictures_in(look, (8, look.space.size), stated)
        return
    after = 0
    for start, size in sorted(stated.items()):
        end = min(start + size, look.space.size)
        if start >= after and end - start >= _SMALLEST and not _is_lossless(look, start):
            yield Piece(start, end - start, "inside")
            after = end
    for start, size in directories.values_of(stream, _PHOTOSHOP):
        if start >= after:
            yield from _pictures_in(look, (start, min(start + size, look.space.size)), {})


def _in_boxes(look: Looking) -> Iterator[Piece]:
    """Yield what a picture of boxes has besides: a film in a box of its own, and what follows.

    Its Exif lies among the compressed data of the picture, so that all of it is searched.
    """
    yield from _pictures_in(look, (0, look.space.size), {})
    window = look.window(0)
    at = 0
    while 0 <= at < window.size:
        length, name = window.number(at, 4), window.read(at + 4, 4)
        body = at + (16 if length == 1 else 8)
        if length == 1:
            length = window.number(at + 8, 8)
        if length == 0:
            return
        if length < body - at or not name.isascii() or not name.strip(b"\0"):
            break
        if name == b"mpvd":  # a moving photograph: Motion Photo format 1.0
            yield from _behind(look, body, min(at + length, window.size), rest=True)
        at += length
    if at < window.size:
        yield from _behind(look, at, window.size, rest=True)


def _behind(look: Looking, start: int, end: int, *, rest: bool) -> Iterator[Piece]:
    """Yield what lies between two offsets: what begins like something, and the rest of it."""
    after = start
    for at in _beginnings(look, _BEHIND, (start, end)):
        if at < after:
            continue
        size = _length(look, at, end)
        if size < _SMALLEST:
            continue
        if rest and _is_something(look, after, at):
            yield Piece(after, at - after, "rest")
        yield Piece(at, size, "behind")
        after = at + size
    if rest and _is_something(look, after, end):
        yield Piece(after, end - after, "rest")


def _length(look: Looking, at: int, end: int) -> int:
    """Return how long what begins at an offset is; 0 where it only seems to."""
    head = look.read(at, _LONGEST)
    if head.startswith(_ARCHIVES):
        return end - at
    walk = next((walk for magic, walk in _WALKERS.items() if head.startswith(magic)), boxes)
    found = walk(look.window(at, end - at))
    return found.size if found is not None and found.whole else 0


def _is_something(look: Looking, start: int, end: int) -> bool:
    """Tell whether bytes are more than padding."""
    if end - start < _REST:
        return False
    first = look.read(start, 1)
    return any(look.read(at, min(_STEP, end - at)).strip(first) for at in range(start, end, _STEP))


def _beginnings(look: Looking, what: "re.Pattern[bytes]", span: tuple[int, int]) -> Iterator[int]:
    """Yield where something may begin between two offsets, in order."""
    start, end = span
    for at in range(start, end, _STEP):
        data = look.read(at, min(_STEP + _LONGEST - 1, end - at))
        spot = -1
        while (hit := what.search(data, spot + 1)) is not None:
            spot = hit.start()
            if spot >= _STEP:
                break
            yield at + spot
