import stat
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hashset_samples import KEY, S, Sample, add, columns, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from heroes_forensics.errors import HashSetError, UsageError
from heroes_forensics.frames import KNOWN, Batch, Rows
from heroes_forensics.hashsets.building import SetBuilder
from heroes_forensics.hashsets.hset import HashSetFile, read_header
from heroes_forensics.hashsets.layout import (
    ALIGN,
    HEADER_AREA,
    MAGIC,
    PREAMBLE,
    SAME_DIGEST,
    VERSION,
    Header,
    decode,
)
from heroes_forensics.hashsets.probes import PROBES
from heroes_forensics.hashsets.sealing import DigestSeal, derive
from heroes_forensics.hashsets.spill import Spill

SET_ID = "00000000-0000-4000-8000-000000000001"


def rows_of(count: int, *, seed: int = 1, has: int = 7) -> Rows:
    rng = np.random.default_rng(seed)
    rows: Rows = np.zeros(count, KNOWN)
    rows["has"] = has
    for name, width, bit in (("md5", 16, 1), ("sha1", 20, 2), ("sha256", 32, 4)):
        if has & bit:
            values = rng.integers(0, 256, (count, width), dtype=np.uint8)
            rows[name] = values.view(f"V{width}").ravel()
    rows["size"] = np.arange(count) % 97 - 1
    rows["record"] = np.arange(1, count + 1)
    rows["entry"] = -1
    return rows


def build(
    folder: Path, *batches: Rows, area: bytes = b"", memory_rows: int = 1 << 20, key: bytes = KEY
) -> Path:
    staging = folder / "staging"
    staging.mkdir(mode=0o700)
    builder = SetBuilder(staging, key, SET_ID, memory_rows=memory_rows)
    for rows in batches:
        builder.add(Batch("known", rows, area))
    header = Header(id="", file="", name="a set", edition="1", kind="notable")
    path = builder.finish(header)
    assert [item.name for item in staging.iterdir()] == ["set.hset"]
    return path


@pytest.mark.parametrize("memory_rows", [1 << 20, 500], ids=["in memory", "spilled"])
def test_every_row_is_found_and_nothing_else(tmp_path: Path, memory_rows: int) -> None:
    rows = rows_of(20_000)
    path = build(tmp_path, *np.array_split(rows, 40), memory_rows=memory_rows)
    with HashSetFile.open(path, KEY) as opened_set:
        assert opened_set.probes.passed
        assert PROBES // 2 <= opened_set.probes.planted <= PROBES
        assert len(opened_set) == 20_000
        for name in ("md5", "sha1", "sha256"):
            query, record = opened_set.lookup(name, rows[name])
            assert (query == np.arange(20_000)).all()
            facts = opened_set.records(record)
            assert (facts["record"] == rows["record"]).all()
            assert (facts["size"] == rows["size"]).all()
            assert (facts["has"] == 7).all()
            strangers = rows_of(20_000, seed=2)[name]
            assert len(opened_set.lookup(name, strangers)[0]) == 0


def test_spilling_changes_nothing(tmp_path: Path) -> None:
    rows = rows_of(5_000)
    found = []
    for name, memory_rows in (("a", 1 << 20), ("b", 100)):
        folder = tmp_path / name
        folder.mkdir()
        with HashSetFile.open(build(folder, rows, memory_rows=memory_rows), KEY) as one:
            _, record = one.lookup("sha1", rows["sha1"])
            header = replace(one.header, file="", sections={})
            found.append((header, one.records(record).tobytes()))
    assert found[0] == found[1]


@settings(max_examples=20)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=60), st.lists(st.integers(0, 40)))
def test_lookup_equals_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, listed: list[int], asked: list[int]
) -> None:
    pool = rows_of(41, has=2)
    rows = pool[listed].copy()
    rows["size"] = np.arange(len(rows)) % 3
    rows["record"] = np.arange(1, len(rows) + 1)
    path = build(tmp_path_factory.mktemp("set"), rows)
    wanted: set[tuple[int, int]] = {
        (position, int(row["size"]))
        for position, number in enumerate(asked)
        for row in rows
        if bytes(row["sha1"]) == bytes(pool[number]["sha1"])
    }
    with HashSetFile.open(path, KEY) as one:
        query, record = one.lookup("sha1", pool["sha1"][asked])
        sizes = one.records(record)["size"]
        found = list(zip(query.tolist(), sizes.tolist(), strict=True))
    assert len(found) == len(set(found))
    assert set(found) == wanted


def test_one_digest_of_several_records_gives_them_all(tmp_path: Path) -> None:
    rows = rows_of(300)
    rows["md5"][:50] = rows["md5"][0]
    with HashSetFile.open(build(tmp_path, rows), KEY) as one:
        query, record = one.lookup("md5", rows["md5"][[0, 60]])
        assert query.tolist() == [0] * 50 + [1]
        assert len(set(record.tolist())) == 51
        assert one.header.distinct == {"md5": 251, "sha1": 300, "sha256": 300}


def test_records_equal_in_every_respect_are_kept_once(tmp_path: Path) -> None:
    rows = rows_of(100)
    again = rows.copy()
    again["record"] += 1_000
    other = rows[:10].copy()
    other["size"] += 1
    with HashSetFile.open(build(tmp_path, rows, again, other), KEY) as one:
        assert (one.header.records, one.header.merged) == (110, 100)
        _, record = one.lookup("sha256", rows["sha256"][20:])
        assert (one.records(record)["record"] == rows["record"][20:]).all()


def test_one_digest_under_two_categories_is_a_conflict(tmp_path: Path) -> None:
    rows = rows_of(10, has=1)
    rows["md5"][1:3] = rows["md5"][0]
    rows["category_length"] = 1
    rows["category_offset"] = [0, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    with HashSetFile.open(build(tmp_path, rows, area=b"12"), KEY) as one:
        assert one.header.conflicts == 1
        assert one.categories == ["", "1", "2"]


def test_a_list_made_to_slow_look_ups_is_refused(tmp_path: Path) -> None:
    rows = rows_of(SAME_DIGEST + 1, has=1)
    rows["md5"] = rows["md5"][0]
    rows["size"] = np.arange(len(rows))
    with pytest.raises(HashSetError, match="share one digest"):
        build(tmp_path, rows)


def test_nothing_of_a_digest_stands_in_the_file(tmp_path: Path) -> None:
    rows = rows_of(2_000)
    rows["category_length"] = 7
    rows["series_offset"], rows["series_length"] = 7, 6
    data = build(tmp_path, rows, area=b"cat-onesecret").read_bytes()
    for name in ("md5", "sha1", "sha256"):
        for row in rows[:200]:
            whole = bytes(row[name])
            for start in range(0, len(whole) - 7, 8):
                assert whole[start : start + 8] not in data
            assert whole.hex().encode() not in data
    assert b"secret" not in data
    assert b"cat-one" not in data


def test_the_same_set_under_another_key_shares_nothing(tmp_path: Path) -> None:
    rows = rows_of(500)
    files = []
    for name, key in (("a", KEY), ("b", bytes(32))):
        (tmp_path / name).mkdir()
        path = build(tmp_path / name, rows, key=key)
        section = read_header(path).sections["sha256.key"]
        files.append(path.read_bytes()[section.offset : section.offset + section.length])
    keys = [set(np.frombuffer(data, "<u8").tolist()) for data in files]
    assert not keys[0] & keys[1]


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = build(tmp_path, rows_of(10))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_another_key_is_told_apart_from_damage(tmp_path: Path) -> None:
    path = build(tmp_path, rows_of(10))
    with pytest.raises(HashSetError, match="under another set key"):
        HashSetFile.open(path, bytes(32))


def test_a_set_key_of_the_wrong_length_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="32 bytes"):
        derive(b"short", SET_ID, "x")


def test_sections_start_at_pages_and_the_header_describes_all(tmp_path: Path) -> None:
    path = build(tmp_path, rows_of(1_000))
    header = read_header(path)
    assert set(header.sections) == {
        *("records", "texts"),
        *(f"{name}.{part}" for name in ("md5", "sha1", "sha256") for part in PARTS),
    }
    assert all(section.offset % ALIGN == 0 for section in header.sections.values())
    assert path.stat().st_size % ALIGN == 0
    assert header.digests == {"md5": 1000, "sha1": 1000, "sha256": 1000}


PARTS = ("radix", "key", "rest", "meta")


@given(st.data())
@settings(max_examples=60)
def test_no_change_of_a_byte_that_means_something_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = built_once(tmp_path_factory)
    header = read_header(path)
    image = bytearray(path.read_bytes())
    places = [(0, 80 + len(header.encode()))]
    places += [(item.offset, item.length) for item in header.sections.values()]
    start, length = data.draw(st.sampled_from(places))
    at = start + data.draw(st.integers(0, length - 1))
    image[at] ^= 1 << data.draw(st.integers(0, 7))
    damaged = path.with_name("damaged.hset")
    damaged.write_bytes(bytes(image))
    with pytest.raises(HashSetError):
        HashSetFile.open(damaged, KEY)


_BUILT: dict[str, Path] = {}


def built_once(factory: pytest.TempPathFactory) -> Path:
    if "path" not in _BUILT:
        _BUILT["path"] = build(factory.mktemp("set"), rows_of(50))
    return _BUILT["path"]


@pytest.mark.parametrize("length", [0, 10, 100, HEADER_AREA, HEADER_AREA + ALIGN])
def test_a_file_cut_short_is_refused(tmp_path: Path, length: int) -> None:
    path = build(tmp_path, rows_of(1_000))
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(HashSetError, match="cut short"):
        HashSetFile.open(path, KEY)


def test_a_rewritten_header_needs_the_key(tmp_path: Path) -> None:

    path = build(tmp_path, rows_of(10))
    header = replace(read_header(path), kind="known-good")
    body = header.encode()
    image = bytearray(path.read_bytes())
    start = PREAMBLE.pack(MAGIC, VERSION, len(body), sha256(body).digest(), bytes(32))
    image[: len(start) + len(body)] = start + body
    path.write_bytes(bytes(image))
    assert read_header(path).kind == "known-good"
    with pytest.raises(HashSetError, match="does not verify: header"):
        HashSetFile.open(path, KEY)


def test_planted_rows_tell_when_the_index_does_not_work(tmp_path: Path) -> None:
    path = build(tmp_path, rows_of(500, has=1))
    section = read_header(path).sections["md5.key"]
    image = bytearray(path.read_bytes())
    image[section.offset : section.offset + section.length] = bytes(section.length)
    path.write_bytes(bytes(image))
    with HashSetFile.open(path, KEY, verify=False) as one:
        assert not one.probes.passed
        assert one.probes.found == 0


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"null", b"{" * 5000, b'{"id": 1}'], ids=lambda data: data[:6]
)
def test_a_header_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(HashSetError):
        decode(data)


def test_a_header_survives_its_round_trip() -> None:
    header = Header(id="i", file="f", name="n\u00e9", edition="e", kind="watch")
    assert decode(header.encode()) == header


def test_a_description_too_long_for_the_header_is_refused() -> None:
    with pytest.raises(HashSetError, match="too long"):
        Header(id="i", file="f", name="n" * 70_000, edition="e", kind="watch").encode()


def spoiled(column: str, value: int) -> Rows:
    rows = rows_of(5)
    rows[column][2] = value
    return rows


BAD_BATCHES: dict[str, Batch] = {
    "no rows": Batch("known", rows_of(0)),
    "another kind": Batch("entries", rows_of(5)),
    "no digest": Batch("known", spoiled("has", 0)),
    "an unknown digest": Batch("known", spoiled("has", 8)),
    "an impossible size": Batch("known", spoiled("size", -2)),
    "an impossible entry": Batch("known", spoiled("entry", -2)),
    "a state beyond true": Batch("known", spoiled("flags", 3)),
    "a flag beyond the last": Batch("known", spoiled("flags", 1 << 14)),
    "a category outside the area": Batch("known", spoiled("category_length", 1)),
    "a series outside the area": Batch("known", spoiled("series_length", 1)),
    "a record beyond 2^32": Batch("known", spoiled("record", 1 << 32)),
}


@pytest.mark.parametrize("batch", BAD_BATCHES.values(), ids=BAD_BATCHES)
def test_a_batch_that_no_importer_sends_is_refused(tmp_path: Path, batch: Batch) -> None:
    builder = SetBuilder(tmp_path, KEY, SET_ID)
    with pytest.raises(HashSetError):
        builder.add(batch)


def test_a_set_without_records_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HashSetError, match="no usable digest"):
        build(tmp_path)


def test_rows_come_back_sorted_whatever_their_number(tmp_path: Path) -> None:
    dtype = np.dtype([("key", "<u8"), ("n", "<u4")])
    rng = np.random.default_rng(5)
    for memory_rows in (10, 10_000):
        spill = Spill(tmp_path, f"s{memory_rows}", dtype, memory_rows=memory_rows)
        keys = rng.integers(0, 1 << 64, 1_000, dtype=np.uint64)
        for part in np.array_split(keys, 30):
            rows: Rows = np.zeros(len(part), dtype)
            rows["key"] = part
            spill.add(rows)
        parts = list(spill.parts())
        together = np.concatenate([part["key"] for part in parts])
        assert (together == np.sort(keys)).all()
        assert (len(parts) > 1) == (memory_rows == 10)
    assert list(tmp_path.iterdir()) == []


def test_digests_equal_in_their_first_16_bytes_stay_apart(tmp_path: Path) -> None:
    rows = rows_of(3, has=4)
    first = bytes(rows["sha256"][0])
    rows["sha256"][1] = np.void(first[:-1] + bytes([first[-1] ^ 1]))
    with HashSetFile.open(build(tmp_path, rows), KEY) as one:
        query, record = one.lookup("sha256", rows["sha256"])
        assert query.tolist() == [0, 1, 2]
        assert one.records(record)["record"].tolist() == [1, 2, 3]


def test_the_sealed_form_is_that_of_the_documentation() -> None:

    def block(label: bytes, data: bytes) -> bytes:
        key = HKDF(SHA256(), 32, SET_ID.encode(), b"heroes-hset/1 " + label).derive(KEY)
        encryptor = Cipher(algorithms.AES256(key), modes.ECB()).encryptor()  # noqa: S305 - as documented
        return encryptor.update(data) + encryptor.finalize()

    plain = S[0].sha1
    seal = DigestSeal(KEY, SET_ID, "sha1")
    digests = np.frombuffer(plain, np.uint8).reshape(1, 20)
    head = seal.head(digests)
    assert head.tobytes() == block(b"head sha1", plain[:16])
    mask = block(b"tail sha1", head.tobytes())[:4]
    tail = bytes(left ^ right for left, right in zip(plain[16:], mask, strict=True))
    assert seal.tail(head, digests).tobytes() == tail


def test_void_and_byte_columns_are_the_same_query(tmp_path: Path) -> None:
    text = "".join(f"{sample.md5.hex()}\n" for sample in S)
    with opened(add(tmp_path, text.encode(), kind="notable")) as one:
        md5, *_ = columns(*S)
        as_bytes = np.frombuffer(md5.tobytes(), np.uint8).reshape(-1, 16)
        assert one.lookup("md5", md5)[0].tolist() == one.lookup("md5", as_bytes)[0].tolist()
        assert one.lookup("sha1", columns(*S)[1])[0].tolist() == []
        assert one.lookup("md5", md5[:0])[0].tolist() == []
        assert one.algorithms == ("md5",)


CASES: dict[str, Callable[[], list[Sample]]] = {
    "one": lambda: S[:1],
    "eight": lambda: S[:8],
    "seventeen": lambda: S[:17],
}


@pytest.mark.parametrize("samples", CASES.values(), ids=CASES)
def test_small_sets_have_a_radix_table_too(
    tmp_path: Path, samples: Callable[[], list[Sample]]
) -> None:
    listed = samples()
    text = "".join(f"{sample.md5.hex()}\n" for sample in listed)
    with opened(add(tmp_path, text.encode(), kind="notable")) as one:
        query, _ = one.lookup("md5", columns(*S)[0])
        assert query.tolist() == list(range(len(listed)))
        assert one.probes == (len(listed), len(listed), 0)
