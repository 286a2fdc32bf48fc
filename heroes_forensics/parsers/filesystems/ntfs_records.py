"""The records of the MFT as a table: which are base records, and reading those before another.

The Sleuth Kit reads 64 KiB from what it needs onwards, never what lies before it. Names of a
directory stand in the order of their letters, and where that is not the order in which the files
were made it would read 64 KiB for each record.
"""

import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from heroes_forensics.parsers.base import Reader
    from heroes_forensics.parsers.filesystems.tsk_image import TskImage

Numbers = npt.NDArray[np.integer[Any]]

_MFT: Final = 0
"""Its own address."""
_CHUNK: Final = 1 << 20
_FIRST: Final = 16
"""Records 0 to 11 are the named files of NTFS, 12 to 15 are kept in use without a name."""
_SMALLEST: Final = 256
_AHEAD: Final = 65536 - 4096
"""Bytes before a record that are read with it; the kit begins with a whole block."""


def record_size(reader: "Reader") -> int:
    """Return the bytes of one record.

    Raises:
        OSError: they make no sense.
    """
    boot = reader.pread(0, 512)
    if len(boot) < 512:  # noqa: PLR2004 - a sector
        raise OSError("the boot sector cannot be read")
    cluster = boot[13] * struct.unpack_from("<H", boot, 11)[0]
    (clusters,) = struct.unpack_from("<b", boot, 64)
    record: int = cluster * clusters if clusters > 0 else 1 << -clusters
    if record < _SMALLEST or _CHUNK % record:
        raise OSError("the size of an MFT record makes no sense")
    return record


def base_records(fs: Any, reader: "Reader") -> Iterator[tuple[Numbers, Numbers]]:  # noqa: ANN401
    """Yield the addresses of base records with a signature, and for each 1 if it is in use.

    Raises:
        OSError: the MFT cannot be read to its end.
    """
    record = record_size(reader)
    file = fs.open_meta(_MFT)
    size = file.info.meta.size
    for offset in range(0, size, _CHUNK):
        chunk = file.read_random(offset, min(_CHUNK, size - offset))
        if len(chunk) != min(_CHUNK, size - offset):
            raise OSError("the MFT cannot be read to its end")
        number = len(chunk) // record
        raw = np.frombuffer(chunk, np.uint8, number * record).reshape(number, record)
        signed = (raw[:, :4] == np.frombuffer(b"FILE", np.uint8)).all(axis=1)
        base = np.flatnonzero(signed & ~raw[:, 32:38].any(axis=1))
        base = base[base + offset // record >= _FIRST]
        yield base + offset // record, raw[base, 22] & 1


class ReadBack:
    """Has the kit read the records before one that it just read alone."""

    def __init__(self, fs: Any, image: "TskImage") -> None:  # noqa: ANN401
        self._fs = fs
        self._image = image
        self._file: Any = None
        self._record = 0

    def before(self, address: int) -> None:
        """Read the records before this one, all in one read; what fails is read one by one."""
        image = self._image
        failures = image.failures
        if not image.doubtful:
            try:
                if self._file is None:
                    self._record = record_size(image.reader)
                    self._file = self._fs.open_meta(_MFT)
                end = address * self._record
                if end:  # all of it, or the kit is content with what it has of its beginning
                    at = max(0, end - _AHEAD)
                    self._file.read_random(at, end - at)
            except (OSError, RuntimeError, OverflowError):  # a name may lead anywhere
                self._record = 0
        image.failures = failures
        image.went_back = False
