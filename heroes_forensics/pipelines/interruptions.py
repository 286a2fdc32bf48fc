"""The interruptions of each run, as the ledger has them."""

from dataclasses import dataclass, replace
from typing import Final

from heroes_forensics.custody import chain
from heroes_forensics.model import JSON
from heroes_forensics.store.database import Database

_KINDS: Final = ("run.interrupted", "run.resumed")


@dataclass(frozen=True, slots=True)
class Break:
    """A run was left before its end, and perhaps taken up again."""

    cause: str
    """One of the causes in `heroes_forensics.pipelines.stopping`."""
    noted: str
    """When it was written down; that of a crash, when somebody opened the case again."""
    resumed: str | None = None

    def to_json(self) -> JSON:
        """Return its plain form."""
        return {"cause": self.cause, "noted": self.noted, "resumed": self.resumed}


def breaks(database: Database) -> dict[str, list[Break]]:
    """Return the interruptions by the UUID of the run, in their order."""
    found: dict[str, list[Break]] = {}
    for (line,) in database.rows(
        "SELECT line FROM ledger WHERE instr(line, CAST(?1 AS BLOB))"
        " OR instr(line, CAST(?2 AS BLOB)) ORDER BY seq",
        _KINDS,
    ):
        event = chain.parse(line.rstrip(b"\n"))
        if not isinstance(event, dict) or event["type"] not in _KINDS:
            continue
        body, time = event["body"], event["time"]
        of_run = found.setdefault(body["run"], [])
        if event["type"] == _KINDS[0]:
            of_run.append(Break(body["cause"], time))
        elif of_run:
            of_run[-1] = replace(of_run[-1], resumed=time)
    return found
