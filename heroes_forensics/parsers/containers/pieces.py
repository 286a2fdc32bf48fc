"""What containers have in common: how they refuse, their handles, and entries that lie as they are.

A parser whose members are packed or put together has a class of its own, and takes `opening` and
`fields_of` from here. One whose members are runs of bytes of the container is `Pieces` and a
function that finds them.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.reading.readers import RangeReader

PIECE: Final = struct.Struct("<QQ")
"""Offset and bytes of what lies in a container as it is."""
_CHUNK: Final = 1 << 20


@contextmanager
def opening(what: str) -> Iterator[None]:
    """Let a container whose first bytes cannot be read be one that cannot be opened.

    Args:
        what: the container, as the sentence begins: ``"the archive"``.

    Raises:
        EvidenceError: a read within failed.
    """
    try:
        yield
    except OSError as error:
        raise EvidenceError(f"{what} cannot be read") from error


def fields_of(layout: struct.Struct, handle: bytes) -> tuple[Any, ...]:
    """Return the fields of a handle.

    Raises:
        OSError: it has another length: this is not a handle of this parser.
    """
    if len(handle) != layout.size:
        raise OSError("not a handle of this parser")
    return layout.unpack(handle)


def piece(start: int, size: int) -> bytes:
    """Return the handle of ``size`` bytes at ``start``, as `Pieces` opens it."""
    return PIECE.pack(start, size)


def behind_zeros(reader: Reader, start: int, end: int, padding: bytes = b"\0") -> int:
    """Return the offset of the first byte from ``start`` on that is no padding, or ``end``.

    Raises:
        OSError: the bytes cannot be read.
    """
    while start < end:
        data = reader.pread(start, min(_CHUNK, end - start))
        rest = data.lstrip(padding)
        start += len(data) - len(rest)
        if rest:
            return start
        if not data:
            break
    return end


def unaccounted(start: int, end: int, handle: bytes) -> Entry:
    """Return the entry of bytes that belong to no member."""
    locator = f"r@{start:#x}"
    return Entry(
        locator=locator,
        kind=EntryKind.METADATA,
        flags=EntryFlag.ALLOCATED,
        path=b"$unaccounted/" + locator.encode(),
        size=end - start,
        handle=handle,
        first_offset=start,
    )


def behind(reader: Reader, start: int, padding: bytes = b"\0") -> Iterator[Entry]:
    """Yield what stands behind the end of a container, where it is more than padding.

    Args:
        reader: the file; what is yielded is opened with `PIECE`.
        start: offset of the first byte behind the end.
        padding: bytes that say nothing, as far as nothing else stands in front of them.
    """
    with suppress(OSError):  # whoever reads it is told
        start = behind_zeros(reader, start, reader.size, padding)
    if start < reader.size:
        yield unaccounted(start, reader.size, piece(start, reader.size - start))


class Pieces:
    """Lists and opens the members of a container in which they lie as they are."""

    def __init__(
        self,
        reader: Reader,
        kind: str,
        found: Callable[[], Iterator[Entry | Gap]],
        *,
        sweep: str,
        times: TimeBasis | None = None,
    ) -> None:
        """Take a container.

        Args:
            reader: the whole container; it stays the caller's to close.
            kind: short lower-case name.
            found: yields its entries, with handles of `piece`, and gaps, in a stable order.
            sweep: what is searched for entries that nothing names, or why nothing is.
            times: how the times of its entries are stored; without, they have none.
        """
        self.kind: Final = kind
        self.times: Final = times or {}
        self._reader = reader
        self._found = found
        self._sweep = sweep

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield what was found, and how many entries that were."""
        yield from counted(self._found(), sweep=self._sweep)

    def open(self, handle: bytes) -> Reader:
        """Open a member.

        Raises:
            OSError: this is not a handle of this parser.
        """
        return RangeReader(self._reader, *fields_of(PIECE, handle))

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
