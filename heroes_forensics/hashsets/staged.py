"""Sealed records that wait to be written, and which of them are equal.

Records are equal when all they say is; where they stood in the supplied file does not count. They
are brought together by a fingerprint of all they say, and compared byte for byte.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import Rows

SAME: Final = np.dtype(
    [
        ("md5", "V16"),
        ("sha1", "V20"),
        ("sha256", "V32"),
        ("size", "<i8"),
        ("series", "<u4"),
        ("category", "<u2"),
        ("flags", "<u2"),
        ("has", "u1"),
        ("unused", "V3"),
        ("values", "<u8"),
    ]
)
"""All that makes two records equal, sealed; a whole number of u64."""
_WORDS: Final = SAME.itemsize // 8
STAGED: Final = np.dtype(
    [
        ("key", "<u8"),
        ("entry", "<i8"),
        ("record", "<u4"),
        ("owner", "<u4"),
        ("same", f"V{SAME.itemsize}"),
    ]
)
_MULTIPLIER: Final = np.uint64(0x9E3779B97F4A7C15)
"""2^64 divided by the golden ratio, a usual multiplier of integer hashing."""


def fingerprint(same: Rows) -> npt.NDArray[np.uint64]:
    """Fingerprint rows: equal rows have equal ones, others almost never."""
    words = same.view(np.uint64).reshape(-1, _WORDS)
    mixed = np.zeros(len(same), np.uint64)
    for column in range(_WORDS):
        mixed ^= words[:, column]
        mixed *= _MULTIPLIER
        mixed ^= mixed >> np.uint64(32)
    return mixed


def once(staged: Rows) -> Rows:
    """Drop rows equal to the one before, in rows sorted by fingerprint."""
    keep = np.ones(len(staged), bool)
    alike = np.flatnonzero(staged["key"][1:] == staged["key"][:-1]) + 1
    if len(alike):
        width = SAME.itemsize
        here = as_bytes(staged["same"][alike], width)
        before = as_bytes(staged["same"][alike - 1], width)
        keep[alike[(here == before).all(axis=1)]] = False
    return staged[keep]


def as_bytes(rows: Rows, width: int) -> npt.NDArray[np.uint8]:
    """Return rows, or one column of them, as shape (n, ``width``) of u8."""
    return np.ascontiguousarray(rows).view(np.uint8).reshape(-1, width)
