"""What every report writer offers.

A renderer takes the whole model and returns the bytes of one file; a table takes rows one by one
and gives pieces of a file, because an inventory of a million items is never held in memory.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NotRequired, Protocol, TypedDict

from heroes_forensics.reports.evidence import FileTime
from heroes_forensics.reports.model import Report, SetKind

FILE_NAMES: Final[Mapping[str, str]] = {
    "json": "report.json",
    "html": "report.html",
    "csv": "findings.csv",
    "items": "items.csv",
}
"""The name under which each row of `REPORTS` and `TABLES` lies in a bundle."""


class Renderer(Protocol):
    """A row of `reports.REPORTS`."""

    def __call__(self, report: Report, *, language: str = "en") -> bytes:
        """Return the file; the same report and language always give the same bytes."""
        ...


class ItemRow(TypedDict):
    """One item of the inventory, as a table takes it. None: not recorded or not there."""

    exhibit: str
    source: str
    volume: str
    locator: str
    """The entry's own part, as in `heroes inventory --json`."""
    allocated: bool
    kind: str
    size: int | None
    bytes_read: int | None
    type: str
    place: str
    status: Literal["done", "gap", "no-content", "policy"]
    gap: str
    """A key of `heroes_forensics.model.GAP_TEXTS`, or empty."""
    md5: bytes | None
    sha1: bytes | None
    sha256: bytes | None
    times: tuple[FileTime, ...]
    matched: frozenset[SetKind]
    """Kinds of the sets with an entry for this item; decides whether its digests are shown."""
    path: NotRequired[bytes]
    """Used under the names policy ``clear`` alone."""


class Table(Protocol):
    """A row of `reports.TABLES`."""

    def __call__(
        self, rows: Iterable[ItemRow], *, names: Literal["sealed", "clear"] = "sealed"
    ) -> Iterator[bytes]:
        """Yield the file in pieces, in the order of ``rows``."""
        ...
