"""What a run commits to at its end: every item seen, every finding, and the sealed file.

The trees go into the bundle as numbers that show nothing; names, values and salts into
``sealed.age`` alone. The events that hold the roots are written by `closing`.
"""

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from heroes_forensics.custody import bundle, chain, commitments, merkle, seal
from heroes_forensics.frames import Status
from heroes_forensics.model import GAP_CODES, JSON
from heroes_forensics.pipelines.case.cases import OnRecord
from heroes_forensics.pipelines.case.telling import number_text
from heroes_forensics.pipelines.examining.run import Run
from heroes_forensics.store import columns, queries, standing

_OUTCOMES: Final[Mapping[int | None, str]] = {
    None: "not-reached",
    **{status: status.name.lower() for status in Status},
}


def inventory(run: Run, key: bytes) -> tuple[bytes, int]:
    """Write ``inventory.leaves``, one salted leaf an item; return the root and the count."""
    tree = merkle.Tree()

    def leaves() -> Iterator[bytes]:
        for block in columns.outcomes(run.database, run.id):
            found = commitments.inventory_leaves(key, tree.size, inventory_rows(block))
            tree.extend(found)
            yield b"".join(found)

    run.case.bundle.write_pieces(bundle.of_run(run.uuid, bundle.INVENTORY), leaves())
    return tree.root(), tree.size


def inventory_rows(block: columns.Outcomes) -> list[bytes]:
    """Return what leaves of the inventory tree stand for: a canonical object and an LF each.

    Written out by hand, as there is one for each item of a case: keys in order, and no character
    that `wire` lets through in a locator is one that JSON escapes.
    """
    source, volume, *found = block
    start = _escaped(f"{source}/{volume}")
    return [
        (
            f'{{"gap":"{GAP_CODES[gap or 0]}","locator":"{start}/{locator}",'
            f'"sha256":{_quoted(sha256)},"size":{size},"status":"{_OUTCOMES[status]}"}}\n'
        ).encode()
        for locator, size, status, gap, sha256 in zip(*found, strict=True)
    ]


def _quoted(digest: bytes | None) -> str:
    return f'"{digest.hex()}"' if digest else "null"


@lru_cache
def _escaped(text: str) -> str:
    return chain.canonical(text).decode()[1:-1]


def findings(run: OnRecord) -> Iterable[tuple[str, JSON]]:
    """Return the values of every finding of the run, names opened, for committing.

    Those are the findings it was the first to make, and earlier ones that it found listed
    otherwise; as they stand when it ends.
    """
    sealer = run.case.sealer() if run.case.facts["names"] == "sealed" else None
    mine = {
        number
        for (number,) in run.database.rows(
            "SELECT m.finding FROM match m JOIN unit u ON u.id = m.unit_id"
            " WHERE m.finding IS NOT NULL AND u.run_id=?1"
            " UNION SELECT r.finding FROM restated r JOIN unit u ON u.id = r.unit_id"
            " WHERE u.run_id=?1",
            (run.id,),
        )
    }
    for each in standing.findings(run.database):
        if each.finding not in mine or each.status != standing.CURRENT:
            continue
        item = queries.item(run.database, each.item_id)
        if item is None:
            continue
        path = item.path
        if sealer is not None and path:  # empty: erased
            path = sealer.open(item.id, path)
        yield (
            number_text(each.finding),
            {
                "category": str(each.facts.get("category") or ""),
                "evidence": item.source,
                "hash_md5": item.md5.hex() if item.md5 else None,
                "hash_sha1": item.sha1.hex() if item.sha1 else None,
                "hash_sha256": item.sha256.hex() if item.sha256 else None,
                "hashset": str(each.set["name"]),
                "locator": item.full_locator,
                "match_kind": each.grade,
                "name": _text(path.rsplit(b"/", 1)[-1]) if path else None,
                "path": _text(path) if path else None,
                "perceptual": each.facts.get("near"),
                "size": item.size,
            },
        )


def counts_by_kind(found: Iterable[tuple[str, JSON]]) -> JSON:
    """Count findings that are exact and those that look like what is listed, as events do."""
    counts = Counter("exact" if each["perceptual"] is None else "perceptual" for _, each in found)
    return {"exact": 0, **counts}


def _text(name: bytes) -> object:
    """Return a name in the ledger's form: text where it is UTF-8, else its bytes."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(name).decode()}


def sealed(run: OnRecord, committed: commitments.Committed, key: bytes) -> str:
    """Write ``sealed.age`` and the public commitments; return the digest of the sealed file."""
    run.case.bundle.write_run(run.uuid, bundle.FINDINGS, b"".join(committed.lines))
    head = chain.canonical(
        {"v": 1, "run": run.uuid, "inventory_key": key.hex(), "result": committed.result_sha256}
    )
    plain = b"".join([head, b"\n", *committed.sealed])
    recipients = [recipient for _, recipient in run.case.recipients]
    return run.case.bundle.write_run(run.uuid, bundle.SEALED, seal.seal(plain, recipients))


def event(
    run: OnRecord,
    found: Iterable[tuple[str, JSON]],
    committed: commitments.Committed,
    sealed_sha256: str,
) -> JSON:
    """Return the details of ``findings.committed``.

    Args:
        run: whose findings they are.
        found: the findings, each with its kind.
        committed: their tree.
        sealed_sha256: digest of the sealed file.
    """
    return {
        "run": run.uuid,
        "count": len(committed.lines),
        "counts_by_kind": counts_by_kind(found),
        "root": committed.root.hex(),
        "tree": commitments.FINDINGS,
        "sealed_sha256": sealed_sha256,
        "recipients": [name for name, _ in run.case.recipients],
    }
