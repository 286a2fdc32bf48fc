"""What a process that was killed left to do: the end of an erasure, and of writing a report.

An erasure ends when its files are destroyed and the database is written anew; a report when the
files that its event names have their names. The next command that writes to the case sees to both.
"""

import json
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


def issued(database: Database) -> dict[str, str | None]:
    """Return what the files of reports are by the newest issues: SHA-256 in hex; None: no file.

    Args:
        database: of the case.

    Returns:
        By their names in the bundle; a summary has files of its own.
    """
    found: dict[bool, dict[str, str | None]] = {}
    for (text,) in database.rows("SELECT facts FROM report ORDER BY number"):
        files = {f"report/{each['name']}": each["sha256"] for each in json.loads(text)["files"]}
        level = any(name.startswith("report/summary.") for name in files)
        found[level] = {**dict.fromkeys(found.get(level, ())), **files}
    return {name: digest for level in found.values() for name, digest in level.items()}


def erased(facts: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is on record of an erasure of the whole sealed part; None when there was none."""
    found = facts.get(emptying.ERASED)
    return found if isinstance(found, dict) and found.get("all") else None
