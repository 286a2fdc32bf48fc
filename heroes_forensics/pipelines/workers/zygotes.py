"""The zygotes of a run: one of each kind that was needed, started anew when it ends."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from heroes_forensics.errors import StoppedError
from heroes_forensics.pipelines.workers import isolation
from heroes_forensics.pipelines.workers.forking import Forked, Zygote, ZygoteGoneError
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.pipelines.workers.roles import ROLES

T = TypeVar("T")

RESTARTS: Final = 5
"""A zygote that ends so often without a unit done in between is not started again."""


class Zygotes:
    """Starts them when they are needed first."""

    def __init__(
        self,
        start: Callable[[str], Zygote],
        on_start: Callable[[Zygote], None],
        on_end: Callable[[Zygote], None],
    ) -> None:
        """Take what to do when one is there, and when one is no more.

        Args:
            start: starts one of the kind it is given.
            on_start: called with each one that was started.
            on_end: called with each one that ended by itself, before it is let go of.
        """
        self._start = start
        self._on_start = on_start
        self._on_end = on_end
        self._running: dict[str, Zygote] = {}
        self._ended = 0

    def of(self, kind: str) -> Zygote:
        """Return the zygote of a kind, starting it when there is none."""
        zygote = self._running.get(kind)
        if zygote is None:
            zygote = self._running[kind] = self._start(kind)
            self._on_start(zygote)
        return zygote

    @property
    def kinds(self) -> list[str]:
        """Which are running."""
        return sorted(self._running)

    def fork(self, role: str, descriptors: Sequence[int], memory: int) -> Forked:
        """Fork a locked worker, from a new zygote when the one there was has ended.

        Raises:
            StoppedError: the machine gives no further process.
            UsageError: its isolation is less than required.
        """

        def fork(zygote: Zygote) -> Forked:
            layers = zygote.isolation(role, descriptors).applied
            return zygote.fork(role, descriptors, layers=layers, memory=memory)

        return self._insisting(role, fork)

    def _insisting(self, role: str, act: Callable[[Zygote], T]) -> T:
        """Do something with a zygote, and with a new one where that one ends over it."""
        while True:
            zygote = self.of(ROLES[role].zygote)
            try:
                return act(zygote)
            except ZygoteGoneError:
                self.gone(zygote)

    def hear(self, zygote: Zygote) -> None:
        """Take in what one has said."""
        if self._running.get(zygote.kind) is not zygote:
            return  # started anew because of what was heard before it
        try:
            zygote.hear()
        except ZygoteGoneError:
            self.gone(zygote)

    def gone(self, zygote: Zygote) -> None:
        """Let go of one that has ended.

        Raises:
            StoppedError: they end again and again.
        """
        if self._running.get(zygote.kind) is not zygote:
            return
        del self._running[zygote.kind]
        self._ended += 1
        if self._ended > RESTARTS:
            zygote.kill()
            raise StoppedError(
                "the process that starts workers ends again and again",
                hint="the machine is at fault: look at its memory, and run: heroes selftest",
            )
        self._on_end(zygote)
        zygote.kill()

    def works(self) -> None:
        """Note that a unit was done: those that ended so far were no sign of a broken machine."""
        self._ended = 0

    def isolation(self, role: str, descriptors: Sequence[int] = ()) -> Isolation:
        """Return how workers of a role are locked; tried out when first asked."""
        return self._insisting(role, lambda zygote: zygote.isolation(role, descriptors))

    @property
    def weakest(self) -> Isolation:
        """How the least locked of the workers tried so far are locked."""
        running = self._running.values()
        return isolation.weakest(found for zygote in running for found in zygote.tried)

    def close(self) -> None:
        """End them all, and with them every worker that is left."""
        for zygote in self._running.values():
            zygote.close()
        self._running.clear()
