"""The legal basis of a case: what the newest ``authority.recorded`` of its ledger says."""

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.store.database import Database


def newest(database: Database) -> JSON | None:
    """Return the newest legal basis on record; None when there is none."""
    found = ledger_events.of(database, "authority.recorded", newest_first=True)
    return next((event.body for event in found), None)


def reference(database: Database) -> str | None:
    """Return the reference of the newest legal basis, by which a run names it."""
    body = newest(database)
    return str(body["reference"]) if body else None
