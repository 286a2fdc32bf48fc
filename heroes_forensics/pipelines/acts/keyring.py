"""Keys as a person handles them: made, listed, replaced. Only public sides are ever shown."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from heroes_forensics.custody import chain, keys, persons, rotation
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.case.journal import now

_TIME: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d)?(\.\d{1,6})?Z)?", re.ASCII)


def new_person(person: str, *, passphrase: str | None, signer: Path | None = None) -> JSON:
    """Make the key of a person, or take one that there is.

    Args:
        person: staff identifier.
        passphrase: wraps it; where the key is in a token, the PIN.
        signer: the key, where there is one; see `laboratory.signing_key`.

    Raises:
        UsageError: there is one, or an argument is malformed.
        StoppedError: a key outside does not sign.
    """
    home = laboratory.home()
    key = None if signer is None else laboratory.signing_key(signer, passphrase, pin=passphrase)
    vkey = persons.create(home, person, passphrase=passphrase, key=key)
    protection = persons.protection(home, person)
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
            "signer": described.get("signer", "file"),
        }
        former = described.get("former")
        for each in former if isinstance(former, list) else ():
            yield {"type": "key", "kind": "laboratory, former", "id": described["domain"], **each}
    for person, vkey in persons.listed(home):
        protection = persons.protection(home, person)
        row = {"kind": "person", "id": person, "vkey": vkey, "protection": protection}
        yield {"type": "key", **row}


def rotate(
    *,
    reason: str,
    stolen_since: str = "",
    passphrase: str | None = None,
    signer: Path | None = None,
) -> JSON:
    """Replace the ledger key of the laboratory.

    Args:
        reason: why, for the record of each case.
        stolen_since: a day, or a time in UTC; empty: the old key was not stolen.
        passphrase: of the laboratory's keys.
        signer: the new key, where there is one; see `laboratory.signing_key`.

    Raises:
        UsageError: there is no laboratory, no reason, or an argument is malformed.
        StoppedError: a key outside does not sign.
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
        ledger=None if signer is None else laboratory.signing_key(signer, passphrase),
    )
    return {
        "type": "laboratory",
        "domain": ring.domain,
        "vkey": ring.vkey,
        "signer": keys.kind(ring.ledger),
        "former": len(ring.former),
        "suspect_since": _time(stolen_since) if stolen_since else None,
    }


def _time(text: str) -> str:
    found = _TIME.fullmatch(text)
    day, minute, second, fraction = found.groups() if found else ("", "", "", "")
    time = f"{day}T{minute or '00:00'}{second or ':00'}{(fraction or '.').ljust(7, '0')}Z"
    if not chain.is_time(time):
        raise UsageError("a time is written as 2026-03-01 or 2026-03-01T14:30Z")
    return time
