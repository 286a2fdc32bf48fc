"""The loop of one worker process: a unit in, its frames out, its progress on a page."""

import errno
import os
import resource
import socket
import time
import traceback
from collections import deque
from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

import numpy as np

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import TASK, Batch, Control, Frame, Unit
from heroes_forensics.pipelines.locks import sandbox
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.handover import Allowance
from heroes_forensics.pipelines.workers.page import Progress

if TYPE_CHECKING:
    from heroes_forensics.model import JSON
    from heroes_forensics.pipelines.workers.wire import Received

EXIT_BUG: Final = 70
EXIT_MEMORY: Final = 71
EXIT_UNLOCKED: Final = 72
"""A lock that the probe found in place could not be applied; no unit was taken."""
MESSAGE_LIMIT: Final = 500

CPU_FACTOR: Final = 2
"""A unit with a deadline may use so many times that in processor time: the second net, kept by
the kernel, for a worker whose deadline nobody watches."""

_PATIENCE_SECONDS: Final = 0.002
"""How long to wait when too many descriptors are on their way (ETOOMANYREFS)."""


class _Gone(Exception):  # noqa: N818 - no error: it ends the worker
    """The coordinator closed its end, or said stop."""


class _Inbox:
    """What the coordinator sends: units, and in between the answers to what we ask for."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._waiting: deque[Received] = deque()
        self._unit = 0

    def _receive(self) -> "Received":
        received = wire.receive(self._channel)
        if received is None:
            raise _Gone
        return received

    def _next(self) -> "Received":
        return self._waiting.popleft() if self._waiting else self._receive()

    def lend(self, use: str, size: int) -> int:
        """Ask for credit and wait until it comes; units that arrive meanwhile are kept."""
        wire.send(self._channel, Control("want", {"unit": self._unit, "use": use, "bytes": size}))
        while True:
            received = self._receive()
            frame = received.frame
            if isinstance(frame, Control) and frame.kind == "credit":
                return int(str(frame.body["bytes"]))
            self._waiting.append(received)

    def unit(self) -> tuple[Unit, dict[str, int]]:
        """Return the next unit and the shares it starts with."""
        received = self._next()
        head = received.frame
        if not isinstance(head, Control) or head.kind != "unit":
            raise _Gone
        body = head.body
        wanted = int(str(body["tasks"]))
        parts = []
        have = 0
        while have < wanted:
            frame = self._next().frame
            if not isinstance(frame, Batch):
                raise _Gone
            parts.append(frame.rows)
            have += len(frame.rows)
        tasks = np.concatenate(parts) if parts else np.zeros(0, dtype=TASK)
        detail, shares = body["body"], body["credit"]
        if not isinstance(detail, dict) or not isinstance(shares, dict):
            raise _Gone
        self._unit = int(str(body["id"]))
        unit = Unit(
            id=self._unit,
            kind=str(body["kind"]),
            body=detail,
            tasks=tasks,
            descriptors=received.descriptors,
            seconds=int(str(body["seconds"])),
        )
        return unit, shares


def serve(channel: socket.socket, page: int, descriptors: tuple[int, ...]) -> None:
    """Run units until the coordinator says ``stop`` or closes its end."""
    units = import_module("heroes_forensics.pipelines.work.units")
    progress = Progress(page)
    os.close(page)
    inbox = _Inbox(channel)
    allowance = Allowance(inbox)
    session = units.Session(descriptors, progress=progress, allowance=allowance)
    try:
        while True:
            unit, shares = inbox.unit()
            progress.unit(unit.id)
            allowance.begin(shares)
            progress.often = _limit_cpu(unit.seconds)
            last = _run(channel, unit, units.run_unit(session, unit), progress)
            session.end_unit()
            for descriptor in unit.descriptors:
                os.close(descriptor)
            wire.send(channel, last)
    except (_Gone, BrokenPipeError, ConnectionResetError):
        return


def _run(channel: socket.socket, unit: Unit, frames: object, progress: Progress) -> Control:
    sent = 0
    try:
        for frame in frames:  # type: ignore[attr-defined]
            _send(channel, frame)
            progress.beat()
            sent += 1
    except (BrokenPipeError, ConnectionResetError):
        raise _Gone from None
    except HeroesError as error:
        return _failed(unit, progress, error)
    except Exception as error:
        if isinstance(error, MemoryError | _Gone):
            raise  # what the worker holds now is in an unknown state
        bug = HeroesError(_where(error), hint="this is a bug: please report it")
        return _failed(unit, progress, bug)
    return Control("done", {"unit": unit.id, "frames": sent})


def _send(channel: socket.socket, frame: Frame) -> None:
    if not isinstance(frame, Control) or not frame.descriptors:
        wire.send(channel, frame)
        return
    try:
        while True:
            try:
                wire.send(channel, frame, frame.descriptors)
            except OSError as error:
                if error.errno != errno.ETOOMANYREFS:
                    raise
                time.sleep(_PATIENCE_SECONDS)  # until the coordinator has taken some in
            else:
                return
    finally:
        for descriptor in frame.descriptors:
            os.close(descriptor)


def _limit_cpu(seconds: float) -> Callable[[], None] | None:
    """Let the kernel end this process (SIGXCPU) when a unit uses far more time than it may.

    Returns:
        What allows more of it when there is progress; None for a unit that has a deadline.
    """
    if seconds <= 0:
        sandbox.more_time()
        return sandbox.more_time
    soft = int(time.process_time() + CPU_FACTOR * seconds) + 1
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    if most != resource.RLIM_INFINITY:
        soft = min(soft, most)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, most))
    return None


def _failed(unit: Unit, progress: Progress, error: HeroesError) -> Control:
    body: JSON = {
        "unit": unit.id,
        "task": progress.index,
        "exit_code": error.exit_code,
        "message": str(error)[:MESSAGE_LIMIT],
        "hint": error.hint[:MESSAGE_LIMIT],
        "code": getattr(error, "code", ""),  # of `UnsupportedError`
    }
    return Control("failed", body)


def _where(error: Exception) -> str:
    """Name the kind and place of an unforeseen error, never its text: that may hold a name."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {PurePath(last.filename).name}:{last.lineno}"
