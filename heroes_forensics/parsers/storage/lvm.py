"""Logical volumes of LVM2: which physical volumes belong together, and the bytes of a volume.

libvslvm opens no group of more than one physical volume, so they are read here; it is the second
opinion on groups of one in the tests.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import in_pieces
from heroes_forensics.parsers.storage.lvm_metadata import (
    Group,
    Label,
    Logical,
    MetadataError,
    Segment,
    described,
    label,
)

KINDS: Final = frozenset(
    {
        *("mirror", "snapshot", "thin", "thin-pool", "cache", "cache-pool", "writecache", "vdo"),
        *("vdo-pool", "raid0", "raid0_meta", "raid1", "raid4", "raid5", "raid5_ls", "raid6"),
        *("raid10", "integrity", "error", "zero", "stripes of volumes"),
    }
)
"""Kinds of segments that are named and not read."""


def newest(labels: Iterable[Label]) -> Group | None:
    """Return the newest description of the group that these physical volumes have."""
    found: Group | None = None
    for one in labels:
        with suppress(MetadataError):
            made = described(one.text or {})
            if found is None or made.sequence > found.sequence:
                found = made
    return found


def opened(readers: Sequence[Reader], index: int) -> "LogicalVolume":
    """Open the logical volume ``index`` (from 0) of a group.

    Raises:
        OSError: these are not its physical volumes, or it is none that is read.
    """
    labels = [found for one in readers if (found := label(one)) is not None]
    group = newest(labels)
    if len(labels) < len(readers) or group is None or not 0 <= index < len(group.logical):
        raise OSError("these are not the physical volumes of the group")
    volume = group.logical[index]
    present = {one.identifier: reader for one, reader in zip(labels, readers, strict=True)}
    if any(hindrance(volume, present)):
        raise OSError("the logical volume is of a kind that is not read, or not whole")
    return LogicalVolume(volume, present)


def hindrance(volume: Logical, present: Iterable[str]) -> tuple[str, list[str]]:
    """Return why a volume is not read (kind of segment), and what physical volumes it lacks."""
    have = set(present)
    missing: dict[str, None] = {}
    at = 0
    for one in volume.segments:
        if one.kind != "striped":
            return (one.kind if one.kind in KINDS else "other"), []
        if one.start != at or not one.size:
            return "hole", []
        at += one.size
        missing.update((name, None) for name, _ in one.parts if name not in have)
    return "", list(missing)


class LogicalVolume:
    """The bytes of a logical volume of linear and striped segments."""

    def __init__(self, volume: Logical, physical: Mapping[str, Reader]) -> None:
        self._volume = volume
        self._physical = physical
        self._starts = [one.start for one in volume.segments]

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._volume.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read across segments and stripes.

        Raises:
            OSError: a physical volume is missing or ends too early, or cannot be read.
        """
        return in_pieces(self._piece, offset, length, size=self.size)

    def _piece(self, offset: int, length: int) -> bytes:
        # `hindrance` saw to it that segments follow one another without a hole.
        one = self._volume.segments[bisect_right(self._starts, offset) - 1]
        name, at, run = _place(one, offset - one.start)
        reader = self._physical.get(name)
        if reader is None:
            raise OSError("a physical volume of the group is missing")
        data = reader.pread(at, min(length, run))
        if not data:
            raise OSError("a physical volume ends before the data of the group do")
        return data

    def close(self) -> None:
        """Leave the physical volumes open: they were handed in."""


def _place(one: Segment, offset: int) -> tuple[str, int, int]:
    """Return the physical volume, the offset in it, and how far that goes."""
    if not one.stripe:
        name, start = one.parts[0]
        return name, start + offset, one.size - offset
    number, within = divmod(offset, one.stripe)
    row, column = divmod(number, len(one.parts))
    name, start = one.parts[column]
    return name, start + row * one.stripe + within, one.stripe - within
