"""Listing around what ends the lister.

A lister that hostile metadata ends takes the rest of its volume with it. So it says where it is
before it goes there; who started it can start it again and tell it what to go around.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from heroes_forensics.model import JSON

DIRECTORY: Final = 1
"""The names of the directory at this address are being read."""
ENTRY: Final = 2
"""The metadata at this address is being opened."""


def _unwatched(address: int, phase: int) -> None:
    del address, phase


@dataclass(frozen=True, slots=True)
class Guard:
    """What a lister is told about a volume, by metadata address."""

    entries: frozenset[int] = frozenset()
    """Metadata that is not opened: its names are listed, as of something unreadable."""
    second: frozenset[int] = frozenset()
    """Directories listed by the second lister where there is one, without their deleted names."""
    closed: frozenset[int] = frozenset()
    """Directories that are not listed."""
    at: Callable[[int, int], None] = _unwatched
    """Called with address and phase before something is opened."""

    @classmethod
    def of(cls, body: object, at: Callable[[int, int], None]) -> Self:
        """Make one of what `to_json` gave; of anything else an empty one."""
        told: Mapping[str, object] = body if isinstance(body, dict) else {}

        def addresses(name: str) -> frozenset[int]:
            found = told.get(name)
            return frozenset(found if isinstance(found, list) else ())

        return cls(addresses("entries"), addresses("second"), addresses("closed"), at)

    def to_json(self) -> JSON:
        """Return what a unit carries."""
        return {
            "entries": sorted(self.entries),
            "second": sorted(self.second),
            "closed": sorted(self.closed),
        }

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to go around."""
        return not (self.entries or self.second or self.closed)
