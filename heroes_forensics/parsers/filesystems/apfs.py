"""APFS volumes, through libfsapfs. See `libyal_walk` for why not through dfVFS.

Locators: ``apfs/i123/u2/a1-0/n0``; the number after ``i`` is the file-system object identifier.
The sweep asks for every identifier the volume has given out, when they are few enough.
"""

import struct
from collections.abc import Iterator
from typing import Any, Final

import pyfsapfs

from heroes_forensics.model import TimeBasis, TimeRule
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.libyal_walk import LibyalFileSystem
from heroes_forensics.parsers.reading.readers import ReaderFile
from heroes_forensics.parsers.secrets import Secrets
from heroes_forensics.parsers.storage.apfs_keys import unlock
from heroes_forensics.parsers.storage.locked import LockedError

_FIRST: Final = 16
"""Identifiers below are reserved (Apple File System Reference, ``MIN_USER_INO_NUM``)."""
_BLOCK: Final = 4096
_VOLUME_MAGIC: Final = b"APSB"
_SNAPSHOT_TREE: Final = slice(152, 160)
_SWEEP_LIMIT: Final = 1_000_000


class _WithoutSnapshots:
    """A container whose volume superblocks name no tree of snapshots.

    libfsapfs refuses a whole volume when its tree of snapshots has more than one level. While a
    volume is being opened this shows it superblocks without that tree; afterwards every byte is
    as it is. Offsets and the checksum are those of the Apple File System Reference
    (``apfs_superblock_t``, ``obj_phys_t``).
    """

    def __init__(self, inner: Reader) -> None:
        self._inner = inner
        self.active = True

    @property
    def size(self) -> int:
        return self._inner.size

    def pread(self, offset: int, length: int) -> bytes:
        data = self._inner.pread(offset, length)
        if not self.active or offset % _BLOCK or _VOLUME_MAGIC not in data:
            return data
        changed = bytearray(data)
        for start in range(0, len(data) - _BLOCK + 1, _BLOCK):
            if data[start + 32 : start + 36] == _VOLUME_MAGIC:
                block = changed[start : start + _BLOCK]
                block[_SNAPSHOT_TREE] = bytes(8)
                block[:8] = _checksum(bytes(block[8:])).to_bytes(8, "little")
                changed[start : start + _BLOCK] = block
        return bytes(changed)

    def close(self) -> None:
        """Leave the container open."""


def _checksum(data: bytes) -> int:
    """Return the Fletcher 64 checksum of an object without its first eight bytes."""
    low = high = 0
    for (word,) in struct.iter_unpack("<I", data):
        low = (low + word) % 0xFFFFFFFF
        high = (high + low) % 0xFFFFFFFF
    first = 0xFFFFFFFF - (low + high) % 0xFFFFFFFF
    second = 0xFFFFFFFF - (low + first) % 0xFFFFFFFF
    return second << 32 | first


class _Apfs:
    kind: str = "apfs"
    times: TimeBasis = dict.fromkeys("macb", TimeRule(1, "utc"))

    def __init__(self, reader: Reader, index: int, secrets: Secrets) -> None:
        try:
            self._open(reader, index)
        except OSError:
            plain = _WithoutSnapshots(reader)
            self._open(plain, index)
            plain.active = False
        unlock(self._volume, reader, secrets)
        last = self._volume.next_file_entry_identifier
        self._last = last if last - _FIRST <= _SWEEP_LIMIT else 0
        self.sweep = "object identifiers" if self._last else "not available: too many identifiers"

    def _open(self, reader: Reader, index: int) -> None:
        self._container = pyfsapfs.container()
        self._file = ReaderFile(reader)
        self._container.open_file_object(self._file)
        self._volume: Any = self._container.get_volume(index)

    def root(self) -> Any:  # noqa: ANN401
        return self._volume.get_root_directory()

    def address(self, file: Any) -> int:  # noqa: ANN401
        return int(file.identifier)

    def by_address(self, address: int) -> Any:  # noqa: ANN401
        return self._volume.get_file_entry_by_identifier(address)

    def addresses(self) -> Iterator[int]:
        yield from range(_FIRST, self._last)

    def close(self) -> None:
        self._container.close()


def open_apfs(
    reader: Reader, volume_index: int, secrets: Secrets | None = None
) -> LibyalFileSystem:
    """Open one volume of a container.

    Args:
        reader: the bytes of the container, from its first block on.
        volume_index: position of the volume in the container, from 0.
        secrets: what was given to open an encrypted one.

    Raises:
        UnsupportedError: it cannot be opened, or is encrypted and no secret fits.
    """
    try:
        binding = _Apfs(reader, volume_index, secrets or Secrets())
    except LockedError as error:
        raise UnsupportedError("the APFS volume is encrypted", code="volume.encrypted") from error
    except (OSError, RuntimeError, MemoryError, ValueError, IndexError) as error:
        raise UnsupportedError("the APFS volume cannot be opened", code="volume.damaged") from error
    return LibyalFileSystem(binding)
