"""Making, opening and closing a case: its lock, database, keys and ledger."""

import base64
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol
from uuid import uuid4

from heroes_forensics import durable
from heroes_forensics.custody import bundle, chain, events, highwater, keys, notes, seal
from heroes_forensics.errors import CustodyError, StoppedError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import key_change, laboratory, settling
from heroes_forensics.pipelines.case.folders import (
    BUNDLE,
    DATABASE,
    UNBORN,
    check_place,
    clear,
    exists,
)
from heroes_forensics.pipelines.case.journal import Journal, now
from heroes_forensics.pipelines.case.locking import Owner, locked
from heroes_forensics.store import integrity, progress
from heroes_forensics.store.database import Database
from heroes_forensics.store.records import Seal

POLICIES: Final = ("sealed", "clear")
LABEL: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class OnRecord(Protocol):
    """What the record of any run rests on, of a scan or of a later comparison."""

    case: "OpenCase"
    database: Database
    journal: Journal
    id: int
    uuid: str


class OpenCase:
    """A case held for writing."""

    def __init__(
        self,
        folder: Path,
        database: Database,
        journal: Journal,
        ring: keys.KeyRing,
        *,
        before: Owner | None = None,
    ) -> None:
        self.folder = folder
        self.database = database
        self.journal = journal
        self.ring = ring
        self._before = before
        self.facts: dict[str, Any] = database.facts()
        self._sealer: seal.NameSealer | None = None

    @property
    def bundle(self) -> bundle.Bundle:
        """The custody bundle of the case."""
        return bundle.Bundle(self.folder / BUNDLE)

    def begin(self) -> None:
        """Take the record up for writing; done before the first event of whoever opened the case.

        Its manifest goes: that is of a record at rest. What a process that was killed left is said:
        that its lock was taken over, and that its run has no end.
        """
        self.bundle.unpublish(settling.issued(self.database))
        settling.settle(self.database, self.bundle.root)
        before, self._before = self._before, None
        self._change_key()
        cut = progress.runs_without_end(self.database)
        if before is None and not cut:
            return
        with self.journal.transaction() as records:
            if before is not None:
                text = f"the case was taken over from process {before.pid}, which {before.ended}"
                self.journal.event("quality.noted", {"kind": "deviation", "text": text})
            for number, uuid, done in cut:
                body: JSON = {"run": uuid, "cause": "crash", "done_through": done}
                self.journal.event("run.interrupted", body)
                records.run_interrupted(number, None)

    def _change_key(self) -> None:
        """Tell the ledger of a key by which the laboratory replaced the one that signs it."""
        signers = key_change.take_up(self.journal, self.ring, str(self.facts["ledger"]))
        # Each time: whoever was killed in a change left the files of the old key.
        self.bundle.write_keys(self.journal.signer, former=signers[1:])

    def publish(self) -> None:
        """Sign the bundle as it stands, and remember how far its ledger reaches."""
        self.bundle.unpublish(settling.issued(self.database))
        self.bundle.publish(self.journal.signer, ledger=str(self.facts["ledger"]), time=now())
        last = self.bundle.last_checkpoint()
        if last is not None:
            highwater.advance(
                laboratory.home(),
                self.journal.signer.name,
                highwater.Mark(last.size, last.root.hex()),
            )

    @property
    def examiner(self) -> str:
        """Staff identifier of the examiner, empty when none was given."""
        return str(self.facts["examiner"])

    def unlock(self, purpose: str) -> Seal:
        """Return what seals names under the case key, whose unwrapping is an event."""
        self.check_sealed()
        self.journal.event("case.unlocked", {"purpose": purpose, "key": "working"})
        sealer = self.sealer()
        if self.facts["names"] == "clear":
            return _plain
        return sealer.seal_many

    @property
    def recipients(self) -> tuple[tuple[str, str], ...]:
        """(name, age recipient) of everybody who opens what the case seals."""
        own = self.facts.get("recipients") or ()
        return (*self.ring.recipients, *((str(name), str(text)) for name, text in own))

    def check_sealed(self) -> None:
        """Refuse what needs the case key where it was destroyed.

        Raises:
            UsageError: it was; the message says when.
        """
        erased = settling.erased(self.facts)
        if erased is not None:
            raise UsageError(
                f"the sealed part of this case was erased on {erased['time'][:10]} (event"
                f" {erased['event']} of its ledger): nothing can be opened, sealed or compared",
                hint="report and verification still work; examine anew into a new case",
            )

    def open_path(self, item: int, stored: bytes) -> bytes:
        """Return the path of an item from what is stored of it; see `sealer`."""
        if not stored or self.facts["names"] == "clear":  # empty: erased
            return stored
        return self.sealer().open(item, stored)

    def sealer(self) -> seal.NameSealer:
        """Unwrap the case key, once; the caller has written the event that says why."""
        if self._sealer is None:
            self.check_sealed()
            wrapped = base64.b64decode(self.facts["case_key"])
            self._sealer = seal.NameSealer(seal.unwrap_key(wrapped, self.ring.identity))
        return self._sealer


def _plain(names: Sequence[tuple[int, bytes]]) -> list[bytes]:
    """Stand in for sealing where the case's policy is ``clear``."""
    return [name for _, name in names]


@contextmanager
def opened(folder: Path, *, passphrase: str | None = None) -> Iterator[OpenCase]:
    """Hold an existing case for writing.

    Raises:
        CaseBusyError: another process holds it.
        CustodyError: its ledger or database does not verify, or a newer state of it was seen here.
        UsageError: it is no case, or its keys cannot be opened.
        StoppedError: its signing key lies outside and does not sign; nothing was changed.
    """
    if not exists(folder):
        raise UsageError(
            f"{folder} is not a case", hint="give the directory that `heroes scan --case` made"
        )
    with locked(folder) as before:
        bundle.check_regular(folder / BUNDLE)
        database = Database.open(folder / DATABASE)
        try:
            check_rows(database, folder)
            facts = database.facts()
            ring = laboratory.case_ring(facts, passphrase)
            signer = key_change.signer_of(database, ring, facts["ledger"])
            signer.try_out()
            journal = Journal(database, folder / BUNDLE, signer)
            _check_seen(journal)
            yield OpenCase(folder, database, journal, ring, before=before)
        finally:
            database.close()


def _check_seen(journal: Journal) -> None:
    """Refuse to go on from an older copy: two records of one case would bear the same signature.

    Raises:
        CustodyError: this home knows a state of the ledger that this one does not continue.
    """
    mark = highwater.load(laboratory.home()).get(journal.signer.name)
    if mark is not None and not journal.continues(mark.size, bytes.fromhex(mark.root)):
        raise CustodyError(
            f"the record of this case does not go on from the {mark.size} events that were signed"
            " here before",
            hint="nothing was changed: take the newest copy of the case; what an older one lacks is"
            " examined anew in a new case",
        )


def check_rows(database: Database, folder: Path) -> None:
    """Refuse to build on, or to sign a report of, rows that are not those on record.

    Raises:
        CustodyError: a row was changed after it was recorded.
    """
    path = folder / BUNDLE / bundle.LEDGER
    try:
        recorded = int(database.value("SELECT coalesce(sum(length(line)), 0) FROM ledger"))
        if path.stat().st_size > recorded:
            raise CustodyError("ledger.jsonl is longer than what the case database recorded")
        first = integrity.fault(database, path.read_bytes())
    except OSError:
        first = "ledger.jsonl is missing or cannot be read"
    if first:
        raise CustodyError(
            f"the case database does not fit its ledger: {first}",
            hint="nothing was changed; run `heroes verify` and compare with a copy",
        )


def check_authority(authority: Mapping[str, object]) -> None:
    """Refuse a legal basis that the ledger could not take, all of its faults at once.

    Raises:
        UsageError: a field is missing, unknown or malformed.
    """
    faults = events.validate("authority.recorded", dict(authority))
    if faults:
        text = "; ".join(fault.replace("body.", "") for fault in faults)
        raise UsageError(
            f"the authority cannot be recorded: {text}",
            hint="it needs kind, reference, issued_by, valid_from (as 2026-01-31) and scope_text",
        )


def create(  # noqa: PLR0913 - the facts a case begins with
    folder: Path,
    *,
    reference: str = "",
    examiner: str = "",
    names: str = "sealed",
    authority: Mapping[str, object] | None = None,
    passphrase: str | None = None,
) -> JSON:
    """Make a new case with its keys and the first events of its ledger.

    Raises:
        UsageError: the folder holds something already or cannot be written.
    """
    if names not in POLICIES:
        raise UsageError(f"the policy for names is one of {', '.join(POLICIES)}")
    if exists(folder):
        raise UsageError(f"{folder} is a case already")
    check_place(folder)
    if authority:
        check_authority(authority)
    home = laboratory.home()
    uuid, ledger = str(uuid4()), str(uuid4())
    # Keys first: a wrong passphrase leaves no half-made case behind.
    laboratory_ring = None
    if keys.protection(home) is not None:
        laboratory_ring = keys.load_ring(home, passphrase=passphrase)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"the case directory {folder} cannot be made: {error.strerror}",
            hint="choose a directory on a local disk that you may write to",
        ) from error
    with locked(folder):
        ring = laboratory_ring or keys.create_case_ring(home, uuid)
        recipients = [recipient for _, recipient in ring.recipients]
        wrapped = seal.wrap_key(seal.new_case_key(), recipients)
        facts: JSON = {
            "uuid": uuid,
            "ledger": ledger,
            "created": now(),
            "reference": reference,
            "examiner": examiner,
            "names": names,
            "keys": "case-local" if ring.protection == "case-local" else "laboratory",
            "key_protection": ring.protection,
            "domain": ring.domain,
            "authority": dict(authority) if authority else None,
            "case_key": base64.b64encode(wrapped).decode(),
            "wrapped": recipients,
        }
        signer = ring.signer(ledger)
        vkey = str(notes.of(signer))
        clear(folder)
        database = Database.create(folder / UNBORN, facts)
        files = bundle.Bundle(folder / BUNDLE)
        try:
            files.create()
            files.write_keys(signer)
            journal = Journal(database, folder / BUNDLE, signer)
            with journal.transaction():
                _first_events(journal, facts, vkey)
            journal.checkpoint("opened")
            OpenCase(folder, database, journal, ring).publish()
        finally:
            database.close()
        try:
            durable.rename(folder / UNBORN, folder / DATABASE)
        except OSError as error:
            raise StoppedError(
                f"the case database cannot be given its name: {error.strerror}",
                hint="make room on its disk, then start the same command again",
            ) from error
    return {"type": "case", "directory": str(folder), **_public(facts)}


def _first_events(journal: Journal, facts: JSON, vkey: str) -> None:
    opened_body: JSON = {
        "ledger": facts["ledger"],
        "origin": journal.signer.name,
        "spec": chain.SPEC,
        "hash": "sha256",
        "keys": [vkey],
        "case_ref": facts["reference"] or facts["uuid"],
    }
    journal.event("ledger.opened", opened_body)
    examiner = str(facts["examiner"])
    if examiner:
        journal.event(
            "actor.declared",
            {"id": examiner, "name": examiner, "role": "examiner", "organisation": ""},
        )
    journal.event(
        "policy.declared",
        {
            "names": facts["names"],
            "plugins": [],
            "overrides": [],
            "key_protection": facts["key_protection"],
        },
    )
    authority = facts["authority"]
    if isinstance(authority, dict):
        journal.event("authority.recorded", authority)
    wrapped = facts["wrapped"]
    if facts["keys"] == "laboratory" and isinstance(wrapped, list) and len(wrapped) <= 1:
        text = "what the case seals opens for one recipient alone: no other person can recover it"
        journal.event("quality.noted", {"kind": "limitation", "text": text})


def _public(facts: Mapping[str, object]) -> JSON:
    return {name: value for name, value in facts.items() if name != "case_key"}


@contextmanager
def read_only(folder: Path) -> Iterator[Database]:
    """Open the database of a case to read it; nobody else is kept from writing.

    Raises:
        CustodyError: reading it failed, and its rows are not those on record.
    """
    database = Database.open(folder / DATABASE, read_only=True)
    try:
        yield database
    except integrity.ALTERED:
        check_rows(database, folder)
        raise
    finally:
        database.close()


def show(folder: Path) -> JSON:
    """Return the facts of a case with its exhibits, sources and runs."""
    with read_only(folder) as database:
        exhibits = [
            {"label": label, **json.loads(fields)}
            for label, fields in database.rows("SELECT label, fields FROM exhibit ORDER BY id")
        ]
        sources = [
            {"label": label, "exhibit": exhibit, "format": kind}
            for label, exhibit, kind in database.rows(
                "SELECT s.label, e.label, s.format FROM source s"
                " JOIN exhibit e ON e.id = s.exhibit_id ORDER BY s.id"
            )
        ]
        runs = [
            {"run": uuid, "started": started, "ended": ended, "outcome": outcome}
            for uuid, started, ended, outcome in database.rows(
                "SELECT uuid, started, ended, outcome FROM run ORDER BY id"
            )
        ]
        return {
            "type": "case",
            "directory": str(folder),
            **_public(database.facts()),
            "exhibits": exhibits,
            "sources": sources,
            "runs": runs,
        }


def check_label(label: str) -> str:
    """Return ``label`` if it can stand in a locator.

    Raises:
        UsageError: it cannot.
    """
    if LABEL.fullmatch(label) is None:
        raise UsageError(
            "an exhibit label is 1 to 64 letters, digits, dots, dashes and underscores",
            hint="put longer names into a field: --exhibit-field description=...",
        )
    return label


def described(label: str, fields: Mapping[str, object]) -> JSON:
    """Return what ``exhibit.described`` says: fields of a laboratory's own are no plain keys."""
    rows: list[JSON] = [{"name": name, "value": str(fields[name])} for name in sorted(fields)]
    return {"exhibit": label, "fields": rows}


def set_exhibit(
    folder: Path, label: str, fields: Mapping[str, object], *, passphrase: str | None = None
) -> JSON:
    """Complete or correct the fields of an exhibit, which the ledger states with their values.

    Raises:
        UsageError: the label cannot stand in a locator, or it is no case.
        CustodyError: the case does not verify.
    """
    check_label(label)
    with opened(folder, passphrase=passphrase) as case:
        case.begin()
        with case.journal.transaction() as records:
            records.exhibit(label, dict(fields))
            case.journal.event("exhibit.described", described(label, fields), person=case.examiner)
        case.journal.checkpoint("exhibit described")
        case.publish()
    return {"type": "exhibit", "label": label, **fields}
