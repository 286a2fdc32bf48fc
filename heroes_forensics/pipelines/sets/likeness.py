"""Comparing what pictures look like with the near sets of a run, and how that is stored.

What comes close is a candidate: a finding of its own grade that somebody has to confirm, never
joined with an exact match of the same record, which says more. A picture that is closer to an
entry of a known-good set than to one of another kind is no finding; that, too, is on record.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from heroes_forensics.frames import TIER_1, VIEWS, Rows
from heroes_forensics.hashsets import candidates
from heroes_forensics.hashsets.candidates import Candidate
from heroes_forensics.hashsets.known import KNOWN_GOOD
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.sets import films
from heroes_forensics.pipelines.sets.films import FilmMatch, FilmMatches
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.pipelines.sets.run_sets import Sets

OUTRANKED: Final = "outranked_by"
"""Fact of a candidate that is no finding: the known-good set that the picture is closer to."""


class Looked(NamedTuple):
    """What comparing one picture gave."""

    rows: list[MatchRow]
    """Candidates, and those of known-good sets, which are no findings."""
    compared: int
    """How many of its values were compared; 0: it is not perceptually matchable."""
    further: Sequence[MatchRow] = ()
    """Those beyond the best of each set, where they were asked for."""
    more: frozenset[int] = frozenset()
    """Row numbers of the sets of which entries were left out of ``rows``."""
    cut: frozenset[int] = frozenset()
    """Row numbers of the sets of which entries may be close that nobody looked at."""


class _Left(NamedTuple):
    """What is not told of one picture and set."""

    entries: int
    """Close, and not among the best."""
    is_cut: bool
    """There may be more: the search ended at the nearest."""


def look(
    sets: "Sets", pictures: Rows, hashes: Rows, *, widened: bool = False, every: bool = False
) -> dict[int, Looked]:
    """Compare decoded pictures with the near sets of a run.

    Args:
        sets: of the run, recorded.
        pictures: `frames.PERCEPTUAL` rows.
        hashes: `frames.HASHES` rows of these pictures.
        widened: look further; see `candidates.search`.
        every: tell ``further``, too, of as many pairs as there is room for: of one picture.

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
    nearest = candidates.NEAREST
    if every:
        nearest = max(nearest, candidates.FURTHER // max(1, len(usable)))
    found = candidates.search(usable, near, widened=widened, nearest=nearest)
    cut = candidates.cut(usable, found, nearest)
    found, matched = films.judged(usable, found, near, int((~is_film).sum()), sets.shown)
    best, rest = candidates.best(usable, found, near, widened=widened)
    beyond = Counter((each.item, each.set_index) for each in rest)
    left = {each: _Left(beyond[each], each in cut) for each in {*beyond, *cut}}
    rows = _rows(sets, [films.graded(each, matched) for each in best], matched, left)
    further = _rows(sets, rest if every else (), matched, left)
    numbers, counts = np.unique(usable["id"], return_counts=True)
    compared = dict(zip(numbers.tolist(), counts.tolist(), strict=True))
    more, ended = _sets_of(sets, left), _sets_of(sets, cut)
    return {
        item: Looked(
            *(rows.get(item, []), compared.get(item, 0), further.get(item, ())),
            *(frozenset(more[item]), frozenset(ended[item])),
        )
        for item in pictures["id"].tolist()
    }


def _sets_of(sets: "Sets", pairs: Iterable[tuple[int, int]]) -> dict[int, set[int]]:
    """Return by item the row numbers of sets that are named by their positions."""
    numbers = [number for number, *_ in sets.numbers()]
    found: dict[int, set[int]] = defaultdict(set)
    for item, index in pairs:
        found[item].add(numbers[index])
    return found


def _rows(
    sets: "Sets",
    best: Sequence[Candidate],
    matched: FilmMatches,
    left: Mapping[tuple[int, int], _Left],
) -> dict[int, list[MatchRow]]:
    by_item: dict[int, list[Candidate]] = defaultdict(list)
    for each in best:
        by_item[each.item].append(each)
    return {item: list(_ranked(sets, mine, matched, left)) for item, mine in by_item.items()}


def _ranked(
    sets: "Sets",
    mine: Sequence[Candidate],
    matched: FilmMatches,
    left: Mapping[tuple[int, int], _Left],
) -> Iterator[MatchRow]:
    """Yield the rows of one picture; those that a known-good set outranks make no finding."""
    good = [each for each in mine if sets.kind(each.set_index) == KNOWN_GOOD]
    closest = min(good, key=lambda each: each.distance, default=None)
    for each in mine:
        film = matched.get((each.item, each.set_index, each.record))
        row = _row(sets, each, film, left.get((each.item, each.set_index), _Left(0, is_cut=False)))
        if closest is not None and row.makes_finding and closest.distance <= each.distance:
            by = sets.opened[closest.set_index][0].header.name
            row = replace(row, makes_finding=False, facts={**row.facts, OUTRANKED: by})
        yield row


def kept(facts: JSON, plugin: JSON | None = None) -> bool:
    """Tell whether what a match rests on is compared again without the evidence.

    Values of deep views are not kept, and nothing is looked for as far away as in depth. What a
    plug-in found only the same one can tell of.

    Args:
        facts: of the match.
        plugin: what identifies the plug-in that is there, or None.
    """
    if "prefix" in facts:  # free space is not searched again
        return False
    near = facts.get("near")
    if not isinstance(near, dict):
        return True
    if "plugin" in near:
        return bool(near["plugin"] == plugin)
    radius = candidates.MEASURES[str(near["algorithm"])].radius
    return VIEWS.index(str(near["view"])) < TIER_1 and int(near["distance"]) <= radius


def _at_most(number: float) -> str:
    """Write a number with two digits, rounded up; as text, for a record holds no fractions."""
    exact = Decimal(f"{number:.6g}")
    return f"{exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_UP):f}"


def _expected(found: Candidate) -> str | None:
    """Return how many false candidates there are at most; the rates are those of photographs."""
    is_known = found.expected is not None and not found.drawn
    return _at_most(found.expected or 0.0) if is_known else None


def in_order(rows: Iterable[MatchRow]) -> list[MatchRow]:
    """Order candidates as items, sets and records are: decoders answer in any order."""
    return sorted(rows, key=lambda row: (row.item_id, row.hashset_id, row.record))


def _row(sets: "Sets", found: Candidate, film: FilmMatch | None, left: _Left) -> MatchRow:
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
        "expected": _expected(found),
        "drawn": found.drawn,
    }
    if left.entries or left.is_cut:
        near["more"] = left.entries
        near["more_at_least"] = left.is_cut
    if film is not None:
        near["film"] = film.to_json()
    facts = {**row.facts, "algorithms": [found.algorithm], "near": near}
    return replace(row, grade=found.grade, facts=facts)
