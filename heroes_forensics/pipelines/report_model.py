"""From the case database to the report model: every figure of a report is computed here."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from heroes_forensics import __version__
from heroes_forensics.custody import chain, notes
from heroes_forensics.filetype import TYPES, FileClass
from heroes_forensics.frames import Status
from heroes_forensics.model import (
    GAP_TEXTS,
    MAX_SIZE,
    EntryFlag,
    EntryKind,
    Listing,
    Place,
    TimeRule,
    is_policy,
)
from heroes_forensics.pipelines.run import number_text
from heroes_forensics.reports import checking, verdict
from heroes_forensics.reports.base import ItemRow
from heroes_forensics.reports.evidence import (
    Area,
    Coverage,
    DigestCheck,
    Equation,
    FileTime,
    GapGroup,
    Note,
    Segment,
    Source,
    TimeColumn,
    TypeClass,
    TypeCount,
    Volume,
    VolumeState,
)
from heroes_forensics.reports.model import (
    AlgorithmCount,
    Authority,
    Case,
    Category,
    Checkpoint,
    Environment,
    Event,
    Exhibit,
    Finding,
    HashSet,
    Library,
    Probes,
    Program,
    Report,
    Run,
    SetKind,
    Signer,
    counted,
)
from heroes_forensics.store import queries
from heroes_forensics.store.database import Database

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
_WHICH: Final[tuple[Literal["m", "a", "c", "b"], ...]] = ("m", "a", "c", "b")
_UTC: Final = TimeRule(1, "utc")
_STATES: Final[Mapping[str, VolumeState]] = {
    "volume.encrypted": "encrypted",
    "volume.unsupported": "unsupported",
    "volume.unknown": "unknown",
    "volume.damaged": "damaged",
    "source.damaged": "not-examined",
}
_STATUS: Final[Mapping[int, Literal["done", "gap", "no-content", "policy"]]] = {
    0: "gap",
    Status.DONE: "done",
    Status.GAP: "gap",
    Status.NO_CONTENT: "no-content",
    Status.POLICY: "policy",
}


def type_class(position: int) -> TypeClass:
    """Return the class of content of a row of `TYPES`."""
    row = TYPES[position]
    return "unknown" if row.name == "unknown" else TYPE_CLASSES[row.file_class]


def word(text: str) -> str:
    """Return ``text`` as a fixed word of the report model."""
    return text.lower().replace(" ", "-").replace("_", "-") or "unknown"


# Tables of plain values: the inventory asks for them a million times.
_ALLOCATED: Final = int(EntryFlag.ALLOCATED)
_KINDS: Final = {int(kind): kind.name.lower() for kind in EntryKind}
_PLACES: Final = {int(place): word(place.name) for place in Place}


class Builder:
    """Builds the report of one case as it stands."""

    def __init__(self, database: Database, bundle: Path) -> None:
        self._database = database
        self._bundle = bundle
        self._facts = database.facts()
        self._rules: dict[tuple[str, str], dict[str, TimeRule]] = {}
        for label, key, basis in database.rows(
            "SELECT s.label, v.key, v.time_basis FROM volume v JOIN source s ON s.id = v.source_id"
        ):
            rules = json.loads(basis) if basis else {}
            self._rules[label, key] = {
                name: TimeRule(int(rule[0]), str(rule[1])) for name, rule in rules.items()
            }

    def report(self, *, number: int, issued: str, replaces: str = "") -> Report:
        """Return the report model of the whole case."""
        findings = tuple(self.findings())
        runs = tuple(self._runs())
        sets = tuple(self._hash_sets())
        checkpoint = self._checkpoint()
        ends = [run.ended for run in runs if run.ended]
        return Report(
            number=f"{self._facts['uuid'][:8]}-{number}",
            version=1,
            issued=issued,
            program=Program("heroes-forensics", __version__, self._program_sha256()),
            case=self._case(),
            names=self._facts["names"],
            examined_from=min((run.started for run in runs), default=None),
            examined_to=max(ends, default=None),
            content_sha256=self._facts.get("content_sha256"),
            exhibits=tuple(self._exhibits(findings)),
            hash_sets=sets,
            findings=findings,
            runs=runs,
            environment=self._environment(),
            checkpoint=checkpoint,
            events=tuple(self._events()),
            commands=checking.commands(
                key="keys/ledger.pem",
                checkpoint=f"checkpoints/{checkpoint.size:08d}.txt" if checkpoint else None,
                origin=checkpoint.origin if checkpoint else None,
            ),
            replaces=replaces,
        )

    # ---- the case ------------------------------------------------------------------------

    def _case(self) -> Case:
        facts = self._facts
        authority = facts.get("authority")
        local = facts["keys"] == "case-local"
        return Case(
            uuid=facts["uuid"],
            ledger=facts["ledger"],
            signer=Signer(
                kind="case-local" if local else "laboratory",
                laboratory="" if local else facts["domain"],
                key_sha256=_file_sha256(self._bundle / "keys" / "ledger.pem"),
            ),
            reference=facts["reference"],
            examiner=facts["examiner"],
            authority=Authority(
                kind=str(authority.get("kind", "")),
                reference=str(authority.get("reference", "")),
                issued_by=str(authority.get("issued_by", "")),
                valid_from=str(authority.get("valid_from", "")),
                valid_to=str(authority.get("valid_to") or ""),
                scope=str(authority.get("scope_text", "")),
            )
            if isinstance(authority, dict)
            else None,
        )

    def _checkpoint(self) -> Checkpoint | None:
        last = None
        for path in sorted((self._bundle / "checkpoints").glob("*.txt")):
            last = notes.read_checkpoint(notes.parse(path.read_bytes()).text)
        return None if last is None else Checkpoint(last.size, last.root.hex(), last.origin)

    def _run_facts(self) -> dict[str, Any]:
        text = self._database.value("SELECT facts FROM run ORDER BY id DESC LIMIT 1")
        found: dict[str, Any] = json.loads(text) if text else {}
        return found

    def _program_sha256(self) -> str | None:
        environment = self._run_facts().get("environment", {})
        value = environment.get("program_sha256")
        return value if isinstance(value, str) else None

    def _environment(self) -> Environment | None:
        facts = self._run_facts().get("environment")
        if not isinstance(facts, dict):
            return None
        return Environment(
            host=facts["host_ref"],
            os=facts["os"],
            python=facts["python"],
            self_test=facts["self_test"],
            libraries=tuple(Library(row["name"], row["version"]) for row in facts["libraries"]),
        )

    def _events(self) -> Iterator[Event]:
        for seq, line in self._database.rows("SELECT seq, line FROM ledger ORDER BY seq"):
            event = chain.parse(line.rstrip(b"\n"))
            if isinstance(event, dict) and event["type"] != "unit.completed":
                yield Event(seq, event["time"], event["type"], str(event["actor"]["id"]))

    def _runs(self) -> Iterator[Run]:
        for uuid, started, ended, outcome, config in self._database.rows(
            "SELECT uuid, started, ended, outcome, config FROM run ORDER BY id"
        ):
            settings = json.loads(config)
            yield Run(
                uuid=uuid,
                purpose="scan",
                started=started,
                ended=ended,
                outcome=outcome or "interrupted",
                profile=settings["profile"],
                isolation="not-measured",
                verify=settings["verify"],
                workers=settings["workers"],
                interruptions=1 if outcome in {None, "interrupted"} else 0,
            )

    def _hash_sets(self) -> Iterator[HashSet]:
        for (text,) in self._database.rows("SELECT facts FROM hashset ORDER BY id"):
            facts = json.loads(text)
            yield HashSet(
                name=facts["name"],
                issuer=facts["issuer"],
                edition=facts["edition"],
                kind=facts["kind"],
                format=word(facts["format"]),
                records=facts["records"],
                source_sha256=facts["source_sha256"],
                digests=tuple(
                    AlgorithmCount(name, count) for name, count in sorted(facts["digests"].items())
                ),
                rejected=facts["rejected"],
                signature=word(facts["signature"]),
                profile=facts["profile"],
                profile_verified=facts["profile_verified"],
                probes=Probes(facts["probes"], facts["probes_failed"]),
            )

    # ---- exhibits ------------------------------------------------------------------------

    def _exhibits(self, findings: tuple[Finding, ...]) -> Iterator[Exhibit]:
        for number, label, text in self._database.rows(
            "SELECT id, label, fields FROM exhibit ORDER BY id"
        ):
            fields = json.loads(text)
            sources = tuple(self._sources(number))
            coverage = self._coverage(number, sources)
            matches = counted(each for each in findings if each.exhibit == label)
            yield Exhibit(
                label=label,
                verdict=verdict.decide(
                    coverage,
                    matches,
                    finished=self._finished(number),
                    notable_sets=self._notable_sets(number),
                ),
                coverage=coverage,
                description=str(fields.get("description", "")),
                make=str(fields.get("make", "")),
                model=str(fields.get("model", "")),
                serial=str(fields.get("serial", "")),
                seal=str(fields.get("seal", "")),
                officer=str(fields.get("officer", "")),
                lims=str(fields.get("lims", "")),
                time_zone=str(fields.get("time_zone", "")),
                matches=matches,
                sources=sources,
            )

    def _finished(self, exhibit: int) -> bool:
        """Tell whether runs examined the exhibit, and each of them came to its end."""
        ends = [
            ended is not None and outcome != "interrupted"
            for ended, outcome in self._database.rows(
                "SELECT r.ended, r.outcome FROM run r JOIN run_source rs ON rs.run_id = r.id"
                " JOIN source s ON s.id = rs.source_id WHERE s.exhibit_id=?",
                (exhibit,),
            )
        ]
        return bool(ends) and all(ends)

    def _notable_sets(self, exhibit: int) -> int:
        """Count the notable sets with which that source was compared that saw the fewest."""
        counts = [
            count
            for (count,) in self._database.rows(
                "SELECT count(DISTINCT h.id) FROM source s"
                " LEFT JOIN run_source rs ON rs.source_id = s.id"
                " LEFT JOIN run_hashset rh ON rh.run_id = rs.run_id"
                " LEFT JOIN hashset h ON h.id = rh.hashset_id"
                " AND json_extract(h.facts, '$.kind') = 'notable'"
                " WHERE s.exhibit_id=? GROUP BY s.id",
                (exhibit,),
            )
        ]
        return min(counts, default=0)

    def _sources(self, exhibit: int) -> Iterator[Source]:
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

    def _volumes(self, source: int) -> Iterator[Volume]:
        for number, key, system, offset, size, state, basis, listing in self._database.rows(
            "SELECT id, key, file_system, offset, size, state, time_basis, listing"
            " FROM volume WHERE source_id=? ORDER BY id",
            (source,),
        ):
            found = queries.equation(self._database, number)
            code = self._database.value(
                "SELECT code FROM gap WHERE volume_id=? AND (code LIKE 'volume.%'"
                " OR code LIKE 'policy.%' OR code LIKE 'source.%') LIMIT 1",
                (number,),
            )
            rules = json.loads(basis) if basis else {}
            encrypted = code == "volume.encrypted"
            yield Volume(
                key=key,
                file_system=word(system or "unknown"),
                offset=offset or 0,
                size=size or 0,
                state="examined" if state == "listed" else _STATES.get(code, "not-examined"),
                encryption=word(system or "unknown") if encrypted else "none",
                sweep=json.loads(listing)["sweep"] if listing else "not available",
                times=tuple(
                    TimeColumn(which, int(rules[which][0]), rules[which][1])
                    for which in _WHICH
                    if which in rules
                ),
                equation=_equation(found, json.loads(listing) if listing else {}),
            )

    def _coverage(self, exhibit: int, sources: tuple[Source, ...]) -> Coverage:
        sums = next(
            self._database.rows(
                "SELECT total(max(i.size, 0)),"
                " total(CASE WHEN c.status = 1 THEN max(i.size, 0) END)"
                " FROM item i JOIN volume v ON v.id = i.volume_id"
                " JOIN source s ON s.id = v.source_id LEFT JOIN content c ON c.item_id = i.id"
                " WHERE s.exhibit_id=? AND i.kind IN (1, 5)",
                (exhibit,),
            )
        )
        return Coverage.of(
            sources,
            item_bytes=_bytes(sums[0]),
            item_bytes_examined=_bytes(sums[1]),
            types=tuple(self._types(exhibit)),
            gaps=tuple(self._gaps(exhibit)),
            areas=tuple(self._areas(exhibit)),
        )

    def _types(self, exhibit: int) -> Iterator[TypeCount]:
        found: dict[TypeClass, list[int]] = {}
        for position, seen, comparable, size in self._database.rows(
            "SELECT c.type, count(*), sum(c.status = 1), total(max(i.size, 0))"
            " FROM content c JOIN item i ON i.id = c.item_id"
            " JOIN volume v ON v.id = i.volume_id JOIN source s ON s.id = v.source_id"
            " WHERE s.exhibit_id=? AND i.kind IN (1, 5) GROUP BY c.type",
            (exhibit,),
        ):
            sums = found.setdefault(type_class(position), [0, 0, 0])
            for index, value in enumerate((seen, comparable, _bytes(size))):
                sums[index] += int(value or 0)
        for name in get_args(TypeClass):
            if name in found:
                yield TypeCount(name, *found[name])

    def _gaps(self, exhibit: int) -> Iterator[GapGroup]:
        groups: dict[str, tuple[int, int, list[str]]] = {}
        for position, count, size in self._database.rows(
            "SELECT c.gap, count(*), total(max(i.size, 0)) FROM content c"
            " JOIN item i ON i.id = c.item_id JOIN volume v ON v.id = i.volume_id"
            " JOIN source s ON s.id = v.source_id WHERE s.exhibit_id=? AND c.gap > 0"
            " GROUP BY c.gap",
            (exhibit,),
        ):
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
            groups[queries.GAP_CODES[position]] = (count, _bytes(size), examples)
        for code, place in self._database.rows(
            "SELECT g.code, g.place FROM gap g JOIN source s ON s.id = g.source_id"
            " WHERE s.exhibit_id=? ORDER BY g.id",
            (exhibit,),
        ):
            count, size, examples = groups.get(code, (0, 0, []))
            if len(examples) < EXAMPLES:
                examples = [*examples, place]
            groups[code] = (count + 1, size, examples)
        left = self._not_reached(exhibit)
        if left:
            groups["run.interrupted"] = (left, 0, [])
        for code, (count, size, examples) in sorted(groups.items()):
            yield GapGroup(
                code=code,
                count=count,
                policy=is_policy(code),
                text=GAP_TEXTS[code],
                size=size,
                examples=tuple(examples),
            )

    def _not_reached(self, exhibit: int) -> int:
        return int(
            self._database.value(
                "SELECT count(*) FROM item i JOIN volume v ON v.id = i.volume_id"
                " JOIN source s ON s.id = v.source_id"
                " LEFT JOIN content c ON c.item_id = i.id"
                " WHERE s.exhibit_id=? AND c.item_id IS NULL",
                (exhibit,),
            )
        )

    def _areas(self, exhibit: int) -> Iterator[Area]:
        for place, code, size in self._database.rows(
            "SELECT g.place, g.code, coalesce(v.size, 0) FROM gap g"
            " JOIN source s ON s.id = g.source_id LEFT JOIN volume v ON v.id = g.volume_id"
            " WHERE s.exhibit_id=? AND g.code IN ('volume.encrypted', 'volume.unsupported',"
            " 'volume.unknown', 'volume.damaged') ORDER BY g.id",
            (exhibit,),
        ):
            yield Area(where=place, code=code, size=size, text=GAP_TEXTS[code])

    # ---- rows ----------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """Yield every finding of the case, in the order of its number."""
        for number, item_id, grade, text, item_verdict, status, set_text in self._database.rows(
            "SELECT m.finding, m.item_id, m.grade, m.facts, m.verdict, m.status, h.facts"
            " FROM match m JOIN hashset h ON h.id = m.hashset_id"
            " WHERE m.finding IS NOT NULL ORDER BY m.finding"
        ):
            item = queries.item(self._database, item_id)
            if item is None:
                continue
            facts, known = json.loads(text), json.loads(set_text)
            yield Finding(
                number=number_text(number),
                exhibit=item.exhibit,
                source=item.source,
                locator=item.full_locator,
                kind=known["kind"],
                grade=grade,
                set_name=known["name"],
                issuer=known["issuer"],
                edition=known["edition"],
                category=Category(
                    verdict=item_verdict,
                    code=str(facts.get("category") or ""),
                    label=str(facts.get("label") or ""),
                    scheme=known["scheme"],
                    region=known["region"],
                ),
                size=item.size,
                type=word(TYPES[item.type].name),
                type_class=type_class(item.type),
                place=word(Place(item.place).name),
                allocated=bool(item.flags & EntryFlag.ALLOCATED),
                listed_size=facts.get("listed_size"),
                victim_identified=facts.get("victim_identified"),
                offender_identified=facts.get("offender_identified"),
                times=self._times(item),
                status=status,
            )

    def _times(self, item: queries.Item) -> tuple[FileTime, ...]:
        rules = self._rules.get((item.source, item.volume), {})
        return tuple(
            [
                FileTime.of(which, moment, rules.get(which, _UTC))
                for which, moment in zip(_WHICH, item.times, strict=True)
                if moment is not None
            ]
        )

    def item_rows(self) -> Iterator[ItemRow]:
        """Yield every item as the table of items takes it."""
        kinds = self._matched_kinds()
        clear = self._facts["names"] == "clear"
        for item in queries.items(self._database):
            row: ItemRow = {
                "exhibit": item.exhibit,
                "source": item.source,
                "volume": item.volume,
                "locator": item.locator,
                "allocated": bool(item.flags & _ALLOCATED),
                "kind": _KINDS[item.kind],
                "size": item.size if item.size >= 0 else None,
                "bytes_read": item.bytes_read if item.sha256 else None,
                "type": TYPES[item.type].name,
                "place": _PLACES[item.place],
                "status": _STATUS[item.status],
                "gap": item.gap if item.status else "run.interrupted",
                "md5": item.md5,
                "sha1": item.sha1,
                "sha256": item.sha256,
                "times": self._times(item),
                "matched": kinds.get(item.id, frozenset()),
            }
            if clear:
                row["path"] = item.path
            yield row

    def _matched_kinds(self) -> dict[int, frozenset[SetKind]]:
        found: dict[int, set[SetKind]] = {}
        for number, kind in self._database.rows(
            "SELECT m.item_id, json_extract(h.facts, '$.kind') FROM match m"
            " JOIN hashset h ON h.id = m.hashset_id"
        ):
            found.setdefault(number, set()).add(cast("SetKind", kind))
        return {number: frozenset(kinds) for number, kinds in found.items()}


def _bytes(size: float) -> int:
    """Return a sum of sizes; floating, as sizes that metadata invents may exceed any integer."""
    return min(int(size), MAX_SIZE)


def _equation(found: queries.Equation, listing: Mapping[str, Any]) -> Equation:
    return Equation.of(
        Listing(**listing),
        recorded=found.stored,
        digested=found.digested,
        without_content=found.no_content,
        policy=found.policy,
        gaps=found.gaps,
    )


def _file_sha256(path: Path) -> str | None:
    import hashlib  # noqa: PLC0415 - one call

    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
