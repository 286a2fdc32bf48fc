"""What to do when a lister ends: list the volume again, around what ended it.

A lister says where it is before it goes there (`parsers.guard`). When it ends twice at one place,
in a fresh worker with twice the memory the second time, the volume is listed without that place: an
entry that is not opened; a directory that the second lister lists, and, where even that ends its
worker, one that is not listed. What the place says is a guess of a process that may be hostile: a
lister that ends in ever new places is given up, and what it gave is kept.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Final

from heroes_forensics.model import JSON, Gap
from heroes_forensics.parsers import guard
from heroes_forensics.parsers.guard import Guard
from heroes_forensics.pipelines.workers.deaths import Death

CODE: Final = "listing.died"
"""Gap of a place that a volume is listed without."""
MOST: Final = 100
"""Listings of one volume; each may have to read all of its metadata."""

_PHASES: Final = {
    "entry": guard.ENTRY,
    "directory": guard.DIRECTORY,
    "closed directory": guard.DIRECTORY,
}
"""What the gap says is gone around, and in which phase it ended listers."""


class Detours:
    """What one volume is listed around."""

    def __init__(self, recorded: Iterable[JSON] = ()) -> None:
        """Take up what is on record.

        Args:
            recorded: the details of gaps with `CODE`, in their order.
        """
        self.guard = Guard()
        self._deaths = Counter[tuple[int, int]]()
        self._listings = 1
        for detail in recorded:
            address, phase = detail.get("address"), _PHASES.get(str(detail.get("place")))
            if isinstance(address, int) and phase is not None:
                self._around(phase, address)

    def after(self, death: Death, where: str) -> tuple[bool, Gap | None]:
        """Say whether to list again, and which gap the volume is then listed with.

        Args:
            death: how the lister ended.
            where: locator of the volume.
        """
        self._listings += 1
        place = (death.phase, death.address)
        self._deaths[place] += 1
        if self._listings > MOST:
            return False, None
        if self._deaths[place] == 1:
            return True, None
        word = self._around(death.phase, death.address)
        if not word:
            return False, None
        detail: JSON = {"address": death.address, "place": word, "cause": death.cause}
        return True, Gap(f"{where}/i{death.address}", CODE, detail)

    def _around(self, phase: int, address: int) -> str:
        """Go around a place; return what it is, nothing when that is done already."""
        now = self.guard
        one = frozenset({address})
        if phase == guard.ENTRY and address not in now.entries:
            self.guard = Guard(now.entries | one, now.second, now.closed)
            return "entry"
        if phase == guard.DIRECTORY and address not in now.second:
            self.guard = Guard(now.entries, now.second | one, now.closed)
            return "directory"
        if phase == guard.DIRECTORY and address not in now.closed:
            self.guard = Guard(now.entries, now.second, now.closed | one)
            return "closed directory"
        return ""
