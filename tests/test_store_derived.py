"""Pictures and containers of a case: stored, counted, covered by digests, accounted for."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import (
    ALGORITHM_BYTES,
    HASHES,
    PERCEPTUAL,
    TIER_1,
    VIEWS,
    Container,
    Picture,
    Rows,
    Status,
)
from heroes_forensics.model import GAP_NUMBERS
from heroes_forensics.store import derived, integrity, perceptual_values, queries, tally
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import Records, rows_digest


def sealed(rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
    return [b"sealed to %d: " % number + plain for number, plain in rows]


def opened(number: int, blob: bytes) -> bytes:
    return blob.removeprefix(b"sealed to %d: " % number)


def item(number: int, locator: str, parent: int | None = None) -> tuple[object, ...]:
    numbers = (number, 1, 1, 1, 1, 0, -1, 9, -1)
    return (*numbers, bytes(48), locator, b"h", b"name", parent)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A case with one volume: a container of two members, and three pictures."""
    made = Database.create(tmp_path / "case.db", {})
    records = Records(made)
    with made.transaction():
        run = records.run("u", "2024-01-01T00:00:00Z", {}, {})
        source = records.source(records.exhibit("EX-1", {}), "EX-1/1", "p", "i", {})
        records.run_source(run, source)
        records.volume(source, {"key": "root", "kind": "directory"}, "listed")
        made.execute(
            'UPDATE volume SET listing=\'{"entries":4,"directories":0,"directories_listed":0}\''
        )
        records.unit(1, run, "content", 1)
        rows = [item(1, "d:0"), item(2, "d:1"), item(3, "d:2"), item(4, "d:3")]
        rows += [item(5, "d:0/m@0x0", 1), item(6, "d:0/m@0x40", 1)]
        derived.members(made, rows)
        read = [(n, 1, Status.DONE, 0, 2, 9, bytes(16), bytes(20), bytes(32)) for n in range(1, 7)]
        records.unread(read)
        kept = derived.containers(
            made,
            1,
            [derived.ContainerRow(1, Container.DONE, 0, "zip", 1, 2, 0, 18, {"m": [1, "utc"]})],
        )
        seen = derived.pictures(made, 1, derived.Seen(pictures(), hashes()), "v", sealed)
        digest = rows_digest([*rows, *read, *seen, *kept])
        records.unit_done(1, items=6, gaps=0, rows_sha256=digest)
    yield made
    made.close()


def pictures() -> np.ndarray:
    rows = np.zeros(3, dtype=PERCEPTUAL)
    rows["id"] = [4, 2, 3]  # in the order in which decoders answered
    rows["status"] = [Picture.DONE, Picture.GAP, Picture.KNOWN_GOOD]
    rows["gap"] = [0, GAP_NUMBERS["picture.undecodable"], 0]
    rows["width"], rows["height"] = [40, 0, 0], [30, 0, 0]
    rows["frames"], rows["hashed"] = [3, 0, 0], [4, 0, 0]
    return rows


def hashes() -> Rows:
    """Return values of one picture: three of tier 1, and a deep one that is not kept."""
    return np.array(
        [
            (4, 0, 0, 0, 0, 61, 3, b"1" * 32),
            (4, 0, 0, 1, 5, 62, 80, b"2" * 32),
            (4, 0, 0, TIER_1, 0, 99, 0, b"4" * 32),
            (4, 0, 1, 0, 0, 61, 3, b"3" * 8),
        ],
        dtype=HASHES,
    )


def test_a_value_is_stored_sealed_and_opens_again(database: Database) -> None:
    (blob,) = [
        value for (value,) in database.rows("SELECT value FROM perceptual WHERE value IS NOT NULL")
    ]
    assert blob.startswith(b"sealed to 4: ")
    ((number, size, algorithm, rows),) = derived.values_of(database, opened)
    assert (number, algorithm) == (4, "v")
    assert size == (40, 30, 0)
    assert rows.tolist() == hashes()[[0, 1, 3]].tolist()
    assert list(database.rows("SELECT hashed, quality FROM perceptual ORDER BY item_id")) == [
        (0, None),
        (0, None),
        (4, 62),
    ]


places = st.tuples(
    st.integers(0, 2**32 - 1),
    st.integers(0, 2),
    st.integers(0, len(VIEWS) - 1),
    st.integers(0, 7),
)


@given(st.lists(places, unique=True, max_size=40), st.randoms(use_true_random=False))
def test_every_value_comes_back_as_it_was(found: list[tuple[int, ...]], random: Random) -> None:
    rows = [
        (7, *place, *random.choices(range(101), k=2), random.randbytes(ALGORITHM_BYTES[place[1]]))
        for place in sorted(found)
    ]
    made = np.array(rows, dtype=HASHES)
    data = perceptual_values.packed(made)
    assert len(data) <= 1 + 41 * len(made)
    assert perceptual_values.unpacked(7, data).tolist() == made.tolist()


def test_the_values_of_a_picture_take_a_kibibyte_at_most() -> None:
    tier_1 = [
        (1, 0, 0, view, turn, 90, 12, b"x" * 32) for view in range(TIER_1) for turn in range(8)
    ]
    tier_1 += [(1, 0, 1, 0, 0, 90, 12, b"x" * 8), (1, 0, 2, 0, 0, 90, 12, b"x" * 8)]
    assert len(perceptual_values.packed(np.array(tier_1, dtype=HASHES))) == 1095
    assert perceptual_values.packed(np.array(tier_1[:1], dtype=HASHES)) == (
        b"\x02" + b"\0\0\0\0" + b"\0" + b"\0" + b"\x5a" + b"\x0c" + b"\x01" + b"x" * 32
    )


def test_values_of_before_there_were_tones_are_those_of_photographs() -> None:
    data = b"\x01" + b"\x07\0\0\0" + b"\0" + b"\x01" + b"\x5a" + b"\x05" + b"x" * 32 + b"y" * 32
    assert perceptual_values.unpacked(9, data).tolist() == [
        (9, 7, 0, 1, 0, 90, 100, b"x" * 32),
        (9, 7, 0, 1, 2, 90, 100, b"y" * 32),
    ]


UNKNOWN = {
    "nothing": b"",
    "another version": b"\x03",
    "half a group": b"\x02\0\0\0",
    "half a group of version 1": b"\x01\0\0\0",
    "half a value": b"\x02" + bytes(8) + b"\x01" + bytes(31),
    "an unknown algorithm": b"\x02" + bytes(4) + b"\x03" + bytes(3) + b"\x01" + bytes(32),
    "an unknown view": b"\x02" + bytes(5) + b"\xff\0\0" + b"\x01" + bytes(32),
    "no orientation": b"\x02" + bytes(9),
}


@pytest.mark.parametrize("data", UNKNOWN.values(), ids=UNKNOWN)
def test_values_in_an_unknown_form_are_an_error(data: bytes) -> None:
    with pytest.raises(EvidenceError) as error:
        perceptual_values.unpacked(1, data)
    assert error.value.hint


def test_pictures_and_containers_are_counted_by_how_they_ended(database: Database) -> None:
    found = derived.counted(database, "perceptual")
    assert found.by_status == {Picture.DONE: 1, Picture.GAP: 1, Picture.KNOWN_GOOD: 1}
    assert found.by_gap == {GAP_NUMBERS["picture.undecodable"]: 1}
    assert derived.counted(database, "container", run=1).by_status == {Container.DONE: 1}
    assert derived.counted(database, "container", run=2).by_status == {}
    assert queries.gap_counts(database) == {"picture.undecodable": 1}
    assert queries.unexpected(queries.gap_counts(database)) == 1


def test_what_was_read_and_has_no_row_of_a_container_is_left_to_be_opened(
    database: Database,
) -> None:
    found = list(derived.unopened(database, 1, [1, 2, 3]))
    assert [int(each.task["id"][0]) for each in found] == [2, 3, 4]  # 5 and 6 are members of 1
    assert [each[:4] for each in found] == [(1, "", 2, 9)] * 3
    assert list(derived.unopened(database, 2, [2])) == []
    assert list(derived.unopened(database, 1, [1, 3])) == []
    assert list(derived.unopened(database, 1, [])) == []
    with database.transaction():
        database.execute("UPDATE content SET status=? WHERE item_id=2", (int(Status.GAP),))
        derived.containers(database, 1, [derived.ContainerRow(3, Container.DONE, 0, "picture")])
        database.execute("UPDATE volume SET file_system='FAT16'")
    (left,) = derived.unopened(database, 1, [2])
    assert (int(left.task["id"][0]), left.file_system) == (4, "FAT16")
    assert derived.counted(database, "container").by_status == {Container.DONE: 1}


def test_members_stand_on_both_sides_of_the_equation(database: Database) -> None:
    found = queries.equation(database, 1, tally.cells(database))
    assert (found.listed, found.stored, found.digested, found.closes) == (6, 6, 6, True)
    assert list(derived.unaccounted(database)) == []


def test_a_member_that_is_lost_does_not_go_unnoticed(database: Database) -> None:
    with database.transaction():
        database.execute("DELETE FROM content WHERE item_id=6")
        database.execute("DELETE FROM item WHERE id=6")
    assert not queries.equation(database, 1, tally.cells(database)).closes
    assert list(derived.unaccounted(database)) == [(1, 1, "d:0", 2, 1)]


def test_a_member_of_another_container_does_not_stand_in(database: Database) -> None:
    with database.transaction():
        database.execute("UPDATE item SET parent=2 WHERE id=6")
    assert queries.equation(database, 1, tally.cells(database)).closes
    assert list(derived.unaccounted(database)) == [(1, 1, "d:0", 2, 1)]


CHANGES = {
    "a value": "UPDATE perceptual SET value=x'00' WHERE item_id=4",
    "how a picture ended": "UPDATE perceptual SET status=1, gap=0 WHERE item_id=2",
    "a picture gone": "DELETE FROM perceptual WHERE item_id=3",
    "a count of members": "UPDATE container SET listed=1",
    "a container gone": "DELETE FROM container",
    "a member elsewhere": "UPDATE item SET parent=NULL WHERE id=6",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_row_does_not_fit_the_digest_of_its_unit(change: str, database: Database) -> None:
    ((stored,),) = database.rows("SELECT rows_sha256 FROM unit")
    assert integrity.unit_digests(database)[1] == stored
    with database.transaction():
        database.execute(CHANGES[change])
    assert integrity.unit_digests(database)[1] != stored


NOT_FOUND = {
    "a value": "UPDATE perceptual SET value=x'00', algorithm='another version' WHERE item_id=4",
    "who wrote it": "UPDATE perceptual SET unit_id=1",
    "how many values there were": "UPDATE perceptual SET hashed=9 WHERE item_id=4",
}
FOUND = {
    "how a picture ended": "UPDATE perceptual SET status=1 WHERE item_id=2",
    "its size": "UPDATE perceptual SET width=41 WHERE item_id=4",
    "how many members there are": "UPDATE container SET listed=1",
    "what they expand to": "UPDATE container SET expanded=19",
}


@pytest.mark.parametrize("change", FOUND | NOT_FOUND)
def test_the_digest_of_the_result_holds_what_every_machine_finds(
    change: str, database: Database
) -> None:
    before = queries.content_sha256(database)
    with database.transaction():
        database.execute((FOUND | NOT_FOUND)[change])
    assert (queries.content_sha256(database) != before) == (change in FOUND)
