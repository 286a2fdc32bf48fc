"""The end of a run: what it came to, whether it was finished or not.

What is committed, of the sources of this run: every item (inventory tree), every finding (salted
commitments), the coverage, and the sealed file with names and values. A run that is finished later
commits again, and that counts.
"""

import json
from collections.abc import Collection, Mapping

from heroes_forensics.custody import commitments, events
from heroes_forensics.model import JSON, Gap, is_policy
from heroes_forensics.pipelines.case.journal import now
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.pipelines.runs import committing
from heroes_forensics.store import derived, integrity, progress, queries, tally


def finish(run: Run, integrity_of: JSON) -> tuple[str, JSON]:
    """Commit to what the run found, and close it; return its outcome and its counts.

    Args:
        run: with nothing left to do, or interrupted.
        integrity_of: the status of the verification of each source, by its label.
    """
    database, journal = run.database, run.journal
    with database.transaction():
        database.make_indexes()
    cells = tally.cells(database)
    equations = {
        each: queries.equation(database, each, cells)
        for each in queries.volumes_of(database, run.id)
    }
    _unaccounted(run, equations)
    _containers_unaccounted(run)
    counts = _counts(run, equations.values())
    gaps = counts["gaps_by_code"]
    unexpected = queries.unexpected(gaps if isinstance(gaps, dict) else {})
    outcome = "complete"
    if unexpected or counts["not_reached"]:
        outcome = "partial"
    if run.interrupted:
        outcome = "interrupted"
    key = commitments.new_inventory_key()
    inventory_root, inventory_count = committing.inventory(run, key)
    found = list(committing.findings(run))
    committed = commitments.commit(found)
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
        journal.event("findings.committed", committing.event(run, found, committed, sealed))
        digest = integrity.run_digest(database, run.id).hex()
        journal.event("coverage.declared", _coverage(run, counts) | {"rows_sha256": digest})
        if run.interrupted:
            journal.event(
                "run.interrupted",
                {"run": run.uuid, "cause": run.stop.cause, "done_through": _ended(counts)},
            )
        else:
            journal.event("run.completed", _completed(run, outcome, counts, committed))
        facts: JSON = {"counts": counts, "integrity": integrity_of, "alarm": run.alarm}
        records.run_ended(run.id, ended, outcome, facts)
    journal.checkpoint("run ended")
    run.teller.run(run.uuid, outcome, run.stop.cause)
    return outcome, counts


def ended(run: Run) -> bool:
    """Say whether the end of a run is on record."""
    outcome = run.database.value("SELECT outcome FROM run WHERE id=?", (run.id,))
    return outcome is not None


def break_off(run: Run, cause: str) -> None:
    """Write that a run ends at once, and nothing else: what it committed stays as it is."""
    so_far = progress.so_far(run.database, run.id)
    with run.journal.transaction() as records:
        body: JSON = {"run": run.uuid, "cause": cause, "done_through": so_far.items_ended}
        run.journal.event("run.interrupted", body)
        records.run_interrupted(run.id, now())
    run.teller.run(run.uuid, "interrupted", cause)


def _ended(counts: JSON) -> int:
    return sum(_int(counts[name]) for name in ("digested", "no_content", "policy", "gaps"))


def _unaccounted(run: Run, equations: Mapping[int, queries.Equation]) -> None:
    """Record a gap for each volume whose entry equation does not close though all was read."""
    for number, source, label, key in list(
        run.database.rows(
            "SELECT v.id, s.id, s.label, v.key FROM volume v JOIN source s ON s.id = v.source_id"
            " JOIN run_source r ON r.source_id = s.id WHERE v.state = 'listed' AND r.run_id=?",
            (run.id,),
        )
    ):
        found = equations[number]
        ended = found.digested + found.no_content + found.policy + found.gaps
        if found.closes or (run.interrupted and ended < found.stored):
            continue
        detail: JSON = {"listed": found.listed, "stored": found.stored, "ended": ended}
        with run.journal.transaction():
            run.gap(
                Gap(f"{label}/{key}", "listing.unaccounted", detail), source=source, volume=number
            )


def _containers_unaccounted(run: Run) -> None:
    """Record a gap for each container of which other members are on record than were counted."""
    volumes = {
        number: (source, f"{label}/{key}")
        for number, source, label, key in run.database.rows(
            "SELECT v.id, s.id, s.label, v.key FROM volume v JOIN source s ON s.id = v.source_id"
            " JOIN run_source r ON r.source_id = s.id WHERE r.run_id=?",
            (run.id,),
        )
    }
    for row in list(derived.unaccounted(run.database)):
        if row.volume in volumes:
            source, where = volumes[row.volume]
            gap = Gap(
                f"{where}/{row.locator}",
                "listing.unaccounted",
                {"listed": row.listed, "stored": row.stored},
            )
            with run.journal.transaction():
                run.gap(gap, source=source, volume=row.volume)


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


def _counts(run: Run, equations: Collection[queries.Equation]) -> JSON:
    """Count what this run listed and examined; what earlier runs of the case did is theirs."""
    database = run.database
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
        **derived.totals(database, run=run.id),
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


def _unallocated(run: Run) -> JSON | str:
    """Return how many bytes of space in no use there are, by bitmaps, and were searched."""
    if not run.config.get("carve"):
        return "not examined"
    found = [
        json.loads(listing).get("blocks", {})
        for (listing,) in run.database.rows(
            "SELECT v.listing FROM volume v JOIN run_source r ON r.source_id = v.source_id"
            " WHERE r.run_id=? AND v.listing IS NOT NULL",
            (run.id,),
        )
    ]
    names = ("unallocated", "volume_slack", "searched", "unread", "file_slack", "slack_searched")
    return {name: sum(int(each.get(name, 0)) for each in found) for name in names}


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
    sums = derived.totals(run.database, run=run.id)
    return {
        "run": run.uuid,
        "partitions": partitions,
        "unallocated": _unallocated(run),
        "encrypted_areas": encrypted,
        "unsupported": unsupported,
        "counts": {name: counts[name] for name in (*names, *sums)},
    }
