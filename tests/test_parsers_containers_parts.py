"""Archives of several parts: first, middle and last, each examined by itself as far as it goes."""

import shutil
import struct
import subprocess
import zipfile
from pathlib import Path

import pytest
from corpus import evidence as corpus
from corpus import needs_evidence
from scans import folder, scanned
from storage_images import Memory
from test_parsers_containers_archives import cab, rar_new, rar_old
from test_parsers_containers_ending import NOISE
from test_pipelines_expanding import containers, paths
from test_pipelines_members import zipped

from heroes_forensics.filetype import names_part
from heroes_forensics.frames import Container
from heroes_forensics.model import Entry, Gap
from heroes_forensics.parsers.base import FileSystem, UnsupportedError
from heroes_forensics.parsers.containers.arj import open_arj
from heroes_forensics.parsers.containers.cab import open_cab
from heroes_forensics.parsers.containers.rar import open_rar
from heroes_forensics.parsers.containers.zip import open_zip
from heroes_forensics.pipelines.checks import views

PART = "container.part"
BODIES = {f"in/f{number}.bin": NOISE[number : 60_000 + number] for number in range(5)}


def made(*command: str, at: Path) -> None:
    subprocess.run(command, cwd=folder(at, BODIES), check=True, capture_output=True)


def whole(found: FileSystem) -> dict[str, bytes]:
    """Return the members that can be read to their end, by path."""
    bodies = {}
    for each in found.entries():
        if isinstance(each, Entry) and each.path.endswith(b".bin"):
            try:
                data = found.open(each.handle).pread(0, each.size)
            except (OSError, UnsupportedError):
                continue
            if len(data) == each.size:
                bodies[each.path.decode()] = data
    return bodies


@pytest.mark.skipif(shutil.which("zip") is None, reason="zip is not installed")
def test_first_and_last_part_of_a_zip_give_what_lies_wholly_in_them(tmp_path: Path) -> None:
    made("zip", "-q", "-0", "-s", "100k", "x.zip", "-r", "in", at=tmp_path)
    read: dict[str, bytes] = {}
    for name in ("x.z01", "x.zip"):
        found = open_zip(Memory((tmp_path / name).read_bytes()))
        codes = [each.code for each in found.entries() if isinstance(each, Gap)]
        assert codes == [PART]
        bodies = whole(found)
        assert bodies
        assert all(BODIES[path] == data for path, data in bodies.items())
        read |= bodies
    last = open_zip(Memory((tmp_path / "x.zip").read_bytes()))
    listed = [each for each in last.entries() if isinstance(each, Entry)]
    assert {each.path.decode() for each in listed} >= set(BODIES)
    assert len({each.locator for each in listed}) == len(listed)
    assert len(read) >= 2


@needs_evidence
def test_the_last_part_of_a_real_zip_lists_every_member() -> None:
    found = open_zip(Memory(corpus("archives/tika-test-documents-spanned.zip").read_bytes()))
    every = list(found.entries())
    assert [each.code for each in every if isinstance(each, Gap)][:1] == [PART]
    entries = [each for each in every if isinstance(each, Entry)]
    assert sum(each.locator.startswith("p") for each in entries) == 6
    theirs = zipfile.ZipFile(corpus("archives/tika-test-documents.zip"))
    names = {each.filename for each in theirs.infolist()}
    here = [
        each for each in entries if each.locator.startswith("m") and each.path.decode() in names
    ]
    assert here
    for each in here:
        assert found.open(each.handle).pread(0, each.size) == theirs.read(each.path.decode())


@pytest.mark.skipif(shutil.which("arj") is None, reason="arj is not installed")
def test_every_part_of_arj_says_that_it_is_one(tmp_path: Path) -> None:
    made("arj", "a", "-m0", "-v100k", "-y", "-r", "x.arj", "in", at=tmp_path)
    parts = sorted(tmp_path.glob("x.a*"))
    assert len(parts) > 2
    read: dict[str, bytes] = {}
    for path in parts:
        found = open_arj(Memory(path.read_bytes()))
        read |= whole(found)
        assert found.left == PART
    assert read
    assert all(BODIES[path] == data for path, data in read.items())


def flagged(data: bytes, at: int, value: int) -> bytes:
    return data[:at] + bytes([value]) + data[at + 1 :]


def test_parts_of_rar_say_that_they_are() -> None:
    for data in (rar_old({"a.bin": b"one"}, volume=1), rar_new({"a.bin": b"one"}, volume=1)):
        found = open_rar(Memory(data))
        assert whole(found) == {"a.bin": b"one"}
        assert found.left == PART
    for data in (rar_old({"a.bin": b"one"}), rar_new({"a.bin": b"one"})):
        found = open_rar(Memory(data))
        assert whole(found)
        assert found.left == ""


@pytest.mark.parametrize("flags", [1, 2, 3])
def test_cabinets_of_a_set_say_that_they_are(flags: int) -> None:
    data = bytearray(cab({"a.bin": b"one"}, 0))
    names = b"x.cab\0disk\0" * flags.bit_count()
    files, _, _, _, _, _ = struct.unpack_from("<I4xBBHHH", data, 16)
    (start,) = struct.unpack_from("<I", data, 36)
    struct.pack_into("<I", data, 16, files + len(names))
    struct.pack_into("<H", data, 30, flags)
    struct.pack_into("<I", data, 36, start + len(names))
    found = open_cab(Memory(bytes(data[:36]) + names + bytes(data[36:])))
    assert whole(found) == {"a.bin": b"one"}
    assert found.left == PART
    assert open_cab(Memory(cab({"a.bin": b"one"}, 0))).left == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        *((name, True) for name in (b"a/x.z02", b"x.Z17", b"x.7z.001", b"x.ZIP.002", b"x.tar.010")),
        (b"x.z02\n", True),
        (b"", False),
        *(
            (name, False)
            for name in (b"x.zip", b"x.z01", b"IMG.001", b"x.7z", b"x.7z.0012", b"z02")
        ),
    ],
)
def test_only_names_that_say_an_archive_was_cut_count(name: bytes, expected: bool) -> None:  # noqa: FBT001
    assert names_part(name) is expected


@pytest.mark.skipif(shutil.which("7z") is None, reason="7z is not installed")
def test_parts_that_no_content_tells_are_gaps_by_their_names(tmp_path: Path) -> None:
    made("7z", "a", "-mx0", "-v100k", "x.7z", "in", at=tmp_path / "m")
    made("7z", "a", "-tzip", "-mx0", "-v100k", "y.zip", "in", at=tmp_path / "m")
    files = {path.name: path.read_bytes() for path in sorted((tmp_path / "m").glob("*.0*"))}
    assert len(files) == 6
    files["n.zip"] = zipped(("x.7z.002", files["x.7z.002"]))
    result = scanned(tmp_path / "case", folder(tmp_path / "e", files), names="clear")
    assert result.counts["closes"]
    found = paths(tmp_path / "case")
    where = {str(found[name]["locator"]) for name in files if name != "n.zip"}
    gaps = list(views.gaps(tmp_path / "case"))
    assert {str(gap["where"]) for gap in gaps if gap["code"] == PART} >= where
    nested = str(found["n.zip/x.7z.002"]["locator"]).partition("/root/")[2]
    assert containers(tmp_path / "case")[nested] == (Container.GAP, PART)
    # The last part of the zip holds the list of all members, and some of them.
    names = {f"y.zip.003/{name}" for name in BODIES}
    assert names <= found.keys()
    assert [found[name]["sha256"] for name in names if found[name]["sha256"]]
