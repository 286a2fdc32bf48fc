"""Whether an answer is one to what was asked: the checks that need the unit beside the frame.

What a frame may look like at all is in `pipelines.workers.wire`. Here it is held against
the unit it answers: rows are about the streams that were asked for, in their order, all of them;
nothing is handed over that nobody asked for.
"""

from typing import Final

import numpy as np

from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import (
    EDIT_VALUES,
    FILM_HASHES,
    HASHES,
    PICTURE_FRAMES,
    PICTURE_HASHES,
    PLUGIN_NEAREST,
    Batch,
    Control,
    Distance,
    Frame,
    Picture,
    Rows,
    Unit,
)
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.wire import ProtocolViolationError

CONTENT: Final = "content"
DECODE: Final = "decode"
EDIT: Final = "edit"
_FILMS: Final = frozenset(row.name for row in TYPES if row.file_class is FileClass.VIDEO)


class Answers:
    """What one unit has been answered so far."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rows = 0
        self._hashes: dict[int, list[Rows]] = {}
        """Perceptual values of those tasks whose own row is still to come."""
        self._frames: dict[int, int] = {}
        """Values of a plug-in, by task; listed ones it named, by value."""
        self._pairs: set[int] = set()
        """Of what a plug-in compared: one number for each pair."""
        self._edited = np.zeros(0, dtype="<i8")
        """Values of each edit of a picture that were not summed up yet."""
        self._last = -1
        """Where the last of them stands in their order."""
        self._described: set[int] = set()
        """Tasks of which metadata came."""
        asked = unit.body.get("hand_over")
        self._uses = frozenset(asked if isinstance(asked, dict) else ())
        self.frames = 0
        """Taken in, beside those about the unit itself."""

    def take(self, frame: Frame) -> None:
        """Take in one frame.

        Raises:
            ProtocolViolationError: no correct worker answers this unit so.
        """
        unit = self._unit
        if frame.kind not in wire.ANSWERS.get(unit.kind, frozenset()):
            raise ProtocolViolationError("a unit of another kind answers so")
        if isinstance(frame, Batch):
            self._batch(frame)
        elif frame.kind in {"stream", "large"}:
            self._handed(frame)
        self.frames += 1

    def _batch(self, frame: Batch) -> None:
        """Take in rows: those of a kind that needs the unit beside them."""
        take = {
            "hashes": self._values,
            "supplied": self._supplied,
            "metadata": self._metadata,
            "distances": self._distances,
            "perceptual": self._pictures,
            "edited": self._values_of_edits,
            "made": self._edits,
        }.get(frame.kind)
        if self._unit.kind == CONTENT:
            self._answered(frame.rows)
        elif take is not None:
            take(frame.rows)

    def end(self, frame: Control) -> None:
        """Take in the last frame.

        Raises:
            ProtocolViolationError: it is about another unit, or something is missing.
        """
        if frame.body["unit"] != self._unit.id:
            raise ProtocolViolationError("a frame is about another unit")
        if frame.kind != "done":
            return
        asked = 0 if self._unit.tasks is None else len(self._unit.tasks)
        if frame.body["frames"] != self.frames:
            raise ProtocolViolationError("a unit ends with another number of frames")
        if self._unit.kind in {CONTENT, DECODE, EDIT} and self._rows != asked:
            raise ProtocolViolationError("a unit ends without an answer to each of its tasks")

    def _answered(self, rows: Rows) -> None:
        tasks = self._unit.tasks
        ids = rows["id"]
        end = self._rows + len(ids)
        if tasks is None or not np.array_equal(ids, tasks["id"][self._rows : end]):
            raise ProtocolViolationError("rows answer other tasks than were asked")
        self._rows = end

    def _values(self, rows: Rows) -> None:
        """Keep perceptual values until the row comes that says how many there are."""
        tasks = self._unit.tasks
        waiting = [] if tasks is None else tasks["id"][self._rows :].tolist()
        kinds = self._types()
        for number in np.unique(rows["id"]).tolist():
            if number not in waiting:
                raise ProtocolViolationError("a perceptual value is that of another task")
            kept = self._hashes.setdefault(number, [])
            kept.append(rows[rows["id"] == number])
            is_film = kinds[self._rows + waiting.index(number)] in _FILMS
            if sum(map(len, kept)) > (FILM_HASHES if is_film else PICTURE_HASHES):
                raise ProtocolViolationError("a picture has more values than there are views of it")

    def _supplied(self, rows: Rows) -> None:
        """Take values of a plug-in: of the next task, where one was asked for."""
        tasks = self._unit.tasks
        waiting = [] if tasks is None else tasks["id"][self._rows :].tolist()
        for number in rows["id"].tolist():
            frames = self._frames.get(number, 0) + 1
            if not self._unit.body.get("plugin") or number not in waiting:
                raise ProtocolViolationError("a value of a plug-in is one nobody asked for")
            if frames > PICTURE_FRAMES:
                raise ProtocolViolationError("a plug-in gave values of too many frames")
            self._frames[number] = frames

    def _distances(self, rows: Rows) -> None:
        """Take distances of a plug-in: between values it was given, each pair once."""
        queries, listed, threshold = (
            int(str(self._unit.body[name])) for name in ("queries", "listed", "threshold")
        )
        near = rows[rows["status"] == Distance.NEAR]
        if (
            (rows["query"] >= queries).any()
            or (rows["entry"] >= listed).any()
            or (near["distance"] > threshold).any()
        ):
            raise ProtocolViolationError("a distance is of values nobody asked for, or too far")
        for query in rows["query"].tolist():
            self._frames[query] = self._frames.get(query, 0) + 1
        if max(self._frames.values(), default=0) > PLUGIN_NEAREST:
            raise ProtocolViolationError("a plug-in names too many listed values")
        pairs = near["query"].astype(np.uint64) << np.uint64(32) | near["entry"]
        for pair in pairs.tolist():
            if pair in self._pairs:
                raise ProtocolViolationError("a plug-in names a listed value twice")
            self._pairs.add(pair)

    def _metadata(self, rows: Rows) -> None:
        """Take metadata: of the next tasks, each once, where it was asked for."""
        tasks = self._unit.tasks
        waiting = [] if tasks is None else tasks["id"][self._rows :].tolist()
        for number in rows["id"].tolist():
            if not self._unit.body.get("metadata") or number not in waiting:
                raise ProtocolViolationError("metadata is told that nobody asked for")
            if number in self._described:
                raise ProtocolViolationError("metadata of one picture is told twice")
            self._described.add(number)

    def _pictures(self, rows: Rows) -> None:
        if self._unit.body.get("metadata") and not self._described.issuperset(rows["id"].tolist()):
            raise ProtocolViolationError("metadata that was asked for is not told")
        kinds = self._types()[self._rows :]
        self._answered(rows)
        for row, kind in zip(rows, kinds, strict=False):
            kept = self._hashes.pop(int(row["id"]), [])
            hashes = np.concatenate(kept) if kept else np.zeros(0, dtype=HASHES)
            _check_values(row, hashes, is_film=kind in _FILMS)

    def _values_of_edits(self, rows: Rows) -> None:
        """Count values of edits: in order, of edits that were asked for, not too many."""
        asked = int(str(self._unit.body["edits"]))
        tasks = self._unit.tasks
        if self._rows or tasks is None or (rows["id"] != tasks["id"][0]).any():
            raise ProtocolViolationError("a value of an edit is that of another picture")
        order = rows["edit"].astype(np.int64) << 16
        order |= rows["view"].astype(np.int64) << 8 | rows["orientation"]
        if (np.diff(order, prepend=self._last) <= 0).any():
            raise ProtocolViolationError("values of edits are out of order, or one comes twice")
        self._last = int(order[-1]) if len(order) else self._last
        if (rows["edit"] >= asked).any():
            raise ProtocolViolationError("a value is that of an edit nobody asked for")
        found = np.bincount(rows["edit"], minlength=asked)
        self._edited = found if not len(self._edited) else self._edited + found
        if (self._edited > EDIT_VALUES).any():
            raise ProtocolViolationError("an edit has more values than there are views of it")

    def _edits(self, rows: Rows) -> None:
        """Take the one batch that says what became of each edit."""
        asked = int(str(self._unit.body["edits"]))
        self._answered(rows[:1])
        if len(rows) != asked or (rows["id"] != rows["id"][0]).any():
            raise ProtocolViolationError("edits are answered that nobody asked for")
        counts = self._edited if len(self._edited) else np.zeros(asked, dtype="<i8")
        if (rows["edit"] != np.arange(asked)).any() or (rows["values"] != counts).any():
            raise ProtocolViolationError("an edit has another number of values than came")

    def _types(self) -> list[str]:
        """Return the type of each task: what was asked, and no answer."""
        asked = self._unit.body.get("types")
        return [str(each) for each in asked] if isinstance(asked, list) else []

    def _handed(self, frame: Control) -> None:
        tasks = self._unit.tasks
        item, use = frame.body["item"], frame.body["use"]
        if use not in self._uses:
            raise ProtocolViolationError("a stream is handed over that nobody asked for")
        if self._unit.kind == CONTENT and (tasks is None or item not in tasks["id"]):
            raise ProtocolViolationError("a stream is that of another task")


def _check_values(row: np.void, hashes: Rows, *, is_film: bool) -> None:
    """Refuse perceptual values that do not belong to the row of their picture or film."""
    if len(hashes) != row["hashed"]:
        raise ProtocolViolationError("a picture row has another number of values than came")
    order = hashes["at"].astype(np.uint64) << np.uint64(24)
    for shift, name in ((16, "algorithm"), (8, "view"), (0, "orientation")):
        order |= hashes[name].astype(np.uint64) << np.uint64(shift)
    if (np.diff(order.astype(np.int64)) <= 0).any():
        raise ProtocolViolationError("perceptual values are out of order, or one comes twice")
    if is_film:  # one in which nothing is to be seen, or nothing but sound, has no values
        if (hashes["at"] > row["milliseconds"]).any():
            raise ProtocolViolationError("a perceptual value lies behind the end of its film")
        return
    if not len(hashes) and row["status"] in {Picture.DONE, Picture.PARTIAL}:
        raise ProtocolViolationError("a picture row is decoded without values")
    if row["milliseconds"] or (hashes["at"] >= max(1, int(row["frames"]))).any():
        raise ProtocolViolationError("a picture row has a length, or values of more frames")
    if len(np.unique(hashes["at"])) > PICTURE_FRAMES:
        raise ProtocolViolationError("a picture has values of too many frames")
