"""MD5 side by side: what hashlib says, for every length and every mixture of lengths."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.hashing import lanes
from heroes_forensics.hashing.md5_program import program


def md5(message: bytes) -> bytes:
    return hashlib.md5(message, usedforsecurity=False).digest()


def expected(messages: list[bytes]) -> list[bytes]:
    return [md5(message) for message in messages]


def noise(seed: int, size: int) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - reproducible, not secret


@pytest.fixture(scope="module")
def compiled() -> lanes.Lanes:
    found = lanes.compiled()
    if found is None:
        pytest.skip("llvmlite is not installed, or this processor cannot compile while running")
    return found


@pytest.fixture
def prepared(compiled: lanes.Lanes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_PREPARED", [compiled])


def test_every_length_around_the_borders_of_blocks(compiled: lanes.Lanes) -> None:
    data = noise(1, 4 * 64 + 9)
    messages = [data[:size] for size in range(len(data))]
    assert compiled.digests(messages) == expected(messages)


@given(sizes=st.lists(st.integers(0, 3000), max_size=70), seed=st.integers(0, 2**32))
def test_any_mixture_of_lengths(compiled: lanes.Lanes, sizes: list[int], seed: int) -> None:
    messages = [noise(seed + number, size) for number, size in enumerate(sizes)]
    assert compiled.digests(messages) == expected(messages)


@given(
    sizes=st.lists(st.integers(0, 3000), max_size=70),
    seed=st.integers(0, 2**32),
    copied=st.sampled_from([0, 1, 63, 64, 65, 1000, 2999]),
)
def test_it_makes_no_difference_which_messages_are_copied(
    compiled: lanes.Lanes, sizes: list[int], seed: int, copied: int
) -> None:
    messages = [noise(seed + number, size) for number, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lanes, "COPIED", copied)
        assert compiled.digests(messages) == expected(messages)


@pytest.mark.parametrize("width", [4, 8])
def test_processors_with_shorter_registers(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "width_of", lambda _: width)
    found = lanes.compiled()
    assert found is None or found.width == width


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("count", [0, 1, 5, 16, 17, 40])
def test_long_and_short_together(count: int) -> None:
    sizes = (0, 1_023, 1_024, 16_384, 65_535, 65_536, 400_000)
    messages = [noise(number, sizes[number * number % 7]) for number in range(count)]
    assert lanes.md5_many(messages) == expected(messages)


def test_nothing_prepared_is_hashlib(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_PREPARED", [])
    messages = [bytes(40_000)] * 20
    assert lanes.md5_many(messages) == expected(messages)


@pytest.mark.usefixtures("prepared")
def test_a_message_that_would_leave_lanes_idle_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[int] = []

    def seen(message: bytes) -> bytes:
        alone.append(len(message))
        return md5(message)

    monkeypatch.setattr(lanes, "_alone", seen)
    messages = [bytes(20_000)] * 32 + [bytes(1 << 20)]
    assert lanes.md5_many(messages) == expected(messages)
    assert alone == [1 << 20]


def test_a_wrong_program_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "program", lambda width: program(width).replace("i32 7,", "i32 8,"))
    assert lanes.compiled() is None


def test_without_llvmlite_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(lanes, "import_module", missing)
    assert lanes.compiled() is None
    monkeypatch.setattr(lanes, "_PREPARED", [])
    assert not lanes.prepare()
