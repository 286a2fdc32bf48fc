"""File lists of Griffeye Analyze: a table with ``Category``, ``File Path`` and digests.

``Category`` holds the name of a category, not its number, and is kept as it came. What stands in
EXIF comments is not always quoted by that exporter, so rows that are none, or have too many or too
few cells, are counted and left out, and do not refuse the set. Its hash lists are plain lists with
a byte-order mark. Source: public converters and crawlers of such exports.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats.base import (
    CATEGORY_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    from_hex,
)
from heroes_forensics.hashsets.formats.table import rows, utf8
from heroes_forensics.hashsets.formats.text import first_line, lines
from heroes_forensics.hashsets.formats.values import plain

_NEEDED: Final = frozenset({"category", "filepath"})
_TYPICAL: Final = frozenset({"filetype", "createddate", "lastwritetime", "sourceid"})
_MEANT: Final = frozenset({*WIDTHS, *_NEEDED, *_TYPICAL, ""})


class Griffeye:
    """Reads file lists of Griffeye Analyze."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to its columns."""
        return bool(_separator(first_line(head, ())))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a row; a row of another width is counted and not used."""
        del options
        first = first_line(supplied.head, ())
        separator = _separator(first)
        if not separator:
            raise HashSetError("the first line does not name the columns of a Griffeye file list")
        names: list[str] = []
        for number, row in rows(lines(supplied.stream, tally), separator):
            if not names:
                if row:
                    names = _names(list(row))
                    _check(names, tally)
            elif isinstance(row, str) or (row and len(row) != len(names)):
                tally.skipped["column-count"] += 1
                tally.warn("rows with unquoted delimiters or quotation marks are left out")
                yield Record(number)
            elif row:
                yield _record(number, dict(zip(names, row, strict=True)), tally)


def _names(cells: list[str]) -> list[str]:
    return [plain(utf8(cell)) for cell in cells]


def _separator(line: str) -> str:
    """Return the delimiter under which a header is that of a file list, ``""`` under none."""
    for separator in ",;":
        names = {plain(cell) for cell in line.split(separator)}
        if names >= _NEEDED and names & WIDTHS.keys() and names & _TYPICAL:
            return separator
    return ""


def _check(names: list[str], tally: Tally) -> None:
    if not set(names) >= _NEEDED:
        raise HashSetError("the first row does not name the columns of a Griffeye file list")
    if any(names.count(name) > 1 for name in (*WIDTHS, "category")):
        raise HashSetError("the first line of the Griffeye file list names a column twice")
    for name in set(names) - _MEANT:
        if not name.startswith("exif"):
            tally.unknown(name)


def _record(number: int, cells: dict[str, str], tally: Tally) -> Record | Rejected:
    digests: dict[str, bytes] = {}
    for name, width in WIDTHS.items():
        text = cells.get(name, "").strip()
        value = from_hex(text, width) if text else b""
        if value is None:
            return Rejected(number, "not-a-digest")
        digests[name] = value
    category = utf8(cells["category"]).strip()
    if len(category.encode("utf-8")) > CATEGORY_LIMIT:
        return Rejected(number, "bad-category")
    if not any(digests.values()):
        tally.skipped["no-digest"] += 1
    return Record(
        number,
        md5=digests["md5"],
        sha1=digests["sha1"],
        sha256=digests["sha256"],
        category=category,
    )


IMPORTER: Final = Griffeye()
