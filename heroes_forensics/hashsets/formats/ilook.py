"""iLook hash sets: a header that starts with ``V1Hash``, ``V3Hash`` or ``V4Hash``.

The first column is MD5. Names and paths stand in the middle and may hold commas, so a row is read
from both of its ends. Source: the reader of md5deep, and its real samples of versions 3 and 4.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.table import rows
from heroes_forensics.hashsets.formats.text import first_line, lines


class _Layout(NamedTuple):
    version: str
    columns: tuple[str, ...]
    left: int
    """Columns before the names."""


_LATER: Final = ("md5", "sha1", "name", "path", "size", "sha256", "sha384", "sha512")
_LAYOUTS: Final = {
    "v1hash,hashtype,setdescription,filename,filepath,filesize": _Layout(
        "1", ("md5", "type", "description", "name", "path", "size"), 3
    ),
    "v3hash,hashsha1,filename,filepath,filesize,hashsha256,hashsha384,hashsha512": _Layout(
        "3", _LATER, 2
    ),
    "v4hash,hashsha1,filename,filepath,filesize,hashsha256,hashsha384,hashsha512,"
    "createtime,modtime,lastaccesstime": _Layout("4", (*_LATER, "", "", ""), 2),
}
_NAMES: Final = 2
"""Columns in the middle whose commas are their own."""
_OTHERS: Final = ("sha384", "sha512")


class ILook:
    """Reads iLook hash sets."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes to one of the three headers."""
        return _layout(first_line(head)) is not None

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a row."""
        del options
        layout: _Layout | None = None
        for number, row in rows(lines(supplied.stream, tally), ","):
            if layout is None:
                if not row:
                    continue
                layout = _layout("" if isinstance(row, str) else ",".join(row))
                if layout is None:
                    raise HashSetError("the first line is no header of an iLook hash set")
                tally.version = layout.version
            elif isinstance(row, str):
                yield Rejected(number, row)
            elif row:
                yield _record(number, row, layout, tally)


def _layout(line: str) -> _Layout | None:
    return _LAYOUTS.get(line.replace(" ", "").replace('"', "").lower())


def _record(number: int, row: list[str], layout: _Layout, tally: Tally) -> Record | Rejected:
    columns = layout.columns
    if len(row) < len(columns):
        return Rejected(number, "column-count")
    right = len(columns) - layout.left - _NAMES
    cells = dict(zip(columns, row[: layout.left], strict=False))
    cells |= dict(zip(columns[-right:], row[-right:], strict=True))
    size = from_decimal(cells["size"].strip()) if cells["size"].strip() else -1
    if size is None:
        return Rejected(number, "bad-size")
    digests: dict[str, bytes] = {}
    for name in WIDTHS.keys() & cells.keys():
        text = cells[name].strip()
        value = from_hex(text, WIDTHS[name]) if text else b""
        if value is None:
            return Rejected(number, "not-a-digest")
        digests[name] = value
    others: tuple[Value, ...] = ()
    for name in _OTHERS:
        others += values.read(name, cells.get(name, ""), tally)
    if not any(digests.values()) and not others:
        tally.skipped["no-digest"] += 1
    return Record(
        number,
        md5=digests["md5"],
        sha1=digests.get("sha1", b""),
        sha256=digests.get("sha256", b""),
        size=size,
        values=others,
    )


IMPORTER: Final = ILook()
