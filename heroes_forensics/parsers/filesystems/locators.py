"""Locators of entries in a volume: where a stream lies, without any name.

One line of printable ASCII, unique in its volume, e.g. ``ntfs/i64-3/u5-5/a128-1/n0``::

    ntfs      the kind of file system, as `FileSystem.kind` says it
    i64-3     metadata address (MFT record, inode, CNID), and its sequence where there is one
    u5-5      address of the directory that holds the name, with its sequence likewise
    a128-1    type and id of the attribute; a0-0 for what has no stream (directory, link, device)
    n0        which one of several equal links: same address, same directory, same attribute

Type and id are those of The Sleuth Kit for the file systems it reads (NTFS attribute type codes,
1 for the only stream of FAT, ext, UFS and ISO 9660, 4352 and 4353 for the data and the resource
fork of HFS+). All others use type 1 for the data, and they and ext 2 for an extended attribute,
with its position in the list as id. ``u0`` is the directory of what no directory reaches.

This module imports nothing but the standard library and `heroes_forensics.errors`, so that a
locator can be turned into the coordinates of another tool without opening evidence.
"""

import re
import shlex
from dataclasses import dataclass
from typing import Final

from heroes_forensics.errors import UsageError

_SECTOR: Final = 512
"""Bytes of a sector, as The Sleuth Kit takes them unless told."""

SLEUTH_KIT: Final = frozenset(
    {
        "ntfs",
        "fat12",
        "fat16",
        "fat32",
        "exfat",
        "ext2",
        "ext3",
        "ext4",
        "hfsplus",
        "iso9660",
        "ufs1",
        "ufs2",
    }
)
"""Kinds whose addresses are those of The Sleuth Kit."""

_ATTRIBUTE: Final = 2
"""Type of an extended attribute, where it is not The Sleuth Kit that reads it."""

_FORM: Final = re.compile(
    r"(?P<kind>[a-z0-9]+)/i(?P<address>\d{1,20})(?:-(?P<sequence>\d{1,10}))?"
    r"/u(?P<parent>\d{1,20})(?:-(?P<parent_sequence>\d{1,10}))?"
    r"/a(?P<type>\d{1,10})-(?P<id>\d{1,10})/n(?P<ordinal>\d{1,10})",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Locator:
    """The parts of the locator of one entry of a volume."""

    kind: str
    address: int
    sequence: int | None
    parent: int
    parent_sequence: int | None
    type: int
    id: int
    ordinal: int

    def __str__(self) -> str:
        """Return the one text form; `parse_locator` is its inverse."""
        sequence = "" if self.sequence is None else f"-{self.sequence}"
        parent_sequence = "" if self.parent_sequence is None else f"-{self.parent_sequence}"
        return (
            f"{self.kind}/i{self.address}{sequence}/u{self.parent}{parent_sequence}"
            f"/a{self.type}-{self.id}/n{self.ordinal}"
        )

    @property
    def sleuth_kit(self) -> str | None:
        """The address as ``icat`` and ``istat`` take it, e.g. ``64-128-1``; None for others."""
        if self.kind not in SLEUTH_KIT or (self.kind.startswith("ext") and self.type == _ATTRIBUTE):
            return None
        return f"{self.address}-{self.type}-{self.id}" if self.type else str(self.address)


def parse_locator(text: str) -> Locator:
    """Take a locator apart.

    Args:
        text: the last part of a full locator, after source label and volume key.

    Raises:
        UsageError: it is not a locator of this form.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(
            "that is not the locator of an entry of a volume",
            hint="it looks like ntfs/i64-3/u5-5/a128-1/n0",
        )
    parts = found.groupdict()
    numbers = {
        key: None if part is None else int(part) for key, part in parts.items() if key != "kind"
    }
    return Locator(kind=parts["kind"] or "", **numbers)  # type: ignore[arg-type]  # by the form


def icat_command(
    text: str, image: str, start_sector: int, *, sector_size: int = _SECTOR
) -> str | None:
    """Return the shell command by which ``icat`` prints the stream at ``text``.

    Args:
        text: locator within the volume.
        image: path of the image; it is quoted for the shell.
        start_sector: first sector of the volume, as ``icat -o`` takes it.
        sector_size: bytes; what ``start_sector`` counts in.

    Returns:
        The command, or None where The Sleuth Kit has no address for the stream.

    Raises:
        UsageError: it is not a locator of this form.
    """
    address = parse_locator(text).sleuth_kit
    if address is None:
        return None
    size = "" if sector_size == _SECTOR else f" -b {sector_size}"
    return f"icat -r{size} -o {start_sector} {shlex.quote(image)} {address}"
