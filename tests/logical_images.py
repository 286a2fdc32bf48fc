"""Logical images as their programs lay them out, made small."""

import hashlib
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

MARGIN = 512

Tree = Mapping[bytes, "bytes | Tree"]
"""Files and folders by their names."""


@dataclass
class Ad1:
    """An AD1 image in the making: a run of bytes, cut into segments at the end."""

    chunk: int = 65536
    version: int = 4
    origin: bytes = b"C:\\Users\\anna"

    def __post_init__(self) -> None:
        self.run = bytearray()

    def image(self, tree: Tree, *, level: int = 6) -> bytes:
        """Return the run for files and folders by their names."""
        at = {3: 48, 4: 92}[self.version]
        first = at + len(self.origin)
        head = struct.pack(
            "<16sI4xI8xQI", b"ADLOGICALIMAGE\0", self.version, self.chunk, first, len(self.origin)
        )
        self.run = bytearray(head.ljust(at, b"\0") + self.origin)
        self._items(tree, 0, level)
        return bytes(self.run)

    def _items(self, tree: Tree, parent: int, level: int) -> None:
        last = -1
        for name, content in tree.items():
            at = len(self.run)
            if last >= 0:
                struct.pack_into("<Q", self.run, last, at)
            last = at
            is_folder = isinstance(content, Mapping)
            size = 0 if is_folder else len(content)
            head = struct.pack("<5Q2I", 0, 0, 0, 0, size, 5 if is_folder else 0, len(name))
            self.run += head + name + struct.pack("<Q", parent)
            if isinstance(content, bytes) and content:
                struct.pack_into("<Q", self.run, at + 24, len(self.run))
                self._content(content, level)
            struct.pack_into("<Q", self.run, at + 16, len(self.run))
            records = [(5, 7, b"20180502T074659.164650")]
            if isinstance(content, bytes):
                records.append((1, 0x5001, hashlib.md5(content).hexdigest().encode()))  # noqa: S324
            self._records(records)
            if isinstance(content, Mapping) and content:
                struct.pack_into("<Q", self.run, at + 8, len(self.run))
                self._items(content, at, level)

    def _content(self, content: bytes, level: int) -> None:
        pieces = [
            zlib.compress(content[start : start + self.chunk], level)
            for start in range(0, len(content), self.chunk)
        ]
        at = len(self.run) + 8 * (len(pieces) + 2)
        self.run += struct.pack("<Q", len(pieces))
        for piece in pieces:
            self.run += struct.pack("<Q", at)
            at += len(piece)
        self.run += struct.pack("<Q", at) + b"".join(pieces)

    def _records(self, records: list[tuple[int, int, bytes]]) -> None:
        for number, (category, key, value) in enumerate(records):
            end = len(self.run) + 20 + len(value)
            following = end if number + 1 < len(records) else 0
            self.run += struct.pack("<QIII", following, category, key, len(value)) + value


def ad1_segments(run: bytes, size: int) -> list[bytes]:
    """Cut a run into segment files of ``size`` bytes."""
    step = size - MARGIN
    pieces = [run[at : at + step] for at in range(0, len(run), step)]
    return [
        struct.pack("<16s8xIIQ", b"ADSEGMENTEDFILE\0", number, len(pieces), size).ljust(
            MARGIN, b"\0"
        )
        + piece
        for number, piece in enumerate(pieces, 1)
    ]
