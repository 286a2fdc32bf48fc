"""A stream of bytes at rest: pieces of 1 MiB, each sealed with AES-256-GCM.

A piece is sealed under a key of its stream alone, with its number as nonce, and whether it is the
last one as associated data: none can be changed, moved, left out or cut off unnoticed.
"""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heroes_forensics.errors import HashSetError
from heroes_forensics.hashsets.sealing import derive

PIECE: Final = 1 << 20
_TAG: Final = 16
_NONCE: Final = 12
_SEALED: Final = PIECE + _TAG


def sealed_size(size: int) -> int:
    """Return how many bytes a stream of so many bytes has when it is sealed."""
    return size + _TAG * max(1, -(-size // PIECE))


class PieceSeal:
    """Seals the pieces of one stream.

    Args:
        key: 32 bytes.
        salt: what no other stream under ``key`` shares, with ``label``.
        label: names the stream.
    """

    def __init__(self, key: bytes, salt: str, label: str) -> None:
        self._aead = AESGCM(derive(key, salt, f"pieces {label}"))
        self._label = label

    def seal(self, number: int, data: bytes, *, last: bool) -> bytes:
        """Seal one piece."""
        return self._aead.encrypt(number.to_bytes(_NONCE, "big"), data, b"last" if last else b"")

    def unseal(self, number: int, data: bytes, *, last: bool) -> bytes:
        """Open one piece.

        Raises:
            HashSetError: it is not what was sealed as this piece.
        """
        nonce = number.to_bytes(_NONCE, "big")
        try:
            return self._aead.decrypt(nonce, data, b"last" if last else b"")
        except InvalidTag as error:
            raise HashSetError(f"the set file does not verify: section {self._label}") from error


class PieceWriter:
    """Seals what is written to it.

    Args:
        write: takes sealed bytes, in order.
        seal: of this stream.
    """

    def __init__(self, write: Callable[[bytes], None], seal: PieceSeal) -> None:
        self._write = write
        self._seal = seal
        self._held = bytearray()
        self._number = 0

    def write(self, data: bytes) -> None:
        """Append."""
        self._held += data
        while len(self._held) > PIECE:
            self._leave(bytes(self._held[:PIECE]), last=False)
            del self._held[:PIECE]

    def end(self) -> None:
        """Write the last piece; a stream of nothing has one, too."""
        self._leave(bytes(self._held), last=True)
        self._held.clear()

    def _leave(self, data: bytes, *, last: bool) -> None:
        self._write(self._seal.seal(self._number, data, last=last))
        self._number += 1


class PieceReader:
    """Reads a sealed stream from its start, one piece in memory.

    Args:
        size: bytes of the sealed stream.
        read: returns so many sealed bytes from an offset on.
        seal: of this stream.
    """

    def __init__(self, size: int, read: Callable[[int, int], bytes], seal: PieceSeal) -> None:
        self._pieces = max(1, -(-size // _SEALED))
        self._size = size
        self._read = read
        self._seal = seal
        self._next = 0
        self._held = b""
        self._at = 0

    def read(self, size: int) -> bytes:
        """Return the next ``size`` bytes, fewer only at the end.

        Raises:
            HashSetError: a piece is not what was written.
        """
        parts = []
        while size and (self._at < len(self._held) or self._next < self._pieces):
            if self._at == len(self._held):
                self._held, self._at = self._piece(), 0
            part = self._held[self._at : self._at + size]
            parts.append(part)
            self._at += len(part)
            size -= len(part)
        return b"".join(parts)

    def _piece(self) -> bytes:
        number = self._next
        start = number * _SEALED
        data = self._read(start, min(_SEALED, self._size - start))
        self._next += 1
        return self._seal.unseal(number, data, last=self._next == self._pieces)
