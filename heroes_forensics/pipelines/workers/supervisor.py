"""Starting workers, giving them units, and noticing when one dies or stops moving.

The supervisor knows nothing of what a unit means: it moves frames. There are crews of workers,
each with a role, the descriptors its workers are forked with, and a callable that says what to do
next. One selector watches all of them, so that work goes on in every crew while the coordinator
stores what one worker gave. A worker that ends, breaks the protocol, makes no progress for
`STALL_SECONDS` or passes the deadline of its unit is replaced; its unit comes back as a `Death`,
and the pipeline decides what to try once more and what becomes a gap. When what workers are forked
from ends, so does every unit that they had begun: what was heard of it may be half of it.

Nothing here waits for a worker: what a worker does not read stays queued on our side.
"""

import os
import selectors
import socket
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Self

from heroes_forensics.frames import MAX_UNIT_DESCRIPTORS, Control, Unit
from heroes_forensics.pipelines.workers import breaker, memory, wire
from heroes_forensics.pipelines.workers.breaker import Breaker
from heroes_forensics.pipelines.workers.crews import Crew, Heard
from heroes_forensics.pipelines.workers.deaths import (
    KERNEL_MEMORY,
    PROTOCOL,
    SIGKILL,
    TIMEOUT,
    ZYGOTE,
    Death,
    classified,
)
from heroes_forensics.pipelines.workers.forking import Zygote, ZygoteGoneError
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.pipelines.workers.link import LONG_SECONDS, MOST_FRAMES, Link
from heroes_forensics.pipelines.workers.servers import Servers
from heroes_forensics.pipelines.workers.streams import Streams
from heroes_forensics.pipelines.workers.watching import TICK_SECONDS, WatchedClock
from heroes_forensics.pipelines.workers.zygotes import Zygotes

STALL_SECONDS: Final = 120.0
"""A worker that moves nothing for this long is hung."""

LAST_SECONDS: Final = 0.5
"""So long a worker that closed its socket may take to end."""


class Supervisor:
    """All crews of one run, their zygotes, and the loop that hears them."""

    def __init__(
        self,
        *,
        require: str = "",
        stall_seconds: float = 0,
        bulk: bool = False,
        first: Sequence[str] = ("evidence",),
        plugin: str = "",
    ) -> None:
        """Start the first zygotes: they import while the caller goes on.

        Args:
            require: a level of `pipelines.workers.isolation`, below which no worker of
                any kind takes a unit; empty for whatever the machine gives.
            stall_seconds: how long a worker may move nothing; 0 for `STALL_SECONDS`.
            bulk: whether much is to be read: what makes reading faster is prepared, too.
            first: the kinds that are needed for certain, keys of `roles.ZYGOTES`; others are
                started when they are needed.
            plugin: what decoders load, see `heroes_forensics.media.slot`.
        """
        self._stall_seconds = stall_seconds or STALL_SECONDS
        self._selector = selectors.DefaultSelector()
        start = partial(Zygote, require=require, bulk=bulk, plugin=plugin)
        self._zygotes = Zygotes(start, self._zygote_started, self._zygote_ended)
        self._available = memory.available()
        self._killed = memory.killed_for_memory()
        self._crews: dict[int, Crew] = {}
        self._crew_numbers = 0
        self._servers = Servers(self._beside, self._spawn)
        self._streams = Streams(self._tell)
        self._breaker = Breaker()
        self._heard = deque[Heard]()
        self._clock = WatchedClock()
        for kind in first:
            self._zygotes.of(kind)

    # ---- isolation -----------------------------------------------------------------------

    def isolation(self, role: str, descriptors: Sequence[int] = ()) -> Isolation:
        """Return how workers of a role are locked; tried out when first asked, for all roles.

        Raises:
            UsageError: less than the level that is required.
            StoppedError: no worker could be started.
        """
        return self._zygotes.isolation(role, descriptors)

    @property
    def weakest(self) -> Isolation:
        """How the least locked of the workers tried so far are locked."""
        return self._zygotes.weakest

    @property
    def bytes_read_again(self) -> int:
        """What proxies read of streams that had been read once."""
        return self._servers.bytes_read

    # ---- crews -------------------------------------------------------------------------

    def crew(
        self, role: str, descriptors: Sequence[int] = (), workers: int = 1, *, each: int = 0
    ) -> Crew:
        """Make a crew; no worker is started before there is a unit for it.

        Args:
            role: a key of `roles.ROLES`.
            descriptors: what each worker is forked with.
            workers: how many there may be, as far as memory allows.
            each: bytes of memory that each may have, where that is more than the usual.
        """
        self._crew_numbers += 1
        plan = memory.plan(max(1, workers), self._available)
        crew = Crew(self, self._crew_numbers, role, descriptors, plan)
        if each:
            crew.wanted, crew.memory = memory.wider(plan, each, self._available)
        self._crews[crew.number] = crew
        return crew

    def _beside(self, number: int) -> Crew:
        """Make a crew of one that holds what the crew with this number holds."""
        source = self._crews[number]
        beside = self.crew(source.role_name, source.descriptors, 1)
        beside.memory = source.memory
        return beside

    def dismiss(self, crew: Crew) -> None:
        """End the workers of a crew."""
        for link in list(crew.links):
            self._drop(crew, link)
        self._crews.pop(crew.number, None)
        server = self._servers.dismissed(crew)
        if server is not None:
            self.dismiss(server)

    def close(self) -> None:
        """End every worker and every zygote."""
        for crew in list(self._crews.values()):
            self.dismiss(crew)
        self._zygotes.close()
        self._selector.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()

    # ---- the loop ----------------------------------------------------------------------

    def run(self) -> Iterator[Heard]:
        """Give units to workers and yield what comes back, as it comes.

        It ends when no crew has a unit left and no worker is busy. Crews may be made, changed and
        closed meanwhile. After the generator is closed early, the workers that were busy are gone.

        Raises:
            StoppedError: the machine, not the evidence, is at fault.
        """
        try:
            while True:
                self._assign()
                while self._heard:
                    yield self._heard.popleft()
                    self._assign()
                if not any(link.units for crew in self._crews.values() for link in crew.links):
                    return
                self._listen()
                self._watch()
        finally:
            while self._heard:
                stream = self._heard.popleft().stream
                if stream is not None:
                    stream.close()
            for crew in list(self._crews.values()):
                crew.alone.clear()
                for link in [link for link in crew.links if link.units]:
                    self._drop(crew, link)

    def _listen(self) -> None:
        for crew in self._crews.values():
            for link in crew.links:
                if link.is_blocked != link.is_heard_writable:
                    link.is_heard_writable = link.is_blocked
                    events = selectors.EVENT_READ | selectors.EVENT_WRITE * link.is_blocked
                    self._selector.modify(link.channel, events, (crew, link))
        for key, events in self._selector.select(timeout=TICK_SECONDS):
            if isinstance(key.data, Zygote):
                self._zygotes.hear(key.data)
                continue
            crew, link = key.data
            if link not in crew.links:
                continue  # ended by what was heard before it
            if events & selectors.EVENT_WRITE:
                link.flush()
            if events & selectors.EVENT_READ:
                self._hear(crew, link)

    # ---- giving ------------------------------------------------------------------------

    def _assign(self) -> None:
        for crew in list(self._crews.values()):
            while crew.alone and crew.has_idle:
                self._give(crew, crew.alone.popleft())
            while not crew.alone and crew.next_unit is not None and crew.has_room:
                unit = crew.next_unit()
                if unit is None:
                    break
                self._give(crew, unit)

    def _give(self, crew: Crew, unit: Unit) -> None:
        """Choose a worker for a unit, or start one, and send it."""
        if len(unit.descriptors) > MAX_UNIT_DESCRIPTORS:
            raise ValueError(f"a unit has at most {MAX_UNIT_DESCRIPTORS} descriptors")
        if (unit.strain > 1 or unit.seconds > LONG_SECONDS) and not crew.has_idle:
            crew.alone.append(unit)
            return
        link = self._worker_for(crew, unit)
        if not link.units:
            link.moved = link.began = self._clock.now
        shares = self._streams.begin(unit, self._crews.values())
        if unit.proxy is None:
            link.give(unit, shares, unit.descriptors)
            return
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with here, there:
            link.give(unit, shares, (*unit.descriptors, here.fileno()))
            self._servers.serve(unit, there, self._clock.now)

    def _worker_for(self, crew: Crew, unit: Unit) -> Link:
        alone = unit.strain > 1
        idle = [link for link in crew.links if not link.units]
        if alone and idle and len(crew.links) >= crew.wanted:
            self._drop(crew, idle[0])
        if alone or (not idle and len(crew.links) < crew.wanted):
            return self._spawn(crew, unit.strain)
        if idle:
            return idle[0]
        return min(crew.links, key=lambda link: (link.is_long, len(link.units)))

    def _spawn(self, crew: Crew, strain: int = 1) -> Link:
        memory_of_it = crew.memory * strain
        forked = self._zygotes.fork(crew.role_name, crew.descriptors, memory_of_it)
        link = Link(forked, self._clock.now, strain=strain)
        crew.links.append(link)
        self._selector.register(link.channel, selectors.EVENT_READ, (crew, link))
        return link

    # ---- hearing -----------------------------------------------------------------------

    def _hear(self, crew: Crew, link: Link) -> None:
        for _ in range(MOST_FRAMES):
            received = None
            try:
                received = link.receive()
                if received is not None:
                    self._take(crew, link, received)
            except BlockingIOError:
                return
            except wire.ProtocolViolationError:
                link.cause = PROTOCOL
            if received is None or link.cause:
                self._bury(crew, link)
                return
            if link not in crew.links:
                return  # replaced

    def _take(self, crew: Crew, link: Link, received: wire.Received) -> None:
        """Take in one message.

        Raises:
            wire.ProtocolViolationError: no correct worker sends it now.
        """
        link.moved = self._clock.now
        try:
            self._answer(crew, link, received)
        except wire.ProtocolViolationError:
            for descriptor in received.descriptors:
                os.close(descriptor)
            raise

    def _answer(self, crew: Crew, link: Link, received: wire.Received) -> None:
        unit, frame = link.unit, received.frame
        if unit is None or link.answers is None:
            raise wire.ProtocolViolationError("a worker without a unit sends something")
        if received.descriptors and frame.kind != "stream":
            raise wire.ProtocolViolationError("a descriptor came with a frame that has none")
        if isinstance(frame, Control) and frame.kind in {"done", "failed", "want"}:
            self._control(crew, link, unit, frame)
            return
        link.answers.take(frame)
        stream = None
        if isinstance(frame, Control) and frame.kind == "stream":
            stream = self._streams.arrived(unit, frame, received.descriptors)
        if unit.kind == "serve":
            self._servers.count(frame)
        else:
            self._heard.append(Heard(unit, frame, stream))

    def _control(self, crew: Crew, link: Link, unit: Unit, frame: Control) -> None:
        """Take in what is about the unit itself."""
        if link.answers is not None:
            link.answers.end(frame)
        if frame.kind == "want":
            self._streams.want(unit, frame)
            return
        self._ended(crew, link, unit, failed=frame.kind == "failed")
        if unit.kind != "serve":
            self._heard.append(Heard(unit, frame))
        # It works on while what it gave is being stored.
        self._assign()

    def _ended(self, crew: Crew, link: Link, unit: Unit, *, failed: bool) -> None:
        link.ended(self._clock.now)
        self._breaker.works()
        self._zygotes.works()
        if unit.kind != "serve":
            self._streams.end(unit)
            self._servers.leave(unit, self._clock.now)
        if crew.is_spent(link, self._clock.now, failed=failed):
            self._replace(crew, link)

    def _replace(self, crew: Crew, link: Link) -> None:
        """End a worker that has served; what it was given ahead goes to another."""
        ahead = list(link.units)
        self._drop(crew, link)
        for unit in ahead:
            self._give(crew, unit)

    def _tell(self, unit: int, frame: Control) -> None:
        """Send a frame to the worker that has a unit in work."""
        for crew in self._crews.values():
            for link in crew.links:
                # Who reads a stream again for a unit goes by its number, too.
                if link.unit is not None and link.unit.id == unit and link.unit.kind != "serve":
                    link.moved = self._clock.now
                    link.send(frame)
                    return

    # ---- watching ----------------------------------------------------------------------

    def _watch(self) -> None:
        tick = self._clock.advance()
        now = self._clock.now
        for crew in list(self._crews.values()):
            for link in list(crew.links):
                unit = link.unit
                if unit is None:
                    continue
                link.watch(now)
                if self._streams.waits(unit):
                    link.moved = now  # it waits for us
                    link.began = max(link.began, now - unit.seconds * unit.strain)
                quiet = now - link.moved > self._stall_seconds
                limit = unit.seconds * unit.strain
                late = limit and now - link.began > limit
                if quiet or late or 0 < link.leave_by < now:
                    link.cause = TIMEOUT
                    self._bury(crew, link)
                elif tick and unit.kind != "serve":
                    self._heard.append(Heard(unit, Control("alive")))

    def _bury(self, crew: Crew, link: Link) -> None:
        """Let go of a worker that ended or is ended, and tell of its unit."""
        seen = link.seen()
        units = list(link.units)
        zygote = self._zygotes.of(crew.role.zygote)
        if not link.cause:
            link.wait(LAST_SECONDS)
        self._drop(crew, link, forget=bool(link.cause))
        status = None
        if not link.cause:
            try:
                status = zygote.status(link.pid)
            except ZygoteGoneError:
                self._zygotes.gone(zygote)
                self._lost(crew, units)
                return
        if not units:
            return
        unit, *ahead = units
        self._again(crew, ahead)
        if unit.kind == "serve":
            return  # who reads through it sees that it is gone
        self._servers.leave(unit, self._clock.now)
        death = classified(unit, seen, status, link.cause)
        if death.cause == SIGKILL and memory.killed_for_memory() > self._killed:
            self._killed = memory.killed_for_memory()
            death = replace(death, cause=KERNEL_MEMORY)
        if self._breaker.died(unit, death.cause):
            self._try_canary(crew)
        self._heard.append(Heard(unit, death))

    def _try_canary(self, crew: Crew) -> None:
        """See whether workers end whatever they are about.

        Raises:
            StoppedError: they do.
        """
        if not breaker.survives(self._zygotes.fork(crew.role_name, (), crew.memory)):
            raise breaker.stopped("ended, and so did one that only had to count")
        self._breaker.works()

    def _again(self, crew: Crew, units: Sequence[Unit]) -> None:
        """Give units to other workers: the one that ended is not known to have begun them."""
        for unit in units:
            if unit.kind != "serve":
                self._give(crew, unit)

    def _drop(self, crew: Crew, link: Link, *, forget: bool = True) -> None:
        self._selector.unregister(link.channel)
        crew.links.remove(link)
        for unit in link.units:
            if unit.kind != "serve":
                self._streams.end(unit)
        link.kill()
        if forget and crew.role.zygote in self._zygotes.kinds:
            self._zygotes.of(crew.role.zygote).forget(link.pid)

    # ---- zygotes -----------------------------------------------------------------------

    def _zygote_started(self, zygote: Zygote) -> None:
        self._selector.register(zygote, selectors.EVENT_READ, zygote)

    def _zygote_ended(self, zygote: Zygote) -> None:
        """Tell of what its workers had in work: they ended with it."""
        self._selector.unregister(zygote)
        for crew in list(self._crews.values()):
            if crew.role.zygote == zygote.kind:
                held = [list(link.units) for link in crew.links]
                for link in list(crew.links):
                    self._drop(crew, link)
                for units in held:
                    self._lost(crew, units)

    def _lost(self, crew: Crew, units: Sequence[Unit]) -> None:
        """Tell of the unit that a worker had begun, some of which may have been heard already."""
        for unit in units[:1]:
            if unit.kind != "serve":
                self._servers.leave(unit, self._clock.now)
                self._heard.append(Heard(unit, Death(ZYGOTE)))
        self._again(crew, units[1:])
