"""Generated hash sets: digests of made-up bytes, never of real material."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import md5, sha1, sha256, sha512, shake_128
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import numpy as np

from heroes_forensics.frames import Batch, Frame, Rows
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.editions import SetRecord
from heroes_forensics.hashsets.formats import IMPORTERS
from heroes_forensics.hashsets.formats.base import (
    HEAD,
    Importer,
    Options,
    Record,
    Rejected,
    Tally,
)
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.importing import import_rows
from heroes_forensics.hashsets.supplied import opened as supplied_file
from heroes_forensics.registry import Plugin, find

KEY: Final = bytes(range(32))


@dataclass(frozen=True)
class Sample:
    """A made-up file: its digests and its size."""

    number: int

    @property
    def data(self) -> bytes:
        return f"sample {self.number}".encode()

    @property
    def md5(self) -> bytes:
        return md5(self.data, usedforsecurity=False).digest()

    @property
    def sha1(self) -> bytes:
        return sha1(self.data, usedforsecurity=False).digest()

    @property
    def sha256(self) -> bytes:
        return sha256(self.data).digest()

    @property
    def sha512(self) -> bytes:
        return sha512(self.data).digest()

    @property
    def ed2k(self) -> bytes:
        """Made-up bytes of the right length, as are the values below: nothing computes them."""
        return self._made_up("ed2k", 16)

    @property
    def aich(self) -> bytes:
        return self._made_up("aich", 20)

    @property
    def tth(self) -> bytes:
        return self._made_up("tth", 24)

    @property
    def pdq(self) -> bytes:
        return self._made_up("pdq", 32)

    @property
    def vpdq(self) -> bytes:
        """The first frame of a film."""
        return self.pdq + bytes(4)

    @property
    def photodna(self) -> bytes:
        return self._made_up("photodna", 144)

    @property
    def size(self) -> int:
        return len(self.data)

    def _made_up(self, kind: str, width: int) -> bytes:
        return shake_128(kind.encode() + self.data).digest(width)


S: Final = [Sample(number) for number in range(64)]


@dataclass
class Imported:
    """What one import gave."""

    rows: list[dict[str, object]] = field(default_factory=list)
    values: list[tuple[int, str, bytes, int]] = field(default_factory=list)
    """Other values: number of the record, kind, bytes, quality."""
    rejected: list[tuple[int, str]] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)

    def column(self, name: str) -> list[object]:
        return [row[name] for row in self.rows]


@contextmanager
def descriptor_of(data: bytes) -> Iterator[int]:
    """Give a file with these bytes that is gone afterwards."""
    if data.startswith(b"SQLite format 3\0"):  # opened by its path
        with NamedTemporaryFile() as file:
            file.write(data)
            file.flush()
            yield file.fileno()
        return
    descriptor = os.memfd_create("supplied")
    try:
        at = 0
        while at < len(data):
            at += os.write(descriptor, data[at:])
        yield descriptor
    finally:
        os.close(descriptor)


def frames_of(data: bytes, **options: object) -> list[Frame]:
    with descriptor_of(data) as descriptor:
        return list(import_rows(descriptor, options))


def frames_of_file(path: Path, **options: object) -> list[Frame]:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return list(import_rows(descriptor, options))
    finally:
        os.close(descriptor)


def collect(frames: list[Frame]) -> Imported:
    result = Imported()
    for frame in frames:
        if isinstance(frame, Batch) and frame.kind == "values":
            result.values.extend(_values(frame))
        elif isinstance(frame, Batch):
            result.rows.extend(_plain(row, frame.area) for row in frame.rows)
        elif frame.kind == "rejected":
            line, reason = frame.body["line"], frame.body["reason"]
            assert isinstance(line, int)
            result.rejected.append((line, str(reason)))
        else:
            assert frame.kind == "imported"
            facts = frame.body["facts"]
            assert isinstance(facts, dict)
            result.facts = facts
    return result


def imported(data: bytes, **options: object) -> Imported:
    return collect(frames_of(data, **options))


@dataclass
class Read:
    """What an importer yields, before anything is packed, dropped or judged."""

    format: str
    records: list[Record]
    rejected: list[Rejected]
    tally: Tally


def read(data: bytes, *, name: str = "", options: Options | None = None) -> Read:
    """Read a file with the importer that recognises it, or with the one that is named."""
    with descriptor_of(data) as descriptor, supplied_file(descriptor, len(data)) as supplied:
        row = find(IMPORTERS, name) if name else recognised(supplied.head)
        assert row is not None
        tally = Tally()
        result = list(row.load().read(supplied, options or Options(), tally))
    return Read(
        row.name,
        [item for item in result if isinstance(item, Record)],
        [item for item in result if isinstance(item, Rejected)],
        tally,
    )


def recognised(head: bytes) -> Plugin[Importer] | None:
    """Return the row that takes a file of these first bytes: first match wins."""
    return next((row for row in IMPORTERS if row.load().recognises(head[:HEAD])), None)


def _values(batch: Batch) -> Iterator[tuple[int, str, bytes, int]]:
    for number, quality, kind, length, start, size in batch.rows.tolist():
        word = batch.area[kind : kind + length].decode()
        yield number, word, batch.area[start : start + size], quality


def _plain(row: np.void, area: bytes) -> dict[str, object]:
    def text(name: str) -> str:
        start, length = int(row[f"{name}_offset"]), int(row[f"{name}_length"])
        return area[start : start + length].decode()

    has = int(row["has"])
    return {
        "md5": bytes(row["md5"]) if has & 1 else b"",
        "sha1": bytes(row["sha1"]) if has & 2 else b"",
        "sha256": bytes(row["sha256"]) if has & 4 else b"",
        "size": int(row["size"]),
        "record": int(row["record"]),
        "entry": int(row["entry"]),
        "flags": int(row["flags"]),
        "category": text("category"),
        "series": text("series"),
    }


def add(home: Path, data: bytes, name: str = "a set", **fields: object) -> SetRecord:
    """Import into a catalogue; options of the importer go under ``options``."""
    options = fields.pop("options", {})
    assert isinstance(options, dict)
    description = Description(name=name, **fields)  # type: ignore[arg-type]
    return Catalogue(home).add(frames_of(data, **options), description, KEY)


def opened(record: SetRecord) -> HashSetFile:
    return HashSetFile.open(record.path, KEY)


def columns(
    *samples: Sample,
) -> tuple[Rows, Rows, Rows, "np.ndarray[tuple[int], np.dtype[np.int64]]"]:
    """Make the columns that a matcher takes."""

    def column(values: list[bytes], width: int) -> Rows:
        made: Rows = np.frombuffer(b"".join(values), f"V{width}")
        return made

    return (
        column([sample.md5 for sample in samples], 16),
        column([sample.sha1 for sample in samples], 20),
        column([sample.sha256 for sample in samples], 32),
        np.array([sample.size for sample in samples], np.int64),
    )
