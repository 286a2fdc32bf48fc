"""A custody bundle as a whole scan leaves it, made with fixed test keys; and ways to alter it."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics.custody import (
    chain,
    checks,
    commitments,
    keys,
    merkle,
    notes,
    seal,
    verify_custody,
)
from heroes_forensics.custody.bundle import Bundle
from heroes_forensics.custody.ledger import Ledger, Stamp
from heroes_forensics.model import JSON

LEDGER_ID: Final = "10000000-0000-4000-8000-000000000001"
RUN: Final = "20000000-0000-4000-8000-000000000002"
PROC: Final = "30000000-0000-4000-8000-000000000003"
DOMAIN: Final = "lab.example"
SOFTWARE: Final = {"id": "heroes-forensics/test", "kind": "software"}
PERSON: Final[JSON] = {"id": "ex-0142", "kind": "person"}
BEGIN: Final = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
MARKED: Final = "NAME-THAT-NOBODY-MAY-SEE.jpg"
HEX: Final = "5a" * 32


def private_key(name: str) -> Ed25519PrivateKey:
    """Return the test key called ``name``; never used outside tests."""
    seed = hashlib.sha256(f"heroes-forensics test key {name}".encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)


SIGNER: Final = keys.LedgerKey(keys.origin(DOMAIN, LEDGER_ID), private_key("ledger"))
LAB: Final = str(notes.of(keys.LedgerKey(DOMAIN, private_key("ledger"))))
"""What the laboratory would publish: trusted for every ledger of its domain."""
WITNESS: Final = keys.LedgerKey(
    "court.example/witness", private_key("witness"), key_type=notes.COSIGNATURE
)


def person(name: str) -> keys.LedgerKey:
    """Return the key by which the person ``name`` of the laboratory signs."""
    return keys.LedgerKey(f"{DOMAIN}/person/{name}", private_key(name), notes.COSIGNATURE)


@dataclass
class Writer:
    """Writes events one second apart and checkpoints, without a database."""

    bundle: Bundle
    signer: notes.Signer = SIGNER
    lines: list[bytes] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    begin: datetime = BEGIN

    def event(self, kind: str, body: JSON, *, actor: JSON | None = None) -> None:
        """Append one event."""
        number = self.ledger.size
        stamp = Stamp(
            chain.timestamp(self.begin + timedelta(seconds=number)), number * 1_000_000, PROC
        )
        line = self.ledger.compose(kind, body, actor=actor or SOFTWARE, stamp=stamp)
        self.ledger.take(line)
        self.lines.append(line)
        with self.bundle.ledger.open("ab") as stream:
            stream.write(line)

    def checkpoint(
        self, reason: str, *, witness: bool = False, people: Sequence[notes.Signer] = ()
    ) -> None:
        """Sign what is there and say so."""
        note = self.ledger.checkpoint(self.signer, last=self.bundle.last_checkpoint())
        for signer in [*([WITNESS] if witness else []), *people]:
            text = notes.parse(note).text
            note += notes.signature_line(text, signer, time=int(self.begin.timestamp()) + 60)
        facts: JSON = {"size": self.ledger.size, "root": self.ledger.root.hex(), "reason": reason}
        self.bundle.add_checkpoint(note)
        self.event("ledger.checkpointed", facts)

    def publish(self) -> None:
        """Write the manifest."""
        time = chain.timestamp(self.begin + timedelta(hours=1))
        self.bundle.publish(self.signer, ledger=LEDGER_ID, time=time)


def opened(signer: notes.Signer = SIGNER, ledger_id: str = LEDGER_ID) -> JSON:
    """Return the body of ``ledger.opened``."""
    return {
        "ledger": ledger_id,
        "origin": signer.name,
        "spec": chain.SPEC,
        "hash": "sha256",
        "keys": [str(notes.of(signer))],
        "witness_keys": [str(notes.of(WITNESS))],
        "case_ref": "CASE-1",
    }


def digest(status: str = "match") -> JSON:
    """Return the body of ``evidence.verified``."""
    row = {
        "alg": "sha256",
        "scope": "media",
        "computed": HEX,
        "expected": HEX,
        "expected_source": "container",
    }
    return {
        "evidence": "ABC/1",
        "status": status,
        "digests": [row, {**row, "alg": "md5", "computed": "5a" * 16, "expected": None}],
        "bytes_read": 3_000_000,
        "read_errors": 0,
        "zero_bytes": 12,
    }


EARLY: Final[tuple[tuple[str, JSON], ...]] = (
    (
        "authority.recorded",
        {
            "kind": "warrant",
            "reference": "GS 12/26",
            "issued_by": "District court",
            "valid_from": "2026-03-01",
            "valid_to": "2026-03-31",
            "scope_text": "all storage media of the flat",
        },
    ),
    (
        "policy.declared",
        {"names": "sealed", "plugins": [], "overrides": [], "key_protection": "file"},
    ),
    (
        "evidence.registered",
        {
            "evidence": "ABC/1",
            "kind": "image",
            "format": "ewf",
            "size": 3_000_000,
            "segments": [{"name_ref": "segment-1", "size": 1_000_000}],
        },
    ),
    (
        "environment.recorded",
        {
            "host_ref": "this-host",
            "os": "Linux",
            "python": "3.11.7",
            "packages_sha256": HEX,
            "program_version": "0.1.0",
            "program_sha256": HEX,
            "libraries": [{"name": "dfvfs", "version": "1"}],
            "self_test": "pass",
        },
    ),
    (
        "method.declared",
        {"method": "exact", "version": "1", "thresholds": {}, "decision_rule": "equal digests"},
    ),
    (
        "hashset.loaded",
        {
            "hashset": "demo",
            "version": "2026-01",
            "provider": "Demo",
            "file_sha256": HEX,
            "entries": 3,
            "algorithms": ["sha256"],
            "signature_checked": False,
        },
    ),
    ("case.unlocked", {"purpose": "scan", "key": "working"}),
    (
        "evidence.opened",
        {
            "evidence": "ABC/1",
            "mode": "read-only",
            "opener": "heroes-forensics",
            "versions": [{"name": "heroes-forensics", "version": "0.1.0"}],
        },
    ),
)
"""What comes before a run."""

FINDINGS: Final[tuple[tuple[str, JSON], ...]] = tuple(
    (
        f"F-{number:06d}",
        {"evidence": "ABC/1", "match_kind": "exact", "size": 1000 + number, "path": MARKED},
    )
    for number in range(1, 6)
)
COMPLETED: Final[JSON] = {
    "run": RUN,
    "outcome": "complete",
    "files_seen": 12,
    "files_hashed": 9,
    "files_skipped": 2,
    "skipped_by_reason": {"without_content": 1, "policy": 1},
    "errors": 1,
    "errors_by_kind": {"stream_short": 1},
    "bytes_read": 123_456,
    "result_sha256": None,
}


def begin(folder: Path, signer: notes.Signer = SIGNER) -> Writer:
    """Open a ledger and bring it to the point where a run starts."""
    bundle = Bundle(folder)
    bundle.create()
    bundle.write_keys(signer, [str(notes.of(WITNESS))])
    writer = Writer(bundle, signer)
    writer.event("ledger.opened", opened(signer), actor=PERSON)
    writer.checkpoint("opened")
    for kind, body in EARLY:
        writer.event(kind, body)
    return writer


def start_run(writer: Writer, run: str = RUN, **changes: object) -> None:
    """Announce a run."""
    config = writer.bundle.write_run(run, "config.yaml", b"profile: standard\n")
    writer.event("config.declared", {"config_sha256": config, "profile": "standard"})
    body: JSON = {
        "run": run,
        "evidence": ["ABC/1"],
        "purpose": "scan",
        "authority": "GS 12/26",
        "method": "exact",
        "hashsets": ["demo"],
        "config_sha256": config,
    }
    writer.event("run.started", {**body, **changes})


def end_run(writer: Writer, run: str = RUN) -> None:
    """Commit to what a run found, and close it."""
    bundle = writer.bundle
    for unit in range(3):
        counts: JSON = {"run": run, "unit": unit, "items": 4, "gaps": 0, "rows_sha256": HEX}
        writer.event("unit.completed", counts)
    writer.event("evidence.verified", digest())
    inventory_key = bytes(range(32))
    leaves = [
        commitments.inventory_leaf(inventory_key, index, chain.canonical({"id": index}) + b"\n")
        for index in range(12)
    ]
    bundle.write_run(run, "inventory.leaves", b"".join(leaves))
    writer.event(
        "inventory.committed",
        {
            "run": run,
            "count": 12,
            "root": merkle.root(leaves).hex(),
            "tree": commitments.INVENTORY,
        },
    )
    committed = commitments.commit(FINDINGS)
    bundle.write_run(run, "findings.commitments.jsonl", b"".join(committed.lines))
    identity, recipient = seal.new_identity()
    del identity
    sealed = bundle.write_run(run, "sealed.age", seal.seal(b"".join(committed.sealed), [recipient]))
    writer.event(
        "findings.committed",
        {
            "run": run,
            "count": len(FINDINGS),
            "counts_by_kind": {"exact": len(FINDINGS)},
            "root": committed.root.hex(),
            "tree": commitments.FINDINGS,
            "sealed_sha256": sealed,
            "recipients": ["working", "recovery-1"],
        },
    )
    writer.event(
        "coverage.declared",
        {
            "run": run,
            "partitions": ["p2048"],
            "unallocated": "not examined",
            "encrypted_areas": [],
            "unsupported": [],
        },
    )
    writer.event("run.completed", {**COMPLETED, "run": run})
    writer.checkpoint("run ended", witness=True)


def report(writer: Writer, version: int = 1) -> None:
    """Issue a report and sign the end of the ledger."""
    files = [
        {
            "name": name,
            "sha256": writer.bundle.write(f"report/{name}", f"{name} v{version}".encode()),
        }
        for name in ("report.html", "report.json")
    ]
    writer.event(
        "report.issued",
        {
            "report": "R-1",
            "number": 1,
            "version": version,
            "files": files,
            "authorised_by": None,
        },
    )
    writer.checkpoint("report issued")


def scanned(folder: Path, signer: notes.Signer = SIGNER) -> Writer:
    """Make the whole bundle."""
    writer = begin(folder, signer)
    start_run(writer)
    end_run(writer)
    report(writer)
    writer.publish()
    return writer


@dataclass(frozen=True)
class Seen:
    """What the two verifiers say of one folder."""

    codes: frozenset[str]
    exit_code: int


def both(
    folder: Path, *, trust: str | None = LAB, strict: bool = False, kept: Path | None = None
) -> Seen:
    """Verify with the main program and with the stand-alone file; they must agree."""
    anchors = []
    if kept:
        says = notes.read_checkpoint(notes.parse(kept.read_bytes()).text)
        anchors.append(checks.Anchor(says.size, says.root))
    known = [trust] if trust else None
    found = checks.verify_bundle(folder, trust=known, strict=strict, anchors=anchors)
    arguments = [str(folder), "--json"]
    arguments += ["--anchor", str(kept)] if kept else []
    arguments += ["--key", trust] if trust else []
    arguments += ["--strict"] if strict else []
    code, text = alone(arguments)
    rows = json.loads(text)["problems"]
    assert {row["code"] for row in rows} == found.codes
    assert {(row["code"], row["class"]) for row in rows} == {
        (row["code"], row["class"]) for row in _rows(found)
    }
    assert code == found.exit_code
    assert "tamper" not in (found.text() + text).lower()
    assert MARKED not in found.text() + text
    return Seen(found.codes, code)


def _rows(found: checks.Verification) -> list[dict[str, str]]:
    rows = found.as_json()["problems"]
    assert isinstance(rows, list)
    return rows


def alone(arguments: list[str]) -> tuple[int, str]:
    """Run the stand-alone verifier in this process; return its exit code and stdout."""
    out = StringIO()
    with redirect_stdout(out), redirect_stderr(sys.stderr):
        code = verify_custody.main(arguments)
    return code, out.getvalue()


def rewritten(
    folder: Path, change: Callable[[list[JSON]], list[JSON]], *, name: str = "ledger.jsonl"
) -> list[bytes]:
    """Change events and link the chain anew, as somebody without the key would."""
    path = folder / name
    events = [json.loads(line) for line in path.read_bytes().splitlines()]
    lines: list[bytes] = []
    previous = chain.GENESIS
    for number, event in enumerate(change(events)):
        line = chain.canonical({**event, "seq": number, "prev": previous}) + b"\n"
        previous = chain.line_sha256(line)
        lines.append(line)
    path.write_bytes(b"".join(lines))
    return lines


def resign(
    folder: Path, lines: list[bytes], sizes: list[int] | None = None, signer: notes.Signer = SIGNER
) -> None:
    """Sign checkpoints anew over changed lines, as somebody with the key would."""
    leaves = [merkle.leaf(line) for line in lines]
    for path in sorted((folder / "checkpoints").glob("*.txt")):
        size = int(path.stem)
        if sizes is None or size in sizes:
            text = notes.checkpoint_text(signer.name, size, merkle.root(leaves[:size]))
            path.write_bytes(notes.sign(text, [signer]))


def republish(folder: Path, signer: notes.Signer = SIGNER) -> None:
    """Write the manifest anew, with the key."""
    time = chain.timestamp(BEGIN + timedelta(hours=2))
    Bundle(folder).publish(signer, ledger=LEDGER_ID, time=time)


def files(folder: Path) -> Iterator[str]:
    """Yield the names of all files of a bundle."""
    for base, _, names in os.walk(folder):
        yield from (os.path.relpath(os.path.join(base, name), folder) for name in sorted(names))  # noqa: PTH118 - plain walk
