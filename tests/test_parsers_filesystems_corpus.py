"""Volumes made by others, against lists of files made by other tools."""

import gzip
import hashlib
import io
import json
import lzma
import re
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
from corpus import EVIDENCE, needs_evidence
from filesystem_images import Bytes, digests, listed

from heroes_forensics.parsers.base import FileSystem
from heroes_forensics.parsers.filesystems.apfs import open_apfs
from heroes_forensics.parsers.filesystems.tsk import open_tsk
from heroes_forensics.parsers.filesystems.xfs import open_xfs
from heroes_forensics.parsers.storage.readers import RangeReader

pytestmark = pytest.mark.corpus

IN_SCOPE = re.compile(r"ntfs|fat\d\d|exfat|ext[234]|hfsp|iso9660|ufs|xfs")
SEVEN_ZIP = {
    "images/dfir_ntfs/fat32_small.raw.gz": "fat32",
    "images/dfvfs/apfs.raw": "apfs",
    "images/dissect/apfs-case_insensitive.bin.gz": "apfs",
    "images/dissect/apfs-case_sensitive_beta.bin.gz": "apfs",
}
"""Volumes that only 7-Zip opened when the lists were made, and what they are."""
LIMIT = 40 << 20

APART = re.compile(
    rb".* \(Volume Label Entry\)"  # a label, which The Sleuth Kit shows as an empty file
    rb"|.*:\$(?:O|Q|R|SDH|SII)"  # indexes of NTFS itself
    rb"|.*/(?:chardev|blockdev|fifo)[^/]*"  # devices, which 7-Zip shows as empty files
    rb"|.*/compressed-[^/]*"  # 7-Zip does not decompress these; see the test of APFS
)


def images() -> list[Any]:
    """Return one case for each small raw volume in scope."""
    if EVIDENCE is None:
        return [pytest.param({}, {}, marks=pytest.mark.skip(reason="no corpus of real evidence"))]
    cases = []
    for manifest in sorted(EVIDENCE.glob("images/**/*.truth.json")):
        truth = json.loads(manifest.read_text())
        for image in truth["images"]:
            small = image.get("container") == "raw" and image["media"]["size"] <= LIMIT
            for part in image.get("partitions", []):
                kind = SEVEN_ZIP.get(truth["file"], part.get("file_system") or "")
                if small and part.get("files") and (IN_SCOPE.search(kind) or kind == "apfs"):
                    where = {"file": truth["file"], "inner": image.get("inner_path") or []}
                    name = "-".join([Path(truth["file"]).name, *where["inner"], part["slot"]])
                    cases.append(pytest.param(where, {**part, "file_system": kind}, id=name))
    return cases


def media(where: dict[str, Any]) -> bytes:
    """Unpack one image of the corpus into memory."""
    assert EVIDENCE is not None
    path = EVIDENCE / where["file"]
    data = path.read_bytes() if path.exists() else gzip.decompress(Path(f"{path}.gz").read_bytes())
    for name in where["inner"]:
        if path.suffix == ".tar":
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                member = tar.extractfile(name)
                assert member is not None
                data = member.read()
        elif path.suffix == ".zip":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                full = next(row for row in archive.namelist() if row.endswith(name))
                data = archive.read(full)
        else:
            data = (gzip if path.suffix == ".gz" else lzma).decompress(data)
    return data


def opened(data: bytes, part: dict[str, Any]) -> FileSystem:
    width = part.get("sector_size") or 512
    start = part["start_sector"] * width
    size = min((part.get("sectors") or len(data)) * width, len(data) - start)
    reader = RangeReader(Bytes(data), start, size)
    kind = part["file_system"]
    if kind == "apfs":
        return open_apfs(reader, 0)
    return open_xfs(reader) if kind == "xfs" else open_tsk(reader, kind)


@pytest.mark.parametrize(("where", "part"), images())
def test_every_file_of_the_list_is_found_with_its_digest(
    where: dict[str, Any], part: dict[str, Any]
) -> None:
    fs = opened(media(where), part)
    got = listed(fs.entries())
    found = digests(fs, got.entries)
    missing = [
        row["path"]
        for row in part["files"]
        if (row["size"], row["sha256"]) not in found.get(_bytes(row["path"]), ())
        and not APART.fullmatch(_bytes(row["path"]))
    ]
    assert not missing
    assert not {gap.code for gap in got.gaps} - {"directory.deleted"}


def test_how_much_was_compared() -> None:
    if EVIDENCE is None:
        pytest.skip("no corpus of real evidence")
    cases = images()
    assert len(cases) >= 50
    assert sum(len(case.values[1]["files"]) for case in cases) >= 2_400


@needs_evidence
def test_compressed_files_of_apfs_are_read_as_macos_shows_them() -> None:
    """The same file lies in the volume compressed in several ways, all of one content."""
    data = media(
        {
            "file": "images/dissect/apfs-case_sensitive_beta.bin.gz",
            "inner": ["apfs-case_sensitive_beta.bin"],
        }
    )
    fs = open_apfs(Bytes(data), 0)
    found = digests(fs, listed(fs.entries()).entries)
    assert found[b"dir/compressed-zlib-fork"]
    assert found[b"dir/compressed-zlib-xattr"]
    empty = (0, hashlib.sha256(b"").hexdigest())
    assert empty not in found[b"dir/compressed-zlib-fork"] | found[b"dir/compressed-zlib-xattr"]


@needs_evidence
def test_an_apfs_volume_of_many_snapshots_is_opened_at_its_present_state() -> None:
    """Its superblock states 1,027 regular files; 7-Zip lists the two of its first snapshot."""
    data = media({"file": "images/dissect/apfs-snapshot.bin.gz", "inner": ["apfs-snapshot.bin"]})
    fs = open_apfs(Bytes(data), 0)
    got = listed(fs.entries())
    assert sum(e.kind == 1 and b":" not in e.path for e in got.entries) == 1_027
    assert not got.gaps


def _bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")
