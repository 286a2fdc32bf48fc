"""Keys as a person handles them: made, listed, replaced. Only public sides are ever shown."""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.custody import keys, persons, rotation
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import laboratory
from heroes_forensics.pipelines.journal import now

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,6})?Z)?", re.ASCII)


def new_person(person: str, *, passphrase: str | None) -> JSON:
    """Make the key of a person.

    Raises:
        UsageError: there is one, or the identifier is malformed.
    """
    vkey = persons.create(laboratory.home(), person, passphrase=passphrase)
    protection = "file" if passphrase is None else "passphrase"
    return {"type": "key", "kind": "person", "id": person, "vkey": vkey, "protection": protection}


def listed() -> Iterator[JSON]:
    """Yield the public side of each key that lies in this home."""
    home = laboratory.home()
    if keys.protection(home) is not None:
        described = keys.laboratory(home)
        yield {
            "type": "key",
            "kind": "laboratory",
            "id": described["domain"],
            "vkey": described["vkey"],
            "protection": described["protection"],
        }
        former = described.get("former")
        for each in former if isinstance(former, list) else ():
            yield {"type": "key", "kind": "laboratory, former", "id": described["domain"], **each}
    for person, vkey in persons.listed(home):
        protection = "passphrase" if persons.protected(home, person) else "file"
        row = {"kind": "person", "id": person, "vkey": vkey, "protection": protection}
        yield {"type": "key", **row}


def rotate(*, reason: str, stolen_since: str = "", passphrase: str | None = None) -> JSON:
    """Replace the ledger key of the laboratory.

    Args:
        reason: why, for the record of each case.
        stolen_since: a day, or a time in UTC; empty: the old key was not stolen.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: there is no laboratory, no reason, or the time is malformed.
    """
    if not reason.strip():
        raise UsageError("a key is replaced for a reason: say which")
    home = laboratory.home()
    ring = rotation.rotate(
        home,
        passphrase=passphrase,
        time=now(),
        reason=reason,
        suspect_since=_time(stolen_since) if stolen_since else None,
    )
    return {
        "type": "laboratory",
        "domain": ring.domain,
        "vkey": ring.vkey,
        "former": len(ring.former),
        "suspect_since": _time(stolen_since) if stolen_since else None,
    }


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    if found is None:
        raise UsageError("a time is written as 2026-03-01 or 2026-03-01T14:30Z")
    day, minute, second, fraction = found.groups()
    return f"{day}T{minute or '00:00'}{second or ':00'}{(fraction or '.').ljust(7, '0')}Z"
