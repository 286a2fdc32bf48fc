"""The coordinator's end of a zygote: start it, have it fork workers, hear how they ended."""

import os
import select
import socket
import stat
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import Final, NamedTuple, Self

from heroes_forensics.errors import HeroesError, StoppedError
from heroes_forensics.frames import Control
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.locks import leaving
from heroes_forensics.pipelines.locks.sandbox import MEMORY_LIMIT
from heroes_forensics.pipelines.workers import isolation, launch, wire
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.pipelines.workers.page import Page
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE, ROLES

ANSWER_SECONDS: Final = 120
"""A zygote that has not answered for so long, its own start included, is given up."""
STATUS_SECONDS: Final = 10.0
"""How long a zygote may take to say how a worker ended."""


class ZygoteGoneError(Exception):
    """The process that starts workers has ended, and all its workers with it."""


class Forked(NamedTuple):
    """A new worker."""

    pid: int
    pidfd: int
    """Names this very process, also after its number has been given to another."""
    channel: socket.socket
    page: Page

    def close(self) -> None:
        """Let go of it; a worker that still runs ends when its socket is closed."""
        os.close(self.pidfd)
        self.page.close()
        self.channel.close()


class Zygote:
    """A preloaded interpreter that workers are forked from."""

    def __init__(
        self,
        kind: str = "evidence",
        *,
        require: str = "",
        bulk: bool = False,
        plugin: str = "",
    ) -> None:
        """Start it; it imports while the caller goes on.

        Args:
            kind: a key of `roles.ZYGOTES`.
            require: a level of `pipelines.workers.isolation`, below which no worker takes
                a unit; empty for whatever the machine gives.
            bulk: whether much is to be read: what makes reading faster is prepared, too.
            plugin: what those that decode load, see `heroes_forensics.media.slot`.
        """
        self.kind = kind
        self._require = require
        self._process, self._control = launch.taken(
            kind, bulk=bulk, plugin=plugin if kind == "media" else ""
        )
        self._statuses: dict[int, int | None] = {}
        """Workers forked and not forgotten: how they ended, None while they have not."""
        self._isolation: dict[str, Isolation] = {}
        self._used: set[str] = set()

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when a worker has ended."""
        return self._control.fileno()

    def fork(
        self,
        role: str,
        descriptors: Sequence[int] = (),
        *,
        layers: Sequence[str] = (),
        memory: int = MEMORY_LIMIT,
    ) -> Forked:
        """Fork a worker.

        Args:
            role: a row of `heroes_forensics.pipelines.locks.sandbox.ROLES`.
            descriptors: what it may read.
            layers: locks without which it takes no unit and ends.
            memory: bytes of private memory it may have.

        Raises:
            ZygoteGoneError: there is no zygote any more.
            StoppedError: the machine gives no further process, socket or memory.
        """
        try:
            page = Page()
        except OSError as error:
            raise StoppedError("the worker processes could not be started") from error
        body: JSON = {"role": role, "layers": list(layers), "memory": memory}
        try:
            pid, pidfd, channel = self._start(Control("fork", body), descriptors, [page.descriptor])
        except BaseException:
            page.close()
            raise
        return Forked(pid, pidfd, channel, page)

    def probe(
        self, role: str, part: str, targets: JSON, descriptors: Sequence[int]
    ) -> tuple[int, socket.socket]:
        """Fork a worker that tries its locks instead of working."""
        body: JSON = {"role": role, "part": part, "targets": targets}
        pid, pidfd, channel = self._start(Control("probe", body), descriptors, [])
        os.close(pidfd)
        return pid, channel

    def isolation(self, role: str, descriptors: Sequence[int] = ()) -> Isolation:
        """Return how workers of a role are locked; tried out when first asked, for all roles.

        Args:
            role: a row of `heroes_forensics.pipelines.locks.sandbox.ROLES`.
            descriptors: what they are to hold; a folder makes a difference.

        Raises:
            UsageError: less than the level that is required.
            StoppedError: no worker could be started.
        """
        if not self._isolation:
            ours = [name for name, row in ROLES.items() if row.zygote == self.kind]
            self._isolation = isolation.probe(self, ours)
        folder = next((each for each in descriptors if stat.S_ISDIR(os.fstat(each).st_mode)), -1)
        if folder >= 0:
            role = isolation.FOLDER
            if os.geteuid() == 0 and leaving.binds_account(folder):
                role = isolation.BOUND_FOLDER
        self._isolation[role].require(self._require)
        self._used.add(role)
        return self._isolation[role]

    @property
    def tried(self) -> tuple[Isolation, ...]:
        """How each kind of worker asked for so far is locked."""
        return tuple(self._isolation[role] for role in sorted(self._used))

    def _start(
        self, message: Control, descriptors: Sequence[int], last: Sequence[int]
    ) -> tuple[int, int, socket.socket]:
        """Send what a worker gets, ask for it, and return its number, pidfd and our end."""
        try:
            ours, theirs = wire.pair()
        except OSError as error:
            raise StoppedError("the worker processes could not be started") from error
        try:
            # One that ended may have said why before it did.
            with theirs, suppress(BrokenPipeError):
                for start in range(0, len(descriptors), wire.MAX_DESCRIPTORS):
                    part = descriptors[start : start + wire.MAX_DESCRIPTORS]
                    wire.send(self._control, Control("descriptors"), part)
                wire.send(self._control, message, [*last, theirs.fileno()])
            pid, pidfd = self._await_fork()
        except BaseException as error:
            ours.close()
            if isinstance(error, OSError):
                raise ZygoteGoneError from error
            raise
        self._statuses[pid] = None
        return pid, pidfd, ours

    def _await_fork(self) -> tuple[int, int]:
        deadline = monotonic() + ANSWER_SECONDS
        while True:
            received = self._receive(deadline - monotonic())
            frame = received.frame if received else None
            if received is None or not isinstance(frame, Control):
                raise ZygoteGoneError
            if frame.kind == "forked" and len(received.descriptors) == 1:
                return int(str(frame.body["pid"])), received.descriptors[0]
            if frame.kind == "failed":
                raise HeroesError(str(frame.body["message"]), hint=str(frame.body["hint"]))
            if frame.kind == "unforked":
                raise StoppedError(
                    "the machine gives no further process",
                    hint="look at its memory and at the limits of this account (ulimit -u)",
                )
            self._note(frame)

    def _receive(self, seconds: float) -> wire.Received | None:
        """Wait for a message; None when there is none in time, or never will be."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(max(0.0, seconds) * 1000):
            return None
        try:
            with suppress(ConnectionResetError):
                return wire.receive(self._control)
            # It ended without having read all of ours; what it said before that is still there.
            return wire.receive(self._control)
        except OSError:
            return None

    def _note(self, frame: Control) -> None:
        pid = int(str(frame.body["pid"]))
        if frame.kind == "died" and pid in self._statuses:
            self._statuses[pid] = int(str(frame.body["status"]))

    def hear(self) -> None:
        """Take in what the zygote has said, without waiting.

        Raises:
            ZygoteGoneError: it has ended.
        """
        while True:
            poll = select.poll()
            poll.register(self._control, select.POLLIN)
            if not poll.poll(0):
                return
            received = self._receive(0)
            if received is None or not isinstance(received.frame, Control):
                raise ZygoteGoneError
            self._note(received.frame)

    def status(self, pid: int, seconds: float = STATUS_SECONDS) -> int | None:
        """Return the wait status of a worker that has ended; None when it is not told in time.

        Raises:
            ZygoteGoneError: the zygote itself has ended.
        """
        deadline = monotonic() + seconds
        while self._statuses.get(pid) is None and (left := deadline - monotonic()) > 0:
            received = self._receive(left)
            if received is not None and isinstance(received.frame, Control):
                self._note(received.frame)
            elif monotonic() < deadline or self._process.poll() is not None:
                raise ZygoteGoneError
        return self._statuses.pop(pid, None)

    def forget(self, pid: int) -> None:
        """Do not keep how this worker ends: it was ended by us."""
        self._statuses.pop(pid, None)

    def close(self) -> None:
        """End the zygote; workers still alive end with it."""
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """End it at once, for instance because it does not answer."""
        with suppress(ProcessLookupError):
            self._process.kill()
        self.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()


def faults(environment: Mapping[str, str] = os.environ) -> bool:
    """Say whether tests make work functions fail in this run."""
    return bool(environment.get(FAULTS_VARIABLE))
