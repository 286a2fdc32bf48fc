"""Charts as numbers: the template draws them as plain SVG, each beside a table of the same rows.

A bar is given in thousandths of the whole width; nothing is told by colour alone.
"""

from typing import Any, Final, NamedTuple

from heroes_forensics.model import JSON
from heroes_forensics.reports.messages import Messages

WIDTH: Final = 1000
"""Units of a chart's width."""

_VISIBLE: Final = 3
"""Least width of a bar that is not empty, in units."""


class Bar(NamedTuple):
    """One bar, in one or two parts."""

    label: str
    """Free text or a message."""
    value: str
    """As it stands in the table."""
    width: int
    """Of the first part, in units."""
    rest: int = 0
    """Of the second part, which follows the first."""
    rest_value: str = ""


def _width(part: int, whole: int) -> int:
    if part <= 0 or whole <= 0:
        return 0
    return max(_VISIBLE, min(WIDTH, part * WIDTH // whole))


def funnel(document: JSON, catalogue: Messages) -> list[Bar]:
    """From all entries listed to those with a finding."""
    report: Any = document
    equation = report["coverage"]["equation"]
    listed = equation["listed"]
    steps = (
        ("coverage.listed", listed),
        ("coverage.with_content", listed - equation["without_content"]),
        ("coverage.digested", equation["digested"]),
        ("coverage.matched", sum(row["status"] != "withdrawn" for row in report["findings"])),
    )
    return [
        Bar(catalogue.text(key), catalogue.number(count), _width(count, listed))
        for key, count in steps
    ]


def coverage(document: JSON, catalogue: Messages) -> list[Bar]:
    """Bytes examined and not examined, exhibit by exhibit; each bar is a whole exhibit."""
    report: Any = document
    bars = []
    for exhibit in report["exhibits"]:
        row = exhibit["coverage"]
        examined = row["item_bytes_examined"]
        rest = max(0, row["item_bytes"] + row["volume_bytes_not_opened"] - examined)
        whole = examined + rest
        gap = min(_width(rest, whole), WIDTH)
        done = min(_width(examined, whole), WIDTH - gap)
        bars.append(
            Bar(exhibit["label"], catalogue.size(examined), done, gap, catalogue.size(rest))
        )
    return bars
