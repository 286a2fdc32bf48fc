"""The state of one run: its numbers, its counters, and what it tells the case and the watcher."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from heroes_forensics.frames import Rows
from heroes_forensics.model import JSON, Gap, is_policy
from heroes_forensics.pipelines.case import telling
from heroes_forensics.pipelines.case.cases import OpenCase
from heroes_forensics.pipelines.case.folders import EVENTS
from heroes_forensics.pipelines.case.telling import Teller
from heroes_forensics.pipelines.case.watch import Progress, Watch
from heroes_forensics.pipelines.examining.stopping import Stop
from heroes_forensics.pipelines.sets import supplied
from heroes_forensics.pipelines.sets.likeness import Looked
from heroes_forensics.pipelines.sets.prefixes import Prefixes
from heroes_forensics.pipelines.sets.supplied import Comparer
from heroes_forensics.store import progress, supplied_values
from heroes_forensics.store.records import MatchRow, Seal

if TYPE_CHECKING:
    from heroes_forensics.pipelines.case.journal import Journal
    from heroes_forensics.store.database import Database

TICK_SECONDS: Final = 0.2
"""The watcher hears of progress at most this often."""


class Matching(Protocol):
    """Compares digests with the hash sets of the run."""

    def match(self, rows: Rows, sizes: npt.NDArray[np.int64]) -> list[MatchRow]:
        """Return the matches of `CONTENT` rows whose metadata sizes are given."""
        ...

    def prefixes(self) -> Prefixes:
        """Return what is listed of the beginnings of files."""
        ...

    def look(self, pictures: Rows, hashes: Rows, *, widened: bool = False) -> dict[int, Looked]:
        """Return what `PERCEPTUAL` rows with these `HASHES` look like, by item."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """Which run of a case it is; the same before and after an interruption."""

    number: int
    """Its row in the case database."""
    uuid: str
    config: dict[str, Any]
    """What was asked for: the settings that its result rests on."""


class Run:
    """One run of a case, from its first event to its last."""

    def __init__(  # noqa: PLR0913 - what a run has in hand
        self,
        case: OpenCase,
        identity: Identity,
        *,
        seal: Seal,
        matching: Matching,
        stop: Stop,
        watch: Watch,
        so_far: progress.SoFar | None = None,
        comparer: Comparer | None = None,
    ) -> None:
        self.case = case
        self.database: Database = case.database
        self.journal: Journal = case.journal
        self.id = identity.number
        self.uuid = identity.uuid
        self.config = identity.config
        self.seal = seal
        self.seal_values = case.sealer().seal_values
        self.comparer = comparer
        """Compares values of a plug-in, where there is one."""
        self.stop = stop
        self.reading: set[int] = set()
        """Content units that workers hold now."""
        self.alarm = False
        """Evidence or its listing is not what it was: exit code 6, whatever else was found."""
        self._changed: set[str] = set()
        self._matching = matching
        self.teller = Teller(case.database, case.folder / EVENTS, watch)
        self._unit = int(self.database.value("SELECT coalesce(max(id), 0) FROM unit"))
        self._item = int(self.database.value("SELECT coalesce(max(id), 0) FROM item"))
        self._provisional = 0
        self._last_tick = 0.0
        self._stage = "opening"
        done = so_far or progress.SoFar()
        self._items = [done.items_ended, done.items]
        self._bytes = [done.bytes_ended, done.bytes]
        self._finding = done.findings
        self._gaps = done.gaps
        self._media = [0, 0]

    @property
    def interrupted(self) -> bool:
        """Whether the run is to end before it is finished: nothing new is begun."""
        return self.stop.cause != ""

    def next_unit(self) -> int:
        """Return a fresh unit number."""
        self._unit += 1
        return self._unit

    def next_items(self, count: int) -> int:
        """Reserve item numbers and return the first."""
        first = self._item + 1
        self._item += count
        return first

    def gap(self, gap: Gap, *, source: int | None, volume: int | None) -> None:
        """Record a gap; inside a transaction."""
        self.journal.records.gap(self.id, gap, source=source, volume=volume)
        if not is_policy(gap.code):
            self._gaps += 1

    def unit_completed(self, unit: int, items: int, gaps: int, digest: bytes) -> None:
        """Write the ledger event of a unit; inside its transaction."""
        self.journal.event(
            "unit.completed",
            {
                "run": self.uuid,
                "unit": unit,
                "items": items,
                "gaps": gaps,
                "rows_sha256": digest.hex(),
            },
        )

    def evidence_changed(self, label: str) -> None:
        """Write, once, that a source is not what it was when it was opened."""
        if label in self._changed:
            return
        self._changed.add(label)
        self.alarm = True
        body: JSON = {"evidence": label, "expected": "unchanged", "found": "changed"}
        self.journal.event("evidence.changed", body)
        self.note(f"{label}: the evidence changed while it was examined")

    def attempt_ended(self, unit: int, cause: str, attempt: int = 1) -> None:
        """Write that a worker ended before its unit was done."""
        self.journal.event(
            "attempt.ended", {"run": self.uuid, "unit": unit, "attempt": attempt, "cause": cause}
        )

    def match(self, rows: Rows, sizes: npt.NDArray[np.int64]) -> list[MatchRow]:
        """Compare freshly read digests with the run's sets."""
        return self._matching.match(rows, sizes)

    def prefixes(self) -> Prefixes | None:
        """Return the beginnings of files that free space is searched for; None without any."""
        found = self._matching.prefixes() if self.config.get("carve") else None
        return found if found is not None and found.count else None

    def store_supplied(
        self, unit: int, pictures: Mapping[int, supplied_values.Kept]
    ) -> list[tuple[Any, ...]]:
        """Store what a plug-in said of the pictures of a unit; inside its transaction."""
        if self.comparer is None:
            return []
        made, seal = supplied.made(self.comparer.plugged), self.case.sealer().seal_supplied
        return supplied_values.store(self.database, unit, pictures, made, seal)

    def look(self, pictures: Rows, hashes: Rows) -> dict[int, Looked]:
        """Compare freshly computed perceptual values with the run's sets."""
        return self._matching.look(pictures, hashes, widened=self.config["profile"] == "deep")

    # ---- what the watcher sees -----------------------------------------------------------

    def stage(self, name: str) -> None:
        """Enter a stage."""
        if name != self._stage:
            self._stage = name
            self.tick(force=True)

    def listed(self, rows: int, skipped: int, size: int) -> None:
        """Count rows of the inventory."""
        self._items[1] += rows
        self._items[0] += skipped
        self._bytes[1] += size

    def read(self, items: int, size: int, matches: Sequence[MatchRow]) -> None:
        """Count streams read, and show findings before they are committed."""
        self._items[0] += items
        self._bytes[0] += size
        found = [(match, None) for match in matches if match.makes_finding]
        self._provisional += len(found)
        self.teller.findings(found, telling.PROVISIONAL)

    def withdrawn(self, items: int, size: int, matches: Sequence[MatchRow]) -> None:
        """Take back what `read` was told of a unit that is done again."""
        self._items[0] -= items
        self._bytes[0] -= size
        found = [(match, None) for match in matches if match.makes_finding]
        self._provisional -= len(found)
        self.teller.findings(found, telling.WITHDRAWN)

    def committed(self, numbered: Sequence[tuple[int, MatchRow]], gaps: int) -> None:
        """Confirm findings under their numbers."""
        self._gaps += gaps
        self._provisional -= len(numbered)
        self._finding += len(numbered)
        found = [(match, number) for number, match in numbered]
        self.teller.findings(found, telling.CONFIRMED)

    def media(self, size: int) -> None:
        """Count bytes of the image digested."""
        self._media[0] = size

    def expect_media(self, size: int) -> None:
        """Say how large the image is that is being digested."""
        self._media = [0, size]

    def tick(self, *, force: bool = False) -> None:
        """Tell the watcher how far the run is, not too often."""
        moment = time.monotonic()
        if not force and moment - self._last_tick < TICK_SECONDS:
            return
        self._last_tick = moment
        self.teller.progress(
            Progress(
                stage=self._stage,
                items_done=self._items[0],
                items_total=self._items[1],
                bytes_done=self._bytes[0],
                # Metadata may state less than there is to read, or nothing.
                bytes_total=max(self._bytes),
                media_done=self._media[0],
                media_total=self._media[1],
                findings=self._finding + self._provisional,
                gaps=self._gaps,
            ),
            force=force,
        )

    def note(self, text: str) -> None:
        """Say one sentence to the watcher."""
        self.teller.note(text)
