"""A stream whose stated digest is compared when it was read from start to end."""

from typing import TYPE_CHECKING

from heroes_forensics.parsers.base import Reader, UnsupportedError

if TYPE_CHECKING:
    import hashlib


class CheckedReader:
    """Passes reads on, and digests what comes in order."""

    def __init__(self, stream: Reader, running: "hashlib._Hash", stated: str) -> None:
        """Take a stream of known size.

        Args:
            stream: closed with this one.
            running: the digest to compute.
            stated: its value, hexadecimal, lower case.
        """
        self._stream = stream
        self._running = running
        self._stated = stated
        self._checked = 0

    @property
    def size(self) -> int:
        """Length, bytes."""
        return self._stream.size

    def pread(self, offset: int, length: int) -> bytes:
        """Read up to ``length`` bytes at ``offset``.

        Raises:
            OSError: they cannot be read.
            UnsupportedError: ``stream.checksum``: every byte was read in order, and the digest is
                not the one that is stated.
        """
        data = self._stream.pread(offset, length)
        if data and offset == self._checked:
            self._running.update(data)
            self._checked += len(data)
            if self._checked == self.size and self._running.hexdigest() != self._stated:
                raise UnsupportedError("the stored digest does not fit", code="stream.checksum")
        return data

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
