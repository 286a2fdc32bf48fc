"""Value classes put together late are those of the standard library, to whoever uses them."""

import copy
import dataclasses
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from heroes_forensics import values


def classes(dataclass: Callable[..., Any]) -> dict[str, Any]:
    @dataclass(frozen=True, slots=True)
    class Empty:
        """Has no field."""

    @dataclass(frozen=True, slots=True)
    class One:
        """Has one."""

        value: object

    @dataclass(frozen=True, slots=True)
    class Many:
        number: int
        text: str = "x"
        rows: tuple[int, ...] = ()
        made: list[int] = dataclasses.field(default_factory=list, hash=False)
        aside: int = dataclasses.field(default=5, compare=False, repr=False)
        last: int = dataclasses.field(default=7, init=False)
        named: int = dataclasses.field(default=9, kw_only=True)

    @dataclass(frozen=True, slots=True)
    class Checked:
        number: int
        twice: int = 0

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError("below 0")
            object.__setattr__(self, "twice", 2 * self.number)

        def __repr__(self) -> str:
            return "own"

    @dataclass(frozen=True, slots=True)
    class Below(One):
        more: int = 3

    return {each.__name__: each for each in (Empty, One, Many, Checked, Below)}


OURS, THEIRS = classes(values.dataclass), classes(dataclasses.dataclass)
Call = tuple[str, tuple[object, ...], dict[str, object]]
"""Name of a class, and what is given when an object is made."""

MADE: list[Call] = [
    ("Empty", (), {}),
    ("One", (1,), {}),
    ("One", (float("nan"),), {}),
    ("One", ("a",), {}),
    ("Many", (1,), {}),
    ("Many", (1, "y", (2,)), {"named": 4}),
    ("Many", (1,), {"aside": 8}),
    ("Many", (1,), {"made": [3]}),
    ("Checked", (4,), {}),
    ("Below", (1, 2), {}),
    ("Below", (), {"value": 1}),
]
WRONG: list[Call] = [
    ("Empty", (1,), {}),
    ("One", (), {}),
    ("One", (1, 2), {}),
    ("Many", (1, "y", (), [], 0, 9), {}),
    ("Many", (1,), {"last": 2}),
    ("Many", (1,), {"other": 2}),
]


def seen(value: Any) -> object:  # noqa: ANN401 - an object of any of them
    fields = [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    return repr(value), fields, dataclasses.asdict(value), type(value).__match_args__


@pytest.mark.parametrize(("name", "given", "named"), MADE)
def test_objects_are_the_same(
    name: str, given: tuple[object, ...], named: dict[str, object]
) -> None:
    ours, theirs = OURS[name](*given, **named), THEIRS[name](*given, **named)
    assert repr(seen(ours)) == repr(seen(theirs))
    assert hash(ours) == hash(theirs)
    assert copy.copy(ours) == ours
    if "nan" not in repr(ours):
        assert copy.deepcopy(ours) == ours
        assert dataclasses.replace(ours) == ours
    assert ours != theirs
    for _ in range(values.FEW):  # from some object on, another function makes them
        assert repr(seen(OURS[name](*given, **named))) == repr(seen(theirs))


@pytest.mark.parametrize("one", MADE)
@pytest.mark.parametrize("other", MADE)
def test_they_compare_alike(one: Call, other: Call) -> None:
    def equal(classes: dict[str, Any]) -> bool:
        first, second = (classes[name](*given, **named) for name, given, named in (one, other))
        return bool(first == second)

    assert equal(OURS) == equal(THEIRS)


@pytest.mark.parametrize(("name", "given", "named"), WRONG)
def test_what_cannot_be_made_is_refused(
    name: str, given: tuple[object, ...], named: dict[str, object]
) -> None:
    for fresh in (classes(values.dataclass), THEIRS):
        with pytest.raises(TypeError):
            fresh[name](*given, **named)


def test_a_check_of_its_own_is_made() -> None:
    for every in (OURS, THEIRS):
        with pytest.raises(ValueError, match="below 0"):
            every["Checked"](-1)


@pytest.mark.parametrize("every", [OURS, THEIRS], ids=["ours", "theirs"])
def test_nothing_can_be_changed(every: dict[str, Any]) -> None:
    made = every["One"](1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'value'"):
        made.value = 2
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'value'"):
        del made.value
    with pytest.raises((AttributeError, TypeError)):
        made.other = 2
    assert made.value == 1
    assert not hasattr(made, "__dict__")


def test_what_is_not_frozen_is_left_to_the_library() -> None:
    @values.dataclass(slots=True)
    class Counted:
        """Counts."""

        number: int = 0

    counted = Counted()
    counted.number += 1
    assert counted == Counted(1)


def test_nothing_is_written_for_a_few_objects() -> None:
    code = (
        "from heroes_forensics.model import Gap\n"
        "from heroes_forensics.values import FEW\n"
        "before = Gap.__init__; few = [Gap('x', 'volume.damaged') for _ in range(FEW)]\n"
        "print(before is Gap.__init__); few.append(Gap('x', 'volume.damaged'))\n"
        "print(before is Gap.__init__, Gap.__init__.__code__.co_varnames[1])\n"
        "print(len(set(map(repr, few))))"
    )
    run = [sys.executable, "-c", code]
    assert subprocess.check_output(run, text=True).split() == ["True", "False", "where", "1"]
