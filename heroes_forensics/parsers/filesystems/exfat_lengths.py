"""How many bytes of an exFAT file were ever written: its valid data length.

Cameras and download programs reserve clusters before they write. Behind the valid length of a file
systems read zeros (exFAT specification 7.6.5, ``ValidDataLength``), The Sleuth Kit what lies in the
clusters. Either may be what was once hashed: a list has the file as it was shown, and a medium that
was pulled out may hold all of a file whose entry was not written. So both are digested.
"""

import struct
from typing import Final

from heroes_forensics.errors import EvidenceError
from heroes_forensics.parsers.base import Reader

_BOOT: Final = struct.Struct("<80xI4xII12xBB")
"""Sector of the FAT, of the first cluster, clusters; powers of two: bytes of a sector, sectors of
a cluster."""
_SECTOR: Final = range(9, 13)
_MOST_CLUSTER: Final = 25
"""Powers of two that the specification allows: bytes of a sector, and of a cluster at most."""
_ENTRY: Final = 32
_FIRST: Final = 3
"""Address that The Sleuth Kit gives to the first directory entry of the first cluster."""
_IN_USE: Final = 0x80
_FILE: Final = 0x05
_STREAM: Final = 0x40
_LENGTHS: Final = struct.Struct("<8xQ8xQ")
"""Of a stream extension: valid length, length."""


class ValidLengths:
    """Reads valid lengths of one volume."""

    def __init__(self, reader: Reader) -> None:
        """Take a volume.

        Raises:
            EvidenceError: its boot sector is none of exFAT.
            OSError: it cannot be read.
        """
        boot = reader.pread(0, 512)
        if len(boot) < _BOOT.size:
            raise EvidenceError("this is no exFAT volume")
        table, heap, self._count, sector, cluster = _BOOT.unpack_from(boot)
        if sector not in _SECTOR or sector + cluster > _MOST_CLUSTER:
            raise EvidenceError("this is no exFAT volume")
        self._reader = reader
        self._table, self._heap = table << sector, heap << sector
        self._cluster = 1 << sector + cluster

    def of(self, address: int, size: int) -> int:
        """Return the valid length of a file in bytes; ``size`` where nothing is known of it.

        Args:
            address: metadata address, as The Sleuth Kit counts.
            size: its length, which its entry has to state, too.
        """
        place = (address - _FIRST) * _ENTRY
        if place < 0:
            return size
        try:
            own = self._reader.pread(self._heap + place, 2 * _ENTRY)
            if len(own) < 2 * _ENTRY or own[0] & ~_IN_USE != _FILE:
                return size
            following = [own[_ENTRY:]]
            if (place + _ENTRY) % self._cluster == 0:
                following.append(self._reader.pread(self._next(place), _ENTRY))
        except OSError:
            return size
        for each in following:
            if len(each) == _ENTRY and each[0] & ~_IN_USE == _STREAM:
                valid, stated = map(int, _LENGTHS.unpack(each))
                if stated == size:
                    return min(valid, size)
        return size

    def _next(self, place: int) -> int:
        """Return where the cluster behind that of an entry lies, as the FAT has it."""
        number = place // self._cluster + 2
        raw = self._reader.pread(self._table + 4 * number, 4)
        found = int.from_bytes(raw, "little") - 2
        if not 0 <= found < self._count:
            raise OSError("the directory ends there")
        return int(self._heap + found * self._cluster)


class Initialised:
    """A stream behind whose valid length there are zeros."""

    def __init__(self, stream: Reader, valid: int) -> None:
        """Take a stream, which is closed with this one, and how many bytes of it are valid."""
        self._stream = stream
        self._valid = valid

    @property
    def size(self) -> int:
        """Length by the metadata, bytes."""
        return self._stream.size

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``.

        Raises:
            OSError: bytes that are valid cannot be read.
        """
        length = max(0, min(length, self.size - offset))
        real = max(0, min(length, self._valid - offset))
        data = self._stream.pread(offset, real) if real else b""
        return data + bytes(length - real)

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
