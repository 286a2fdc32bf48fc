"""Encrypted APFS volumes (FileVault): opened with a password or with a recovery key."""

import struct
from collections.abc import Iterator
from typing import Any, Final

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, Secrets
from heroes_forensics.parsers.storage.apfs_keybag import most_rounds
from heroes_forensics.parsers.storage.locked import LockedError

MOST_ROUNDS: Final = 5_000_000
"""Of one secret: some seconds. macOS writes about 100,000."""
ALL_ROUNDS: Final = 200_000_000
"""Of all secrets that were given."""


def unlock(
    volume: Any,  # noqa: ANN401 - bindings without types
    container: Reader,
    secrets: Secrets,
) -> None:
    """Unlock a volume of libfsapfs with the first secret that fits, where it is locked.

    Args:
        volume: as the library has it.
        container: in which it lies.
        secrets: what was given.

    Raises:
        LockedError: none fits, or trying one takes too long.
        OSError: it cannot be read.
    """
    if not volume.is_locked():
        return
    given = sum(1 for _ in secrets.of(PASSWORD, RECOVERY_PASSWORD))
    if not given:
        raise LockedError("none")
    try:
        rounds = most_rounds(container)
    except (ValueError, struct.error) as error:
        raise LockedError("kind") from error
    if rounds > MOST_ROUNDS or rounds * given > ALL_ROUNDS:
        raise LockedError("time")
    for _ in _set(volume, secrets):
        try:
            if volume.unlock() and not volume.is_locked():
                return
        except OSError:
            continue  # its bag of keys is of a kind that the library does not read
    raise LockedError("secrets")


def _set(volume: Any, secrets: Secrets) -> Iterator[None]:  # noqa: ANN401
    """Give the volume one secret after the other."""
    for value in secrets.of(PASSWORD):
        volume.set_password(value.decode("utf-8", "replace"))
        yield
    for value in secrets.of(RECOVERY_PASSWORD):
        volume.set_recovery_password(value.decode("utf-8", "replace"))
        yield
