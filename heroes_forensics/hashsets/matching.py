"""Match digests of items against opened sets, a batch at a time, and grade what is found.

A hit is one record of one set: the algorithms that agree are merged into it, and a digest or a
size that does not agree is a grade of its own, never passed over. Notable always beats
known-good, and known-good counts only by SHA-256, or by SHA-1 and size.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from heroes_forensics.errors import UsageError
from heroes_forensics.frames import Rows
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.known import (
    ALGORITHMS,
    KNOWN_GOOD,
    NOTABLE,
    severity,
    unpack_flags,
)
from heroes_forensics.hashsets.profiles import label_of, recorded, tags_of, verdict_of

MD5, SHA1, SHA256 = (row.bit for row in ALGORITHMS)

SAME_CONTENT: Final = "same-content"
DIGEST_CONFLICT: Final = "digest-conflict"
SIZE_CONFLICT: Final = "size-conflict"
GRADES: Final = (
    SAME_CONTENT,
    "sha1+size",
    "sha1",
    "md5+size",
    "md5",
    SIZE_CONFLICT,
    DIGEST_CONFLICT,
)
"""What agrees: SHA-256 alone says the same content; a conflict outranks every agreement."""
SIZES: Final = ("unknown", "equal", "conflict")

HIT: Final = np.dtype(
    [
        ("query", "<u4"),
        ("set", "<u2"),
        ("agreed", "u1"),
        ("present", "u1"),
        ("size_state", "u1"),
        ("grade", "u1"),
        ("category", "<u2"),
        ("flags", "<u2"),
        ("series", "<u4"),
        ("record", "<u4"),
        ("entry", "<i8"),
        ("size", "<i8"),
    ]
)
"""One hit in columns; ``grade`` and ``size_state`` are positions in `GRADES` and `SIZES`."""

Column = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Hit:
    """One record of one set that an item agrees with in at least one digest."""

    query: int
    """Position in the batch that was asked for."""
    set_index: int
    """Position in the sets of the matcher."""
    kind: str
    record: int
    """Line or ordinal in the supplied file."""
    entry: int
    """The supplier's own number, -1 when it gave none."""
    agreed: int
    """Bits of the algorithms that agree: 1 MD5, 2 SHA-1, 4 SHA-256."""
    present: int
    """Bits of the algorithms that the record has."""
    size_state: str
    """A row of `SIZES`."""
    listed_size: int
    """Bytes that the record states, -1 when it states none."""
    grade: str
    """A row of `GRADES`."""
    category: str
    """The issuer's raw code, empty when there is none."""
    label: str
    """The issuer's label by the profile, empty when none is known."""
    verdict: str
    """A row of `heroes_forensics.hashsets.known.VERDICTS`, empty for kinds that give none."""
    flags: int
    """Packed tri-states, see `tri_states`."""
    series: str
    tags: tuple[str, ...] = ()
    """Labels of other schemas that the profile gives the code; they decide nothing."""

    @property
    def algorithms(self) -> tuple[str, ...]:
        """Names of the algorithms that agree."""
        return tuple(row.name for row in ALGORITHMS if self.agreed & row.bit)

    @property
    def tri_states(self) -> dict[str, bool | None]:
        """What the record says of its victims and its spread; None is "not said"."""
        return unpack_flags(self.flags)

    @property
    def skips_work(self) -> bool:
        """Tell whether this is a known-good hit that may spare an item further work."""
        return self.kind == KNOWN_GOOD and self.grade in (SAME_CONTENT, "sha1+size")


class Outcome(NamedTuple):
    """What all hits of one item come to."""

    kinds: tuple[str, ...]
    """Kinds of the sets that hit, sorted."""
    verdict: str
    """The most severe one of notable sets, else ``known_good`` when that counts, else empty."""
    notable: bool
    known_good: bool
    """Known-good and in no other kind of set: the only case in which work may be skipped."""
    conflict: bool
    """A digest or a size of some hit does not agree."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the category numbers of one set mean."""

    kind: str
    categories: list[str]
    labels: list[str]
    tags: list[tuple[str, ...]]
    verdicts: list[str]
    series: list[str]


class Matcher:
    """Looks items up in several sets at once.

    Args:
        sets: opened set files; they stay open and belong to the caller.
    """

    def __init__(self, sets: Sequence[HashSetFile]) -> None:
        self._sets = tuple(sets)
        self._facts = [_facts(item) for item in self._sets]

    def rows(self, md5: Column, sha1: Column, sha256: Column, size: npt.NDArray[np.int64]) -> Rows:
        """Match one batch; return `HIT` rows ordered by query, set and record.

        Args:
            md5: shape (n, 16) of u8, or (n,) of V16; likewise ``sha1`` and ``sha256``.
            sha1: see ``md5``.
            sha256: see ``md5``.
            size: bytes of each item, shape (n,); -1 when not known.
        """
        if not len(md5) == len(sha1) == len(sha256) == len(size):
            raise UsageError("the columns of a batch have different lengths")
        columns = {"md5": md5, "sha1": sha1, "sha256": sha256}
        found = [
            _match(number, item, columns, np.asarray(size, np.int64))
            for number, item in enumerate(self._sets)
        ]
        hits = np.concatenate(found) if found else np.empty(0, HIT)
        ordered: Rows = hits[np.lexsort((hits["record"], hits["set"], hits["query"]))]
        return ordered

    def match(
        self, md5: Column, sha1: Column, sha256: Column, size: npt.NDArray[np.int64]
    ) -> list[Hit]:
        """Match one batch of items; see `rows` for the columns."""
        return [self._hit(*row) for row in self.rows(md5, sha1, sha256, size).tolist()]

    def hit(self, row: np.void) -> Hit:
        """Return one row of `rows` in words."""
        return self._hit(*row.item())

    def _hit(  # noqa: PLR0913, PLR0917 - the columns of `HIT`, in their order
        self,
        query: int,
        number: int,
        agreed: int,
        present: int,
        size_state: int,
        grade: int,
        category: int,
        flags: int,
        series: int,
        record: int,
        entry: int,
        size: int,
    ) -> Hit:
        facts = self._facts[number]
        return Hit(
            query=query,
            set_index=number,
            kind=facts.kind,
            record=record,
            entry=entry,
            agreed=agreed,
            present=present,
            size_state=SIZES[size_state],
            listed_size=size,
            grade=GRADES[grade],
            category=facts.categories[category],
            label=facts.labels[category],
            verdict=facts.verdicts[category],
            flags=flags,
            series=facts.series[series],
            tags=facts.tags[category],
        )

    def listed(self, number: int, record: int) -> Hit:
        """Return one record of one set in words; no digest of it was compared.

        Args:
            number: position of the set.
            record: row among its records.
        """
        row = np.zeros(1, HIT)
        known = self._sets[number].records(np.array([record]))
        row["set"], row["present"] = number, known["has"]
        row["grade"] = GRADES.index(DIGEST_CONFLICT)  # nothing agrees: the caller grades it
        for name in ("category", "flags", "series", "record", "entry", "size"):
            row[name] = known[name]
        return self.hit(row[0])

    def skippable(self, hits: Rows, count: int) -> npt.NDArray[np.bool_]:
        """Tell which of ``count`` items are known-good and in no other set, from `rows`."""
        good = np.array([facts.kind == KNOWN_GOOD for facts in self._facts] or [False])
        strong = np.isin(hits["grade"], [GRADES.index(SAME_CONTENT), GRADES.index("sha1+size")])
        is_good = good[hits["set"]]
        skip = np.zeros(count, np.bool_)
        skip[hits["query"][is_good & strong]] = True
        skip[hits["query"][~is_good]] = False
        return skip


def outcome(hits: Iterable[Hit]) -> Outcome:
    """Weigh all hits of one item: notable beats known-good, the most severe verdict counts."""
    every = tuple(hits)
    notable = [hit.verdict for hit in every if hit.kind == NOTABLE]
    good = any(hit.skips_work for hit in every)
    good = good and all(hit.kind == KNOWN_GOOD for hit in every)
    return Outcome(
        kinds=tuple(sorted({hit.kind for hit in every})),
        verdict=min(notable, key=severity) if notable else "known_good" if good else "",
        notable=bool(notable),
        known_good=good,
        conflict=any(hit.grade in (SIZE_CONFLICT, DIGEST_CONFLICT) for hit in every),
    )


def grade_of(agreed: int, present: int, size_state: int) -> str:
    """Grade one hit.

    Args:
        agreed: bits of the algorithms that agree.
        present: bits of the algorithms that the record has.
        size_state: position in `SIZES`.
    """
    if agreed != present:
        return DIGEST_CONFLICT
    if SIZES[size_state] == "conflict":
        return SIZE_CONFLICT
    if agreed & SHA256:
        return SAME_CONTENT
    name = "sha1" if agreed & SHA1 else "md5"
    return f"{name}+size" if SIZES[size_state] == "equal" else name


_GRADE_TABLE: Final = np.array(
    [
        [
            [GRADES.index(grade_of(agreed, present, size)) for size in range(len(SIZES))]
            for present in range(8)
        ]
        for agreed in range(8)
    ],
    dtype=np.uint8,
)


def _match(
    number: int, item: HashSetFile, columns: dict[str, Column], size: npt.NDArray[np.int64]
) -> Rows:
    """Look up every algorithm in one set and merge what belongs to one record."""
    pairs, bits = [], []
    for row in ALGORITHMS:
        query, record = item.lookup(row.name, columns[row.name])
        pairs.append(query << 32 | record)
        bits.append(np.full(len(query), row.bit, np.uint8))
    every = np.concatenate(pairs)
    order = np.argsort(every, kind="stable")
    every, agreed = every[order], np.concatenate(bits)[order]
    starts = np.flatnonzero(np.diff(every, prepend=-1))
    hits = np.zeros(len(starts), HIT)
    if not len(starts):
        return hits
    records = item.records(every[starts] & 0xFFFFFFFF)
    hits["query"] = every[starts] >> 32
    hits["set"] = number
    hits["agreed"] = np.bitwise_or.reduceat(agreed, starts)
    hits["present"] = records["has"]
    for name in ("category", "flags", "series", "record", "entry", "size"):
        hits[name] = records[name]
    mine = size[hits["query"]]
    known = (records["size"] >= 0) & (mine >= 0)
    hits["size_state"] = np.where(known, np.where(records["size"] == mine, 1, 2), 0)
    hits["grade"] = _GRADE_TABLE[hits["agreed"], hits["present"], hits["size_state"]]
    return hits


def _facts(item: HashSetFile) -> _Facts:
    header = item.header
    profile = recorded(header.profile)
    return _Facts(
        kind=header.kind,
        categories=item.categories,
        labels=[label_of(profile, code) for code in item.categories],
        tags=[tags_of(profile, code) for code in item.categories],
        verdicts=[
            verdict_of(profile, header.kind, code, categorised=header.categorised)
            for code in item.categories
        ],
        series=item.series,
    )
