"""PDQ lists with qualities: ``hash,quality`` or ``hash,quality,name``, one a line.

64 digits can be SHA-256 as well, and a number after them a size or a category, so such a list is
read only when its operator says ``--algorithm pdq``. Bare PDQ values are a plain list, a table
whose header says ``pdq`` is a table. The reference tools call values of quality below 50
unreliable: they are kept with their quality, and counted. Source: the PDQ tools of
facebook/ThreatExchange.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    from_hex,
)
from heroes_forensics.hashsets.formats.text import first_line, lines

RELIABLE: Final = 50
_LINE: Final = re.compile(rb"([0-9A-Fa-f]{64}),[ \t]*([0-9]{1,3})[ \t]*(?:,.*)?", re.DOTALL)
_HEADER: Final = re.compile(r"hash,quality(,[a-z_ ]{1,20})?", re.IGNORECASE)


class Pdq:
    """Reads PDQ values with their qualities."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to 64 digits, a comma and a number; what they are, the operator says."""
        first = first_line(head)
        return bool(_HEADER.fullmatch(first) or _LINE.fullmatch(first.encode()))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a line."""
        if values.kind_of(options.algorithm) != "pdq":
            raise HashSetError(
                "the list has values of 64 digits with a number, which may be PDQ with a quality",
                hint="if they are: heroes hashset import FILE --algorithm pdq",
            )
        unreliable = 0
        first = True
        for number, line in lines(supplied.stream, tally):
            text = line.strip(b" \t")
            if not text or text.startswith(b"#"):
                continue
            header = first and _HEADER.fullmatch(text.decode("latin-1")) is not None
            first = False
            if header:
                continue
            found = _LINE.fullmatch(text)
            data = from_hex(found.group(1), 32) if found else None
            if found is None or data is None:
                yield Rejected(number, "bad-pdq")
                continue
            quality = int(found.group(2))
            if quality > values.MAX_QUALITY:
                yield Rejected(number, "bad-quality")
                continue
            unreliable += quality < RELIABLE
            yield Record(number, values=(Value("pdq", data, quality),))
        if unreliable:
            tally.facts["unreliable"] = unreliable
            tally.warn(f"values of a quality below {RELIABLE} are unreliable; they are kept")


IMPORTER: Final = Pdq()
