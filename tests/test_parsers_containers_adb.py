"""Backups of Android devices: the archive in them, as Python's own library expands it."""

import zlib

import pytest
from corpus import evidence
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.adb import AdbFileSystem, open_adb

HEAD = b"ANDROID BACKUP\n5\n%d\n%s\n"


def member(data: bytes) -> tuple[AdbFileSystem, Entry]:
    found = open_adb(Memory(data))
    entry, _ = found.entries()
    assert isinstance(entry, Entry)
    return found, entry


def read(found: AdbFileSystem, entry: Entry) -> bytes:
    reader = found.open(entry.handle)
    parts, at = [], 0
    while part := reader.pread(at, 10_000):
        parts.append(part)
        at += len(part)
    return b"".join(parts)


@pytest.mark.parametrize("name", ["backup.ab", "backup3.ab"])
def test_real_backups(name: str) -> None:
    data = evidence(f"mobile/android/{name}").read_bytes()
    found, entry = member(data)
    start = data.index(b"none\n") + 5
    assert entry.locator == f"m@{start:#x}"
    assert read(found, entry) == zlib.decompress(data[start:])
    assert found.left == ""


def test_an_encrypted_one_is_listed_and_not_read() -> None:
    found, entry = member(evidence("mobile/android/backup2.ab").read_bytes())
    with pytest.raises(UnsupportedError, match="encrypted"):
        found.open(entry.handle)


def test_one_that_is_not_compressed() -> None:
    found, entry = member(HEAD % (0, b"none") + b"tar")
    assert (entry.size, read(found, entry)) == (3, b"tar")
    assert entry.locator == f"m@{len(HEAD % (0, b'none')):#x}"


def test_what_lies_behind_is_told_and_a_cut_one_is_short() -> None:
    packed = HEAD % (1, b"none") + zlib.compress(bytes(range(256)) * 99)
    found, entry = member(packed + b"hidden")
    assert read(found, entry) == bytes(range(256)) * 99
    assert found.left == "container.damaged"
    with pytest.raises(UnsupportedError, match="cut off"):
        read(*member(packed[:-9]))


@pytest.mark.parametrize(
    "data", [b"", b"ANDROID BACKUP\n", HEAD.replace(b"5", b"99") % (0, b"none"), b"ANDROID BACKUPX"]
)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(EvidenceError):
        open_adb(Memory(data))


def test_a_handle_of_another_parser_is_refused() -> None:
    found, _ = member(HEAD % (0, b"none"))
    with pytest.raises(OSError, match="handle"):
        found.open(b"")
