"""Pictures that lie in several places: decoded once, compared once, on record at each of them.

`Repeats` stands between what awaits pictures (`awaited.py`) and the decoders. The same content, by
SHA-256, is given to a decoder once: what comes while the first copy is being decoded waits for it,
and what comes later takes what is on record, of this run or of an earlier one of the case with the
same software, profile and sets. Only what was decoded whole is taken over. Where the first copy is
a gap or comes in part, each other one is decoded on its own, and has its own gap.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from heroes_forensics import described
from heroes_forensics.frames import Picture, Rows
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case.environment import SOFTWARE
from heroes_forensics.pipelines.examining import decoding
from heroes_forensics.pipelines.examining.decoding import Decoding, Wanted
from heroes_forensics.pipelines.sets.likeness import Looked
from heroes_forensics.store import decoded
from heroes_forensics.store.supplied_values import Kept

if TYPE_CHECKING:
    from heroes_forensics.described import Description
    from heroes_forensics.pipelines.examining.run import Run
    from heroes_forensics.store.database import Database

_RESTS_ON: Final = ("profile", "media_metadata", "sets", "calibration", "plugin", "test_faults")
"""Settings on which it depends what comes of a picture."""


class Outcome(NamedTuple):
    """What came of one picture; see `awaited.Pictures.came`."""

    row: Rows
    hashes: Rows
    looked: Looked | None
    kept: Kept | None
    told: "Description | None"

    @property
    def is_whole(self) -> bool:
        """Whether nothing failed that might not fail with the next copy."""
        return (
            int(self.row["status"][0]) == Picture.DONE
            and (self.kept is None or self.kept.uncompared == 0)
            and self.told is not described.LOST
        )

    def of(self, item: int) -> "Outcome":
        """Return the same of another item."""
        row, hashes = self.row.copy(), self.hashes.copy()
        row["id"], hashes["id"] = item, item
        looked, kept = self.looked, self.kept
        if looked is not None:
            looked = looked._replace(rows=[replace(each, item_id=item) for each in looked.rows])
        if kept is not None:
            rows = kept.rows.copy()
            rows["id"] = item
            kept = kept._replace(rows=rows)
        return Outcome(row, hashes, looked, kept, self.told)


@dataclass(slots=True)
class _Content:
    """One content of which a copy is being decoded, or was and is not on record yet."""

    first: Wanted
    others: list[Wanted] = field(default_factory=list)
    outcome: Outcome | None = None


class Repeats:
    """Gives decoders one picture of each content."""

    def __init__(
        self,
        given: Decoding,
        database: "Database",
        open_value: Callable[[int, bytes], bytes] | None,
    ) -> None:
        """Take what gives pictures to decoders, the case, and what opens its sealed values.

        Without the last, nothing that is on record is taken over.
        """
        self._decoding = given
        self._database = database
        self._open = open_value
        self._contents: dict[tuple[bytes, str], _Content] = {}

    def add(self, wanted: Wanted, exact: Collection[tuple[int, int]]) -> None:
        """Take a picture whose digest is known: it is decoded, or gets what came of a copy.

        Args:
            wanted: among what its owner awaits.
            exact: row number of the set and record of what it agrees with exactly.
        """
        key = (wanted.content, wanted.type)
        content = self._contents.get(key)
        if content is not None and content.outcome is None:
            content.others.append(wanted)
            return
        outcome = self._recorded(wanted, exact) if content is None else content.outcome
        if outcome is not None:
            _give(wanted, outcome)
            return
        self._contents[key] = _Content(wanted)
        self._decoding.add(wanted)

    def _recorded(self, wanted: Wanted, exact: Collection[tuple[int, int]]) -> Outcome | None:
        if self._open is None:
            return None
        found = decoded.find(self._database, wanted.content, wanted.type, self._open)
        # What an exact match says more of was left out there, and would have to be left out here.
        if found is None or found.exact != frozenset(exact):
            return None
        looked = None if found.compared is None else Looked(list(found.near), found.compared)
        return Outcome(found.row, found.hashes, looked, None, None)

    def came(self, wanted: Wanted, outcome: Outcome) -> None:
        """Hear what came of a picture, after its owner did; its copies get it, or are decoded."""
        key = (wanted.content, wanted.type)
        content = self._contents.get(key)
        if content is None or content.first is not wanted:
            return
        others, content.others = content.others, []
        if outcome.is_whole:
            content.outcome = outcome
            for each in others:
                _give(each, outcome)
            return
        del self._contents[key]
        for each in others:
            self._decoding.add(each)

    def given_up(self, wanted: Wanted) -> None:
        """Hear that nobody waits for a picture any more, which may be the first of its content."""
        key = (wanted.content, wanted.type)
        content = self._contents.get(key)
        if content is None:
            return
        if content.first is not wanted:
            if wanted in content.others:
                content.others.remove(wanted)
                wanted.release()
        elif content.others:
            content.first = content.others.pop(0)
            self._decoding.add(content.first)
        else:
            del self._contents[key]

    def stored(self, wanted: Sequence[Wanted], items: Collection[int]) -> None:
        """Hear what is on record now: let go of what came of it, and know where it stands.

        Args:
            wanted: pictures of a unit that was committed, or whose outcome is void.
            items: those of them that are on record as decoded whole, by their final numbers.
        """
        for each in wanted:
            content = self._contents.get((each.content, each.type))
            if content is not None and content.first is each:
                del self._contents[each.content, each.type]
        if self._open is not None:
            decoded.add(self._database, items)

    def close(self) -> None:
        """Let go of every stream that waits for another one."""
        for content in self._contents.values():
            for each in content.others:
                each.release()
        self._contents.clear()


def of_run(run: "Run", given: Decoding) -> Repeats:
    """Return what knows of other copies of the pictures of a run that begins or goes on.

    What pictures say of their origin, and what a plug-in says, is not read back from the record:
    a run that asks for either decodes a content anew where its first copy is on record already.
    """
    reads = run.config["perceptual"] and not run.config.get("media_metadata")
    if run.comparer is not None or not reads:
        return Repeats(given, run.database, None)
    runs = alike(run.database, run.id, run.config)
    decoded.begin(run.database, runs, decoding.algorithm())
    return Repeats(given, run.database, run.case.sealer().open_values)


def _give(wanted: Wanted, outcome: Outcome) -> None:
    wanted.release()
    if wanted.owner is not None:
        mine = outcome.of(wanted.item)
        if mine.told is not None:
            wanted.owner.told[wanted.item] = mine.told
        wanted.owner.came(wanted.item, mine.row, mine.hashes, mine.looked, mine.kept)


def alike(database: "Database", run: int, config: JSON) -> list[int]:
    """Return the runs of a case in which the same comes of the same picture: this one, and others.

    Args:
        database: the case.
        run: row number of the run that goes on now.
        config: its settings.
    """
    rows = {
        number: (json.loads(settings), json.loads(facts).get("environment", {}))
        for number, settings, facts in database.rows("SELECT id, config, facts FROM run")
    }
    _, mine = rows[run]
    return [
        number
        for number, (settings, software) in sorted(rows.items())
        if number == run
        or (
            all(settings.get(name) == config.get(name) for name in _RESTS_ON)
            and all(name in mine and software.get(name) == mine[name] for name in SOFTWARE)
        )
    ]
