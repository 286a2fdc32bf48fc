"""Sealing: what may be read only by the recipients of a case.

Files are sealed with age (X25519, https://age-encryption.org/v1), so that any age program opens
them without us. Names and paths in the case database are sealed one by one under the case key
with AES-256-GCM: a fresh 96-bit nonce each, the item id as associated data, so that a blob moved
to another row does not open. Perceptual values are sealed likewise, with their use beside the id.
"""

import hmac
import os
from collections.abc import Iterable, Sequence
from typing import Final

import pyrage
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from heroes_forensics.errors import CustodyError, UsageError

CASE_KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
ID_BYTES: Final = 8
VALUES: Final = b"perceptual"
"""The use of a blob that holds perceptual values."""
SUPPLIED: Final = b"supplied"
"""The use of a blob that holds values of a plug-in."""
METADATA: Final = b"media-metadata"
"""The use of a blob that holds what a picture or film says of its origin."""
TAG_BYTES_OF_DEVICE: Final = 6
"""Of the tag by which a device is known again: of a million devices one in 500 shares its tag."""
_TAGS: Final = b"heroes-forensics device tags, version 1"
OVERHEAD: Final = NONCE_BYTES + TAG_BYTES
"""Bytes by which a sealed name is longer than the name."""


def new_identity() -> tuple[str, str]:
    """Make an age key pair; return (identity, recipient), the first of them secret."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def recipient_of(identity: str) -> str:
    """Return the recipient (``age1...``) that belongs to a secret identity."""
    return str(_identity(identity).to_public())


def check_recipient(recipient: str) -> str:
    """Return ``recipient`` if it is an age X25519 recipient.

    Raises:
        UsageError: it is not.
    """
    _recipients([recipient])
    return recipient


def _recipients(recipients: Iterable[str]) -> list[object]:
    try:
        found: list[object] = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError as error:
        raise UsageError(
            "a recipient is not an age X25519 public key", hint="it begins with age1"
        ) from error
    if not found:
        raise UsageError("nothing can be sealed to no recipient")
    return found


def _identity(identity: str) -> pyrage.x25519.Identity:
    try:
        return pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError as error:
        raise UsageError("this is not an age X25519 identity") from error


def seal(data: bytes, recipients: Iterable[str]) -> bytes:
    """Return ``data`` as an age file that each of ``recipients`` opens.

    Raises:
        UsageError: there is no recipient, or one is malformed.
    """
    sealed: bytes = pyrage.encrypt(data, _recipients(recipients))
    return sealed


def open_sealed(data: bytes, identities: Sequence[str]) -> bytes:
    """Return what was sealed.

    Raises:
        UsageError: none of ``identities`` opens it, or it is damaged.
    """
    try:
        opened: bytes = pyrage.decrypt(data, [_identity(text) for text in identities])
    except pyrage.DecryptError as error:
        raise UsageError(
            "the sealed data does not open with this key",
            hint="give the identity of one of the recipients that the ledger names",
        ) from error
    return opened


def new_case_key() -> bytes:
    """Return 256 fresh random bits, the key of one case."""
    return os.urandom(CASE_KEY_BYTES)


def wrap_key(case_key: bytes, recipients: Iterable[str]) -> bytes:
    """Return the case key as an age file to ``recipients``."""
    return seal(case_key, recipients)


def unwrap_key(wrapped: bytes, identity: str) -> bytes:
    """Return the case key that `wrap_key` wrapped.

    Raises:
        UsageError: the identity does not open it.
        CustodyError: what it holds is no case key.
    """
    case_key = open_sealed(wrapped, [identity])
    if len(case_key) != CASE_KEY_BYTES:
        raise CustodyError("the wrapped case key has the wrong length")
    return case_key


class NameSealer:
    """Seals names, paths and perceptual values one by one under a case key.

    A blob is nonce (12 bytes), ciphertext, tag (16 bytes). Random nonces are safe for far more
    than the 2^32 blobs that NIST SP 800-38D allows one key, because a case never holds so many.
    """

    __slots__ = ("_cipher", "_tag_key")

    def __init__(self, case_key: bytes) -> None:
        if len(case_key) != CASE_KEY_BYTES:
            raise CustodyError("a case key is 32 bytes")
        self._cipher = AESGCM(case_key)
        self._tag_key = hmac.digest(case_key, _TAGS, "sha256")

    def seal(self, item_id: int, data: bytes) -> bytes:
        """Return ``data`` sealed to the row ``item_id``."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, item_id.to_bytes(ID_BYTES, "big"))

    def seal_many(self, rows: Sequence[tuple[int, bytes]], *, use: bytes = b"") -> list[bytes]:
        """Seal (item id, data) pairs, in order: one call to the system's random source for all.

        Args:
            rows: the pairs.
            use: what the data is, where it is no name; a blob opens for the same use only.
        """
        nonces = os.urandom(NONCE_BYTES * len(rows))
        encrypt = self._cipher.encrypt
        sealed = []
        for start, (item_id, data) in zip(range(0, len(nonces), NONCE_BYTES), rows, strict=True):
            nonce = nonces[start : start + NONCE_BYTES]
            sealed.append(nonce + encrypt(nonce, data, item_id.to_bytes(ID_BYTES, "big") + use))
        return sealed

    def seal_values(self, rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Seal the perceptual values of items."""
        return self.seal_many(rows, use=VALUES)

    def tag(self, data: bytes) -> bytes:
        """Return by what ``data`` is known again in this case, and in no other."""
        return hmac.digest(self._tag_key, data, "sha256")[:TAG_BYTES_OF_DEVICE]

    def open_values(self, item_id: int, sealed: bytes) -> bytes:
        """Return the perceptual values that were sealed to the row ``item_id``.

        Raises:
            CustodyError: another key, another row, or an altered blob.
        """
        return self.open(item_id, sealed, use=VALUES)

    def seal_supplied(self, rows: Sequence[tuple[int, bytes]]) -> list[bytes]:
        """Seal values that a plug-in made of items."""
        return self.seal_many(rows, use=SUPPLIED)

    def open_supplied(self, item_id: int, sealed: bytes) -> bytes:
        """Return the values of a plug-in that were sealed to the row ``item_id``.

        Raises:
            CustodyError: another key, another row, or an altered blob.
        """
        return self.open(item_id, sealed, use=SUPPLIED)

    def open(self, item_id: int, sealed: bytes, *, use: bytes = b"") -> bytes:
        """Return what was sealed to the row ``item_id``.

        Raises:
            CustodyError: another key, another row, another use, or an altered blob.
        """
        associated = item_id.to_bytes(ID_BYTES, "big") + use
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], associated)
        except (InvalidTag, ValueError) as error:
            raise CustodyError(f"the sealed name of item {item_id} does not open") from error
