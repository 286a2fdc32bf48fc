"""One chart: its table and the lengths of its bars."""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

WIDTH: Final = 1000
"""Units of a drawing's width."""

PARTS: Final = 4
"""Most parts that a bar has; each has a fill of its own: plain, hatched, dotted, empty."""

NONE: Final = "\u2013"
"""Stands where there is no value."""

VISIBLE: Final = 4
"""Least length of a part that is not empty, in units."""


class Row(NamedTuple):
    """One line: a label, what stands in the table, and the bar."""

    label: str
    values: tuple[str, ...]
    """One for each heading after the first."""
    parts: tuple[int, ...]
    """Lengths in units, one after the other; together at most `WIDTH`."""
    start: int = 0
    """Where the first part begins, in units."""


class Line(NamedTuple):
    """A rule across the chart, such as a threshold."""

    after: int
    """Rows that stand above it."""
    label: str


class Chart(NamedTuple):
    """A table with a bar in each row."""

    id: str
    section: Literal["custody", "coverage", "findings"]
    """In which section of the report it stands."""
    kind: Literal["bars", "histogram", "timeline"]
    """``bars``: things side by side. ``histogram``: classes in their order, bars touch.
    ``timeline``: `Row.start` is a time; the first part is the act, the second what follows."""
    title: str
    head: tuple[str, ...]
    """Headings: of the labels, then of the values."""
    rows: tuple[Row, ...]
    stacked: bool = False
    """Whether part n of a bar is what the heading n + 1 says: a key belongs there."""
    lines: tuple[Line, ...] = ()
    note: str = ""
    """What the reader has to know of it."""


def length(part: int, whole: int) -> int:
    """Return the length of a part; what is not empty can be seen."""
    if part <= 0 or whole <= 0:
        return 0
    return max(VISIBLE, min(WIDTH, part * WIDTH // whole))


def lengths(parts: Sequence[int], whole: int) -> tuple[int, ...]:
    """Return the lengths of parts: the small ones visible, at the cost of the largest."""
    made = [length(part, whole) for part in parts]
    over = sum(made) - WIDTH
    if over > 0:
        made[made.index(max(made))] -= over
    return tuple(made)
