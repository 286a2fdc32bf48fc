"""The sorted columns of one algorithm in a set file: merged range by range, and written."""

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets.known import ALGORITHMS, Algorithm
from heroes_forensics.hashsets.layout import SAME_DIGEST, radix_bits
from heroes_forensics.hashsets.staged import as_bytes
from heroes_forensics.hashsets.writing import SetWriter

DIGEST_ROW: Final = {
    row.name: np.dtype(
        [("key", "<u8"), ("rest", f"V{row.width - 8}"), ("meta", "<u4"), ("category", "<u2")]
    )
    for row in ALGORITHMS
}
"""One sealed digest: its first 8 bytes, the others, the row of its record, its category."""


def digest_rows(algorithm: Algorithm, same: Rows, places: npt.NDArray[np.int64]) -> Rows:
    """Make rows of sealed digests.

    Args:
        algorithm: whose digests.
        same: rows with the sealed digest under its name, and ``category``.
        places: the rows of their records.
    """
    width = algorithm.width
    sealed = as_bytes(same[algorithm.name], width)
    rows: Rows = np.empty(len(same), DIGEST_ROW[algorithm.name])
    rows["key"] = np.ascontiguousarray(sealed[:, :8]).view("<u8").ravel()
    rows["rest"] = np.ascontiguousarray(sealed[:, 8:]).view(f"V{width - 8}").ravel()
    rows["meta"] = places
    rows["category"] = same["category"]
    return rows


def merged(left: Rows, right: Rows) -> Rows:
    """Merge two sorted runs of rows; those of ``left`` stand first where keys are equal."""
    if not len(left) or not len(right):
        return left if len(left) else right
    rows = np.empty(len(left) + len(right), left.dtype)
    at = np.searchsorted(left["key"], right["key"], side="right") + np.arange(len(right))
    mine = np.ones(len(rows), np.bool_)
    mine[at] = False
    rows[at] = right
    rows[mine] = left
    return rows


def write_digests(
    writer: SetWriter, algorithm: Algorithm, parts: Iterable[Rows], total: int
) -> tuple[int, int]:
    """Write the sections of one algorithm; return distinct digests, and conflicting ones.

    Args:
        writer: of the set file.
        algorithm: whose digests.
        parts: rows sorted by key, in pieces of ascending ranges of keys.
        total: how many rows there are in all.

    Raises:
        HashSetError: too many records share one digest.
    """
    name = algorithm.name
    bits = radix_bits(total)
    widths = {"key": 8, "rest": algorithm.width - 8, "meta": 4}
    columns = writer.skip(
        [
            (f"{name}.radix", 4 * ((1 << bits) + 1)),
            *((f"{name}.{field}", total * width) for field, width in widths.items()),
        ]
    )
    counts = np.zeros(1 << bits, np.uint32)
    distinct = conflicts = 0
    for part in parts:
        buckets = (part["key"] >> np.uint64(64 - bits)).astype(np.int64)
        if len(buckets):
            low = int(buckets[0])
            piece = np.bincount(buckets - low)
            counts[low : low + len(piece)] += piece.astype(np.uint32)
        for column, field in zip(columns[1:], widths, strict=True):
            column.write(np.ascontiguousarray(part[field]).tobytes())
        found = _runs(part)
        distinct += found[0]
        conflicts += found[1]
    radix = np.zeros((1 << bits) + 1, np.uint32)
    np.cumsum(counts, out=radix[1:])
    columns[0].write(radix.tobytes())
    writer.done(columns)
    return distinct, conflicts


def _runs(part: Rows) -> tuple[int, int]:
    """Count runs of one digest, and those under several categories; refuse a crafted run."""
    if not len(part):
        return 0, 0
    same = part["key"][1:] == part["key"][:-1]
    number = np.concatenate([[0], np.cumsum(~same)])
    if np.bincount(number).max() > SAME_DIGEST:
        raise HashSetError(
            f"more than {SAME_DIGEST} different records share one digest",
            hint="the list is damaged, or made to slow look-ups down; ask its issuer",
        )
    differs = same & (part["category"][1:] != part["category"][:-1])
    return int(number[-1]) + 1, len(np.unique(number[1:][differs]))
