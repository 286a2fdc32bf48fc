"""Who holds the blocks in use: what a walk saw of files, directories and structures.

The allocation bitmap says that a block is in use, and not by whom. So each thing in use that is
listed claims where it lies, and in the end the claims are held against the bitmap. What the bitmap
has in use and nobody claims is a number of its own: a table that is not known here, a chain of
clusters that lost its name, a cluster marked bad, or a place to hide something.
"""

from array import array
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

    def content(self, attribute: Any, size: int, mark: int) -> tuple[int, bool]:  # noqa: ANN401
        """Take the runs of a stream of a file.

        A run of block 0 is a hole where it is marked as one, else the boot file of NTFS.

        Args:
            attribute: a `pytsk3.Attribute` that is not resident.
            size: bytes of the stream.
            mark: its flags.

        Returns:
            The first byte of its first run, or -1; and whether all of it lies there in one piece.
        """
        first = -1
        held = 0
        block = self._block_size
        for run in attribute:
            hole = int(run.flags) & _HOLE
            address = run.addr
            if hole and not address:
                held = -1
                continue
            start, length = address * block, run.len * block
            first = start if first < 0 else first
            at = run.offset * block
            held = held + length if held == at == start - first and not hole else -1
            content = length if mark & _WHOLE else size - at
            # Blocks that were never written are no content.
            self.run(start, 0 if hole else content, length)
        return first, held >= size and not mark & _WHOLE

    def structure(self, attribute: Any) -> int:  # noqa: ANN401
        """Take the runs of what belongs to the file system; return as `content` does."""
        first = -1
        block = self._block_size
        for run in attribute:
            address = run.addr
            if address or not int(run.flags) & _HOLE:
                first = address * block if first < 0 else first
                self.range(address * block, run.len * block)
        return first

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
        end = start + length
        if end > _FURTHEST:
            return  # on no volume
        kept = self._content
        if len(kept) >= 3 * MOST:
            self.unknown = True
            return
        kept.append(start)
        kept.append(end if content > length else start + content if content > 0 else start)
        kept.append(end)

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
