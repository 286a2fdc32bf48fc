"""Replacing the ledger key of a laboratory: yearly, or because somebody else may have it.

The ring keeps the keys that were replaced, because each ledger has to be told of the new one by the
old. ``laboratory.json`` says when each ended, and since when it is suspect.
"""

import json
from dataclasses import replace
from pathlib import Path

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics.custody import keys, notes, private
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON


def rotate(  # noqa: PLR0913 - each is a part of the record
    home: Path,
    *,
    passphrase: str | None,
    time: str,
    reason: str,
    suspect_since: str | None = None,
    ledger: keys.Secret | None = None,
) -> keys.KeyRing:
    """Make a new ledger key for the laboratory; return the ring with it.

    The ring is written first: when nothing comes after it, the same call ends what was begun and
    makes no further key.

    Args:
        home: see `keys.home_folder`.
        passphrase: of the ring, if it has one.
        time: of now, in the ledger's form.
        reason: why, for the record of each case.
        suspect_since: when the key may have been stolen, in the same form; None: it was not.
        ledger: the new key, where that is there already; one outside is tried. None makes a key.

    Raises:
        UsageError: there is no laboratory, its keys cannot be opened, or ``ledger`` is not new.
        StoppedError: the disk is full or failing; there is the old key, or the call has to be made
            again.
    """
    with private.alone(keys.changing(home)):  # of two at once one would lose its key
        return _rotate(home, passphrase, time, reason, suspect_since, ledger)


def _rotate(  # noqa: PLR0913, PLR0917 - as `rotate`
    home: Path,
    passphrase: str | None,
    time: str,
    reason: str,
    suspect_since: str | None,
    ledger: keys.Secret | None,
) -> keys.KeyRing:
    described = keys.laboratory(home)
    ring = keys.load_ring(home, passphrase=passphrase)
    if ring.vkey == described["vkey"]:
        new = ledger or Ed25519PrivateKey.generate()
        if keys.public_bytes(new) in map(keys.public_bytes, (ring.ledger, *ring.former)):
            raise UsageError("the new key of the laboratory is one that it had before")
        keys.admit(home, new)
        ring = replace(ring, ledger=new, former=(ring.ledger, *ring.former))
        _write(home, ring, passphrase)
    former = described.get("former")
    ended: JSON = {
        "vkey": described["vkey"],
        "ended": time,
        "reason": reason,
        "suspect_since": suspect_since,
    }
    listed = [ended, *(former if isinstance(former, list) else [])]
    public = {
        **described,
        "vkey": ring.vkey,
        "signer": keys.kind(ring.ledger),
        "former": listed,
    }
    private.replace(home / "laboratory.json", json.dumps(public, indent=2).encode() + b"\n")
    return ring


def ended(home: Path, key: notes.VerifierKey) -> JSON:
    """Return what is on record of a replaced key: ``ended``, ``reason``, ``suspect_since``.

    Raises:
        CustodyError: nothing is, or the description of the laboratory is damaged.
    """
    former = keys.laboratory(home).get("former")
    for each in former if isinstance(former, list) else ():
        if isinstance(each, dict) and isinstance(each.get("vkey"), str):
            known = notes.vkey(each["vkey"])
            if known.public == key.public:
                return each
    raise CustodyError(
        "nothing says how a former key of the laboratory ended",
        hint="end the rotation that was cut off: heroes key rotate --reason TEXT",
    )


def _write(home: Path, ring: keys.KeyRing, passphrase: str | None) -> None:
    text = keys.ring_text(ring)
    if ring.protection == "passphrase":
        sealed: bytes = pyrage.passphrase.encrypt(text, passphrase)
        private.replace(home / "keys" / "ring.pem.age", sealed)
    else:
        private.replace(home / "keys" / "ring.pem", text)
