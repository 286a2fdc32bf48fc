"""Small readers that turn descriptors, ranges and file objects into one another."""

import io
import os
import threading
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from heroes_forensics.parsers.base import Reader

if TYPE_CHECKING:
    from typing_extensions import Buffer


class FileObject(Protocol):
    """What dfVFS, pyewf and the libyal bindings give and take."""

    def read(self, size: int = -1, /) -> bytes:
        """Read at the current position."""
        ...

    def seek(self, offset: int, whence: int = 0, /) -> object:
        """Move the current position."""
        ...


class DescriptorReader:
    """Bytes of an open descriptor, read with pread; the descriptor stays open."""

    def __init__(
        self,
        descriptor: int,
        size: int | None = None,
        on_read: Callable[[], None] | None = None,
    ) -> None:
        """Take an open descriptor.

        Args:
            descriptor: it stays the caller's.
            size: its length, bytes; looked up when not given.
            on_read: called for each read: a library that reads through us is not hanging.
        """
        self._descriptor = descriptor
        self._on_read = on_read
        self._size = os.lseek(descriptor, 0, os.SEEK_END) if size is None else size

    @property
    def size(self) -> int:
        """Length of the file or block device, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read, repeating after short reads, which the kernel may return at any time."""
        length = max(0, min(length, self._size - offset))
        if not length:
            return b""  # an offset from metadata may be larger than the kernel takes
        if self._on_read is not None:
            self._on_read()
        data = os.pread(self._descriptor, length, offset)
        if len(data) == length or not data:
            return data
        parts = [data]
        have = len(data)
        while have < length:
            data = os.pread(self._descriptor, length - have, offset + have)
            if not data:
                break
            parts.append(data)
            have += len(data)
        return b"".join(parts)

    def close(self) -> None:
        """Leave the descriptor open: it was handed in."""


def exactly(reader: Reader, offset: int, length: int) -> bytes:
    """Return all of ``length`` bytes at ``offset``; the caller bounds them.

    Raises:
        OSError: they cannot be read, or end earlier.
    """
    data = reader.pread(offset, length)
    if len(data) != length:
        raise OSError("the bytes end earlier than is stated")
    return data


def in_pieces(piece: Callable[[int, int], bytes], offset: int, length: int, *, size: int) -> bytes:
    """Read what is kept in pieces: chunks, blocks, stripes.

    Args:
        piece: takes an offset and how many bytes are wanted, and returns at least one of them and
            no more than that; what it cannot give is an `OSError`.
        offset: of the first byte.
        length: bytes at most.
        size: bytes of the whole.

    Raises:
        OSError: a piece could not be given, or was empty: the rest would be asked for without end.
    """
    length = max(0, min(length, size - offset))
    parts: list[bytes] = []
    while length > 0:
        data = piece(offset, length)
        if not data:
            raise OSError("a piece of the stream is empty")
        parts.append(data)
        offset += len(data)
        length -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


class RangeReader:
    """A run of bytes of another reader: a partition, an unpacked member stored as is."""

    def __init__(self, inner: Reader, offset: int, size: int) -> None:
        self.inner = inner
        self.offset = offset
        """Of the range in ``inner``, bytes."""
        self._size = size

    @property
    def size(self) -> int:
        """Declared length, bytes; reads stop earlier where the inner reader ends."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read inside the range only."""
        length = max(0, min(length, self._size - offset))
        return self.inner.pread(self.offset + offset, length) if length else b""

    def close(self) -> None:
        """Leave the inner reader open."""


class ConcatReader:
    """Readers one after the other: the segments of a split image."""

    def __init__(self, parts: Sequence[Reader]) -> None:
        self._parts = tuple(parts)
        starts = [0]
        for part in self._parts:
            starts.append(starts[-1] + part.size)
        self._starts = starts

    @property
    def size(self) -> int:
        """Sum of the parts, bytes."""
        return self._starts[-1]

    def pread(self, offset: int, length: int) -> bytes:
        """Read across the seams."""
        length = max(0, min(length, self.size - offset))
        found: list[bytes] = []
        while length > 0:
            index = bisect_right(self._starts, offset) - 1
            data = self._parts[index].pread(
                offset - self._starts[index], min(length, self._starts[index + 1] - offset)
            )
            if not data:
                break
            found.append(data)
            offset += len(data)
            length -= len(data)
        return found[0] if len(found) == 1 else b"".join(found)

    def close(self) -> None:
        """Close every part."""
        for part in self._parts:
            part.close()


class FileObjectReader:
    """A seekable file object as a reader. A short read before the end is an `OSError`."""

    def __init__(self, inner: FileObject, size: int) -> None:
        self._inner = inner
        self._size = size
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Length as the caller stated it, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Seek and read, repeating after short reads."""

        def piece(at: int, wanted: int) -> bytes:
            self._inner.seek(at)
            return self._inner.read(wanted)

        with self._lock:
            return in_pieces(piece, offset, length, size=self._size)

    def close(self) -> None:
        """Close the file object where it can be closed."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()


class ReaderFile(io.RawIOBase):
    """A reader as a raw, seekable, read-only file object for libraries that want one."""

    def __init__(self, inner: Reader) -> None:
        super().__init__()
        self._inner = inner
        self._position = 0

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return the current position."""
        return self._position

    def get_size(self) -> int:
        """Return the length, as libyal asks for it."""
        return self._inner.size

    def get_offset(self) -> int:
        """Return the current position, as libyal asks for it."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Move the current position."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._inner.size}
        position = base[whence] + offset
        if position < 0:
            raise OSError("seek before the start")
        self._position = position
        return position

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes; all that is left when negative."""
        if size is None or size < 0:
            size = max(0, self._inner.size - self._position)
        data = self._inner.pread(self._position, size)
        self._position += len(data)
        return data

    def readinto(self, buffer: "Buffer", /) -> int:
        """Fill ``buffer`` as far as the bytes go."""
        view = memoryview(buffer).cast("B")
        data = self.read(len(view))
        view[: len(data)] = data
        return len(data)
