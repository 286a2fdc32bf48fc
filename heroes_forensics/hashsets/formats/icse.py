"""Hash export of Interpol's ICSE: a table with ``;`` and a column ``Baseline``.

Columns come in any order and case, further ones are ignored, rows may be shorter than the header.
``Baseline`` is the only class there is: whether the item meets the baseline of Interpol. Its two
states become the categories ``baseline`` and ``not-baseline``. Source: a public reader of such
files.
"""

from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    SERIES_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    from_hex,
)
from heroes_forensics.hashsets.formats.table import BOOLEANS, rows, utf8
from heroes_forensics.hashsets.formats.text import first_line, lines
from heroes_forensics.hashsets.formats.values import plain
from heroes_forensics.hashsets.known import pack_flags

CATEGORIES: Final = {True: "baseline", False: "not-baseline", None: ""}
_FLAG_COLUMNS: Final = {
    "isdistributed": "is_distributed",
    "victimidentified": "victim_identified",
    "offenderidentified": "offender_identified",
}
_NEEDED: Final = frozenset({"imageid", "baseline"})
_MEANT: Final = frozenset(
    {
        *("md5", "sha1", "sha256", "photodna", "imageid", "baseline", "seriesname"),
        *(*_FLAG_COLUMNS, "numberofsubmissions", "fileavailable", "mediatype", ""),
    }
)


class Icse:
    """Reads the hash export of ICSE."""

    nature = "notable"

    def recognises(self, head: bytes) -> bool:
        """Say yes to its columns, separated by semicolons."""
        names = set(_names(first_line(head)))
        return names >= _NEEDED and not names.isdisjoint(("md5", "sha1", "photodna"))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a row."""
        del options
        tally.scheme = "icse"
        names: list[str] = []
        for number, row in rows(lines(supplied.stream, tally), ";"):
            if isinstance(row, str):
                yield Rejected(number, row)
            elif not names and row:
                names = [plain(utf8(cell)) for cell in row]
                _check(names, tally)
            elif row:
                yield _record(number, names, row, tally)


def _check(names: list[str], tally: Tally) -> None:
    if not set(names) >= _NEEDED:
        raise HashSetError("the first line does not name the columns of an ICSE export")
    meant = [name for name in names if name in _MEANT and name]
    if len(set(meant)) != len(meant):
        raise HashSetError("the first line names a column of the ICSE export twice")
    for name in set(names) - _MEANT:
        tally.unknown(name)


def _record(number: int, names: list[str], row: list[str], tally: Tally) -> Record | Rejected:
    if len(row) > len(names):
        return Rejected(number, "column-count")
    if tally.unended and len(row) < len(names):
        return Rejected(number, "cut-short")
    cells = {name: cell.strip() for name, cell in zip(names, row, strict=False) if cell.strip()}
    digests: dict[str, bytes] = {}
    for name in WIDTHS.keys() & cells.keys():
        value = from_hex(cells[name], WIDTHS[name])
        if value is None:
            return Rejected(number, "not-a-digest")
        digests[name] = value
    others: tuple[Value, ...] = values.read("photodna", cells.get("photodna", ""), tally)
    if not digests and not others:
        if "photodna" in cells:
            return Rejected(number, "bad-photodna")
        tally.skipped["no-digest"] += 1
    entry, named = values.entry(utf8(cells.get("imageid", "")))
    flags = {flag: _state(cells.get(name, "")) for name, flag in _FLAG_COLUMNS.items()}
    series = utf8(cells.get("seriesname", ""))
    if len(series.encode("utf-8")) > SERIES_LIMIT:
        tally.skipped["series-too-long"] += 1
        series = ""
    return Record(
        number,
        md5=digests.get("md5", b""),
        sha1=digests.get("sha1", b""),
        sha256=digests.get("sha256", b""),
        entry=entry,
        flags=pack_flags(flags),
        category=CATEGORIES[_state(cells.get("baseline", ""))],
        series=series,
        values=others + named,
    )


def _state(cell: str) -> bool | None:
    return BOOLEANS.get(cell.lower())


def _names(line: str) -> list[str]:
    return [plain(cell) for cell in line.split(";")]


IMPORTER: Final = Icse()
