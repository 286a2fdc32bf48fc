"""Whole pictures of a stream, wherever they begin.

Every byte is looked at, and only for formats whose first bytes are telling; what is not followed to
its end is none.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.recovery.jpeg import jpeg
from heroes_forensics.parsers.recovery.pictures import gif, png
from heroes_forensics.parsers.recovery.riff import riff
from heroes_forensics.parsers.recovery.window import Budget, Found, Window

_WALKERS: Final[dict[bytes, Callable[[Window], Found | None]]] = {
    b"\xff\xd8\xff": jpeg,
    b"\x89PNG\r\n\x1a\n": png,
    b"GIF87a": gif,
    b"GIF89a": gif,
    b"RIFF": riff,
}
_STARTS: Final = re.compile(b"|".join(map(re.escape, _WALKERS)))
_STEP: Final = 4 << 20
_OVERLAP: Final = 8
SMALLEST: Final = 128
_LARGEST: Final = 512 << 20
"""Bytes of one picture."""
_BUDGET: Final = 8
_LEAST_BUDGET: Final = 64 << 20


class _Stream:
    """A stream as walkers read it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.size = max(0, reader.size)

    def read(self, offset: int, length: int) -> bytes:
        return self._reader.pread(offset, length)


def pictures_in(
    reader: Reader,
    beat: Callable[[], None] = lambda: None,
    *,
    budget: Budget | None = None,
    first: int = 1,
) -> Iterator[tuple[int, Found]]:
    """Yield the whole pictures of a stream, and where each begins.

    Args:
        reader: the stream.
        beat: called now and then, to show that the search moves.
        budget: what may be read, where it is not that of this stream alone.
        first: the first byte at which one may begin.

    Raises:
        OSError: it cannot be read.
        SpentError: as much was read as may be.
    """
    stream = _Stream(reader)
    budget = budget or Budget(max(_LEAST_BUDGET, _BUDGET * stream.size), beat)
    after = first
    for start in range(0, stream.size, _STEP):
        beat()
        length = min(_STEP + _OVERLAP, stream.size - start)
        data = stream.read(start, length)
        if len(data) < length:
            raise OSError("the stream ends before its own end")
        for hit in _STARTS.finditer(data):
            at = start + hit.start()
            if at < after or hit.start() >= _STEP:
                continue
            found = _WALKERS[hit[0]](Window(stream, at, budget, _LARGEST))
            if found is not None and found.whole and found.size >= SMALLEST:
                yield at, found
                after = at + found.size
