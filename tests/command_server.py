"""A process that runs command lines of ours, each in a fork of itself that has all loaded already.

Started by `Commands`; reads one request a line and answers with how the command ended. A command
leads a session of its own, so that what it leaves behind is found and ended, and nothing else is.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import nursery

from heroes_forensics.pipelines.workers import launch
from heroes_forensics.reports import pdf

PRELOAD: Final = (
    "heroes_forensics.cli",
    "heroes_forensics.commands.scan",
    "heroes_forensics.commands.verify",
    "heroes_forensics.pipelines.runs.scan",
    "heroes_forensics.pipelines.report.reporting",
    "heroes_forensics.pipelines.checks.verifying",
    "heroes_forensics.pipelines.checks.views",
    "heroes_forensics.reports.html",
    "heroes_forensics.reports.csv",
    "heroes_forensics.reports.json",
)
KINDS: Final = ("evidence", "sets", "media")
"""Zygotes that need not import, see `nursery`, where this process has none that do."""
GRACE: Final = 30.0
"""Seconds that workers may take to end after the command has."""


class Ended(NamedTuple):
    """How a command ended."""

    code: int
    """Exit code; negative: by that signal."""
    out: str
    err: str
    seconds: float
    hung: bool
    """It had to be ended after its time."""
    killed: bool
    """It was ended because that was asked for, before it came to its end."""
    left: bool
    """Processes of it were there when it had ended, and did not go."""


class Commands:
    """Runs command lines one after the other, each in a fresh process, without loading anew."""

    def __init__(self, folder: Path, **constants: int) -> None:
        """Start the server.

        Args:
            folder: for what commands print.
            constants: what to set in modules of ``pipelines``, as ``room__module__NAME``.
        """
        self._out, self._err = folder / "out", folder / "err"
        forking = [] if launch.start is nursery.REAL else sorted(KINDS)
        told = json.dumps({"constants": constants, "paper": not pdf.missing()})
        self._process = subprocess.Popen(
            [sys.executable, __file__, told, *forking],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def run(
        self,
        *arguments: str,
        limit: float = 120,
        kill: float | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run a command line to its end.

        Args:
            arguments: of the command line.
            limit: seconds after which it is ended and counts as hung.
            kill: seconds after which it is killed, and nobody is told.
            environment: what it has beside that of this process.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {
            "arguments": arguments,
            "out": str(self._out),
            "err": str(self._err),
            "limit": limit,
            "kill": kill,
            "environment": dict(environment or {}),
        }
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        out, err = (path.read_text(errors="replace") for path in (self._out, self._err))
        return Ended(out=out, err=err, **answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()


def members(session: int) -> list[int]:
    """Return the processes of a session that are there, zombies left out."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, _, owner = path.read_bytes().rpartition(b")")[2].split()[:4]
            if int(owner) == session and state != b"Z":
                found.append(int(path.parent.name))
    return found


def end(session: int) -> bool:
    """Wait for the processes of a session to go; end those that do not, and say that there were."""
    deadline = time.monotonic() + GRACE
    while (there := members(session)) and time.monotonic() < deadline:
        time.sleep(0.02)
    for each in there:
        with suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)
    return bool(there)


def _command(request: dict[str, Any], run: Callable[[], object] | None) -> int:
    os.setsid()
    if run is not None:
        launch.start = nursery.beside(run).start
    if not request["paper"]:  # as in the tests of the module that asks, see `conftest`
        pdf.missing = lambda: list(pdf.NEEDED)
    for name, value in request["constants"].items():
        room, module, constant = name.split("__")
        found = import_module(f"heroes_forensics.pipelines.{room}.{module}")
        assert type(getattr(found, constant)) is type(value)
        setattr(found, constant, value)
    os.environ.update(request["environment"])
    out, err = request["out"], request["err"]
    nowhere = os.open(os.devnull, os.O_RDONLY)
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for number, descriptor in enumerate((nowhere, os.open(out, flags), os.open(err, flags))):
        os.dup2(descriptor, number)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    code: int = import_module("heroes_forensics.cli").run(request["arguments"])
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _serve(request: dict[str, Any], run: Callable[[], object] | None) -> dict[str, object]:
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _command(request, run)
        finally:
            os._exit(code)
    descriptor = os.pidfd_open(child)
    wait = request["limit"] if request["kill"] is None else request["kill"]
    late = not select.select([descriptor], [], [], wait)[0]
    os.close(descriptor)
    if late:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": time.monotonic() - start,
        "hung": late and request["kill"] is None,
        "killed": late and request["kill"] is not None,
        "left": end(child),
    }


def main() -> None:
    """Answer requests until there are no more."""
    for module in PRELOAD:
        import_module(module)
    told, kinds = json.loads(sys.argv[1]), sys.argv[2:]
    run = nursery.prepared(*kinds) if kinds else None
    for line in sys.stdin:
        answer = _serve(json.loads(line) | told, run)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
