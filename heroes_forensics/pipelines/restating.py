"""What a later edition says of the findings of a case: new, said otherwise, listed as before, gone.

A finding keeps its number for ever, so an edition is held against each finding of its set: by the
record in the same edition, else by the number that the supplier gave the entry.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from heroes_forensics.pipelines import likeness
from heroes_forensics.store import standing
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.store.database import Database

_SAID: Final = ("category", "label", "tags", "victim_identified", "offender_identified", "near")
"""Facts of an entry that a later edition may state otherwise."""

Restated = tuple[int, standing.Status, MatchRow]
"""Number of a finding, how it stands, and the match that says so; see `standing.restate`."""


@dataclass(slots=True)
class Changes:
    """What the comparison says that the case did not say before, by number of the finding."""

    new: list[tuple[int, MatchRow]] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    """Candidates found in depth: only the evidence can tell, see `likeness.kept`."""
    still: int = 0
    """Findings of an earlier edition that this one lists as before."""


def judged(
    database: "Database",
    sets: Iterable[tuple[int, str, str]],
    rows: Sequence[MatchRow],
    changes: Changes,
) -> tuple[list[MatchRow], list[Restated]]:
    """Tell what is new to the case from what it knows; return both, ready to be stored.

    Args:
        database: of the case, before anything of this comparison is stored.
        sets: row number, UUID and edition of each set that was compared.
        rows: all matches with them.
        changes: what is noted but for what is new, which has no number yet.
    """
    fresh: list[MatchRow] = []
    restated: list[Restated] = []
    by_set: dict[int, list[MatchRow]] = defaultdict(list)
    for row in rows:
        by_set[row.hashset_id].append(row)
    stored = set(
        database.rows("SELECT item_id, hashset_id, record FROM match WHERE finding IS NULL")
    )
    for number, uuid, edition in sets:
        mine: dict[int, list[MatchRow]] = defaultdict(list)
        for row in by_set[number]:
            mine[row.item_id].append(row)
        taken: dict[int, list[MatchRow]] = defaultdict(list)
        for each in standing.findings(database, uuid=uuid):
            item = each.item_id
            found = _same_entry(each, mine[item], edition)
            # Two earlier editions may each have made a finding of one entry.
            again = _same_entry(each, taken[item], edition)
            if found is not None:
                taken[item].append(mine[item].pop(found))
                _still(each, taken[item][-1], edition, changes, restated)
            elif again is not None:
                _still(each, taken[item][again], edition, changes, restated)
            elif not likeness.kept(each.facts):
                changes.unknown.append(each.finding)
            elif each.status == standing.CURRENT:
                changes.withdrawn.append(each.finding)
                gone = MatchRow(
                    *(each.item_id, number, each.record, each.grade, each.verdict, each.facts),
                    makes_finding=True,
                )
                restated.append((each.finding, standing.WITHDRAWN, gone))
        fresh += [
            row
            for item in sorted(mine)
            for row in mine[item]
            if (row.item_id, row.hashset_id, row.record) not in stored
        ]
    return fresh, restated


def _same_entry(each: standing.Standing, rows: Sequence[MatchRow], edition: str) -> int | None:
    """Return the position of the match that is the entry of a finding.

    That is the one of the same record in the same edition, else of the number that the supplier
    gave the entry, else any, where he gives none.
    """
    entry = each.facts.get("entry", -1)
    for position, row in enumerate(rows):
        same = row.record == each.record if each.set["edition"] == edition else None
        if row.facts["entry"] == entry if same is None else same:
            return position
    return None


def _still(
    each: standing.Standing,
    row: MatchRow,
    edition: str,
    changes: Changes,
    restated: list[Restated],
) -> None:
    """Take what an edition says of a finding that it lists."""
    differs = each.status != standing.CURRENT or (each.grade, each.verdict) != (
        row.grade,
        row.verdict,
    )
    differs = differs or any(each.facts.get(name) != row.facts.get(name) for name in _SAID)
    if differs:
        changes.changed.append(each.finding)
    else:
        changes.still += 1
    if differs or each.set["edition"] != edition:
        restated.append((each.finding, standing.CURRENT, row))
