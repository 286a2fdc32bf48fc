"""Texts that many records share: categories and series, each kept once under a number."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Rows

MAX_TEXT_BYTES: Final = 64 << 20
"""Bytes of all different texts of one column; they are held in memory while a set is built."""


class Texts:
    """Numbers texts in order of appearance; 0 is absence.

    Args:
        limit: how many different texts there may be.
        what: what they are, in the plural, for messages.
        names: those that have numbers already, the first one empty.
    """

    def __init__(self, limit: int, what: str, names: Sequence[str]) -> None:
        self._limit = limit
        self._what = what
        self.names: list[str] = list(names)
        self._numbers = {name.encode(): number for number, name in enumerate(names)}
        self._bytes = sum(map(len, self._numbers))

    def numbers(self, rows: Rows, area: bytes, column: str) -> npt.NDArray[np.int64]:
        """Return the number of the text of each row.

        Args:
            rows: of `heroes_forensics.frames.KNOWN`; their places are checked by the caller.
            area: the bytes that the rows point into.
            column: ``category`` or ``series``.

        Raises:
            HashSetError: there are more texts, or longer ones, than any set has.
        """
        places = rows[f"{column}_offset"].astype(np.int64) << 16 | rows[f"{column}_length"]
        places[rows[f"{column}_length"] == 0] = 0
        unique, inverse = np.unique(places, return_inverse=True)
        found = [
            self._number(area[at >> 16 : (at >> 16) + (at & 0xFFFF)]) for at in unique.tolist()
        ]
        return np.array(found, dtype=np.int64)[inverse]

    def _number(self, text: bytes) -> int:
        number = self._numbers.get(text)
        if number is None:
            self._bytes += len(text)
            if len(self.names) >= self._limit or self._bytes > MAX_TEXT_BYTES:
                raise HashSetError(f"the hash set names more {self._what} than any set has")
            number = self._numbers[text] = len(self.names)
            self.names.append(text.decode("utf-8", errors="backslashreplace"))
        return number
