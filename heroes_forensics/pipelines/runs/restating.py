"""What a later edition says of the findings of a case: new, said otherwise, listed as before, gone.

A finding keeps its number for ever, so an edition is held against each finding of its set: by the
record in the same edition, else by the number that the supplier gave the entry.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from heroes_forensics.model import JSON
from heroes_forensics.pipelines.sets import likeness
from heroes_forensics.store import standing
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.store.database import Database

_SAID: Final = ("category", "label", "tags", "victim_identified", "offender_identified")
"""Facts of an entry that a later edition may state otherwise."""
_EFFORT: Final = frozenset({"radius", "tried", "comparisons", "expected", "more", "more_at_least"})
"""What follows from how long a list is and how deep it was looked: no list says it of a finding."""

Restated = tuple[int, standing.Status, MatchRow]
"""Number of a finding, how it stands, and the match that says so; see `standing.restate`."""


@dataclass(slots=True)
class Changes:
    """What the comparison says that the case did not say before, by number of the finding."""

    new: list[tuple[int, MatchRow]] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)
    """Candidates of which it cannot be told: found in depth (see `likeness.kept`), or so many
    entries are close to the picture that not all were looked at."""
    still: int = 0
    """Findings of an earlier edition that this one lists as before."""


class Beyond(NamedTuple):
    """What is close to pictures beside the best entries of each set: it makes no new finding."""

    rows: Sequence[MatchRow] = ()
    """Of entries that are findings."""
    cut: frozenset[tuple[int, int]] = frozenset()
    """Items and row numbers of sets of which not all that may be close was looked at."""
    plugin: JSON | None = None
    """What identifies the plug-in that compared, too."""


class Held:
    """The candidates on record of the sets that are compared, by item."""

    def __init__(
        self,
        database: "Database",
        sets: Iterable[tuple[int, str, str]],
        plugin: JSON | None = None,
    ) -> None:
        """Read them, before anything of this comparison is stored."""
        self._by_item: dict[int, list[tuple[int, str, standing.Standing]]] = defaultdict(list)
        for number, uuid, edition in sets:
            for each in standing.findings(database, uuid=uuid):
                if each.facts.get("near") and likeness.kept(each.facts, plugin):
                    self._by_item[each.item_id].append((number, edition, each))

    def sets_of(self, item: int) -> set[int]:
        """Return the row numbers of the sets that an item is close to by the record."""
        return {number for number, *_ in self._by_item.get(item, ())}

    def among(self, item: int, rows: Sequence[MatchRow]) -> Iterator[MatchRow]:
        """Yield the matches that are entries of candidates on record."""
        by_set: Mapping[int, list[MatchRow]] = defaultdict(list)
        for row in rows:
            by_set[row.hashset_id].append(row)
        for number, edition, each in self._by_item.get(item, ()):
            found = _same_entry(each, by_set[number], edition)
            if found is not None:
                yield by_set[number].pop(found)


def judged(
    database: "Database",
    sets: Iterable[tuple[int, str, str]],
    rows: Sequence[MatchRow],
    changes: Changes,
    beyond: Beyond,
) -> tuple[list[MatchRow], list[Restated]]:
    """Tell what is new to the case from what it knows; return both, ready to be stored.

    Args:
        database: of the case, before anything of this comparison is stored.
        sets: row number, UUID and edition of each set that was compared.
        rows: all matches with them.
        changes: what is noted but for what is new, which has no number yet.
        beyond: what is close, too: a finding is not withdrawn because others are closer.
    """
    fresh: list[MatchRow] = []
    restated: list[Restated] = []
    by_set = _by_set(rows)
    further = _by_set(beyond.rows)
    stored = set(
        database.rows("SELECT item_id, hashset_id, record FROM match WHERE finding IS NULL")
    )
    for number, uuid, edition in sets:
        mine, others = by_set[number], further[number]
        taken: dict[int, list[MatchRow]] = defaultdict(list)
        for each in standing.findings(database, uuid=uuid):
            item = each.item_id
            found = _same_entry(each, mine[item], edition)
            # Two earlier editions may each have made a finding of one entry.
            again = _same_entry(each, taken[item], edition)
            farther = _same_entry(each, others[item], edition)
            if found is not None:
                taken[item].append(mine[item].pop(found))
                _still(each, taken[item][-1], edition, changes, restated)
            elif again is not None:
                _still(each, taken[item][again], edition, changes, restated)
            elif farther is not None:
                taken[item].append(others[item].pop(farther))
                _still(each, taken[item][-1], edition, changes, restated)
            elif not likeness.kept(each.facts, beyond.plugin) or (
                each.facts.get("near") and (item, number) in beyond.cut
            ):
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


def _by_set(rows: Iterable[MatchRow]) -> Mapping[int, dict[int, list[MatchRow]]]:
    """Return matches by row number of the set, then by item."""
    found: dict[int, dict[int, list[MatchRow]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.hashset_id][row.item_id].append(row)
    return found


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
    differs = differs or _likeness(each.facts) != _likeness(row.facts)
    if differs:
        changes.changed.append(each.finding)
    else:
        changes.still += 1
    if differs or each.set["edition"] != edition:
        restated.append((each.finding, standing.CURRENT, row))


def _likeness(facts: JSON) -> JSON:
    """Return how an item and an entry are alike, whatever was compared beside them."""
    near = facts.get("near")
    if not isinstance(near, dict):
        return {}
    return {name: said for name, said in near.items() if name not in _EFFORT}
