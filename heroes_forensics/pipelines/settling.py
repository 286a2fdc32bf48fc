"""The end of an erasure: files destroyed, the database written anew. A kill in it is made good."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from heroes_forensics import durable
from heroes_forensics.errors import StoppedError
from heroes_forensics.store import emptying
from heroes_forensics.store.database import Database


def settle(database: Database, root: Path) -> None:
    """Do what an erasure on record has left to do; nothing when there is none.

    Args:
        database: of the case, held for writing.
        root: the folder of its bundle.

    Raises:
        StoppedError: a disk refused; the next command that writes to the case does it.
        CaseBusyError: somebody reads the database.
    """
    left = database.facts().get(emptying.UNSETTLED)
    if not isinstance(left, dict):
        return
    try:
        for name in left["files"]:
            durable.destroy(root / name)
    except OSError as error:
        raise StoppedError(
            f"a sealed file cannot be destroyed: {error.strerror}",
            hint="mend the disk, then start any command that writes to the case",
        ) from error
    emptying.prepare(database)
    emptying.settle(database)
    with database.transaction():
        database.set_fact(emptying.UNSETTLED, None)


def erased(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is on record of an erasure of the whole sealed part; None when there was none."""
    found = facts.get(emptying.ERASED)
    return found if isinstance(found, dict) and found.get("all") else None
