"""Starting the interpreter that workers are forked from, before anything else is imported.

It imports for as long as the coordinator does. With two cores both are done in the time of one,
when it is started first: so this module needs next to nothing itself.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple

from heroes_forensics.errors import EvidenceError, StoppedError
from heroes_forensics.parsers.storage import segments
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE, PLUGIN_VARIABLE

BULK_BYTES: Final = 256 << 20
"""Sources of so many bytes win back what preparing the workers for speed costs: 0.1 s of CPU."""
FEW: Final = 1_000
"""Of a folder so many names are looked at; one with more counts as much to read."""

_START: Final = (
    "import gc; gc.disable(); from heroes_forensics.pipelines.workers import zygote; zygote.main()"
)
"""Looking for cycles would take a fifth of the time of importing; `zygote` allows it again."""

_ALLOCATOR: Final = {
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(256 << 20),
}
"""Buffers of megabytes are taken and given back for every stream: the allocator of the GNU C
library shall keep them. Mapping them anew costs as much as digesting a quarter of them."""


class Started(NamedTuple):
    """A new interpreter, and our end of the socket it serves."""

    process: subprocess.Popen[bytes]
    control: socket.socket


def clean() -> dict[str, str]:
    """Return the environment of a zygote: nothing of the one that this process has."""
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        environment[name] = "1"
    return environment | _ALLOCATOR


def start(kind: str, *, bulk: bool, plugin: str = "") -> Started:
    """Start an interpreter with a clean environment that imports what workers of a kind need.

    Args:
        kind: a key of `roles.ZYGOTES`.
        bulk: whether much is to be read: what makes reading faster is prepared, too.
        plugin: the entry point of `heroes_forensics.media.slot` that is loaded.

    Raises:
        StoppedError: this machine does not let a process be started.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    environment = clean()
    if faults := os.environ.get(FAULTS_VARIABLE):
        environment[FAULTS_VARIABLE] = faults
    if plugin:
        environment[PLUGIN_VARIABLE] = plugin
    descriptor = theirs.fileno()
    arguments = [str(descriptor), str(os.getpid()), kind, *(["bulk"] if bulk else [])]
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [sys.executable, "-I", "-c", _START, *arguments],
                pass_fds=(descriptor,),
                stdin=subprocess.DEVNULL,
                # Whatever a library prints may hold a name: nobody reads it.
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd="/",
            )
    except OSError as error:
        ours.close()
        what = error.filename or "a process"
        raise StoppedError(
            f"no worker can be started: {what}: {error.strerror}",
            hint="the machine is at fault, not the evidence: mend that, then start again",
        ) from error
    return Started(process, ours)


_AHEAD: dict[tuple[str, bool], Started] = {}


@contextmanager
def ahead(kind: str, *, bulk: bool) -> Iterator[None]:
    """Start one for whoever asks `taken` first; it is ended when nobody did."""
    _AHEAD[kind, bulk] = start(kind, bulk=bulk)
    try:
        yield
    finally:
        left = _AHEAD.pop((kind, bulk), None)
        if left is not None:
            left.control.close()
            left.process.wait()


def taken(kind: str, *, bulk: bool, plugin: str = "") -> Started:
    """Return the one that was started ahead, or start one; with a plug-in none was."""
    if plugin:
        return start(kind, bulk=bulk, plugin=plugin)
    return _AHEAD.pop((kind, bulk), None) or start(kind, bulk=bulk)


def is_bulk(paths: Sequence[Path]) -> bool:
    """Say whether enough is to be read for a costlier start to pay; yes where nobody can tell."""
    size = 0
    for path in paths:
        try:
            found = segments.discover(path)
        except EvidenceError:
            continue  # said when it is opened
        if found.kind == "device":
            return True
        if found.kind == "directory":
            try:
                size += _size_of(path)
            except OSError:
                return True
        size += sum(part.size for part in found.parts)
    return size >= BULK_BYTES or not paths


def _size_of(folder: Path) -> int:
    """Return the bytes of the files in a folder, by stat alone; `BULK_BYTES` for many names.

    No link is followed, and times of access stay as they are.

    Raises:
        OSError: a part of it cannot be listed.
    """
    size = seen = 0
    waiting = [(folder, 0)]
    while waiting:
        path, flags = waiting.pop()
        with _listing(path, flags) as entries:
            for entry in entries:
                seen += 1
                if seen > FEW:
                    return BULK_BYTES
                if entry.is_dir(follow_symlinks=False):
                    waiting.append((path / entry.name, os.O_NOFOLLOW))
                elif entry.is_file(follow_symlinks=False):
                    size += entry.stat(follow_symlinks=False).st_size
    return size


@contextmanager
def _listing(path: Path, flags: int) -> Iterator[Iterator[os.DirEntry[str]]]:
    flags |= os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        descriptor = os.open(path, flags | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # only its owner may ask for that
        descriptor = os.open(path, flags)
    try:
        with os.scandir(descriptor) as entries:
            yield entries
    finally:
        os.close(descriptor)
