"""Private keys as PKCS#8 in PEM: ours, and those that ``openssl`` made."""

import base64
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics.errors import CustodyError, UsageError

_SCRYPT: Final = bytes.fromhex("06092b06010401da47040b")
"""1.3.6.1.4.1.11591.4.11 in DER: RFC 7914, section 7."""


def text(key: Ed25519PrivateKey) -> str:
    """Return a private key as the PKCS#8 PEM that ``openssl`` reads; not protected."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def imported(data: bytes, passphrase: str | None) -> Ed25519PrivateKey:
    """Return the key of a PKCS#8 file made elsewhere: ``openssl pkcs8 -topk8 -scrypt``.

    Raises:
        UsageError: the passphrase is missing or wrong, or protects it by less than scrypt.
        CustodyError: it holds no Ed25519 key.
    """
    if b"ENCRYPTED PRIVATE KEY-----" not in data:
        if passphrase is not None:
            raise UsageError(
                "the key file is not protected by a passphrase",
                hint="protect it: openssl pkcs8 -topk8 -scrypt; or say --no-passphrase",
            )
        return read(data.decode(errors="replace"))
    if passphrase is None:
        raise UsageError("the key file needs its passphrase", hint="leave out --no-passphrase")
    if _SCRYPT not in b"".join(_der(data)):
        raise UsageError(
            "the key file is protected by something weaker than scrypt",
            hint="make it again: openssl pkcs8 -topk8 -scrypt",
        )
    return read(data.decode(errors="replace"), passphrase)


def _der(data: bytes) -> Iterator[bytes]:
    for block in re.findall(rb"-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END", data):
        with suppress(ValueError):
            yield base64.b64decode(block)


def read(text: str, passphrase: str | None = None) -> Ed25519PrivateKey:
    """Return the Ed25519 key of one PKCS#8 PEM.

    Raises:
        UsageError: the passphrase is not its own.
        CustodyError: it is none.
    """
    secret = None if passphrase is None else passphrase.encode()
    try:
        loaded = serialization.load_pem_private_key(text.encode(), password=secret)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if passphrase is not None:  # not chained: nothing of the library's is safe to show
            raise UsageError("the passphrase does not open the key file") from None
        raise CustodyError("a key file is damaged") from error
    if not isinstance(loaded, Ed25519PrivateKey):
        raise CustodyError("a key file does not hold an Ed25519 key")
    return loaded
