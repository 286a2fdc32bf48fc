"""WebP and AVI: RIFF chunks (Microsoft and IBM 1991; OpenDML 1.02; WebP container, RFC 9649)."""

# ruff: noqa: PLR2004 - the numbers are those of the formats

from typing import Final

from heroes_forensics.parsers.recovery.window import Found, Window

_WEBP: Final = frozenset(
    {b"VP8 ", b"VP8L", b"VP8X", b"ANIM", b"ANMF", b"ALPH", b"ICCP", b"EXIF", b"XMP "}
)
_LISTS: Final = frozenset({b"LIST", b"RIFF"})
_MOST: Final = 10_000_000
"""Chunks of one film."""


def riff(window: Window) -> Found | None:
    """Follow a picture or a film; other RIFF forms are none of ours."""
    form = window.read(8, 4)
    if form == b"WEBP":
        return _webp(window)
    if form == b"AVI ":
        return _avi(window)
    return None


def _webp(window: Window) -> Found | None:
    end = 8 + window.number(4, 4, "little")
    at, first = 12, b""
    while at < end:
        kind, length = window.read(at, 4), window.number(at + 4, 4, "little")
        following = at + 8 + length + (length & 1)
        if kind not in _WEBP or length < 0 or (not first and not _begins(window, kind, length)):
            return Found(at, whole=False) if first and at > 64 else None
        first = first or kind
        if following > window.size or following > end + 1:
            return Found(min(end, window.size), whole=False)
        at = following
    if not first:
        return None
    return Found(end, whole=True, checked=first == b"VP8X")


def _begins(window: Window, kind: bytes, length: int) -> bool:
    """Tell whether the first chunk of a picture says what it has to."""
    if kind == b"VP8 ":
        return length >= 10 and window.read(23, 3) == b"\x9d\x01\x2a"
    if kind == b"VP8L":
        return length >= 5 and window.read(20, 1) == b"\x2f"
    return kind == b"VP8X" and length == 10


def _avi(window: Window) -> Found | None:
    """Follow one RIFF form after the other: a long film has several."""
    if window.read(12, 4) != b"LIST" or window.read(20, 4) != b"hdrl":
        return None
    at, movie = 0, False
    while at == 0 or (window.read(at, 4) == b"RIFF" and window.read(at + 8, 4) == b"AVIX"):
        end = at + 8 + window.number(at + 4, 4, "little")
        broken, movie = _chunks(window, at + 12, min(end, window.size), movie)
        if broken >= 0 or end > window.size:
            return Found(min(broken if broken >= 0 else end, window.size), whole=False)
        at = end + (end & 1)
    return Found(end, whole=True) if movie else None


def _chunks(window: Window, at: int, end: int, movie: bool) -> tuple[int, bool]:  # noqa: FBT001
    """Return where chunks up to an end break off, or -1, and whether there is a movie in them."""
    for _ in range(_MOST):
        if at + 8 > end:
            break
        kind, length = window.read(at, 4), window.number(at + 4, 4, "little")
        if not _is_name(kind):
            return at, movie
        is_movie = kind == b"LIST" and window.read(at + 8, 4) in {b"movi", b"rec "}
        movie = movie or is_movie
        if is_movie:
            at += 12  # its chunks are followed one by one
            continue
        at += 8 + length + (length & 1)
        if at > end + 1:
            return end, movie
    return -1, movie


def _is_name(kind: bytes) -> bool:
    return len(kind) == 4 and kind.isascii() and all(32 <= each < 127 for each in kind)
