"""The near sections of a set file: what `heroes_forensics.hashsets.near` looks into.

For each kind of which near values are found, in the order of its values:

    near.KIND.rows      the values
    near.KIND.record    u32, the row of the record of each
    near.KIND.quality   i8 of each, -1 when the list does not say
    near.KIND.off       from 10,000 values of 256 bits on: the tables of
    near.KIND.ids       `heroes_forensics.hashsets.near_tables`
    near.KIND.partner

A value says what a picture looks like, so each section is sealed in pieces of 1 MiB with
AES-256-GCM, and is unsealed into memory of the process alone. Values whose stated quality is below
the gate are kept among the other values of the set, counted, and not compared.
"""

from collections.abc import Callable
from typing import Final, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets import near_tables
from heroes_forensics.hashsets.known import (
    FRAMES,
    PERCEPTUAL,
    QUALITY_GATE,
    VALUE_KINDS,
)
from heroes_forensics.hashsets.layout import NearCounts
from heroes_forensics.hashsets.near import indexed
from heroes_forensics.hashsets.near_rows import Hashes, Indexes
from heroes_forensics.hashsets.near_tables import CHUNKS, VALUES, Tables
from heroes_forensics.hashsets.pieces import (
    PIECE,
    PieceReader,
    PieceSeal,
    PieceWriter,
    sealed_size,
)
from heroes_forensics.hashsets.writing import SetWriter

FRAMES_AS: Final = "pdq"
"""What frames of films are compared as."""
MOST: Final = 1 << 24
"""Values of one kind in one set: 2.3 GB of memory when they are compared."""

_COLUMNS: Final = ("rows", "record", "quality")
"""Of `NearColumns`."""
_TABLES: Final = ("off", "ids", "partner")
"""Columns of `Tables`, in their order."""

Column = npt.NDArray[np.generic]
N = TypeVar("N", bound=np.generic)


class NearColumns(NamedTuple):
    """What is kept of one kind."""

    rows: Hashes
    record: npt.NDArray[np.uint32]
    quality: npt.NDArray[np.int8]
    tables: Tables | None
    """None for few rows."""


class NearBuilder:
    """Gathers values of which near ones are found, and writes their sections."""

    def __init__(self) -> None:
        self._kinds: dict[str, Gathered] = {}

    def take(self, kind: str, rows: Rows, data: bytes) -> None:
        """Take some values, in the order of the set file.

        Args:
            kind: of which they are; nothing is done with one that is not compared.
            rows: of `heroes_forensics.hashsets.values.VALUE`.
            data: their bytes, one after the other.

        Raises:
            HashSetError: there are more than one set may have.
        """
        length = rows["length"].astype(np.int64)
        if kind == FRAMES:
            kind, width = FRAMES_AS, VALUE_KINDS[FRAMES_AS]
            whole = np.frombuffer(data, np.uint8).reshape(len(rows), -1)
            data, length = whole[:, :width].tobytes(), np.full(len(rows), width)
        if kind in PERCEPTUAL:
            gathered = self._kinds.setdefault(kind, Gathered(kind))
            gathered.take(rows["record"], rows["quality"], length, data)

    def write(self, writer: SetWriter, set_key: bytes, file_id: str) -> dict[str, NearCounts]:
        """Write the sections of all kinds; what was gathered is let go.

        Args:
            writer: the set file.
            set_key: the laboratory's set key.
            file_id: what keys of this file are derived with.
        """
        counts = {}
        for kind in sorted(self._kinds):
            gathered = self._kinds.pop(kind)
            counts[kind] = gathered.counts()
            columns = gathered.columns()
            for name in _COLUMNS:
                label = f"near.{kind}.{name}"
                writer.section(label)
                out = PieceWriter(writer.write, PieceSeal(set_key, file_id, label))
                _write(out, getattr(columns, name))
                out.end()
            if indexed(*columns.rows.shape):
                _write_tables(writer, set_key, file_id, kind, columns.rows)
        return counts


class Gathered:
    """The values of one kind.

    Args:
        kind: a row of `heroes_forensics.hashsets.known.PERCEPTUAL`.
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._width = VALUE_KINDS[kind]
        self._rows = bytearray()
        self._record = bytearray()
        self._quality = bytearray()
        self._low = self._unfit = 0

    def take(
        self,
        record: npt.NDArray[np.integer],
        quality: npt.NDArray[np.int16],
        length: Indexes,
        data: bytes,
    ) -> None:
        """Take some, in columns.

        Raises:
            HashSetError: there are more than one set may have.
        """
        fits = length == self._width
        low = fits & (quality >= 0) & (quality < QUALITY_GATE)
        self._low += int(np.count_nonzero(low))
        self._unfit += int(np.count_nonzero(~fits))
        keep = fits & ~low
        self._rows += np.frombuffer(data, np.uint8)[np.repeat(keep, length)].tobytes()
        self._record += record[keep].astype("<u4").tobytes()
        self._quality += quality[keep].astype(np.int8).tobytes()
        if len(self._quality) > MOST:
            raise HashSetError(
                f"the hash set has more than {MOST} values of {self._kind}",
                hint="divide the list, and import each part as a set of its own",
            )

    def counts(self) -> NearCounts:
        """Say what became of them."""
        return NearCounts(len(self._quality), self._low, self._unfit)

    def columns(self) -> NearColumns:
        """Return those that are compared; tables are for others to build."""
        return NearColumns(
            np.frombuffer(self._rows, np.uint8).reshape(-1, self._width),
            np.frombuffer(self._record, "<u4"),
            np.frombuffer(self._quality, np.int8),
            None,
        )


def _write_tables(writer: SetWriter, set_key: bytes, file_id: str, kind: str, rows: Hashes) -> None:
    """Write the tables of one kind, one chunk in memory."""
    sizes = (4 * CHUNKS * (VALUES + 1), 4 * CHUNKS * len(rows), 2 * CHUNKS * len(rows))
    names = [f"near.{kind}.{part}" for part in _TABLES]
    columns = writer.skip(
        [(name, sealed_size(size)) for name, size in zip(names, sizes, strict=True)]
    )
    outs = [
        PieceWriter(column.write, PieceSeal(set_key, file_id, name))
        for column, name in zip(columns, names, strict=True)
    ]
    for chunk in range(CHUNKS):
        table = near_tables.table(rows, chunk)
        for out, name in zip(outs, _TABLES, strict=True):
            _write(out, getattr(table, name))
    for out in outs:
        out.end()
    writer.done(columns)


def _write(out: PieceWriter, column: Column) -> None:
    """Write a column, a piece at a time."""
    data = np.ascontiguousarray(column).view(np.uint8).ravel()
    for start in range(0, len(data), PIECE):
        out.write(data[start : start + PIECE].tobytes())


def read(
    kind: str, counts: NearCounts, records: int, section: Callable[[str], PieceReader]
) -> NearColumns:
    """Read the sections of one kind into memory.

    Args:
        kind: a key of ``header.near``.
        counts: of it.
        records: rows of the set's records.
        section: opens a section by its name.

    Raises:
        HashSetError: they are not what was written.
    """
    width = VALUE_KINDS[kind]

    def column(name: str, count: int, kind_of: type[N]) -> npt.NDArray[N]:
        found = _read(section(f"near.{kind}.{name}"), count, kind_of)
        if found is None:
            raise HashSetError(f"the set file does not verify: section near.{kind}.{name}")
        return found

    rows = column("rows", counts.rows * width, np.uint8).reshape(-1, width)
    record = column("record", counts.rows, np.uint32)
    quality = column("quality", counts.rows, np.int8)
    tables = None
    if indexed(counts.rows, width):
        tables = Tables(
            off=column("off", CHUNKS * (VALUES + 1), np.uint32).reshape(CHUNKS, -1),
            ids=column("ids", CHUNKS * counts.rows, np.uint32).reshape(CHUNKS, -1),
            partner=column("partner", CHUNKS * counts.rows, np.uint16).reshape(CHUNKS, -1),
        )
    if (record >= records).any() or (tables is not None and not tables.sound()):
        raise HashSetError(f"the set file does not verify: near.{kind}")
    return NearColumns(rows, record, quality, tables)


def _read(reader: PieceReader, count: int, kind: type[N]) -> npt.NDArray[N] | None:
    """Read a column of so many numbers, a piece at a time; None when it has more or fewer."""
    found = np.empty(count, kind)
    room = found.view(np.uint8)
    at = 0
    while piece := reader.read(PIECE):
        if at + len(piece) > len(room):
            return None
        room[at : at + len(piece)] = np.frombuffer(piece, np.uint8)
        at += len(piece)
    return found if at == len(room) else None
