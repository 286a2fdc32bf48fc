"""The catalogue of hash sets: listing, showing, deciding, comparing editions, verifying."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

from heroes_forensics.errors import (
    HashSetError,
    StoppedError,
)
from heroes_forensics.hashsets.catalogue import Catalogue
from heroes_forensics.hashsets.comparing import compare
from heroes_forensics.hashsets.editions import DAMAGED, SetRecord
from heroes_forensics.hashsets.governing import described as signature_text
from heroes_forensics.hashsets.hset import HashSetFile
from heroes_forensics.hashsets.layout import Header
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory


def catalogue() -> Catalogue:
    """Return the catalogue of this home."""
    return Catalogue(laboratory.home())


def list_sets() -> Iterator[JSON]:
    """Yield every edition of every set."""
    for record in catalogue().list():
        yield {"type": "set", **_facts(record)}


def _facts(record: SetRecord) -> dict[str, Any]:
    header = record.header
    return {
        "id": header.id,
        "name": header.name,
        "issuer": header.issuer,
        "edition": header.edition,
        "kind": header.kind,
        "kind_stated": header.kind_stated,
        "state": record.state,
        **({"reason": record.reason} if record.reason else {}),
        **({"decided_at": record.decided_at} if record.decided_at else {}),
        **origin(header),
        "format": header.format,
        "scheme": header.scheme,
        "region": header.region,
        "records": header.records,
        "digests": dict(header.digests),
        "values": dict(header.values),
        "source_sha256": header.source_sha256,
        "imported_at": header.imported_at,
    }


def origin(header: Header) -> JSON:
    """Return what the header of a set says of where it comes from, for people to read."""
    said = header.provenance
    known: JSON = {"signature": signature_text(header.signature, said)}
    for name in ("sequence", "issued", "expires", "handling", "manifest_sha256"):
        if said.get(name) not in (None, ""):
            known[name] = said[name]
    known["allowed"] = said.get("allowed", [])
    return known


def show_set(name: str, edition: str = "") -> JSON:
    """Return all that is known of an edition: its facts and its import report.

    Args:
        name: name or id of the set.
        edition: of that set; empty: the newest one in use.

    Raises:
        HashSetError: every edition was retired or retracted, and none is named.
        UsageError: there is none of that name.
    """
    record = catalogue().get(name, edition)
    return {"type": "set", **record.report, **_facts(record)}


def decide(name: str, edition: str, state: str, reason: str) -> JSON:
    """Decide on an edition: dispute, retire, retract it, or take that back.

    Args:
        name: name or id of the set.
        edition: of that set.
        state: a row of `states.DECISIONS`.
        reason: why, for everybody who uses the set later.

    Raises:
        StoppedError: the home cannot be written.
        UsageError: there is no such edition, or no reason.
    """
    found = catalogue()
    record = found.get(name, edition)
    if record.state == DAMAGED:
        raise HashSetError(f"hash set {record.label} is damaged", hint="import it again")
    try:
        found.decide(record, state, reason)
    except OSError as error:
        raise StoppedError(
            f"the catalogue of hash sets cannot be written: {error.strerror}",
            hint="make room, or name another home with HEROES_HOME",
        ) from error
    return {"type": "set", **_facts(found.get(name, edition)), "before": record.state}


def diff(name: str, before: str, after: str, *, passphrase: str | None = None) -> JSON:
    """Count what changed between two editions of a set.

    Raises:
        HashSetError: an edition is damaged, or was written under another key.
        UsageError: there is no such edition.
    """
    found = catalogue()
    records = [found.get(name, edition) for edition in (before, after)]
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key
    with ExitStack() as stack:
        old, new = (stack.enter_context(HashSetFile.open(record.path, key)) for record in records)
        changes = compare(old, new)
    return {
        "type": "diff",
        "name": records[0].header.name,
        "before": before,
        "after": after,
        "records_before": records[0].header.records,
        "records_after": records[1].header.records,
        "digests": {algorithm: row._asdict() for algorithm, row in changes.items()},
    }


def verify_set(name: str | None = None, *, passphrase: str | None = None) -> Iterator[JSON]:
    """Check every byte of a set, or of all, and look planted rows up.

    Raises:
        UsageError: there is none of that name.
    """
    found = catalogue()
    records = [found.get(name)] if name else found.list()
    key = laboratory.catalogue_ring(laboratory.home(), passphrase).set_key if records else b""
    for record in records:
        header = record.header
        row: JSON = {"type": "check", "name": header.name, "edition": header.edition}
        try:
            yield row | {"result": "pass"} | found.verify(record, key)
        except HashSetError as error:
            yield row | {"result": "fail", "detail": str(error)}
