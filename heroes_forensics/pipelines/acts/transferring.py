"""Handing exhibits over: what a transfer contradicts is said before it is recorded.

The world holds transfers that do not follow: a courier nobody declared, a step that nobody wrote
down in time. The record has to be able to say what happened, so they are recorded for a reason that
stands beside them; `heroes verify` calls them incomplete all the same.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from heroes_forensics.custody.holders import NOBODY, Holders
from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.acts.acting import act
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.store.database import Database

HELD: tuple[str, ...] = ("custody.transferred", "evidence.returned", "evidence.disposed")


class _Fault(NamedTuple):
    """What a transfer contradicts, and what would have to be recorded first."""

    text: str
    first: str


def hand_over(  # noqa: PLR0913 - an event, who did it, and in spite of what
    case_dir: Path,
    evidence: Sequence[str],
    fields: Mapping[str, object],
    *,
    nevertheless: str = "",
    person: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Record that exhibits went from one person to another; see ``custody.transferred``.

    Args:
        case_dir: the case.
        evidence: labels of exhibits or of sources.
        fields: ``from``, ``to``, ``place``, ``purpose``, and what else an event of it says.
        nevertheless: the reason for which a transfer is recorded that does not follow from the
            record; it stands in the event as its note.
        person: who records it; the examiner of the case when empty.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: somebody is not declared, or gives what the record says somebody else has, and
            no reason is given.
        CustodyError: the case does not verify.
    """
    with read_only(case_dir) as database:
        faults = list(_faults(database, [*evidence], str(fields["from"]), str(fields["to"])))
    if faults and not nevertheless.strip():
        raise UsageError(
            "; ".join(fault.text for fault in faults),
            hint=f"{faults[0].first}; or record it as it happened: add --nevertheless REASON",
        )
    said = act(
        case_dir,
        "custody.transferred",
        {"evidence": [*evidence], **fields, "note": nevertheless.strip()},
        person=person,
        before=True,
        passphrase=passphrase,
    )
    return {**said, "does_not_follow": [fault.text for fault in faults]}


def _faults(
    database: Database, evidence: Sequence[str], giver: str, receiver: str
) -> Iterator[_Fault]:
    declared: set[str] = set()
    for event in ledger_events.of(database, "actor.declared", "actor.withdrawn"):
        (declared.add if event.kind == "actor.declared" else declared.discard)(event.body["id"])
    for who in dict.fromkeys((giver, receiver)):
        if who not in declared:
            yield _Fault(
                f"{shown(who)} is not declared in this case",
                "declare who that is: heroes case person CASE ID --role ROLE",
            )
    holders = Holders()
    for event in ledger_events.of(database, *HELD):
        list(holders.see(event.kind, event.body, event.seq, ""))
    for item in evidence:
        holder = holders.of(item)
        if holder == NOBODY:
            text = f"{shown(item)} was returned or disposed of, by the record"
            yield _Fault(text, "record first how it came back to whoever gives it now")
        elif holder not in {None, giver}:
            has = shown(str(holder))
            text = f"{shown(item)} is with {has} by the record, not with {shown(giver)}"
            yield _Fault(text, f"record first how it came to {shown(giver)}")
