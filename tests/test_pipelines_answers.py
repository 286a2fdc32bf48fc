"""Answers are held against what was asked."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.frames import CONTENT, Batch, Control, Frame, Unit, tasks
from heroes_forensics.model import EntryKind
from heroes_forensics.pipelines.answers import Answers
from heroes_forensics.pipelines.wire import ProtocolViolationError

IDS = (4, 5, 9, 12)


def unit(kind: str = "content") -> Unit:
    rows = tasks([(number, EntryKind.FILE, 1, 10, b"h") for number in IDS])
    return Unit(7, kind, {"hand_over": {"decode": ["png"]}}, rows)


def rows(*ids: int) -> Batch:
    found = np.zeros(len(ids), dtype=CONTENT)
    found["id"] = ids
    return Batch("contents", found)


def done(frames: int, number: int = 7) -> Control:
    return Control("done", {"unit": number, "frames": frames})


def handed(kind: str = "stream", item: int = 5, use: str = "decode") -> Control:
    return Control(kind, {"item": item, "size": 10, "use": use})


GOOD: dict[str, list[Frame]] = {
    "all at once": [rows(*IDS)],
    "in two parts": [rows(4), rows(5, 9, 12)],
    "with a stream before its row": [handed(), rows(*IDS)],
    "with a large one": [rows(4), handed("large", 9), rows(5, 9, 12)],
    "with an empty batch": [rows(), rows(*IDS)],
}


@pytest.mark.parametrize("name", GOOD)
def test_what_was_asked_is_accepted(name: str) -> None:
    answers = Answers(unit())
    for frame in GOOD[name]:
        answers.take(frame)
    answers.end(done(len(GOOD[name])))


def heard(answers: Answers, frames: list[Frame]) -> None:
    for frame in frames:
        if frame.kind == "done" and isinstance(frame, Control):
            answers.end(frame)
        else:
            answers.take(frame)


BAD: dict[str, list[Frame]] = {
    "foreign ids": [rows(4, 6)],
    "another order": [rows(5, 4, 9, 12)],
    "one twice": [rows(4, 4)],
    "more than was asked": [rows(*IDS, 13)],
    "too many, one by one": [rows(*IDS), rows(12)],
    "too few": [rows(4, 5, 9), done(1)],
    "one in the middle left out": [rows(4, 9, 12)],
    "none": [done(0)],
    "another number of frames": [rows(*IDS), done(2)],
    "another unit": [rows(*IDS), done(1, 8)],
    "a stream of another task": [handed(item=6)],
    "a stream nobody asked for": [handed(use="expand")],
    "a large stream of another task": [handed("large", item=6)],
    "a large stream nobody asked for": [handed("large", use="expand")],
    "a frame of another kind of unit": [Control("imported", {"facts": {}})],
}


@pytest.mark.parametrize("name", BAD)
def test_what_was_not_asked_is_a_violation(name: str) -> None:
    with pytest.raises(ProtocolViolationError):
        heard(Answers(unit()), BAD[name])


def test_a_unit_that_hands_nothing_over_cannot() -> None:
    with pytest.raises(ProtocolViolationError):
        Answers(Unit(7, "content", {}, unit().tasks)).take(handed())


@given(st.lists(st.integers(0, 20), max_size=8), st.integers(0, 8))
def test_only_the_ids_that_were_asked_in_their_order_come_through(ids: list[int], cut: int) -> None:
    answers = Answers(unit())
    try:
        answers.take(rows(*ids[:cut]))
        answers.take(rows(*ids[cut:]))
        answers.end(done(2))
    except ProtocolViolationError:
        assert tuple(ids) != IDS
    else:
        assert tuple(ids) == IDS
