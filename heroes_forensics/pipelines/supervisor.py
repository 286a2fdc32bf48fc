"""Starting workers, giving them units, and noticing when one dies or stops moving.

The supervisor knows nothing of what a unit means: it moves frames. A worker that ends, breaks the
protocol or makes no progress for `STALL_SECONDS` is replaced; its unit comes back as a `Death`,
and the pipeline decides whether to cut it in halves or to record a gap.
"""

import os
import selectors
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self

from heroes_forensics.errors import (
    CustodyError,
    EvidenceError,
    HashSetError,
    HeroesError,
    StoppedError,
    UsageError,
)
from heroes_forensics.frames import Batch, Control, Frame, Unit, slices
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import isolation, wire
from heroes_forensics.pipelines.isolation import Isolation
from heroes_forensics.pipelines.worker import EXIT_MEMORY, EXIT_UNLOCKED

_START: Final = (
    "import gc; gc.disable(); from heroes_forensics.pipelines import zygote; zygote.main()"
)
"""Looking for cycles would take a fifth of the time of importing; `zygote` allows it again."""

STALL_SECONDS: Final = 120
"""A worker that sends nothing, not even a heartbeat, for this long is hung."""

BREAKER_DEATHS: Final = 20
"""So many deaths in a row on different units mean that the machine is at fault."""


@dataclass(frozen=True, slots=True)
class Death:
    """A worker ended before its unit was done."""

    cause: str
    """``crash``, ``memory``, ``timeout`` or ``protocol``."""


@dataclass(slots=True)
class _Worker:
    pid: int
    pidfd: int
    """Names this very process, also after its number has been given to another."""
    channel: socket.socket
    unit: Unit | None = None
    heard: float = field(default_factory=time.monotonic)
    frames: int = 0
    cause: str = "crash"


class Zygote:
    """The preloaded interpreter that workers are forked from."""

    def __init__(self, require: str = "") -> None:
        """Start it.

        Args:
            require: a level of `heroes_forensics.pipelines.isolation`, below which no worker of
                any kind takes a unit; empty for whatever the machine gives.
        """
        self._require = require
        ours, theirs = wire.pair()
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
            environment[name] = "1"
        descriptor = theirs.fileno()
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [
                sys.executable,
                "-I",
                "-c",
                _START,
                str(descriptor),
                str(os.getpid()),
            ],
            pass_fds=(descriptor,),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd="/",
        )
        theirs.close()
        self._control = ours
        self._statuses: dict[int, int] = {}
        self._isolation: dict[tuple[str, bool], Isolation] = {}

    def fork(
        self, descriptors: Sequence[int], role: str = "parser", layers: Sequence[str] = ()
    ) -> tuple[int, socket.socket]:
        """Fork a worker that holds ``descriptors``; return its process id and our end.

        Args:
            descriptors: what it may read.
            role: a row of `heroes_forensics.pipelines.sandbox.ROLES`.
            layers: locks without which it takes no unit and ends.
        """
        return self._start(Control("fork", {"role": role, "layers": list(layers)}), descriptors)

    def probe(
        self, role: str, part: str, targets: JSON, descriptors: Sequence[int]
    ) -> tuple[int, socket.socket]:
        """Fork a worker that tries its locks instead of working."""
        body: JSON = {"role": role, "part": part, "targets": targets}
        return self._start(Control("probe", body), descriptors)

    def isolation(self, role: str, descriptors: Sequence[int] = ()) -> Isolation:
        """Return how workers of a role are locked; tried out once for each kind of worker.

        Raises:
            UsageError: less than the level that is required.
            StoppedError: no worker could be started.
        """
        folder = next((each for each in descriptors if stat.S_ISDIR(os.fstat(each).st_mode)), -1)
        kind = (role, folder >= 0)
        if kind not in self._isolation:
            found = isolation.probe(self, role, folder)
            found.require(self._require)
            self._isolation[kind] = found
        return self._isolation[kind]

    @property
    def weakest(self) -> Isolation:
        """How the least locked of the workers tried so far are locked."""
        return isolation.weakest(self._isolation.values())

    def _start(self, message: Control, descriptors: Sequence[int]) -> tuple[int, socket.socket]:
        ours, theirs = wire.pair()
        with theirs:
            try:
                for start in range(0, len(descriptors), wire.MAX_DESCRIPTORS):
                    part = descriptors[start : start + wire.MAX_DESCRIPTORS]
                    wire.send(self._control, Control("descriptors"), part)
                wire.send(self._control, message, [theirs.fileno()])
                pid = self._await_fork()
            except OSError as error:
                raise StoppedError("the worker processes could not be started") from error
        return pid, ours

    def _await_fork(self) -> int:
        while True:
            received = wire.receive(self._control)
            if received is None or not isinstance(received.frame, Control):
                raise StoppedError("the process that starts workers has ended")
            body = received.frame.body
            if received.frame.kind == "forked":
                return int(str(body["pid"]))
            if received.frame.kind == "failed":
                raise HeroesError(str(body["message"]), hint=str(body["hint"]))
            self._statuses[int(str(body["pid"]))] = int(str(body["status"]))

    def status(self, pid: int) -> int | None:
        """Return the wait status of a worker that has ended, when the zygote has told it."""
        deadline = time.monotonic() + 2
        self._control.settimeout(0.2)
        try:
            while pid not in self._statuses and time.monotonic() < deadline:
                with suppress(TimeoutError):
                    received = wire.receive(self._control)
                    if received is None:
                        break
                    if isinstance(received.frame, Control) and received.frame.kind == "died":
                        body = received.frame.body
                        self._statuses[int(str(body["pid"]))] = int(str(body["status"]))
        finally:
            self._control.settimeout(None)
        return self._statuses.pop(pid, None)

    def close(self) -> None:
        """End the zygote; workers still alive end with it."""
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()


class Pool:
    """A number of workers that share the same descriptors."""

    def __init__(
        self, zygote: Zygote, descriptors: Sequence[int], workers: int, role: str = "parser"
    ) -> None:
        self._zygote = zygote
        self._descriptors = tuple(descriptors)
        self._role = role
        self._layers = zygote.isolation(role, descriptors).applied
        self._selector = selectors.DefaultSelector()
        self._workers: list[_Worker] = []
        self._wanted = max(1, workers)
        self._deaths_in_a_row = 0

    def _spawn(self) -> _Worker:
        pid, channel = self._zygote.fork(self._descriptors, self._role, self._layers)
        try:
            worker = _Worker(pid, os.pidfd_open(pid), channel)
        except ProcessLookupError as error:
            raise StoppedError("a worker process ended as soon as it was started") from error
        self._workers.append(worker)
        self._selector.register(channel, selectors.EVENT_READ, worker)
        return worker

    def run(self, next_unit: Callable[[], Unit | None]) -> Iterator[tuple[Unit, Frame | Death]]:
        """Give units to workers and yield what comes back, as it comes.

        The last frame of each unit is ``done`` or ``failed``, or it ends with a `Death`.
        ``next_unit`` is asked whenever a worker is free; None means nothing for now, and the run
        ends when nothing is left and no worker is busy. After the generator is closed early, the
        workers that were busy are gone.
        """
        try:
            while True:
                self._assign(next_unit)
                if not any(worker.unit for worker in self._workers):
                    return
                for key, _ in self._selector.select(timeout=1.0):
                    yield from self._hear(key.data, next_unit)
                yield from self._end_stalled()
        finally:
            for worker in [worker for worker in self._workers if worker.unit]:
                self._drop(worker)

    def _assign(self, next_unit: Callable[[], Unit | None]) -> None:
        while True:
            idle = next((worker for worker in self._workers if worker.unit is None), None)
            if idle is None and len(self._workers) >= self._wanted:
                return
            unit = next_unit()
            if unit is None:
                return
            worker = idle or self._spawn()
            worker.unit, worker.frames, worker.heard = unit, 0, time.monotonic()
            count = 0 if unit.tasks is None else len(unit.tasks)
            head = {"id": unit.id, "kind": unit.kind, "body": unit.body, "tasks": count}
            # A worker that dies here is noticed as a death by the next look at its socket.
            with suppress(OSError):
                wire.send(worker.channel, Control("unit", head))
                if unit.tasks is not None and count:
                    for part in slices(unit.tasks):
                        wire.send(worker.channel, Batch("tasks", part))

    def _hear(
        self, worker: _Worker, next_unit: Callable[[], Unit | None]
    ) -> Iterator[tuple[Unit, Frame | Death]]:
        try:
            received = wire.receive(worker.channel)
        except wire.ProtocolViolationError:
            worker.cause = "protocol"
            received = None
        except OSError:
            received = None
        if received is not None and received.descriptors:
            for descriptor in received.descriptors:
                os.close(descriptor)
            worker.cause = "protocol"
            received = None
        unit = worker.unit
        if received is None:
            yield from self._bury(worker)
            return
        worker.heard = time.monotonic()
        frame = received.frame
        if unit is None:
            return
        if isinstance(frame, Control) and frame.kind == "alive":
            yield unit, frame
            return
        if isinstance(frame, Control) and frame.kind in {"done", "failed"}:
            if frame.body["unit"] != unit.id or (
                frame.kind == "done" and frame.body["frames"] != worker.frames
            ):
                worker.cause = "protocol"
                yield from self._bury(worker)
                return
            worker.unit = None
            self._deaths_in_a_row = 0
            # It works on while what it gave is being stored.
            self._assign(next_unit)
            yield unit, frame
            return
        worker.frames += 1
        yield unit, frame

    def _end_stalled(self) -> Iterator[tuple[Unit, Frame | Death]]:
        now = time.monotonic()
        for worker in list(self._workers):
            if worker.unit is not None and now - worker.heard > STALL_SECONDS:
                worker.cause = "timeout"
                yield from self._bury(worker)

    def _bury(self, worker: _Worker) -> Iterator[tuple[Unit, Frame | Death]]:
        unit, cause = worker.unit, worker.cause
        self._drop(worker)
        status = self._zygote.status(worker.pid)
        if cause == "crash" and status is not None:
            if os.WIFEXITED(status) and os.WEXITSTATUS(status) == EXIT_MEMORY:
                cause = "memory"
            elif os.WIFEXITED(status) and os.WEXITSTATUS(status) == EXIT_UNLOCKED:
                cause = "unlocked"
            elif os.WIFSIGNALED(status):
                cause = f"signal-{signal.Signals(os.WTERMSIG(status)).name.lower()}"
        if unit is None:
            return
        self._deaths_in_a_row += 1
        if self._deaths_in_a_row >= BREAKER_DEATHS:
            raise StoppedError(
                f"{BREAKER_DEATHS} workers ended in a row on different units",
                hint="the machine, not the evidence, is at fault: look at its memory and disk",
            )
        yield unit, Death(cause)

    def _drop(self, worker: _Worker) -> None:
        self._selector.unregister(worker.channel)
        self._workers.remove(worker)
        worker.channel.close()
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(worker.pidfd, signal.SIGKILL)
        os.close(worker.pidfd)

    def close(self) -> None:
        """End every worker."""
        for worker in list(self._workers):
            with suppress(OSError):
                wire.send(worker.channel, Control("stop"))
            self._drop(worker)
        self._selector.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()


def one(pool: Pool, unit: Unit) -> Iterator[Frame]:
    """Run a single unit and yield its frames; a failure is raised in its own class.

    Raises:
        HeroesError: what the worker said, with its exit code; a death is named as such.
    """
    waiting = [unit]
    for _, frame in pool.run(lambda: waiting.pop() if waiting else None):
        if isinstance(frame, Death):
            raise _error(20, f"the worker that read it ended ({frame.cause})", "")
        if isinstance(frame, Control) and frame.kind == "failed":
            body = frame.body
            raise _error(int(str(body["exit_code"])), str(body["message"]), str(body["hint"]))
        if not (isinstance(frame, Control) and frame.kind == "done"):
            yield frame


def _error(exit_code: int, message: str, hint: str) -> HeroesError:
    kind = _KINDS.get(exit_code, HeroesError)
    return kind(message, hint=hint)


_KINDS: Final[dict[int, type[HeroesError]]] = {
    kind.exit_code: kind
    for kind in (UsageError, StoppedError, CustodyError, EvidenceError, HashSetError)
}
