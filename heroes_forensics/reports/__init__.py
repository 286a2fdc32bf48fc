"""Reports: a plain model in, bytes out; nothing here reads evidence, a case or a ledger."""

from typing import Final

from heroes_forensics.registry import Plugin
from heroes_forensics.reports.base import Renderer, Table

REPORTS: Final[tuple[Plugin[Renderer], ...]] = (
    Plugin("json", "heroes_forensics.reports.json:render", "The whole report as canonical JSON"),
    Plugin("html", "heroes_forensics.reports.html:render", "One page to read and print, no script"),
    Plugin("csv", "heroes_forensics.reports.csv:findings", "The findings, one row each"),
)

TABLES: Final[tuple[Plugin[Table], ...]] = (
    Plugin("items", "heroes_forensics.reports.items:items", "Every item, one row each, streamed"),
)
