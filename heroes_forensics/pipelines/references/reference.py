"""Reading a folder of a body's own files: digests and perceptual values of each, and nothing else.

It is what a scan does with a folder, by the same locked workers: listed, read once, digested, and
pictures decoded in workers of their own; but there is no case, and nothing is compared. Files are
numbered in the order of the bytes of their paths, and are only ever spoken of by that number.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from heroes_forensics.display import shown
from heroes_forensics.errors import EvidenceError, UsageError
from heroes_forensics.frames import (
    CONTENT,
    HASHES,
    PERCEPTUAL,
    SUPPLIED,
    TIER_1,
    Batch,
    Control,
    Frame,
    Proxy,
    Rows,
    Status,
    Unit,
    entries_of,
    tasks,
)
from heroes_forensics.hashsets.candidates import MIN_SIDE
from heroes_forensics.hashsets.known import QUALITY_GATE
from heroes_forensics.model import GAP_NUMBERS, JSON, Entry, EntryKind
from heroes_forensics.pipelines.case.watch import Progress, Watch
from heroes_forensics.pipelines.evidence import sources
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.examining.awaited import Pictures
from heroes_forensics.pipelines.examining.decoding import Decoding
from heroes_forensics.pipelines.examining.reading import DEATH_GAPS, ONCE_MORE, parts
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.pipelines.workers.single import single

if TYPE_CHECKING:
    from collections.abc import Sequence

    from heroes_forensics.pipelines.evidence.sources import Evidence
    from heroes_forensics.pipelines.workers.crews import Heard
    from heroes_forensics.pipelines.workers.supervisor import Supervisor
    from heroes_forensics.store.records import MatchRow

BEGINNING: Final = 512
"""Bytes of a file by whose digest a sector of free space is known as its beginning."""
UNIT_ITEMS: Final = 200
UNIT_BYTES: Final = 64 << 20
"""The most files and bytes of one unit."""


class Reference(NamedTuple):
    """What a folder of reference files gave."""

    categories: list[str]
    """Of each file, by its number less one."""
    contents: Rows
    """`CONTENT` rows of all files, by number."""
    pictures: Rows
    """`PERCEPTUAL` rows of those that are pictures or films."""
    hashes: Rows
    """`HASHES` rows that may be listed, by number."""
    supplied: Rows
    """`SUPPLIED` rows of the plug-in, by number."""
    beginnings: Rows
    """`CONTENT` rows of the first `BEGINNING` bytes of those that have as many, where wanted."""
    left: Counter[str]
    """What is no file, by kind: links, devices, folders that could not be listed."""


def check(folder: Path) -> None:
    """Make sure that there is a folder to read.

    Raises:
        UsageError: there is none.
    """
    if not folder.is_dir():
        raise UsageError(
            f"{shown(str(folder))} is no folder",
            hint="name the folder that holds the reference files",
        )


class Way(NamedTuple):
    """How the files of a folder are looked at."""

    films: bool = True
    """Whether films are decoded, too."""
    deep: bool = False
    """Whether the views of tier 2 are wanted of pictures."""
    crops: bool = False
    """Whether what crops leave of them is hashed, too."""
    every_value: bool = False
    """Whether all values are kept, and not only those that may be listed."""
    plugin: str = ""
    """Is asked for values of the pictures, too; it was tried."""
    beginnings: bool = False
    """Whether the first bytes of each file are digested by themselves, too."""


LISTING: Final = Way(crops=True)
"""For a hash set."""


class Folder:
    """A folder that is held open, and the files in it."""

    def __init__(self, evidence: "Evidence", supervisor: "Supervisor", watch: Watch) -> None:
        self.evidence = evidence
        self.supervisor = supervisor
        self.watch = watch
        (self.volume,) = evidence.volumes
        self.left: Counter[str] = Counter()
        self.entries = _listed(evidence, self.volume, self.left)
        """In the order of the bytes of their paths."""

    def read(self, workers: int, way: Way, category_of: Callable[[bytes], str]) -> Reference:
        """Read every file.

        Args:
            workers: of each kind.
            way: how they are looked at.
            category_of: says of a path below the folder what category it is.

        Raises:
            StoppedError: the machine is at fault.
        """
        with self.supervisor.crew("decoder", workers=workers) as decoders:
            reading = _Reading(self, way)
            decoders.next_unit = reading.decoding.next_unit
            try:
                reading.run()
            finally:
                reading.decoding.close()
        begun = _Reading(self, way, first=BEGINNING)
        if way.beginnings:
            begun.run()
        categories = [category_of(entry.path) for entry in self.entries]
        return Reference(categories, *reading.found(), begun.found()[0], self.left)


@contextmanager
def opened(
    folder: Path, supervisor: "Supervisor", *, workers: int, watch: Watch
) -> Iterator[Folder]:
    """Open a folder for reading only, and list what is in it.

    Raises:
        EvidenceError: it cannot be opened or listed, or changed meanwhile.
    """
    with sources.opened(folder, supervisor, workers=workers) as evidence:
        watch.progress(Progress("listing"))
        yield Folder(evidence, supervisor, watch)
        if not evidence.unchanged():
            raise EvidenceError(
                "the folder changed while it was read",
                hint="make it read-only, then start again",
            )


def read(  # noqa: PLR0913 - what reading rests on
    folder: Path,
    supervisor: "Supervisor",
    *,
    workers: int,
    category_of: Callable[[bytes], str],
    watch: Watch,
    plugin: str = "",
    beginnings: bool = False,
) -> Reference:
    """Read every file below a folder, for a hash set.

    Raises:
        EvidenceError: the folder cannot be opened or listed, or changed meanwhile.
        StoppedError: the machine is at fault.
    """
    with opened(folder, supervisor, workers=workers, watch=watch) as found:
        way = LISTING._replace(plugin=plugin, beginnings=beginnings)
        return found.read(workers, way, category_of)


def _listed(evidence: "Evidence", volume: JSON, left: Counter[str]) -> list[Entry]:
    """List the files of the folder in the order of their paths, and count what is none."""

    def take(frames: Iterator[Frame]) -> list[Entry]:
        left.clear()
        found: list[Entry] = []
        for frame in frames:
            if isinstance(frame, Batch):
                for entry in entries_of(frame):
                    if entry.kind == EntryKind.FILE:
                        found.append(entry)
                    elif entry.kind != EntryKind.DIRECTORY:
                        left["links" if entry.kind == EntryKind.SYMLINK else "no-files"] += 1
            elif frame.kind == "listing":
                left["folders-not-listed"] += int(str(frame.body["directories_not_listed"]))
        return found

    found = single(evidence.crew, evidence.unit(0, "inventory", {"volume": volume}), take)
    return sorted(found, key=lambda entry: entry.path)


@dataclass(slots=True, eq=False)
class _Unit:
    """One unit while workers have it, and until its pictures are settled."""

    reading: "_Reading"
    unit: Unit
    tasks: Rows
    pictures: Pictures = field(init=False)
    contents: list[Rows] = field(default_factory=list)
    is_read: bool = False

    def found(self, candidates: "Sequence[MatchRow]") -> None:
        """Nothing is compared, so nothing is found."""

    def settled(self) -> None:
        """Hear that no picture is outstanding."""
        self.reading.settle(self)

    def leave(self) -> bool:
        """Say that all of it is waited for: no run has an end before it is finished here."""
        return False


class _Reading:
    """The files of one folder on their way through the workers."""

    def __init__(self, folder: Folder, way: Way, *, first: int = 0) -> None:
        """Take the files; with ``first``, so many bytes of each are all that is read of them."""
        entries = folder.entries
        self._way = way
        self._evidence = folder.evidence
        self._body: JSON = {
            "volume": folder.volume,
            **({"first": first} if first else {"hand_over": decoding.hand_over(films=way.films)}),
        }
        self._config: JSON = {
            "perceptual": not first,
            "profile": "deep" if way.deep else "standard",
        }
        self._watch = folder.watch
        self._last = 0
        self.decoding = Decoding(
            self._number,
            lambda *_ended: None,
            lambda *_rows: {},
            crops=way.crops,
            plugin=way.plugin,
        )
        self._units: dict[int, _Unit] = {}
        self._waiting = deque((part, 1) for part in _units_of(entries, first))
        self._contents: list[Rows] = []
        self._pictures: list[Rows] = []
        self._hashes: list[Rows] = []
        self._total = len(entries), sum(max(0, entry.size) for entry in entries)
        self._done = [0, 0]

    def run(self) -> None:
        """Read everything.

        Raises:
            StoppedError: the machine is at fault.
        """
        for heard in self._evidence.crew.run(self._next):
            if heard.unit.kind == "decode":
                self.decoding.take(heard.unit, heard.frame)
            elif heard.unit.id in self._units:
                self._take(self._units[heard.unit.id], heard)
            items, size = self._done
            self._watch.progress(
                Progress(
                    "reading",
                    items_done=items,
                    items_total=self._total[0],
                    bytes_done=size,
                    bytes_total=self._total[1],
                )
            )

    def found(self) -> tuple[Rows, Rows, Rows, Rows]:
        """Return all rows, by the numbers of their files."""
        return (
            _by_number(self._contents, CONTENT),
            _by_number(self._pictures, PERCEPTUAL),
            _by_number(self._hashes, HASHES),
            _by_number(self.decoding.supplied, SUPPLIED),
        )

    def _number(self) -> int:
        self._last += 1
        return self._last

    def _next(self) -> Unit | None:
        if not self._waiting:
            return None
        rows, strain = self._waiting.popleft()
        body = {**self._evidence.body, **self._body}
        unit = Unit(self._number(), "content", body, rows, strain=strain)
        state = _Unit(self, unit, rows)
        state.pictures = Pictures(self.decoding, state, self._config)
        self._units[unit.id] = state
        return unit

    def _take(self, state: _Unit, heard: "Heard") -> None:
        _, frame, stream = heard
        if isinstance(frame, Batch):
            state.contents.append(frame.rows)
            state.pictures.read(frame.rows, [])
            self._done[0] += len(frame.rows)
            self._done[1] += int(frame.rows["bytes_read"].sum())
        elif stream is not None:
            state.pictures.stream(stream)
        elif isinstance(frame, Death):
            self._died(state, frame.cause, frame.blamed)
        elif frame.kind == "large":
            self._large(state, frame)
        elif frame.kind == "failed":
            at = int(str(frame.body["task"]))
            self._died(state, deaths.FAILED, at if 0 <= at < len(state.tasks) else None)
        elif frame.kind == "done":
            state.is_read = True
            self.settle(state)

    def _large(self, state: _Unit, frame: Control) -> None:
        item = int(str(frame.body["item"]))
        task = state.tasks[state.tasks["id"] == item]
        state.pictures.large(item, Proxy(self._evidence.crew.number, dict(state.unit.body), task))

    def settle(self, state: _Unit) -> None:
        """Keep what a unit gave once it is read and its pictures are settled."""
        if not state.is_read or not state.pictures.is_settled or state.unit.id not in self._units:
            return
        del self._units[state.unit.id]
        self._contents += state.contents
        pictures = state.pictures.rows()
        self._pictures.append(pictures)
        hashes = state.pictures.hashes()
        self._hashes.append(hashes if self._way.every_value else _listable(pictures, hashes))

    def _died(self, state: _Unit, cause: str, blamed: int | None) -> None:
        """Read the files of a unit again whose worker ended, or give up on its one file."""
        del self._units[state.unit.id]
        state.pictures.give_up()
        strain, rows = state.unit.strain, state.tasks
        self._done[0] -= sum(len(part) for part in state.contents)
        self._done[1] -= sum(int(part["bytes_read"].sum()) for part in state.contents)
        if cause == deaths.ZYGOTE:
            self._waiting.appendleft((rows, strain))
        elif len(rows) == 1 and strain > 1:
            row = np.zeros(1, dtype=CONTENT)
            row["id"], row["status"] = rows["id"], Status.GAP
            row["gap"] = GAP_NUMBERS[DEATH_GAPS.get(cause, "worker.died")]
            self._contents.append(row)
        else:
            again = [(part, ONCE_MORE if len(part) == 1 else 1) for part in parts(rows, blamed)]
            self._waiting.extendleft(reversed(again))


def _units_of(entries: "Sequence[Entry]", first: int) -> Iterator[Rows]:
    """Cut what is to be read into units: all of it, or so many bytes of what has as many."""
    taken: list[tuple[int, int, int, int, bytes]] = []
    size = 0
    for number, entry in enumerate(entries, start=1):
        if entry.size < first and first:
            continue
        wanted = first or entry.size
        if taken and (len(taken) >= UNIT_ITEMS or size + wanted > UNIT_BYTES):
            yield tasks(taken)
            taken, size = [], 0
        taken.append((number, entry.kind, int(entry.flags), wanted, entry.handle))
        size += max(0, wanted)
    if taken:
        yield tasks(taken)


def _listable(pictures: Rows, hashes: Rows) -> Rows:
    """Return the values that may be listed: upright, of enough quality, of a picture large enough.

    Queries come in all orientations, so one is enough here; what lies around a picture is taken off
    there, too. What is left of a picture that is cut off looks like what is left of another one.
    """
    large = np.minimum(pictures["width"], pictures["height"]) >= MIN_SIDE
    whole = pictures["gap"] != GAP_NUMBERS["picture.partial"]
    kept: Rows = hashes[
        np.isin(hashes["id"], pictures["id"][large & whole])
        & (hashes["orientation"] == 0)
        & ((hashes["view"] == _AS_IT_IS) | (hashes["view"] >= TIER_1))
        & (hashes["quality"] >= QUALITY_GATE)
    ]
    return kept


_AS_IT_IS: Final = 0


def _by_number(found: "Sequence[Rows]", dtype: "np.dtype[np.void]") -> Rows:
    rows = np.concatenate(found) if found else np.zeros(0, dtype=dtype)
    in_order: Rows = rows[np.argsort(rows["id"], kind="stable")]
    return in_order
