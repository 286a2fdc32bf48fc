"""Answers are held against what was asked."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.described import Description, State, packed
from heroes_forensics.frames import (
    CONTENT,
    FILM_HASHES,
    HASHES,
    PERCEPTUAL,
    PICTURE_FRAMES,
    PICTURE_HASHES,
    Batch,
    Control,
    Frame,
    Picture,
    Unit,
    tasks,
)
from heroes_forensics.model import EntryKind
from heroes_forensics.pipelines.workers.answers import Answers
from heroes_forensics.pipelines.workers.wire import ProtocolViolationError

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


# ---- pictures ----------------------------------------------------------------------------


def decoding(*kinds: str) -> Unit:
    numbers = range(4, 4 + len(kinds))
    rows = tasks([(number, EntryKind.FILE, 1, 10, b"h") for number in numbers])
    return Unit(7, "decode", {"types": list(kinds)}, rows)


def seen(number: int, hashed: int, *, frames: int = 1, milliseconds: int = 0) -> Batch:
    row = np.zeros(1, dtype=PERCEPTUAL)
    row["id"], row["hashed"], row["frames"] = number, hashed, frames
    row["milliseconds"] = milliseconds
    return Batch("perceptual", row)


def values(number: int, *places: tuple[int, int, int, int]) -> Batch:
    rows = np.zeros(len(places), dtype=HASHES)
    rows["id"] = number
    for name, column in zip(
        ("at", "algorithm", "view", "orientation"), zip(*places, strict=True), strict=False
    ):
        rows[name] = column
    return Batch("hashes", rows)


def frames(number: int, count: int) -> Batch:
    return values(number, *((at, 0, 0, 0) for at in range(count)))


def decoded(number: int) -> Batch:
    """Return the row of one that was decoded and gave no value."""
    batch = seen(number, 0)
    batch.rows["status"] = Picture.DONE
    return batch


BOTH = [frames(4, 1), seen(4, 1)]
GOOD_PICTURES: dict[str, list[Frame]] = {
    "one value": [*BOTH, seen(5, 0)],
    "values first": [frames(4, 1), frames(5, 1), seen(4, 1), seen(5, 1)],
    "none": [seen(4, 0), seen(5, 0)],
    "in their order": [
        values(4, (0, 0, 0, 0), (0, 0, 0, 7), (0, 0, 1, 0), (0, 1, 0, 0)),
        values(4, (1, 0, 0, 0)),
        seen(4, 5, frames=2),
        seen(5, 0),
    ],
    "of every frame that is taken": [
        frames(4, PICTURE_FRAMES),
        seen(4, PICTURE_FRAMES, frames=PICTURE_FRAMES),
        seen(5, 0),
    ],
    "a film in which nothing is to be seen": [seen(4, 0), decoded(5)],
    "of a film": [
        seen(4, 0),
        frames(5, PICTURE_HASHES + 1),
        seen(5, PICTURE_HASHES + 1, milliseconds=PICTURE_HASHES),
    ],
}


@pytest.mark.parametrize("name", GOOD_PICTURES)
def test_values_come_before_the_row_that_counts_them(name: str) -> None:
    answers = Answers(decoding("jpeg", "mp4"))
    heard(answers, [*GOOD_PICTURES[name], done(len(GOOD_PICTURES[name]))])


def told(*numbers: int) -> Batch:
    found = [packed(number, Description(State.NOTHING)) for number in numbers]
    return Batch("metadata", np.concatenate([row for row, _ in found]))


def asked() -> Unit:
    unit = decoding("jpeg", "mp4")
    return replace(unit, body={**unit.body, "metadata": True})


@pytest.mark.parametrize(
    "frames",
    [
        [told(4), seen(4, 0), told(5), seen(5, 0)],
        [told(4, 5), seen(4, 0), seen(5, 0)],
        [told(5), told(4), seen(4, 0), seen(5, 0)],
    ],
)
def test_metadata_that_was_asked_for_comes_before_the_row_of_its_picture(
    frames: list[Frame],
) -> None:
    heard(Answers(asked()), [*frames, done(len(frames))])


@pytest.mark.parametrize(
    ("unit", "frames"),
    [
        (decoding("jpeg", "mp4"), [told(4)]),
        (asked(), [seen(4, 0)]),
        (asked(), [told(4), told(4)]),
        (asked(), [told(4, 4)]),
        (asked(), [told(6)]),
        (asked(), [told(4), seen(4, 0), told(4)]),
    ],
    ids=["unasked", "left out", "twice", "twice at once", "of another task", "behind the row"],
)
def test_metadata_that_does_not_belong_to_what_was_asked_is_a_violation(
    unit: Unit, frames: list[Frame]
) -> None:
    with pytest.raises(ProtocolViolationError):
        heard(Answers(unit), frames)


BAD_PICTURES: dict[str, list[Frame]] = {
    "of another task": [frames(6, 1)],
    "behind the row": [*BOTH, frames(4, 1)],
    "fewer than said": [frames(4, 1), seen(4, 2)],
    "more than said": [frames(4, 2), seen(4, 1, frames=2)],
    "one twice": [values(4, (0, 0, 0, 0), (0, 0, 0, 0)), seen(4, 2)],
    "one twice, in two batches": [frames(4, 1), frames(4, 1), seen(4, 2)],
    "views out of order": [values(4, (0, 0, 1, 0), (0, 0, 0, 0)), seen(4, 2)],
    "frames out of order": [values(4, (1, 0, 0, 0), (0, 0, 0, 0)), seen(4, 2, frames=2)],
    "of a frame that there is not": [values(4, (1, 0, 0, 0)), seen(4, 1)],
    "a picture that lasts": [frames(4, 1), seen(4, 1, milliseconds=1)],
    "of too many frames": [
        frames(4, PICTURE_FRAMES + 1),
        seen(4, PICTURE_FRAMES + 1, frames=PICTURE_FRAMES + 1),
    ],
    "more than a picture has": [frames(4, PICTURE_HASHES), frames(4, 1)],
    "more than a film has": [seen(4, 0), *[frames(5, FILM_HASHES // 2)] * 2, frames(5, 1)],
    "behind the end of a film": [seen(4, 0), frames(5, 2), seen(5, 2)],
    "a picture without any": [decoded(4), seen(5, 0)],
    "rows in another order": [seen(5, 0), seen(4, 0)],
    "a row left out": [seen(4, 0), done(1)],
    "values without a row": [seen(4, 0), frames(5, 1), done(2)],
}


@pytest.mark.parametrize("name", BAD_PICTURES)
def test_values_that_do_not_belong_to_what_was_asked_are_a_violation(name: str) -> None:
    with pytest.raises(ProtocolViolationError):
        heard(Answers(decoding("jpeg", "mp4")), BAD_PICTURES[name])
