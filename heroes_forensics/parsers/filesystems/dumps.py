"""tar archives that are packed as a whole, as sources: compressed, and in a backup of ``adb``.

They are read in place: locators are those of the archive inside, and offsets count from its start.
"""

from collections.abc import Iterator

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, Gap, Listing
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.adb import open_adb
from heroes_forensics.parsers.containers.compressed import open_compressed
from heroes_forensics.parsers.containers.pieces import opening
from heroes_forensics.parsers.containers.tar import TarFileSystem, open_tar
from heroes_forensics.parsers.secrets import Secrets
from heroes_forensics.parsers.storage.packed import COMPRESSED, Expanded, expanded


def open_compressed_tar(reader: Reader) -> "PackedTar":
    """Open a tar archive that was compressed; ``reader`` stays the caller's to close.

    Raises:
        EvidenceError: this is none.
    """
    kind = open_compressed(reader).kind
    with opening("what the source expands to"):
        return _opened(expanded(reader), f"tar.{COMPRESSED.get(kind, kind)}")


def open_adb_backup(reader: Reader, secrets: Secrets | None = None) -> "PackedTar":
    """Open a backup of an Android device; ``reader`` stays the caller's to close.

    Args:
        reader: the backup.
        secrets: what was given to open an encrypted one.

    Raises:
        EvidenceError: this is none, or holds no tar archive.
        UnsupportedError: ``stream.encrypted``.
    """
    found = open_adb(reader, secrets)
    entry = next(iter(found.entries()))
    if not isinstance(entry, Entry):  # a backup is one entry
        raise EvidenceError("the backup holds nothing")
    return _opened(Expanded(found.open(entry.handle)), "adb-backup")


def _opened(archive: Expanded, kind: str) -> "PackedTar":
    with opening("what the source expands to"):
        return PackedTar(archive, open_tar(archive), kind)


class PackedTar:
    """A tar archive that says when what it is packed in ends before it should."""

    def __init__(self, archive: Expanded, tar: TarFileSystem, kind: str) -> None:
        self.kind = kind
        self._archive = archive
        self._tar = tar
        self.times = tar.times
        self.open = tar.open

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the members, and a gap where the compressed bytes end or are damaged."""
        for each in self._tar.entries():
            if isinstance(each, Listing) and self._archive.fault:
                detail: dict[str, object] = {"read": self._archive.size}
                yield Gap(f"m@{self._archive.size:#x}", "source.truncated", detail)
            yield each

    def close(self) -> None:
        """Close what expands; what it reads was handed in."""
        self._archive.close()
