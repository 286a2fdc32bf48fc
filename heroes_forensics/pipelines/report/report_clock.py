"""What a report says of the machine's clock: not kept right, or moved while a run wrote its record.

Order comes from the numbers of events alone; but times of a record are those of this clock, and a
reader has to know what they are worth.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from heroes_forensics.custody.rules import CLOCK_TOLERANCE_US
from heroes_forensics.reports.evidence import Note

UNSYNCHRONISED: Final = Note(
    "clock-not-synchronised", "no time service kept the clock of the machine right"
)
SET_BACK: Final = Note("clock-set-back", "the clock was set back while the record was written")
SET_FORWARD: Final = Note(
    "clock-set-forward", "the clock was set forward while the record was written"
)

_BEGINS: Final = frozenset({"run.started", "run.resumed"})
_ENDS: Final = frozenset({"run.completed", "run.interrupted"})


def notes(lines: Iterable[bytes]) -> dict[str, tuple[Note, ...]]:
    """Return what is to be said of the clock, by run.

    Args:
        lines: of the ledger, all of them, in order.
    """
    found: dict[str, dict[Note, None]] = {}
    run = ""
    between: list[Note] = []
    before: dict[str, Any] | None = None
    for line in lines:
        event = json.loads(line)
        said = [*between, *_moved(before, event)]
        if event["type"] in _BEGINS:
            run = event["body"]["run"]
        if _is_unsynchronised(event):
            said.append(UNSYNCHRONISED)
        # What was seen while no run was on concerns the dates of the one that begins next.
        between = [] if run else said
        if run and said:
            found.setdefault(run, {}).update(dict.fromkeys(said))
        if event["type"] in _ENDS:
            run = ""
        before = event
    return {run: tuple(rows) for run, rows in found.items()}


def _is_unsynchronised(event: dict[str, Any]) -> bool:
    return event["type"] == "clock.checked" and not event["body"]["synchronised"]


def _moved(before: dict[str, Any] | None, event: dict[str, Any]) -> list[Note]:
    """Compare how far the wall clock and the steady one went between two events.

    Two processes have no steady clock in common: there a date before the last one is all that
    shows.
    """
    if before is None:
        return []
    wall = datetime.fromisoformat(event["time"]) - datetime.fromisoformat(before["time"])
    step = wall // timedelta(microseconds=1)
    if event["proc"] == before["proc"]:
        step -= event["mono"] - before["mono"]
    elif step > 0:
        return []
    if abs(step) <= CLOCK_TOLERANCE_US:
        return []
    return [SET_BACK if step < 0 else SET_FORWARD]
