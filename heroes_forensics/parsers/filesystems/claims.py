"""Who holds the blocks in use: what a walk saw of files, directories and structures.

The allocation bitmap says that a block is in use, and not by whom. So each thing in use that is
listed claims where it lies, and in the end the claims are held against the bitmap. What the bitmap
has in use and nobody claims is a number of its own: a table that is not known here, a chain of
clusters that lost its name, a cluster marked bad, or a place to hide something.
"""

from array import array
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.recovery.free import Numbers

MOST: Final = 1 << 21
"""Runs of a volume that are kept: 48 MiB."""

_FURTHEST: Final = 1 << 62
_HOLE: Final = t.RUN_SPARSE | t.RUN_FILLER
_WHOLE: Final = t.ATTRIBUTE_COMPRESSED
"""Of such streams lengths in a file and on the medium are two things: all of a run is content."""


class Claims:
    """The runs of a volume in use, in bytes from its beginning."""

    def __init__(self, block_size: int) -> None:
        self._block_size = block_size
        self._content = array("q")
        """Start, end of the content, end of the run."""
        self._structures = array("q")
        """Start, end."""
        self.unknown = False
        """Whether there are more than are kept."""

    def content(self, attribute: Any, size: int, mark: int) -> int:  # noqa: ANN401
        """Take the runs of a stream of a file; return the first byte of its first run, or -1.

        Args:
            attribute: a `pytsk3.Attribute` that is not resident.
            size: bytes of the stream.
            mark: its flags.
        """
        first = -1
        for start, length, before, hole in self._runs(attribute):
            first = start if first < 0 else first
            if hole:
                self.run(start, 0, length)  # blocks that were never written are no content
            elif mark & _WHOLE:
                self.run(start, length, length)
            else:
                self.run(start, size - before, length)
        return first

    def structure(self, attribute: Any) -> int:  # noqa: ANN401
        """Take the runs of what belongs to the file system; return as `content` does."""
        first = -1
        for start, length, _, _ in self._runs(attribute):
            first = start if first < 0 else first
            self.range(start, length)
        return first

    def _runs(self, attribute: Any) -> Iterator[tuple[int, int, int, bool]]:  # noqa: ANN401
        """Yield where runs begin, their lengths, what of the stream lies before, and if unwritten.

        A run of block 0 is a hole where it is marked as one, else the boot file of NTFS.
        """
        block = self._block_size
        for run in attribute:
            hole = int(run.flags) & _HOLE != 0
            if run.addr or not hole:
                yield run.addr * block, run.len * block, run.offset * block, hole

    def all_of(self, file: Any) -> None:  # noqa: ANN401
        """Take all runs of something that is neither a file nor a directory: a link, a table."""
        try:
            for attribute in file:
                if not int(attribute.info.flags) & t.ATTRIBUTE_RESIDENT:
                    self.structure(attribute)
        except (OSError, RuntimeError):
            return  # what it holds is claimed by nobody then

    def run(self, start: int, content: int, length: int) -> None:
        """Take one run of a file: so many bytes of it are content."""
        if start + length > _FURTHEST:
            return  # on no volume
        if len(self._content) >= 3 * MOST:
            self.unknown = True
            return
        end = start + length
        self._content.extend((start, min(max(start, start + content), end), end))

    def range(self, start: int, length: int) -> None:
        """Take one range that belongs to the file system."""
        if start + length > _FURTHEST:
            return
        if len(self._structures) >= 2 * MOST:
            self.unknown = True
            return
        self._structures.extend((start, start + length))

    def columns(self) -> tuple[Numbers, Numbers]:
        """Return the runs of files, and the ranges of structures."""
        content = np.frombuffer(self._content, dtype=np.int64) if self._content else _NONE
        ranges = np.frombuffer(self._structures, dtype=np.int64) if self._structures else _NONE
        return content.reshape(-1, 3), ranges.reshape(-1, 2)


_NONE: Final[Numbers] = np.zeros(0, dtype=np.int64)
