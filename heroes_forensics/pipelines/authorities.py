"""The legal basis of a case: what the newest ``authority.recorded`` of its ledger says."""

import json

from heroes_forensics.model import JSON
from heroes_forensics.store.database import Database


def newest(database: Database) -> JSON | None:
    """Return the newest legal basis on record; None when there is none."""
    line = database.value(
        "SELECT line FROM ledger WHERE instr(line, CAST(? AS BLOB)) ORDER BY seq DESC LIMIT 1",
        ('"type":"authority.recorded"',),
    )
    body = json.loads(line)["body"] if line else None
    return body if isinstance(body, dict) else None


def reference(database: Database) -> str | None:
    """Return the reference of the newest legal basis, by which a run names it."""
    body = newest(database)
    return str(body["reference"]) if body else None
