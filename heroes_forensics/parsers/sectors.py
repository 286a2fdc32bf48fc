"""Encrypted sectors as dm-crypt stores them, decrypted many at a time.

AES in the modes ECB, CBC and XTS. One call of a cipher for each sector of 512 bytes costs more than
the decryption itself; so all blocks of a read go through AES at once, and what a mode adds to each
block (the block before it, a tweak) is computed for all sectors together. XTS: IEEE 1619-2018, 5.4;
vectors: ``plain``, ``plain64``, ``essiv`` (documentation of dm-crypt in the Linux kernel).
"""

import hashlib
import re
from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from heroes_forensics.parsers.base import Reader

COUNTED: Final = 512
"""Bytes that a sector number stands for, whatever the sector size is."""
BLOCK: Final = 16
_PIECE: Final = 1 << 20
"""Bytes decrypted at once; each takes five of memory."""
_NAMES: Final = re.compile(r"aes-(?:(ecb)|(cbc|xts)-(plain|plain64)|cbc-essiv:(?P<digest>sha256))")
_KEYS: Final = {"ecb": (16, 24, 32), "cbc": (16, 24, 32), "xts": (32, 64)}
_POLYNOMIAL: Final = tuple(np.uint64(power) for power in (0, 1, 2, 7))
_MOST_DOUBLED: Final = 32
"""Doublings at once: what runs over stays within 64 bits."""

Blocks = NDArray[np.uint64]
"""Blocks of 16 bytes, two numbers each, little endian."""


class SectorCipher:
    """What decrypts sectors by their number."""

    def __init__(self, name: str, key: bytes, sector: int = COUNTED, first: int = 0) -> None:
        """Take a key.

        Args:
            name: as dm-crypt has it, e.g. ``aes-xts-plain64``.
            key: of AES; of XTS both.
            sector: bytes that are encrypted as one.
            first: number of the first sector, in units of `COUNTED`.

        Raises:
            ValueError: another cipher, or a key that is not as long as one of it.
        """
        found = _NAMES.fullmatch(name)
        if found is None:
            raise ValueError("the cipher is not supported")
        self._mode = found[1] or found[2] or "cbc"
        self._vectors = found[3] or "essiv"
        if len(key) not in _KEYS[self._mode]:
            raise ValueError("the key has not a length of the cipher")
        half = len(key) // 2 if self._mode == "xts" else len(key)
        self._key = key[:half]
        self._second = key[half:]
        if found["digest"]:
            self._second = hashlib.new(found["digest"], key).digest()
        self.sector = sector
        """Bytes that are encrypted as one."""
        self._first = first

    def decrypt(self, data: bytes, number: int) -> bytes:
        """Decrypt whole sectors, the first of which has this number (units of `COUNTED`)."""
        stored = np.frombuffer(data, "<u8").reshape(-1, self.sector // BLOCK, 2)
        if self._mode == "ecb":
            return _aes(self._key, data, decrypt=True)
        count = len(stored)
        step = self.sector // COUNTED
        numbers = np.arange(count, dtype=np.uint64) * np.uint64(step)
        numbers += np.uint64((self._first + number) & 0xFFFFFFFFFFFFFFFF)
        vectors = self._vector(numbers)
        if self._mode == "xts":
            masks = _tweaks(vectors, stored.shape[1])
            mixed = (stored ^ masks).tobytes()
            clear = np.frombuffer(_aes(self._key, mixed, decrypt=True), "<u8")
            return (clear.reshape(masks.shape) ^ masks).tobytes()
        clear = np.frombuffer(_aes(self._key, data, decrypt=True), "<u8").reshape(stored.shape)
        before = np.concatenate([vectors[:, None, :], stored[:, :-1, :]], axis=1)
        made: Blocks = clear ^ before
        return made.tobytes()

    def _vector(self, numbers: NDArray[np.uint64]) -> Blocks:
        """Return the vector of each sector; of XTS the first tweak."""
        plain = np.zeros((len(numbers), 2), "<u8")
        plain[:, 0] = numbers & np.uint64(0xFFFFFFFF) if self._vectors == "plain" else numbers
        if self._vectors == "essiv":
            plain = _blocks(_aes(self._second, plain.tobytes(), decrypt=False))
        if self._mode == "xts":
            return _blocks(_aes(self._second, plain.tobytes(), decrypt=False))
        return plain


def _blocks(data: bytes) -> Blocks:
    return np.frombuffer(data, "<u8").reshape(-1, 2)


def _aes(key: bytes, data: bytes, *, decrypt: bool) -> bytes:
    """Run AES over independent blocks: the modes are made of them by the caller."""
    cipher = Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305 - a part of the modes above
    engine = cipher.decryptor() if decrypt else cipher.encryptor()
    return engine.update(data) + engine.finalize()


def _tweaks(first: Blocks, count: int) -> Blocks:
    """Return the tweaks of ``count`` blocks of each sector: each is the one before, doubled."""
    made = np.empty((len(first), count, 2), "<u8")
    made[:, 0] = first
    have = 1
    while have < count:
        step = min(have, _MOST_DOUBLED, count - have)
        ahead = min(have, _MOST_DOUBLED)
        made[:, have : have + step] = _doubled(made[:, have - ahead :][:, :step], ahead)
        have += step
    return made


def _doubled(tweaks: NDArray[np.uint64], times: int) -> NDArray[np.uint64]:
    """Double numbers of 128 bits so many times in the field of XTS (x^128 + x^7 + x^2 + x + 1)."""
    by, rest = np.uint64(times), np.uint64(64 - times)
    low, high = tweaks[..., 0], tweaks[..., 1]
    over = high >> rest
    made = np.empty_like(tweaks)
    made[..., 0] = low << by
    for shift in _POLYNOMIAL:
        made[..., 0] ^= over << shift
    made[..., 1] = (high << by) | (low >> rest)
    return made


class SectorReader:
    """The clear bytes of encrypted sectors: read anywhere."""

    def __init__(self, inner: Reader, cipher: SectorCipher) -> None:
        """Take the encrypted sectors; the first one begins at 0.

        Of a last sector that is cut off, whole blocks are decrypted.
        """
        self._inner = inner
        self._cipher = cipher
        self._size = inner.size // BLOCK * BLOCK

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``; fewer where the stored bytes end earlier.

        Raises:
            OSError: they cannot be read.
        """
        end = offset + max(0, min(length, self._size - offset))
        sector = self._cipher.sector
        at = offset // sector * sector
        parts: list[bytes] = []
        while at < end:
            wanted = min(_PIECE, -(-(end - at) // sector) * sector)
            data = self._inner.pread(at, wanted)
            whole = len(data) // BLOCK * BLOCK
            padded = data[:whole].ljust(-(-whole // sector) * sector, b"\0")
            parts.append(self._cipher.decrypt(padded, at // COUNTED)[:whole])
            at += wanted
            if whole < wanted:
                break
        clear = b"".join(parts)
        skipped = offset % sector
        return clear[skipped : skipped + max(0, end - offset)]

    def close(self) -> None:
        """Leave the inner reader open."""
