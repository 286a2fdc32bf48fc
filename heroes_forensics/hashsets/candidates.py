"""Compare perceptual values with near sets, and grade what is close: candidates, never matches.

A candidate is one record of one set that a picture comes close to in at least one of its values.
Close by itself says little: how often unrelated pictures come as close decides, so every candidate
carries how many comparisons were made for its picture, and the grade follows from that number
and from the distance together. Rates and gates are measured ones; their source is
docs/perceptual.md, and a laboratory measures its own with ``heroes calibrate``.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import PERCEPTUAL_ALGORITHMS, TIER_1, Rows

Indexes = npt.NDArray[np.int64]

MIN_QUALITY: Final = 50
"""Of a value and of the entry it is compared with; below it neither is compared. Without this
gate unrelated pictures without structure come within the radius."""
MIN_SIDE: Final = 64
"""Pixels of the shorter side of a picture below which it is not compared: icons look alike."""
LEAST_TONES: Final = 10
"""Soft tones of a photograph at least; a picture with fewer is drawn (`media.tones`)."""

A: Final = "candidate-a"
B: Final = "candidate-b"
C: Final = "lead"
GRADES: Final = (A, B, C)
"""Best first. A: a photograph as it is or trimmed, within 31 bits. B: the same of a picture that is
drawn; either within 40, or a deep view within 31. C: what would be one of them, by so many
comparisons that chance explains it."""


class Measure(NamedTuple):
    """How values of one algorithm are compared."""

    radius: int
    """Bits that may differ."""
    widened: int
    """The same, for the values of tier 1 under the profile ``deep``."""
    largest: int
    """Entries of a set above which only equal values are candidates; 0: no such bound."""
    rates: tuple[tuple[int, float], ...]
    """(Bits, upper bound of false pairs a comparison up to them), rising; empty: not measured."""


MEASURES: Final[Mapping[str, Measure]] = {
    "pdq": Measure(31, 40, 0, ((31, 1.5e-11), (40, 2.6e-11), (44, 1.0e-10), (48, 2.3e-10))),
    "phash-64": Measure(4, 4, 10_000, ()),
    "dhash-64": Measure(4, 4, 10_000, ()),
}
_RADII: Final = np.array([MEASURES[name].radius for name in PERCEPTUAL_ALGORITHMS])
MOST: Final = 16
"""Candidates of one picture from one set; further ones are counted. Lists hold the same picture
many times over."""
NEAREST: Final = 64
"""Entries within the radius of one value that are looked at, the nearest ones."""
FURTHER: Final = 1 << 18
"""Pairs of one picture or film that are looked at when it is asked whether an entry is still
close, among however many nearer ones: 4 MB."""
_CHANCE_A: Final = 0.01
_CHANCE_B: Final = 1.0
"""Expected false candidates of one picture with one set up to which a grade is given."""

FOUND: Final = np.dtype(
    [("hash", "<u4"), ("set", "<u2"), ("algorithm", "u1"), ("entry", "<u4"), ("distance", "u1")]
)
"""One pair within its radius: positions among the values, the sets, the algorithms, the entries
of that near set; bits that differ."""


class NearSet(Protocol):
    """The values of one algorithm in one set, opened for searching."""

    @property
    def count(self) -> int:
        """Entries that are compared."""
        ...

    @property
    def quality(self) -> npt.NDArray[np.integer]:
        """Of each entry, 0 to 100; -1 when its set does not say."""
        ...

    def record(self, entries: Indexes) -> Indexes:
        """Return which record of the set each entry belongs to."""
        ...

    def entries(self, records: Indexes) -> Indexes:
        """Return how many entries each of these records of the set has."""
        ...

    def values_of(self, record: int) -> npt.NDArray[np.uint8]:
        """Return the values of one record of the set, a row each."""
        ...

    def search(
        self, queries: npt.NDArray[np.uint8], radius: int, nearest: int = 0
    ) -> tuple[Indexes, Indexes, Indexes]:
        """Return the ``nearest`` pairs of each query within a radius: query, entry, distance."""
        ...


class Candidate(NamedTuple):
    """One record of one set that a picture comes close to; the best of its values."""

    item: int
    set_index: int
    record: int
    """Row among the records of the set."""
    algorithm: str
    at: int
    """Frame of an animation, or milliseconds of a film."""
    view: int
    """A row of `frames.VIEWS`."""
    orientation: int
    distance: int
    """Bits that differ."""
    radius: int
    """Bits that may differ."""
    quality: int
    listed_quality: int
    """-1 when the set does not say."""
    tried: int
    """Values of the picture that were compared with this set."""
    comparisons: int
    """That, times the entries they were compared with."""
    expected: float | None
    """False candidates to be expected of so many comparisons of photographs, at most; None: not
    measured."""
    drawn: bool
    """Whether what came close is drawn: then more have to be expected, nobody knows how many."""
    grade: str
    """A row of `GRADES`."""


def comparable(hashes: Rows) -> npt.NDArray[np.bool_]:
    """Tell which rows of `frames.HASHES` pass the gate of quality."""
    return np.asarray(hashes["quality"] >= MIN_QUALITY)


def drawn(hashes: Rows) -> npt.NDArray[np.bool_]:
    """Tell which rows of `frames.HASHES` are of drawn pictures: forms, screens, icons, pages.

    To a hash that looks at coarse light and dark, those of one kind are the same picture.
    """
    return np.asarray(hashes["tones"] < LEAST_TONES)


def search(
    hashes: Rows,
    sets: Sequence[Mapping[str, NearSet]],
    *,
    widened: bool = False,
    nearest: int = NEAREST,
) -> Rows:
    """Return `FOUND` rows: every pair of a value and an entry that is within its radius.

    Args:
        hashes: rows of `frames.HASHES`; those below the gate are passed over.
        sets: of each set its near sets, by algorithm.
        widened: look further with the values of tier 1.
        nearest: entries of one set that are looked at for one value, the nearest ones.
    """
    parts = [np.zeros(0, FOUND)]
    passes = comparable(hashes)
    for number, name in enumerate(PERCEPTUAL_ALGORITHMS):
        mine = passes & (hashes["algorithm"] == number)
        tier1 = mine & (hashes["view"] < TIER_1)
        for index, near in enumerate(sets):
            if name not in near:
                continue
            radius = radius_of(name, near[name].count, widened=False)
            wide = radius_of(name, near[name].count, widened=widened)
            lots = [(mine, radius)] if wide == radius else [(mine & ~tier1, radius), (tier1, wide)]
            for chosen, within in lots:
                parts.append(_pairs(hashes, np.flatnonzero(chosen), near[name], within, nearest))
                parts[-1]["set"], parts[-1]["algorithm"] = index, number
    return np.concatenate(parts)


def _pairs(hashes: Rows, chosen: Indexes, near: NearSet, radius: int, nearest: int) -> Rows:
    if not len(chosen):
        return np.zeros(0, FOUND)
    values = np.frombuffer(np.ascontiguousarray(hashes["value"][chosen]).tobytes(), np.uint8)
    queries = values.reshape(len(chosen), -1)
    query, entry, distance = near.search(queries, radius, nearest)
    found = np.zeros(len(query), FOUND)
    found["hash"], found["entry"], found["distance"] = chosen[query], entry, distance
    return found


def cut(hashes: Rows, found: Rows, nearest: int = NEAREST) -> set[tuple[int, int]]:
    """Return items and positions of sets of which more entries may be close than were looked at.

    Args:
        hashes: what `search` was given.
        found: what it returned.
        nearest: as there.
    """
    pairs, counts = np.unique(found[["hash", "set"]], return_counts=True)
    full = pairs[counts >= nearest]
    items = hashes["id"][full["hash"]].tolist()
    return set(zip(items, full["set"].tolist(), strict=True))


def radius_of(algorithm: str, entries: int, *, widened: bool) -> int:
    """Return how many bits may differ from an entry of a set of so many."""
    measure = MEASURES[algorithm]
    if measure.largest and entries > measure.largest:
        return 0
    return measure.widened if widened else measure.radius


def best(
    hashes: Rows, found: Rows, sets: Sequence[Mapping[str, NearSet]], *, widened: bool = False
) -> tuple[list[Candidate], list[Candidate]]:
    """Choose for each picture, set and record the value that comes closest.

    A value of the picture as it is, or trimmed, goes before one of a deep view, and PDQ before the
    short ones, whatever the distance is: it needed no help to come close, or says more. So does
    what would be grade A before what is drawn: a photograph on a page, a film with a title.

    Args:
        hashes: what `search` was given.
        found: what it returned.
        sets: as there.
        widened: as there.

    Returns:
        The candidates in the order of item, set, grade and distance, and those beyond `MOST` of
        one picture and set, in the same order.
    """
    record = np.zeros(len(found), np.int64)
    listed = np.zeros(len(found), np.int64)
    for number, algorithm in np.unique(found[["set", "algorithm"]]).tolist():
        mine = (found["set"] == number) & (found["algorithm"] == algorithm)
        near = sets[number][PERCEPTUAL_ALGORITHMS[algorithm]]
        record[mine] = near.record(found["entry"][mine].astype(np.int64))
        listed[mine] = near.quality[found["entry"][mine]]
    tried = _tried(hashes)
    chosen = []
    for at in _closest(hashes, found, record):
        value, pair = hashes[found["hash"][at]], found[at]
        name = PERCEPTUAL_ALGORITHMS[pair["algorithm"]]
        near = sets[pair["set"]][name]
        deep = bool(value["view"] >= TIER_1)
        compared = tried[int(value["id"]), int(pair["algorithm"])]
        is_drawn = bool(value["tones"] < LEAST_TONES)
        expected, grade = grade_of(
            name, int(pair["distance"]), compared * near.count, deep=deep, drawn=is_drawn
        )
        chosen.append(
            Candidate(
                item=int(value["id"]),
                set_index=int(pair["set"]),
                record=int(record[at]),
                algorithm=name,
                at=int(value["at"]),
                view=int(value["view"]),
                orientation=int(value["orientation"]),
                distance=int(pair["distance"]),
                radius=radius_of(name, near.count, widened=widened and not deep),
                quality=int(value["quality"]),
                listed_quality=int(listed[at]),
                tried=compared,
                comparisons=compared * near.count,
                expected=expected,
                drawn=is_drawn,
                grade=grade,
            )
        )
    return _most(chosen)


def _closest(hashes: Rows, found: Rows, record: Indexes) -> list[int]:
    """Return the position of the best pair of each picture, set and record."""
    mine = hashes[found["hash"]]
    lesser = drawn(mine) | (found["distance"] > _RADII[found["algorithm"]])
    order = np.lexsort(
        (
            *(mine["orientation"], mine["view"], mine["at"], found["distance"]),
            *(lesser, found["algorithm"], mine["view"] >= TIER_1, record, found["set"], mine["id"]),
        )
    )
    heads = np.stack([mine["id"].astype(np.int64), found["set"].astype(np.int64), record])
    heads = heads[:, order]
    first = np.ones(len(order), np.bool_)
    first[1:] = (heads[:, 1:] != heads[:, :-1]).any(axis=0)
    closest: list[int] = order[first].tolist()
    return closest


def _most(chosen: list[Candidate]) -> tuple[list[Candidate], list[Candidate]]:
    """Keep the best of each picture and set; return the others, too."""
    chosen.sort(
        key=lambda each: (
            *(each.item, each.set_index, GRADES.index(each.grade)),
            *(each.distance, each.record),
        )
    )
    count: Counter[tuple[int, int]] = Counter()
    kept: list[Candidate] = []
    left: list[Candidate] = []
    for each in chosen:
        count[each.item, each.set_index] += 1
        (kept if count[each.item, each.set_index] <= MOST else left).append(each)
    return kept, left


def _tried(hashes: Rows) -> Mapping[tuple[int, int], int]:
    """Count the values of each item and algorithm that pass the gate."""
    passing = hashes[comparable(hashes)]
    pairs, counts = np.unique(passing[["id", "algorithm"]], return_counts=True)
    return dict(zip(map(tuple, pairs.tolist()), counts.tolist(), strict=True))


def grade_of(
    algorithm: str, distance: int, comparisons: int, *, deep: bool, drawn: bool
) -> tuple[float | None, str]:
    """Return the expected false candidates of so many comparisons, at most, and the grade.

    Args:
        algorithm: a key of `MEASURES`.
        distance: bits that differ.
        comparisons: made for this picture with this set.
        deep: whether it took a deep view to come close.
        drawn: whether the picture is; the rates are those of photographs, and more come close.
    """
    measure = MEASURES[algorithm]
    rate = next((rate for bits, rate in measure.rates if distance <= bits), None)
    if rate is None:  # of 64 bits nobody measured how often unrelated pictures share most
        return None, B
    expected = comparisons * rate
    if expected <= _CHANCE_A and distance <= measure.radius and not (deep or drawn):
        return expected, A
    return expected, B if expected <= _CHANCE_B else C
