"""BitLocker volumes: those whose protection is suspended, and those that a secret opens.

libbde decrypts; every secret that was given is tried on a volume opened anew, for the library does
not say which one of several did not fit.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pybde

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.reading.readers import ReaderFile
from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, STARTUP_KEY, Secrets
from heroes_forensics.parsers.storage.bitlocker_key import cleared
from heroes_forensics.parsers.storage.locked import LockedError

KINDS = (PASSWORD, RECOVERY_PASSWORD, STARTUP_KEY)
"""Of secrets that may open one."""


class UnlockedReader:
    """The clear bytes of an encrypted volume."""

    def __init__(self, volume: Any, inner: ReaderFile) -> None:  # noqa: ANN401 - bindings without types
        self._volume = volume
        self._inner = inner  # the volume reads through it
        self._size = int(volume.get_size())
        self._lock = threading.Lock()

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: they cannot be read or decrypted.
        """
        length = max(0, min(length, self._size - offset))
        parts: list[bytes] = []
        with self._lock:
            while length > 0:
                data = self._volume.read_buffer_at_offset(length, offset)
                if not data:
                    break
                parts.append(data)
                offset += len(data)
                length -= len(data)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Close the volume."""
        self._volume.close()


def suspended(inner: Reader) -> UnlockedReader:
    """Open a volume whose key lies in the clear in it, or that was decrypted already.

    Args:
        inner: the volume.

    Raises:
        LockedError: it needs a secret, or is damaged.
    """
    try:
        found = _opened(pybde.volume(), inner)
    except (OSError, MemoryError, RuntimeError, ValueError) as error:
        raise LockedError("damaged") from error
    if found is None:
        raise LockedError("none")
    return found


def unlocked(inner: Reader, secrets: Secrets) -> UnlockedReader:
    """Open a volume with the first secret that fits.

    Args:
        inner: the volume.
        secrets: what was given.

    Raises:
        LockedError: none fits.
    """
    for volume, below in _armed(inner, secrets):
        try:
            found = _opened(volume, below)
        except OSError:
            continue
        if found is not None:
            return found
    raise LockedError("secrets")


def _opened(volume: Any, inner: Reader) -> UnlockedReader | None:  # noqa: ANN401
    """Open a volume; None when it stays locked."""
    below = ReaderFile(inner)
    volume.open_file_object(below)
    return None if volume.is_locked() else UnlockedReader(volume, below)


def _armed(inner: Reader, secrets: Secrets) -> Iterator[tuple[Any, Reader]]:
    """Yield what opens a volume and the volume to open, for each secret of a kind that it takes."""
    for text in _texts(secrets.of(RECOVERY_PASSWORD)):
        volume = pybde.volume()
        try:
            volume.set_recovery_password(text)
        except (OSError, ValueError, RuntimeError):
            continue  # it has not the form of one
        yield volume, inner
    for startup in secrets.of(STARTUP_KEY):
        view = cleared(inner, startup)
        if view is not None:
            yield pybde.volume(), view
    for text in _texts(secrets.of(PASSWORD)):
        volume = pybde.volume()
        volume.set_password(text)
        yield volume, inner


def _texts(values: Iterator[bytes]) -> Iterator[str]:
    for value in values:
        yield value.decode("utf-8", "replace")
