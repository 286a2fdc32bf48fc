"""Where the frames of LZ4 end: libarchive unpacks them, and says nothing of what lies behind.

The form is that of "LZ4 Frame Format Description" 1.6. Only lengths are read.
"""

import struct
from typing import Final

from heroes_forensics.parsers.base import Reader

FRAME: Final = b"\x04\x22\x4d\x18"
LEGACY: Final = b"\x02\x21\x4c\x18"
_SKIPPABLE: Final = range(0x184D2A50, 0x184D2A60)
_HAS_SIZE, _HAS_DICTIONARY, _BLOCK_SUMS, _CONTENT_SUM = 8, 1, 0x10, 4
_STORED: Final = 1 << 31
_MOST_BLOCK: Final = 9 << 20
"""Bytes of a legacy block at most: 8 MiB that cannot be compressed, and what that costs."""
_U32: Final = struct.Struct("<I")


def frames_end(reader: Reader) -> int:
    """Return the offset behind the last frame; -1 where they are cut off.

    Raises:
        OSError: the lengths cannot be read.
    """
    at = 0
    while at < reader.size:
        end = frame_end(reader, at)
        if end <= at:
            return end
        at = end
    return at if at == reader.size else -1


def frame_end(reader: Reader, at: int) -> int:
    """Return the offset behind the frame at another; the same where none begins, -1 if cut off.

    Raises:
        OSError: the lengths cannot be read.
    """
    head = reader.pread(at, 6)
    if len(head) < 4:  # noqa: PLR2004 - a magic number
        return at
    if _U32.unpack_from(head)[0] in _SKIPPABLE:
        return at + 8 + int.from_bytes(reader.pread(at + 4, 4), "little")
    if head.startswith(FRAME) and len(head) == 6:  # noqa: PLR2004 - and two of flags
        flags = head[4]
        first = at + 7 + 8 * bool(flags & _HAS_SIZE) + 4 * bool(flags & _HAS_DICTIONARY)
        end = _blocks_end(reader, first, 4 * bool(flags & _BLOCK_SUMS))
        return end + 4 * bool(flags & _CONTENT_SUM) if end >= 0 else end
    return _legacy_end(reader, at + 4) if head.startswith(LEGACY) else at


def _blocks_end(reader: Reader, at: int, more: int) -> int:
    while len(head := reader.pread(at, 4)) == _U32.size:
        size = _U32.unpack(head)[0]
        at += 4
        if not size:
            return at
        at += (size & ~_STORED) + more
    return -1


def _legacy_end(reader: Reader, at: int) -> int:
    while len(head := reader.pread(at, 4)) == _U32.size:
        size = _U32.unpack(head)[0]
        if size > _MOST_BLOCK:  # the magic number of another frame, or none of ours
            return at
        at += 4 + size
    return at
