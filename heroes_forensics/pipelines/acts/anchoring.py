"""Anchoring a ledger outside: time stamps asked for and taken in, witnesses and paper recorded.

This program sends nothing anywhere. A request is a file to be carried to a time-stamping authority
(or sent by ``curl``), a reply is a file that comes back.
"""

import hashlib
from pathlib import Path
from typing import Final

from heroes_forensics.custody import bundle, given, notes, timestamp
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import outgoing
from heroes_forensics.pipelines.case.cases import OpenCase, opened
from heroes_forensics.pipelines.checks import brought

METHODS: Final = ("witness", "paper", "mail", "other")
"""Anchors that a person makes; a time stamp has its own way in."""


def request(case_dir: Path, output: Path, *, passphrase: str | None = None) -> JSON:
    """Write a request to stamp the newest checkpoint, into the record and to ``output``.

    Raises:
        UsageError: there is a file already, or the extra ``timestamp`` is missing.
        CustodyError: the case does not verify.
    """
    with outgoing.file(output) as write, opened(case_dir, passphrase=passphrase) as case:
        case.begin()
        case.journal.checkpoint("before a time stamp")
        name, note = _newest(case)
        made = timestamp.request(note.text)
        case.bundle.write(f"timestamps/{name}.tsq", made)
        case.publish()
        write(made)
    says = notes.read_checkpoint(note.text)
    return {"type": "timestamp-request", "size": says.size, "root": says.root.hex()}


def take(
    case_dir: Path, reply: Path, *, roots: Path | None = None, passphrase: str | None = None
) -> JSON:
    """Take a reply into the record, when it is of one of its checkpoints.

    Args:
        case_dir: the case.
        reply: the file that the authority made.
        roots: certificates of the authorities that are trusted, PEM; without them the reply is kept
            unchecked.
        passphrase: of the laboratory's keys.

    Raises:
        UsageError: the file cannot be read, or the checkpoint has another time stamp.
        CustodyError: the reply is of no checkpoint of the case, or does not verify.
    """
    data = given.read(reply, timestamp.MAX_REPLY, "the reply")
    trusted = None if roots is None else brought.roots_of(roots)
    with opened(case_dir, passphrase=passphrase) as case:
        name, note, stamp = _stamped(case, data, trusted)
        says = notes.read_checkpoint(note.text)
        _check_new(case.bundle.path(f"timestamps/{name}.tsr"), data, note, trusted)
        case.begin()
        case.bundle.write(f"timestamps/{name}.tsr", data)
        said: JSON = {
            "size": says.size,
            "root": says.root.hex(),
            "method": "rfc3161",
            "reference": f"time stamp, {stamp.state}",
            "token_sha256": hashlib.sha256(data).hexdigest(),
        }
        if stamp.time:
            said["gen_time"] = stamp.time
        case.journal.event("ledger.anchored", said)
        case.publish()
    return {"type": "timestamp", **said, "state": stamp.state, "why": stamp.why}


def record(
    case_dir: Path,
    method: str,
    reference: str,
    *,
    examiner: str = "",
    passphrase: str | None = None,
) -> JSON:
    """Record that the newest checkpoint was handed to somebody outside, on paper or otherwise.

    Raises:
        UsageError: the method is not one of `METHODS`, or there is no reference.
    """
    if method not in METHODS or not reference.strip():
        raise UsageError("say how the checkpoint was handed out, and where that can be looked up")
    with opened(case_dir, passphrase=passphrase) as case:
        case.begin()
        _, note = _newest(case)
        says = notes.read_checkpoint(note.text)
        said: JSON = {
            "size": says.size,
            "root": says.root.hex(),
            "method": method,
            "reference": reference,
        }
        case.journal.event("ledger.anchored", said, person=examiner or case.examiner)
        case.publish()
    return {"type": "anchor", **said}


def _check_new(here: Path, reply: bytes, note: notes.Note, roots: bytes | None) -> None:
    """Refuse to put a reply in the place of another, which the ledger names by its digest.

    Raises:
        UsageError: another is there, and nothing is wrong with it.
    """
    stored = here.read_bytes() if here.exists() else reply
    if stored != reply and timestamp.check(stored, note.text, roots).state != timestamp.BAD:
        raise UsageError(
            "this checkpoint has a time stamp already, which stays",
            hint="stamp the newest checkpoint: heroes timestamp request CASE --output FILE",
        )


def _newest(case: OpenCase) -> tuple[str, notes.Note]:
    last = case.bundle.last_checkpoint()
    if last is None:
        raise CustodyError("the case has no checkpoint")
    name = bundle.checkpoint_name(last.size)
    return Path(name).stem, notes.parse(case.bundle.path(name).read_bytes())


def _stamped(
    case: OpenCase, reply: bytes, roots: bytes | None
) -> tuple[str, notes.Note, timestamp.Stamp]:
    """Return the checkpoint that a reply is of, among those that were asked for."""
    root = case.bundle.root
    why = "nobody asked for a time stamp"
    for asked in sorted(root.glob("timestamps/*.tsq"), reverse=True):
        note = notes.parse((root / "checkpoints" / f"{asked.stem}.txt").read_bytes())
        stamp = timestamp.check(reply, note.text, roots)
        if stamp.state != timestamp.BAD:
            return asked.stem, note, stamp
        why = stamp.why
    raise CustodyError(
        f"the reply is of no checkpoint of this case: {why}",
        hint="ask for one: heroes timestamp request CASE --output FILE",
    )
