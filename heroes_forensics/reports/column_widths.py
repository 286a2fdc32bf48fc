"""How wide the columns of a printed table are: much as browsers do it, from the words in them.

A column is never narrower than its longest word where that is possible; what is left goes to those
with the most text, by its square root, so that one long remark does not starve its neighbours. A
column of drawings gets what the words leave.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import Any, Final, NamedTuple

WHOLE: Final = 128.0
"""Widths of an average letter across a page, at the size of tables."""

_GUTTER: Final = 2.0
_BOLD: Final = 1.1
_LETTER: Final[Mapping[str, float]] = {"m": 1.22, "b": _BOLD, "a": _BOLD}
_CAPITAL: Final = 1.3
"""A capital beside a small letter."""
_KEY: Final = 6.0
"""Width of a small drawing in front of the words that it explains."""
_WORDS: Final = 0.64
"""Share of the width that words may take beside a drawing."""
_ROUNDING: Final = 1e-6


class _Extent(NamedTuple):
    """How much is in a cell or column, in letters."""

    word: float = 1.0
    """The longest word."""
    line: float = 1.0
    """The longest line."""
    area: float = 1.0
    """All lines."""


def widths(rows: Sequence[Sequence[Mapping[str, Any]]], whole: float) -> list[float]:
    """Return the width of each column in letters; their sum is ``whole``.

    Args:
        rows: cells with ``r``, runs of text and style, ``c``, classes, and ``x``, the columns that
            they span.
        whole: the width of the table in letters.
    """
    count = max((sum(cell["x"] for cell in row) for row in rows), default=0)
    columns, drawn = [_Extent()] * count, -1
    for row in rows:
        at = 0
        for cell in row:
            if cell["x"] == 1:
                pairs = zip(columns[at], _extent(cell), strict=True)
                columns[at] = _Extent(*(max(pair) for pair in pairs))
                if any(not each["key"] for each in cell.get("g", ())):
                    drawn = at
            at += cell["x"]
    if drawn < 0:
        found = _shared(columns, whole)
    else:
        words = columns[:drawn] + columns[drawn + 1 :]
        wanted = min(sum(each.line for each in words), whole * _WORDS)
        found = _shared(words, wanted)
        found.insert(drawn, whole - wanted)
    return [round(each, 2) for each in found]


def _extent(cell: Mapping[str, Any]) -> _Extent:
    key = _KEY * any(each["key"] for each in cell.get("g", ()))
    letter = _BOLD if {"row", "col"} & set(cell["c"]) else 1.0
    lines = list(_lines(cell["r"], letter))
    return _Extent(
        max((word for word, _ in lines), default=0.0) + key + _GUTTER,
        max((line for _, line in lines), default=0.0) + key + _GUTTER,
        sum(line for _, line in lines) + key + _GUTTER,
    )


def _lines(runs: Sequence[Sequence[str]], letter_of_cell: float) -> Iterator[tuple[float, float]]:
    """Yield the widths of the longest word and of the whole of each line."""
    longest = word = line = 0.0
    for text, style in runs:
        if style == "/":
            yield longest, line
            longest = word = line = 0.0
            continue
        letter = max([letter_of_cell, *(_LETTER.get(each, 1.0) for each in style)])
        for sign in text:
            if sign == "\u200b":
                word = 0.0
                continue
            wide = letter * (_CAPITAL if sign.isupper() else 1.0)
            line += wide
            word = 0.0 if sign == " " and "w" not in style else word + wide
            longest = max(word, longest)
    yield longest, line


def _shared(columns: Sequence[_Extent], whole: float) -> list[float]:
    least = [each.word for each in columns]
    most = [each.line for each in columns]
    if sum(most) <= whole:  # everything fits on one line: what is left is shared alike
        return [each * whole / sum(most) for each in most]
    if sum(least) >= whole:  # nothing fits: the longest words are broken, alike
        return [each * whole / sum(least) for each in least]
    result, left = list(least), whole - sum(least)
    wanting = set(range(len(columns)))
    while left > _ROUNDING:
        wanting = {at for at in wanting if most[at] - result[at] > _ROUNDING}
        parts = {at: sqrt(columns[at].area) for at in wanting}
        share = left / sum(parts.values())
        for at, part in parts.items():
            given = min(part * share, most[at] - result[at])
            result[at] += given
            left -= given
    return result
