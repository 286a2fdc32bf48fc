"""Backups of iTunes: each stored file once, under the name it had, and what lacks is said."""

import gzip
import os
import plistlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from corpus import evidence
from device_backups import Stored, encrypted_itunes, itunes

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, Moment, Place
from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems.itunes_backup import (
    BackupFileSystem,
    open_itunes,
)
from heroes_forensics.parsers.filesystems.itunes_manifest import Manifest
from heroes_forensics.parsers.secrets import PASSWORD, Secrets
from heroes_forensics.parsers.storage.backups import is_backup
from heroes_forensics.parsers.storage.segments import discover, open_slots
from heroes_forensics.parsers.storage.source import open_source

PICTURE = Stored(
    "CameraRollDomain", "Media/DCIM/100APPLE/IMG_0001.JPG", content=b"\xff\xd8\xff" * 9
)
CHAT = Stored("AppDomainGroup-group.net.whatsapp.WhatsApp.shared", "Media/a.jpg", content=b"chat")
SMS = Stored("HomeDomain", "Library/SMS/sms.db", content=b"sms")
FOLDER = Stored("HomeDomain", "Library/SMS", flags=2, content=None)
LACKING = Stored("HomeDomain", "Library/lost.db", content=None, size=77)
LINK = Stored("HomeDomain", "Library/link", flags=4, content=None)
SHORT = Stored("MediaDomain", "Media/Recordings/a.m4a", content=b"half", size=8)
ROWS = [PICTURE, CHAT, SMS, FOLDER, LACKING, LINK, SHORT]


@contextmanager
def opened(folder: Path, *passwords: bytes) -> Iterator[BackupFileSystem]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    found = open_itunes(descriptor, Secrets([(PASSWORD, each) for each in passwords]))
    try:
        yield found
    finally:
        found.close()
        os.close(descriptor)


def listed(found: BackupFileSystem) -> tuple[dict[bytes, Entry], list[Gap], Listing]:
    rows = list(found.entries())
    entries = [row for row in rows if isinstance(row, Entry)]
    last = rows[-1]
    assert isinstance(last, Listing)
    assert last.entries == len(entries)
    assert last.directories == sum(entry.kind == EntryKind.DIRECTORY for entry in entries)
    assert len({entry.locator for entry in entries}) == len(entries)
    assert all(len(entry.handle) <= 64 for entry in entries)
    return (
        {entry.path: entry for entry in entries},
        [row for row in rows if isinstance(row, Gap)],
        last,
    )


def content(found: BackupFileSystem, entry: Entry) -> bytes:
    reader = found.open(entry.handle)
    try:
        return reader.pread(0, 1 << 20)
    finally:
        reader.close()


def test_files_have_the_names_of_the_device(tmp_path: Path) -> None:
    folder = itunes(tmp_path / "backup", ROWS)
    stray = folder / PICTURE.name[:2] / (PICTURE.name[:2] + "0" * 38)
    stray.write_bytes(b"in no manifest")
    with opened(folder) as found:
        entries, gaps, listing = listed(found)
        assert not gaps
        assert listing.directories_listed == listing.directories
        for row in (PICTURE, CHAT, SMS, SHORT):
            entry = entries[f"{row.domain}/{row.path}".encode()]
            assert content(found, entry) == row.content
            assert entry.owner == 501
            assert entry.times == (
                Moment(1_600_000_000, 0),
                None,
                Moment(1_600_000_001, 0),
                Moment(1_500_000_000, 0),
            )
        places = {path.rpartition(b"/")[2]: entry.place for path, entry in entries.items()}
        assert places[b"IMG_0001.JPG"] == Place.CAMERA_ROLL
        assert places[b"a.jpg"] == places[b"sms.db"] == Place.MESSAGING_APP
        short = entries[f"{SHORT.domain}/{SHORT.path}".encode()]
        assert (short.size, len(content(found, short))) == (8, 4)
        lost = entries[b"HomeDomain/Library/lost.db"]
        assert (lost.kind, lost.size) == (EntryKind.FILE, 77)
        with pytest.raises(UnsupportedError) as refused:
            found.open(lost.handle)
        assert refused.value.code == "stream.missing"
        assert entries[b"HomeDomain/Library/SMS"].kind == EntryKind.DIRECTORY
        assert entries[b"HomeDomain/Library/link"].kind == EntryKind.SYMLINK
        unknown = entries[os.fsencode(stray.relative_to(folder))]
        assert unknown.flags & EntryFlag.ORPHAN
        assert content(found, unknown) == b"in no manifest"
        assert b"Manifest.db" in entries


def test_the_folder_is_recognised_and_no_other_is(tmp_path: Path) -> None:
    made = itunes(tmp_path / "backup", [SMS])
    other = tmp_path / "other"
    other.mkdir()
    (other / "Manifest.db").write_bytes(b"")
    for folder, form in ((made, "itunes-backup"), (other, "directory")):
        slots = open_slots(discover(folder))
        try:
            assert is_backup(slots[0].fd) == (form == "itunes-backup")
            assert open_source(slots).format == form
        finally:
            os.close(slots[0].fd)


def test_the_real_backup(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    shutil.copytree(evidence("mobile/ios_backup/Info.plist").parent, folder)
    packed = folder / "Manifest.db.gz"
    packed.chmod(0o600)
    folder.chmod(0o700)
    (folder / "Manifest.db").write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
    with opened(folder) as found:
        entries, gaps, _ = listed(found)
        assert not gaps
        chat = entries[b"AppDomainGroup-group.net.whatsapp.WhatsApp.shared/ChatStorage.sqlite"]
        assert chat.place == Place.MESSAGING_APP
        assert content(found, chat).startswith(b"SQLite format 3")
        stored = [entry for entry in entries.values() if entry.handle.startswith(b"\3")]
        missing = [entry for entry in entries.values() if entry.locator.startswith("b:")]
        unknown = [entry for entry in stored if entry.flags & EntryFlag.ORPHAN]
        assert (len(stored), len(unknown)) == (11, 1)
        assert sum(entry.kind == EntryKind.FILE for entry in missing) == 1079
        assert len(missing) == 1079 + 2618 + 14


def test_an_encrypted_one_is_listed_and_not_read(tmp_path: Path) -> None:
    folder = itunes(tmp_path / "backup", [SMS], {"IsEncrypted": True})
    (folder / "Manifest.db").write_bytes(os.urandom(4096))
    with opened(folder) as found:
        entries, gaps, _ = listed(found)
        assert [gap.code for gap in gaps] == ["stream.encrypted"]
        stored = entries[f"{SMS.name[:2]}/{SMS.name}".encode()]
        assert not stored.flags & EntryFlag.ORPHAN
        with pytest.raises(UnsupportedError) as refused:
            found.open(stored.handle)
        assert refused.value.code == "stream.encrypted"


def test_an_encrypted_one_is_read_with_its_password(tmp_path: Path) -> None:
    folder = encrypted_itunes(tmp_path / "backup", ROWS, b"correct horse")
    with opened(folder, b"wrong", b"correct horse") as found:
        entries, gaps, _ = listed(found)
        assert not gaps
        for row in (PICTURE, CHAT, SMS):
            entry = entries[f"{row.domain}/{row.path}".encode()]
            assert content(found, entry) == row.content
            assert entry.size == len(row.content or b"")
        with pytest.raises(UnsupportedError):
            found.open(entries[b"HomeDomain/Library/lost.db"].handle)
    with opened(folder, b"wrong") as found:
        entries, gaps, _ = listed(found)
        assert [gap.code for gap in gaps] == ["stream.encrypted"]
        with pytest.raises(UnsupportedError, match="encrypted"):
            found.open(entries[f"{SMS.name[:2]}/{SMS.name}".encode()].handle)


HOSTILE = {
    "a view": "CREATE VIEW Files AS SELECT 1 AS fileID",
    "a view that never ends": "CREATE VIEW Files(fileID) AS WITH RECURSIVE n(i) AS"
    " (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n",
    "no such table": "CREATE TABLE File (fileID TEXT)",
    "a function": "CREATE TABLE Files (fileID TEXT AS (hex(zeroblob(9000))), domain TEXT)",
    "no rows by number": "CREATE TABLE Files (fileID TEXT PRIMARY KEY, domain) WITHOUT ROWID",
}


@pytest.mark.parametrize("schema", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_manifest_costs_the_names_alone(schema: str, tmp_path: Path) -> None:
    folder = itunes(tmp_path / "backup", [SMS])
    (folder / "Manifest.db").unlink()
    with sqlite3.connect(folder / "Manifest.db") as database:
        database.execute(schema)
        if "zeroblob" in schema:
            database.execute("INSERT INTO Files (domain) VALUES ('a')")
    database.close()
    with opened(folder) as found:
        entries, gaps, _ = listed(found)
        assert [gap.code for gap in gaps] == ["container.damaged"]
        assert content(found, entries[f"{SMS.name[:2]}/{SMS.name}".encode()]) == b"sms"


def test_records_and_pages_may_be_anything(tmp_path: Path) -> None:
    loop = {"$top": {"root": plistlib.UID(0)}, "$objects": [plistlib.UID(0)]}
    itunes(tmp_path / "backup", ROWS)
    path = tmp_path / "backup" / "Manifest.db"
    with sqlite3.connect(path) as database:
        blobs = [b"", b"bplist00", plistlib.dumps(loop, fmt=plistlib.FMT_BINARY), b"\0" * 99]
        for at, blob in enumerate(blobs):
            values = (f"{at}", "d", at, "x", blob)
            database.execute("INSERT INTO Files VALUES (?, ?, ?, ?, ?)", values)
    database.close()
    whole = path.read_bytes()
    assert sum(1 for _ in Manifest(whole).others(set())) == len(ROWS) + len(blobs)
    for at in range(100, len(whole), 397):
        broken = whole[:at] + b"\xff\xfe\xff" + whole[at + 3 :]
        try:
            made = Manifest(broken)
            try:
                assert sum(1 for _ in made.others(set())) <= len(whole)
            finally:
                made.close()
        except (EvidenceError, OSError):
            pass
