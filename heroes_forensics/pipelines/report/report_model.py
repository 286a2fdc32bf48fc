"""From the case database to the report model: every figure of a report is computed here.

What it says of the evidence itself comes from `report_evidence`.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

from heroes_forensics import __version__
from heroes_forensics.custody import notes
from heroes_forensics.filetype import TYPES
from heroes_forensics.model import EntryFlag, Place, TimeRule, reuse_word
from heroes_forensics.pipelines.case import authorities, ledger_events
from heroes_forensics.pipelines.case.interruptions import breaks as breaks_of_runs
from heroes_forensics.pipelines.case.stated import DESCRIPTION
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.examining import metadata
from heroes_forensics.pipelines.records import error_rates
from heroes_forensics.pipelines.report import processing, report_acts, report_clock, report_events
from heroes_forensics.pipelines.report.details import Details
from heroes_forensics.pipelines.report.report_evidence import (
    WHICH,
    EvidenceBuilder,
    type_class,
    word,
)
from heroes_forensics.pipelines.report.report_items import time_rules
from heroes_forensics.pipelines.report.report_sets import SetsBuilder
from heroes_forensics.reports import checking, verdict
from heroes_forensics.reports.evidence import FileTime, Note
from heroes_forensics.reports.findings import (
    Category,
    FilmLikeness,
    Finding,
    Likeness,
    Plugin,
    Reuse,
    TimeRange,
    counted,
    left_out,
)
from heroes_forensics.reports.inside import ExpandLimits
from heroes_forensics.reports.model import (
    Attempt,
    Authority,
    Case,
    Checkpoint,
    Environment,
    Exhibit,
    Fact,
    Interruption,
    Library,
    PluginUse,
    Program,
    Report,
    Run,
    Signer,
)
from heroes_forensics.reports.stated import DeclaredMethod, Validation
from heroes_forensics.store import derived, queries, standing, supplied_values
from heroes_forensics.store.database import Database

_UTC: Final = TimeRule(1, "utc")
_FIELDS: Final = frozenset({*DESCRIPTION, "time_zone"})
"""Of an exhibit, with a place of their own in the model."""


class Builder:
    """Builds the report of one case as it stands."""

    def __init__(self, database: Database, bundle: Path, told: Details = Details()) -> None:  # noqa: B008 # it never changes
        self._database = database
        self._told = told
        self._evidence = EvidenceBuilder(database)
        self._sets = SetsBuilder(database)
        self._bundle = bundle
        self._facts = database.facts()
        self._rules: dict[tuple[str, str], dict[str, TimeRule]] = {}
        for label, key, basis in database.rows(
            "SELECT s.label, v.key, v.time_basis FROM volume v JOIN source s ON s.id = v.source_id"
        ):
            self._rules[label, key] = time_rules(json.loads(basis) if basis else {})
        self._rules_inside = {
            number: time_rules(each.times) for number, each in derived.opened(database).items()
        }

    def number(self, ordinal: int) -> str:
        """Return what the report of this case is called that was issued so many-th."""
        return f"{self._facts['uuid'][:8]}-{ordinal}"

    def report(self, *, number: int, issued: str, replaces: str = "") -> Report:
        """Return the report model of the whole case; ``replaces`` is the number of another."""
        findings = tuple(self.findings())
        runs = tuple(self._runs())
        checkpoint = self._checkpoint()
        scans = [run for run in runs if run.purpose == "scan"]
        ends = [run.ended for run in scans if run.ended]
        return Report(
            number=self.number(number),
            version=1,
            issued=issued,
            program=Program("heroes-forensics", __version__, self._program_sha256()),
            case=self._case(),
            names=self._facts["names"],
            examined_from=min((run.started for run in scans), default=None),
            examined_to=max(ends, default=None),
            content_sha256=self._facts.get("content_sha256"),
            exhibits=tuple(self._exhibits(findings)),
            distinct=queries.distinct(self._database),
            hash_sets=tuple(self._sets.hash_sets()),
            findings=findings,
            devices=metadata.devices(self._database),
            runs=runs,
            environment=self._environment(),
            checkpoint=checkpoint,
            acts=tuple(report_acts.acts(self._database, self._bundle)),
            processing=tuple(processing.log(self._database)),
            events=tuple(report_events.events(self._database)),
            commands=checking.commands(
                key="keys/ledger.pem",
                checkpoint=f"checkpoints/{checkpoint.size:08d}.txt" if checkpoint else None,
                origin=checkpoint.origin if checkpoint else None,
            ),
            error_rates=tuple(error_rates.rates(self._database)),
            limitations=self._told.limitations,
            replaces=replaces,
            methods=tuple(self._methods()),
            laboratory=self._told.laboratory,
            stated=self._told.stated,
        )

    # ---- the case ------------------------------------------------------------------------

    def _case(self) -> Case:
        facts = self._facts
        authority = authorities.newest(self._database)
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
            customer=self._told.customer,
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
            recipients=len(facts["wrapped"]) if isinstance(facts.get("wrapped"), list) else None,
        )

    def _checkpoint(self) -> Checkpoint | None:
        last = None
        for path in sorted((self._bundle / "checkpoints").glob("*.txt")):
            last = notes.read_checkpoint(notes.parse(path.read_bytes()).text)
        if last is None:
            return None
        return Checkpoint(last.size, last.root.hex(), last.origin, self._anchoring())

    def _anchoring(self) -> int:
        """Return what is on record of anchors outside; whether they hold is for `heroes verify`."""
        methods = {
            event.body["method"] for event in ledger_events.of(self._database, "ledger.anchored")
        }
        return bool(methods & {"rfc3161"}) + 2 * bool(methods & {"witness", "paper", "mail"})

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

    def _methods(self) -> Iterator[DeclaredMethod]:
        """Yield what the runs cite, each once, in their order."""
        seen = []
        for event in ledger_events.of(self._database, "method.declared"):
            said = event.body
            cited = said.get("validation")
            found = DeclaredMethod(
                method=said.get("method_ref") or "",
                procedure=said.get("sop_ref") or "",
                validation=Validation(id=said["validation_ref"], **cited) if cited else None,
            )
            if found not in seen:
                seen.append(found)
                yield found

    @cached_property
    def _clock(self) -> dict[str, tuple[Note, ...]]:
        lines = self._database.rows("SELECT line FROM ledger ORDER BY seq")
        return report_clock.notes(line for (line,) in lines)

    def _runs(self) -> Iterator[Run]:
        found = breaks_of_runs(self._database)
        for number, uuid, started, ended, outcome, config, facts in self._database.rows(
            "SELECT id, uuid, started, ended, outcome, config, facts FROM run ORDER BY id"
        ):
            settings = json.loads(config)
            isolation = json.loads(facts).get("isolation") or {}
            breaks = found.get(uuid, ())
            limits = settings["expand_limits"]
            yield Run(
                uuid=uuid,
                purpose=settings.get("purpose", "scan"),
                started=started,
                ended=ended,
                outcome=outcome or "interrupted",
                profile=settings["profile"],
                isolation=str(isolation.get("level", "not-measured")).lower(),
                probes=tuple(
                    Attempt(what, refused=refused)
                    for refused in (True, False)
                    for what in isolation.get("refused" if refused else "allowed", ())
                ),
                missing=tuple(isolation.get("missing", ())),
                verify=settings["verify"],
                workers=settings["workers"],
                interruptions=len(breaks),
                breaks=tuple(Interruption(each.cause, each.noted, each.resumed) for each in breaks),
                notes=self._clock.get(uuid, ()),
                perceptual=bool(settings["perceptual"]),
                plugin=_plugin_use(
                    settings.get("plugin"), supplied_values.counts(self._database, run=number)
                ),
                media_metadata=bool(settings.get("media_metadata")),
                expand_limits=ExpandLimits(**limits) if limits else None,
            )

    # ---- exhibits ------------------------------------------------------------------------

    def _exhibits(self, findings: tuple[Finding, ...]) -> Iterator[Exhibit]:
        for number, label, text in self._database.rows(
            "SELECT id, label, fields FROM exhibit ORDER BY id"
        ):
            fields = json.loads(text)
            sources = tuple(self._evidence.sources(number))
            coverage = self._evidence.coverage(number, sources)
            mine = [each for each in findings if each.exhibit == label]
            matches = counted(mine)
            yield Exhibit(
                label=label,
                verdict=verdict.decide(
                    coverage,
                    matches,
                    finished=self._finished(number),
                    notable_sets=self._sets.notable(number),
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
                further=tuple(_further(fields)),
                matches=matches,
                left_out=left_out(mine),
                compared=tuple(self._sets.compared(number)),
                sources=sources,
                metadata=metadata.summary(self._database, number),
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

    # ---- rows ----------------------------------------------------------------------------

    def findings(self) -> Iterator[Finding]:
        """Yield every finding of the case, in the order of its number."""
        for each in standing.findings(self._database):
            found = self.finding(each)
            if found is not None:
                yield found

    def finding(self, each: standing.Standing) -> Finding | None:
        """Return one finding as it stands; None where its item is not on record."""
        item = queries.item(self._database, each.item_id)
        if item is None:
            return None
        facts, known = each.facts, each.set
        return Finding(
            number=number_text(each.finding),
            exhibit=item.exhibit,
            source=item.source,
            locator=item.full_locator,
            kind=known["kind"],
            grade=each.grade,
            set_name=known["name"],
            issuer=known["issuer"],
            edition=known["edition"],
            category=Category(
                verdict=each.verdict,
                code=str(facts.get("category") or ""),
                label=str(facts.get("label") or ""),
                tags=tuple(str(tag) for tag in facts.get("tags", ())),
                scheme=known["scheme"],
                region=known["region"],
            ),
            size=item.size,
            type=word(TYPES[item.type].name),
            type_class=type_class(item.type),
            place=word(Place(item.place).name),
            allocated=bool(item.flags & EntryFlag.ALLOCATED),
            reuse=cast("Reuse", reuse_word(item.flags)),
            listed_size=facts.get("listed_size"),
            near=_likeness(facts.get("near")),
            device=metadata.device_of(self._database, item.id),
            victim_identified=facts.get("victim_identified"),
            offender_identified=facts.get("offender_identified"),
            times=self._times(item),
            status=each.status,
            not_in=each.not_in,
        )

    def _times(self, item: queries.Item) -> tuple[FileTime, ...]:
        if item.parent is None:
            rules = self._rules.get((item.source, item.volume), {})
        else:
            rules = self._rules_inside.get(item.parent, {})
        return tuple(
            [
                FileTime.of(which, moment, rules.get(which, _UTC))
                for which, moment in zip(WHICH, item.times, strict=True)
                if moment is not None
            ]
        )


def _further(fields: Mapping[str, object]) -> Iterator[Fact]:
    """Yield what is said of an exhibit in fields of the laboratory's own."""
    for name, value in fields.items():
        if name not in _FIELDS and isinstance(value, str) and value:
            yield Fact(name, value)


def _likeness(facts: object) -> Likeness | None:
    """Return what is on record of how close a candidate is."""
    if not isinstance(facts, dict):
        return None
    return Likeness(
        algorithm=word(facts["algorithm"]),
        view=word(facts["view"]).rstrip("-0123456789"),  # which of the deep ones says nothing
        distance=facts["distance"],
        radius=facts["radius"],
        quality=facts["quality"],
        listed_quality=facts["listed_quality"],
        tried=facts["tried"],
        comparisons=facts["comparisons"],
        expected=str(facts["expected"] or ""),
        film=_film(facts.get("film")),
        plugin=_plugin(facts.get("plugin")),
        more=facts.get("more", 0),
        more_at_least=facts.get("more_at_least", False),
        drawn=facts.get("drawn", False),
    )


def _plugin(facts: object) -> Plugin | None:
    if not isinstance(facts, dict):
        return None
    return Plugin(facts["name"], facts["version"], facts["package"])


def _plugin_use(facts: object, counts: Mapping[str, int]) -> PluginUse | None:
    if not isinstance(facts, dict):
        return None
    return PluginUse(
        name=facts["name"],
        kind=word(facts["kind"]),
        version=facts["version"],
        package=facts["package"],
        threshold=facts["threshold"],
        **counts,
    )


def _film(facts: object) -> FilmLikeness | None:
    if not isinstance(facts, dict):
        return None
    return FilmLikeness(
        frames=facts["frames"],
        frames_of=facts["frames_of"],
        listed=facts["listed"],
        listed_of=facts["listed_of"],
        ranges=tuple(TimeRange(*each) for each in facts["ranges"]),
        listed_ranges=tuple(TimeRange(*each) for each in facts.get("listed_ranges", ())),
    )


def _file_sha256(path: Path) -> str | None:
    import hashlib  # noqa: PLC0415 - one call

    return hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else None
