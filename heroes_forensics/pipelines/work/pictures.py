"""Decoding pictures and films, inside a decoder: streams in, one row of numbers each out."""

import io
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heroes_forensics.errors import UsageError
from heroes_forensics.frames import (
    HASHES,
    MADE,
    PERCEPTUAL,
    Batch,
    Control,
    Frame,
    Picture,
    Rows,
    Unit,
    slices,
)
from heroes_forensics.hashing import exact
from heroes_forensics.model import GAP_NUMBERS, JSON
from heroes_forensics.pipelines.sets import films

if TYPE_CHECKING:
    from heroes_forensics.media.metadata import Notes
    from heroes_forensics.parsers.base import Reader
    from heroes_forensics.pipelines.work.units import Session

_BUFFER: Final = 1 << 16
_LISTED: Final = 1 << 14
"""Listed values that a plug-in is given at once."""


def decode(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Decode the stream of each task; ``hashes`` batches, then one ``perceptual`` batch.

    Where metadata is asked for, one ``metadata`` row of each comes before that.
    """
    kinds = unit.body.get("types", [])
    if unit.tasks is None:
        raise UsageError("a unit names no pictures")
    numbers = unit.tasks["id"].tolist()
    found = []
    for index, (number, kind) in enumerate(
        zip(numbers, kinds if isinstance(kinds, list) else [], strict=True)
    ):
        session.progress.task(index)
        stream = _Stream(session.handed(unit, index))
        notes = None
        if unit.body.get("metadata"):
            notes = import_module("heroes_forensics.media.metadata").Notes()
        why = _other(session, unit, index, unit.tasks[index])
        if not why:
            status, gap, sizes, hashes = _examined(session, stream, str(kind), unit.body, notes)
        if stream.failed:  # what was read of it says nothing of the picture
            why = "stream.unreadable"
        if why:
            status, gap, sizes = Picture.GAP, why, (0, 0, 0, 0)
            hashes = np.zeros(0, dtype=HASHES)
            notes = None if notes is None else type(notes)()
        hashes["id"] = number
        for part in slices(hashes):
            yield Batch("hashes", part)
        if notes is not None:
            yield notes.batch(number)
        if unit.body.get("plugin") and len(hashes) and gap != "picture.partial":
            # The first stream was closed by what buffered it.
            yield from _supplied(_Stream(session.handed(unit, index)), str(kind), number)
        found.append((number, status, GAP_NUMBERS[gap], *sizes, len(hashes)))
    yield Batch("perceptual", np.array(found, dtype=PERCEPTUAL))


def _other(session: "Session", unit: Unit, index: int, task: np.void) -> str:
    """Return why a stream is not the content that its task names, as a gap; empty where it is.

    What came of it goes to all copies of that content: see `pipelines.examining.repeats`.
    """
    content = bytes(task["handle"])[: int(task["handle_length"])]
    if not content:  # what is read through a parser: it comes through one socket, once
        return ""
    reader, found = session.handed(unit, index), exact.sha256()
    try:
        for start in range(0, reader.size, exact.CHUNK):
            found.update(reader.pread(start, exact.CHUNK))
    except OSError:
        return "stream.unreadable"
    return "" if found.digest() == content else "stream.changed"


def _supplied(stream: "_Stream", kind: str, number: int) -> Iterator[Frame]:
    """Let the plug-in look at a picture that could be decoded."""
    if kind not in films.DECODED:
        slot = import_module("heroes_forensics.media.slot")
        rows = slot.examined(io.BufferedReader(stream, _BUFFER), kind)
        if len(rows) and not stream.failed:
            rows["id"] = number
            yield Batch("supplied", rows)


def edit(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Edit the one picture of a unit in all ways; ``edited`` batches, then one ``made`` batch.

    Only for pictures of a laboratory's own, whose recall is measured.
    """
    making = import_module("heroes_forensics.media.edits.making")
    number = 0 if unit.tasks is None else int(unit.tasks["id"][0])
    stream = io.BufferedReader(_Stream(session.handed(unit)), _BUFFER)
    found = []
    for index, (status, width, height, rows) in enumerate(
        making.made(
            stream,
            str(unit.body["type"]),
            bytes.fromhex(str(unit.body["digest"])),
            deep=unit.body["profile"] == "deep",
            beat=session.progress.beat,
        )
    ):
        rows["id"], rows["edit"] = number, index
        for part in slices(rows):
            yield Batch("edited", part)
        found.append((number, index, status, width, height, len(rows)))
    yield Batch("made", np.array(found, dtype=MADE))


def plugin(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Try the plug-in on pictures made here, and say what it is."""
    del session, unit
    kind, version, threshold = import_module("heroes_forensics.media.slot").tried()
    yield Control("plugin", {"kind": kind, "version": version, "threshold": threshold})


def distances(session: "Session", unit: Unit) -> Iterator[Frame]:
    """Let the plug-in compare values with listed ones: those near enough, ``distances`` batches.

    The first descriptor holds the values, the second the listed ones, one after the other.
    """
    width, threshold = (int(str(unit.body[name])) for name in ("width", "threshold"))
    values, listed = session.handed(unit, 0), session.handed(unit, 1)
    queries = np.frombuffer(values.pread(0, values.size), np.uint8).reshape(-1, width)

    def pieces() -> Iterator[tuple[int, "np.ndarray[tuple[int, int], np.dtype[np.uint8]]"]]:
        for start in range(0, listed.size, _LISTED * width):
            data = np.frombuffer(listed.pread(start, _LISTED * width), np.uint8)
            yield start // width, data.reshape(-1, width)

    slot = import_module("heroes_forensics.media.slot")
    for part in slices(slot.near(queries, pieces(), threshold, session.progress.beat)):
        yield Batch("distances", part)


def _examined(
    session: "Session",
    stream: "_Stream",
    kind: str,
    body: JSON,
    notes: "Notes | None",
) -> tuple[int, str, tuple[int, int, int, int], Rows]:
    """Decode a picture or film; return status, gap, sizes, values."""
    buffered = io.BufferedReader(stream, _BUFFER)
    profile = str(body.get("profile", "standard"))
    if kind not in films.DECODED:
        perceptual = import_module("heroes_forensics.media.perceptual")
        status, gap, width, height, frames, hashes = perceptual.examined(
            buffered,
            kind,
            deep=profile == "deep",
            crops=bool(body.get("crops")),
            notes=notes,
        )
        return status, gap, (width, height, frames, 0), hashes
    values = import_module("heroes_forensics.media.film_values")
    try:
        status, gap, *sizes, hashes = values.examined(
            buffered, kind, profile, session.progress.beat, notes=notes
        )
    except OSError:
        stream.failed = True
        return Picture.GAP, "stream.unreadable", (0, 0, 0, 0), np.zeros(0, dtype=HASHES)
    width, height, frames, length = sizes
    return status, gap, (width, height, frames, length), hashes


class _Stream(io.RawIOBase):
    """What was handed over, as a file; it remembers whether reading itself failed."""

    def __init__(self, reader: "Reader") -> None:
        super().__init__()
        self._reader = reader
        self._position = 0
        self.failed = False

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._reader.size}
        self._position = max(0, start[whence] + offset)
        return self._position

    def readinto(self, buffer: Any, /) -> int:  # noqa: ANN401 - as the base class has it
        try:
            data = self._reader.pread(self._position, len(buffer))
        except OSError:
            self.failed = True
            raise
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)
