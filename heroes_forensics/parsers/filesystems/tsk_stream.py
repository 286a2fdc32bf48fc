"""Streams The Sleuth Kit reads: from the handle of an entry to its bytes.

Reading goes by metadata address, attribute type and attribute id, through the kit's own function
for that kind of attribute: only it knows about compression, sparse runs and the initialised size.
Run lists are looked at for what they reveal (fillers, nothing allocated).

Most streams have none of these, and lie in one piece. The lister has seen that, and its handle says
where: such a stream is read from there, and its metadata not a second time (ADR 0067).
"""

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from heroes_forensics.parsers.base import UnsupportedError
from heroes_forensics.parsers.filesystems import tsk_tables as t

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from heroes_forensics.parsers.base import Reader

_FORM: Final = struct.Struct("<BIIIQq")
_LYING: Final = struct.Struct("<BIIIQqq")

ALLOCATED: Final = 1
NO_METADATA: Final = 2
"""The name is in use and its metadata could not be read."""
NO_ATTRIBUTE: Final = 4
"""A file without the attribute that would hold its content."""
ELSEWHERE: Final = 8
"""A reparse point says the content is stored by another method or in another place."""
MAPPED: Final = 16
"""A large block-mapped file of ext: read by `ext_inodes`."""
ATTRIBUTE: Final = 64
"""An extended attribute of ext: read by `ext_attributes`."""

SHOWN: Final = 32
"""A file of exFAT as systems show it: with zeros behind its valid length."""
LIES: Final = 128
"""All of it lies in one piece: where, the handle says behind its size."""

SPARSE_LIMIT: Final = 1 << 34
"""Bytes of holes read for one stream before its size must be explained by allocated runs."""
SPARSE_RATIO: Final = 16
_MAX_READ: Final = 1 << 28


class Handle(NamedTuple):
    """What `TskFileSystem.open` needs; packed into 29 bytes."""

    flags: int
    type: int
    id: int
    sequence: int
    address: int
    size: int

    def pack(self) -> bytes:
        """Return the bytes an `Entry` carries."""
        return _FORM.pack(*self)

    @classmethod
    def unpack(cls, handle: bytes) -> "Handle":
        """Take the bytes of an `Entry` apart.

        Raises:
            OSError: they are not a handle of this parser.
        """
        try:
            if lies(handle):
                return cls._make(_FORM.unpack(handle[: _FORM.size]))._replace(flags=ALLOCATED)
            return cls._make(_FORM.unpack(handle))
        except struct.error as error:
            raise OSError("not a handle of this parser") from error


pack_handle = _FORM.pack
"""The same without the tuple, for the walk."""
pack_lying = _LYING.pack
"""The same with `LIES`, and behind the size the byte of the volume at which the stream begins."""


class LyingStream:
    """A stream that lies in one piece, as a `Reader`. A read that gives too little is an error."""

    def __init__(self, reader: "Reader", handle: bytes) -> None:
        """Take the volume and a handle that `lies`.

        Raises:
            OSError: it names a place before the volume.
        """
        self._reader = reader
        *_, self.size, self._offset = _LYING.unpack(handle)
        if self._offset < 0 or self.size < 0:
            raise OSError("not a handle of this parser")

    def pread(self, offset: int, length: int) -> bytes:
        """Read where it lies.

        Raises:
            OSError: the bytes cannot be read, or the volume ends before them.
        """
        length = max(0, min(length, self.size - offset))
        try:
            data = self._reader.pread(self._offset + offset, length) if length else b""
        except OSError as error:
            raise OSError("the content cannot be read") from error
        if len(data) != length:
            raise OSError("the content ends before its stated size")
        return data

    def close(self) -> None:
        """Leave the volume open."""


def lies(handle: bytes) -> bool:
    """Tell whether a handle says that its stream lies in one piece."""
    return len(handle) == _LYING.size and handle[0] == LIES | ALLOCATED


class TskStream:
    """One attribute as a `Reader`. A read that gives too little is an `OSError`."""

    def __init__(self, file: "Any", handle: Handle, allocated: int) -> None:  # noqa: ANN401
        self._file = file
        self._type = t.to_kit(handle.type)
        self._id = handle.id
        self._size = handle.size
        self.allocated = allocated
        """Bytes of the runs that are on the medium; -1 for resident and compressed content."""

    @property
    def size(self) -> int:
        """Length by the metadata, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read through The Sleuth Kit.

        Raises:
            OSError: the bytes cannot be read, or there are fewer than the metadata states.
        """
        length = max(0, min(length, self._size - offset))
        if length <= _MAX_READ:
            return self._read(offset, length) if length else b""
        steps = range(offset, offset + length, _MAX_READ)
        return b"".join(
            self._read(start, min(_MAX_READ, offset + length - start)) for start in steps
        )

    def _read(self, offset: int, length: int) -> bytes:
        try:
            data: bytes = self._file.read_random(offset, length, self._type, self._id)
        except (OSError, RuntimeError, TypeError, SystemError) as error:
            raise OSError("the content cannot be read") from error
        if len(data) != length:
            raise OSError("the content ends before its stated size")
        return data

    def close(self) -> None:
        """Release the file."""
        self._file = None


class EmptyStream:
    """A stream of no bytes, or of a size that has nothing behind it."""

    def __init__(self, size: int) -> None:
        self._size = size
        self.allocated = 0

    @property
    def size(self) -> int:
        """Length by the metadata, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Return nothing: the caller compares with `size`."""
        del offset, length
        return b""

    def close(self) -> None:
        """Nothing is held."""


class Volume(NamedTuple):
    """What reading a stream needs to know of its file system."""

    kind: str
    block_size: int
    size: int
    """Bytes of the volume."""
    check_blocks: "Callable[[int], None] | None" = None
    """Where holes are not written down: raises `OSError` when the file of a metadata address
    has lost part of its map."""


def open_stream(fs: "Any", handle: Handle, volume: Volume) -> TskStream | EmptyStream:  # noqa: ANN401
    """Open the attribute a handle names.

    Args:
        fs: an open `pytsk3.FS_Info`.
        handle: unpacked handle of an entry.
        volume: what `fs` is.

    Raises:
        OSError: the stream cannot be read.
        UnsupportedError: it is stored in a way that is not read here.
    """
    deleted = not handle.flags & ALLOCATED
    # FAT keeps no cluster list of deleted entries.
    guessed = volume.kind.startswith(("fat", "exfat"))
    if handle.flags & NO_METADATA:
        raise UnsupportedError("the metadata cannot be read", code="entry.unreadable")
    if handle.flags & ELSEWHERE:
        raise UnsupportedError(
            "the content is stored by a method that is not supported", code="stream.unsupported"
        )
    try:
        file = fs.open_meta(handle.address)
        meta = file.info.meta
        if meta is None or meta.seq != handle.sequence:
            raise UnsupportedError("the metadata has changed hands", code="stream.changed")
        if handle.flags & NO_ATTRIBUTE:
            return EmptyStream(handle.size)
        found = _attribute(file, handle.type, handle.id)
    except (OSError, RuntimeError) as error:
        raise _failure(deleted=deleted, guessed=guessed) from error
    if found is None:
        raise _failure(deleted=deleted, guessed=guessed)
    if handle.size == 0:
        return EmptyStream(0)
    if found.info.size != handle.size:
        raise UnsupportedError("the size has changed", code="stream.changed")
    allocated = _check_runs(found, handle, volume)
    return TskStream(file, handle, allocated)


def _failure(*, deleted: bool, guessed: bool) -> OSError | UnsupportedError:
    if deleted and guessed:
        return UnsupportedError(
            "the clusters of this deleted entry serve other content", code="stream.reallocated"
        )
    return OSError("the content cannot be read")


def _attribute(file: "Any", kind: int, number: int) -> "Any":  # noqa: ANN401
    attributes: Iterator[Any] = iter(file)
    for attribute in attributes:
        info = attribute.info
        if int(info.type) & t.TYPE == kind and info.id == number:
            return attribute
    return None


def _check_runs(attribute: "Any", handle: Handle, volume: Volume) -> int:  # noqa: ANN401
    """Return the bytes allocated, -1 where runs do not tell."""
    flags = int(attribute.info.flags)
    if handle.size < 0:
        raise UnsupportedError("the stated size is not a size", code="stream.limit")
    if flags & t.ATTRIBUTE_RESIDENT:
        return -1
    allocated = 0
    holes = False
    for run in attribute:
        mark = int(run.flags)
        holes = holes or mark & (t.RUN_SPARSE | t.RUN_FILLER) != 0
        if not mark & (t.RUN_SPARSE | t.RUN_FILLER):
            allocated += run.len * volume.block_size
        elif mark & t.RUN_FILLER and volume.check_blocks is None:
            raise OSError("part of the list of runs is missing")
    check_holes(handle.size, allocated, volume.size)
    if holes and volume.check_blocks is not None:
        volume.check_blocks(handle.address)
    return -1 if flags & t.ATTRIBUTE_COMPRESSED else allocated


def check_holes(size: int, allocated: int, volume_size: int) -> None:
    """Refuse to read holes for hours.

    Raises:
        UnsupportedError: the size is far beyond the volume and beyond what is allocated.
    """
    if size > max(volume_size, SPARSE_LIMIT) and allocated * SPARSE_RATIO < size:
        raise UnsupportedError(
            "the stated size is far beyond what is allocated", code="stream.limit"
        )
