"""What was carved, as an entry of its volume, and the way back to its bytes.

The locator is the byte offset of its first sector in the volume: ``c@0x1f400``; in file slack, of
its first byte: ``s@0x1f624``. The handle holds
where its bytes lie, so that whoever reads it needs no allocation bitmap.
"""

from collections.abc import Sequence
from typing import Final

from heroes_forensics.model import Entry, EntryFlag, EntryKind, Place
from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.recovery.free import Extent, FreeSpace
from heroes_forensics.parsers.recovery.window import SECTOR, Found

_MARK: Final = 0xCA
"""First byte of a handle; those of The Sleuth Kit begin with flags below 32."""
MARK_BEGUN: Final = 0xCC
"""That of one sector, which is listed as the first one of a known file."""
_MARK_BYTES: Final = 0xCD
"""That of something in file slack: byte offset in the volume, and how long."""
MARK_INSIDE: Final = 0xCB
"""That of something inside another stream: where, how long, and the handle of that stream."""
_MARKS: Final = frozenset(bytes([mark]) for mark in (_MARK, MARK_BEGUN, _MARK_BYTES))
_MOST_BYTES: Final = 64
"""Of a handle."""


def is_carved(handle: bytes) -> bool:
    """Tell whether a handle is that of something carved."""
    return handle[:1] in _MARKS


_PATHS: Final = {
    Place.UNALLOCATED: b"$unallocated/%#x",
    Place.FILE_SLACK: b"$slack/%#x",
    Place.VOLUME_SLACK: b"$volume-slack/%#x",
}


def slack_entry(start: int, size: int) -> Entry:
    """Make the entry of a whole picture that begins anywhere in file slack.

    Args:
        start: byte offset in the volume.
        size: bytes.
    """
    handle = bytes([_MARK_BYTES]) + number(start) + number(size)
    return _entry(start, size, handle, Place.FILE_SLACK, EntryFlag(0))


def entry(extents: Sequence[Extent], found: Found, place: Place = Place.UNALLOCATED) -> Entry:
    """Make the entry of what was found.

    Args:
        extents: where it lies; each begins at a sector.
        found: what its walker said. One in more pieces than a handle holds is cut to a fragment.
        place: what kind of space that is.
    """
    handle, size = _packed(extents)
    in_one = len(extents) == 1 or found.checked
    whole = found.whole and in_one and size == found.size
    flags = EntryFlag(0) if whole else EntryFlag.FRAGMENT
    return _entry(extents[0].start, size, handle, place, flags)


def _entry(first: int, size: int, handle: bytes, place: Place, flags: EntryFlag) -> Entry:
    return Entry(
        locator=f"{'s' if place is Place.FILE_SLACK else 'c'}@{first:#x}",
        kind=EntryKind.FILE,
        flags=flags,
        path=_PATHS[place] % first,
        size=size,
        handle=handle,
        first_offset=first,
        place=place,
    )


def begun(extents: Sequence[Extent]) -> Entry:
    """Make the entry of a sector that is listed as the first one of a known file.

    Its locator (``p@0x1f400``) is another one than that of what is carved there.
    """
    handle, size = _packed(extents, MARK_BEGUN)
    first = extents[0].start
    return Entry(
        locator=f"p@{first:#x}",
        kind=EntryKind.FILE,
        flags=EntryFlag.FRAGMENT,
        path=b"$unallocated/%#x+%d" % (first, size),
        size=size,
        handle=handle,
        first_offset=first,
        place=Place.UNALLOCATED,
    )


def _packed(extents: Sequence[Extent], mark: int = _MARK) -> tuple[bytes, int]:
    """Return a handle and how many bytes what it holds are."""
    data, total, at = bytes([mark]), 0, 0
    for extent in extents:
        part = number(extent.start // SECTOR - at) + number(extent.length)
        if len(data) + len(part) > _MOST_BYTES:
            break
        data += part
        total += extent.length
        at = extent.start // SECTOR
    return data, total


def number(value: int) -> bytes:
    """Pack a number, seven bits a byte, the lowest first."""
    packed = bytearray()
    while value > 127:  # noqa: PLR2004 - seven bits
        packed.append(value & 127 | 128)
        value >>= 7
    packed.append(value)
    return bytes(packed)


def _unpacked(handle: bytes) -> list[Extent]:
    numbers: list[int] = []
    value = shift = 0
    for byte in handle[1:]:
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            numbers.append(value)
            value = shift = 0
    if shift or not numbers or len(numbers) % 2:
        raise OSError("not a handle of something carved")
    unit = 1 if handle[:1] == bytes([_MARK_BYTES]) else SECTOR
    found: list[Extent] = []
    at = 0
    for start, length in zip(numbers[::2], numbers[1::2], strict=True):
        at += start
        if not length:
            raise OSError("not a handle of something carved")
        found.append(Extent(at * unit, length))
    return found


def inside_of(handle: bytes) -> tuple[int, int, bytes] | None:
    """Return offset, length and the handle of the stream that something lies in, if it does.

    Raises:
        OSError: it is no whole handle.
    """
    if handle[:1] != bytes([MARK_INSIDE]):
        return None
    numbers: list[int] = []
    value = shift = 0
    for at, byte in enumerate(handle[1:], start=2):
        value |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            numbers.append(value)
            value = shift = 0
        if len(numbers) == 2:  # noqa: PLR2004 - offset and length
            return numbers[0], numbers[1], handle[at:]
    raise OSError("not a handle of something carved")


class CarvedStream:
    """The bytes of something carved."""

    def __init__(self, reader: Reader, handle: bytes) -> None:
        """Open it by its handle.

        Raises:
            OSError: it is no such handle.
        """
        self._space = FreeSpace(reader, _unpacked(handle))

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._space.size

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``.

        Raises:
            OSError: they cannot be read.
        """
        return self._space.read(offset, length)

    def close(self) -> None:
        """Nothing is held."""
