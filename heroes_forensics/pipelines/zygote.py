"""The process that workers are forked from: a new interpreter that never sees evidence or keys.

It is started by `heroes_forensics.pipelines.supervisor` with one socket. It imports what workers
need, then forks one worker for each ``fork`` message, hands it the descriptors that came along,
and reports how each worker ended. Because it is a new interpreter with a clean environment, no
key, hash set or case row is ever in a worker's address space.
"""

import gc
import os
import pkgutil
import resource
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Final

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import Control
from heroes_forensics.model import JSON
from heroes_forensics.pipelines import probe, sandbox, wire, worker

PACKAGES: Final = (
    "heroes_forensics.parsers",
    "heroes_forensics.hashsets.formats",
    "heroes_forensics.filetype",
    "heroes_forensics.hashing",
)
"""Imported with every module they have: once a worker is locked, no file can be opened, and an
import is nothing else."""

MODULES: Final = (
    "heroes_forensics.pipelines.units",
    "heroes_forensics.hashsets.importing",
    # Libraries and codecs that are looked up by name, when evidence asks for them.
    "pybde",
    "dfvfs.resolver_helpers",
    "encodings.ascii",
    "encodings.cp1252",
    "encodings.cp437",
    "encodings.idna",
    "encodings.latin_1",
    "encodings.mac_roman",
    "encodings.unicode_escape",
    "encodings.utf_16",
    "encodings.utf_16_be",
    "encodings.utf_16_le",
    "encodings.utf_32",
    "encodings.utf_8_sig",
)

WARM: Final = ("heroes_forensics.hashing.lanes:prepare",)
"""Functions called once after the imports: what compiles or looks things up when first used."""


def _fork(root: int, descriptors: tuple[int, ...], message: Control) -> int:
    """Fork one worker; the first descriptor is its socket, the rest is evidence."""
    parent = os.getpid()
    child = os.fork()
    if child:
        return child
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        role = sandbox.ROLES[str(message.body["role"])]

        keep = set(descriptors)
        if role.opens_early is not None:
            opener = import_module(role.opens_early)
            for descriptor in descriptors[1:]:
                keep |= opener.open_before_locks(descriptor)

        def lock(between: Callable[[str], None] | None = None) -> sandbox.Layers:
            return sandbox.lock(role, sorted(keep), parent=parent, root=root, between=between)

        if message.kind == "probe":
            _probe(descriptors, message.body, lock)
            os._exit(0)
        layers = lock()
        needed = message.body["layers"]
        if isinstance(needed, list) and any(layers.get(str(name), "missing") for name in needed):
            os._exit(worker.EXIT_UNLOCKED)
        with socket.socket(fileno=descriptors[0]) as channel:
            worker.serve(channel, descriptors[1:])
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        os._exit(worker.EXIT_MEMORY)
    except BaseException:  # noqa: BLE001 - nothing may unwind into the zygote's own loop
        os._exit(worker.EXIT_BUG)
    os._exit(0)


def _probe(
    descriptors: tuple[int, ...],
    body: JSON,
    lock: Callable[[Callable[[str], None] | None], sandbox.Layers],
) -> None:
    targets = body["targets"]
    folder = descriptors[1] if len(descriptors) > 1 else -1
    with socket.socket(fileno=descriptors[0]) as channel:
        known = targets if isinstance(targets, dict) else {}
        probe.run(channel, str(body["part"]), known, folder, lock)


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


def preload() -> None:
    """Import all that a worker can come to need, and have it ready."""
    for name in PACKAGES:
        package = import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            import_module(found.name)
    for name in MODULES:
        import_module(name)
    for target in WARM:
        module, _, function = target.partition(":")
        getattr(import_module(module), function)()


def run(control: socket.socket) -> None:
    """Serve ``fork`` messages until the coordinator closes the socket."""
    preload()
    gc.freeze()  # what is loaded now is never looked at again, so that workers share its pages
    gc.set_threshold(20_000, 50, 50)
    gc.enable()
    try:
        sandbox.check_single("the process that starts workers")
    except HeroesError as error:
        body: JSON = {"unit": 0, "exit_code": 1, "message": str(error), "hint": error.hint}
        wire.send(control, Control("failed", body))
        return
    root = sandbox.empty_root()
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
                if not isinstance(received.frame, Control) or not received.frame.body:
                    continue  # more descriptors
                # The socket came last, with the message that asks for the worker.
                pid = _fork(root, (held[-1], *held[:-1]), received.frame)
                for descriptor in held:
                    os.close(descriptor)
                held.clear()
                wire.send(control, Control("forked", {"pid": pid}))


def main() -> None:
    """Start from the command line of the supervisor: the socket's descriptor, the parent's id."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    sandbox.die_with(parent)
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
