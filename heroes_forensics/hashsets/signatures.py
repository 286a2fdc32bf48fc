"""The forms of a detached signature beside a manifest, and how a pinned key is found for each."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from heroes_forensics.hashsets import minisign
from heroes_forensics.hashsets.trust import (
    CMS_SUFFIX,
    MINISIGN,
    X509,
    PinnedKey,
    certificate_of,
)


@dataclass(frozen=True, slots=True)
class Offered:
    """A signature of one form, and how it is checked."""

    type: str
    key_id: str
    subject: str
    pinned: Callable[[Iterable[PinnedKey], datetime], PinnedKey | None]
    """Finds the key that it is by, or None."""
    holds: Callable[[PinnedKey, bytes], bool]


def _by_minisign(data: bytes) -> Offered:
    signature = minisign.read_signature(data)

    def pinned(keys: Iterable[PinnedKey], now: datetime) -> PinnedKey | None:
        del now
        return next(
            (key for key in keys if key.type == MINISIGN and key.id == signature.key_id), None
        )

    def holds(key: PinnedKey, message: bytes) -> bool:
        return minisign.holds(signature, minisign.read_key(key.key), message)

    return Offered(MINISIGN, signature.key_id, "", pinned, holds)


def _by_certificate(data: bytes) -> Offered:
    from heroes_forensics.hashsets import cms  # noqa: PLC0415 # when there is one

    message = cms.read(data)

    def pinned(keys: Iterable[PinnedKey], now: datetime) -> PinnedKey | None:
        known = {key.id: key for key in keys if key.type == X509}
        found = cms.anchor(message, [certificate_of(key) for key in known.values()], now)
        return None if found is None else known[found]

    def holds(key: PinnedKey, content: bytes) -> bool:
        del key
        return cms.holds(message, content)

    return Offered(X509, message.fingerprint, message.subject, pinned, holds)


FORMS: Final[dict[str, Callable[[bytes], Offered]]] = {
    minisign.SUFFIX: _by_minisign,
    CMS_SUFFIX: _by_certificate,
}
"""By the suffix of their file; what the publisher has a pinned key for is looked at first."""
