"""WIM: images that wimlib made, a real one, and what damage leaves."""

import gzip
import hashlib
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from containers import named, split
from corpus import evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers import lzx, wim, xpress
from heroes_forensics.parsers.containers.wim import open_wim

WIMLIB = shutil.which("wimlib-imagex")
needs_wimlib = pytest.mark.skipif(WIMLIB is None, reason="no wimlib-imagex")
NOISE = b"".join(hashlib.sha256(b"%d" % n).digest() for n in range(1500))
CODE = b"".join(b"\x55\xe8" + (n * 40_000).to_bytes(4, "little") + b"\x90" * 9 for n in range(4000))
FILES = {
    "code.bin": CODE,
    "empty": b"",
    "folder/noise": NOISE,
    "folder/text \u00e4": b"".join(b"line %d of a text\n" % n for n in range(6000)),
    "zeros": bytes(100_000),
}


def made(folder: Path, *options: str) -> bytes:
    assert WIMLIB is not None
    for name, data in FILES.items():
        (folder / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "in" / name).write_bytes(data)
    command = [WIMLIB, "capture", "in", "x.wim", *options]
    environment = os.environ | {"LC_ALL": "C.UTF-8"}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return (folder / "x.wim").read_bytes()


@needs_wimlib
@pytest.mark.parametrize(
    "options",
    [
        ("--compress=none",),
        ("--compress=XPRESS",),
        ("--compress=XPRESS", "--chunk-size=65536"),
        ("--compress=LZX",),
        ("--compress=LZX:100", "--chunk-size=131072"),
    ],
    ids=" ".join,
)
def test_files_are_those_that_were_captured(options: tuple[str, ...], tmp_path: Path) -> None:
    found = open_wim(Memory(made(tmp_path, *options)))
    assert named(found) == FILES
    folder = next(entry for entry in split(found)[0] if entry.path == b"folder")
    assert folder.kind == EntryKind.DIRECTORY
    assert folder.times[0] is not None


@needs_wimlib
def test_what_no_image_refers_to_is_listed_and_images_are_told_apart(tmp_path: Path) -> None:
    made(tmp_path, "--compress=XPRESS")
    (tmp_path / "in" / "zeros").unlink()
    for command in (["append", "in", "x.wim", "second"], ["delete", "x.wim", "1", "--soft"]):
        subprocess.run([str(WIMLIB), *command], cwd=tmp_path, check=True, capture_output=True)
    data = (tmp_path / "x.wim").read_bytes()
    loose = [entry for entry in split(open_wim(Memory(data)))[0] if entry.path[:9] == b"$content-"]
    assert [entry.size for entry in loose] == [100_000]
    assert not any(entry.flags & EntryFlag.ALLOCATED for entry in loose)
    command = [str(WIMLIB), "append", "in", "x.wim", "third"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    paths = set(named(open_wim(Memory((tmp_path / "x.wim").read_bytes()))))
    assert {"1/empty", "2/empty"} <= paths


@needs_wimlib
def test_a_solid_file_is_refused_as_not_supported(tmp_path: Path) -> None:
    data = made(tmp_path, "--solid")
    with pytest.raises(UnsupportedError) as refused:
        open_wim(Memory(data))
    assert refused.value.code == "container.unsupported"


@needs_wimlib
def test_a_byte_that_changed_does_not_fit_its_digest(tmp_path: Path) -> None:
    data = bytearray(made(tmp_path, "--compress=none"))
    data[data.index(NOISE) + 9] ^= 1
    with pytest.raises(UnsupportedError) as refused:
        named(open_wim(Memory(bytes(data))))
    assert refused.value.code == "stream.checksum"


@needs_wimlib
def test_what_is_unpacked_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(tmp_path, "--compress=XPRESS")
    monkeypatch.setattr(wim, "MOST_UNPACKED", 150_000)
    found = open_wim(Memory(data))
    with pytest.raises(UnsupportedError) as refused:
        named(found)
    assert refused.value.code == found.left == "container.bytes"


def real() -> bytes:
    return gzip.decompress(evidence("archives/basic32k.wim.gz").read_bytes())


def test_a_real_file_has_its_alternate_stream() -> None:
    found = {path: len(data) for path, data in named(open_wim(Memory(real()))).items()}
    assert found == {
        "ads.txt": 30,
        "ads.txt:spookystream": 38,
        "dir/another.txt": 60,
        "file.txt": 70,
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_changed_the_listing_ends(data: st.DataObject) -> None:
    changed = bytearray(real())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(8, len(changed) - 1))
        changed[at] = data.draw(st.sampled_from([0, 1, 2, 7, 0x7F, 0x80, 0xFF]))
    try:
        found = open_wim(Memory(bytes(changed)))
    except EvidenceError:
        return
    for each in found.entries():
        if isinstance(each, Entry):
            try:
                found.open(each.handle).pread(0, 1 << 16)
            except (OSError, EvidenceError):
                continue


@given(st.binary(max_size=600), st.integers(1, 32768))
def test_no_chunk_makes_unpacking_fail_otherwise_than_said(junk: bytes, size: int) -> None:
    results = []
    for prefix in (b"", b"\x88" * 256):
        with suppress(OSError):
            results.append(xpress.unpacked(prefix + junk, size))
    for prefix in (b"", b"\0\x30"):
        with suppress(OSError):
            results.append(lzx.unpacked(prefix + junk, size, 15))
    assert {len(each) for each in results} <= {size}
