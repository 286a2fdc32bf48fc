"""Taking in what content units gave, and deciding what to do when a worker ended over one.

What a unit gave is matched as it arrives, shown as provisional findings, and committed in one
transaction with its ledger event when the unit is whole: a worker that dies in the middle leaves
nothing half-trusted. Whole means that its pictures are decoded, too; containers found in it are
opened meanwhile and stored after it.

What a dead worker was about, it said on its progress page. That stream is tried once more alone, in
a fresh worker with twice the memory and time; when that worker ends too, the stream is a gap. The
rest of the unit goes on. A page may lie: when the stream it named is read without trouble, nothing
of that unit is believed any more, and what still ends workers is found by halving.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from heroes_forensics.errors import HeroesError
from heroes_forensics.filetype import UNKNOWN
from heroes_forensics.frames import (
    CONTENT,
    TASK,
    Batch,
    Control,
    Picture,
    Proxy,
    Rows,
    Status,
    Unit,
)
from heroes_forensics.model import GAP_NUMBERS
from heroes_forensics.parsers.recovery.carved import MARK_BEGUN
from heroes_forensics.pipelines.examining import decoding, metadata
from heroes_forensics.pipelines.examining.awaited import Pictures
from heroes_forensics.pipelines.examining.containers import Containers
from heroes_forensics.pipelines.examining.depth import Depth
from heroes_forensics.pipelines.examining.examined import Examined
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.pipelines.sets.likeness import in_order
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.crews import Heard
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.store import derived
from heroes_forensics.store.records import MatchRow, RowsDigest

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
    """Streams to read, or to read once more."""

    volume: Examined
    tasks: Rows
    strain: int = 1
    family: Family | None = None
    is_fetch: bool = False
    """For the bytes alone; see `ContentStore.begin`."""


@dataclass(slots=True, eq=False)
class _Unit:
    """One content unit while workers have it, and until all that follows from it has ended."""

    unit: Unit
    volume: Examined
    family: Family | None
    is_fetch: bool
    pictures: Pictures = field(init=False)
    containers: Containers = field(init=False)
    contents: list[Rows] = field(default_factory=list)
    matches: list[MatchRow] = field(default_factory=list)
    candidates: list[MatchRow] = field(default_factory=list)
    is_void: bool = False
    is_left: bool = False
    """Nobody waits for it any more: the run ends."""
    is_read: bool = False
    """Its worker is done with it."""

    @property
    def tasks(self) -> Rows:
        """What was asked for."""
        return np.zeros(0, dtype=TASK) if self.unit.tasks is None else self.unit.tasks


class _Pending(NamedTuple):
    """Waits for the pictures of a unit, which it knows by number alone.

    Were it the unit, the two would hold one another, and with them every task and every row until
    the garbage collector looks: 174 bytes an item, for the whole run.
    """

    store: "ContentStore"
    unit: int

    def found(self, candidates: Sequence[MatchRow]) -> None:
        """Hear what a picture looks like."""
        self.store.found(self.unit, candidates)

    def settled(self) -> None:
        """Hear that no picture is outstanding."""
        self.store.settled(self.unit)

    def leave(self) -> bool:
        """Hear that the run ends before a large picture is begun."""
        return self.store.leave(self.unit)


class ContentStore:
    """Stores what the content units of one source gave."""

    def __init__(self, run: Run, depth: Depth, crew: int) -> None:
        """Take the run, what follows from reading, and the number of the crew that reads."""
        self._run = run
        self._depth = depth
        self._crew = crew
        self._units: dict[int, _Unit] = {}
        self._bugs: set[str] = set()

    def begin(
        self,
        unit: Unit,
        volume: Examined,
        family: Family | None = None,
        *,
        is_fetch: bool = False,
    ) -> None:
        """Remember what a unit that is about to be read belongs to.

        Args:
            unit: the unit.
            volume: of its streams.
            family: what is read again because of the same dead worker.
            is_fetch: what it gives is on record; only the bytes of its containers are wanted.
        """
        state = _Unit(unit, volume, family, is_fetch)
        state.pictures = self._depth.pictures(_Pending(self, unit.id))
        state.containers = self._depth.containers(volume)
        self._units[unit.id] = state
        self._run.reading.add(unit.id)

    def take(self, heard: Heard) -> list[Again]:
        """Take in what came back for a unit; return what has to be read again, in this order."""
        unit, frame, stream = heard
        state = self._units[unit.id]
        if isinstance(frame, Batch):
            self._rows(state, frame.rows)
        elif stream is not None:
            target = state.pictures if stream.use == decoding.USE else state.containers
            target.stream(stream)
        elif isinstance(frame, Death):
            return self._died(state, frame)
        elif frame.kind == "large":
            self._large(state, frame)
        elif frame.kind == "failed":
            return self._failed(state, frame)
        elif frame.kind == "done":
            return self._finish(state)
        return []

    def _large(self, state: _Unit, frame: Control) -> None:
        """Remember a stream that was not handed over, and who can read it again."""
        task = state.tasks[state.tasks["id"] == int(str(frame.body["item"]))]
        if len(task) != 1:
            state.is_void = True
            return
        proxy = Proxy(self._crew, dict(state.unit.body), task)
        is_picture = frame.body["use"] == decoding.USE
        target = state.pictures if is_picture else state.containers
        target.large(int(task["id"][0]), proxy)

    def _rows(self, state: _Unit, rows: Rows) -> None:
        start = sum(len(part) for part in state.contents)
        asked = state.tasks[start : start + len(rows)]
        if not np.array_equal(rows["id"], asked["id"]):
            state.is_void = True
            return
        state.contents.append(rows)
        if state.is_fetch:
            state.containers.read(rows[self._unchanged(rows)], [], stored=True)
            return
        matches = self._run.match(rows, asked["size"])
        rows, begun = self._begun(rows, asked, matches)
        matches += begun
        state.contents[-1] = rows
        state.matches.extend(matches)
        self._run.read(len(rows), int(rows["bytes_read"].sum()), matches)
        state.pictures.read(rows, matches)
        state.containers.read(rows, matches)

    def _begun(
        self, rows: Rows, asked: Rows, matches: Sequence[MatchRow]
    ) -> tuple[Rows, list[MatchRow]]:
        """Compare sectors that begin like a known file; they are neither decoded nor opened."""
        handles = asked["handle"].tobytes()[:: asked["handle"].itemsize]
        mine = np.frombuffer(handles, np.uint8) == MARK_BEGUN
        prefixes = self._run.prefixes() if mine.any() else None
        if prefixes is None:
            return rows, []
        rows = rows.copy()
        rows["type"][mine] = UNKNOWN
        known = {(each.item_id, each.hashset_id, each.record) for each in matches}
        return rows, prefixes.match(rows[mine], known)

    def _unchanged(self, rows: Rows) -> list[bool]:
        """Say which streams are still those on record."""
        return [
            bytes(row["sha256"])
            == self._run.database.value(
                "SELECT sha256 FROM content WHERE item_id=?", (int(row["id"]),)
            )
            for row in rows
        ]

    def _finish(self, state: _Unit) -> list[Again]:
        if state.is_left:
            self._give_up(state)  # whatever came since then
            self._forget(state)
            return []
        if state.is_void or sum(len(part) for part in state.contents) != len(state.tasks):
            return self._died(state, Death(deaths.PROTOCOL))
        if state.family is not None and state.unit.strain > 1:
            state.family.believed = False  # it was named, and is innocent
        state.is_read = True
        if state.is_fetch:
            self._fetched(state, "stream.changed")
        else:
            self._store_if_ready(state)
        return []

    def _fetched(self, state: _Unit, code: str) -> None:
        """Let go of a unit that was read for its bytes; give up on what did not come."""
        self._forget(state)
        state.containers.drop()
        opened = {job.item for job in state.containers.jobs}
        for item in state.tasks["id"].tolist():
            if item not in opened:
                self._depth.expanding.leave(item, state.volume, code)

    def found(self, unit: int, candidates: Sequence[MatchRow]) -> None:
        """Hear what a picture of a unit looks like, and show it before it is stored."""
        if unit in self._units:
            self._units[unit].candidates.extend(candidates)
            self._run.read(0, 0, candidates)

    def settled(self, unit: int) -> None:
        """Hear that no picture of a unit is outstanding."""
        if unit in self._units:
            self._store_if_ready(self._units[unit])

    def leave(self, unit: int) -> bool:
        """Give up a unit of one large film that is not on record, because the run ends.

        Whoever goes on with the run reads it again. Were it waited for, a run whose time is up
        would end when the last film that was read is decoded. Where other streams are in the unit,
        it is waited for: their digests would be lost with it.
        """
        state = self._units.get(unit)
        if state is None or len(state.tasks) > 1:
            return False
        self._give_up(state)
        state.is_left = True
        if state.is_read:
            self._forget(state)
        return True

    def _forget(self, state: _Unit) -> None:
        del self._units[state.unit.id]
        self._run.reading.discard(state.unit.id)

    def _give_up(self, state: _Unit) -> None:
        """Let go of all that a unit gave so far."""
        counted = [] if state.is_fetch else state.contents
        size = sum(int(part["bytes_read"].sum()) for part in counted)
        matches = [*state.matches, *state.candidates]
        self._run.withdrawn(sum(map(len, counted)), size, matches)
        state.pictures.give_up()
        state.containers.give_up()
        state.contents.clear()
        state.matches.clear()
        state.candidates.clear()

    def _store_if_ready(self, state: _Unit) -> None:
        """Store a unit once it is read and its pictures are settled."""
        if state.is_read and state.pictures.is_settled:
            parts = state.contents
            self._store(state, np.concatenate(parts) if parts else np.zeros(0, dtype=CONTENT))

    def _failed(self, state: _Unit, frame: Control) -> list[Again]:
        body = frame.body
        message = str(body["message"])
        if body["exit_code"] == HeroesError.exit_code and message not in self._bugs:
            self._bugs.add(message)
            self._run.note(f"a worker could not go on: {message} ({body['hint']})")
        at = int(str(body["task"]))
        blamed = at if 0 <= at < len(state.tasks) else None
        return self._died(state, Death(deaths.FAILED, blamed))

    def _store(self, state: _Unit, rows: Rows) -> None:
        run, number, database = self._run, state.unit.id, self._run.database
        del self._units[number]
        gaps = int((rows["status"] == Status.GAP).sum())
        shown = state.pictures.rows()
        gaps += int(np.isin(shown["status"], (Picture.GAP, Picture.PARTIAL)).sum())
        matches = [*state.matches, *in_order(state.candidates)]
        with run.journal.transaction() as records:
            records.unit(number, run.id, "content", state.volume.id)
            contents = records.contents(number, rows)
            stored = records.matches(number, matches)
            seen = derived.Seen(shown, state.pictures.hashes(), state.pictures.compared)
            looked = derived.pictures(database, number, seen, decoding.algorithm(), run.seal_values)
            kept = derived.containers(database, number, state.containers.rows)
            said = run.store_supplied(number, state.pictures.supplied)
            said += metadata.stored(database, number, state.pictures.told, run.case.sealer())
            whole = RowsDigest()
            whole.table(contents)
            whole.rows([*stored, *looked, *kept, *said])
            digest = whole.value()
            records.unit_done(number, items=len(rows), gaps=gaps, rows_sha256=digest)
            run.unit_completed(number, len(rows), gaps, digest)
        state.pictures.stored(derived.whole(looked))
        run.reading.discard(number)
        numbers = [row[-2] for row in stored]
        run.committed([pair for pair in zip(numbers, matches, strict=True) if pair[0]], gaps)
        self._depth.expanding.stored(state.containers.jobs)

    def _died(self, state: _Unit, death: Death) -> list[Again]:
        """Say what to read again of a unit whose worker ended, or give up on its one stream."""
        run, unit, tasks = self._run, state.unit, state.tasks
        run.attempt_ended(unit.id, death.cause, unit.strain)
        self._give_up(state)
        if death.cause == deaths.ZYGOTE:
            self._forget(state)
            return [Again(state.volume, tasks, unit.strain, state.family, state.is_fetch)]
        if len(tasks) == 1 and unit.strain > 1 and state.is_fetch:
            self._fetched(state, "container.died")
            return []
        if len(tasks) == 1 and unit.strain > 1:
            code = DEATH_GAPS.get(death.cause, "worker.died")
            row = np.zeros(1, dtype=CONTENT)
            row["id"], row["status"], row["gap"] = tasks["id"], Status.GAP, GAP_NUMBERS[code]
            run.read(1, 0, ())
            self._store(state, row)
            return []
        self._forget(state)
        family = state.family or Family()
        return [
            Again(state.volume, part, ONCE_MORE if len(part) == 1 else 1, family, state.is_fetch)
            for part in parts(tasks, death.blamed if family.believed else None)
        ]


def parts(tasks: Rows, blamed: int | None) -> list[Rows]:
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
