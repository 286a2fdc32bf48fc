"""How many bytes of streams may be on their way between workers at once.

A stream that a worker hands over lies in memory until a decoder or expander is done with it. Each
use has a budget; a unit that may hand over gets a share of it with its first message, and asks for
more (``want``) when that is spent. What it asks for, it waits for.

Why nobody waits for ever:

1. A unit that waits holds nothing: asking gives up what was left of its share. So there is no
   circle of units that hold and wait among those that share a budget.
2. Those who wait are served in the order in which they asked, and while anybody waits nobody else
   is given anything. What a running unit still holds comes back when the unit spends it, asks or
   ends, and units end.
3. What is spent comes back when the stream is closed. Streams are closed by who works on them, and
   nobody who works on a stream waits for its own budget: decoders hand nothing over; expanders
   hand over what is to be decoded, and open what is nested themselves, so that they ask of the
   budget of the decoders and never of their own. Decoders and expanders are ended by deadlines.
4. A stream too large to be handed over is read through a worker of a crew of its own, which hands
   nothing over and takes no other unit: it never waits for a budget.
5. One request never exceeds a whole budget.

So waiting leads from parsers to expanders, from those to decoders, and from all of them to workers
that only answer reads: never back.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final, NamedTuple

from heroes_forensics.frames import HAND_OVER_BYTES

BUDGETS: Final = {"decode": 384 << 20, "expand": 128 << 20}
"""Bytes in flight for each use, 512 MiB in all."""

LEAST: Final = 1 << 20
"""A stream costs at least so much: this bounds the number of descriptors in flight, too."""

SHARE: Final = 32 << 20
"""The most that a unit is given without asking."""


def cost(size: int) -> int:
    """Return what a stream of ``size`` bytes takes from its budget."""
    return max(size, LEAST)


class Grant(NamedTuple):
    """What a unit that waits is to be told."""

    unit: int
    use: str
    amount: int


class Credits:
    """The books of the coordinator; it sends nothing itself."""

    def __init__(self, budgets: dict[str, int] = BUDGETS) -> None:
        self._free = dict(budgets)
        self._budgets = dict(budgets)
        self._shares: dict[tuple[int, str], int] = {}
        self._waiting: dict[str, deque[tuple[int, int]]] = {use: deque() for use in budgets}

    def begin(self, unit: int, uses: Iterable[str], workers: int) -> dict[str, int]:
        """Return the shares a unit starts with; nothing where others wait already."""
        shares = {}
        for use in uses:
            budget = self._budgets[use]
            # However many hold a share, the largest request can still be met.
            fair = min(SHARE, (budget - HAND_OVER_BYTES) // max(1, workers))
            have = min(fair, self._free[use])
            share = 0 if self._waiting[use] or have < LEAST else have
            self._free[use] -= share
            shares[use] = self._shares[unit, use] = share
        return shares

    def want(self, unit: int, use: str, size: int) -> list[Grant] | None:
        """Take note that a unit asks for ``size`` bytes and gives up the rest of its share.

        Returns:
            What can be given now, to whom; None when no correct worker asks so.
        """
        held = self._shares.get((unit, use))
        if held is None or self.waits(unit) or not 0 < size <= cost(HAND_OVER_BYTES):
            return None
        self._free[use] += held
        self._shares[unit, use] = 0
        self._waiting[use].append((unit, size))
        return self._serve(use)

    def took(self, unit: int, use: str, size: int) -> bool:
        """Book a stream that arrived; False when it is more than the unit was given."""
        held = self._shares.get((unit, use))
        if held is None or cost(size) > held or self.waits(unit):
            return False
        self._shares[unit, use] = held - cost(size)
        return True

    def back(self, use: str, size: int) -> list[Grant]:
        """Take back what a stream took, once it is closed."""
        self._free[use] += cost(size)
        return self._serve(use)

    def end(self, unit: int) -> list[Grant]:
        """Take back what a unit that ended did not spend."""
        grants = []
        for use, waiting in self._waiting.items():
            left = self._shares.pop((unit, use), None)
            if left is None:
                continue
            self._free[use] += left
            if any(number == unit for number, _ in waiting):
                self._waiting[use] = deque(pair for pair in waiting if pair[0] != unit)
            grants += self._serve(use)
        return grants

    def waits(self, unit: int) -> bool:
        """Say whether a unit waits for us: then it is not the unit that does not move."""
        return any(number == unit for waiting in self._waiting.values() for number, _ in waiting)

    def _serve(self, use: str) -> list[Grant]:
        grants = []
        waiting = self._waiting[use]
        while waiting and waiting[0][1] <= self._free[use]:
            unit, size = waiting.popleft()
            amount = size if waiting else max(size, min(SHARE, self._free[use] // 4))
            self._free[use] -= amount
            self._shares[unit, use] = amount
            grants.append(Grant(unit, use, amount))
        return grants
