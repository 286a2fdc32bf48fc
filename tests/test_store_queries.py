"""Cutting what waits into content units is a partition, whatever a volume holds."""

import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from heroes_forensics.frames import HAND_OVER_BYTES
from heroes_forensics.model import GAP_CODES, EntryFlag, EntryKind, Place
from heroes_forensics.store import queries
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import LANES
from heroes_forensics.store.records import Records

VOLUME, OTHER = 1, 2
INSERT = "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
NAMED = EntryFlag.ALLOCATED | EntryFlag.MEDIA_NAME


class Item(NamedTuple):
    """A stream of a volume."""

    volume: int
    kind: EntryKind
    flags: EntryFlag
    place: Place
    size: int
    offset: int
    is_read: bool

    @property
    def lane(self) -> int:
        """Which lane it belongs to, said in other words than the store says it."""
        elsewhere = self.place in {Place.SYSTEM, Place.UNALLOCATED}
        is_first = self.kind is EntryKind.FILE and NAMED in self.flags and not elsewhere
        return LANES.index("media" if is_first else "rest")


ITEMS = st.lists(
    st.builds(
        Item,
        st.sampled_from([VOLUME, VOLUME, VOLUME, OTHER]),
        st.sampled_from([EntryKind.FILE, EntryKind.FILE, EntryKind.METADATA]),
        st.sampled_from([EntryFlag(0), EntryFlag.ALLOCATED, EntryFlag.MEDIA_NAME, NAMED]),
        st.sampled_from(list(Place)),
        st.sampled_from([-1, 0, HAND_OVER_BYTES, HAND_OVER_BYTES + 1]) | st.integers(0, 300),
        st.integers(-1, 20),
        st.booleans(),
    ),
    max_size=80,
)


def _file(size: int, offset: int) -> Item:
    return Item(VOLUME, EntryKind.FILE, NAMED, Place.USER_FOLDER, size, offset, is_read=False)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A case of two empty volumes."""
    made = Database.create(tmp_path_factory.mktemp("store") / "case.db", {})
    records = Records(made)
    with made.transaction():
        run = records.run("u", "2024-01-01T00:00:00Z", {}, {})
        source = records.source(records.exhibit("EX-1", {}), "EX-1/1", "p", "i", {})
        for key in ("one", "two"):
            records.volume(source, {"key": key, "kind": "volume"}, "listing")
        records.unit(1, run, "inventory", VOLUME)
    yield made
    made.close()


def _fill(database: Database, items: list[Item]) -> None:
    with database.transaction():
        database.execute("DELETE FROM content")
        database.execute("DELETE FROM item")
        for number, item in enumerate(items, start=1):
            what = (int(item.kind), int(item.flags), int(item.place), -1, item.size, item.offset)
            row = (number, item.volume, 1, *what, bytes(48), f"i{number}")
            handle = b"h%d" % number
            database.execute(INSERT, (*row, handle, b"", None))
            if item.is_read:
                unread = (number, 1, 1, 0, 0, 0, bytes(16), bytes(20), bytes(32))
                Records(database).unread([unread])


@example([_file(size, at) for at, size in enumerate((5, HAND_OVER_BYTES + 1, 5))], 7, 1 << 40, 0)
@given(ITEMS, st.integers(1, 7), st.integers(1, 700) | st.just(1 << 40), st.integers(0, 30))
def test_each_stream_that_waits_is_in_one_unit(
    database: Database, items: list[Item], limit: int, most: int, after: int
) -> None:
    _fill(database, items)
    seen = []
    for lane in range(len(LANES)):
        in_lane: list[tuple[int, int]] = []
        for unit in queries.tasks(
            database, VOLUME, lane=lane, after=after, limit=limit, max_bytes=most
        ):
            numbers = unit["id"].tolist()
            mine = [items[number - 1] for number in numbers]
            assert 1 <= len(mine) <= limit
            assert len(mine) == 1 or sum(max(0, item.size) for item in mine) <= most
            assert len(mine) == 1 or max(item.size for item in mine) <= HAND_OVER_BYTES
            assert {item.lane for item in mine} == {lane}
            sent = [
                (int(row["kind"]), int(row["flags"]), int(row["size"]), bytes(row["handle"]))
                for row in unit
            ]
            assert [row[:3] for row in sent] == [(i.kind, i.flags, i.size) for i in mine]
            assert [row[3].rstrip(b"\0") for row in sent] == [b"h%d" % n for n in numbers]
            in_lane += [(item.offset, n) for item, n in zip(mine, numbers, strict=True)]
        assert in_lane == sorted(in_lane)
        seen += [number for _, number in in_lane]
    waiting = [
        number
        for number, item in enumerate(items, start=1)
        if item.volume == VOLUME and not item.is_read and number > after
    ]
    assert sorted(seen) == waiting


@pytest.mark.parametrize("names", [3, 1000], ids=["many share a locator", "none does"])
def test_the_content_is_digested_in_the_order_of_its_lines(
    database: Database, names: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "_LINES", 7)
    numbers = range(1, 101)
    found = [
        (f"i{(n * 37) % names}", n % 2, None if n % 5 == 0 else bytes([n * 7 % 11]) * 32)
        for n in numbers
    ]
    with database.transaction():
        database.execute("DELETE FROM content")
        database.execute("DELETE FROM item")
        for n, (locator, size, digest) in zip(numbers, found, strict=True):
            rest = (bytes(48), locator, b"", b"", None)
            database.execute(INSERT, (n, VOLUME, 1, 1, 0, 0, -1, size, 0, *rest))
            row = (n, 1, 1 if digest else 2, 0 if digest else 3, 0, size, None, None, digest)
            Records(database).unread([row])
        database.make_indexes()
    lines = [
        f"item\tEX-1/1/one/{locator}\t{size}\t{1 if digest else 2}\t{GAP_CODES[0 if digest else 3]}"
        f"\t{size}\t\t\t{digest.hex() if digest else ''}\t\n"
        for locator, size, digest in sorted(found, key=lambda row: (*row[:2], row[2] or b""))
    ]
    lines += ["volume\tEX-1/1/one\t\t\n", "volume\tEX-1/1/two\t\t\n"]
    assert queries.content_sha256(database) == hashlib.sha256("".join(lines).encode()).hexdigest()


@pytest.mark.parametrize("begin_alike", [False, True])
def test_contents_that_differ_are_counted(database: Database, *, begin_alike: bool) -> None:
    digests = [bytes([n * 7 % 23]) * 32 for n in range(60)] + [None, None]
    if begin_alike:
        digests += [bytes(31) + b"\1", bytes(32), bytes(31) + b"\1", bytes(31) + b"\2"]
    _fill(database, [_file(5, n) for n in range(len(digests))])
    with database.transaction():
        for number, digest in enumerate(digests, start=1):
            row = (number, 1, 1, 0, 0, 0, None, None, digest)
            Records(database).unread([row])
    assert queries.distinct(database) == len(set(digests) - {None})
    with database.transaction():  # somebody changed the case
        database.execute("UPDATE content SET sha256=X'01' WHERE item_id=1")
        database.execute("UPDATE content SET sha256=zeroblob(63) WHERE item_id=2")
    assert queries.distinct(database) == len({b"\1", bytes(63), *digests[2:]} - {None})
    with database.transaction():
        database.execute("UPDATE content SET sha256=X'' WHERE item_id=3")
    assert queries.distinct(database) is None
    with database.transaction():
        database.execute("DELETE FROM content")
    assert queries.distinct(database) == 0
