"""AD1 images: every file with the content and the digest stated, whatever the image claims."""

import hashlib
import json
import zlib
from pathlib import Path

import pytest
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from logical_images import Ad1, Tree, ad1_segments
from storage_images import Memory, opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryKind, Gap, Listing, Moment, Place
from heroes_forensics.parsers.base import FileSystem, UnsupportedError
from heroes_forensics.parsers.containers.ad1 import Ad1FileSystem, open_ad1
from heroes_forensics.parsers.storage.layout import volumes
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import open_volume

TREE: Tree = {
    b"Pictures": {b"a.jpg": b"\xff\xd8" * 9, b"empty": b""},
    b"text": b"some text " * 50,
    b"nothing in it": {},
}
FILES = {
    b"C:/Users/anna/Pictures/a.jpg": b"\xff\xd8" * 9,
    b"C:/Users/anna/Pictures/empty": b"",
    b"C:/Users/anna/text": b"some text " * 50,
}


def content(found: FileSystem, entry: Entry) -> bytes:
    reader = found.open(entry.handle)
    return b"".join(
        reader.pread(at, 1 << 16) for at in range(0, max(1, min(reader.size, 1 << 24)), 1 << 16)
    )


def listed(found: FileSystem) -> tuple[list[Entry], list[Gap]]:
    rows = list(found.entries())
    entries = [row for row in rows if isinstance(row, Entry)]
    assert isinstance(rows[-1], Listing)
    assert rows[-1].entries == len(entries)
    return entries, [row for row in rows if isinstance(row, Gap)]


def files(found: FileSystem) -> dict[bytes, bytes]:
    entries, gaps = listed(found)
    assert gaps == []
    assert len({entry.locator for entry in entries}) == len(entries)
    return {entry.path: content(found, entry) for entry in entries if entry.kind == EntryKind.FILE}


def image(chunk: int = 65536, version: int = 4) -> Ad1FileSystem:
    return open_ad1(Memory(ad1_segments(Ad1(chunk, version).image(TREE), 1 << 20)[0]))


@pytest.mark.parametrize("how", [{}, {"version": 3}, {"chunk": 64}], ids=str)
def test_files_come_out_as_they_went_in(how: dict[str, int]) -> None:
    found = image(**how)
    assert files(found) == FILES
    entries, _ = listed(found)
    assert {entry.path for entry in entries if entry.kind == EntryKind.DIRECTORY} == {
        b"C:/Users/anna/Pictures",
        b"C:/Users/anna/nothing in it",
    }
    assert {entry.place for entry in entries} == {Place.USER_FOLDER}
    assert {entry.times[1] for entry in entries} == {Moment(1525247219, 164_650_000)}


@pytest.mark.parametrize(
    "name", ["ad1_test.ad1", "ad1_test_compressed.ad1", "ad1_long.ad1", "text-and-pictures.ad3"]
)
def test_real_images_give_what_another_reader_gives(name: str) -> None:
    path = evidence(f"images/ad1/{name}")
    truth = json.loads(path.with_name(f"{path.stem}.ad1.truth.json").read_bytes())["images"][0]
    source = opened(path)
    assert (source.kind, source.format) == ("archive", "ad1")
    assert [slot.name for slot in source.segments] == truth["segments"]
    (volume,) = [row for row in volumes(source) if isinstance(row, Volume)]
    found = files(open_volume(source, volume))
    assert {
        name.decode(): (len(data), hashlib.sha256(data).hexdigest()) for name, data in found.items()
    } == {row["path"]: (row["size"], row["sha256"]) for row in truth["files"]}


@given(
    st.dictionaries(st.binary(min_size=1, max_size=9), st.binary(max_size=900), max_size=8),
    st.integers(1, 300),
    st.integers(600, 4000),
)
def test_any_files_chunks_and_segments(tree: dict[bytes, bytes], chunk: int, size: int) -> None:
    run = Ad1(chunk=chunk, origin=b"").image(dict(tree) or {b"x": b""})
    joined = b"".join(ad1_segments(run, size))
    assert files(open_ad1(Memory(joined))) == (tree or {b"x": b""})


def test_content_that_does_not_fit_its_digest_is_a_gap() -> None:
    made = Ad1()
    run = bytearray(made.image({b"a": b"right"}, level=0))
    at = run.index(b"right")
    run[at : at + 5] = b"wrong"
    run[at + 5 : at + 9] = zlib.adler32(b"wrong").to_bytes(4, "big")
    found = open_ad1(Memory(ad1_segments(bytes(run), 1 << 20)[0]))
    (entry,), _ = listed(found)
    with pytest.raises(UnsupportedError) as refused:
        content(found, entry)
    assert refused.value.code == "stream.checksum"


def test_a_segment_that_is_missing_is_named(tmp_path: Path) -> None:
    parts = ad1_segments(Ad1().image(TREE, level=0), 800)
    assert len(parts) > 2
    for number, data in enumerate(parts[:-1], 1):
        (tmp_path / f"x.AD{number}").write_bytes(data)
    with pytest.raises(EvidenceError, match=f"segment {len(parts)} of the {len(parts)}"):
        opened(tmp_path / "x.AD2")
    swapped = parts[0] + parts[2] + parts[1]
    with pytest.raises(EvidenceError, match="segment 2"):
        open_ad1(Memory(swapped))


def test_loops_and_damage_end_and_are_said() -> None:
    run = bytearray(Ad1().image(TREE))
    first = 92 + len(b"C:\\Users\\anna")
    run[first : first + 8] = first.to_bytes(8, "little")
    entries, gaps = listed(open_ad1(Memory(ad1_segments(bytes(run), 1 << 20)[0])))
    assert [gap.code for gap in gaps] == ["container.damaged"]
    assert entries
    whole = ad1_segments(Ad1(chunk=64).image(TREE), 1 << 20)[0]
    for at in range(512, len(whole), 7):
        broken = whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        try:
            found = open_ad1(Memory(broken))
        except EvidenceError:
            continue
        for entry in listed(found)[0]:
            try:
                assert len(content(found, entry)) <= 1 << 24
            except (OSError, EvidenceError):
                continue


@pytest.mark.parametrize("data", [b"", b"ADSEGMENTEDFILE\0", b"ADSEGMENTEDFILE\0" + bytes(600)])
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_ad1(Memory(data))
    with pytest.raises(OSError, match="handle"):
        image().open(b"\1")
