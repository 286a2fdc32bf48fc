"""What a decoder can say: numbers of fixed width, each in its range, and nothing beside them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.frames import (
    ALGORITHM_BYTES,
    CONTAINER,
    CROPS,
    EDIT_VALUES,
    EDITED,
    FILM_HASHES,
    HASHES,
    MADE,
    MAX_EDITS,
    MAX_FRAME,
    PERCEPTUAL,
    PERCEPTUAL_ALGORITHMS,
    PICTURE_FRAMES,
    PICTURE_HASHES,
    SUPPLIED,
    TIER_1,
    VALUE_BYTES,
    VIEWS,
    Batch,
    Container,
    Made,
    Picture,
    Rows,
)
from heroes_forensics.media.edits.listed import EDITS
from heroes_forensics.model import GAP_TEXTS
from heroes_forensics.pipelines.workers import wire

FIELDS = {
    "id": "which stream it is about: chosen by the coordinator, compared with what it asked",
    "status": "one of six",
    "gap": "0 or the position of a fixed text",
    "width": "pixels in a row",
    "height": "rows",
    "frames": "a count",
    "milliseconds": "how long a film is",
    "hashed": "how many values came; compared with how many came",
}
"""Every field of a decoder's row and what it may hold."""
VALUE_FIELDS = {
    "id": "as above",
    "at": "which frame, or which millisecond; rises",
    "algorithm": "one of three",
    "view": "one of a table",
    "orientation": "one of eight",
    "quality": "0 to 100",
    "tones": "0 to 100",
    "value": "the bits of one hash, zero beyond",
}
"""Every field of a perceptual value and what it may hold."""
SAID_OF_A_PICTURE = 32_256
"""Bytes of values of one picture at most: less than an uncompressed thumbnail of 180 x 180."""


def picture(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=PERCEPTUAL)
    sound = {"status": Picture.DONE, "width": 640, "height": 480, "frames": 2, "hashed": 1}
    for name, value in (sound | changes).items():
        rows[name] = value
    return rows


def value(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=HASHES)
    for name, each in ({"id": 1, "quality": 100, "value": b"\x01" * 32} | changes).items():
        rows[name] = each
    return rows


def container(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=CONTAINER)
    for name, value in ({"status": Container.DONE, "depth": 1, "listed": 2} | changes).items():
        rows[name] = value
    return rows


def test_a_decoder_has_no_field_for_pixels() -> None:
    for dtype, fields in ((PERCEPTUAL, FIELDS), (HASHES, VALUE_FIELDS)):
        assert set(dtype.names or ()) == set(fields)
        for name in fields:
            kind = dtype[name]
            assert kind.shape == ()
            if name == "value":
                assert (kind.kind, kind.itemsize) == ("V", VALUE_BYTES)
            else:
                assert kind.kind == "u"  # no float: a NaN cannot be said
                assert kind.itemsize <= 8
    assert (PERCEPTUAL.itemsize, HASHES.itemsize) == (31, 49)
    # These kinds of rows are all that a decoder may answer with; none of these three has a byte
    # area. Values of a plug-in come only where a unit names one (test_media_slot.py), metadata only
    # where it is asked for (test_described.py).
    assert wire.ANSWERS["decode"] == {"perceptual", "hashes", "supplied", "metadata"}
    assert SUPPLIED.names == ("id", "at", "status", "value")
    assert SUPPLIED.itemsize == 13 + 144
    assert PICTURE_HASHES * VALUE_BYTES == SAID_OF_A_PICTURE
    assert len(ALGORITHM_BYTES) == len(PERCEPTUAL_ALGORITHMS)
    assert len(set(VIEWS)) == len(VIEWS) < 256
    deep = len(VIEWS) - TIER_1 - CROPS
    assert PICTURE_FRAMES * (TIER_1 * 8 + 2) + max(deep, CROPS) * 8 == PICTURE_HASHES
    # Everything a decoder says of a picture, ids and counts included, fits one message.
    assert PERCEPTUAL.itemsize + PICTURE_HASHES * HASHES.itemsize < MAX_FRAME


def test_sound_rows_are_accepted() -> None:
    for rows in (
        picture(),
        picture(frames=16, hashed=PICTURE_HASHES),
        picture(frames=2**32 - 1, hashed=FILM_HASHES, milliseconds=2**32 - 1),
        picture(status=Picture.PARTIAL, gap=1),
        picture(status=Picture.GAP, gap=1, hashed=0, width=2**32 - 1, height=2**32 - 1),
        picture(status=Picture.KNOWN_GOOD, hashed=0, width=0, height=0, frames=0),
    ):
        assert isinstance(wire.decode(wire.encode(Batch("perceptual", rows))), Batch)
    assert isinstance(wire.decode(wire.encode(Batch("containers", container()))), Batch)
    for rows in (
        value(),
        value(at=2**32 - 1, view=len(VIEWS) - 1, orientation=7, quality=0, tones=100),
        value(algorithm=1, value=b"\xff" * 8),
        value(algorithm=2, value=b""),
    ):
        assert isinstance(wire.decode(wire.encode(Batch("hashes", rows))), Batch)
    for kind, dtype in (("perceptual", PERCEPTUAL), ("hashes", HASHES)):
        empty = np.zeros(0, dtype=dtype)
        assert isinstance(wire.decode(wire.encode(Batch(kind, empty))), Batch)


@given(st.sampled_from(sorted(VALUE_FIELDS)), st.binary(min_size=49, max_size=49))
def test_no_row_of_values_holds_more_than_it_says(name: str, junk: bytes) -> None:
    rows = value()
    rows[name] = np.frombuffer(junk, dtype=HASHES)[name]
    row = rows[0]
    width = ALGORITHM_BYTES[row["algorithm"]] if row["algorithm"] < len(ALGORITHM_BYTES) else 0
    is_sound = (
        row["algorithm"] < len(PERCEPTUAL_ALGORITHMS)
        and row["view"] < len(VIEWS)
        and row["orientation"] < 8
        and row["quality"] <= 100
        and row["tones"] <= 100
        and not bytes(row["value"])[width:].strip(b"\0")
    )
    try:
        wire.decode(wire.encode(Batch("hashes", rows)))
    except wire.ProtocolViolationError:
        assert not is_sound
    else:
        assert is_sound


VIOLATIONS: dict[str, Batch] = {
    "a byte area": Batch("perceptual", picture(), b"pixels"),
    "an unknown status": Batch("perceptual", picture(status=7)),
    "no status": Batch("perceptual", picture(status=0)),
    "a gap beyond the table": Batch(
        "perceptual", picture(status=Picture.GAP, hashed=0, gap=len(GAP_TEXTS) + 1)
    ),
    "a gap without a reason": Batch("perceptual", picture(status=Picture.GAP, hashed=0)),
    "a reason without a gap": Batch("perceptual", picture(gap=1)),
    "a gap with values": Batch("perceptual", picture(status=Picture.GAP, gap=1)),
    "known good with values": Batch("perceptual", picture(status=Picture.KNOWN_GOOD)),
    "values of no frame": Batch("perceptual", picture(frames=0)),
    "more values than a film may have": Batch("perceptual", picture(hashed=FILM_HASHES + 1)),
    "values with a byte area": Batch("hashes", value(), b"pixels"),
    "an unknown algorithm": Batch("hashes", value(algorithm=3, value=b"")),
    "an unknown view": Batch("hashes", value(view=len(VIEWS))),
    "a ninth orientation": Batch("hashes", value(orientation=8)),
    "more than the best quality": Batch("hashes", value(quality=101)),
    "more than all tones": Batch("hashes", value(tones=101)),
    "bytes behind a phash": Batch("hashes", value(algorithm=1, value=b"\0" * 8 + b"\x01")),
    "a dhash turned": Batch("hashes", value(algorithm=2, value=b"", orientation=1)),
    "a phash trimmed": Batch("hashes", value(algorithm=1, value=b"", view=1)),
    "no width": Batch("perceptual", picture(width=0)),
    "more pixels than are decoded": Batch("perceptual", picture(width=10_001, height=10_000)),
    "a container with a byte area": Batch("containers", container(), b"name"),
    "a container of unknown status": Batch("containers", container(status=5)),
    "a container gap without a reason": Batch("containers", container(status=Container.GAP)),
    "more directories than members": Batch("containers", container(directories=3)),
    "fewer than no bytes": Batch("containers", container(expanded=-1)),
    "more members than any disk": Batch("containers", container(listed=2**63)),
    "a container outside any other": Batch("containers", container(depth=0)),
}


def edited(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=EDITED)
    for name, each in ({"id": 1, "quality": 100, "value": b"\x01" * 32} | changes).items():
        rows[name] = each
    return rows


def made(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=MADE)
    sound = {"id": 1, "status": Made.DONE, "width": 640, "height": 480, "values": 16}
    for name, each in (sound | changes).items():
        rows[name] = each
    return rows


def test_an_editor_has_no_field_for_pixels() -> None:
    assert set(EDITED.names or ()) == set(HASHES.names or ()) - {"at", "algorithm"} | {"edit"}
    assert set(MADE.names or ()) == {"id", "edit", "status", "width", "height", "values"}
    for dtype in (EDITED, MADE):
        for name in dtype.names or ():
            if name != "value":
                assert (dtype[name].kind, dtype[name].shape) == ("u", ())
    assert wire.ANSWERS["edit"] == {"edited", "made"}
    assert len(EDITS) <= MAX_EDITS
    for rows in (edited(), edited(edit=MAX_EDITS - 1, view=len(VIEWS) - 1, orientation=7)):
        assert isinstance(wire.decode(wire.encode(Batch("edited", rows))), Batch)
    for rows in (made(), made(values=EDIT_VALUES), made(status=Made.FAILED, values=0)):
        assert isinstance(wire.decode(wire.encode(Batch("made", rows))), Batch)


VIOLATIONS |= {
    "edited with a byte area": Batch("edited", edited(), b"pixels"),
    "edited in an unknown way": Batch("edited", edited(edit=MAX_EDITS)),
    "edited and seen in an unknown way": Batch("edited", edited(view=len(VIEWS))),
    "edited in a ninth orientation": Batch("edited", edited(orientation=8)),
    "edited beyond the best quality": Batch("edited", edited(quality=101)),
    "an edit with a byte area": Batch("made", made(), b"pixels"),
    "an edit of unknown status": Batch("made", made(status=3)),
    "an unknown edit": Batch("made", made(edit=MAX_EDITS)),
    "an edit with too many values": Batch("made", made(values=EDIT_VALUES + 1)),
    "an edit that failed with values": Batch("made", made(status=Made.FAILED)),
    "an edit that was made without": Batch("made", made(values=0)),
    "an edit without size": Batch("made", made(width=0)),
    "an edit of more pixels than are decoded": Batch("made", made(width=10_001, height=10_000)),
}


@pytest.mark.parametrize("batch", VIOLATIONS.values(), ids=VIOLATIONS)
def test_what_no_correct_decoder_or_expander_says_is_refused(batch: Batch) -> None:
    with pytest.raises(wire.ProtocolViolationError):
        wire.decode(wire.encode(batch))
