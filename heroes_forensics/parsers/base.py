"""What every parser offers: readers of bytes, and file systems that list and open streams.

A parser translates the errors of its library: what cannot be opened at all is `EvidenceError`
(or `Unsupported` below), a failed read is `OSError`. No exception of dfVFS, pytsk3 or libyal
leaves `heroes_forensics.parsers`.
"""

from collections.abc import Iterator
from typing import Final, Protocol

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap, Listing, TimeBasis

PART: Final = "container.part"
"""Code of the gap of an archive that is one of several."""


class UnsupportedError(EvidenceError):
    """Recognised, but not something this version reads; ``code`` is a key of `GAP_TEXTS`."""

    def __init__(self, message: str, *, code: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.code = code


class Reader(Protocol):
    """Random access to a run of bytes that never changes."""

    @property
    def size(self) -> int:
        """Length in bytes; reads beyond it return fewer bytes, never an error."""
        ...

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``; short only at the end.

        Raises:
            OSError: the bytes exist but cannot be read. Never zeros in their place.
        """
        ...

    def close(self) -> None:
        """Release what this reader itself opened; descriptors handed in stay open."""
        ...


class FileSystem(Protocol):
    """One opened volume, archive or folder: something that lists entries and opens them."""

    @property
    def kind(self) -> str:
        """Short lower-case name: ``ntfs``, ``fat16``, ``ext4``, ``zip``, ``directory``."""
        ...

    @property
    def times(self) -> TimeBasis:
        """How its four times are stored."""
        ...

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield every entry once in a stable order, gaps where they occur, one `Listing` last.

        A failure inside a listing never ends the listing.
        """
        ...

    def open(self, handle: bytes) -> Reader:
        """Open the stream of an entry by its ``handle``.

        Raises:
            OSError: the stream cannot be read.
            UnsupportedError: it is stored in a way this parser does not read.
        """
        ...

    def close(self) -> None:
        """Release the volume."""
        ...
