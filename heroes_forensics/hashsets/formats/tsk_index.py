"""Indexes of The Sleuth Kit, ``NAME-md5.idx`` and ``NAME-sha1.idx``: digests without their list.

Two lines of zeros name the type and the list, then come sorted lines ``HEX|offset``. The list that
the offsets point into is not needed. Source: the public code of The Sleuth Kit; ``hfind -i`` makes
such files. Its ``.idx2`` files hold no digests.
"""

import re
from collections.abc import Iterator
from typing import Final

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

_HEAD: Final = re.compile(rb"0{40}[01]\|(.*)", re.DOTALL)
_LINE: Final = re.compile(rb"([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40})\|[0-9]{16}")
_BY_LENGTH: Final = {2 * WIDTHS[name]: name for name in ("md5", "sha1")}
_TYPES: Final = frozenset({b"md5sum", b"nsrl", b"nsrl1", b"nsrl2", b"hk", b"encase"})


class TskIndex:
    """Reads an index of a hash database."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to a first line of 41 zeros, a bar, and a type."""
        first = head_lines(head)[0].encode("utf-8", errors="replace")
        return first.startswith(b"0" * 41 + b"|") and b"\0" not in first

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record for each line that is no heading."""
        del options
        for number, line in lines(supplied.stream, tally):
            text = line.strip()
            if not text:
                continue
            found = _LINE.fullmatch(text)
            value = None
            if found is not None:
                algorithm = _BY_LENGTH[len(found.group(1))]
                value = from_hex(found.group(1), WIDTHS[algorithm])
            elif (heading := _HEAD.fullmatch(text)) is not None:
                if heading.group(1) in _TYPES:
                    tally.facts.setdefault("index_of", heading.group(1).decode())
                continue
            yield Rejected(number, "not-a-line") if value is None else of(number, algorithm, value)


IMPORTER: Final = TskIndex()
