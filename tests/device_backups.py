"""Backups of devices as their programs write them, made small."""

import hashlib
import plistlib
import sqlite3
from pathlib import Path
from typing import NamedTuple

from android_backup import encrypted
from cryptography.hazmat.primitives.keywrap import aes_key_wrap


class Stored(NamedTuple):
    """A row of the manifest, and what the backup stores for it."""

    domain: str
    path: str
    flags: int = 1
    content: bytes | None = b""
    size: int | None = None
    key: bytes = b""

    @property
    def name(self) -> str:
        """What the backup calls the stored file."""
        return hashlib.sha1(f"{self.domain}-{self.path}".encode()).hexdigest()  # noqa: S324


def archived(row: Stored) -> bytes:
    """Return the record of a file as NSKeyedArchiver lays it out."""
    size = len(row.content or b"") if row.size is None else row.size
    file = {
        "Size": size,
        "UserID": 501,
        "LastModified": 1_600_000_000,
        "LastStatusChange": 1_600_000_001,
        "Birth": 1_500_000_000,
        "RelativePath": plistlib.UID(2),
        "ProtectionClass": 3,
    }
    objects: list[object] = ["$null", file, row.path]
    if row.key:
        file["EncryptionKey"] = plistlib.UID(len(objects))
        objects.append({"NS.data": row.key})
    top = {"root": plistlib.UID(1)}
    whole = {
        "$version": 100000,
        "$archiver": "NSKeyedArchiver",
        "$top": top,
        "$objects": objects,
    }
    return plistlib.dumps(whole, fmt=plistlib.FMT_BINARY)


def manifest(path: Path, rows: list[Stored]) -> None:
    """Write ``Manifest.db``."""
    with sqlite3.connect(path) as database:
        database.execute(
            "CREATE TABLE Files (fileID TEXT PRIMARY KEY, domain TEXT, relativePath TEXT,"
            " flags INTEGER, file BLOB)"
        )
        database.executemany(
            "INSERT INTO Files VALUES (?, ?, ?, ?, ?)",
            [(row.name, row.domain, row.path, row.flags, archived(row)) for row in rows],
        )
    database.close()


def itunes(folder: Path, rows: list[Stored], facts: dict[str, object] | None = None) -> Path:
    """Make a backup of iTunes in ``folder``."""
    folder.mkdir()
    manifest(folder / "Manifest.db", rows)
    (folder / "Manifest.plist").write_bytes(plistlib.dumps({"IsEncrypted": False} | (facts or {})))
    for row in rows:
        if row.content is not None:
            target = folder / row.name[:2] / row.name
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(row.content)
    return folder


def field(name: bytes, value: bytes | int) -> bytes:
    """Return a field of a key bag."""
    value = value.to_bytes(4, "big") if isinstance(value, int) else value
    return name + len(value).to_bytes(4, "big") + value


def encrypted_itunes(folder: Path, rows: list[Stored], password: bytes) -> Path:
    """Make an encrypted backup of iTunes in ``folder``: files of class 3, manifest of class 4."""
    salt, before = b"s" * 20, b"d" * 20
    key = hashlib.pbkdf2_hmac("sha256", password, before, 1000, 32)
    key = hashlib.pbkdf2_hmac("sha1", key, salt, 10, 32)
    classes = {3: b"3" * 32, 4: b"4" * 32}
    bag = field(b"VERS", 4) + field(b"TYPE", 1) + field(b"UUID", b"u" * 16)
    bag += field(b"WRAP", 0) + field(b"SALT", salt) + field(b"ITER", 10)
    bag += field(b"DPWT", 1) + field(b"DPIC", 1000) + field(b"DPSL", before)
    for number, each in classes.items():
        bag += field(b"UUID", b"%016d" % number) + field(b"CLAS", number) + field(b"WRAP", 2)
        bag += field(b"KTYP", 0) + field(b"WPKY", aes_key_wrap(key, each))
    sealed = [
        row._replace(
            key=(3).to_bytes(4, "little") + aes_key_wrap(classes[3], file_key(row)),
            size=len(row.content),
            content=encrypted(file_key(row), bytes(16), row.content),
        )
        if row.content is not None
        else row
        for row in rows
    ]
    own = b"m" * 32
    stated = (4).to_bytes(4, "little") + aes_key_wrap(classes[4], own)
    facts: dict[str, object] = {"IsEncrypted": True, "BackupKeyBag": bag, "ManifestKey": stated}
    itunes(folder, sealed, facts)
    path = folder / "Manifest.db"
    path.write_bytes(encrypted(own, bytes(16), path.read_bytes()))
    return folder


def file_key(row: Stored) -> bytes:
    """Return the key of one file."""
    return hashlib.sha256(row.path.encode()).digest()
