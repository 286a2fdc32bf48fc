"""Encrypted PDF: the standard security handler, with a password or without one.

Many documents are encrypted so that everybody may read them and few may change them: their password
is empty, and it is tried first. ISO 32000-2, 7.6: revisions 2 to 4 derive keys by MD5, 5 and 6 by
SHA-2; streams are encrypted with RC4 or AES.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.searching import found_at
from heroes_forensics.parsers.decryption import BLOCK, CbcReader, cbc
from heroes_forensics.parsers.reading.memory import BytesReader
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

_PAD: Final = bytes.fromhex("28bf4e5e4e758a4164004e56fffa01082e2e00b6d0683e802f0ca9fe6453697a")
_MOST: Final = 1 << 14
"""Bytes of a dictionary."""
_MOST_PLACES: Final = 16
"""Places that name a dictionary or an identifier: updates repeat them."""
_MOST_TRIED: Final = 4
"""Different ones that are tried."""
_MOST_RC4: Final = 64 << 20
"""Bytes of a stream that RC4 encrypted: it is read from its start only."""
_LATEST: Final = 6
_BY_SHA: Final = 5
_ROUNDS: Final = 50
_MOST_ROUNDS: Final = 4096
_REFERENCE: Final = re.compile(rb"/Encrypt\s*(\d{1,10})\s+(\d{1,5})\s+R")
_NUMBER: Final = rb"/%s\s+(-?\d{1,10})"
_METHOD: Final = re.compile(rb"/CFM\s*/(\w+)")
_STREAMS: Final = re.compile(rb"/StmF\s*/(\w+)")
_ESCAPES: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_ESCAPED: Final = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)
_PARTS: Final = re.compile(rb"\\.|[()]", re.DOTALL)
_HEX: Final = re.compile(rb"<([0-9A-Fa-f\s]*)>")


class Key(NamedTuple):
    """What decrypts the streams of a document."""

    value: bytes
    method: str
    """``V2`` (RC4), ``AESV2``, ``AESV3`` or ``Identity``."""

    def stream(self, inner: Reader, number: int, generation: int) -> Reader:
        """Return the clear bytes of a stream of an object.

        Raises:
            OSError: it is cut off or too large.
        """
        if self.method == "Identity":
            return inner
        key = self.value
        if self.method != "AESV3":
            made = key + number.to_bytes(4, "little")[:3] + generation.to_bytes(3, "little")[:2]
            made += b"sAlT" if self.method == "AESV2" else b""
            key = _md5(made)[: min(len(key) + 5, 16)]
        if self.method != "V2":
            vector = inner.pread(0, BLOCK)
            return CbcReader(RangeReader(inner, BLOCK, max(0, inner.size - BLOCK)), key, vector)
        if inner.size > _MOST_RC4:
            raise OSError("an encrypted stream is too large")
        return BytesReader(_rc4(key, inner.pread(0, inner.size)))


def key_of(reader: Reader, secrets: Secrets) -> Key | None:
    """Return the key of a document; None when neither a password that was given nor none fits.

    Raises:
        OSError: it cannot be read.
    """
    identifiers = list(dict.fromkeys(_identifiers(reader)))[:_MOST_TRIED] or [b""]
    passwords = [b"", *secrets.of(PASSWORD)]
    for said in _dictionaries(reader):
        method = _method(said)
        for password in passwords if method else ():
            for identifier in identifiers:
                value = _fitting(said, password, identifier)
                if value:
                    return Key(value, method)
    return None


def _dictionaries(reader: Reader) -> Iterator[bytes]:
    """Yield what the document says of its encryption: the last word first."""
    found: dict[bytes, None] = {}
    at, count = -1, 0
    while (at := found_at(reader, b"/Encrypt", at + 1)) >= 0 and count < _MOST_PLACES:
        count += 1
        text = reader.pread(at, _MOST)
        match = _REFERENCE.match(text)
        found[b"%d %d obj" % (int(match[1]), int(match[2])) if match else text] = None
    for said in list(found)[: -_MOST_TRIED - 1 : -1]:
        yield said if said.startswith(b"/") else _object(reader, said)


def _object(reader: Reader, name: bytes) -> bytes:
    """Return what stands in an object; nothing where it is not there."""
    place = found_at(reader, name, 0)
    while place > 0 and reader.pread(place - 1, 1).isdigit():  # of 15, not of 5
        place = found_at(reader, name, place + 1)
    return reader.pread(place, _MOST).partition(b"endobj")[0] if place >= 0 else b""


def _identifiers(reader: Reader) -> Iterator[bytes]:
    at, count = -1, 0
    while (at := found_at(reader, b"/ID", at + 1)) >= 0 and count < _MOST_PLACES:
        text = reader.pread(at + 3, 512).lstrip()
        if text.startswith(b"["):
            count += 1
            found = _string(text[1:].lstrip())
            if found is not None:
                yield found


def _string(text: bytes) -> bytes | None:
    """Return the string with which a text begins."""
    written = _HEX.match(text)
    if written is not None:
        digits = b"".join(written[1].split())
        return bytes.fromhex((digits + b"0" * (len(digits) % 2)).decode())
    depth = 0
    for part in _PARTS.finditer(text) if text.startswith(b"(") else ():
        depth += {b"(": 1, b")": -1}.get(part[0], 0)
        if not depth:
            return _ESCAPED.sub(_unescaped, text[1 : part.start()])
    return None


def _unescaped(match: "re.Match[bytes]") -> bytes:
    what = match[1]
    if what[:1].isdigit():
        return bytes([int(what, 8) & 0xFF])
    return b"" if what in {b"\n", b"\r", b"\r\n"} else _ESCAPES.get(what, what)


def _field(said: bytes, name: bytes) -> bytes:
    for match in re.finditer(rb"/%s(?=[\s(<])" % name, said):
        found = _string(said[match.end() :].lstrip())
        if found is not None:
            return found
    return b""


def _number(said: bytes, name: bytes, usual: int) -> int:
    found = re.search(_NUMBER % name, said)
    return int(found[1]) if found else usual


def _method(said: bytes) -> str:
    """Return how streams are encrypted; empty where that is of another kind."""
    version = _number(said, b"V", 0)
    if version in {1, 2}:
        return "V2"
    if version not in {4, 5} or not re.search(rb"/Filter\s*/Standard\b", said):
        return ""
    streams = _STREAMS.search(said)
    if streams is None or streams[1] == b"Identity":
        return "Identity"
    of_filter = re.search(rb"/%s\s*<<" % re.escape(streams[1]), said)
    found = _METHOD.search(said, of_filter.end()) if of_filter else None
    name = found[1].decode() if found else ""
    return name if name in {"V2", "AESV2", "AESV3"} else ""


def _fitting(said: bytes, password: bytes, identifier: bytes) -> bytes:
    """Return the key of the document when a password fits, be it that of reader or owner."""
    revision = _number(said, b"R", 0)
    if revision in {_BY_SHA, _LATEST}:
        return _newer(said, password[:127], revision)
    if revision not in {2, 3, 4}:
        return b""
    password = password.decode("utf-8", "replace").encode("latin-1", "replace")
    length = _number(said, b"Length", 40) // 8 if revision > 2 else 5  # noqa: PLR2004
    if _number(said, b"V", 0) == 4:  # noqa: PLR2004 - AES, or RC4 as strong
        length = 16
    if not 5 <= length <= 16:  # noqa: PLR2004 - 40 to 128 bits
        return b""
    for each in (password, _of_owner(said, password, revision, length)):
        key = _older(said, each, identifier, (revision, length))
        if key:
            return key
    return b""


# ---- revisions 2 to 4 ------------------------------------------------------------------------


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _rc4(key: bytes, data: bytes) -> bytes:
    engine = Cipher(ARC4(key), None).decryptor()
    return engine.update(data) + engine.finalize()


def _older(said: bytes, password: bytes, identifier: bytes, how: tuple[int, int]) -> bytes:
    revision, length = how
    stated = _field(said, b"U")
    rights = (_number(said, b"P", 0) & 0xFFFFFFFF).to_bytes(4, "little")
    made = (password + _PAD)[:32] + _field(said, b"O")[:32] + rights + identifier
    if revision == 4 and re.search(rb"/EncryptMetadata\s+false", said):  # noqa: PLR2004
        made += b"\xff\xff\xff\xff"
    key = _md5(made)
    if revision == 2:  # noqa: PLR2004
        key = key[:length]
        return key if hmac.compare_digest(_rc4(key, _PAD), stated[:32]) else b""
    for _ in range(_ROUNDS):
        key = _md5(key[:length])
    key = key[:length]
    check = _md5(_PAD + identifier)
    for number in range(20):
        check = _rc4(bytes(byte ^ number for byte in key), check)
    return key if hmac.compare_digest(check, stated[:16]) else b""


def _of_owner(said: bytes, password: bytes, revision: int, length: int) -> bytes:
    """Return the password of the reader that this one of the owner would give."""
    key = _md5((password + _PAD)[:32])
    if revision == 2:  # noqa: PLR2004
        return _rc4(key[:length], _field(said, b"O")[:32])
    for _ in range(_ROUNDS):
        key = _md5(key)
    found = _field(said, b"O")[:32]
    for number in reversed(range(20)):
        found = _rc4(bytes(byte ^ number for byte in key[:length]), found)
    return found


# ---- revisions 5 and 6 -----------------------------------------------------------------------


def _newer(said: bytes, password: bytes, revision: int) -> bytes:
    user = _field(said, b"U")[:48]
    for name, wrapped, beside in ((b"U", b"UE", b""), (b"O", b"OE", user)):
        stated, sealed = _field(said, name), _field(said, wrapped)[:32]
        if len(stated) < 48 or len(sealed) < 32:  # noqa: PLR2004 - digest and two salts; a key
            continue
        if hmac.compare_digest(_hashed(password, stated[32:40], beside, revision), stated[:32]):
            key = _hashed(password, stated[40:48], beside, revision)
            return cbc(key, bytes(BLOCK), sealed)
    return b""


def _hashed(password: bytes, salt: bytes, beside: bytes, revision: int) -> bytes:
    """Do algorithm 2.B."""
    key = hashlib.sha256(password + salt + beside).digest()
    if revision < _LATEST:
        return key
    for number in range(1, _MOST_ROUNDS):
        engine = Cipher(algorithms.AES(key[:16]), modes.CBC(key[16:32])).encryptor()
        made = engine.update((password + key + beside) * 64)
        which = int.from_bytes(made[:16], "big") % 3
        key = hashlib.new(("sha256", "sha384", "sha512")[which], made).digest()
        if number >= 64 and made[-1] <= number - 32:  # noqa: PLR2004
            break
    return key[:32]
