"""How long a password of an APFS container takes to try, before any is tried.

libfsapfs does as many rounds as the container states, up to 2^32 of them, and cannot be stopped. So
the bags of keys are read here first, for that number alone. Layout: Apple File System Reference,
"Encryption" (``kb_locker_t``, ``keybag_entry_t``); the blob of a key is DER with tags of its own.
"""

import struct
from collections.abc import Iterator
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from heroes_forensics.parsers.base import Reader

_MAGIC: Final = b"NXSB"
_UUID: Final = slice(72, 88)
_AREA: Final = struct.Struct("<I4xQ")
_AREA_AT: Final = 104
"""Of the descriptor area, which holds further superblocks: blocks, and the first one."""
_RANGE: Final = struct.Struct("<QQ")
_BAG_AT: Final = 1296
_SECTOR: Final = 512
_BLOCKS: Final = range(4096, 65537)
_MOST_AREA: Final = 4096
_MOST_BAG: Final = 64
"""Blocks of a bag; Apple writes one."""
_LOCKER: Final = struct.Struct("<HHI")
_LOCKER_AT: Final = 32
_ENTRIES_AT: Final = 48
_ENTRY: Final = struct.Struct("<16sHH4x")
_RECORDS: Final = 3
"""Tag of a bag within the container's, and of a key that a secret opens in a volume's."""
_ROUNDS: Final = 0x84
_MOST_DIGITS: Final = 8
_MOST_DEPTH: Final = 4


def most_rounds(container: Reader) -> int:
    """Return the most rounds that any key of a container takes; 0 when it has no bag.

    Args:
        container: from its first block on.

    Raises:
        OSError: it cannot be read.
        ValueError: a bag is damaged, or of a kind that is not read; `struct.error` likewise.
    """
    head = container.pread(0, 4096)
    if len(head) < _BAG_AT + _RANGE.size or head[32:36] != _MAGIC:
        raise ValueError("no container")
    block = int.from_bytes(head[36:40], "little")
    if block not in _BLOCKS or block & (block - 1):
        raise ValueError("no container")
    bags = {(each[_UUID], *_RANGE.unpack_from(each, _BAG_AT)) for each in _heads(container, head)}
    found = [0]
    for uuid, first, blocks in bags:
        for owner, data in _keys(container, block, (uuid, first, blocks)):
            inner = (owner, *_RANGE.unpack(data))
            found += (_rounds(key) for _, key in _keys(container, block, inner))
    return max(found)


def _heads(container: Reader, head: bytes) -> Iterator[bytes]:
    """Yield every superblock: which of them the library takes is its own affair."""
    yield head
    block = int.from_bytes(head[36:40], "little")
    blocks, first = _AREA.unpack_from(head, _AREA_AT)
    for number in range(min(blocks & 0x7FFFFFFF, _MOST_AREA)):
        data = container.pread((first + number) * block, 4096)
        if len(data) == len(head) and data[32:36] == _MAGIC:
            yield data


def _keys(
    container: Reader, block: int, bag: tuple[bytes, int, int]
) -> Iterator[tuple[bytes, bytes]]:
    """Yield owner and data of what a bag has under `_RECORDS`."""
    uuid, first, blocks = bag
    if not first:
        return
    if not 0 < blocks <= _MOST_BAG:
        raise ValueError("a bag of no possible size")
    data = _decrypted(container, uuid, first * block, blocks * block)
    version, count, _ = _LOCKER.unpack_from(data, _LOCKER_AT)
    if version != 2:  # noqa: PLR2004 - the only one there is
        raise ValueError("a bag of another version")
    at = _ENTRIES_AT
    for _ in range(count):
        if at + _ENTRY.size > len(data):
            raise ValueError("a bag that is cut off")
        owner, tag, length = _ENTRY.unpack_from(data, at)
        start = at + _ENTRY.size
        if tag == _RECORDS:
            yield owner, data[start : start + length]
        at = start + length + (-(_ENTRY.size + length) % 16)


def _decrypted(container: Reader, uuid: bytes, at: int, size: int) -> bytes:
    data = container.pread(at, size)
    if len(data) < size:
        raise ValueError("a bag that is cut off")
    parts = []
    for start in range(0, size, _SECTOR):
        number = ((at + start) // _SECTOR).to_bytes(16, "little")
        engine = Cipher(algorithms.AES(uuid + uuid), modes.XTS(number)).decryptor()
        parts.append(engine.update(data[start : start + _SECTOR]) + engine.finalize())
    return b"".join(parts)


def _rounds(blob: bytes, depth: int = 0) -> int:
    """Return the largest number of rounds that a blob states anywhere.

    Raises:
        ValueError: it is not of the form.
    """
    at, most = 0, 0
    while at + 2 <= len(blob):
        tag, length = blob[at], blob[at + 1]
        at += 2
        if length & 0x80:
            wide = length & 0x7F
            length = int.from_bytes(blob[at : at + wide], "big")
            at += wide
        if at + length > len(blob):
            raise ValueError("a key that is cut off")
        value = blob[at : at + length]
        at += length
        if tag == _ROUNDS and length <= _MOST_DIGITS:
            most = max(most, int.from_bytes(value, "big"))
        elif tag & 0x20 and depth < _MOST_DEPTH:
            most = max(most, _rounds(value, depth + 1))
    return most
