import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hashset_building import SET_ID, built, made, packed
from hashset_samples import KEY, S, collect, frames_of
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics import durable
from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import MAX_FRAME, VALUES, Batch, Frame, Rows
from heroes_forensics.hashsets import importing, writing
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.formats.base import (
    Options,
    Record,
    Rejected,
    Supplied,
    Tally,
    Value,
)
from heroes_forensics.hashsets.hset import HashSetFile, read_header
from heroes_forensics.hashsets.known import MAX_VALUE_KINDS, MAX_VALUES, VALUE_LIMIT
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.packing import Packer
from heroes_forensics.hashsets.pieces import PIECE, PieceReader, PieceSeal, PieceWriter


def told(path: Path) -> Counter[tuple[int, str, bytes, int]]:
    """Return all values of a set file: number of the record, kind, bytes, quality."""
    found: Counter[tuple[int, str, bytes, int]] = Counter()
    with HashSetFile.open(path, KEY) as opened:
        for kind in opened.header.values:
            for piece in opened.values(kind):
                numbers = opened.records(piece.record)["record"].tolist()
                rows = zip(numbers, piece.each(), piece.quality.tolist(), strict=True)
                found.update((number, kind, data, quality) for number, data, quality in rows)
    return found


def wanted(records: Sequence[Record]) -> Counter[tuple[int, str, bytes, int]]:
    return Counter((one.number, *value) for one in records for value in one.values)


VALUE_OF: Final = st.one_of(
    st.builds(Value, st.just("pdq"), st.binary(min_size=32, max_size=32), st.integers(-1, 100)),
    st.builds(
        Value, st.just("sha512"), st.integers(1, 9).map(lambda seed: made(seed, 64)), st.just(-1)
    ),
    st.builds(
        Value,
        st.sampled_from(["id", "tlsh"]),
        st.binary(min_size=1, max_size=VALUE_LIMIT),
        st.just(-1),
    ),
)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(st.booleans(), st.lists(VALUE_OF, max_size=4)), min_size=1, max_size=30
    ).filter(lambda rows: any(has or values for has, values in rows)),
    st.integers(1, 12),
)
def test_every_value_comes_back_with_its_record(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[bool, list[Value]]],
    memory_rows: int,
) -> None:
    records = [
        Record(number, md5=made(number, 16) if has else b"", size=number, values=tuple(values))
        for number, (has, values) in enumerate(rows, 1)
    ]
    usable = [
        one._replace(
            values=tuple(
                value for value in one.values if value.kind != "pdq" or len(set(value.data)) > 2
            )
        )
        for one in records
    ]
    usable = [one for one in usable if one.md5 or any(kind != "id" for kind, _, _ in one.values)]
    if not usable:
        return
    path = built(tmp_path_factory.mktemp("set"), records, memory_rows=memory_rows)
    assert told(path) == wanted(usable)
    header = read_header(path)
    assert header.values == Counter(value.kind for one in usable for value in one.values)
    assert header.records == len(usable)


def test_many_values_go_through_frames_and_pieces(tmp_path: Path) -> None:
    records = [
        Record(
            number,
            sha1=made(number, 20),
            values=(Value("pdq", made(number), number % 101), Value("id", b"%d" % number * 90)),
        )
        for number in range(1, 9_001)
    ]
    batches = packed(records)
    assert max(batch.rows.nbytes + len(batch.area) for batch in batches) <= MAX_FRAME - 1024
    path = built(tmp_path, records, memory_rows=2_000)
    assert read_header(path).sections["value.id.data"].length > 2 * PIECE
    assert told(path) == wanted(records)


def test_records_alike_but_for_their_values_are_kept_apart(tmp_path: Path) -> None:
    first, second = Value("pdq", made(1), 50), Value("pdq", made(2), 50)
    digest = S[0].md5
    records = [
        Record(1, md5=digest, values=(first,)),
        Record(2, md5=S[1].md5),
        Record(3, md5=digest, values=(second,)),
        Record(4, md5=digest, values=(first,)),
        Record(5, md5=digest),
    ]
    path = built(tmp_path, records)
    header = read_header(path)
    assert (header.records, header.merged, header.values) == (4, 1, {"pdq": 2})
    assert told(path) == wanted([records[0], records[2]])


def test_what_says_nothing_is_left_out_and_counted() -> None:
    packer = Packer()
    values = (
        Value("ed2k", bytes.fromhex("31d6cfe0d16ae931b73c59d7e0c089c0")),
        Value("aich", bytes.fromhex("da39a3ee5e6b4b0d3255bfef95601890afd80709")),
        Value("pdq", bytes(32)),
        Value("photodna", b"\x01\xff" * 72),
        Value("pdq", bytes(range(31))),
        Value("tlsh", b"T" * (VALUE_LIMIT + 1)),
        Value("id", b""),
        Value("id", b"a name alone makes no record"),
    )
    assert packer.add(Record(1, values=values)) == ()
    assert packer.flush() == ()
    assert (packer.empties, packer.constants) == (2, 2)
    assert packer.skipped == {"value-of-wrong-length": 1, "value-too-long": 1}


def test_a_record_has_so_many_values_at_most() -> None:
    packer = Packer()
    packer.add(Record(1, values=(Value("tlsh", b"x"),) * (MAX_VALUES + 3)))
    assert packer.values.accepted == {"tlsh": MAX_VALUES}
    assert packer.skipped == {"values-too-many": 3}


def test_a_word_that_names_no_kind_becomes_other() -> None:
    packer = Packer()
    words = ["TLSH", "a name of a file.jpg", "", *(f"kind-{number}" for number in range(40))]
    packer.add(Record(1, values=tuple(Value(word, b"x") for word in words)))
    assert packer.values.accepted["tlsh"] == 1
    assert packer.values.accepted["other"] > 2
    assert len(packer.values.accepted) == MAX_VALUE_KINDS - 1


def batch_of(**changes: object) -> Batch:
    rows: Rows = np.zeros(2, VALUES)
    rows["record"] = [1, 2]
    rows["kind_length"], rows["value_offset"], rows["value_length"] = 3, 3, 32
    for name, value in changes.items():
        rows[name] = value
    return Batch("values", rows, b"pdq" + made(1))


BAD: dict[str, list[Batch]] = {
    "no rows": [Batch("values", np.zeros(0, VALUES))],
    "a quality": [batch_of(quality=101)],
    "a length of nothing": [batch_of(value_length=0)],
    "a value outside": [batch_of(value_offset=5)],
    "a kind outside": [batch_of(kind_offset=40)],
    "a wrong length": [batch_of(value_length=31), *packed([Record(1, md5=S[0].md5)])],
    "no record": [batch_of(), *packed([Record(1, md5=S[0].md5)])],
    "another record": [
        batch_of(record=7),
        packed([Record(n, values=(Value("pdq", made(n)),)) for n in (1, 2)])[-1],
    ],
    "no word": [
        batch_of(kind_length=0),
        packed([Record(n, values=(Value("pdq", made(n)),)) for n in (1, 2)])[-1],
    ],
    "no values": packed([Record(n, values=(Value("pdq", made(n)),)) for n in (1, 2)])[-1:],
}


@pytest.mark.parametrize("batches", BAD.values(), ids=BAD)
def test_values_that_no_importer_sends_are_refused(tmp_path: Path, batches: list[Batch]) -> None:
    builder = SetBuilder(tmp_path, KEY, SET_ID)
    with pytest.raises(HashSetError):  # noqa: PT012 - any of them
        for batch in batches:
            builder.add(batch)
        builder.finish(Header(id="", file="", name="a", edition="1", kind="notable"))
    builder.close()


def test_values_without_end_are_refused(tmp_path: Path) -> None:
    builder = SetBuilder(tmp_path, KEY, SET_ID)
    rows: Rows = np.zeros(1_000, VALUES)
    rows["kind_length"], rows["value_length"] = 2, 2
    with pytest.raises(HashSetError, match="more values than a record may have"):  # noqa: PT012
        for _ in range(1_000):
            builder.add(Batch("values", rows, b"id" + bytes(40_000)))


def test_nothing_of_a_value_is_ever_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[bytes] = []
    real = durable.write_at

    def watched(descriptor: int, data: bytes, offset: int) -> None:
        written.append(bytes(data))
        real(descriptor, data, offset)

    monkeypatch.setattr(durable, "write_at", watched)
    secret = b"an identifier that only its supplier knows"
    records = [
        Record(n, values=(Value("pdq", made(n), 1), Value("id", b"%b %d" % (secret, n))))
        for n in range(1, 40_000)
    ]
    path = built(tmp_path, records)
    everything = b"".join(written)
    assert len(everything) > 2 * sum(len(value.data) for one in records for value in one.values)
    assert secret[:16] not in everything
    for number in range(1, 200):
        assert made(number)[:8] not in everything
    assert path.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize("part", ["rows", "data"])
@pytest.mark.parametrize("at", [0, 5, -1])
def test_a_changed_section_gives_no_values(tmp_path: Path, part: str, at: int) -> None:
    path = built(tmp_path, [Record(n, values=(Value("pdq", made(n)),)) for n in (1, 2, 3)])
    section = read_header(path).sections[f"value.pdq.{part}"]
    image = bytearray(path.read_bytes())
    image[section.offset + at % section.length] ^= 4
    path.write_bytes(image)
    with pytest.raises(HashSetError, match=f"section value.pdq.{part}"):
        HashSetFile.open(path, KEY)
    with (
        HashSetFile.open(path, KEY, verify=False) as opened,
        pytest.raises(HashSetError, match="does not verify"),
    ):
        list(opened.values("pdq"))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 2 * PIECE), max_size=4), st.integers(1, 3 * PIECE))
def test_a_sealed_stream_is_read_as_it_was_written(sizes: list[int], step: int) -> None:
    plain = [made(size, size) for size in sizes]
    sealed = bytearray()
    seal = PieceSeal(KEY, "a file", "a stream")
    writer = PieceWriter(sealed.extend, seal)
    for data in plain:
        writer.write(data)
    writer.end()
    reader = PieceReader(len(sealed), lambda at, size: bytes(sealed[at : at + size]), seal)
    parts = []
    while part := reader.read(step):
        parts.append(part)
        assert len(part) <= step
    assert b"".join(parts) == b"".join(plain)


def test_pieces_cannot_be_left_out_moved_or_cut_off() -> None:
    sealed: list[bytes] = []
    seal = PieceSeal(KEY, "a file", "a stream")
    writer = PieceWriter(sealed.append, seal)
    writer.write(bytes(3 * PIECE))
    writer.end()
    for altered in (sealed[:2], sealed[1:], [sealed[1], sealed[0], sealed[2]]):
        data = b"".join(altered)
        reader = PieceReader(len(data), lambda at, size, data=data: data[at : at + size], seal)  # type: ignore[misc]
        with pytest.raises(HashSetError):
            reader.read(4 * PIECE)


class Listed:
    """An importer of a list of PDQ values, one a line."""

    nature = ""

    def recognises(self, head: bytes) -> bool:
        return bool(head)

    def read(
        self, supplied: Supplied, options: Options, tally: Tally
    ) -> Iterator[Record | Rejected]:
        del options, tally
        for number, line in enumerate(supplied.stream, 1):
            value = Value("pdq", bytes.fromhex(line.decode()), 77)
            yield Record(number, values=(value, Value("id", b"entry %d" % number)))


LIST: Final = "".join(f"{made(number).hex()}\n" for number in range(20)).encode()


@pytest.fixture
def frames(monkeypatch: pytest.MonkeyPatch) -> list[Frame]:
    monkeypatch.setattr(importing, "_chosen", lambda *_: ("pdq-list", Listed()))
    return frames_of(LIST)


def test_a_list_of_values_alone_is_a_set(tmp_path: Path, frames: list[Frame]) -> None:
    found = collect(frames)
    assert found.facts["values"] == {"pdq": 20, "id": 20}
    assert found.values[2:4] == [(2, "pdq", made(1), 77), (2, "id", b"entry 2", -1)]
    record = Catalogue(tmp_path).add(frames, Description(name="near", kind="notable"), KEY)
    assert (record.header.digests, record.header.records) == ({}, 20)
    assert record.header.values == {"pdq": 20, "id": 20}
    assert "kept, not compared by this version: 20 id" in str(record.report["warnings"])
    assert Catalogue(tmp_path).verify(record, KEY)["probes"] == 0
    with HashSetFile.open(record.path, KEY) as opened:
        assert opened.algorithms == ()
        assert list(opened.values("photodna")) == []
        (piece,) = opened.values("pdq")
        assert list(piece.each()) == [made(number) for number in range(20)]
        assert set(piece.quality.tolist()) == {77}


def test_values_lost_on_the_way_are_noticed(tmp_path: Path, frames: list[Frame]) -> None:
    last = frames[-1]
    assert not isinstance(last, Batch)
    facts = last.body["facts"]
    assert isinstance(facts, dict)
    changed = replace(last, body={"facts": facts | {"values": {"pdq": 21, "id": 20}}})
    with pytest.raises(HashSetError, match="lost records"):
        Catalogue(tmp_path).add(
            [*frames[:-1], changed], Description(name="near", kind="notable"), KEY
        )
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_of_version_1_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(header: Header) -> bytes:
        body = {key: value for key, value in asdict(header).items() if key != "values"}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    with monkeypatch.context() as patch:
        patch.setattr(Header, "encode", encode)
        patch.setattr(writing, "VERSION", 1)
        path = built(tmp_path, [Record(n + 1, md5=S[n].md5) for n in range(20)])
    assert path.read_bytes()[8] == 1
    with HashSetFile.open(path, KEY) as opened:
        assert (opened.header.values, opened.header.digests) == ({}, {"md5": 20})
        assert opened.probes.passed


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = built(tmp_path, [Record(1, md5=S[0].md5)])
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), b"\x04", 8)
    with pytest.raises(HashSetError, match="version 4; this program reads 1 to 3") as got:
        HashSetFile.open(path, KEY)
    assert got.value.hint.startswith("import the list again")
