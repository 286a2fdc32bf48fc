"""The ledger key of a case: which one is in force, and how a new one takes its place.

A laboratory that replaced its key tells each of its cases when the case is next written: the old
key signs that the new one was added, the new one that the old one ended (custody/ranges.py).
"""

from typing import Final

from heroes_forensics.custody import keys, notes, rotation
from heroes_forensics.custody.ranges import Ranges
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory, ledger_events
from heroes_forensics.pipelines.case.journal import Journal
from heroes_forensics.store.database import Database

_KEYS: Final = ("key.added", "key.retired", "key.compromised")


def in_force(database: Database) -> list[notes.VerifierKey]:
    """Return the ledger keys of a case that no event ended.

    Raises:
        CustodyError: the events do not say so.
    """
    return _ranges(database).newest


def _ranges(database: Database) -> Ranges:
    ranges = Ranges()
    try:
        for event in ledger_events.of(database, "ledger.opened", *_KEYS):
            if event.kind == "ledger.opened":
                for text in event.body["keys"]:
                    ranges.open(notes.vkey(text))
                continue
            key = notes.vkey(event.body["vkey"])
            list(ranges.see(event.kind, event.body, key, event.seq, "", key.name))
    except (ValueError, LookupError, TypeError) as error:
        raise CustodyError("the ledger does not say which keys sign it") from error
    return ranges


def signer_of(database: Database, ring: keys.KeyRing, ledger: str) -> keys.LedgerKey:
    """Return the key of the ring that signs the ledger as it stands.

    Raises:
        UsageError: none of its keys is in force.
    """
    newest = in_force(database)
    for signer in (ring.signer(ledger), *ring.former_signers(ledger)):
        if notes.of(signer) in newest:
            return signer
    raise UsageError(
        "the keys of this home are not those that sign this case",
        hint="set HEROES_HOME to the folder in which the case was made",
    )


def take_up(journal: Journal, ring: keys.KeyRing, ledger: str) -> list[notes.Signer]:
    """Let the present key of the ring sign the ledger, and end those before it.

    Returns:
        The present key, then those that signed the ledger before it, newest first; empty where it
        never had another.
    """
    present = ring.signer(ledger)
    ranges = _ranges(journal.database)
    newest = ranges.newest
    before = [each for each in ring.former_signers(ledger) if notes.of(each) in ranges.keys]
    former = [each for each in before if notes.of(each) in newest]
    if not former:
        return [present, *before] if before else []
    # Whoever was killed between the event and its signature left a key that none before it signed.
    unsigned = [each.key for each in ranges.added if (each.added or 0) >= journal.signed]
    if notes.of(present) not in newest:
        said = rotation.ended(laboratory.home(), notes.of(former[0]))
        journal.event("key.added", _body(journal, present, str(said["reason"])))
        unsigned.append(notes.of(present))
    if unsigned:
        journal.sign_with(next(each for each in former if notes.of(each) not in unsigned))
        journal.checkpoint("key added")
    journal.sign_with(present)
    for each in former:
        said = rotation.ended(laboratory.home(), notes.of(each))
        body = _body(journal, each, str(said["reason"]))
        if said.get("suspect_since"):
            since: JSON = {"suspect_since": said["suspect_since"]}
            journal.event("key.compromised", {**body, **since})
        else:
            journal.event("key.retired", body)
    journal.checkpoint("key ended")
    return [present, *before]


def _body(journal: Journal, key: notes.Signer, reason: str) -> JSON:
    return {"vkey": str(notes.of(key)), "from_seq": journal.size, "reason": reason}
