"""Inline pictures of PDF: ``BI`` to ``EI`` in the operators of a page (ISO 32000-1, 8.9.7).

What draws a page, a form, a glyph or a pattern is a stream of operators, and a picture may stand
among them: its dictionary between ``BI`` and ``ID``, its bytes between ``ID`` and ``EI``. Strings
and comments are passed over, so that a text which shows these letters is no picture. Nothing but
the bytes themselves says where they end: the filter does (deflate, JPEG, text), or the number of
bytes of its rows, or ``/L`` of PDF 2.0; else the first ``EI`` that operators follow.
"""

import re
import zlib
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers import pdf_objects

_LEAST: Final = 8
"""Pixels of the shorter side: what has fewer is no picture that anybody sees."""
_LEAST_MASK: Final = 128
"""Pixels of the longer side of a mask of one bit: below are the letters of bitmap fonts."""
_MOST_SAID: Final = 1 << 13
"""Bytes of a dictionary: a palette has 768, written as hexadecimal digits twice as many."""
_MOST_VALUES: Final = 64
_NEXT: Final = re.compile(rb"[(%]|(?<![^\s\0()<>\[\]{}])BI(?=[\s\0/%])")
_LINE: Final = re.compile(rb"[\r\n]")
_BRACKET: Final = re.compile(rb"(?:\\.|[^()\\])*+([()])", re.DOTALL)
_END: Final = re.compile(rb"[\s\0]{0,32}+EI(?=[\s\0/%\[<(]|$)")
_SOME_END: Final = re.compile(rb"[\s\0]EI(?=[\s\0]|$)")
_JPEG_END: Final = re.compile(rb"\xff\xd9[\s\0]{0,32}+EI(?=[\s\0]|$)")
_BINARY: Final = re.compile(rb"[^\s\x20-\x7e]")
_OPERATORS: Final = 16
"""Bytes behind ``EI`` that are text, where it is the end."""
_PIECE: Final = 1 << 16
_SEARCHED: Final = 64
"""Bytes that are searched for an end and count as one step."""
_SPACES: Final = frozenset({b"\0", b"\t", b"\n", b"\f", b"\r", b" "})
_TEXT_ENDS: Final = {"ASCIIHexDecode": b">", "ASCII85Decode": b"~>"}
_KEYS: Final = {
    "BPC": "BitsPerComponent",
    "CS": "ColorSpace",
    "D": "Decode",
    "DP": "DecodeParms",
    "F": "Filter",
    "H": "Height",
    "I": "Interpolate",
    "IM": "ImageMask",
    "L": "Length",
    "W": "Width",
}
SHORT: Final = {
    "Fl": "FlateDecode",
    "AHx": "ASCIIHexDecode",
    "A85": "ASCII85Decode",
    "DCT": "DCTDecode",
    "LZW": "LZWDecode",
    "RL": "RunLengthDecode",
    "CCF": "CCITTFaxDecode",
}
"""Filters by their abbreviations."""

RowBytes = Callable[[dict[str, pdf_objects.Value]], int]


class Inline(NamedTuple):
    """A picture among operators; offsets count from their first byte, expanded."""

    at: int
    """Offset of ``BI``."""
    start: int
    end: int
    """Offsets of its bytes."""
    said: dict[str, pdf_objects.Value]
    """Its dictionary, with the names that other pictures have."""
    filters: tuple[str, ...]


class Effort:
    """What a document may cost: counted down, over all of its streams."""

    def __init__(self, steps: int, size: int) -> None:
        """Take limits.

        Args:
            steps: tokens that are looked at.
            size: bytes that are expanded.
        """
        self.steps, self.size = steps, size

    def is_spent(self) -> bool:
        """Tell whether a limit was reached."""
        return self.steps <= 0 or self.size <= 0


def pictures(data: bytes, rows: RowBytes, effort: Effort) -> Iterator[Inline]:
    """Yield the pictures among operators, in their order; none behind the end of the effort.

    Args:
        data: the operators, expanded.
        rows: gives the bytes of the rows of a picture that is not packed; raises `ValueError`
            where nothing says how many these are.
        effort: of the document.
    """
    at = 0
    while effort.steps > 0 and (found := _NEXT.search(data, at)) is not None:
        effort.steps -= 1
        at = found.end()
        if found[0] == b"%":
            line = _LINE.search(data, at)
            at = line.end() if line else len(data)
        elif found[0] == b"(":
            at = _behind_string(data, at, effort)
        else:
            picture = _picture(data, found.start(), rows, effort)
            if picture is not None:
                at = picture.end
                if _is_seen(picture.said):
                    yield picture


def picture_at(data: bytes, at: int, rows: RowBytes) -> Inline | None:
    """Return the picture whose ``BI`` stands at an offset; None where none does."""
    return _picture(data, at, rows, Effort(1 << 20, 1)) if data.startswith(b"BI", at) else None


def _behind_string(data: bytes, at: int, effort: Effort) -> int:
    """Return where a string ends whose bracket was passed; the end where its own is missing."""
    depth = 1
    while depth and effort.steps > 0:
        effort.steps -= 1
        found = _BRACKET.match(data, at)
        if found is None:
            return len(data)
        depth += 1 if found[1] == b"(" else -1
        at = found.end()
    return at


def _picture(data: bytes, at: int, rows: RowBytes, effort: Effort) -> Inline | None:
    effort.steps -= _MOST_VALUES
    try:
        said, spot = pdf_objects.pairs(data[at + 2 : at + 2 + _MOST_SAID], b"ID", _MOST_VALUES)
    except ValueError:
        return None
    said = {_KEYS.get(key, key): value for key, value in said.items()}
    start = at + 2 + spot
    if not {"Width", "Height"} <= said.keys() or data[start : start + 1] not in _SPACES:
        return None
    named = said.get("Filter")
    names = named if isinstance(named, list) else [] if named is None else [named]
    filters = tuple(SHORT.get(str(name), str(name)) for name in names)
    start += 2 if data.startswith(b"\r\n", start) else 1
    found = Inline(at, start, len(data), said, filters)
    return found._replace(end=_end(data, found, rows, effort))


def _is_seen(said: dict[str, pdf_objects.Value]) -> bool:
    sides = [said["Width"], said["Height"]]
    whole = [side for side in sides if isinstance(side, int)]
    if len(whole) < len(sides):
        return True  # whoever opens it says what is wrong with it
    is_mask = said.get("ImageMask") is True
    return min(whole) >= _LEAST and not (is_mask and max(whole) < _LEAST_MASK)


def _end(data: bytes, found: Inline, rows: RowBytes, effort: Effort) -> int:
    """Return where the bytes of a picture end; the end of the data where nothing says so."""
    for size in _sizes(data, found, rows, effort):
        if size >= 0 and _END.match(data, found.start + size):
            return found.start + size
    last = found.filters[-1:]
    if last == ("DCTDecode",) and len(found.filters) == 1:
        mark = _JPEG_END.search(data, found.start)
        effort.steps -= ((mark.end() if mark else len(data)) - found.start) // _SEARCHED
        if mark is not None:
            return mark.start() + 2
    for mark in _SOME_END.finditer(data, found.start):
        effort.steps -= 1
        if effort.steps <= 0 or not _BINARY.search(data, mark.end(), mark.end() + _OPERATORS):
            return mark.start()
    return len(data)


def _sizes(data: bytes, found: Inline, rows: RowBytes, effort: Effort) -> Iterator[int]:
    """Yield how many bytes a picture may have; -1 for those that do not fit."""
    stated = found.said.get("Length")
    yield stated if isinstance(stated, int) else -1
    first = found.filters[0] if found.filters else ""
    if not first:
        try:
            yield rows(found.said)
        except ValueError:
            return
    elif first == "FlateDecode":
        yield _deflated(data, found.start, effort)
    elif first in _TEXT_ENDS:
        end = data.find(_TEXT_ENDS[first], found.start)
        effort.steps -= ((end if end >= 0 else len(data)) - found.start) // _SEARCHED
        yield end + len(_TEXT_ENDS[first]) - found.start if end >= 0 else -1


def inflated(reader: Reader, most: int) -> tuple[bytes, str]:
    """Return what a deflated stream holds, up to where it breaks.

    Returns:
        At most ``most`` bytes, and how it ended: ``end``, ``more`` where there are more bytes,
        ``short`` where its end is missing, ``damaged``.

    Raises:
        OSError: it cannot be read.
    """
    # Without its header of two bytes: then a check value that was cut off is no damage.
    engine, at, size, parts = zlib.decompressobj(-zlib.MAX_WBITS), 2, 0, [b""]
    try:
        while not engine.eof and size <= most:
            piece = engine.unconsumed_tail
            if not piece:
                piece = reader.pread(at, _PIECE)
                at += len(piece)
            before = engine.copy()
            parts.append(engine.decompress(piece, _PIECE))
            size += len(parts[-1])
            if not piece:
                return b"".join(parts)[:most], "short"
    except zlib.error:
        parts.extend(_before_damage(before, piece))
        return b"".join(parts)[:most], "damaged"
    return b"".join(parts)[:most], "more" if size > most else "end"


def _before_damage(engine: "zlib._Decompress", piece: bytes) -> Iterator[bytes]:
    """Yield what comes before the byte at which a piece breaks: at once, the library gives none."""
    try:
        for at in range(len(piece)):
            yield engine.decompress(piece[at : at + 1], _PIECE)
    except zlib.error:
        return


def _deflated(data: bytes, start: int, effort: Effort) -> int:
    """Return how many bytes a deflated stream has; -1 where it does not end."""
    engine, at = zlib.decompressobj(), start
    try:
        while effort.size > 0 and not engine.eof and (at < len(data) or engine.unconsumed_tail):
            piece = engine.unconsumed_tail
            if not piece:
                piece = data[at : at + _PIECE]
                at += len(piece)
            effort.size -= len(engine.decompress(piece, _PIECE)) + 1
    except zlib.error:
        return -1
    return at - start - len(engine.unused_data) if engine.eof else -1
