"""Backups of Android devices: the archive in them, as Python's own library expands it."""

import hashlib
import zlib

import pytest
from android_backup import adb
from corpus import evidence
from storage_images import Memory

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.containers.adb import AdbFileSystem, open_adb
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

ENCRYPTED = "f365ace1effbc4902c6aeba241ca61544f8a96ad456c1861808ea87b7dd03896"
"""SHA-256 of the archive in the encrypted backup of the corpus."""
HEAD = b"ANDROID BACKUP\n5\n%d\n%s\n"


def member(data: bytes, *passwords: bytes) -> tuple[AdbFileSystem, Entry]:
    found = open_adb(Memory(data), Secrets([(PASSWORD, each) for each in passwords]))
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


def test_a_real_encrypted_one_is_read_with_its_password() -> None:
    data = evidence("mobile/android/backup2.ab").read_bytes()
    archive = read(*member(data, b"other", b"123456"))
    assert hashlib.sha256(archive).hexdigest() == ENCRYPTED
    found, entry = member(data, b"other")
    with pytest.raises(UnsupportedError, match="encrypted"):
        found.open(entry.handle)


@pytest.mark.parametrize("as_characters", [True, False])
def test_the_key_of_an_archive_is_checked_in_both_forms(as_characters: bool) -> None:  # noqa: FBT001
    archive = bytes(range(256)) * 300
    data = adb(archive, b"pass", as_characters=as_characters)
    assert read(*member(data, b"pass")) == archive
    for cut in (200, 700, len(data) - 5):
        with pytest.raises(EvidenceError):
            member(data[:cut], b"pass")


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
