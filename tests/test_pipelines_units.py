"""Work functions against stand-in readers: what comes short or is cut is never passed over."""

import hashlib
import os
from typing import TYPE_CHECKING, cast

import pytest

from heroes_forensics.frames import PATH_LIMIT, Batch, Control, Frame, Status, Unit, tasks
from heroes_forensics.hashing import lanes
from heroes_forensics.model import GAP_NUMBERS, JSON, Entry, EntryFlag, EntryKind, Listing
from heroes_forensics.pipelines.work import contents, copying, units
from heroes_forensics.pipelines.workers import handover, proxy

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import FileSystem


class Stream:
    """A reader that states one size and holds another number of bytes."""

    def __init__(self, stated: int, data: bytes) -> None:
        self.size = stated
        self.reads: list[int] = []
        self._data = data

    def pread(self, offset: int, length: int) -> bytes:
        self.reads.append(offset)
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


class OneSession(units.Session):
    """A session whose source is one file."""

    def __init__(self, stream: Stream) -> None:
        super().__init__(())
        self._stream = stream

    def file_system(self, body: JSON) -> "FileSystem":
        del body
        return cast("FileSystem", OneFile(self._stream))


def read(stream: Stream, size: int, body: JSON | None = None) -> list[Frame]:
    unit = Unit(1, "content", body or {}, tasks([(7, EntryKind.FILE, 1, size, b"h")]))
    return list(units.run_unit(OneSession(stream), unit))


@pytest.mark.parametrize("name", CASES)
def test_bytes_read_are_compared_with_what_is_stated(name: str) -> None:
    stated, size, data, gap, digested = CASES[name]
    (batch,) = read(Stream(size, data), stated)
    assert isinstance(batch, Batch)
    (row,) = batch.rows
    assert row["bytes_read"] == len(data)
    assert row["digested"] == digested
    assert row["status"] == (Status.GAP if gap else Status.DONE)
    assert row["gap"] == (GAP_NUMBERS[gap])


PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"
DECODE: JSON = {"hand_over": {"decode": ["png"]}}


@pytest.mark.parametrize("size", [30, (1 << 20) - 1, 1 << 20, (5 << 20) + 17])
def test_what_is_asked_for_leaves_in_the_same_read(size: int) -> None:
    data = PNG + os.urandom(size - len(PNG))
    stream = Stream(size, data)
    handed, batch = read(stream, size, DECODE)
    assert isinstance(handed, Control)
    assert handed.body == {"item": 7, "size": size, "use": "decode"}
    (descriptor,) = handed.descriptors
    assert handover.is_sealed(descriptor, size)
    reader = proxy.reader_of(descriptor)
    assert reader.pread(0, size + 1) == data
    assert reader.pread(1 << 63, 9) == b""  # an offset that metadata states
    reader.close()
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 0)
    os.close(descriptor)
    assert isinstance(batch, Batch)
    assert bytes(batch.rows["sha256"][0]) == hashlib.sha256(data).digest()
    assert stream.reads == sorted(set(stream.reads))


def test_a_copy_is_not_read_behind_its_end() -> None:
    copy = handover.Copy()
    copy.write(b"12345")
    assert copy.pread(3, 9) == b"45"
    assert copy.pread(1 << 63, 9) == b""
    copy.drop()


def test_what_is_not_asked_for_stays() -> None:
    (batch,) = read(Stream(5, b"12345"), 5, DECODE)
    assert isinstance(batch, Batch)


def test_a_stream_longer_than_stated_is_named_and_not_handed_over() -> None:
    """There is credit for the stated size only."""
    data = PNG + bytes(3 << 20)
    named, _ = read(Stream(-1, data), 2 << 20, DECODE)
    assert named == Control("large", {"item": 7, "size": len(data), "use": "decode"})


def test_a_large_stream_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (contents, copying):
        monkeypatch.setattr(module, "HAND_OVER_BYTES", 1 << 20)
    data = PNG + bytes(2 << 20)
    named, _ = read(Stream(len(data), data), len(data), DECODE)
    assert named == Control("large", {"item": 7, "size": len(data), "use": "decode"})


def test_a_path_that_is_cut_is_a_gap() -> None:
    long = Entry("d:0", EntryKind.FILE, EntryFlag.ALLOCATED, b"x" * (PATH_LIMIT + 1), 1, b"h")
    kept = Entry("d:1", EntryKind.FILE, EntryFlag.ALLOCATED, b"x" * PATH_LIMIT, 1, b"h")
    frames = list(units._listed([long, kept, Listing(entries=2)], lambda: None))  # noqa: SLF001 - without a process
    gaps = [frame for frame in frames if isinstance(frame, Control) and frame.kind == "gap"]
    assert [gap.body["where"] for gap in gaps] == ["d:0"]
    assert sum(len(frame.rows) for frame in frames if isinstance(frame, Batch)) == 2


class ManyFiles(units.Session):
    """A session whose source holds streams of given lengths; one more is shorter than it says."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__(())
        self.data = [os.urandom(size) for size in sizes]

    def file_system(self, body: JSON) -> "FileSystem":
        del body
        return cast("FileSystem", self)

    def open(self, handle: bytes) -> Stream:
        data = self.data[int(handle)]
        return Stream(len(data) + (int(handle) == len(self.data) - 1), data)


@pytest.mark.parametrize("width", [4, 8])
def test_digests_side_by_side_land_in_the_rows_they_belong_to(
    width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "width_of", lambda _: width)
    compiled = lanes.compiled()
    if compiled is None:
        pytest.skip("llvmlite is not installed, or this processor cannot compile while running")
    monkeypatch.setattr(lanes, "_PREPARED", [compiled])
    monkeypatch.setattr(contents, "_FLUSH_BYTES", 3 << 20)
    sizes = [0, 17, 20_000, 1 << 20, 5, 300_000, (1 << 20) + 1, 40_000, 9 << 20, 16_384, 50_000]
    session = ManyFiles(sizes * 3)
    asked = [
        (number, EntryKind.FILE, 1, session.open(b"%d" % number).size, b"%d" % number)
        for number in range(len(session.data))
    ]
    frames = units.run_unit(session, Unit(1, "content", {}, tasks(asked)))
    rows = [row for batch in frames if isinstance(batch, Batch) for row in batch.rows]
    assert [row["id"] for row in rows] == list(range(len(session.data)))
    for row, data in zip(rows, session.data, strict=True):
        assert bytes(row["md5"]) == hashlib.md5(data, usedforsecurity=False).digest()
        assert bytes(row["sha1"]) == hashlib.sha1(data, usedforsecurity=False).digest()
        assert bytes(row["sha256"]) == hashlib.sha256(data).digest()
        assert row["bytes_read"] == len(data)
    assert [row["gap"] for row in rows[:-1]] == [0] * (len(rows) - 1)
    assert rows[-1]["gap"] == GAP_NUMBERS["stream.short"]
