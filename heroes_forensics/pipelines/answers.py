"""Whether an answer is one to what was asked: the checks that need the unit beside the frame.

What a frame may look like at all is in `heroes_forensics.pipelines.wire`. Here it is held against
the unit it answers: rows are about the streams that were asked for, in their order, all of them;
nothing is handed over that nobody asked for.
"""

from typing import Final

import numpy as np

from heroes_forensics.frames import Batch, Control, Frame, Unit
from heroes_forensics.pipelines import wire
from heroes_forensics.pipelines.wire import ProtocolViolationError

CONTENT: Final = "content"


class Answers:
    """What one unit has been answered so far."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._rows = 0
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
            if unit.kind == CONTENT:
                self._contents(frame)
        elif frame.kind in {"stream", "large"}:
            self._handed(frame)
        self.frames += 1

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
        if self._unit.kind == CONTENT and self._rows != asked:
            raise ProtocolViolationError("a unit ends without an answer to each of its tasks")

    def _contents(self, batch: Batch) -> None:
        tasks = self._unit.tasks
        ids = batch.rows["id"]
        end = self._rows + len(ids)
        if tasks is None or not np.array_equal(ids, tasks["id"][self._rows : end]):
            raise ProtocolViolationError("rows answer other tasks than were asked")
        self._rows = end

    def _handed(self, frame: Control) -> None:
        tasks = self._unit.tasks
        item, use = frame.body["item"], frame.body["use"]
        if use not in self._uses:
            raise ProtocolViolationError("a stream is handed over that nobody asked for")
        if self._unit.kind == CONTENT and (tasks is None or item not in tasks["id"]):
            raise ProtocolViolationError("a stream is that of another task")
