"""How far runs have come: what is on record, and what is still to be done."""

from typing import NamedTuple

from heroes_forensics.model import EntryKind
from heroes_forensics.store.database import Database
from heroes_forensics.store.queries import gap_counts, unexpected


class SoFar(NamedTuple):
    """What a run has done: where its counters stand when it is taken up again."""

    items: int = 0
    items_ended: int = 0
    bytes: int = 0
    """By the metadata, of what has content."""
    bytes_ended: int = 0
    findings: int = 0
    gaps: int = 0
    """Unexpected ones."""


def so_far(database: Database, run: int) -> SoFar:
    """Sum what a run listed and examined up to now."""
    items, ended, size, read = next(
        database.rows(
            "SELECT count(*), count(c.item_id), total(max(i.size, 0)),"
            " total(CASE WHEN c.item_id IS NOT NULL THEN max(i.size, 0) END)"
            " FROM item i JOIN unit u ON u.id = i.unit_id"
            " LEFT JOIN content c ON c.item_id = i.id WHERE u.run_id=?",
            (run,),
        )
    )
    found = database.value(
        "SELECT count(m.finding) FROM match m JOIN unit u ON u.id = m.unit_id WHERE u.run_id=?",
        (run,),
    )
    gaps = unexpected(gap_counts(database, run=run))
    return SoFar(items, ended, int(size), int(read), found, gaps)


def stored(database: Database, volume: int) -> tuple[int, int]:
    """Count the entries on record of the listing of a volume, and the directories among them."""
    entries, directories = next(
        database.rows(
            "SELECT count(*), total(kind = ?) FROM item WHERE volume_id=? AND parent IS NULL",
            (int(EntryKind.DIRECTORY), volume),
        )
    )
    return entries, int(directories)


class Standing(NamedTuple):
    """One volume of a source, as it stands on record when its run goes on."""

    id: int
    key: str
    state: str
    file_system: str
    time_basis: str
    last: int
    """The last item stored; 0 without any."""
    unread: int
    """Bytes, by the metadata, of what is not examined."""


def standing(database: Database, source: int) -> list[Standing]:
    """Return how far the volumes of a source have come."""
    found = []
    for number, key, state, system, basis in list(
        database.rows(
            "SELECT id, key, state, coalesce(file_system, ''), coalesce(time_basis, '{}')"
            " FROM volume WHERE source_id=? ORDER BY id",
            (source,),
        )
    ):
        last, unread = next(
            database.rows(
                "SELECT coalesce(max(i.id), 0),"
                " total(CASE WHEN c.item_id IS NULL THEN max(i.size, 0) END)"
                " FROM item i LEFT JOIN content c ON c.item_id = i.id"
                " WHERE i.volume_id=? AND i.parent IS NULL",
                (number,),
            )
        )
        found.append(Standing(number, key, state, system, basis, last, int(unread)))
    return found


def registered(database: Database, source: int) -> bool:
    """Say whether what opening a source showed is on record."""
    return bool(
        database.value(
            "SELECT EXISTS (SELECT 1 FROM volume WHERE source_id=?1)"
            " OR EXISTS (SELECT 1 FROM gap WHERE source_id=?1)",
            (source,),
        )
    )


def not_reached(database: Database, source: int) -> bool:
    """Say whether anything of a source is still to be listed or read."""
    return bool(
        database.value(
            "SELECT EXISTS (SELECT 1 FROM volume WHERE source_id=?1"
            " AND state NOT IN ('listed', 'gap'))"
            " OR EXISTS (SELECT 1 FROM item i JOIN volume v ON v.id = i.volume_id"
            " LEFT JOIN content c ON c.item_id = i.id"
            " WHERE v.source_id=?1 AND c.item_id IS NULL)",
            (source,),
        )
    )


def verified(database: Database, run: int, source: int) -> str | None:
    """Return the status of the verification that a run has on record of a source."""
    found: str | None = database.value(
        "SELECT status FROM verification WHERE run_id=? AND source_id=? ORDER BY id DESC",
        (run, source),
    )
    return found


def runs_without_end(database: Database) -> list[tuple[int, str, int]]:
    """Return number and UUID of each run without an outcome, and how many items it examined."""
    return [
        (
            number,
            uuid,
            database.value(
                "SELECT count(*) FROM content c JOIN unit u ON u.id = c.unit_id WHERE u.run_id=?",
                (number,),
            ),
        )
        for number, uuid in database.rows("SELECT id, uuid FROM run WHERE outcome IS NULL")
    ]
