"""What compressed streams are made of that expands by itself."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from heroes_forensics.parsers.base import Reader, UnsupportedError

MOST: Final = 1 << 20
"""Pieces of one stream."""
STEP: Final = 1 << 16
"""Bytes that are looked at, or expanded, at a time."""
CUT: Final = "stream.short"


class Piece(NamedTuple):
    """What expands by itself."""

    size: int
    """Bytes that it expands to; -1 where that is not stated."""
    stored: Callable[[], Reader]
    """Gives a whole stream of its kind that holds this piece alone."""
    is_whole: bool = True
    """False where it ends before it should, and is read as far as it goes."""
    is_checked: bool = False
    """Whether it was expanded to its end; else it is before any byte of it is given."""


@dataclass(slots=True)
class Pieces:
    """A stream and where its pieces lie."""

    kind: str
    found: list[Piece] = field(default_factory=list)
    fault: str = ""
    """Code of why it ended before it should; empty where it did not."""
    end: int = 0
    """Offset behind the last stream that is there as a whole, where that was found out."""


def too_large() -> UnsupportedError:
    """Return the refusal of a stream that is made of too few pieces, or of too many."""
    return UnsupportedError(
        "it is compressed in one piece that would have to be expanded anew for each read that goes "
        "back",
        code="source.unsupported",
    )


def itself(stored: Reader) -> Reader:
    """Return a piece that lies as it is read."""
    return stored
