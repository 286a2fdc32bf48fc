import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hashset_building import built, made
from hashset_samples import KEY, S, frames_of_file
from test_hashsets_near import altered, clustered, drawn, expected, with_tables

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import KNOWN, Rows
from heroes_forensics.hashsets import near_file, near_probes, near_set, near_tables, writing
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.formats.base import Record, Value
from heroes_forensics.hashsets.hset import HashSetFile, read_header
from heroes_forensics.hashsets.layout import Header, NearCounts, decode
from heroes_forensics.hashsets.merging import Base
from heroes_forensics.hashsets.near import SMALL, NearIndex
from heroes_forensics.hashsets.pieces import PIECE

COUNT = SMALL + 500
PARTS = ("rows", "record", "quality", "off", "ids", "partner")


def records(values: np.ndarray, first: int = 1) -> list[Record]:
    return [
        Record(number, sha1=made(number, 20), values=(Value("pdq", data.tobytes(), 60),))
        for number, data in enumerate(values, first)
    ]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("large"), records(clustered(1, COUNT, 24)))


def test_a_large_set_is_searched_through_its_tables(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_tables, "built", None)  # nothing is built that is in the file
    values = clustered(1, COUNT, 24)
    queries = np.concatenate([altered(2, values[:40], np.arange(40)), drawn(3, 10)])
    with HashSetFile.open(large, KEY) as file:
        near = file.near("pdq")
        assert near is not None
        assert near is file.near("pdq")
        assert (near.algorithm, near.count, near.bits) == ("pdq", COUNT, 256)
        assert near.nbytes == COUNT * 133 + 16 * 65537 * 4
        found = near.search(queries, 31)
        wanted = expected(values, queries, 31)
        numbers = file.records(near.record(found.row))["record"] - 1
        triples = zip(found.query.tolist(), found.distance.tolist(), numbers.tolist(), strict=True)
        assert sorted(triples) == wanted
        assert set(near.quality[found.row].tolist()) == {60}
        assert near.probes == near_probes.NearProbes(96, 96, 32, 0)
        assert file.near("phash-64") is None
        assert file.near_facts() == {
            "pdq": {
                "rows": COUNT,
                "low_quality": 0,
                "unfit": 0,
                "planted": 96,
                "found": 96,
                "compared": 32,
                "differing": 0,
            }
        }


def test_a_small_set_has_no_tables(tmp_path: Path) -> None:
    qualities = [-1, 0, 49, 50, 100, 77]
    values = drawn(4, len(qualities))
    path = built(
        tmp_path,
        [
            Record(
                number, values=(Value("pdq", data.tobytes(), quality), Value("id", b"%d" % number))
            )
            for number, (data, quality) in enumerate(zip(values, qualities, strict=True))
        ],
    )
    header = read_header(path)
    assert header.near == {"pdq": NearCounts(4, 2, 0)}
    assert header.values == {"pdq": 6, "id": 6}
    assert {name for name in header.sections if name.startswith("near")} == {
        f"near.pdq.{part}" for part in PARTS[:3]
    }
    with HashSetFile.open(path, KEY) as file:
        near = file.near("pdq")
        assert near is not None
        found = near.search(values, 0)
        assert found.query.tolist() == [0, 3, 4, 5]
        assert near.quality[found.row].tolist() == [-1, 50, 100, 77]
        assert file.records(near.record(found.row))["record"].tolist() == [0, 3, 4, 5]


def test_values_below_the_gate_alone_are_compared_with_nothing(tmp_path: Path) -> None:
    path = built(tmp_path, [Record(1, values=(Value("pdq", made(1), 49),))])
    with HashSetFile.open(path, KEY) as file:
        near = file.near("pdq")
        assert near is not None
        assert len(near.search(np.frombuffer(made(1), np.uint8).reshape(1, 32), 31).row) == 0
        assert near.probes == near_probes.NearProbes(0, 0, 0, 0)
        assert near.counts == NearCounts(0, 1, 0)


def test_a_set_without_perceptual_values_has_none(tmp_path: Path) -> None:
    path = built(tmp_path, [Record(1, md5=S[0].md5, values=(Value("photodna", made(1, 144)),))])
    with HashSetFile.open(path, KEY) as file:
        assert file.near("pdq") is None
        assert file.near_facts() == {}


@pytest.mark.parametrize("kind", ["phash-64", "dhash-64"])
def test_hashes_of_64_bits(tmp_path: Path, kind: str) -> None:
    lines = [f"{kind},md5"]
    values = drawn(5, 50, 8)
    lines += [f"{data.tobytes().hex()},{S[n].md5.hex()}" for n, data in enumerate(values)]
    source = tmp_path / "list.csv"
    source.write_text("\n".join(lines))
    record = Catalogue(tmp_path / "home").add(
        frames_of_file(source), Description(name="near", kind="notable"), KEY
    )
    with HashSetFile.open(record.path, KEY) as file:
        near = file.near(kind)
        assert near is not None
        queries = altered(6, values, np.arange(50) % 6)
        wanted = expected(values, queries, 4)
        found = near.search(np.pad(queries, ((0, 0), (0, 24))), 4)
        assert len(wanted) >= 42
        digests = [S[n].md5 for n in range(50)]
        mine = file.lookup("md5", np.frombuffer(b"".join(digests), np.uint8).reshape(-1, 16))[1]
        assert near.record(found.row).tolist() == mine[[row for _, _, row in wanted]].tolist()
        assert near.probes.passed
        assert near.probes.planted == near_probes.SPREAD


def test_nothing_of_a_value_is_readable_at_rest(large: Path, tmp_path: Path) -> None:
    data = large.read_bytes()
    values = clustered(1, COUNT, 24)
    for row in values[::100]:
        assert row[:8].tobytes() not in data
        assert row[-8:].tobytes() not in data
    again = built(tmp_path, records(values))
    first, second = read_header(large), read_header(again)
    for part in PARTS:
        name = f"near.pdq.{part}"
        assert first.sections[name].length == second.sections[name].length
        assert first.sections[name].sha256 != second.sections[name].sha256


def test_what_is_unsealed_is_written_nowhere(
    large: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with HashSetFile.open(large, KEY) as file:
        before = set(Path("/proc/self/fd").iterdir())
        assert file.near("pdq") is not None
        assert set(Path("/proc/self/fd").iterdir()) == before
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("place", ["first", "last"])
def test_a_changed_byte_is_noticed(large: Path, tmp_path: Path, part: str, place: str) -> None:
    section = read_header(large).sections[f"near.pdq.{part}"]
    copy = tmp_path / "copy.hset"
    copy.write_bytes(large.read_bytes())
    at = section.offset + (0 if place == "first" else section.length - 1)
    with copy.open("r+b") as file:
        byte = os.pread(file.fileno(), 1, at)[0]
        os.pwrite(file.fileno(), bytes([byte ^ 1]), at)
    with pytest.raises(HashSetError, match=rf"does not verify: section near\.pdq\.{part}"):
        HashSetFile.open(copy, KEY)
    with (
        HashSetFile.open(copy, KEY, verify=False) as opened,
        pytest.raises(HashSetError, match=rf"does not verify: section near\.pdq\.{part}"),
    ):
        opened.near("pdq")


def test_pieces_that_changed_their_places_are_noticed(large: Path, tmp_path: Path) -> None:
    section = read_header(large).sections["near.pdq.off"]
    size = PIECE + 16
    assert section.length > 2 * size
    copy = tmp_path / "copy.hset"
    copy.write_bytes(large.read_bytes())
    with copy.open("r+b") as file:
        first, second = (os.pread(file.fileno(), size, section.offset + n * size) for n in (0, 1))
        os.pwrite(file.fileno(), second + first, section.offset)
    with (
        HashSetFile.open(copy, KEY, verify=False) as opened,
        pytest.raises(HashSetError, match=r"does not verify: section near\.pdq\.off"),
    ):
        opened.near("pdq")


@pytest.mark.parametrize("counted", [-1, 1])
def test_more_or_fewer_values_than_were_counted(
    tmp_path: Path, counted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_file.Gathered, "counts", lambda _: NearCounts(30 + counted, 0, 0))
    path = built(tmp_path, records(drawn(7, 30)))
    with (
        HashSetFile.open(path, KEY) as file,
        pytest.raises(HashSetError, match=r"does not verify: section near\.pdq\.rows"),
    ):
        file.near("pdq")


@pytest.mark.parametrize("fault", ["ids", "record"])
def test_what_points_outside_is_refused(
    tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = near_tables.table

    def table(rows: np.ndarray, chunk: int) -> near_tables.Table:
        found = real(rows, chunk)
        if chunk == 7:
            found.ids[3] = len(rows)
        return found

    columns = near_file.Gathered.columns

    def moved(self: near_file.Gathered) -> near_file.NearColumns:
        return columns(self)._replace(record=np.full(COUNT, COUNT, np.uint32))

    if fault == "ids":
        monkeypatch.setattr(near_tables, "table", table)
    else:
        monkeypatch.setattr(near_file.Gathered, "columns", moved)
    path = built(tmp_path, records(drawn(8, COUNT)))
    with (
        HashSetFile.open(path, KEY) as file,
        pytest.raises(HashSetError, match=r"does not verify: near\.pdq"),
    ):
        file.near("pdq")


@pytest.mark.parametrize("chunk", range(near_tables.CHUNKS))
@pytest.mark.parametrize("fault", ["ids", "partner", "off"])
def test_one_wrong_table_fails_the_test(chunk: int, fault: str) -> None:
    rows = drawn(9, 3000)
    tables = near_tables.built(rows)
    column = getattr(tables, fault)
    column[chunk] = 0 if fault == "off" else np.roll(column[chunk], 1)
    probes = near_probes.tried(NearIndex(rows, tables=tables), seed=chunk)
    assert not probes.passed
    assert probes.found < probes.planted


@pytest.mark.parametrize("spread", [0, 1, 30])
def test_a_list_of_alike_rows_passes_the_test(spread: int) -> None:
    probes = near_probes.tried(with_tables(clustered(10, 6000, spread)), seed=1)
    assert probes.passed
    assert probes.compared == 32


def test_rows_added_to_an_answer_fail_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    index = with_tables(drawn(11, 200))
    search = index.search

    def more(queries: np.ndarray, radius: int, nearest: int = 0) -> object:
        found = search(queries, radius, nearest)
        return found._replace(row=np.where(found.distance == radius, 0, found.row))

    monkeypatch.setattr(index, "search", more)
    probes = near_probes.tried(index, seed=2)
    assert probes.differing
    assert not probes.passed


def test_a_failed_test_is_an_error(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = near_probes.NearProbes(96, 95, 32, 0)
    monkeypatch.setattr(near_set, "tried", lambda _: failed)
    with (
        HashSetFile.open(large, KEY) as file,
        pytest.raises(HashSetError, match="failed their look-up test: pdq"),
    ):
        file.near("pdq")


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file as version 2 wrote it, with a kind that it did not know."""

    def encode(header: Header) -> bytes:
        body = {key: value for key, value in asdict(header).items() if key != "near"}
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    values = drawn(12, 60)
    with monkeypatch.context() as patch:
        patch.setattr(Header, "encode", encode)
        patch.setattr(writing, "VERSION", 2)
        patch.setattr(near_file.NearBuilder, "write", lambda *_: {})
        patch.setattr("heroes_forensics.hashsets.values.VALUE_KINDS", {"pdq": 32})
        patch.setattr("heroes_forensics.hashsets.packing.VALUE_KINDS", {"pdq": 32})
        return built(
            tmp_path,
            [
                Record(
                    number,
                    md5=made(number, 16),
                    values=(
                        Value("pdq", data.tobytes(), 49 + number % 2),
                        Value("phash-64", data[:8].tobytes().hex().encode()),
                    ),
                )
                for number, data in enumerate(values)
            ],
        )


def test_a_file_of_version_2_is_read_from_its_values(earlier: Path) -> None:
    assert earlier.read_bytes()[8] == 2
    with HashSetFile.open(earlier, KEY) as file:
        assert file.header.near == {}
        near = file.near("pdq")
        assert near is not None
        assert near.counts == NearCounts(30, 30, 0)
        assert near.probes.passed
        found = near.search(drawn(12, 60), 0)
        assert found.query.tolist() == list(range(1, 60, 2))
        assert file.records(near.record(found.row))["record"].tolist() == found.query.tolist()
        assert file.near("phash-64") is None


def test_an_edition_made_of_an_earlier_one_compares_what_is_left(
    earlier: Path, tmp_path: Path
) -> None:
    (tmp_path / "next").mkdir()
    with HashSetFile.open(earlier, KEY) as file:
        base = Base(file)
        gone: Rows = np.zeros(1, KNOWN)
        gone["has"], gone["md5"] = 1, np.void(made(5, 16))
        base.remove(gone)
        base.settle()
        new = [
            Record(
                1, sha1=made(1, 20), values=(Value("pdq", made(7)), Value("phash-64", made(7, 8)))
            )
        ]
        path = built(tmp_path / "next", new, base=base)
    with HashSetFile.open(path, KEY) as file:
        assert file.header.near == {
            "pdq": NearCounts(30, 30, 0),
            "phash-64": NearCounts(1, 0, 59),
        }
        near = file.near("pdq")
        assert near is not None
        queries = np.concatenate([drawn(12, 60), np.frombuffer(made(7), np.uint8).reshape(1, 32)])
        found = near.search(queries, 0)
        assert found.query.tolist() == [n for n in range(1, 60, 2) if n != 5] + [60]
        numbers = file.records(near.record(found.row))["record"]
        assert numbers[:-1].tolist() == found.query[:-1].tolist()
        short = file.near("phash-64")
        assert short is not None
        assert short.count == 1


def test_a_list_of_too_many_values_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_file, "MOST", 9)
    with pytest.raises(HashSetError, match="more than 9 values of pdq") as got:
        built(tmp_path, records(drawn(13, 10)))
    assert got.value.hint.startswith("divide the list")
    (tmp_path / "less").mkdir()
    built(tmp_path / "less", records(drawn(13, 9)))


def test_import_and_verification_say_what_is_compared(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    lines = ["pdq,quality", *(f"{made(n).hex()},{n}" for n in range(40, 60))]
    source.write_text("\n".join(lines))
    found = Catalogue(tmp_path / "home")
    record = found.add(frames_of_file(source), Description(name="near", kind="notable"), KEY)
    near = {
        "pdq": {
            "rows": 10,
            "low_quality": 10,
            "unfit": 0,
            "planted": 96,
            "found": 96,
            "compared": 32,
            "differing": 0,
        }
    }
    assert record.report["near"] == near
    assert found.verify(record, KEY)["near"] == near


@pytest.mark.parametrize(
    "near",
    [[], {"pdq": 4}, {"pdq": {"rows": 1}}, {"pdq": {"rows": "x", "low_quality": 0, "unfit": 0}}],
)
def test_a_header_with_other_counts_is_refused(near: object) -> None:
    body = asdict(Header(id="a", file="b", name="c", edition="d", kind="notable"))
    assert decode(json.dumps(body).encode()).near == {}
    with pytest.raises(HashSetError, match="header that this version does not read"):
        decode(json.dumps(body | {"near": near}).encode())
