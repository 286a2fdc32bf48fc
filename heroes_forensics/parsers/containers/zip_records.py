"""The records of a zip archive, as PKWARE's APPNOTE 6.3.10 describes them.

Names stay raw bytes: the archive says UTF-8 or code page 437, and is often wrong about it.
Nothing here trusts a count or a length further than the bytes that are there.
"""

import datetime as dt
import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError
from heroes_forensics.model import Moment
from heroes_forensics.parsers.base import PART, Reader, UnsupportedError

LOCAL: Final = b"PK\x03\x04"
CENTRAL: Final = b"PK\x01\x02"
DESCRIPTOR: Final = b"PK\x07\x08"

LOCAL_HEADER: Final = struct.Struct("<4s5HIIIHH")
"""4.3.7: signature, version, flags, method, time, date, CRC, sizes, lengths of name and extra."""
_CENTRAL_HEADER: Final = struct.Struct("<4s6H3I5HII")
_END: Final = struct.Struct("<4s4HIIH")
_END_64_LOCATOR: Final = struct.Struct("<4sIQI")
_END_64: Final = struct.Struct("<4sQHHIIQQQQ")

_END_MAGIC: Final = b"PK\x05\x06"
_END_64_MAGIC: Final = b"PK\x06\x06"
_END_64_LOCATOR_MAGIC: Final = b"PK\x06\x07"
_MAX_COMMENT: Final = 65535
_FULL: Final = 0xFFFFFFFF
"""A 32-bit field that says: see the Zip64 extra field."""
_CHUNK: Final = 1 << 20

ENCRYPTED: Final = 0x0001
HAS_DESCRIPTOR: Final = 0x0008
PATCH: Final = 0x0020
STRONG_ENCRYPTION: Final = 0x0040
"""Bits of the general purpose flag, 4.4.4."""


class Member(NamedTuple):
    """One member, from the central directory or from its local header."""

    offset: int
    """Of its local header in the source, bytes."""
    compressed: int
    """Bytes as stored; -1 when not known."""
    size: int
    """Bytes when expanded; -1 when not known."""
    crc: int
    """-1 when not known."""
    method: int
    flags: int
    made_by: int
    """Upper byte of "version made by": 0 MS-DOS, 3 Unix, 10 Windows, 19 OS X."""
    attributes: int
    """External attributes; 0 in a local header, which has none."""
    date: int
    time: int
    name: bytes
    extra: bytes
    disk: int = 0
    """Number of the part in which it begins."""
    margin: int = -1
    """Offset of the extra field in the directory; -1 in a local header."""
    comment: int = 0
    """Bytes of its comment, which stands behind that."""


class Directory(NamedTuple):
    """Where the central directory lies."""

    start: int
    end: int
    base: int
    """Added to every offset in it: bytes before the archive, of a program that unpacks itself;
    negative where they were counted, and are not there."""
    members: int
    """As the end record states."""
    is_64: bool
    after: int
    """Offset of the first byte behind the archive."""
    disk: int = 0
    """Number of the part that it is in, where there are several; else 0."""
    comment: int = 0
    """Bytes of the comment with which the archive ends."""


def find_directory(reader: Reader) -> Directory | None:
    """Find the central directory from the end of the archive; None when there is none.

    A directory whose archive does not begin where the source does, although a member does, is
    that of an archive stored in this one, which then has lost its own.

    Raises:
        UnsupportedError: this is one part of an archive that was split.
        OSError: the source cannot be read.
    """
    tail_start = max(0, reader.size - _END.size - _MAX_COMMENT)
    tail = reader.pread(tail_start, reader.size - tail_start)
    at = tail.rfind(_END_MAGIC)
    split = False
    while at >= 0:
        if at + _END.size <= len(tail):
            found = _directory(reader, tail_start + at, _END.unpack_from(tail, at))
            if found is not None:
                nested = found.base > 0 and reader.pread(0, 4) == LOCAL
                return None if nested else found
            split = split or tail[at + 4 : at + 8] not in {b"\0\0\0\0", b"\xff\xff\xff\xff"}
        at = tail.rfind(_END_MAGIC, 0, at)
    if split:
        raise UnsupportedError(
            "this is one part of a zip archive that was split",
            code=PART,
            hint="join the parts into one archive first",
        )
    return None


def _directory(reader: Reader, at: int, end: tuple[int, ...]) -> Directory | None:
    """Check one candidate for the end record at ``at``; None when no directory is where it says."""
    _, disk, first_disk, _, members, length, offset, comment = end
    after = at + _END.size + comment
    is_64 = False
    locator = reader.pread(max(0, at - _END_64_LOCATOR.size), _END_64_LOCATOR.size)
    directory_end = at
    if len(locator) == _END_64_LOCATOR.size and locator.startswith(_END_64_LOCATOR_MAGIC):
        stated = _END_64_LOCATOR.unpack(locator)[2]
        usual = at - _END_64_LOCATOR.size - _END_64.size
        for where in (stated, usual):
            record = reader.pread(where, _END_64.size) if 0 <= where < reader.size else b""
            if len(record) == _END_64.size and record.startswith(_END_64_MAGIC):
                _, _, _, _, disk, first_disk, _, members, length, offset = _END_64.unpack(record)
                is_64, directory_end = True, where
                break
    if disk != first_disk:
        return None
    for start in (directory_end - length, offset):
        if 0 <= start <= directory_end and (
            reader.pread(start, 4) == CENTRAL or (length == 0 and members == 0)
        ):
            found = Directory(
                start, directory_end, start - offset, members, is_64, after, disk, comment
            )
            return found if found.base >= 0 or _fits(reader, found) else found._replace(base=0)
    return None


def _fits(reader: Reader, directory: Directory) -> bool:
    """Tell whether offsets count from bytes that were in front of the archive and are gone."""
    try:
        for each in members(reader, directory._replace(base=0)):
            at = each.offset + directory.base
            if at >= 0 and each.disk == directory.disk:
                return reader.pread(at, 4) == LOCAL
    except EvidenceError:
        pass
    return False


def members(reader: Reader, directory: Directory) -> Iterator[Member]:
    """Yield the members in the order of the central directory.

    Raises:
        EvidenceError: the directory ends or breaks before its stated end; what came before is
            whole.
    """
    at = directory.start
    buffer = b""
    start = 0
    while at < directory.end:
        if len(buffer) - start < _CENTRAL_HEADER.size:
            buffer, start = reader.pread(at, min(_CHUNK, directory.end - at)), 0
        if len(buffer) - start < _CENTRAL_HEADER.size or not buffer.startswith(CENTRAL, start):
            raise EvidenceError("the central directory of the archive is damaged")
        row = _CENTRAL_HEADER.unpack_from(buffer, start)
        lengths = row[10] + row[11] + row[12]
        if len(buffer) - start < _CENTRAL_HEADER.size + lengths:
            if start == 0:
                raise EvidenceError("the central directory of the archive is cut off")
            buffer = b""
            start = 0
            continue
        name_at = start + _CENTRAL_HEADER.size
        extra_at = name_at + row[10]
        yield _member(
            row,
            directory.base,
            buffer[name_at:extra_at],
            buffer[extra_at : extra_at + row[11]],
        )._replace(margin=at + extra_at - start, comment=row[12])
        start = extra_at + row[11] + row[12]
        at += _CENTRAL_HEADER.size + lengths


def _member(row: tuple[int, ...], base: int, name: bytes, extra: bytes) -> Member:
    made_by, flags, method, time, date, crc = row[1], row[3], row[4], row[5], row[6], row[7]
    compressed, size, attributes, offset = row[8], row[9], row[15], row[16]
    if _FULL in {size, compressed, offset}:
        wide = extra_field(extra, 0x0001)
        numbers = [value for (value,) in struct.iter_unpack("<Q", wide[: len(wide) & ~7])]
        size = numbers.pop(0) if size == _FULL and numbers else size
        compressed = numbers.pop(0) if compressed == _FULL and numbers else compressed
        offset = numbers.pop(0) if offset == _FULL and numbers else offset
    return Member(
        offset + base,
        compressed,
        size,
        crc,
        method,
        flags,
        made_by >> 8,
        attributes,
        date,
        time,
        name,
        extra,
        row[13],
    )


def extra_field(extra: bytes, wanted: int) -> bytes:
    """Return the data of the extra field with id ``wanted``, ``b""`` when there is none."""
    at = 0
    while at + 4 <= len(extra):
        number, length = struct.unpack_from("<HH", extra, at)
        if number == wanted:
            return extra[at + 4 : at + 4 + length]
        at += 4 + length
    return b""


def dos_moment(date: int, time: int) -> Moment | None:
    """Turn a DOS date and time, two seconds exact and of no stated zone, into a `Moment`."""
    try:
        days = dt.date(1980 + (date >> 9), date >> 5 & 15, date & 31).toordinal()
    except ValueError:
        return None
    seconds = (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2
    return Moment((days - _EPOCH) * 86400 + seconds, 0)


_EPOCH: Final = dt.date(1970, 1, 1).toordinal()


def unix_time(extra: bytes) -> Moment | None:
    """Return the modification time of an extended time stamp (id 0x5455), UTC, one second."""
    field = extra_field(extra, 0x5455)
    if len(field) < 5 or not field[0] & 1:  # noqa: PLR2004
        return None
    return Moment(int.from_bytes(field[1:5], "little", signed=True), 0)


def ntfs_times(extra: bytes) -> tuple[Moment, Moment, Moment] | None:
    """Return (modified, accessed, born) of an NTFS extra field (id 0x000A), UTC, 100 ns."""
    field = extra_field(extra, 0x000A)
    if len(field) < 32 or field[4:8] != b"\x01\0\x18\0":  # noqa: PLR2004
        return None
    first, second, third = (
        Moment(ticks // 10_000_000 - 11_644_473_600, ticks % 10_000_000 * 100)
        for ticks in struct.unpack_from("<QQQ", field, 8)
    )
    return first, second, third


def owner(extra: bytes) -> int:
    """Return the user id of an Info-ZIP Unix field (id 0x7875); -1 when there is none."""
    field = extra_field(extra, 0x7875)
    length = field[1] if len(field) > 1 and field[0] == 1 else 0
    value = int.from_bytes(field[2 : 2 + length], "little")
    return value if length and value < 1 << 63 else -1


def local_end(reader: Reader, offset: int) -> int:
    """Return the offset behind name and extra field of the local header at ``offset``.

    Raises:
        OSError: there is no local header.
    """
    return sum(local_margin(reader, offset))


def local_margin(reader: Reader, offset: int) -> tuple[int, int]:
    """Return offset and bytes of the extra field of the local header at ``offset``.

    Raises:
        OSError: there is no local header.
    """
    head = reader.pread(offset, LOCAL_HEADER.size)
    if len(head) < LOCAL_HEADER.size or not head.startswith(LOCAL):
        raise OSError("there is no local header where the archive says")
    row = LOCAL_HEADER.unpack(head)
    return offset + LOCAL_HEADER.size + int(row[9]), int(row[10])
