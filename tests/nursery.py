"""Zygotes that need not import: forked from an interpreter that did so already.

What a zygote imports is most of what a small scan costs, and the same a thousand times in one run
of the tests. So one interpreter of each kind is started as `launch.start` starts a zygote (clean
environment, isolated, nothing of the test in its memory), imports what zygotes of that kind
import, and forks for each scan a process that then runs `zygote.main` as a new one would: it is a
child of who asked for it, in the same session, with the same descriptors, and ends with it.
Whether zygotes start and import as they should is for tests that have real ones, see ``conftest``.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from unittest import mock

from heroes_forensics.pipelines.workers import launch, roles

REAL: Final = launch.start
_SUBREAPER: Final = 36
"""``PR_SET_CHILD_SUBREAPER``, linux/prctl.h."""
_LONGEST: Final = 4096

_START: Final = """
import gc, sys
gc.disable()
sys.path.insert(0, {tests!r})
import nursery
sys.path.remove({tests!r})
nursery.main()
"""


class Adopted(subprocess.Popen[bytes]):
    """A process that another one forked for us, and that is our child all the same."""

    def __init__(self, pid: int, args: list[str]) -> None:
        """Take it over, without starting anything."""
        self.pid = pid
        self.args = args
        self.returncode = None
        self.stdin = self.stdout = self.stderr = None
        self._child_created = True
        self._waitpid_lock = threading.Lock()


class Nursery:
    """Stands in for `launch.start`."""

    def __init__(self, channels: Mapping[str, socket.socket] | None = None) -> None:
        """Take those that are there already, if any, by kind."""
        self._channels = dict(channels or {})
        self._processes: list[subprocess.Popen[bytes]] = []
        self._owner = os.getpid()
        self._lock = threading.Lock()

    def start(self, kind: str, *, bulk: bool, plugin: str = "") -> launch.Started:
        """Have a zygote forked; a plug-in has one started."""
        if plugin or os.getpid() != self._owner:
            return REAL(kind, bulk=bulk, plugin=plugin)
        arguments = [str(os.getpid()), kind, *(["bulk"] if bulk else [])]
        environment = {}
        if faults := os.environ.get(roles.FAULTS_VARIABLE):
            environment[roles.FAULTS_VARIABLE] = faults
        request = json.dumps({"arguments": arguments, "environment": environment}).encode()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._lock:
            channel = self._of(kind)
            with _adopting():
                socket.send_fds(channel, [request], [theirs.fileno()])
                pid = int(channel.recv(_LONGEST))
        return launch.Started(Adopted(pid, arguments), ours)

    def _of(self, kind: str) -> socket.socket:
        if kind not in self._channels:
            code = _START.format(tests=str(Path(__file__).parent))
            with mock.patch.object(launch, "_START", code), mock.patch.dict(os.environ):
                # Of one test; what is forked is told anew what to load.
                os.environ.pop(roles.FAULTS_VARIABLE, None)
                started = REAL(kind, bulk=False)
            self._processes.append(started.process)
            self._channels[kind] = started.control
        return self._channels[kind]

    def close(self) -> None:
        """End the interpreters that were started; what they forked is for who asked for it."""
        for channel in self._channels.values():
            channel.close()
        for process in self._processes:
            process.wait(timeout=60)


@contextmanager
def _adopting() -> Iterator[None]:
    """Make what loses its parent below this process its own child, for the moment."""
    prctl = ctypes.CDLL(None).prctl
    prctl(_SUBREAPER, 1, 0, 0, 0)
    try:
        yield
    finally:
        prctl(_SUBREAPER, 0, 0, 0, 0)


def serve(channel: socket.socket, run: Callable[[], object]) -> None:
    """Fork a process that calls ``run`` for each request, until the channel is closed."""
    while True:
        text, descriptors, _, _ = socket.recv_fds(channel, _LONGEST, 1)
        if not text:
            return
        channel.send(b"%d" % _forked(channel, json.loads(text), descriptors[0], run))
        os.close(descriptors[0])


def _forked(
    channel: socket.socket, request: dict[str, Any], descriptor: int, run: Callable[[], object]
) -> int:
    """Fork a process that loses its parent at once, and let it go on when it has."""
    told_read, told = os.pipe()
    go_read, go = os.pipe()
    between = os.fork()
    if between == 0:
        pid = os.fork()
        if pid:
            os.write(told, b"%d" % pid)
            os._exit(0)
        os.close(go)
        os.read(go_read, 1)
        for each in (told_read, told, go_read, channel.fileno()):
            os.close(each)
        os.environ.update(request["environment"])
        sys.argv[1:] = [str(descriptor), *request["arguments"]]
        code = 1
        with suppress(BaseException):
            run()
            code = 0
        os._exit(code)
    os.waitpid(between, 0)
    pid = int(os.read(told_read, _LONGEST))
    os.write(go, b".")
    for each in (told_read, told, go_read, go):
        os.close(each)
    return pid


def beside(run: Callable[[], object]) -> Nursery:
    """Fork what forks zygotes from this process, which has imported all they need."""
    parent = os.getpid()
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        with suppress(BaseException):
            ours.close()
            nowhere = os.open(os.devnull, os.O_RDWR)
            for number in range(3):
                os.dup2(nowhere, number)
            os.environ.clear()
            os.environ.update(launch.clean())
            os.chdir("/")
            _begin(parent)
            serve(theirs, run)
        os._exit(0)
    theirs.close()
    return Nursery(dict.fromkeys(roles.ZYGOTES, ours))


def prepared(*kinds: str) -> Callable[[], object]:
    """Import what zygotes of these kinds do, and return what runs one."""
    from heroes_forensics.pipelines.workers import zygote  # noqa: PLC0415 - not for who asks

    for kind in kinds:
        zygote.preload(kind)
        # Once is enough: what they load stays loaded.
        roles.ZYGOTES[kind] = replace(roles.ZYGOTES[kind], warm=())
    return zygote.main


def _begin(parent: int) -> None:
    from heroes_forensics.pipelines.locks import sandbox  # noqa: PLC0415 - not for who asks

    sandbox.die_with(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def main() -> None:
    """Start as a zygote is started: descriptor of the socket, the parent, the kind."""
    descriptor, parent, kind = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    _begin(parent)
    run = prepared(kind)
    with socket.socket(fileno=descriptor) as channel:
        serve(channel, run)
    os._exit(0)
