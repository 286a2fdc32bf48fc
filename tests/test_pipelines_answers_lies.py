"""A worker that lies in well-formed frames: it is refused, or what it says keeps to what was asked.

Whatever a taken-over worker sends passes the wire first, then the answers of its unit; nothing
beyond those two may fail, and what comes through is within the unit.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from heroes_forensics import described
from heroes_forensics.frames import (
    DISTANCES,
    EDITED,
    HASHES,
    MADE,
    PERCEPTUAL,
    PICTURE_FRAMES,
    SUPPLIED,
    Batch,
    Control,
    Distance,
    Frame,
    Made,
    Picture,
    Rows,
    Unit,
    tasks,
)
from heroes_forensics.model import EntryKind
from heroes_forensics.pipelines.sets.distances import Comparison, Part
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.workers import wire
from heroes_forensics.pipelines.workers.answers import Answers
from heroes_forensics.pipelines.workers.wire import ProtocolViolationError

IDS = (4, 5)
EDITS = 3
QUERIES, LISTED, THRESHOLD = 2, 3, 31


def unit(kind: str, ids: Iterable[int], **body: object) -> Unit:
    return Unit(7, kind, dict(body), tasks([(each, EntryKind.FILE, 1, 9, b"h") for each in ids]))


UNITS = {
    "decode": unit("decode", IDS, types=["jpeg", "mp4"], metadata=True, plugin="fake"),
    "edit": unit("edit", IDS[:1], edits=EDITS),
    "distances": unit("distances", (), queries=QUERIES, listed=LISTED, threshold=THRESHOLD),
}
DTYPES = {
    "decode": {
        "hashes": HASHES,
        "supplied": SUPPLIED,
        "metadata": described.METADATA,
        "perceptual": PERCEPTUAL,
    },
    "edit": {"edited": EDITED, "made": MADE},
    "distances": {"distances": DISTANCES},
}
SMALL = st.sampled_from((0, 1, 2, 3, 4, 5, 31, 32))


@st.composite
def batches(draw: st.DrawFn, kind: str) -> Batch:
    name = draw(st.sampled_from(sorted(DTYPES[kind])))
    rows = np.zeros(draw(st.integers(0, 4)), dtype=DTYPES[kind][name])
    for row in rows:
        row_of(draw, row)
    return Batch(name, rows, draw(st.binary(max_size=4)) if name == "metadata" else b"")


def row_of(draw: st.DrawFn, row: Any) -> None:  # noqa: ANN401 - one row of any dtype
    """Draw a row near what is right: small numbers where a number is, mostly no raw bytes."""
    for field in row.dtype.names:
        shape = row.dtype[field].shape
        if row.dtype[field].kind != "V" or shape:
            row[field] = [draw(SMALL) for _ in range(shape[0])] if shape else draw(SMALL)
        elif draw(st.integers(0, 9)) == 0:
            row[field] = b"\1" * row.dtype[field].itemsize


def heard(kind: str, frames: list[Batch]) -> dict[str, list[Batch]] | None:
    """Return what came through the wire and the answers, by kind; None when it was refused."""
    answers = Answers(UNITS[kind])
    taken: dict[str, list[Batch]] = {}
    try:
        for frame in frames:
            received: Frame = wire.decode(wire.encode(frame))
            answers.take(received)
            assert isinstance(received, Batch)
            taken.setdefault(received.kind, []).append(received)
        answers.end(Control("done", {"unit": 7, "frames": len(frames)}))
    except ProtocolViolationError:
        return None
    return taken


def joined(taken: dict[str, list[Batch]], name: str, dtype: np.dtype[np.void]) -> Rows:
    return np.concatenate([np.zeros(0, dtype), *(batch.rows for batch in taken.get(name, []))])


def distance_rows(*rows: tuple[int, int, int, int]) -> Batch:
    return Batch("distances", np.array(list(rows), dtype=DISTANCES))


@given(st.lists(batches("distances"), max_size=4))
@example([distance_rows((1, Distance.NEAR, 2, 31), (0, Distance.FAILED, 0, 0))])
def test_distances_are_between_what_was_given(frames: list[Batch]) -> None:
    taken = heard("distances", frames)
    if taken is None:
        return
    rows = joined(taken, "distances", DISTANCES)
    near = rows[rows["status"] == Distance.NEAR]
    assert (rows["query"] < QUERIES).all()
    assert (near["entry"] < LISTED).all()
    assert (near["distance"] <= THRESHOLD).all()
    assert len(np.unique(near[["query", "entry"]])) == len(near)
    values = np.zeros(QUERIES, dtype=SUPPLIED)
    plugged = Plugged("fake", "photodna", "1", "fake 1", THRESHOLD)
    compared = Comparison(values, [Part(0, 0, LISTED, -1)], plugged)
    asked = compared.next_unit(lambda: 7)
    assert asked is not None
    for batch in taken.get("distances", []):
        compared.take(asked.id, batch.rows)
    compared.done(asked.id)
    assert compared.failed <= set(range(QUERIES))


@given(st.lists(batches("edit"), max_size=4))
def test_each_edit_is_summed_up_once_with_the_values_that_came(frames: list[Batch]) -> None:
    taken = heard("edit", frames)
    if taken is not None:
        made, values = joined(taken, "made", MADE), joined(taken, "edited", EDITED)
        assert made["edit"].tolist() == list(range(EDITS))
        assert set(made["id"].tolist()) | set(values["id"].tolist()) == {IDS[0]}
        counts = np.bincount(values["edit"], minlength=EDITS)
        assert counts.tolist() == made["values"].tolist()


@given(st.lists(batches("decode"), max_size=6))
def test_values_and_metadata_are_those_of_what_was_asked(frames: list[Batch]) -> None:
    taken = heard("decode", frames)
    if taken is None:
        return
    assert joined(taken, "perceptual", PERCEPTUAL)["id"].tolist() == list(IDS)
    told = Counter(
        number
        for batch in taken["metadata"]
        for number, _ in described.unpacked(batch.rows, batch.area)
    )
    assert told == dict.fromkeys(IDS, 1)
    supplied = Counter(joined(taken, "supplied", SUPPLIED)["id"].tolist())
    assert set(supplied) <= set(IDS)
    assert max(supplied.values(), default=0) <= PICTURE_FRAMES
    assert set(joined(taken, "hashes", HASHES)["id"].tolist()) <= set(IDS)


def sound(kind: str) -> list[Batch]:
    """Return answers that are right, which the lies below are made of."""
    if kind == "distances":
        return [distance_rows((0, Distance.NEAR, 1, 5), (1, Distance.NEAR, 2, 6))]
    if kind == "edit":
        made, value = np.zeros(EDITS, MADE), np.zeros(1, EDITED)
        made["id"], made["edit"] = IDS[0], np.arange(EDITS)
        made["status"] = [Made.DONE, Made.FAILED, Made.FAILED]
        made["values"][0] = made["width"][0] = made["height"][0] = 1
        value["id"] = IDS[0]
        return [Batch("edited", value), Batch("made", made)]
    frames = []
    for number in IDS:
        row, area = described.packed(number, described.Description(described.State.NOTHING))
        seen = np.zeros(1, PERCEPTUAL)
        seen["id"], seen["status"], seen["gap"] = number, Picture.GAP, 1
        frames += [Batch("metadata", row, area), Batch("perceptual", seen)]
    return frames


@given(st.sampled_from(sorted(UNITS)), st.data())
def test_one_changed_number_is_refused_or_stays_within_the_unit(
    kind: str, data: st.DataObject
) -> None:
    frames = sound(kind)
    frame = data.draw(st.sampled_from(frames))
    row = frame.rows[data.draw(st.integers(0, len(frame.rows) - 1))]
    field = data.draw(st.sampled_from([n for n in row.dtype.names if row.dtype[n].kind != "V"]))
    limits = np.iinfo(row.dtype[field].base)
    row[field] = data.draw(st.one_of(SMALL, st.integers(int(limits.min), int(limits.max))))
    taken = heard(kind, frames)
    for name, part in (taken or {}).items():
        known = range(QUERIES) if name == "distances" else IDS
        for batch in part:
            column = "query" if name == "distances" else "id"
            assert set(batch.rows[column].tolist()) <= set(known)


def test_what_is_right_comes_through() -> None:
    for kind in UNITS:
        assert heard(kind, sound(kind)) is not None, kind
