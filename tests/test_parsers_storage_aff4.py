"""AFF4: the media that the standard's own reader gives, and nothing that lacks in silence."""

import hashlib
import json
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
from aff4_images import IMAGE, METHODS, SCHEMA, STREAM, VOLUME, Aff4, zipped
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory, opened

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.aff4_logical import open_aff4_logical
from heroes_forensics.parsers.storage import aff4_facts
from heroes_forensics.parsers.storage.aff4 import open_aff4
from heroes_forensics.parsers.storage.image import Image
from heroes_forensics.parsers.storage.layout import volumes
from heroes_forensics.parsers.storage.source import media_chunks
from heroes_forensics.parsers.storage.volume import Volume
from heroes_forensics.parsers.volumes import open_volume

CONTENT = hashlib.shake_128(b"content").digest(30_000) + bytes(10_000)
TWO = "aff4://55555555-5555-5555-5555-555555555555"
BEFORE = "5d5f183ae7355b8dc8938b67aab77c0215c29ab4"
"""SHA-1 that pyaff4's own tests assert of the image from before the standard."""


def image(made: Aff4) -> Image:
    return open_aff4("x.aff4", Memory(made.volume()), {})


def whole(found: Image) -> bytes:
    return found.media.pread(0, found.media.size)


@pytest.mark.parametrize(
    "name",
    [
        "Base-Linear.aff4",
        "Base-Allocated.aff4",
        "Base-Linear-ReadError.aff4",
        "Base-Linear_1.aff4",
        "Base-Linear_2.aff4",
        "Base-Linear.af4",
    ],
)
def test_reference_images(name: str) -> None:
    path = evidence(f"images/aff4/{name}")
    manifest = path.with_name(f"{name.replace('_2', '_1')}.truth.json")
    source = opened(path)
    digest = hashlib.sha1()  # noqa: S324 - what the manifests of the striped image have
    for piece in media_chunks(source):
        assert isinstance(piece, bytes)
        digest.update(piece)
    stated = BEFORE
    if manifest.exists():
        stated = json.loads(manifest.read_bytes())["images"][0]["media"]["sha1"]
    assert (source.size, digest.hexdigest()) == (268435456, stated)
    codes = [gap.code for gap in source.health]
    has_filler = "Allocated" in name or "ReadError" in name
    assert codes == (["source.unread-sectors"] if has_filler else [])


def test_a_stripe_that_is_missing_is_said(tmp_path: Path) -> None:
    shutil.copy(evidence("images/aff4/Base-Linear_1.aff4"), tmp_path)
    with pytest.raises(EvidenceError, match="a volume that holds part") as refused:
        opened(tmp_path / "Base-Linear_1.aff4")
    assert refused.value.hint


def test_the_reference_volume_of_files() -> None:
    path = evidence("images/aff4/dream.aff4")
    source = opened(path)
    assert (source.kind, source.format) == ("archive", "aff4-logical")
    (volume,) = [row for row in volumes(source) if isinstance(row, Volume)]
    found = open_volume(source, volume)
    (entry,) = [row for row in found.entries() if isinstance(row, Entry)]
    assert entry.path == b"test_images/AFF4-L/dream.txt"
    assert found.open(entry.handle).pread(0, 9000) == path.with_name("dream.txt").read_bytes()


@pytest.mark.parametrize("method", METHODS)
def test_every_method(method: str) -> None:
    lines = [(0, 20_000, 0, 0), (20_000, 4096, 0, 1), (24_096, 20_000, 20_000, 0)]
    found = image(Aff4(CONTENT, 50_000, lines, method=method))
    assert whole(found) == CONTENT[:20_000] + bytes(4096) + CONTENT[20_000:] + bytes(
        50_000 - 44_096
    )
    assert found.media.pread(19_999, 2) == CONTENT[19_999:20_000] + b"\0"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 900), st.integers(1, 2000), st.integers(0, 3000), st.integers(0, 3)
        ),
        max_size=12,
    ),
    st.integers(1, 700),
    st.randoms(use_true_random=False),
)
def test_any_map(
    pieces: list[tuple[int, int, int, int]],
    chunk: int,
    order: "st.DataObject",
) -> None:
    content = CONTENT[:6000]
    targets = [STREAM, f"{SCHEMA}Zero", f"{SCHEMA}SymbolicStreamA5", f"{SCHEMA}UnreadableData"]
    filler = b"UNREADABLEDATA" * 600
    expected, lines = b"", []
    doubtful = 0
    for skip, length, at, target in pieces:
        expected += bytes(skip)
        lines.append((len(expected), length, at, target))
        patterns = [content[at:], bytes(length), b"\xa5" * length, filler[at % 14 :]]
        expected += patterns[target][:length]
        doubtful += length if target == 3 else 0
    order.shuffle(lines)  # type: ignore[attr-defined]
    found = image(Aff4(content, len(expected) + 7, lines, targets, chunk=chunk))
    assert whole(found) == expected + bytes(7)
    for at in range(0, len(expected), 997):
        assert found.media.pread(at, 1001) == (expected + bytes(7))[at : at + 1001]
    told = sum(int(str(gap.detail["bytes"])) for gap in found.health)
    assert told == doubtful


def test_filler_is_a_doubt_of_what_touches_it() -> None:
    made = Aff4(CONTENT, 3000, [(0, 1000, 0, 0), (1000, 1000, 0, 1)])
    made.targets[1] = f"{SCHEMA}UnknownData"
    found = image(made)
    doubts = found.media.doubts  # type: ignore[attr-defined]
    found.media.pread(0, 1000)
    assert doubts.take() == []
    found.media.pread(900, 200)
    assert [(doubt.offset, doubt.length) for doubt in doubts.take()] == [(1000, 1000)]


def test_a_damaged_chunk_is_never_given_out() -> None:
    made = Aff4(CONTENT, len(CONTENT), [(0, len(CONTENT), 0, 0)])
    members = made.members()
    name = next(name for name in members if name.endswith("/00000001"))
    members[name] = members[name][:99] + bytes([members[name][99] ^ 1]) + members[name][100:]
    found = open_aff4("x.aff4", Memory(zipped(members, VOLUME)), {})
    with pytest.raises(OSError, match="damaged"):
        found.media.pread(4096 * 4, 10)
    assert found.media.doubts.take()  # type: ignore[attr-defined]
    assert found.media.pread(0, 4096) == CONTENT[:4096]


WRONG = {
    "overlapping": [(0, 100, 0, 0), (50, 100, 0, 0)],
    "no such target": [(0, 100, 0, 9)],
    "beyond all": [(1 << 63, 1 << 63, 0, 0)],
}


@pytest.mark.parametrize("lines", WRONG.values(), ids=WRONG)
def test_a_wrong_map_is_refused(lines: list[tuple[int, int, int, int]]) -> None:
    with pytest.raises(EvidenceError, match=r"x\.aff4 cannot be opened: the map"):
        image(Aff4(CONTENT, 200, lines))


def test_streams_that_lie_in_another_volume() -> None:
    lines = [(0, len(CONTENT), 0, 0)]
    lacks = Aff4(CONTENT, len(CONTENT), lines, holds_stream=False, name=TWO).volume()
    holds = Aff4(CONTENT, len(CONTENT), lines).volume()
    others = {"none.aff4": Memory(b"PK\x03\x04" + bytes(99)), "two.aff4": Memory(holds)}
    assert whole(open_aff4("x.aff4", Memory(lacks), others)) == CONTENT
    with pytest.raises(EvidenceError, match="is missing"):
        open_aff4("x.aff4", Memory(lacks), {})


def files_in(facts: str, **members: bytes) -> bytes:
    turtle = f"@prefix aff4: <{SCHEMA}> .\n{facts}"
    return zipped(
        {
            "container.description": VOLUME.encode(),
            "information.turtle": turtle.encode(),
            **members,
        },
        VOLUME,
    )


def test_files_are_checked_against_their_digests() -> None:
    facts = "".join(
        f'<{VOLUME}/{name}> a aff4:FileImage ; aff4:originalFileName "C:\\\\{name}" ;'
        f' aff4:size {len(name)} ; aff4:hash "{hashlib.md5(stated).hexdigest()}"^^aff4:MD5 .\n'  # noqa: S324
        for name, stated in (("good", b"good"), ("bad", b"other"))
    )
    found = open_aff4_logical(Memory(files_in(facts, good=b"good", bad=b"bad")))
    entries = {row.path: row for row in found.entries() if isinstance(row, Entry)}
    assert found.open(entries[b"C:/good"].handle).pread(0, 99) == b"good"
    with pytest.raises(UnsupportedError) as refused:
        found.open(entries[b"C:/bad"].handle).pread(0, 99)
    assert refused.value.code == "stream.checksum"


def test_a_file_whose_content_is_not_there_is_a_gap() -> None:
    facts = f"<{VOLUME}/gone> a aff4:FileImage ; aff4:size 4 .\n"
    found = open_aff4_logical(Memory(files_in(facts)))
    (entry,) = [row for row in found.entries() if isinstance(row, Entry)]
    with pytest.raises(UnsupportedError):
        found.open(entry.handle)


def test_a_list_of_targets_without_end_is_damage_and_no_list_in_memory() -> None:
    few = Aff4(CONTENT, len(CONTENT), [(0, len(CONTENT), 0, 0)], [STREAM, *[""] * 9])
    assert open_aff4("x.aff4", Memory(few.volume()), {}).media.size == len(CONTENT)
    many = Aff4(CONTENT, len(CONTENT), [(0, len(CONTENT), 0, 0)], [STREAM, *[""] * (1 << 20)])
    with pytest.raises(EvidenceError, match="damaged"):
        open_aff4("x.aff4", Memory(many.volume()), {})


def test_facts_are_read_as_they_are_written() -> None:
    facts = aff4_facts.read(Aff4(CONTENT, 9, []).turtle().encode())
    assert facts[IMAGE][f"{SCHEMA}notes"] == ['a "note" ; of . it']
    assert facts[VOLUME][f"{SCHEMA}contains"][0] == STREAM
    assert facts[IMAGE][aff4_facts.TYPE] == [f"{SCHEMA}DiskImage", f"{SCHEMA}Image"]


def test_a_comment_of_the_metadata_is_passed_over_in_one_way_only() -> None:
    assert aff4_facts.read(b"#" * 64 + b"\n<a:b> <a:c> 1 .") == {"a:b": {"a:c": ["1"]}}
    with pytest.raises(EvidenceError):
        aff4_facts.read(b"#" * 64 + b"\n?")


@given(st.binary(max_size=200) | st.text('<>@:;.,"\\^ a\n#', max_size=60).map(str.encode))
def test_any_metadata_are_read_or_refused(data: bytes) -> None:
    with suppress(EvidenceError):
        assert all(facts.values() for facts in aff4_facts.read(data).values())


def test_bytes_that_change_give_the_media_or_are_refused() -> None:
    data = Aff4(CONTENT, len(CONTENT), [(0, len(CONTENT), 0, 0)]).volume()
    for at in range(0, len(data), 211):
        broken = data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
        try:
            found = open_aff4("x.aff4", Memory(broken), {})
            if found.media.size <= 1 << 20:
                got = found.media.pread(0, found.media.size)
                assert len(got) == found.media.size
        except (EvidenceError, OSError):
            continue
