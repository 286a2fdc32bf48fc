"""Small files that a person names: checkpoints, replies, keys. Never waited for, never without end.

A pipe may never end and a device may have no end, so that only regular files are read.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import UsageError

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


@contextmanager
def opened(path: Path, what: str) -> Iterator[BufferedReader]:
    """Open a regular file for reading, links followed.

    Args:
        path: as the person gave it.
        what: it should be, for messages: "the reply".

    Raises:
        UsageError: it cannot be opened or read, or is no regular file.
    """
    what = f"{what} {shown(str(path))}"
    try:
        with os.fdopen(os.open(path, _FLAGS), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                raise UsageError(f"{what} cannot be read: it is no regular file")
            yield stream
    except OSError as error:
        raise UsageError(f"{what} cannot be read: {error.strerror}") from error


def read(path: Path, most: int, what: str) -> bytes:
    """Return the bytes of a file, links followed.

    Args:
        path: as the person gave it.
        most: bytes that it may have.
        what: it should be, for messages: "the reply".

    Raises:
        UsageError: it cannot be read, is no regular file, or is longer.
    """
    with opened(path, what) as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise UsageError(f"{what} {shown(str(path))} is longer than {most} bytes")
    return data
