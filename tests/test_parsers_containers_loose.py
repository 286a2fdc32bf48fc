"""Containers of the corpus that lie in no image: every member as two other tools unpack it.

A row of ``conformance/loose.json`` names the file, the tools, and path, size and SHA-256 of each
member; ``ours`` is the code of the gap that its members are with us, or a fourth value that of one,
or the type of the file that we write for it, and ``why``.
"""

import gzip
import hashlib
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from corpus import evidence
from storage_images import Memory

from heroes_forensics.filetype import TYPES, sniff
from heroes_forensics.hashing.exact import HEAD
from heroes_forensics.model import Entry, EntryKind, Gap
from heroes_forensics.parsers.base import FileSystem, UnsupportedError
from heroes_forensics.pipelines.work.members import OPENERS

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "conformance/loose.json").read_text("utf-8")
)


def opened(data: bytes) -> FileSystem:
    module, _, name = OPENERS[TYPES[sniff(data[:HEAD])].name].partition(":")
    found: FileSystem = getattr(import_module(module), name)(Memory(data))
    return found


def unpacked(name: str) -> bytes:
    data = evidence(name).read_bytes()
    return gzip.decompress(data) if name.endswith(".gz") else data


@pytest.mark.parametrize("row", ROWS, ids=[row["file"] for row in ROWS])
def test_members_are_those_that_two_other_tools_unpack(row: dict[str, Any]) -> None:
    found = opened(unpacked(row["file"]))
    every = list(found.entries())
    assert not [each for each in every if isinstance(each, Gap)]
    ours = []
    for entry in every:
        if isinstance(entry, Entry) and entry.kind == EntryKind.FILE:
            try:
                stream = found.open(entry.handle)
                data = stream.pread(0, stream.size if entry.size < 0 else entry.size)
                digest = hashlib.sha256(data).hexdigest()
                if entry.size < 0:  # what we write ourselves is of a size that only reading tells
                    digest = TYPES[sniff(data[:HEAD])].name
            except UnsupportedError as error:
                digest = error.code
            ours.append([entry.path.decode(), entry.size, digest])
    gap = row.get("ours")
    theirs = [[path, size, *([gap] if gap else more[-1:])] for path, size, *more in row["files"]]
    assert sorted(ours) == sorted(theirs)


def test_each_row_names_two_tools_and_each_gap_its_reason() -> None:
    assert len(ROWS) >= 11
    assert sum(len(row["files"]) for row in ROWS) >= 82
    for row in ROWS:
        assert len(set(row["tools"])) == 2
        gaps = "ours" in row or any(len(each) > 3 for each in row["files"])
        assert gaps == ("why" in row)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("archives/tika-test-documents-enc.rar", "container.encrypted"),
        ("archives/tika-test7Z_protected_passTika.7z", "stream.encrypted"),
        ("archives/bulk_extractor-jpegs.rar-encrypted", "stream.encrypted"),
        ("archives/bulk_extractor-jpegs.rar5-encrypted", "stream.encrypted"),
    ],
)
def test_what_is_encrypted_is_a_gap(name: str, code: str) -> None:
    data = evidence(name).read_bytes()
    with pytest.raises(UnsupportedError) as refused:
        read(data)
    assert refused.value.code == code


def read(data: bytes) -> None:
    found = opened(data)
    for entry in found.entries():
        if isinstance(entry, Entry) and entry.size:
            found.open(entry.handle)


def test_the_same_files_in_rar_5_are_the_same() -> None:
    """Of tools that are packaged, libarchive alone unpacks this archive; RAR 4 holds its files."""
    found = opened(evidence("archives/iped-test_mockRar5.rar").read_bytes())
    (row,) = [row for row in ROWS if row["file"] == "archives/iped-test_mockRar4.rar"]
    ours = {
        entry.path.decode(): hashlib.sha256(
            found.open(entry.handle).pread(0, entry.size)
        ).hexdigest()
        for entry in found.entries()
        if isinstance(entry, Entry) and entry.kind == EntryKind.FILE
    }
    assert ours == {path: digest for path, _, digest in row["files"]}
