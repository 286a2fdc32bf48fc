"""Compressed streams of which is told where they ended, so that what stands behind is seen."""

from collections.abc import Callable
from typing import cast

from heroes_forensics.parsers.reading.decompression import Ending


class Watched:
    """An expander of which is told how much of its input was its own, once it has ended."""

    def __init__(self, inner: Ending, ended: Callable[[int], None]) -> None:
        """Take an expander, and what is called with its `Ending.taken`."""
        self._inner = inner
        self._ended = ended

    @property
    def finished(self) -> bool:
        """Whether the compressed stream itself said that it ends here."""
        return self._inner.finished

    def take(self, most: int) -> bytes:
        """Return the next bytes.

        Raises:
            OSError: the compressed bytes are damaged or cannot be read.
        """
        data = self._inner.take(most)
        if self._inner.finished:
            self._ended(self._inner.taken)
        return data

    def copy(self) -> "Watched | None":
        """Return another one that goes on from here; None where its library cannot do that."""
        other = self._inner.copy()
        return Watched(cast("Ending", other), self._ended) if other is not None else None
