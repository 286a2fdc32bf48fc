"""CRC-32C (RFC 3720, appendix B.4), of whole blocks, by numpy: no library that is here gives it.

The checksum is linear: a block is cut into lanes of equal length that are worked on side by side,
and the results are joined two by two, each left one moved past what stands on its right.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.uint32]

_POLYNOMIAL: Final = 0x82F63B78
_LANE: Final = 128
"""Bytes of a lane."""
_ONES: Final = 0xFFFFFFFF


def _table() -> Words:
    values = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        values = np.where(values & 1, values >> 1 ^ _POLYNOMIAL, values >> 1).astype(np.uint32)
    return values


_TABLE: Final = _table()


def crc32c(data: bytes) -> int:
    """Return the checksum of a block.

    Args:
        data: at least four bytes; a few KiB to a MiB are what this is fast for.
    """
    lanes = 1 << max(0, (-(-len(data) // _LANE) - 1).bit_length())
    padded = np.zeros(lanes * _LANE, dtype=np.uint8)
    start = len(padded) - len(data)
    padded[start:] = np.frombuffer(data, dtype=np.uint8)
    padded[start : start + 4] ^= 0xFF  # what a checksum begins with; zeros before do not count
    values = np.zeros(lanes, dtype=np.uint32)
    for column in padded.reshape(lanes, _LANE).T:
        values = _TABLE[(values ^ column) & 0xFF] ^ (values >> 8)
    level = 0
    while len(values) > 1:
        values = _moved(values[0::2], _moving(level)) ^ values[1::2]
        level += 1
    return int(values[0]) ^ _ONES


def _moved(values: Words, tables: Words) -> Words:
    """Return what checksums become behind as many zeros as the tables are made for."""
    return np.asarray(
        tables[0][values & 0xFF]
        ^ tables[1][values >> 8 & 0xFF]
        ^ tables[2][values >> 16 & 0xFF]
        ^ tables[3][values >> 24],
        dtype=np.uint32,
    )


@lru_cache(maxsize=32)
def _moving(level: int) -> Words:
    """Return tables by byte that move a checksum past 128 bytes, doubled as often as ``level``."""
    bytes_ = np.arange(256, dtype=np.uint32)
    values = np.stack([bytes_ << shift for shift in (0, 8, 16, 24)]).astype(np.uint32)
    if not level:
        for _ in range(_LANE):
            values = _TABLE[values & 0xFF] ^ (values >> 8)
        return values
    before = _moving(level - 1)
    return _moved(_moved(values, before), before)
