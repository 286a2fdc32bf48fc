"""What a decoder can say: numbers of fixed width, each in its range, and nothing beside them."""

import numpy as np
import pytest

from heroes_forensics.frames import (
    CONTAINER,
    HASH_BYTES,
    PERCEPTUAL,
    PICTURE_FRAMES,
    Batch,
    Container,
    Picture,
    Rows,
)
from heroes_forensics.model import GAP_TEXTS
from heroes_forensics.pipelines import wire

FIELDS = {
    "id": "which stream it is about: chosen by the coordinator, compared with what it asked",
    "status": "one of six",
    "gap": "0 or the position of a fixed text",
    "width": "pixels in a row",
    "height": "rows",
    "frames": "a count",
    "hashed": "a count, at most 16",
    "values": "64 bits of each hashed frame, zero beyond",
}
"""Every field of a decoder's row and what it may hold."""


def picture(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=PERCEPTUAL)
    sound = {"status": Picture.DONE, "width": 640, "height": 480, "frames": 2, "hashed": 1}
    for name, value in (sound | changes).items():
        rows[name] = value
    return rows


def container(**changes: object) -> Rows:
    rows = np.zeros(1, dtype=CONTAINER)
    for name, value in ({"status": Container.DONE, "depth": 1, "listed": 2} | changes).items():
        rows[name] = value
    return rows


def test_a_decoder_has_no_field_for_pixels() -> None:
    assert set(PERCEPTUAL.names or ()) == set(FIELDS)
    for name in FIELDS:
        kind = PERCEPTUAL[name]
        assert kind.kind in "uV"  # no float: a NaN cannot be said
        assert kind.shape == ()
        if name != "values":
            assert kind.itemsize <= 8
    # A thumbnail of 16 x 16 grey pixels does not fit, even if a decoder were taken over.
    assert PERCEPTUAL["values"].itemsize == PICTURE_FRAMES * HASH_BYTES < 16 * 16
    assert PERCEPTUAL.itemsize < 160


def test_sound_rows_are_accepted() -> None:
    for rows in (
        picture(),
        picture(values=b"\x01" * 8),
        picture(frames=16, hashed=16, values=b"\xff" * 128),
        picture(status=Picture.PARTIAL, gap=1),
        picture(status=Picture.GAP, gap=1, hashed=0, width=2**32 - 1, height=2**32 - 1),
        picture(status=Picture.KNOWN_GOOD, hashed=0, width=0, height=0, frames=0),
    ):
        assert isinstance(wire.decode(wire.encode(Batch("perceptual", rows))), Batch)
    assert isinstance(wire.decode(wire.encode(Batch("containers", container()))), Batch)
    empty = np.zeros(0, dtype=PERCEPTUAL)
    assert isinstance(wire.decode(wire.encode(Batch("perceptual", empty))), Batch)


VIOLATIONS = {
    "a byte area": Batch("perceptual", picture(), b"pixels"),
    "an unknown status": Batch("perceptual", picture(status=7)),
    "no status": Batch("perceptual", picture(status=0)),
    "a gap beyond the table": Batch(
        "perceptual", picture(status=Picture.GAP, hashed=0, gap=len(GAP_TEXTS) + 1)
    ),
    "a gap without a reason": Batch("perceptual", picture(status=Picture.GAP, hashed=0)),
    "a reason without a gap": Batch("perceptual", picture(gap=1)),
    "a gap with values": Batch("perceptual", picture(status=Picture.GAP, gap=1)),
    "done without values": Batch("perceptual", picture(hashed=0)),
    "more values than frames": Batch("perceptual", picture(frames=1, hashed=2)),
    "more values than fit": Batch("perceptual", picture(frames=99, hashed=17)),
    "bytes beyond the values": Batch("perceptual", picture(values=b"\0" * 8 + b"\x01")),
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


@pytest.mark.parametrize("batch", VIOLATIONS.values(), ids=VIOLATIONS)
def test_what_no_correct_decoder_or_expander_says_is_refused(batch: Batch) -> None:
    with pytest.raises(wire.ProtocolViolationError):
        wire.decode(wire.encode(batch))
