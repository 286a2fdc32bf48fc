"""What damage of an image does to a whole scan: rows 28 to 30 of docs/faults.md, and more."""

import hashlib
import json
import random
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import ewf_writer
import pytest
from cli_runner import process
from filesystem_images import ext_image
from scans import scanned

from heroes_forensics.frames import Status
from heroes_forensics.model import GAP_CODES
from heroes_forensics.pipelines.checks import verifying

CHUNK: Final = ewf_writer.CHUNK


class Disk(NamedTuple):
    """A file system of many files, each in one piece, and where their content lies."""

    media: bytes
    files: dict[str, bytes]

    def touched_by(self, offset: int, length: int) -> set[str]:
        """Return the files that have content in a range of the media."""
        return {
            name
            for name, data in self.files.items()
            if self.media.index(data) < offset + length
            and offset < self.media.index(data) + len(data)
        }


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Disk:
    folder = tmp_path_factory.mktemp("disk")
    draw = random.Random(28)  # noqa: S311
    files = {f"f{number:02d}": draw.randbytes(draw.randrange(600, 90_000)) for number in range(40)}

    def fill(tree: Path) -> None:
        for name, data in files.items():
            (tree / name).write_bytes(data)

    image = ext_image(folder, fill, size="6M", options=("-b", "1024"))
    return Disk(image.read_bytes(), files)


class Rows(NamedTuple):
    gaps: list[tuple[str, str, dict[str, object]]]
    items: dict[str, tuple[str, bytes | None]]
    """Code of the gap and MD5 by name."""


def rows(case: Path) -> Rows:
    with sqlite3.connect(case / "case.db") as database:
        gaps = [
            (place, code, json.loads(detail))
            for place, code, detail in database.execute("SELECT place, code, detail FROM gap")
        ]
        items = {
            bytes(name).decode(errors="replace"): (GAP_CODES[gap or 0], md5)
            for name, status, gap, md5 in database.execute(
                "SELECT i.path, c.status, c.gap, c.md5 FROM item i JOIN content c"
                " ON c.item_id = i.id"
            )
            if status != Status.NO_CONTENT
        }
    database.close()
    return Rows(gaps, items)


def put(folder: Path, segments: list[bytes]) -> Path:
    for number, data in enumerate(segments, start=1):
        (folder / f"x.E{number:02d}").write_bytes(data)
    return folder / "x.E01"


def damaged(disk: Disk, folder: Path, name: str) -> tuple[Path, int]:
    """Flip a bit in the middle of a file's content; return the image and the chunk it hits."""
    (image,) = ewf_writer.write(disk.media, level=0)
    data = bytearray(image)
    middle = len(disk.files[name]) // 2
    place = disk.media.index(disk.files[name]) + middle
    data[data.index(disk.files[name][middle : middle + 300])] ^= 0x04
    return put(folder, [bytes(data)]), place // CHUNK


@pytest.mark.parametrize("verify", ["off", "during"])
def test_a_flipped_byte_costs_what_touches_its_chunk_and_nothing_else(
    disk: Disk, tmp_path: Path, verify: str
) -> None:
    image, chunk = damaged(disk, tmp_path, "f20")
    results = [
        scanned(tmp_path / f"case{workers}", image, names="clear", verify=verify, workers=workers)
        for workers in (1, 3)
    ]
    assert [result.exit_code for result in results] == [3, 3]
    assert results[0].content_sha256 == results[1].content_sha256
    found = rows(tmp_path / "case1")
    detail = {
        "offset": chunk * CHUNK,
        "length": CHUNK,
        "reason": "damaged",
        "segment": 1,
        "chunk": chunk,
    }
    assert found.gaps == [("EX-1/1", "source.damaged", detail)]
    touched = disk.touched_by(chunk * CHUNK, CHUNK)
    assert "f20" in touched
    for name, data in disk.files.items():
        code, md5 = found.items[name]
        if name in touched:
            assert (code, md5) == ("stream.unreliable", None)
        else:
            assert (code, md5) == ("", hashlib.md5(data, usedforsecurity=False).digest())
    expected = {"during": {"EX-1/1": "partial"}, "off": {}}[verify]
    assert results[0].integrity == expected
    assert results[0].counts["closes"]
    report = (tmp_path / "case1" / "custody" / "report" / "report.html").read_text()
    assert "not decidable" in report
    assert verifying.verify(tmp_path / "case1")["exit_code"] in {0, 7}


def test_filler_of_the_imager_is_digested_and_not_relied_on(disk: Disk, tmp_path: Path) -> None:
    """The bytes are there, so a match is a match; that none matches says nothing."""
    place = disk.media.index(disk.files["f07"]) + len(disk.files["f07"]) // 2
    first = place // 512
    media = bytearray(disk.media)
    media[first * 512 : first * 512 + 1024] = bytes(1024)
    image = put(tmp_path, ewf_writer.write(bytes(media), errors=[(first, 2)]))
    result = scanned(tmp_path / "case", image, names="clear")
    assert result.exit_code == 3
    assert result.integrity == {"EX-1/1": "match"}
    found = rows(tmp_path / "case")
    detail = {"offset": first * 512, "length": 1024, "reason": "filler"}
    assert found.gaps == [("EX-1/1", "source.unread-sectors", detail)]
    touched = disk.touched_by(first * 512, 1024)
    at = disk.media.index(disk.files["f07"])
    read = bytes(media[at : at + len(disk.files["f07"])])
    assert found.items["f07"] == (
        "stream.unreliable",
        hashlib.md5(read, usedforsecurity=False).digest(),
    )
    assert {n for n, (code, _) in found.items.items() if code} == touched


def test_a_match_on_filler_is_a_finding_all_the_same(disk: Disk, tmp_path: Path) -> None:
    first = disk.media.index(disk.files["f07"]) // 512
    image = put(tmp_path, ewf_writer.write(disk.media, errors=[(first, 1)]))
    known = tmp_path / "known.md5"
    known.write_text(hashlib.md5(disk.files["f07"], usedforsecurity=False).hexdigest() + "\n")
    options = {"kind": "notable"}
    result = scanned(tmp_path / "case", image, sets=(str(known),), set_options=options)
    assert result.findings == 1
    assert result.exit_code == 3


def test_damage_below_the_listing_is_said_of_the_volume(disk: Disk, tmp_path: Path) -> None:
    """Filler over the inodes: what they would name is not there, and nobody would miss it."""
    inodes = disk.media.index(b"\xa4\x81", 5 * 1024)  # the mode of the first regular file
    media = bytearray(disk.media)
    first = inodes // 512
    media[first * 512 : first * 512 + 512] = bytes(512)
    image = put(tmp_path, ewf_writer.write(bytes(media), errors=[(first, 1)]))
    result = scanned(tmp_path / "case", image, names="clear")
    assert result.exit_code == 3
    codes = [(place, code) for place, code, _ in rows(tmp_path / "case").gaps]
    assert ("EX-1/1/p0", "listing.unreliable") in codes


def split(disk: Disk, folder: Path) -> list[Path]:
    count = -(-len(disk.media) // CHUNK)
    segments = ewf_writer.write(disk.media, segment_chunks=-(-count // 4), level=1)
    put(folder, segments)
    return sorted(folder.glob("x.E*"))


def cut(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def _cut_in_half(paths: list[Path]) -> None:
    for path in paths[2:]:
        path.unlink()
    cut(paths[1], paths[1].stat().st_size // 2)


def _cut_tail(paths: list[Path]) -> None:
    cut(paths[-1], paths[-1].stat().st_size - 100)


def _missing_middle(paths: list[Path]) -> None:
    paths[1].unlink()


def _mixed(paths: list[Path]) -> None:
    data = bytearray(paths[2].read_bytes())
    data[13 + 76 + 64] ^= 0xFF
    paths[2].write_bytes(bytes(data))


def _wrong_order(paths: list[Path]) -> None:
    second, third = paths[1].read_bytes(), paths[2].read_bytes()
    paths[1].write_bytes(third)
    paths[2].write_bytes(second)


SETS: Final = {
    "cut in half": (_cut_in_half, "segment 2 of x.E01 ends too early", 3),
    "tail cut": (_cut_tail, "segment 4 of x.E01 ends too early", 3),
    "middle segment missing": (_missing_middle, "segment 2 of the set of x.E01 is missing", 3),
    "segments of two sets": (_mixed, "segment 3 of x.E01 belongs to another acquisition", 3),
    "wrong order": (_wrong_order, "segment 2 of x.E01 calls itself segment 3", 3),
}


@pytest.mark.parametrize(("damage", "sentence", "code"), SETS.values(), ids=SETS)
def test_a_set_that_is_not_whole(
    disk: Disk, tmp_path: Path, damage: Callable[[list[Path]], None], sentence: str, code: int
) -> None:
    damage(split(disk, tmp_path))
    command = ("scan", str(tmp_path / "x.E01"), "--case", str(tmp_path / "case"))
    refused = process(*command)
    assert refused.code == 20
    assert sentence in refused.err
    assert not (tmp_path / "case").exists()
    done = process(*command, "--names", "clear", "--accept-damaged")
    assert done.code == code
    found = rows(tmp_path / "case")
    assert {c for _, c, _ in found.gaps} >= {"source.damaged"}
    whole = {name for name, (_, md5) in found.items.items() if md5 is not None}
    for name in whole & set(disk.files):
        md5 = hashlib.md5(disk.files[name], usedforsecurity=False).digest()
        assert found.items[name][1] == md5
    if sentence.startswith(("segment 4", "segment 2 of x.E01 calls")):
        assert whole >= set(disk.files)


def stored(disk: Disk, folder: Path, change: bytes | None) -> Path:
    """Put an image whose stored digests are wrong, or not there."""
    data = bytearray(ewf_writer.write(disk.media, level=1)[0])
    for kind, length in ((b"digest", 80), (b"hash", 36)):
        at = data.index(kind.ljust(16, b"\0")) + 76
        body = bytes(16) if change is None else change
        data[at : at + 16] = body
        if change is None:
            data[at + 16 : at + length - 4] = bytes(length - 20)
        data[at + length - 4 : at + length] = zlib.adler32(
            bytes(data[at : at + length - 4])
        ).to_bytes(4, "little")
    return put(folder, [bytes(data)])


def test_a_wrong_stored_digest_is_an_alarm(disk: Disk, tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", stored(disk, tmp_path, b"0123456789abcdef"))
    assert result.integrity == {"EX-1/1": "mismatch"}
    assert result.exit_code == 6


def test_digests_that_are_not_stored_are_said_not_to_be(disk: Disk, tmp_path: Path) -> None:
    result = scanned(tmp_path / "case", stored(disk, tmp_path, None))
    assert result.integrity == {"EX-1/1": "baseline"}
    assert result.exit_code == 0
