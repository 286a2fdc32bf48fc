"""What a laboratory trusts about hash sets: its store of publishers, and its policy.

Both lie in its home, for their owner alone::

    trust.json         publishers and the keys pinned for them; `heroes hashset trust` writes it
    laboratory.yaml    what the laboratory decided, written by hand: ``hash_sets: signatures: ...``
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from heroes_forensics.custody import private
from heroes_forensics.errors import HeroesError, UsageError
from heroes_forensics.hashsets import trust
from heroes_forensics.hashsets.governing import POLICIES, Rules
from heroes_forensics.hashsets.known import KINDS
from heroes_forensics.hashsets.trust import PinnedKey, TrustStore
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory, settings

STORE: Final = "trust.json"


def rules(allowed: frozenset[str] = frozenset()) -> Rules:
    """Return what decides on sets in this home.

    Args:
        allowed: what the operator allows by name, rows of `governing.ALLOWANCES`.

    Raises:
        UsageError: the store or the settings are damaged, or open to others.
    """
    return Rules(trust=store(), policies=policies(), allowed=allowed)


def store() -> TrustStore:
    """Return the trusted publishers of this home; none when nobody pinned a key yet.

    Raises:
        UsageError: the file is damaged or open to others.
    """
    path = laboratory.home() / STORE
    return trust.decode(private.read(path) if path.exists() else b"")


def policies() -> dict[str, str]:
    """Return the laboratory's policy on signatures, by kind of set; kinds not named have none.

    Raises:
        UsageError: the settings are no YAML, name something unknown, or others may write them.
    """
    what = f"the settings {settings.SETTINGS} of the laboratory"
    section = settings.section("hash_sets")
    wanted = settings.fields(section, {"signatures"}, f"{what}, hash_sets").get("signatures", {})
    by_kind = dict.fromkeys(KINDS, wanted) if isinstance(wanted, str) else wanted
    by_kind = settings.fields(by_kind, set(KINDS), f"{what}, signatures")
    for word in by_kind.values():
        if word not in POLICIES:
            raise UsageError(
                f"{what} have no policy on signatures that there is",
                hint="choose from: " + ", ".join(POLICIES),
            )
    return {kind: str(word) for kind, word in by_kind.items()}


def add_key(
    publisher: str,
    text: str,
    *,
    valid_from: str = "",
    valid_to: str = "",
    kinds: tuple[str, ...] = (),
) -> JSON:
    """Pin a key for a publisher.

    Args:
        publisher: as the manifests of its sets name it.
        text: a public key of minisign, or the name of a file that holds one or a certificate.
        valid_from: first date on which the key counts, empty for no limit.
        valid_to: last date on which the key counts, empty for no limit.
        kinds: rows of `KINDS`; empty: all.

    Raises:
        UsageError: the key, the name, a date or a kind makes no sense.
    """
    path = Path(text)
    if len(text) < os.pathconf("/", "PC_PATH_MAX") and path.is_file():
        with path.open("rb") as stream:
            data = stream.read(trust.CMS_BYTES + 1)
    else:
        data = text.encode()
    if b"-----BEGIN CERTIFICATE" in data or data[:1] == b"\x30":
        key = trust.x509_key(data, valid_from=valid_from, valid_to=valid_to, kinds=kinds)
    else:
        text = data.decode("utf-8", "replace")
        key = trust.minisign_key(text, valid_from=valid_from, valid_to=valid_to, kinds=kinds)
    _change(lambda before: before.with_key(publisher, key))
    return _row(publisher, key)


def remove_key(publisher: str, key_id: str = "") -> JSON:
    """Take a pinned key away, or every key of a publisher. Return how many are left.

    Raises:
        UsageError: there is none.
    """
    after = _change(lambda before: before.without(publisher, key_id))
    return {
        "type": "trust-removed",
        "publisher": publisher,
        "key_id": key_id.upper(),
        "left": len(after.keys(publisher)),
    }


def list_keys() -> Iterator[JSON]:
    """Yield every pinned key, by publisher."""
    for publisher, keys in sorted(store().publishers.items()):
        for key in keys:
            yield _row(publisher, key)


def _row(publisher: str, key: PinnedKey) -> JSON:
    return {
        "type": "trusted-key",
        "publisher": publisher,
        "key_type": key.type,
        "key_id": key.id,
        **{name: value for name, value in asdict(key).items() if name not in {"type", "id"}},
        "kinds": list(key.kinds),
        "counts_now": key.lasts(datetime.now(UTC)),
    }


def _change(change: Callable[[TrustStore], TrustStore]) -> TrustStore:
    """Change the store as one step that no other process comes between."""
    home = private.folder(laboratory.home())
    try:
        with _locked(home):
            after = change(store())
            private.replace(home / STORE, after.encode())
    except OSError as error:
        raise HeroesError(f"the store of publishers cannot be locked: {error.strerror}") from error
    return after


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
