"""Sources that hold an image in something else: compressed, or one member of an archive.

Nothing is unpacked to disk: what is compressed is expanded wherever it is read. Of gzip, places to
go on from are kept on the way (`heroes_forensics.parsers.reading.decompression.ExpandedReader`);
bzip2, xz, Zstandard and 7z are read by pieces (`heroes_forensics.parsers.containers.blocks`).
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Entry, EntryKind
from heroes_forensics.parsers.base import FileSystem, Reader
from heroes_forensics.parsers.containers import tar_headers, zip_records
from heroes_forensics.parsers.containers.blocks import LARGEST, in_one_piece, open_pieces
from heroes_forensics.parsers.containers.compressed import open_compressed
from heroes_forensics.parsers.containers.sevenzip import open_7z
from heroes_forensics.parsers.containers.tar import TarFileSystem
from heroes_forensics.parsers.containers.zip import open_zip
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.storage import containers
from heroes_forensics.parsers.storage.partitions import look

_MEMBERS: Final = 64
"""An archive with more members than that is a dump of files; nobody packs so few images so."""
_LOOK: Final = 1 << 20
"""Bytes at the start of a member that say whether it is an image."""
_SMALLEST: Final = 512
_STEP: Final = 1 << 20


class Expanded:
    """An expanded stream as media: its length is known, and what is damaged is an `OSError`."""

    def __init__(self, inner: Reader, fault: str = "") -> None:
        self._inner = inner
        self._size = inner.size
        self.fault = fault
        """Code of why the stream ended before it should; empty when it did not."""

    @property
    def size(self) -> int:
        """Length, bytes: stated, or as far as the stream was read to learn it."""
        if self._size < 0:
            self._size = self._measured()
        return self._size

    def _measured(self) -> int:
        at, step = 0, _STEP
        while step:
            try:
                data = self._inner.pread(at, step)
            except (OSError, EvidenceError) as error:
                self.fault = getattr(error, "code", "stream.unreadable")
                step //= 2  # what could be expanded before the fault counts
                continue
            if not data:
                break
            at += len(data)
        return at

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: what is compressed is damaged, or does not fit its checksum.
        """
        if self._size >= 0:  # else reading ends where the stream does
            length = max(0, min(length, self._size - offset))
        if not length:
            return b""
        try:
            return self._inner.pread(offset, length)
        except EvidenceError as error:
            raise OSError("the compressed bytes are damaged") from error

    def close(self) -> None:
        """Close the stream."""
        self._inner.close()


COMPRESSED: Final = {"gzip": "gz", "bzip2": "bz2", "xz": "xz", "zstd": "zst"}
"""What an image or a tar archive may be compressed with, and how names of such files end."""


def expanded(base: Reader) -> Expanded:
    """Return what a compressed file expands to, whichever of `COMPRESSED` it is.

    Raises:
        EvidenceError: it is no such file, or one that is expanded from its start alone.
        OSError: it cannot be read.
    """
    kind = open_compressed(base).kind
    if kind in LARGEST:
        return Expanded(*open_pieces(base, kind))
    return gunzipped(base)


def gunzipped(base: Reader) -> Expanded:
    """Return what a file that gzip compressed expands to; its length is learnt by reading it.

    Raises:
        EvidenceError: it is no such file.
    """
    found = open_compressed(base)
    entry = next(iter(found.entries()))
    if not isinstance(entry, Entry):  # a compressed stream is one entry
        raise EvidenceError("the compressed file holds nothing")
    return Expanded(found.open(entry.handle))


@dataclass(frozen=True, slots=True)
class Packed:
    """The disk images in an archive."""

    images: list[Expanded]
    others: int
    """Files beside them."""


def images_in(base: Reader, kind: str) -> Packed:
    """Find the members of an archive that are disk images, where it has few members.

    Args:
        base: the archive.
        kind: ``zip``, ``tar`` or ``7z``.
    """
    images: list[Expanded] = []
    others = 0
    try:
        if kind == "zip" and _many(base):
            return Packed([], 0)
        opened: FileSystem = _OPENERS[kind](base)
        listed = _members(base) if kind == "tar" else opened.entries()
        files: list[tuple[int, bytes]] = []
        for each in listed:
            if isinstance(each, Entry) and each.kind == EntryKind.FILE:
                files.append((each.size, each.handle))
            if len(files) > _MEMBERS:
                return Packed([], 0)
    except (OSError, EvidenceError):
        return Packed([], 0)
    for size, handle in files:
        member = None
        if size >= _SMALLEST:
            with suppress(OSError, EvidenceError):
                member = _member(opened, handle, size, kind)
                member = member if _is_image(member) else None
        if member is None:
            others += 1
        else:
            images.append(member)
    return Packed(images, others)


def _member(opened: FileSystem, handle: bytes, size: int, kind: str) -> Expanded:
    """Open a member; of a 7z archive, blocks begin anew for each read that goes back.

    Raises:
        UnsupportedError: it cannot be expanded, or only from its start, and is large.
        OSError: it cannot be read.
    """
    stored = opened.open(handle)
    return Expanded(in_one_piece(stored, size) if kind == "7z" else stored)


_OPENERS: Final[dict[str, Callable[[Reader], FileSystem]]] = {
    "zip": open_zip,
    "tar": TarFileSystem,
    "7z": open_7z,
}


def _many(base: Reader) -> bool:
    """Tell by the end record alone that a zip is a dump: its directory may be large."""
    directory = zip_records.find_directory(base)
    return directory is not None and directory.members > 4 * _MEMBERS


def _members(base: Reader) -> Iterator[Entry]:
    """Yield the first members of a tar archive, whose length nobody asks for."""
    at = 0
    tar = TarFileSystem(base)
    for _ in range(4 * _MEMBERS):
        try:
            member = tar_headers.read_member(base, at, {})
        except tar_headers.DamagedError:
            return
        if member is None:
            return
        yield tar.entry_of(member)
        at = max(member.end, at + tar_headers.BLOCK)


def _is_image(member: Reader) -> bool:
    """Tell by the start whether this is a disk image that would be examined as a source."""
    start = RangeReader(member, 0, min(member.size, _LOOK))
    container = containers.container_of(start)
    if container is not None:
        return container not in containers.UNREAD
    table, found = look(start)
    return table is not None or found is not None
