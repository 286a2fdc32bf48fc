"""The master key of a BitLocker volume that a startup key gives.

libbde takes a startup key from a path alone, which a locked worker cannot open, and does not
decrypt with keys that are handed to it. So the file of the startup key is read here: an external
key, and the identifier of the protector whose master key it unwraps (AES-CCM). Then libbde is shown
the volume as one whose protection is suspended, the key in the clear in that protector's place.
Layout: libbde, "BitLocker Drive Encryption (BDE) format specification".
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESCCM

from heroes_forensics.parsers.base import Reader

MOST_BYTES: Final = 1 << 16
"""Of the file of a startup key; Windows writes 156."""
_SIGNATURE: Final = b"-FVE-FS-"
_FIXED: Final = (
    UUID("4967d63b-2e29-4ad8-8399-f6a339e3d001").bytes_le,
    UUID("92a84d3b-dd80-4d0e-9e4e-b1e3284eaed8").bytes_le,
)
"""Identifiers in the first sector, since Windows 7; the second: used space alone is encrypted."""
_OFFSETS: Final = ((160, 176), (424, 440))
"""Where the identifier lies, and where the three offsets of the metadata."""
_BLOCK: Final = 64
_HEAD: Final = 48
_ENTRY: Final = struct.Struct("<4H")
_MASTER, _STARTUP = 2, 6
"""Types of entries."""
_KEY, _TEXT, _WRAPPED, _PROTECTOR, _EXTERNAL = 1, 2, 5, 8, 9
"""Types of values."""
_BY_STARTUP: Final = b"\x00\x02"
_CLEAR: Final = b"\x00\x00"
"""Kinds of protectors."""
_PROPERTIES: Final = 28
"""Bytes of a protector before what is in it; of an external key: 24."""
_NONCE: Final = 12
_TAG: Final = 16


class _Entry(NamedTuple):
    at: int
    """Where it begins in what was read."""
    kind: int
    value: int
    data: bytes


class Cleared:
    """A volume as if its protection were suspended: the key lies in the clear in its metadata."""

    def __init__(self, inner: Reader, patches: dict[int, bytes]) -> None:
        self._inner = inner
        self._patches = patches

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read; where a protector was replaced, what stands there now.

        Raises:
            OSError: it cannot be read.
        """
        data = self._inner.pread(offset, length)
        for at, patch in self._patches.items():
            first, end = max(at, offset), min(at + len(patch), offset + len(data))
            if first < end:
                piece = patch[first - at : end - at]
                data = data[: first - offset] + piece + data[end - offset :]
        return data

    def close(self) -> None:
        """Leave the volume open."""


def cleared(volume: Reader, startup: bytes) -> Cleared | None:
    """Return the volume with its master key in the clear; None when the key is of another one.

    Args:
        volume: from its first sector on.
        startup: what the file of the startup key holds (``.BEK``).

    Raises:
        OSError: the volume cannot be read.
    """
    patches: dict[int, bytes] = {}
    for identifier, external in _external(startup[:MOST_BYTES]):
        for at in _places(volume):
            for entry in _metadata(volume, at):
                if (entry.kind, entry.value) == (_MASTER, _PROTECTOR) and _is_of(entry, identifier):
                    patch = _in_the_clear(entry, external)
                    if patch:
                        patches[at + entry.at] = patch
    return Cleared(volume, patches) if patches else None


def _is_of(entry: _Entry, identifier: bytes) -> bool:
    return entry.data[:16] == identifier and entry.data[26:28] == _BY_STARTUP


def _in_the_clear(entry: _Entry, external: bytes) -> bytes:
    """Make a protector of the same length that a key beside it opens; nothing when none does."""
    masters = (_opened(external, each) for each in _entries(entry.data, _PROPERTIES))
    master = next((each for each in masters if each is not None), None)
    if master is None:
        return b""
    key, nonce = bytes(32), bytes(_NONCE)
    sealed = AESCCM(key, tag_length=_TAG).encrypt(nonce, master, None)
    wrapped = nonce + sealed[-_TAG:] + sealed[:-_TAG]
    # libbde takes whatever method stands before a key that lies in the clear.
    body = entry.data[:26] + _CLEAR + _property(_KEY, bytes(4) + key) + _property(_WRAPPED, wrapped)
    left = len(entry.data) - len(body)
    if left < _ENTRY.size:
        return b""
    body += _property(_TEXT, bytes(left - _ENTRY.size))
    return _ENTRY.pack(_ENTRY.size + len(body), _MASTER, _PROTECTOR, 1) + body


def _property(value: int, data: bytes) -> bytes:
    return _ENTRY.pack(_ENTRY.size + len(data), 0, value, 1) + data


def _opened(key: bytes, entry: _Entry) -> bytes | None:
    """Return what is wrapped in an entry; None when this key does not open it."""
    data = entry.data
    if entry.value != _WRAPPED or len(data) <= _NONCE + _TAG or len(key) != 32:  # noqa: PLR2004
        return None
    nonce, tag, body = data[:_NONCE], data[_NONCE : _NONCE + _TAG], data[_NONCE + _TAG :]
    try:
        return AESCCM(key, tag_length=_TAG).decrypt(nonce, body + tag, None)
    except InvalidTag:
        return None


def _external(startup: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield identifier and key of each external key of a file."""
    for entry in _entries(startup, _HEAD):
        if (entry.kind, entry.value) == (_STARTUP, _EXTERNAL):
            for inner in _entries(entry.data, 24):
                if inner.value == _KEY:
                    yield entry.data[:16], inner.data[4:]


def _places(volume: Reader) -> Iterator[int]:
    """Yield where the copies of the metadata begin."""
    head = volume.pread(0, 512)
    if len(head) < 512:  # noqa: PLR2004 - a sector
        return
    for identifier, offsets in _OFFSETS:
        if head[identifier : identifier + 16] in _FIXED:
            yield from struct.unpack_from("<3Q", head, offsets)
            return
    sector, clusters = struct.unpack_from("<HB", head, 11)
    (first,) = struct.unpack_from("<Q", head, 56)  # of Windows Vista
    yield first * sector * clusters


def declared(volume: Reader) -> int:
    """Return how long the volume is at least, bytes, by what can be read of its metadata.

    That is where the last copy of the metadata begins, what a copy states to be encrypted, and, of
    BitLocker To Go, how long the FAT is that other systems are shown.
    0 where nothing of it can be read.
    """
    with suppress(OSError):
        return _declared(volume)
    return 0


def _declared(volume: Reader) -> int:
    head = volume.pread(0, 512)
    if len(head) < 512:  # noqa: PLR2004 - a sector
        return 0
    places = list(_places(volume))
    lengths = [at + _BLOCK for at in places]
    if head.startswith(b"MSWIN4.1", 3):
        (sector,), (count,) = struct.unpack_from("<H", head, 11), struct.unpack_from("<I", head, 32)
        lengths.append(sector * count)
    for at in places:
        block = volume.pread(at, _BLOCK) if at < volume.size else b""
        if len(block) == _BLOCK and block.startswith(_SIGNATURE) and block[10:12] == b"\2\0":
            lengths.append(int.from_bytes(block[16:24], "little"))
    return max(lengths, default=0)


def _metadata(volume: Reader, at: int) -> Iterator[_Entry]:
    """Yield the entries of one copy, with their places in it."""
    if not 0 <= at < volume.size:
        return
    data = volume.pread(at, MOST_BYTES)
    if len(data) < _BLOCK + _HEAD or not data.startswith(_SIGNATURE):
        return
    size = int.from_bytes(data[_BLOCK : _BLOCK + 4], "little")
    yield from _entries(data[: _BLOCK + size], _BLOCK + _HEAD)


def _entries(data: bytes, at: int) -> Iterator[_Entry]:
    while at + _ENTRY.size <= len(data):
        size, kind, value, _ = _ENTRY.unpack_from(data, at)
        if size < _ENTRY.size or at + size > len(data):
            return
        yield _Entry(at, kind, value, data[at + _ENTRY.size : at + size])
        at += size
