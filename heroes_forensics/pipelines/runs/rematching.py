"""Comparing the digests on record with other hash sets, or other editions, without the evidence.

All of it is one transaction: a comparison is on record whole, with its run, or was never begun.
Findings keep their numbers: what a later edition says of one is told beside it, an entry that is
new to the case makes a new one, and what is not listed any more is withdrawn and stays listed.
"""

import json
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from heroes_forensics import __version__
from heroes_forensics.custody import bundle, commitments
from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets.known import NOTABLE
from heroes_forensics.hashsets.matching import Hit
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import authorities, cases, clock
from heroes_forensics.pipelines.case.environment import environment
from heroes_forensics.pipelines.case.journal import Journal, now
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.case.watch import Watch
from heroes_forensics.pipelines.locks import fence
from heroes_forensics.pipelines.records import error_rates, validations
from heroes_forensics.pipelines.report import reporting
from heroes_forensics.pipelines.runs import committing, restating, starting
from heroes_forensics.pipelines.runs.recorded_values import (
    ByPlugin,
    Scope,
    candidates,
    digests,
    scope_of,
)
from heroes_forensics.pipelines.sets import decided, known, plugins
from heroes_forensics.pipelines.sets.run_sets import Sets
from heroes_forensics.pipelines.sets.supplied import Comparer
from heroes_forensics.pipelines.workers.supervisor import Supervisor
from heroes_forensics.store import integrity, queries, standing
from heroes_forensics.store.records import rows_digest

if TYPE_CHECKING:
    from heroes_forensics.store.database import Database

PURPOSE: Final = "match"


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """Which case is to be compared with which sets."""

    case_dir: Path
    sets: tuple[str, ...]
    """Names of the catalogue, or paths of set files."""
    set_options: JSON = field(default_factory=dict)
    plugin: str = ""
    """Of a licensed laboratory: values that it made are compared by it, too."""
    calibration: str = ""
    """What the report cites as the known error rate, as `request.ScanRequest` has it."""
    passphrase: str | None = None
    own_process: bool = False
    """Whether this process exists for this alone and may be fenced for ever."""


class _Rematch:
    """A run of this kind: satisfies `Recorded`."""

    def __init__(self, case: cases.OpenCase) -> None:
        self.case = case
        self.database: Database = case.database
        self.journal: Journal = case.journal
        self.uuid = str(uuid4())
        self.id = 0
        """Its row in the case database, once there is one."""


def match(request: MatchRequest, watch: Watch) -> JSON:
    """Compare a case with sets, record what changed, and issue a new report.

    Returns:
        ``exact``, ``near`` and ``needs_evidence`` (counts of items), ``new``, ``changed``,
        ``withdrawn`` (numbers of findings), ``unknown`` (those that only the evidence can tell
        about), ``near_needs_evidence`` and ``still_listed`` (counts), ``not_identified``
        (numbers of current findings whose entry is not marked as of an identified victim, by
        edition, where it says that of any), ``taken_back`` (editions that the case used and that
        may not be used any more, with the findings that rest on them), ``sets``, ``report``.

    Raises:
        UsageError: no set is named, or the case has nothing to compare.
        HashSetError: a set is refused; nothing was written.
        CaseBusyError: another run holds the case.
        CustodyError: the record of the case does not verify.
    """
    if not request.sets:
        raise UsageError("no hash set is named", hint="name one with --set NAME or --set FILE")
    with ExitStack() as stack:
        files = known.files_among(request.sets)
        if request.plugin:
            plugins.package_of(request.plugin)
        first = [*(["sets"] if files else []), *(["media"] if request.plugin else [])]
        supervisor = stack.enter_context(Supervisor(first=first, plugin=request.plugin))
        if request.own_process:
            # Before the fence: tried on sockets of our own.
            if files:
                supervisor.isolation("importer")
            if request.plugin:
                supervisor.isolation("decoder")
            fence.around(request.case_dir)
        plugged = plugins.tried(request.plugin, supervisor) if request.plugin else None
        sets = known.load(
            request.sets,
            request.set_options,
            supervisor,
            passphrase=request.passphrase,
            plugged=plugged,
        )
        stack.callback(sets.close)
        pluggable = None
        if plugged is not None:
            comparer = Comparer(sets, plugged)
            stack.callback(comparer.close)
            pluggable = ByPlugin(comparer, stack.enter_context(supervisor.crew("decoder")))
        case = stack.enter_context(cases.opened(request.case_dir, passphrase=request.passphrase))
        cited, said = error_rates.chosen(sets, request.calibration, deep=False)
        for each in said:
            watch.note(each)
        scope = scope_of(case)
        _check(scope, watch)
        hits = [hit for rows, sizes in digests(case) for hit in sets.hits(rows, sizes)]
        run, changes = _record(case, sets, scope, hits, cited=cited, pluggable=pluggable)
        taken_back = decided.record(case)
        report = reporting.issue(case).page
        made = _result(run, sets, scope, changes, report) | {"taken_back": taken_back}
        if pluggable is not None:
            made |= pluggable.told(case)
        return made


def _check(scope: Scope, watch: Watch) -> None:
    """Say what is compared, and what cannot be.

    Raises:
        UsageError: nothing can.
    """
    if not scope.exact and scope.reduced:
        raise UsageError(
            f"the case was reduced: the digests of all {scope.reduced} items are dropped",
            hint="compare the evidence itself: heroes scan SOURCE... --case DIR --set SET",
        )
    if not scope.exact:
        raise UsageError(
            "the case has no digest on record that could be compared",
            hint="examine something first: heroes scan SOURCE... --case DIR",
        )
    watch.note(f"comparing the digests of {scope.exact} items")
    if scope.reduced:
        watch.note(f"the case was reduced: {scope.reduced} items have no digest any more")


def _record(  # noqa: PLR0913 - what a comparison has in hand
    case: cases.OpenCase,
    sets: Sets,
    scope: Scope,
    hits: Sequence[tuple[Hit, int]],
    *,
    cited: error_rates.Cited | None,
    pluggable: ByPlugin | None,
) -> tuple[_Rematch, restating.Changes]:
    """Write the whole run."""
    case.begin()
    case.unlock(PURPOSE)
    run = _Rematch(case)
    config = _config(case, sets)
    if pluggable is not None:
        config["plugin"] = pluggable.comparer.plugged.to_json()
        pluggable.compare(case)
    digest = case.bundle.write_run(run.uuid, bundle.CONFIG, starting.config_bytes(config))
    facts = environment()
    text = json.dumps(facts, sort_keys=True, indent=1).encode() + b"\n"
    case.bundle.write_run(run.uuid, "environment.json", text)
    private, announced = error_rates.kept(cited, case.bundle, run.uuid)
    changes = restating.Changes()
    with case.journal.transaction() as records:
        database, event = case.database, case.journal.event
        run.id = records.run(run.uuid, now(), config, {"environment": facts, **private})
        event("environment.recorded", facts)
        event("config.declared", {"config_sha256": digest, "profile": PURPOSE})
        event("method.declared", starting.method(validations.cited()[0]))
        loaded = sets.record(run)
        if pluggable is not None:
            event("plugin.loaded", starting.loaded_plugin(run.uuid, pluggable.comparer.plugged))
        event(
            "run.started",
            {
                "run": run.uuid,
                "evidence": [],
                "purpose": PURPOSE,
                "authority": authorities.reference(case.database),
                "method": starting.METHOD,
                "hashsets": loaded,
                "config_sha256": digest,
                **announced,
            },
        )
        event("clock.checked", clock.checked())
        unit = int(database.value("SELECT coalesce(max(id), 0) FROM unit")) + 1
        records.unit(unit, run.id, PURPOSE, None)
        rows = [sets.row(hit, item) for hit, item in hits]
        exact = {(row.item_id, row.hashset_id, row.record) for row in rows}
        identity = None if pluggable is None else pluggable.identity
        held = restating.Held(database, sets.numbers(), identity)
        close, beyond = candidates(case, sets, held, pluggable)
        rows += [row for row in close if (row.item_id, row.hashset_id, row.record) not in exact]
        fresh, restated = restating.judged(database, sets.numbers(), rows, changes, beyond)
        stored = records.matches(unit, fresh)
        changes.new = [
            (values[-2], row)
            for values, row in zip(stored, fresh, strict=True)
            if values[-2] is not None
        ]
        told = standing.restate(database, unit, restated)
        rows_sha256 = rows_digest([*stored, *told])
        records.unit_done(unit, items=scope.exact, gaps=0, rows_sha256=rows_sha256)
        event(
            "unit.completed",
            {
                "run": run.uuid,
                "unit": unit,
                "items": scope.exact,
                "gaps": 0,
                "rows_sha256": rows_sha256.hex(),
            },
        )
        database.make_indexes()
        _end(run, scope, changes)
        counts: JSON = {"counts": {"compared": scope.exact, "needs_evidence": scope.needs_evidence}}
        records.run_ended(run.id, now(), "complete", counts)
    case.journal.checkpoint("run ended")
    return run, changes


def _config(case: cases.OpenCase, sets: Sets) -> JSON:
    compared = [
        label
        for (label,) in case.database.rows(
            "SELECT s.label FROM source s WHERE EXISTS (SELECT 1 FROM volume v"
            " JOIN item i ON i.volume_id = v.id JOIN content c ON c.item_id = i.id"
            " WHERE v.source_id = s.id AND c.sha256 != X'') ORDER BY s.id"
        )
    ]
    return {
        "purpose": PURPOSE,
        "profile": PURPOSE,
        "verify": "off",
        "names": case.facts["names"],
        "workers": 0,
        "perceptual": False,
        "expand_limits": {},
        "compared": compared,
        "sets": sets.identity(),
    }


def _end(run: _Rematch, scope: Scope, changes: restating.Changes) -> None:
    """Commit to the findings, declare the scope and close the run; inside its transaction."""
    database, event = run.database, run.journal.event
    found = list(committing.findings(run))
    committed = commitments.commit(found)
    sealed = committing.sealed(run, committed, commitments.new_inventory_key())
    event("findings.committed", committing.event(run, found, committed, sealed))
    event(
        "coverage.declared",
        {
            "run": run.uuid,
            "partitions": [],
            "unallocated": "not examined",
            "encrypted_areas": [],
            "unsupported": [],
            "counts": {
                "compared": scope.exact,
                "needs_evidence": scope.needs_evidence,
                "new": len(changes.new),
                "changed": len(changes.changed),
                "withdrawn": len(changes.withdrawn),
            },
            "rows_sha256": integrity.run_digest(database, run.id).hex(),
        },
    )
    event(
        "run.completed",
        {
            "run": run.uuid,
            "outcome": "complete",
            "files_seen": scope.items,
            "files_hashed": scope.exact,
            "files_skipped": scope.without_content + scope.policy,
            "skipped_by_reason": {
                "without_content": scope.without_content,
                "policy": scope.policy,
            },
            "errors": scope.needs_evidence + scope.reduced,
            "errors_by_kind": {
                "needs_evidence": scope.needs_evidence,
                **({"reduced": scope.reduced} if scope.reduced else {}),
            },
            "bytes_read": 0,
            "result_sha256": committed.published_result,
        },
    )
    database.set_fact("content_sha256", queries.content_sha256(database))


def _result(
    run: _Rematch, sets: Sets, scope: Scope, changes: restating.Changes, report: Path
) -> JSON:
    unmarked: dict[str, list[str]] = {}
    for _, uuid, _ in sets.numbers():
        current = [
            each
            for each in standing.findings(run.database, uuid=uuid)
            if each.status == standing.CURRENT and each.set["kind"] == NOTABLE
        ]
        told = [each.facts.get("victim_identified") for each in current]
        if told.count(None) < len(told):  # else the list says it of nobody, as plain ones do
            label = f"{current[0].set['name']} {current[0].set['edition']}"
            unmarked[label] = [
                number_text(each.finding)
                for each, is_identified in zip(current, told, strict=True)
                if is_identified is not True
            ]
    return {
        "type": "match",
        "version": __version__,
        "case": str(run.case.facts["uuid"]),
        "run": run.uuid,
        "sets": sets.identity(),
        "exact": scope.exact,
        "near": scope.near if any(sets.near()) else 0,
        "near_needs_evidence": scope.near_needs_evidence if any(sets.near()) else 0,
        "needs_evidence": scope.needs_evidence,
        "reduced": scope.reduced,
        "new": [number_text(number) for number, _ in changes.new],
        "changed": [number_text(number) for number in changes.changed],
        "withdrawn": [number_text(number) for number in changes.withdrawn],
        "unknown": [number_text(number) for number in changes.unknown],
        "still_listed": changes.still,
        "not_identified": {label: found for label, found in unmarked.items() if found},
        "content_sha256": run.database.facts()["content_sha256"],
        "report": str(report),
        "notes": sets.notes,
    }
