"""The Sleuth Kit on top of any `Reader`: the one place where its reads meet ours.

The Sleuth Kit turns local times (FAT, exFAT, ISO 9660) into seconds with ``mktime``, that is with
the zone of the process. `steady_zone` sets that zone to UTC for the process, so that a volume
gives the same numbers on every machine; `TimeRule.zone` then says ``local-unknown``.
"""

import os
import time
from bisect import bisect_left
from itertools import islice
from typing import TYPE_CHECKING, Final

import pytsk3

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.storage.doubts import Doubts, doubts_below

if TYPE_CHECKING:
    from typing import Any

    _Base: Any
else:
    _Base = pytsk3.Img_Info

_STEP: Final = 512
"""Bytes by which a failed read is repeated to save what lies before the failure."""

_CACHED: Final = 65536
"""Bytes The Sleuth Kit reads ahead into its cache, from the sector that was asked for."""
_SECTOR: Final = 512


def steady_zone() -> None:
    """Make ``mktime`` of this process work in UTC."""
    if os.environ.get("TZ") != "UTC":
        os.environ["TZ"] = "UTC"
        time.tzset()


class TskImage(_Base):  # type: ignore[misc]  # pytsk3 ships no types
    """An image The Sleuth Kit reads through us.

    A read that fails gives the bytes before the failure, and an error when there are none: never
    zeros. ``failures`` counts, so that a listing made across a failure is known to be incomplete.

    What The Sleuth Kit reads ahead must not hold bytes that cannot be relied on: it would hand them
    out later without asking. Such a read gives nothing; then exactly what is needed is asked for,
    and whether that touches such bytes is known for each stream by itself.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._size = reader.size
        self.failures = 0
        self.deadline: float | None = None
        """`time.monotonic` after which every read fails: the only way to stop a search in C."""
        self._patches: list[tuple[int, bytes]] = []
        self._doubts, self._base = doubts_below(reader) or (Doubts(), 0)
        self._asked = (-1, 0)
        """The last read, when it was one ahead: asked for again at once, it is needed itself."""
        self._last = 0
        self.went_back = False
        """Whether the last read ahead ended in the one before: the kit goes back in small steps."""
        super().__init__(url="", type=pytsk3.TSK_IMG_TYPE_EXTERNAL)

    @property
    def reader(self) -> Reader:
        """What it reads from."""
        return self._reader

    @property
    def doubtful(self) -> bool:
        """Whether a range of the media is known that cannot be relied on."""
        return len(self._doubts) > 0

    def show(self, patches: list[tuple[int, bytes]]) -> None:
        """Show other bytes to The Sleuth Kit than there are; our own readers see the evidence.

        Args:
            patches: byte offsets in ascending order, and what to show there.
        """
        self._patches = patches

    def get_size(self) -> int:
        """Return the declared length in bytes."""
        return self._size

    def read(self, offset: int, length: int) -> bytes:
        """Read as `Reader.pread` does, but a stretch that is declared and missing is an error.

        Raises:
            OSError: not one byte could be read, or the time is over.
        """
        if self.deadline is not None and time.monotonic() > self.deadline:
            raise TimeoutError("the time for this search is over")
        ahead = self._is_ahead(offset, length)
        touched = set(self._doubts.touched)
        try:
            if ahead and self._doubts.within(self._base + offset, length):
                return b""
            data = self._reader.pread(offset, length)
        except OSError:
            if ahead and self._doubts.within(self._base + offset, length):
                self._doubts.touched = touched
                return b""
            data = self._before_failure(offset, length)
        if not data and length and offset < self._size:
            self.failures += 1
            raise OSError("the bytes exist but cannot be read")
        return self._patched(offset, data) if self._patches else data

    def _is_ahead(self, offset: int, length: int) -> bool:
        """Say whether a read looks like one ahead, and is not its repetition."""
        ahead = length == _CACHED or (length < _CACHED and offset + length == self._size)
        if not ahead or offset % _SECTOR or (offset, length) == self._asked:
            self._asked = (-1, 0)
            return False
        self._asked = (offset, length)
        self.went_back = 0 < self._last - offset < _CACHED
        self._last = offset
        return True

    def _patched(self, offset: int, data: bytes) -> bytes:
        first = bisect_left(self._patches, (offset - 3, b""))
        changed: bytearray | None = None
        for at, new in islice(self._patches, first, None):
            if at >= offset + len(data):
                break
            changed = bytearray(data) if changed is None else changed
            for index, byte in enumerate(new, at - offset):
                if 0 <= index < len(changed):
                    changed[index] = byte
        return data if changed is None else bytes(changed)

    def _before_failure(self, offset: int, length: int) -> bytes:
        parts: list[bytes] = []
        for start in range(offset, offset + length, _STEP):
            step = min(_STEP, offset + length - start)
            try:
                data = self._reader.pread(start, step)
            except OSError:
                break
            parts.append(data)
            if len(data) < step:
                break
        return b"".join(parts)

    def close(self) -> None:
        """Leave the reader open: its owner closes it."""
