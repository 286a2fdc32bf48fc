"""Telling a broken machine from hostile evidence, when worker after worker ends.

Evidence can hold any number of streams that end workers, side by side; each costs itself. But when
workers end whatever they are about, going on would turn a whole exhibit into gaps.
"""

from typing import TYPE_CHECKING, Final

from heroes_forensics.errors import StoppedError
from heroes_forensics.frames import Control, Unit
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.deaths import KERNEL_MEMORY, SIGKILL, UNLOCKED
from heroes_forensics.pipelines.workers.forking import Forked

if TYPE_CHECKING:
    from collections.abc import Hashable

BREAKER_DEATHS: Final = 20
"""So many deaths in a row on different items ask whose fault it is."""

CANARY_BYTES: Final = 64 << 20
CANARY_SECONDS: Final = 60
"""What the trial unit touches, and how long it may take."""

_OURS: Final = frozenset({KERNEL_MEMORY, UNLOCKED, SIGKILL})
"""Endings that no evidence brings about: nothing a worker reads can send it SIGKILL, and those
that the supervisor sends have causes of their own."""

_HINT: Final = "the machine, not the evidence, is at fault: look at its memory and disk"


class Breaker:
    """Counts deaths in a row."""

    def __init__(self) -> None:
        self._row: dict[Hashable, str] = {}

    def works(self) -> None:
        """Note that a unit was done."""
        self._row.clear()

    def died(self, unit: Unit, cause: str) -> bool:
        """Note a death; say whether it is time for the trial.

        Raises:
            StoppedError: so many died of what only the machine can do.
        """
        tasks = unit.tasks
        what = unit.id if tasks is None or not len(tasks) else int(tasks["id"][0])
        self._row[unit.kind, what] = cause
        if len(self._row) < BREAKER_DEATHS:
            return False
        if _OURS.issuperset(self._row.values()):
            raise stopped("was ended by the system")
        return True


def survives(forked: Forked) -> bool:
    """Have a fresh worker do next to nothing; say whether it could.

    Args:
        forked: the worker; it is ended by this.
    """
    body = {"bytes": CANARY_BYTES}
    head = {"id": 0, "kind": "canary", "body": body, "tasks": 0, "seconds": 0, "credit": {}}
    forked.channel.settimeout(CANARY_SECONDS)
    try:
        wire.send(forked.channel, Control("unit", head))
        received = wire.receive(forked.channel)
    except (OSError, wire.ProtocolViolationError):
        return False
    finally:
        forked.close()
    frame = received.frame if received is not None else None
    return isinstance(frame, Control) and frame.kind == "done"


def stopped(why: str) -> StoppedError:
    """Return the error that says that the machine is at fault."""
    return StoppedError(
        f"{BREAKER_DEATHS} workers ended in a row on different items, and each {why}", hint=_HINT
    )
