"""Running one unit by itself: what opens a source, and what reads a hash set.

Nothing else is decided by what it gives, so that its failure is an error and not a gap.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, TypeVar

from heroes_forensics.errors import (
    CustodyError,
    EvidenceError,
    HashSetError,
    HeroesError,
    StoppedError,
    UsageError,
)
from heroes_forensics.frames import Control, Frame, Unit
from heroes_forensics.pipelines.workers.crews import Crew
from heroes_forensics.pipelines.workers.deaths import ZYGOTE, Death

T = TypeVar("T")


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
