"""From the case database to the report model: sources, volumes, coverage, gaps."""

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import groupby
from operator import add, attrgetter
from typing import Any, Final, Literal, cast, get_args

from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import Status
from heroes_forensics.model import (
    BROKE_OFF,
    GAP_CODES,
    GAP_TEXTS,
    HAS_CONTENT,
    LIMITS,
    MAX_SIZE,
    EntryKind,
    Listing,
    is_limit,
    is_policy,
)
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.report import report_inside
from heroes_forensics.reports.coverage import (
    Area,
    Coverage,
    GapGroup,
    LaneCount,
    TypeClass,
    TypeCount,
)
from heroes_forensics.reports.evidence import (
    Acquisition,
    Blocks,
    DigestCheck,
    Equation,
    Note,
    Reading,
    Segment,
    Source,
    SourceAlarm,
    StatedDigest,
    TimeColumn,
    Volume,
    VolumeState,
)
from heroes_forensics.store import queries, tally
from heroes_forensics.store.database import Database
from heroes_forensics.store.lanes import LANES
from heroes_forensics.store.lanes import lanes as count_lanes
from heroes_forensics.store.tally import Cell

TYPE_CLASSES: Final[Mapping[FileClass, TypeClass]] = {
    FileClass.IMAGE: "picture",
    FileClass.VIDEO: "film",
    FileClass.AUDIO: "sound",
    FileClass.ARCHIVE: "archive",
    FileClass.DOCUMENT: "document",
    FileClass.DATABASE: "database",
    FileClass.EXECUTABLE: "program",
    FileClass.EMAIL: "mail",
    FileClass.TEXT: "text",
    FileClass.OTHER: "other",
}
EXAMPLES: Final = 5
WHICH: Final[tuple[Literal["m", "a", "c", "b"], ...]] = ("m", "a", "c", "b")
_ALARMS: Final = frozenset({"mismatch", "unreadable", "partial"})
"""Statuses of a verification that page 1 must say."""
_AREAS: Final = frozenset(
    {
        "volume.encrypted",
        "volume.unsupported",
        "volume.unknown",
        "volume.damaged",
        "volume.inner",
        "volume.incomplete",
    }
)
_STATES: Final[Mapping[str, VolumeState]] = {
    "volume.encrypted": "encrypted",
    "volume.unsupported": "unsupported",
    "volume.unknown": "unknown",
    "volume.damaged": "damaged",
    "volume.inner": "damaged",
    "source.damaged": "not-examined",
}


def type_class(position: int) -> TypeClass:
    """Return the class of content of a row of `TYPES`."""
    row = TYPES[position]
    return "unknown" if row.name == "unknown" else TYPE_CLASSES[row.file_class]


def word(text: str) -> str:
    """Return ``text`` as a fixed word of the report model."""
    return text.lower().replace(" ", "-").replace("_", "-") or "unknown"


class EvidenceBuilder:
    """Builds what a report says of the evidence of an exhibit, whose row number is given."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._changed = frozenset(self._changed_sources())
        self._read = tuple(ledger_events.of(database, "evidence.verified"))

    def _changed_sources(self) -> Iterator[str]:
        """Yield the labels of sources that changed while a run read them, as the ledger has it."""
        for event in ledger_events.of(self._database, "evidence.changed"):
            yield str(event.body["evidence"])

    def sources(self, exhibit: int) -> Iterator[Source]:
        """Yield the sources of an exhibit in the order in which they came into the case."""
        for number, label, text in self._database.rows(
            "SELECT id, label, facts FROM source WHERE exhibit_id=? ORDER BY id", (exhibit,)
        ):
            facts = json.loads(text)
            yield Source(
                label=label,
                format=word(facts.get("format", "unknown")),
                reader=facts.get("reader", ""),
                size=max(0, facts.get("size", 0)),
                segments=tuple(
                    Segment(row["name"], row["size"]) for row in facts.get("segments", ())
                ),
                digests=tuple(self._digests(number)),
                acquisitions=tuple(self._acquisitions(label)),
                readings=tuple(self._readings(label)),
                mount_read_only=facts.get("mount_read_only"),
                account_may_write=facts.get("account_may_write"),
                alarms=tuple(self._alarms(number, label)),
                health=tuple(
                    Note(code=word(code), text=GAP_TEXTS[code])
                    for (code,) in self._database.rows(
                        "SELECT DISTINCT code FROM gap WHERE source_id=? AND code LIKE 'source.%'",
                        (number,),
                    )
                )
                + tuple(Note("note", each) for each in facts.get("notes", ())),
                volumes=tuple(self._volumes(number)),
            )

    def _alarms(self, source: int, label: str) -> Iterator[SourceAlarm]:
        for (status,) in self._database.rows(
            "SELECT DISTINCT status FROM verification WHERE source_id=? ORDER BY status", (source,)
        ):
            if status in _ALARMS:
                yield cast("SourceAlarm", status)
        if label in self._changed:
            yield "changed"

    def _digests(self, source: int) -> Iterator[DigestCheck]:
        for status, text in self._database.rows(
            "SELECT status, facts FROM verification WHERE source_id=? ORDER BY id", (source,)
        ):
            for row in json.loads(text)["digests"]:
                expected = row.get("expected")
                result = status
                if status in {"match", "mismatch"}:
                    same = expected is None or expected == row["computed"]
                    result = "baseline" if expected is None else "match" if same else "mismatch"
                yield DigestCheck(
                    algorithm=word(row["alg"]),
                    scope=row["scope"],
                    result=result,
                    computed=row["computed"] or None,
                    expected=expected,
                    origin=row["expected_source"],
                )

    def _acquisitions(self, label: str) -> Iterator[Acquisition]:
        for event in ledger_events.of(self._database, "evidence.acquired"):
            said = event.body
            if said["evidence"] != label:
                continue
            yield Acquisition(
                stated_by="container" if said["method"] == "container" else "acquisition-log",
                program=said["program"],
                version=said["version"],
                started=said.get("started_local") or "",
                ended=said.get("ended_local") or "",
                zone=said.get("zone") or "",
                finished=said.get("finished"),
                size=said.get("size"),
                bad_sectors=said.get("bad_sectors"),
                digests=tuple(
                    StatedDigest(row["alg"], row["value"]) for row in said.get("stated") or ()
                ),
                differs=tuple(
                    name.replace("_", "-")
                    for name, verdict in sorted((said.get("agrees") or {}).items())
                    if verdict == "other"
                ),
                log_sha256=said.get("log_sha256"),
            )

    def _readings(self, label: str) -> Iterator[Reading]:
        for event in self._read:
            if event.body["evidence"] == label:
                ranges = event.body.get("ranges_unread") or []
                yield Reading(
                    status=word(event.body["status"]),
                    time=event.time,
                    bytes_read=event.body["bytes_read"],
                    read_errors=event.body["read_errors"],
                    zero_bytes=event.body["zero_bytes"],
                    unread=tuple(_range(each) for each in ranges[:EXAMPLES]),
                )

    def _finished(self, source: int) -> bool:
        """Tell whether every run on a source came to its end, so that nothing of it may be open."""
        return not self._database.value(
            "SELECT count(*) FROM run r JOIN run_source rs ON rs.run_id = r.id"
            " WHERE rs.source_id=? AND (r.ended IS NULL OR r.outcome = 'interrupted')",
            (source,),
        )

    def _encryption(self, volume: int, system: str | None) -> str:
        """Return what encrypts a volume, by its gap, else by what is known of the volume."""
        by_gap = self._database.value(
            "SELECT json_extract(detail, '$.system') FROM gap"
            " WHERE volume_id=? AND code = 'volume.encrypted' LIMIT 1",
            (volume,),
        )
        return word(str(by_gap or system or "unknown"))

    def _volumes(self, source: int) -> Iterator[Volume]:
        finished = self._finished(source)
        for number, key, system, offset, size, state, basis, listing in self._database.rows(
            "SELECT id, key, file_system, offset, size, state, time_basis, listing"
            " FROM volume WHERE source_id=? ORDER BY id",
            (source,),
        ):
            found = queries.equation(self._database, number, self._cells)
            code = self._database.value(
                "SELECT code FROM gap WHERE volume_id=? AND (code LIKE 'volume.%'"
                " OR code LIKE 'policy.%' OR code LIKE 'source.%') LIMIT 1",
                (number,),
            )
            rules = json.loads(basis) if basis else {}
            encrypted = code == "volume.encrypted"
            is_open = not finished and state not in {"listed", "gap"}
            facts = json.loads(listing) if listing else {}
            yield Volume(
                key=key,
                file_system=word(system or "unknown"),
                offset=offset or 0,
                size=size or 0,
                state=_state(state, facts) or _STATES.get(code, "not-examined"),
                encryption=self._encryption(number, system) if encrypted else "none",
                sweep=facts.get("sweep", "not available"),
                times=tuple(
                    TimeColumn(which, int(rules[which][0]), rules[which][1])
                    for which in WHICH
                    if which in rules
                ),
                equation=_equation(found, finished=finished, is_open=is_open),
                listing_open=is_open,
                blocks=_blocks(facts),
            )

    def coverage(self, exhibit: int, sources: tuple[Source, ...]) -> Coverage:
        """Return how much of an exhibit was examined; ``sources`` are all it has."""
        lanes = tuple(
            LaneCount(
                name="media" if lane.name == LANES[0] else "rest",
                streams=lane.items,
                examined=lane.examined,
                size=_bytes(lane.bytes),
                size_examined=_bytes(lane.bytes_examined),
            )
            for lane in count_lanes(self._database, self._of(exhibit), exhibit=exhibit)
        )
        types = tuple(self._types(exhibit))
        seen = {row.type_class: row.seen for row in types}
        return Coverage.of(
            sources,
            lanes=lanes,
            item_bytes=_bytes(sum(lane.size for lane in lanes)),
            item_bytes_examined=_bytes(sum(lane.size_examined for lane in lanes)),
            types=types,
            gaps=tuple(self._gaps(exhibit)),
            areas=tuple(self._areas(exhibit)),
            pictures=report_inside.pictures(self._database, exhibit, seen.get("picture", 0)),
            containers=report_inside.containers(self._database, exhibit, seen.get("archive", 0)),
        )

    def _types(self, exhibit: int) -> Iterator[TypeCount]:
        found: dict[TypeClass, list[int]] = {}
        mine = [each for each in self._of(exhibit) if each.status and each.kind in HAS_CONTENT]
        for position, cells in _grouped(mine, attrgetter("type")):
            misnamed = sum(
                cell.read
                for cell in cells
                if cell.kind == EntryKind.FILE and cell.names_media != TYPES[position].is_media
            )
            seen, size = _sums(cells)
            comparable = sum(cell.items for cell in cells if cell.status == Status.DONE)
            sums = found.setdefault(type_class(position), [0, 0, 0, 0])
            sums[:] = map(add, sums, (seen, comparable, size, misnamed))
        for name in get_args(TypeClass):
            if name in found:
                yield TypeCount(name, *found[name])

    def _gaps(self, exhibit: int) -> Iterator[GapGroup]:
        groups: dict[str, tuple[int, int, list[str]]] = {}
        mine = self._of(exhibit)
        for position, cells in _grouped([each for each in mine if each.gap], attrgetter("gap")):
            examples = [
                f"{label}/{key}/{locator}"
                for label, key, locator in self._database.rows(
                    "SELECT s.label, v.key, i.locator FROM content c"
                    " JOIN item i ON i.id = c.item_id JOIN volume v ON v.id = i.volume_id"
                    " JOIN source s ON s.id = v.source_id"
                    " WHERE s.exhibit_id=? AND c.gap=? ORDER BY i.id LIMIT ?",
                    (exhibit, position, EXAMPLES),
                )
            ]
            groups[GAP_CODES[position]] = (*_sums(cells), examples)
        for code, volume, place in self._database.rows(
            "SELECT g.code, g.volume_id, g.place FROM gap g JOIN source s ON s.id = g.source_id"
            " WHERE s.exhibit_id=? ORDER BY g.id",
            (exhibit,),
        ):
            if _is_area(code, volume):
                continue
            count, size, examples = groups.get(code, (0, 0, []))
            if len(examples) < EXAMPLES:
                examples = [*examples, place]
            groups[code] = (count + 1, size, examples)
        left = [each for each in mine if not each.status]
        if left:
            groups["run.interrupted"] = (*_sums(left), [])
        found = [
            GapGroup(
                code=code,
                count=count,
                policy=is_policy(code),
                text=GAP_TEXTS[code],
                size=size,
                examples=tuple(examples),
                about="member" if code in LIMITS else "content",
            )
            for code, (count, size, examples) in groups.items()
        ]
        found += report_inside.gaps(self._database, exhibit)
        # Limits first: an option raises them.
        yield from sorted(found, key=lambda row: (not is_limit(row.code), row.code, row.about))

    @cached_property
    def _cells(self) -> list[Cell]:
        return tally.cells(self._database)

    def _of(self, exhibit: int) -> list[Cell]:
        """Return what is counted of the items of an exhibit."""
        volumes = {
            number
            for (number,) in self._database.rows(
                "SELECT v.id FROM volume v JOIN source s ON s.id = v.source_id"
                " WHERE s.exhibit_id=?",
                (exhibit,),
            )
        }
        return [cell for cell in self._cells if cell.volume in volumes]

    def _areas(self, exhibit: int) -> Iterator[Area]:
        for place, code, volume, size in self._database.rows(
            "SELECT g.place, g.code, g.volume_id, coalesce(v.size, 0) FROM gap g"
            " JOIN source s ON s.id = g.source_id LEFT JOIN volume v ON v.id = g.volume_id"
            " WHERE s.exhibit_id=? ORDER BY g.id",
            (exhibit,),
        ):
            if _is_area(code, volume):
                yield Area(
                    where=place, code=code, size=size, policy=is_policy(code), text=GAP_TEXTS[code]
                )


def _grouped(cells: list[Cell], key: Callable[[Cell], int]) -> Iterator[tuple[int, list[Cell]]]:
    for value, alike in groupby(sorted(cells, key=key), key):
        yield value, list(alike)


def _sums(cells: list[Cell]) -> tuple[int, int]:
    """Return how many items there are, and of how many bytes by the metadata."""
    return sum(cell.items for cell in cells), _bytes(sum(cell.size for cell in cells))


def _is_area(code: str, volume: int | None) -> bool:
    """Tell whether a gap is a whole area, which is shown by its place and in no group of gaps."""
    whole = code.startswith("policy.") and code != "policy.unallocated"
    return code in _AREAS or (volume is not None and whole)


def _state(state: str, listing: Mapping[str, Any]) -> VolumeState | None:
    """Return the state of a volume of which something was listed; None for any other."""
    if state != "listed":
        return None
    if listing.get("sweep") != BROKE_OFF:
        return "examined"
    return "in-part" if listing["entries"] else None


def _blocks(listing: Mapping[str, Any]) -> Blocks:
    """Return the block equation of a volume; of one listed by an earlier version there is none."""
    terms = {name: int(size) for name, size in listing.get("blocks", {}).items()}
    if "items" not in terms:
        terms["undivided"] = terms.get("structures", 0) + terms.get("allocated", 0)
    return Blocks(**terms)


def _range(row: object) -> str:
    """Write a range of media that could not be read, as the ledger has it."""
    parts = (
        row.items() if isinstance(row, Mapping) else enumerate(row) if isinstance(row, list) else ()
    )
    return ", ".join(f"{name} {value}" for name, value in parts) or str(row)


def _bytes(size: float) -> int:
    """Return a sum of sizes; floating, as sizes that metadata invents may exceed any integer."""
    return min(int(size), MAX_SIZE)


def _equation(found: queries.Equation, *, finished: bool, is_open: bool) -> Equation:
    ended = found.digested + found.no_content + found.policy + found.gaps
    return Equation.of(
        Listing(
            entries=found.stored if is_open else found.listed,
            directories=found.directories,
            directories_listed=found.directories_listed,
            directories_not_listed=found.directories_not_listed,
            directories_met_before=found.directories_met_before,
        ),
        recorded=found.stored,
        digested=found.digested,
        without_content=found.no_content,
        policy=found.policy,
        gaps=found.gaps,
        not_reached=0 if finished else max(0, found.stored - ended),
    )
