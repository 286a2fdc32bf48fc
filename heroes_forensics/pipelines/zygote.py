"""The process that workers are forked from: a new interpreter that never sees evidence or keys.

It is started by `heroes_forensics.pipelines.supervisor` with one socket. It imports what workers
need, then forks one worker for each ``fork`` message, hands it the descriptors that came along,
and reports how each worker ended. Because it is a new interpreter with a clean environment, no
key, hash set or case row is ever in a worker's address space.
"""

import ctypes
import gc
import os
import resource
import selectors
import signal
import socket
import sys
import time
from contextlib import suppress
from importlib import import_module
from typing import Final

from heroes_forensics.frames import Control
from heroes_forensics.pipelines import wire, worker

PRELOAD: Final = (
    "heroes_forensics.pipelines.units",
    "heroes_forensics.parsers.volumes",
    "heroes_forensics.parsers.storage.source",
    "heroes_forensics.parsers.storage.layout",
    "heroes_forensics.parsers.filesystems.tsk",
    "heroes_forensics.hashing.exact",
    "heroes_forensics.filetype",
)
MEMORY_LIMIT: Final = 1 << 30
"""Bytes of private memory of one worker (RLIMIT_DATA)."""

_PR_SET_PDEATHSIG: Final = 1


def _die_with_parent(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _fork(control: socket.socket, descriptors: tuple[int, ...]) -> int:
    """Fork one worker; the first descriptor is its socket, the rest is evidence."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        _die_with_parent(parent)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
        with socket.socket(fileno=descriptors[0]) as channel:
            worker.serve(channel, descriptors[1:])
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        os._exit(worker.EXIT_MEMORY)
    except BaseException:  # noqa: BLE001 - nothing may unwind into the zygote's own loop
        os._exit(worker.EXIT_BUG)
    os._exit(0)


def _report_dead(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        wire.send(control, Control("died", {"pid": pid, "status": status}))


def _wake(number: int, frame: object) -> None:
    """Do nothing: the wake-up descriptor ends the wait."""
    del number, frame


def run(control: socket.socket) -> None:
    """Serve ``fork`` messages until the coordinator closes the socket."""
    for module in PRELOAD:
        import_module(module)
    gc.freeze()  # what is loaded now is never looked at again, so that workers share its pages
    gc.set_threshold(20_000, 50, 50)
    gc.enable()
    awake_read, awake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.set_wakeup_fd(awake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, _wake)
    held: list[int] = []
    with selectors.DefaultSelector() as selector:
        selector.register(control, selectors.EVENT_READ)
        selector.register(awake_read, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd == awake_read:
                    with suppress(BlockingIOError):
                        os.read(awake_read, 4096)
                    _report_dead(control)
                    continue
                received = wire.receive(control)
                if received is None:
                    return
                held += received.descriptors
                if received.frame == Control("descriptors"):
                    continue
                # The socket came last, with the message that asks for the worker.
                pid = _fork(control, (held[-1], *held[:-1]))
                for descriptor in held:
                    os.close(descriptor)
                held.clear()
                wire.send(control, Control("forked", {"pid": pid}))


def main() -> None:
    """Start from the command line of the supervisor: the socket's descriptor, the parent's id."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    _die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A split image of hundreds of segments is as many descriptors.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.environ["TZ"] = "UTC"
    time.tzset()
    with socket.socket(fileno=descriptor) as control, suppress(BrokenPipeError):
        run(control)


if __name__ == "__main__":
    main()
