"""Emptying rows of a case for good: of items that nothing listed, and of everything sealed.

Rows stay, so that what was listed, examined and left out can be counted for ever; what they said of
a file goes. An item that was emptied has no times, not even empty ones; where it was digested, its
digests are of no length. The database is then written anew, so that no page of its file, and none
of its log, holds what was emptied.
"""

import sqlite3
from typing import Final

from heroes_forensics.errors import CaseBusyError, StoppedError
from heroes_forensics.store import integrity
from heroes_forensics.store.database import Database

REDUCED: Final = "reduced"
ERASED: Final = "erased"
UNSETTLED: Final = "unsettled"
"""Facts of a case: what was reduced, what was erased, and what of that is still to be done."""

_KEPT: Final = (
    "CREATE TEMP TABLE kept AS WITH RECURSIVE found(id) AS"
    " (SELECT item_id FROM match WHERE finding IS NOT NULL"
    " UNION SELECT i.parent FROM item i JOIN found f ON i.id = f.id WHERE i.parent IS NOT NULL)"
    " SELECT id FROM found"
)
"""Items of findings, and the containers around them: a locator leads through those."""
_DROPPED: Final = "NOT IN (SELECT id FROM kept)"
_ITEMS: Final = {
    "content": "md5=X'', sha1=X'', sha256=X'' WHERE sha256 IS NOT NULL AND item_id",
    "perceptual": "value=NULL WHERE value IS NOT NULL AND item_id",
    "supplied": "value=NULL WHERE value IS NOT NULL AND item_id",
    "media_metadata": "device=NULL, model=NULL, value=NULL WHERE item_id",
    "item": "times=X'', locator='', handle=X'', path=X'', owner=-1, first_offset=-1 WHERE id",
}
"""Of an item what goes with it; the item itself last."""
_OF_RUNS: Final = "unit_id IN (SELECT id FROM unit WHERE ?1 IS NULL OR run_id = ?1)"
_SEALED: Final = ("perceptual", "supplied", "media_metadata")
"""Tables whose ``value`` is sealed."""


def prepare(database: Database) -> None:
    """Have SQLite overwrite what is emptied from now on; outside of a transaction."""
    database.execute("PRAGMA secure_delete=ON")


def droppable(database: Database) -> int:
    """Count the items of which nothing is kept any more once `reduce` has run."""
    _find_kept(database)
    return int(
        database.value(f"SELECT count(*) FROM item WHERE times != X'' AND id {_DROPPED}")  # noqa: S608
    )


def reduce(database: Database) -> list[tuple[int, bytes]]:
    """Empty every item without a finding; inside a transaction, after `droppable`.

    Returns:
        Number and new digest of each unit whose rows changed.
    """
    for table, change in _ITEMS.items():
        database.execute(f"UPDATE {table} SET {change} {_DROPPED}")  # noqa: S608 - our own texts
    return _digested(database)


def erase(database: Database, run: int | None) -> list[tuple[int, bytes]]:
    """Empty everything sealed that a run recorded, or all runs; inside a transaction.

    Returns:
        Number and new digest of each unit whose rows changed.
    """
    for table in _SEALED:
        database.execute(
            f"UPDATE {table} SET value=NULL WHERE value IS NOT NULL AND {_OF_RUNS}",  # noqa: S608
            (run,),
        )
    database.execute(f"UPDATE item SET path=X'' WHERE {_OF_RUNS}", (run,))  # noqa: S608
    return _digested(database)


def settle(database: Database) -> None:
    """Write the database anew without what was emptied, and empty its log.

    Raises:
        StoppedError: the disk is full or failing; the old database is still there.
        CaseBusyError: somebody reads the database.
    """
    try:
        database.execute("VACUUM")
        busy = database.value("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.OperationalError as error:
        raise StoppedError(
            f"the case database cannot be written anew: {error}",
            hint="make room on its disk, then start any command that writes to the case",
        ) from error
    if busy:
        raise CaseBusyError(
            "what was erased is still in the log of the case database: another program reads it",
            hint="end that program, then start the same command again",
        )


def _find_kept(database: Database) -> None:
    database.execute("DROP TABLE IF EXISTS temp.kept")
    database.execute(_KEPT)


def _digested(database: Database) -> list[tuple[int, bytes]]:
    found = integrity.unit_digests(database)
    changed = [
        (number, found[number])
        for number, digest in database.rows("SELECT id, rows_sha256 FROM unit ORDER BY id")
        if number in found and found[number] != digest
    ]
    database.many(
        "UPDATE unit SET rows_sha256=? WHERE id=?", [(digest, unit) for unit, digest in changed]
    )
    return changed
