"""What an expander said of one container, checked, and the rows that come of it.

A container is a section: entries, contents and one row at its end; see `members`. Members are
numbered from 0 through all sections, so that a parent is known by position and never by name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from heroes_forensics.frames import Batch, Rows
from heroes_forensics.model import JSON, EntryFlag
from heroes_forensics.pipelines.examining.awaited import Pictures
from heroes_forensics.pipelines.examining.listing import left_out
from heroes_forensics.store import derived
from heroes_forensics.store.records import TIMES

if TYPE_CHECKING:
    from heroes_forensics.pipelines.examining.run import Run
    from heroes_forensics.store.records import MatchRow


_ALLOCATED: Final = int(EntryFlag.ALLOCATED)


class WrongError(Exception):
    """An expander said what no correct one says."""


@dataclass(slots=True)
class Section:
    """What an expander said of one container."""

    first: int
    kind: str = ""
    times: JSON = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)
    rows: int = 0
    row: Rows | None = None


@dataclass(slots=True)
class Answer:
    """What one attempt at a container gave."""

    pictures: Pictures
    sections: list[Section] = field(default_factory=list)
    contents: list[Rows] = field(default_factory=list)
    matches: list["MatchRow"] = field(default_factory=list)
    candidates: list["MatchRow"] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    read: set[int] = field(default_factory=set)

    @property
    def current(self) -> Section | None:
        """The section that is not at its end."""
        return self.sections[-1] if self.sections and self.sections[-1].row is None else None


# ---- frames of one attempt ---------------------------------------------------------------


def _entries(run: "Run", answer: Answer, batch: Batch) -> None:
    del run
    section = answer.current
    if section is None:
        raise WrongError
    section.batches.append(batch)
    section.rows += len(batch.rows)
    answer.sizes += batch.rows["size"].tolist()


def _contents(run: "Run", answer: Answer, batch: Batch) -> None:
    section, numbers = answer.current, set(batch.rows["id"].tolist())
    if (
        section is None
        or len(numbers) != len(batch.rows)
        or numbers & answer.read
        or (numbers and not section.first <= min(numbers) <= max(numbers) < len(answer.sizes))
    ):
        raise WrongError
    answer.read |= numbers
    answer.contents.append(batch.rows)
    sizes = np.array(answer.sizes, dtype=np.int64)[batch.rows["id"].astype(np.intp)]
    matches = run.match(batch.rows, sizes)
    answer.matches += matches
    answer.pictures.read(batch.rows, matches)


def _containers(run: "Run", answer: Answer, batch: Batch) -> None:
    del run
    for row in batch.rows:
        section = answer.current
        if section is None:  # one that could not be opened has nothing before its row
            section = Section(len(answer.sizes))
            answer.sections.append(section)
        number = int(row["id"])
        outermost = len(answer.sections) == 1
        if (
            (number == 0) != outermost
            or (number and number - 1 not in answer.read)
            or int(row["first"]) != section.first
            or any(
                int(each.row["id"][0]) == number for each in answer.sections if each.row is not None
            )
        ):
            raise WrongError
        section.row = row.reshape(1)


TAKERS: Final = {"entries": _entries, "contents": _contents, "containers": _containers}


# ---- rows of the case --------------------------------------------------------------------


class Around(NamedTuple):
    """What members take over from the item that holds them."""

    locator: str
    path: bytes
    place: int
    flags: int

    @classmethod
    def of(cls, run: "Run", item: int) -> "Around":
        """Read it from the case."""
        ((locator, path, place, flags),) = run.database.rows(
            "SELECT locator, path, place, flags FROM item WHERE id=?", (item,)
        )
        return cls(locator, run.case.open_path(item, path), place, flags)


def member_rows(
    run: "Run", unit: tuple[int, int, int], answer: Answer, first: int
) -> list[tuple[Any, ...]]:
    """Return the rows of the inventory, in the order in which the expander gave them.

    Args:
        run: seals the paths.
        unit: numbers of the unit, of the volume, and of the item that is the outermost container.
        answer: what the expander said.
        first: number of the first member.
    """
    number_of_unit, volume, outermost = unit
    around = Around.of(run, outermost)
    found: list[tuple[Any, ...]] = []
    names: list[tuple[int, bytes]] = []
    number = first
    allocated = around.flags & _ALLOCATED
    for section in answer.sections:
        parent = outermost
        if section.row is not None and section.row["id"][0]:
            parent = first + int(section.row["id"][0]) - 1
        for batch in section.batches:
            area = batch.area
            for row in batch.rows.tolist():
                (kind, place, flags, owner, size, _, seconds, nanos, used, handle, *spans) = row
                start, length, path_start, path_length = spans
                locator = area[start : start + length].decode("ascii")
                name = area[path_start : path_start + path_length]
                names.append((number, around.path + b"/" + name if around.path else name))
                found.append(
                    (
                        *(number, volume, number_of_unit, kind),
                        flags if allocated else flags & ~_ALLOCATED,
                        *(place or around.place, owner, size, -1),
                        TIMES.pack(*seconds, *nanos),
                        f"{around.locator}/{locator}",
                        handle[:used],
                        b"",
                        parent,
                    )
                )
                number += 1
    sealed = run.seal(names)
    return [(*row[:-2], path, row[-1]) for row, path in zip(found, sealed, strict=True)]


def skips_of(
    items: Sequence[tuple[Any, ...]], read: set[int], profile: str
) -> list[tuple[Any, ...]]:
    """Return the content rows of members that are not read, with their reason."""
    skips: list[tuple[Any, ...]] = []
    for item, _, unit, kind, flags, *_ in items:
        skip = left_out(kind, flags, profile)
        if skip is not None and item not in read:
            skips.append((item, unit, *skip, 0, 0, None, None, None))
    return skips


def container_row(section: Section, first: int, outermost: int) -> derived.ContainerRow:
    """Return the row of one container; ``first`` is the number of the first member of all."""
    row = section.row
    if row is None:
        raise AssertionError("a section is stored before its end")
    number, status, gap, depth, _, listed, directories, expanded = row.tolist()[0]
    return derived.ContainerRow(
        item_id=first + number - 1 if number else outermost,
        status=status,
        gap=gap,
        kind=section.kind,
        depth=depth,
        listed=listed,
        directories=directories,
        expanded=expanded,
        times=section.times,
    )
