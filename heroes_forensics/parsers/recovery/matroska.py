"""Matroska and WebM: EBML elements (RFC 8794, RFC 9559)."""

# ruff: noqa: PLR2004 - the numbers are those of the format

from typing import Final, NamedTuple

from heroes_forensics.parsers.recovery.window import Found, Window

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_VOID: Final = frozenset({0xEC, 0xBF})
_LEVEL_1: Final = frozenset(
    {
        *(0x114D9B74, 0x1549A966, 0x1654AE6B, _CLUSTER, 0x1C53BB6B, 0x1043A770, 0x1254C367),
        0x1941A469,
    }
    | _VOID
)
_LEVEL_2: Final = frozenset({0xE7, 0xA3, 0xA0, 0xAB, 0xA7, 0x5854, 0xAF} | _VOID)
"""What a cluster holds, where it does not say how long it is."""
_MOST: Final = 5_000_000


class _Element(NamedTuple):
    id: int
    body: int
    size: int
    """-1 where the element does not say."""


def matroska(window: Window) -> Found | None:
    """Follow the elements of a film."""
    head = _element(window, 0)
    if head is None or head.id != _EBML or not 0 < head.size <= 4096:
        return None
    first = window.read(head.body, head.size)
    if b"matroska" not in first and b"webm" not in first:
        return None
    segment = _element(window, head.body + head.size)
    if segment is None or segment.id != _SEGMENT:
        return None
    stated = segment.body + segment.size if segment.size >= 0 else -1
    end, clusters = _elements(window, segment.body, stated)
    if not clusters:
        return None
    if stated < 0:
        return Found(end, whole=end < window.size)
    return Found(end, whole=end == stated)


def _elements(window: Window, at: int, stated: int) -> tuple[int, int]:
    """Return where the elements of a segment end or break off, and how many clusters there are."""
    clusters, open_cluster = 0, False
    for _ in range(_MOST):
        if at == stated:
            break
        element = _element(window, at)
        if element is None:
            break
        inside = open_cluster and element.id in _LEVEL_2
        # Where the segment says how long it is, what this version does not know may stand in it.
        known = element.id in _LEVEL_1 or (stated >= 0 and clusters and element.size >= 0)
        if not known and not inside:
            break
        if element.id == _CLUSTER:
            clusters += 1
        if not inside:
            open_cluster = element.id == _CLUSTER and element.size < 0
        if element.size < 0:
            if not open_cluster or inside:
                break
            at = element.body
            continue
        following = element.body + element.size
        if following > window.size or (stated >= 0 and following > stated):
            return window.size if following > window.size else at, clusters
        at = following
    return at, clusters


def _element(window: Window, at: int) -> _Element | None:
    """Return the element at a place, or None where there is none."""
    head = window.read(at, 12)
    if not head or not head[0]:
        return None
    width = 9 - head[0].bit_length()
    if width > 4 or len(head) <= width or not head[width]:
        return None
    name = int.from_bytes(head[:width], "big")
    length = 9 - head[width].bit_length()
    field = head[width : width + length]
    if len(field) < length:
        return None
    size = int.from_bytes(field, "big") & ((1 << 7 * length) - 1)
    unknown = size == (1 << 7 * length) - 1
    return _Element(name, at + width + length, -1 if unknown else size)
