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
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Final, Self, TypeVar

from heroes_forensics.errors import (
    CustodyError,
    EvidenceError,
    HashSetError,
    HeroesError,
    StoppedError,
    UsageError,
)
from heroes_forensics.frames import MAX_UNIT_DESCRIPTORS, Control, Frame, Unit
from heroes_forensics.pipelines import breaker, memory, wire
from heroes_forensics.pipelines.breaker import Breaker
from heroes_forensics.pipelines.credits import Credits, Grant
from heroes_forensics.pipelines.crews import Crew, Heard, Stream
from heroes_forensics.pipelines.deaths import (
    KERNEL_MEMORY,
    PROTOCOL,
    SIGKILL,
    TIMEOUT,
    ZYGOTE,
    Death,
    classified,
)
from heroes_forensics.pipelines.forking import Zygote, ZygoteGoneError
from heroes_forensics.pipelines.handover import is_sealed
from heroes_forensics.pipelines.isolation import Isolation
from heroes_forensics.pipelines.link import MOST_FRAMES, Link
from heroes_forensics.pipelines.zygotes import Zygotes

T = TypeVar("T")

STALL_SECONDS: Final = 120.0
"""A worker that moves nothing for this long is hung."""

WATCHED_SECONDS: Final = 2.0
"""The watched clock moves at most this much between two looks: a coordinator that was busy or
stopped itself does not hold that time against its workers."""

TICK_SECONDS: Final = 1.0

LAST_SECONDS: Final = 0.5
"""So long a worker that closed its socket may take to end."""

LEAVE_SECONDS: Final = 5.0
"""So long a worker that answered reads may take to notice that nobody reads any more."""


class Supervisor:
    """All crews of one run, their zygotes, and the loop that hears them."""

    def __init__(
        self,
        *,
        require: str = "",
        stall_seconds: float = 0,
        bulk: bool = False,
    ) -> None:
        """Start the zygote of the parsers: it imports while the caller goes on.

        Args:
            require: a level of `heroes_forensics.pipelines.isolation`, below which no worker of
                any kind takes a unit; empty for whatever the machine gives.
            stall_seconds: how long a worker may move nothing; 0 for `STALL_SECONDS`.
            bulk: whether much is to be read: what makes reading faster is prepared, too.
        """
        self._stall_seconds = stall_seconds or STALL_SECONDS
        self._selector = selectors.DefaultSelector()
        start = partial(Zygote, require=require, bulk=bulk)
        self._zygotes = Zygotes(start, self._zygote_started, self._zygote_ended)
        self._available = memory.available()
        self._killed = memory.killed_for_memory()
        self._crews: dict[int, Crew] = {}
        self._crew_numbers = 0
        self._servers: dict[int, Crew] = {}
        """By the number of the crew whose source they read."""
        self._credits = Credits()
        self._breaker = Breaker()
        self._heard = deque[Heard]()
        self._clock = 0.0
        self._looked = time.monotonic()
        self._ticked = self._looked
        self.bytes_read_again = 0
        """What proxies read of streams that had been read once."""
        self._zygotes.of("evidence")

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

    # ---- crews -------------------------------------------------------------------------

    def crew(self, role: str, descriptors: Sequence[int] = (), workers: int = 1) -> Crew:
        """Make a crew; no worker is started before there is a unit for it.

        Args:
            role: a key of `roles.ROLES`.
            descriptors: what each worker is forked with.
            workers: how many there may be, as far as memory allows.
        """
        self._crew_numbers += 1
        plan = memory.plan(max(1, workers), self._available)
        crew = Crew(self, self._crew_numbers, role, descriptors, plan)
        self._crews[crew.number] = crew
        return crew

    def dismiss(self, crew: Crew) -> None:
        """End the workers of a crew."""
        for link in list(crew.links):
            self._drop(crew, link)
        self._crews.pop(crew.number, None)
        server = self._servers.pop(crew.number, None)
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
        if unit.strain > 1 and not crew.has_idle:
            crew.alone.append(unit)
            return
        link = self._worker_for(crew, unit)
        if not link.units:
            link.moved = link.began = self._clock
        uses = unit.body.get("hand_over", {})
        holders = sum(
            each.wanted * (1 + each.role.ahead)
            for each in self._crews.values()
            if each.role_name != "decoder"
        )
        shares = self._credits.begin(unit.id, uses if isinstance(uses, dict) else {}, holders)
        if unit.proxy is None:
            link.give(unit, shares, unit.descriptors)
            return
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with here, there:
            link.give(unit, shares, (*unit.descriptors, here.fileno()))
            self._serve(unit, there)

    def _worker_for(self, crew: Crew, unit: Unit) -> Link:
        alone = unit.strain > 1
        idle = [link for link in crew.links if not link.units]
        if alone and idle and len(crew.links) >= crew.wanted:
            self._drop(crew, idle[0])
        if alone or (not idle and len(crew.links) < crew.wanted):
            return self._spawn(crew, unit.strain)
        if idle:
            return idle[0]
        return min(crew.links, key=lambda link: len(link.units))

    def _spawn(self, crew: Crew, strain: int = 1) -> Link:
        memory_of_it = crew.memory * strain
        forked = self._zygotes.fork(crew.role_name, crew.descriptors, memory_of_it)
        link = Link(forked, self._clock, strain=strain)
        crew.links.append(link)
        self._selector.register(link.channel, selectors.EVENT_READ, (crew, link))
        return link

    def _serve(self, unit: Unit, channel: socket.socket) -> None:
        """Have a worker of the crew that holds the source answer reads on this socket."""
        proxy = unit.proxy
        if proxy is None:
            return
        server = self._servers.get(proxy.crew)
        if server is None:
            source = self._crews[proxy.crew]
            server = self.crew(source.role_name, source.descriptors, 1)
            self._servers[proxy.crew] = server
        link = next((link for link in server.links if not link.units), None)
        if link is None:
            # One for each unit that reads through a proxy: none of them ever waits for another.
            server.wanted = max(server.wanted, len(server.links) + 1)
            link = self._spawn(server)
        link.moved = link.began = self._clock
        link.give(Unit(unit.id, "serve", proxy.body, proxy.task), {}, [channel.fileno()])

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
        link.moved = self._clock
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
            stream = self._stream(unit, frame, received)
        if unit.kind == "serve":
            self._count_served(frame)
        else:
            self._heard.append(Heard(unit, frame, stream))

    def _control(self, crew: Crew, link: Link, unit: Unit, frame: Control) -> None:
        """Take in what is about the unit itself."""
        if link.answers is not None:
            link.answers.end(frame)
        if frame.kind == "want":
            self._want(unit, frame)
            return
        self._ended(crew, link, unit, failed=frame.kind == "failed")
        if unit.kind != "serve":
            self._heard.append(Heard(unit, frame))
        # It works on while what it gave is being stored.
        self._assign()

    def _stream(self, unit: Unit, frame: Control, received: wire.Received) -> Stream:
        """Return the stream that a frame brought."""
        size, use = int(str(frame.body["size"])), str(frame.body["use"])
        if len(received.descriptors) == 1:
            (descriptor,) = received.descriptors
            if is_sealed(descriptor, size) and self._credits.took(unit.id, use, size):
                item = int(str(frame.body["item"]))
                return Stream(item, use, size, descriptor, partial(self._release, use, size))
        raise wire.ProtocolViolationError("a stream is not what it should be")

    def _release(self, use: str, size: int) -> None:
        self._grant(self._credits.back(use, size))

    def _want(self, unit: Unit, frame: Control) -> None:
        body = frame.body
        grants = self._credits.want(unit.id, str(body["use"]), int(str(body["bytes"])))
        if grants is None:
            raise wire.ProtocolViolationError("a unit asks for what it cannot have")
        self._grant(grants)

    def _grant(self, grants: Sequence[Grant]) -> None:
        links = {
            link.unit.id: link
            for crew in self._crews.values()
            for link in crew.links
            if grants and link.unit is not None
        }
        for unit, use, amount in grants:
            if unit in links:
                link = links[unit]
                link.moved = self._clock
                link.send(Control("credit", {"unit": unit, "use": use, "bytes": amount}))

    def _ended(self, crew: Crew, link: Link, unit: Unit, *, failed: bool) -> None:
        link.ended(self._clock)
        self._breaker.works()
        self._zygotes.works()
        if unit.kind != "serve":
            self._grant(self._credits.end(unit.id))
            self._leave(unit)
        if crew.is_spent(link, self._clock, failed=failed):
            self._replace(crew, link)

    def _replace(self, crew: Crew, link: Link) -> None:
        """End a worker that has served; what it was given ahead goes to another."""
        ahead = list(link.units)
        self._drop(crew, link)
        for unit in ahead:
            self._give(crew, unit)

    def _leave(self, unit: Unit) -> None:
        """Let the worker that read for a unit come to its end, but not wait for it for ever."""
        if unit.proxy is None:
            return
        server = self._servers.get(unit.proxy.crew)
        for link in server.links if server is not None else []:
            if link.unit is not None and link.unit.id == unit.id:
                link.leave_by = self._clock + LEAVE_SECONDS

    def _count_served(self, frame: Frame) -> None:
        if isinstance(frame, Control):
            self.bytes_read_again += max(0, int(str(frame.body["bytes"])))

    # ---- watching ----------------------------------------------------------------------

    def _watch(self) -> None:
        now = time.monotonic()
        self._clock += min(now - self._looked, WATCHED_SECONDS)
        self._looked = now
        tick = now - self._ticked >= TICK_SECONDS
        if tick:
            self._ticked = now
        for crew in list(self._crews.values()):
            for link in list(crew.links):
                unit = link.unit
                if unit is None:
                    continue
                link.watch(self._clock)
                if self._credits.waits(unit.id):
                    link.moved = self._clock  # it waits for us
                    link.began = max(link.began, self._clock - unit.seconds * unit.strain)
                quiet = self._clock - link.moved > self._stall_seconds
                limit = unit.seconds * unit.strain
                late = limit and self._clock - link.began > limit
                if quiet or late or 0 < link.leave_by < self._clock:
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
        self._leave(unit)
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
                self._grant(self._credits.end(unit.id))
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
                self._leave(unit)
                self._heard.append(Heard(unit, Death(ZYGOTE)))
        self._again(crew, units[1:])


class EndedError(EvidenceError):
    """The worker of a single unit ended."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"the worker that read it ended ({cause})")
        self.cause = cause
        """That of its `Death`."""


def single(crew: Crew, unit: Unit, take: Callable[[Iterator[Frame]], T]) -> T:
    """Run a single unit and have its frames taken in; once more alone when its worker ends.

    Args:
        crew: runs it.
        unit: the unit.
        take: is given the frames, and keeps nothing of them when they break off: then it is
            given all of them from the first.

    Raises:
        EndedError: the second worker ended, too.
        HeroesError: what the worker said, with its exit code; what ``take`` raises.
    """
    while True:
        try:
            return take(one(crew, unit))
        except EndedError as error:
            if error.cause != ZYGOTE:
                if unit.strain > 1:
                    raise
                unit = replace(unit, strain=2)


def one(crew: Crew, unit: Unit) -> Iterator[Frame]:
    """Run a single unit and yield its frames; a failure is raised in its own class.

    Raises:
        EndedError: its worker ended.
        HeroesError: what the worker said, with its exit code.
    """
    waiting = [unit]
    for heard, frame, _ in crew.run(lambda: waiting.pop() if waiting else None):
        if heard is not unit:
            continue
        if isinstance(frame, Death):
            raise EndedError(frame.cause)
        if isinstance(frame, Control) and frame.kind == "failed":
            body = frame.body
            raise _error(int(str(body["exit_code"])), str(body["message"]), str(body["hint"]))
        if not (isinstance(frame, Control) and frame.kind in {"done", "alive"}):
            yield frame


def _error(exit_code: int, message: str, hint: str) -> HeroesError:
    kind = _KINDS.get(exit_code, HeroesError)
    return kind(message, hint=hint)


_KINDS: Final[dict[int, type[HeroesError]]] = {
    kind.exit_code: kind
    for kind in (UsageError, StoppedError, CustodyError, EvidenceError, HashSetError)
}
