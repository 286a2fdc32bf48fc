"""Open files of the catalogue: what is no regular file is damage, and never waited for."""

import os
import stat
from pathlib import Path
from typing import Final

from heroes_forensics.display import shown
from heroes_forensics.errors import HashSetError

_FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def opened(path: Path) -> int:
    """Open a file for reading and return its descriptor, which the caller closes.

    Raises:
        HashSetError: it is a folder, a pipe or a device.
        OSError: it is not there, or cannot be opened.
    """
    descriptor = os.open(path, _FLAGS)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise HashSetError(f"the catalogue is damaged: {shown(path.name)} is no file")
    return descriptor
