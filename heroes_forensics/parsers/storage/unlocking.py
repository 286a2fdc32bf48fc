"""BitLocker volumes that a password or a recovery password opens.

libbde decrypts; every secret that was given is tried on a volume opened anew, for the library does
not say which one of several did not fit. A startup key is taken by it from a path alone, which a
locked worker cannot open.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pybde

from heroes_forensics.parsers.base import Reader
from heroes_forensics.parsers.secrets import PASSWORD, RECOVERY_PASSWORD, Secrets
from heroes_forensics.parsers.storage.readers import ReaderFile


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


def unlocked(inner: Reader, secrets: Secrets) -> UnlockedReader:
    """Open a volume with the first secret that fits.

    Args:
        inner: the volume.
        secrets: what was given.

    Raises:
        OSError: none fits, or the volume is damaged.
    """
    for volume in _armed(secrets):
        below = ReaderFile(inner)
        try:
            volume.open_file_object(below)
            if not volume.is_locked():
                return UnlockedReader(volume, below)
        except OSError:
            continue
    raise OSError("no secret that was given opens the volume")


def _armed(secrets: Secrets) -> Iterator[Any]:
    """Yield a volume for each secret of a kind that it takes."""
    for text in _texts(secrets.of(RECOVERY_PASSWORD)):
        volume = pybde.volume()
        try:
            volume.set_recovery_password(text)
        except (OSError, ValueError, RuntimeError):
            continue  # it has not the form of one
        yield volume
    for text in _texts(secrets.of(PASSWORD)):
        volume = pybde.volume()
        volume.set_password(text)
        yield volume


def _texts(values: Iterator[bytes]) -> Iterator[str]:
    for value in values:
        yield value.decode("utf-8", "replace")
