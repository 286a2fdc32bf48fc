"""CSV and TSV: columns by their names, by a mapping, or as listed by the operator.

Separator ``,`` ``;`` tab or ``|``, the one under which the header names most columns. Names are
compared without case and punctuation. Cells that are not digests may hold any bytes; a digest
column that nobody named is never guessed by its shape.
"""

import csv
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, Self

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.hashsets.formats import values
from heroes_forensics.hashsets.formats.base import (
    CATEGORY_LIMIT,
    SERIES_LIMIT,
    WIDTHS,
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
    damaged,
    from_decimal,
    from_hex,
)
from heroes_forensics.hashsets.formats.text import head_lines, lines
from heroes_forensics.hashsets.formats.values import plain
from heroes_forensics.hashsets.known import FLAGS, VALUE_KINDS, pack_flags

SEPARATORS: Final = ",;\t|"
ROW_LIMIT: Final = 4 << 20
"""Bytes of one row, over all its lines."""
FIELDS: Final[dict[str, str]] = {
    **dict.fromkeys(("md5", "md5hash"), "md5"),
    **dict.fromkeys(("sha1", "sha1hash"), "sha1"),
    **dict.fromkeys(("sha256", "sha256hash"), "sha256"),
    **dict.fromkeys(("size", "filesize", "mediasize", "bytes"), "size"),
    **dict.fromkeys(
        ("category", "mediacategory", "vicscategory", "status", "classification"), "category"
    ),
    **dict.fromkeys(("id", "mediaid"), "id"),
    "series": "series",
    **dict.fromkeys(("quality", "pdqquality"), "quality"),
    **values.KINDS,
    **{name.replace("_", ""): name for name in FLAGS},
}
"""Column name, without case and punctuation, to field."""
_PLAIN: Final = ("size", "category", "id", "series", "quality")
OTHER_KINDS: Final = tuple(kind for kind in VALUE_KINDS if kind not in ("id", "tmk", "vpdq"))
HASHES: Final = frozenset({*WIDTHS, *OTHER_KINDS})
UNUSED: Final = frozenset({"tags", "name", "filename", "description", "ignore", ""})
_TARGETS: Final = (*WIDTHS, *OTHER_KINDS, *_PLAIN, *FLAGS, "ignore")
BOOLEANS: Final[dict[str, bool]] = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}


class Table:
    """Reads tables whose columns are named."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        """Say yes when the first line names at least one column of digests."""
        return bool(_digest_columns(_first(head), {}))

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        """Yield one record a row."""
        mapping = {plain(source): target(field) for source, field in options.mapping.items()}
        if len(mapping) != len(options.mapping):
            raise UsageError("a column is mapped twice")
        first = _first(supplied.head)
        if options.columns:
            columns = [plain(name) for name in options.columns]
            separator = max(SEPARATORS, key=first.count) if len(columns) > 1 else ","
        else:
            separator = _digest_columns(first, mapping)
            if not separator:
                _check_mapped(options, {plain(c) for s in SEPARATORS for c in _cells(first, s)})
                raise HashSetError(
                    "the first line names no column of digests",
                    hint="name one with --map COLUMN=md5; where no line names them:"
                    " heroes hashset import FILE --no-header --columns md5,...",
                )
            columns = [plain(name) for name in _cells(first, separator)]
        _check_mapped(options, set(columns))
        layout = _layout(columns, mapping, tally)
        if not any(name in HASHES for name, _ in layout):
            raise UsageError("none of the columns holds digests")
        header = not options.columns
        for number, row in rows(lines(supplied.stream, tally), separator):
            if isinstance(row, str):
                yield Rejected(number, row)
            elif header:
                header = False
            elif row:
                yield _record(number, row, len(columns), layout, tally)


def rows(
    text: Iterator[tuple[int, bytes]], separator: str
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield (line on which a row ends, its cells), or the reason why a row cannot be read.

    Cells hold their bytes as Latin-1 characters, so that nothing is lost.

    Raises:
        HashSetError: a quotation mark is never closed, so what is a row cannot be told, or a row
            is too long: a quoted cell may go over many lines, and a row have many such cells.
    """
    told = _Lines(text)
    reader = csv.reader(told, delimiter=separator, strict=True)
    while True:
        told.row = 0
        try:
            yield reader.line_num + 1, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field larger" in str(error) or "unexpected end" in str(error):
                raise damaged(
                    "a quotation mark is not closed", f"near line {reader.line_num}"
                ) from error
            yield reader.line_num, "not-a-row"


def _check_mapped(options: Options, columns: set[str]) -> None:
    """Refuse a mapping of a column that is not there: less would be imported than was meant."""
    for source in options.mapping:
        if plain(source) not in columns:
            raise UsageError(
                f"there is no column {shown(source)}",
                hint="give --map the names of columns as the first line, or --columns, has them",
            )


class _Lines:
    """Lines for the reader of rows, and how long the row is that they make so far."""

    def __init__(self, text: Iterator[tuple[int, bytes]]) -> None:
        self._text = text
        self.row = 0

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        number, line = next(self._text)
        self.row += len(line)
        if self.row > ROW_LIMIT:
            raise damaged(f"a row is longer than {ROW_LIMIT} bytes", f"line {number}")
        return line.decode("latin-1") + "\n"


class _Column(NamedTuple):
    field: str
    position: int


def _layout(columns: list[str], mapping: dict[str, str], tally: Tally) -> list[_Column]:
    layout: list[_Column] = []
    for position, name in enumerate(columns):
        field = mapping.get(name) or FIELDS.get(name, "")
        if field and field != "ignore":
            if any(column.field == field for column in layout):
                raise HashSetError(
                    f"two columns are named {field}", hint="leave one out: --map COLUMN=ignore"
                )
            layout.append(_Column(field, position))
        elif name not in UNUSED and field != "ignore":
            tally.unknown(name)
    return layout


def _record(
    number: int, row: list[str], width: int, layout: list[_Column], tally: Tally
) -> Record | Rejected:
    if len(row) != width:
        return Rejected(number, "column-count")
    cells = {field: row[at] if field in WIDTHS else utf8(row[at]) for field, at in layout}
    return from_cells(number, cells, tally)


def from_cells(number: int, texts: Mapping[str, str], tally: Tally) -> Record | Rejected:
    """Make a record of what stands in its columns.

    Args:
        number: of the record.
        texts: by field, as in `FIELDS`.
        tally: counts what is left out.
    """
    cells = {field: cell for field, text in texts.items() if (cell := text.strip())}
    quality = values.quality_of(cells.pop("quality", ""))
    found: dict[str, object] = {}
    flags: dict[str, bool | None] = {}
    others: tuple[Value, ...] = ()
    unread = ""
    for field, cell in cells.items():
        if field in FLAGS:
            flags[field] = BOOLEANS.get(cell.lower())
        elif field in VALUE_KINDS and field != "id":
            kept = values.read(field, cell, tally)
            unread = unread or ("" if kept else f"bad-{field}")
            others += tuple(value._replace(quality=quality) for value in kept)
        elif field == "id":
            found["entry"], named = values.entry(cell)
            others += named
        else:
            value = _CELLS[field](cell)
            if value is None:
                return Rejected(number, "not-a-digest" if field in WIDTHS else f"bad-{field}")
            found[field] = value
    if not found.keys() & WIDTHS.keys() and not any(value.kind != "id" for value in others):
        if unread:
            return Rejected(number, unread)
        tally.skipped["no-digest"] += 1
    return Record(number, flags=pack_flags(flags), values=others, **found)  # type: ignore[arg-type]


def utf8(cell: str) -> str:
    """Return the text of a cell: its bytes are UTF-8, and else ISO-8859-1."""
    try:
        return cell.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return cell


def _text(limit: int) -> Callable[[str], str | None]:
    def convert(cell: str) -> str | None:
        fits = len(cell.encode("utf-8", errors="backslashreplace")) <= limit
        return cell if fits else None

    return convert


def _digest(width: int) -> Callable[[str], bytes | None]:
    return lambda cell: from_hex(cell, width)


_CELLS: Final[dict[str, Callable[[str], object]]] = {
    **{name: _digest(width) for name, width in WIDTHS.items()},
    "size": from_decimal,
    "category": _text(CATEGORY_LIMIT),
    "series": _text(SERIES_LIMIT),
}


def target(name: str) -> str:
    """Return a field that a column may be mapped to.

    Raises:
        UsageError: there is none of that name.
    """
    if name not in _TARGETS:
        raise UsageError(
            f"no field is called {name!r}", hint="map to one of: " + ", ".join(_TARGETS)
        )
    return name


def _first(head: bytes) -> str:
    return next((line for line in head_lines(head) if line.strip()), "")


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=separator, strict=True), [])
    except csv.Error:
        return []


def _digest_columns(line: str, mapping: dict[str, str]) -> str:
    """Return the separator under which a header names most columns, none without a digest."""

    def named(separator: str) -> int:
        names = [plain(cell) for cell in _cells(line, separator)]
        fields = [mapping.get(name) or FIELDS.get(name, "") for name in names]
        return sum(bool(field) for field in fields) if set(fields) & HASHES else 0

    best = max(SEPARATORS, key=named)
    return best if named(best) else ""


IMPORTER: Final = Table()
