"""The watched clock of a supervisor: by it, workers are late or hung."""

import time
from typing import Final

WATCHED_SECONDS: Final = 2.0
"""The watched clock moves at most this much between two looks: a coordinator that was busy or
stopped itself does not hold that time against its workers."""

TICK_SECONDS: Final = 1.0


class WatchedClock:
    """Moves when it is looked at, and then not by much."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the beginning, without those in which nobody looked."""
        self._looked = time.monotonic()
        self._ticked = self._looked

    def advance(self) -> bool:
        """Move it; say whether `TICK_SECONDS` have passed since it last said so."""
        moment = time.monotonic()
        self.now += min(moment - self._looked, WATCHED_SECONDS)
        self._looked = moment
        if moment - self._ticked < TICK_SECONDS:
            return False
        self._ticked = moment
        return True
