"""Encrypted documents of Office (MS-OFFCRYPTO): which are, and the package of those since 2007.

Since 2007 the whole document is one stream of a compound file, ``EncryptedPackage``, and
``EncryptionInfo`` says how: *standard* encryption (2.3.4.5) with AES in ECB, or *agile* encryption
(2.3.4.10) with AES in CBC, in pieces of 4,096 bytes. A password is checked by a verifier. Older
documents are encrypted within their streams, by RC4 or by XOR: that they are is told, and no more.

Excel encrypts what is merely protected against changes with a password of its own, which is tried
like those that were given.
"""

import base64
import hashlib
import re
import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from heroes_forensics.parsers.decryption import BLOCK, cbc
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

INFO: Final = "EncryptionInfo"
PACKAGE: Final = "EncryptedPackage"
LENGTH: Final = struct.Struct("<Q")
"""In front of the package: its bytes when clear."""
_EVERYBODY: Final = "VelvetSweatshop"
"""The password of Excel for what everybody may read."""
_VERSION: Final = struct.Struct("<HHI")
_AGILE: Final = (4, 4)
_STANDARD: Final = frozenset({(2, 2), (3, 2), (4, 2)})
_MOST_INFO: Final = 1 << 16
_MOST_ROUNDS: Final = 1 << 22
_STEP: Final = 1 << 12
_HASHES: Final = {"SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
_KEYS: Final = frozenset({128, 192, 256})
_SEGMENT: Final = 4096
_INPUT, _VALUE, _KEY = (
    bytes.fromhex(each) for each in ("fea7d2763b4b9e79", "d7aa0f6d3061344e", "146e0be7abacd0d6")
)
"""What a key is derived with for the verifier, its digest, and the key of the package."""
_ELEMENT: Final = rb"<(?:\w+:)?%s\s([^>]*)>"
_LOCK: Final = rb"encryptedKey(?=[^>]*\sspinCount=)"
"""That of a password; those of certificates have no rounds."""
_ATTRIBUTE: Final = re.compile(rb'(\w+)\s*=\s*"([^"]*)"')
_HEADER: Final = struct.Struct("<I4xIII")
"""Of standard encryption: flags, cipher, digest, bits of the key."""
_AES: Final = {0x660E: 128, 0x660F: 192, 0x6610: 256}
_ROUNDS: Final = 50_000
_VERIFIER: Final = struct.Struct("<I16s16sI32s")

_WORD: Final = b"\xec\xa5"
_WORD_FLAGS: Final = 10
_WORD_ENCRYPTED: Final = 0x01
"""In the second byte of the flags of a Word document."""
_CURRENT_USER: Final = 12
_POWERPOINT_ENCRYPTED: Final = b"\xdf\xc4\xd1\xf3"
_FILE_PASS: Final = 0x2F
_BEGINNING: Final = frozenset({0x809, 0x86, 0xE1, 0xC1, 0xE2, 0x5C})
"""Records of a workbook that may stand before the one that says it is encrypted."""

Beat = Callable[[], object]


def says(name: str) -> bool:
    """Tell whether a stream of a name says if its document is encrypted."""
    return name in {"WordDocument", "Current User", "Workbook", "Book"}


def is_encrypted(name: str, data: bytes) -> bool:
    """Tell whether a stream of an older document says that the document is encrypted.

    Args:
        name: of the stream.
        data: its first bytes, some hundred where there are so many.
    """
    if name == "WordDocument":
        is_said = data[_WORD_FLAGS + 1 : _WORD_FLAGS + 2] > b""
        return data.startswith(_WORD) and is_said and bool(data[_WORD_FLAGS + 1] & _WORD_ENCRYPTED)
    if name == "Current User":
        return data.startswith(_POWERPOINT_ENCRYPTED, _CURRENT_USER)
    at = 0
    while at + 4 <= len(data):
        number, size = struct.unpack_from("<HH", data, at)
        if number not in _BEGINNING:
            return bool(number == _FILE_PASS)
        at += 4 + size
    return False


class Key(NamedTuple):
    """What decrypts a package."""

    value: bytes
    salt: bytes
    hash_name: str
    """Of `hashlib`; empty where the package is encrypted in ECB."""

    def clear(self, data: bytes, first: int) -> bytes:
        """Decrypt whole segments of a package, the first of which has the number ``first``."""
        if not self.hash_name:
            return _ecb(self.value, data[: len(data) // BLOCK * BLOCK])
        parts = []
        for at in range(0, len(data), _SEGMENT):
            vector = hashlib.new(
                self.hash_name, self.salt + (first + at // _SEGMENT).to_bytes(4, "little")
            ).digest()[:BLOCK]
            part = data[at : at + _SEGMENT]
            parts.append(cbc(self.value, vector, part[: len(part) // BLOCK * BLOCK]))
        return b"".join(parts)


class PackageReader:
    """The package of an encrypted document, in clear."""

    def __init__(self, package: bytes, key: Key) -> None:
        """Take the stream, its length included, and a key."""
        self._inner = BytesReader(package)
        self._key = key
        self.size: Final = LENGTH.unpack_from(package)[0]
        """Stated length, bytes."""

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``; fewer where the stored bytes end earlier."""
        length = max(0, min(length, self.size - offset))
        if not length:
            return b""
        first = offset // _SEGMENT
        start = first * _SEGMENT
        end = -(-(offset + length) // _SEGMENT) * _SEGMENT
        data = self._key.clear(self._inner.pread(LENGTH.size + start, end - start), first)
        return data[offset - start : offset - start + length]

    def close(self) -> None:
        """Let go of it."""
        self._inner.close()


def key_of(info: bytes, secrets: Secrets, beat: Beat) -> Key | None:
    """Return the key of a package; None when no password fits, or it is of a kind not read.

    Args:
        info: the stream `INFO`.
        secrets: what was given.
        beat: called now and then, while keys are derived.
    """
    if len(info) < _VERSION.size or len(info) > _MOST_INFO:
        return None
    major, minor, _ = _VERSION.unpack_from(info)
    given = [each.decode("utf-8", "replace") for each in secrets.of(PASSWORD)]
    passwords = [each.encode("utf-16-le") for each in dict.fromkeys([_EVERYBODY, *given])]
    try:
        if (major, minor) == _AGILE:
            return next(_agile(info[_VERSION.size :], passwords, beat), None)
        if (major, minor) in _STANDARD:
            return next(_standard(info[_VERSION.size :], passwords, beat), None)
    except (KeyError, ValueError, struct.error):
        return None
    return None


def _derived(hash_name: str, head: bytes, rounds: int, beat: Beat) -> bytes:
    """Return the digest of salt and password, digested again with a number so many times."""
    made = hashlib.new(hash_name, head).digest()
    for number in range(rounds):
        made = hashlib.new(hash_name, number.to_bytes(4, "little") + made).digest()
        if not number % _STEP:
            beat()
    return made


class _Values(NamedTuple):
    """Of an element of agile encryption."""

    salt: bytes
    bits: int
    hash_name: str
    hash_size: int
    others: dict[str, str]

    @classmethod
    def of(cls, text: bytes, element: bytes) -> "_Values":
        """Read it.

        Raises:
            KeyError: it lacks something, or names something that is not read.
            ValueError: it is malformed.
        """
        found = re.search(_ELEMENT % element, text)
        said = {
            name.decode(): value.decode()
            for name, value in _ATTRIBUTE.findall(found[1] if found else b"")
        }
        bits = int(said["keyBits"])
        if (said["cipherAlgorithm"], said["cipherChaining"]) != ("AES", "ChainingModeCBC"):
            raise KeyError("a cipher that is not read")
        if bits not in _KEYS or int(said["blockSize"]) != BLOCK:
            raise KeyError("a key that is not read")
        name = _HASHES[said["hashAlgorithm"].replace("-", "")]
        return cls(_base64(said["saltValue"]), bits, name, int(said["hashSize"]), said)

    def key(self, base: bytes, purpose: bytes) -> bytes:
        """Return a key for one purpose."""
        made = hashlib.new(self.hash_name, base + purpose).digest()
        return made.ljust(self.bits // 8, b"\x36")[: self.bits // 8]

    def clear(self, base: bytes, purpose: bytes, name: str) -> bytes:
        """Decrypt one of the values of the element."""
        vector = self.salt.ljust(BLOCK, b"\x36")[:BLOCK]
        return cbc(self.key(base, purpose), vector, _base64(self.others[name]))


def _agile(text: bytes, passwords: list[bytes], beat: Beat) -> Iterator[Key]:
    package, lock = _Values.of(text, rb"keyData"), _Values.of(text, _LOCK)
    rounds = int(lock.others["spinCount"])
    if not 0 <= rounds <= _MOST_ROUNDS:
        return
    for password in passwords:
        base = _derived(lock.hash_name, lock.salt + password, rounds, beat)
        verifier = lock.clear(base, _INPUT, "encryptedVerifierHashInput")
        wanted = lock.clear(base, _VALUE, "encryptedVerifierHashValue")[: lock.hash_size]
        made = hashlib.new(lock.hash_name, verifier[: len(lock.salt)]).digest()
        if len(wanted) >= BLOCK and made.startswith(wanted):
            value = lock.clear(base, _KEY, "encryptedKeyValue")[: package.bits // 8]
            yield Key(value, package.salt, package.hash_name)


def _standard(data: bytes, passwords: list[bytes], beat: Beat) -> Iterator[Key]:
    header_size = int.from_bytes(data[:4], "little")
    _, cipher, _, bits = _HEADER.unpack_from(data, 4)
    if cipher not in _AES or bits != _AES[cipher]:
        return
    _, salt, verifier, _, wanted = _VERIFIER.unpack_from(data, 4 + header_size)
    for password in passwords:
        base = _derived("sha1", salt + password, _ROUNDS, beat)
        last = hashlib.sha1(base + bytes(4)).digest()  # noqa: S324 - as the format has it
        long = b"".join(
            hashlib.sha1(bytes(each ^ pad for each in last.ljust(64, b"\0"))).digest()  # noqa: S324
            for pad in (0x36, 0x5C)
        )
        key = long[: bits // 8]
        made = hashlib.sha1(_ecb(key, verifier)).digest()  # noqa: S324
        if _ecb(key, wanted).startswith(made):
            yield Key(key, b"", "")


def _ecb(key: bytes, data: bytes) -> bytes:
    engine = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - as the format has it
    return engine.update(data) + engine.finalize()


def _base64(text: str) -> bytes:
    """Return the bytes that a value states.

    Raises:
        ValueError: it is none.
    """
    return base64.b64decode(text, validate=True)
