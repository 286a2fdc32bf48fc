"""Rows that may be more than fit in memory, given back in order of a 64-bit key.

Keys are (nearly) uniform, so rows go into 64 files by their first bits, and each file is sorted
alone. A small number of rows never touches the disk.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics import durable
from heroes_forensics.frames import Rows

PARTS: Final = 64
_BITS: Final = 58
_SHIFT: Final = np.uint64(_BITS)
MEMORY_ROWS: Final = 1 << 18
"""Rows held back before they go to disk: about 25 MB of records."""

Keys = npt.NDArray[np.uint64]


class Spill:
    """Collects rows; `parts` gives them back by key range.

    Args:
        directory: an owner-only directory; files are made there and removed once read.
        name: distinguishes the files of several spills.
        dtype: of the rows; field ``key`` (u64) orders them.
        memory_rows: how many rows to hold before writing.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        dtype: np.dtype[np.void],
        *,
        memory_rows: int = MEMORY_ROWS,
    ) -> None:
        self._directory = directory
        self._name = name
        self._dtype = dtype
        self._memory_rows = memory_rows
        self._held: list[Rows] = []
        self._held_rows = 0
        self._on_disk = False
        self.rows = 0

    def add(self, rows: Rows) -> None:
        """Take rows; they are copied or kept, so the caller must not change them."""
        self._held.append(rows)
        self._held_rows += len(rows)
        self.rows += len(rows)
        if self._held_rows >= self._memory_rows:
            self._write()

    def parts(self) -> Iterator[Rows]:
        """Yield all rows, sorted by key, in pieces of ascending key ranges."""
        if not self._on_disk:
            yield self._sorted(self._take())
            return
        self._write()
        for part in range(PARTS):
            path = self._path(part)
            if path.exists():
                rows = np.fromfile(path, self._dtype)
                path.unlink()
                yield self._sorted(rows)

    def ranges(self) -> Iterator[tuple[int, int, Rows]]:
        """Yield (first key, the key after the last, rows sorted by key) of all ranges of keys."""
        held = [] if self._on_disk else [self._sorted(self._take())]
        if self._on_disk:
            self._write()
        for part in range(PARTS):
            low, high = part << _BITS, (part + 1) << _BITS
            path = self._path(part)
            rows = np.empty(0, self._dtype)
            if held:
                first = np.searchsorted(held[0]["key"], np.uint64(low))
                last = np.searchsorted(held[0]["key"], np.uint64(high - 1), side="right")
                rows = held[0][int(first) : int(last)]
            elif path.exists():
                rows = self._sorted(np.fromfile(path, self._dtype))
                path.unlink()
            yield low, high, rows

    def _take(self) -> Rows:
        rows = np.concatenate(self._held) if self._held else np.empty(0, self._dtype)
        self._held, self._held_rows = [], 0
        return rows

    def _sorted(self, rows: Rows) -> Rows:
        ordered: Rows = rows[np.argsort(rows["key"], kind="stable")]
        return ordered

    def _write(self) -> None:
        rows = self._take()
        self._on_disk = True
        part = (rows["key"] >> _SHIFT).astype(np.uint8)
        order = np.argsort(part, kind="stable")
        rows, part = rows[order], part[order]
        edges = np.searchsorted(part, np.arange(PARTS + 1))
        for number in range(PARTS):
            piece = rows[edges[number] : edges[number + 1]]
            if len(piece):
                _append(self._path(number), piece.tobytes())

    def _path(self, part: int) -> Path:
        return self._directory / f"{self._name}-{part:02}.rows"


def _append(path: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(path, flags, 0o600)
    try:
        durable.write(descriptor, data)
    finally:
        os.close(descriptor)
