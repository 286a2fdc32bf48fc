"""Partition tables: MBR with extended partitions, GPT with its backup, Apple partition map.

Written here and not taken from a library because each fault of a table must become a gap while
the rest of it is still used: a library gives one error for the whole table. Every loop is bounded
by `MAX_ENTRIES`. Formats: UEFI specification 2.10 chapter 5 (MBR, GPT); Inside Macintosh: Devices,
chapter 3 (Apple partition map).
"""

import struct
import uuid
import zlib
from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.model import JSON, MAX_SIZE
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage.signatures import Recognised, recognise

MAX_ENTRIES: Final = 1000
"""Partitions taken from one table; more are a gap ``volume.limit``."""

SECTOR_SIZES: Final = (512, 4096, 2048, 1024)
_EXTENDED: Final = frozenset({0x05, 0x0F, 0x85})
_PROTECTIVE: Final = 0xEE
_BOOT_MARK: Final = b"\x55\xaa"
_GPT_HEADER: Final = 92
"""Bytes (UEFI 5.3.2)."""
_MAX_TABLE: Final = 4 << 20
"""Bytes of a GPT entry array that are read; 128 entries of 128 bytes are usual."""

_GPT_RESERVED: Final = frozenset(
    {
        "e3c9e316-0b5c-4db8-817d-f92df00215ae",  # Microsoft reserved
        "21686148-6449-6e6f-744e-656564454649",  # BIOS boot
    }
)
_APM_FREE: Final = frozenset({b"Apple_Free", b"Apple_Void", b"Apple_Scratch"})
_APM_RESERVED: Final = (b"Apple_partition_map", b"Apple_Driver", b"Apple_Patches")


@dataclass(frozen=True, slots=True)
class Partition:
    """One entry of a table, as it is written there."""

    start: int
    """Byte offset from the start of the medium."""
    size: int
    """Bytes."""
    type: str
    """MBR type as ``0x07``, GPT type GUID, or Apple type; never a volume label."""
    reserved: bool = False
    """By its type it holds no file system."""


@dataclass(slots=True)
class Table:
    """A partition table as read, with what was wrong about it."""

    scheme: str
    """``mbr``, ``gpt`` or ``apm``."""
    sector_size: int
    partitions: list[Partition] = field(default_factory=list)
    faults: list[tuple[str, JSON]] = field(default_factory=list)
    """(gap code, numbers and fixed words)"""
    notes: list[str] = field(default_factory=list)
    declared: int = -1
    """Bytes that the medium had when the table was written; -1 when the table does not say."""


def read_table(reader: Reader, *, sector_size: int = 512) -> Table | None:
    """Read the partition table at the start of ``reader``, or say that there is none.

    Args:
        reader: the medium.
        sector_size: what the container states, bytes; other sizes are tried by content.

    Raises:
        OSError: the start of the medium could not be read.
    """
    sizes = (sector_size, *(one for one in SECTOR_SIZES if one != sector_size))
    table = _gpt(reader, sizes) or _apm(reader) or _mbr(reader, sizes)
    if table is None:
        reader.pread(0, 512)  # no table because it could not be read is not "no table"
    return table


def look(reader: Reader, *, sector_size: int = 512) -> tuple[Table | None, Recognised | None]:
    """Return the partition table and the file system at the start of ``reader``.

    Raises:
        OSError: neither was found, and part of the start could not be read.
    """
    failure: OSError | None = None
    table, found = None, None
    try:
        table = read_table(reader, sector_size=sector_size)
    except OSError as error:
        failure = error
    try:
        found = recognise(reader)
    except OSError as error:
        failure = error
    if table is None and found is None and failure is not None:
        raise failure
    return table, found


def _soft(reader: Reader, offset: int, length: int) -> bytes:
    """Read; nothing where the medium cannot be read, so that one bad sector costs one entry."""
    try:
        return reader.pread(offset, length)
    except OSError:
        return b""


def _count(table: Table) -> bool:
    """Tell whether one more partition may be added; note the limit once."""
    if len(table.partitions) < MAX_ENTRIES:
        return True
    if ("volume.limit", {"limit": MAX_ENTRIES}) not in table.faults:
        table.faults.append(("volume.limit", {"limit": MAX_ENTRIES}))
    return False


# --- MBR ---------------------------------------------------------------------------------------


def _slots(sector: bytes) -> list[tuple[int, int, int]]:
    """Return (type, first sector, sectors) of the non-empty entries, or nothing if not sane."""
    if len(sector) < 512 or sector[510:512] != _BOOT_MARK:  # noqa: PLR2004 (one sector)
        return []
    found = []
    for at in range(446, 510, 16):
        status, kind = sector[at], sector[at + 4]
        start, count = struct.unpack_from("<II", sector, at + 8)
        if kind == 0 or count == 0:
            continue
        if status & 0x7F:
            return []
        found.append((kind, start, count))
    return found


def _mbr(reader: Reader, sizes: tuple[int, ...]) -> Table | None:
    slots = _slots(_soft(reader, 0, 512))
    if not slots:
        return None
    if all(kind == _PROTECTIVE for kind, _, _ in slots):
        fault: tuple[str, JSON] = ("volume.damaged", {"table": "gpt"})
        return Table("gpt", sizes[0], faults=[fault])
    # The table does not say how large a sector is: believe the size under which more of the
    # partitions begin with something known, and the stated one when that does not decide.
    best = max((sizes[0], 4096), key=lambda size: (_known_starts(reader, slots, size), -size))
    size = best if _known_starts(reader, slots, best) else sizes[0]
    table = Table("mbr", size)
    for kind, start, count in slots:
        if kind in _EXTENDED:
            _extended(reader, table, start)
        elif kind != _PROTECTIVE and _count(table):
            table.partitions.append(Partition(start * size, count * size, f"0x{kind:02x}"))
    return table


def _known_starts(reader: Reader, slots: list[tuple[int, int, int]], size: int) -> int:
    known = 0
    for kind, start, _ in slots:
        try:
            if kind in _EXTENDED:
                known += _soft(reader, start * size, 512)[510:512] == _BOOT_MARK
            elif start and start * size < reader.size:
                known += recognise(_Tail(reader, start * size)) is not None
        except OSError:
            continue
    return known


class _Tail:
    """The rest of a reader from an offset on."""

    def __init__(self, inner: Reader, offset: int) -> None:
        self._inner = inner
        self._offset = offset

    @property
    def size(self) -> int:
        return max(0, self._inner.size - self._offset)

    def pread(self, offset: int, length: int) -> bytes:
        return self._inner.pread(self._offset + offset, length)

    def close(self) -> None:
        """Leave the inner reader open."""


def _extended(reader: Reader, table: Table, base: int) -> None:
    """Follow the chain of extended boot records; each is entered once."""
    size = table.sector_size
    seen: set[int] = set()
    todo = [base]
    while todo:
        at = todo.pop()
        if at in seen:
            table.faults.append(("volume.damaged", {"table": "mbr", "fault": "loop", "sector": at}))
            continue
        if not _count(table) or len(seen) >= MAX_ENTRIES:
            _count(table)
            return
        seen.add(at)
        sector = _soft(reader, at * size, 512)
        if sector[510:512] != _BOOT_MARK:
            beyond = at * size >= reader.size
            code = "volume.truncated" if beyond else "volume.damaged"
            table.faults.append((code, {"table": "mbr", "sector": at}))
            continue
        entries = _slots(sector)
        for kind, start, count in entries:
            if kind in _EXTENDED:
                todo.append(base + start)
            elif _count(table):
                first = (at + start) * size
                table.partitions.append(Partition(first, count * size, f"0x{kind:02x}"))


# --- GPT ---------------------------------------------------------------------------------------


def _gpt(reader: Reader, sizes: tuple[int, ...]) -> Table | None:
    candidates = [(size, size) for size in sizes]
    candidates += [(size, reader.size // size * size - size) for size in sizes]
    damaged: Table | None = None
    for size, offset in candidates:
        header = _soft(reader, offset, size) if 0 < offset < reader.size else b""
        if not header.startswith(b"EFI PART"):
            continue
        table, sound = _gpt_table(reader, header, size)
        if offset != size:
            table.notes.append("read from the backup GPT: the first one is missing or damaged")
        if sound:
            return table
        damaged = damaged or table
    if damaged is not None:
        damaged.faults.append(("volume.damaged", {"table": "gpt", "fault": "checksum"}))
    return damaged


def _gpt_table(reader: Reader, header: bytes, size: int) -> tuple[Table, bool]:
    table = Table("gpt", size)
    length, stored = struct.unpack_from("<II", header, 12)
    alternate, own = (
        struct.unpack_from("<Q", header, 32)[0],
        struct.unpack_from("<Q", header, 24)[0],
    )
    first, count, width, array = struct.unpack_from("<QIII", header, 72)
    sound = _GPT_HEADER <= length <= len(header) and stored == zlib.crc32(
        header[:16] + b"\0\0\0\0" + header[20:length]
    )
    table.declared = min((max(alternate, own) + 1) * size, MAX_SIZE) if sound else -1
    if width < 128 or width % 8:  # noqa: PLR2004 (UEFI 5.3.3)
        return table, False
    entries = _soft(reader, first * size, min(count * width, _MAX_TABLE))
    sound = sound and len(entries) == count * width and zlib.crc32(entries) == array
    for at in range(0, len(entries) - width + 1, width):
        kind = str(uuid.UUID(bytes_le=entries[at : at + 16]))
        begin, end = struct.unpack_from("<QQ", entries, at + 32)
        if not any(entries[at : at + 16]):
            continue
        if end < begin or (end + 1) * size > MAX_SIZE:
            table.faults.append(("volume.damaged", {"table": "gpt", "entry": at // width}))
        elif _count(table):
            table.partitions.append(
                Partition(begin * size, (end - begin + 1) * size, kind, kind in _GPT_RESERVED)
            )
        else:
            break
    return table, sound


# --- Apple partition map -----------------------------------------------------------------------


def _apm(reader: Reader) -> Table | None:
    first = _soft(reader, 0, 512)
    for size in SECTOR_SIZES:
        entry = _soft(reader, size, 512)
        if entry.startswith(b"PM") and (first.startswith(b"ER") or size == 512):  # noqa: PLR2004
            break
    else:
        return None
    table = Table("apm", size)
    if first.startswith(b"ER"):
        block, blocks = struct.unpack_from(">HI", first, 2)
        table.declared = block * blocks or -1
    count = struct.unpack_from(">I", entry, 4)[0]
    for number in range(1, min(count, 8 * MAX_ENTRIES) + 1):
        entry = _soft(reader, number * size, 512)
        if not entry.startswith(b"PM") or len(entry) < 80:  # noqa: PLR2004 (start, size, type)
            beyond = number * size >= reader.size
            code = "volume.truncated" if beyond else "volume.damaged"
            table.faults.append((code, {"table": "apm", "entry": number}))
            break
        start, length = struct.unpack_from(">II", entry, 8)
        kind = entry[48:80].split(b"\0")[0]
        if kind in _APM_FREE:
            continue
        if not _count(table):
            break
        name = kind.decode("ascii") if kind.startswith(b"Apple_") and kind.isascii() else "other"
        name = name if name.replace("_", "").isalnum() else "other"
        table.partitions.append(
            Partition(start * size, length * size, name, kind.startswith(_APM_RESERVED))
        )
    return table
