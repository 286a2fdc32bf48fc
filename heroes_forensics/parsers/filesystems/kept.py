"""What was made last, kept: `functools.lru_cache` on a method keeps its object in a circle.

A volume that is opened inside evidence holds a reader over bytes in memory, and those have to go
when nobody holds the volume any more, not when the collector comes by.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(Generic[K, V]):
    """Values by their keys, so many at most; the one that was not asked for longest goes first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K, make: Callable[[K], V]) -> V:
        """Return what is kept, else what ``make`` makes of the key; what it raises is not kept."""
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        value = make(key)
        self._held[key] = value
        if len(self._held) > self._most:
            self._held.popitem(last=False)
        return value
