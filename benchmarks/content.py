"""Bytes of generated files, which compress as those of real ones do.

What inflating an E01 costs depends on what the acquiring program could make of each chunk, so the
mix of content was measured, not guessed: ``python benchmarks/content.py FOLDER`` prints how the
chunks of a folder compress (numbers only). On the project's collection of public test images and
media, deflate at its fastest level does this with chunks of 32 KiB that are not all zero:

==============================  ======  ==================  ============================
what                            chunks  do not compress     the others shrink to, on average
==============================  ======  ==================  ============================
JPEG, HEIC, WebP, MP4            1,267  half                0.93 (more than half: 0.99)
databases, mail, device backup,    600  one in a hundred    0.31
records of programs, thumbnails
compressed E01 of test images      257  (some uncompressed) 0.33
==============================  ======  ==================  ============================

So half of the generated files are `DENSE` or `TIGHT`, as media are, and half are `TEXT` or
`TABLE`, as everything else is.
"""

import os
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from bounds import CHUNK, chunk_table

_POOL: Final = 16 << 20
"""Bytes of each kind of content; a file is a piece of one."""

_TIGHT_POWER: Final = 1.9
"""Exponent of a uniform draw that leaves bytes which deflate makes a few percent smaller."""

_WORDS: Final = 6_000
_ZIPF: Final = 1.05
_ROW: Final = 48


class Content:
    """Gives the bytes of file number N, the same every time, cut out of four pools."""

    KINDS: Final = ("dense", "text", "tight", "table")
    """In turn, by the number of the file."""

    def __init__(self) -> None:
        random = np.random.default_rng(20_260)
        self._pools = [
            memoryview(pool)
            for pool in (_dense(random), _text(random), _tight(random), _table(random))
        ]

    def pieces(self, number: int, size: int) -> Iterator[bytes | memoryview]:
        """Yield the bytes of one file; two numbers never give the same file."""
        head = number.to_bytes(8, "big")[-min(8, size) :] if size else b""
        yield head
        left, at, turn = size - len(head), number * 7_919 * 512 % _POOL, number
        while left:
            piece = self._pools[turn % len(self._pools)][at : at + left]
            yield piece
            left -= len(piece)
            # A file larger than a pool goes on in the next one: large things are of many kinds.
            at, turn = 0, turn + 1


def _dense(random: np.random.Generator) -> bytes:
    return random.bytes(_POOL)


def _tight(random: np.random.Generator) -> bytes:
    """Return bytes that are not quite equally frequent, as entropy-coded pictures are."""
    return (random.random(_POOL, dtype="f4") ** _TIGHT_POWER * 256).astype("u1").tobytes()


def _text(random: np.random.Generator) -> bytes:
    """Return words of a made-up language with the frequencies of a real one (Zipf's law)."""
    letters = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", dtype="u1")
    lengths = random.integers(2, 11, _WORDS)
    words = [random.choice(letters, length).tobytes() for length in lengths]
    weights = 1 / np.arange(1, _WORDS + 1) ** _ZIPF
    drawn = random.choice(_WORDS, _POOL // 4, p=weights / weights.sum())
    return b" ".join([words[each] for each in drawn.tolist()])[:_POOL].ljust(_POOL)


def _table(random: np.random.Generator) -> bytes:
    """Return rows of counters, times, few codes and empty fields, as databases hold."""
    rows = np.zeros(
        _POOL // _ROW + 1,
        dtype=[("id", "<u4"), ("time", "<u8"), ("code", "u1"), ("value", "<u4"), ("rest", "V31")],
    )
    rows["id"] = np.arange(len(rows))
    rows["time"] = 133_000_000_000 + random.integers(0, 5_000, len(rows)).cumsum()
    rows["code"] = random.integers(0, 4, len(rows))
    rows["value"] = random.integers(0, 1 << 14, len(rows))
    return rows.tobytes()[:_POOL]


# ---- measuring real content -----------------------------------------------------------------


class Shares:
    """How the chunks of one kind of file compress."""

    def __init__(self) -> None:
        self.chunks = self.zero = self.whole = 0
        self.ratios: list[float] = []

    def add(self, stored: int | None, *, zero: bool, size: int = CHUNK) -> None:
        """Count one chunk; ``stored`` is its compressed size, None when it has none."""
        self.chunks += 1
        if zero:
            self.zero += 1
        elif stored is None or stored >= size:
            self.whole += 1
        else:
            self.ratios.append(stored / size)

    def __str__(self) -> str:
        """Return the figures, shares of all chunks that are not zero."""
        some = max(1, self.chunks - self.zero)
        mean = sum(self.ratios) / max(1, len(self.ratios))
        middle = sorted(self.ratios)[len(self.ratios) // 2] if self.ratios else 0.0
        return (
            f"{self.chunks:8,} chunks, {self.zero:,} zero; of the others {self.whole / some:.2f} "
            f"do not compress, the rest shrink to {mean:.2f} (median {middle:.2f})"
        )


def _of_file(data: bytes, shares: Shares) -> None:
    least = 4096
    for start in range(0, len(data), CHUNK):
        chunk = data[start : start + CHUNK]
        if len(chunk) >= least:
            size = len(zlib.compress(chunk, 1))
            shares.add(size, zero=not chunk.strip(b"\0"), size=len(chunk))


def _of_e01(data: bytes, shares: Shares) -> None:
    """Read the sizes of the chunks out of the tables of one segment file."""
    for start, size, compressed in chunk_table(data):
        body = data[start : start + size]
        # A chunk of nothing but zeros is a few dozen bytes when compressed.
        few = CHUNK // 50
        zero = size < few if compressed else not body.strip(b"\0")
        shares.add(size if compressed else None, zero=zero)


def main() -> None:
    """Print how the content of a folder compresses, by file extension: no names, no bytes."""
    found: dict[str, Shares] = defaultdict(Shares)
    for folder, _, names in os.walk(sys.argv[1]):
        for name in names:
            path = Path(folder, name)
            kind = path.suffix.lower()
            measure = _of_e01 if kind == ".e01" else _of_file
            measure(path.read_bytes(), found[kind])
    for kind, shares in sorted(found.items(), key=lambda pair: -pair[1].chunks):
        print(f"{kind or '(none)':12s} {shares}")


if __name__ == "__main__":
    main()
