"""How digests lie at rest: under keys derived from the laboratory's set key.

The first 16 bytes of a digest are one AES-256 block under a key of its own for each set and
algorithm, so that equal digests stay equal and can be sorted and searched in encrypted form, a
batch in one call. The bytes after them are masked with a second block made from the first.
Facts of records are masked by position under keys of the one file; texts and probes are
AES-256-GCM. A stolen file tells how many records of which algorithms it has, and which of two
editions of one set they share; with the key, guesses can be tested and every digest read.
"""

import hmac
from typing import Final

import numpy as np
import numpy.typing as npt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from heroes_forensics.errors import HashSetError, UsageError

SET_KEY: Final = 32
"""Bytes of the laboratory's set key."""
BLOCK: Final = 16
_LABEL: Final = b"heroes-hset/1 "

Bytes2D = npt.NDArray[np.uint8]


def derive(set_key: bytes, salt: str, label: str) -> bytes:
    """Derive 32 bytes for one purpose (HKDF-SHA256, RFC 5869).

    Raises:
        UsageError: the set key has the wrong length.
    """
    if len(set_key) != SET_KEY:
        raise UsageError(f"a set key has {SET_KEY} bytes")
    return HKDF(SHA256(), 32, salt.encode(), _LABEL + label.encode()).derive(set_key)


class Blocks:
    """AES-256 on many independent blocks in one call."""

    def __init__(self, key: bytes) -> None:
        # A block is a digest or a counter, so none repeats except where equality is the point.
        cipher = Cipher(AES256(key), ECB())  # noqa: S305 - single blocks, see above
        self._update = cipher.encryptor().update

    def __call__(self, blocks: Bytes2D) -> Bytes2D:
        """Encrypt ``blocks``, shape (n, 16), and return the same shape."""
        data = self._update(np.ascontiguousarray(blocks).tobytes())
        return np.frombuffer(data, np.uint8).reshape(-1, BLOCK)


class DigestSeal:
    """The at-rest form of the digests of one algorithm in one set."""

    def __init__(self, set_key: bytes, set_id: str, algorithm: str) -> None:
        self._head = Blocks(derive(set_key, set_id, f"head {algorithm}"))
        self._tail = Blocks(derive(set_key, set_id, f"tail {algorithm}"))

    def head(self, digests: Bytes2D) -> Bytes2D:
        """Return the encrypted first 16 bytes of ``digests``, shape (n, 16)."""
        return self._head(digests[:, :BLOCK])

    def tail(self, heads: Bytes2D, digests: Bytes2D) -> Bytes2D:
        """Return the masked bytes after the first 16, shape (n, width - 16).

        Args:
            heads: what `head` gave for the same rows.
            digests: the whole digests, shape (n, width).
        """
        rest = digests[:, BLOCK:]
        if not rest.shape[1]:
            return rest
        return rest ^ self._tail(heads)[:, : rest.shape[1]]


class RowSeal:
    """A mask for fixed-width rows by their position, so that any row can be read alone."""

    def __init__(self, set_key: bytes, file_id: str, label: str, *, width: int) -> None:
        self._blocks = Blocks(derive(set_key, file_id, label))
        self._per_row = width // BLOCK
        if width % BLOCK:
            raise ValueError("a row is a whole number of blocks")

    def __call__(self, rows: Bytes2D, positions: npt.NDArray[np.int64]) -> Bytes2D:
        """Mask or unmask ``rows``, shape (n, width), that stand at ``positions``."""
        counters = np.zeros((len(rows) * self._per_row, 2), "<u8")
        steps = np.arange(self._per_row, dtype=np.int64)
        counters[:, 0] = (positions[:, None] * self._per_row + steps).ravel()
        stream = self._blocks(counters.view(np.uint8).reshape(-1, BLOCK))
        return rows ^ stream.reshape(rows.shape)


def seal_text(set_key: bytes, file_id: str, label: str, data: bytes) -> bytes:
    """Encrypt one blob of a file; its key is used once, so the nonce is zero."""
    return AESGCM(derive(set_key, file_id, label)).encrypt(bytes(12), data, label.encode())


def unseal_text(set_key: bytes, file_id: str, label: str, data: bytes) -> bytes:
    """Decrypt what `seal_text` made.

    Raises:
        HashSetError: it is not what was written.
    """
    try:
        return AESGCM(derive(set_key, file_id, label)).decrypt(bytes(12), data, label.encode())
    except InvalidTag as error:
        raise HashSetError(f"the set file does not verify: section {label}") from error


def key_check(set_key: bytes, set_id: str) -> str:
    """Return a value by which a file tells whether it was written under this key."""
    return derive(set_key, set_id, "check")[:8].hex()


def header_mac(set_key: bytes, set_id: str, header: bytes) -> bytes:
    """Return the keyed checksum of a header (HMAC-SHA256), 32 bytes."""
    return hmac.digest(derive(set_key, set_id, "header"), header, "sha256")
