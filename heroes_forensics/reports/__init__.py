"""Reports: a plain model in, bytes out; nothing here reads evidence, a case or a ledger."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from heroes_forensics.registry import Plugin
from heroes_forensics.reports.base import Renderer, Table

if TYPE_CHECKING:
    from heroes_forensics.reports.exchange import Exporter

REPORTS: Final[tuple[Plugin[Renderer], ...]] = (
    Plugin("json", "heroes_forensics.reports.json:render", "The whole report as canonical JSON"),
    Plugin("html", "heroes_forensics.reports.html:render", "One page to read and print, no script"),
    Plugin("csv", "heroes_forensics.reports.csv:findings", "The findings, one row each"),
    Plugin("case", "heroes_forensics.reports.case_uco:render", "CASE/UCO 1.4 JSON-LD, no digests"),
    Plugin("check", "heroes_forensics.reports.checking:render", "The printed commands as a script"),
)

PAPER: Final[tuple[Plugin[Callable[..., bytes]], ...]] = (
    Plugin("pdf", "heroes_forensics.reports.pdf:typeset", "The page as PDF/A-3a, PDF/UA-1 [pdf]"),
)
"""Made of the page and not of the model, in a process of its own, with the extra it names."""

TABLES: Final[tuple[Plugin[Table], ...]] = (
    Plugin("items", "heroes_forensics.reports.items:items", "Every item, one row each, streamed"),
)

EXPORTS: Final[tuple[Plugin["Exporter"], ...]] = (
    Plugin("case", "heroes_forensics.reports.case_uco:EXPORT", "CASE/UCO 1.4 JSON-LD of findings"),
    Plugin("dfxml", "heroes_forensics.reports.dfxml:EXPORT", "DFXML 1.2, a file for each source"),
    Plugin("timesketch", "heroes_forensics.reports.timesketch:EXPORT", "Timeline for Timesketch"),
    Plugin("bodyfile", "heroes_forensics.reports.bodyfile:EXPORT", "Body file 3, for mactime"),
    Plugin("csv", "heroes_forensics.reports.items_csv:EXPORT", "Items with findings, as CSV"),
    Plugin("jsonl", "heroes_forensics.reports.jsonl:EXPORT", "Items with findings, as JSON Lines"),
)
"""Formats that other programs and laboratories read; for a recipient who is named."""

LISTS: Final[tuple[Plugin[Callable[..., bytes]], ...]] = (
    Plugin("vics", "heroes_forensics.reports.vics:render", "VICS 2.0 or 1.3 case of findings"),
    Plugin("md5", "heroes_forensics.reports.hashlists:bare", "MD5 of findings, by category"),
    Plugin("kdb", "heroes_forensics.reports.hashlists:kdb", "Sleuth Kit hash database of findings"),
    Plugin("places", "heroes_forensics.reports.hashlists:places", "Where findings lie, as CSV"),
)
"""Lists of what was found; likewise."""
