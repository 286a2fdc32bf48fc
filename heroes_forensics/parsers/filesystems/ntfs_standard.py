"""What NTFS keeps beside the content: exact times, and the owner as a pseudonym.

The Sleuth Kit gives times from 1970 to 2106 only and no owner. Both lie in
``$STANDARD_INFORMATION`` ([MS-FSA] 2.1.1.3; layout as in the Linux-NTFS documentation): four
times in units of 100 ns since 1601, and, since NTFS 3.0, the number of a security descriptor in
the stream ``$SDS`` of ``$Secure``. The owner's SID there ([MS-DTYP] 2.4.2 and 2.4.6) is shown as
a number made of its SHA-256, so that entries of one owner can be told from those of another, and
nobody's account is named.
"""

import hashlib
import struct
from typing import Any, Final

from heroes_forensics.model import Moment, Times
from heroes_forensics.parsers.filesystems import tsk_tables as t

_TIMES: Final = struct.Struct("<4Q")
_TICKS: Final = 10_000_000
_EPOCH: Final = 11_644_473_600
"""Seconds from 1601 to 1970."""
_WITH_OWNER: Final = 56
_SECURITY: Final = slice(52, 56)
_SECURE_FILE: Final = 9
_DESCRIPTORS: Final = b"$SDS"
_LIMIT: Final = 64 << 20
_BLOCK: Final = 1 << 18
"""``$SDS`` is written twice: every second block of this many bytes is a copy of the one before."""
_HEAD: Final = 20
_DESCRIPTOR: Final = 20
_PSEUDONYM_BYTES: Final = 6


def times_of(standard: bytes) -> Times:
    """Return the four times of a ``$STANDARD_INFORMATION`` attribute.

    Raises:
        struct.error: it is shorter than 32 bytes.
    """
    born, modified, changed, accessed = _TIMES.unpack_from(standard)
    first = _moment(modified)  # often some of them are one
    return (
        first,
        first if accessed == modified else _moment(accessed),
        first if changed == modified else _moment(changed),
        first if born == modified else _moment(born),
    )


def _moment(value: int) -> Moment | None:
    if not value:
        return None
    seconds, ticks = divmod(value, _TICKS)
    return Moment(seconds - _EPOCH, ticks * 100)


class Owners:
    """Pseudonyms of the owners of a volume, read when first asked for."""

    def __init__(self, fs: Any) -> None:  # noqa: ANN401
        self._fs = fs
        self._owners: dict[int, int] | None = None

    def of(self, standard: bytes) -> int:
        """Return the pseudonym of the owner, or -1."""
        if len(standard) < _WITH_OWNER:
            return -1
        if self._owners is None:
            try:
                self._owners = dict(_owners(self._descriptors()))
            except (OSError, RuntimeError):
                self._owners = {}
        return self._owners.get(int.from_bytes(standard[_SECURITY], "little"), -1)

    def _descriptors(self) -> bytes:
        file = self._fs.open_meta(_SECURE_FILE)
        for attribute in file:
            info = attribute.info
            if int(info.type) == t.NTFS_DATA and info.name == _DESCRIPTORS:
                data: bytes = file.read_random(0, min(info.size, _LIMIT), t.NTFS_DATA, info.id)
                return data
        return b""


def _owners(data: bytes) -> list[tuple[int, int]]:
    """Return (security id, pseudonym) of each descriptor of a ``$SDS`` stream."""
    found: list[tuple[int, int]] = []
    for block in range(0, len(data), 2 * _BLOCK):
        at = block
        end = min(block + _BLOCK, len(data))
        while at + _HEAD + _DESCRIPTOR <= end:
            number = int.from_bytes(data[at + 4 : at + 8], "little")
            (length,) = struct.unpack_from("<I", data, at + 16)
            if length < _HEAD + _DESCRIPTOR:
                break
            sid = _owner(data[at + _HEAD : at + length])
            if sid:
                mark = hashlib.sha256(sid).digest()[:_PSEUDONYM_BYTES]
                found.append((number, int.from_bytes(mark, "big")))
            at += -(-length // 16) * 16
    return found


def _owner(descriptor: bytes) -> bytes:
    """Return the owner's SID of a security descriptor, or nothing."""
    (at,) = struct.unpack_from("<I", descriptor, 4)
    if not at or at + 8 > len(descriptor):
        return b""
    return descriptor[at : at + 8 + 4 * descriptor[at + 1]]
