"""X-Ways Forensics lists: the first line is the name of the algorithm, then one digest a line.

Source: the manual of X-Ways Forensics and public converters. Its internal database (``.xhd``) is
no exchange format.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_hex,
    of,
)
from heroes_forensics.hashsets.formats.text import head_lines, lines
from heroes_forensics.hashsets.known import VALUE_KINDS

_NAME_LIMIT: Final = 16


class XWays:
    """Reads lists under the name of their algorithm."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line is the name of an algorithm and nothing else."""
        return bool(_algorithm(head_lines(head)[0]))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a line."""
        del options
        algorithm = _algorithm(head_lines(supplied.head)[0])
        if not algorithm:
            raise HashSetError("the first line is not the name of an algorithm")
        for number, line in lines(supplied.stream, tally):
            text = line.decode("latin-1").strip()
            if not text or number == 1:
                continue
            if algorithm in WIDTHS:
                data = from_hex(text, WIDTHS[algorithm])
                yield (
                    Rejected(number, "not-a-digest")
                    if data is None
                    else of(number, algorithm, data)
                )
            else:
                found = values.values_of(algorithm, text)
                yield (
                    Rejected(number, f"bad-{algorithm}")
                    if found is None
                    else Record(number, values=found)
                )


def _algorithm(line: str) -> str:
    """Return the algorithm that a line names, ``""`` when it names none."""
    text = line.strip()
    name = values.plain(text)
    if not name or len(text) > _NAME_LIMIT or any(mark in text for mark in ',;|\t"'):
        return ""
    if name in WIDTHS:
        return name
    kind = values.KINDS.get(name, "")
    return kind if VALUE_KINDS.get(kind) else ""


IMPORTER: Final = XWays()
