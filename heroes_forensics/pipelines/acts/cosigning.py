"""Cosigning: a person, or a witness from elsewhere, signs the state of a ledger with its time.

What is signed is verified first, as far as it is at hand, and never signed when it contradicts what
this home has seen of the same ledger: that is what a cosignature is worth.
"""

import time
from pathlib import Path
from typing import NamedTuple

from heroes_forensics.custody import bundle, given, highwater, keys, notes, persons
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory, ledger_events, outgoing
from heroes_forensics.pipelines.case.cases import opened
from heroes_forensics.pipelines.case.folders import exists
from heroes_forensics.pipelines.checks import verifying
from heroes_forensics.store.database import Database


class _Note(NamedTuple):
    data: bytes
    says: notes.Checkpoint


def cosign(
    path: Path,
    person: str,
    *,
    output: Path | None = None,
    passphrase: str | None = None,
    person_passphrase: str | None = None,
) -> JSON:
    """Cosign the newest checkpoint of a case or of a bundle, or one checkpoint in a file.

    Args:
        path: a case, whose record takes the line; a bundle; or a file of one checkpoint.
        person: staff identifier, whose key lies in this home.
        output: where the checkpoint with the new line goes, when ``path`` is no case.
        passphrase: of the laboratory's keys; needed for a case.
        person_passphrase: of the person's key.

    Raises:
        UsageError: nothing can be signed here, the case does not declare the key of ``person``, or
            ``output`` is missing or there already.
        CustodyError: the record does not verify, or contradicts what was seen before.
    """
    signer = persons.load(laboratory.home(), person, passphrase=person_passphrase)
    if exists(path):
        _check(path)
        with opened(path, passphrase=passphrase) as case:
            _check_declared(case.database, signer, person)
            case.begin()
            note = _newest(case.bundle.root)
            signed = _signed(note, signer)
            if signed != note.data:
                case.bundle.add_checkpoint(signed)
            case.publish()
    else:
        if output is None:
            raise UsageError(
                "say where the signed checkpoint goes", hint="for example: --output signed.txt"
            )
        if path.is_dir():
            _check(path)
            note = _newest(path)
        else:
            note = _read(path)
        _check_ours(note)
        _check_seen(note.says)
        signed = _signed(note, signer)
        with outgoing.file(output) as write:
            write(signed)
        _remember(note.says)
    return {
        "type": "cosignature",
        "signer": signer.name,
        "origin": note.says.origin,
        "size": note.says.size,
        "root": note.says.root.hex(),
        "whole": path.is_dir(),
    }


def take(case_dir: Path, file: Path, *, passphrase: str | None = None) -> JSON:
    """Take the signature lines of a copy of a checkpoint into the record.

    Only lines of keys that the ledger declares are taken, and only when they fit.

    Raises:
        UsageError: the file is no checkpoint of this case, or holds no new signature of a declared
            key.
        CustodyError: the case does not verify.
    """
    copy = _read(file)
    with opened(case_dir, passphrase=passphrase) as case:
        target = case.bundle.path(bundle.checkpoint_name(copy.says.size))
        mine = target.read_bytes() if target.exists() else b""
        if not mine or notes.parse(mine).text != notes.parse(copy.data).text:
            raise UsageError("this checkpoint is none of this case")
        known = notes.parse(mine)
        signed = notes.parse(copy.data)
        new = [
            key
            for key in _cosigners(case.database)
            if notes.verdict(signed, key).good and not notes.verdict(known, key).present
        ]
        if not new:
            raise UsageError(
                "the file holds no new signature of a person or witness of this case",
                hint="declare who signed first: heroes case person CASE ID --role ROLE",
            )
        case.begin()
        by = {(key.name, key.key_id) for key in new}
        lines = [notes.line(each) for each in signed.signatures if (each.name, each.key_id) in by]
        case.bundle.add_checkpoint(mine + b"".join(lines))
        case.publish()
    return {"type": "cosignatures", "size": copy.says.size, "signers": [key.name for key in new]}


def _cosigners(database: Database) -> list[notes.VerifierKey]:
    """Return the keys of witnesses and persons that the ledger declares."""
    found: list[str] = []
    for event in ledger_events.of(database, "ledger.opened", "actor.declared"):
        found += event.body.get("witness_keys") or ()
        found += [event.body["key"]] if event.body.get("key") else []
    return [notes.vkey(text) for text in dict.fromkeys(found)]


def _check_declared(database: Database, signer: notes.Signer, person: str) -> None:
    """Refuse a signature that nobody could count: the ledger names no such key."""
    if not any(key.name == signer.name for key in _cosigners(database)):
        raise UsageError(
            f"this case declares no key of {person}, so the signature would count for nothing",
            hint=f"declare it first: heroes case person CASE {person} --role ROLE",
        )


def _check(path: Path) -> None:
    """Verify what a cosignature would stand for.

    Raises:
        CustodyError: it does not verify.
    """
    result = verifying.verify(path)
    if result["exit_code"] == CustodyError.exit_code:
        raise CustodyError(
            f"the record is not signed: {result['headline']}",
            hint="run `heroes verify` for everything that was found",
        )


def _check_seen(says: notes.Checkpoint) -> None:
    """Compare a checkpoint with the newest that this home saw of the same ledger.

    Raises:
        CustodyError: they cannot both be of it, or the one to sign is older.
    """
    mark = highwater.load(laboratory.home()).get(says.origin)
    if mark is None or says.size > mark.size:
        return
    if says.size < mark.size:
        raise CustodyError(
            f"the checkpoint is not signed: one of {mark.size} events was seen before",
            hint="ask for the newest checkpoint",
        )
    if says.root.hex() != mark.root:
        raise CustodyError("the checkpoint is not signed: another one of this size was seen before")


def _check_ours(note: _Note) -> None:
    """Refuse what bears the name of this laboratory, and none of its signatures.

    It would be remembered, and the true record would not be gone on with.

    Raises:
        CustodyError: it does.
    """
    home, origin = laboratory.home(), note.says.origin
    if keys.protection(home) is None:
        return
    described = keys.laboratory(home)
    if not origin.startswith(f"{described['domain']}/custody/"):
        return
    former = described.get("former")
    listed = [described, *(former if isinstance(former, list) else [])]
    ours = [notes.vkey(str(each["vkey"])).public for each in listed if isinstance(each, dict)]
    parsed = notes.parse(note.data)
    if not any(
        notes.verdict(parsed, notes.VerifierKey(origin, notes.ED25519, public)).good
        for public in ours
    ):
        raise CustodyError(
            "the checkpoint is not signed: it says that it is of this laboratory, whose key did not"
            " sign it"
        )


def _remember(says: notes.Checkpoint) -> None:
    """Remember a state that was signed; of a key made for one case nobody knows whose it is."""
    if not says.origin.startswith(f"{keys.CASE_LOCAL_DOMAIN}/"):
        mark = highwater.Mark(says.size, says.root.hex())
        highwater.advance(laboratory.home(), says.origin, mark)


def _newest(root: Path) -> _Note:
    reader = bundle.Reader(root)
    found = [_read(root / name) for name in reader.checkpoints()]
    if not found:
        raise UsageError("there is no checkpoint that could be signed")
    return max(found, key=lambda note: note.says.size)


def _read(path: Path) -> _Note:
    data = given.read(path, notes.MAX_NOTE, "the checkpoint")
    try:
        return _Note(data, notes.read_checkpoint(notes.parse(data).text))
    except CustodyError as error:
        raise UsageError("the file is no checkpoint", hint=str(error)) from error


def _signed(note: _Note, signer: notes.Signer) -> bytes:
    """Return a note with a line by ``signer``; as it is when there is one."""
    parsed = notes.parse(note.data)
    if notes.verdict(parsed, notes.of(signer)).present:
        return note.data
    return note.data + notes.signature_line(parsed.text, signer, time=int(time.time()))
