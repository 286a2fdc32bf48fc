import contextlib
import hashlib
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import ewf_writer
import pytest
from conftest import Tools
from corpus import evidence
from hypothesis import given
from hypothesis import strategies as st
from storage_images import Memory, opened, slots_of

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Gap
from heroes_forensics.parsers.reading.readers import DescriptorReader
from heroes_forensics.parsers.storage import ewf_sections
from heroes_forensics.parsers.storage.ewf import open_libewf
from heroes_forensics.parsers.storage.ewf_chunks import ChunkReader
from heroes_forensics.parsers.storage.source import Source, media_chunks, open_source

MEDIA = random.Random(7).randbytes(300_000)[: 512 * 500] + bytes(512 * 500)  # noqa: S311


def written(folder: Path, media: bytes, *, chunks: int = 5, name: str = "x") -> list[Path]:
    paths = []
    for number, data in enumerate(ewf_writer.write(media, segment_chunks=chunks), start=1):
        path = folder / f"{name}.E{number:02d}"
        path.write_bytes(data)
        paths.append(path)
    return paths


def read(source: Source) -> bytes:
    assert source.media is not None
    return source.media.pread(0, source.size + 100)


def test_split_media_come_back_whole(tmp_path: Path) -> None:
    written(tmp_path, MEDIA)
    source = opened(tmp_path / "x.E02", treat_as="image")
    assert (source.format, source.reader_name, source.size) == ("ewf", "heroes", len(MEDIA))
    assert read(source) == MEDIA
    md5 = hashlib.md5(MEDIA, usedforsecurity=False).hexdigest()
    assert f"md5:{md5}" in [str(digest) for digest in source.stored_digests]
    assert source.health == []


@pytest.mark.parametrize("extra", [1, 458, 511])
@pytest.mark.parametrize("packed", [True, False])
def test_the_tail_that_is_no_whole_sector_is_read(
    tmp_path: Path, extra: int, *, packed: bool
) -> None:
    media = MEDIA + (b"t" * extra if packed else random.Random(1).randbytes(extra))  # noqa: S311
    written(tmp_path, media)
    source = opened(tmp_path / "x.E01")
    assert source.size == len(media)
    assert read(source) == media
    assert source.media is not None
    assert source.media.pread(len(media) - extra - 3, 3 + extra) == media[-extra - 3 :]
    assert any("not a whole number of sectors" in note for note in source.notes)


@pytest.mark.parametrize(
    ("name", "size"), [("images/dissect/ewf.E01", 4097), ("email_test", 3_538_890)]
)
def test_real_images_with_a_tail_fit_their_stored_digest(
    name: str, size: int, tmp_path: Path
) -> None:
    if name == "email_test":
        for number in range(1, 5):
            packed = evidence(f"images/bulk_extractor/email_test.E0{number}.gz")
            data = subprocess.run(["gzip", "-dc", packed], check=True, capture_output=True).stdout
            (tmp_path / f"email_test.E0{number}").write_bytes(data)
        source = opened(tmp_path / "email_test.E01")
    else:
        source = opened(evidence(name))
    media = read(source)
    md5 = hashlib.md5(media, usedforsecurity=False).hexdigest()
    assert len(media) == size
    assert [str(digest) for digest in source.stored_digests] == [f"md5:{md5}"]


def cut(paths: list[Path], number: int, size: int) -> None:
    data = paths[number].read_bytes()
    paths[number].write_bytes(data[:size])


def test_a_cut_segment_is_refused_and_named(tmp_path: Path) -> None:
    paths = written(tmp_path, MEDIA)
    cut(paths, 1, paths[1].stat().st_size // 2)
    with pytest.raises(EvidenceError, match=r"segment 2 of x\.E01 ends too early") as caught:
        opened(tmp_path / "x.E01")
    assert "--accept-damaged" in caught.value.hint


def test_chunks_are_found_again_of_a_set_that_lost_its_only_table(tmp_path: Path) -> None:
    [path] = written(tmp_path, MEDIA, chunks=1000)
    cut([path], 0, path.stat().st_size // 2)
    with pytest.raises(EvidenceError, match=r"segment 1 of x\.E01 ends too early") as caught:
        opened(path)
    assert "--accept-damaged" in caught.value.hint
    source = opened(path, treat_as="image", accept_damaged=True)
    assert readable(source) == [*range(3)]
    assert "3 chunks were found without a table, by their checksums" in source.notes


def test_nothing_is_promised_of_a_set_that_lost_its_geometry(tmp_path: Path) -> None:
    [path] = written(tmp_path, MEDIA, chunks=1000)
    cut([path], 0, 700)
    with pytest.raises(EvidenceError, match=r"segment 1 of x\.E01 ends too early") as caught:
        opened(path)
    assert "--accept-damaged" not in caught.value.hint


def test_a_missing_last_segment_is_refused_and_named(tmp_path: Path) -> None:
    paths = written(tmp_path, MEDIA)
    paths[-1].unlink()
    with pytest.raises(EvidenceError, match=rf"segment {len(paths)} of x\.E01 is missing"):
        opened(tmp_path / "x.E01")


def test_segments_of_two_acquisitions_are_refused(tmp_path: Path) -> None:
    paths = written(tmp_path, MEDIA)
    other = bytearray(paths[1].read_bytes())
    at = 13 + 76 + 64  # the identifier in the data section that opens a further segment
    other[at : at + 16] = b"another set here"
    paths[1].write_bytes(bytes(other))
    with pytest.raises(EvidenceError, match="belongs to another acquisition"):
        opened(tmp_path / "x.E01")


def test_segments_in_the_wrong_order_are_refused(tmp_path: Path) -> None:
    paths = written(tmp_path, MEDIA)
    second, third = paths[1].read_bytes(), paths[2].read_bytes()
    paths[1].write_bytes(third)
    paths[2].write_bytes(second)
    with pytest.raises(EvidenceError, match=r"segment 2 of x\.E01 calls itself segment 3"):
        opened(paths[0])


def test_a_damaged_section_is_refused(tmp_path: Path) -> None:
    paths = written(tmp_path, MEDIA)
    data = bytearray(paths[0].read_bytes())
    data[13 + 20] ^= 0xFF
    paths[0].write_bytes(bytes(data))
    with pytest.raises(EvidenceError, match="structure of segment 1"):
        opened(tmp_path / "x.E01")


CHUNK = ewf_writer.CHUNK


def readable(source: Source) -> list[int]:
    """Return the numbers of the chunks that read, after checking that they read right."""
    assert source.media is not None
    good = []
    for number in range(-(-len(MEDIA) // CHUNK)):
        try:
            data = source.media.pread(number * CHUNK, CHUNK)
        except OSError:
            continue
        assert data == MEDIA[number * CHUNK : (number + 1) * CHUNK]
        good.append(number)
    return good


def cut_second(paths: list[Path]) -> None:
    cut(paths, 1, paths[1].stat().st_size // 2)


def mix_second(paths: list[Path]) -> None:
    other = ewf_writer.write(MEDIA[::-1], segment_chunks=5)[1]
    at = 13 + 76 + 64
    paths[1].write_bytes(other[:at] + b"another set here" + other[at + 16 :])


def drop_last(paths: list[Path]) -> None:
    paths[-1].unlink()


def cut_tail(paths: list[Path]) -> None:
    cut(paths, -1, paths[-1].stat().st_size - 200)


def cut_second_and_third(paths: list[Path]) -> None:
    cut(paths, 1, 5000)
    cut(paths, 2, 150)


ACCEPTED = {
    "a cut segment costs what is cut off": (cut_second, [*range(6), *range(10, 16)]),
    "a foreign segment costs its own chunks": (mix_second, [*range(5), *range(10, 16)]),
    "a missing last segment costs its own chunks": (drop_last, [*range(15)]),
    "a cut tail costs nothing": (cut_tail, [*range(16)]),
    "two cut segments cost their own chunks": (cut_second_and_third, [*range(5), 15]),
}


@pytest.mark.parametrize(("damage", "chunks"), ACCEPTED.values(), ids=ACCEPTED)
def test_damage_that_was_accepted(
    tmp_path: Path, damage: Callable[[list[Path]], None], chunks: list[int]
) -> None:
    """libewf returns data from the wrong place for the first of these."""
    damage(written(tmp_path, MEDIA))
    with pytest.raises(EvidenceError):
        opened(tmp_path / "x.E01", treat_as="image")
    source = opened(tmp_path / "x.E01", treat_as="image", accept_damaged=True)
    assert {gap.code for gap in source.health} == {"source.damaged"}
    assert readable(source) == chunks


def test_every_flipped_bit_of_the_media_is_noticed(tmp_path: Path) -> None:
    (path,) = written(tmp_path, MEDIA, chunks=100)
    good = path.read_bytes()
    start = good.index(b"sectors\0") + 76
    end = good.index(b"table\0")
    for at in random.Random(9).sample(range(start, end), 20):  # noqa: S311
        data = bytearray(good)
        data[at] ^= 0x10
        path.write_bytes(bytes(data))
        assert len(readable(opened(path, treat_as="image"))) == 15


def test_a_damaged_chunk_is_a_gap_with_its_range(tmp_path: Path) -> None:
    (path,) = written(tmp_path, MEDIA, chunks=100)
    data = bytearray(path.read_bytes())
    data[100_000] ^= 0xFF
    path.write_bytes(bytes(data))
    parts = list(media_chunks(opened(path, treat_as="image")))
    gaps = [part for part in parts if isinstance(part, Gap)]
    (gap,) = gaps
    assert gap.code == "source.damaged"
    assert gap.detail["length"] == CHUNK
    rest = sum(len(part) for part in parts if isinstance(part, bytes))
    assert rest + CHUNK == len(MEDIA)


def test_what_even_libewf_refuses_stays_refused(tmp_path: Path) -> None:
    (tmp_path / "x.E01").write_bytes(ewf_sections.SIGNATURE + bytes(2000))
    with pytest.raises(EvidenceError, match=r"EWF image that cannot be opened|structure"):
        opened(tmp_path / "x.E01", accept_damaged=True)


def test_a_logical_evidence_file_is_refused(tmp_path: Path) -> None:
    for head in (b"LVF\x09\r\n\xff\x00", b"LEF2\r\n\x81\x00"):
        (tmp_path / "x.L01").write_bytes(head + bytes(100))
        with pytest.raises(EvidenceError, match="logical evidence") as refused:
            opened(tmp_path / "x.L01")
        assert "export its files" in refused.value.hint


def test_images_of_ewfacquire(tmp_path: Path, tool: Tools) -> None:
    """An image that our own writer did not make, in three segments."""
    program = tool("ewfacquire")
    raw = tmp_path / "raw"
    raw.write_bytes(random.Random(3).randbytes(3 << 20) + bytes(1 << 20))  # noqa: S311
    target = str(tmp_path / "y")
    command = [program, "-u", "-q", "-S", str(2 << 20), "-d", "sha1", "-t", target, str(raw)]
    subprocess.run(command, check=True, capture_output=True)
    source = opened(tmp_path / "y.E01", treat_as="image")
    assert len(source.segments) == 3
    assert read(source) == raw.read_bytes()
    oracle = open_libewf("y", [DescriptorReader(slot.fd) for slot in source.segments])
    assert oracle.media.pread(0, oracle.media.size) == raw.read_bytes()
    assert set(oracle.stored_digests) == set(source.stored_digests)
    assert {digest.algorithm for digest in source.stored_digests} == {"md5", "sha1"}


@given(st.binary(max_size=3000), st.integers(0, 2000))
def test_no_bytes_make_the_section_walk_crash_or_run_away(junk: bytes, at: int) -> None:
    good = ewf_writer.write(MEDIA[:4096])[0]
    for data in (ewf_sections.SIGNATURE + junk, good[:at] + junk, good[:at] + junk + good[at:]):
        reader = Memory(data)
        found = ewf_sections.survey([reader])
        assert reader.reads < 10_000
        if found.readable:
            media = ChunkReader(found, [reader])
            with contextlib.suppress(OSError):
                media.pread(0, 100)


@pytest.mark.parametrize("name", ["disk.raw", "disk.img", "disk.E07", "disk", "disk.eab"])
def test_one_segment_is_read_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    (image,) = ewf_writer.write(MEDIA)
    (tmp_path / name).write_bytes(image)
    source = open_source(slots_of(tmp_path / name), treat_as="image")
    assert read(source) == MEDIA
