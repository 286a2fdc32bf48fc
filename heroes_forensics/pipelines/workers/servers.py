"""Workers that read a large stream again for another one: who they are, and when they may go.

What passes between the two is in `proxy`.
"""

import socket
from collections.abc import Callable
from typing import Final

from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.pipelines.workers.link import Link

LEAVE_SECONDS: Final = 5.0
"""So long a worker that answered reads may take to notice that nobody reads any more."""


class Servers:
    """One crew beside each that holds a source, made with the first stream that needs it."""

    def __init__(self, beside: Callable[[int], Crew], spawn: Callable[[Crew], Link]) -> None:
        """Take what makes a crew beside the one of a number, and what starts a worker of it."""
        self._beside = beside
        self._spawn = spawn
        self._crews: dict[int, Crew] = {}
        """By the number of the crew whose source they read."""
        self.bytes_read = 0
        """What was read of streams that had been read once."""

    def serve(self, unit: Unit, channel: socket.socket, now: float) -> None:
        """Have a worker that holds the source answer the reads of a unit on this socket."""
        proxy = unit.proxy
        if proxy is None:
            return
        crew = self._crews.get(proxy.crew)
        if crew is None:
            crew = self._crews[proxy.crew] = self._beside(proxy.crew)
        link = next((link for link in crew.links if not link.units), None)
        if link is None:
            # One for each unit that reads through a proxy: none of them ever waits for another.
            crew.wanted = max(crew.wanted, len(crew.links) + 1)
            link = self._spawn(crew)
        link.moved = link.began = now
        link.give(Unit(unit.id, "serve", proxy.body, proxy.task), {}, [channel.fileno()])

    def leave(self, unit: Unit, now: float) -> None:
        """Let the worker that read for a unit come to its end, but not wait for it for ever."""
        crew = self._crews.get(unit.proxy.crew) if unit.proxy is not None else None
        for link in crew.links if crew is not None else []:
            if link.unit is not None and link.unit.id == unit.id:
                link.leave_by = now + LEAVE_SECONDS

    def count(self, frame: Frame) -> None:
        """Take in how much was read."""
        if isinstance(frame, Control):
            self.bytes_read += max(0, int(str(frame.body["bytes"])))

    def dismissed(self, crew: Crew) -> Crew | None:
        """Return the crew beside one that is dismissed, which goes with it."""
        return self._crews.pop(crew.number, None)
