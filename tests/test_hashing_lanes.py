"""Digests side by side: what hashlib says, for every length and every mixture of lengths."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.hashing import lanes
from heroes_forensics.hashing.program import INITIAL, program


def expected(
    messages: list[bytes], algorithms: tuple[str, ...] = lanes.ALL
) -> list[tuple[bytes, ...]]:
    return [
        tuple(hashlib.new(name, message, usedforsecurity=False).digest() for name in algorithms)
        for message in messages
    ]


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
    assert compiled.digests(messages) == expected(messages, compiled.algorithms)


@given(sizes=st.lists(st.integers(0, 3000), max_size=70), seed=st.integers(0, 2**32))
def test_any_mixture_of_lengths(compiled: lanes.Lanes, sizes: list[int], seed: int) -> None:
    messages = [noise(seed + number, size) for number, size in enumerate(sizes)]
    assert compiled.digests(messages) == expected(messages, compiled.algorithms)


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
        assert compiled.digests(messages) == expected(messages, compiled.algorithms)


@given(
    sizes=st.lists(
        st.sampled_from([65_535, 65_536, 65_600, 70_000, 131_072, 200_001]), max_size=40
    ),
    seed=st.integers(0, 2**32),
)
def test_long_messages_take_turns(compiled: lanes.Lanes, sizes: list[int], seed: int) -> None:
    data = noise(seed, max(sizes, default=0) + len(sizes))
    messages = [data[number : number + size] for number, size in enumerate(sizes)]
    assert compiled.digests(messages) == expected(messages, compiled.algorithms)


@pytest.mark.parametrize("width", [4, 8])
@pytest.mark.usefixtures("compiled")
def test_processors_with_shorter_registers(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "width_of", lambda _: width)
    found = lanes.compiled()
    assert found is not None
    assert (found.width, found.algorithms) == (width, lanes.ALL if width == 8 else ("md5",))
    messages = [noise(number, 3_000 * number + 70_000 * (number == 5)) for number in range(20)]
    assert found.digests(messages) == expected(messages, found.algorithms)


def test_the_words_that_algorithms_start_with() -> None:
    """FIPS 180-4 5.3.1 and 5.3.3, RFC 1321 3.3: the first and the last of each."""
    assert INITIAL["md5"] == (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476)
    assert INITIAL["sha1"] == (*INITIAL["md5"], 0xC3D2E1F0)
    assert (INITIAL["sha256"][0], INITIAL["sha256"][-1]) == (0x6A09E667, 0x5BE0CD19)


@pytest.mark.usefixtures("prepared")
@pytest.mark.parametrize("count", [0, 1, 5, 16, 17, 40])
def test_long_and_short_together(count: int) -> None:
    sizes = (0, 1_023, 1_024, 16_384, 65_535, 65_536, 400_000)
    messages = [noise(number, sizes[number * number % 7]) for number in range(count)]
    assert lanes.digest_many(messages) == expected(messages, lanes.prepared())


def test_nothing_prepared_gives_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lanes, "_PREPARED", [])
    assert lanes.prepared() == ()
    assert lanes.digest_many([bytes(40_000)] * 3) == [()] * 3


@pytest.mark.usefixtures("prepared")
def test_a_message_that_would_leave_lanes_idle_goes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    alone: list[int] = []

    plain = lanes.__dict__["_alone"]

    def seen(message: bytes, algorithms: tuple[str, ...]) -> tuple[bytes, ...]:
        alone.append(len(message))
        found: tuple[bytes, ...] = plain(message, algorithms)
        return found

    monkeypatch.setattr(lanes, "_alone", seen)
    messages = [bytes(20_000)] * 32 + [bytes(1 << 20)]
    assert lanes.digest_many(messages) == expected(messages, lanes.prepared())
    assert alone == [1 << 20]


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("i32 7,", "i32 8,"),  # a rotation of MD5
        ("i32 1518500249,", "i32 1518500248,"),  # 5A827999 of SHA-1
        ("i32 1116352408,", "i32 1116352409,"),  # 428A2F98 of SHA-256
        ("icmp eq", "icmp ne"),  # where the length is
    ],
)
def test_a_wrong_program_is_not_used(
    right: str, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoiled(width: int, algorithms: tuple[str, ...]) -> str:
        text = program(width, algorithms)
        assert right in text
        return text.replace(right, wrong)

    monkeypatch.setattr(lanes, "width_of", lambda _: 8)
    monkeypatch.setattr(lanes, "program", spoiled)
    assert lanes.compiled() is None


def test_without_llvmlite_nothing_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(lanes, "import_module", missing)
    assert lanes.compiled() is None
    monkeypatch.setattr(lanes, "_PREPARED", [])
    assert not lanes.prepare()
