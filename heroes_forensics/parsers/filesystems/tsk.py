"""NTFS, FAT, exFAT, ext2/3/4, HFS+, ISO 9660 and UFS, through The Sleuth Kit.

Locators are those of `heroes_forensics.parsers.filesystems.locators`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pytsk3

from heroes_forensics.model import Entry, Gap, Listing, TimeBasis
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems import tsk_tables as t
from heroes_forensics.parsers.filesystems.tsk_image import TskImage, steady_zone
from heroes_forensics.parsers.filesystems.tsk_stream import (
    EmptyStream,
    Handle,
    TskStream,
    open_stream,
)
from heroes_forensics.parsers.filesystems.tsk_walk import Walk

if TYPE_CHECKING:
    from typing import Any


class TskFileSystem:
    """One volume opened with The Sleuth Kit; satisfies `FileSystem`."""

    def __init__(self, reader: Reader, kind: str) -> None:
        self._reader = reader
        self._image = TskImage(reader)
        try:
            self._fs: Any = pytsk3.FS_Info(self._image, 0, t.type_of(kind))
        except (OSError, RuntimeError) as error:
            raise UnsupportedError(
                "the file system could not be opened", code="volume.damaged"
            ) from error
        number = int(self._fs.info.ftype)
        if number not in t.KINDS:
            raise UnsupportedError("no supported file system", code="volume.unknown")
        self._kind = t.KINDS[number]

    @property
    def kind(self) -> str:
        """Short lower-case name, e.g. ``ntfs``, ``fat16``, ``ext4``, ``hfsplus``."""
        return self._kind

    @property
    def times(self) -> TimeBasis:
        """How its four times are stored."""
        return t.TIMES[self._kind]

    def entries(self) -> Iterator[Entry | Gap | Listing]:
        """Yield the tree, then what a sweep of a finite table adds, then the counts."""
        walk = Walk(self._fs, self._image, self._kind)
        yield from walk.tree()
        yield walk.counts.listing("not available")

    def open(self, handle: bytes) -> TskStream | EmptyStream:
        """Open the stream of an entry."""
        return open_stream(
            self._fs,
            Handle.unpack(handle),
            block_size=int(self._fs.info.block_size),
            volume_size=self._reader.size,
            guessed=self._kind.startswith(("fat", "exfat")),
        )

    def close(self) -> None:
        """Release the volume; the reader stays open."""
        self._fs = None


def open_tsk(reader: Reader, kind: str = "") -> TskFileSystem:
    """Open a volume.

    Args:
        reader: its bytes, from its first sector on.
        kind: what it is expected to be (``ntfs``, ``fat32``, ...); empty to detect.

    Raises:
        UnsupportedError: it cannot be opened as that.
    """
    steady_zone()
    return TskFileSystem(reader, kind)
