"""``findings.csv`` and ``items.csv``: RFC 4180, inert in a spreadsheet, one row at a time.

A text cell that a spreadsheet would run as a formula gets an apostrophe before it. No cell holds
a name, unless the case's policy is ``clear``; no cell holds a digest of listed material, whatever
the policy.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, Literal

from heroes_forensics.display import shown
from heroes_forensics.reports.base import ItemRow
from heroes_forensics.reports.evidence import FileTime
from heroes_forensics.reports.model import Finding, Report

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that start a formula (the OWASP list, with the full-width forms)."""

_CHUNK: Final = 65536
"""Characters gathered before a piece is given out."""

_PATH_LIMIT: Final = 65536
"""Characters of a path shown; the bytes in ``path_hex`` are whole."""

WITHHELD: Final = "withheld"
"""Stands where a digest would be one of listed material."""

Cell = str | int

_TIMES: Final = ("m", "a", "c", "b")

FINDING_COLUMNS: Final = (
    "number", "status", "exhibit", "source", "locator", "allocated", "size", "listed_size", "type",
    "type_class", "place", "kind", "grade", "set", "issuer", "edition", "category_code",
    "category_label", "category_scheme", "category_region", "verdict", "victim_identified",
    "offender_identified", "modified", "accessed", "changed", "born", "time_basis", "reason",
)  # fmt: skip

ITEM_COLUMNS: Final = (
    "exhibit", "source", "volume", "locator", "allocated", "kind", "size", "bytes_read", "type",
    "place", "status", "gap", "md5", "sha1", "sha256", "modified", "accessed", "changed", "born",
    "time_basis",
)  # fmt: skip


def findings(report: Report, *, language: str = "en") -> bytes:
    """Return ``findings.csv``: every finding, withdrawn ones too; the same in every language."""
    del language
    rows = (_finding(finding) for finding in report.findings)
    return b"".join(_pieces(FINDING_COLUMNS, rows))


def items(
    rows: Iterable[ItemRow], *, names: Literal["sealed", "clear"] = "sealed"
) -> Iterator[bytes]:
    """Yield ``items.csv`` in pieces.

    Args:
        rows: items in the order in which they shall stand; taken one by one.
        names: the case's policy. Under ``sealed`` a path is not written even when a row has one.
            Under ``clear`` two columns more: ``path`` in display form and ``path_hex``, its bytes.
    """
    if names == "clear":
        columns = (*ITEM_COLUMNS, "path", "path_hex")
        return _pieces(columns, ([*_item(row), *_path(row.get("path", b""))] for row in rows))
    return _pieces(ITEM_COLUMNS, (_item(row) for row in rows))


def inert(text: str) -> str:
    """Return ``text`` in display form and so that no spreadsheet takes it for a formula."""
    return _guarded(shown(text, limit=_PATH_LIMIT))


@lru_cache(1024)
def _word(text: str) -> str:
    """Do what `inert` does, for texts of which there are few in a million rows."""
    return inert(text)


def _guarded(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def _pieces(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(row)
        if buffer.tell() > _CHUNK:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _finding(finding: Finding) -> list[Cell]:
    category = finding.category
    return [
        finding.number,
        finding.status,
        inert(finding.exhibit),
        inert(finding.source),
        inert(finding.locator),
        _yes(finding.allocated),
        _number(finding.size),
        _number(finding.listed_size),
        inert(finding.type),
        finding.type_class,
        inert(finding.place),
        finding.kind,
        finding.grade,
        inert(finding.set_name),
        inert(finding.issuer),
        inert(finding.edition),
        inert(category.code),
        inert(category.label),
        inert(category.scheme),
        inert(category.region),
        category.verdict,
        _yes(finding.victim_identified),
        _yes(finding.offender_identified),
        *_times(finding.times),
        inert(finding.reason),
    ]


def _item(row: ItemRow) -> list[Cell]:
    withheld = bool(row["matched"] - {"known-good"})
    return [
        _word(row["exhibit"]),
        _word(row["source"]),
        _word(row["volume"]),
        inert(row["locator"]),
        _yes(row["allocated"]),
        _word(row["kind"]),
        _number(row["size"]),
        _number(row["bytes_read"]),
        _word(row["type"]),
        _word(row["place"]),
        row["status"],
        _word(row["gap"]),
        _digest(row["md5"], withheld=withheld),
        _digest(row["sha1"], withheld=withheld),
        _digest(row["sha256"], withheld=withheld),
        *_times(row["times"]),
    ]


def _path(path: bytes) -> list[Cell]:
    return [_guarded(shown(path, limit=_PATH_LIMIT)), path.hex()]


def _digest(value: bytes | None, *, withheld: bool) -> str:
    if value is None:
        return ""
    return WITHHELD if withheld else value.hex()


def _number(value: int | None) -> Cell:
    return "" if value is None or value < 0 else value


def _yes(value: bool | None) -> str:  # noqa: FBT001 # a cell, not an option
    return "" if value is None else "yes" if value else "no"


def _times(times: Iterable[FileTime]) -> list[Cell]:
    by_column = {time.which: time for time in times}
    cells: list[Cell] = []
    basis: list[str] = []
    for which in _TIMES:
        time = by_column.get(which)
        cells.append("" if time is None else inert(time.text))
        if time is not None:
            basis.append(_basis(which, time.zone, time.resolution_ns))
    return [*cells, " ".join(basis)]


@lru_cache
def _basis(which: str, zone: str, resolution: int) -> str:
    return f"{which}:{zone}:{resolution}ns"
