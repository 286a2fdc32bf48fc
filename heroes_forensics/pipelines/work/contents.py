"""Reading streams: each one once, for its digests, its type, and for whoever works on it next.

What a unit is asked to hand over (``hand_over`` of its body) leaves in the same read, as a sealed
memfd; what is too large for that is only named, and is read a second time by `serve`, on request
of the worker that needs it.
"""

import os
import socket
import struct
import time
from collections.abc import Generator, Iterable, Iterator
from importlib import import_module
from itertools import starmap
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np

from heroes_forensics.errors import EvidenceError
from heroes_forensics.filetype import EMPTY, TYPES, sniff
from heroes_forensics.frames import (
    CONTENT,
    HAND_OVER_BYTES,
    TASK,
    Batch,
    Control,
    Frame,
    Status,
    Unit,
)
from heroes_forensics.hashing import lanes
from heroes_forensics.hashing.exact import CHUNK, HEAD, Digested, digest_bytes, digest_stream
from heroes_forensics.model import GAP_NUMBERS, JSON, EntryFlag
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.pipelines.work import endings
from heroes_forensics.pipelines.work.copying import Copying, Uses
from heroes_forensics.pipelines.work.within import USE, Within

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import FileSystem, Reader
    from heroes_forensics.parsers.storage.doubts import Doubts
    from heroes_forensics.pipelines.work.units import Session

_FRAME_ROWS: Final = 600
"""Rows of one batch."""
_FLUSH_ROWS: Final = 2000
"""A worker keeps at most so many rows back: the more streams wait for their digests, the fewer of
them are too large to be computed beside the others."""
_FLUSH_BYTES: Final = 96 << 20
"""A content batch leaves the worker at the latest after this many bytes were read, so that a
finding shows within seconds of being read."""
_FLUSH_SECONDS: Final = 2.0
"""And at the latest after so long: a slow medium gives few bytes."""
_FLUSH_BEFORE: Final = 16 << 20
"""Bytes of a stream whose reading nothing waits for: rows are sent before it is begun."""
_FLUSH_STREAMS: Final = 8
"""And after so many streams were handed over: they wait for the digests in it."""

_ONE_READ: Final = 1 << 20
"""Streams up to so many bytes are read at once."""
_ONE_READ_TOGETHER: Final = 8 << 20
"""And where digests are computed of several streams side by side."""
_PACK: Final = struct.Struct("<QBBHHq16s20s32s").pack
"""A row as `frames.CONTENT` lays it out."""
_NOTHING: Final = b"\0" * 32

# Plain numbers: making and asking for a flag costs a microsecond.
_REALLOCATED: Final = int(EntryFlag.REALLOCATED)
_DONE: Final = int(Status.DONE)
_GAP: Final = int(Status.GAP)

Row = tuple[object, ...]
_MD5: Final = (CONTENT.names or ()).index("md5")
_SIZE: Final = (TASK.names or ()).index("size")


def content(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Read each stream of the unit once, in the order given: ``contents`` batches.

    A ``stream`` frame (with its memfd) or a ``large`` one comes before the batch that holds the
    row of its item. Rows are sent before the worker waits for anything.
    """
    file_system: Opener = session.file_system(unit.body)
    if first := int(str(unit.body.get("first", 0))):
        file_system = _Beginnings(file_system, first)
    reading = Reading(file_system, session, unit.body)
    for index, task in enumerate([] if unit.tasks is None else unit.tasks.tolist()):
        session.progress.task(index)
        if task[_SIZE] >= _FLUSH_BEFORE:
            yield from reading.flush()
        yield from reading.one(task)
        if reading.is_full:
            yield from reading.flush()
    yield from reading.flush()


def wanted_types(body: JSON) -> dict[int, Uses]:
    """Return what to hand over for which use, by position in `TYPES`."""
    asked = body.get("hand_over", {})
    uses = asked.items() if isinstance(asked, dict) else ()
    return {
        position: (use,)
        for use, names in uses
        for position, row in enumerate(TYPES)
        if row.name in names
    }


class Opener(Protocol):
    """What opens streams: a file system, or a container whose members are counted."""

    def open(self, handle: bytes) -> "Reader":
        """Open the stream of an entry by its handle."""
        ...


class _Beginnings:
    """Opens the first bytes of streams, as if they were all of them."""

    def __init__(self, file_system: Opener, size: int) -> None:
        self._file_system = file_system
        self._size = size

    def open(self, handle: bytes) -> "Reader":
        """Open the first bytes of the stream of an entry."""
        return _Beginning(self._file_system.open(handle), self._size)


class _Beginning:
    """The first bytes of a stream."""

    def __init__(self, whole: "Reader", size: int) -> None:
        self._whole = whole
        self.size = min(size, whole.size)

    def pread(self, offset: int, length: int) -> bytes:
        """Read within them."""
        return self._whole.pread(offset, max(0, min(length, self.size - offset)))

    def close(self) -> None:
        """Close the stream."""
        self._whole.close()


class Reading:
    """The streams of one content unit, or of one container, and the rows not sent yet."""

    def __init__(self, file_system: Opener, session: "Session", body: JSON) -> None:
        self._session = session
        self._file_system = file_system
        self._doubts = session.doubts
        if self._doubts is not None:
            self._doubts.take()  # what opening the volume touched is said by its inventory
        self._beat = session.progress.beat
        self._allowance = session.allowance
        self._wanted = wanted_types(body)
        self._within = Within.of(body)
        self.last_holds = False
        """Whether what was read last is a picture or film in which more lies."""
        self._rows: list[Row] = []
        self._together = lanes.prepared()
        self._limit = _ONE_READ_TOGETHER if self._together else _ONE_READ
        self._waiting: list[tuple[int, bytes]] = []
        """Streams with digests still to be computed, by the position of their rows."""
        self._bytes = 0
        self._streams = 0
        self._sent = time.monotonic()

    @property
    def is_full(self) -> bool:
        """Whether what was read so far should be sent."""
        return (
            len(self._rows) >= (_FLUSH_ROWS if self._together else _FRAME_ROWS)
            or self._bytes >= _FLUSH_BYTES
            or self._streams >= _FLUSH_STREAMS
            or time.monotonic() - self._sent >= _FLUSH_SECONDS
        )

    def flush(self) -> Iterator[Frame]:
        """Yield the rows not sent yet, if there are any."""
        if self._rows:
            self._sum_waiting()
            rows, self._rows = self._rows, []
            self._bytes = self._streams = 0
            self._sent = time.monotonic()
            for start in range(0, len(rows), _FRAME_ROWS):
                data = b"".join(starmap(_PACK, rows[start : start + _FRAME_ROWS]))
                yield Batch("contents", np.frombuffer(data, dtype=CONTENT))

    def leave(self, number: int, code: str) -> None:
        """Keep a row for a stream that is not read."""
        self._rows.append(_unread(number, code))

    @property
    def last_type(self) -> int:
        """Position in `TYPES` of what was read last, -1 where that is a gap."""
        _, status, _, _, position, *_ = self._rows[-1]
        return cast("int", position) if status == Status.DONE else -1

    @property
    def last_bytes(self) -> int:
        """How many bytes were read of it."""
        return cast("int", self._rows[-1][5])

    def one(self, task: tuple[Any, ...]) -> Iterable[Frame]:
        """Read the stream of one `TASK` row and keep its `CONTENT` row; give what goes with it."""
        frames = self._one(task)
        doubts = self._doubts
        if doubts is None or not (frames or doubts.touched):
            return frames
        return self._doubted(frames, doubts)

    def _doubted(self, frames: Iterable[Frame], doubts: "Doubts") -> Iterator[Frame]:
        yield from frames
        if doubts.touched:
            yield from self._session.damage(doubts.take())
            number, _, digested, _, *rest = self._rows[-1]
            unreliable = GAP_NUMBERS["stream.unreliable"]
            self._rows[-1] = (number, Status.GAP, digested, unreliable, *rest)

    def _one(self, task: tuple[Any, ...]) -> Iterable[Frame]:
        """Read a short stream here and now, without a generator: nearly all are short and stay."""
        number, _, flags, size, length, handle = task
        self.last_holds = False
        try:
            reader = self._file_system.open(bytes(handle)[:length])
            if not 0 <= reader.size <= self._limit or reader.size != size:
                return self._long(task, reader)
            try:
                data = reader.pread(0, size)
            finally:
                reader.close()
        except EvidenceError as error:
            self.leave(number, getattr(error, "code", "stream.unreadable"))
            return ()
        except OSError:
            self.leave(number, "stream.unreadable")
            return ()
        position = sniff(data if size <= HEAD else data[:HEAD])
        position, is_host = endings.of_bytes(position, data, is_opened=bool(self._within.types))
        uses = self._wanted.get(position, ())
        if position in self._within.types:
            self.last_holds = self._within.holds(position, BytesReader(data))
            uses = self._within.added(uses) if self.last_holds else uses
        elif is_host and self._within.types:
            self.last_holds, uses = True, self._within.added(uses)
        if not uses or not data or flags & _REALLOCATED:
            self._keep(number, flags, size, data, position)
            return ()
        return self._handed_over(task, data, position, uses)

    def _keep(self, number: int, flags: int, size: int, data: bytes, position: int) -> None:
        """Keep the row of a stream that lies in memory."""
        later = self._together if len(data) >= lanes.SHORT else ()
        if later:
            self._waiting.append((len(self._rows), data))
        found = digest_bytes(data, later=later)
        self._rows.append(_row(number, flags, size, found, position))
        self._bytes += len(data)

    def _handed_over(
        self, task: tuple[Any, ...], data: bytes, position: int, uses: Uses
    ) -> Iterator[Frame]:
        number, _, flags, size, _, _ = task
        copying = Copying(number)
        yield from self._start(copying, uses, len(data))
        copying.write(data)
        self._keep(number, flags, size, data, position)
        for frame in copying.frames(len(data)):
            self._streams += 1
            yield frame

    def _long(self, task: tuple[Any, ...], reader: "Reader") -> Iterator[Frame]:
        """Read a stream piece by piece, or one whose readers do not agree on its size."""
        number, _, flags, size, _, _ = task
        copying = Copying(number)
        wanted = self._wanted if not flags & _REALLOCATED else {}
        try:
            try:
                found = yield from self._digested(reader, size, wanted, copying)
                # Where the metadata states no size, the reader's own is what must have been read.
                size = size if size >= 0 else reader.size
            finally:
                reader.close()
        except EvidenceError as error:
            copying.give_up()
            self.leave(number, getattr(error, "code", "stream.unreadable"))
            return
        except OSError:
            copying.give_up()
            self.leave(number, "stream.unreadable")
            return
        position, is_host = self._told(found.head, copying, wanted)
        self._rows.append(_row(number, flags, size, found, position))
        self._bytes += found.bytes_read
        if position in self._within.types:
            copy = copying.whole(found.bytes_read)
            self.last_holds = copy is None or self._within.holds(position, copy)
            if not self.last_holds and copying.drop_use(USE):
                self._allowance.give_back(USE, copying.limit)
        for frame in copying.frames(found.bytes_read):
            self._streams += 1
            yield frame
        if is_host and wanted and self._within.types:
            self.last_holds = True
            if self._within.is_handed_over:  # its copy, if there is one, is a decoder's
                yield Control("large", {"item": number, "size": found.bytes_read, "use": USE})

    def _told(self, head: bytes, copying: "Copying", wanted: dict[int, Uses]) -> tuple[int, bool]:
        """Return the type by the first bytes and the end, and whether a film holds more."""
        position = sniff(head)
        if copying.ending is None:
            return position, False
        is_opened = bool(self._within.types)
        found, is_host = endings.ended(position, copying.ending, is_opened=is_opened)
        if found != position:
            for use in copying.uses if copying.limit <= HAND_OVER_BYTES else ():
                self._allowance.give_back(use, copying.limit)
            copying.wanted(wanted.get(found, ()))
        return found, is_host

    def _sum_waiting(self) -> None:
        """Compute the digests that rows still lack, of all of them side by side."""
        waiting, self._waiting = self._waiting, []
        rows, after = self._rows, _MD5 + len(self._together)
        found = lanes.digest_many([data for _, data in waiting])
        for (index, _), digests in zip(waiting, found, strict=True):
            row = rows[index]
            rows[index] = (*row[:_MD5], *digests, *row[after:])

    def _digested(
        self, reader: "Reader", size: int, wanted: dict[int, Uses], copying: "Copying"
    ) -> Generator[Frame, None, Digested]:
        """Digest as far as the stream goes, even past the metadata size: a longer one is a gap."""
        end = reader.size if reader.size >= 0 else CHUNK
        first = reader.pread(0, min(CHUNK, end))
        position = sniff(first[:HEAD]) if first else EMPTY
        copying.ending = endings.begun(position, is_opened=bool(self._within.types))
        uses = wanted.get(position, ())
        if position in self._within.types:
            uses = self._within.added(uses)  # whether it holds anything is seen at its end
        if uses:
            yield from self._start(copying, uses, max(size, reader.size, len(first)))

        def read(offset: int, length: int) -> bytes:
            data = first if offset == 0 else reader.pread(offset, length)
            copying.write(data)
            return data

        return digest_stream(read, reader.size, on_progress=self._beat)

    def _start(self, copying: "Copying", uses: Uses, size: int) -> Iterator[Frame]:
        """Begin to copy a stream, once there is credit for it."""
        for use in uses if size <= HAND_OVER_BYTES else ():
            if not self._allowance.covers(use, size):
                # Streams handed over wait for the digests in these rows, and we for those streams.
                yield from self.flush()
            self._allowance.spend(use, size)
        copying.start(uses, size)


def _row(number: int, flags: int, size: int, found: Digested, position: int) -> Row:
    """Return the `CONTENT` row of a stream that was read to its end, wherever that was."""
    code = ""
    if size >= 0 and found.bytes_read < size:
        code = "stream.short"
    elif size >= 0 and found.bytes_read > size:
        code = "stream.long"
    elif flags & _REALLOCATED:
        code = "stream.reallocated"
    return (
        number,
        _GAP if code else _DONE,
        1,
        GAP_NUMBERS[code],
        position,
        found.bytes_read,
        found.md5,
        found.sha1,
        found.sha256,
    )


def _unread(number: int, code: str) -> Row:
    gap = GAP_NUMBERS.get(code) or GAP_NUMBERS["stream.unreadable"]
    return (number, Status.GAP, 0, gap, 0, 0, _NOTHING[:16], _NOTHING[:20], _NOTHING)


def serve(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Read one stream for another worker, piece by piece as it asks, until it asks no more."""
    proxy = import_module("heroes_forensics.pipelines.workers.proxy")
    tasks = [] if unit.tasks is None else unit.tasks.tolist()
    ((_, _, _, _, length, handle),) = tasks
    with socket.socket(fileno=os.dup(unit.descriptors[0])) as channel:
        reader: Reader | None = None
        try:
            file_system: FileSystem = session.file_system(unit.body)
            reader = file_system.open(bytes(handle)[:length])
        except (EvidenceError, OSError):
            reader = None
        try:
            yield from proxy.answered(reader, channel, session.progress.beat)
        finally:
            if reader is not None:
                reader.close()
