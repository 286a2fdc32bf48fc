"""What a plug-in found close to the values of pictures, as candidates of the sets of a run.

The plug-in alone knows how far two values are apart, so it is asked, in a locked decoder
(`distances.py`); nothing of it ever runs here. What it fails to compare is counted and costs
nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from heroes_forensics.frames import (
    PLUGIN_KINDS,
    PLUGIN_NEAREST,
    SUPPLIED,
    Batch,
    Rows,
    Supplied,
    Unit,
)
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.known import KNOWN_GOOD
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.sets import likeness
from heroes_forensics.pipelines.sets.distances import Comparison, Listed, Pairs
from heroes_forensics.pipelines.sets.likeness import Looked
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.store.records import MatchRow
from heroes_forensics.store.supplied_values import Kept, Made

if TYPE_CHECKING:
    from heroes_forensics.pipelines.sets.run_sets import Sets
    from heroes_forensics.pipelines.workers.crews import Crew

MOST_DEATHS: Final = 16
"""Decoders that a plug-in may end in one run before it is asked no more."""


class Comparer:
    """Compares with the sets of one run, by a plug-in that was tried."""

    def __init__(self, sets: "Sets", plugged: Plugged) -> None:
        """Unseal what the sets list of its kind.

        Raises:
            HashSetError: they are not what was written.
            StoppedError: there is no memory for them.
        """
        self._sets = sets
        self.plugged = plugged
        self._listed = Listed(sets, plugged.kind)
        self.deaths = 0
        """How many decoders it ended."""

    @property
    def is_given_up(self) -> bool:
        """Whether it is asked no more: each decoder it ends costs the time that it may take."""
        return self.deaths >= MOST_DEATHS

    def begin(self, supplied: Rows) -> Comparison:
        """Begin to compare `SUPPLIED` rows; those without values are passed over."""
        values = supplied[supplied["status"] == Supplied.VALUE]
        parts = () if self.is_given_up else self._listed.parts
        compared = Comparison(values, parts, self.plugged)
        if self.is_given_up and self._listed.parts:
            compared.failed.update(range(len(values)))
        return compared

    def merged(
        self, item: int, compared: Comparison, looked: Looked | None, *, every: bool = False
    ) -> Looked:
        """Join what the plug-in found of a picture to what its other values did.

        Of a record that both are close to the better grade speaks; what the other said stands
        beside it. With ``every``, what is beyond the best of each set is told, too, and of which
        sets not all was compared.
        """
        looked = looked or Looked([], 0)
        mine = np.flatnonzero(compared.values["id"] == item)
        rows = {(row.hashset_id, row.record): row for row in looked.rows}
        further = list(looked.further)
        near, ended = self._gathered(mine, compared)
        for row, is_best in self._rows(item, len(mine), near, ended):
            if not is_best:
                if every:
                    further.append(row)
                continue
            key = (row.hashset_id, row.record)
            rows[key] = _better(rows[key], row) if key in rows else row
        failed = compared.failed & set(mine.tolist())
        if failed:
            ended |= {part.set_index for part in self._listed.parts}
        numbers = [number for number, *_ in self._sets.numbers()]
        return looked._replace(
            rows=list(rows.values()),
            compared=looked.compared + (len(mine) - len(failed) if self._listed.parts else 0),
            further=further,
            cut=looked.cut | {numbers[index] for index in ended},
        )

    def _gathered(
        self, mine: Pairs, compared: Comparison
    ) -> tuple[dict[int, dict[int, tuple[int, int]]], set[int]]:
        """Return by set and record the distance and frame that come closest, and sets cut off."""
        near: dict[int, dict[int, tuple[int, int]]] = {}
        cut: set[int] = set()
        for part, found in compared.close_by:
            here = found[np.isin(found["query"], mine)]
            _, counts = np.unique(here["query"], return_counts=True)
            if (counts >= PLUGIN_NEAREST).any():
                cut.add(part.set_index)
            record = self._listed.record[part.set_index][part.first + here["entry"].astype(int)]
            best = near.setdefault(part.set_index, {})
            for query, distance, one in zip(
                here["query"].tolist(), here["distance"].tolist(), record.tolist(), strict=True
            ):
                pair = (distance, int(compared.values["at"][query]))
                best[one] = min(best.get(one, pair), pair)
        return near, cut

    def _rows(
        self,
        item: int,
        tried: int,
        near: dict[int, dict[int, tuple[int, int]]],
        cut: set[int],
    ) -> Iterator[tuple[MatchRow, bool]]:
        """Yield entries of each set, nearest first; whether each is among the best of it."""
        good = min(
            (
                (distance, index)
                for index, best in near.items()
                if self._sets.kind(index) == KNOWN_GOOD
                for distance, _ in best.values()
            ),
            default=None,
        )
        for index, best in sorted(near.items()):
            ranked = sorted((distance, one, at) for one, (distance, at) in best.items())
            more = max(0, len(ranked) - candidates.MOST)
            for rank, (distance, one, at) in enumerate(ranked):
                row = self._row(item, index, one, self._near(tried, index, distance, at))
                if more or index in cut:
                    told: JSON = {"more": more, "more_at_least": index in cut}
                    row = replace(row, facts=row.facts | {"near": _near_of(row) | told})
                if good is not None and row.makes_finding and good[0] <= distance:
                    by = self._sets.opened[good[1]][0].header.name
                    facts = row.facts | {likeness.OUTRANKED: by}
                    row = replace(row, makes_finding=False, facts=facts)
                yield row, rank < candidates.MOST

    def _near(self, tried: int, index: int, distance: int, at: int) -> JSON:
        plugged = self.plugged
        return {
            "algorithm": plugged.kind,
            "view": "as-is",
            "orientation": 0,
            "at": at,
            "distance": distance,
            "radius": plugged.threshold,
            "quality": None,
            "listed_quality": None,
            "tried": tried,
            "comparisons": tried * len(self._listed.record[index]),
            "expected": None,
            "plugin": identity(plugged),
        }

    def _row(self, item: int, index: int, record: int, near: JSON) -> MatchRow:
        row = self._sets.listed(index, record, item)
        facts = row.facts | {"algorithms": [self.plugged.kind], "near": near}
        return replace(row, grade=candidates.B, facts=facts)

    def ended(self, comparison: Comparison, crew: "Crew", number: Callable[[], int]) -> None:
        """Have decoders do all of a comparison, here and now.

        Args:
            comparison: of this comparer.
            crew: of decoders that loaded the plug-in.
            number: gives numbers of units.
        """

        def next_unit() -> Unit | None:
            return comparison.next_unit(number)

        for unit, frame, _ in crew.run(next_unit):
            if isinstance(frame, Batch):
                comparison.take(unit.id, frame.rows)
            elif isinstance(frame, Death) or frame.kind == "failed":
                is_innocent = isinstance(frame, Death) and frame.cause == deaths.ZYGOTE
                comparison.died(unit.id, is_innocent=is_innocent)
                self.deaths += not is_innocent
                if self.is_given_up:
                    comparison.leave()
            elif frame.kind == "done":
                comparison.done(unit.id)

    def close(self) -> None:
        """Let go of what is listed."""
        self._listed.close()


def _near_of(row: MatchRow) -> JSON:
    near = row.facts["near"]
    return dict(near) if isinstance(near, dict) else {}


def _better(one: MatchRow, other: MatchRow) -> MatchRow:
    """Return the one of two candidates of a record that says more, with the other beside it."""
    first, second = sorted((one, other), key=lambda row: candidates.GRADES.index(row.grade))
    facts = first.facts | {
        "algorithms": [_near_of(first)["algorithm"], _near_of(second)["algorithm"]],
        "also_near": second.facts["near"],
    }
    is_finding = one.makes_finding and other.makes_finding
    outranked = one.facts.get(likeness.OUTRANKED) or other.facts.get(likeness.OUTRANKED)
    if outranked:
        facts |= {likeness.OUTRANKED: outranked}
    return replace(first, facts=facts, makes_finding=is_finding)


def identity(plugged: Plugged) -> JSON:
    """Return what values of a plug-in rest on: those of another identity are other values."""
    return {"name": plugged.name, "version": plugged.version, "package": plugged.package}


def made(plugged: Plugged) -> Made:
    """Return the same, as values are stored with it."""
    text = f"{plugged.kind} {plugged.name} {plugged.version} ({plugged.package})"
    return Made(text, PLUGIN_KINDS[plugged.kind])


def failed(item: int) -> Rows:
    """Return the row of a picture over which the plug-in ended its decoder."""
    row = np.zeros(1, SUPPLIED)
    row["id"], row["status"] = item, Supplied.FAILED
    return row


def kept(rows: Rows, compared: Comparison) -> Kept:
    """Return what is kept of one picture: its `SUPPLIED` rows, and how many were not compared."""
    mine = np.flatnonzero(np.isin(compared.values["id"], rows["id"]))
    return Kept(rows, len(compared.failed & set(mine.tolist())))
