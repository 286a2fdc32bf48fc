"""Signatures of minisign (and of signify's ``Ed`` form), checked without the program.

A signature file has four lines: a comment that nothing vouches for, the signature (2 bytes of
algorithm, 8 of key id, 64), a trusted comment, and a second signature over the first and that
comment. ``ED`` signs the BLAKE2b-512 of the file, ``Ed`` the file itself. Both signatures have to
hold. Format: https://jedisct1.github.io/minisign/ (section "Signature format").
"""

import base64
import binascii
from hashlib import blake2b
from typing import Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from heroes_forensics.errors import HashSetError, UsageError

SUFFIX: Final = ".minisig"
MAX_BYTES: Final = 1 << 14
"""Of a signature or key file; minisign itself keeps comments below 8 KiB."""

_HASHED: Final = b"ED"
_PLAIN: Final = b"Ed"
_UNTRUSTED: Final = b"untrusted comment: "
_TRUSTED: Final = b"trusted comment: "
_SIGNATURE: Final = 2 + 8 + 64
_KEY: Final = 2 + 8 + 32
_LINES: Final = 4


class PublicKey(NamedTuple):
    """A public key with the number that its owner gave it."""

    key_id: str
    """16 upper-case hex digits, as minisign prints it."""
    value: bytes
    """32 bytes, Ed25519."""

    @property
    def text(self) -> str:
        """The base64 form in which keys are handed over."""
        number = int(self.key_id, 16).to_bytes(8, "little")
        return base64.b64encode(_PLAIN + number + self.value).decode()


class Signature(NamedTuple):
    """A signature file, taken apart; nothing of it is checked yet."""

    algorithm: bytes
    key_id: str
    value: bytes
    comment: str
    """The trusted comment."""
    comment_value: bytes


def read_key(text: str) -> PublicKey:
    """Read a public key: the base64 alone, or the file that ``minisign -G`` writes.

    Raises:
        UsageError: it is not one.
    """
    lines = [line.strip() for line in text.strip().splitlines()]
    if len(lines) == 2 and lines[0].startswith(_UNTRUSTED.decode()):  # noqa: PLR2004 - its lines
        lines = lines[1:]
    data = _decoded(lines[0].encode("ascii", "replace"), _KEY) if len(lines) == 1 else None
    if data is None or data[:2] != _PLAIN:
        raise UsageError(
            "this is neither a public key of minisign nor a file with one or with a certificate",
            hint="give the file minisign.pub, the one line of base64 in it, or a certificate",
        )
    return PublicKey(_id(data[2:10]), data[10:])


def read_signature(data: bytes) -> Signature:
    """Take a signature file apart.

    Raises:
        HashSetError: it is not one.
    """
    lines = data.replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
    if (
        len(data) > MAX_BYTES
        or len(lines) != _LINES
        or not lines[0].startswith(_UNTRUSTED)
        or not lines[2].startswith(_TRUSTED)
    ):
        raise _malformed()
    comment = lines[2].removeprefix(_TRUSTED)
    value, comment_value = _decoded(lines[1], _SIGNATURE), _decoded(lines[3], 64)
    if value is None or comment_value is None or value[:2] not in {_HASHED, _PLAIN}:
        raise _malformed()
    try:
        text = comment.decode()
    except UnicodeDecodeError as error:
        raise _malformed() from error
    return Signature(value[:2], _id(value[2:10]), value[10:], text, comment_value)


def holds(signature: Signature, key: PublicKey, message: bytes) -> bool:
    """Tell whether both signatures are those of ``key``, over ``message`` and over the comment."""
    public = Ed25519PublicKey.from_public_bytes(key.value)
    signed = blake2b(message).digest() if signature.algorithm == _HASHED else message
    try:
        public.verify(signature.value, signed)
        public.verify(signature.comment_value, signature.value + signature.comment.encode())
    except InvalidSignature:
        return False
    return signature.key_id == key.key_id


def _malformed() -> HashSetError:
    return HashSetError(
        "the signature beside the manifest is no signature of minisign",
        hint="ask the publisher for the signature again",
    )


def _id(data: bytes) -> str:
    return f"{int.from_bytes(data, 'little'):016X}"


def _decoded(line: bytes, length: int) -> bytes | None:
    """Return what base64 stands for, if it is exactly that long and in its one form."""
    try:
        data = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError):
        return None
    return data if len(data) == length and base64.b64encode(data) == line else None
