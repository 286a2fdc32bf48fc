"""The records of the MFT as a table: what they say of themselves, and reading many at once.

The Sleuth Kit reads 64 KiB from what it needs onwards, never what lies before it. Names of a
directory stand in the order of their letters, and where that is not the order in which the files
were made it would read 64 KiB for each record.

It does not say either how much of a stream was ever written, behind which systems read zeros. So
the table is read for that, a piece at a time and each piece once.

Format: the NTFS documentation of the Linux-NTFS project ("FILE Record", "Attributes", "Fixup").
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
Bytes = npt.NDArray[np.uint8]

_MFT: Final = 0
"""Its own address."""
_CHUNK: Final = 1 << 20
_FIRST: Final = 16
"""Records 0 to 11 are the named files of NTFS, 12 to 15 are kept in use without a name."""
_SMALLEST: Final = 256
_AHEAD: Final = 65536 - 4096
"""Bytes before a record that are read with it; the kit begins with a whole block."""
_PIECES: Final = 1 << 16
"""Pieces of the table of which is kept what they say, at most: 64 GiB of it, in 64 MiB."""

_IN_USE: Final = 1
_BASE: Final = 2
_WRITTEN: Final = 4
_SECTOR: Final = 512
_UNIT: Final = 8
"""Attributes begin at multiples of so many bytes."""
_ATTRIBUTES: Final = 64
"""Of one record that are looked at; one with more is not known."""
_HEAD_UNITS: Final = 3
_RUN_UNITS: Final = 8
"""Units of the header of a resident attribute, and of one that is not."""
_START, _SIZE, _VALID = 2, 6, 7
"""Units from its beginning to its first cluster in the stream, its length, and how much of that was
written."""
_LOW: Final = np.uint64(0xFFFFFFFF)
"""The type that ends a record, and a mask."""
_LIST: Final = np.uint64(0x20)


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


class Records:
    """What the table says of its records, each piece of it read when it is first asked about."""

    def __init__(self, fs: Any, image: "TskImage") -> None:  # noqa: ANN401
        self._fs = fs
        self._image = image
        self._file: Any = None
        self._size = 0
        self._record = 0
        self._pieces: dict[int, bytes | None] = {}
        """A byte for each record of a piece: `_BASE`, `_IN_USE`, `_WRITTEN`.

        None where the piece cannot be read.
        """
        self._failed = False

    def is_written(self, address: int) -> bool:
        """Tell whether every stream of a base record is known to be written to its end.

        Those in one record, that is: one with a list of attributes is not looked into. Nothing is
        known where the table cannot be read. The answer is that of the evidence alone: a listing
        that goes on after an interruption is compared with what it gave before.
        """
        image = self._image
        failures, back = image.failures, image.went_back
        try:
            if self._failed:
                return False
            self._open()
            number, at = divmod(address, _CHUNK // self._record)
            if number not in self._pieces:
                if len(self._pieces) >= _PIECES:
                    return False
                self._pieces[number] = None
                self._look(number)
            piece = self._pieces[number]
            return piece is not None and at < len(piece) and piece[at] & _WRITTEN != 0
        except (OSError, RuntimeError, OverflowError):
            self._failed = self._file is None
            return False
        finally:
            image.failures, image.went_back = failures, back

    def base_records(self) -> Iterator[tuple[Numbers, Numbers]]:
        """Yield the addresses of base records with a signature, and for each 1 if it is in use.

        Raises:
            OSError: the MFT cannot be read to its end.
        """
        self._open()
        width = _CHUNK // self._record
        for number in range(-(-self._size // _CHUNK)):
            piece = self._pieces.get(number)
            marks = np.frombuffer(self._look(number) if piece is None else piece, np.uint8)
            base = np.flatnonzero(marks & _BASE)
            base = base[base + number * width >= _FIRST]
            yield base + number * width, marks[base] & _IN_USE

    def _open(self) -> None:
        if self._file is None:
            self._record = record_size(self._image.reader)
            file = self._fs.open_meta(_MFT)
            if file.info.meta is None:
                raise OSError("the MFT has no metadata")
            self._size = file.info.meta.size
            self._file = file

    def _look(self, number: int) -> bytes:
        offset = number * _CHUNK
        length = max(0, min(_CHUNK, self._size - offset))
        chunk = self._file.read_random(offset, length) if length else b""
        if len(chunk) != length:
            raise OSError("the MFT cannot be read to its end")
        count = len(chunk) // self._record
        raw = np.frombuffer(chunk, np.uint8, count * self._record).reshape(count, self._record)
        piece = _marks(raw).tobytes()
        if number in self._pieces or len(self._pieces) < _PIECES:
            self._pieces[number] = piece
        return piece


def _marks(raw: Bytes) -> Bytes:
    """Return `_BASE`, `_IN_USE` and `_WRITTEN` of records as they lie on the medium."""
    signed = (raw[:, :4] == np.frombuffer(b"FILE", np.uint8)).all(axis=1)
    base = signed & ~raw[:, 32:38].any(axis=1)
    marks: Bytes = base * np.uint8(_BASE)
    marks |= base & (raw[:, 22] & 1 != 0)
    rows = np.flatnonzero(base)
    marks[rows[_written(raw[rows])]] |= _WRITTEN
    return marks


def _written(raw: Bytes) -> "npt.NDArray[np.intp]":
    """Return the positions of records that have no list of attributes and no unwritten stream."""
    raw, rows = _fixed(raw)
    width = raw.shape[1] // _UNIT
    words = raw.view("<u8")
    at = raw[:, 20] // np.intp(_UNIT) + raw[:, 21] * np.intp(256 // _UNIT)
    rows = rows[(raw[rows, 20] % _UNIT == 0) & (at[rows] < width)]
    at = at[rows]
    found = []
    for _ in range(_ATTRIBUTES):
        head = words[rows, at]
        type_, length = head & _LOW, head >> np.uint64(32)
        found.append(rows[type_ == _LOW])
        units = (length // np.uint64(_UNIT)).astype(np.intp)
        going = (type_ != _LOW) & (type_ != _LIST) & (length % np.uint64(_UNIT) == 0)
        going &= (units >= _HEAD_UNITS) & (units < width - at)
        rows, at, units = rows[going], at[going], units[going]
        outside = words[rows, at + 1] & np.uint64(0xFF) != 0  # not resident
        # In a record that ends before it would, there is no such attribute.
        whole = outside & (units >= _RUN_UNITS)
        size = words[rows, np.where(whole, at + _SIZE, 0)]
        written = words[rows, np.where(whole, at + _VALID, 0)]
        first = words[rows, np.where(whole, at + _START, 0)]
        # Of one whose length is 0 the kit gives as many zeros as there are clusters.
        going = ~outside | (whole & (size == written) & (size > 0) & (first == 0))
        rows, at = rows[going], at[going] + units[going]
        if not len(rows):
            break
    return np.concatenate(found) if found else np.zeros(0, np.intp)


def _fixed(raw: Bytes) -> tuple[Bytes, "npt.NDArray[np.intp]"]:
    """Put back the last two bytes of every sector; return also which records are not torn."""
    record = raw.shape[1]
    raw = raw.copy()
    sectors = record // _SECTOR
    start = raw[:, 4] + raw[:, 5] * np.intp(256)
    number = raw[:, 6] + raw[:, 7] * np.intp(256)
    rows = np.flatnonzero((number == sectors + 1) & (start + 2 * number <= record))
    start = start[rows]
    for byte in range(2):
        mark = raw[rows, start + byte]
        for sector in range(sectors):
            end = (sector + 1) * _SECTOR - 2 + byte
            torn = raw[rows, end] != mark
            raw[rows, end] = raw[rows, start + 2 * (sector + 1) + byte]
            rows, start, mark = rows[~torn], start[~torn], mark[~torn]
    return raw, rows


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
