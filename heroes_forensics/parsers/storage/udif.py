"""The run table of a UDIF image (DMG), for what libmodi does not unpack: LZMA.

libmodi opens an image whose runs are packed with LZMA (``ULMO``, what ``hdiutil`` offers since
macOS 10.15) and then fails on each of them. Those runs are unpacked here with the standard
library; everything else stays with libmodi. Format: libmodi documentation, "Mac OS disk image
types", sections 4 and 5.
"""

import lzma
import plistlib
import struct
import threading
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.parsers.base import Reader

TRAILER: Final = 512
_SECTOR: Final = 512
_MAX_PLIST: Final = 64 << 20
"""Bytes; a 1 TB image with runs of 512 sectors has a list of about 120 MB, which is refused."""
_MAX_RUN: Final = 64 << 20
"""Bytes of one unpacked run; usual are 256 KiB to 8 MiB."""
_MAX_PACKED: Final = _MAX_RUN + (1 << 20)
"""Bytes of one packed run: xz keeps what cannot be packed as it is, with some bytes to 64 KiB."""
_HEADER: Final = 204
_RUN: Final = struct.Struct(">I4xQQQQ")
_LZMA: Final = 0x80000008
_KNOWN: Final = frozenset(
    {
        0,  # zeros
        1,  # stored
        2,  # unused: zeros
        0x80000004,  # ADC
        0x80000005,  # zlib
        0x80000006,  # bzip2
        0x80000007,  # LZFSE
        _LZMA,
        0x7FFFFFFE,  # comment
        0xFFFFFFFF,  # end
    }
)
_NO_DATA: Final = frozenset({0, 2, 0x7FFFFFFE, 0xFFFFFFFF})


@dataclass(slots=True)
class Runs:
    """What the run table says."""

    lzma: list[tuple[int, int, int, int]] = field(default_factory=list)
    """(offset in the media, bytes, offset in the file, packed bytes), sorted."""
    unknown: int = 0
    """Runs of a kind that nobody here unpacks."""
    beyond: int = 0
    """Runs whose data lies beyond the end of the file."""
    declared: int = 0
    """Bytes of media by the trailer."""


def read_runs(file: Reader) -> Runs:
    """Read the trailer and the run table of ``file``.

    Raises:
        ValueError: the structures are damaged; also what `plistlib` raises.
        OSError: the file could not be read.
    """
    trailer = file.pread(file.size - TRAILER, TRAILER)
    if len(trailer) < TRAILER or not trailer.startswith(b"koly"):
        raise ValueError("no trailer")
    data, at, length = (struct.unpack_from(">Q", trailer, where)[0] for where in (24, 216, 224))
    runs = Runs(declared=struct.unpack_from(">Q", trailer, 492)[0] * _SECTOR)
    if not length:
        return runs
    if length > _MAX_PLIST:
        raise ValueError("the property list is too long")
    root = plistlib.loads(file.pread(at, length), fmt=plistlib.FMT_XML)
    for block in root["resource-fork"]["blkx"]:
        _block(runs, bytes(block["Data"]), data, file.size)
    runs.lzma.sort()
    return runs


def _block(runs: Runs, table: bytes, data: int, end: int) -> None:
    if not table.startswith(b"mish") or len(table) < _HEADER:
        raise ValueError("a run table is damaged")
    first, base = struct.unpack_from(">Q", table, 8)[0], struct.unpack_from(">Q", table, 24)[0]
    count = struct.unpack_from(">I", table, 200)[0]
    for number in range(min(count, (len(table) - _HEADER) // _RUN.size)):
        kind, sector, sectors, offset, length = _RUN.unpack_from(
            table, _HEADER + number * _RUN.size
        )
        where = data + base + offset
        if kind not in _KNOWN:
            runs.unknown += 1
        elif kind not in _NO_DATA and where + length > end:
            runs.beyond += 1
        elif kind == _LZMA:
            runs.lzma.append(((first + sector) * _SECTOR, sectors * _SECTOR, where, length))


class LzmaRuns:
    """Media of which some runs are unpacked here and the rest is read from ``rest``."""

    def __init__(self, rest: Reader, file: Reader, runs: list[tuple[int, int, int, int]]) -> None:
        self._rest = rest
        self._file = file
        self._runs = runs
        self._starts = [run[0] for run in runs]
        self._unpacked: tuple[int, bytes] = (-1, b"")
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Length of the media, bytes."""
        return self._rest.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across runs."""
        end = min(offset + length, self.size)
        parts: list[bytes] = []
        while offset < end:
            index = bisect_right(self._starts, offset) - 1
            start, size = self._runs[index][:2] if index >= 0 else (0, 0)
            if start <= offset < start + size:
                stop = min(end, start + size)
                with self._lock:
                    parts.append(self._run(index)[offset - start : stop - start])
            else:
                after = self._starts[index + 1] if index + 1 < len(self._starts) else end
                stop = min(end, after)
                parts.append(self._rest.pread(offset, stop - offset))
            offset = stop
        return b"".join(parts)

    def _run(self, index: int) -> bytes:
        if self._unpacked[0] == index:
            return self._unpacked[1]
        _, size, where, length = self._runs[index]
        if size > _MAX_RUN or length > _MAX_PACKED:
            raise OSError("a run of the image is larger than any imager writes")
        try:
            unpacker = lzma.LZMADecompressor(memlimit=4 * _MAX_RUN)
            data = unpacker.decompress(self._file.pread(where, length), size)
        except lzma.LZMAError as error:
            raise OSError("a packed run of the image is damaged") from error
        if len(data) < size:
            raise OSError("a packed run of the image is cut off")
        self._unpacked = (index, data)
        return data

    def close(self) -> None:
        """Close the reader of the rest."""
        self._rest.close()
