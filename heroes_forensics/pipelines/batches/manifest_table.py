"""A manifest as a table: each row is a source, rows with the same exhibit belong together.

What spreadsheets write: commas, semicolons or tabs between the cells, quotes where needed.
"""

import csv
import io
from collections.abc import Iterator
from typing import Any, Final

from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError

_SEPARATORS: Final = ",;\t"
_NAME_LIMIT: Final = 64
_OBJECTS: Final = {"authority": "kind", "expand_limits": "ratio"}
"""Fields whose parts have columns of their own, and one of the parts."""
_LISTS: Final = frozenset({"sets", "allow_expired"})


def tree(data: bytes, what: str) -> dict[str, object]:
    """Return what a CSV says in the form of YAML.

    A column is a field of a source or an exhibit; ``exhibit`` is its label, ``source`` a path,
    ``authority.kind`` a field of the authority. Lists (``sets``, ``expect``,
    ``acquisition_log``, ``allow_expired``) are separated by semicolons. What a later row of the
    same exhibit says of it has to be the same, or nothing.

    Raises:
        UsageError: it is no table, or a row does not fit; the message names the line.
    """
    found: dict[str, dict[str, Any]] = {}
    for line, cells in _rows(data, what):
        where = f"{what}: line {line}"
        label, source = cells.pop("exhibit", ""), cells.pop("source", "")
        if not label or not source:
            raise UsageError(f"{where} lacks exhibit or source", hint="both columns are needed")
        exhibit = found.setdefault(label, {"label": label, "sources": []})
        entry: dict[str, object] = {"path": source}
        for name, value in cells.items():
            if name in {"expect", "acquisition_log", "key_file"}:
                entry[name] = value if name == "key_file" else _cut(value)
            elif name.partition(".")[0] in _OBJECTS and "." in name:
                whole, _, part = name.partition(".")
                _once(exhibit.setdefault(whole, {}), part, value, where)
            else:
                _once(exhibit, name, _cut(value) if name in _LISTS else value, where)
        exhibit["sources"].append(entry)
    return {"exhibits": list(found.values())}


def _rows(data: bytes, what: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row that holds something with its last line: cells by column, empty ones not."""
    try:
        text = data.decode("utf-8-sig")
        if "\0" in text:
            raise UsageError(f"{what} is no table: it holds a NUL", hint="write it as CSV in UTF-8")
        first = text.partition("\n")[0]
        separator = next((mark for mark in _SEPARATORS if mark in first), ",")
        rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=separator)
        columns: list[str] | None = None
        for row in rows:
            cells = [cell.strip() for cell in row]
            if not any(cells):
                continue
            if columns is None:
                columns = cells
                _check_columns(columns, what)
            elif len(cells) != len(columns):
                where = f"{what}: line {rows.line_num}"
                raise UsageError(f"{where} has another number of columns than the first line")
            else:
                pairs = zip(columns, cells, strict=True)
                yield rows.line_num, {name: cell for name, cell in pairs if cell}
    except (UnicodeDecodeError, csv.Error) as error:
        why = f"byte {error.start}" if isinstance(error, UnicodeDecodeError) else str(error)
        raise UsageError(f"{what} is no table: {why}", hint="write it as CSV in UTF-8") from error


def _check_columns(columns: list[str], what: str) -> None:
    seen: set[str] = set()
    for name in columns:
        if not name:
            raise UsageError(f"{what} has a column without a name")
        if name in seen:
            raise UsageError(f"{what} has the column {shown(name, limit=_NAME_LIMIT)} twice")
        if name in _OBJECTS:
            raise UsageError(
                f"{what} has a column {name}",
                hint=f"in a table it is {name}.{_OBJECTS[name]} and so on",
            )
        if name in {"label", "sources", "path"}:
            raise UsageError(
                f"{what} has a column {name}", hint="in a table they are called exhibit and source"
            )
        seen.add(name)


def _cut(value: str) -> list[str]:
    return [part.strip() for part in value.split(";") if part.strip()]


def _once(fields: dict[str, Any], name: str, value: object, where: str) -> None:
    if fields.setdefault(name, value) != value:
        raise UsageError(
            f"{where} says another {shown(name, limit=_NAME_LIMIT)} of the exhibit than a line"
            " before it"
        )
