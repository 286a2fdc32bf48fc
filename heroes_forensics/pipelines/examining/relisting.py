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
from heroes_forensics.model import EntryKind, Gap, Listing
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import TIMES

Open = Callable[[int, bytes], bytes]
"""Item id and what is stored of its path in; the path as evidence has it out."""

LISTER_GAPS: Final = ("blocks.", "directory.", "entry.", "sweep.")
"""How the codes of gaps begin that only a lister records."""


_TIMES: Final = 6
"""Which of the values of a row holds its times."""


class NondeterminismError(HeroesError):
    """A listing gave something else than it did before."""


class Gaps:
    """The gaps on record of one volume, each of which is recorded once."""

    def __init__(self, database: Database, volume: int) -> None:
        self._gaps = Counter(
            (place, code, _text(json.loads(detail)))
            for place, code, detail in database.rows(
                "SELECT place, code, detail FROM gap WHERE volume_id=?", (volume,)
            )
        )

    def gap(self, gap: Gap) -> bool:
        """Say whether this gap is on record."""
        key = (gap.where, gap.code, _text(gap.detail))
        known = self._gaps[key] > 0
        self._gaps[key] -= known
        return known

    @property
    def left(self) -> bool:
        """Whether one that only a lister records has not come again."""
        return any(
            count > 0 and key[1].startswith(LISTER_GAPS) for key, count in self._gaps.items()
        )


class StoredInAnyOrder(Gaps):
    """What is on record of a listing that ended its worker, and is made anew around what did it.

    A directory that another lister lists comes in another order and without its deleted names, so
    that entries are known by their locators alone; what does not come again was listed all the
    same, and stays.
    """

    def __init__(self, database: Database, volume: int) -> None:
        super().__init__(database, volume)
        # Only the hash of each locator: a million of them must not need much memory.
        self._kinds = {
            hash(locator): kind == EntryKind.DIRECTORY
            for locator, kind in database.rows(
                "SELECT locator, kind FROM item WHERE volume_id=? AND parent IS NULL", (volume,)
            )
        }

    def fresh(self, batch: Batch) -> list[int]:
        """Return the positions of the entries of a batch that are not on record."""
        found = []
        area = batch.area
        rows = batch.rows
        places = zip(rows["locator_offset"].tolist(), rows["locator_length"].tolist(), strict=True)
        for position, (start, length) in enumerate(places):
            locator = area[start : start + length].decode("ascii")
            if self._kinds.pop(hash(locator), None) is None:
                found.append(position)
        return found

    def finish(self) -> Listing:
        """Return the counts of what was listed before and not again."""
        directories = sum(self._kinds.values())
        return Listing(
            entries=len(self._kinds), directories=directories, directories_not_listed=directories
        )


class Stored(Gaps):
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
        super().__init__(database, volume)
        self._open = open_path
        self._times = _whole if access_times else _without_access
        self._rows = database.rows(
            "SELECT id, kind, flags, place, owner, size, first_offset, times, locator, handle, path"
            " FROM item WHERE volume_id=? AND parent IS NULL ORDER BY id",
            (volume,),
        )
        self._next = next(self._rows, None)

    def fresh(self, batch: Batch) -> list[int]:
        """Compare the entries of a batch; return the positions of those that are not stored.

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
        return list(range(known, len(batch.rows)))

    def finish(self) -> Listing:
        """Take note that the listing has come to its end; nothing is to be added to its counts.

        Raises:
            NondeterminismError: something that is on record did not come again.
        """
        if self._next is not None or self.left:
            raise NondeterminismError("something that was listed before is not listed any more")
        return Listing()


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
