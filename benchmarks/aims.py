"""What is wanted, what was measured, and what a program that does only the inevitable would reach.

Each aim stands beside its *bound*: the same ratio with our scan replaced by the minimal program
(`bounds.py`), which reads the same bytes and computes the same digests on as many cores and does
nothing else. Where the bound itself misses the aim, no program reaches it on this machine.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from programs import OURS, Measured
from verify import Row

BULK: Final = 1 << 20
"""Bytes of a file on average from which an image counts as one of large files."""
LARGE: Final = 128 << 10
PAGE: Final = 4096

FLAT: Final = 0.9
"""A rate that falls by less than a tenth is called flat."""

Key = tuple[str, str]
"""Name of the shape, and ``raw`` or ``E01``."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One figure of the table of aims."""

    text: str
    wanted: float
    measured: float
    bound: float | None = None
    """What the minimal program reaches; None where there is none."""
    at_most: bool = False
    """The smaller the better."""

    def _reaches(self, figure: float) -> bool:
        return figure <= self.wanted if self.at_most else figure >= self.wanted

    def share(self, of: float) -> float:
        """Return how much of a figure was reached: 1 is all of it, more is better."""
        return of / self.measured if self.at_most else self.measured / of

    def verdict(self) -> str:
        """Return ``reached``, or why not."""
        if self._reaches(self.measured):
            return "reached"
        if self.bound is not None and not self._reaches(self.bound):
            return "not reachable here"
        return "not reached"

    def cells(self) -> list[str]:
        """Return the row of the table."""
        sign = "≤" if self.at_most else "≥"
        bound = "" if self.bound is None else f"{self.bound:,.3g}"
        of_bound = "" if self.bound is None else f"{self.share(self.bound):.0%}"
        return [
            self.text,
            f"{sign} {self.wanted:,g}",
            f"{self.measured:,.3g}" if self.measured < 1000 else f"{self.measured:,.0f}",  # noqa: PLR2004
            f"{self.share(self.wanted):.0%}",
            bound if self.bound is None or self.bound < 1000 else f"{self.bound:,.0f}",  # noqa: PLR2004
            of_bound,
            self.verdict(),
        ]


HEAD: Final = ("aim", "wanted", "measured", "of the aim", "bound", "of the bound", "")


def table(aims: Sequence[Aim]) -> list[str]:
    """Return the table of aims as Markdown."""
    lines = [f"| {' | '.join(HEAD)} |", "|---|" + "---:|" * 5 + "---|"]
    return lines + [f"| {' | '.join(aim.cells())} |" for aim in aims]


def of_scans(found: Mapping[Key, Measured]) -> Iterator[Aim]:
    """Yield the aims that single images decide."""
    for each in found.values():
        if OURS not in each.costs or "minimal" not in each.costs:
            continue
        yield from (_raw(each) if each.kind == "raw" else _e01(each))
        if "plaso" in each.costs:
            yield _times_less(each, "plaso", "CPU", 50)


def _times_less(each: Measured, peer: str, what: str, wanted: float) -> Aim:
    ours, least, theirs = each.costs[OURS], each.least(), each.costs[peer]
    text = f"{each.name}: {what}, times less than {peer}"
    if what == "CPU":
        return Aim(text, wanted, theirs.cpu / ours.cpu, theirs.cpu / least.cpu)
    return Aim(text, wanted, theirs.wall / ours.wall, theirs.wall / least.wall)


def _raw(each: Measured) -> Iterator[Aim]:
    ours, least = each.costs[OURS], each.least()
    if each.shape.mean >= LARGE and each.shape.peers and "digests" in each.costs:
        alone = each.costs["digests"].cpu
        text = f"{each.name}: CPU, times that of the digests alone"
        yield Aim(text, 1.3, ours.cpu / alone, least.cpu / alone, at_most=True)
    if each.shape.sizes == str(PAGE):
        files = each.shape.files
        text = f"{each.name}: items a second of CPU"
        yield Aim(text, 12_000, files / ours.cpu, files / least.cpu)
    if "dfVFS loop" in each.costs:
        yield _times_less(each, "dfVFS loop", "wall", 4)
    if "hashdeep" in each.costs:
        yield _times_less(each, "hashdeep", "CPU", 3)


def _e01(each: Measured) -> Iterator[Aim]:
    if "dfVFS loop" not in each.costs:
        return
    bulk = each.shape.mean >= BULK
    if bulk or each.shape.sizes == "mixed":
        yield _times_less(each, "dfVFS loop", "CPU", 5 if bulk else 8)
        yield _times_less(each, "dfVFS loop", "wall", 9 if bulk else 12)


def of_verifying(content: str, ours: Row, peer: Row, possible: Row) -> Iterator[Aim]:
    """Yield how much less verifying an E01 costs us than `ewfverify`."""
    text = f"verifying an E01, {content}: {{}}, times less than ewfverify"
    yield Aim(text.format("wall"), 5, peer.wall / ours.wall, peer.wall / possible.wall)
    yield Aim(text.format("CPU"), 5, peer.cpu / ours.cpu, peer.cpu / possible.cpu)


def of_growth(found: Mapping[Key, Measured]) -> Iterator[Aim]:
    """Yield the aims about many small files: memory, and a rate that does not fall."""
    small = sorted(
        (each for each in found.values() if each.shape.sizes == "1000" and OURS in each.costs),
        key=lambda each: each.shape.files,
    )
    if not small:
        return
    largest = small[-1]
    memory = largest.costs[OURS].memory / 1e6
    yield Aim(f"{largest.name}: MB of memory of the coordinator", 300, memory, at_most=True)
    if len(small) > 1:
        rates = [each.shape.files / each.costs[OURS].wall for each in small]
        text = f"items a second with {largest.shape.files:,} files, share of the most with fewer"
        yield Aim(text, FLAT, rates[-1] / max(rates[:-1]))
