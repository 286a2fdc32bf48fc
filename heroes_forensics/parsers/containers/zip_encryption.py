"""Encrypted members of zip archives, and the passwords that open them.

Two ways: that of PKWARE's APPNOTE 6.1 (ZipCrypto), a stream of bytes each of which depends on all
before it, and WinZip's AES (AE-1 and AE-2; "AES Encryption Information", 1.04). Of ZipCrypto one
byte tells a wrong password, so what it gives is tried as well; AES states a digest of the whole.
"""

import hashlib
import hmac
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.containers import zip_records
from heroes_forensics.parsers.reading.decompression import (
    ZIP_METHODS,
    ExpandedReader,
    StoredReader,
)
from heroes_forensics.parsers.reading.readers import RangeReader
from heroes_forensics.parsers.secrets import PASSWORD, Secrets

AES: Final = 99
"""The method that says so; the real one stands in the extra field."""
_AES_FIELD: Final = 0x9901
_SALTS: Final = {1: 8, 2: 12, 3: 16}
"""Bytes by strength; a key has twice as many."""
_CHECK: Final = 2
_DIGEST: Final = 10
_ROUNDS: Final = 1000
_BLOCK: Final = 16
_HEAD: Final = 12
"""Bytes of ZipCrypto before the content."""
_PIECE: Final = 1 << 16
_MARK: Final = 1 << 18
"""Bytes between two places at which ZipCrypto can be taken up again."""
_TRIED: Final = 1 << 20
"""Bytes of what a password gives that are looked at."""


class Sealed(NamedTuple):
    """An encrypted member as the archive states it."""

    offset: int
    """Of its local header."""
    stored: Reader
    method: int
    size: int
    """Bytes when expanded; -1 when not stated."""
    crc: int


class Opened(NamedTuple):
    """What became of it."""

    stored: Reader
    method: int
    crc: int
    """-1: AE-2 states none, and its digest did fit."""


class Locks:
    """The passwords for one archive; what they open does not depend on what was opened before."""

    def __init__(self, reader: Reader, secrets: Secrets) -> None:
        self._reader = reader
        self._passwords = list(dict.fromkeys(secrets.of(PASSWORD)))
        self._last = (-1, b"")
        """Which member was opened last, and with which password."""

    def open(self, member: Sealed) -> Opened:
        """Decrypt a member with the first password that fits.

        Raises:
            OSError: it cannot be read.
            UnsupportedError: ``stream.encrypted``, none fits.
        """
        time, extra = _local(self._reader, member.offset)
        found = self._aes(member, extra) if member.method == AES else self._legacy(member, time)
        if found is None:
            raise UnsupportedError("the member is encrypted", code="stream.encrypted")
        return found

    def _aes(self, member: Sealed, extra: bytes) -> Opened | None:
        """Decrypt; the digest is compared once, when a member is first opened."""
        field = zip_records.extra_field(extra, _AES_FIELD)
        salt_size = _SALTS.get(field[4], 0) if len(field) >= 7 else 0  # noqa: PLR2004
        stored = member.stored
        if not salt_size or stored.size < salt_size + _CHECK + _DIGEST:
            return None
        salt, check = (stored.pread(0, salt_size), stored.pread(salt_size, _CHECK))
        start = salt_size + _CHECK
        body = RangeReader(stored, start, stored.size - start - _DIGEST)
        last, proven = self._last
        for password in sorted(self._passwords, key=lambda each: each != proven):
            size = 2 * salt_size
            made = hashlib.pbkdf2_hmac("sha1", password, salt, _ROUNDS, 2 * size + _CHECK)
            if made[2 * size :] != check:
                continue
            stated = stored.pread(stored.size - _DIGEST, _DIGEST)
            is_known = (last, proven) == (member.offset, password)
            if is_known or _digest(body, made[size : 2 * size]) == stated:
                self._last = member.offset, password
                method = int.from_bytes(field[5:7], "little")
                is_second = field[0] == 2  # noqa: PLR2004
                crc = -1 if is_second else member.crc
                return Opened(_Counted(body, made[:size]), method, crc)
        return None

    def _legacy(self, member: Sealed, time: int) -> Opened | None:
        found = list(self._candidates(member, time))
        # One byte was compared: what it let through has to read as what the archive states.
        most = _TRIED if len(found) == 1 else max(_TRIED, member.size, member.stored.size)
        for password, opened in found:
            is_known = self._last == (member.offset, password)
            if is_known or _reads(opened, member, most):
                self._last = member.offset, password
                return opened
        return None

    def _candidates(self, member: Sealed, time: int) -> Iterator[tuple[bytes, Opened]]:
        head = member.stored.pread(0, _HEAD)
        if len(head) < _HEAD:
            return
        body = RangeReader(member.stored, _HEAD, member.stored.size - _HEAD)
        for password in self._passwords:
            state = (0x12345678, 0x23456789, 0x34567890)
            for byte in password:
                state = _turned(state, byte)
            clear, state = _decrypted(state, head)
            if clear[-1] in {time >> 8, member.crc >> 24 & 0xFF}:
                yield password, Opened(_Legacy(body, state), member.method, member.crc)


def _local(reader: Reader, offset: int) -> tuple[int, bytes]:
    """Return time and extra fields of a local header."""
    row = zip_records.LOCAL_HEADER.unpack(reader.pread(offset, zip_records.LOCAL_HEADER.size))
    at = offset + zip_records.LOCAL_HEADER.size + int(row[9])
    return int(row[4]), reader.pread(at, int(row[10]))


def _reads(found: Opened, member: Sealed, most: int) -> bool:
    """Say whether so much of a member can be expanded, and fits where that is all of it."""
    expander = ZIP_METHODS.get(found.method)
    reader: Reader
    if expander is None:
        reader = StoredReader(found.stored, found.crc)
    else:
        reader = ExpandedReader(found.stored, expander, member.size, found.crc)
    try:
        for at in range(0, most, _TRIED):
            if len(reader.pread(at, _TRIED)) < _TRIED:
                break
    except (OSError, EvidenceError):
        return False
    return True


# ---- AES -------------------------------------------------------------------------------------


def _digest(body: Reader, key: bytes) -> bytes:
    made = hmac.new(key, digestmod="sha1")
    for at in range(0, body.size, _PIECE):
        made.update(body.pread(at, _PIECE))
    return made.digest()[:_DIGEST]


class _Counted:
    """AES in counter mode, the counter in little endian and from 1 on."""

    def __init__(self, inner: Reader, key: bytes) -> None:
        self._inner = inner
        self._engine = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - counters

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: they cannot be read.
        """
        return b"".join(
            self._piece(at, min(_PIECE, offset + length - at))
            for at in range(offset, min(offset + length, self.size), _PIECE)
        )

    def _piece(self, offset: int, length: int) -> bytes:
        data = self._inner.pread(offset, length)
        first = offset // _BLOCK
        blocks = range(first + 1, -(-(offset + len(data)) // _BLOCK) + 1)
        stream = self._engine.update(b"".join(each.to_bytes(_BLOCK, "little") for each in blocks))
        skipped = offset - first * _BLOCK
        mask = int.from_bytes(stream[skipped : skipped + len(data)], "little")
        return (int.from_bytes(data, "little") ^ mask).to_bytes(len(data), "little")

    def close(self) -> None:
        """Close the stored bytes."""
        self._inner.close()


# ---- ZipCrypto -------------------------------------------------------------------------------

_State = tuple[int, int, int]

# The table of CRC-32: what zlib makes of one byte, without what it does to begin and to end.
_TABLE: Final = [zlib.crc32(bytes([byte]), 0xFFFFFFFF) ^ 0xFFFFFFFF for byte in range(256)]


def _turned(state: _State, byte: int) -> _State:
    first, second, third = state
    first = _TABLE[(first ^ byte) & 0xFF] ^ first >> 8
    second = (second + (first & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
    third = _TABLE[(third ^ second >> 24) & 0xFF] ^ third >> 8
    return first, second, third


def _decrypted(state: _State, data: bytes) -> tuple[bytes, _State]:
    """Decrypt; `_turned` is written out, for this is what the time goes into."""
    first, second, third = state
    table, made = _TABLE, bytearray(len(data))
    for at, byte in enumerate(data):
        mixed = third | 2
        clear = byte ^ (mixed * (mixed ^ 1) >> 8 & 0xFF)
        made[at] = clear
        first = table[(first ^ clear) & 0xFF] ^ first >> 8
        second = (second + (first & 0xFF)) * 134775813 + 1 & 0xFFFFFFFF
        third = table[(third ^ second >> 24) & 0xFF] ^ third >> 8
    return bytes(made), (first, second, third)


class _Legacy:
    """A stream of ZipCrypto: forwards, and again from places that were passed."""

    def __init__(self, inner: Reader, state: _State) -> None:
        self._inner = inner
        self._marks: list[tuple[int, _State]] = [(0, state)]
        self._here = (0, state)

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: they cannot be read.
        """
        end = min(offset + length, self.size)
        if self._here[0] > offset or self._marks[-1][0] > self._here[0]:
            near = bisect_right(self._marks, offset, key=lambda mark: mark[0]) - 1
            self._here = self._marks[near]
        parts = []
        for at, data in self._pieces(end):
            parts.append(data[max(0, offset - at) :])
        return b"".join(parts)

    def _pieces(self, end: int) -> Iterator[tuple[int, bytes]]:
        """Yield what lies from here to ``end``, with its place."""
        while self._here[0] < end:
            at, state = self._here
            data = self._inner.pread(at, min(_PIECE, end - at, _MARK - at % _MARK))
            if not data:
                return
            clear, state = _decrypted(state, data)
            self._here = at + len(data), state
            if self._here[0] % _MARK == 0 and self._here[0] > self._marks[-1][0]:
                self._marks.append(self._here)
            yield at, clear

    def close(self) -> None:
        """Close the stored bytes."""
        self._inner.close()
