"""Taking in what content units gave, and deciding what to do when a worker ended over one.

What a unit gave is matched as it arrives, shown as provisional findings, and committed in one
transaction with its ledger event when the unit is whole: a worker that dies in the middle leaves
nothing half-trusted. Its unit is then cut in halves until the one stream that kills workers is
alone and becomes a gap.
"""

from typing import Final

import numpy as np

from heroes_forensics.frames import CONTENT, Batch, Frame, Rows, Status, Unit
from heroes_forensics.model import GAP_TEXTS
from heroes_forensics.pipelines.examined import Examined
from heroes_forensics.pipelines.run import Run
from heroes_forensics.store.records import MatchRow, rows_digest

_GAP_NUMBERS: Final = {code: number for number, code in enumerate(GAP_TEXTS, start=1)}
DEATH_GAPS: Final = {"timeout": "worker.timeout"}
"""Gap of a stream by how the worker that read it ended; others are ``worker.died``."""


class ContentStore:
    """Stores what the content units of one source gave."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._volumes: dict[int, Examined] = {}
        self._contents: dict[int, list[Rows]] = {}
        self._matches: dict[int, list[MatchRow]] = {}
        self._void: set[int] = set()

    def begin(self, unit: Unit, volume: Examined) -> None:
        """Remember what a unit that is about to be read belongs to."""
        self._volumes[unit.id] = volume
        self._run.reading.add(unit.id)

    def take(self, unit: Unit, frame: Frame) -> list[tuple[Examined, Rows]]:
        """Take in one frame; return what has to be read again, in this order."""
        if isinstance(frame, Batch):
            self._rows(unit, frame.rows)
        elif frame.kind == "failed":
            return self.died(unit, "stream.unreadable", "failed")
        elif frame.kind == "done":
            return self._finish(unit)
        return []

    def _rows(self, unit: Unit, rows: Rows) -> None:
        have = self._contents.setdefault(unit.id, [])
        start = sum(len(part) for part in have)
        asked = unit.tasks if unit.tasks is not None else np.zeros(0, dtype=CONTENT)
        if not np.array_equal(rows["id"], asked["id"][start : start + len(rows)]):
            self._void.add(unit.id)
            return
        have.append(rows)
        matches = self._run.match(rows, asked["size"][start : start + len(rows)])
        self._matches.setdefault(unit.id, []).extend(matches)
        self._run.read(len(rows), int(rows["bytes_read"].sum()), matches)

    def _finish(self, unit: Unit) -> list[tuple[Examined, Rows]]:
        parts = self._contents.pop(unit.id, [])
        rows = np.concatenate(parts) if parts else np.zeros(0, dtype=CONTENT)
        asked = 0 if unit.tasks is None else len(unit.tasks)
        if unit.id in self._void or len(rows) != asked:
            return self.died(unit, "worker.died", "protocol")
        self._store(unit, rows, self._matches.pop(unit.id, []))
        return []

    def _store(self, unit: Unit, rows: Rows, matches: list[MatchRow]) -> None:
        run = self._run
        gaps = int((rows["status"] == Status.GAP).sum())
        volume = self._volumes.pop(unit.id)
        with run.journal.transaction() as records:
            records.unit(unit.id, run.id, "content", volume.id)
            contents = sorted(records.contents(unit.id, rows))
            stored = records.matches(unit.id, matches)
            digest = rows_digest([*contents, *stored])
            records.unit_done(unit.id, items=len(rows), gaps=gaps, rows_sha256=digest)
            run.unit_completed(unit.id, len(rows), gaps, digest)
        run.reading.discard(unit.id)
        numbers = [row[-2] for row in stored]
        run.committed([pair for pair in zip(numbers, matches, strict=True) if pair[0]], gaps)

    def died(self, unit: Unit, code: str, cause: str) -> list[tuple[Examined, Rows]]:
        """Halve the unit whose worker ended, or give up on the one stream it was about."""
        run = self._run
        run.attempt_ended(unit.id, cause)
        self._contents.pop(unit.id, None)
        run.withdrawn(self._matches.pop(unit.id, []))
        self._void.discard(unit.id)
        tasks = unit.tasks
        if tasks is not None and len(tasks) == 1:
            row = np.zeros(1, dtype=CONTENT)
            row["id"], row["status"], row["gap"] = tasks["id"], Status.GAP, _GAP_NUMBERS[code]
            self._store(unit, row, [])
            return []
        run.reading.discard(unit.id)
        volume = self._volumes.pop(unit.id)
        if tasks is None or len(tasks) == 0:
            return []
        middle = len(tasks) // 2
        return [(volume, tasks[:middle]), (volume, tasks[middle:])]
