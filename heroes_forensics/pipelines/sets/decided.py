"""What was decided on the hash sets of a case since it used them.

An issuer takes an edition back, or the laboratory retires it: findings that rest on it stay what
they are, and whoever reads the next report has to see it. The catalogue knows; the case learns of
it when it is compared again or reported on, by an event.
"""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from heroes_forensics.hashsets.states import RETIRED, RETRACTED
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.sets.hashsets import catalogue
from heroes_forensics.store import standing

if TYPE_CHECKING:
    from heroes_forensics.pipelines.case.cases import OpenCase
    from heroes_forensics.store.database import Database

_LOADED: Final = "hashset.loaded"
_RETIRED: Final = "hashset.retired"


class Key(NamedTuple):
    """How the ledger names an edition."""

    name: str
    issuer: str
    edition: str


class Decided(NamedTuple):
    """The last decision on an edition that a case knows of."""

    state: str = "active"
    reason: str = ""


def known(database: "Database") -> dict[Key, Decided]:
    """Return what the ledger of a case says of each edition it used."""
    found: dict[Key, Decided] = {}
    for event in ledger_events.of(database, _LOADED, _RETIRED):
        body = event.body
        key = Key(body["hashset"], body.get("provider") or "", body.get("version") or "")
        state = "active" if event.kind == _LOADED else RETIRED
        found[key] = Decided(body.get("state") or state, body.get("reason") or "")
    return found


def record(case: "OpenCase") -> list[JSON]:
    """Write an event for each edition that may not be used any more and that the case used.

    Returns:
        Every such edition, also those written before: ``set``, ``edition``, ``state``, ``reason``
        and ``findings``, the numbers of the current findings that rest on it.
    """
    database = case.database
    before = known(database)
    told = []
    for key, state in _unusable(database):
        if before.get(key) != state:
            case.journal.event(
                _RETIRED,
                {
                    "hashset": key.name,
                    "version": key.edition,
                    "provider": key.issuer,
                    "state": state.state,
                    "reason": state.reason,
                },
            )
        told.append((key, state))
    if not told:
        return []
    resting: dict[Key, list[str]] = {}
    for each in standing.findings(database):
        if each.status == standing.CURRENT:
            key = Key(*(str(each.set[name]) for name in ("name", "issuer", "edition")))
            resting.setdefault(key, []).append(number_text(each.finding))
    return [
        {
            "set": key.name,
            "edition": key.edition,
            "state": state.state,
            "reason": state.reason,
            "findings": list(resting.get(key, ())),
        }
        for key, state in told
    ]


def _unusable(database: "Database") -> Iterator[tuple[Key, Decided]]:
    """Yield the editions that the case used and that may not be used any more."""
    used = {
        (uuid, edition): json.loads(text)
        for uuid, edition, text in database.rows("SELECT uuid, edition, facts FROM hashset")
    }
    for each in catalogue().list():
        facts = used.get((each.header.id, each.header.edition))
        if facts is not None and each.state in {RETIRED, RETRACTED}:
            key = Key(*(str(facts[name]) for name in ("name", "issuer", "edition")))
            yield key, Decided(each.state, each.reason)
