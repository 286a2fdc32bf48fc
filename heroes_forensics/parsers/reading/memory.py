"""Bytes in memory as a reader: what a library gives whole."""


class BytesReader:
    """Reads what is in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size(self) -> int:
        """Length, bytes."""
        return len(self._data)

    def pread(self, offset: int, length: int) -> bytes:
        """Return up to ``length`` bytes at ``offset``."""
        return self._data[offset : offset + length] if length > 0 else b""

    def close(self) -> None:
        """Let go of it."""
        self._data = b""
