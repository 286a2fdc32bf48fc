"""Taking in what content units gave, and deciding what to do when a worker ended over one.

What a unit gave is matched as it arrives, shown as provisional findings, and committed in one
transaction with its ledger event when the unit is whole: a worker that dies in the middle leaves
nothing half-trusted.

What a dead worker was about, it said on its progress page. That stream is tried once more alone, in
a fresh worker with twice the memory and time; when that worker ends too, the stream is a gap. The
rest of the unit goes on. A page may lie: when the stream it named is read without trouble, nothing
of that unit is believed any more, and what still ends workers is found by halving.
"""

from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import CONTENT, Batch, Control, Frame, Rows, Status, Unit
from heroes_forensics.model import GAP_TEXTS
from heroes_forensics.pipelines import deaths
from heroes_forensics.pipelines.deaths import Death
from heroes_forensics.pipelines.examined import Examined
from heroes_forensics.pipelines.run import Run
from heroes_forensics.store.records import MatchRow, rows_digest

_GAP_NUMBERS: Final = {code: number for number, code in enumerate(GAP_TEXTS, start=1)}
DEATH_GAPS: Final = {
    deaths.TIMEOUT: "worker.timeout",
    deaths.CPU: "worker.timeout",
    deaths.MEMORY: "worker.memory",
    deaths.KERNEL_MEMORY: "worker.memory",
    deaths.PROTOCOL: "worker.protocol",
    deaths.FAILED: "stream.unreadable",
}
"""Gap of a stream by how the worker that read it ended; others are ``worker.died``."""

ONCE_MORE: Final = 2
"""`Unit.strain` of what already ended a worker."""


class Family:
    """What is left of one unit whose worker ended: all that is read again because of that."""

    def __init__(self) -> None:
        self.believed = True
        """Whether what its progress pages say is worth following."""


class Again(NamedTuple):
    """Streams to read once more."""

    volume: Examined
    tasks: Rows
    strain: int
    family: Family


class ContentStore:
    """Stores what the content units of one source gave."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._volumes: dict[int, Examined] = {}
        self._contents: dict[int, list[Rows]] = {}
        self._matches: dict[int, list[MatchRow]] = {}
        self._void: set[int] = set()
        self._families: dict[int, Family] = {}
        self._bugs: set[str] = set()

    def begin(self, unit: Unit, volume: Examined, family: Family | None = None) -> None:
        """Remember what a unit that is about to be read belongs to."""
        self._volumes[unit.id] = volume
        if family is not None:
            self._families[unit.id] = family
        self._run.reading.add(unit.id)

    def take(self, unit: Unit, frame: Frame) -> list[Again]:
        """Take in one frame; return what has to be read again, in this order."""
        if isinstance(frame, Batch):
            self._rows(unit, frame.rows)
        elif frame.kind == "failed":
            return self._failed(unit, frame)
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

    def _finish(self, unit: Unit) -> list[Again]:
        parts = self._contents.pop(unit.id, [])
        rows = np.concatenate(parts) if parts else np.zeros(0, dtype=CONTENT)
        asked = 0 if unit.tasks is None else len(unit.tasks)
        if unit.id in self._void or len(rows) != asked:
            return self.died(unit, Death(deaths.PROTOCOL))
        family = self._families.pop(unit.id, None)
        if family is not None and unit.strain > 1:
            family.believed = False  # it was named, and is innocent
        self._store(unit, rows, self._matches.pop(unit.id, []))
        return []

    def _failed(self, unit: Unit, frame: Control) -> list[Again]:
        body = frame.body
        message = str(body["message"])
        if body["exit_code"] == HeroesError.exit_code and message not in self._bugs:
            self._bugs.add(message)
            self._run.note(f"a worker could not go on: {message} ({body['hint']})")
        tasks = 0 if unit.tasks is None else len(unit.tasks)
        at = int(str(body["task"]))
        return self.died(unit, Death(deaths.FAILED, at if 0 <= at < tasks else None))

    def _store(self, unit: Unit, rows: Rows, matches: list[MatchRow]) -> None:
        run = self._run
        gaps = int((rows["status"] == Status.GAP).sum())
        volume = self._volumes.pop(unit.id)
        with run.journal.transaction() as records:
            records.unit(unit.id, run.id, "content", volume.id)
            contents = records.contents(unit.id, rows)
            stored = records.matches(unit.id, matches)
            digest = rows_digest([*contents, *stored])
            records.unit_done(unit.id, items=len(rows), gaps=gaps, rows_sha256=digest)
            run.unit_completed(unit.id, len(rows), gaps, digest)
        run.reading.discard(unit.id)
        numbers = [row[-2] for row in stored]
        run.committed([pair for pair in zip(numbers, matches, strict=True) if pair[0]], gaps)

    def died(self, unit: Unit, death: Death) -> list[Again]:
        """Say what to read again of a unit whose worker ended, or give up on its one stream."""
        run = self._run
        run.attempt_ended(unit.id, death.cause, unit.strain)
        self._contents.pop(unit.id, None)
        run.withdrawn(self._matches.pop(unit.id, []))
        self._void.discard(unit.id)
        family = self._families.pop(unit.id, None) or Family()
        tasks = unit.tasks
        if tasks is not None and len(tasks) == 1 and unit.strain > 1:
            code = DEATH_GAPS.get(death.cause, "worker.died")
            row = np.zeros(1, dtype=CONTENT)
            row["id"], row["status"], row["gap"] = tasks["id"], Status.GAP, _GAP_NUMBERS[code]
            self._store(unit, row, [])
            return []
        run.reading.discard(unit.id)
        volume = self._volumes.pop(unit.id)
        if tasks is None:
            return []
        return [
            Again(volume, part, ONCE_MORE if len(part) == 1 else 1, family)
            for part in _parts(tasks, death.blamed if family.believed else None)
        ]


def _parts(tasks: Rows, blamed: int | None) -> list[Rows]:
    """Cut a unit into what is read again, in this order: always into fewer streams each.

    Args:
        tasks: the unit; more than one stream, or one that is tried alone.
        blamed: position of the stream that is to be tried alone; None when nobody knows.
    """
    if blamed is None:
        middle = len(tasks) // 2
        parts = [tasks[:middle], tasks[middle:]]
    else:
        parts = [tasks[blamed : blamed + 1], tasks[:blamed], tasks[blamed + 1 :]]
    return [part for part in parts if len(part)]
