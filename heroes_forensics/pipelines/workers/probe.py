"""What a locked worker can still do: it tries, and says what came of it.

`run` stands in the place of a worker that reads evidence: the same fork, the same locks, then one
attempt after the other. Some attempts are also made between the layers, so that each layer shows
by itself that it holds and not only the last one. Starting a program and debugging a process end
the one who tries; each has a process of its own, and its end is the answer
(`heroes_forensics.pipelines.workers.isolation` reads it).
"""

import _thread
import ctypes
import errno
import mmap
import os
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from typing import Final

from heroes_forensics.frames import Control
from heroes_forensics.pipelines.locks import sandbox, syscalls
from heroes_forensics.pipelines.workers import wire

COMMON: Final = "common"
FOLDER: Final = "folder"
FILE: Final = "file"
LINK: Final = "link"
"""What lies in the folder that `FOLDER` is tried on; the link leads to the file."""
FOLDER_ROWS: Final = tuple(
    f"folder/{each}"
    for each in (
        "open-above",
        "stat-above",
        "create-file",
        "open-for-writing",
        "follow-link",
        "change-mode",
        "remove-file",
    )
)
"""What has to be refused to a worker that reads a folder."""
DEADLY: Final = ("exec", "ptrace")
"""Attempts that a filter answers by ending the process; each a process of its own."""

EXIT_ALLOWED: Final = 99
"""Exit code of a process that could do what it must not."""

ALLOWED: Final = "allowed"
"""Outcome of an attempt that succeeded; every other outcome is a refusal."""

APPLIED: Final = "applied"
"""Outcome of a layer that the kernel took."""

_PTRACE_SEIZE: Final = 0x4206
_LOCALHOST: Final = "127.0.0.1"
_NO_PORT: Final = 9
"""The discard port: nobody listens, and being told so means that the network was reached."""
Targets = Mapping[str, object]
"""What to try it on: ``coordinator`` and ``account`` (numbers), ``abstract`` and ``pathname``
(sockets that somebody listens on)."""


def run(
    channel: socket.socket,
    part: str,
    targets: Targets,
    folder: int,
    locked: Callable[[Callable[[str], None]], sandbox.Layers],
) -> None:
    """Lock this process, make the attempts of ``part`` and send one ``probed`` frame each.

    Args:
        channel: to the coordinator.
        part: `COMMON`, `FOLDER`, or one of `DEADLY`.
        targets: what to try it on.
        folder: descriptor of a folder source for `FOLDER`, else -1.
        locked: applies the locks, calling back between the layers.
    """
    attempts = _Attempts(targets, folder)

    def say(row: str, outcome: str) -> None:
        wire.send(channel, Control("probed", {"row": row, "outcome": outcome}))

    def between(layer: str) -> None:
        if part == COMMON:
            for row, attempt in attempts.of_layer(layer):
                say(f"{layer}/{row}", _outcome(attempt))

    layers = locked(between)
    if part in {COMMON, FOLDER}:
        for layer, why in layers.items():
            say(f"layer/{layer}", why or APPLIED)
        for row, attempt in attempts.common() if part == COMMON else attempts.of_folder():
            say(row, _outcome(attempt))
        return
    outcome = _outcome(attempts.execute if part == "exec" else attempts.trace)
    say(part, outcome)


def _outcome(attempt: Callable[[], None]) -> str:
    """Make an attempt; return `ALLOWED` or the word for the refusal."""
    try:
        attempt()
    except MemoryError:
        return "ENOMEM"
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, "refused")
    except RuntimeError:  # what a thread that cannot be started raises
        return "refused"
    return ALLOWED


class _Attempts:
    """Everything that is tried, on targets that were there before the locks."""

    def __init__(self, targets: Targets, folder: int) -> None:
        self._coordinator = int(str(targets["coordinator"]))
        self._account = int(str(targets["account"]))
        self._abstract = str(targets["abstract"])
        self._pathname = str(targets["pathname"])
        self._program = sys.executable
        self._identity = os.stat(self._program)  # noqa: PTH116 - compared with the same call later
        self._parent = os.getppid()
        self._folder = folder

    def of_layer(self, layer: str) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield what a layer has to refuse by itself."""
        if layer == sandbox.NAMESPACES:
            yield "connect-tcp", self.tcp
            yield "connect-abstract", self.abstract
        elif layer == sandbox.ROOT:
            yield "connect-pathname", self.pathname
            yield "stat-file", self.status
        elif layer == sandbox.ACCOUNT:
            yield "keep-account", self.account
        elif layer == sandbox.LANDLOCK:
            yield "open-directory", self.directory

    def common(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield what no worker may do once it is locked."""
        yield "open-file", self.open
        yield "open-directory", self.directory
        yield "create-file", self.create
        yield "stat-file", self.status
        yield "make-socket", self.socket
        yield "connect-tcp", self.tcp
        yield "send-udp", self.udp
        yield "connect-abstract", self.abstract
        yield "connect-pathname", self.pathname
        yield "fork", self.fork
        yield "thread", self.thread
        yield "signal-parent", self.parent
        yield "signal-coordinator", self.coordinator
        yield "keep-account", self.account
        yield "written-code", self.written_code
        yield "memory-limit", self.memory

    def of_folder(self) -> Iterator[tuple[str, Callable[[], None]]]:
        """Yield what a worker that reads a folder may not do; tried on a folder of our own."""
        yield "folder/open-above", self.above
        yield "folder/stat-above", self.status_above
        yield "folder/create-file", self.create_below
        yield "folder/open-for-writing", self.write_below
        yield "folder/follow-link", self.link_below
        yield "folder/change-mode", self.mode_below
        yield "folder/remove-file", self.remove_below

    # ---- files ---------------------------------------------------------------------------

    def open(self) -> None:
        """Open a file that is there."""
        os.close(os.open(self._program, os.O_RDONLY))

    def directory(self) -> None:
        """Open the directory that is the root."""
        os.close(os.open("/", os.O_RDONLY | os.O_DIRECTORY))

    def create(self) -> None:
        """Make a file wherever one can be made."""
        name = f"heroes-probe-{os.getpid()}"
        reason: OSError | None = None
        for folder in ("/", "/tmp", "/dev/shm", "."):  # noqa: S108 - it must fail
            path = os.path.join(folder, name)  # noqa: PTH118 - one call as late as this
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except OSError as error:
                reason = error
                continue
            with suppress(OSError):
                os.unlink(path)  # noqa: PTH108 - likewise
            return
        if reason is not None:
            raise reason

    def status(self) -> None:
        """Learn whether a file is there."""
        found = os.stat(self._program)  # noqa: PTH116 - likewise
        if not os.path.samestat(found, self._identity):
            raise OSError(errno.ENOENT, "another file of that name")

    def above(self) -> None:
        """Open the directory above a folder source."""
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        descriptor = os.open("..", flags, dir_fd=self._folder)
        try:
            self._other_than_folder(os.fstat(descriptor))
        finally:
            os.close(descriptor)

    def status_above(self) -> None:
        """Learn what lies above a folder source."""
        self._other_than_folder(os.stat("..", dir_fd=self._folder, follow_symlinks=False))

    def _other_than_folder(self, found: os.stat_result) -> None:
        if os.path.samestat(found, os.fstat(self._folder)):
            raise OSError(errno.EXDEV, "there is nothing above")

    def create_below(self) -> None:
        """Make a file below a folder source."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        os.close(os.open("made", flags, 0o600, dir_fd=self._folder))

    def write_below(self) -> None:
        """Open a file below a folder source for writing."""
        os.close(os.open(FILE, os.O_WRONLY | os.O_NOFOLLOW, dir_fd=self._folder))

    def link_below(self) -> None:
        """Open a file below a folder source by way of a link."""
        os.close(os.open(LINK, os.O_RDONLY, dir_fd=self._folder))

    def remove_below(self) -> None:
        """Remove a file below a folder source."""
        os.unlink(FILE, dir_fd=self._folder)

    def mode_below(self) -> None:
        """Change the mode of a file below a folder source."""
        os.chmod(FILE, 0o600, dir_fd=self._folder)

    # ---- network and sockets -------------------------------------------------------------

    def socket(self) -> None:
        """Make a socket at all, of the kind that needs no network."""
        socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).close()

    def tcp(self) -> None:
        """Reach the network of this machine."""
        with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as made:
            made.settimeout(1)
            with suppress(ConnectionRefusedError, TimeoutError):
                made.connect((_LOCALHOST, _NO_PORT))

    def udp(self) -> None:
        """Send a datagram."""
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as made:
            made.sendto(b"", (_LOCALHOST, _NO_PORT))

    def abstract(self) -> None:
        """Reach a socket that has a name and no file."""
        self._unix("\0" + self._abstract)

    def pathname(self) -> None:
        """Reach a socket that lies in a folder."""
        self._unix(self._pathname)

    @staticmethod
    def _unix(address: str) -> None:
        with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as made:
            try:
                made.connect(address)
            except ConnectionRefusedError as error:
                # Somebody listens there; who is refused sees another one of that name.
                raise OSError(errno.ENOENT, "nobody listens here") from error

    # ---- processes -----------------------------------------------------------------------

    def fork(self) -> None:
        """Make a process."""
        child = os.fork()
        if child == 0:
            os._exit(0)
        os.waitpid(child, 0)

    def thread(self) -> None:
        """Make a thread."""
        _thread.start_new_thread(_nothing, ())

    def parent(self) -> None:
        """Be allowed to signal the process that forked us."""
        os.kill(self._parent, 0)

    def coordinator(self) -> None:
        """Be allowed to signal the process that holds keys and case."""
        os.kill(self._coordinator, 0)

    def account(self) -> None:
        """Be the account again that the coordinator runs under."""
        os.setresuid(self._account, self._account, self._account)

    def execute(self) -> None:
        """Start a program; on success its exit code says so."""
        code = f"raise SystemExit({EXIT_ALLOWED})"
        os.execv(self._program, [self._program, "-I", "-S", "-c", code])  # noqa: S606 - it must fail

    def trace(self) -> None:
        """Take hold of the process that forked us."""
        syscalls.call("ptrace", _PTRACE_SEIZE, self._parent, None, 0)

    # ---- memory --------------------------------------------------------------------------

    def written_code(self) -> None:
        """Get memory that can be written and then run, at once or one after the other."""
        rights = mmap.PROT_READ | mmap.PROT_WRITE
        how = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        with suppress(OSError), closing(mmap.mmap(-1, mmap.PAGESIZE, how, rights | mmap.PROT_EXEC)):
            return
        with closing(mmap.mmap(-1, mmap.PAGESIZE, how, rights)) as made:
            window = ctypes.c_char.from_buffer(made)
            try:
                both = mmap.PROT_READ | mmap.PROT_EXEC
                syscalls.call("mprotect", ctypes.addressof(window), mmap.PAGESIZE, both)
            finally:
                del window  # it keeps the mapping from being closed

    def memory(self) -> None:
        """Get more memory than the limit; it is never touched."""
        how = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
        mmap.mmap(-1, 2 * sandbox.MEMORY_LIMIT, how).close()


def _nothing() -> None:
    """Be what a thread would do."""
