"""What the supervisor gives to the pipeline: crews, what is heard of units, streams in flight."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, Protocol, Self

from heroes_forensics.frames import Frame, Unit
from heroes_forensics.pipelines.locks.sandbox import ROLES as RIGHTS
from heroes_forensics.pipelines.workers.deaths import Death
from heroes_forensics.pipelines.workers.link import Link
from heroes_forensics.pipelines.workers.memory import Plan
from heroes_forensics.pipelines.workers.roles import ROLES

Next = Callable[[], Unit | None]


class Stream:
    """The bytes of one stream on their way from one worker to another: a sealed memfd.

    Whoever takes it closes it when nobody needs it any more, also when its unit ends in a `Death`:
    until then it counts against what may be in flight.
    """

    def __init__(
        self, item: int, use: str, size: int, descriptor: int, give_back: Callable[[], None]
    ) -> None:
        self.item = item
        """The ``id`` of the task it is the content of, or a number the expander gave it."""
        self.use = use
        """``decode`` or ``expand``."""
        self.size = size
        self.descriptor = descriptor
        """For `Unit.descriptors`; readable and sealed against any change."""
        self._give_back: Callable[[], None] | None = give_back

    def close(self) -> None:
        """Release the bytes; closing twice does nothing."""
        if self._give_back is None:
            return
        give_back, self._give_back = self._give_back, None
        os.close(self.descriptor)
        give_back()


class Heard(NamedTuple):
    """What came back for a unit."""

    unit: Unit
    frame: Frame | Death
    """The last one of a unit is ``done``, ``failed`` or a `Death`. ``alive`` comes once a second
    from the supervisor itself while units are in work, and says nothing of the unit."""
    stream: Stream | None = None
    """What a ``stream`` frame brought along."""


class Runs(Protocol):
    """What a crew needs of its supervisor."""

    def run(self) -> Iterator[Heard]:
        """Run all crews."""
        ...

    def dismiss(self, crew: "Crew") -> None:
        """End the workers of a crew."""
        ...


class Crew:
    """Workers of one role that hold the same descriptors."""

    def __init__(
        self, supervisor: Runs, number: int, role: str, descriptors: Sequence[int], plan: Plan
    ) -> None:
        self.number = number
        """For `frames.Proxy`."""
        self.role = ROLES[role]
        self.role_name = role
        self.descriptors = tuple(descriptors)
        """What each worker is forked with; they stay the caller's, open while the crew is."""
        self.wanted = plan.workers
        """How many workers there may be; may be changed at any time."""
        self.memory = min(plan.memory, RIGHTS[role].memory)
        """Bytes of private memory of each; twice that on a second attempt."""
        self.next_unit: Next | None = None
        """Asked whenever a worker is free; None, or answering None, means nothing for now. A unit
        that was asked for always comes back, as its last frame or as a `Death`."""
        self.links: list[Link] = []
        self.alone = deque[Unit]()
        """Second attempts that wait for a worker to be replaced by one of their own, and long units
        that wait for an idle one."""
        self._supervisor = supervisor

    @property
    def has_idle(self) -> bool:
        """Whether a unit would be begun at once."""
        return len(self.links) < self.wanted or any(not link.units for link in self.links)

    @property
    def has_room(self) -> bool:
        """Whether a unit may be given, be it ahead."""
        if len(self.links) < self.wanted:
            return True
        return any(len(link.units) <= self.role.ahead and not link.is_long for link in self.links)

    def is_spent(self, link: Link, now: float, *, failed: bool) -> bool:
        """Say whether a worker that has just ended a unit is to be replaced."""
        role = self.role
        return bool(
            link.strain > 1
            or (role.recycle_units and link.finished >= role.recycle_units)
            or (role.recycle_seconds and now - link.born >= role.recycle_seconds)
            or (role.recycle_failed and failed)
        )

    def run(self, next_unit: Next) -> Iterator[Heard]:
        """Run units of this crew and of all others until no crew has any left."""
        self.next_unit = next_unit
        try:
            yield from self._supervisor.run()
        finally:
            self.next_unit = None

    def close(self) -> None:
        """End its workers; units they hold do not come back."""
        self._supervisor.dismiss(self)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()
