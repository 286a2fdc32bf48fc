"""The keys of a laboratory and of a single case, and where they lie.

``HEROES_HOME`` (else ``$XDG_DATA_HOME/heroes``) is a folder only its owner can enter::

    laboratory.json         domain, public keys, recipients: nothing secret
    keys/ring.pem[.age]     the laboratory's key ring, wrapped by a passphrase when it has one
    keys/signers/           how to reach ledger keys that lie elsewhere: nothing secret
    keys/<case uuid>/       the ring of a case made before there was a laboratory; no passphrase
    high-water.json         the newest state seen of each ledger

A ring is one text: the ledger key (Ed25519, PKCS#8 PEM; or the public key of one that lies
outside, see `outside`), the working key (an age identity) and the set key. Under a passphrase the
text is an age passphrase file (scrypt), because the password-based encryption of PKCS#8 as
libraries write it by default is weak.
A file that others can read is refused, not repaired: it may have been read already.
"""

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyrage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from heroes_forensics.custody import chain, notes, outside, pem, private, seal
from heroes_forensics.errors import CustodyError, UsageError
from heroes_forensics.model import JSON

CASE_LOCAL_DOMAIN: Final = "case-local.invalid"
"""Domain of rings that no laboratory stands for; RFC 2606 reserves ``.invalid``."""
SET_KEY_BYTES: Final = 32
_TRIAL: Final = b"heroes-forensics: trial of a signer\n"
"""No note and no manifest begins like this."""

_PEM: Final = re.compile(
    r"-----BEGIN PRIVATE KEY-----\n[A-Za-z0-9+/=\n]+-----END PRIVATE KEY-----\n"
)
_KEY: Final = re.compile(rf"{_PEM.pattern}|^SIGNER-1 [A-Za-z0-9+/=]{{44}}$", re.MULTILINE)
_SET_KEY: Final = re.compile(r"^SET-KEY-1 ([A-Za-z0-9+/=]+)$", re.MULTILINE)
_IDENTITY: Final = re.compile(r"^(AGE-SECRET-KEY-1[A-Z0-9]+)$", re.MULTILINE)
_DOMAIN: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{1,62}")


Secret = Ed25519PrivateKey | outside.Outside
"""What signs: a key in our hands, or one that lies outside."""


@dataclass(frozen=True, slots=True)
class LedgerKey:
    """The `notes.Signer` of one ledger: a laboratory's key under the ledger's own name."""

    name: str
    secret: Secret = field(repr=False)
    key_type: int = notes.ED25519

    @property
    def public_key_bytes(self) -> bytes:
        """The raw public key, 32 bytes."""
        return public_bytes(self.secret)

    def try_out(self) -> None:
        """Let a key outside sign something of no meaning: nothing is begun that it cannot end.

        Raises:
            StoppedError: it does not sign.
            UsageError: its PIN is missing or wrong.
        """
        if isinstance(self.secret, outside.Outside):
            self.secret.sign(_TRIAL)

    def sign(self, message: bytes) -> bytes:
        """Return the raw Ed25519 signature of ``message``.

        Raises:
            StoppedError: the key lies outside and does not sign; see `outside.Outside.sign`.
        """
        return self.secret.sign(message)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The secret keys of a laboratory or of one case, opened."""

    domain: str
    protection: str
    """``passphrase``, ``file`` (a laboratory without a passphrase) or ``case-local``."""
    ledger: Secret = field(repr=False)
    identity: str = field(repr=False)
    """The working key: the age identity that opens what cases seal."""
    set_key: bytes = field(repr=False)
    """32 bytes from which the keys of hash-set files are derived."""
    recovery: tuple[str, ...] = ()
    """Further recipients, whose identities other people hold."""
    former: tuple[Secret, ...] = field(default=(), repr=False)
    """Ledger keys that were replaced, newest first: ledgers that know no newer one need them."""

    @property
    def recipients(self) -> tuple[tuple[str, str], ...]:
        """(name, age recipient) of everybody who opens what this ring seals."""
        named = [("working", seal.recipient_of(self.identity))]
        named += [(f"recovery-{n}", text) for n, text in enumerate(self.recovery, start=1)]
        return tuple(named)

    @property
    def vkey(self) -> str:
        """The laboratory's verification key: trusted for every ledger of its domain."""
        return str(notes.of(LedgerKey(self.domain, self.ledger)))

    def signer(self, ledger: str) -> LedgerKey:
        """Return what signs the ledger with this UUID."""
        return LedgerKey(origin(self.domain, ledger), self.ledger)

    def former_signers(self, ledger: str) -> list[LedgerKey]:
        """Return what signed the ledger before keys were replaced, newest first."""
        return [LedgerKey(origin(self.domain, ledger), key) for key in self.former]


def origin(domain: str, ledger: str) -> str:
    """Return the name a ledger has in its checkpoints: never a case number."""
    return f"{domain}/custody/{ledger}"


def public_pem(public: bytes) -> bytes:
    """Return a raw Ed25519 public key as the SPKI PEM that ``openssl`` reads."""
    prefix = bytes.fromhex("302a300506032b6570032100")  # RFC 8410: AlgorithmIdentifier of Ed25519
    body = base64.b64encode(prefix + public).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n".encode()


def home_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where keys lie: ``HEROES_HOME``, else under ``XDG_DATA_HOME``."""
    if environment.get("HEROES_HOME"):
        return Path(environment["HEROES_HOME"])
    data = environment.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "heroes"


def create_laboratory(  # noqa: PLR0913 - what a laboratory begins with
    home: Path,
    *,
    domain: str,
    organisation: str = "",
    passphrase: str | None = None,
    recovery: tuple[str, ...] = (),
    set_key: bytes | None = None,
    ledger: Secret | None = None,
) -> KeyRing:
    """Make the keys of a laboratory and write them under ``home``.

    Args:
        home: see `home_folder`; made when it is missing.
        domain: a DNS name the laboratory owns; it begins the name of each of its ledgers.
        organisation: its name, as reports print it.
        passphrase: wraps the ring; None leaves it readable for whoever holds the account.
        recovery: age recipients that also open what the laboratory's cases seal.
        set_key: one in use already, 32 bytes; None makes a new one.
        ledger: what signs, where that is there already; one outside is tried. None makes a key.

    Raises:
        UsageError: there is a laboratory already, or an argument is malformed.
        StoppedError: the disk is full or failing, or ``ledger`` does not sign; nothing was made.
    """
    if _DOMAIN.fullmatch(domain) is None:
        raise UsageError("a laboratory's domain is a DNS name in lower case")
    if passphrase is not None and not passphrase:
        raise UsageError("the passphrase is empty")
    ring = _new_ring(
        domain,
        "file" if passphrase is None else "passphrase",
        tuple(seal.check_recipient(recipient) for recipient in recovery),
        set_key,
        ledger,
    )
    folder = private.folder(private.folder(home) / "keys")
    description = home / "laboratory.json"
    none_yet(home)
    admit(home, ring.ledger)
    if passphrase is None:
        path, data = folder / "ring.pem", ring_text(ring)
    else:
        path = folder / "ring.pem.age"
        data = pyrage.passphrase.encrypt(ring_text(ring), passphrase)
    private.write_new(path, data)
    public: JSON = {
        "domain": domain,
        "organisation": organisation,
        "protection": ring.protection,
        "signer": kind(ring.ledger),
        "vkey": ring.vkey,
        "working": ring.recipients[0][1],
        "recovery": list(ring.recovery),
    }
    try:
        private.write_new(description, json.dumps(public, indent=2).encode() + b"\n")
    except BaseException:
        path.unlink()  # nobody has used it, and it would stand in the way for ever
        raise
    return ring


def add_recovery(home: Path, recipient: str) -> None:
    """Let a further recipient open what the laboratory's cases seal from now on.

    Raises:
        UsageError: it is none, or one already; or there is no laboratory.
        StoppedError: the disk is full or failing; nothing was changed.
    """
    with private.alone(changing(home)):
        described = laboratory(home)
        listed = described["recovery"]
        recovery = [*listed] if isinstance(listed, list) else []
        if seal.check_recipient(recipient) in {*recovery, described["working"]}:
            raise UsageError("this recipient opens what is sealed already")
        public = {**described, "recovery": [*recovery, recipient]}
        private.replace(home / "laboratory.json", json.dumps(public, indent=2).encode() + b"\n")


def changing(home: Path) -> Path:
    """Return what is locked while the keys of the laboratory are changed.

    Raises:
        UsageError: there is no laboratory.
    """
    laboratory(home)
    return home / "keys" / "change.lock"


def none_yet(home: Path) -> None:
    """Make sure that there is no laboratory in a home.

    Raises:
        UsageError: there is one.
    """
    if (home / "laboratory.json").exists():
        raise UsageError(
            f"there is a laboratory in this home already ({home})",
            hint="its key is replaced by `heroes key rotate`, and one more recipient added by "
            "`heroes key recovery`; another laboratory needs another HEROES_HOME; what there is: "
            "heroes key list",
        )


def kind(key: Secret) -> str:
    """Return where a key is: ``file`` (in the ring), ``command`` or ``token``."""
    return key.kind if isinstance(key, outside.Outside) else "file"


def admit(home: Path, key: Secret) -> None:
    """Try a new key that lies outside, and keep how to reach it.

    Raises:
        StoppedError: it does not sign.
    """
    if isinstance(key, outside.Outside):
        key.sign(_TRIAL)
        outside.keep(home, key)


def create_case_ring(home: Path, case: str) -> KeyRing:
    """Make keys for one case only, without a passphrase.

    Raises:
        UsageError: the case has keys already, or ``case`` is no UUID.
    """
    ring = _new_ring(CASE_LOCAL_DOMAIN, "case-local", ())
    folder = private.folder(private.folder(private.folder(home) / "keys") / _case(case))
    private.write_new(folder / "ring.pem", ring_text(ring))
    return ring


def remove_case_ring(home: Path, case: str) -> None:
    """Remove the ring that `create_case_ring` made; what it alone opens is lost.

    Raises:
        UsageError: it cannot be removed, or ``case`` is no UUID.
    """
    folder = home / "keys" / _case(case)
    try:
        (folder / "ring.pem").unlink()
        folder.rmdir()
    except OSError as error:
        raise UsageError("a key file cannot be removed") from error


def protection(home: Path, case: str = "") -> str | None:
    """Return how the ring that `load_ring` would open is protected; None when there is none."""
    if case and (home / "keys" / _case(case) / "ring.pem").exists():
        return "case-local"
    if not (home / "laboratory.json").exists():
        return None
    return str(laboratory(home)["protection"])


def laboratory(home: Path) -> JSON:
    """Return the public description of the laboratory.

    Raises:
        UsageError: there is none.
        CustodyError: it is damaged.
    """
    description = home / "laboratory.json"
    if not description.exists():
        raise UsageError(
            "there is no laboratory in this home",
            hint="make one with: heroes init --domain lab.example.org",
        )
    try:
        found: object = json.loads(private.read(description))
    except ValueError as error:
        raise CustodyError("the description of the laboratory is damaged") from error
    wanted = {"domain": str, "protection": str, "vkey": str, "working": str, "recovery": list}
    if not isinstance(found, dict) or any(
        not isinstance(found.get(key), kind) for key, kind in wanted.items()
    ):
        raise CustodyError("the description of the laboratory is damaged")
    return found


def load_ring(home: Path, case: str = "", *, passphrase: str | None = None) -> KeyRing:
    """Open the ring of a case: its own where it has one, else the laboratory's.

    Raises:
        UsageError: there is none, the passphrase is missing or wrong, or a file is open to others.
        CustodyError: a file is damaged.
    """
    folder = home / "keys"
    if folder.exists():
        private.check_folder(home)
        private.check_folder(folder)
    if case and (folder / _case(case)).exists():
        own = private.check_folder(folder / _case(case))
        data = private.read(own / "ring.pem")
        return _read_ring(home, data, CASE_LOCAL_DOMAIN, "case-local", ())
    described = laboratory(home)
    if described["protection"] == "passphrase":
        text = _unwrapped(private.read(folder / "ring.pem.age"), passphrase)
    else:
        text = private.read(folder / "ring.pem")
    listed = described["recovery"]
    recovery = tuple(str(item) for item in listed) if isinstance(listed, list) else ()
    return _read_ring(home, text, str(described["domain"]), str(described["protection"]), recovery)


def _case(case: str) -> str:
    if chain.UUID.fullmatch(case) is None:
        raise UsageError("a case is named by its UUID in lower case")
    return case


def _new_ring(
    domain: str,
    protected_by: str,
    recovery: tuple[str, ...],
    set_key: bytes | None = None,
    ledger: Secret | None = None,
) -> KeyRing:
    identity, _ = seal.new_identity()
    return KeyRing(
        domain,
        protected_by,
        ledger or Ed25519PrivateKey.generate(),
        identity,
        os.urandom(SET_KEY_BYTES) if set_key is None else set_key,
        recovery,
    )


def public_bytes(key: Secret) -> bytes:
    """Return the raw public key, 32 bytes."""
    if isinstance(key, outside.Outside):
        return key.public_key_bytes
    return key.public_key().public_bytes_raw()


def ring_text(ring: KeyRing) -> bytes:
    """Return what a file of a ring holds before a passphrase wraps it."""
    set_key = base64.b64encode(ring.set_key).decode()
    former = "".join(_key_text(key) for key in ring.former)
    text = f"{_key_text(ring.ledger)}{ring.identity}\nSET-KEY-1 {set_key}\n{former}"
    return text.encode()


def _key_text(key: Secret) -> str:
    if isinstance(key, outside.Outside):
        return f"SIGNER-1 {base64.b64encode(key.public_key_bytes).decode()}\n"
    return pem.text(key)


def _key(home: Path, text: str) -> Secret:
    if text.startswith("SIGNER-1 "):
        return outside.find(home, notes.decode64(text.removeprefix("SIGNER-1 ")))
    return pem.read(text)


def _read_ring(
    home: Path, data: bytes, domain: str, protected_by: str, recovery: tuple[str, ...]
) -> KeyRing:
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise CustodyError("a key ring is damaged") from error
    blocks, identity, encoded = _KEY.findall(text), _IDENTITY.search(text), _SET_KEY.search(text)
    if not blocks or identity is None or encoded is None:
        raise CustodyError("a key ring is damaged")
    ledger, *former = (_key(home, block) for block in blocks)
    set_key = notes.decode64(encoded[1])
    return KeyRing(domain, protected_by, ledger, identity[1], set_key, recovery, tuple(former))


def _unwrapped(data: bytes, passphrase: str | None) -> bytes:
    if passphrase is None:
        raise UsageError(
            "the laboratory's keys are protected by a passphrase",
            hint="give it at the prompt or through --passphrase-fd",
        )
    try:
        text: bytes = pyrage.passphrase.decrypt(data, passphrase)
    except pyrage.DecryptError:  # not chained: the library's message adds nothing safe to show
        raise UsageError("the passphrase does not open the laboratory's keys") from None
    return text
