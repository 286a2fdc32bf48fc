"""Reviews: what a second person thinks of a finding or a report, as an event."""

from pathlib import Path
from typing import Final

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.acts.acting import act
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.cases import read_only
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.checks.locating import finding_number
from heroes_forensics.store.database import Database

_DIGITS: Final = 9
"""Of the number of a report: nobody issues more."""
OUTCOMES: Final = ("agree", "disagree", "needs-work")


def review(  # noqa: PLR0913 - what a review says
    case_dir: Path,
    what: str,
    outcome: str,
    *,
    reviewer: str,
    note: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Record a review.

    Args:
        case_dir: the case.
        what: a finding (``F-000012``), or a report by its number (``report 2``).
        outcome: one of `OUTCOMES`.
        reviewer: staff identifier; another person than the examiner makes it a second person's.
        note: what is to be said of it: nothing about content, and no names.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: there is no such thing in the case.
    """
    with read_only(case_dir) as database:
        reference = _reference(database, what)
        examiner = str(database.facts()["examiner"])
    said: JSON = {
        "object_ref": reference,
        "outcome": outcome,
        "second_person": bool(reviewer) and reviewer != examiner,
        "note": note,
    }
    return act(case_dir, "review.recorded", said, person=reviewer, passphrase=passphrase)


def _reference(database: Database, what: str) -> str:
    kind, _, number = what.partition(" ")
    if kind == "report" and number.isdecimal():
        issued = ledger_events.of(database, "report.issued")
        known = len({str(each.body["number"]) for each in issued})  # one signed is issued again
        if len(number) > _DIGITS or not 0 < int(number) <= known:
            raise UsageError("the case has no such report", hint="see: heroes case show CASE")
        return f"report {int(number)}"
    found = finding_number(what)
    if not database.value("SELECT count(*) FROM match WHERE finding = ?", (found,)):
        raise UsageError(
            f"the case has no finding {number_text(found)}", hint="see: heroes findings CASE"
        )
    return number_text(found)
