"""The events of a ledger for annex A of a report: each in one line, in its own words.

Texts are those of operators and of this program; no event holds one from evidence.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from heroes_forensics.custody import chain
from heroes_forensics.reports.model import Event
from heroes_forensics.store.database import Database

TOLD: Final[Mapping[str, tuple[str, ...]]] = {
    "ledger.opened": ("case_ref",),
    "ledger.checkpointed": ("size", "reason"),
    "ledger.anchored": ("method", "reference"),
    "ledger.closed": ("reason",),
    "record.corrected": ("seq", "reason"),
    "clock.checked": ("source",),
    "actor.declared": ("id", "role"),
    "actor.withdrawn": ("id", "reason"),
    "authority.recorded": ("kind", "reference"),
    "key.added": ("reason",),
    "key.retired": ("reason",),
    "key.compromised": ("reason",),
    "exhibit.described": ("exhibit",),
    "evidence.registered": ("evidence", "format"),
    "evidence.acquired": ("evidence", "program"),
    "evidence.verified": ("evidence", "status"),
    "evidence.opened": ("evidence", "mode"),
    "evidence.closed": ("evidence",),
    "evidence.changed": ("evidence",),
    "evidence.stored": ("evidence", "location"),
    "evidence.returned": ("evidence", "to"),
    "evidence.disposed": ("evidence", "method"),
    "custody.transferred": ("evidence", "from", "to"),
    "hashset.loaded": ("hashset", "version"),
    "hashset.retired": ("hashset", "version", "state"),
    "method.declared": ("method", "version"),
    "config.declared": ("profile",),
    "environment.recorded": ("program_version", "os"),
    "run.started": ("purpose", "evidence"),
    "run.resumed": ("reason",),
    "run.interrupted": ("cause",),
    "run.completed": ("outcome",),
    "inventory.committed": ("count",),
    "findings.committed": ("count",),
    "attempt.ended": ("unit", "cause"),
    "isolation.probed": ("level",),
    "index.tested": ("hashset", "probes", "failed"),
    "plugin.loaded": ("plugin", "version"),
    "policy.declared": ("names",),
    "case.unlocked": ("purpose",),
    "recipients.changed": ("reason",),
    "recovery.drilled": ("recipient",),
    "finding.classified": ("finding", "code"),
    "review.recorded": ("object_ref", "outcome"),
    "quality.noted": ("kind", "text"),
    "sealed.opened": ("findings", "what"),
    "data.consulted": ("what",),
    "data.combined": ("purpose",),
    "data.erased": ("what", "method"),
    "disclosure.made": ("recipient", "organisation"),
    "export.made": ("format", "recipient"),
    "report.issued": ("number",),
    "report.withdrawn": ("reason",),
}
"""What is told of an event, by its type; of others nothing is."""

_PARTS: Final = 4
"""Of a list so many are told; more are counted."""
_LONGEST: Final = 200
"""Characters of one line."""


def events(database: Database) -> Iterator[Event]:
    """Yield every event but those that close one unit of work."""
    for seq, line in database.rows("SELECT seq, line FROM ledger ORDER BY seq"):
        event = chain.parse(line.rstrip(b"\n"))
        if isinstance(event, dict) and event["type"] != "unit.completed":
            yield Event(
                seq=seq,
                time=event["time"],
                type=event["type"],
                actor=str(event["actor"]["id"]),
                summary=_summary(event["type"], event["body"]),
            )


def _summary(kind: str, body: Mapping[str, object]) -> str:
    told = (body.get(name) for name in TOLD.get(kind, ()))
    text = ", ".join(_text(value) for value in told if value not in (None, "", []))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _text(value: object) -> str:
    if isinstance(value, list):
        more = len(value) - _PARTS
        return ", ".join(map(str, value[:_PARTS])) + (f" + {more}" if more > 0 else "")
    return str(value)
