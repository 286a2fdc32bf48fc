"""How well workers are locked: found out by trying, never concluded from what was configured.

`probe` has workers attempt what no worker may do (`pipelines.workers.probe`) and makes a
level of what was refused. Levels: docs/isolation.md.
"""

import os
import shutil
import signal
import socket
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol
from uuid import uuid4

from heroes_forensics.errors import StoppedError, UsageError
from heroes_forensics.frames import Control
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.case import laboratory
from heroes_forensics.pipelines.locks.sandbox import (
    ACCOUNT,
    FIRST_VICTIM,
    LANDLOCK,
    NAMESPACES,
    ROOT,
    Layers,
)
from heroes_forensics.pipelines.workers import probe as attempts
from heroes_forensics.pipelines.workers import wire

PARSER: Final = "parser"
FOLDER: Final = "folder"
"""Parsers that read a folder."""
BOUND_FOLDER: Final = "bound-folder"
"""Parsers that read, for root, a folder that answers nobody else: they stay its account."""
LEVELS: Final = ("A1", "A2", "A3", "A4")
"""From the weakest to the strongest."""

_SECONDS: Final = 20.0
"""A probe that says nothing for this long has hung."""

_NOT_HEARD: Final = "not-heard"
_OPEN: Final = frozenset({_NOT_HEARD, attempts.ALLOWED})
_LAYER: Final = "layer/"

_A2: Final = frozenset({"memory-limit", "open-file", "create-file"})
_A3: Final = _A2 | {
    "make-socket",  # nothing but the filter of system calls refuses that
    "connect-tcp",
    "send-udp",
    "connect-abstract",
    "connect-pathname",
    "exec",
    "ptrace",
    "fork",
    "thread",
    "signal-parent",
    "signal-coordinator",
}
_A4: Final = _A3 | {
    "stat-file",
    "open-directory",
    "keep-account",
    "written-code",
    f"{NAMESPACES}/connect-tcp",
    f"{NAMESPACES}/connect-abstract",
    f"{ROOT}/connect-pathname",
    f"{ROOT}/stat-file",
    f"{ACCOUNT}/keep-account",
    f"{LANDLOCK}/open-directory",
}
_NEEDED: Final = (("A4", _A4), ("A3", _A3), ("A2", _A2))
"""What has to be refused for a level, by the locks together and by single layers before them."""

_READS_ELSEWHERE: Final = frozenset({"folder/open-above"})
_WRITES_BELOW: Final = frozenset(
    {"folder/create-file", "folder/open-for-writing", "folder/change-mode", "folder/remove-file"}
)
_NEEDED_OF_FOLDERS: Final = {
    "A4": frozenset(attempts.FOLDER_ROWS),
    "A3": _READS_ELSEWHERE | _WRITES_BELOW,
    "A2": _READS_ELSEWHERE | _WRITES_BELOW,
}
"""What has to be refused in addition to workers that read a folder."""


@dataclass(frozen=True, slots=True)
class Isolation:
    """What workers were refused, and how much that is."""

    level: str
    """One of `LEVELS`."""
    refused: tuple[str, ...]
    """Attempts that failed, in the order they were made."""
    allowed: tuple[str, ...]
    """Attempts that succeeded, or of which nothing was heard."""
    outcomes: tuple[tuple[str, str], ...]
    """Every attempt with what came of it: ``allowed``, ``killed``, or the kernel's word."""
    layers: tuple[tuple[str, str], ...]
    """Every layer: ``applied``, or the kernel's word for why not."""

    @property
    def applied(self) -> list[str]:
        """Name the layers that are in place: a worker without one of them takes no unit."""
        return [
            name
            for name, outcome in self.layers
            if outcome == attempts.APPLIED and name != FIRST_VICTIM
        ]

    def without(self, layer: str, why: str, row: str) -> "Isolation":
        """Return this as it is where one layer, shown by the attempt ``row``, cannot be had."""
        rows = dict(self.outcomes) | {row: attempts.ALLOWED}
        layers = dict(self.layers) | {layer: why}
        return _judged(rows | {f"{_LAYER}{name}": said for name, said in layers.items()})

    def beside(self, layers: Layers) -> "Isolation":
        """Return this with layers that are not the workers'."""
        more = tuple((layer, why or attempts.APPLIED) for layer, why in layers.items())
        return replace(self, layers=self.layers + more)

    @property
    def missing(self) -> list[str]:
        """Name the layers that are missing, each with the kernel's word."""
        return [f"{name}: {why}" for name, why in self.layers if why != attempts.APPLIED]

    def sentence(self) -> str:
        """Say in one line how workers are locked and what is weaker than it could be."""
        return f"isolation of workers {self.summary()}"

    def summary(self) -> str:
        """Return level, number of attempts refused, and what is weaker than it could be."""
        parts = [f"{self.level}: {len(self.refused)} attempts refused"]
        if self.allowed:
            parts.append(f"not refused: {', '.join(self.allowed)}")
        if self.missing:
            parts.append(f"missing: {', '.join(self.missing)}")
        return "; ".join(parts)

    def facts(self) -> JSON:
        """Return what the record of a run keeps."""
        return {
            "level": self.level,
            "refused": list(self.refused),
            "allowed": list(self.allowed),
            "missing": self.missing,
        }

    def require(self, level: str) -> None:
        """Refuse to go on below ``level``.

        Raises:
            UsageError: the machine gives less.
        """
        if level and LEVELS.index(self.level) < LEVELS.index(level):
            missing = ", ".join(self.missing) or f"not refused: {', '.join(self.allowed)}"
            raise UsageError(
                f"workers reach isolation {self.level} on this machine, and {level} was asked for"
                f" ({missing})",
                hint="see docs/isolation.md for what each level needs, or ask for a lower one",
            )


class Prober(Protocol):
    """Starts workers that try instead of work; the zygote."""

    def probe(
        self, role: str, part: str, targets: JSON, descriptors: Sequence[int]
    ) -> tuple[int, socket.socket]:
        """Fork one; return its process number and our end of its socket."""
        ...

    def status(self, pid: int) -> int | None:
        """Return the wait status of a worker that has ended."""
        ...


def probe(zygote: Prober, roles: Sequence[str]) -> dict[str, Isolation]:
    """Have one worker of each role try what none may do.

    What a filter answers by ending the process is tried once for each: it is the same for all.

    Args:
        zygote: what they are forked from.
        roles: rows of `heroes_forensics.pipelines.locks.sandbox.ROLES`.

    Returns:
        What was found by role, and with parsers, under `FOLDER`, for those that read a folder.

    Raises:
        StoppedError: no worker could be started.
    """
    with _targets() as (targets, folder):
        parts: list[tuple[str, str, list[int]]] = [
            *((role, attempts.COMMON, []) for role in roles),
            *((roles[0], part, []) for part in attempts.DEADLY),
        ]
        if PARSER in roles:
            parts.append((PARSER, attempts.FOLDER, [folder]))
        # All at once: they run while the first one is being listened to.
        started = [(part, zygote.probe(role, part, targets, held)) for role, part, held in parts]
        heard = [_heard(zygote, part, *worker) for part, worker in started]
    deadly = {
        row: each[row] for row, each in zip(attempts.DEADLY, heard[len(roles) :], strict=False)
    }
    outcomes = {role: rows | deadly for role, rows in zip(roles, heard, strict=False)}
    if PARSER in roles:
        outcomes[FOLDER] = dict(outcomes[PARSER])
        _merge(outcomes[FOLDER], dict.fromkeys(attempts.FOLDER_ROWS, _NOT_HEARD) | heard[-1])
    found = {role: _judged(rows) for role, rows in outcomes.items()}
    if FOLDER in found:
        row = f"{ACCOUNT}/keep-account"
        found[BOUND_FOLDER] = found[FOLDER].without(ACCOUNT, "EXDEV", row)
    return found


def weakest(found: Iterable[Isolation]) -> Isolation:
    """Return what holds for all of several kinds of workers.

    Raises:
        ValueError: there is none.
    """
    each = list(found)
    layers: dict[str, str] = {}
    rows: dict[str, str] = {}
    for one in each:
        _merge(layers, dict(one.layers))
        for row, outcome in one.outcomes:
            if rows.get(row) not in _OPEN:
                rows[row] = outcome
    refused = tuple(row for row, outcome in rows.items() if outcome not in _OPEN)
    allowed = tuple(row for row, outcome in rows.items() if outcome in _OPEN)
    level = min((one.level for one in each), key=LEVELS.index)
    return Isolation(level, refused, allowed, tuple(rows.items()), tuple(layers.items()))


def _merge(outcomes: dict[str, str], found: dict[str, str]) -> None:
    """Add what a second worker said; of two words on one layer the worse one counts."""
    for row, outcome in found.items():
        if outcomes.get(row, attempts.APPLIED) == attempts.APPLIED:
            outcomes[row] = outcome


def _judged(outcomes: dict[str, str]) -> Isolation:
    layers = {
        row.removeprefix(_LAYER): outcome
        for row, outcome in outcomes.items()
        if row.startswith(_LAYER)
    }
    rows = {row: outcome for row, outcome in outcomes.items() if not row.startswith(_LAYER)}
    # What a probe that ended early never said is not refused.
    for row in sorted(_A4 - set(rows)):
        rows[row] = _NOT_HEARD
    refused = tuple(row for row, outcome in rows.items() if outcome not in _OPEN)
    allowed = tuple(row for row, outcome in rows.items() if outcome in _OPEN)
    of_folders = not _NEEDED_OF_FOLDERS["A4"].isdisjoint(rows)
    level = next(
        (
            name
            for name, needed in _NEEDED
            if needed | (_NEEDED_OF_FOLDERS[name] if of_folders else frozenset()) <= set(refused)
        ),
        LEVELS[0],
    )
    return Isolation(level, refused, allowed, tuple(rows.items()), tuple(layers.items()))


def _heard(zygote: Prober, part: str, pid: int, channel: socket.socket) -> dict[str, str]:
    """Collect what one probe worker says; how it ends is an answer too."""
    found: dict[str, str] = {}
    with channel:
        channel.settimeout(_SECONDS)
        with suppress(OSError, wire.ProtocolViolationError):
            while (received := wire.receive(channel)) is not None:
                frame = received.frame
                if isinstance(frame, Control) and frame.kind == "probed":
                    found[str(frame.body["row"])] = str(frame.body["outcome"])
    if part in attempts.DEADLY and part not in found:
        found[part] = _ending(zygote.status(pid))
    return found


def _ending(status: int | None) -> str:
    if status is None:
        return _NOT_HEARD
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGSYS:
        return "killed"
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) == attempts.EXIT_ALLOWED:
        return attempts.ALLOWED
    return _NOT_HEARD


@contextmanager
def _targets() -> Iterator[tuple[JSON, int]]:
    """Make what workers try it on, for as long as that takes: sockets and a folder of our own.

    Never evidence: no lock is in place yet that is known to hold.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(_own_folder()))
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, held)
        path = str(folder / SOCKET)
        if len(os.fsencode(path)) > _LONGEST_ADDRESS:
            path = f"/proc/{os.getpid()}/fd/{held}/{SOCKET}"
        abstract = f"heroes-probe-{uuid4()}"
        for address in ("\0" + abstract, path):
            stack.enter_context(_listening(address))
        below = folder / FOLDER
        below.mkdir()
        (below / attempts.FILE).touch()
        (below / attempts.LINK).symlink_to(attempts.FILE)
        # Nothing but the locks shall be in the way.
        for each in (folder, folder / SOCKET, below, below / attempts.FILE):
            each.chmod(0o777)
        descriptor = os.open(below, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        stack.callback(os.close, descriptor)
        targets: JSON = {
            "coordinator": os.getpid(),
            "account": os.geteuid(),
            "abstract": abstract,
            "pathname": path,
        }
        yield targets, descriptor


def _own_folder() -> "tempfile.TemporaryDirectory[str]":
    """Make a folder where temporary files lie; once the fence is up, in the laboratory's home.

    Raises:
        StoppedError: neither can be written.
    """
    reason = ""
    for parent in (None, laboratory.home()):
        try:
            if parent is not None:
                parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(Path(parent or tempfile.gettempdir()))
            return tempfile.TemporaryDirectory(prefix=_OWN_FOLDER, dir=parent)
        except OSError as error:
            reason = error.strerror or ""
    raise StoppedError(
        f"a folder for trying the locks of workers could not be made: {reason}",
        hint="the folder for temporary files (TMPDIR) or HEROES_HOME must be writable",
    )


def _sweep(parent: Path) -> None:
    """Remove what runs that were killed while they tried their locks left behind."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in entries:
            if not entry.name.startswith(_OWN_FOLDER):
                continue
            with suppress(OSError):
                info = entry.stat(follow_symlinks=False)
                old = time.time() - info.st_mtime > _LEFT_SECONDS
                if old and info.st_uid == os.geteuid() and stat.S_ISDIR(info.st_mode):
                    shutil.rmtree(entry.path)


@contextmanager
def _listening(address: str) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as made:
        made.bind(address)
        made.listen(8)
        yield


_OWN_FOLDER: Final = "heroes-probe-"
_LEFT_SECONDS: Final = 3600
"""No run tries its locks for so long."""
SOCKET: Final = "socket"
_LONGEST_ADDRESS: Final = 107
"""Bytes of the path of a socket (unix(7))."""
