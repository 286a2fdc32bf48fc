import json
import os
import struct
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heroes_forensics.frames import (
    CONTENT,
    KNOWN,
    ROW_TYPES,
    VALUES,
    Batch,
    Control,
    Status,
    entry_batches,
)
from heroes_forensics.model import Entry, EntryFlag, EntryKind
from heroes_forensics.pipelines.workers import wire

ENTRY = Entry("ext4/i1/u2/a1-0/n0", EntryKind.FILE, EntryFlag.ALLOCATED, b"name", 1, b"h")


def content(**changes: object) -> bytes:
    rows = np.zeros(1, dtype=CONTENT)
    rows["status"], rows["digested"] = Status.DONE, 1
    for name, value in changes.items():
        rows[name] = value
    return wire.encode(Batch("contents", rows))


def entry(**changes: object) -> bytes:
    (batch,) = entry_batches([ENTRY])
    rows = batch.rows.copy()
    for name, value in changes.items():
        rows[name] = value
    return wire.encode(Batch("entries", rows, batch.area))


def known(**changes: object) -> bytes:
    rows = np.zeros(1, dtype=KNOWN)
    rows["has"] = 1
    for name, value in changes.items():
        rows[name] = value
    return wire.encode(Batch("known", rows))


def value(kind: bytes = b"pdq", **changes: object) -> bytes:
    rows = np.zeros(1, dtype=VALUES)
    rows["kind_length"], rows["value_offset"], rows["value_length"] = len(kind), len(kind), 32
    for name, told in changes.items():
        rows[name] = told
    return wire.encode(Batch("values", rows, kind + bytes(range(32))))


def control(kind: str, body: object) -> bytes:
    return b"J" + json.dumps({"kind": kind, "body": body}).encode()


VIOLATIONS = {
    "nothing": b"",
    "a pickle": b"\x80\x04K\x01.",
    "not JSON": b"J{",
    "deep JSON": b"J" + b"[" * 50_000,
    "NaN": b'J{"kind":"forked","body":{"pid":NaN}}',
    "unknown kind": control("exec", {}),
    "missing key": control("progress", {"bytes": 1}),
    "further key": control("forked", {"pid": 1, "more": 2}),
    "wrong type": control("forked", {"pid": "1"}),
    "a boolean for a number": control("forked", {"pid": True}),
    "a number beyond 64 bits": control("forked", {"pid": 2**70}),
    "a name as the place of a gap": control(
        "gap", {"where": "my holiday.jpg", "code": "stream.short", "detail": {}}
    ),
    "a list in a gap": control(
        "gap", {"where": "x", "code": "stream.short", "detail": {"a": ["b"]}}
    ),
    "a long text in a gap": control(
        "gap", {"where": "x", "code": "stream.short", "detail": {"a": "b" * 81}}
    ),
    "a time basis of text": control("opened", {"kind": "ntfs", "times": {"m": ["x", "utc"]}}),
    "a zone of its own": control("opened", {"kind": "ntfs", "times": {"m": [1, "Mars"]}}),
    "a negative listing": control(
        "listing",
        {
            "entries": -1,
            "directories": 0,
            "directories_listed": 0,
            "directories_not_listed": 0,
            "directories_met_before": 0,
            "sweep": "none",
            "blocks": {},
        },
    ),
    **{
        f"a listing with blocks {blocks}": control(
            "listing",
            {
                "entries": 1,
                "directories": 0,
                "directories_listed": 0,
                "directories_not_listed": 0,
                "directories_met_before": 0,
                "sweep": "none",
                "blocks": blocks,
            },
        )
        for blocks in ({"other": 1}, {"volume": -1}, {"volume": "1"}, {"volume": True})
    },
    "a stream of less than nothing": control("stream", {"item": 1, "size": -1, "use": "decode"}),
    "a large stream of less than nothing": control(
        "large", {"item": 1, "size": -1, "use": "decode"}
    ),
    "a negative item": control("large", {"item": -1, "size": 1, "use": "decode"}),
    "a wish for less than nothing": control("want", {"unit": 1, "use": "decode", "bytes": -1}),
    "negative reads": control("served", {"reads": -1, "bytes": 1}),
    "a failure without its task": control(
        "failed", {"unit": 1, "exit_code": 1, "message": "", "hint": "", "code": ""}
    ),
    **{
        f"a failure with the code {code}": control(
            "failed",
            {"unit": 1, "exit_code": 20, "message": "", "hint": "", "code": code, "task": -1},
        )
        for code in ("no.such", "policy.metadata")
    },
    "a use that is a number": control("stream", {"item": 1, "size": 1, "use": 1}),
    "unknown gap": control("gap", {"where": "x", "code": "no.such", "detail": {}}),
    "unknown batch": struct.pack("<cBII", b"B", 99, 0, 0),
    "batch too short": content()[:-1],
    "batch too long": content() + b"\0",
    "unknown status": content(status=9),
    "a known record of nothing": known(has=0),
    "an unknown digest": known(has=8),
    "a known size below nothing": known(size=-2),
    "a known number below none": known(entry=-2),
    "a value that is no kind of word": value(b"a name of a file"),
    "a value of no kind": value(kind_length=0),
    "a kind of value outside the area": value(kind_offset=40),
    "a value outside the area": value(value_length=33),
    "a value of nothing": value(value_length=0),
    "a value of too much quality": value(quality=101),
    "a value of impossible quality": value(quality=-2),
    "done without digests": content(digested=0),
    "gap without reason": content(status=Status.GAP),
    "reason without gap": content(gap=1),
    "gap beyond the table": content(status=Status.GAP, gap=60_000),
    "negative count": content(bytes_read=-1),
    "unknown entry kind": entry(kind=99),
    "unknown place": entry(place=99),
    "size below -1": entry(size=-2),
    "size beyond any device": entry(size=2**53),
    "unknown type": content(type=60_000),
    "handle too long": entry(handle_length=65),
    "path outside the area": entry(path_length=2**31),
    "locator outside the area": entry(locator_offset=2**31),
    "empty locator": entry(locator_length=0),
    "locator with a blank": entry().replace(b"ext4/i1", b"ext4 i1"),
}


@pytest.mark.parametrize("data", VIOLATIONS.values(), ids=VIOLATIONS)
def test_what_no_correct_worker_sends_is_refused(data: bytes) -> None:
    with pytest.raises(wire.ProtocolViolationError):
        wire.decode(data)


def test_the_untouched_samples_are_accepted() -> None:
    assert isinstance(wire.decode(content()), Batch)
    assert isinstance(wire.decode(entry()), Batch)
    assert wire.decode(control("forked", {"pid": 1})) == Control("forked", {"pid": 1})


@given(st.binary(max_size=400), st.sampled_from([b"", b"J", b"B"]))
def test_no_message_on_earth_makes_it_crash(junk: bytes, first: bytes) -> None:
    with suppress(wire.ProtocolViolationError):
        wire.decode(first + junk)


@pytest.mark.parametrize("kind", ROW_TYPES)
@given(st.binary(max_size=8), st.data())
@example(b"", None)
def test_no_rows_of_any_kind_make_it_crash(
    kind: str, area: bytes, data: st.DataObject | None
) -> None:
    dtype = ROW_TYPES[kind]
    size = dtype.itemsize * (data.draw(st.integers(0, 3)) if data else 0)
    raw = data.draw(st.binary(min_size=size, max_size=size)) if data else b""
    with suppress(wire.ProtocolViolationError):
        wire.decode(wire.encode(Batch(kind, np.frombuffer(raw, dtype), area)))


def test_descriptors_travel_with_a_frame() -> None:
    ours, theirs = wire.pair()
    read, write = os.pipe()
    with ours, theirs:
        wire.send(ours, Control("descriptors"), [read])
        received = wire.receive(theirs)
        assert received is not None
        (copy,) = received.descriptors
        os.write(write, b"evidence")
        assert os.read(copy, 100) == b"evidence"
        for descriptor in (read, write, copy):
            os.close(descriptor)


def test_a_closed_end_is_no_violation() -> None:
    ours, theirs = wire.pair()
    with theirs:
        ours.close()
        assert wire.receive(theirs) is None


def test_a_frame_too_large_is_never_sent() -> None:
    ours, theirs = wire.pair()
    with ours, theirs, pytest.raises(ValueError, match="larger than"):
        wire.send(ours, Control("volume", {"volume": {"x": "y" * 70_000}}))
