"""The laboratory's home: where keys and sets lie, and which ring of keys serves what."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from heroes_forensics import config
from heroes_forensics.custody import keys, outside, pem, private, seal
from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError
from heroes_forensics.model import JSON

CATALOGUE_RING: Final = "00000000-0000-4000-8000-000000000000"
"""Stands for the catalogue in the place of a case, in a home that has no laboratory yet.

Only its set key is ever used; the laboratory takes it over, see `init`.
"""


def home() -> Path:
    """Return the folder of keys and sets; see `keys.home_folder`."""
    return keys.home_folder()


def init(  # noqa: PLR0913 - what a laboratory begins with
    folder: Path,
    *,
    domain: str,
    organisation: str = "",
    passphrase: str | None = None,
    recovery: Sequence[str] = (),
    recovery_file: Path | None = None,
    signer: Path | None = None,
) -> JSON:
    """Make the keys of a laboratory.

    The set key under which sets were imported before becomes the laboratory's, so that they can
    be used as before; the ring of the catalogue, which no passphrase protects, is then removed.

    Args:
        folder: see `home`.
        domain: a DNS name that the laboratory owns.
        organisation: its name.
        passphrase: wraps the keys.
        recovery: age recipients that open what cases seal, too.
        recovery_file: a new file for a new age identity that opens it, too; for another person.
        signer: the ledger key, where there is one; see `signing_key`.

    Raises:
        UsageError: there are keys already, or an argument is malformed.
        CustodyError: the ring of the catalogue is damaged.
    """
    local = keys.protection(folder, CATALOGUE_RING) == "case-local"
    ledger = None if signer is None else signing_key(signer, passphrase)
    set_key = keys.load_ring(folder, CATALOGUE_RING).set_key if local else None
    with ExitStack() as undo:
        if recovery_file is not None:
            recovery = [*recovery, _new_recovery(recovery_file, folder)]
            undo.callback(recovery_file.unlink)  # of no laboratory, and in the way of the next try
        ring = keys.create_laboratory(
            folder,
            domain=domain,
            organisation=organisation,
            passphrase=passphrase,
            recovery=tuple(recovery),
            set_key=set_key,
            ledger=ledger,
        )
        undo.pop_all()
    if local:
        keys.remove_case_ring(folder, CATALOGUE_RING)
    return {
        "type": "laboratory",
        "home": str(folder),
        "domain": domain,
        "organisation": organisation,
        "vkey": ring.vkey,
        "recipients": [list(row) for row in ring.recipients],
        "protection": ring.protection,
        "signer": keys.kind(ring.ledger),
    }


def _new_recovery(path: Path, folder: Path) -> str:
    """Make an identity for another person; return its recipient.

    Raises:
        UsageError: there is a laboratory already, or the file cannot be written.
    """
    keys.none_yet(folder)
    identity, recipient = seal.new_identity()
    if path.parent == folder:
        private.folder(folder)
    private.write_new(path, f"# public key: {recipient}\n{identity}\n".encode())
    return recipient


def organisation(folder: Path) -> str:
    """Return the name that the laboratory in a home was made with; empty without one."""
    if keys.protection(folder) is None:
        return ""
    said = keys.laboratory(folder).get("organisation")
    return said if isinstance(said, str) else ""


def add_recovery(recipient: str) -> JSON:
    """Let one more recipient open what cases of the laboratory seal from now on.

    Raises:
        UsageError: it is none, or one already; or there is no laboratory.
    """
    keys.add_recovery(home(), recipient)
    described = keys.laboratory(home())
    return {"type": "laboratory", "domain": described["domain"], "recovery": described["recovery"]}


def signing_key(path: Path, passphrase: str | None, *, pin: str | None = None) -> keys.Secret:
    """Return the key that a file holds (PKCS#8), or describes: a command, or a token.

    Args:
        path: see `custody.outside` for the form of a description.
        passphrase: of a PKCS#8 file; it wraps the key here, too.
        pin: of a person's token; None: that of the laboratory's, `outside.PIN`.

    Raises:
        UsageError: the file cannot be read, or is malformed, or the passphrase or PIN is wrong.
        CustodyError: it holds no Ed25519 key.
        StoppedError: the token does not answer.
    """
    data = config.file_bytes(path, what="the file of the signing key")
    if outside.is_description(data):
        if path.name == "laboratory.yaml":  # which holds other settings, too
            data = outside.among(config.read(data, what="the laboratory's settings"))
        return outside.read(data, pin=pin)
    return pem.imported(private.read(path), passphrase)


def catalogue_ring(folder: Path, passphrase: str | None = None) -> keys.KeyRing:
    """Return the ring whose set key protects hash sets: the laboratory's, else a local one."""
    if keys.protection(folder) is not None:
        return keys.load_ring(folder, passphrase=passphrase)
    if keys.protection(folder, CATALOGUE_RING) is None:
        return keys.create_case_ring(folder, CATALOGUE_RING)
    return keys.load_ring(folder, CATALOGUE_RING)


def case_ring(facts: Mapping[str, Any], passphrase: str | None = None) -> keys.KeyRing:
    """Open the ring of a case; ``facts`` are those of its database.

    Raises:
        UsageError: it is not in this home, or the passphrase is missing or wrong.
        CustodyError: it is damaged.
    """
    key_protection(facts)
    return keys.load_ring(home(), _own_ring(facts), passphrase=passphrase)


def key_protection(facts: Mapping[str, Any]) -> str:
    """Return how the keys of a case are protected; ``facts`` are those of its database.

    Raises:
        UsageError: they are not in this home.
    """
    own = _own_ring(facts)
    found = keys.protection(home(), own)
    if own:
        here = found == "case-local"
    else:
        here = found is not None and keys.laboratory(home())["domain"] == facts["domain"]
    if found is None or not here:
        raise UsageError(
            f"the keys of this case are not in {shown(str(home()))}",
            hint="set HEROES_HOME to the folder in which the case was made",
        )
    return found


def _own_ring(facts: Mapping[str, Any]) -> str:
    """Return the name of the ring of a case, empty when it is the laboratory's."""
    return str(facts["uuid"]) if facts["keys"] == "case-local" else ""
