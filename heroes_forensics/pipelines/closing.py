"""The events around a run: what it was about to do, and at its end what it came to.

``run.started`` is written before the work and everything else after it, so that a run without an
end is seen as interrupted. What is committed at the end, of the sources of this run: every item
(inventory tree), every finding (salted commitments), the coverage, and the sealed file with names
and values.
"""

import json
from collections.abc import Sequence
from typing import Final

from heroes_forensics import __version__
from heroes_forensics.custody import bundle, commitments, events
from heroes_forensics.model import JSON, Gap, is_policy
from heroes_forensics.pipelines import committing
from heroes_forensics.pipelines.environment import environment
from heroes_forensics.pipelines.isolation import Isolation
from heroes_forensics.pipelines.journal import now
from heroes_forensics.pipelines.known import Sets
from heroes_forensics.pipelines.run import Run
from heroes_forensics.pipelines.sources import Evidence
from heroes_forensics.store import integrity, queries

METHOD: Final = "exact-digest-matching"


def register(run: Run, evidence: Evidence, label: str, fields: JSON) -> None:
    """Write that a source came into the case, with what the operator said of its exhibit."""
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
    names = {
        "make": "make",
        "model": "model",
        "serial": "serial",
        "seal": "seal_number",
        "description": "description",
        "officer": "officer",
        "lims": "reference",
    }
    body.update({names[name]: str(fields[name]) for name in names if fields.get(name)})
    run.journal.event("evidence.registered", body)


def start(run: Run, sets: Sets, labels: Sequence[str], isolation: Isolation) -> None:
    """Announce the run: environment, configuration, method, sets, ``run.started``, locks."""
    journal = run.journal
    # JSON is YAML; the bytes of this file are what the ledger holds the digest of.
    text = json.dumps(run.config, sort_keys=True, indent=1) + "\n"
    config = run.case.bundle.write_run(run.uuid, bundle.CONFIG, text.encode())
    facts = environment()
    with journal.transaction() as records:
        records.run_facts(run.id, {"environment": facts, "isolation": isolation.facts()})
        journal.event("environment.recorded", facts)
        journal.event(
            "config.declared", {"config_sha256": config, "profile": run.config["profile"]}
        )
        journal.event(
            "method.declared",
            {
                "method": METHOD,
                "version": __version__,
                "thresholds": {},
                "decision_rule": "an item matches an entry when a digest of both is equal",
            },
        )
        loaded = sets.record(run)
        for label in labels:
            journal.event(
                "evidence.opened",
                {
                    "evidence": label,
                    "mode": "read-only",
                    "opener": "heroes-forensics",
                    "versions": [{"name": "heroes-forensics", "version": __version__}],
                },
            )
        authority = run.case.facts.get("authority")
        journal.event(
            "run.started",
            {
                "run": run.uuid,
                "evidence": list(labels),
                "purpose": "scan",
                "authority": authority["reference"] if isinstance(authority, dict) else None,
                "method": METHOD,
                "hashsets": loaded,
                "config_sha256": config,
            },
        )
        journal.event("isolation.probed", {"run": run.uuid, **isolation.facts()})
    run.case.bundle.write_run(
        run.uuid, "environment.json", json.dumps(facts, sort_keys=True, indent=1).encode() + b"\n"
    )


def release(run: Run, label: str) -> None:
    """Write that a source is not read any more."""
    run.journal.event(
        "evidence.closed",
        {
            "evidence": label,
            "mode": "read-only",
            "opener": "heroes-forensics",
            "versions": [{"name": "heroes-forensics", "version": __version__}],
        },
    )


def finish(run: Run) -> tuple[str, JSON]:
    """Commit to what the run found, and close it; return its outcome and its counts."""
    database, journal = run.database, run.journal
    with database.transaction():
        database.make_indexes()
    _unaccounted(run)
    counts = _counts(run)
    gaps = counts["gaps_by_code"]
    unexpected = queries.unexpected(gaps if isinstance(gaps, dict) else {})
    outcome = "complete"
    if unexpected or counts["not_reached"]:
        outcome = "partial"
    if run.interrupted:
        outcome = "interrupted"
    key = commitments.new_inventory_key()
    inventory_root, inventory_count = committing.inventory(run, key)
    committed = commitments.commit(committing.findings(run))
    sealed = committing.sealed(run, committed, key)
    counts["content_sha256"] = queries.content_sha256(database)
    ended = now()
    with journal.transaction() as records:
        database.set_fact("content_sha256", counts["content_sha256"])
        journal.event(
            "inventory.committed",
            {
                "run": run.uuid,
                "count": inventory_count,
                "root": inventory_root.hex(),
                "tree": commitments.INVENTORY,
            },
        )
        journal.event(
            "findings.committed",
            {
                "run": run.uuid,
                "count": len(committed.lines),
                "counts_by_kind": {"exact": len(committed.lines)},
                "root": committed.root.hex(),
                "tree": commitments.FINDINGS,
                "sealed_sha256": sealed,
                "recipients": [name for name, _ in run.case.ring.recipients],
            },
        )
        digest = integrity.run_digest(database, run.id).hex()
        journal.event("coverage.declared", _coverage(run, counts) | {"rows_sha256": digest})
        if run.interrupted:
            journal.event(
                "run.interrupted",
                {"run": run.uuid, "cause": "signal", "done_through": counts["digested"]},
            )
        else:
            journal.event("run.completed", _completed(run, outcome, counts, committed))
        records.run_ended(run.id, ended, outcome, {"counts": counts})
    journal.checkpoint("run ended")
    return outcome, counts


def _unaccounted(run: Run) -> None:
    """Record a gap for each volume whose entry equation does not close though all was read."""
    for number, source, label, key in list(
        run.database.rows(
            "SELECT v.id, s.id, s.label, v.key FROM volume v JOIN source s ON s.id = v.source_id"
            " JOIN run_source r ON r.source_id = s.id WHERE v.state = 'listed' AND r.run_id=?",
            (run.id,),
        )
    ):
        found = queries.equation(run.database, number)
        ended = found.digested + found.no_content + found.policy + found.gaps
        if found.closes or (run.interrupted and ended < found.stored):
            continue
        detail: JSON = {"listed": found.listed, "stored": found.stored, "ended": ended}
        with run.journal.transaction():
            run.gap(
                Gap(f"{label}/{key}", "listing.unaccounted", detail), source=source, volume=number
            )


def _completed(run: Run, outcome: str, counts: JSON, committed: commitments.Committed) -> JSON:
    items = counts["item_gaps_by_code"]
    errors = {
        events.key_for(code): count
        for code, count in (items.items() if isinstance(items, dict) else ())
        if not is_policy(code)
    }
    if counts["not_reached"]:
        errors["not_reached"] = _int(counts["not_reached"])
    skipped = {
        "without_content": counts["no_content"],
        "policy": counts["policy"],
    }
    return {
        "run": run.uuid,
        "outcome": outcome,
        "files_seen": counts["listed"],
        "files_hashed": counts["digested"],
        "files_skipped": _int(counts["no_content"]) + _int(counts["policy"]),
        "skipped_by_reason": skipped,
        "errors": _int(counts["gaps"]) + _int(counts["not_reached"]),
        "errors_by_kind": errors,
        "bytes_read": counts["bytes"],
        "result_sha256": committed.published_result,
    }


def _int(value: object) -> int:
    return int(str(value))


def _counts(run: Run) -> JSON:
    """Count what this run listed and examined; what earlier runs of the case did is theirs."""
    database = run.database
    equations = [queries.equation(database, each) for each in queries.volumes_of(database, run.id)]
    total = queries.total(equations)
    ended = total.digested + total.no_content + total.policy + total.gaps
    gaps = queries.gap_counts(database, run=run.id)
    return {
        "listed": total.listed,
        "digested": total.digested,
        "no_content": total.no_content,
        "policy": total.policy,
        "gaps": total.gaps,
        "not_reached": total.stored - ended,
        "closes": all(each.closes for each in equations),
        "gaps_by_code": gaps,
        "item_gaps_by_code": queries.item_gap_counts(database, run=run.id),
        "gaps_unexpected": queries.unexpected(gaps),
        "gaps_policy": sum(gaps.values()) - queries.unexpected(gaps),
        "bytes": int(
            database.value(
                "SELECT coalesce(sum(c.bytes_read), 0) FROM content c"
                " JOIN unit u ON u.id = c.unit_id WHERE u.run_id=?",
                (run.id,),
            )
        ),
        "findings": int(
            database.value(
                "SELECT count(m.finding) FROM match m JOIN unit u ON u.id = m.unit_id"
                " WHERE u.run_id=?",
                (run.id,),
            )
        ),
        "known_good": int(
            database.value(
                "SELECT count(DISTINCT m.item_id) FROM match m JOIN unit u ON u.id = m.unit_id"
                " WHERE m.verdict = 'known_good' AND u.run_id=?"
                " AND m.item_id NOT IN (SELECT item_id FROM match WHERE finding IS NOT NULL)",
                (run.id,),
            )
        ),
    }


def _coverage(run: Run, counts: JSON) -> JSON:
    partitions: list[object] = []
    encrypted: list[object] = []
    unsupported: list[object] = []
    for label, key, system, size, state in run.database.rows(
        "SELECT s.label, v.key, v.file_system, v.size, v.state FROM volume v"
        " JOIN source s ON s.id = v.source_id JOIN run_source r ON r.source_id = s.id"
        " WHERE r.run_id=? ORDER BY v.id",
        (run.id,),
    ):
        where = f"{label}/{key}"
        partitions.append(
            {"volume": where, "file_system": system or "", "size": size or 0, "state": state}
        )
    for place, code in run.database.rows(
        "SELECT place, code FROM gap WHERE run_id=? AND code LIKE 'volume.%' ORDER BY id",
        (run.id,),
    ):
        (encrypted if code == "volume.encrypted" else unsupported).append(
            {"volume": place, "code": code}
        )
    names = ("listed", "digested", "no_content", "policy", "gaps", "not_reached", "bytes")
    return {
        "run": run.uuid,
        "partitions": partitions,
        "unallocated": "not examined",
        "encrypted_areas": encrypted,
        "unsupported": unsupported,
        "counts": {name: counts[name] for name in names},
    }
