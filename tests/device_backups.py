"""Backups of devices as their programs write them, made small."""

import hashlib
import plistlib
import sqlite3
from pathlib import Path
from typing import NamedTuple


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
