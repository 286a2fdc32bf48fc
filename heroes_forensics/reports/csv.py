"""``findings.csv``: RFC 4180, inert in a spreadsheet, one row at a time.

A text cell that a spreadsheet would run as a formula gets an apostrophe before it. No cell holds
a name, unless the case's policy is ``clear``; no cell holds a digest of listed material, whatever
the policy.
"""

import csv
import io
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.model import CARVED, REUSE_TEXTS
from heroes_forensics.reports.evidence import FileTime
from heroes_forensics.reports.findings import Finding, Likeness
from heroes_forensics.reports.model import Report
from heroes_forensics.reports.processing import Processing

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters that start a formula (the OWASP list, with the full-width forms)."""

_CHUNK: Final = 65536
"""Characters gathered before a piece is given out."""

_PATH_LIMIT: Final = 65536
"""Characters of a path shown; the bytes in ``path_hex`` are whole."""

Cell = str | int

_TIMES: Final = ("m", "a", "c", "b")

FINDING_COLUMNS: Final = (
    "number", "status", "exhibit", "source", "locator", "allocated", "size", "listed_size", "type",
    "type_class", "place", "kind", "grade", "set", "issuer", "edition", "category_code",
    "category_label", "category_scheme", "category_region", "category_tags", "verdict",
    "victim_identified", "offender_identified", "modified", "accessed", "changed", "born",
    "time_basis", "reason", "algorithm", "view", "distance", "radius", "quality",
    "listed_quality", "comparisons", "expected", "more", "more_at_least",
    "drawn", "plugin", "plugin_version", "reuse",
)  # fmt: skip

PROCESSING_COLUMNS: Final = (
    "event", "time", "action", "type", "who", "who_is", "of", "recipient", "reason",
    "legal_basis", "legal_basis_from",
)  # fmt: skip


def findings(report: Report, *, language: str = "en") -> bytes:
    """Return ``findings.csv``: every finding, withdrawn ones too; the same in every language."""
    del language
    rows = (_finding(finding) for finding in report.findings)
    return b"".join(pieces(FINDING_COLUMNS, rows))


def inert(text: str) -> str:
    """Return ``text`` in display form and so that no spreadsheet takes it for a formula."""
    return _guarded(shown(text, limit=_PATH_LIMIT))


def cell(text: str | bytes) -> str:
    """Return free text as one cell that is written as it stands: inert, and quoted if need be."""
    written = _guarded(shown(text, limit=_PATH_LIMIT))
    if '"' in written or "," in written:
        return '"' + written.replace('"', '""') + '"'
    return written


def _guarded(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA) else text


def pieces(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> Iterator[bytes]:
    """Yield a table piece by piece; whoever makes the rows makes free text `inert`."""
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
        inert("; ".join(category.tags)),
        category.verdict,
        _yes(finding.victim_identified),
        _yes(finding.offender_identified),
        *_times(finding.times),
        inert(finding.reason),
        *_near(finding.near),
        _reuse(finding),
    ]


def _reuse(finding: Finding) -> str:
    """Say whether blocks of deleted content are in use again; of what was carved nobody knows."""
    carved = finding.reuse == "unknown" and finding.place in CARVED
    return "" if carved else REUSE_TEXTS.get(finding.reuse, "")


def _near(near: Likeness | None) -> list[Cell]:
    if near is None:
        return [""] * 13
    return [
        near.algorithm,
        near.view,
        near.distance,
        near.radius,
        _number(near.quality),
        _number(near.listed_quality),
        near.comparisons,
        inert(near.expected),
        near.more,
        _yes(near.more_at_least),
        _yes(near.drawn),
        inert(near.plugin.name if near.plugin else ""),
        inert(near.plugin.version if near.plugin else ""),
    ]


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
            basis.append(time_basis(which, time.zone, time.resolution_ns))
    return [*cells, " ".join(basis)]


@lru_cache
def time_basis(which: str, zone: str, resolution: int) -> str:
    """Return how one of the four times is stored, as a column of both tables says it."""
    return f"{which}:{zone}:{resolution}ns"


def processing(rows: Iterable[Processing]) -> bytes:
    """Return the data protection log."""
    cells = (
        [
            row.seq,
            row.time,
            row.action,
            row.type,
            inert(row.who),
            row.who_is,
            inert("; ".join(row.of)),
            inert(row.recipient),
            inert(row.reason),
            inert(row.legal_basis),
            row.legal_basis_from,
        ]
        for row in rows
    )
    return b"".join(pieces(PROCESSING_COLUMNS, cells))
