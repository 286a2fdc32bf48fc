"""The events around a run: what it was about to do, and at its end what it came to.

``run.started`` is written before the work and everything else after it, so that a run without an
end is seen as interrupted. What is committed at the end, of the sources of this run: every item
(inventory tree), every finding (salted commitments), the coverage, and the sealed file with names
and values.
"""

import hashlib
import json
import platform
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib import metadata
from typing import Any, Final

from heroes_forensics import __version__
from heroes_forensics.custody import bundle, chain, commitments, events, merkle, seal
from heroes_forensics.frames import Status
from heroes_forensics.model import JSON, Gap, is_policy
from heroes_forensics.pipelines.journal import now
from heroes_forensics.pipelines.known import Sets
from heroes_forensics.pipelines.run import Run, number_text
from heroes_forensics.pipelines.sources import Evidence
from heroes_forensics.store import integrity, queries

METHOD: Final = "exact-digest-matching"
LIBRARIES: Final = (
    "cryptography",
    "dfvfs",
    "libewf-python",
    "numpy",
    "pyrage",
    "pytsk3",
    "sqlalchemy",
)


_OUTCOMES: Final = ("not-reached", *(status.name.lower() for status in Status))


def environment() -> JSON:
    """Return what the ledger records of machine and software; no host name."""
    libraries = [{"name": name, "version": metadata.version(name)} for name in LIBRARIES]
    return {
        "host_ref": "this-host",
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "packages_sha256": _sha256(libraries),
        "program_version": __version__,
        "program_sha256": _program_sha256(),
        "libraries": libraries,
        "self_test": "not-run",
    }


def _sha256(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _program_sha256() -> str:
    """Digest the files of the installed package: path and content of each, in order."""
    from importlib import resources  # noqa: PLC0415 - only here

    digest = hashlib.sha256()
    root = resources.files("heroes_forensics")

    def walk(folder: Any, prefix: str) -> Iterable[tuple[str, bytes]]:  # noqa: ANN401
        for member in sorted(folder.iterdir(), key=lambda each: str(each.name)):
            if member.is_dir() and member.name != "__pycache__":
                yield from walk(member, f"{prefix}{member.name}/")
            elif member.is_file() and not member.name.endswith(".pyc"):
                yield prefix + member.name, member.read_bytes()

    for name, data in walk(root, ""):
        digest.update(f"{hashlib.sha256(data).hexdigest()}  {name}\n".encode())
    return digest.hexdigest()


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
    names = {"make": "make", "model": "model", "serial": "serial", "seal": "seal_number"}
    body.update({names[name]: str(fields[name]) for name in names if fields.get(name)})
    run.journal.event("evidence.registered", body)


def start(run: Run, sets: Sets, labels: Sequence[str]) -> None:
    """Announce the run: environment, configuration, method, sets, then ``run.started``."""
    journal = run.journal
    # JSON is YAML; the bytes of this file are what the ledger holds the digest of.
    text = json.dumps(run.config, sort_keys=True, indent=1) + "\n"
    config = run.case.bundle.write_run(run.uuid, bundle.CONFIG, text.encode())
    facts = environment()
    with journal.transaction() as records:
        records.run_facts(run.id, {"environment": facts})
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
    run.case.bundle.write_run(
        run.uuid, "environment.json", json.dumps(facts, sort_keys=True, indent=1).encode() + b"\n"
    )


def release(run: Run, evidence: Evidence, label: str) -> None:
    """Write that a source is not read any more."""
    del evidence
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
    inventory_root, inventory_count = _inventory(run, key)
    committed = commitments.commit(_findings(run))
    sealed = _sealed(run, committed, key)
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
                " WHERE m.verdict = 'known_good' AND u.run_id=?",
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


def _inventory(run: Run, key: bytes) -> tuple[bytes, int]:
    """Write ``inventory.leaves``, one salted leaf an item; return the root and the count."""
    tree = merkle.Tree()
    leaves = bytearray()
    count = 0
    for outcome in queries.outcomes(run.database, run.id):
        leaf = commitments.inventory_leaf(key, count, inventory_row(outcome))
        tree.add(leaf)
        leaves += leaf
        count += 1
    run.case.bundle.write_run(run.uuid, bundle.INVENTORY, bytes(leaves))
    return tree.root(), count


def inventory_row(outcome: queries.Outcome) -> bytes:
    """Return what one leaf of the inventory tree stands for: a canonical object and an LF.

    Written out by hand, as there is one for each item of a case: keys in order, and no character
    that `wire` lets through in a locator is one that JSON escapes.
    """
    source, volume, locator, size, status, gap, sha256 = outcome
    digest = f'"{sha256.hex()}"' if sha256 else "null"
    return (
        f'{{"gap":"{gap}","locator":"{_escaped(f"{source}/{volume}")}/{locator}","sha256":{digest},'
        f'"size":{size},"status":"{_OUTCOMES[status]}"}}\n'
    ).encode()


@lru_cache
def _escaped(text: str) -> str:
    return chain.canonical(text).decode()[1:-1]


def _findings(run: Run) -> Iterable[tuple[str, JSON]]:
    """Return the values of every finding of the run, names opened, for committing."""
    sealer = run.case.sealer() if run.case.facts["names"] == "sealed" else None
    rows = run.database.rows(
        "SELECT m.finding, m.item_id, m.grade, m.facts, json_extract(h.facts, '$.name')"
        " FROM match m JOIN hashset h ON h.id = m.hashset_id JOIN unit u ON u.id = m.unit_id"
        " WHERE m.finding IS NOT NULL AND u.run_id=? ORDER BY m.finding",
        (run.id,),
    )
    for number, item_id, grade, facts, name in rows:
        item = queries.item(run.database, item_id)
        if item is None:
            continue
        path = item.path if sealer is None else sealer.open(item.id, item.path)
        yield (
            number_text(number),
            {
                "category": str(json.loads(facts).get("category") or ""),
                "evidence": item.source,
                "hash_md5": item.md5.hex() if item.md5 else None,
                "hash_sha1": item.sha1.hex() if item.sha1 else None,
                "hash_sha256": item.sha256.hex() if item.sha256 else None,
                "hashset": str(name),
                "locator": item.full_locator,
                "match_kind": grade,
                "name": _text(path.rsplit(b"/", 1)[-1]),
                "path": _text(path),
                "size": item.size,
            },
        )


def _text(name: bytes) -> object:
    """Return a name in the ledger's form: text where it is UTF-8, else its bytes."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        import base64  # noqa: PLC0415 - rare

        return {"b64": base64.b64encode(name).decode()}


def _sealed(run: Run, committed: commitments.Committed, key: bytes) -> str:
    """Write ``sealed.age`` and the public commitments; return the digest of the sealed file."""
    run.case.bundle.write_run(run.uuid, bundle.FINDINGS, b"".join(committed.lines))
    head = chain.canonical(
        {"v": 1, "run": run.uuid, "inventory_key": key.hex(), "result": committed.result_sha256}
    )
    plain = b"".join([head, b"\n", *committed.sealed])
    recipients = [recipient for _, recipient in run.case.ring.recipients]
    return run.case.bundle.write_run(run.uuid, bundle.SEALED, seal.seal(plain, recipients))
