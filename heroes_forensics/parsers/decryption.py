"""AES as containers of backups use it: CBC over a whole stream, and wrapped keys."""

from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

from heroes_forensics.parsers.base import Reader

BLOCK: Final = 16


def unwrapped(wrapping: bytes, wrapped: bytes) -> bytes | None:
    """Return a key that was wrapped (RFC 3394); None when the wrapping key is another one."""
    try:
        return aes_key_unwrap(wrapping, wrapped)
    except (InvalidUnwrap, ValueError):
        return None


def cbc(key: bytes, vector: bytes, data: bytes) -> bytes:
    """Decrypt whole blocks."""
    engine = Cipher(algorithms.AES(key), modes.CBC(vector)).decryptor()
    return engine.update(data) + engine.finalize()


def unpadded(data: bytes) -> bytes | None:
    """Take off the padding of PKCS #7; None when there is none."""
    count = data[-1] if data else 0
    is_padding = 0 < count <= min(BLOCK, len(data)) and data.endswith(bytes([count]) * count)
    return data[:-count] if is_padding else None


class CbcReader:
    """A stream that AES-CBC encrypted as a whole: read anywhere."""

    def __init__(self, inner: Reader, key: bytes, vector: bytes, size: int = -1) -> None:
        """Take the encrypted stream.

        Args:
            inner: closed with this one.
            key: of AES, 16 to 32 bytes.
            vector: the first one.
            size: bytes of the clear stream; -1: the padding tells.

        Raises:
            OSError: it is no whole number of blocks, or has no padding.
        """
        self._inner = inner
        self._key = key
        self._vector = vector
        self._whole = inner.size // BLOCK * BLOCK
        self._size = size
        if size < 0:
            last = self._clear(self._whole - BLOCK, BLOCK) if self._whole else b""
            end = unpadded(last)
            if inner.size != self._whole or end is None:
                raise OSError("an encrypted stream is cut off, or was encrypted with another key")
            self._size = self._whole - BLOCK + len(end)

    @property
    def size(self) -> int:
        """Length of the clear stream, bytes."""
        return self._size

    def _clear(self, start: int, length: int) -> bytes:
        """Decrypt whole blocks from a whole block on."""
        before = self._inner.pread(start - BLOCK, BLOCK) if start else self._vector
        data = self._inner.pread(start, length)
        if len(before) < BLOCK:
            raise OSError("an encrypted stream is cut off")
        return cbc(self._key, before, data[: len(data) // BLOCK * BLOCK])

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``; fewer where the stored bytes end earlier.

        Raises:
            OSError: they cannot be read.
        """
        length = max(0, min(length, self._size - offset, self._whole - offset))
        if not length:
            return b""
        start = offset // BLOCK * BLOCK
        end = -(-(offset + length) // BLOCK) * BLOCK
        return self._clear(start, end - start)[offset - start : offset - start + length]

    def close(self) -> None:
        """Close the stream."""
        self._inner.close()
