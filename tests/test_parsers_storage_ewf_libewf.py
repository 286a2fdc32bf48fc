"""Our reader of E01 against libewf: the same media, or a committed exception."""

import gzip
import hashlib
import json
import random
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Final

import ewf_writer
import pytest
from conftest import Tools
from corpus import EVIDENCE, ROOT, needs_evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory, opened

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import DescriptorReader
from heroes_forensics.parsers.storage import ewf_sections
from heroes_forensics.parsers.storage.ewf import open_libewf
from heroes_forensics.parsers.storage.ewf_chunks import ChunkReader
from heroes_forensics.parsers.storage.image import Image
from heroes_forensics.parsers.storage.source import Source

EXCEPTIONS: Final = json.loads((ROOT / "tests/conformance/ewf.json").read_text(encoding="utf-8"))
CORPUS: Final = EVIDENCE or Path("/nowhere")
IMAGES: Final = sorted(
    str(path.relative_to(CORPUS)).removesuffix(".gz")
    for path in CORPUS.glob("images/**/*.E01*")
    if path.suffix in {".E01", ".gz"}
)
FORMATS: Final = (
    *("ewf", "smart", "ftk", "encase2", "encase3", "encase4", "encase5", "encase6", "encase7"),
    *("linen5", "linen6", "linen7", "ewfx"),
)
_DRAW: Final = random.Random(4)  # noqa: S311
MEDIA: Final = _DRAW.randbytes(600_000) + bytes(300_000) + b"text " * 90_000 + _DRAW.randbytes(500)
SECTOR: Final = 512


def by_libewf(source: Source) -> Image:
    return open_libewf("x", [DescriptorReader(slot.fd) for slot in source.segments])


def whole(reader: Reader | None) -> bytes:
    assert reader is not None
    return reader.pread(0, reader.size + 1000)


def unpacked(image: str, folder: Path) -> Path:
    """Return an image of the corpus, with all segments unpacked where they are packed."""
    path = CORPUS / image
    if path.exists():
        return path
    for packed in path.parent.glob(path.name[:-2] + "*.gz"):
        (folder / packed.name.removesuffix(".gz")).write_bytes(gzip.decompress(packed.read_bytes()))
    return folder / path.name


@needs_evidence
def test_there_are_as_many_real_images_as_there_were() -> None:
    assert len(IMAGES) >= 13
    assert {row["image"] for row in EXCEPTIONS} <= set(IMAGES)


@needs_evidence
@pytest.mark.parametrize("image", IMAGES)
def test_a_real_image_is_read_as_libewf_reads_it_or_is_an_exception(
    image: str, tmp_path: Path
) -> None:
    source = opened(unpacked(image, tmp_path), treat_as="image")
    assert source.reader_name == "heroes"
    theirs = by_libewf(source)
    found = {
        name: {
            "size": len(data),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
        }
        for name, data in (("ours", whole(source.media)), ("libewf", whole(theirs.media)))
    }
    assert source.stored_digests == theirs.stored_digests
    exception = next((row for row in EXCEPTIONS if row["image"] == image), None)
    if exception is None:
        assert found["ours"] == found["libewf"]
        return
    assert found["ours"] != found["libewf"]
    for name, values in found.items():
        assert {key: exception[name][key] for key in values} == values
    assert exception["third"]["md5"] == found["ours"]["md5"] == exception["stored_md5"]


@pytest.mark.parametrize("compression", ["none", "empty-block", "fast", "best"])
@pytest.mark.parametrize("kind", FORMATS)
def test_a_form_of_ewfacquire(tmp_path: Path, tool: Tools, kind: str, compression: str) -> None:
    program = tool("ewfacquire")
    raw = tmp_path / "raw"
    raw.write_bytes(MEDIA[: len(MEDIA) // SECTOR * SECTOR])
    command = [program, "-u", "-q", "-f", kind, "-c", compression, "-S", "1MiB", "-d", "sha1"]
    subprocess.run([*command, "-t", str(tmp_path / "y"), str(raw)], check=True, capture_output=True)
    (first,) = (path for path in tmp_path.glob("y.*") if path.suffix[2:] == "01")
    source = opened(first, treat_as="image")
    assert (source.reader_name, source.health) == ("heroes", [])
    assert whole(source.media) == raw.read_bytes()
    theirs = by_libewf(source)
    assert whole(theirs.media) == raw.read_bytes()
    assert source.stored_digests == theirs.stored_digests
    assert len(source.segments) == 2 or compression in {"fast", "best"}


@pytest.mark.parametrize("sectors", [16, 128, 2048])
def test_a_chunk_size_of_ewfacquire(tmp_path: Path, tool: Tools, sectors: int) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(MEDIA[: len(MEDIA) // SECTOR * SECTOR])
    command = [tool("ewfacquire"), "-u", "-q", "-c", "fast", "-b", str(sectors)]
    subprocess.run([*command, "-t", str(tmp_path / "y"), str(raw)], check=True, capture_output=True)
    source = opened(tmp_path / "y.E01", treat_as="image")
    assert whole(source.media) == whole(by_libewf(source).media) == raw.read_bytes()


def test_thirty_segments_of_ewfacquire(tmp_path: Path, tool: Tools) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(random.Random(30).randbytes(29 << 20))  # noqa: S311
    command = [tool("ewfacquire"), "-u", "-q", "-S", "1MiB", "-t", str(tmp_path / "y"), str(raw)]
    subprocess.run(command, check=True, capture_output=True)
    source = opened(tmp_path / "y.E01", treat_as="image")
    assert len(source.segments) >= 30
    assert whole(source.media) == whole(by_libewf(source).media) == raw.read_bytes()


@settings(max_examples=25)
@given(
    size=st.integers(1, 260_000),
    level=st.sampled_from([0, 1, 6, 9]),
    chunk_sectors=st.sampled_from([1, 16, 64, 256]),
    segments=st.integers(1, 30),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
def test_an_image_of_any_shape(
    size: int, level: int, chunk_sectors: int, segments: int, cuts: list[float]
) -> None:
    """Whole sectors as libewf has them; what is over after them as it was put in."""
    media = (MEDIA[500_000:700_000] + MEDIA[:100_000])[:size]
    chunks = -(-size // (chunk_sectors * SECTOR))
    each = max(1, -(-chunks // segments))
    parts = ewf_writer.write(
        media, level=level, chunk_sectors=chunk_sectors, segment_chunks=min(each, 16_375)
    )
    readers = [Memory(data) for data in parts]
    found = ewf_sections.survey(readers)
    assert (found.faults, found.repairs) == ([], [])
    if not found.readable:
        assert size < SECTOR  # not one sector: the geometry states no media
        return
    reader = ChunkReader(found, readers)
    assert reader.size == size
    assert reader.pread(0, size + 1) == media
    assert b"".join(piece for piece in reader.pieces() if isinstance(piece, bytes)) == media
    edges = sorted({0, size, *(int(cut * size) for cut in cuts)})
    assert b"".join(reader.pread(a, b - a) for a, b in pairwise(edges)) == media
    theirs = open_libewf("x", [Memory(data) for data in parts]).media
    assert whole(theirs) == media[: size // SECTOR * SECTOR]
