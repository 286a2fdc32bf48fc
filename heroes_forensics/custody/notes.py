"""Signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature): how a ledger is signed.

A checkpoint is three lines of text (origin, size, root), a blank line, and one signature line a
signer::

    <origin>
    <size>
    <base64 root>

    — <key name> <base64(4-byte key id || signature)>

Decoding is strict throughout: base64 must be in its one form, sizes have no leading zeros, and
an Ed25519 key or point must be canonical. The formats are public at https://c2sp.org.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from heroes_forensics.errors import CustodyError

ED25519: Final = 0x01
"""Type byte of a plain signature over the note text."""
COSIGNATURE: Final = 0x04
"""Type byte of ``cosignature/v1``: Ed25519 over the note text with the time of signing."""

MAX_NOTE: Final = 65_536
MAX_SIGNATURES: Final = 64
KEY_ID_BYTES: Final = 4
PUBLIC_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
TIME_BYTES: Final = 8
CHECKPOINT_LINES: Final = 3
ROOT_BYTES: Final = 32

_FIELD_PRIME: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_KEY_ID: Final = re.compile(r"[0-9a-f]{8}")
_DASH: Final = "\N{EM DASH} "


class Signer(Protocol):
    """Something that signs: a key in a file, a card, a service."""

    @property
    def name(self) -> str:
        """The key name on the signature line."""
        ...

    @property
    def key_type(self) -> int:
        """`ED25519` or `COSIGNATURE`."""
        ...

    @property
    def public_key_bytes(self) -> bytes:
        """The raw public key, 32 bytes."""
        ...

    def sign(self, message: bytes) -> bytes:
        """Return the raw 64-byte Ed25519 signature of ``message``."""
        ...


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with the name and the purpose it is bound to."""

    name: str
    key_type: int
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name || LF || type || key)."""
        bound = self.name.encode() + b"\n" + bytes([self.key_type]) + self.public
        return hashlib.sha256(bound).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """Return the vkey text, ``name+hex8+base64(type||key)``."""
        encoded = base64.b64encode(bytes([self.key_type]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


class Checkpoint(NamedTuple):
    """What the text of a checkpoint says."""

    origin: str
    size: int
    root: bytes


class Signature(NamedTuple):
    """One signature line, decoded."""

    name: str
    key_id: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart; nothing in it is verified yet."""

    text: bytes
    """The signed part, its last LF included."""
    signatures: tuple[Signature, ...]


class Verdict(NamedTuple):
    """What one key has to do with a note."""

    present: bool
    """A line by this key (name and id) stands in the note."""
    good: bool
    """Every such line verifies."""
    time: int | None = None
    """Unix seconds of a cosignature."""


def decode64(text: str) -> bytes:
    """Decode base64 in its one canonical form.

    Raises:
        CustodyError: foreign characters, missing padding, or stray bits.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CustodyError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise CustodyError("not base64 in its canonical form")
    return data


def key_name(name: str) -> str:
    """Return ``name`` if it can be a key name: not empty, no blanks, no plus, no controls.

    Raises:
        CustodyError: it cannot.
    """
    if not name or "+" in name or any(char.isspace() or not char.isprintable() for char in name):
        raise CustodyError("a key name must be printable text without blanks and plus signs")
    return name


def vkey(text: str) -> VerifierKey:
    """Read a vkey.

    Raises:
        CustodyError: malformed, of an unknown type, or its key id does not fit. Whether the key
            is a point at all shows when it verifies something.
    """
    name, _, rest = text.partition("+")
    hexadecimal, _, encoded = rest.partition("+")
    if _KEY_ID.fullmatch(hexadecimal) is None:
        raise CustodyError("a verification key reads name+hex8+base64")
    data = decode64(encoded)
    if len(data) != 1 + PUBLIC_KEY_BYTES or data[0] not in {ED25519, COSIGNATURE}:
        raise CustodyError("a verification key holds a type and 32 bytes of an Ed25519 key")
    key = VerifierKey(key_name(name), data[0], data[1:])
    if key.key_id.hex() != hexadecimal:
        raise CustodyError("the key id does not belong to this name and key")
    return key


def of(signer: Signer) -> VerifierKey:
    """Return the public side of a signer."""
    return VerifierKey(signer.name, signer.key_type, signer.public_key_bytes)


def canonical_point(data: bytes) -> bool:
    """Tell whether 32 bytes are a point in its one encoding (RFC 8032 5.1.3, strictly)."""
    value = int.from_bytes(data, "little")
    y, sign = value & ((1 << 255) - 1), value >> 255
    return y < _FIELD_PRIME and not (sign and y in {1, _FIELD_PRIME - 1})


@lru_cache(1 << 12)
def ed25519_ok(public: bytes, message: bytes, signature: bytes) -> bool:
    """Verify one Ed25519 signature strictly: S below the order, canonical points."""
    if len(public) != PUBLIC_KEY_BYTES or len(signature) != SIGNATURE_BYTES:
        return False
    if int.from_bytes(signature[32:], "little") >= _ORDER:
        return False
    if not (canonical_point(public) and canonical_point(signature[:32])):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def checkpoint_text(origin: str, size: int, root: bytes) -> bytes:
    """Return the text that a checkpoint signs."""
    encoded = base64.b64encode(root).decode()
    return f"{key_name(origin)}\n{size}\n{encoded}\n".encode()


def read_checkpoint(text: bytes) -> Checkpoint:
    """Take the text of a checkpoint apart.

    Raises:
        CustodyError: not exactly origin, size and root.
    """
    lines = _text(text).split("\n")
    if len(lines) != CHECKPOINT_LINES + 1 or lines[-1]:
        raise CustodyError("a checkpoint has three lines")
    origin, size, encoded, _ = lines
    if _SIZE.fullmatch(size) is None:
        raise CustodyError("the size of a checkpoint is a plain decimal number")
    root = decode64(encoded)
    if len(root) != ROOT_BYTES:
        raise CustodyError("the root of a checkpoint is 32 bytes")
    return Checkpoint(key_name(origin), int(size), root)


def _text(data: bytes) -> str:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CustodyError("a note is UTF-8") from error
    if any(ord(char) < ord(" ") and char != "\n" for char in text):
        raise CustodyError("a note holds no control characters")
    return text


def _message(text: bytes, key_type: int, time: int | None) -> bytes:
    return text if key_type == ED25519 else f"cosignature/v1\ntime {time}\n".encode() + text


def signature_line(text: bytes, signer: Signer, *, time: int | None = None) -> bytes:
    """Return the line, LF included, by which ``signer`` signs ``text``.

    A cosignature states its ``time`` in Unix seconds; a plain signature has none.

    Raises:
        CustodyError: a cosignature without a time, or the signer gave no Ed25519 signature.
    """
    key = of(signer)
    stamp = b""
    if key.key_type == COSIGNATURE:
        if time is None:
            raise CustodyError("a cosignature states its time")
        stamp = time.to_bytes(TIME_BYTES, "big")
    message = _message(text, key.key_type, time)
    signature = signer.sign(message)
    if not ed25519_ok(key.public, message, signature):
        raise CustodyError(
            f"the signer {key_name(key.name)!r} gave a signature that is not its own"
        )
    return line(Signature(key.name, key.key_id, stamp + signature))


def sign(text: bytes, signers: Iterable[Signer], *, time: int | None = None) -> bytes:
    """Return a whole note: the text, a blank line, one line a signer."""
    return text + b"\n" + b"".join(signature_line(text, signer, time=time) for signer in signers)


def parse(data: bytes) -> Note:
    """Take a note apart.

    Raises:
        CustodyError: not a note, or beyond the bounds.
    """
    if len(data) > MAX_NOTE:
        raise CustodyError(f"a note is at most {MAX_NOTE} bytes")
    text, blank, rest = _text(data).partition("\n\n")
    lines = rest.split("\n")
    if not blank or lines.pop() or len(lines) > MAX_SIGNATURES:
        raise CustodyError("a note is text, a blank line, and signature lines")
    return Note(text.encode() + b"\n", tuple(_signature(line) for line in lines))


def _signature(line: str) -> Signature:
    name, blank, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not blank:
        raise CustodyError("a signature line reads: dash, key name, base64")
    data = decode64(encoded)
    if len(data) <= KEY_ID_BYTES:
        raise CustodyError("a signature line holds a key id and a signature")
    return Signature(key_name(name), data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def line(signature: Signature) -> bytes:
    """Return the line, LF included, that holds a signature."""
    encoded = base64.b64encode(signature.key_id + signature.payload).decode()
    return f"{_DASH}{signature.name} {encoded}\n".encode()


def verdict(note: Note, key: VerifierKey) -> Verdict:
    """Return whether ``key`` signed ``note``; a line by it that is wrong spoils it."""
    lines = [
        line.payload
        for line in note.signatures
        if line.name == key.name and line.key_id == key.key_id
    ]
    time: int | None = None
    good = bool(lines)
    for payload in lines:
        signature = payload
        if key.key_type == COSIGNATURE:
            time = int.from_bytes(payload[:TIME_BYTES], "big")
            signature = payload[TIME_BYTES:]
        good &= ed25519_ok(key.public, _message(note.text, key.key_type, time), signature)
    return Verdict(bool(lines), good, time)
