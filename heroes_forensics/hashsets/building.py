"""Build a set file from batches of records, in memory that does not grow with the set.

Three passes: records are sealed as they come, and spilled by a fingerprint of all they say;
each range of fingerprints is rid of equal records and written; each algorithm's digests are
sorted by range and written. A set of up to 262,144 records stays in memory; a larger one needs
its distinct texts, some 100 MB, and one 64th of its rows, and twice its size on disk while it is
built. Of perceptual values all are in memory, and some 30 bytes for each. Nothing unsealed is ever
on disk.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import KNOWN, Batch, Rows
from heroes_forensics.hashsets.columns import DIGEST_ROW, digest_rows, merged, write_digests
from heroes_forensics.hashsets.known import ALGORITHMS, FLAGS, Algorithm
from heroes_forensics.hashsets.layout import (
    RECORD,
    Header,
)
from heroes_forensics.hashsets.merging import Base
from heroes_forensics.hashsets.probes import PROBES, Probes
from heroes_forensics.hashsets.sealing import (
    DigestSeal,
    RowSeal,
    key_check,
    seal_text,
)
from heroes_forensics.hashsets.spill import MEMORY_ROWS, Spill
from heroes_forensics.hashsets.staged import SAME, STAGED, as_bytes, fingerprint, once
from heroes_forensics.hashsets.texts import Texts
from heroes_forensics.hashsets.values import NO_EARLIER, NO_RECORD, ValueStore
from heroes_forensics.hashsets.writing import SetWriter

MAX_CATEGORIES: Final = 1 << 16
MAX_SERIES: Final = 1 << 20
_GATHER: Final = 1 << 17
"""Rows sealed in one call."""
_MAX_RECORD: Final = (1 << 32) - 1


class SetBuilder:
    """Builds one set file in an owner-only directory.

    Args:
        directory: where the file and the spills are made.
        set_key: the laboratory's set key.
        set_id: UUID of the set.
        memory_rows: rows held before they go to disk.
        base: an earlier edition of the set under the same key: what is added goes to it.
    """

    def __init__(
        self,
        directory: Path,
        set_key: bytes,
        set_id: str,
        *,
        memory_rows: int = MEMORY_ROWS,
        base: Base | None = None,
    ) -> None:
        self._directory = directory
        self._set_key = set_key
        self._set_id = set_id
        self._memory_rows = memory_rows
        self._seals = {row.name: DigestSeal(set_key, set_id, row.name) for row in ALGORITHMS}
        self._staged = Spill(directory, "record", STAGED, memory_rows=memory_rows)
        self._base = base
        self._taken = 0
        earlier = ([""], [""]) if base is None else (base.file.categories, base.file.series)
        self._categories = Texts(MAX_CATEGORIES, "categories", earlier[0])
        self._series = Texts(MAX_SERIES, "series", earlier[1])
        self._values = ValueStore(directory)
        self._held: list[_Held] = []
        self._held_rows = 0
        self._probes = Probes()
        self.categories: Counter[str] = Counter()
        """Records by raw code; those without one under the empty text."""
        self.accepted: Counter[str] = Counter()
        """Digests taken, by algorithm."""
        self.values: Counter[str] = self._values.accepted
        """Other values taken, by kind."""

    def add(self, batch: Batch, leaving: Base | None = None) -> None:
        """Take one batch of `KNOWN` rows, or of the `VALUES` of those that come next.

        Args:
            batch: as an importer sends it.
            leaving: an edition from which records like these are taken away; none is added.

        Raises:
            HashSetError: the batch is not what an importer sends, or beyond a limit.
        """
        if batch.kind == "values":
            self._values.take(batch)
            return
        if batch.kind != "known" or batch.rows.dtype != KNOWN or not len(batch.rows):
            raise HashSetError("the importer sent something else than records")
        rows = batch.rows
        _check(rows, len(batch.area))
        for row in ALGORITHMS:
            has = int(np.count_nonzero(rows["has"] & row.bit))
            if has:
                self.accepted[row.name] += has
        if leaving is not None:
            self._values.claim(rows)
            leaving.remove(rows)
            return
        category = self._categories.numbers(rows, batch.area, "category")
        series = self._series.numbers(rows, batch.area, "series")
        for number, count in zip(*np.unique(category, return_counts=True), strict=True):
            self.categories[self._categories.names[int(number)]] += int(count)
        self._held.append(_Held(rows, category, series, *self._values.claim(rows)))
        self._held_rows += len(rows)
        self._taken += len(rows)
        if self._held_rows >= _GATHER:
            self._seal()

    def finish(self, header: Header) -> Path:
        """Write the file and return its path; nothing else is left in the directory.

        Args:
            header: what is said of the set; counts and sections are filled in here.

        Raises:
            HashSetError: the set has no digest and no value, or one digest has too many records.
            OSError: it cannot be written.
        """
        self._seal()
        base = self._base
        path = self._directory / "set.hset"
        file_id = secrets.token_hex(16)
        with SetWriter(path) as writer:
            spills, records, places = self._write_records(writer, file_id)
            digests: dict[str, int] = {}
            distinct: dict[str, int] = {}
            conflicts = 0
            for row in ALGORITHMS:
                total = spills[row.name].rows + (base.count(row) if base else 0)
                if total:
                    digests[row.name] = total
                    counts = write_digests(writer, row, self._parts(row, spills[row.name]), total)
                    distinct[row.name] = counts[0]
                    conflicts += counts[1]
            values = self._values.write(
                writer, self._set_key, file_id, places, base.all_values() if base else NO_EARLIER
            )
            near = self._values.near.write(writer, self._set_key, file_id)
            if not digests and not any(values.values()):
                raise HashSetError("the hash set holds no usable digest")
            texts = json.dumps(
                {
                    "categories": self._categories.names,
                    "series": self._series.names,
                    "probes": self._probes.rows + (base.probes(PROBES) if base else []),
                }
            )
            writer.section("texts")
            writer.write(seal_text(self._set_key, file_id, "texts", texts.encode()))
            header = replace(
                header,
                id=self._set_id,
                file=file_id,
                records=records,
                digests=digests,
                distinct=distinct,
                values=values,
                near=near,
                merged=self._taken - records + (base.kept if base else 0),
                conflicts=conflicts,
                key_check=key_check(self._set_key, self._set_id),
            )
            writer.finish(header, self._set_key)
        return path

    def close(self) -> None:
        """Let go of what waits on disk, finished or not."""
        self._values.close()

    def _seal(self) -> None:
        """Seal what was gathered and hand it to the first spill."""
        if not self._held:
            return
        gathered = _together(self._held)
        self._held, self._held_rows = [], 0
        if self._base is not None:
            held = self._base.holds(gathered.rows, gathered.category, gathered.series)
            gathered = gathered.at(np.flatnonzero(~held))
        rows = gathered.rows
        self._probes.look(rows)
        same = np.zeros(len(rows), SAME)
        for name in ("size", "flags", "has"):
            same[name] = rows[name]
        for name in ("category", "series", "values"):
            same[name] = getattr(gathered, name)
        for row in ALGORITHMS:
            present = np.flatnonzero(rows["has"] & row.bit)
            if len(present):
                seal = self._seals[row.name]
                plain = as_bytes(rows[row.name][present], row.width)
                heads = seal.head(plain)
                sealed = np.concatenate([heads, seal.tail(heads, plain)], axis=1)
                same[row.name][present] = sealed.view(f"V{row.width}").ravel()
        staged = np.empty(len(rows), STAGED)
        staged["key"] = fingerprint(same)
        staged["entry"] = rows["entry"]
        staged["record"] = rows["record"]
        staged["owner"] = gathered.owner
        staged["same"] = same.view(f"V{SAME.itemsize}")
        self._staged.add(staged)

    def _write_records(
        self, writer: SetWriter, file_id: str
    ) -> tuple[dict[str, Spill], int, npt.NDArray[np.uint32]]:
        """Write the table of records, each once.

        Returns:
            The digests to sort, how many records there are, and the row of the record of each
            number that stands for values.
        """
        owned = np.full(self._values.owners + 1, NO_RECORD, np.uint32)
        spills = {
            row.name: Spill(
                self._directory, row.name, DIGEST_ROW[row.name], memory_rows=self._memory_rows
            )
            for row in ALGORITHMS
        }
        mask = RowSeal(self._set_key, file_id, "records", width=RECORD.itemsize)
        writer.section("records")
        count = 0
        for kept in self._base.records() if self._base else ():
            places = np.arange(count, count + len(kept), dtype=np.int64)
            writer.write(mask(as_bytes(kept, RECORD.itemsize), places).tobytes())
            count += len(kept)
        before = self._base.highest() if self._base else 0
        for part in self._staged.parts():
            staged = once(part)
            same = np.ascontiguousarray(staged["same"]).view(SAME)
            records = np.zeros(len(staged), RECORD)
            for name in ("size", "series", "category", "flags", "has"):
                records[name] = same[name]
            records["entry"] = staged["entry"]
            if len(staged) and before + int(staged["record"].max()) > _MAX_RECORD:
                raise HashSetError(f"the hash set has more than {_MAX_RECORD} records")
            records["record"] = staged["record"] + np.uint32(before)
            places = np.arange(count, count + len(records), dtype=np.int64)
            writer.write(mask(as_bytes(records, RECORD.itemsize), places).tobytes())
            owned[staged["owner"]] = places
            for row in ALGORITHMS:
                present = np.flatnonzero(same["has"] & row.bit)
                if len(present):
                    spills[row.name].add(digest_rows(row, same[present], places[present]))
            count += len(records)
        return spills, count, owned

    def _parts(self, algorithm: Algorithm, spill: Spill) -> Iterator[Rows]:
        """Yield the digests of one algorithm, sorted, with those of the earlier edition."""
        if self._base is None:
            yield from spill.parts()
            return
        for low, high, rows in spill.ranges():
            yield merged(self._base.digests(algorithm, low, high), rows)


class _Held(NamedTuple):
    """One batch that is not sealed yet."""

    rows: Rows
    category: npt.NDArray[np.int64]
    series: npt.NDArray[np.int64]
    values: npt.NDArray[np.uint64]
    owner: npt.NDArray[np.uint32]

    def at(self, places: npt.NDArray[np.int64]) -> "_Held":
        """Return some rows of it."""
        return _Held(
            rows=self.rows[places],
            category=self.category[places],
            series=self.series[places],
            values=self.values[places],
            owner=self.owner[places],
        )


def _together(held: Sequence[_Held]) -> _Held:
    return _Held(
        rows=np.concatenate([each.rows for each in held]),
        category=np.concatenate([each.category for each in held]),
        series=np.concatenate([each.series for each in held]),
        values=np.concatenate([each.values for each in held]),
        owner=np.concatenate([each.owner for each in held]),
    )


def _check(rows: Rows, area: int) -> None:
    """Check every column of a batch: it comes from a process that read hostile bytes."""
    states = np.zeros(len(rows), np.uint16)
    for position in range(8):
        states |= (rows["flags"] >> 2 * position & 3 == 3).astype(np.uint16)  # noqa: PLR2004
    if (
        ((rows["has"] == 0) & (rows["values"] == 0)).any()
        or (rows["has"] >> len(ALGORITHMS)).any()
        or (rows["size"] < -1).any()
        or (rows["entry"] < -1).any()
        or states.any()
        or (rows["flags"] >> 2 * len(FLAGS)).any()
    ):
        raise HashSetError("the importer sent a record with impossible values")
    if (rows["record"] > _MAX_RECORD).any():
        raise HashSetError(f"the hash set has more than {_MAX_RECORD} records")
    for column in ("category", "series"):
        ends = rows[f"{column}_offset"].astype(np.int64) + rows[f"{column}_length"]
        if (ends > area).any():
            raise HashSetError("the importer sent a record that points outside its batch")
