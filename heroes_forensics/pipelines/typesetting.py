"""Setting a report on paper, in a process of its own that can do nothing else.

The typesetter is large, takes memory by the row, and would end the process it runs in if it ran out
of it. So it runs beside the coordinator, without files, network or programs, while that writes the
other files; what it gets and gives are files in memory. A report is never lost to it: where it
fails, the report is the page and the data, and says so.
"""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

from heroes_forensics.custody import bundle, notes
from heroes_forensics.pipelines import landlock, sandbox, seccomp
from heroes_forensics.reports import pdf

SECONDS: Final = 300
"""Time until it is ended; 2,000 findings and as many events take three of a core."""

MEMORY: Final = 3 << 30
"""Bytes of private memory; 2,000 findings and as many events take 0.6 GB."""

LARGEST: Final = 256 << 20
"""Bytes of the file."""

NOT_INSTALLED: Final = "not installed: the extra heroes-forensics[pdf] is needed"
FAILED: Final = "the typesetter could not set it; page and data are complete"

_START: Final = "from heroes_forensics.pipelines import typesetting; typesetting.main()"


class Sheet:
    """A report that is being set."""

    def __init__(self, process: subprocess.Popen[bytes] | None, result: int) -> None:
        self._process, self._result = process, result
        self.why = "" if process else NOT_INSTALLED
        """Why there is no file; empty while that is not known, and when there is one."""

    def file(self) -> bytes | None:
        """Wait for the file and return it; None when there is none."""
        if self._process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            if self._process.wait(SECONDS) == 0:
                size = os.fstat(self._result).st_size
                return os.pread(self._result, size, 0)
        self.why = FAILED
        return None


@contextmanager
def setting(page: bytes, model: bytes, note: bytes | None) -> Iterator[Sheet]:
    """Begin to set a report and yield it; it is ended with the context.

    Args:
        page: ``report.html``.
        model: ``report.json``.
        note: the checkpoint printed on page 1; see `pdf.prepared`.
    """
    if pdf.missing():
        yield Sheet(None, -1)
        return
    given = {
        "page": page.decode(),
        "model": model.decode(),
        "note": None if note is None else note.decode(),
    }
    source, result = os.memfd_create("source"), os.memfd_create("result")
    try:
        with open(source, "wb", closefd=False) as stream:
            stream.write(json.dumps(given, ensure_ascii=False).encode())
        os.lseek(source, 0, os.SEEK_SET)
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-I", "-c", _START, str(os.getpid())],
            stdin=source,
            stdout=result,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd="/",
        )
        try:
            yield Sheet(process, result)
        finally:
            process.kill()
            process.wait()
    finally:
        os.close(source)
        os.close(result)


def typeset(page: bytes, model: bytes, note: bytes | None) -> tuple[bytes | None, str]:
    """Return the file, or None and why there is none."""
    with setting(page, model, note) as sheet:
        return sheet.file(), sheet.why


def note(root: Path, size: int) -> bytes | None:
    """Return the checkpoint of ``size`` events with the ledger's own signature alone.

    Others may sign it later; what is printed stays as it was. None: there is no such checkpoint.

    Raises:
        CustodyError: it is no note.
    """
    try:
        with (root / bundle.checkpoint_name(size)).open("rb") as stream:
            found = notes.parse(stream.read(notes.MAX_NOTE + 1))
    except OSError:
        return None
    origin = notes.read_checkpoint(found.text).origin
    own = next((each for each in found.signatures if each.name == origin), None)
    return None if own is None else found.text + b"\n" + notes.line(own)


# ---- in the process of its own -----------------------------------------------------------


def main() -> NoReturn:
    """Set what comes on standard input and write the file to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the coordinator ends it
    sandbox.die_with(int(sys.argv[1]))
    given = json.loads(sys.stdin.buffer.read())
    note = given["note"]
    printed = pdf.prepared(
        given["page"].encode(), given["model"].encode(), None if note is None else note.encode()
    )
    import_module("typst")  # before files are out of reach
    _lock()
    made = pdf.typeset(printed)
    sys.stdout.buffer.write(made)
    sys.stdout.buffer.flush()
    os._exit(0)


def _lock() -> None:
    """Give up what setting text needs nothing of; where the kernel lacks a layer, without it."""
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
        landlock.deny_all,
        lambda: seccomp.install(seccomp.denials(execute=False, network=False)),
    ):
        sandbox.applied(layer)
