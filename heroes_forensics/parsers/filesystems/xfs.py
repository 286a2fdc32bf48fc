"""XFS volumes, through libfsxfs. See `libyal_walk` for why not through dfVFS.

Locators: ``xfs/i123/u128/a1-0/n0``; the number after ``i`` is the inode number. There is no sweep:
the binding gives no list of inodes.
"""

from collections.abc import Iterator
from typing import Any

import pyfsxfs

from heroes_forensics.model import TimeBasis, TimeRule
from heroes_forensics.parsers.base import Reader, UnsupportedError
from heroes_forensics.parsers.filesystems.libyal_walk import LibyalFileSystem
from heroes_forensics.parsers.reading.readers import ReaderFile


class _Xfs:
    kind: str = "xfs"
    times: TimeBasis = dict.fromkeys("macb", TimeRule(1, "utc"))
    sweep: str = "not available"

    def __init__(self, reader: Reader) -> None:
        self._volume: Any = pyfsxfs.volume()
        self._file = ReaderFile(reader)
        self._volume.open_file_object(self._file)

    def root(self) -> Any:  # noqa: ANN401
        return self._volume.get_root_directory()

    def address(self, file: Any) -> int:  # noqa: ANN401
        return int(file.inode_number)

    def by_address(self, address: int) -> Any:  # noqa: ANN401
        return self._volume.get_file_entry_by_inode(address)

    def addresses(self) -> Iterator[int]:
        yield from ()

    def close(self) -> None:
        self._volume.close()


def open_xfs(reader: Reader) -> LibyalFileSystem:
    """Open a volume.

    Raises:
        UnsupportedError: it cannot be opened.
    """
    try:
        return LibyalFileSystem(_Xfs(reader))
    except (OSError, RuntimeError, MemoryError, ValueError) as error:
        raise UnsupportedError("the XFS volume cannot be opened", code="volume.damaged") from error
