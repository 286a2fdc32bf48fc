"""Where things that are handed out go: the folder of an export, or one file.

A folder is held open from the moment it is found empty until its files stand in it. What is handed
out names listed material by its digests. So it goes into the very folder that was checked, wherever
its name leads by then, and where a disk fails none of it stays behind. A single file is begun
before the record says that it was made, so that a place that cannot be written costs no event.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

from heroes_forensics import durable
from heroes_forensics.display import shown
from heroes_forensics.errors import StoppedError, UsageError

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
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


@contextmanager
def streamed(descriptor: int) -> Iterator[Callable[[str, Iterable[bytes]], str]]:
    """Write files piece by piece into a folder that is held open; all get their names at the end.

    In the order in which they were written: where the last, the list of them, is there, all are.
    Where an error leaves the context, none of them is there.

    Yields:
        A function that writes one file under its name and returns its SHA-256 in hex.

    Raises:
        StoppedError: one cannot be written, or the folder is gone.
    """
    inside = Path(f"/proc/self/fd/{descriptor}")
    begun: list[str] = []
    every = ExitStack()
    order: list[ExitStack] = []

    def write(name: str, pieces: Iterable[bytes]) -> str:
        digest = hashlib.sha256()
        begun.extend((name, f".{name}.new"))
        order.append(every.enter_context(ExitStack()))
        stream = order[-1].enter_context(durable.replacing(inside / name))
        for piece in pieces:
            digest.update(piece)
            stream.write(piece)
        stream.flush()
        durable.sync(stream.fileno())
        return digest.hexdigest()

    try:
        with every:
            yield write
            for file_of_it in order:
                file_of_it.close()
    except BaseException as error:
        for name in begun:
            with suppress(OSError):
                os.unlink(name, dir_fd=descriptor)
        if isinstance(error, OSError):
            raise StoppedError(
                f"the folder of the export cannot be written: {error.strerror}",
                hint="nothing was handed out; what the record says of it stays: make room, export"
                " again",
            ) from error
        raise


@contextmanager
def file(path: Path) -> Iterator[Callable[[bytes], None]]:
    """Begin a new file beside its name, for its owner alone; it gets the name when it is whole.

    Yields:
        A function that writes all of it, once.

    Raises:
        UsageError: there is something of that name, or the place cannot be written.
        StoppedError: the disk is full or failing; there is no file.
    """
    if path.is_symlink() or path.exists():
        raise UsageError(
            f"{shown(str(path))} is there already", hint="name a new file with --output"
        )
    try:
        aside = durable.own(path)
        descriptor = os.open(aside, _NEW, 0o600)
    except OSError as error:
        raise UsageError(
            f"{shown(str(path))} cannot be written: {error.strerror}",
            hint="name a file in a folder that is there and that you may write to",
        ) from error

    def whole(data: bytes) -> None:
        try:
            durable.write(descriptor, data)
            durable.sync(descriptor)
            durable.place(aside, path)
        except OSError as error:
            raise StoppedError(
                f"{shown(str(path))} cannot be written: {error.strerror}",
                hint="nothing was handed out; what the record says of it stays: make it again",
            ) from error

    try:
        yield whole
    finally:
        os.close(descriptor)
        aside.unlink(missing_ok=True)


def _check_empty(descriptor: int, folder: Path) -> None:
    if os.listdir(descriptor):
        raise _taken(folder)


def _taken(folder: Path) -> UsageError:
    return UsageError(
        f"{shown(str(folder))} is there already, and is not an empty folder",
        hint="an export gets a folder of its own: name a new one with --out",
    )
