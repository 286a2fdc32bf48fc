"""What a walk keeps of a directory that waits to be listed, and what it counts on its way.

The same for every library that lists: a locator counts equal links, and the equation of a volume
has its left side from here.
"""

from dataclasses import dataclass, field
from typing import Final

from heroes_forensics.model import Listing

_SYSTEM: Final = frozenset(
    {
        b"btrfs.compression",
        b"com.apple.FinderInfo",
        b"com.apple.fs.symlink",
        b"com.apple.lastuseddate#PS",
        b"com.apple.macl",
        b"com.apple.provenance",
        b"com.apple.quarantine",
        b"com.apple.rootless",
        b"com.apple.TextEncoding",
        b"secure.selinux",
        b"security.selinux",
        b"system.posix_acl_access",
        b"system.posix_acl_default",
    }
)
_SYSTEM_BYTES: Final = 512
"""A well-known attribute longer than this is listed after all."""


def is_system_attribute(name: bytes, size: int) -> bool:
    """Tell whether an extended attribute is one that most files have and that holds no content."""
    return size <= _SYSTEM_BYTES and name in _SYSTEM


@dataclass(slots=True)
class Counts:
    """Kept where names are read, apart from what is given out."""

    entries: int = 0
    directories: int = 0
    listed: int = 0
    not_listed: int = 0
    met_before: int = 0

    def listing(self, sweep: str) -> Listing:
        """Return them as the last value of a walk."""
        return Listing(
            entries=self.entries,
            directories=self.directories,
            directories_listed=self.listed,
            directories_not_listed=self.not_listed,
            directories_met_before=self.met_before,
            sweep=sweep,
        )


@dataclass(slots=True)
class Node:
    """A directory to be listed."""

    address: int
    sequence: int
    path: bytes
    depth: int
    locator: str
    allocated: bool = True
    metadata: bool = False
    """It belongs to the file system itself."""
    met: set[int] = field(default_factory=set)
    """Address, sequence, type and id of each attribute met in it, as one number."""
    again: dict[int, int] = field(default_factory=dict)
    """How often those were met that were met more than once."""

    def under(self, name: bytes) -> bytes:
        """Return the path of a name in it."""
        return self.path + b"/" + name if self.path else name

    def ordinal(self, address: int, sequence: int, type_: int, number: int) -> int:
        """Count one more equal link. A million names must not need much memory."""
        key = ((address << 32 | sequence) << 32 | type_) << 32 | number
        if key not in self.met:
            self.met.add(key)
            return 0
        count = self.again.get(key, 1)
        self.again[key] = count + 1
        return count
