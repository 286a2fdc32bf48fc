"""How far a container found inside evidence may be opened.

The limits bound what is actually read, never what headers claim. They hold for the outermost
container and everything nested in it together; each nested one has its own ratio besides. A source
(a device dump that is a zip) is read without any of this.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Final

from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON
from heroes_forensics.parsers.base import FileSystem, Reader, UnsupportedError

RATIO: Final = "container.ratio"
BYTES: Final = "container.bytes"
MEMBERS: Final = "container.members"
NESTING: Final = "container.nesting"

FLOOR: Final = 16 << 20
"""Bytes to which any container may expand: the ratio of a small one says nothing."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one outermost container may cost, with all that is nested in it."""

    ratio: int = 100
    """Times its own size that a container may expand to; `FLOOR` is always allowed."""
    bytes: int = 4 << 30
    """Bytes of members that are read."""
    members: int = 10_000
    nesting: int = 16
    """Containers one inside the other, the outermost included."""

    def to_json(self) -> JSON:
        """Return a plain object that `of` takes."""
        return asdict(self)

    @classmethod
    def of(cls, body: Mapping[str, object]) -> "Limits":
        """Return the limits that `to_json` gave.

        Raises:
            UsageError: it names a limit that there is not, or one below 1.
        """
        return cls().raised({name: _number(name, value) for name, value in body.items()})

    def raised(self, changes: Mapping[str, int]) -> "Limits":
        """Return these limits with some of them changed.

        Raises:
            UsageError: there is no such limit, or its value is below 1.
        """
        names = [field.name for field in fields(self)]
        for name, value in changes.items():
            if name not in names:
                raise UsageError(
                    f"{name!r} is no limit of a container", hint=f"choose from: {', '.join(names)}"
                )
            if value < 1:
                raise UsageError(f"the limit {name} of a container is at least 1")
        return replace(self, **changes)


def _number(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise UsageError(f"the limit {name} of a container is a whole number")
    return value


class LimitReachedError(UnsupportedError):
    """A member lies beyond a limit; ``code`` says which."""

    def __init__(self, code: str) -> None:
        super().__init__("the member lies beyond a limit of its container", code=code)


class Budget:
    """Bytes that one container may still give, within what the container around it may."""

    def __init__(self, size: int, limits: Limits, around: "Budget | None" = None) -> None:
        """Take the size of the container as stored, bytes."""
        by_ratio = max(FLOOR, limits.ratio * size)
        self.left = by_ratio if around is not None else min(by_ratio, limits.bytes)
        self.code = BYTES if around is None and limits.bytes <= by_ratio else RATIO
        self.around = around
        self.spent = 0
        self.reached = ""
        """Code of the limit that stopped something, empty when none did."""

    def chain(self) -> Iterator["Budget"]:
        """Yield this budget and those around it, the outermost last."""
        budget: Budget | None = self
        while budget is not None:
            yield budget
            budget = budget.around

    def room(self) -> int:
        """Return how many bytes may still be read."""
        return min(budget.left for budget in self.chain())

    def check(self, size: int) -> None:
        """Refuse a member that states more than there is room for; -1 states nothing.

        Raises:
            LimitReachedError: it does.
        """
        if size > self.room():
            self._stop()

    def spend(self, size: int) -> None:
        """Count bytes that were read.

        Raises:
            LimitReachedError: they were more than there was room for; there is none left then.
        """
        counted = min(size, self.room())
        for budget in self.chain():
            budget.left -= counted
            budget.spent += counted
        if counted < size:
            self._stop()

    def _stop(self) -> None:
        """Note in all budgets up to the one that is spent first what stopped them."""
        room = self.room()
        tightest = next(budget for budget in self.chain() if budget.left == room)
        for budget in self.chain():
            budget.reached = budget.reached or tightest.code
            if budget is tightest:
                break
        raise LimitReachedError(tightest.code)


class MeteredReader:
    """A member that counts against the budget of its container as it is read."""

    def __init__(self, inner: Reader, budget: Budget) -> None:
        """Refuse a member that states more than there is room for.

        Raises:
            LimitReachedError: it does.
        """
        self._inner = inner
        self._budget = budget
        budget.check(inner.size)

    @property
    def size(self) -> int:
        """Stated length, bytes; -1 when not stated."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read at most one byte more than there is room for.

        Raises:
            LimitReachedError: there was more than there was room for.
            OSError: the bytes cannot be read.
        """
        room = self._budget.room()
        data = self._inner.pread(offset, min(length, room + 1))
        self._budget.spend(len(data))
        return data

    def close(self) -> None:
        """Close the member."""
        self._inner.close()


class Metered:
    """A container whose members count against its budget."""

    def __init__(self, inner: FileSystem, budget: Budget) -> None:
        self._inner = inner
        self._budget = budget

    def open(self, handle: bytes) -> Reader:
        """Open a member to be read once, from its start to its end.

        Raises:
            LimitReachedError: it states more than there is room for.
            UnsupportedError: it is stored in a way that is not read.
            OSError: it cannot be read.
        """
        return MeteredReader(self._inner.open(handle), self._budget)
