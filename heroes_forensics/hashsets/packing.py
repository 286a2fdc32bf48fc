"""Make batches of records for the wire, and count what goes into them.

Other values of a record leave before the batch that holds it, in the order of the records, so
that who takes them in knows at every record what belongs to it.
"""

import struct
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from heroes_forensics.frames import KNOWN, MAX_FRAME, VALUES, Batch
from heroes_forensics.hashsets.formats.base import Record, Value
from heroes_forensics.hashsets.known import (
    ALGORITHMS,
    CONSTANT,
    EMPTY_INPUT,
    EMPTY_VALUES,
    KIND_WORD,
    MAX_VALUE_KINDS,
    MAX_VALUES,
    NAMING,
    VALUE_KINDS,
    VALUE_LIMIT,
    like_a_digest,
)

_ROW: Final = struct.Struct("<B16s20s32sqQqHIHIHH")
_VALUE: Final = struct.Struct("<QhIHIH")
_AREA: Final = MAX_FRAME - 1024
_NOTHING: Final = EMPTY_INPUT | CONSTANT
_PENDING: Final = 1 << 20
"""Bytes of values that go before one batch of records, or those of one record."""
_FEW: Final = 2
"""Distinct bytes of a value that is (nearly) constant: a filler, not a digest."""
_OTHER: Final = "other"


class _Values:
    """The values of records that have not left yet."""

    def __init__(self) -> None:
        self._rows: list[bytes] = []
        self._area = bytearray()
        self._places: dict[str, int] = {}
        self._room = _AREA
        self._kinds: dict[str, str] = {}
        self.pending = 0
        """Bytes since the last batch of records."""
        self.accepted: Counter[str] = Counter()

    def kind(self, word: str) -> str:
        """Return the name under which values of a kind are kept."""
        kind = self._kinds.get(word)
        if kind is None:
            kind = word.lower()
            kept = set(self._kinds.values())
            fits = KIND_WORD.fullmatch(kind.encode("ascii", errors="replace")) is not None
            if not fits or (kind not in kept and len(kept) >= MAX_VALUE_KINDS - 1):
                kind = _OTHER
            if len(self._kinds) < VALUE_LIMIT:
                self._kinds[word] = kind
        return kind

    def add(self, number: int, values: tuple[Value, ...]) -> tuple[Batch, ...]:
        leaving: tuple[Batch, ...] = ()
        for kind, data, quality in values:
            if self._room < _VALUE.size + len(kind) + len(data):
                leaving += self.flush()
            at = self._places.get(kind, -1)
            if at < 0:
                at = self._places[kind] = len(self._area)
                self._area += kind.encode("ascii")
                self._room -= len(kind)
            place = (at, len(kind), len(self._area), len(data))
            self._rows.append(_VALUE.pack(number, quality, *place))
            self._area += data
            self._room -= _VALUE.size + len(data)
            self.pending += _VALUE.size + len(data)
            self.accepted[kind] += 1
        return leaving

    def flush(self) -> tuple[Batch, ...]:
        if not self._rows:
            return ()
        rows = np.frombuffer(b"".join(self._rows), VALUES)
        batch = Batch("values", rows, bytes(self._area))
        self._rows, self._area, self._places, self._room = [], bytearray(), {}, _AREA
        return (batch,)


@dataclass(slots=True)
class Packer:
    """Makes batches of records and counts what goes into them."""

    rows: list[bytes] = field(default_factory=list)
    area: bytearray = field(default_factory=bytearray)
    texts: dict[str, tuple[int, int]] = field(default_factory=dict)
    room: int = _AREA
    last: tuple[object, ...] = ()
    records: int = 0
    empties: int = 0
    constants: int = 0
    repeats: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    """Digests by algorithm."""
    skipped: Counter[str] = field(default_factory=Counter)
    """Values that were left out, by reason."""
    values: _Values = field(default_factory=_Values)

    def add(self, record: Record) -> tuple[Batch, ...]:
        """Take one record; return the batches that have to leave because of it."""
        self.records += 1
        number, md5, sha1, sha256, size, entry, flags, category, series, values = record
        if md5 in _NOTHING:
            md5 = self._nothing(md5)
        if sha1 in _NOTHING:
            sha1 = self._nothing(sha1)
        if sha256 in _NOTHING:
            sha256 = self._nothing(sha256)
        if values:
            values = self._usable(values)
        if category:
            category = self._label(category)
        if series:
            series = self._label(series)
        has = (1 if md5 else 0) | (2 if sha1 else 0) | (4 if sha256 else 0)
        if not has and all(value.kind in NAMING for value in values):
            return ()
        same = (md5, sha1, sha256, size, flags, category, series, values)
        if same == self.last:
            self.repeats += 1
            return ()
        self.last = same
        need = _ROW.size + 6 * (len(category) + len(series))
        full = self.room < need or self.values.pending > _PENDING
        leaving = self.flush() if full else ()
        if values:
            leaving += self.values.add(number, values)
        category_at = self._text(category) if category else (0, 0)
        series_at = self._text(series) if series else (0, 0)
        self.rows.append(
            _ROW.pack(
                *(has, md5, sha1, sha256, size, number, entry, flags),
                *(*category_at, *series_at, len(values)),
            )
        )
        self.room -= _ROW.size
        return leaving

    def _nothing(self, digest: bytes) -> bytes:
        if digest in EMPTY_INPUT:
            self.empties += 1
        else:
            self.constants += 1
        return b""

    def _usable(self, values: tuple[Value, ...]) -> tuple[Value, ...]:
        """Leave out what says nothing or is of no use; name the kinds of the others."""
        kept: list[Value] = []
        for kind, data, quality in values:
            width = VALUE_KINDS.get(kind, 0)
            if not data:
                continue
            if width and len(data) != width:
                self.skipped["value-of-wrong-length"] += 1
            elif len(data) > VALUE_LIMIT:
                self.skipped["value-too-long"] += 1
            elif width and data in EMPTY_VALUES:
                self.empties += 1
            elif width and len(set(data)) <= _FEW:
                self.constants += 1
            elif len(kept) >= MAX_VALUES:
                self.skipped["values-too-many"] += 1
            else:
                kept.append(Value(self.values.kind(kind), data, min(max(quality, -1), 100)))
        return tuple(kept)

    def _label(self, text: str) -> str:
        """Return a label as it came, nothing for one that may be a digest: labels are shown."""
        if text in self.texts or not like_a_digest(text):
            return text
        self.skipped["label-like-a-digest"] += 1
        return ""

    def _text(self, text: str) -> tuple[int, int]:
        place = self.texts.get(text)
        if place is None:
            data = text.encode("utf-8", errors="backslashreplace")
            place = self.texts[text] = (len(self.area), len(data))
            self.area += data
            self.room -= len(data)
        return place

    def flush(self) -> tuple[Batch, ...]:
        """Return what was taken since the last batch, if anything."""
        if not self.rows:
            return ()
        rows = np.frombuffer(b"".join(self.rows), KNOWN)
        for algorithm in ALGORITHMS:
            has = int(np.count_nonzero(rows["has"] & algorithm.bit))
            if has:
                self.accepted[algorithm.name] += has
        batch = Batch("known", rows, bytes(self.area))
        self.rows, self.area, self.texts, self.room = [], bytearray(), {}, _AREA
        leaving = self.values.flush()
        self.values.pending = 0
        return (*leaving, batch)
