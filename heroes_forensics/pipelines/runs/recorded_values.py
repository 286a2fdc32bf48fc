"""What the record of a case holds that can be compared again: digests, and perceptual values.

Both are read in parts, in the order of the items, so that a case of any size fits into memory.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count as numbered
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from heroes_forensics.frames import CONTENT, PERCEPTUAL, Picture, Rows, Status
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import cases
from heroes_forensics.pipelines.runs import restating
from heroes_forensics.pipelines.sets import supplied
from heroes_forensics.pipelines.sets.likeness import Looked
from heroes_forensics.pipelines.sets.run_sets import Sets
from heroes_forensics.pipelines.sets.supplied import Comparer
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.store import derived, supplied_values
from heroes_forensics.store.records import MatchRow

if TYPE_CHECKING:
    from heroes_forensics.pipelines.sets.distances import Comparison

_ROWS: Final = 1 << 16
"""Items whose digests are compared at once."""
PICTURES: Final = 256
"""Pictures whose values are compared at once."""
VALUES: Final = 1 << 14
"""Values of them after which a part ends: a film has thousands."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a case could be compared."""

    exact: int
    """Items with digests on record."""
    near: int
    """Of them, pictures and films with perceptual values on record."""
    near_needs_evidence: int
    """Of them, pictures and films without: not decoded, and no list decided about them."""
    without_content: int
    policy: int
    needs_evidence: int
    """Items of which no digest is on record, because they are gaps or were never reached."""
    reduced: int = 0
    """Items whose digests were dropped by `heroes case reduce`."""

    @property
    def items(self) -> int:
        """All items of the case."""
        ended = self.exact + self.without_content + self.policy
        return ended + self.needs_evidence + self.reduced


class ByPlugin:
    """What a plug-in says of the values that it made of pictures of the case."""

    def __init__(self, comparer: Comparer, crew: Crew) -> None:
        self.comparer = comparer
        self._crew = crew
        self._pictures = 0
        self._of: dict[int, Comparison] = {}
        """By item, where anything is close or could not be compared."""

    @property
    def identity(self) -> JSON:
        """What its values rest on; see `supplied.identity`."""
        return supplied.identity(self.comparer.plugged)

    def compare(self, case: cases.OpenCase) -> None:
        """Compare all values on record, in decoders, some pictures at a time."""
        made = supplied.made(self.comparer.plugged)
        values = supplied_values.values_of(case.database, made, case.sealer().open_supplied)
        number = numbered(1)
        while part := list(islice(values, PICTURES)):
            self._pictures += len(part)
            comparison = self.comparer.begin(np.concatenate(part))
            self.comparer.ended(comparison, self._crew, lambda: next(number))
            for item in comparison.touched():
                self._of[item] = comparison

    def merged(self, item: int, looked: Looked | None) -> Looked | None:
        """Join what was found of an item to what its other values found."""
        comparison = self._of.get(item)
        if comparison is None:
            return looked
        return self.comparer.merged(item, comparison, looked, every=True)

    def told(self, case: cases.OpenCase) -> JSON:
        """Return what the result says of it."""
        made = supplied.made(self.comparer.plugged)
        return {
            "plugin": self.comparer.plugged.to_json(),
            "supplied": self._pictures,
            "supplied_needs_evidence": supplied_values.others(case.database, made.plugin),
        }


def scope_of(case: cases.OpenCase) -> Scope:
    """Count what of a case could be compared."""
    counts: dict[str, int] = defaultdict(int)
    for status, digested, count in case.database.rows(
        "SELECT c.status, length(c.sha256), count(*) FROM item i"
        " LEFT JOIN content c ON c.item_id = i.id GROUP BY 1, 2"
    ):
        if digested is not None:
            counts["exact" if digested else "reduced"] += count
        elif status == Status.NO_CONTENT:
            counts["without_content"] += count
        elif status == Status.POLICY:
            counts["policy"] += count
        else:
            counts["needs_evidence"] += count
    counts["near"] = int(
        case.database.value("SELECT count(*) FROM perceptual WHERE value IS NOT NULL")
    )
    counts["near_needs_evidence"] = int(
        case.database.value(
            "SELECT count(*) FROM perceptual WHERE value IS NULL AND status IN (?, ?)",
            (Picture.GAP, Picture.POLICY),
        )
    )
    return Scope(*(counts[name] for name in Scope.__slots__))


def digests(case: cases.OpenCase) -> Iterator[tuple[Any, Any]]:
    """Yield `CONTENT` rows of all items with digests, and their sizes by the metadata."""
    rows = case.database.rows(
        "SELECT c.item_id, i.size, c.md5, c.sha1, c.sha256 FROM content c"
        " JOIN item i ON i.id = c.item_id WHERE c.sha256 != X'' ORDER BY c.item_id"
    )
    while part := list(islice(rows, _ROWS)):
        numbers, sizes, md5, sha1, sha256 = zip(*part, strict=True)
        found = np.zeros(len(part), CONTENT)
        found["id"] = numbers
        found["digested"] = 1
        for name, column in (("md5", md5), ("sha1", sha1), ("sha256", sha256)):
            found[name] = np.frombuffer(b"".join(column), CONTENT[name])
        yield found, np.array(sizes, np.int64)


def parts_of(
    values: Iterable[tuple[int, tuple[int, int, int], str, Rows]],
) -> Iterator[list[tuple[int, tuple[int, int, int], str, Rows]]]:
    """Cut what is kept of pictures and films into parts that are compared at once."""
    part, rows = [], 0
    for each in values:
        part.append(each)
        rows += len(each[3])
        if len(part) >= PICTURES or rows >= VALUES:
            yield part
            part, rows = [], 0
    if part:
        yield part


def candidates(
    case: cases.OpenCase, sets: Sets, held: restating.Held, pluggable: ByPlugin | None
) -> tuple[list[MatchRow], restating.Beyond]:
    """Return what the perceptual values on record come close to, in the order of the items.

    Of the items that ``held`` knows also what is close beside the best, as far as it is a finding.
    """
    found: list[MatchRow] = []
    further: list[MatchRow] = []
    cut: set[tuple[int, int]] = set()
    values = derived.values_of(case.database, case.sealer().open_values)
    for part in parts_of(values):
        pictures = np.zeros(len(part), PERCEPTUAL)
        pictures["id"] = [number for number, *_ in part]
        sizes = zip(*(size for _, size, *_ in part), strict=True)
        pictures["width"], pictures["height"], pictures["milliseconds"] = sizes
        looked = sets.look(pictures, np.concatenate([rows for *_, rows in part]))
        for position, (number, *_, rows) in enumerate(part):
            mine = looked.get(number)
            if mine is not None and held.sets_of(number) & (mine.more | mine.cut):
                mine = sets.look(pictures[position : position + 1], rows, every=True)[number]
                further += held.among(number, mine.further)
                cut |= {(number, each) for each in mine.cut}
            if pluggable is not None:
                before = mine.cut if mine is not None else frozenset()
                mine = pluggable.merged(number, mine._replace(further=()) if mine else None)
                if mine is not None:
                    further += held.among(number, mine.further)
                    cut |= {(number, each) for each in mine.cut - before}
            found += mine.rows if mine is not None else ()
    return found, restating.Beyond(
        further, frozenset(cut), None if pluggable is None else pluggable.identity
    )
