"""Comments, extra fields and local names of a zip archive in which more stands than there belongs.

Each may have 65,535 bytes, and no program shows them. What fields are for has some dozens, and
what an archive is aligned with is zeros, behind a number in some fields (0xD935 of Android, 0xA220
of Office): what is larger than `LARGE`, or begins like a file that is known and is larger than
`SMALL`, is an entry.
"""

import struct
from collections.abc import Iterator
from typing import Final

from heroes_forensics.filetype import EMPTY, TYPES, UNKNOWN, FileClass, sniff
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.containers.zip_unlisted import Region

SMALL: Final = 512
LARGE: Final = 4096
_NUMBER: Final = 4
"""Bytes in front of the zeros of an alignment."""
_FIELD: Final = struct.Struct("<HH")
"""Number of the field, and its bytes (APPNOTE 4.5.1)."""


def of_extra(reader: Reader, start: int, size: int) -> Iterator[Region]:
    """Yield the fields of an extra field that are worth an entry; all of it where it has none.

    Raises:
        OSError: it cannot be read.
    """
    if size < SMALL:
        return
    data = reader.pread(start, size)
    at = 0
    while at + _FIELD.size <= len(data):
        length = _FIELD.unpack_from(data, at)[1]
        if at + _FIELD.size + length > len(data):
            break
        at += _FIELD.size
        yield from _worth(data[at : at + length], start + at)
        at += length
    yield from _worth(data[at:], start + at)


def of_comment(reader: Reader, start: int, size: int) -> Iterator[Region]:
    """Yield a comment, or the name in a local header, that is worth an entry.

    Raises:
        OSError: it cannot be read.
    """
    if size >= SMALL:
        yield from _worth(reader.pread(start, size), start)


def _worth(data: bytes, start: int) -> Iterator[Region]:
    if len(data) < SMALL or not data[_NUMBER:].strip(b"\0"):
        return
    kind = sniff(data)
    is_known = kind not in {UNKNOWN, EMPTY} and TYPES[kind].file_class is not FileClass.TEXT
    if is_known or len(data) > LARGE:
        yield Region(start, start + len(data))
