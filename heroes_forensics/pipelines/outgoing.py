"""The folder of an export: held open from the moment it is found empty until its files stand in it.

What is handed out names listed material by its digests. So it goes into the very folder that was
checked, wherever its name leads by then, and where a disk fails none of it stays behind.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from heroes_forensics import durable
from heroes_forensics.display import shown
from heroes_forensics.errors import StoppedError, UsageError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def check(folder: Path, case_dir: Path) -> None:
    """Make sure that a folder can be that of an export; nothing is made yet.

    Raises:
        UsageError: it is something else, holds something, or lies in the case.
    """
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise _taken(folder)
    if folder.resolve().is_relative_to(case_dir.resolve()):
        raise UsageError(
            f"{shown(str(folder))} lies in the folder of the case, which is handed on as a whole",
            hint="an export gets a folder of its own: name one elsewhere with --out",
        )


@contextmanager
def held(folder: Path) -> Iterator[int]:
    """Make the folder where it is missing, and hold it open for its owner alone.

    One that was made here is removed when an error leaves the context.

    Yields:
        A descriptor of the empty folder.

    Raises:
        StoppedError: it cannot be made or opened.
        UsageError: it is a link, no folder, or holds something by now.
    """
    made = False
    try:
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            made = True
        descriptor = os.open(folder, _FOLDER)
    except NotADirectoryError as error:
        raise _taken(folder) from error
    except OSError as error:
        raise StoppedError(
            f"the folder of the export cannot be made: {error.strerror}",
            hint="nothing was disclosed: make room, or name another folder with --out",
        ) from error
    try:
        _check_empty(descriptor, folder)
        os.fchmod(descriptor, 0o700)
        yield descriptor
    except BaseException:
        if made:
            with suppress(OSError):  # not empty, or no longer there
                folder.rmdir()
        raise
    finally:
        os.close(descriptor)


def write(descriptor: int, files: Mapping[str, bytes]) -> None:
    """Write all files into a folder that is held open, or none.

    Raises:
        StoppedError: they cannot be written; what was written is removed.
    """
    inside = Path(f"/proc/self/fd/{descriptor}")
    begun: list[str] = []
    try:
        for name, data in files.items():
            begun += (name, f".{name}.new")
            with durable.replacing(inside / name) as stream:
                stream.write(data)
    except OSError as error:
        for name in begun:
            with suppress(OSError):
                os.unlink(name, dir_fd=descriptor)
        raise StoppedError(
            f"the folder of the export cannot be written: {error.strerror}",
            hint="the disclosure is on record, but nothing was handed out: make room, export again",
        ) from error


def _check_empty(descriptor: int, folder: Path) -> None:
    if os.listdir(descriptor):
        raise _taken(folder)


def _taken(folder: Path) -> UsageError:
    return UsageError(
        f"{shown(str(folder))} is there already, and is not an empty folder",
        hint="an export gets a folder of its own: name a new one with --out",
    )
