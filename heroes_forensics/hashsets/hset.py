"""Open a set file and look digests up in it, many at a time.

A look-up encrypts the queries as the file's rows are (`heroes_forensics.hashsets.sealing`),
takes the bucket of each from the radix table, bisects inside all buckets at once, and compares
every byte of what it finds. Records that share a digest are all returned. The file is mapped,
not read; results do not depend on how queries are batched.
"""

import json
import mmap
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets import near_set, regular
from heroes_forensics.hashsets.known import ALGORITHMS, PERCEPTUAL, Algorithm
from heroes_forensics.hashsets.layout import (
    ALIGN,
    HEADER_AREA,
    MAGIC,
    PREAMBLE,
    RECORD,
    VERSION,
    VERSIONS,
    Header,
    decode,
    radix_bits,
)
from heroes_forensics.hashsets.pieces import PieceReader, PieceSeal
from heroes_forensics.hashsets.probes import looked_up
from heroes_forensics.hashsets.sealing import (
    DigestSeal,
    RowSeal,
    header_mac,
    key_check,
    unseal_text,
)
from heroes_forensics.hashsets.search import LARGE, WORTH, Columns, Search, prepared
from heroes_forensics.hashsets.values import PARTS, Values, together
from heroes_forensics.model import JSON

CHUNK: Final = 1 << 15
"""Queries of one pass: their columns stay in the processor's cache."""

_READ: Final = 1 << 20

Indexes = npt.NDArray[np.int64]


class SealedColumns(NamedTuple):
    """The digests of one algorithm as they lie in the file, sorted by their first bytes."""

    key: npt.NDArray[np.uint64]
    """The first 8 bytes of each."""
    rest: npt.NDArray[np.uint32]
    """Shape (n, words): the bytes after them."""
    meta: npt.NDArray[np.uint32]
    """Rows for `HashSetFile.records`."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The sections of one algorithm, mapped."""

    seal: DigestSeal
    shift: np.uint64
    radix: npt.NDArray[np.uint32]
    key: npt.NDArray[np.uint64]
    rest: npt.NDArray[np.uint32]
    meta: npt.NDArray[np.uint32]


def read_header(path: Path) -> Header:
    """Read what a set file says of itself; without the key this is a checksum, not a proof.

    Raises:
        HashSetError: it is no set file, or its header is damaged.
        OSError: it cannot be read.
    """
    with os.fdopen(regular.opened(path), "rb") as file:
        header, _, _ = _header(file.read(HEADER_AREA))
    return header


class HashSetFile:
    """One opened edition of a set. Not thread-safe to close while it is used."""

    def __init__(self, header: Header, mapped: mmap.mmap, set_key: bytes) -> None:
        self.header = header
        self._mapped = mapped
        self._set_key = set_key
        self._asked = 0
        self._size = len(mapped)
        self._near: dict[str, near_set.NearSet | None] = {}
        self._data = np.frombuffer(mapped, np.uint8)
        self._mask = RowSeal(set_key, header.file, "records", width=RECORD.itemsize)
        self._records = self._column("records", header.records, RECORD.itemsize)
        self._groups = {
            row.name: self._group(row, header.digests[row.name], set_key)
            for row in ALGORITHMS
            if row.name in header.digests
        }
        texts = _texts(unseal_text(set_key, header.file, "texts", self._bytes("texts")))
        self.categories: list[str] = texts.categories
        """Raw codes; a record names one by its position, 0 being none."""
        self.series: list[str] = texts.series
        self.planted = texts.probes
        """Some digests of the set: algorithm and hex. They go nowhere but into the next edition."""
        self.probes = looked_up(self.lookup, texts.probes)
        """What the planted rows gave when the file was opened."""

    @classmethod
    def open(cls, path: Path, set_key: bytes, *, verify: bool = True) -> Self:
        """Open a set file.

        Args:
            path: the file; it must not change while it is open.
            set_key: the laboratory's set key.
            verify: whether to check the SHA-256 of every section first (reads the whole file).

        Raises:
            HashSetError: it is no set file, is damaged, or was written under another key.
            OSError: it cannot be read.
        """
        descriptor = regular.opened(path)
        try:
            size = os.fstat(descriptor).st_size
            if size < HEADER_AREA:
                raise HashSetError("the set file is cut short")
            mapped = mmap.mmap(descriptor, size, prot=mmap.PROT_READ)
            header, data, mac = _header(mapped[:HEADER_AREA])
            _check_sections(header, size)
            damaged = _damaged(header, descriptor) if verify else ""
        finally:
            os.close(descriptor)
        if not compare_digest(key_check(set_key, header.id), header.key_check):
            raise HashSetError(
                "the set file was written under another set key",
                hint="use the key of the laboratory that imported it, or import the set again",
            )
        if not compare_digest(header_mac(set_key, header.id, data), mac):
            raise HashSetError("the set file does not verify: header")
        if damaged:
            raise HashSetError(f"the set file does not verify: section {damaged}")
        try:
            return cls(header, mapped, set_key)
        except (KeyError, ValueError, TypeError) as error:
            raise HashSetError("the set file does not verify: sections") from error

    def close(self) -> None:
        """Let go of the mapping; it ends when the last column does."""
        self._groups = {}
        self._near = {}
        self._records = np.empty((0, RECORD.itemsize), np.uint8)
        self._data = np.empty(0, np.uint8)

    def __enter__(self) -> Self:
        """Return the file itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let go of the mapping."""
        self.close()

    def __len__(self) -> int:
        """Return how many records there are."""
        return self.header.records

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Names of the algorithms that the set has digests of."""
        return tuple(self._groups)

    def lookup(self, algorithm: str, digests: npt.NDArray[np.generic]) -> tuple[Indexes, Indexes]:
        """Find the records of many digests.

        Args:
            algorithm: ``md5``, ``sha1`` or ``sha256``.
            digests: shape (n, width) of u8, or (n,) of a void type of that width.

        Returns:
            (query, record): positions in ``digests`` and rows for `records`, pair by pair,
            ascending by query; a digest of several records gives several pairs.

        Raises:
            HashSetError: the file was cut short since it was opened.
        """
        self._check_whole()
        group = self._groups.get(algorithm)
        nothing = np.empty(0, np.int64)
        if group is None or not len(digests):
            return nothing, nothing
        width = 8 + 4 * group.rest.shape[1]
        plain = np.ascontiguousarray(digests).view(np.uint8).reshape(-1, width)
        self._asked += len(plain)
        fast = self._asked >= WORTH and len(group.key) >= LARGE
        search = prepared() if fast else None
        found = [
            (query + start, record)
            for start in range(0, len(plain), CHUNK)
            for query, record in [_find(group, plain[start : start + CHUNK], search)]
        ]
        return (
            np.concatenate([query for query, _ in found]),
            np.concatenate([record for _, record in found]),
        )

    def records(self, rows: Indexes) -> Rows:
        """Return the `RECORD` rows that `lookup` named."""
        self._check_whole()
        plain = self._mask(self._records[rows], rows)
        return np.ascontiguousarray(plain).view(RECORD).ravel()

    def sealed(self, algorithm: str) -> SealedColumns:
        """Return the sealed digests of an algorithm; editions of one set seal alike."""
        self._check_whole()
        group = self._groups.get(algorithm)
        if group is None:
            width = next(row.width for row in ALGORITHMS if row.name == algorithm)
            rest = np.empty((0, width // 4 - 2), np.uint32)
            return SealedColumns(np.empty(0, np.uint64), rest, np.empty(0, np.uint32))
        return SealedColumns(group.key, group.rest, group.meta)

    def values(self, kind: str) -> Iterator[Values]:
        """Read the other values of one kind, `heroes_forensics.hashsets.values.AT_ONCE` at a time.

        Args:
            kind: a key of ``header.values``; there is nothing of any other.

        Raises:
            HashSetError: they are not what was written.
        """
        if kind not in self.header.values:
            return
        self._check_whole()
        total = 0
        for rows, data in together(*(self._pieces(f"value.{kind}.{part}") for part in PARTS)):
            total += len(rows)
            if (rows["record"] >= max(1, self.header.records)).any():
                raise HashSetError(f"the set file does not verify: values of {kind}")
            record, length = (rows[name].astype(np.int64) for name in ("record", "length"))
            yield Values(record, rows["quality"].copy(), length, data)
        if total != self.header.values[kind]:
            raise HashSetError(f"the set file does not verify: values of {kind}")

    def near(self, algorithm: str) -> near_set.NearSet | None:
        """Return what near values are looked up in; unsealed and tested at the first call.

        It takes 133 bytes of memory a value until the file is closed.

        Args:
            algorithm: a row of `heroes_forensics.hashsets.known.PERCEPTUAL`.

        Returns:
            None when the set has no such values.

        Raises:
            HashSetError: it is not what was written, or fails its test.
        """
        if algorithm not in self._near:
            self._near[algorithm] = near_set.opened(
                algorithm, self.header, self._pieces, self.values
            )
        return self._near[algorithm]

    def near_facts(self) -> JSON:
        """Open all near values; say of each kind what `near_set.NearSet.facts` says.

        Raises:
            HashSetError: some are not what was written, or fail their test.
        """
        found = ((kind, self.near(kind)) for kind in PERCEPTUAL)
        return {kind: values.facts() for kind, values in found if values is not None}

    def _check_whole(self) -> None:
        """Make sure that the mapped file still has all its pages.

        To look at one that is missing would end this process without a word.

        Raises:
            HashSetError: it was cut short since it was opened.
        """
        if self._mapped.size() < self._size:
            raise HashSetError(
                "the set file was cut short while it was in use",
                hint="import the list again; what was compared before is not affected",
            )

    def _slice(self, start: int, size: int) -> bytes:
        self._check_whole()
        return self._mapped[start : start + size]

    def _pieces(self, name: str) -> PieceReader:
        section = self.header.sections[name]
        return PieceReader(
            section.length,
            lambda at, size: self._slice(section.offset + at, size),
            PieceSeal(self._set_key, self.header.file, name),
        )

    def _bytes(self, name: str) -> bytes:
        section = self.header.sections[name]
        return self._slice(section.offset, section.length)

    def _column(self, name: str, rows: int, width: int) -> npt.NDArray[np.uint8]:
        section = self.header.sections[name]
        if section.length != rows * width:
            raise ValueError(name)
        part = self._data[section.offset : section.offset + section.length]
        return part.reshape(rows, width)

    def _group(self, row: Algorithm, count: int, set_key: bytes) -> _Group:
        bits = radix_bits(count)
        radix = self._column(f"{row.name}.radix", (1 << bits) + 1, 4).view("<u4").ravel()
        if not count or radix[-1] != count:
            raise ValueError(row.name)
        return _Group(
            seal=DigestSeal(set_key, self.header.id, row.name),
            shift=np.uint64(64 - bits),
            radix=radix,
            key=self._column(f"{row.name}.key", count, 8).view("<u8").ravel(),
            rest=self._column(f"{row.name}.rest", count, row.width - 8).view("<u4"),
            meta=self._column(f"{row.name}.meta", count, 4).view("<u4").ravel(),
        )


def _find(
    group: _Group, plain: npt.NDArray[np.uint8], search: Search | None
) -> tuple[Indexes, Indexes]:
    """Return (query, record) of one chunk of digests, ascending by query."""
    heads = group.seal.head(plain)
    wanted = np.ascontiguousarray(heads[:, :8]).view("<u8").ravel()
    last = len(group.key) - 1
    if search is None:
        low = _bisected(group, wanted)
        query = np.flatnonzero((low <= last) & (group.key[np.minimum(low, last)] == wanted))
    else:
        low = search.rows(wanted, group.radix, group.key, int(group.shift))
        query = np.flatnonzero(low >= 0)
    if not len(query):
        return query, query
    row, wanted = low[query], wanted[query]
    tail = group.seal.tail(heads[query], plain[query])
    rest = np.concatenate([heads[query, 8:], tail], axis=1).view("<u4")
    if search is not None:
        columns = Columns(group.key, group.rest, group.meta)
        mine, record = search.records(row, wanted, rest, columns)
        return query[mine], record
    queries, rows = [], []
    active = np.arange(len(query))
    while len(active):
        at = row[active]
        same = active[_equal(group.rest[at], rest[active])]
        queries.append(query[same])
        rows.append(row[same])
        row[active] = at + 1
        inside = active[at < last]
        active = inside[group.key[row[inside]] == wanted[inside]]
    if len(queries) == 1:
        return queries[0], group.meta[rows[0]].astype(np.int64)
    all_queries, all_rows = np.concatenate(queries), np.concatenate(rows)
    order = np.lexsort((all_rows, all_queries))
    return all_queries[order], group.meta[all_rows[order]].astype(np.int64)


def _bisected(group: _Group, wanted: npt.NDArray[np.uint64]) -> Indexes:
    """Return for each key the first row that is not less, inside its bucket or just after it."""
    bucket = (wanted >> group.shift).astype(np.int64)
    low = group.radix[bucket].astype(np.int64)
    high = group.radix[bucket + 1].astype(np.int64)
    last = len(group.key) - 1
    while (open_ := low < high).any():
        middle = (low + high) >> 1
        less = group.key[np.minimum(middle, last)] < wanted
        low = np.where(open_ & less, middle + 1, low)
        high = np.where(open_ & ~less, middle, high)
    return low


def _equal(left: npt.NDArray[np.uint32], right: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
    """Compare rows; a few columns one by one are faster than a reduction over each row."""
    same: npt.NDArray[np.bool_] = left[:, 0] == right[:, 0]
    for column in range(1, left.shape[1]):
        same &= left[:, column] == right[:, column]
    return same


def _header(data: bytes) -> tuple[Header, bytes, bytes]:
    """Parse the start of a file; return the header, its bytes and its keyed checksum."""
    if len(data) < PREAMBLE.size or not data.startswith(MAGIC):
        raise HashSetError("the file is not a set file of this program")
    _, version, length, digest, mac = PREAMBLE.unpack_from(data)
    if version not in VERSIONS:
        raise HashSetError(
            f"the set file has version {version}; this program reads 1 to {VERSION}",
            hint="import the list again, or use the version of the program that wrote the file",
        )
    body = data[PREAMBLE.size : PREAMBLE.size + length]
    if length > HEADER_AREA - PREAMBLE.size or sha256(body).digest() != digest:
        raise HashSetError("the set file does not verify: header")
    return decode(body), body, mac


def _check_sections(header: Header, size: int) -> None:
    end = HEADER_AREA
    for section in sorted(header.sections.values(), key=lambda section: section.offset):
        if section.offset % ALIGN or section.offset < end or section.length < 0:
            raise HashSetError("the set file does not verify: section table")
        end = section.offset + section.length
    if end > size:
        raise HashSetError("the set file is cut short")


def _damaged(header: Header, descriptor: int) -> str:
    """Return the first section that is not what the header says; it is read, and not mapped.

    A page that was mapped once counts as memory of this process as long as the file is open.
    """
    buffer = memoryview(bytearray(_READ))
    for name, section in header.sections.items():
        digest = sha256()
        at, end = section.offset, section.offset + section.length
        while at < end:
            got = os.preadv(descriptor, [buffer[: min(_READ, end - at)]], at)
            if not got:
                return name
            digest.update(buffer[:got])
            at += got
        if digest.hexdigest() != section.sha256:
            return name
    return ""


class _TextLists(NamedTuple):
    categories: list[str]
    series: list[str]
    probes: list[tuple[str, str]]


def _texts(data: bytes) -> _TextLists:
    body = json.loads(data)
    return _TextLists(body["categories"], body["series"], body["probes"])
