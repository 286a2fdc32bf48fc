"""Bloom filters of DCSO and hashlookup: recognised, and refused with what to use instead.

A filter answers ``no`` or ``perhaps`` to a value that is asked. What went into it cannot be listed,
so no edition of it can be compared or shown (docs/adr/0023-bloom-filters-refused.md). Source: the
public code of DCSO's bloom, which writes such files.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
)

_HEADER: Final = struct.Struct("<QQdQQQ")
"""Flags, capacity, rate of false answers, functions, bits, values."""
_FLAGS: Final = 1
_LOW_BYTE: Final = 0xFF
_MAX_FUNCTIONS: Final = 100
_BITS_A_VALUE: Final = 200


class _Filter(NamedTuple):
    capacity: int
    rate: float
    values: int


class Bloom:
    """Refuses a Bloom filter in one sentence."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to a header whose numbers fit one another."""
        return _filter(head) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Refuse.

        Raises:
            HashSetError: always.
        """
        del options, tally
        found = _filter(supplied.head)
        if found is None:
            raise HashSetError("the file is no Bloom filter of DCSO or hashlookup")
        raise HashSetError(
            f"the file is a Bloom filter of {found.values} values, of which none can be listed, and"
            f" which is wrong once in {1 / found.rate:.0f} answers",
            hint="import what it was made from; for that of hashlookup: a database of NIST NSRL",
        )


def _filter(head: bytes) -> _Filter | None:
    if len(head) < _HEADER.size:
        return None
    flags, capacity, rate, functions, bits, values = _HEADER.unpack_from(head)
    fits = (
        flags & _LOW_BYTE == _FLAGS
        and capacity > 0
        and 0 < rate < 1
        and 0 < functions <= _MAX_FUNCTIONS
        and capacity // 2 < bits <= _BITS_A_VALUE * capacity
    )
    return _Filter(capacity, rate, values) if fits else None


IMPORTER: Final = Bloom()
