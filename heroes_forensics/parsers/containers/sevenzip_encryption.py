"""Encrypted blocks of 7z archives: AES-256 in CBC, its key from a password by rounds of SHA-256.

As 7-Zip writes it (``7zAES.cpp``): properties hold the power of two that the rounds are, a salt and
a vector; the password is in UTF-16. Nothing says whether a password is the right one: what it
gives has to unpack, and to fit the checksum of the first file.
"""

import hashlib
from collections.abc import Iterator
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.decryption import BLOCK, CbcReader
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

_MOST_POWER: Final = 22
"""Of rounds; 7-Zip writes 19."""
_STEP: Final = 1 << 12
_KEY: Final = 32
_TRIED: Final = 256 << 20
"""A first file up to this size is unpacked whole to tell whether a password is the right one."""
_PIECE: Final = 1 << 20


class Locks:
    """The passwords for one archive."""

    def __init__(self, reader: Reader, secrets: Secrets | None) -> None:
        self._reader = reader
        given = secrets.of(PASSWORD) if secrets is not None else ()
        texts = (each.decode("utf-8", "replace") for each in given)
        self._passwords = list(dict.fromkeys(each.encode("utf-16-le") for each in texts))
        self._keys: dict[tuple[bytes, bytes, int], bytes] = {}

    def opened(self, packed: Reader, properties: bytes) -> Iterator[Reader]:
        """Yield what each password makes of the packed bytes of a block.

        Args:
            packed: the bytes; closed with what is yielded.
            properties: of the step that encrypts.
        """
        found = _parameters(properties)
        if found is None:
            return
        power, salt, vector = found
        for password in self._passwords:
            key = self._derived(password, salt, power)
            try:
                yield CbcReader(packed, key, vector, packed.size // BLOCK * BLOCK)
            except OSError:
                continue

    def _derived(self, password: bytes, salt: bytes, power: int) -> bytes:
        named = (password, salt, power)
        if named not in self._keys:
            made = hashlib.sha256()
            head = salt + password
            for first in range(0, 1 << power, _STEP):
                rounds = range(first, min(first + _STEP, 1 << power))
                made.update(b"".join(head + each.to_bytes(8, "little") for each in rounds))
                self._reader.pread(0, 1)  # reads tell the supervisor that this worker is alive
            self._keys[named] = made.digest()
        return self._keys[named]


def _parameters(properties: bytes) -> tuple[int, bytes, bytes] | None:
    """Return power of rounds, salt and vector; None when they are of a kind that is not read."""
    first, second = (properties + b"\0\0")[:2]
    salt_size = (first >> 7) + (second >> 4)
    vector_size = (first >> 6 & 1) + (second & 15)
    power = first & 63
    if not properties or power > _MOST_POWER or len(properties) < 2 + salt_size + vector_size:
        return None
    salt = properties[2 : 2 + salt_size]
    vector = properties[2 + salt_size :][:vector_size]
    return power, salt, vector.ljust(BLOCK, b"\0")


def fits(reader: Reader) -> bool:
    """Say whether the first file of a block reads, to its end where that is not far.

    Args:
        reader: the file, which compares itself with its checksum.
    """
    end = reader.size if reader.size <= _TRIED else _PIECE
    try:
        for at in range(0, end, _PIECE):
            if len(reader.pread(at, min(_PIECE, end - at))) < min(_PIECE, end - at):
                return False
    except (OSError, EvidenceError):
        return False
    return True


def closed() -> UnsupportedError:
    """Return what is said of a block that no password opens."""
    return UnsupportedError("the block is encrypted", code="stream.encrypted")
