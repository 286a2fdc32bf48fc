"""HEIC, AVIF, MP4, MOV, 3GP and their kin: boxes (ISO/IEC 14496-12, QuickTime File Format).

The length is that of all boxes that follow one another. A film whose index stands behind its data
is followed to it: an index where the lengths say shows that nothing else lies between.
"""

# ruff: noqa: PLR2004 - the numbers are those of the formats

from typing import Final, NamedTuple

from heroes_forensics.parsers.recovery.window import Found, Window

_TOP: Final = frozenset(
    {
        *(b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"meta", b"uuid", b"moof", b"mfra"),
        *(b"sidx", b"ssix", b"styp", b"pdin", b"emsg", b"prft", b"pnot", b"udta", b"PICT", b"meco"),
        *(b"idat", b"junk", b"imda", b"jP  ", b"jp2h", b"jp2c", b"thum", b"beam", b"sefd", b"mpvd"),
    }
)
_LEADING: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
"""With which a QuickTime file from before ``ftyp`` begins."""
_INDEX: Final = frozenset({b"moov", b"meta", b"moof"})
_DATA: Final = frozenset({b"mdat", b"idat"})
_MOST: Final = 100_000
"""Boxes of one file."""
_SMALL: Final = frozenset({b"free", b"skip", b"wide"})


class _Box(NamedTuple):
    kind: bytes
    start: int
    body: int
    end: int
    """-1 where it reaches to the end of the file, wherever that is."""


def boxes(window: Window) -> Found | None:
    """Follow boxes for as long as there are any."""
    at, kinds, last = 0, set[bytes](), b""
    for _ in range(_MOST):
        box = _box(window, at)
        if box is None or (at and box.kind == b"ftyp"):
            break
        if not at and not _begins(window, box):
            return None
        if box.end < 0 or box.end > window.size:
            kinds.add(box.kind)
            return Found(window.size, whole=False) if _is_film(kinds) else None
        if box.kind in _INDEX and not _index(window, box):
            return Found(at, whole=False) if _is_film(kinds) else None
        kinds.add(box.kind)
        last = box.kind if box.kind in _INDEX | _DATA else last
        at = box.end
    if not kinds & _INDEX:
        # Data without an index: what stood between them is not where the lengths say.
        return Found(at, whole=False) if _is_film(kinds) else None
    whole = b"mdat" in kinds or b"meta" in kinds or b"idat" in kinds
    if not whole and b"moov" not in kinds:
        return None
    return Found(at, whole=whole, checked=last not in _DATA)


def _is_film(kinds: set[bytes]) -> bool:
    return b"mdat" in kinds and (b"ftyp" in kinds or b"moov" in kinds)


def _box(window: Window, at: int) -> _Box | None:
    """Return the box at a place, or None where there is none that stands at the top of a file."""
    length, kind = window.number(at, 4), window.read(at + 4, 4)
    if length < 0 or kind not in _TOP:
        return None
    body = at + 8
    if length == 1:
        length, body = window.number(at + 8, 8), at + 16
    if length == 0:
        return _Box(kind, at, body, -1)
    return _Box(kind, at, body, at + length) if length >= body - at else None


def _begins(window: Window, box: _Box) -> bool:
    """Tell whether a file may begin with this box."""
    if box.kind == b"ftyp":
        size = box.end - box.start
        brands = window.read(box.body, min(size, 4096) - 8)
        names = [brands[:4], *(brands[at : at + 4] for at in range(8, len(brands), 4))]
        return 16 <= size <= 4096 and size % 4 == 0 and all(_is_brand(name) for name in names)
    if box.kind not in _LEADING or box.end < 0:
        return False
    following = _box(window, box.end)
    if box.kind == b"moov":
        return _index(window, box)
    return following is not None and (box.kind not in _SMALL or following.kind in _LEADING)


def _is_brand(name: bytes) -> bool:
    return len(name) == 4 and (
        not any(name) or all(32 <= each < 127 or each == 0xA9 for each in name)
    )


_INSIDE: Final = {
    b"moov": frozenset({b"mvhd", b"cmov", b"rmra", b"trak", b"udta", b"iods", b"mvex", b"meta"}),
    b"meta": frozenset({b"hdlr"}),
    b"moof": frozenset({b"mfhd"}),
}


def _index(window: Window, box: _Box) -> bool:
    """Tell whether an index begins as one, and its boxes fill it."""
    at = box.body
    if box.kind == b"meta" and window.read(at + 4, 4) != b"hdlr":
        at += 4  # a full box has version and flags
    if window.read(at + 4, 4) not in _INSIDE[box.kind]:
        return False
    for _ in range(_MOST):
        if at >= box.end:
            break
        length, kind = window.number(at, 4), window.read(at + 4, 4)
        if at + 4 == box.end and length == 0:
            return True  # QuickTime may end a list with a zero
        if length < 8 or at + length > box.end or not _is_name(kind):
            return False
        at += length
    return at == box.end


def _is_name(kind: bytes) -> bool:
    return len(kind) == 4 and all(32 <= each < 127 or each >= 0xA0 for each in kind)
