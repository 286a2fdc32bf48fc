"""Work in a process of its own that can do nothing else: input and result are files in memory.

For libraries that are large or that read what others wrote, where a worker's frames would have
nothing to check: the result is a file, or a few words.
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from heroes_forensics.pipelines.locks import landlock, sandbox, seccomp

SECONDS: Final = 300
"""Time until it is ended."""

MEMORY: Final = 3 << 30
"""Bytes of private memory."""

LARGEST: Final = 256 << 20
"""Bytes of the result."""


class Running:
    """A process at work."""

    def __init__(self, process: subprocess.Popen[bytes], result: int) -> None:
        self._process, self._result = process, result

    def result(self) -> bytes | None:
        """Wait for what it made and return it; None when it failed or took too long."""
        with suppress(subprocess.TimeoutExpired):
            if self._process.wait(SECONDS) == 0:
                return os.pread(self._result, os.fstat(self._result).st_size, 0)
        return None


@contextmanager
def running(module: str, given: bytes) -> Iterator[Running]:
    """Start ``module.main()`` in a new interpreter, which is ended with the context.

    Args:
        module: one of `pipelines.report`, whose ``main`` calls `begun`, `lock`, `done`.
        given: its input.
    """
    source, result = os.memfd_create("source"), os.memfd_create("result")
    try:
        with open(source, "wb", closefd=False) as stream:
            stream.write(given)
        os.lseek(source, 0, os.SEEK_SET)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-c", _start(module), str(os.getpid())],
            stdin=source,
            stdout=result,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd="/",
        )
        try:
            yield Running(process, result)
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(source)
        os.close(result)


def _start(module: str) -> str:
    # As `cli.main` does: looking for cycles would take a fifth of the time of importing.
    return (
        "import gc; gc.set_threshold(100_000, 50, 50);"
        f" from heroes_forensics.pipelines.report import {module}; {module}.main()"
    )


# ---- in the process of its own -----------------------------------------------------------


def begun() -> bytes:
    """Return the input; end with whoever started this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator ends it
    sandbox.die_with(int(sys.argv[1]))
    return sys.stdin.buffer.read()


def lock(*, reads: bool) -> None:
    """Give up what is never needed; where the kernel lacks a layer, without it.

    Args:
        reads: whether files may still be opened for reading: a library that imports as it goes.
    """
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_DATA, MEMORY),
        (resource.RLIMIT_FSIZE, LARGEST),
        (resource.RLIMIT_CPU, SECONDS),
    ):
        _, most = resource.getrlimit(kind)
        wanted = limit if most == resource.RLIM_INFINITY else min(limit, most)
        resource.setrlimit(kind, (wanted, wanted))
    for layer in (
        sandbox.no_new_privileges,
        (lambda: landlock.write_only_below([])) if reads else landlock.deny_all,
        lambda: seccomp.install(seccomp.denials(execute=False, network=False)),
    ):
        sandbox.applied(layer)


def done(result: bytes) -> None:
    """Hand over the result and end, without the clearing up of an interpreter."""
    sys.stdout.buffer.write(result)
    sys.stdout.buffer.flush()
    os._exit(0)
