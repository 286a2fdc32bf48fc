"""Work functions against stand-in readers: what comes short or is cut is never passed over."""

from typing import TYPE_CHECKING, cast

import pytest

from heroes_forensics.frames import PATH_LIMIT, Batch, Control, Status
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Listing
from heroes_forensics.pipelines import units

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import FileSystem


class Stream:
    """A reader that states one size and holds another number of bytes."""

    def __init__(self, stated: int, data: bytes) -> None:
        self.size = stated
        self._data = data

    def pread(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length]

    def close(self) -> None:
        """Nothing is open."""


class OneFile:
    """A file system of one stream."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def open(self, handle: bytes) -> Stream:
        del handle
        return self._stream


# metadata size, size by the reader, bytes there -> gap, digested
CASES = {
    "whole": (5, 5, b"12345", "", 1),
    "short of the metadata": (9, 9, b"12345", "stream.short", 1),
    "longer than the metadata": (3, 5, b"12345", "stream.long", 1),
    "no size stated, whole": (-1, 5, b"12345", "", 1),
    "no size stated, short of the reader": (-1, 9, b"12345", "stream.short", 1),
}


@pytest.mark.parametrize("name", CASES)
def test_bytes_read_are_compared_with_what_is_stated(name: str) -> None:
    stated, size, data, gap, digested = CASES[name]
    file_system = cast("FileSystem", OneFile(Stream(size, data)))
    row, bytes_read = units._examined(file_system, lambda head: 0, (1, 1, 1, stated, 0, b""))  # noqa: ARG005, SLF001 - the one place where the comparison is made
    assert bytes_read == len(data)
    assert row[2] == digested
    assert row[1] == (Status.GAP if gap else Status.DONE)
    assert row[3] == (units.GAP_NUMBERS[gap] if gap else 0)


def test_a_path_that_is_cut_is_a_gap() -> None:
    long = Entry("d:0", EntryKind.FILE, EntryFlag.ALLOCATED, b"x" * (PATH_LIMIT + 1), 1, b"h")
    kept = Entry("d:1", EntryKind.FILE, EntryFlag.ALLOCATED, b"x" * PATH_LIMIT, 1, b"h")
    frames = list(units._listed([long, kept, Listing(entries=2)]))  # noqa: SLF001 - without a process
    gaps = [frame for frame in frames if isinstance(frame, Control) and frame.kind == "gap"]
    assert [gap.body["where"] for gap in gaps] == ["d:0"]
    assert sum(len(frame.rows) for frame in frames if isinstance(frame, Batch)) == 2
