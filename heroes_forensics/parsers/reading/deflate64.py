"""Deflate64, as Windows writes zip archives with large files: the library, made bounded.

A match has up to 65,538 bytes in two and a half of input (APPNOTE 4.4.5, method 9), and the library
gives all that comes of its input at once: so it gets little at a time.
"""

from typing import Final

import inflate64

_STEP: Final = 256
"""Bytes of input at a time: seven MiB come of them at most."""


class Deflate64Engine:
    """Satisfies `decompression.Engine`."""

    unused_data: Final = b""
    """Never known: whatever is behind the end of a stream is the container's to tell."""

    def __init__(self) -> None:
        self._engine = inflate64.Inflater()
        self._input = memoryview(b"")
        self._output = memoryview(b"")

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was met, and all of it given."""
        return bool(self._engine.eof) and not self._output

    @property
    def needs_input(self) -> bool:
        """Whether nothing more comes without further input."""
        return not self._output and not self._input

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Take input; return at most so many bytes.

        Raises:
            ValueError: it is damaged.
        """
        if data:
            self._input = memoryview(bytes(self._input) + data)
        while not self._output and self._input and not self._engine.eof:
            self._output = memoryview(self._engine.inflate(bytes(self._input[:_STEP])))
            self._input = self._input[_STEP:]
        given = self._output if max_length < 0 else self._output[:max_length]
        self._output = self._output[len(given) :]
        return bytes(given)
