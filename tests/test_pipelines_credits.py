"""Nobody waits for ever for credit, and never more is in flight than the budget allows."""

import itertools
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.frames import HAND_OVER_BYTES
from heroes_forensics.pipelines.workers.credits import BUDGETS, LEAST, Credits, Grant, cost

MIB = 1 << 20
Streams = list[tuple[str, int]]


@dataclass
class Machine:
    """All workers of a run, simulated: they hand over, wait, work and end, in any order."""

    books: Credits = field(default_factory=Credits)
    flying: dict[str, list[int]] = field(default_factory=lambda: {use: [] for use in BUDGETS})
    queues: dict[int, deque[tuple[str, int]]] = field(default_factory=dict)
    """By unit: what it has still to hand over."""
    left: dict[int, dict[str, int]] = field(default_factory=dict)
    """By unit: the share it holds, as its worker counts it."""
    blocked: set[int] = field(default_factory=set)
    waiting: deque[tuple[int, Streams, tuple[str, ...]]] = field(default_factory=deque)
    """Units that no worker has begun."""
    most: int = 0

    def granted(self, grants: list[Grant]) -> None:
        for unit, use, amount in grants:
            assert unit in self.blocked
            self.blocked.discard(unit)
            self.left[unit][use] = amount

    def begin(self, workers: int) -> None:
        unit, streams, uses = self.waiting.popleft()
        self.queues[unit] = deque(streams)
        self.left[unit] = self.books.begin(unit, uses, workers)

    def step(self, unit: int) -> None:
        """Let a unit do its next thing."""
        queue = self.queues[unit]
        if not queue:
            del self.queues[unit], self.left[unit]
            self.granted(self.books.end(unit))
            return
        use, size = queue[0]
        if self.left[unit][use] < cost(size):
            self.blocked.add(unit)
            self.left[unit][use] = 0
            grants = self.books.want(unit, use, cost(size))
            assert grants is not None
            self.granted(grants)
            return
        queue.popleft()
        self.left[unit][use] -= cost(size)
        assert self.books.took(unit, use, size)
        self.flying[use].append(size)
        total = sum(cost(each) for sizes in self.flying.values() for each in sizes)
        self.most = max(self.most, total)
        assert sum(cost(each) for each in self.flying[use]) <= BUDGETS[use]

    def close(self, use: str) -> None:
        self.granted(self.books.back(use, self.flying[use].pop(0)))


sizes = st.one_of(st.integers(1, 4 * MIB), st.integers(1, HAND_OVER_BYTES))
streams = st.lists(st.tuples(st.sampled_from(sorted(BUDGETS)), sizes), max_size=12)


class Everybody(Machine):
    """Parsers hand over for both uses, expanders for decoding; a stream that is to be expanded
    stays in flight until its expander is done."""

    def __init__(self, contents: list[Streams], parsers: int, expanders: int) -> None:
        super().__init__()
        self.parsers, self.expanders = parsers, expanders
        self.numbers = itertools.count(1000)
        self.expanding: set[int] = set()
        self.children = [[("decode", size) for _, size in each] for each in contents] or [[]]
        for number, each in enumerate(contents):
            self.waiting.append((number, each, ("decode", "expand")))

    def moves(self) -> list[Callable[[], None]]:
        """Return what can happen next."""
        found: list[Callable[[], None]] = [
            partial(self.go_on, unit) for unit in self.queues if unit not in self.blocked
        ]
        if self.waiting and len(set(self.queues) - self.expanding) < self.parsers:
            found.append(partial(self.begin, self.parsers + 2 * self.expanders))
        if self.flying["decode"]:
            found.append(partial(self.close, "decode"))
        busy = len(self.expanding)
        if len(self.flying["expand"]) > busy and busy < self.expanders:
            found.append(self.expand)
        return found

    def expand(self) -> None:
        number = next(self.numbers)
        self.waiting.appendleft((number, self.children[number % len(self.children)], ("decode",)))
        self.begin(self.parsers + 2 * self.expanders)
        self.expanding.add(number)

    def go_on(self, unit: int) -> None:
        self.step(unit)
        if unit in self.expanding and unit not in self.queues:
            self.expanding.discard(unit)
            self.close("expand")


@given(st.lists(streams, max_size=8), st.integers(1, 4), st.integers(1, 3), st.integers())
def test_whatever_is_handed_over_everything_ends(
    contents: list[Streams], parsers: int, expanders: int, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - an order
    machine = Everybody(contents, parsers, expanders)
    while moves := machine.moves():
        draw.choice(moves)()
    assert not machine.queues
    assert not machine.blocked
    assert not machine.waiting
    assert not any(machine.flying.values())
    assert machine.most <= sum(BUDGETS.values())
    # Everything came back.
    assert machine.books.begin(-1, BUDGETS, 1) == dict.fromkeys(BUDGETS, 32 * MIB)


def test_those_who_wait_are_served_in_order_and_nobody_is_before_them() -> None:
    books = Credits({"decode": 64 * MIB})
    assert books.begin(1, ["decode"], 1) == {"decode": 0}
    assert books.want(1, "decode", 64 * MIB) == [(1, "decode", 64 * MIB)]
    assert books.took(1, "decode", 60 * MIB)
    assert books.begin(2, ["decode"], 1) == {"decode": 0}
    assert books.want(2, "decode", 50 * MIB) == []
    assert books.begin(3, ["decode"], 1) == {"decode": 0}
    assert books.want(3, "decode", 1 * MIB) == []
    assert books.waits(2)
    assert books.end(1) == []
    assert books.back("decode", 60 * MIB) == [(2, "decode", 50 * MIB), (3, "decode", 3670016)]


BAD = {
    "more than a stream may be": ("decode", HAND_OVER_BYTES + 1),
    "nothing": ("decode", 0),
    "less than nothing": ("decode", -1),
    "another use": ("expand", MIB),
    "no use": ("", MIB),
}


@pytest.mark.parametrize("name", BAD)
def test_what_no_correct_worker_asks_for_is_refused(name: str) -> None:
    use, size = BAD[name]
    books = Credits()
    books.begin(1, ["decode"], 1)
    assert books.want(1, use, size) is None


def test_who_waits_can_neither_ask_again_nor_hand_over() -> None:
    books = Credits({"decode": 64 * MIB})
    books.begin(1, ["decode"], 1)
    books.want(1, "decode", 64 * MIB)
    books.begin(2, ["decode"], 1)
    assert books.want(2, "decode", MIB) == []
    assert books.want(2, "decode", MIB) is None
    assert not books.took(2, "decode", 1)


def test_more_than_its_share_cannot_be_handed_over() -> None:
    books = Credits()
    (share,) = books.begin(1, ["decode"], 1).values()
    assert not books.took(1, "decode", share + 1)
    for _ in range(share // LEAST):
        assert books.took(1, "decode", 1)
    assert not books.took(1, "decode", 1)
    assert not books.took(2, "decode", 1)
