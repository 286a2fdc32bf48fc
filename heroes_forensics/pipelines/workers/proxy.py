"""Reading a large stream through another worker: requests and answers over one socket.

A stream too large for a memfd is not copied. The worker that works on it holds one end of a
SOCK_SEQPACKET pair; a parser worker, which has the evidence and nothing else to do, holds the
other and answers ``pread(offset, length)`` for that one stream. Neither end believes the other:
a request is two numbers, an answer is bytes no longer than asked.
"""

import os
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.frames import MAX_FRAME, Control

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import Reader

REQUEST: Final = struct.Struct("<QI")
"""Offset and length."""
HELLO: Final = struct.Struct("<cQ")
"""First answer: ``S`` and the size of the stream, bytes; or ``E`` and nothing more."""

PIECE: Final = MAX_FRAME - 1
"""Bytes of one answer."""
_DATA: Final = b"D"
_ERROR: Final = b"E"
_WAIT_SECONDS: Final = 5
"""So long the parser waits for a request before it says that it is still there."""


def answered(
    reader: "Reader | None", channel: socket.socket, beat: Callable[[], None]
) -> Iterator[Control]:
    """Answer requests for one stream until the other end closes; then say how much was read.

    Args:
        reader: the stream; None when it cannot be opened, which is all the other end learns.
        channel: our end of the pair; it is not closed.
        beat: called for each request, and while there is none.
    """
    reads = size = 0
    channel.settimeout(_WAIT_SECONDS)
    try:
        if reader is None:
            channel.send(_ERROR)
        else:
            channel.send(HELLO.pack(b"S", reader.size))
        while reader is not None:
            beat()
            try:
                request = channel.recv(REQUEST.size + 1)
            except TimeoutError:
                continue
            if len(request) != REQUEST.size:
                break
            offset, length = REQUEST.unpack(request)
            try:
                data = reader.pread(min(offset, reader.size), min(length, PIECE))
            except (EvidenceError, OSError):
                channel.send(_ERROR)
                continue
            channel.send(_DATA + data)
            reads, size = reads + 1, size + len(data)
    except OSError:
        pass  # the other end is gone: nobody wants an answer
    yield Control("served", {"reads": reads, "bytes": size})


class ProxyReader:
    """A `Reader` over the other end of the socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        hello = self._receive()
        if len(hello) != HELLO.size or hello[:1] != b"S":
            raise OSError("the stream cannot be read again")
        self._size = HELLO.unpack(hello)[1]

    def _receive(self) -> bytes:
        answer = self._channel.recv(MAX_FRAME)
        if not answer:
            raise OSError("the worker that read the stream has ended")
        return answer

    @property
    def size(self) -> int:
        """Length as the parser states it, bytes."""
        return int(self._size)

    def pread(self, offset: int, length: int) -> bytes:
        """Ask for bytes, as often as it takes.

        Raises:
            OSError: they cannot be read, or the parser is gone.
        """
        length = max(0, min(length, self.size - offset))
        parts = []
        while length > 0:
            asked = min(length, PIECE)
            self._channel.send(REQUEST.pack(offset, asked))
            answer = self._receive()
            if answer[:1] != _DATA or len(answer) > asked + 1:
                raise OSError("the stream cannot be read here")
            if len(answer) == 1:
                break
            parts.append(answer[1:])
            offset += len(answer) - 1
            length -= len(answer) - 1
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the socket; the parser takes it as the end."""
        self._channel.close()


class MemoryReader:
    """A `Reader` over a memfd that was handed over."""

    def __init__(self, descriptor: int, size: int) -> None:
        self._descriptor = descriptor
        self.size = size
        """Length, bytes."""

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``."""
        length = max(0, min(length, self.size - offset))
        # An offset from metadata may be larger than the kernel takes.
        return os.pread(self._descriptor, length, offset) if length else b""

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._descriptor)


def reader_of(descriptor: int) -> "Reader":
    """Return the reader of a descriptor that came with a unit: memfd or socket.

    The descriptor stays open; the reader has one of its own, which its ``close`` closes.

    Raises:
        OSError: the stream behind it cannot be read.
    """
    own = os.dup(descriptor)
    status = os.fstat(own)
    try:
        if stat.S_ISSOCK(status.st_mode):
            return ProxyReader(socket.socket(fileno=own))
        return MemoryReader(own, status.st_size)
    except OSError:
        os.close(own)
        raise
