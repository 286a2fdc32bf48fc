"""NIST NSRL RDS in text, layouts 1.5 and 2.x: CSV with one row for each file and product.

Hex is upper case and names are ISO-8859-1. Rows with a ``SpecialCode`` mark special entries
(malicious ones among them), so they are counted and left out: the set only serves to skip work.
Source: the RDS documents of NIST, and real samples of both layouts.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.table import rows
from heroes_forensics.hashsets.formats.text import head_lines, lines
from heroes_forensics.hashsets.formats.values import plain

_NEEDED: Final = frozenset({"sha1", "md5", "filename", "filesize", "productcode", "specialcode"})


class NsrlText:
    """Reads ``NSRLFile.txt``."""

    nature = "known-good"

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line names the columns of the RDS."""
        return set(_names(head_lines(head)[0])) >= _NEEDED

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a row; adjacent rows of one file differ only in name and product."""
        del options
        names = _names(head_lines(supplied.head)[0])
        if not set(names) >= _NEEDED:
            raise HashSetError("the first line does not name the columns of an NSRL RDS file")
        tally.version = "1.5" if "md4" in names else "2"
        at_sha1, at_md5 = names.index("sha1"), names.index("md5")
        at_size, at_special = names.index("filesize"), names.index("specialcode")
        for number, row in rows(lines(supplied.stream, tally), ","):
            if isinstance(row, str):
                yield Rejected(number, row)
                continue
            if number == 1 or not row:
                continue
            if len(row) != len(names):
                yield Rejected(number, "column-count")
                continue
            sha1, md5 = from_hex(row[at_sha1].strip(), 20), from_hex(row[at_md5].strip(), 16)
            size = from_decimal(row[at_size].strip())
            if sha1 is None or md5 is None:
                yield Rejected(number, "not-a-digest")
            elif size is None:
                yield Rejected(number, "bad-size")
            elif row[at_special].strip():
                tally.skipped["special-code"] += 1
                yield Record(number)
            elif size == 0:
                tally.skipped["size-zero"] += 1
                yield Record(number)
            else:
                yield Record(number, md5=md5, sha1=sha1, size=size)


def _names(line: str) -> list[str]:
    return [plain(cell) for cell in line.split(",")]


IMPORTER: Final = NsrlText()
