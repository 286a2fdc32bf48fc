"""Encrypted APFS volumes (FileVault): opened with a password or with a recovery key."""

from collections.abc import Iterator
from typing import Any

from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, Secrets
from heroes_forensics.parsers.storage.locked import LockedError


def unlock(volume: Any, secrets: Secrets) -> None:  # noqa: ANN401 - bindings without types
    """Unlock a volume of libfsapfs with the first secret that fits, where it is locked.

    Raises:
        LockedError: none fits.
        OSError: it cannot be read.
    """
    if not volume.is_locked():
        return
    for _ in _set(volume, secrets):
        try:
            if volume.unlock() and not volume.is_locked():
                return
        except OSError:
            continue  # its bag of keys is of a kind that the library does not read
    given = secrets.any_of(PASSWORD, RECOVERY_PASSWORD)
    raise LockedError("secrets" if given else "none")


def _set(volume: Any, secrets: Secrets) -> Iterator[None]:  # noqa: ANN401
    """Give the volume one secret after the other."""
    for value in secrets.of(PASSWORD):
        volume.set_password(value.decode("utf-8", "replace"))
        yield
    for value in secrets.of(RECOVERY_PASSWORD):
        volume.set_recovery_password(value.decode("utf-8", "replace"))
        yield
