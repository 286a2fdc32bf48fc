"""Which folder is a backup of iTunes or Finder."""

import os
import stat
from typing import Final

FORMAT: Final = "itunes-backup"

MANIFEST: Final = "Manifest.db"
"""The database in which such a backup says what its files are."""
_BESIDE: Final = ("Manifest.plist", "Info.plist", "Status.plist")


def is_backup(folder: int) -> bool:
    """Tell whether the folder open as ``folder`` is a backup, by names and kinds alone."""
    return _is_file(folder, MANIFEST) and any(_is_file(folder, name) for name in _BESIDE)


def _is_file(folder: int, name: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False
