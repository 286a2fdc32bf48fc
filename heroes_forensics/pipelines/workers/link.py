"""The coordinator's end of one worker: it sends without ever waiting, and knows what is in work."""

import os
import select
import signal
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

from heroes_forensics.frames import Batch, Control, Frame, Unit, slices
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.answers import Answers
from heroes_forensics.pipelines.workers.forking import Forked
from heroes_forensics.pipelines.workers.page import Seen

MOST_FRAMES: Final = 64
"""Messages taken from one worker before another one is heard."""

LONG_SECONDS: Final = 120.0
"""A unit that may take longer is begun by an idle worker, and nothing is given behind it."""


class Link:
    """One worker, as the coordinator sees it."""

    def __init__(self, forked: Forked, now: float, *, strain: int = 1) -> None:
        self.pid = forked.pid
        self.channel = forked.channel
        self.channel.settimeout(0)
        self.strain = strain
        self.units = deque[Unit]()
        """Given to the worker and not ended; it works on the first."""
        self.answers: Answers | None = None
        """What the first of them has been answered."""
        self.cause = ""
        """Why we ended it ourselves; empty while we have no reason to."""
        self.born = now
        self.moved = now
        """When it was last seen to move, by the watched clock of the supervisor."""
        self.began = now
        """When the unit in work was begun, by that clock."""
        self.finished = 0
        """Units done."""
        self.leave_by = 0.0
        """When it has to be done with what nobody waits for any more; 0 while that is not so."""
        self.is_heard_writable = False
        """Whether the selector tells when it reads."""
        self._moves = -1
        self._page = forked.page
        self._pidfd = forked.pidfd
        self._out = deque[tuple[bytes, tuple[int, ...]]]()

    def ended(self, now: float) -> None:
        """Take note that the unit in work has ended, and the next one is in work."""
        self.units.popleft()
        self.answers = Answers(self.units[0]) if self.units else None
        self.finished += 1
        self.began = now
        self.leave_by = 0

    @property
    def is_long(self) -> bool:
        """Whether it works on a unit that may take long."""
        return any(unit.seconds > LONG_SECONDS for unit in self.units)

    @property
    def unit(self) -> Unit | None:
        """The unit in work."""
        return self.units[0] if self.units else None

    def give(self, unit: Unit, shares: Mapping[str, int], descriptors: Sequence[int]) -> None:
        """Send a unit; what the socket does not take now goes out as it takes it."""
        count = 0 if unit.tasks is None else len(unit.tasks)
        head = {
            "id": unit.id,
            "kind": unit.kind,
            "body": unit.body,
            "tasks": count,
            "seconds": int(unit.seconds * unit.strain),
            "credit": dict(shares),
        }
        self.units.append(unit)
        if len(self.units) == 1:
            self.answers = Answers(unit)
        self.send(Control("unit", head), descriptors)
        if unit.tasks is not None and count:
            for part in slices(unit.tasks):
                self.send(Batch("tasks", part))

    def send(self, frame: Frame, descriptors: Sequence[int] = ()) -> None:
        """Send a frame now or as soon as the worker reads; never wait for it."""
        data = wire.encode(frame)
        if not self._out:
            try:
                wire.send_bytes(self.channel, data, descriptors)
            except BlockingIOError:
                pass
            except OSError:
                return  # it is gone: the next look at its socket says so
            else:
                return
        self._out.append((data, tuple(os.dup(each) for each in descriptors)))

    def flush(self) -> None:
        """Send what waits, as far as the worker takes it."""
        while self._out:
            data, descriptors = self._out[0]
            try:
                wire.send_bytes(self.channel, data, descriptors)
            except BlockingIOError:
                return
            except OSError:
                self._drop_waiting()
                return
            self._out.popleft()
            _close(descriptors)

    @property
    def is_blocked(self) -> bool:
        """Whether frames wait for the worker to read."""
        return bool(self._out)

    def receive(self) -> "wire.Received | None":
        """Return the next message; None at the end.

        Raises:
            BlockingIOError: there is none now.
            wire.ProtocolViolationError: it is no frame we know.
        """
        try:
            return wire.receive(self.channel)
        except BlockingIOError:
            raise
        except OSError:
            return None

    def seen(self) -> Seen:
        """Read its progress page."""
        return self._page.seen()

    def watch(self, now: float) -> None:
        """Look whether it moved since the last look."""
        moves = self.seen().moves
        if moves != self._moves:
            self._moves, self.moved = moves, now

    def wait(self, seconds: float) -> None:
        """Give a worker that closed its socket the time to end by itself."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        poll.poll(seconds * 1000)

    def kill(self) -> None:
        """End it and let go of everything that belongs to it."""
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        os.close(self._pidfd)
        self._drop_waiting()
        self.channel.close()
        self._page.close()

    def _drop_waiting(self) -> None:
        for _, descriptors in self._out:
            _close(descriptors)
        self._out.clear()


def _close(descriptors: Sequence[int]) -> None:
    for each in descriptors:
        os.close(each)
