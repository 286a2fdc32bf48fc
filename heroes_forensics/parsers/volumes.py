"""From a volume row to a file system that lists and opens entries."""

from typing import TYPE_CHECKING, Final, cast

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import GAP_TEXTS
from heroes_forensics.parsers.base import FileSystem, Reader, UnsupportedError
from heroes_forensics.parsers.storage import layers
from heroes_forensics.parsers.storage.source import Source
from heroes_forensics.parsers.storage.volume import ARCHIVE, DIRECTORY, FILE, UNALLOCATED, Volume
from heroes_forensics.registry import Plugin

if TYPE_CHECKING:
    from collections.abc import Callable

_COMPRESSED_TAR: Final = "heroes_forensics.parsers.filesystems.dumps:open_compressed_tar"

OPENERS: Final[tuple[Plugin[object], ...]] = (
    Plugin("tsk", "heroes_forensics.parsers.filesystems.tsk:open_tsk", "NTFS, FAT, ext, HFS+ ..."),
    Plugin("apfs", "heroes_forensics.parsers.filesystems.apfs:open_apfs", "APFS volumes"),
    Plugin("xfs", "heroes_forensics.parsers.filesystems.xfs:open_xfs", "XFS volumes"),
    Plugin("jffs2", "heroes_forensics.parsers.filesystems.jffs2:open_jffs2", "JFFS2 volumes"),
    Plugin("btrfs", "heroes_forensics.parsers.filesystems.btrfs:open_btrfs", "btrfs volumes"),
    Plugin(
        "squashfs", "heroes_forensics.parsers.filesystems.squashfs:open_squashfs", "squashfs 4.0"
    ),
    Plugin(
        "directory",
        "heroes_forensics.parsers.filesystems.directory:open_directory",
        "A folder on the examiner's machine",
    ),
    Plugin(
        "itunes-backup",
        "heroes_forensics.parsers.filesystems.itunes_backup:open_itunes",
        "A backup of iTunes or Finder: a folder with Manifest.db",
    ),
    Plugin(
        "unallocated",
        "heroes_forensics.parsers.recovery.unallocated:open_range",
        "A range of the medium without a file system",
    ),
    Plugin("single", "heroes_forensics.parsers.filesystems.single:open_single", "One file"),
    Plugin("tar", "heroes_forensics.parsers.containers.tar:open_tar", "tar archives"),
    Plugin("tar.gz", _COMPRESSED_TAR, "tar within gzip"),
    Plugin("tar.bz2", _COMPRESSED_TAR, "tar within bzip2"),
    Plugin("tar.xz", _COMPRESSED_TAR, "tar within xz"),
    Plugin("tar.zst", _COMPRESSED_TAR, "tar within Zstandard"),
    Plugin("7z", "heroes_forensics.parsers.containers.sevenzip:open_7z", "7z archives"),
    Plugin("zip", "heroes_forensics.parsers.containers.zip:open_zip", "zip archives"),
    Plugin(
        "aff4-logical",
        "heroes_forensics.parsers.filesystems.aff4_logical:open_aff4_logical",
        "AFF4-L volumes of files",
    ),
    Plugin("ad1", "heroes_forensics.parsers.containers.ad1:open_ad1", "AD1 logical images"),
    Plugin(
        "adb-backup",
        "heroes_forensics.parsers.filesystems.dumps:open_adb_backup",
        "Backups of Android devices (adb backup)",
    ),
)
"""Which function opens what; its module is imported only when a volume needs it."""

_WITH_SECRETS: Final = frozenset({"itunes-backup", "adb-backup", "zip", "7z"})
"""What may be encrypted, and takes what was given to open it."""


_APART: Final = frozenset({"apfs", "btrfs", "jffs2", "squashfs", "xfs"})
"""File systems that The Sleuth Kit does not read."""


def volume_reader(source: Source, volume: Volume) -> Reader:
    """Return the bytes of a volume.

    Raises:
        OSError: a layer below it could not be opened.
    """
    return layers.follow(source, volume.spec)


def open_volume(source: Source, volume: Volume) -> FileSystem:
    """Open a volume that `heroes_forensics.parsers.storage.layout.volumes` listed.

    Raises:
        UnsupportedError: the volume has a gap: encrypted, unknown, not supported.
        EvidenceError: the file system could not be opened.
    """
    if volume.gap is not None:
        raise UnsupportedError(
            f"volume {volume.key}: {GAP_TEXTS[volume.gap.code]}", code=volume.gap.code
        )
    try:
        return _open(source, volume)
    except OSError as error:
        raise EvidenceError(f"volume {volume.key} could not be opened") from error


def _open(source: Source, volume: Volume) -> FileSystem:
    name = volume.file_system or ""
    given: tuple[object, ...]
    if volume.kind == DIRECTORY:
        given = (source.segments[0].fd,)
    else:
        given = (volume_reader(source, volume),)
    if name in _WITH_SECRETS:
        given = (*given, source.secrets)
    elif name == "apfs" and volume.kind != UNALLOCATED:
        given = (*given, cast("int", volume.spec[-1]["index"]), source.secrets)
    if volume.kind == FILE:
        name = "single"
    elif volume.kind == UNALLOCATED:
        name = "unallocated"
    elif volume.kind not in {ARCHIVE, DIRECTORY} and name not in _APART:
        return _opener("tsk")(*given, name, getattr(source.media, "doubts", None))
    return _opener(name)(*given)


def _opener(name: str) -> "Callable[..., FileSystem]":
    row = next(row for row in OPENERS if row.name == name)
    return cast("Callable[..., FileSystem]", row.load())
