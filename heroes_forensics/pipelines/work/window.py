"""A window onto the media: memory in which one worker puts what others digest, piece by piece.

The window is a memfd of a few slots. Who fills it copies a piece of the media into a slot and sends
a token to everyone who follows; a slot is filled again when all of them have given the token back.
Tokens go through sockets, so that what a token names is in the memory before the token is there.
Who follows maps the memory for reading only. It all ends with the socket: whose partner is gone
reads its end.
"""

import fcntl
import mmap
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final, NamedTuple, Self

SLOTS: Final = 8
"""Of each worker that fills the window."""

_SEALS: Final = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
TOKEN: Final = struct.Struct("<IIB")
"""Slot, bytes in it, and what there is to say of them."""
_BACK: Final = b"b"
_HOLE: Final = 1
_END: Final = 2


class WindowError(OSError):
    """The other side of a window is gone, or does not keep to its rules."""


class Piece(NamedTuple):
    """What a token says."""

    data: memoryview
    """Lies in the window: to be used before the next piece is asked for."""
    hole: bool
    """Part of the media is missing before or in this piece."""


def made(fillers: int, room: int) -> tuple[int, int]:
    """Make the memory of a window.

    Args:
        fillers: how many workers fill it.
        room: bytes of a slot.

    Returns:
        A descriptor to fill it with and one to read from it.
    """
    flags = os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING
    writable = os.memfd_create("heroes-window", flags)
    try:
        os.ftruncate(writable, fillers * SLOTS * room)
        # Memory that shrinks would end whoever reads it with SIGBUS.
        fcntl.fcntl(writable, fcntl.F_ADD_SEALS, _SEALS)
        readable = os.open(f"/proc/self/fd/{writable}", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        os.close(writable)
        raise
    return writable, readable


class Filler:
    """The side of the worker that fills its slots."""

    def __init__(self, window: int, channels: Sequence[int], part: int, room: int) -> None:
        """Take copies of the descriptors.

        Args:
            window: the memory, writable.
            channels: a socket to each worker that follows.
            part: which slots are ours, from 0.
            room: bytes of a slot.
        """
        base = part * SLOTS * room
        self._map = mmap.mmap(window, base + SLOTS * room)
        self._view = memoryview(self._map)
        self._base, self._room = base, room
        self._channels = [socket.socket(fileno=os.dup(each)) for each in channels]
        self._back = [0] * len(channels)
        self._sent = 0

    def put(self, pieces: Sequence[bytes], *, hole: bool) -> memoryview:
        """Fill the next slot and tell everyone; wait until it is free.

        Raises:
            WindowError: one who follows is gone.
        """
        slot = self._sent % SLOTS
        self._wait(self._sent - SLOTS + 1)
        start = at = self._base + slot * self._room
        for piece in pieces:
            self._view[at : at + len(piece)] = piece
            at += len(piece)
        self._tell(TOKEN.pack(start // self._room, at - start, _HOLE if hole else 0))
        self._sent += 1
        return self._view[start:at]

    def end(self) -> None:
        """Say that nothing more comes, once all of it was taken.

        A socket that is closed with tokens unread is reset: who follows would lose those that it
        has not read yet. Who was told the end by another one may be gone already.
        """
        with suppress(WindowError):
            self._wait(self._sent)
            self._tell(TOKEN.pack(0, 0, _END))

    def _tell(self, token: bytes) -> None:
        try:
            for channel in self._channels:
                channel.sendall(token)
        except OSError as error:
            raise WindowError("a worker that digests the media is gone") from error

    def _wait(self, back: int) -> None:
        for number, channel in enumerate(self._channels):
            while self._back[number] < back:
                if not _received(channel):
                    raise WindowError("a worker that digests the media is gone")
                self._back[number] += 1

    def close(self) -> None:
        """Let go of memory and sockets."""
        self._view.release()
        self._map.close()
        for channel in self._channels:
            channel.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close."""
        self.close()


def followed(window: int, channels: Sequence[int], room: int) -> Iterator[Piece]:
    """Yield the pieces of the media in order.

    Args:
        window: the memory, readable.
        channels: a socket to each worker that fills it, in the order in which they take turns.
        room: bytes of a slot.

    Raises:
        WindowError: one who fills is gone before the end, or names what is not there.
    """
    size = len(channels) * SLOTS * room
    sockets = [socket.socket(fileno=os.dup(each)) for each in channels]
    memory = mmap.mmap(window, size, prot=mmap.PROT_READ)
    view = memoryview(memory)
    try:
        turn = 0
        while True:
            channel = sockets[turn]
            token = _received(channel)
            if len(token) != TOKEN.size:
                raise WindowError("the worker that reads the media is gone")
            slot, length, flags = TOKEN.unpack(token)
            if flags & _END:
                return
            start = slot * room
            if length > room or start + length > size:
                raise WindowError("the worker that reads the media breaks the rules")
            with view[start : start + length] as data:
                yield Piece(data, hole=bool(flags & _HOLE))
            try:
                channel.sendall(_BACK)
            except OSError as error:
                raise WindowError("the worker that reads the media is gone") from error
            turn = (turn + 1) % len(sockets)
    finally:
        view.release()
        memory.close()
        for channel in sockets:
            channel.close()


def _received(channel: socket.socket) -> bytes:
    try:
        return channel.recv(64)
    except OSError:
        return b""
