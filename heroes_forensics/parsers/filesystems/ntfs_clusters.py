"""Which clusters of an NTFS volume are in use: whether a deleted file is still what it was."""

from typing import Any, Final

from heroes_forensics.parsers.filesystems import tsk_tables as t

_BITMAP_LIMIT: Final = 1 << 28
"""Bytes of the allocation bitmap that are read: 8 TiB of clusters of 4 KiB."""


class Clusters:
    """The allocation bitmap of an NTFS volume, read when a deleted entry asks for it."""

    def __init__(self, fs: Any) -> None:  # noqa: ANN401
        self._fs = fs
        self._bits: bytes | None = None

    def taken(self, file: Any) -> bool:  # noqa: ANN401
        """Tell whether a cluster of a deleted file is in use again.

        Raises:
            OSError: the bitmap cannot be read.
        """
        if self._bits is None:
            bitmap = self._fs.open_meta(t.NTFS_BITMAP_FILE)
            size = min(bitmap.info.meta.size, _BITMAP_LIMIT)
            self._bits = bitmap.read_random(0, size) if size else b""
        return any(
            self._any(run.addr, run.addr + run.len)
            for attribute in file
            if not int(attribute.info.flags) & t.ATTRIBUTE_RESIDENT
            for run in attribute
            if run.addr and not int(run.flags) & (t.RUN_SPARSE | t.RUN_FILLER)
        )

    def _any(self, start: int, end: int) -> bool:
        """Tell whether a bit between two clusters is set."""
        bits = self._bits or b""
        end = min(end, len(bits) * 8)
        if start >= end:
            return False
        span = int.from_bytes(bits[start // 8 : (end + 7) // 8], "little") >> start % 8
        return span & ((1 << (end - start)) - 1) != 0
