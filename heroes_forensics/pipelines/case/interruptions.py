"""The interruptions of each run, as the ledger has them."""

from dataclasses import dataclass, replace
from typing import Final

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.store.database import Database

_LEFT: Final = "run.interrupted"
_RESUMED: Final = "run.resumed"


@dataclass(frozen=True, slots=True)
class Break:
    """A run was left before its end, and perhaps taken up again."""

    cause: str
    """One of the causes in `heroes_forensics.pipelines.examining.stopping`."""
    noted: str
    """When it was written down; that of a crash, when somebody opened the case again."""
    resumed: str | None = None

    def to_json(self) -> JSON:
        """Return its plain form."""
        return {"cause": self.cause, "noted": self.noted, "resumed": self.resumed}


def breaks(database: Database) -> dict[str, list[Break]]:
    """Return the interruptions by the UUID of the run, in their order."""
    found: dict[str, list[Break]] = {}
    for event in ledger_events.of(database, _LEFT, _RESUMED):
        of_run = found.setdefault(event.body["run"], [])
        if event.kind == _LEFT:
            of_run.append(Break(event.body["cause"], event.time))
        elif of_run:
            of_run[-1] = replace(of_run[-1], resumed=event.time)
    return found
