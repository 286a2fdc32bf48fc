"""Events that the ledger of a case holds, read again by what they say.

The record proves what was done; some of it decides what may be done next: which keys are in force,
which run was interrupted, what was committed to. It is read where it stands, not kept twice.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from heroes_forensics.custody import bundle, chain, events
from heroes_forensics.errors import CustodyError
from heroes_forensics.store.database import Database


class Recorded(NamedTuple):
    """One event of a ledger, as far as it is read again."""

    seq: int
    """Its number; the first event has 0."""
    kind: str
    """One of the types in `heroes_forensics.custody.events`."""
    time: str
    body: dict[str, Any]
    """What it says, by the fields of its type."""
    actor: str = ""
    """Identifier of who did it."""
    actor_kind: str = "software"
    """``person`` or ``software``."""


def of(database: Database, *kinds: str, newest_first: bool = False) -> Iterator[Recorded]:
    """Yield the events of some types in their order, or the other way round.

    The database is asked only for lines that hold such a type as text: a ledger has a line for
    each unit of work, and few of the others.

    Args:
        database: of the case.
        kinds: types of events.
        newest_first: whether the last one comes first.

    Raises:
        CustodyError: a line is no event in its one byte form.
    """
    found = " OR ".join("instr(line, CAST(? AS BLOB))" for _ in kinds)
    order = "DESC" if newest_first else "ASC"
    for seq, line in database.rows(
        f"SELECT seq, line FROM ledger WHERE {found} ORDER BY seq {order}",  # noqa: S608 - fixed
        tuple(f'"type":"{kind}"' for kind in kinds),
    ):
        event = _read(line)
        if event["type"] in kinds:  # the text may stand elsewhere in a line
            by = event.get("actor") or {}
            who, kind = str(by.get("id", "")), str(by.get("kind", "software"))
            yield Recorded(seq, event["type"], event["time"], event["body"], who, kind)


def lines_of(root: Path) -> Iterator[bytes]:
    """Yield the lines of the ledger in a bundle of unknown origin, LFs included; none without one.

    Raises:
        OSError: the folder cannot be read.
    """
    reader = bundle.Reader(root)
    if bundle.LEDGER in reader.names:
        yield from reader.lines(bundle.LEDGER, chain.MAX_LINE)


def in_bundle(root: Path, *kinds: str) -> Iterator[Recorded]:
    """Yield the sound events of some types that a bundle of unknown origin holds, in order.

    Others are left out: what is wrong with them is the verification's to say.

    Raises:
        OSError: the folder cannot be read.
    """
    marks = [f'"type":"{kind}"'.encode() for kind in kinds]
    for number, line in enumerate(lines_of(root)):
        if not any(mark in line for mark in marks):
            continue
        try:
            event = _read(line)
        except CustodyError:
            continue
        kind = event.get("type")
        sound = kind in kinds and not chain.envelope_faults(event)
        if sound and not events.validate(str(kind), event["body"]):
            yield Recorded(number, str(kind), event["time"], event["body"])


def at(database: Database, seq: int) -> dict[str, Any]:
    """Return what the event with this number says.

    Raises:
        CustodyError: there is no such event.
    """
    line = database.value("SELECT line FROM ledger WHERE seq = ?", (seq,))
    if line is None:
        raise CustodyError(f"the ledger of the case has no event {seq}")
    body: dict[str, Any] = _read(line)["body"]
    return body


def _read(line: bytes) -> dict[str, Any]:
    event = chain.parse(line.rstrip(b"\n"))
    if not isinstance(event, dict) or not isinstance(event.get("body"), dict):
        raise CustodyError("the ledger of the case holds a line that is no event")
    return event
