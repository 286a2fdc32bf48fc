"""Backups of Android devices (``adb backup``): a few lines, then a tar archive, often compressed.

The lines are those of Android's ``BackupManagerService``: ``ANDROID BACKUP``, the version, whether
the rest is compressed (zlib), and how it is encrypted. The archive is the one member, at ``m@`` and
the offset where it begins, and is opened like any tar. An encrypted one is listed; it is
read where its password was given.
"""

import re
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, Place, TimeBasis
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.adb_encryption import decrypted
from heroes_forensics.parsers.containers.compressed import ZLIB, Streams
from heroes_forensics.parsers.containers.listing import counted
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.reading.decompression import ExpandedReader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import Secrets

_HEAD: Final = re.compile(rb"ANDROID BACKUP\n([0-9]{1,4})\n([01])\n([A-Za-z0-9-]{1,32})\n")
_HEAD_BYTES: Final = 128
_VERSIONS: Final = range(1, 6)
_HANDLE: Final = b"\1"


def open_adb(reader: Reader, secrets: Secrets | None = None) -> "AdbFileSystem":
    """Open a backup; ``reader`` stays the caller's to close.

    Args:
        reader: the backup.
        secrets: what was given to open an encrypted one.

    Raises:
        EvidenceError: this is none, or of a version that is not known.
    """
    with opening("the backup"):
        head = _HEAD.match(reader.pread(0, _HEAD_BYTES))
    if head is None or int(head[1]) not in _VERSIONS:
        raise EvidenceError("this is no backup of an Android device of a known version")
    body: Reader = RangeReader(reader, head.end(), reader.size - head.end())
    is_encrypted = head[3] != b"none"
    if head[3] == b"AES-256" and secrets:
        try:
            clear = decrypted(body, secrets)
        except OSError as error:
            raise EvidenceError("the encrypted backup is damaged or cut off") from error
        is_encrypted = clear is None
        body = clear or body
    return AdbFileSystem(body, head.end(), is_compressed=head[2] == b"1", is_encrypted=is_encrypted)


class AdbFileSystem:
    """Lists and opens the archive of one backup."""

    kind: Final = "adb-backup"

    def __init__(
        self, archive: Reader, start: int, *, is_compressed: bool, is_encrypted: bool
    ) -> None:
        self._archive = archive
        self._start = start
        self._is_compressed = is_compressed
        self.is_encrypted = is_encrypted
        """Whether it is, and no password that was given fits."""
        self.left = ""
        """Code of the gap, once something was met behind the archive; else empty."""

    @property
    def times(self) -> TimeBasis:
        """None: those of the files stand in the archive."""
        return {}

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the archive."""
        yield from counted(self._found(), sweep="not applicable: one archive")

    def _found(self) -> Iterator[Entry]:
        flags = EntryFlag.ALLOCATED
        flags |= EntryFlag.COMPRESSED if self._is_compressed else EntryFlag(0)
        yield Entry(
            locator=f"m@{self._start:#x}",
            kind=EntryKind.FILE,
            flags=flags,
            path=b"backup.tar",
            size=-1 if self._is_compressed else self._archive.size,
            handle=_HANDLE,
            first_offset=self._start,
            place=Place.BACKUP,
        )

    def open(self, handle: bytes) -> Reader:
        """Open the archive.

        Raises:
            OSError: this is not a handle of this parser.
            UnsupportedError: ``stream.encrypted``.
        """
        if handle != _HANDLE:
            raise OSError("not a handle of this parser")
        if self.is_encrypted:
            raise UnsupportedError("the backup is encrypted", code="stream.encrypted")
        if not self._is_compressed:
            return self._archive
        return ExpandedReader(self._archive, lambda each: Streams(each, ZLIB, self._met), -1, -1)

    def _met(self) -> None:
        self.left = "container.damaged"

    def close(self) -> None:
        """Leave the reader open: it was handed in."""
