"""Comparing what pictures look like with the near sets of a run, and how that is stored.

What comes close is a candidate: a finding of its own grade that somebody has to confirm, never
joined with an exact match of the same record, which says more. A picture that is closer to an
entry of a known-good set than to one of another kind is no finding; that, too, is on record.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from heroes_forensics.frames import TIER_1, VIEWS, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.candidates import Candidate
from heroes_forensics.hashsets.known import KNOWN_GOOD
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import films
from heroes_forensics.pipelines.films import FilmMatch, FilmMatches
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.pipelines.run_sets import Sets

OUTRANKED: Final = "outranked_by"
"""Fact of a candidate that is no finding: the known-good set that the picture is closer to."""


class Looked(NamedTuple):
    """What comparing one picture gave."""

    rows: list[MatchRow]
    """Candidates, and those of known-good sets, which are no findings."""
    compared: int
    """How many of its values were compared; 0: it is not perceptually matchable."""


def look(sets: "Sets", pictures: Rows, hashes: Rows, *, widened: bool = False) -> dict[int, Looked]:
    """Compare decoded pictures with the near sets of a run.

    Args:
        sets: of the run, recorded.
        pictures: `frames.PERCEPTUAL` rows.
        hashes: `frames.HASHES` rows of these pictures.
        widened: look further; see `candidates.search`.

    Returns:
        By item; nothing when no set has anything to compare with.
    """
    near = sets.near()
    if not any(near):
        return {}
    large = np.minimum(pictures["width"], pictures["height"]) >= candidates.MIN_SIDE
    usable = hashes[np.isin(hashes["id"], pictures["id"][large]) & candidates.comparable(hashes)]
    is_film = np.isin(usable["id"], pictures["id"][pictures["milliseconds"] > 0])
    usable = np.concatenate([usable[~is_film], films.oriented(usable[is_film])])
    found = candidates.search(usable, near, widened=widened)
    found, matched = films.judged(usable, found, near, int((~is_film).sum()), sets.shown)
    best, _ = candidates.best(usable, found, near, widened=widened)
    rows = _rows(sets, [films.graded(each, matched) for each in best], matched)
    numbers, counts = np.unique(usable["id"], return_counts=True)
    compared = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    return {
        item: Looked(rows.get(item, []), compared.get(item, 0)) for item in pictures["id"].tolist()
    }


def _rows(
    sets: "Sets", best: Sequence[Candidate], matched: FilmMatches
) -> dict[int, list[MatchRow]]:
    by_item: dict[int, list[Candidate]] = defaultdict(list)
    for each in best:
        by_item[each.item].append(each)
    return {item: list(_ranked(sets, mine, matched)) for item, mine in by_item.items()}


def _ranked(sets: "Sets", mine: Sequence[Candidate], matched: FilmMatches) -> Iterator[MatchRow]:
    """Yield the rows of one picture; those that a known-good set outranks make no finding."""
    good = [each for each in mine if sets.kind(each.set_index) == KNOWN_GOOD]
    closest = min(good, key=lambda each: each.distance, default=None)
    for each in mine:
        row = _row(sets, each, matched.get((each.item, each.set_index, each.record)))
        if closest is not None and row.makes_finding and closest.distance <= each.distance:
            by = sets.opened[closest.set_index][0].header.name
            row = replace(row, makes_finding=False, facts={**row.facts, OUTRANKED: by})
        yield row


def kept(facts: JSON) -> bool:
    """Tell whether what a match rests on is compared again without the evidence.

    Values of deep views are not kept, and nothing is looked for as far away as in depth.
    """
    near = facts.get("near")
    if not isinstance(near, dict):
        return True
    radius = candidates.MEASURES[str(near["algorithm"])].radius
    return VIEWS.index(str(near["view"])) < TIER_1 and int(near["distance"]) <= radius


def _at_most(number: float) -> str:
    """Write a number with two digits, rounded up; as text, for a record holds no fractions."""
    exact = Decimal(f"{number:.6g}")
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_UP):f}"


def in_order(rows: Iterable[MatchRow]) -> list[MatchRow]:
    """Order candidates as items, sets and records are: decoders answer in any order."""
    return sorted(rows, key=lambda row: (row.item_id, row.hashset_id, row.record))


def _row(sets: "Sets", found: Candidate, film: FilmMatch | None) -> MatchRow:
    row = sets.listed(found.set_index, found.record, found.item)
    near: JSON = {
        "algorithm": found.algorithm,
        "view": VIEWS[found.view],
        "orientation": found.orientation,
        "at": found.at,
        "distance": found.distance,
        "radius": found.radius,
        "quality": found.quality,
        "listed_quality": None if found.listed_quality < 0 else found.listed_quality,
        "tried": found.tried,
        "comparisons": found.comparisons,
        "expected": None if found.expected is None else _at_most(found.expected),
    }
    if film is not None:
        near["film"] = film.to_json()
    facts = {**row.facts, "algorithms": [found.algorithm], "near": near}
    return replace(row, grade=found.grade, facts=facts)
