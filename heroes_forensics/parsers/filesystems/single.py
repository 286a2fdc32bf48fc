"""One file as a source: a picture on its own, a film, any file that is no image of a medium.

There is one entry. Its name is the operator's, not the evidence's, so its path is empty; the
source's label says which file it was. Its locator is ``f``.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import RangeReader

_HANDLE: Final = b"f"


def open_single(reader: Reader) -> "SingleFile":
    """Take ``reader``, which stays the caller's to close, as the only stream of a source."""
    return SingleFile(reader)


class SingleFile:
    """A file system of one entry."""

    kind: Final = "file"

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    @property
    def times(self) -> TimeBasis:
        """None: a descriptor that was handed in says nothing of the exhibit's times."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the one entry and the count."""
        yield Entry(
            locator="f",
            kind=EntryKind.FILE,
            flags=EntryFlag.ALLOCATED,
            path=b"",
            size=self._reader.size,
            handle=_HANDLE,
            first_offset=0,
        )
        yield Listing(entries=1, sweep="not applicable: a single file")

    def open(self, handle: bytes) -> Reader:
        """Open the stream.

        Raises:
            OSError: this is not the handle of the entry.
        """
        if handle != _HANDLE:
            raise OSError("not a handle of this parser")
        return RangeReader(self._reader, 0, self._reader.size)

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
