"""What is found again of changed pictures, and how often unrelated ones come close: counts.

Arrays of values in, counts out. Which pictures they are of is known to nobody here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_UP, Decimal
from typing import Final

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import ORIENTATIONS, TIER_1, VALUE_BYTES, Rows
from heroes_forensics.hashsets import candidates

RADII: Final = (31, 40)
"""Bits that may differ, for which everything is counted."""
TIERS: Final = (1, 2)
"""1: what is always looked at; 2: what the profile ``deep`` looks at, that of tier 1 included."""
ALIKE: Final = 60
"""Bits within which two pictures of a pool count as near duplicates; unrelated ones lie about 128
apart, and 2.5e-9 of them within 60."""
LEVEL: Final = 0.95
"""Confidence of an upper bound."""
_PLAIN: Final = Decimal("0.001")
"""From here on a bound is written without an exponent."""
_CELLS: Final = 1 << 21
"""Distances that are computed at once."""

Bits = npt.NDArray[np.uint8]
Distances = npt.NDArray[np.uint16]


def upper_bound(found: int, trials: int) -> float:
    """Return what a rate is below with a confidence of 95 %: the exact bound of Clopper-Pearson.

    With none found in n trials it is 1 - 0.05^(1/n), about 3/n ("rule of three"). Trials are
    taken to be independent; those of values of one picture are not quite.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - takes 0.4 s to import

    return 1.0 if found >= trials else float(betaincinv(found + 1, trials - found, LEVEL))


def interval(share: float, trials: int) -> tuple[float, float]:
    """Return between what a share lies with 95 % confidence: the two bounds of Clopper-Pearson.

    Args:
        share: as it was found, 0 to 1; ``share * trials`` need not be whole, as that of a mean.
        trials: independent ones.
    """
    from scipy.special import betaincinv  # noqa: PLC0415 - takes 0.4 s to import

    found, tail = share * trials, (1 - LEVEL) / 2
    low = 0.0 if found <= 0 else float(betaincinv(found, trials - found + 1, tail))
    high = 1.0 if found >= trials else float(betaincinv(found + 1, trials - found, 1 - tail))
    return low, high


def at_most(rate: float) -> str:
    """Write a bound with two digits, rounded up; as text, for a record holds no fractions."""
    exact = Decimal(f"{rate:.6g}")
    rounded = exact.quantize(Decimal(1).scaleb(exact.adjusted() - 1), ROUND_UP)
    return f"{rounded:f}" if rounded >= _PLAIN else f"{rounded:.1e}"


def bits(rows: Rows) -> Bits:
    """Return the values (n, 32) of rows of `frames.HASHES` or `frames.EDITED`."""
    values = np.frombuffer(np.ascontiguousarray(rows["value"]).tobytes(), np.uint8)
    return values.reshape(-1, VALUE_BYTES)


def distances(some: Bits, others: Bits) -> Iterator[tuple[int, Distances]]:
    """Yield in how many bits each value differs from each of others: first row, distances."""
    left = np.ascontiguousarray(some).view(np.uint64)
    right = np.ascontiguousarray(others).view(np.uint64)
    step = max(1, _CELLS // max(1, len(right)))
    for start in range(0, len(left), step):
        differ = left[start : start + step, None, :] ^ right[None, :, :]
        yield start, np.bitwise_count(differ).sum(axis=2, dtype=np.uint16)


def groups(oriented: Bits) -> list[int]:
    """Return of each picture the number of its group of near duplicates: that of its first one.

    Args:
        oriented: PDQ of each picture in eight orientations, as it is first: (8 n, 32).
    """
    plain = oriented[::ORIENTATIONS]
    parent = list(range(len(plain)))

    def root(number: int) -> int:
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for start, found in distances(oriented, plain):
        for row, other in np.argwhere(found <= ALIKE).tolist():
            first, last = sorted((root((start + row) // ORIENTATIONS), root(other)))
            parent[last] = first
    return [root(number) for number in range(len(plain))]


@dataclass(slots=True)
class Recall:
    """One edit of every picture that was edited."""

    made: int = 0
    failed: int = 0
    """Of all that were to be made, those that could not be."""
    comparable: int = 0
    """Of those made, those with a value that may be compared at all."""
    found: dict[tuple[int, int], int] = field(
        default_factory=lambda: {(tier, radius): 0 for tier in TIERS for radius in RADII}
    )
    """By tier and radius."""

    def add(self, rows: Rows, own: Bits) -> None:
        """Count one that was made: its `EDITED` rows that pass the gates, the listed value."""
        self.made += 1
        self.comparable += len(rows) > 0
        if not len(rows):
            return
        near = np.concatenate([found for _, found in distances(bits(rows), own)])[:, 0]
        for tier, radius in self.found:
            self.found[tier, radius] += bool((near[_in_tier(rows, tier)] <= radius).any())


@dataclass(slots=True)
class Chance:
    """Comparisons of what is not the same picture."""

    looked_at: int = 0
    """Pictures with values that may be compared."""
    comparisons: int = 0
    closest: int = 256
    """Bits that the closest pair differs in."""
    pairs: dict[int, int] = field(default_factory=lambda: dict.fromkeys(RADII, 0))
    """By radius."""
    pictures: dict[int, int] = field(default_factory=lambda: dict.fromkeys(RADII, 0))
    """Pictures looked at that have such a pair."""
    grade_a: int = 0
    """Pairs of a picture and an entry that this program would call a candidate of grade A."""

    @property
    def upper(self) -> dict[int, float]:
        """Return by radius what the rate of false pairs is below."""
        if not self.comparisons:
            return dict.fromkeys(self.pairs, 1.0)
        return {
            radius: upper_bound(count, self.comparisons) for radius, count in self.pairs.items()
        }


class Chances:
    """False pairs of each tier, of one kind of pictures."""

    def __init__(self, entries: Bits) -> None:
        """Take the listed values of all pictures, one each."""
        self._entries = entries
        self.tiers = {tier: Chance() for tier in TIERS}

    def add(self, rows: Rows, own: int) -> None:
        """Compare one picture with all entries but its own.

        Args:
            rows: of `frames.HASHES` or `frames.EDITED`: PDQ values that pass the gates.
            own: the position of its entry; -1 when it has none.
        """
        if not len(rows):
            return
        near = [(rows[:0], np.zeros(0, np.intp), np.zeros(0, np.uint16))]
        for start, found in distances(bits(rows), self._entries):
            if own >= 0:
                found[:, own] = 256  # itself is no false pair
            for tier, chance in self.tiers.items():
                mine = found[_in_tier(rows[start : start + len(found)], tier)]
                chance.closest = min(chance.closest, int(mine.min(initial=256)))
            where = np.argwhere(found <= max(RADII))
            near.append((rows[start + where[:, 0]], where[:, 1], found[tuple(where.T)]))
        close = tuple(np.concatenate([each[column] for each in near]) for column in range(3))
        for tier, chance in self.tiers.items():
            compared = int(_in_tier(rows, tier).sum()) * (len(self._entries) - (own >= 0))
            chance.looked_at += compared > 0
            chance.comparisons += compared
            _count(chance, compared, *(each[_in_tier(close[0], tier)] for each in close))


def _count(
    chance: Chance,
    compared: int,
    rows: Rows,
    entries: npt.NDArray[np.intp],
    distance: Distances,
) -> None:
    """Count the pairs of one picture within the widest radius."""
    for radius in RADII:
        chance.pairs[radius] += int((distance <= radius).sum())
        chance.pictures[radius] += bool((distance <= radius).any())
    deep, drawn = rows["view"] >= TIER_1, candidates.drawn(rows)
    columns = (each.tolist() for each in (entries, distance, deep, drawn))
    graded = {
        entry
        for entry, differing, is_deep, is_drawn in zip(*columns, strict=True)
        if _is_graded_a(differing, compared, deep=is_deep, drawn=is_drawn)
    }
    chance.grade_a += len(graded)


def _is_graded_a(distance: int, comparisons: int, *, deep: bool, drawn: bool) -> bool:
    _, grade = candidates.grade_of("pdq", distance, comparisons, deep=deep, drawn=drawn)
    return grade == candidates.A


def _in_tier(rows: Rows, tier: int) -> npt.NDArray[np.bool_]:
    return np.asarray(rows["view"] < (TIER_1 if tier == 1 else 256))


def passing(rows: Rows, side: Sequence[int] | npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Tell which values a scan would compare.

    Args:
        rows: of `frames.HASHES` or `frames.EDITED`.
        side: pixels of the shorter side of the picture of each.
    """
    large = np.asarray(side) >= candidates.MIN_SIDE
    return np.asarray(candidates.comparable(rows) & large)
