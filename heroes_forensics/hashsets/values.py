"""Other values of records: kept beside the digests, sealed at rest, and given back in pieces.

While a set is built its values wait in sealed files of their own, in the order in which they
came. In the set file each kind has two sections: ``value.KIND.rows``, one `VALUE` row for each,
and ``value.KIND.data``, their bytes one after the other, both in pieces of 1 MiB sealed with
AES-256-GCM. Memory does not grow with the set but for four bytes a record that has values.
"""

import os
import secrets
import struct
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics import durable
from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import VALUES, Batch, Rows
from heroes_forensics.hashsets.known import (
    KIND_WORD,
    MAX_VALUE_KINDS,
    MAX_VALUES,
    VALUE_KINDS,
    VALUE_LIMIT,
    like_a_digest,
)
from heroes_forensics.hashsets.near_file import NearBuilder
from heroes_forensics.hashsets.pieces import PieceReader, PieceSeal, PieceWriter
from heroes_forensics.hashsets.writing import SetWriter

VALUE: Final = np.dtype([("record", "<u4"), ("quality", "<i2"), ("length", "<u2")])
"""One value of a set file: the row of its record, 0 to 100 or -1, its bytes."""
AT_ONCE: Final = 1 << 13
"""Values that are given back in one piece: at most 32 MiB."""
_PENDING: Final = 3 * MAX_VALUES * VALUE_LIMIT // 2
"""Bytes of values that may wait for their records: those of one and of one batch."""
NO_RECORD: Final = (1 << 32) - 1
_ROW: Final = struct.Struct("<IhH")
_BEST: Final = 100

PARTS: Final = ("rows", "data")
"""Sections of each kind."""

Indexes = npt.NDArray[np.int64]


class Values(NamedTuple):
    """Some values of one kind, in columns."""

    record: Indexes
    """Rows of the set's records."""
    quality: npt.NDArray[np.int16]
    length: Indexes
    data: bytes
    """One value after the other."""

    def each(self) -> Iterator[bytes]:
        """Yield the bytes of each value."""
        at = 0
        for length in self.length.tolist():
            yield self.data[at : at + length]
            at += length


Earlier = Mapping[str, Callable[[], Iterator[Values]]]
NO_EARLIER: Final[Earlier] = MappingProxyType({})


class ValueStore:
    """Takes the values of a set that is built.

    Args:
        directory: an owner-only directory for the sealed files.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._secret = secrets.token_bytes(32)
        """Of this build alone: it ends with the process, and so does what is left on disk."""
        self._waiting: list[Batch] = []
        self._waiting_bytes = 0
        self._kinds: dict[bytes, tuple[_Kept, int]] = {}
        self._owners = 0
        self.accepted: Counter[str] = Counter()
        """Values taken, by kind."""
        self.near = NearBuilder()
        """Those of which near ones are found, once they were written."""

    def take(self, batch: Batch) -> None:
        """Take values whose records come next.

        Raises:
            HashSetError: the batch is not what an importer sends, or beyond a limit.
        """
        rows = batch.rows
        if rows.dtype != VALUES or not len(rows):
            raise HashSetError("the importer sent something else than values")
        _check(rows, batch.area)
        self._waiting.append(batch)
        self._waiting_bytes += len(batch.area) + rows.nbytes
        if self._waiting_bytes > _PENDING:
            raise HashSetError("the importer sent more values than a record may have")

    def claim(self, known: Rows) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
        """Give the waiting values to the records of one batch.

        Args:
            known: rows of `heroes_forensics.frames.KNOWN`.

        Returns:
            For each record a fingerprint of its values, and a number from 1 under which they are
            kept; both are 0 for one without values.

        Raises:
            HashSetError: they are not the values of these records.
        """
        counts = known["values"].astype(np.int64)
        prints = np.zeros(len(known), np.uint64)
        owners = np.zeros(len(known), np.uint32)
        has = np.flatnonzero(counts)
        told = [batch.rows["record"] for batch in self._waiting]
        wanted = np.repeat(known["record"], counts)
        if len(wanted) != sum(map(len, told)) or (told and (np.concatenate(told) != wanted).any()):
            raise HashSetError("the importer sent values that are of no record")
        if not len(has):
            return prints, owners
        if self._owners + len(has) >= NO_RECORD:
            raise HashSetError("the hash set has more values than a set file can hold")
        owners[has] = np.arange(self._owners + 1, self._owners + 1 + len(has), dtype=np.uint32)
        self._owners += len(has)
        each = self._keep(np.repeat(owners, counts))
        starts = np.concatenate([[0], np.cumsum(counts[has])[:-1]])
        prints[has] = np.add.reduceat(each, starts)
        self._waiting, self._waiting_bytes = [], 0
        return prints, owners

    def _keep(self, owners: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
        """Put the waiting values into their files; return a fingerprint of each."""
        prints = bytearray()
        at = 0
        for batch in self._waiting:
            area = batch.area
            mine = owners[at : at + len(batch.rows)].tolist()
            for owner, row in zip(mine, batch.rows.tolist(), strict=True):
                _, quality, start, length, place, size = row
                kind = area[start : start + length]
                data = area[place : place + size]
                self._of(kind, size).add(owner, quality, data)
                said = b"%b\0%d\0%b" % (kind, quality, data)
                prints += blake2b(said, digest_size=8, key=self._secret).digest()
            at += len(batch.rows)
        return np.frombuffer(bytes(prints), "<u8")

    def _of(self, word: bytes, size: int) -> "_Kept":
        """Return where values of a kind go; refuse a kind or a width that is none."""
        kept, width = self._kinds.get(word, (None, 0))
        if kept is None:
            fits = KIND_WORD.fullmatch(word) is not None and not like_a_digest(word.decode("ascii"))
            if not fits or len(self._kinds) >= MAX_VALUE_KINDS:
                raise HashSetError("the importer sent values of more kinds, or of none")
            width = VALUE_KINDS.get(word.decode("ascii"), 0)
            kept = _Kept(self._directory, self._secret, word.decode("ascii"))
            self._kinds[word] = kept, width
        if width and size != width:
            raise HashSetError("the importer sent a value of the wrong length")
        self.accepted[word.decode("ascii")] += 1
        return kept

    def write(
        self,
        writer: SetWriter,
        set_key: bytes,
        file_id: str,
        places: npt.NDArray[np.uint32],
        earlier: Earlier = NO_EARLIER,
    ) -> dict[str, int]:
        """Write the sections of all kinds; return how many values each has.

        Args:
            writer: the set file.
            set_key: the laboratory's set key.
            file_id: what keys of this file are derived with.
            places: for each number that `claim` gave the row of its record in the set file, or
                `NO_RECORD` when an equal record was kept in its stead.
            earlier: by kind, what gives the values of an earlier edition: they come first.
        """
        counts: dict[str, int] = {}
        mine = {word.decode("ascii"): kept for word, (kept, _) in self._kinds.items()}
        for kept in mine.values():
            kept.end()
        for kind in sorted({*mine, *earlier}):
            for part in PARTS:
                writer.section(f"value.{kind}.{part}")
                seal = PieceSeal(set_key, file_id, f"value.{kind}.{part}")
                out = PieceWriter(writer.write, seal)
                count = 0
                for rows, data in _final(mine.get(kind), earlier.get(kind), places):
                    out.write(rows.tobytes() if part == "rows" else data)
                    if part == "data":
                        self.near.take(kind, rows, data)
                    count += len(rows)
                out.end()
                if count:
                    counts[kind] = count
        self.close()
        return counts

    def close(self) -> None:
        """Let go of the files."""
        for kept, _ in self._kinds.values():
            kept.close()

    @property
    def owners(self) -> int:
        """How many numbers `claim` gave."""
        return self._owners


class _Kept:
    """The values of one kind, in two sealed files that have no name any more."""

    def __init__(self, directory: Path, secret: bytes, kind: str) -> None:
        self._rows = _Hidden(directory, PieceSeal(secret, kind, "rows"))
        self._data = _Hidden(directory, PieceSeal(secret, kind, "data"))

    def add(self, owner: int, quality: int, data: bytes) -> None:
        self._rows.out.write(_ROW.pack(owner, quality, len(data)))
        self._data.out.write(data)

    def end(self) -> None:
        self._rows.out.end()
        self._data.out.end()

    def read(self) -> Iterator[tuple[Rows, bytes]]:
        return together(self._rows.reader(), self._data.reader())

    def close(self) -> None:
        self._rows.close()
        self._data.close()


class _Hidden:
    """A sealed file without a name: it is gone when it is closed, and when the process ends."""

    def __init__(self, directory: Path, seal: PieceSeal) -> None:
        path = directory / f"values-{secrets.token_hex(8)}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)
        path.unlink()
        self._seal = seal
        self._size = 0
        self.out = PieceWriter(self._append, seal)

    def _append(self, data: bytes) -> None:
        durable.write_at(self._descriptor, data, self._size)
        self._size += len(data)

    def reader(self) -> PieceReader:
        return PieceReader(
            self._size, lambda at, size: os.pread(self._descriptor, size, at), self._seal
        )

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def together(rows: PieceReader, data: PieceReader) -> Iterator[tuple[Rows, bytes]]:
    """Read rows and the bytes they stand for, `AT_ONCE` at a time.

    Raises:
        HashSetError: they are not what was written.
    """
    while piece := rows.read(AT_ONCE * VALUE.itemsize):
        if len(piece) % VALUE.itemsize:
            raise HashSetError("the set file does not verify: values")
        found: Rows = np.frombuffer(piece, VALUE)
        wanted = int(found["length"].sum())
        values = data.read(wanted)
        if len(values) != wanted:
            raise HashSetError("the set file does not verify: values")
        yield found, values


def _final(
    kept: _Kept | None,
    earlier: Callable[[], Iterator[Values]] | None,
    places: npt.NDArray[np.uint32],
) -> Iterator[tuple[Rows, bytes]]:
    """Yield the rows and bytes of one kind as they stand in the set file."""
    for piece in earlier() if earlier else ():
        rows: Rows = np.empty(len(piece.record), VALUE)
        rows["record"], rows["quality"], rows["length"] = piece[:3]
        yield rows, piece.data
    for waiting, data in kept.read() if kept else ():
        record = places[waiting["record"]]
        keep = record != NO_RECORD
        final = waiting[keep]
        final["record"] = record[keep]
        inside = np.repeat(keep, waiting["length"].astype(np.int64))
        yield final, np.frombuffer(data, np.uint8)[inside].tobytes()


def _check(rows: Rows, area: bytes) -> None:
    """Check every column of a batch: it comes from a process that read hostile bytes."""
    if (
        (rows["quality"] < -1).any()
        or (rows["quality"] > _BEST).any()
        or (rows["value_length"] == 0).any()
        or (rows["value_length"] > VALUE_LIMIT).any()
    ):
        raise HashSetError("the importer sent a value that is none")
    for column in ("kind", "value"):
        ends = rows[f"{column}_offset"].astype(np.int64) + rows[f"{column}_length"]
        if (ends > len(area)).any():
            raise HashSetError("the importer sent a value that points outside its batch")
