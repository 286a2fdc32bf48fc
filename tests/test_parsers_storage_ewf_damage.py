"""Damage of an E01 set beyond its media: tables, descriptors, geometry, segments, read errors."""

import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import ewf_writer
import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory, opened, slots_of

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Gap
from heroes_forensics.parsers.storage import ewf_bodies
from heroes_forensics.parsers.storage.ewf import open_ewf
from heroes_forensics.parsers.storage.segments import discover, open_slots
from heroes_forensics.parsers.storage.source import Source, media_chunks, open_source

CHUNK: Final = ewf_writer.CHUNK
MEDIA: Final = random.Random(11).randbytes(8 * CHUNK) + bytes(8 * CHUNK - 700)  # noqa: S311
CHUNKS: Final = 16
Damage = Callable[[bytearray], None]


def written(folder: Path, *, chunks: int = 4) -> list[Path]:
    paths = []
    for number, data in enumerate(ewf_writer.write(MEDIA, segment_chunks=chunks), start=1):
        path = folder / f"x.E{number:02d}"
        path.write_bytes(data)
        paths.append(path)
    return paths


def section(data: bytearray, kind: bytes, *, after: int = 0) -> int:
    """Return where the descriptor of a section begins."""
    return data.index(kind.ljust(16, b"\0"), after)


def flip(kind: bytes, at: int) -> Damage:
    """Flip a bit at a byte counted from the descriptor of a section."""

    def damage(data: bytearray) -> None:
        data[section(data, kind) + at] ^= 0x20

    return damage


def both(*damages: Damage) -> Damage:
    def damage(data: bytearray) -> None:
        for each in damages:
            each(data)

    return damage


def chunk(number: int) -> Damage:
    """Flip a bit in a chunk of a segment that is not packed."""
    return flip(b"sectors", 76 + number * (CHUNK + 4) + 100)


def readable(source: Source) -> list[int]:
    """Return the chunks that can be read, after checking that they are the right ones."""
    assert source.media is not None
    good = []
    for number in range(CHUNKS):
        try:
            data = source.media.pread(number * CHUNK, CHUNK)
        except OSError:
            continue
        assert data == MEDIA[number * CHUNK : (number + 1) * CHUNK]
        good.append(number)
    return good


ENTRIES: Final = 76 + ewf_bodies.TABLE_HEAD

HARMLESS: Final = {
    "an entry of a table": (flip(b"table", ENTRIES + 5), "chunk table"),
    "the count of a table": (flip(b"table", 76), "chunk table"),
    "the copy of a table": (flip(b"table2", ENTRIES + 5), ""),
    "the geometry": (flip(b"volume", 76 + 4), "volume section"),
    "a stored digest": (flip(b"digest", 76), "stored digest"),
}


@pytest.mark.parametrize(("damage", "said"), HARMLESS.values(), ids=HARMLESS)
def test_what_is_there_twice_is_read_from_the_other_place_and_said(
    tmp_path: Path, damage: Damage, said: str
) -> None:
    (path,) = written(tmp_path, chunks=CHUNKS)
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(bytes(data))
    source = opened(path, treat_as="image")
    assert readable(source) == list(range(CHUNKS))
    assert source.health == []
    assert [said in note for note in source.notes if note.startswith(("a ", "the v"))] == [
        True
    ] * bool(said)
    algorithms = {digest.algorithm for digest in source.stored_digests}
    assert algorithms == ({"md5"} if said == "stored digest" else {"md5", "sha1"})


ACCEPTED: Final[dict[str, tuple[Damage, list[int]]]] = {
    "the descriptor of the chunks": (flip(b"sectors", 20), [*range(16)]),
    "the descriptor of a table": (flip(b"table", 20), [*range(16)]),
    "the descriptor of a copy": (flip(b"table2", 20), [*range(16)]),
    "the entries of both tables": (
        both(flip(b"table", ENTRIES), flip(b"table2", ENTRIES)),
        [*range(16)],
    ),
    "the counts of both tables": (
        both(flip(b"table", 76), flip(b"table2", 76)),
        [*range(16)],
    ),
    "the descriptors of both tables": (
        both(flip(b"table", 20), flip(b"table2", 20)),
        [*range(16)],
    ),
    "the entries of both tables, and a chunk": (
        both(flip(b"table", ENTRIES), flip(b"table2", ENTRIES), chunk(2)),
        [*range(6), *range(8, 16)],
    ),
    "the counts of both tables, and a chunk": (
        both(flip(b"table", 76), flip(b"table2", 76), chunk(2)),
        [*range(6), *range(8, 16)],
    ),
    "the signature of a segment": (lambda data: data.__setitem__(0, 0), [*range(16)]),
}


@pytest.mark.parametrize(("damage", "chunks"), ACCEPTED.values(), ids=ACCEPTED)
def test_damage_inside_the_second_segment_costs_no_more_than_it_hides(
    tmp_path: Path, damage: Damage, chunks: list[int]
) -> None:
    path = written(tmp_path)[1]
    data = bytearray(path.read_bytes())
    damage(data)
    path.write_bytes(bytes(data))
    with pytest.raises(EvidenceError, match=r"segment 2 of x\.E01") as caught:
        opened(tmp_path / "x.E01", treat_as="image")
    assert caught.value.exit_code == 20
    assert "--accept-damaged" in caught.value.hint
    source = opened(tmp_path / "x.E01", treat_as="image", accept_damaged=True)
    assert readable(source) == chunks
    missing = [gap.detail for gap in source.health if gap.detail.get("reason") == "missing"]
    lost = [number for number in range(CHUNKS) if number not in chunks]
    if lost:
        (range_,) = missing
        assert range_["chunk"] == lost[0]
        assert (range_["offset"], range_["length"]) == (lost[0] * CHUNK, len(lost) * CHUNK)
    else:
        assert missing == []


def test_a_missing_segment_in_the_middle_costs_its_own_chunks(tmp_path: Path) -> None:
    paths = written(tmp_path)
    paths[2].unlink()
    with pytest.raises(EvidenceError, match=r"segment 3 of the set of x\.E01 is missing"):
        discover(paths[0])
    slots = open_slots(discover(paths[0], accept_damaged=True))
    with pytest.raises(EvidenceError, match=r"segment 3 of x\.E01 is missing"):
        open_source(slots)
    source = open_source(slots, treat_as="image", accept_damaged=True)
    assert readable(source) == [*range(8), *range(12, 16)]


def test_a_missing_first_segment_costs_its_own_chunks(tmp_path: Path) -> None:
    paths = written(tmp_path)
    source = open_source(slots_of(*paths[1:]), treat_as="image", accept_damaged=True)
    assert readable(source) == [*range(4, 16)]


def test_segments_that_were_renamed_are_put_in_order(tmp_path: Path) -> None:
    paths = written(tmp_path)
    second, fourth = paths[1].read_bytes(), paths[3].read_bytes()
    paths[1].write_bytes(fourth)
    paths[3].write_bytes(second)
    with pytest.raises(EvidenceError, match=r"segment 2 of x\.E01 calls itself segment 4"):
        opened(paths[0])
    source = opened(paths[0], treat_as="image", accept_damaged=True)
    assert readable(source) == [*range(16)]


@pytest.mark.parametrize("written_number", [1, 3, 4, 7])
def test_a_segment_whose_number_fits_nothing_is_left_aside(
    tmp_path: Path, written_number: int
) -> None:
    """Its chunks are sound, and could be of any place: only the name says where they belong."""
    paths = written(tmp_path)
    data = bytearray(paths[1].read_bytes())
    data[9] = written_number
    paths[1].write_bytes(bytes(data))
    match = rf"segment 2 of x\.E01 calls itself segment {written_number}"
    with pytest.raises(EvidenceError, match=match):
        opened(paths[0])
    source = opened(paths[0], treat_as="image", accept_damaged=True)
    assert readable(source) == [*range(4), *range(8, 16)]


def test_the_order_of_arguments_does_not_matter(tmp_path: Path) -> None:
    paths = written(tmp_path)
    source = open_source(slots_of(paths[0], *reversed(paths[1:])), treat_as="image")
    assert readable(source) == [*range(16)]


def test_what_follows_the_end_of_a_set_is_not_of_it(tmp_path: Path) -> None:
    paths = written(tmp_path, chunks=8)
    longer = ewf_writer.write(MEDIA + MEDIA, segment_chunks=8)
    (tmp_path / "x.E03").write_bytes(longer[2])
    with pytest.raises(EvidenceError, match=r"segment 3 of x\.E01 belongs to another"):
        opened(paths[0])
    source = opened(paths[0], treat_as="image", accept_damaged=True)
    assert readable(source) == [*range(16)]


def test_a_file_that_holds_two_images_is_refused(tmp_path: Path) -> None:
    """Read by sizes it is one image, read by offsets another: which was acquired?"""
    (path,) = written(tmp_path, chunks=CHUNKS)
    data = bytearray(path.read_bytes())
    at = section(data, b"header2")
    size = struct.unpack_from("<Q", data, at + 24)[0]
    struct.pack_into("<Q", data, at + 24, size + 76)
    data[at + 72 : at + 76] = struct.pack("<I", zlib.adler32(bytes(data[at : at + 72])))
    path.write_bytes(bytes(data))
    with pytest.raises(EvidenceError, match="can be read in two ways"):
        opened(path)


def test_what_the_imager_could_not_read_is_in_the_health_of_the_source(tmp_path: Path) -> None:
    (data,) = ewf_writer.write(MEDIA, errors=[(70, 2), (200, 1), (10_000_000, 5)])
    (tmp_path / "x.E01").write_bytes(data)
    source = opened(tmp_path / "x.E01", treat_as="image")
    assert [(gap.code, gap.detail) for gap in source.health] == [
        ("source.unread-sectors", {"offset": 35840, "length": 1024, "reason": "filler"}),
        ("source.unread-sectors", {"offset": 102400, "length": 512, "reason": "filler"}),
    ]
    assert readable(source) == list(range(CHUNKS))


def test_many_read_errors_are_named_as_far_as_a_person_reads(tmp_path: Path) -> None:
    (data,) = ewf_writer.write(MEDIA, errors=[(2 * one, 1) for one in range(150)])
    (tmp_path / "x.E01").write_bytes(data)
    health = opened(tmp_path / "x.E01", treat_as="image").health
    assert len(health) == 101
    assert health[-1].detail == {"ranges": 50, "length": 50 * 512}


@pytest.mark.parametrize("at", [76, 76 + 520, 76 + 520 + 8])
def test_a_damaged_list_of_read_errors_is_damage(tmp_path: Path, at: int) -> None:
    (image,) = ewf_writer.write(MEDIA, errors=[(70, 2)])
    data = bytearray(image)
    data[section(data, b"error2") + at] ^= 1
    (tmp_path / "x.E01").write_bytes(bytes(data))
    with pytest.raises(EvidenceError, match="the structure of segment 1"):
        opened(tmp_path / "x.E01")


def test_the_header_is_shown_and_a_damaged_one_is_not(tmp_path: Path) -> None:
    about = ewf_writer.Acquisition(case="\x1b[31m1", examiner="Zoë", notes="n")
    (image,) = ewf_writer.write(MEDIA, about=about)
    path = tmp_path / "x.E01"
    path.write_bytes(image)
    source = opened(path, treat_as="image")
    assert source.acquisition["case number"] == r"\x1b[31m1"
    assert source.acquisition["software version"] == "6.19"
    assert not {"case number", "notes", "examiner", "description"} & source.technical
    assert source.acquisition["examiner"] == "Zoë"
    data = bytearray(image)
    first = section(data, b"header2")
    second = section(data, b"header2", after=first + 1)
    for at in (first, second):
        data[at + 90] ^= 0xFF
    path.write_bytes(bytes(data))
    assert opened(path, treat_as="image").acquisition["examiner"] == "Zo?"
    data[section(data, b"header") + 90] ^= 0xFF
    path.write_bytes(bytes(data))
    assert opened(path, treat_as="image").acquisition == {}


def test_a_chunk_of_each_damage_is_named(tmp_path: Path) -> None:
    paths = written(tmp_path)
    data = bytearray(paths[1].read_bytes())
    at = section(data, b"sectors") + 76
    data[at + 100] ^= 1
    paths[1].write_bytes(bytes(data))
    paths[3].unlink()
    source = opened(tmp_path / "x.E01", treat_as="image", accept_damaged=True)
    gaps = [piece.detail for piece in media_chunks(source) if isinstance(piece, Gap)]
    damaged, missing = gaps
    assert damaged == {
        "offset": 4 * CHUNK,
        "length": CHUNK,
        "reason": "damaged",
        "segment": 2,
        "chunk": 4,
    }
    assert (missing["reason"], missing["chunk"]) == ("missing", 12)
    assert missing["length"] == len(MEDIA) - 12 * CHUNK - len(MEDIA) % 512


def test_a_table_that_grew_beyond_31_bits_is_read() -> None:
    """EnCase 6.7.1: the bit of the compression is part of the offset from 2 GiB on."""
    near = (1 << 31) - 40_000
    entries = struct.pack("<4I", near, near + 32_772, near + 65_544, near + 98_316)
    places = ewf_bodies.places(entries, 0, near + 131_088)
    assert [place >> 1 for place in places] == [near + 32_772 * step for step in range(5)]
    assert not any(place & 1 for place in places)
    packed = struct.pack("<3I", 100 | 1 << 31, 200 | 1 << 31, 300)
    assert list(ewf_bodies.places(packed, 1000, 1400)) == [2201, 2401, 2600, 2800]


@pytest.mark.parametrize("level", [0, 1, 9])
@pytest.mark.parametrize("extra", [0, 77])
def test_chunks_of_every_kind_are_found_without_their_table(
    tmp_path: Path, level: int, extra: int
) -> None:
    media = (b"some text " * 9000 + MEDIA)[: 9 * CHUNK + 1024 + extra]
    (image,) = ewf_writer.write(media, level=level)
    data = bytearray(image)
    del data[section(data, b"table") + 10 :]
    (tmp_path / "x.E01").write_bytes(bytes(data))
    source = opened(tmp_path / "x.E01", treat_as="image", accept_damaged=True)
    assert source.media is not None
    assert source.media.pread(0, len(media) + 1) == media
    assert "10 chunks were found without a table, by their checksums" in source.notes
    codes = [gap.detail.get("fault") for gap in source.health]
    assert codes == ["cut"]


edits = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.integers(0, 200_000),
        st.sampled_from(["flip", "zero", "cut", "drop", "insert", "copy", "swap"]),
        st.integers(1, 255),
    ),
    min_size=1,
    max_size=4,
)


def edited(parts: list[bytes], changes: list[tuple[int, int, str, int]]) -> list[bytes]:
    found = [bytearray(part) for part in parts]
    for number, place, how, value in changes:
        part = found[number % len(found)]
        at = place % max(1, len(part))
        if how == "flip" and part:
            part[at] ^= value
        elif how == "zero":
            part[at : at + value * 40] = bytes(len(part[at : at + value * 40]))
        elif how == "cut":
            del part[at:]
        elif how == "drop":
            del part[at : at + value]
        elif how == "insert":
            part[at:at] = bytes([value]) * value
        elif how == "copy":
            part[at : at + 600] = part[-600:]
        else:
            other = (number + value) % len(found)
            found[number % len(found)], found[other] = found[other], found[number % len(found)]
    return [bytes(part) for part in found]


@given(changes=edits, level=st.sampled_from([0, 1]))
def test_whatever_is_changed_in_a_set_no_wrong_byte_is_read(
    changes: list[tuple[int, int, str, int]], level: int
) -> None:
    media = MEDIA[5 * CHUNK :]
    parts = ewf_writer.write(media, level=level, segment_chunks=3)
    readers = [Memory(part) for part in edited(parts, changes)]
    try:
        image = open_ewf("x", readers, accept_damaged=True)
    except EvidenceError:
        return
    if image.reader_name != "heroes":
        return  # damaged beyond the geometry: what libewf says is not ours
    assert image.media.size <= len(media) + 512
    for at in range(0, image.media.size, 8192):
        try:
            data = image.media.pread(at, 8192)
        except OSError:
            continue
        assert data == media[at : at + len(data)]
