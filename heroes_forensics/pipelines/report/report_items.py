"""From the case database to the table of items: codes become words, a block at a time."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from heroes_forensics.filetype import TYPES
from heroes_forensics.frames import Status as Ended
from heroes_forensics.model import (
    CARVED,
    GAP_CODES,
    EntryFlag,
    EntryKind,
    Place,
    TimeRule,
    reuse_word,
)
from heroes_forensics.pipelines.report.report_evidence import word
from heroes_forensics.reports.base import ItemBlock, Status
from heroes_forensics.reports.findings import SetKind
from heroes_forensics.store import columns, derived
from heroes_forensics.store.database import Database

_STATUS: Final[Mapping[int | None, Status]] = {
    None: "gap",
    Ended.DONE: "done",
    Ended.GAP: "gap",
    Ended.NO_CONTENT: "no-content",
    Ended.POLICY: "policy",
}
# Tables of plain values: the inventory asks for them a million times.
_ALLOCATED: Final = int(EntryFlag.ALLOCATED)
_MEDIA_NAME: Final = int(EntryFlag.MEDIA_NAME)
_FILE: Final = int(EntryKind.FILE)
_IS_MEDIA: Final = [row.is_media for row in TYPES]
_KINDS: Final = {int(kind): kind.name.lower() for kind in EntryKind}
_PLACES: Final = {int(place): word(place.name) for place in Place}
_TYPES: Final = [row.name for row in TYPES]
_GAPS: Final[Mapping[int | None, str]] = {
    None: "run.interrupted",
    **dict(enumerate(GAP_CODES)),
}
_NONE: Final[frozenset[SetKind]] = frozenset()


def item_blocks(database: Database) -> Iterator[ItemBlock]:
    """Yield every item of a case as the table of items takes it."""
    matched = _matched_kinds(database)
    clear = database.facts()["names"] == "clear"
    volumes = {
        number: (exhibit, source, key, time_rules(json.loads(basis) if basis else {}))
        for number, exhibit, source, key, basis in database.rows(
            "SELECT v.id, e.label, s.label, v.key, v.time_basis FROM volume v"
            " JOIN source s ON s.id = v.source_id JOIN exhibit e ON e.id = s.exhibit_id"
        )
    }
    inside = {number: time_rules(each.times) for number, each in derived.opened(database).items()}
    for found in columns.blocks(database, paths=clear):
        exhibit, source, volume, rules = volumes[found.volume]
        yield as_block(
            found,
            where=(exhibit, source, volume),
            rules=rules if found.parent is None else inside.get(found.parent, {}),
            matched=[matched.get(number, _NONE) for number in found.ids] if matched else (),
            paths=found.paths,
        )


def as_block(
    found: columns.Columns,
    *,
    where: tuple[str, str, str],
    rules: Mapping[str, TimeRule],
    matched: Sequence[frozenset[SetKind]],
    paths: Sequence[bytes],
) -> ItemBlock:
    """Return rows of a case in the words of a report.

    Args:
        found: the rows.
        where: labels of exhibit and source, key of the volume.
        rules: how the times are stored.
        matched: kinds of the sets that list each item; empty when none does.
        paths: as they are told; empty when they are not.
    """
    exhibit, source, volume = where
    return ItemBlock(
        exhibit=exhibit,
        source=source,
        volume=volume,
        rules=rules,
        locators=found.locators,
        allocated=[flags & _ALLOCATED != 0 for flags in found.flags],
        kinds=[_KINDS[kind] for kind in found.kinds],
        sizes=found.sizes,
        bytes_read=[
            -1 if digest is None or size is None else size
            for size, digest in zip(found.bytes_read, found.sha256, strict=True)
        ],
        types=[_TYPES[position or 0] for position in found.types],
        places=[_PLACES[place] for place in found.places],
        statuses=[_STATUS[status] for status in found.statuses],
        gaps=[_GAPS[gap] for gap in found.gaps],
        md5=found.md5,
        sha1=found.sha1,
        sha256=found.sha256,
        seconds=found.seconds,
        nanoseconds=found.nanoseconds,
        reuse=list(map(reuse, found.kinds, found.flags, found.places)),
        misnamed=list(map(misnamed, found.kinds, found.flags, found.types, found.bytes_read)),
        matched=matched,
        paths=paths,
    )


def misnamed(kind: int, flags: int, content: int | None, bytes_read: int | None) -> bool | None:
    """Tell whether a picture or film has no name of one, or the reverse; None where nobody read it.

    One extension of a picture for another is no disguise, and is not told.

    Args:
        kind: one of `EntryKind`.
        flags: of `EntryFlag`.
        content: position in `filetype.TYPES`.
        bytes_read: of it.
    """
    if kind != _FILE or not bytes_read:
        return None
    return (flags & _MEDIA_NAME != 0) != _IS_MEDIA[content or 0]


@lru_cache(1024)
def reuse(kind: int, flags: int, place: int) -> str:
    """Return whether the blocks of a deleted file are in use again: a key of `REUSE_TEXTS`.

    Empty where there is nothing to say: of what is in use, of what is no file, of what was carved.
    """
    found = reuse_word(flags) if kind == _FILE else ""
    return "" if found == "unknown" and _PLACES[place] in CARVED else found


def time_rules(basis: Mapping[str, Any]) -> dict[str, TimeRule]:
    """Return how the times of a volume, or of a container's members, are stored."""
    return {name: TimeRule(int(rule[0]), str(rule[1])) for name, rule in basis.items()}


def _matched_kinds(database: Database) -> dict[int, frozenset[SetKind]]:
    found: dict[int, set[SetKind]] = {}
    for number, kind in database.rows(
        "SELECT m.item_id, json_extract(h.facts, '$.kind') FROM match m"
        " JOIN hashset h ON h.id = m.hashset_id"
    ):
        found.setdefault(number, set()).add(cast("SetKind", kind))
    return {number: frozenset(kinds) for number, kinds in found.items()}
