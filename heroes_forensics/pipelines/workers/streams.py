"""Streams as they pass through the supervisor: what came, and who is given room for more.

How much may be in flight, and why nobody waits for ever, is in `credits`.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Final

from heroes_forensics.frames import Control, Unit
from heroes_forensics.pipelines.workers.credits import Credits, Grant
from heroes_forensics.pipelines.workers.crews import Crew, Stream
from heroes_forensics.pipelines.workers.handover import is_sealed
from heroes_forensics.pipelines.workers.wire import ProtocolViolationError

_TAKERS: Final = frozenset({"decoder", "editor"})
"""Roles that hand nothing over."""


class Streams:
    """Those of all crews of one run."""

    def __init__(self, tell: Callable[[int, Control], None]) -> None:
        """Take what sends a frame to the worker that has the unit of this number in work."""
        self._tell = tell
        self._credits = Credits()

    def begin(self, unit: Unit, crews: Iterable[Crew]) -> dict[str, int]:
        """Return the shares that a unit starts with, of what all these crews have to share."""
        uses = unit.body.get("hand_over", {})
        holders = sum(
            each.wanted * (1 + each.role.ahead) for each in crews if each.role_name not in _TAKERS
        )
        return self._credits.begin(unit.id, uses if isinstance(uses, dict) else {}, holders)

    def arrived(self, unit: Unit, frame: Control, descriptors: Sequence[int]) -> Stream:
        """Return the stream that a ``stream`` frame brought.

        Raises:
            ProtocolViolationError: it is not sealed, not as large as was said, or not covered.
        """
        size, use = int(str(frame.body["size"])), str(frame.body["use"])
        if len(descriptors) == 1:
            (descriptor,) = descriptors
            if is_sealed(descriptor, size) and self._credits.took(unit.id, use, size):
                item = int(str(frame.body["item"]))
                return Stream(item, use, size, descriptor, partial(self._release, use, size))
        raise ProtocolViolationError("a stream is not what it should be")

    def want(self, unit: Unit, frame: Control) -> None:
        """Take note that a unit asks for more, and give what can be given.

        Raises:
            ProtocolViolationError: no correct worker asks so.
        """
        body = frame.body
        grants = self._credits.want(unit.id, str(body["use"]), int(str(body["bytes"])))
        if grants is None:
            raise ProtocolViolationError("a unit asks for what it cannot have")
        self._grant(grants)

    def end(self, unit: Unit) -> None:
        """Take back what a unit that ended did not spend."""
        self._grant(self._credits.end(unit.id))

    def waits(self, unit: Unit) -> bool:
        """Say whether a unit waits for us: then it is not the unit that does not move."""
        return self._credits.waits(unit.id)

    def _release(self, use: str, size: int) -> None:
        self._grant(self._credits.back(use, size))

    def _grant(self, grants: Iterable[Grant]) -> None:
        for unit, use, amount in grants:
            self._tell(unit, Control("credit", {"unit": unit, "use": use, "bytes": amount}))
