"""What people did, for a report: who had the evidence, who read or handed on what was sealed.

Texts are those that operators gave; none is from evidence.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from heroes_forensics.custody import bundle, chain, notes, signing
from heroes_forensics.custody.rules import Rules
from heroes_forensics.errors import CustodyError
from heroes_forensics.model import JSON
from heroes_forensics.reports.model import Act, ActField
from heroes_forensics.store.database import Database

Topic = Literal["custody", "data", "quality", "record"]

TOPICS: Final[dict[str, tuple[Topic, tuple[str, ...]]]] = {
    "custody.transferred": (
        "custody",
        ("from", "to", "place", "purpose", "seal_before", "seal_after", "condition", "note"),
    ),
    "exhibit.described": ("record", ("fields",)),
    "evidence.stored": ("custody", ("location", "seal_number")),
    "evidence.returned": ("custody", ("to", "seal_number", "condition")),
    "evidence.disposed": ("custody", ("method", "authority")),
    "sealed.opened": ("data", ("what", "justification", "legal_basis")),
    "data.consulted": ("data", ("what", "justification")),
    "disclosure.made": (
        "data",
        ("recipient", "organisation", "fields", "legal_basis", "justification"),
    ),
    "export.made": ("data", ("format", "recipient")),
    "data.combined": ("data", ("sources", "purpose")),
    "data.erased": (
        "data",
        ("what", "items", "method", "retention_rule", "legal_basis", "justification"),
    ),
    "actor.declared": ("record", ("id", "role", "organisation")),
    "actor.withdrawn": ("record", ("id", "reason")),
    "authority.recorded": ("record", ("kind", "reference", "issued_by")),
    "key.added": ("record", ("reason",)),
    "key.retired": ("record", ("reason",)),
    "key.compromised": ("record", ("reason", "suspect_since")),
    "ledger.anchored": ("record", ("method", "reference", "size", "gen_time")),
    "clock.checked": ("quality", ("source", "offset_ms", "uncertainty_ms")),
    "record.corrected": ("record", ("seq", "reason", "replacement")),
    "recipients.changed": ("record", ("recipients", "reason")),
    "recovery.drilled": ("quality", ("recipient", "opened")),
    "quality.noted": ("quality", ("kind", "text")),
    "review.recorded": ("quality", ("object_ref", "outcome", "second_person")),
    "report.withdrawn": ("quality", ("reason",)),
}
"""What a report tells of events of each type."""

_SHOWN: Final = 9
"""Findings of one act that are named; more are counted."""


def acts(database: Database, root: Path) -> Iterator[Act]:
    """Yield what people did, in order.

    Args:
        database: of the case.
        root: the folder of its bundle, whose checkpoints bear cosignatures.
    """
    rules, told = Rules(datetime.now(UTC)), []
    for seq, line in database.rows("SELECT seq, line FROM ledger ORDER BY seq"):
        event = chain.parse(line.rstrip(b"\n"))
        if isinstance(event, dict):
            rules.see(seq, event, "")
            if event["type"] in TOPICS and not _by_itself(event):
                told.append((seq, event))
    signed = list(_checkpoints(root)) if rules.holders.transfers else []
    people = {number: who for _, number, who in rules.holders.transfers}
    for seq, event in told:
        yield _act(seq, event, people.get(seq, ()), rules, signed)


def _by_itself(event: JSON) -> bool:
    """Tell whether it is the comparison of clocks that every run makes, told with the run."""
    actor = event["actor"]
    software = isinstance(actor, dict) and actor.get("kind") == "software"
    return software and event["type"] == "clock.checked"


def _checkpoints(root: Path) -> Iterator[signing.Signed]:
    reader = bundle.Reader(root)
    for name in reader.checkpoints():
        data = reader.read(name, notes.MAX_NOTE)
        try:
            note = notes.parse(data or b"")
            yield signing.Signed(name, note, notes.read_checkpoint(note.text))
        except CustodyError:
            continue  # the verification of the record says so


def _act(
    seq: int, event: JSON, who: tuple[str, ...], rules: Rules, signed: list[signing.Signed]
) -> Act:
    kind, body = str(event["type"]), event["body"]
    actor = event["actor"]
    topic, names = TOPICS[kind]
    said: JSON = body if isinstance(body, dict) else {}
    have = [person for person in who if signing.has_signed(rules, signed, person, seq)]
    return Act(
        seq=seq,
        time=str(event["time"]),
        topic=topic,
        type=kind,
        actor=str(actor["id"]) if isinstance(actor, dict) else "",
        of=tuple(_of(said)),
        fields=tuple(
            ActField(name, _text(said[name]))
            for name in names
            if said.get(name) is not None and said[name] != ""
        ),
        signed=tuple(have),
        unsigned=tuple(person for person in who if person not in have),
    )


def _of(said: JSON) -> Iterator[str]:
    """Yield what an act is about: exhibits, sources, findings."""
    for name in ("exhibit", "evidence", "findings"):
        value = said.get(name)
        listed = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        yield from map(str, listed[:_SHOWN])
        if len(listed) > _SHOWN:
            yield f"+ {len(listed) - _SHOWN}"


def _text(value: object) -> str:
    if isinstance(value, dict):
        return f"{value['name']}: {value['value']}"
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
