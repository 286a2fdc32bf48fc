"""Rows of what pictures and films say of their origin: sealed values, keyed tags, counts.

Values stand here only sealed, whatever the case's policy for names is.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from heroes_forensics.store.database import Database

_INSERT: Final = (
    "INSERT INTO media_metadata (item_id, unit_id, state, position, device, model, value)"
    " VALUES (?,?,?,?,?,?,?)"
)
_OF: Final = (
    " FROM media_metadata t JOIN item i ON i.id = t.item_id JOIN volume v ON v.id = +i.volume_id"
    " JOIN source s ON s.id = v.source_id JOIN exhibit e ON e.id = s.exhibit_id"
)
"""The sign keeps SQLite from going through all items by the index of their places."""


class Row(NamedTuple):
    """One picture or film as stored."""

    item_id: int
    unit_id: int
    state: int
    """One of `described.State`."""
    position: int
    """One of `described.Position`."""
    device: bytes | None
    model: bytes | None
    value: bytes | None
    """Sealed."""


def insert(database: Database, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    """Insert rows in the order of their items; return what was stored."""
    stored = sorted(map(tuple, rows))
    database.many(_INSERT, stored)
    return stored


def of_item(database: Database, item: int) -> Row | None:
    """Return what is stored of one item; None where nobody asked."""
    for row in database.rows("SELECT * FROM media_metadata WHERE item_id=?", (item,)):
        return Row(*row)
    return None


def all_rows(database: Database) -> Iterator[Row]:
    """Yield what is stored, in the order of the items."""
    for row in database.rows("SELECT * FROM media_metadata ORDER BY item_id"):
        yield Row(*row)


def counts(database: Database, exhibit: int) -> dict[tuple[int, int], int]:
    """Count pictures and films of an exhibit by state and position."""
    return {
        (state, position): count
        for state, position, count in database.rows(
            f"SELECT t.state, t.position, count(*){_OF} WHERE e.id=? GROUP BY t.state, t.position",
            (exhibit,),
        )
    }


class Group(NamedTuple):
    """Pictures and films of one exhibit that name the same device, or no more than its model."""

    tag: bytes
    is_device: bool
    """Whether there is a serial number; else make and model alone."""
    exhibit: str
    files: int
    findings: int
    """Of these files, those that are findings which stand."""


def groups(database: Database) -> Iterator[Group]:
    """Yield how many files name each device, by exhibit; the tags rise."""
    for row in database.rows(
        "SELECT coalesce(t.device, t.model), t.device IS NOT NULL, e.label, count(*),"  # noqa: S608 - fixed
        " total(EXISTS (SELECT 1 FROM match m WHERE m.item_id = t.item_id AND"
        " m.finding IS NOT NULL AND coalesce((SELECT r.status FROM restated r WHERE r.finding ="
        " m.finding ORDER BY r.id DESC LIMIT 1), m.status) = 'current'))"
        f"{_OF} WHERE t.model IS NOT NULL OR t.device IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    ):
        tag, is_device, exhibit, files, findings = row
        yield Group(tag, bool(is_device), exhibit, files, int(findings))


def lines(database: Database, volume: int, prefix: str) -> Iterator[bytes]:
    """Yield what `content_sha256` takes of the metadata of a volume, by locator.

    Values and tags are not in it: they are sealed, and keyed, by each case for itself.
    """
    for locator, state, position in database.rows(
        "SELECT i.locator, t.state, t.position FROM media_metadata t"
        " JOIN item i ON i.id = t.item_id WHERE i.volume_id=?"
        " ORDER BY i.locator, t.state, t.position",
        (volume,),
    ):
        yield f"metadata\t{prefix}/{locator}\t{state}\t{position}\n".encode()
