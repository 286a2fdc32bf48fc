"""Write the sections of a set file one after the other, and its header last."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from heroes_forensics import durable
from heroes_forensics.hashsets.layout import (
    HEADER_AREA,
    MAGIC,
    PREAMBLE,
    VERSION,
    Header,
    Section,
    align,
)
from heroes_forensics.hashsets.sealing import header_mac


class SetWriter:
    """A set file being written: owner-only, and never over another one.

    Args:
        path: the file; it must not exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stack = ExitStack()
        self._at = HEADER_AREA
        self._start = HEADER_AREA
        self._name = ""
        self._digest = sha256()
        self._sections: dict[str, Section] = {}

    def __enter__(self) -> Self:
        """Make the file."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o600)
        self._stack.callback(os.close, self._descriptor)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it, finished or not."""
        self._stack.close()

    def section(self, name: str) -> None:
        """Start a section; the one before ends."""
        self._close_section()
        self._at = self._start = align(self._at)
        self._name, self._digest = name, sha256()

    def write(self, data: bytes) -> None:
        """Append to the current section."""
        self._digest.update(data)
        durable.write_at(self._descriptor, data, self._at)
        self._at += len(data)

    def skip(self, names_and_lengths: Sequence[tuple[str, int]]) -> "list[Column]":
        """Reserve several sections that are written side by side."""
        self._close_section()
        columns = []
        for name, length in names_and_lengths:
            self._at = align(self._at)
            columns.append(Column(self._descriptor, name, self._at, length))
            self._at += length
        return columns

    def done(self, columns: "list[Column]") -> None:
        """Enter sections that were written side by side."""
        for column in columns:
            self._sections[column.name] = column.section()

    def finish(self, header: Header, set_key: bytes) -> None:
        """Write the header and make the file durable."""
        self._close_section()
        data = replace(header, sections=self._sections).encode()
        mac = header_mac(set_key, header.id, data)
        start = PREAMBLE.pack(MAGIC, VERSION, len(data), sha256(data).digest(), mac)
        durable.truncate(self._descriptor, align(self._at))
        durable.write_at(self._descriptor, start + data, 0)
        durable.sync(self._descriptor)

    def _close_section(self) -> None:
        if self._name:
            length = self._at - self._start
            self._sections[self._name] = Section(self._start, length, self._digest.hexdigest())
            self._name = ""


class Column:
    """A section of known length, written in pieces while others are."""

    def __init__(self, descriptor: int, name: str, offset: int, length: int) -> None:
        self.name = name
        self._descriptor = descriptor
        self._offset = offset
        self._length = length
        self._done = 0
        self._digest = sha256()

    def write(self, data: bytes) -> None:
        """Append."""
        self._digest.update(data)
        durable.write_at(self._descriptor, data, self._offset + self._done)
        self._done += len(data)

    def section(self) -> Section:
        """Return what stands in the header."""
        if self._done != self._length:
            raise ValueError(f"section {self.name} has {self._done} bytes, not {self._length}")
        return Section(self._offset, self._length, self._digest.hexdigest())
