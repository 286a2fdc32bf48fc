"""The process that workers are forked from: a new interpreter that never sees evidence or keys.

It is started by `pipelines.workers.forking` with one socket. It imports what workers
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
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location

from heroes_forensics.errors import HeroesError
from heroes_forensics.frames import Control
from heroes_forensics.model import JSON
from heroes_forensics.pipelines.locks import sandbox, seccomp
from heroes_forensics.pipelines.workers import probe, wire, worker
from heroes_forensics.pipelines.workers.roles import FAULTS_VARIABLE, PLUGIN_VARIABLE, ZYGOTES


def _fork(root: int, held: Sequence[int], message: Control) -> tuple[int, int]:
    """Fork one worker and return its process number and a descriptor that names it.

    Args:
        root: an empty directory.
        held: evidence, then (for a worker, not for a probe) its progress page, then its socket.
        message: ``fork`` or ``probe``.
    """
    parent = os.getpid()
    child = os.fork()
    if child:
        return child, os.pidfd_open(child)
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _work(parent, root, held, message)
    except BrokenPipeError:
        os._exit(0)
    except MemoryError:
        os._exit(worker.EXIT_MEMORY)
    except BaseException:  # noqa: BLE001 - nothing may unwind into the zygote's own loop
        os._exit(worker.EXIT_BUG)
    os._exit(0)


def _work(parent: int, root: int, held: Sequence[int], message: Control) -> None:
    """Lock this new process, then let it serve, or try its locks."""
    evidence = tuple(held[:-1] if message.kind == "probe" else held[:-2])
    role = sandbox.ROLES[str(message.body["role"])]
    keep = set(held)
    if role.opens_early is not None:
        opener = import_module(role.opens_early)
        for descriptor in evidence:
            keep |= opener.open_before_locks(descriptor)
    if message.kind == "fork":
        role = replace(role, memory=int(str(message.body["memory"])))

    def lock(between: Callable[[str], None] | None = None) -> sandbox.Layers:
        return sandbox.lock(role, sorted(keep), parent=parent, root=root, between=between)

    # It is closed by the end of the process: who sees it closed may ask at once how that ended.
    channel = socket.socket(fileno=held[-1])
    if message.kind == "probe":
        _probe(channel, evidence, message.body, lock)
        os._exit(0)
    layers = lock()
    needed = message.body["layers"]
    if isinstance(needed, list) and any(layers.get(str(name), "missing") for name in needed):
        os._exit(worker.EXIT_UNLOCKED)
    worker.serve(channel, held[-2], evidence)
    os._exit(0)


def _probe(
    channel: socket.socket,
    evidence: tuple[int, ...],
    body: JSON,
    lock: Callable[[Callable[[str], None] | None], sandbox.Layers],
) -> None:
    targets = body["targets"]
    folder = evidence[0] if evidence else -1
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


def _import_alone(name: str) -> None:
    """Import what asks once how many processors there are, and later starts as many threads.

    `cryptography` does so for Argon2, and without a thread a locked worker would derive nothing.
    """
    own = os.sched_getaffinity(0)
    with suppress(OSError):
        os.sched_setaffinity(0, {min(own)})
    try:
        import_module(name)
    finally:
        with suppress(OSError):
            os.sched_setaffinity(0, own)


def preload(kind: str = "evidence", *, bulk: bool = False) -> None:
    """Import all that the workers of a kind can come to need, and have it ready."""
    needs = ZYGOTES[kind]
    for name in needs.alone:
        _import_alone(name)
    for name in needs.packages:
        package = import_module(name)
        for found in pkgutil.walk_packages(package.__path__, f"{name}."):
            import_module(found.name)
    for name in needs.modules:
        import_module(name)
    for target in (*needs.warm, *(needs.bulk if bulk else ())):
        module, _, function = target.partition(":")
        getattr(import_module(module), function)()
    if path := os.environ.get(FAULTS_VARIABLE):
        spec = spec_from_file_location("heroes_test_faults", path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{FAULTS_VARIABLE} names no Python file")
        spec.loader.exec_module(module_from_spec(spec))
    if plugin := os.environ.get(PLUGIN_VARIABLE):
        import_module("heroes_forensics.media.slot").load(plugin)


def run(control: socket.socket, kind: str, *, bulk: bool) -> None:
    """Serve ``fork`` messages until the coordinator closes the socket."""
    preload(kind, bulk=bulk)
    gc.freeze()  # what is loaded now is never looked at again, so that workers share its pages
    gc.set_threshold(20_000, 50, 50)
    gc.enable()
    try:
        sandbox.check_single("the process that starts workers")
    except HeroesError as error:
        words = {"message": str(error), "hint": error.hint, "code": ""}
        body: JSON = {"unit": 0, "exit_code": 1, "task": -1, **words}
        wire.send(control, Control("failed", body))
        return
    root = sandbox.empty_root()
    sandbox.prepare()
    # It parses nothing, but evidence passes through its hands on the way to workers.
    sandbox.applied(sandbox.no_new_privileges)
    # The network is left to the workers' own locks, which are tried out one by one.
    sandbox.applied(lambda: seccomp.install(seccomp.denials(execute=False, network=True)))
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
                if received is None or not isinstance(received.frame, Control):
                    return
                held += received.descriptors
                if received.frame.kind != "descriptors":
                    _answer(control, root, held, received.frame)
                    for descriptor in held:
                        os.close(descriptor)
                    held.clear()


def _answer(control: socket.socket, root: int, held: Sequence[int], message: Control) -> None:
    try:
        pid, pidfd = _fork(root, held, message)
    except OSError:
        wire.send(control, Control("unforked"))
        return
    wire.send(control, Control("forked", {"pid": pid}), [pidfd])
    os.close(pidfd)


def main() -> None:
    """Start from a command line: descriptor of the socket, the parent, the kind, ``bulk``."""
    descriptor, parent, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    sandbox.die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # A split image of hundreds of segments is as many descriptors.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    os.environ["TZ"] = "UTC"
    time.tzset()
    with socket.socket(fileno=descriptor) as control, suppress(BrokenPipeError):
        run(control, kind, bulk="bulk" in sys.argv[4:])
    os._exit(0)  # taking down what it loaded would serve nobody, and takes time of every scan


if __name__ == "__main__":
    main()
