"""What every report writer offers.

A renderer takes the whole model and returns the bytes of one file; a table takes items block by
block and gives pieces of a file: an inventory of a million items is never held in memory, and is
written by columns, because a value at a time would cost more than reading it did.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, Protocol

from heroes_forensics.model import TimeRule

if TYPE_CHECKING:  # a typesetter that only wants the names of files starts sooner
    import numpy as np
    import numpy.typing as npt

    from heroes_forensics.reports.findings import SetKind
    from heroes_forensics.reports.model import Report

FILE_NAMES: Final[Mapping[str, str]] = {
    "json": "report.json",
    "html": "report.html",
    "csv": "findings.csv",
    "case": "case.jsonld",
    "check": "check.sh",
    "items": "items.csv",
}
"""The name under which each row of `REPORTS` and `TABLES` lies in a bundle."""


class Renderer(Protocol):
    """A row of `reports.REPORTS`."""

    def __call__(self, report: "Report", *, language: str = "en") -> bytes:
        """Return the file; the same report and language always give the same bytes."""
        ...


Status = Literal["done", "gap", "no-content", "policy"]


@dataclass(frozen=True, slots=True)
class ItemBlock:
    """Items one after the other whose times are stored alike, in columns of the same length."""

    exhibit: str
    source: str
    volume: str
    rules: Mapping[str, TimeRule]
    """How each of the times ``m``, ``a``, ``c``, ``b`` is stored."""
    locators: Sequence[str]
    """The entry's own part, as in `heroes inventory --json`."""
    allocated: Sequence[bool]
    kinds: Sequence[str]
    sizes: Sequence[int]
    """-1: not recorded."""
    bytes_read: Sequence[int]
    """-1: nothing was digested."""
    types: Sequence[str]
    places: Sequence[str]
    statuses: Sequence[Status]
    gaps: Sequence[str]
    """Keys of `heroes_forensics.model.GAP_TEXTS`, or empty."""
    md5: Sequence[bytes | None]
    sha1: Sequence[bytes | None]
    sha256: Sequence[bytes | None]
    seconds: "npt.NDArray[np.int64]"
    """One row an item, in the order m, a, c, b; `moments.NO_TIME` where there is none."""
    nanoseconds: "npt.NDArray[np.uint32]"
    misnamed: Sequence[bool | None]
    """Pictures and films without the name of one, and other content with it; None: not read."""
    reuse: Sequence[str]
    """Keys of `heroes_forensics.model.REUSE_TEXTS`, or empty: of what is deleted alone."""
    matched: "Sequence[frozenset[SetKind]]"
    """Kinds of the sets with an entry for the item; decides whether its digests are shown."""
    paths: Sequence[bytes] = ()
    """Used under the names policy ``clear`` alone; empty under ``sealed``."""


class Table(Protocol):
    """A row of `reports.TABLES`."""

    def __call__(
        self, blocks: Iterable[ItemBlock], *, names: Literal["sealed", "clear"] = "sealed"
    ) -> Iterator[bytes]:
        """Yield the file in pieces, in the order of ``blocks``."""
        ...
