"""TIFF: the end of the last thing that its directories point to (TIFF 6.0, DNG, Exif 2.32)."""

# ruff: noqa: PLR2004 - the numbers are those of the format

from typing import Final

from heroes_forensics.parsers.recovery.window import Found, Window

_WIDTHS: Final = (0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4)
"""Bytes of one value, by its type."""
_SUB: Final = frozenset({330, 34665, 34853, 40965})
"""Tags whose values are further directories."""
_PAIRS: Final = ((273, 279), (324, 325), (513, 514), (288, 289))
"""Tags of offsets, and of the lengths that go with them."""
_DIRECTORIES: Final = 256
_ENTRIES: Final = 1024
_VALUES: Final = 1 << 20
"""Offsets of one directory that are read at most."""


class _Picture:
    """What one file holds, while its directories are gone through."""

    def __init__(self, window: Window, order: str) -> None:
        self.window = window
        self.order = order
        self.end = 8
        self.sizes = False
        """Whether a directory says how wide and high a picture is."""
        self.data = 0
        """Bytes of pixels."""

    def number(self, at: int, width: int) -> int:
        return self.window.number(at, width, self.order)

    def directory(self, at: int, todo: list[int]) -> bool:
        """Take in one directory; tell whether it is one."""
        count = self.number(at, 2)
        if not 0 < count <= _ENTRIES or at + 6 + 12 * count > self.window.size:
            return False
        self.end = max(self.end, at + 6 + 12 * count)
        values: dict[int, list[int]] = {}
        last = 0
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, many = self.number(entry, 2), self.number(entry + 2, 2), 0
            many = self.number(entry + 4, 4)
            if not 0 < kind < len(_WIDTHS) or tag < last:
                return False
            last = tag
            size = _WIDTHS[kind] * many
            where = entry + 8 if size <= 4 else self.number(entry + 8, 4)
            if size > 4:
                self.end = max(self.end, where + size)
            if tag in _READ and kind in {3, 4, 13} and many <= _VALUES:
                width = _WIDTHS[kind]
                data = self.window.read(where, size)
                values[tag] = [
                    int.from_bytes(
                        data[at : at + width], "big" if self.order == "big" else "little"
                    )
                    for at in range(0, len(data) - width + 1, width)
                ]
        self._pixels(values)
        for tag in _SUB & values.keys():
            todo += values[tag][:_DIRECTORIES]
        todo.append(self.number(at + 2 + 12 * count, 4))
        return True

    def _pixels(self, values: dict[int, list[int]]) -> None:
        self.sizes = self.sizes or (256 in values and 257 in values)
        for offsets, lengths in _PAIRS:
            for start, length in zip(
                values.get(offsets, ()), values.get(lengths, ()), strict=False
            ):
                self.end = max(self.end, start + length)
                self.data += length


_READ: Final = _SUB | {256, 257} | {tag for pair in _PAIRS for tag in pair}


def tiff(window: Window) -> Found | None:
    """Go through the directories of a file, each once."""
    picture = _Picture(window, "little" if window.read(0, 2) == b"II" else "big")
    todo, seen = [picture.number(4, 4)], set[int]()
    while todo and len(seen) < _DIRECTORIES:
        at = todo.pop()
        if at in seen or at == 0:
            continue
        seen.add(at)
        if at < 8 or not picture.directory(at, todo):
            if not picture.data or not picture.sizes:
                return None
            return Found(min(picture.end, window.size), whole=False, checked=False)
    if not picture.data or not picture.sizes:
        return None
    whole = picture.end <= window.size
    return Found(min(picture.end, window.size), whole=whole, checked=False)
