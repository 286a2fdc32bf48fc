"""Whose signatures on hash sets count: publishers and the keys pinned for them.

The store is one small file of the laboratory (``trust.json``), in plain JSON; it holds public keys
alone. A key counts for the publisher it was pinned for, for the kinds of set it was pinned for, and
between its dates. Where the file lies and who may read it is the coordinator's matter.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.serialization import Encoding

from heroes_forensics.errors import UsageError
from heroes_forensics.hashsets import minisign
from heroes_forensics.hashsets.known import KINDS
from heroes_forensics.hashsets.manifest import end_of
from heroes_forensics.model import JSON

if TYPE_CHECKING:
    from heroes_forensics.hashsets import cms

FORMAT: Final = "heroes-trust/1"
MINISIGN: Final = "minisign"
X509: Final = "x509"
TYPES: Final = (MINISIGN, X509)
"""Kinds of key that can be pinned."""

CMS_SUFFIX: Final = ".p7s"
"""Of detached signatures that `cms` reads."""
CMS_BYTES: Final = 1 << 16
"""Of such a signature, with its certificates, and of a certificate file."""

_MINISIGN_ID: Final = 16
"""Digits of the id of a key of minisign."""
_NAME_LIMIT: Final = 200
_MOST: Final = 1_000
"""Keys of one publisher, and publishers; beyond it the file is damaged."""


@dataclass(frozen=True, slots=True)
class PinnedKey:
    """One key that speaks for a publisher."""

    type: str
    """A row of `TYPES`."""
    id: str
    """As the tools of its type print it."""
    key: str
    """The public key in the text form of its type."""
    valid_from: str = ""
    """Date (UTC) or empty."""
    valid_to: str = ""
    """The last date (UTC) or empty."""
    kinds: tuple[str, ...] = ()
    """Rows of `KINDS`; empty: all."""
    added: str = ""

    def covers(self, kind: str) -> bool:
        """Tell whether it was pinned for sets of that kind."""
        return not self.kinds or kind in self.kinds

    def lasts(self, now: datetime) -> bool:
        """Tell whether ``now``, an aware time, is between its dates."""
        begun = not self.valid_from or now >= datetime.fromisoformat(self.valid_from).replace(
            tzinfo=UTC
        )
        return begun and (not self.valid_to or now < end_of(self.valid_to))


@dataclass(frozen=True, slots=True)
class TrustStore:
    """The publishers of a laboratory and their keys."""

    publishers: dict[str, tuple[PinnedKey, ...]]

    def keys(self, publisher: str) -> tuple[PinnedKey, ...]:
        """Return every key pinned for a publisher."""
        return self.publishers.get(publisher, ())

    def pinned_for(self, publisher: str, kind: str) -> bool:
        """Tell whether sets of that kind are expected to be signed."""
        return any(key.covers(kind) for key in self.keys(publisher))

    def with_key(self, publisher: str, key: PinnedKey) -> "TrustStore":
        """Return a store with one key more, in the place of the same key pinned before.

        Raises:
            UsageError: the name, a date or a kind makes no sense.
        """
        check_publisher(publisher)
        _check(key)
        others = tuple(
            each for each in self.keys(publisher) if (each.type, each.id) != (key.type, key.id)
        )
        return TrustStore({**self.publishers, publisher: (*others, key)})

    def without(self, publisher: str, key_id: str = "") -> "TrustStore":
        """Return a store without a key, or without any key of a publisher.

        Raises:
            UsageError: there is no such publisher or key.
        """
        keys = self.keys(publisher)
        if not keys:
            names = ", ".join(sorted(self.publishers)) or "none yet"
            raise UsageError(
                "no key is pinned for that publisher", hint=f"publishers with keys: {names}"
            )
        named = key_id.upper()
        # The program prints the number without zeros in front.
        wanted = {
            named,
            named.rjust(_MINISIGN_ID, "0") if len(named) > _MINISIGN_ID // 2 else named,
        }
        left = tuple(key for key in keys if key_id and key.id not in wanted)
        if key_id and len(left) == len(keys):
            raise UsageError(
                "no such key is pinned for that publisher",
                hint="its keys: " + ", ".join(key.id for key in keys),
            )
        rest = {name: each for name, each in self.publishers.items() if name != publisher}
        return TrustStore({**rest, publisher: left} if left else rest)

    def encode(self) -> bytes:
        """Return the form in which it is kept."""
        body: JSON = {
            "format": FORMAT,
            "publishers": {
                name: [asdict(key) for key in keys] for name, keys in self.publishers.items()
            },
        }
        return json.dumps(body, sort_keys=True, indent=1).encode() + b"\n"


def minisign_key(
    text: str, *, valid_from: str = "", valid_to: str = "", kinds: Iterable[str] = ()
) -> PinnedKey:
    """Return a key of minisign, to be pinned now.

    Raises:
        UsageError: the text is no public key of minisign, or a date or kind makes no sense.
    """
    public = minisign.read_key(text)
    key = PinnedKey(
        MINISIGN, public.key_id, public.text, valid_from, valid_to, tuple(sorted(set(kinds)))
    )
    _check(key)
    return replace(key, added=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def x509_key(
    data: bytes, *, valid_from: str = "", valid_to: str = "", kinds: Iterable[str] = ()
) -> PinnedKey:
    """Return a certificate, to be pinned now: of a signer, or of an authority above signers.

    Raises:
        UsageError: the bytes are no certificate, or a date or kind makes no sense.
    """
    # Here and below, not at the top: most scans meet no certificate, and start sooner without.
    from heroes_forensics.hashsets import cms  # noqa: PLC0415

    certificate = cms.read_certificate(data)
    key = PinnedKey(
        X509,
        cms.fingerprint(certificate),
        base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
        valid_from,
        valid_to,
        tuple(sorted(set(kinds))),
    )
    _check(key)
    return replace(key, added=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))


def certificate_of(key: PinnedKey) -> "cms.Pinned":
    """Return the certificate of a key of type `X509`.

    Raises:
        UsageError: it is none.
        ValueError: it is no base64.
    """
    from heroes_forensics.hashsets import cms  # noqa: PLC0415

    return cms.Pinned(key.id, cms.read_certificate(base64.b64decode(key.key, validate=True)))


def decode(data: bytes) -> TrustStore:
    """Read a store; no bytes are an empty one.

    Raises:
        UsageError: it is damaged, or of a later version.
    """
    if not data:
        return TrustStore({})
    try:
        return _store(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError) as error:
        raise UsageError(
            "the store of trusted publishers (trust.json) is damaged",
            hint="move it away and pin the keys again: heroes hashset trust add",
        ) from error


def _store(body: JSON) -> TrustStore:
    publishers: Any = body["publishers"]
    if set(body) != {"format", "publishers"} or body["format"] != FORMAT or len(publishers) > _MOST:
        raise ValueError("other fields, another format, or too many publishers")
    store = TrustStore({})
    for name, rows in publishers.items():
        for row in rows[:_MOST]:
            store = store.with_key(name, _key(row))
    return store


def check_publisher(name: str) -> None:
    """Make sure that a name can be that of a publisher.

    Raises:
        UsageError: it cannot.
    """
    if not name.strip() or name != name.strip() or len(name) > _NAME_LIMIT:
        raise UsageError(f"the name of a publisher is 1 to {_NAME_LIMIT} printable characters")
    if not name.isprintable():
        raise UsageError("the name of a publisher holds a character that cannot be printed")


def _key(row: dict[str, Any]) -> PinnedKey:
    key = PinnedKey(**{**row, "kinds": tuple(row["kinds"])})
    if key.type == MINISIGN and minisign.read_key(key.key).key_id != key.id:
        raise ValueError("a key under the id of another")
    if key.type == X509 and _fingerprint(key) != key.id:
        raise ValueError("a certificate under the id of another")
    return key


def _fingerprint(key: PinnedKey) -> str:
    from heroes_forensics.hashsets import cms  # noqa: PLC0415

    return cms.fingerprint(certificate_of(key).certificate)


def _check(key: PinnedKey) -> None:
    if key.type not in TYPES:
        raise UsageError("a key is of no type that this version knows")
    for text in (key.valid_from, key.valid_to):
        try:
            end_of(f"{text}T00:00:00Z" if text else "2026-01-01")
        except (ValueError, OverflowError) as error:
            raise UsageError("a key is valid from and to dates: YYYY-MM-DD") from error
    if key.valid_from and key.valid_to and key.valid_from > key.valid_to:
        raise UsageError("a key cannot end before it begins")
    for kind in key.kinds:
        if kind not in KINDS:
            raise UsageError(
                f"no kind of hash set is called {kind!r}", hint="choose from: " + ", ".join(KINDS)
            )
