from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.frames import (
    MAX_FRAME,
    PATH_LIMIT,
    Batch,
    entries_of,
    entry_batches,
    slices,
    tasks,
)
from heroes_forensics.model import MAX_SIZE, Entry, EntryFlag, EntryKind, Moment, Place
from heroes_forensics.pipelines.workers import wire

moments = st.none() | st.builds(Moment, st.integers(-(2**62), 2**62), st.integers(0, 999_999_999))
entries = st.builds(
    Entry,
    locator=st.from_regex(r"ext4/i[0-9]{1,9}/u[0-9]{1,9}/a1-0/n[0-9]{1,3}", fullmatch=True),
    kind=st.sampled_from(EntryKind),
    flags=st.sampled_from([EntryFlag(0), EntryFlag.ALLOCATED, EntryFlag.ORPHAN | EntryFlag.FORK]),
    path=st.binary(max_size=300),
    size=st.integers(-1, MAX_SIZE),
    handle=st.binary(max_size=64),
    times=st.tuples(moments, moments, moments, moments),
    owner=st.integers(-1, 2**40),
    first_offset=st.integers(-1, 2**60),
    place=st.sampled_from(Place),
)


@given(st.lists(entries, max_size=40))
def test_entries_survive_packing_and_the_wire(rows: list[Entry]) -> None:
    found: list[Entry] = []
    for batch in entry_batches(rows):
        data = wire.encode(batch)
        assert len(data) <= MAX_FRAME
        decoded = wire.decode(data)
        assert isinstance(decoded, Batch)
        found += entries_of(decoded)
    assert found == rows


def test_a_path_larger_than_a_frame_keeps_its_locator() -> None:
    entry = Entry("ext4/i1/u2/a1-0/n0", EntryKind.FILE, EntryFlag.ALLOCATED, b"x" * 70_000, 1, b"h")
    (batch,) = entry_batches([entry])
    (found,) = entries_of(batch)
    assert found.locator == entry.locator
    assert entry.path.startswith(found.path)
    assert len(found.path) == PATH_LIMIT


def test_a_size_beyond_any_device_is_the_largest_on_record() -> None:
    entry = Entry("ext4/i1", EntryKind.FILE, EntryFlag.ALLOCATED, b"x", 2**63 - 1, b"h")
    (batch,) = entry_batches([entry])
    (found,) = entries_of(batch)
    assert found.size == MAX_SIZE


def test_no_batch_is_larger_than_a_frame() -> None:
    rows = tasks([(number, 1, 1, 4096, b"h") for number in range(5000)])
    parts = list(slices(rows))
    assert sum(len(part) for part in parts) == 5000
    assert all(len(wire.encode(Batch("tasks", part))) <= MAX_FRAME for part in parts)
