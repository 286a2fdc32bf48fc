import io

import pytest

from heroes_forensics.errors import UsageError
from heroes_forensics.parsers.containers.limits import (
    FLOOR,
    Budget,
    LimitReachedError,
    Limits,
    Metered,
)
from heroes_forensics.parsers.reading.readers import FileObjectReader

MEBI = 1 << 20


class OneMember:
    """A container of one member, read from memory; it states the size it is told to."""

    def __init__(self, data: bytes, stated: int | None = None) -> None:
        self._reader = FileObjectReader(io.BytesIO(data), len(data) if stated is None else stated)

    def open(self, handle: bytes) -> FileObjectReader:
        assert handle == b"m"
        return self._reader


def metered(data: bytes, budget: Budget, stated: int | None = None) -> Metered:
    return Metered(OneMember(data, stated), budget)  # type: ignore[arg-type]


def test_a_small_container_may_expand_to_the_floor() -> None:
    budget = Budget(1, Limits())
    assert budget.room() == FLOOR
    assert len(metered(b"x" * MEBI, budget).open(b"m").pread(0, MEBI)) == MEBI
    assert (budget.room(), budget.spent, budget.reached) == (FLOOR - MEBI, MEBI, "")


def test_the_ratio_counts_from_the_size_as_stored() -> None:
    assert Budget(MEBI, Limits(ratio=50)).room() == 50 * MEBI
    assert Budget(MEBI, Limits(ratio=50, bytes=20 * MEBI)).room() == 20 * MEBI


STOPS = {
    "its ratio": (Budget(1, Limits()), "container.ratio"),
    "its bytes": (Budget(MEBI, Limits(bytes=8 * MEBI)), "container.bytes"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_states_more_than_there_is_room_for_is_not_read(stop: str) -> None:
    budget, code = STOPS[stop]
    with pytest.raises(LimitReachedError) as raised:
        metered(b"", budget, stated=1 << 40).open(b"m")
    assert raised.value.code == budget.reached == code
    assert budget.spent == 0  # so that smaller ones can still be read


def test_what_states_nothing_is_stopped_one_byte_after_the_limit() -> None:
    class Endless(OneMember):
        def open(self, handle: bytes) -> FileObjectReader:
            del handle
            return Lying(io.BytesIO(), -1)

    class Lying(FileObjectReader):
        asked = 0

        def pread(self, offset: int, length: int) -> bytes:
            self.asked = max(self.asked, offset + length)
            return b"x" * length

    budget = Budget(1, Limits())
    reader = Metered(Endless(b""), budget).open(b"m")  # type: ignore[arg-type]
    for start in range(0, 15 * MEBI, 5 * MEBI):
        assert len(reader.pread(start, 5 * MEBI)) == 5 * MEBI
    with pytest.raises(LimitReachedError):
        reader.pread(15 * MEBI, 5 * MEBI)
    assert (budget.room(), budget.spent) == (0, FLOOR)
    assert reader._inner.asked == FLOOR + 1  # type: ignore[attr-defined]  # noqa: SLF001


def test_what_is_nested_counts_against_everything_around_it() -> None:
    outer = Budget(MEBI, Limits(bytes=20 * MEBI))
    inner = Budget(10, Limits(), around=outer)
    innermost = Budget(10, Limits(), around=inner)
    metered(b"x" * MEBI, innermost).open(b"m").pread(0, MEBI)
    assert (outer.spent, inner.spent, innermost.spent) == (MEBI, MEBI, MEBI)
    outer.spend(10 * MEBI)
    assert innermost.room() == 9 * MEBI
    with pytest.raises(LimitReachedError):
        innermost.check(10 * MEBI)
    # It was the outermost one that had no room: all of them are cut short by it.
    assert {each.reached for each in (outer, inner, innermost)} == {"container.bytes"}


def test_a_nested_one_that_reaches_its_own_ratio_leaves_the_others_whole() -> None:
    outer = Budget(1 << 30, Limits())
    inner = Budget(10, Limits(), around=outer)
    with pytest.raises(LimitReachedError):
        inner.check(FLOOR + 1)
    assert (inner.reached, outer.reached) == ("container.ratio", "")
    assert outer.room() > FLOOR


def test_limits_survive_the_wire_and_are_raised_one_by_one() -> None:
    limits = Limits().raised({"ratio": 7, "nesting": 2})
    assert limits == Limits(ratio=7, nesting=2)
    assert Limits.of(limits.to_json()) == limits


REFUSED = {
    "a limit that there is not": {"depth": 3},
    "none at all": {"members": 0},
    "less than none": {"bytes": -1},
    "no number": {"ratio": "many"},
    "yes": {"ratio": True},
    "a part": {"ratio": 1.5},
}


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_is_no_limit_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Limits.of(body)
