"""Pictures on their way through decoders: given to them, what came back, what ended.

`Decoding` feeds the decoder crew with what units await (`awaited.py`), and has what a plug-in gave
of a picture compared before the picture is settled.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from heroes_forensics import described
from heroes_forensics.described import Description
from heroes_forensics.frames import (
    HASHES,
    MAX_UNIT_DESCRIPTORS,
    PERCEPTUAL,
    PERCEPTUAL_ALGORITHMS,
    SUPPLIED,
    Batch,
    Picture,
    Proxy,
    Rows,
    Unit,
    tasks,
)
from heroes_forensics.model import GAP_NUMBERS, JSON
from heroes_forensics.pipelines.sets import distances, films, supplied
from heroes_forensics.pipelines.sets.distances import Comparison
from heroes_forensics.pipelines.sets.likeness import Looked
from heroes_forensics.pipelines.sets.supplied import Comparer
from heroes_forensics.pipelines.workers import deaths
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.store.supplied_values import Kept

if TYPE_CHECKING:
    from heroes_forensics.frames import Frame
    from heroes_forensics.pipelines.workers.crews import Stream

USE: Final = "decode"
"""What a stream is handed over for; see `crews.Stream.use`."""
DECODED: Final = (
    *("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif", "jp2", "j2k"),
    *("cr2", "nef", "arw", "dng", "pef", "orf", "rw2", "heic", "heif"),
)
"""Types of `filetype` that decoders take; those of `media.image.KINDS`."""

SECONDS: Final = 30.0
SECONDS_A_MEBIBYTE: Final = 1.0
"""Deadline of a decoder: so long, and so much more for each MiB of its stream."""
BATCH_BYTES: Final = 4 << 20
"""Small pictures go to a decoder several at a time, up to so many bytes."""

_FILMS: Final = films.DECODED
_DEATHS: Final = {
    deaths.TIMEOUT: "decoder.timeout",
    deaths.CPU: "decoder.timeout",
    deaths.MEMORY: "decoder.memory",
    deaths.KERNEL_MEMORY: "decoder.memory",
}


def algorithm() -> str:
    """Return what the values are, with the versions of what makes them."""
    versions = (f"{name}-{metadata.version(name)}" for name in ("imagehash", "pillow", "av"))
    return " ".join((*PERCEPTUAL_ALGORITHMS, *versions))


class Awaiting(Protocol):
    """What awaits pictures: `awaited.Pictures`."""

    told: dict[int, Description]
    """By item: what its metadata says, where it was asked for."""

    def came(
        self, item: int, row: Rows, hashes: Rows, looked: Looked | None, kept: Kept | None
    ) -> None:
        """Take in one picture: its row, its `HASHES` rows, what it looks like and to whom."""
        ...

    def leave(self) -> bool:
        """Give all of them up, because the run ends before one is begun; say whether it may be."""
        ...


@dataclass(slots=True, eq=False)
class Wanted:
    """One picture that is being decoded."""

    item: int
    type: str
    size: int
    source: "Stream | Proxy"
    owner: "Awaiting | None"
    """None: its unit was given up, and nobody waits for it."""
    profile: str = "standard"
    is_supplied: bool = True
    """Whether a plug-in is asked, too, where there is one."""
    told: Description | None = None
    """What its metadata says; None: nobody said anything."""
    content: bytes = b""
    """SHA-256 of it, where other copies of it count; see `repeats.py`."""

    @property
    def is_film(self) -> bool:
        """Whether it is a film, which may take longer."""
        return self.type in films.DECODED

    @property
    def is_alone(self) -> bool:
        """Whether nothing goes with it."""
        return self.is_film or isinstance(self.source, Proxy)

    @property
    def bound_to(self) -> bytes:
        """The digest without which a decoder says nothing of it; none of what a proxy reads."""
        return b"" if isinstance(self.source, Proxy) else self.content

    def release(self) -> None:
        """Let go of its bytes."""
        if not isinstance(self.source, Proxy):
            self.source.close()


@dataclass(slots=True)
class _Given:
    """What one decode unit is about, and what came back so far."""

    wanted: list[Wanted]
    strain: int
    rows: list[Rows] = field(default_factory=list)
    hashes: list[Rows] = field(default_factory=list)
    supplied: list[Rows] = field(default_factory=list)
    told: dict[int, Description] = field(default_factory=dict)
    """What metadata says, by item."""

    def of(self, kind: str) -> list[Rows]:
        """Return where batches of a kind are kept."""
        return {"hashes": self.hashes, "supplied": self.supplied}.get(kind, self.rows)


class Decoding:
    """Gives pictures to decoders, and once more alone what ended one."""

    def __init__(  # noqa: PLR0913 - what a run has in hand
        self,
        next_number: Callable[[], int],
        ended: Callable[[int, str, int], None],
        look: Callable[[Rows, Rows], Mapping[int, Looked]],
        *,
        crops: bool = False,
        plugin: str = "",
        comparer: Comparer | None = None,
        metadata: bool = False,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        """Take the run.

        Args:
            next_number: gives numbers of units.
            ended: writes that an attempt ended.
            look: compares `PERCEPTUAL` rows and their `HASHES` with the hash sets, by item.
            crops: whether the pictures are to be listed: what crops leave of them is hashed, too.
            plugin: one that is asked for values, too: they come to `supplied`.
            comparer: compares what a plug-in gives with the sets; then it goes to the owners.
            metadata: whether it is asked what pictures and films say of their origin.
            is_ending: whether the run is to end before it is finished.
        """
        self._next_number = next_number
        self._ended = ended
        self._look = look
        self._comparer = comparer
        self._plugin = comparer.plugged.name if comparer is not None else plugin
        self._crops = crops
        self._comparing: list[_Compared] = []
        self._compared_by: dict[int, _Compared] = {}
        self._asks_metadata = metadata
        self._is_ending = is_ending
        self.supplied: list[Rows] = []
        """`SUPPLIED` rows, those of a unit before its pictures are settled."""
        self._waiting = deque[Wanted]()
        self._again = deque[Wanted]()
        self._given: dict[int, _Given] = {}

    def add(self, wanted: Wanted) -> None:
        """Queue one picture."""
        if self._comparer is not None and self._comparer.is_given_up:
            wanted.is_supplied = False
        self._waiting.append(wanted)

    def next_unit(self) -> Unit | None:
        """Return the next unit for a decoder; None when nothing waits."""
        for work in self._comparing:
            unit = work.comparison.next_unit(self._next_number)
            if unit is not None:
                self._compared_by[unit.id] = work
                return unit
        while self._again:
            wanted = self._again.popleft()
            if wanted.owner is not None:
                return self._unit([wanted], strain=2)
            wanted.release()
        if self._is_ending():
            self._leave_large()
        batch: list[Wanted] = []
        size = 0
        while self._waiting and len(batch) < MAX_UNIT_DESCRIPTORS:
            wanted = self._waiting[0]
            if batch and (size + wanted.size > BATCH_BYTES or wanted.is_alone):
                break
            self._waiting.popleft()
            if wanted.owner is None:
                wanted.release()
                continue
            batch.append(wanted)
            size += wanted.size
            if wanted.is_alone:
                break
        return self._unit(batch, strain=1) if batch else None

    def _leave_large(self) -> None:
        """Give up what is too large to be handed over and not begun: hours of films, perhaps.

        They are read much faster than they are decoded, and nothing limits how many wait.
        """
        kept = deque[Wanted]()
        while self._waiting:  # a copy that waited for one that is given up is queued meanwhile
            wanted = self._waiting.popleft()
            owner = wanted.owner if isinstance(wanted.source, Proxy) else None
            if owner is None or not owner.leave():
                kept.append(wanted)
        self._waiting = kept

    def _unit(self, batch: list[Wanted], *, strain: int) -> Unit:
        number = self._next_number()
        self._given[number] = _Given(batch, strain)
        size = sum(each.size for each in batch)
        first = batch[0].source
        seconds = SECONDS + SECONDS_A_MEBIBYTE * (size / (1 << 20))
        if batch[0].is_film:
            seconds += films.SECONDS[batch[0].profile]
        body: JSON = {
            "types": [each.type for each in batch],
            "profile": batch[0].profile,
            **self._more(batch),
        }
        if self._asks_metadata and strain == 1:  # it may be what ended the first decoder
            body["metadata"] = True
        return Unit(
            number,
            "decode",
            body,
            tasks([(each.item, 0, 0, each.size, each.bound_to) for each in batch]),
            descriptors=tuple(
                each.source.descriptor for each in batch if not isinstance(each.source, Proxy)
            ),
            seconds=seconds,
            strain=strain,
            proxy=first if isinstance(first, Proxy) else None,
        )

    def _more(self, batch: Sequence[Wanted]) -> JSON:
        plugin = self._plugin if all(each.is_supplied for each in batch) else ""
        return {"crops": self._crops, "plugin": plugin} if self._crops or plugin else {}

    def take(self, unit: Unit, frame: "Frame | Death") -> None:
        """Take in what a decoder said."""
        if unit.kind == distances.USE:
            self._compared(unit, frame)
            return
        given = self._given[unit.id]
        if isinstance(frame, Batch) and frame.kind == "metadata":
            given.told |= dict(described.unpacked(frame.rows, frame.area))
        elif isinstance(frame, Batch):
            given.of(frame.kind).append(frame.rows)
        elif isinstance(frame, Death):
            self._died(unit, frame.cause, _DEATHS.get(frame.cause, "decoder.died"))
        elif frame.kind == "failed":
            self._died(unit, deaths.FAILED, "decoder.died")
        elif frame.kind == "done":
            self._done(unit, given)

    def _done(self, unit: Unit, given: _Given) -> None:
        rows, hashes = joined(given.rows, PERCEPTUAL), joined(given.hashes, HASHES)
        asked = [each.item for each in given.wanted]
        if rows["id"].tolist() != asked or not np.isin(rows["status"], _ANSWERS).all():
            self._died(unit, deaths.PROTOCOL, "decoder.died")
            return
        del self._given[unit.id]
        for wanted in given.wanted:
            wanted.told = given.told.get(wanted.item)
        looked = dict(self._look(rows, hashes))
        values = joined(given.supplied, SUPPLIED)
        if self._comparer is None:
            self.supplied.append(values)
            for index, wanted in enumerate(given.wanted):
                mine = hashes[hashes["id"] == wanted.item]
                self._settle(wanted, rows[index : index + 1], mine, looked.get(wanted.item))
            return
        values = np.concatenate(
            [values, *(supplied.failed(e.item) for e in given.wanted if not e.is_supplied)]
        )
        work = _Compared(given.wanted, rows, hashes, looked, values, self._comparer.begin(values))
        for wanted in given.wanted:
            wanted.release()  # it was read; the comparison may take its time
        self._comparing.append(work)
        self._end_compared(work)

    def _compared(self, unit: Unit, frame: "Frame | Death") -> None:
        """Take in what a decoder said of distances."""
        work = self._compared_by[unit.id]
        if isinstance(frame, Batch):
            work.comparison.take(unit.id, frame.rows)
            return
        if isinstance(frame, Death) or frame.kind == "failed":
            cause = frame.cause if isinstance(frame, Death) else deaths.FAILED
            if any(each.owner is not None for each in work.wanted):
                self._ended(unit.id, cause, unit.strain)
            work.comparison.died(unit.id, is_innocent=cause == deaths.ZYGOTE)
            if self._comparer is not None and cause != deaths.ZYGOTE:
                self._comparer.deaths += 1
                if self._comparer.is_given_up:
                    work.comparison.leave()
        elif frame.kind == "done":
            work.comparison.done(unit.id)
        else:
            return
        del self._compared_by[unit.id]
        if all(each.owner is None for each in work.wanted):
            work.comparison.give_up()
        self._end_compared(work)

    def _end_compared(self, work: "_Compared") -> None:
        """Settle pictures once all that a plug-in was to compare of them is compared."""
        comparer = self._comparer
        if comparer is None or not work.comparison.is_done:
            return
        self._comparing.remove(work)
        for index, wanted in enumerate(work.wanted):
            item = wanted.item
            kept = supplied.kept(work.values[work.values["id"] == item], work.comparison)
            looked = comparer.merged(item, work.comparison, work.looked.get(item))
            mine = work.hashes[work.hashes["id"] == item]
            self._settle(wanted, work.rows[index : index + 1], mine, looked, kept)

    def _died(self, unit: Unit, cause: str, code: str) -> None:
        """Decode each picture of the unit once more alone; give up on one that was.

        What ended with the zygote is given again as it was.
        """
        is_innocent = cause == deaths.ZYGOTE
        given = self._given.pop(unit.id)
        if any(each.owner is not None for each in given.wanted):
            self._ended(unit.id, cause, given.strain)
        for wanted in given.wanted:
            if wanted.owner is not None and self._is_asked_without(wanted, given, cause):
                wanted.is_supplied = False
                self._again.append(wanted)
                if self._comparer is not None:
                    self._comparer.deaths += 1
            elif wanted.owner is not None and (given.strain == 1 or is_innocent):
                waits = self._waiting if is_innocent and given.strain == 1 else self._again
                waits.append(wanted)
            else:
                row = row_of(wanted.item, Picture.GAP, code)
                self._settle(wanted, row, np.zeros(0, dtype=HASHES))

    def _is_asked_without(self, wanted: Wanted, given: _Given, cause: str) -> bool:
        """Tell whether a plug-in may have ended a decoder: then it is left out the next time."""
        may_have = bool(self._plugin) and wanted.is_supplied and not wanted.is_film
        return may_have and given.strain > 1 and cause != deaths.ZYGOTE

    def close(self) -> None:
        """Let go of every stream."""
        for work in self._comparing:
            work.comparison.close()
        self._comparing.clear()
        self._compared_by.clear()
        for wanted in (*self._waiting, *self._again):
            wanted.release()
        for given in self._given.values():
            for wanted in given.wanted:
                wanted.release()
        self._waiting.clear()
        self._again.clear()
        self._given.clear()

    def _settle(
        self,
        wanted: Wanted,
        row: Rows,
        hashes: Rows,
        looked: Looked | None = None,
        kept: Kept | None = None,
    ) -> None:
        wanted.release()
        if wanted.owner is not None:
            if self._asks_metadata:
                wanted.owner.told[wanted.item] = wanted.told or described.LOST
            wanted.owner.came(wanted.item, row, hashes, looked, kept)


@dataclass(slots=True, eq=False)
class _Compared:
    """Pictures that were decoded, while what a plug-in gave of them is compared."""

    wanted: list[Wanted]
    rows: Rows
    hashes: Rows
    looked: Mapping[int, Looked]
    values: Rows
    comparison: Comparison


_ANSWERS: Final = (Picture.DONE, Picture.PARTIAL, Picture.GAP)


def joined(parts: Sequence[Rows], dtype: "np.dtype[np.void]") -> Rows:
    """Return the rows of all parts, in their order."""
    return np.concatenate(parts) if parts else np.zeros(0, dtype=dtype)


def row_of(item: int, status: Picture, code: str = "") -> Rows:
    """Return the row of a picture that has no values."""
    row = np.zeros(1, dtype=PERCEPTUAL)
    row["id"], row["status"], row["gap"] = item, status, GAP_NUMBERS[code]
    return row


def hand_over(*, films: bool = True) -> JSON:
    """Return what a unit's ``hand_over`` says of pictures, and of films."""
    return {USE: [*DECODED, *(_FILMS if films else ())]}
