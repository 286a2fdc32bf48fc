from collections import Counter
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hashset_samples import KEY, S, add, columns, frames_of, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError
from heroes_forensics.frames import Batch, Control, Frame
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.catalogue import Catalogue, Delta
from heroes_forensics.hashsets.describing import Description
from heroes_forensics.hashsets.editions import SetRecord
from heroes_forensics.hashsets.formats.base import Record, Value
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.hashsets.merging import Base
from heroes_forensics.hashsets.packing import Packer
from heroes_forensics.hashsets.probes import PROBES

SET_ID: Final = "00000000-0000-4000-8000-000000000001"

Told = Counter[tuple[object, ...]]


def packed(records: list[Record]) -> list[Batch]:
    packer = Packer()
    batches = [batch for record in records for batch in packer.add(record)]
    return [*batches, *packer.flush()]


def built(
    folder: Path,
    records: list[Record],
    *,
    base: Path | None = None,
    removals: list[Record] | None = None,
    memory_rows: int = 1 << 18,
) -> Path:
    folder.mkdir(mode=0o700)
    file = HashSetFile.open(base, KEY) if base else None
    earlier = Base(file) if file else None
    builder = SetBuilder(folder, KEY, SET_ID, memory_rows=memory_rows, base=earlier)
    try:
        for batch in packed(records):
            builder.add(batch)
        for batch in packed(removals or []):
            builder.add(batch, earlier)
        if earlier:
            earlier.settle()
        path = builder.finish(Header(id="", file="", name="a", edition="1", kind="notable"))
    finally:
        builder.close()
        if file:
            file.close()
    assert [item.name for item in folder.iterdir()] == ["set.hset"]
    return path


def everything(path: Path) -> Told:
    """Return what a set file says, in whatever order: each record with its facts and values."""
    with HashSetFile.open(path, KEY) as file:
        assert file.probes.passed
        rows = file.records(np.arange(len(file), dtype=np.int64))
        said: list[list[object]] = [
            [file.categories[row["category"]], file.series[row["series"]], int(row["size"])]
            for row in rows
        ]
        for number, row in enumerate(rows):
            said[number] += [int(row["has"]), int(row["flags"])]
        for name, width in (("md5", 16), ("sha1", 20), ("sha256", 32)):
            asked = np.frombuffer(b"".join(POOL[name]), f"V{width}")
            query, record = file.lookup(name, asked)
            for one, at in zip(query.tolist(), record.tolist(), strict=True):
                said[at].append((name, one))
            assert len(query) == file.header.digests.get(name, 0)
        counts: Counter[str] = Counter()
        for kind in file.header.values:
            for piece in file.values(kind):
                for at, data in zip(piece.record.tolist(), piece.each(), strict=True):
                    said[at].append((kind, data))
                    counts[kind] += 1
        assert counts == file.header.values
        assert file.header.records == len(rows)
    return Counter(tuple(each) for each in said)


POOL: Final[dict[str, list[bytes]]] = {
    "md5": [sample.md5 for sample in S],
    "sha1": [sample.sha1 for sample in S],
    "sha256": [sample.sha256 for sample in S],
}
RECORD: Final = st.builds(
    lambda number, has, size, category, values: Record(
        1,
        md5=S[number].md5 if has & 1 else b"",
        sha1=S[number].sha1 if has & 2 else b"",
        sha256=S[number].sha256 if has & 4 else b"",
        size=size,
        category=category,
        values=tuple(Value("id", value) for value in values),
    ),
    st.integers(0, 40),
    st.integers(1, 7),
    st.integers(-1, 1),
    st.sampled_from(["", "1", "2"]),
    st.lists(st.sampled_from([b"one", b"two"]), max_size=1),
)
RECORDS: Final = st.lists(RECORD, max_size=40)


def numbered(records: list[Record]) -> list[Record]:
    return [record._replace(number=number) for number, record in enumerate(records, 1)]


def leaves(record: Record, removals: list[Record]) -> bool:
    """Say by brute force whether a removal fits a record."""
    for gone in removals:
        pairs = [(getattr(record, name), getattr(gone, name)) for name in POOL]
        both = [(mine, other) for mine, other in pairs if mine and other]
        if both and all(mine == other for mine, other in both):
            return True
    return False


@settings(max_examples=60)
@given(RECORDS.filter(bool), RECORDS, RECORDS, st.sampled_from([3, 1 << 18]))
def test_merging_is_what_building_from_all_would_give(
    tmp_path_factory: pytest.TempPathFactory,
    earlier: list[Record],
    added: list[Record],
    removed: list[Record],
    memory_rows: int,
) -> None:
    folder = tmp_path_factory.mktemp("set")
    earlier, added, removed = numbered(earlier), numbered(added), numbered(removed)
    stays = [record for record in earlier if not leaves(record, removed)]
    # One that is in both and has other values is not recognised: it is there twice.
    twice = {record[1:] for record in stays if record.values}
    added = [record for record in added if record[1:] not in twice]
    if not stays and not added:
        return
    base = built(folder / "base", earlier)
    merged = built(folder / "merged", added, base=base, removals=removed, memory_rows=memory_rows)
    whole = built(folder / "whole", numbered(stays + added))
    assert everything(merged) == everything(whole)
    with HashSetFile.open(merged, KEY) as one, HashSetFile.open(whole, KEY) as other:
        for name in ("distinct", "digests", "conflicts", "values"):
            assert getattr(one.header, name) == getattr(other.header, name)


def test_many_rows_are_merged_range_by_range(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    digests = [rng.bytes(20) for _ in range(30_000)]
    base = built(
        tmp_path / "base",
        [Record(n, sha1=data, size=n) for n, data in enumerate(digests[:20_000], 1)],
        memory_rows=500,
    )
    added = [Record(n, sha1=data, size=n) for n, data in enumerate(digests[19_000:], 19_001)]
    gone = [Record(n, sha1=data) for n, data in enumerate(digests[:500], 1)]
    path = built(tmp_path / "next", added, base=base, removals=gone, memory_rows=500)
    asked = np.frombuffer(b"".join(digests), "V20")
    with HashSetFile.open(path, KEY) as file:
        query, record = file.lookup("sha1", asked)
        assert (query == np.arange(500, 30_000)).all()
        assert (file.records(record)["size"] == np.arange(501, 30_001)).all()
        assert (file.header.records, file.header.merged) == (29_500, 1_000)
        assert file.probes.passed
        assert PROBES // 2 <= file.probes.planted <= 4 * PROBES


def listed(*numbers: int) -> bytes:
    return "".join(f"{S[number].md5.hex()}\n" for number in numbers).encode()


def changed(
    home: Path, data: bytes, onto: SetRecord, *, removing: bool = False, edition: str
) -> SetRecord:
    header = onto.header
    said = Description(name=header.name, issuer=header.issuer, kind=header.kind, edition=edition)
    return Catalogue(home).add(frames_of(data), said, KEY, delta=Delta(onto, removing))


def test_a_delta_makes_the_next_edition_and_leaves_the_earlier_one(tmp_path: Path) -> None:
    first = add(tmp_path, listed(*range(10)), "demo", kind="notable", edition="1")
    second = changed(tmp_path, listed(9, 10, 11), first, edition="2")
    third = changed(tmp_path, listed(0, 1, 60), second, removing=True, edition="3")
    assert [row.header.edition for row in Catalogue(tmp_path).list()] == ["1", "2", "3"]
    assert {first.header.id} == {second.header.id, third.header.id}
    found = []
    for record in (first, second, third):
        with opened(record) as file:
            query, rows = file.lookup("md5", columns(*S)[0])
            found.append(query.tolist())
            numbers = file.records(rows)["record"].tolist()
            assert len(set(numbers)) == len(numbers)
    assert found == [list(range(10)), list(range(12)), list(range(2, 12))]
    made = third.header.built_on
    assert made["edition"] == "2"
    assert made["source_sha256"] == second.header.source_sha256
    assert (made["removed"], made["removals_not_found"]) == (2, 1)
    assert second.header.built_on["numbers_after"] == 10
    assert third.report["built_on"] == made


def test_the_same_delta_again_is_the_same_edition(tmp_path: Path) -> None:
    first = add(tmp_path, listed(1), "demo", kind="notable", edition="1")
    second = changed(tmp_path, listed(2), first, edition="2")
    again = changed(tmp_path, listed(2), first, edition="2")
    assert (second.added, again.added) == (True, False)
    with pytest.raises(HashSetError, match="is there already, and differs"):
        changed(tmp_path, listed(2), second, edition="2")


def test_nothing_is_left_of_a_set_that_is_withdrawn_as_a_whole(tmp_path: Path) -> None:
    first = add(tmp_path, listed(1, 2), "demo", kind="notable", edition="1")
    with pytest.raises(HashSetError, match="nothing of the set would be left"):
        changed(tmp_path, listed(1, 2), first, removing=True, edition="2")
    assert [row.header.edition for row in Catalogue(tmp_path).list()] == ["1"]
    assert not list(tmp_path.glob("sets/.staging*/*"))


def test_records_lost_on_the_way_are_noticed_in_a_delta_too(tmp_path: Path) -> None:
    first = add(tmp_path, listed(1, 2), "demo", kind="notable", edition="1")
    frames: list[Frame] = frames_of(listed(3))
    last = frames[-1]
    assert isinstance(last, Control)
    facts = last.body["facts"]
    assert isinstance(facts, dict)
    broken = [*frames[:-1], Control("imported", {"facts": facts | {"accepted": {"md5": 2}}})]
    with pytest.raises(HashSetError, match="lost records"):
        Catalogue(tmp_path).add(
            broken, Description(name="demo", kind="notable"), KEY, delta=Delta(first)
        )


def test_nothing_of_an_earlier_edition_is_unsealed_on_disk(tmp_path: Path) -> None:
    base = built(tmp_path / "base", [Record(n + 1, md5=S[n].md5) for n in range(20)])
    path = built(tmp_path / "next", [Record(1, md5=S[20].md5)], base=base)
    data = path.read_bytes()
    assert not any(sample.md5[:8] in data for sample in S[:21])
