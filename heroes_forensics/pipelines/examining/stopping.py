"""Why a run ends before it is finished: somebody wants it to, or its time is up.

The first signal drains: what is being read is finished and committed, the record is closed. A
second one ends the run at once; what was committed stays, and the run can be taken up again.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from heroes_forensics.pipelines.case.journal import SIGNALS

SIGNAL: Final = "signal"
BUDGET: Final = "budget"
CRASH: Final = "crash"
DISK: Final = "stopped"
"""Causes of an interruption, as the ledger and the report have them."""

UNHEARD: Final = (signal.SIGHUP,)
"""A terminal that is closed, or a connection that breaks, ends no run."""


_now = time.monotonic


class Stop:
    """Whether a run is to end, and why; empty while it is not.

    Args:
        budget: seconds after which the run is to end; None for as long as it takes.
    """

    def __init__(self, budget: float | None = None) -> None:
        self._cause = ""
        self._settled = False
        self._end = None if budget is None else _now() + budget

    @property
    def cause(self) -> str:
        """One of the causes above, or an empty text."""
        if self._settled:
            return self._cause
        if not self._cause and self._end is not None and _now() >= self._end:
            self._cause = BUDGET
        return self._cause

    @property
    def limited(self) -> bool:
        """Whether the run has a budget: what finds something goes before what verifies."""
        return self._end is not None

    def ask(self, cause: str) -> None:
        """Have the run end; the first cause stays."""
        if not self._settled:
            self._cause = self._cause or cause

    def settle(self, *, finished: bool) -> None:
        """Decide now what the run ended of: a run that was finished was not interrupted."""
        self._cause = "" if finished else self.cause
        self._settled = True


@contextmanager
def heard(stop: Stop, note: Callable[[str], None]) -> Iterator[None]:
    """Turn the first signal into a drained stop, and the second one into a `KeyboardInterrupt`."""
    told = 0
    before: dict[signal.Signals, Any] = {}

    def hear(number: int, frame: object) -> None:
        nonlocal told
        del number, frame
        told += 1
        if told > 1:
            for each in before:  # what is written now is little, and has to be whole
                signal.signal(each, signal.SIG_IGN)
            _end_at_once()
        stop.ask(SIGNAL)
        note("stopping: what is being read now is finished first (again to stop at once)")

    try:
        # Who ignores a signal, as nohup does, wants the run to go on.
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, hear)
        for number in UNHEARD:
            before[number] = signal.signal(number, signal.SIG_IGN)
    except ValueError:  # not the main thread: nobody can interrupt us this way
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_at_once() -> NoReturn:
    raise KeyboardInterrupt
