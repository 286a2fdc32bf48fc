"""The yearly proof that the recovery recipient alone opens what a case sealed.

Nothing that is opened is shown, kept or looked at: it is compared with what was committed to.
"""

import hashlib
import json
from pathlib import Path

from heroes_forensics.custody import bundle, commitments, seal
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import ledger_events
from heroes_forensics.pipelines.case.cases import OpenCase, opened


def drill(
    case_dir: Path, identity: str, *, examiner: str = "", passphrase: str | None = None
) -> JSON:
    """Open the sealed part of the newest run with one recovery identity, and record whether it did.

    Args:
        case_dir: the case.
        identity: the age identity of a recovery recipient; held by another person.
        examiner: who drills; the examiner of the case when empty.
        passphrase: of the laboratory's keys, which sign the record of it and open nothing.

    Raises:
        UsageError: the identity is none, or none of a recovery recipient; there is nothing sealed.
        CustodyError: the case does not verify, or the sealed part is not what was committed.
    """
    recipient = seal.recipient_of(identity.strip())
    with opened(case_dir, passphrase=passphrase) as case:
        names = {text: name for name, text in case.recipients}
        name = names.get(recipient, "")
        if name in {"", "working"}:
            raise UsageError(
                "this identity is not that of a recovery recipient of the laboratory or the case",
                hint="see who they are: heroes case recipients CASE",
            )
        run, data, committed = _sealed(case)
        why = _opens(data, identity.strip(), committed)
        case.begin()
        said: JSON = {
            "recipient": name,
            "run": run,
            "sealed_sha256": hashlib.sha256(data).hexdigest(),
            "opened": not why,
        }
        case.journal.event("recovery.drilled", said, person=examiner or case.examiner)
        case.journal.checkpoint("recovery drilled")
        case.publish()
    if why:
        raise CustodyError(why, hint="the failed drill is on record: make new recovery keys")
    return {"type": "drill", **said}


def _sealed(case: OpenCase) -> tuple[str, bytes, JSON]:
    """Return run, sealed file and what was committed, of the newest run that sealed anything."""
    for event in ledger_events.of(case.database, "findings.committed", newest_first=True):
        run = str(event.body["run"])
        path = case.bundle.path(bundle.of_run(run, bundle.SEALED))
        if path.exists():
            return run, path.read_bytes(), event.body
    raise UsageError("the case has no sealed part to open", hint="scan something first")


def _opens(data: bytes, identity: str, committed: JSON) -> str:
    """Return what is wrong; empty when the identity opens what was committed."""
    if hashlib.sha256(data).hexdigest() != committed["sealed_sha256"]:
        raise CustodyError("the sealed part of the run is not the one that was committed")
    try:
        lines = seal.open_sealed(data, [identity]).splitlines()
    except UsageError:
        return "the sealed part does not open for the recovery recipient"
    salts = sum(len(json.loads(line)["salts"]) for line in lines[1:])
    if salts != len(commitments.FIELDS) * int(str(committed["count"])):
        return "the sealed part opens, and does not hold all findings that were committed"
    return ""
