"""The beginning of a run, and its going on after an interruption, as the record has them.

``run.started`` is written before the work, so that a run without an end is seen as interrupted.
Its row, its sources and the events that announce it are one transaction: a run has all of its
beginning, or was never begun.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from heroes_forensics import __version__
from heroes_forensics.custody import bundle
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import authorities, clock
from heroes_forensics.pipelines.case.cases import OpenCase, described
from heroes_forensics.pipelines.case.environment import environment
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.case.watch import Watch
from heroes_forensics.pipelines.evidence import acquiring
from heroes_forensics.pipelines.evidence.sources import Evidence
from heroes_forensics.pipelines.examining.run import Identity, Run
from heroes_forensics.pipelines.examining.stopping import Stop
from heroes_forensics.pipelines.records import error_rates
from heroes_forensics.pipelines.records.error_rates import Cited
from heroes_forensics.pipelines.sets.plugins import Plugged
from heroes_forensics.pipelines.sets.run_sets import Sets
from heroes_forensics.pipelines.sets.supplied import Comparer
from heroes_forensics.pipelines.workers.isolation import Isolation
from heroes_forensics.store import progress
from heroes_forensics.store.records import Records

METHOD: Final = "exact-digest-matching"
_OPENER: Final[JSON] = {
    "mode": "read-only",
    "opener": "heroes-forensics",
    "versions": [{"name": "heroes-forensics", "version": __version__}],
}
_FIELDS: Final = {
    "make": "make",
    "model": "model",
    "serial": "serial",
    "seal": "seal_number",
    "description": "description",
    "officer": "officer",
    "lims": "reference",
}
"""What the ledger calls the fields of an exhibit."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """What a new run examines: the exhibit, and what the operator said of it."""

    label: str
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Registered:
    """One source of a run."""

    number: int
    """Its row in the case database."""
    label: str
    evidence: Evidence


def begin(  # noqa: PLR0913 - what a run begins with
    case: OpenCase,
    config: JSON,
    exhibit: Exhibit,
    evidence: Sequence[Evidence],
    *,
    isolation: Isolation,
    sets: Sets,
    cited: Cited | None,
    stop: Stop,
    watch: Watch,
    comparer: Comparer | None = None,
    validation: JSON | None = None,
) -> tuple[Run, list[Registered]]:
    """Begin a new run: register its sources and announce it."""
    case.begin()
    seal = case.unlock("scan")
    uuid = str(uuid4())
    digest = case.bundle.write_run(uuid, bundle.CONFIG, config_bytes(config))
    facts = environment()
    kept, told = error_rates.kept(cited, case.bundle, uuid)
    with case.journal.transaction() as records:
        private: JSON = {
            **kept,
            "environment": facts,
            "isolation": isolation.facts(),
            "set_files": list(sets.files),
        }
        number = records.run(uuid, now(), config, private)
        identity = Identity(number, uuid, config)
        run = Run(
            case, identity, seal=seal, matching=sets, stop=stop, watch=watch, comparer=comparer
        )
        registered = _register(run, exhibit, evidence)
        run.journal.event("environment.recorded", facts)
        body: JSON = {"config_sha256": digest, "profile": config["profile"]}
        run.journal.event("config.declared", body)
        run.journal.event("method.declared", method(validation))
        loaded = sets.record(run, carves=bool(config["carve"]))
        if comparer is not None:
            run.journal.event("plugin.loaded", loaded_plugin(uuid, comparer.plugged))
        _opened(run, registered)
        run.journal.event(
            "run.started",
            {
                "run": uuid,
                "evidence": [each.label for each in registered],
                "purpose": "scan",
                "authority": authorities.reference(case.database),
                "method": METHOD,
                "hashsets": loaded,
                "config_sha256": digest,
                **told,
            },
            person=case.examiner,
        )
        run.journal.event("isolation.probed", {"run": uuid, **isolation.facts()})
        run.journal.event("clock.checked", clock.checked())
    text = json.dumps(facts, sort_keys=True, indent=1).encode() + b"\n"
    case.bundle.write_run(uuid, "environment.json", text)
    case.journal.checkpoint("run started")
    run.teller.run(uuid, "started")
    return run, registered


def loaded_plugin(run: str, plugged: Plugged) -> JSON:
    """Return what the ledger says of a plug-in: which it is, as it was tried."""
    return {
        "run": run,
        "plugin": plugged.name,
        "kind": plugged.kind,
        "version": plugged.version,
        "package": plugged.package,
        "threshold": plugged.threshold,
    }


def method(cited: Mapping[str, object] | None = None) -> JSON:
    """Return what is declared of how items are compared with entries.

    Args:
        cited: the laboratory's procedure and validation, as `validations.cited` has them.
    """
    return {
        **(cited or {}),
        "method": METHOD,
        "version": __version__,
        "thresholds": {},
        "decision_rule": "an item matches an entry when a digest of both is equal",
    }


def isolated(run: Run, records: Records, isolation: Isolation) -> None:
    """Write how the workers of a run are locked; inside a transaction."""
    run.journal.event("isolation.probed", {"run": run.uuid, **isolation.facts()})
    records.run_facts(run.id, {"isolation": isolation.facts()})


def resume(  # noqa: PLR0913 - what a run goes on with
    case: OpenCase,
    identity: Identity,
    registered: Sequence[Registered],
    *,
    isolation: Isolation,
    sets: Sets,
    stop: Stop,
    watch: Watch,
    reason: str,
    comparer: Comparer | None = None,
) -> Run:
    """Take an interrupted run up again; that it was interrupted is on record afterwards."""
    case.begin()
    seal = case.unlock("resume")
    with case.journal.transaction() as records:
        so_far = progress.so_far(case.database, identity.number)
        run = Run(
            case,
            identity,
            seal=seal,
            matching=sets,
            stop=stop,
            watch=watch,
            so_far=so_far,
            comparer=comparer,
        )
        sets.record(run, carves=bool(identity.config["carve"]))
        if comparer is not None:
            run.journal.event("plugin.loaded", loaded_plugin(run.uuid, comparer.plugged))
        _opened(run, registered)
        run.journal.event("run.resumed", {"run": run.uuid, "reason": reason})
        isolated(run, records, isolation)
        run.journal.event("clock.checked", clock.checked())
        records.run_resumed(run.id)
    case.journal.checkpoint("run resumed")
    run.teller.withdraw_left()
    run.teller.run(run.uuid, "resumed")
    return run


def config_bytes(config: Mapping[str, object]) -> bytes:
    """Return the bytes of ``config.yaml``, whose digest the ledger holds; JSON is YAML."""
    return (json.dumps(config, sort_keys=True, indent=1) + "\n").encode()


def _register(run: Run, exhibit: Exhibit, evidence: Sequence[Evidence]) -> list[Registered]:
    records = run.journal.records
    number = records.exhibit(exhibit.label, dict(exhibit.fields))
    if exhibit.fields:
        body = described(exhibit.label, exhibit.fields)
        run.journal.event("exhibit.described", body, person=run.case.examiner)
    have = int(run.database.value("SELECT count(*) FROM source WHERE exhibit_id=?", (number,)))
    found = []
    for ordinal, each in enumerate(evidence, start=have + 1):
        label = f"{exhibit.label}/{ordinal}"
        source = records.source(
            number, label, str(each.path.absolute()), str(each.identity), each.record()
        )
        records.run_source(run.id, source)
        run.journal.event("evidence.registered", _registration(each, label, exhibit.fields))
        for body in acquiring.event_bodies(each, label):
            run.journal.event("evidence.acquired", body)
        found.append(Registered(source, label, each))
    return found


def _registration(evidence: Evidence, label: str, fields: Mapping[str, object]) -> JSON:
    size = evidence.facts.get("size")
    body: JSON = {
        "evidence": label,
        "kind": str(evidence.facts.get("kind", "image")),
        "format": str(evidence.facts.get("format", "unknown")),
        "size": size if isinstance(size, int) and size >= 0 else 0,
        "segments": [
            {"name_ref": f"segment-{number}", "size": slot.size}
            for number, slot in enumerate(evidence.slots, start=1)
        ],
    }
    body.update({_FIELDS[name]: str(fields[name]) for name in _FIELDS if fields.get(name)})
    return body


def _opened(run: Run, registered: Sequence[Registered]) -> None:
    for each in registered:
        run.journal.event("evidence.opened", {"evidence": each.label, **_OPENER})


def release(run: Run, label: str) -> None:
    """Write that a source is not read any more."""
    run.journal.event("evidence.closed", {"evidence": label, **_OPENER})
