"""A backup of iTunes or Finder as a source: the folder, with the names that its manifest gives.

What lies in the folder is listed as any folder is (`parsers.filesystems.directory`): locators are
``d:`` and indexes, and each stored file is one entry. One that the manifest knows has the path that
it had on the device, domain first, with the size, owner and times stated there; times of the
computer that holds the backup are left out, for they are none of the device. One that the manifest
does not know keeps its path in the folder and the flag ``ORPHAN``. What the manifest names and the
folder lacks is an entry ``b:`` and the number of its row: a file is the gap ``stream.missing``,
directories and links have no content.

``Manifest.db-wal`` is not merged: files that it alone names are listed without a name.
"""

import os
import stat
from collections.abc import Iterator
from typing import Any, Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryFlag, EntryKind, Gap, Listing, TimeBasis, TimeRule
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers.itunes_plist import stated
from heroes_forensics.parsers.decryption import BLOCK, CbcReader
from heroes_forensics.parsers.filesystems import itunes_keys, itunes_manifest
from heroes_forensics.parsers.filesystems.directory import DirectoryFileSystem, open_directory
from heroes_forensics.parsers.filesystems.itunes_manifest import Manifest, Record, digest_of
from heroes_forensics.parsers.place import place_of
from heroes_forensics.parsers.reading.readers import DescriptorReader
from heroes_forensics.parsers.secrets import Secrets
from heroes_forensics.parsers.storage.backups import FORMAT, MANIFEST

_SMALL: Final = 4 << 20
"""Bytes that ``Manifest.plist`` may have."""
_OPEN: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_TIMES: Final[TimeBasis] = {name: TimeRule(1_000_000_000, "utc") for name in "mcb"}

_STORED: Final = b"\3"
"""First byte of a handle: digest and handle of the folder follow."""
_ABSENT: Final = b"\4"
_DIGEST: Final = 20

_MOBILE: Final = b"private/var/mobile/"
_ROOTS: Final = {
    b"CameraRollDomain": _MOBILE,
    b"MediaDomain": _MOBILE,
    b"HomeDomain": _MOBILE,
    b"RootDomain": b"private/var/root/",
    b"WirelessDomain": b"private/var/wireless/",
    b"SystemPreferencesDomain": b"private/var/preferences/",
    b"KeychainDomain": b"private/var/Keychains/",
    b"DatabaseDomain": b"private/var/db/",
}
"""Where a domain lies on the device."""
_APPS: Final = (
    (b"AppDomainGroup-", _MOBILE + b"Containers/Shared/AppGroup/"),
    (b"AppDomainPlugin-", _MOBILE + b"Containers/Data/PluginKitPlugin/"),
    (b"AppDomain-", _MOBILE + b"Containers/Data/Application/"),
)


def open_itunes(folder: int, secrets: Secrets | None = None) -> "BackupFileSystem":
    """Open a backup by a descriptor of its folder, which stays the caller's.

    Args:
        folder: the descriptor.
        secrets: what was given to open an encrypted one.

    Raises:
        EvidenceError: it is no directory, or it cannot be listed.
    """
    return BackupFileSystem(folder, open_directory(folder), secrets or Secrets())


class BackupFileSystem:
    """Lists and opens what a backup stores, under the names of the device."""

    kind: Final = FORMAT

    def __init__(self, folder: int, directory: DirectoryFileSystem, secrets: Secrets) -> None:
        self._folder = folder
        self._directory = directory
        self._facts = _facts_of(folder)
        self._keys: itunes_keys.FileKeys | None = None
        if self.is_encrypted and secrets:
            self._keys = itunes_keys.opened(self._facts, secrets)
        self._manifest: Manifest | None = None
        self._looked = False

    @property
    def times(self) -> TimeBasis:
        """Whole seconds, as the manifest has them."""
        return dict(_TIMES)

    @property
    def is_encrypted(self) -> bool:
        """Whether the backup says that what it stores is encrypted."""
        return self._facts.get("IsEncrypted") is True

    def _opened(self) -> Manifest | None:
        """Return the manifest; None when it cannot be read."""
        if not self._looked:
            self._looked = True
            try:
                data = _whole(self._folder, MANIFEST, itunes_manifest.MAX_BYTES)
                if self._keys is not None:
                    data = itunes_keys.manifest_of(self._facts, self._keys, data)
                self._manifest = Manifest(data)
            except (OSError, EvidenceError):
                self._manifest = None
        return self._manifest

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield what the folder holds, then what only the manifest names."""
        manifest = self._opened()
        if manifest is None:
            code = "stream.encrypted" if self.is_encrypted else "container.damaged"
            yield Gap("d:", code, {"part": "names of the files"})
        known: set[int] = set()
        more = directories = 0
        for each in self._directory.entries():
            if isinstance(each, Entry):
                yield self._named(each, manifest, known)
            elif isinstance(each, Gap):
                yield each
            else:
                if manifest is not None:
                    try:
                        for record in manifest.others(known):
                            entry = _absent(record)
                            more += 1
                            directories += entry.kind == EntryKind.DIRECTORY
                            yield entry
                    except OSError:
                        yield Gap("d:", "container.damaged", {"part": "names of the files"})
                yield Listing(
                    entries=each.entries + more,
                    directories=each.directories + directories,
                    directories_listed=each.directories_listed + directories,
                    directories_not_listed=each.directories_not_listed,
                    directories_met_before=each.directories_met_before,
                    sweep="what the manifest names and the folder does not hold",
                )

    def _named(self, entry: Entry, manifest: Manifest | None, known: set[int]) -> Entry:
        """Return an entry of the folder under its name on the device."""
        entry = entry._replace(times=(None, None, None, None))
        digest = _digest_in(entry)
        if digest is None:
            return entry._replace(owner=-1)
        handle = _STORED + digest + entry.handle
        record = None
        if manifest is not None:
            try:
                record = manifest.of(digest)
            except OSError:
                record = None
        if record is None or record.row in known:
            flags = entry.flags if manifest is None else entry.flags | EntryFlag.ORPHAN
            return entry._replace(handle=handle, flags=flags, owner=-1)
        known.add(record.row)
        return entry._replace(
            path=record.path,
            size=record.size if record.size >= 0 else entry.size,
            handle=handle,
            times=record.times,
            owner=record.owner,
            place=place_of(_on_device(record), allocated=True),
        )

    def open(self, handle: bytes) -> Reader:
        """Open a stored file.

        Raises:
            OSError: it cannot be read.
            UnsupportedError: ``stream.missing``, the backup does not hold it;
                ``stream.encrypted``; ``stream.changed``.
        """
        if handle.startswith(_ABSENT):
            raise UnsupportedError("the backup does not hold this file", code="stream.missing")
        if not handle.startswith(_STORED):
            return self._directory.open(handle)
        stored = handle[len(_STORED) + _DIGEST :]
        if not self.is_encrypted:
            return self._directory.open(stored)
        manifest = self._opened() if self._keys is not None else None
        record = manifest.of(handle[len(_STORED) :][:_DIGEST]) if manifest is not None else None
        key = self._keys.of(record.key) if self._keys is not None and record is not None else None
        if record is None or key is None:
            raise UnsupportedError("the backup is encrypted", code="stream.encrypted")
        return CbcReader(self._directory.open(stored), key, bytes(BLOCK), record.size)

    def close(self) -> None:
        """Release the folder and the manifest."""
        self._directory.close()
        if self._manifest is not None:
            self._manifest.close()


def _digest_in(entry: Entry) -> bytes | None:
    """Return the digest by which an entry of the folder is stored; None when it is no such file.

    It lies in a folder that is called as its first two digits.
    """
    folder, _, name = entry.path.rpartition(b"/")
    if entry.kind != EntryKind.FILE or len(folder) != 2 or not name.startswith(folder):  # noqa: PLR2004
        return None
    return digest_of(name)


def _absent(record: Record) -> Entry:
    """Return the entry of what only the manifest names."""
    kinds = {
        itunes_manifest.DIRECTORY: EntryKind.DIRECTORY,
        itunes_manifest.LINK: EntryKind.SYMLINK,
    }
    kind = kinds.get(record.flags, EntryKind.FILE)
    return Entry(
        locator=f"b:{record.row}",
        kind=kind,
        flags=EntryFlag.ALLOCATED,
        path=record.path,
        size=max(-1, record.size) if kind == EntryKind.FILE else 0,
        handle=_ABSENT,
        times=record.times,
        owner=record.owner,
        place=place_of(_on_device(record), allocated=True),
    )


def _on_device(record: Record) -> bytes:
    """Return the path on the device, as far as the domain tells it; only `place_of` sees it."""
    rest = record.path[len(record.domain) :].lstrip(b"/")
    root = _ROOTS.get(record.domain)
    if root is not None:
        return root + rest
    for prefix, folder in _APPS:
        if record.domain.startswith(prefix):
            return folder + record.domain[len(prefix) :] + b"/" + rest
    return record.path


def _whole(folder: int, name: str, most: int) -> bytes:
    """Read a file of the folder whole.

    Raises:
        OSError: it cannot be read, is no regular file, or is larger than ``most``.
    """
    descriptor = os.open(name, _OPEN, dir_fd=folder)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > most:
            raise OSError("not a file of a size that is read")
        return DescriptorReader(descriptor, status.st_size).pread(0, status.st_size)
    finally:
        os.close(descriptor)


def _facts_of(folder: int) -> dict[str, Any]:
    """Return ``Manifest.plist``; nothing when it cannot be read."""
    try:
        return stated(_whole(folder, "Manifest.plist", _SMALL)) or {}
    except (OSError, EvidenceError):
        return {}
