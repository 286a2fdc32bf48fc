"""What begins like a known file: sectors whose MD5 is listed as that of a file's first 512 bytes.

A worker is given the first eight bytes of each listed digest, in order, and says which sectors
agree; the coordinator, which has the sets, looks at the whole digest. Sectors that hold one byte
over and over begin nothing, and are not digested.
"""

from hashlib import md5
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from heroes_forensics.parsers.recovery.window import SECTOR

KEY_BYTES: Final = 8
"""Of each digest, as an unsigned number, the lowest byte first."""
KEY: Final = np.dtype("<u8")

Keys = npt.NDArray[np.uint64]


class Prefixes:
    """Listed beginnings, and where sectors have them."""

    def __init__(self, keys: Keys) -> None:
        """Take keys, none twice, the lowest first."""
        self._keys = keys

    @classmethod
    def of(cls, data: bytes) -> Self:
        """Take them as they came with a unit."""
        return cls(np.frombuffer(data, KEY))

    def hits(self, data: bytes) -> list[int]:
        """Return where in ``data``, in bytes, a whole sector begins like something listed."""
        count = len(data) // SECTOR
        if not count or not len(self._keys):
            return []
        words = np.frombuffer(data, np.uint64, count * SECTOR // 8).reshape(count, -1)
        octets = np.frombuffer(data, np.uint8, count * SECTOR)[::SECTOR].astype(np.uint64)
        filled = octets * np.uint64(0x0101010101010101)
        starts = np.flatnonzero((words != filled[:, None]).any(axis=1)) * SECTOR
        view = memoryview(data)
        digests = b"".join(
            [
                md5(view[at : at + SECTOR], usedforsecurity=False).digest()[:KEY_BYTES]
                for at in starts.tolist()
            ]
        )
        found = np.frombuffer(digests, KEY)
        at = np.searchsorted(self._keys, found)
        at[at == len(self._keys)] = 0
        return [int(start) for start in starts[self._keys[at] == found]]
