"""Listing a volume again whose listing was cut: what was stored has to come again, and the same.

A lister gives its entries in one order, and they are stored in that order: what is on record of a
listing that was cut is the beginning of the whole. So the rows are compared one by one as they
come, in constant memory; a row that differs means that evidence or software is not what it was,
and nothing of the new listing is believed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any, Final

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import Batch
from heroes_forensics.model import Gap
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import TIMES

Open = Callable[[int, bytes], bytes]
"""Item id and what is stored of its path in; the path as evidence has it out."""

LISTER_GAPS: Final = ("directory.", "entry.", "sweep.")
"""How the codes of gaps begin that only a lister records."""


_TIMES: Final = 6
"""Which of the values of a row holds its times."""


class NondeterminismError(HeroesError):
    """A listing gave something else than it did before."""


class Stored:
    """What is on record of the listing of one volume, taken up in its order.

    Args:
        database: of the case.
        volume: its row.
        open_path: gives the path of an item from what is stored of it.
        access_times: whether the time of the last access has to be what it was.
    """

    def __init__(
        self, database: Database, volume: int, open_path: Open, *, access_times: bool
    ) -> None:
        self._open = open_path
        self._times = _whole if access_times else _without_access
        self._rows = database.rows(
            "SELECT id, kind, flags, place, owner, size, first_offset, times, locator, handle, path"
            " FROM item WHERE volume_id=? AND parent IS NULL ORDER BY id",
            (volume,),
        )
        self._next = next(self._rows, None)
        self._gaps = Counter(
            (place, code, _text(json.loads(detail)))
            for place, code, detail in database.rows(
                "SELECT place, code, detail FROM gap WHERE volume_id=?", (volume,)
            )
        )

    def entries(self, batch: Batch) -> int:
        """Compare the entries of a batch; return how many of them, the first ones, are stored.

        Raises:
            NondeterminismError: one of them is not what it was.
        """
        known = 0
        for row in _plain(batch):
            if self._next is None:
                break
            number, *values, path = self._next
            values[_TIMES], row[_TIMES] = self._times(values[_TIMES]), self._times(row[_TIMES])
            if [*values, self._open(number, path)] != row:
                raise NondeterminismError("an entry is listed otherwise than before")
            self._next = next(self._rows, None)
            known += 1
        return known

    def gap(self, gap: Gap) -> bool:
        """Say whether this gap is on record."""
        key = (gap.where, gap.code, _text(gap.detail))
        known = self._gaps[key] > 0
        self._gaps[key] -= known
        return known

    def finish(self) -> None:
        """Take note that the listing has come to its end.

        Raises:
            NondeterminismError: something that is on record did not come again.
        """
        left = any(
            count > 0 and key[1].startswith(LISTER_GAPS) for key, count in self._gaps.items()
        )
        if self._next is not None or left:
            raise NondeterminismError("something that was listed before is not listed any more")


def _whole(times: bytes) -> bytes:
    return times


def _without_access(times: bytes) -> bytes:
    """Leave the time of the last access out, which reading a folder in use may have moved."""
    modified, _, changed, born, *nanoseconds = TIMES.unpack(times)
    nanoseconds[1] = 0
    return TIMES.pack(modified, 0, changed, born, *nanoseconds)


def _text(detail: object) -> str:
    return json.dumps(detail, sort_keys=True)


def _plain(batch: Batch) -> Iterator[list[Any]]:
    """Yield each row of a batch in the form in which `Records.items` stores it."""
    area = batch.area
    for (
        kind, place, flags, owner, size, first, seconds, nanos, used, handle,
        start, length, path_start, path_length,
    ) in batch.rows.tolist():  # fmt: skip
        yield [
            kind,
            flags,
            place,
            owner,
            size,
            first,
            TIMES.pack(*seconds, *nanos),
            area[start : start + length].decode("ascii"),
            handle[:used],
            area[path_start : path_start + path_length],
        ]
