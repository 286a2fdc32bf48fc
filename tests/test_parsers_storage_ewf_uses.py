"""The chunk reader where others read through it: The Sleuth Kit, dfVFS, libyal, file objects."""

import builtins
import hashlib
import io
import os
import random
from pathlib import Path
from typing import Any, Final

import dfvfs.resolver_helpers  # noqa: F401 # all of them: the parsers load those they use alone
import ewf_writer
import pytest
from dfvfs.resolver import resolver
from filesystem_images import ext_image
from storage_images import Memory, opened

from heroes_forensics.parsers.filesystems.tsk_image import TskImage
from heroes_forensics.parsers.reading.readers import ReaderFile
from heroes_forensics.parsers.storage import ewf_chunks, ewf_sections, vfs
from heroes_forensics.parsers.storage.ewf_chunks import ChunkReader
from heroes_forensics.parsers.storage.inflate import inflate

FILES: Final = {
    f"{number:02}": random.Random(number).randbytes(300 * 7**number)  # noqa: S311
    for number in range(5)
}
"""From a few hundred bytes to hundreds of kilobytes: inside a chunk, and across many."""


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    def fill(folder: Path) -> None:
        for name, data in FILES.items():
            (folder / name).write_bytes(data)

    return ext_image(tmp_path_factory.mktemp("ext"), fill).read_bytes()


@pytest.fixture
def media(raw: bytes, tmp_path: Path) -> ChunkReader:
    for number, data in enumerate(ewf_writer.write(raw, segment_chunks=50, level=1), start=1):
        (tmp_path / f"x.E{number:02d}").write_bytes(data)
    source = opened(tmp_path / "x.E01")
    assert isinstance(source.media, ChunkReader)
    return source.media


def test_the_sleuth_kit_reads_files_through_it(media: ChunkReader) -> None:
    import pytsk3  # noqa: PLC0415 - only parsers and this test

    image = TskImage(media)
    assert image.get_size() == media.size
    system: Any = pytsk3.FS_Info(image)
    for name, data in FILES.items():
        found = system.open(f"/{name}")
        assert found.read_random(0, found.info.meta.size) == data


def test_dfvfs_reads_files_through_it(media: ChunkReader) -> None:
    stack = vfs.Stack("TSK", "x", {"x": media}, location="/")
    for name, data in FILES.items():
        spec = vfs.Stack("TSK", "x", {"x": media}, location=f"/{name}").spec
        entry = resolver.Resolver.OpenFileEntry(spec, resolver_context=stack.context)
        assert entry.GetFileObject().read() == data


def test_dfvfs_reads_the_media_as_one_file_object(media: ChunkReader, raw: bytes) -> None:
    stack = vfs.Stack("TSK_PARTITION", "x", {"x": media}, location="/")
    base = stack.spec.parent
    file = resolver.Resolver.OpenFileObject(base, resolver_context=stack.context)
    assert file.get_size() == media.size
    assert hashlib.sha256(file.read()).digest() == hashlib.sha256(raw).digest()


def test_it_is_a_file_object_for_whoever_wants_one(media: ChunkReader, raw: bytes) -> None:
    file = io.BufferedReader(ReaderFile(media), buffer_size=8192)
    assert file.read() == raw
    file.seek(-700, io.SEEK_END)
    assert file.read(600) == raw[-700:-100]
    assert file.tell() == len(raw) - 100


def test_nothing_is_opened_by_a_path(
    media: ChunkReader, raw: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        del arguments, options
        raise AssertionError

    monkeypatch.setattr(builtins, "open", refuse)
    monkeypatch.setattr(os, "open", refuse)
    assert media.pread(0, media.size) == raw


def reader_of(data: bytes, **shape: Any) -> tuple[ChunkReader, list[Memory]]:  # noqa: ANN401
    parts = [Memory(part) for part in ewf_writer.write(data, **shape)]
    return ChunkReader(ewf_sections.survey(parts), parts), parts


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ewf_chunks, "_KEPT", 4 * ewf_writer.CHUNK)
    monkeypatch.setattr(ewf_chunks, "_TABLES", 2)
    media = random.Random(1).randbytes(64 * ewf_writer.CHUNK)  # noqa: S311
    reader, _ = reader_of(media, segment_chunks=8)
    for at in range(0, len(media), 1000):
        assert reader.pread(at, 1000) == media[at : at + 1000]
        assert len(reader._unpacked) <= 4  # noqa: SLF001 - how much it keeps shows nowhere else
        assert len(reader._places) <= 2  # noqa: SLF001


def test_a_chunk_that_small_files_share_is_read_once() -> None:
    media = random.Random(2).randbytes(16 * ewf_writer.CHUNK)  # noqa: S311
    reader, (part,) = reader_of(media)
    before = part.reads
    for at in range(0, len(media), 512):
        reader.pread(at, 512)
    assert part.reads - before == 16 - 1 + 1  # one for each chunk, the last is known, one table


def test_a_long_read_does_not_push_out_what_is_read_again() -> None:
    media = random.Random(3).randbytes(1200 * ewf_writer.CHUNK)  # noqa: S311
    reader, (part,) = reader_of(media, level=0)
    reader.pread(0, 512)
    reader.pread(ewf_writer.CHUNK, 1199 * ewf_writer.CHUNK)
    before = part.reads
    assert reader.pread(1024, 512) == media[1024:1536]
    assert part.reads == before


def test_unused_space_is_inflated_once_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def counted(raw: bytes, limit: int) -> bytes:
        calls.append(len(raw))
        return inflate(raw, limit)

    monkeypatch.setattr(ewf_chunks, "inflate", counted)
    reader, _ = reader_of(bytes(100 * ewf_writer.CHUNK))
    assert reader.pread(0, reader.size) == bytes(reader.size)
    assert len(calls) == 1
