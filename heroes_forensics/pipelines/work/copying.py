"""The way of one stream out of the worker that reads it: a copy made while reading, or its name."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from heroes_forensics.frames import HAND_OVER_BYTES, Control, Frame
from heroes_forensics.pipelines.workers.handover import Copy

if TYPE_CHECKING:
    from heroes_forensics.parsers.containers.ending import Ending

Uses = tuple[str, ...]
"""What a stream is handed over for, in the order in which credit is asked for: who has credit for
decoding never waits for other credit (`credits`)."""


class Copying:
    """The way of one stream out of this worker: a copy while it is read, or none."""

    def __init__(self, item: int) -> None:
        self._item = item
        self.uses: Uses = ()
        self.limit = 0
        self._copy: Copy | None = None
        self.ending: Ending | None = None
        """Watches what goes by."""

    def start(self, uses: Uses, size: int) -> None:
        """Copy from now on; a stream above the limit is only named at the end."""
        self.uses, self.limit = uses, size
        if size <= HAND_OVER_BYTES:
            try:
                self._copy = Copy()
            except OSError:
                self._copy = None  # it is named instead, and read again

    def write(self, data: bytes) -> None:
        """Take a piece, in order."""
        if self.ending is not None:
            self.ending.take(data)
        copy = self._copy
        if copy is None:
            return
        try:
            if copy.size + len(data) <= self.limit:
                copy.write(data)
                return
        except OSError:
            pass
        # No memory for it, or more than there is credit for: it is named instead, and read again.
        self.give_up()

    def give_up(self) -> None:
        """Drop what was copied."""
        if self._copy is not None:
            self._copy.drop()
            self._copy = None

    def frames(self, size: int) -> Iterator[Frame]:
        """Yield the frame that hands the stream over, if it was asked for."""
        if not self.uses or not size:
            self.give_up()
        elif self._copy is not None and self._copy.size == size:
            yield from self._copy.frames(self._item, self.uses)
        else:
            self.give_up()
            for use in self.uses:
                yield Control("large", {"item": self._item, "size": size, "use": use})

    def wanted(self, uses: Uses) -> None:
        """Take what a stream is wanted for that turned out to be something else at its end."""
        self.give_up()
        self.uses = uses

    def drop_use(self, use: str) -> bool:
        """Leave one use out; say whether it was among them."""
        before, self.uses = self.uses, tuple(each for each in self.uses if each != use)
        return before != self.uses

    def whole(self, size: int) -> Copy | None:
        """Return the copy of all that was read; None where there is none."""
        return self._copy if self._copy is not None and self._copy.size == size else None
