"""The pictures that a unit awaits: which are worth decoding, and one row for each.

`Pictures` belongs to one unit that reads (or expands): it keeps each stream that was handed over
until the digests of its item are known and compared, decides, and collects one row a picture. The
unit is committed when its pictures are settled, so that what a crash interrupts is done again as a
whole.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import HASHES, PERCEPTUAL, Picture, Proxy, Rows, Status
from heroes_forensics.pipelines.examining.decoding import DECODED, Decoding, Wanted, joined, row_of
from heroes_forensics.pipelines.examining.repeats import Outcome, Repeats
from heroes_forensics.pipelines.sets import films
from heroes_forensics.pipelines.sets.likeness import Looked
from heroes_forensics.store.supplied_values import Kept

if TYPE_CHECKING:
    from heroes_forensics.described import Description
    from heroes_forensics.pipelines.workers.crews import Stream
    from heroes_forensics.store.records import MatchRow

_UNSURE: Final = frozenset({"size-conflict", "digest-conflict"})
"""Grades of a match that do not decide what an item is."""


def _types(wanted: Callable[[int], bool]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return np.array([wanted(position) for position in range(len(TYPES))])


_TAKEN: Final = frozenset({*DECODED, *films.DECODED})


def _left(kind: FileClass) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    return _types(lambda at: TYPES[at].file_class is kind and TYPES[at].name not in _TAKEN)


_IS_DECODED: Final = _types(lambda position: TYPES[position].name in _TAKEN)
_LEFT: Final = (
    (_left(FileClass.IMAGE), "policy.picture-type"),
    (_left(FileClass.VIDEO), "policy.film-type"),
)


class Owner(Protocol):
    """Whoever waits for pictures."""

    def found(self, candidates: Sequence["MatchRow"]) -> None:
        """Hear what a picture looks like, before it is settled."""
        ...

    def settled(self) -> None:
        """Hear that no picture is outstanding any more."""
        ...

    def leave(self) -> bool:
        """Give up what is not on record, because the run ends; say whether it may be."""
        ...


class Pictures:
    """The pictures of one unit that reads, from the bytes in hand to one row each."""

    def __init__(
        self,
        decoding: Decoding,
        owner: Owner,
        config: Mapping[str, object],
        repeats: Repeats | None = None,
    ) -> None:
        """Take what decodes, whoever waits, and what knows of other copies, where they count."""
        self._decoding = decoding
        self._repeats = repeats
        self._owner = owner
        self._is_on = bool(config["perceptual"])
        self._profile = str(config["profile"])
        # What is listed is decoded, too, where it is asked with which device it was made.
        self._decodes_listed = self._profile == "deep" or bool(config.get("media_metadata"))
        self._streams: dict[int, Stream] = {}
        self._large: dict[int, Proxy | None] = {}
        self._outstanding: dict[int, Wanted] = {}
        self._ended: list[Wanted] = []
        """Of those that came: what another copy may still be waiting for, or take over."""
        self._rows: list[Rows] = []
        self._hashes: list[Rows] = []
        self._exact: dict[int, set[tuple[int, int]]] = {}
        """By item: row number of the set and record of what it agrees with exactly."""
        self.supplied: dict[int, Kept] = {}
        """By item, what a plug-in said of it."""
        self.compared: dict[int, int] = {}
        """By item: how many of its values were compared, where there was anything to compare."""
        self.told: dict[int, Description] = {}
        """By item: what its metadata says, where it was asked for."""

    def stream(self, stream: "Stream") -> None:
        """Keep a stream until the digests of its item are known."""
        self._streams[stream.item] = stream

    def large(self, item: int, proxy: Proxy | None) -> None:
        """Remember a stream too large to be handed over; without a proxy nobody can read it."""
        self._large[item] = proxy

    def read(self, rows: Rows, matches: Sequence["MatchRow"]) -> None:
        """Decide what becomes of the pictures among `CONTENT` rows that were just compared."""
        if not self._is_on:
            return
        done = rows["status"] == Status.DONE
        for is_left, code in _LEFT:
            for row in rows[done & is_left[rows["type"]]]:
                self._rows.append(row_of(int(row["id"]), Picture.POLICY, code))
        good, listed = known(matches), _listed(matches)
        for match in matches:
            mine = self._exact.setdefault(match.item_id, set())
            mine.add((match.hashset_id, match.record))
        for row in rows[done & _IS_DECODED[rows["type"]]]:
            item = int(row["id"])
            if item in listed and not self._decodes_listed:
                self._leave(item, Picture.MATCHED)
            elif item in good and item not in listed:
                self._leave(item, Picture.KNOWN_GOOD)
            else:
                self._decode(row)
        # What was handed over and then not read to its end is no picture to decode.
        for item in rows["id"].tolist():
            self._forget(item)

    def _leave(self, item: int, status: Picture) -> None:
        self._forget(item)
        self._rows.append(row_of(item, status))

    def _forget(self, item: int) -> None:
        self._large.pop(item, None)
        stream = self._streams.pop(item, None)
        if stream is not None:
            stream.close()

    def _decode(self, content: "np.void") -> None:
        item, kind = int(content["id"]), TYPES[int(content["type"])].name
        source: Stream | Proxy | None = self._streams.pop(item, None)
        if source is None:
            if item not in self._large:
                # A sound worker hands over every picture it was asked for.
                self._rows.append(row_of(item, Picture.GAP, "decoder.died"))
                return
            source = self._large.pop(item)
        if source is None:
            code = "film.limit" if kind in films.DECODED else "picture.limit"
            self._rows.append(row_of(item, Picture.GAP, code))
            return
        wanted = Wanted(item, kind, int(content["bytes_read"]), source, self, self._profile)
        self._outstanding[item] = wanted
        if self._repeats is None or not content["digested"]:
            self._decoding.add(wanted)
            return
        wanted.content = bytes(content["sha256"])
        self._repeats.add(wanted, self._exact.get(item, ()))

    def came(
        self,
        item: int,
        row: Rows,
        hashes: Rows,
        looked: Looked | None,
        kept: Kept | None = None,
    ) -> None:
        """Take in the row of one picture, its `HASHES` rows, what it looks like and to whom."""
        if kept is not None and len(kept.rows):
            self.supplied[item] = kept
        wanted = self._outstanding.pop(item)
        is_last = not self._outstanding  # its copies here, if it has any, come before it returns
        self._rows.append(row)
        self._hashes.append(hashes)
        if looked is not None:
            self.compared[item] = looked.compared
            exact = self._exact.get(item, ())
            self._owner.found(
                [each for each in looked.rows if (each.hashset_id, each.record) not in exact]
            )
        if self._repeats is not None and wanted.content:
            self._ended.append(wanted)
            self._repeats.came(wanted, Outcome(row, hashes, looked, kept, self.told.get(item)))
        if is_last:
            self._owner.settled()

    def leave(self) -> bool:
        """Hear that the run ends before a large one is begun; say whether all are given up."""
        return self._owner.leave()

    @property
    def is_settled(self) -> bool:
        """Whether no picture is outstanding."""
        return not self._outstanding

    def rows(self) -> Rows:
        """Return the rows of all pictures, in the order of their items."""
        rows = joined(self._rows, PERCEPTUAL)
        return rows[np.argsort(rows["id"], kind="stable")]

    def hashes(self) -> Rows:
        """Return the `HASHES` rows of all pictures, those of an item together, in their order."""
        rows = joined(self._hashes, HASHES)
        return rows[np.argsort(rows["id"], kind="stable")]

    def stored(self, items: Collection[int]) -> None:
        """Hear that all of them are on record, and which were decoded whole, by final numbers."""
        if self._repeats is not None:
            self._repeats.stored(self._ended, items)
        self._ended.clear()

    def give_up(self) -> None:
        """Let go of everything: the unit is read again."""
        for stream in self._streams.values():
            stream.close()
        for wanted in self._outstanding.values():
            wanted.owner = None
            if self._repeats is not None:
                self._repeats.given_up(wanted)
        self.stored(())
        self._streams.clear()
        self._large.clear()
        self._outstanding.clear()
        self._rows.clear()
        self._hashes.clear()
        self._exact.clear()
        self.compared.clear()
        self.supplied.clear()
        self.told.clear()


def known(matches: Sequence["MatchRow"]) -> set[int]:
    """Return the items that a set of known-good files decides (never by MD5 alone)."""
    return {match.item_id for match in matches if match.verdict == "known_good"}


def _listed(matches: Sequence["MatchRow"]) -> set[int]:
    """Return the items that an exact match with a notable set decides."""
    return {
        match.item_id
        for match in matches
        if match.facts.get("kind") == "notable" and match.grade not in _UNSURE
    }
