"""Keys of persons: who signs that they gave, received, opened or authorised something.

``HEROES_HOME/keys/persons/<id>.pem[.age]`` holds the private key of a person who uses this account,
wrapped by a passphrase unless they said otherwise; ``<id>.signer.json`` how to reach one that lies
outside (`outside`). A person's key cosigns checkpoints: it signs the
state of the whole ledger, and when.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics.custody import keys, notes, outside, pem, private
from heroes_forensics.errors import UsageError

FOLDER: Final = "persons"
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VKEY: Final = ".vkey"
_SIGNER: Final = ".signer.json"


def check_id(person: str) -> str:
    """Return ``person`` if it can be a staff identifier that a key is named after.

    Raises:
        UsageError: it cannot.
    """
    if _ID.fullmatch(person) is None:
        raise UsageError(
            "a staff identifier is 1 to 64 letters, digits, dots, dashes and underscores"
        )
    return person


def create(
    home: Path, person: str, *, passphrase: str | None, key: keys.Secret | None = None
) -> str:
    """Make the key of a person, or take one; return its vkey.

    Args:
        home: see `keys.home_folder`.
        person: staff identifier.
        passphrase: wraps it; None leaves it readable for whoever has the account.
        key: one that there is already, here or outside; one outside is tried.

    Raises:
        UsageError: there is one already, or the identifier is malformed.
        StoppedError: the disk is full or failing, or ``key`` does not sign; nothing was made.
    """
    folder = _folder(home)
    name = f"{_domain(home)}/person/{check_id(person)}"
    if _file(folder, person) is not None:
        raise UsageError(f"there is a key of {person} already")
    secret = key or Ed25519PrivateKey.generate()
    if isinstance(secret, outside.Outside):
        keys.LedgerKey(name, secret).try_out()
        end, data = _SIGNER, secret.description()
    elif passphrase is None:
        end, data = ".pem", pem.text(secret).encode()
    else:
        end = ".pem.age"
        data = pyrage.passphrase.encrypt(pem.text(secret).encode(), passphrase)
    vkey = str(notes.of(keys.LedgerKey(name, secret, notes.COSIGNATURE)))
    # The public side first: alone it is no key, and stands in the way of none.
    private.replace(folder / f"{person}{_VKEY}", f"{vkey}\n".encode())
    private.write_new(folder / f"{person}{end}", data)
    return vkey


def load(home: Path, person: str, *, passphrase: str | None) -> keys.LedgerKey:
    """Open the key of a person.

    Raises:
        UsageError: there is none, or the passphrase is missing or wrong.
        CustodyError: a file is damaged.
    """
    folder = _folder(home)
    path = _file(folder, check_id(person))
    if path is None:
        raise UsageError(
            f"there is no key of {person} in this home", hint=f"make one: heroes key new {person}"
        )
    data = private.read(path)
    secret: keys.Secret
    if path.name.endswith(_SIGNER):
        secret = outside.read(data, pin=passphrase)
    else:
        if protected(home, person):
            data = _unwrapped(data, passphrase, person)
        secret = pem.read(data.decode(errors="replace"))
    name = vkey(home, person).partition("+")[0]
    return keys.LedgerKey(name, secret, notes.COSIGNATURE)


def protected(home: Path, person: str) -> bool:
    """Say whether a passphrase wraps the key of a person, or a PIN the token it is in."""
    return protection(home, person) in {"passphrase", "token"}


def protection(home: Path, person: str) -> str:
    """Say what guards the key of a person: ``passphrase``, ``token``, ``command`` or ``file``."""
    path = _file(_folder(home), check_id(person))
    if path is not None and path.name.endswith(_SIGNER):
        return outside.read(private.read(path)).kind
    return "passphrase" if path is not None and path.suffix == ".age" else "file"


def vkey(home: Path, person: str) -> str:
    """Return the vkey of a person whose key lies here.

    Raises:
        UsageError: there is none.
        CustodyError: it is damaged.
    """
    path = _folder(home) / f"{check_id(person)}{_VKEY}"
    return str(notes.vkey(private.read(path).decode(errors="replace").strip()))


def listed(home: Path) -> Iterator[tuple[str, str]]:
    """Yield (staff identifier, vkey) of each key that lies here."""
    if not (home / "keys" / FOLDER).is_dir():
        return
    for path in sorted(_folder(home).glob(f"*{_VKEY}")):
        person = path.name.removesuffix(_VKEY)
        if _file(path.parent, person) is not None:
            yield person, vkey(home, person)


def _folder(home: Path) -> Path:
    return private.folder(private.folder(private.folder(home) / "keys") / FOLDER)


def _file(folder: Path, person: str) -> Path | None:
    candidates = [folder / f"{person}{suffix}" for suffix in (".pem.age", ".pem", _SIGNER)]
    return next((path for path in candidates if path.exists()), None)


def _domain(home: Path) -> str:
    if keys.protection(home) is None:
        return keys.CASE_LOCAL_DOMAIN
    return str(keys.laboratory(home)["domain"])


def _unwrapped(data: bytes, passphrase: str | None, person: str) -> bytes:
    if passphrase is None:
        raise UsageError(
            f"the key of {person} is protected by a passphrase",
            hint="give it at the prompt or through --person-passphrase-fd",
        )
    try:
        text: bytes = pyrage.passphrase.decrypt(data, passphrase)
    except pyrage.DecryptError:  # not chained: the library's message adds nothing safe to show
        raise UsageError(f"the passphrase does not open the key of {person}") from None
    return text
