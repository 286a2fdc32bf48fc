"""The coordinator's own fence: the kernel refuses it to write anywhere but where it must.

It parses nothing hostile, so this is for its own mistakes: evidence is opened read-only by rule,
and with the fence a line of code that breaks the rule fails. It binds root too, and whatever the
coordinator starts from then on. A filter of system calls stands beside it, which leaves the
network, other processes and the owners and times of files out of reach.

Both are for ever, and for the whole process: only the program itself puts them up, never a library
call in somebody else's process.
"""

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from heroes_forensics.custody import outside
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.locks import landlock, sandbox, seccomp

FENCE: Final = "coordinator-fence"
FILTER: Final = "coordinator-filter"
"""How the record of a run calls these layers."""

_FOR_ANYBODY: Final = ("/dev/shm", "/var/tmp")  # noqa: S108 - a file is tried there, never kept
"""Folders that anybody may write to, where the one for temporary files is within the fence."""

NOT_OURS: Final = {FENCE: "not-the-program"}
"""What a process that only uses this package has instead."""


def around(case_dir: Path | None = None) -> sandbox.Layers:
    """Let this process write into the laboratory's home and one case only; `write_only_below`."""
    home = laboratory.home()
    with suppress(OSError):  # whoever wants to write there says so
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    return write_only_below([home] if case_dir is None else [home, case_dir])


def narrowed(layers: sandbox.Layers, case_dir: Path) -> None:
    """Where a fence is up, move it in to the case, which was not there when it was put up."""
    if not layers[FENCE]:
        landlock.write_only_below([laboratory.home(), case_dir])


def write_only_below(folders: Iterable[Path]) -> sandbox.Layers:
    """Give up writing everywhere but below ``folders``, for the rest of this process.

    The first folder of each path that exists counts: what is to be made has to be allowed where
    it will be made. Beside it goes what the fence
    does not cover and nobody here needs: the network, other processes, owners and times of files.

    Returns:
        For both layers empty text when the kernel refuses from now on, else why it does not: its
        own word, or ``not-refused`` when an attempt to write elsewhere succeeded.

    Raises:
        StoppedError: what speaks to a signing key outside this program cannot be started.
        SecondThreadError: a thread that runs already would stay outside the fence.
    """
    sandbox.check_single("the coordinator")
    for key in outside.kept(laboratory.home()):
        key.start()  # a token writes beside itself, a service is reached by a socket
    allowed = {_existing(folder) for folder in folders}
    # asked before the fence: Python looks for the folder by writing into it
    elsewhere = _elsewhere(allowed)
    with suppress(OSError):  # then the kernel refuses the layers too, and says so
        sandbox.no_new_privileges()

    def restrict() -> None:
        seccomp.install(seccomp.denials(execute=True, network=False))

    layers = {
        FENCE: sandbox.applied(lambda: landlock.write_only_below(allowed)),
        FILTER: sandbox.applied(restrict),
    }
    if not layers[FENCE] and _can_write(elsewhere):
        layers[FENCE] = "not-refused"
    return layers


def _existing(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder


def _elsewhere(allowed: Iterable[Path]) -> Path:
    """Return a folder where anybody may write, but outside of what is allowed."""
    roots = [folder.resolve() for folder in allowed]
    places = [Path(place).resolve() for place in _FOR_ANYBODY]
    with suppress(FileNotFoundError):  # nobody may write anywhere: nothing to find out there
        places.insert(0, Path(tempfile.gettempdir()).resolve())
    return next((each for each in places if not any(map(each.is_relative_to, roots))), Path("/"))


def _can_write(folder: Path) -> bool:
    """Try to make a file."""
    path = folder / f"heroes-fence-{uuid4()}"
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        return False
    path.unlink()
    return True
